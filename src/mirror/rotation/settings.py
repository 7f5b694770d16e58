"""What the publisher signs offline about rotation: who signs slip pages, their number, who reads reports.

A reader finds them in signed metadata (ROTATION.md section 9), so that the key that signs slips every
day is online, can be replaced without any action of a reader, and can sign nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mirror.errors import FormatError
from mirror.limits import MAX_EPOCH, MAX_PAGE_BITS, MIN_PAGE_BITS
from mirror.rotation.epochs import DAY, Calendar

PUBLIC_KEY_SIZE: Final = 32  # Ed25519, raw
REPORT_KEY_SIZE: Final = 32  # X25519, raw
_MAX_KEYS: Final = 3  # today's, tomorrow's, and one in reserve
_MAX_STEPS: Final = 4  # numbers of pages: of old epochs still around, of now, of an epoch to come
_REPORTS: Final = "report-key"  # the only field that may be missing


@dataclass(frozen=True, slots=True)
class Settings:
    """One publication's.

    ``keys`` are raw Ed25519 public keys, one to three, any of which may sign a page. ``pages`` are
    pairs: from which epoch on, how many pages there are, as a power of two; ascending. ``report_key``
    is the raw X25519 public key that reports are sealed for; empty where the publisher takes none.

    Raises:
        ValueError: Otherwise.
    """

    keys: tuple[bytes, ...]
    pages: tuple[tuple[int, int], ...] = ((0, MIN_PAGE_BITS),)
    epoch_seconds: int = DAY
    report_key: bytes = b""

    def __post_init__(self) -> None:
        Calendar(self.epoch_seconds)
        if not 1 <= len(set(self.keys)) == len(self.keys) <= _MAX_KEYS:
            raise ValueError("the keys of slips")
        if {len(key) for key in self.keys} != {PUBLIC_KEY_SIZE}:
            raise ValueError("a key of another size")
        if len(self.report_key) not in (0, REPORT_KEY_SIZE):
            raise ValueError("the key of reports has another size")
        epochs = [epoch for epoch, _ in self.pages]
        if not 1 <= len(epochs) <= _MAX_STEPS or sorted(set(epochs)) != epochs:
            raise ValueError("the numbers of pages are not in order")
        if epochs[0] < 0 or epochs[-1] > MAX_EPOCH:
            raise ValueError("an epoch out of bounds")
        if not all(MIN_PAGE_BITS <= bits <= MAX_PAGE_BITS for _, bits in self.pages):
            raise ValueError("a number of pages out of bounds")

    @property
    def calendar(self) -> Calendar:
        """The publication's epochs."""
        return Calendar(self.epoch_seconds)

    def bits(self, epoch: int) -> int:
        """The number of pages of ``epoch``, as a power of two; of the first known one before that."""
        known = [bits for start, bits in self.pages if start <= epoch]
        return known[-1] if known else self.pages[0][1]

    def to_json(self) -> dict[str, object]:
        """The value to put into signed metadata."""
        value: dict[str, object] = {
            "epoch-seconds": self.epoch_seconds,
            "keys": [key.hex() for key in self.keys],
            "pages": [list(step) for step in self.pages],
        }
        return value | ({_REPORTS: self.report_key.hex()} if self.report_key else {})

    @classmethod
    def from_json(cls, value: object) -> "Settings":
        """What ``to_json`` gave.

        Raises:
            FormatError: ``rotation-settings``.
        """
        refused = FormatError("What is signed about rotation is not understood.", code="rotation-settings")
        match value:
            case {"epoch-seconds": int(seconds), "keys": [*keys], "pages": [*steps]}:
                pass
            case _:
                raise refused
        if not isinstance(value, Mapping):
            raise refused
        try:
            found = cls(
                tuple(bytes.fromhex(key) for key in keys),
                tuple((_whole(start), _whole(bits)) for start, bits in steps),
                _whole(seconds),
                bytes.fromhex(value.get(_REPORTS, "")),
            )
        except (TypeError, ValueError) as error:
            raise refused from error
        # One spelling: no upper case or white space in keys, no other field, none that says nothing.
        said = found.to_json()
        if said.keys() != value.keys() or repr(said) != repr({name: value[name] for name in said}):
            raise refused
        return found


def _whole(value: object) -> int:
    """``value``, a whole number; True, which Python takes for one, is none."""
    if type(value) is not int:
        raise TypeError
    return value
