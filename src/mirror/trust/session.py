"""A metadata session: what to ask of which source, and what may be believed of the answers.

Sans-IO: ``requests()`` says what to ask, ``received()`` and ``failed()`` bring the answers in any
order, ``result()`` says what was verified. The rules are numbered in ``RULES.md`` and the code
repeats the numbers. One session serves one refresh; it waits for nothing, retries nothing and has
no clock.

Two modes. The ordinary one asks many sources, lets the newest completable statement win and calls
old what is old. ``is_strict`` speaks plain TUF to one source, in the order of the specification,
and fails at the first fault: it is what the conformance suite drives.
"""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence, Set
from contextlib import suppress
from functools import partial
from typing import Final

from tuf.api.metadata import MetaFile, Root, Snapshot, Targets, Timestamp

from mirror.errors import FormatError, MirrorError, TrustError, UnreachableError
from mirror.trust import tufset
from mirror.trust.heads import unpack_head
from mirror.trust.metadata import is_as_signed
from mirror.trust.sources import ABSENT, Answer, Ask, Sources, head_path
from mirror.trust.state import Kind, Observation, SessionLimits, Stored, file_of
from mirror.trust.tufset import PINNED, TrustedSet
from mirror.trust.verdict import Offer, offer_of, verdict
from mirror.trust.verified import Verified, search

__all__ = ["Ask", "MetadataSession"]

ROOT: Final = file_of(Root.type)
TIMESTAMP: Final = file_of(Timestamp.type)
SNAPSHOT: Final = file_of(Snapshot.type)
TARGETS: Final = file_of(Targets.type)

_Answers = Mapping[Ask, Answer]
_Script = Generator[tuple[Ask, ...], _Answers, None]
_SetScript = Generator[tuple[Ask, ...], _Answers, TrustedSet]


