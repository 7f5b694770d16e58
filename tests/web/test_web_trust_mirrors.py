"""Mirrors that lie, lag, withhold and conspire, in both languages.

The stories are those of ``attack/test_trust_mirrors.py``.
"""

from attack import test_trust_mirrors
from helpers.twin import retold

globals().update(retold(test_trust_mirrors))
