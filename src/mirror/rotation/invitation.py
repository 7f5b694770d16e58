"""Invitations: root of trust, a place in the tree of keys, and the first endpoints, in few bytes.

Rules (ROTATION.md section 5):

1. One spelling: what is parsed encodes to the same bytes. Nothing may be left out, added or padded.
2. The version is looked at first. Only version 1 is taken: an older one is refused like a newer
   one, so nobody can talk a reader down to a weaker form.
3. The checksum finds errors of copying and typing, not forgery. Whoever can hand a reader a first
   invitation decides what that reader trusts; afterwards the publication's digest does.
4. A link and a ``mirror:`` address are taken as they are, but for white space around them. The text
   form is typed by hand: case, white space and hyphens between its letters do not matter.
5. A friend's invitation is derived without asking anyone, below one's own.
"""

import hashlib
from dataclasses import dataclass, field, replace
from typing import Final

from mirror.errors import FormatError, LimitError, TrustError
from mirror.limits import (
    MAX_DEPTH,
    MAX_EPOCH_SECONDS,
    MAX_FRIENDS,
    MAX_INVITATION,
    MAX_LINK_PREFIX,
    MIN_EPOCH_SECONDS,
)
from mirror.model import CHANNEL_ID
from mirror.rotation import spelling
from mirror.rotation.binary import Cursor, written
from mirror.rotation.epochs import DAY, Calendar
from mirror.rotation.keys import KEY_SIZE, PUBLICATION_SIZE, Keyring
from mirror.rotation.paths import Entrance

VERSION: Final = 1
SCHEME: Final = "mirror:"
_CHECK_SIZE: Final = 4  # one error of copying in four thousand million stays unseen
_DOMAIN: Final = b"mirror/1/invitation"
_MAX_INSTANT: Final = 0xFFFFFFFF  # four bytes, to the year 2106
# Characters of the text form with room for spaces, hyphens and line ends in a copy.
_MAX_TEXT: Final = 4 * MAX_INVITATION


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a newcomer gets. ``repr`` shows nothing of it.

    ``publication`` is the SHA-256 of the first root, 32 bytes. ``look`` is the depth under whose
    key to look for slips at first (``pages``). ``created`` and ``expires`` are instants;
    ``expires`` 0 means never. ``entrances`` are the first endpoints, one to three.

    Raises:
        ValueError: A value that no invitation can carry.
    """

    publication: bytes = field(repr=False)
    channel: str = field(repr=False)
    keyring: Keyring = field(repr=False)
    entrances: tuple[Entrance, ...] = field(repr=False)
    created: int = field(repr=False)
    expires: int = field(default=0, repr=False)
    epoch_seconds: int = field(default=DAY, repr=False)
    look: int = field(default=0, repr=False)

    def __post_init__(self) -> None:
        if len(self.publication) != PUBLICATION_SIZE or not CHANNEL_ID.fullmatch(self.channel):
            raise ValueError("publication or channel")
        if not 0 <= self.created <= _MAX_INSTANT or not 0 <= self.expires <= _MAX_INSTANT:
            raise ValueError("an instant out of bounds")
        if self.expires and self.expires <= self.created:
            raise ValueError("expired before it was made")
        if not MIN_EPOCH_SECONDS <= self.epoch_seconds <= MAX_EPOCH_SECONDS:
            raise ValueError("the length of an epoch")
        if not 0 <= self.look <= self.keyring.depth:
            raise ValueError("looks below itself")
        if not self.entrances:
            raise ValueError("no endpoint")

    @property
    def calendar(self) -> Calendar:
        """The publication's epochs, for the paths of the first endpoints."""
        return Calendar(self.epoch_seconds)

    def child(self, index: int, created: int, entrances: tuple[Entrance, ...] = ()) -> "Invitation":
        """An invitation for a friend, below this one (rule 5).

        The friend starts in this reader's cohort. ``index`` is 0 to ``MAX_FRIENDS`` - 1: two
        friends with one index hold the same keys. ``created`` is the instant; ``entrances`` those
        of this reader's last slip, where it has any; the expiry is this invitation's.

        Raises:
            ValueError: The index is out of bounds, or the invitation has expired.
            LimitError: ``invitation-too-deep``: this node may have no children.
        """
        if not 0 <= index < MAX_FRIENDS:
            raise ValueError("an index out of bounds")
        if self.keyring.depth >= MAX_DEPTH:
            raise LimitError("Nobody can be invited below this invitation.", code="invitation-too-deep")
        keyring = self.keyring.child(index)
        return replace(self, keyring=keyring, created=created, entrances=entrances or self.entrances)

    def check(self, publication: bytes | None, now: int) -> None:
        """Refuse an invitation that cannot be used.

        ``publication`` is the one this reader already holds, if any: an invitation does not replace
        a root of trust in silence. ``now`` is the best instant known.

        Raises:
            TrustError: ``invitation-foreign`` or ``invitation-expired``.
        """
        if publication is not None and publication != self.publication:
            raise TrustError("The invitation is to another publication.", code="invitation-foreign")
        if self.expires and now >= self.expires:
            raise TrustError("The invitation has expired.", code="invitation-expired")

    # --- bytes ----------------------------------------------------------------------------------

    def encode(self) -> bytes:
        """The invitation as bytes.

        Raises:
            LimitError: ``invitation-too-long``: fewer or shorter addresses are needed.
        """
        body = b"".join(
            (
                bytes([VERSION, self.keyring.depth, self.look]),
                self.publication,
                self.created.to_bytes(4, "big"),
                self.expires.to_bytes(4, "big"),
                self.epoch_seconds.to_bytes(4, "big"),
                bytes([len(self.channel)]),
                self.channel.encode("ascii"),
                self.keyring.branch,
                *self.keyring.ancestors,
                written(self.entrances),
            )
        )
        if len(body) + _CHECK_SIZE > MAX_INVITATION:
            raise LimitError("An invitation is too long to be handed on.", code="invitation-too-long")
        return body + _checksum(body)

    def text(self) -> str:
        """For typing: base32 in groups of four, six groups to a line."""
        return spelling.letters(self.encode())

    def link(self, page: str = "") -> str:
        """``page`` (the address of a browser's reader) with the invitation in its fragment.

        A fragment is never sent. Without a page, a ``mirror:`` address.
        """
        fragment = spelling.line(self.encode())
        if not page:
            return SCHEME + fragment
        if not page.startswith(("https://", "http://")) or "#" in page or len(page) >= MAX_LINK_PREFIX:
            raise ValueError("not a page")
        return f"{page}#{fragment}"


