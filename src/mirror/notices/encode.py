"""The signed set as bytes: canonical JSON, one spelling for one value.

Rules:

1. UTF-8 JSON without white space, keys sorted, no escapes that are not needed, no fractions.
2. What equals its default is left out. Unknown keys, versions and values are refused.
3. English has a sentence for every required key; every other language has a sentence or says that
   it has a gap. No key is there that nothing asks for.
4. What is accepted encodes to the very same bytes again; so one set has one digest.

The set is a target of its own signed role; that it is authentic is checked before it comes here.
"""

import json
from collections.abc import Iterator

from mirror.errors import FormatError, LimitError, TrustError
from mirror.limits import MAX_NOTICE_SET
from mirror.notices.keys import required_keys
from mirror.notices.lint import broken_references
from mirror.notices.model import COMMON, SOURCE_LANGUAGE, NoticeSet
from mirror.notices.shape import Refused, read, write


def encode(notices: NoticeSet) -> bytes:
    """Return the canonical bytes of ``notices``.

    Raises:
        ValueError: The set breaks rule 3 or a bound; our renderer never makes such a set.
    """
    data = _spell(notices)
    try:
        decode(data)
    except FormatError as error:
        raise ValueError(f"this set could not be read back: {error}") from error
    return data


def decode(data: bytes) -> NoticeSet:
    """Return the set that ``data`` encodes. Does not say that it is authentic or recent.

    Raises:
        LimitError: More than ``MAX_NOTICE_SET`` bytes, before anything is parsed.
        FormatError: One of the rules of this module is broken.
    """
    if len(data) > MAX_NOTICE_SET:
        raise LimitError("the notices are larger than any set may be", code="notices-too-large")
    try:
        value = json.loads(data.decode("utf-8"))
        notices = read(NoticeSet, value, "notices", native_dates=False)
    except Refused as refused:
        raise FormatError(f"the notices are malformed: {refused}", code="notices-malformed") from refused
    except (ValueError, RecursionError) as error:  # JSON, UTF-8, and numbers of absurd length
        raise FormatError("the notices are not JSON as we write it", code="notices-malformed") from error
    for says in _inconsistent(notices):
        raise FormatError(f"the notices contradict themselves: {says}", code="notices-inconsistent")
    if _spell(notices) != data:
        raise FormatError("the notices are not in their one spelling", code="notices-not-canonical")
    return notices


def admit(data: bytes, *, publisher: str, floor: int) -> NoticeSet:
    """Return the set in ``data``, if it is this publisher's and no older than one seen before.

    ``floor`` is the highest edition of notices this reader has seen, 0 at first; the caller keeps
    it as far as it keeps anything. When this raises, the caller goes on with *no* set (``None``):
    built-in text, memory only, every act but reading off.

    Raises:
        FormatError: As for ``decode``.
        TrustError: ``notices-other-publisher`` or ``notices-older``.
    """
    notices = decode(data)
    if notices.publisher != publisher:
        raise TrustError("these notices belong to another publisher", code="notices-other-publisher")
    if notices.edition < floor:
        raise TrustError("these notices are older than ones seen before", code="notices-older")
    return notices


def _spell(notices: NoticeSet) -> bytes:
    text = json.dumps(
        write(notices), ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
    )
    return text.encode("utf-8")


def _inconsistent(notices: NoticeSet) -> Iterator[str]:
    for finding in broken_references(notices.catalogue):
        yield finding.says
    if SOURCE_LANGUAGE not in notices.languages:
        yield "English is missing."
    required = required_keys(notices.catalogue)
    parts = {COMMON, *(each.id for each in notices.catalogue.designations)}
    for language, texts in notices.languages.items():
        if texts.parts.keys() != parts:
            yield "A language does not say how far its texts were checked."
        if not texts.texts.keys() <= required or texts.gaps != tuple(sorted(required - texts.texts.keys())):
            yield "A language has texts nothing asks for, or hides a gap."
        if language == SOURCE_LANGUAGE and texts.gaps:
            yield "English has a gap."
