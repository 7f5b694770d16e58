"""Any mirrors, in any order, doing anything to anything, in both languages.

The stories are those of ``attack/test_trust_any_mirrors.py``.
"""

from attack import test_trust_any_mirrors
from helpers.twin import retold

globals().update(retold(test_trust_any_mirrors))
