"""Which metadata requests to send, when, and how long to wait for them. Pure, in virtual time.

A metadata session names in each round all that it could ask, of every source. A ``Scout`` sends as
few of these as make a good start: the *lead* (the head, or the only request of its round) and, at
the same time, the requests to a few *witnesses*, other sources that show whether there is anything
newer. What is not sent is answered ``UNASKED``. Rules:

S1  The lead and the first ``WITNESSES`` sources are asked at once. A source that is late (as in
    ``plan``, by this network's own measure) or gave nothing good is joined by as many others as that
    happened to already, until enough have answered.
    Where it takes bytes to open a connection (TLS), and of those who join late, the requests to one
    source go one after the other.
S2  Sources that have answered in this run come before those that have not, those that failed last.
S3  Once the lead has its answer, the witnesses get a short grace: ``GRACE_SECONDS`` while none has
    answered, ``NEXT_GRACE_SECONDS`` after that; none when all of theirs is here. Where the lead has
    failed, one witness is enough to go on: he is the next to be asked for a head.
S4  A lead that is silent while a witness has answered is given up after as long as that took, twice,
    and one that has not even a connection when that is late: the session asks the witness instead.
S5  Rounds after the first ask only sources that have answered, if there is one: an answer of the
    others is not worth their deadline again.
S6  ``everyone``: all are asked at once, and have ``FULL_GRACE_SECONDS`` after the first answer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from mirror.client.network import Network, Standing
from mirror.limits import MAX_CONNECTIONS
from mirror.net import SILENT, UNASKED

WITNESSES: Final = 2  # a liar or a laggard among three is seen; each costs about 1.5 kB
GRACE_SECONDS: Final = 1.0
NEXT_GRACE_SECONDS: Final = 0.25
FULL_GRACE_SECONDS: Final = 3.0
LEAST_LEAD_SECONDS: Final = 0.5
ABANDONED_AFTER: Final = 3.0  # seconds without a byte, where no more connections are allowed
LONE_LEAD_SECONDS: Final = 3.0  # of a request to one source, where another is known to answer


@dataclass(frozen=True, slots=True)
class Begin:
    """Send request ``number``."""

    number: int


@dataclass(frozen=True, slots=True)
class Abandon:
    """Answer request ``number`` with ``code``, and end it if it was sent."""

    number: int
    code: str


@dataclass(slots=True)
class _Errand:
    number: int
    source: str
    is_lead: bool
    begun: float | None = None
    connected: bool = False
    last_at: float = 0.0
    received: int = 0


class Scout:
    """One round: requests to ``sources`` (one each, a source may have several), ``leads`` among them.

    ``vouched`` are the sources that have answered in this session.
    """

    def __init__(
        self,
        network: Network,
        sources: Sequence[str],
        leads: Iterable[int],
        vouched: Iterable[str],
        *,
        everyone: bool = False,
    ) -> None:
        self._network = network
        led = frozenset(leads)
        self._open = {number: _Errand(number, source, number in led) for number, source in enumerate(sources)}
        self._vouched = frozenset(vouched)
        self._everyone = everyone
        self._witnesses: dict[str, float] = {}  # who answered in this round, and after how long
        self._vain: set[str] = set()  # who gave nothing good
        self._lead_at: float | None = None  # when the lead was answered
        self._is_led = False  # the lead has its answer, and a good one
        self._first_at: float | None = None  # when anybody answered

    @property
    def is_done(self) -> bool:
        """True when every request was answered or abandoned."""
        return not self._open

    def connected(self, number: int, now: float) -> None:
        """Request ``number`` has its connection."""
        if number in self._open:
            self._open[number].connected = True
            self._open[number].last_at = now

    def received(self, number: int, size: int, now: float) -> None:
        """Request ``number`` has ``size`` bytes so far."""
        if number in self._open:
            self._open[number].connected = True
            self._open[number].received = size
            self._open[number].last_at = now

    def answered(self, number: int, now: float, *, is_good: bool, vouches: bool = True) -> None:
        """Request ``number`` has its answer; ``is_good``: what was asked, or a clean "no such file".

        ``vouches``: a good one makes its source a witness.
        """
        errand = self._open.pop(number, None)
        if errand is None:
            return
        if errand.is_lead:
            self._lead_at = now
            self._is_led = is_good
        if not is_good:
            self._vain.add(errand.source)
        elif errand.is_lead or vouches:
            self._first_at = now if self._first_at is None else self._first_at
            if not errand.is_lead and errand.begun is not None:
                self._witnesses[errand.source] = now - errand.begun

    def decide(self, now: float) -> list[Begin | Abandon]:
        """What to do now; to be called after each answer, and when ``wake`` is due."""
        lost = [errand for errand in self._sent() if errand.is_lead and now >= self._lead_due(errand)]
        actions: list[Begin | Abandon] = [self._abandon(errand, now) for errand in lost + self._crowding(now)]
        if self._is_over(now):  # perhaps because the lead is lost
            return actions + [self._abandon(errand, now) for errand in tuple(self._open.values())]
        actions += [self._begin(errand, now) for errand in self._next(now)]
        if not self._sent():  # nobody is worth asking in this round
            actions += [self._abandon(errand, now) for errand in tuple(self._open.values())]
        return actions

    def wake(self, now: float) -> float:
        """When to ``decide`` again if nothing happens before."""
        times = [self._due(errand) for errand in self._sent()]
        times += [self._lead_due(errand) for errand in self._sent() if errand.is_lead]
        times += [errand.last_at + ABANDONED_AFTER for errand in self._sent()]
        if (end := self._end()) is not None:
            times.append(end)
        return max(now, min((time for time in times if time > now), default=now + GRACE_SECONDS))

    # --- when it ends ---------------------------------------------------------------------------

    @property
    def _has_lead(self) -> bool:
        return self._lead_at is not None or any(errand.is_lead for errand in self._open.values())

    def _end(self) -> float | None:
        """When the round ends at the latest; None: not yet known."""
        if self._everyone:
            return None if self._first_at is None else self._first_at + FULL_GRACE_SECONDS
        since = self._lead_at if self._has_lead else self._first_at
        if since is None or (self._has_lead and self._first_at is None):
            return None  # nobody has answered: whoever is left is waited for
        if self._has_lead and not self._is_led and self._witnesses:
            return since
        if len(self._witnesses) >= WITNESSES and not self._follows:
            return since
        return since + (NEXT_GRACE_SECONDS if self._witnesses else GRACE_SECONDS)

    @property
    def _follows(self) -> bool:
        """True when a witness still has something to say."""
        return any(errand.source in self._witnesses for errand in self._open.values())

    def _is_over(self, now: float) -> bool:
        if self._everyone and any(errand.is_lead for errand in self._open.values()):
            return False
        end = self._end()
        return end is not None and now >= end

    def _crowding(self, now: float) -> list[_Errand]:
        """What makes room for others: requests without an answer for long, while others wait to be sent."""
        sent = self._sent()
        if len(sent) < MAX_CONNECTIONS or len(sent) == len(self._open):
            return []
        return [errand for errand in sent if not errand.is_lead and now - errand.last_at >= ABANDONED_AFTER]

    def _lead_due(self, errand: _Errand) -> float:
        """When a lead is given up (S4)."""
        patience = self._network.patience(errand.source)
        if self._witnesses and not errand.connected:
            return errand.last_at + self._network.connect_patience(errand.source)
        if self._witnesses:
            waited = max(LEAST_LEAD_SECONDS, 2 * max(self._witnesses.values()))
            return errand.last_at + (waited if not errand.received else max(waited, patience))
        others = (facts for name, facts in self._network.endpoints.items() if name != errand.source)
        if any(facts.has_given and facts.standing is not Standing.OUT for facts in others):
            return errand.last_at + max(LONE_LEAD_SECONDS, patience)
        return float("inf")

    # --- whom to ask ----------------------------------------------------------------------------

    def _sent(self) -> list[_Errand]:
        return [errand for errand in self._open.values() if errand.begun is not None]

    def _due(self, errand: _Errand) -> float:
        if errand.connected:
            # Behind the lead's own bytes on a narrow link, a witness is not late.
            leads = (each.last_at for each in self._open.values() if each.is_lead and each.received)
            return max(errand.last_at, *leads, 0.0) + self._network.patience(errand.source)
        return errand.last_at + self._network.connect_patience(errand.source)

    def _next(self, now: float) -> list[_Errand]:
        """Whose requests to send now (S1, S2, S5)."""
        unsent = [errand for errand in self._open.values() if errand.begun is None]
        if self._everyone:
            return unsent[: max(0, MAX_CONNECTIONS - len(self._sent()))]
        chosen = [errand for errand in unsent if errand.is_lead]
        chosen += [errand for errand in unsent if not errand.is_lead and errand.source in self._witnesses]
        by_source: dict[str, list[_Errand]] = {}
        for errand in unsent:
            if not errand.is_lead and errand.source not in self._witnesses:
                by_source.setdefault(errand.source, []).append(errand)
        begun = {errand.source for errand in self._sent()}
        by_source = {name: errands for name, errands in by_source.items() if name not in begun}
        sent = self._sent()
        if self._is_led and any(errand.connected for errand in sent):
            return chosen  # those who are connected get the grace, and nobody else is troubled
        if self._vouched:
            by_source = {name: errands for name, errands in by_source.items() if name in self._vouched}
        going = {errand.source for errand in sent if not errand.is_lead and now < self._due(errand)}
        late = self._vain | {errand.source for errand in sent if now >= self._due(errand)}
        lacking = WITNESSES - len(self._witnesses) - len(going)
        if lacking > 0 and late:
            lacking = max(lacking, len(late))
        room = MAX_CONNECTIONS - len(sent) - len(chosen)
        for name in sorted(by_source, key=self._rank)[: max(0, lacking)]:
            is_dear = late or self._network.endpoints[name].opening > 0
            asked = by_source[name][:1] if is_dear else by_source[name]
            if len(asked) > room:
                break
            room -= len(asked)
            chosen += asked
        return chosen

    def _rank(self, name: str) -> tuple[int, int]:
        facts = self._network.endpoints[name]
        order = {Standing.PROVEN: 0, Standing.NEW: 1, Standing.SLOW: 2, Standing.OUT: 3}
        return order[facts.standing], facts.place

    def _begin(self, errand: _Errand, now: float) -> Begin:
        errand.begun = errand.last_at = now
        return Begin(errand.number)

    def _abandon(self, errand: _Errand, now: float) -> Abandon:
        del self._open[errand.number]
        if errand.is_lead:
            self._lead_at = now
        is_late = errand.begun is not None and (errand.is_lead or now >= self._due(errand))
        return Abandon(errand.number, SILENT if is_late else UNASKED)
