"""What a node with a cover site answers: the mirror to whoever knows a path, the site to all others.

Rules:

1. Below a path of the ``gate``, GET and HEAD of what the tree has are the mirror's. Everything else,
   a path followed by what the tree has not included, is the site's, with the site's own bytes.
2. Without rotation the tree lies at the top, and the site is what is left.
3. An answer of the mirror begins and ends like one of the site.
"""

from collections.abc import Awaitable
from email.utils import formatdate
from typing import Final

from mirror.clock import Clock
from mirror.errors import ConfigError, StorageError
from mirror.node.answers import ABSENT, BROKEN, Content
from mirror.node.config import Cover as CoverSettings
from mirror.node.config import Rotation
from mirror.node.counters import Counters
from mirror.node.cover.answer import Cover, Place, Reply
from mirror.node.cover.head import TEN, Head
from mirror.node.cover.site import Site
from mirror.node.gate import Gate, added
from mirror.node.log import emit
from mirror.node.rotating import read_secret, read_totals, write_totals
from mirror.node.shelf import Shelf
from mirror.rotation.epochs import Calendar
from mirror.store.names import kind_of

TURN_SECONDS: Final = 5.0  # between two looks at the clock; paths are taken an epoch early anyway


class Front:
    """Answers every request.

    Raises:
        ConfigError: The secret or the site's folder cannot be used.
    """

    def __init__(
        self,
        shelf: Shelf,
        counters: Counters,
        clock: Clock,
        cover: CoverSettings,
        rotation: Rotation | None,
    ) -> None:
        self._shelf = shelf
        self._counters = counters
        self._clock = clock
        self._site = Site(cover.folder)
        self._cover = Cover(self._site, cover.server)
        secret = read_secret(rotation.secret) if rotation else None
        calendar = rotation.calendar if rotation else Calendar()
        self.gate = Gate(secret, calendar, clock.now(), rotation.closed if rotation else ())
        self._file = rotation.counters if rotation else None
        self._before = read_totals(self._file) if self._file else {}
        self._second = -1
        self._date = b""

    def respond(self, head: Head, place: Place, may_keep: bool) -> Reply | Awaitable[Reply]:
        """The answer to ``head``, at once unless the disk has to be asked."""
        admitted = self.gate.admit(head.target)  # for every request: it takes time
        path = admitted[1] if admitted else head.target[1:].decode("latin-1")
        kind = kind_of(path)  # so does this
        is_for_mirror = admitted is not None or not self.gate.is_open  # rule 2
        is_plain = not head.fault and head.method in {b"GET", b"HEAD"} and head.version >= TEN
        if kind is None or not is_for_mirror or not is_plain:
            return self._shown(head, place, may_keep)
        seat = admitted[0] if admitted else None
        found = self._shelf.at_hand(path)
        if found is not None:
            return self._given(found, head, may_keep, seat)
        return self._fetched(path, head, place, may_keep, seat)

    def reload(self) -> None:
        """Read the site's folder again."""
        try:
            self._site.load()
        except ConfigError:
            emit("cover-refused")

    async def keep_turning(self) -> None:
        """Take the paths of each epoch as it comes, for ever."""
        while True:
            await self._clock.sleep(TURN_SECONDS)
            if self.gate.turn(self._clock.now()):
                self.write()

    def write(self) -> None:
        """Write the totals, where somebody wants them."""
        if self._file is None:
            return
        try:
            write_totals(self._file, added(self._before, self.gate.totals()))
        except StorageError as error:
            emit("counters-refused", code=error.code)

    async def _fetched(self, path: str, head: Head, place: Place, may_keep: bool, seat: int | None) -> Reply:
        found = await self._shelf.fetch(path)
        if found is ABSENT:
            return self._shown(head, place, may_keep)
        return self._given(found, head, may_keep, seat)

    def _given(self, found: Content, head: Head, may_keep: bool, seat: int | None) -> Reply:
        if found is BROKEN:
            self._counters.count(found.what)
            return self._cover.refusal(head, self._now(), 503, may_keep=may_keep)
        if seat is not None:
            self.gate.count(seat)
        body = b"" if head.method == b"HEAD" else found.body
        self._counters.count(found.what, len(body))
        lines = found.head.partition(b"\r\n")[2]
        return self._cover.given(lines, body, self._now(), keeps=may_keep and head.asks_to_keep)

    def _shown(self, head: Head, place: Place, may_keep: bool) -> Reply:
        self._counters.count("cover")
        return self._cover.answer(head, self._now(), place, may_keep=may_keep)

    def _now(self) -> bytes:
        second = self._clock.now()
        if second != self._second:
            self._second = second
            self._date = formatdate(second, usegmt=True).encode("ascii")
        return self._date
