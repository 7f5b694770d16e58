"""A publication that hands out endpoints: a press whose ``targets`` says so, and slip pages in its tree."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from helpers.newsroom import Newsroom
from helpers.publication import Press, article
from helpers.rotation import KEY, World
from mirror.rotation.epochs import Calendar
from mirror.rotation.invitation import Invitation
from mirror.rotation.keys import NodePath, Place
from mirror.rotation.looking import Crowded
from mirror.rotation.paths import Entrance
from mirror.rotation.settings import Settings
from mirror.trust import changes

BITS = 3


@dataclass
class Handing:
    """``press`` has one edition in ``ru``; ``hand_out`` puts slips for its epochs into its tree."""

    press: Press = field(default_factory=Press)
    bits: int = BITS
    calendar: Calendar = field(default_factory=Calendar)
    report_key: bytes = b""

    def __post_init__(self) -> None:
        self.press.release(
            "ru", [article(number, published=self.now - 50, updated=self.now - 50) for number in range(6)]
        )
        settings = Settings((KEY,), ((0, self.bits),), report_key=self.report_key)
        room = self.press.room
        room.publish(changes.set_rotation(room.publication, settings.to_json(), now=room.now))
        self.press.heartbeat()

    @property
    def now(self) -> int:
        """The publisher's instant."""
        return self.press.room.now

    @property
    def epoch(self) -> int:
        """The publisher's epoch."""
        return self.calendar.epoch(self.now)

    @property
    def publication(self) -> bytes:
        """The publication's name."""
        return hashlib.sha256(self.press.root).digest()

    def world(self, slips: Mapping[Place, tuple[Entrance, ...]], **changed: object) -> World:
        """What makes pages for ``slips``; ``changed`` as for ``World``."""
        facts = {"epoch": self.epoch, "publication": self.publication, "bits": self.bits, "issued": self.now}
        return World(slips, **(facts | changed))  # type: ignore[arg-type]

    def hand_out(
        self,
        slips: Mapping[Place, tuple[Entrance, ...]],
        now_crowded: Crowded | None = None,
        *,
        ahead: int = 1,
    ) -> dict[str, bytes]:
        """Put the pages of the epoch, and of ``ahead`` more, into the tree; what was put there."""
        made: dict[str, bytes] = {}
        for step in range(ahead + 1):
            crowded = now_crowded if step == 0 else None
            made |= self.world(slips, epoch=self.epoch + step, now_crowded=crowded).made().files
        self.press.tree.update(made)
        return made

    def invited(self, path: NodePath, entrances: Iterable[Entrance], **changed: object) -> Invitation:
        """The invitation of the node at ``path``, into ``ru``."""
        values: dict[str, object] = {
            "publication": self.publication,
            "channel": "ru",
            "keyring": self.world({}).tree.keyring(path),
            "entrances": tuple(entrances),
            "created": self.now,
        }
        return Invitation(**(values | changed))  # type: ignore[arg-type]


def handing(now: int | None = None) -> Handing:
    """A fresh publication, its clock at ``now``."""
    return Handing() if now is None else Handing(Press(Newsroom(now=now)))
