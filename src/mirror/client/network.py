"""What one run has learnt of the network and of each endpoint. Pure: instants are given, in seconds.

An instant here is monotonic, of any origin. Metadata and pieces share one ``Network``, so what one
request learns helps the next. Nothing of it outlives the run.

Endpoints. ``STANDINGS`` says how an endpoint's standing changes. Wrong bytes are for ever; whatever
else goes wrong is forgiven, later each time it happens again.

Connections. Some networks let 15 to 20 kB through per connection, and then freeze it without a
word. Until a connection has carried more than ``OPEN_BYTES`` nobody knows; so a connection is filled
to ``SAFE_BYTES`` and one at a time is sent further, as a probe. ``CURTAINS`` says what follows. Where
a connection stopped, others are filled to what that one had carried well.

Pace. ``window`` is how many pieces may be under way. It grows while pieces arrive about as fast as
the fastest one did, and shrinks when they queue on the way: a slow link is not made slower.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from mirror.limits import MAX_FETCHES, MAX_PIECE


class Standing(StrEnum):
    """What is thought of an endpoint."""

    NEW = "new"  # has not answered in this run
    PROVEN = "proven"  # its last answer was good
    SLOW = "slow"  # failed or fell silent; left alone for a while
    OUT = "out"  # gave wrong bytes; never asked again


class Deed(StrEnum):
    """What an endpoint did."""

    GAVE = "gave"  # the right bytes
    FAILED = "failed"  # nothing, or too late
    LIED = "lied"  # wrong bytes


STANDINGS: Final[Mapping[tuple[Standing, Deed], Standing]] = {
    (Standing.NEW, Deed.GAVE): Standing.PROVEN,
    (Standing.NEW, Deed.FAILED): Standing.SLOW,
    (Standing.NEW, Deed.LIED): Standing.OUT,
    (Standing.PROVEN, Deed.GAVE): Standing.PROVEN,
    (Standing.PROVEN, Deed.FAILED): Standing.SLOW,
    (Standing.PROVEN, Deed.LIED): Standing.OUT,
    (Standing.SLOW, Deed.GAVE): Standing.PROVEN,
    (Standing.SLOW, Deed.FAILED): Standing.SLOW,
    (Standing.SLOW, Deed.LIED): Standing.OUT,
    (Standing.OUT, Deed.GAVE): Standing.OUT,
    (Standing.OUT, Deed.FAILED): Standing.OUT,
    (Standing.OUT, Deed.LIED): Standing.OUT,
}


class Curtain(StrEnum):
    """Whether this network freezes connections after a few kilobytes."""

    UNKNOWN = "unknown"
    OPEN = "open"  # a connection carried far more: connections are kept
    FROZEN = "frozen"  # one connection per piece


class Sight(StrEnum):
    """What a connection showed of the curtain."""

    PASSED = "passed"  # it carried more than ``OPEN_BYTES``
    STOPPED = "stopped"  # it stopped beyond ``SAFE_BYTES``


CURTAINS: Final[Mapping[tuple[Curtain, Sight], Curtain]] = {
    (Curtain.UNKNOWN, Sight.PASSED): Curtain.OPEN,
    (Curtain.UNKNOWN, Sight.STOPPED): Curtain.FROZEN,
    (Curtain.OPEN, Sight.PASSED): Curtain.OPEN,
    (Curtain.OPEN, Sight.STOPPED): Curtain.FROZEN,
    (Curtain.FROZEN, Sight.PASSED): Curtain.OPEN,
    (Curtain.FROZEN, Sight.STOPPED): Curtain.FROZEN,
}

# Networks were seen to freeze connections after 15 to 20 kB of what the server sends.
SAFE_BYTES: Final = 15_000
OPEN_BYTES: Final = 24_000
ANSWER_HEAD: Final = 300  # bytes of an answer besides its body; ours and common hosts' are 150 to 500
TLS_OPENING: Final = 4_000  # what a server with an ordinary chain of certificates sends before anything else
# Pieces that come on connections of their own before one connection is probed again; times
# ``PROBE_GROWTH`` after each probe that froze.
PROBE_AFTER: Final = 32
PROBE_GROWTH: Final = 4

FIRST_WINDOW: Final = 8  # 80 kB: what a browser asks for at once, about
LEAST_WINDOW: Final = 2
DEEPEST_QUEUE: Final = 8.0  # seconds of the link's rate under way: far from any deadline of a request
QUEUED: Final = 2.5  # times the shortest time a piece took there: then it waited in a queue on the way

CONNECT_PATIENCE: Final = 0.25  # before anybody connected; a hedge costs one packet
LONGEST_CONNECT_PATIENCE: Final = 3.0
ANSWER_PATIENCE: Final = 1.0  # before anybody answered: 600 ms of round trip, and a host that thinks
LEAST_PATIENCE: Final = 0.4  # TCP itself takes 0.2 s to send again what was lost
LONGEST_PATIENCE: Final = 8.0
FIRST_RATE: Final = 32_000.0  # bytes per second, of the link, before anything is known
FLOW_SECONDS: Final = 0.05  # of bytes coming, for one sample of the rate
NEW_RATE: Final = 0.3  # what a new sample weighs
LONGEST_GAP: Final = 1.5  # seconds between bytes; a segment of 1.4 kB at 8 kbit/s takes 1.4
SLOW_RATE: Final = 2_000.0  # what is hoped for elsewhere, while nothing is known of elsewhere
FIRST_PENALTY: Final = 0.5  # seconds; doubles with each failure in a row
LONGEST_PENALTY: Final = 60.0


@dataclass(slots=True)
class Smoothed:
    """A smoothed mean and how far samples stray from it, as TCP does it (RFC 6298, section 2)."""

    mean: float = 0.0
    stray: float = 0.0
    count: int = 0

    def add(self, sample: float) -> None:
        """Take one sample."""
        if self.count == 0:
            self.mean, self.stray = sample, sample / 2
        else:
            self.stray += (abs(sample - self.mean) - self.stray) / 4
            self.mean += (sample - self.mean) / 8
        self.count += 1

    @property
    def most(self) -> float:
        """What is seldom exceeded."""
        return self.mean + 4 * self.stray


@dataclass(slots=True)
class LineFacts:
    """One connection to ``endpoint``; ``carried`` counts bytes towards us, openings included."""

    endpoint: str
    carried: int
    is_busy: bool = False


@dataclass(slots=True)
class EndpointFacts:
    """One endpoint; times in seconds, 0 while unknown."""

    place: int  # how much the caller likes it: 0 is best
    opening: int  # bytes a new connection carries before the first answer
    standing: Standing = Standing.NEW
    strikes: int = 0  # failures since the last good answer
    free_at: float = 0.0  # SLOW until then
    under_way: int = 0
    has_given: bool = False
    took: Smoothed = field(default_factory=Smoothed)  # from asking to the last byte of a piece
    shortest: dict[bool, float] = field(default_factory=dict)  # of the same, by "on a new connection"
    connect: Smoothed = field(default_factory=Smoothed)
    answer: Smoothed = field(default_factory=Smoothed)  # from asking to the first byte


@dataclass(frozen=True, slots=True)
class Fetched:
    """One good answer: where, how long each part took in seconds, how many bytes.

    ``connect`` is None on a connection that was there already.
    """

    endpoint: str
    connect: float | None
    answer: float
    took: float
    size: int


class Network:
    """What is known of ``names`` (the best liked first) and of the network between.

    ``opening`` gives, for endpoints that speak TLS, the bytes that it costs to open a connection.
    """

    def __init__(self, names: Iterable[str], opening: Mapping[str, int] | None = None) -> None:
        unique = dict.fromkeys(names)
        self.endpoints = {
            name: EndpointFacts(place, (opening or {}).get(name, 0)) for place, name in enumerate(unique)
        }
        self.lines: dict[int, LineFacts] = {}
        self.curtain = Curtain.UNKNOWN
        self.safe = SAFE_BYTES  # what one connection may carry, unless the curtain is OPEN
        self.window = float(FIRST_WINDOW)
        self.under_way = 0
        self._is_crowded = False  # the window has been too wide once
        self._connect = Smoothed()
        self._answer = Smoothed()
        self.rate: float | None = None  # bytes per second of the link
        self._streams = 0
        self._flowed_at = 0.0
        self._flow_seconds = 0.0
        self._flow_bytes = 0.0
        self._next_line = 0
        self._since_probe = 0
        self._probe_after = PROBE_AFTER
        self._probe: int | None = None  # the line that is sent further

    # --- endpoints ------------------------------------------------------------------------------

    def meet(self, name: str, opening: int) -> None:
        """One more endpoint, liked least so far; ``opening`` as for the others."""
        self.endpoints[name] = EndpointFacts(len(self.endpoints), opening)

    def may_ask(self, name: str, now: float) -> bool:
        """True when ``name`` is not out, and not left alone for a while."""
        facts = self.endpoints[name]
        return facts.standing is not Standing.OUT and not self.is_resting(name, now)

    def is_resting(self, name: str, now: float) -> bool:
        """True while ``name`` is left alone for its failures."""
        facts = self.endpoints[name]
        return facts.standing is Standing.SLOW and now < facts.free_at

    def gave(self, fetched: Fetched) -> None:
        """An endpoint gave what was asked, and right."""
        facts = self.endpoints[fetched.endpoint]
        self._did(facts, Deed.GAVE)
        facts.strikes = 0
        facts.has_given = True
        facts.answer.add(fetched.answer)
        self._answer.add(fetched.answer)
        if fetched.connect is not None:
            facts.connect.add(fetched.connect)
            self._connect.add(fetched.connect)
        if fetched.size > MAX_PIECE // 2:  # small files say nothing of what a piece takes
            facts.took.add(fetched.took)
            self._pace(facts, fetched)

    def failed(self, name: str, now: float) -> None:
        """An endpoint gave nothing, or not in time."""
        facts = self.endpoints[name]
        if self.is_resting(name, now):
            return  # requests that were under way together fail together: they count once
        self._did(facts, Deed.FAILED)
        facts.strikes += 1
        penalty = min(FIRST_PENALTY * 2.0 ** (facts.strikes - 1), LONGEST_PENALTY)
        facts.free_at = now + penalty

    def lied(self, name: str) -> None:
        """An endpoint gave wrong bytes."""
        self._did(self.endpoints[name], Deed.LIED)

    def streams(self, change: int, now: float) -> None:
        """``change`` more answers are in the middle of their body, or fewer."""
        if self._streams == 0:
            self._flowed_at = now
        self._streams += change

    def flowed(self, size: int, now: float) -> None:
        """``size`` bytes came over some connection: what the link brings, all together.

        Only while an answer is in the middle of its body: else it is hosts that are waited for.
        """
        gap, self._flowed_at = now - self._flowed_at, now
        if self._streams == 0 or gap > LONGEST_GAP:
            return
        self._flow_seconds += gap
        self._flow_bytes += size
        if self._flow_seconds >= FLOW_SECONDS:
            sample = self._flow_bytes / self._flow_seconds
            self.rate = sample if self.rate is None else self.rate + (sample - self.rate) * NEW_RATE
            self._flow_seconds = self._flow_bytes = 0.0

    def _did(self, facts: EndpointFacts, deed: Deed) -> None:
        facts.standing = STANDINGS[facts.standing, deed]

    def _pace(self, facts: EndpointFacts, fetched: Fetched) -> None:
        """Make the window wider or narrower after one piece."""
        is_new = fetched.connect is not None
        shortest = min(facts.shortest.get(is_new, fetched.took), fetched.took)
        facts.shortest[is_new] = shortest
        if fetched.took > QUEUED * max(shortest, 0.02):  # 20 ms: a busy machine, not a queue
            self._is_crowded = True
            self.window = max(self.window * 0.85, LEAST_WINDOW)
        else:
            self.window = min(self.window + (1 / self.window if self._is_crowded else 1), MAX_FETCHES)

    @property
    def room(self) -> int:
        """How many pieces may be under way: the window, and no more than ``DEEPEST_QUEUE`` of the link."""
        if self.rate is None:
            return int(self.window)
        return min(int(self.window), max(LEAST_WINDOW, int(self.rate * DEEPEST_QUEUE / MAX_PIECE)))

    # --- how long to wait -----------------------------------------------------------------------

    def connect_patience(self, name: str) -> float:
        """Seconds after which a connection that is not there yet is late."""
        known = self._known(self.endpoints[name].connect, self._connect)
        if known is None:
            return CONNECT_PATIENCE
        return min(max(known.most, CONNECT_PATIENCE), LONGEST_CONNECT_PATIENCE)

    def patience(self, name: str) -> float:
        """Seconds without a byte after which a request is quiet; longer where much is under way."""
        known = self._known(self.endpoints[name].answer, self._answer)
        usual = ANSWER_PATIENCE if known is None else known.most
        return min(max(usual, LEAST_PATIENCE), LONGEST_PATIENCE) + self.queue_seconds()

    def queue_seconds(self) -> float:
        """How long what is under way keeps the link busy."""
        return self.under_way * MAX_PIECE / (self.rate or FIRST_RATE)

    def expected(self) -> float:
        """Seconds that a piece would take that is asked for now, somewhere."""
        rate = self.rate or SLOW_RATE
        return (self._answer.mean or ANSWER_PATIENCE) + (self.under_way + 1) * MAX_PIECE / rate

    def cost(self, name: str) -> float:
        """How ``name`` ranks among endpoints of one standing: less is better."""
        facts = self.endpoints[name]
        took = facts.took.mean or facts.answer.mean or self._answer.mean
        return took * (1 + facts.under_way / 4)

    @staticmethod
    def _known(own: Smoothed, all_: Smoothed) -> Smoothed | None:
        return own if own.count > 1 else all_ if all_.count else None

    # --- connections ----------------------------------------------------------------------------

    def open_line(self, name: str) -> int:
        """A new connection to ``name``; its number."""
        self._next_line += 1
        self.lines[self._next_line] = LineFacts(name, self.endpoints[name].opening)
        return self._next_line

    def idle_line(self, name: str, *, may_probe: bool) -> int | None:
        """An idle connection to ``name`` that can carry a piece; None: take a new one.

        ``may_probe`` allows to send one further than is safe, to learn what this network does.
        """
        idle = [number for number, line in self.lines.items() if line.endpoint == name and not line.is_busy]
        if self.curtain is Curtain.OPEN:
            return idle[-1] if idle else None
        for number in idle:
            if self._has_room(self.lines[number]):
                return number
        is_due = self.curtain is Curtain.UNKNOWN or self._since_probe >= self._probe_after
        if may_probe and is_due:
            for number in idle:
                if self._probe in (None, number):
                    self._probe = number
                    return number
        return None

    def has_idle(self, name: str) -> bool:
        """True when a connection to ``name`` is there that can carry a piece without risk."""
        return any(
            line.endpoint == name
            and not line.is_busy
            and (self.curtain is Curtain.OPEN or self._has_room(line))
            for line in self.lines.values()
        )

    def is_spent(self, number: int) -> bool:
        """True when an idle connection will not be used again, as far as is known."""
        line = self.lines[number]
        if self.curtain is not Curtain.FROZEN or number == self._probe:
            return False
        return not self._has_room(line) and self._since_probe < self._probe_after

    def carried(self, number: int, size: int) -> None:
        """An answer of ``size`` bytes came whole over a connection."""
        line = self.lines[number]
        line.carried += size + ANSWER_HEAD
        self._since_probe += 1
        if line.carried >= OPEN_BYTES:
            self._saw(Sight.PASSED)
            self._probe_after = PROBE_AFTER

    def stopped(self, number: int, received: int) -> bool:
        """A connection went quiet or broke after ``received`` bytes of an answer; True: it is the curtain."""
        line = self.lines[number]
        is_kept = line.carried > self.endpoints[line.endpoint].opening
        if not is_kept or line.carried + received <= SAFE_BYTES - MAX_PIECE:
            return False
        self.safe = max(SAFE_BYTES, line.carried)
        if number == self._probe and self.curtain is Curtain.FROZEN:
            self._probe_after *= PROBE_GROWTH
        self._saw(Sight.STOPPED)
        self._since_probe = 0
        return True

    def _has_room(self, line: LineFacts) -> bool:
        return line.carried + MAX_PIECE + ANSWER_HEAD <= self.safe

    def close_line(self, number: int) -> None:
        """Forget a connection."""
        del self.lines[number]
        if self._probe == number:
            self._probe = None

    def _saw(self, sight: Sight) -> None:
        self.curtain = CURTAINS[self.curtain, sight]