class MetadataSession:
    """One refresh of the metadata, driven from outside.

    ::

        while asks := session.requests():
            ...                                  # any of them, in any order, at the same time
            session.received(ask, body)          # or session.failed(ask, code)
        verified = session.result()
    """

    def __init__(
        self,
        stored: Stored,
        sources: Sequence[str],
        *,
        now: int,
        wanted: Sequence[str] = (),
        head: str | None = None,
        candidates: Mapping[str, Mapping[str, bytes]] | None = None,
        limits: SessionLimits | None = None,
        is_strict: bool = False,
    ) -> None:
        """Begin from ``stored``; ``sources`` are local names of mirrors, the best liked first.

        Args:
            stored: What the last session left, or just a trusted root.
            sources: May be empty: then the session only judges what is stored.
            now: The device's clock; it may be wrong by years.
            wanted: Target paths whose roles must be had, such as ``ru/head``. What is stored of
                other roles is not carried on.
            head: The channel whose head to ask for first; None for plain files only.
            candidates: Per source, unverified files by name in ``m/``, as an unpacked head.
            limits: Our own by default.
            is_strict: Plain TUF, one source, no head, expired means refused.

        Raises:
            FormatError, TrustError: ``stored.root`` is not a root that signs itself.
            ValueError: A strict session that is not plain; candidates of an unknown source.
        """
        if is_strict and (len(sources) != 1 or head or candidates):
            raise ValueError("a strict session has one source and no head")
        if not set(candidates or ()) <= set(sources):
            raise ValueError("candidates of a source that is not in the session")
        self._stored = stored
        self._sources = Sources(sources, candidates or {}, is_strict=is_strict)
        self._now = now
        self._wanted = tuple(wanted)
        self._head = head
        self._limits = limits or SessionLimits()
        self._is_strict = is_strict
        self._roots = [stored.root]
        self._trusted = TrustedSet(stored.root, PINNED)
        self._used: dict[str, bytes] = {}
        self._accepted: dict[str, bytes] = {}
        self._error: MirrorError | None = None
        self._verified: Verified | None = None
        self._open: dict[Ask, None] = {}
        self._answers: dict[Ask, Answer] = {}
        self._script = self._run()
        self._advance(None)

    # --- driving --------------------------------------------------------------------------------

    def requests(self) -> tuple[Ask, ...]:
        """What is still to be asked; empty when the session has ended."""
        return tuple(self._open)

    def received(self, ask: Ask, body: bytes) -> None:
        """Bring the whole body of ``ask``, which must be open."""
        self._sources.has_answered = True
        self._answer(ask, body if len(body) <= ask.limit else "too-long")  # R2

    def failed(self, ask: Ask, code: str) -> None:
        """Say that ``ask``, which must be open, failed; ``code`` as in ``EndpointError``."""
        self._answer(ask, code)

    def may_be_genuine(self, ask: Ask, body: bytes) -> bool:
        """False when ``body`` is surely not what ``ask`` wants; changes nothing.

        For whoever drives the session: an answer that came is not yet an answer. A timestamp must be
        signed for one of the roots known so far, a head must carry such a timestamp, and the next root
        must follow on the newest one.
        """
        if ask.path == TIMESTAMP:
            return self._is_signed(body)
        if self._head is not None and ask.path == head_path(self._head):
            with suppress(FormatError):
                return self._is_signed(unpack_head(body).get(TIMESTAMP, b""))
            return False
        with suppress(MirrorError):
            if ask.path == file_of(Root.type, self._trusted.root.version + 1):
                TrustedSet(self._roots[-1], PINNED).add_root(body)
            return True
        return False

    def _is_signed(self, timestamp: bytes) -> bool:
        for root in reversed(self._roots):
            with suppress(MirrorError):
                offer_of(timestamp, root, ())
                return True
        return False

    @property
    def accepted(self) -> Mapping[str, bytes]:
        """The files verified so far in a strict session, in order; true also after it failed."""
        return self._accepted

    @property
    def observations(self) -> tuple[Observation, ...]:
        """What the sources did so far; true also after the session failed."""
        return self._sources.notes

    def result(self) -> Verified:
        """What was verified, once ``requests()`` is empty.

        Raises:
            UnreachableError: Nothing complete is stored and no source answered.
            TrustError: Nothing complete is stored and the answers did not suffice (``withheld``);
                in a strict session, the first fault.
            FormatError: In a strict session, the first fault.
        """
        if self._open:
            raise RuntimeError("the session has not ended")
        if self._error is not None:
            raise self._error
        assert self._verified is not None
        return self._verified

    def _answer(self, ask: Ask, answer: Answer) -> None:
        if ask not in self._open:
            raise ValueError("not an open request")
        del self._open[ask]
        self._answers[ask] = answer
        if not self._open:
            answers, self._answers = self._answers, {}
            self._advance(answers)

    def _advance(self, answers: _Answers | None) -> None:
        try:
            asks = next(self._script) if answers is None else self._script.send(answers)
            while not asks:
                asks = self._script.send({})
            self._open = dict.fromkeys(asks)
        except StopIteration:
            pass
        except MirrorError as error:
            self._error = error

    # --- the script -----------------------------------------------------------------------------

    def _run(self) -> _Script:
        if self._head is not None:
            yield from self._first_head(self._head)
        yield from self._follow_roots()
        stamps = self._stamp_asks()
        self._take_all(stamps, (yield stamps), is_owed=True)
        if not self._is_strict:
            yield from self._settle()
            return
        ((source, data),) = self._sources.given(TIMESTAMP)
        offer = offer_of(data, self._roots[-1], (source,))
        self._conclude((yield from self._complete(offer)), [offer], missed=[])

    def _stamp_asks(self, *, besides: str | None = None) -> tuple[Ask, ...]:
        return tuple(
            Ask(name, TIMESTAMP, self._limits.timestamp)
            for name in self._sources.names
            if name != besides and self._sources.may_ask(name, TIMESTAMP)
        )

    def _root_asks(self, path: str, besides: Set[str]) -> tuple[Ask, ...]:
        return tuple(
            Ask(name, path, self._limits.root)
            for name in self._sources.names
            if name not in besides and self._sources.may_ask(name, path)
        )

    def _take_all(self, asks: Iterable[Ask], answers: _Answers, *, is_owed: bool) -> None:
        for ask in asks:
            self._sources.take(ask, answers[ask], is_owed=is_owed)

    def _first_head(self, channel: str) -> _Script:
        """R7: the head of one source, and meanwhile the others' timestamps and next roots.

        When it has none, those that gave a genuine timestamp meanwhile are next, and those that
        gave another last.
        """
        waiting = list(self._sources.names)
        while waiting:
            given = {source: self._is_signed(data) for source, data in self._sources.given(TIMESTAMP)}
            name = min(waiting, key=lambda each: -given.get(each, 0.5))
            waiting.remove(name)
            if self._sources.is_headed(name):
                return
            head, stamps = self._sources.ask_head(name, channel), self._stamp_asks(besides=name)
            roots = self._root_asks(file_of(Root.type, self._trusted.root.version + 1), {name})
            answers = yield (head, *stamps, *roots)
            self._take_all(stamps, answers, is_owed=True)
            self._take_all(roots, answers, is_owed=False)
            if self._sources.take_head(head, answers[head]):
                return

    def _follow_roots(self) -> _Script:
        """R6: root by root, each signed by the one before and by itself."""
        finished: set[str] = set()
        for _ in range(self._limits.root_rotations):
            version = self._trusted.root.version
            path = file_of(Root.type, version + 1)
            if self._step(path, self._sources.given(path)):
                continue
            finished |= {s for s in self._sources.names if self._sources.says_last_root(s, version)}
            asks = self._root_asks(path, finished)
            answers = yield asks
            bodies: list[tuple[str, bytes]] = []
            for ask in asks:
                if answers[ask] == ABSENT:  # not a fault: this is how the newest root is found
                    finished.add(ask.source)
                elif (body := self._sources.take(ask, answers[ask])) is not None:
                    bodies.append((ask.source, body))
            if not self._step(path, bodies):
                return

    def _step(self, path: str, bodies: Iterable[tuple[str, bytes]]) -> bool:
        for source, body in bodies:
            if self._sources.tries(source, path, partial(self._trusted.add_root, body)):
                self._roots.append(body)
                self._accept(ROOT, body)
                return True
        return False

    def _settle(self) -> _Script:
        """R8, R9: the newest genuine statement that can be completed wins."""
        held = self._own(self._stored.files.get(TIMESTAMP))
        own = [offer for offer in (held, self._own(self._stored.pending)) if offer is not None]
        shown = [offer for given in self._sources.given(TIMESTAMP) if (offer := self._offer(*given))]
        self._compare(shown, own, held)
        missed: list[Offer] = []
        for offer in _ranked([*own, *shown]):
            try:
                trusted = yield from self._complete(offer)
            except MirrorError as error:
                if error.code == tufset.ROLLED_BACK:
                    for source in offer.sources:
                        self._sources.note(source, Kind.ROLLED_BACK, TIMESTAMP)
                if self._sources.has_answered or held is None or offer.payload != held.payload:
                    missed.append(offer)
                continue
            self._conclude(trusted, shown, missed)
            return
        self._conclude(self._from_store(), shown, missed)

    def _offer(self, source: str, data: bytes) -> Offer | None:
        """The genuine timestamp in ``data``, or None with a note of what it is instead."""
        try:
            return offer_of(data, self._roots[-1], (source,))
        except MirrorError as error:
            for past in self._roots[:-1]:  # signed by a key that was revoked since: behind, no liar
                with suppress(MirrorError):
                    offer_of(data, past, (source,))
                    self._sources.note(source, Kind.STALE, TIMESTAMP)
                    return None
            self._sources.blame(source, TIMESTAMP, error)
            return None

    def _own(self, data: bytes | None) -> Offer | None:
        """A timestamp we stored, if the newest root still stands behind it (R10)."""
        with suppress(MirrorError):
            return None if data is None else offer_of(data, self._roots[-1], ())
        return None

    def _compare(self, shown: Sequence[Offer], own: Sequence[Offer], held: Offer | None) -> None:
        """Note who is behind, and who shows a second statement of one version."""
        known = [*own, *shown]
        newest = max((offer.version for offer in known), default=0)
        for offer in shown:
            (source,) = offer.sources
            if held is not None and offer.version < held.version:
                self._sources.note(source, Kind.ROLLED_BACK, TIMESTAMP)
            elif offer.version < newest:
                self._sources.note(source, Kind.STALE, TIMESTAMP)
            if any(other.version == offer.version and other.payload != offer.payload for other in known):
                self._sources.note(source, Kind.FORK, TIMESTAMP)

    # --- completing one statement ---------------------------------------------------------------

    def _complete(self, offer: Offer) -> _SetScript:
        """R1: all that ``offer`` names and ``wanted`` needs, from the store, the shelf and the sources."""
        trusted = TrustedSet(self._roots[-1], self._now if self._is_strict else PINNED)
        self._used = {ROOT: self._roots[-1]}
        stored = self._stored.files.get(TIMESTAMP)
        if stored is not None:
            # R9: what is held bars all that is older. R10: after a change of keys it does not count.
            with suppress(MirrorError):
                trusted.add_timestamp(stored)
        try:
            trusted.add_timestamp(offer.data)
            self._accept(TIMESTAMP, offer.data)
        except TrustError as error:
            if error.code != tufset.EQUAL_VERSION or stored is None:
                raise
            self._used[TIMESTAMP] = stored  # R9: of one version, the first one seen
        yield from self._get_snapshot(trusted, offer)
        yield from self._get_role(trusted, offer, Targets.type, Root.type)
        for path in self._wanted:
            walk = search(path, self._limits.delegations)
            role, parent = next(walk)
            with suppress(StopIteration):
                while True:
                    yield from self._get_role(trusted, offer, role, parent)
                    role, parent = walk.send(trusted.role(role))
        return trusted

    def _get_snapshot(self, trusted: TrustedSet, offer: Offer) -> _Script:
        meta = trusted.timestamp.snapshot_meta
        stored = self._stored.files.get(SNAPSHOT)
        if stored is not None:
            with suppress(MirrorError):
                trusted.add_snapshot(stored, is_stored=True)
                self._used[SNAPSHOT] = stored
                if not is_as_signed(meta, stored):
                    for source in offer.sources:
                        self._sources.note(source, Kind.FORK, SNAPSHOT)
                return
        path = file_of(Snapshot.type, meta.version if trusted.root.consistent_snapshot else None)
        limit = _least(self._limits.snapshot, meta)
        self._accept(SNAPSHOT, (yield from self._obtain(offer, path, limit, trusted.add_snapshot)))

    def _get_role(self, trusted: TrustedSet, offer: Offer, role: str, parent: str) -> _Script:
        if (role, parent) in trusted.roles:
            return
        name = file_of(role)
        for files in (self._used, self._stored.files):
            if name in files:
                with suppress(MirrorError):
                    trusted.add_targets(files[name], role, parent)
                    self._used[name] = files[name]
                    return
        meta = trusted.snapshot.meta.get(f"{role}.json")
        if meta is None:
            raise TrustError("a role is delegated to and not in the snapshot", code=tufset.NOT_NAMED)
        path = file_of(role, meta.version if trusted.root.consistent_snapshot else None)
        limit = _least(self._limits.targets, meta)
        add = partial(trusted.add_targets, role=role, parent=parent)
        self._accept(name, (yield from self._obtain(offer, path, limit, add)))

    def _obtain(
        self, offer: Offer, path: str, limit: int, add: Callable[[bytes], object]
    ) -> Generator[tuple[Ask, ...], _Answers, bytes]:
        """R8: a file that is withheld or bad is asked of the next source; what ``add`` accepted."""
        tried: set[str] = set()

        def fitting() -> bytes | None:
            for source, data in self._sources.given(path):
                if source not in tried:
                    tried.add(source)
                    if self._sources.tries(source, path, partial(add, data)):
                        return data
            return None

        if (data := fitting()) is not None:
            return data
        for name in self._sources.ranked(offer.sources):
            is_giver = name in offer.sources
            if self._head is not None and is_giver and not self._sources.is_headed(name):
                head = self._sources.ask_head(name, self._head)
                answers = yield (head,)
                if self._sources.take_head(head, answers[head]) and (data := fitting()) is not None:
                    return data
            if self._sources.may_ask(name, path):
                ask = Ask(name, path, limit)
                answers = yield (ask,)
                self._sources.take(ask, answers[ask], is_owed=is_giver)
                if (data := fitting()) is not None:
                    return data
        raise TrustError("no source gave a file that a genuine statement names", code="withheld")

    def _from_store(self) -> TrustedSet | None:
        """R9: the last complete generation, under the root it was verified with; None if there is none."""
        files = self._stored.files
        try:
            trusted = TrustedSet(files[ROOT], PINNED)
            trusted.add_timestamp(files[TIMESTAMP])
            trusted.add_snapshot(files[SNAPSHOT], is_stored=True)
            trusted.add_targets(files[TARGETS], Targets.type, Root.type)
        except (KeyError, MirrorError):
            return None
        self._used = {name: files[name] for name in (ROOT, TIMESTAMP, SNAPSHOT, TARGETS)}
        for path in self._wanted:
            walk = search(path, self._limits.delegations)
            role, parent = next(walk)
            with suppress(StopIteration, KeyError, MirrorError):
                while True:
                    if (role, parent) not in trusted.roles:
                        trusted.add_targets(files[file_of(role)], role, parent)
                        self._used[file_of(role)] = files[file_of(role)]
                    role, parent = walk.send(trusted.role(role))
        return trusted

    def _conclude(self, trusted: TrustedSet | None, shown: Sequence[Offer], missed: Sequence[Offer]) -> None:
        if trusted is None:
            if not self._sources.has_answered:
                raise UnreachableError("no source answered, and nothing complete is stored")
            raise TrustError("no source gave a complete genuine statement", code="withheld")
        self._verified = verdict(
            trusted,
            files=dict(self._used),
            stored=self._stored,
            root=self._roots[-1],
            shown=shown,
            missed=missed,
            device_now=self._now,
            has_answered=self._sources.has_answered,
            observations=self._sources.notes,
            delegation_limit=self._limits.delegations,
        )

    def _accept(self, name: str, data: bytes) -> None:
        self._used[name] = data
        if self._is_strict:
            self._accepted[name] = data


def _least(limit: int, meta: MetaFile) -> int:
    return limit if meta.length is None else min(limit, meta.length)


def _ranked(offers: Sequence[Offer]) -> list[Offer]:
    """Newest first, our own before the sources' in their order; one of each, with all who show it."""
    merged: dict[tuple[int, bytes], Offer] = {}
    for offer in offers:
        key = offer.version, offer.payload
        first = merged.get(key)
        merged[key] = offer if first is None else first.shown_also_by(offer.sources)
    return sorted(merged.values(), key=lambda offer: -offer.version)
