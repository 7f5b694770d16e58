"""Whom to ask for which piece, when, and over which connection. Pure, in virtual time.

A ``Plan`` serves one set of pieces. It is told what happened (``tell``) and asked what to do
(``decide``, ``wake``); instants are seconds, given by the caller. What it learns goes to the
``Network``, which outlives it. ``attempt.STEPS`` is the life of one attempt. Rules:

P1  An endpoint that gave wrong bytes is not asked again for anything, and nothing that it still
    sends is waited for.
P2  An endpoint that says it lacks a piece is not asked for that piece again.
P3  An endpoint that failed otherwise is left alone for a while that doubles with each failure in a
    row, and asked for the same piece at most ``TRIES`` times; ``TRIES_SILENT`` when it has never
    answered and was silent.
P4  A piece has one attempt that goes on as expected. When that one is late, quiet or crawls, another
    endpoint is asked too; the late one goes on, and whoever gives the piece first ends the others.
    The first byte of one ends all others that have none: what is raced is the waiting, not the
    bytes, which would slow each other down on a narrow link.
P5  Late means later than this network's answers so far, smoothed as TCP smooths; where much is under
    way, as much longer as that takes the link. No wait is fixed but the first ones.
P6  While nobody has answered, each round of waiting asks twice as many endpoints as the one before.
P7  Endpoints that answer come first, those with a connection that waits before others, then the
    quicker and less busy; but when many pieces
    wait, the last of them is asked of one that nobody has tried yet, or that failed long ago. So no
    endpoint is forgotten, and no piece that somebody waits for pays for finding out.
P8  At most ``Network.room`` attempts go on as expected, at most ``MAX_CONNECTIONS`` in all, at most
    ``MAX_CONNECTIONS_PER_MIRROR`` at one endpoint, and ``LEAST_SHARE`` where several answer. Where room
    is short, the quietest makes it.
P9  A piece is given up when nobody is left to ask for it, and all are when nobody sent a byte for
    ``DESPAIR_SECONDS``: with what each endpoint did.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

from mirror.client.attempt import GOING, STEPS, Attempt, Event, Need, Step
from mirror.client.network import Fetched, Network, Standing
from mirror.limits import MAX_CONNECTIONS, MAX_CONNECTIONS_PER_MIRROR, MAX_PIECE
from mirror.net import ABSENT, FAILURES, SILENT, TOO_LONG

WRONG: Final = "wrong"  # in ``GiveUp.failures``, besides the codes of ``net``

TRIES: Final = 5  # with the pauses of P3, a mirror that is down for seven seconds is still found
TRIES_SILENT: Final = 2  # a lost packet is common, two are not; and each costs a deadline
ABANDONED_AFTER: Final = 3.0  # seconds without a byte, where room is short (P8)
DESPAIR_SECONDS: Final = 60.0  # and ``DESPAIR_EACH`` for every endpoint: a long list takes long to try
DESPAIR_EACH: Final = 0.1
CRAWL: Final = 3.0  # times what a piece would take elsewhere: slower than that crawls
EXPLORED_AT_ONCE: Final = 2  # endpoints that are tried while others are known to answer (P7)
MANY_WAITING: Final = 4
LEAST_SHARE: Final = 6  # connections to one endpoint, as browsers have them


@dataclass(frozen=True, slots=True)
class Start:
    """Ask ``endpoint`` for ``piece`` over connection ``line``, as attempt ``number``."""

    number: int
    endpoint: str
    piece: str
    line: int


@dataclass(frozen=True, slots=True)
class Stop:
    """End attempt ``number`` and close its connection; nothing more is told of it.

    ``received`` bytes of it are thrown away; ``is_late``: its endpoint had fallen silent.
    """

    number: int
    endpoint: str
    piece: str
    line: int
    received: int
    is_late: bool


@dataclass(frozen=True, slots=True)
class Close:
    """Close connection ``line``, which is idle."""

    line: int


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Nobody is left to ask for ``piece`` (P9). ``failures``: how many endpoints did what, by code."""

    piece: str
    failures: Mapping[str, int]


Action = Start | Stop | Close | GiveUp


