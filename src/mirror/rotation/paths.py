"""Epoch paths: what an endpoint must be asked under, so that a prober learns nothing from it.

Rules (ROTATION.md section 4):

1. An endpoint has one secret, which its node and the publisher hold. Each cohort that is sent there
   gets a *seat*, a number that no cohort had there before, and the *path key* of that seat.
2. The path of an epoch is derived from the path key. Readers hold the path key, not the path: so an
   invitation on paper and a slip of a publisher who has fallen silent go on working.
3. A node accepts the paths of all its seats for three epochs (``epochs``, rule 3). It compares with
   every one of them, whatever it finds: time tells nothing.
4. A path that turns up in a probe names the seat it was given to, and so the cohort that leaks.
"""

import hmac
from base64 import b32encode
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from mirror.limits import MAX_ENTRANCE, MAX_EPOCH, MAX_SEATS
from mirror.rotation.epochs import around

PATH_KEY_SIZE: Final = 16  # bytes: goes into invitations and slips
MIN_SECRET: Final = 16  # bytes of an endpoint's secret
PATH_LENGTH: Final = 24  # characters of base32: 120 bits
CLOSED: Final = -1
_SCHEMES: Final = ("https://", "http://")


@dataclass(frozen=True, slots=True)
class Entrance:
    """How readers reach one endpoint in any epoch. ``repr`` hides it: addresses never reach a log.

    ``text`` is the address in the text form of ``net.address``: an ``http(s)`` base that ends in
    ``/``, then perhaps a fragment with ``connect`` and ``sni``; at most ``MAX_ENTRANCE`` characters.
    ``key`` is a path key, or empty where the endpoint has no path that changes (a static host).

    Raises:
        ValueError: Something else. The grammar beyond this is ``net.address``'s, which refuses the
            rest when the address is used.
    """

    text: str = field(repr=False)
    key: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        if not is_address(self.text):
            raise ValueError("not an address")
        if len(self.key) not in (0, PATH_KEY_SIZE):
            raise ValueError("a path key of another size")

    def address(self, epoch: int) -> str:
        """The address to use in ``epoch``, for ``net.address.endpoint``."""
        if not self.key:
            return self.text
        base, mark, fragment = self.text.partition("#")
        return f"{base}{path(self.key, epoch)}/{mark}{fragment}"


def is_address(text: str) -> bool:
    """True for what an ``Entrance`` may carry as ``text``."""
    base, mark, fragment = text.partition("#")
    scheme = next((each for each in _SCHEMES if base.startswith(each)), None)
    return (
        scheme is not None
        and len(text) <= MAX_ENTRANCE
        and len(base) > len(scheme) + 1
        and base.endswith("/")
        and not set(base) & set("?@")
        and bool(mark) == bool(fragment)
        and text.isascii()
        and text.isprintable()
        and " " not in text
    )


def path_key(secret: bytes, seat: int) -> bytes:
    """The path key of ``seat`` (0 to ``MAX_SEATS`` - 1) at the endpoint with this secret."""
    if len(secret) < MIN_SECRET or not 0 <= seat < MAX_SEATS:
        raise ValueError("a secret too short or a seat out of bounds")
    return hmac.digest(secret, b"mirror/1/seat" + bytes([seat]), "sha256")[:PATH_KEY_SIZE]


def path(key: bytes, epoch: int) -> str:
    """The path segment of ``epoch``: ``PATH_LENGTH`` characters of ``a-z2-7``."""
    if not 0 <= epoch <= MAX_EPOCH:
        raise ValueError("an epoch out of bounds")
    digest = hmac.digest(key, b"mirror/1/path" + epoch.to_bytes(4, "big"), "sha256")
    return b32encode(digest).decode().lower()[:PATH_LENGTH]


@dataclass(frozen=True, slots=True)
class Accepted:
    """The paths that a node compares with in one epoch, with their seats; ``CLOSED``: it is not accepted."""

    paths: tuple[str, ...] = field(repr=False)
    seats: tuple[int, ...]

    @property
    def taken(self) -> tuple[str, ...]:
        """The paths that are accepted, for another server that has to know them."""
        return tuple(each for seat, each in zip(self.seats, self.paths, strict=True) if seat != CLOSED)

    def seat(self, segment: str) -> int | None:
        """The seat whose path ``segment`` is; None: it is no path, or closed: show the cover site.

        Takes the same time for every segment of the same length (rule 3). Of other lengths a prober
        learns only that they are no paths, which is no secret.
        """
        asked = segment.encode("utf-8", "surrogatepass")
        found = CLOSED
        for seat, each in zip(self.seats, self.paths, strict=True):
            # No early end and no branch: as much work for the first as for none.
            found += (seat - found) * hmac.compare_digest(asked, each.encode())
        return None if found < 0 else found


def accepted(secret: bytes, epoch: int, closed: Collection[int] = ()) -> Accepted:
    """What the node with ``secret`` answers to in ``epoch``: all seats but the ``closed`` ones.

    Those are compared with too (rule 3): how many are closed takes no time.
    """
    pairs = [
        (path(path_key(secret, seat), each), CLOSED if seat in closed else seat)
        for seat in range(MAX_SEATS)
        for each in around(epoch)
    ]
    return Accepted(tuple(text for text, _ in pairs), tuple(seat for _, seat in pairs))
