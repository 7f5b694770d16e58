"""One run of a reader: verified metadata, notices, and the edition, in memory unless he keeps a library.

Rules:

1. Nothing is written to disk, but what a library the reader chose to keep remembers of trust; and not
   even that while no notices verified.
2. No clock of the device is believed below the day this program was built.
3. Mirrors that lied about metadata are not asked for pieces; those that showed the newest statement
   are asked first.
4. Notices that are missing, altered, not to be had or older than ones seen before are no notices:
   the run goes on with none, which closes every act but reading.
5. An invited reader looks for slips once in a run, after the metadata is verified. What was handed out
   before is asked first; the invitation's own endpoints only when none of it answers.
6. A saved edition is shown when the newest cannot be had, and said to be what it is.
"""

import asyncio
import hashlib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from mirror.bundle import edition as editions
from mirror.client.edition import RemoteEdition, fetch_notices, wanted
from mirror.client.fetch import MemoryHoldings, Metered, Pieces
from mirror.client.lines import Lines
from mirror.client.refresh import refresh
from mirror.client.report import Ledger, Part
from mirror.clock import Clock
from mirror.errors import ConfigError, MirrorError, TrustError, UnreachableError
from mirror.limits import MAX_METADATA
from mirror.model import Endpoint
from mirror.net import Transport
from mirror.net.address import text_of
from mirror.notices import NoticeSet, admit, decode
from mirror.reader.config import Root, RootFile
from mirror.reader.guide import Guide, endpoints
from mirror.reader.library import Library, NoticesSeen, SavedEdition, State
from mirror.rotation.keys import tag
from mirror.trust.session import MetadataSession
from mirror.trust.state import LIES, Stored
from mirror.trust.state import State as FreshnessState
from mirror.trust.verified import Verified

BUILT: Final = 1_795_305_600  # rule 2: 2026-11-22, 00:00 UTC
FIRST_ROOT: Final = "1.root.json"


