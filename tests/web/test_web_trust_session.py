"""What a session asks and makes of the answers, in both languages.

The stories are those of ``core/test_trust_session.py``.
"""

from core import test_trust_session
from helpers.twin import retold

globals().update(retold(test_trust_session))