class Plan:
    """The plan for ``pieces``, the most urgent first, over the endpoints of ``network``."""

    def __init__(self, network: Network, pieces: Iterable[str]) -> None:
        self._network = network
        self._needs = {piece: Need() for piece in dict.fromkeys(pieces)}
        self._fresh = dict.fromkeys(self._needs)  # not asked of anybody yet
        self._again = dict[str, None]()  # asked, and not served any more
        self._attempts: dict[int, Attempt] = {}
        self._failures: dict[str, str] = {}  # the last one of each endpoint, with any piece
        self._next = 0
        self._hope_until: float | None = None  # set when the plan is first asked, and with every byte

    @property
    def is_done(self) -> bool:
        """True when every piece was verified or given up, and nothing is under way."""
        return not self._needs and not self._attempts

    # --- what happened --------------------------------------------------------------------------

    def connected(self, number: int, now: float) -> None:
        """Attempt ``number`` has its connection."""
        attempt = self._attempts.get(number)
        if attempt is not None and attempt.asked_at is None:
            attempt.asked_at = attempt.last_at = now
            self._step(attempt, Event.CONNECTED)

    def received(self, number: int, size: int, now: float) -> bool:
        """Attempt ``number`` has ``size`` bytes so far. True when it is time to ``decide``."""
        attempt = self._attempts.get(number)
        if attempt is None or size < attempt.received:
            return False
        before = attempt.step
        self.connected(number, now)  # where a transport did not say so
        if attempt.first_at is None:
            attempt.first_at = now
        else:  # what comes first says nothing of a rate
            self._network.flowed(size - attempt.received, now)
        attempt.received, attempt.last_at = size, now
        self._hope(now)
        self._step(attempt, Event.BYTES)
        return before is not attempt.step

    def verified(self, number: int, now: float) -> bool:
        """Attempt ``number`` gave the piece. False when another did before, at the same instant."""
        attempt = self._attempts.get(number)
        if attempt is None:
            return False
        is_first = attempt.piece in self._needs
        asked = attempt.started if attempt.asked_at is None else attempt.asked_at
        first = now if attempt.first_at is None else attempt.first_at
        is_new = attempt.is_new_line and attempt.asked_at is not None
        self._network.gave(
            Fetched(
                attempt.endpoint,
                connect=asked - attempt.started if is_new else None,
                answer=first - asked,
                took=now - asked,
                size=attempt.received,
            )
        )
        self._network.carried(attempt.line, attempt.received)
        self._end(attempt, Event.GOOD)
        self._network.lines[attempt.line].is_busy = False
        return is_first

    def wrong(self, number: int) -> None:
        """Attempt ``number`` gave other bytes than the piece's (P1)."""
        attempt = self._attempts.get(number)
        if attempt is None:
            return
        self._network.lied(attempt.endpoint)
        need = self._needs.get(attempt.piece)
        if need is not None:
            need.failures[attempt.endpoint] = self._failures[attempt.endpoint] = WRONG
        self._end(attempt, Event.BAD)
        self._network.close_line(attempt.line)

    def failed(self, number: int, code: str, now: float) -> None:
        """Attempt ``number`` gave nothing; ``code`` is one of ``net.FAILURES``.

        Its connection is gone, but for ``ABSENT``.
        """
        if code not in FAILURES:
            raise ValueError("an unknown failure")
        if code == TOO_LONG:
            self.wrong(number)
            return
        attempt = self._attempts.get(number)
        if attempt is None:
            return
        self._blame(attempt, code, now)
        self._end(attempt, Event.ERROR)
        if code == ABSENT:
            self._network.lines[attempt.line].is_busy = False
            self._network.carried(attempt.line, 0)
        else:
            self._network.close_line(attempt.line)

    # --- what to do -----------------------------------------------------------------------------

    def decide(self, now: float) -> list[Action]:
        """What to do now. To be called after each event that says so, and when ``wake`` is due."""
        if self._hope_until is None:
            self._hope(now)
        actions: list[Action] = [*self._judge(now)]
        if now >= (self._hope_until or now):
            actions += self._despair()
        actions += self._stops(now)
        actions += self._starts(now)
        actions += self._closes()
        return actions

    def wake(self, now: float) -> float | None:
        """When to ``decide`` again if nothing happens before; None: only when something happens."""
        times = [self._due(attempt) for attempt in self._attempts.values() if attempt.step in GOING]
        if self._needs and self._hope_until is not None:
            times.append(self._hope_until)
        if self._fresh or self._again:
            rests = (facts.free_at for facts in self._network.endpoints.values() if facts.free_at > now)
            times += [min(rests, default=now + ABANDONED_AFTER), now + ABANDONED_AFTER]
        return max(min(times), now) if times else None

    def cancel(self) -> list[Stop]:
        """End everything: nobody wants the pieces any more."""
        for pieces in (self._needs, self._fresh, self._again):
            pieces.clear()
        return [self._stop(attempt) for attempt in tuple(self._attempts.values())]

    # --- judging --------------------------------------------------------------------------------

    def _due(self, attempt: Attempt) -> float:
        """When ``attempt`` is late or to be looked at, if nothing happens before."""
        if attempt.step is Step.CONNECTING:
            return attempt.started + self._network.connect_patience(attempt.endpoint)
        return attempt.last_at + self._network.patience(attempt.endpoint)

    def _judge(self, now: float) -> Iterator[Stop]:
        """Find out who is late; what the curtain stopped will not come any more and ends here."""
        for attempt in tuple(self._attempts.values()):
            if attempt.step in GOING and now >= self._due(attempt):
                if attempt.step is Step.CONNECTING:
                    self._step(attempt, Event.LATE)
                elif self._network.stopped(attempt.line, attempt.received):
                    yield self._stop(attempt)
                else:
                    self._network.failed(attempt.endpoint, now)
                    self._step(attempt, Event.LATE)
            elif attempt.step is Step.RECEIVING and self._is_crawling(attempt, now):
                self._network.failed(attempt.endpoint, now)
                self._step(attempt, Event.TOO_SLOW)

    def _is_crawling(self, attempt: Attempt, now: float) -> bool:
        if attempt.first_at is None or now - attempt.first_at < self._network.patience(attempt.endpoint):
            return False
        rate = attempt.received / (now - attempt.first_at)
        rest = (MAX_PIECE - attempt.received) / max(rate, 1.0)
        return rest > CRAWL * self._network.expected() + 1

    def _blame(self, attempt: Attempt, code: str, now: float) -> None:
        need = self._needs.get(attempt.piece)
        if need is not None:
            need.failures[attempt.endpoint] = self._failures[attempt.endpoint] = code
            if code == ABSENT:
                need.lacking.add(attempt.endpoint)
        if code == ABSENT or attempt.step is Step.CRAWLING:
            return
        was_suspected = attempt.step is Step.QUIET and attempt.asked_at is not None
        if not was_suspected and not self._network.stopped(attempt.line, attempt.received):
            self._network.failed(attempt.endpoint, now)

    # --- stopping -------------------------------------------------------------------------------

    def _stops(self, now: float) -> Iterator[Stop]:
        """End what came to nothing: of pieces that are here, of liars, and of races that are decided."""
        for attempt in tuple(self._attempts.values()):
            need = self._needs.get(attempt.piece)
            is_out = self._network.endpoints[attempt.endpoint].standing is Standing.OUT
            is_beaten = attempt.first_at is None and (
                need is not None and any(other.step is Step.RECEIVING for other in need.attempts.values())
            )
            if need is None or is_out or is_beaten:
                if attempt.step is Step.QUIET and attempt.asked_at is None:
                    self._network.failed(attempt.endpoint, now)  # nobody connected in all that time
                yield self._stop(attempt)

    def _stop(self, attempt: Attempt) -> Stop:
        """End an attempt without prejudice: it does not count as a try."""
        need = self._needs.get(attempt.piece)
        if need is not None:
            need.tries[attempt.endpoint] -= 1
        return self._ended(attempt)

    def _ended(self, attempt: Attempt) -> Stop:
        is_late = attempt.step not in GOING
        self._end(attempt, Event.STOP)
        self._network.close_line(attempt.line)
        return Stop(attempt.number, attempt.endpoint, attempt.piece, attempt.line, attempt.received, is_late)

    def _closes(self) -> Iterator[Close]:
        for number, line in tuple(self._network.lines.items()):
            if not line.is_busy and self._network.is_spent(number):
                self._network.close_line(number)
                yield Close(number)

    def _close_idle(self, name: str) -> Iterator[Close]:
        """Close one idle connection where no more are allowed, so that ``name`` can have a new one."""
        if self._network.has_idle(name):
            return
        lines = self._network.lines
        idle = [number for number, line in lines.items() if not line.is_busy]
        own = [number for number in idle if lines[number].endpoint == name]
        count = sum(line.endpoint == name for line in lines.values())
        surplus = (
            own if count >= MAX_CONNECTIONS_PER_MIRROR else idle if len(lines) >= MAX_CONNECTIONS else []
        )
        if surplus:
            self._network.close_line(surplus[0])
            yield Close(surplus[0])

    def _make_room(self, now: float) -> Stop | None:
        """End the attempt that has been quiet longest (P8)."""
        quiet = [
            attempt
            for attempt in self._attempts.values()
            if attempt.step not in GOING and now - attempt.last_at >= ABANDONED_AFTER
        ]
        if not quiet:
            return None
        attempt = min(quiet, key=lambda each: each.last_at)
        self._blame(attempt, SILENT, now)
        return self._ended(attempt)

    # --- starting -------------------------------------------------------------------------------

    def _starts(self, now: float) -> Iterator[Action]:
        going = sum(attempt.step in GOING for attempt in self._attempts.values())
        is_answered = any(facts.has_given for facts in self._network.endpoints.values())
        waiting = self._waiting(is_answered=is_answered)
        room = self._network.room if is_answered else MAX_CONNECTIONS
        while waiting:
            is_exploring = is_answered and self._is_exploring_time(now)
            piece = next(reversed(self._fresh)) if is_exploring else waiting.pop(0)
            if piece not in self._fresh and piece not in self._again:
                continue
            need = self._needs[piece]
            # P6: as many as are waited for in vain, while nobody has answered.
            for _ in range(1 if is_answered else max(1, len(need.attempts))):
                if going >= room:
                    return
                name = self._choose(need, now, is_exploring=is_exploring)
                if name is None:
                    if not need.attempts and not self._has_hope(need):
                        yield self._give_up(piece)
                        waiting = waiting or self._waiting(is_answered=is_answered)
                    break
                if len(self._attempts) >= MAX_CONNECTIONS:
                    stop = self._make_room(now)
                    if stop is None:
                        return
                    yield stop
                yield from self._close_idle(name)
                going += 1
                yield self._start(piece, name, now, is_exploring=is_exploring)

    def _waiting(self, *, is_answered: bool) -> list[str]:
        """The pieces to find somebody for; until somebody has answered, one."""
        if is_answered:  # more than can start now need not be looked at
            return [*self._again, *islice(self._fresh, MAX_CONNECTIONS)]
        return list(islice(self._again if self._attempts or self._again else self._fresh, 1))

    def _is_exploring_time(self, now: float) -> bool:
        """P7."""
        if len(self._fresh) < MANY_WAITING:
            return False
        exploring = sum(attempt.is_exploring for attempt in self._attempts.values())
        return exploring < EXPLORED_AT_ONCE and any(
            not facts.under_way
            and facts.standing in (Standing.NEW, Standing.SLOW)
            and self._network.may_ask(name, now)
            for name, facts in self._network.endpoints.items()
        )

    def _choose(self, need: Need, now: float, *, is_exploring: bool = False) -> str | None:
        """The endpoint to ask for a piece now; None: nobody may be asked at present."""
        proven = sum(facts.standing is Standing.PROVEN for facts in self._network.endpoints.values())
        share = max(LEAST_SHARE, MAX_CONNECTIONS_PER_MIRROR // max(1, proven))
        able = [
            name
            for name, facts in self._network.endpoints.items()
            if self._may_try(need, name)
            and self._network.may_ask(name, now)
            and facts.under_way < share
            and all(attempt.endpoint != name for attempt in need.attempts.values())
            and (not is_exploring or (facts.standing is not Standing.PROVEN and not facts.under_way))
        ]
        return min(able, key=lambda name: self._rank(need, name), default=None)

    def _rank(self, need: Need, name: str) -> tuple[int, int, bool, float, int]:
        facts = self._network.endpoints[name]
        tier = {Standing.PROVEN: 0, Standing.NEW: 1, Standing.SLOW: 2 + facts.strikes}[facts.standing]
        cost = self._network.cost(name) if tier == 0 else float(facts.under_way)
        return tier, need.tries[name], not self._network.has_idle(name), cost, facts.place

    def _may_try(self, need: Need, name: str) -> bool:
        facts = self._network.endpoints[name]
        if facts.standing is Standing.OUT or name in need.lacking:
            return False
        is_dead = not facts.has_given and need.failures.get(name) == SILENT
        return need.tries[name] < (TRIES_SILENT if is_dead else TRIES)

    def _has_hope(self, need: Need) -> bool:
        """True when somebody may be asked later."""
        return any(self._may_try(need, name) for name in self._network.endpoints)

    def _start(self, piece: str, name: str, now: float, *, is_exploring: bool) -> Start:
        line = self._network.idle_line(name, may_probe=len(self._fresh) >= MANY_WAITING)
        is_new = line is None
        if line is None:
            line = self._network.open_line(name)
        self._network.lines[line].is_busy = True
        self._next += 1
        attempt = Attempt(
            self._next,
            name,
            piece,
            line,
            started=now,
            is_new_line=is_new,
            is_exploring=is_exploring,
            step=Step.CONNECTING if is_new else Step.ASKED,
            asked_at=None if is_new else now,
            last_at=now,
        )
        self._attempts[attempt.number] = attempt
        self._fresh.pop(piece, None)
        self._again.pop(piece, None)
        need = self._needs[piece]
        need.attempts[attempt.number] = attempt
        need.tries[name] += 1
        self._network.endpoints[name].under_way += 1
        self._network.under_way += 1
        return Start(attempt.number, name, piece, line)

    def _hope(self, now: float) -> None:
        self._hope_until = now + DESPAIR_SECONDS + DESPAIR_EACH * len(self._network.endpoints)

    def _despair(self) -> Iterator[GiveUp]:
        for attempt in self._attempts.values():
            if attempt.piece in self._needs:
                self._needs[attempt.piece].failures.setdefault(attempt.endpoint, SILENT)
        yield from [self._give_up(piece) for piece in tuple(self._needs)]

    def _give_up(self, piece: str) -> GiveUp:
        need = self._needs.pop(piece)
        self._fresh.pop(piece, None)
        self._again.pop(piece, None)
        return GiveUp(piece, dict(Counter((need.failures or self._failures).values())))

    # --- steps ----------------------------------------------------------------------------------

    def _step(self, attempt: Attempt, event: Event) -> None:
        before, attempt.step = attempt.step, STEPS[attempt.step, event]
        change = (attempt.step is Step.RECEIVING) - (before is Step.RECEIVING)
        if change:
            self._network.streams(change, attempt.last_at)
        if (before in GOING) == (attempt.step in GOING):
            return
        need = self._needs.get(attempt.piece)
        if attempt.step in GOING:
            self._network.under_way += 1
            self._again.pop(attempt.piece, None)
        else:
            self._network.under_way -= 1
            if need is not None and not need.is_served:
                self._again[attempt.piece] = None

    def _end(self, attempt: Attempt, event: Event) -> None:
        self._step(attempt, event)
        self._network.endpoints[attempt.endpoint].under_way -= 1
        del self._attempts[attempt.number]
        need = self._needs.get(attempt.piece)
        if need is None:
            return
        del need.attempts[attempt.number]
        if event is Event.GOOD:
            del self._needs[attempt.piece]
            self._again.pop(attempt.piece, None)
        elif not need.is_served:
            self._again[attempt.piece] = None
