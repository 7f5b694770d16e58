"""Clocks years off, and keys that sign a wrong time, in both languages.

The stories are those of ``attack/test_trust_clock.py``.
"""

from attack import test_trust_clock
from helpers.twin import retold

globals().update(retold(test_trust_clock))
