"""Slip pages: records and decoys in signed files of one piece's size, ``s/<epoch>/<number>``.

Rules (ROTATION.md section 8):

1. A page has ``MAX_PIECE`` bytes: a head of 16, an Ed25519 signature of 64 over publication, head and
   body, and ``PAGE_RECORDS`` records in ascending order of their bytes. Decoys fill it up; without a
   slip key they are like any record.
2. Its number and epoch are signed: a page under another name is refused, and so is one of another
   publication. One altered byte spoils the signature: the mirror is at fault, another one is asked.
3. A page may be made again within its epoch, when a cohort was split: ``issued`` says which is newer,
   and a reader never goes back.
4. Behind the ``2**bits`` slip pages come index pages, for mirrors that keep in step: of each slip page
   the first 16 bytes of its SHA-256.
5. Whoever made a page may be believed; whoever sealed a record need not be (``slips`` rule 4).
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from mirror.errors import FormatError, TrustError
from mirror.limits import MAX_PAGE_BITS, MAX_PIECE, PAGE_RECORDS, SLIP_RECORD
from mirror.rotation.keys import PUBLICATION_SIZE, Keyring
from mirror.rotation.looking import page_numbers
from mirror.rotation.slips import Sealer, Slip, open_any

VERSION: Final = 1
SLIPS: Final = 0  # the kinds of page
INDEX: Final = 1
HEAD_SIZE: Final = 16
SIGNATURE_SIZE: Final = 64
BODY_SIZE: Final = MAX_PIECE - HEAD_SIZE - SIGNATURE_SIZE
DIGEST_SIZE: Final = 16
PER_INDEX: Final = BODY_SIZE // DIGEST_SIZE
_DOMAIN: Final = b"mirror/1/slip-page"
_MAX_INSTANT: Final = 0xFFFFFFFF

Sign = Callable[[bytes], bytes]
"""Signs a message with the publisher's slip key: 64 bytes of Ed25519."""


@dataclass(frozen=True, slots=True)
class Name:
    """Which page of which epoch; ``2**bits`` slip pages there are in it."""

    epoch: int
    number: int
    bits: int

    @property
    def path(self) -> str:
        """Where a mirror's tree holds the page."""
        return f"s/{self.epoch}/{self.number}"

    @property
    def kind(self) -> int:
        """``SLIPS`` or ``INDEX``, by the number."""
        return SLIPS if self.number < 1 << self.bits else INDEX


@dataclass(frozen=True, slots=True)
class Page:
    """A page whose signature was checked. ``issued`` is the instant it was made."""

    name: Name
    issued: int
    body: bytes = field(repr=False)

    @property
    def records(self) -> tuple[bytes, ...]:
        """Of a slip page: what may be a slip."""
        return tuple(self.body[at : at + SLIP_RECORD] for at in range(0, BODY_SIZE, SLIP_RECORD))

    @property
    def digests(self) -> tuple[bytes, ...]:
        """Of an index page: of each slip page it speaks of, in order, what ``digest`` gives."""
        first = (self.name.number - (1 << self.name.bits)) * PER_INDEX
        count = min(PER_INDEX, (1 << self.name.bits) - first)
        return tuple(self.body[at * DIGEST_SIZE : (at + 1) * DIGEST_SIZE] for at in range(count))


def slip_pages(epoch: int, bits: int) -> tuple[Name, ...]:
    """The names of all slip pages of an epoch."""
    return tuple(Name(epoch, number, bits) for number in range(1 << bits))


