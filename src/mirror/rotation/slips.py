"""Slips: the endpoints of one place in the tree and one epoch, sealed into a record of fixed size.

Rules (ROTATION.md section 6):

1. A record has ``SLIP_RECORD`` bytes, whatever is in it, and looks like random bytes to whoever lacks
   the slip key.
2. It is sealed with AES-256-GCM under a key of the slip key and the epoch. The nonce is a keyed hash
   of the content (a synthetic nonce): making a slip again gives the same bytes, and two contents
   never share a nonce under one key. Who opens it checks the nonce too.
3. Publication and epoch are authenticated with it, the place by its key. So a record of another
   publication, epoch or place does not open.
4. That the publisher made it is shown by the signature of the page (``pages``), never by the record:
   everyone in a branch holds its SUBTREE key, and can seal with it.
5. What opens is strict: one spelling, and zeros to the end.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mirror.errors import FormatError, LimitError
from mirror.limits import MAX_DEPTH, MAX_EPOCH, SLIP_RECORD
from mirror.rotation.binary import Cursor, written
from mirror.rotation.keys import PUBLICATION_SIZE, derive
from mirror.rotation.paths import Entrance

VERSION: Final = 1
NONCE_SIZE: Final = 12
_TAG_SIZE: Final = 16
CONTENT_SIZE: Final = SLIP_RECORD - NONCE_SIZE - _TAG_SIZE
_FORMAT: Final = "slip-format"


@dataclass(frozen=True, slots=True)
class Slip:
    """What one record says.

    ``entrances`` are the endpoints, none to three: none says "you are known, and there is nothing
    for you now". ``look`` is the depth under whose key the reader looks from the next epoch on
    (``pages``); a reader less deep than that looks under its own. ``until`` is the last epoch in
    which the endpoints are promised; a reader without a newer slip tries them afterwards too.
    """

    entrances: tuple[Entrance, ...] = field(repr=False)
    look: int
    until: int

    def __post_init__(self) -> None:
        if not 0 <= self.look <= MAX_DEPTH or not 0 <= self.until <= MAX_EPOCH:
            raise ValueError("a depth or an epoch out of bounds")

    def encode(self) -> bytes:
        """``CONTENT_SIZE`` bytes.

        Raises:
            LimitError: ``slip-too-long``: the addresses are too long together.
        """
        head = bytes([VERSION, self.look]) + self.until.to_bytes(4, "big")
        content = head + written(self.entrances)
        if len(content) > CONTENT_SIZE:
            raise LimitError("The addresses of a slip are too long together.", code="slip-too-long")
        return content.ljust(CONTENT_SIZE, b"\0")


def decode(content: bytes) -> Slip:
    """What ``Slip.encode`` gave.

    Raises:
        FormatError: ``slip-version``: a publisher newer than this program; ``slip-format``.
    """
    cursor = Cursor(content, _FORMAT)
    if cursor.number(1) != VERSION:
        raise FormatError("A slip has a form that this program does not know.", code="slip-version")
    look, until, entrances = cursor.number(1), cursor.number(4), cursor.entrances()
    if any(cursor.rest()) or len(content) != CONTENT_SIZE:
        raise cursor.broken()
    try:
        return Slip(entrances, look, until)
    except ValueError as error:
        raise cursor.broken() from error


class Sealer:
    """Seals and opens records of one slip key and epoch."""

    def __init__(self, slip_key: bytes, publication: bytes, epoch: int) -> None:
        if len(publication) != PUBLICATION_SIZE or not 0 <= epoch <= MAX_EPOCH:
            raise ValueError("publication or epoch")
        number = epoch.to_bytes(4, "big")
        keys = derive(slip_key, b"mirror/1/seal" + number, 64)
        self._cipher, self._nonce_key = AESGCM(keys[:32]), keys[32:]
        self._bound = b"mirror/1/slip" + publication + number

    def seal(self, slip: Slip) -> bytes:
        """``slip`` as a record of ``SLIP_RECORD`` bytes; the same bytes each time (rule 2)."""
        content = slip.encode()
        nonce = self._nonce(content)
        return nonce + self._cipher.encrypt(nonce, content, self._bound)

    def open(self, record: bytes) -> Slip | None:
        """The slip in ``record``; None: it is not sealed with this key for this epoch.

        Raises:
            FormatError: It is, and is no slip; as for ``decode``.
        """
        nonce = record[:NONCE_SIZE]
        try:
            content = self._cipher.decrypt(nonce, record[NONCE_SIZE:], self._bound)
        except InvalidTag:
            return None
        if not hmac.compare_digest(nonce, self._nonce(content)):
            raise FormatError("A slip was not sealed by our rules.", code=_FORMAT)
        return decode(content)

    def _nonce(self, content: bytes) -> bytes:
        return hmac.digest(self._nonce_key, self._bound + content, "sha256")[:NONCE_SIZE]


def open_any(records: Sequence[bytes], sealers: Sequence[Sealer]) -> Slip | None:
    """The slip that the first of ``sealers`` (the most particular key first) opens, if any does.

    Every key is tried on every record, whatever is found: the work tells nothing.

    Raises:
        FormatError: The slip found is no slip; as for ``Sealer.open``.
    """
    found = [slip for sealer in sealers for record in records if (slip := sealer.open(record)) is not None]
    return found[0] if found else None