def parse(text: str) -> Invitation:
    """The invitation in a link, a ``mirror:`` address or the text form (rule 4).

    Raises:
        LimitError: ``invitation-too-long``: longer than any.
        FormatError: ``invitation-damaged``: a letter is missing, too much or wrong; also
            ``decode``'s.
    """
    if len(text) > _MAX_TEXT:
        raise LimitError("Longer than any invitation.", code="invitation-too-long")
    text = text.strip()
    if text.startswith(SCHEME):
        return decode(_from_fragment(text.removeprefix(SCHEME)))
    if text.startswith(("https://", "http://")):
        page, _, fragment = text.partition("#")
        if len(page) >= MAX_LINK_PREFIX:
            raise _damaged()
        return decode(_from_fragment(fragment))
    try:
        data = spelling.from_letters(text)
    except ValueError as error:
        raise _damaged() from error
    return decode(data)


def decode(data: bytes) -> Invitation:
    """The invitation in ``data``, which is exactly one.

    Raises:
        LimitError: ``invitation-too-long``.
        FormatError: ``invitation-version``: made by a newer program, or by one whose form is not
            taken any more; ``invitation-damaged``; ``invitation-format``: whole, but no invitation.
    """
    if len(data) > MAX_INVITATION:
        raise LimitError("Longer than any invitation.", code="invitation-too-long")
    if len(data) <= _CHECK_SIZE:
        raise _damaged()
    body = data[:-_CHECK_SIZE]
    # The version is looked at before the checksum, whose rule may be another one's (rule 2).
    if data[0] > VERSION:
        raise FormatError("The invitation was made for a newer program.", code="invitation-version")
    if data[0] < VERSION:
        raise FormatError("The invitation has a form that is not taken.", code="invitation-version")
    if data[-_CHECK_SIZE:] != _checksum(body):
        raise _damaged()
    cursor = Cursor(body[1:], "invitation-format")
    depth, look = cursor.number(1), cursor.number(1)
    publication = cursor.take(PUBLICATION_SIZE)
    created, expires, seconds = (cursor.number(4) for _ in range(3))
    try:
        channel = cursor.take(cursor.number(1)).decode("ascii")
        keyring = Keyring(cursor.take(KEY_SIZE), tuple(cursor.take(KEY_SIZE) for _ in range(depth)))
        entrances = cursor.entrances()
        if cursor.rest():
            raise cursor.broken()
        return Invitation(publication, channel, keyring, entrances, created, expires, seconds, look)
    except ValueError as error:
        raise cursor.broken() from error


def _from_fragment(fragment: str) -> bytes:
    try:
        return spelling.from_line(fragment)
    except ValueError as error:
        raise _damaged() from error


def _checksum(body: bytes) -> bytes:
    return hashlib.sha256(_DOMAIN + body).digest()[:_CHECK_SIZE]


def _damaged() -> FormatError:
    return FormatError(
        "The invitation is not whole: a letter is missing or wrong.", code="invitation-damaged"
    )