def index_pages(epoch: int, bits: int) -> tuple[Name, ...]:
    """The names of the index pages of an epoch."""
    count = 1 << bits
    return tuple(Name(epoch, count + at, bits) for at in range(-(-count // PER_INDEX)))


def digest(data: bytes) -> bytes:
    """What an index page says of a slip page."""
    return hashlib.sha256(data).digest()[:DIGEST_SIZE]


def seal_page(name: Name, body: bytes, publication: bytes, issued: int, sign: Sign) -> bytes:
    """The page of ``body``, signed."""
    if len(body) != BODY_SIZE or not 0 <= issued <= _MAX_INSTANT:
        raise ValueError("a body or an instant out of bounds")
    head = _head(name, issued)
    signature = sign(_message(publication, head, body))
    if len(signature) != SIGNATURE_SIZE:
        raise ValueError("not a signature")
    return head + signature + body


def open_page(
    data: bytes, name: Name, publication: bytes, keys: Iterable[bytes], not_before: int = 0
) -> Page:
    """The page ``name`` in ``data``, which one of ``keys`` (raw Ed25519) signed.

    ``not_before`` is the ``issued`` of the newest copy of this page that was seen (rule 3).

    Raises:
        FormatError: ``slip-page``: not the size or the form of a page; ``slip-version``: of a
            publisher newer than this program.
        TrustError: ``slip-page-other``: another page, or of another epoch; ``slip-signature``: not
            made by this publisher, or altered; ``slip-page-older``: this page was made again since.
    """
    if len(data) != MAX_PIECE:
        raise FormatError("A slip page does not have the size of one.", code="slip-page")
    if data[0] != VERSION:
        raise FormatError("A slip page has a form that this program does not know.", code="slip-version")
    head, signature = data[:HEAD_SIZE], data[HEAD_SIZE : HEAD_SIZE + SIGNATURE_SIZE]
    body = data[HEAD_SIZE + SIGNATURE_SIZE :]
    issued = int.from_bytes(head[-4:], "big")
    if head != _head(name, issued):
        raise TrustError("A mirror gave another slip page than was asked for.", code="slip-page-other")
    message = _message(publication, head, body)
    if not any(_is_signed(key, signature, message) for key in keys):
        raise TrustError("A slip page is not the publisher's, or was altered.", code="slip-signature")
    if issued < not_before:
        raise TrustError("A mirror gave a slip page that was made again since.", code="slip-page-older")
    return Page(name, issued, body)


def pages_of(keyring: Keyring, look: int, epoch: int, bits: int) -> tuple[Name, Name]:
    """The two pages that the reader with ``keyring`` asks for, in ascending order.

    ``look`` is what its last slip said, or its invitation; deeper than itself means itself.
    """
    anchor = keyring.subtree(min(look, keyring.depth))
    first, second = sorted(page_numbers(anchor, epoch, bits))
    return Name(epoch, first, bits), Name(epoch, second, bits)


def find_slip(pages: Sequence[Page], keyring: Keyring, publication: bytes) -> Slip | None:
    """The slip for the reader with ``keyring`` in ``pages`` (of one epoch), if one is there.

    Where several open, the most particular. Every key is tried on every record.

    Raises:
        FormatError: As for ``slips.Sealer.open``.
    """
    if len({page.name.epoch for page in pages}) > 1:
        raise ValueError("pages of several epochs")
    records = [record for page in pages for record in page.records]
    sealers = [Sealer(key, publication, pages[0].name.epoch) for key in keyring.slip_keys()] if pages else []
    return open_any(records, sealers)


def _head(name: Name, issued: int) -> bytes:
    if not 0 <= name.bits <= MAX_PAGE_BITS:
        raise ValueError("a number of pages out of bounds")
    numbers = (name.epoch, name.number, issued)
    parts = (each.to_bytes(4, "big") for each in numbers)
    return bytes([VERSION, name.kind, name.bits, 0]) + b"".join(parts)


def _message(publication: bytes, head: bytes, body: bytes) -> bytes:
    if len(publication) != PUBLICATION_SIZE:
        raise ValueError("a publication of another size")
    return _DOMAIN + publication + head + body


def _is_signed(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


assert PAGE_RECORDS * SLIP_RECORD == BODY_SIZE