class ReaderSession:
    """Begin with ``refresh``; then the properties and ``edition`` tell what was verified.

    ``take_notices`` is apart, so that headlines do not wait for it; until then every act is closed.

    ``ledger`` holds what each mirror did, also after a failure. ``saved`` is the saved edition that
    is shown in the newest one's place (rule 6), None as a rule; ``transport`` counts in ``ledger`` what
    metadata costs; ``first_root`` is the root that all
    trust began from. ``built`` stands for rule 2. ``guide`` is an invited reader's.
    """

    def __init__(
        self,
        root: Root,
        channel: str,
        mirrors: tuple[Endpoint, ...],
        transport: Transport,
        clock: Clock,
        *,
        library: Library | None = None,
        built: int = BUILT,
        guide: Guide | None = None,
    ) -> None:
        self.channel = channel
        self.guide = guide
        self.ledger = Ledger([mirror.name for mirror in mirrors])
        self.holdings = MemoryHoldings(library)
        self.notices: NoticeSet | None = None
        self.notices_error: MirrorError | None = None
        self.notice_pieces: tuple[str, ...] = ()
        self.saved: SavedEdition | None = None
        self._root = root
        self._mirrors = mirrors
        self.transport = Metered(transport, self.ledger)
        self._lines = Lines(mirrors, transport)
        self._clock = clock
        self._library = library
        self._built = built
        self._remembered: State | None = None
        self._seen: NoticesSeen | None = None
        self.first_root = b""
        self._verified: Verified | None = None
        self._fetcher = Pieces(mirrors, transport, self.holdings, self.ledger, self._lines)
        self._edition: RemoteEdition | None = None

    @property
    def verified(self) -> Verified:
        """What was verified."""
        if self._verified is None:
            raise RuntimeError("a session is refreshed first")
        return self._verified

    @property
    def now(self) -> int:
        """The instant that everything is judged at: never before a signed one that was seen."""
        return self.verified.freshness.reference

    @property
    def mirrors(self) -> tuple[Endpoint, ...]:
        """The mirrors that pieces are asked of, the best liked first (rule 3)."""
        showed = self.verified.showed
        liars = {each.source for each in self.verified.observations if each.kind in LIES}
        able = [mirror for mirror in self._mirrors if mirror.name not in liars]
        return tuple(sorted(able, key=lambda mirror: -showed.get(mirror.name, 0)))

    @property
    def known(self) -> tuple[Endpoint, ...]:
        """Every mirror of this run, liars too, in the order they became known."""
        return self._mirrors

    @property
    def fetcher(self) -> Pieces:
        """What fetches pieces in this run."""
        return self._fetcher

    async def refresh(self, *, everyone: bool = False) -> None:
        """Ask the mirrors what is new, and verify it: a few of them, or ``everyone`` so that each is judged.

        When the few do not give a current statement, all are asked, with more patience.

        Raises:
            UnreachableError, TrustError: Nothing could be verified, now or before.
            ConfigError: The root cannot be read, or the library belongs to another publication.
        """
        remembered = await self._remember()
        self._seen = remembered.seen if remembered else None
        stored = remembered.stored if remembered else Stored(self.first_root)
        stored = replace(stored, floor=max(stored.floor, self._built))
        try:
            found = await self._newest(stored, everyone=everyone)
        except UnreachableError:
            if not self._fall_back():
                raise
            found = await self._newest(stored, everyone=True)
        if not found.freshness.is_checked and self._fall_back():
            found = await self._newest(stored, everyone=True)
        self._verified = found
        self._lines.prefer([mirror.name for mirror in self.mirrors])

    async def take_slips(self) -> None:
        """Look for this reader's slip, and take what it hands out into use; once, and without invitation
        not at all (rule 5). Nothing raises: ``guide.finding`` says how it went."""
        if self.guide is not None:
            self._meet(await self.guide.refresh(self.verified, self._fetcher, self._clock.now()))

    def _fall_back(self) -> bool:
        """Ask the invitation's own endpoints too; False where that was done, or there are none."""
        now = max(self._clock.now(), self._built)
        return self.guide is not None and self._meet(self.guide.reserve(now))

    def _meet(self, addresses: tuple[str, ...]) -> bool:
        """Take endpoints into use that were not known; False when all were."""
        known = set(map(text_of, self._mirrors))
        texts = [text for text in addresses if text not in known]
        new = endpoints(texts, len(self._mirrors) + 1)
        for mirror in new:
            self._lines.meet(mirror)
            self.ledger.met(mirror.name)
        self._mirrors += new
        return bool(new)

    async def _newest(self, stored: Stored, *, everyone: bool) -> Verified:
        found: Verified | None = None
        if not everyone:
            with suppress(TrustError):
                found = await self._ask(stored, everyone=False)
        if found is None:
            found = await self._ask(stored, everyone=True)
        elif found.freshness.state is not FreshnessState.CURRENT:
            with suppress(TrustError, UnreachableError):
                found = await self._ask(stored, everyone=True)
        return found

    async def _ask(self, stored: Stored, *, everyone: bool) -> Verified:
        session = MetadataSession(
            stored,
            self.ledger.mirrors,
            now=self._clock.now(),
            wanted=wanted(self.channel),
            head=self.channel,
        )
        try:
            return await refresh(session, self._lines, self.ledger, everyone=everyone)
        finally:
            self.ledger.observed(session.observations)

    async def keep_state(self, library: Library) -> None:
        """Remember in ``library`` what was verified; nothing while there are no notices (rule 1).

        What it remembers already is not written again: when a file was written says when somebody read.

        Raises:
            StorageError: The disk refused, or another process writes.
        """
        if self.notices is None:
            return
        state = State(
            self.first_root,
            self.verified.stored,
            NoticesSeen(self.notices.publisher, self.notices.edition),
        )
        if self.guide is not None:
            mark = tag(self.guide.invitation.keyring.branch)
            if await asyncio.to_thread(library.handed, mark) != self.guide.handed:
                await asyncio.to_thread(library.keep_handed, mark, self.guide.handed)
        if state != self._remembered:
            pieces = await self._fetcher.get(self.notice_pieces, Part.NOTICES)
            await asyncio.to_thread(library.keep_state, state, pieces)
            self._remembered = state

    async def edition(self) -> RemoteEdition:
        """The newest edition; or the saved one where that cannot be had.

        Raises:
            TrustError, UnreachableError, FormatError: As ``RemoteEdition.open``.
        """
        if self._edition is None:
            try:
                self._edition = await RemoteEdition.open(self.verified, self.channel, self._fetcher)
            except UnreachableError:
                self._edition = await self._open_saved()
                if self._edition is None:
                    raise
        return self._edition

    async def _open_saved(self) -> RemoteEdition | None:
        saved = self._library.edition(self.channel) if self._library else None
        data = await self.holdings.piece(saved.head) if saved else None
        if saved is None or data is None:
            return None
        self.saved = saved
        return RemoteEdition(saved.head, editions.parse_head(saved.head, data), self._fetcher)

    async def _remember(self) -> State | None:
        """What the library remembers; ``_first_root`` is set either way."""
        state = await asyncio.to_thread(self._library.state) if self._library else None
        if state is None:
            self.first_root = await self._obtain_root()
            return None
        self._remembered = state
        self.first_root = state.first_root
        if isinstance(self._root, RootFile):
            is_ours = await asyncio.to_thread(read_root, Path(self._root.path)) == state.first_root
        else:
            is_ours = hashlib.sha256(state.first_root).hexdigest() == self._root.digest
        if not is_ours:
            raise ConfigError("The library belongs to another publication.", code="other-publication")
        return state

    async def _obtain_root(self) -> bytes:
        """The root of trust: from its file, or from any mirror that gives what the digest names."""
        if isinstance(self._root, RootFile):
            return await asyncio.to_thread(read_root, Path(self._root.path))
        digest = self._root.digest
        data = await self._fetcher.file(
            f"m/{FIRST_ROOT}",
            MAX_METADATA,
            lambda given: hashlib.sha256(given).hexdigest() == digest,
            Part.METADATA,
        )
        if data is not None:
            return data
        raise UnreachableError("No mirror gave the root of this publication.", code="root-unreachable")

    async def take_notices(self) -> None:
        """Fetch the notices in force; to be called once, before any act but reading (rule 4).

        Nothing raises: without notices, ``notices_error`` says why.
        """
        try:
            fetched = await fetch_notices(self.verified, self._fetcher)
            publisher = self._seen.publisher if self._seen else decode(fetched.raw).publisher
            floor = self._seen.edition if self._seen else 0
            self.notices = admit(fetched.raw, publisher=publisher, floor=floor)
            self.notice_pieces = fetched.pieces
        except MirrorError as error:
            self.notices_error = error


def read_root(path: Path) -> bytes:
    """The root of trust in the file ``path``, not yet judged.

    Raises:
        ConfigError: ``root-file``: it cannot be read, or is too long to be one.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_METADATA + 1)
    except OSError as error:
        raise ConfigError(f"The root file cannot be read: {error.strerror}.", code="root-file") from error
    if len(data) > MAX_METADATA:
        raise ConfigError("The root file is too long to be one.", code="root-file")
    return data
