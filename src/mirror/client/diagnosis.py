"""What a network seems to do to each endpoint, judged from how a few ordinary requests went. Pure.

``diagnose`` gives each endpoint exactly one finding; ``advice.conclude`` looks at all of them
together. Rules:

D1  Bytes that no honest mirror has outweigh everything else.
D2  Where nothing genuine came, the first request that failed for another reason than a missing file
    is judged, by how far it got.
D3  A connection that was kept and then stopped, while a fresh one gives the same file, freezes.
    How much it carried is counted in bytes of bodies: headers and TLS come on top. Where the
    examination ends with a failure all the same, that failure is judged.
D4  Old news before slow news: a mirror that is behind is said to be that.
D5  Speed is judged over whole requests for as much as a piece can have, on a connection that stands,
    waiting included: that is what a reader waits for. Slow is what is slow together with what came
    from others at the same time. One that began fast and became slow was throttled.
D6  What cannot be told apart is not: a proxy hides why there is no connection.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import Final

from mirror.limits import MAX_PIECE
from mirror.net import ABSENT, BROKEN, FAILURES, REFUSED, SILENT, TOO_LONG, UNREACHABLE, UNTRUSTED, Stage

# Outcomes of a request besides ``net.FAILURES``.
GOOD: Final = "good"  # the bytes are what was signed
ALTERED: Final = "altered"  # they are not
PAGE: Final = "page"  # they are not, and look like a page for a browser
OUTCOMES: Final = FAILURES | {GOOD, ALTERED, PAGE}

# Bytes a second below which a reader waits for more than a second for each piece: 64 kbit/s.
SLOW: Final = 8_000
# D5: how much faster the beginning was than what follows.
_THROTTLED_FROM: Final = 4
# A host or a router that turns a connection away does so within a round trip, or after one SYN that was
# lost. Whoever takes longer was not heard.
_TURNED_AWAY_SECONDS: Final = 5.0
_DEPTH: Final = {stage: depth for depth, stage in enumerate(Stage, 1)}


class Finding(StrEnum):
    """What happens to requests to one endpoint, the best first. The codes are stable."""

    WORKS = "works"
    WORKS_SLOWLY = "works-slowly"
    THROTTLED = "throttled"  # fast at first, then slowed down
    FREEZES = "freezes"  # one connection stops after some bytes; a fresh one goes on
    BEHIND = "behind"  # genuine, and older than what another mirror shows
    LACKS_FILES = "lacks-files"
    REFUSES = "refuses"  # an answer that is an error, or sends elsewhere
    STALLS = "stalls"  # an answer that stops in the middle, on a fresh connection
    BROKEN_OFF = "broken-off"  # an answer that breaks off, or is not in the form it must have
    SILENT = "silent"  # takes the request and says nothing
    RESET_AT_REQUEST = "reset-at-request"  # breaks the connection off when asked
    RESET_AT_HELLO = "reset-at-hello"  # breaks the connection off when TLS begins
    SILENT_AT_HELLO = "silent-at-hello"  # says nothing from when TLS begins
    UNTRUSTED = "untrusted"  # TLS with somebody else
    BLOCK_PAGE = "block-page"  # a page, or something longer than any file, in the file's place
    ALTERED = "altered"  # other bytes than were signed
    NOBODY_ANSWERS = "nobody-answers"  # no connection, and no word why
    CONNECTION_REFUSED = "connection-refused"  # no connection, and told so at once
    NO_NAME = "no-name"  # the host's name has no address
    NO_PROXY = "no-proxy"  # no connection through the proxy
    NO_WAY = "no-way"  # nothing here leads to such an address, as to an onion's without Tor
    NO_FILE = "no-file"  # a folder or bundle on this device that cannot be opened
    NOT_EXAMINED = "not-examined"


WORKING: Final = frozenset(
    {Finding.WORKS, Finding.WORKS_SLOWLY, Finding.THROTTLED, Finding.FREEZES, Finding.BEHIND}
)
# What censors do to an endpoint, as opposed to what a mirror does that is behind, lacks files or shows a
# cover site.
BLOCKING: Final = frozenset(
    {
        Finding.SILENT,
        Finding.RESET_AT_REQUEST,
        Finding.RESET_AT_HELLO,
        Finding.SILENT_AT_HELLO,
        Finding.UNTRUSTED,
        Finding.BLOCK_PAGE,
        Finding.NOBODY_ANSWERS,
        Finding.CONNECTION_REFUSED,
        Finding.NO_NAME,
        Finding.STALLS,
        Finding.BROKEN_OFF,
    }
)
# Of those that work, what is not as fast as it should be.
SLOWLY: Final = frozenset({Finding.WORKS_SLOWLY, Finding.THROTTLED})


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one request went. Instants are seconds since it began.

    ``outcome`` is one of ``OUTCOMES``; ``seconds`` when it ended; ``stages`` when each stage was
    reached; ``size`` the bytes of the body that came. ``carried`` are the bytes of bodies that its
    connection had carried before: 0 on a fresh one. ``others`` are the bytes that came from other
    endpoints meanwhile. ``is_piece`` is False for metadata.
    """

    outcome: str
    seconds: float
    stages: Mapping[Stage, float] = field(default_factory=dict)
    size: int = 0
    carried: int = 0
    others: int = 0
    is_piece: bool = False

    def __post_init__(self) -> None:
        if self.outcome not in OUTCOMES:
            raise ValueError("an unknown outcome")

    @property
    def depth(self) -> int:
        """How far it got: 0 for nowhere, 4 for an answer. A kept connection stands already."""
        reached = max((_DEPTH[stage] for stage in self.stages), default=0)
        return max(reached, _DEPTH[Stage.SECURED] if self.carried else 0)

    @property
    def bytes_per_second(self) -> float:
        """D5: the speed on a connection that stands."""
        return self.size / self._seconds

    @property
    def link_bytes_per_second(self) -> float:
        """The same, together with what others brought over the same link meanwhile."""
        return (self.size + self.others) / self._seconds

    @property
    def _seconds(self) -> float:
        stood = 0.0 if self.carried else self.stages.get(Stage.SECURED, 0.0)
        return max(self.seconds - stood, 0.001)


@dataclass(frozen=True, slots=True)
class Trace:
    """What happened at one endpoint, in order. ``name`` is its local label.

    ``version`` is that of the genuine statement it showed, None where it showed none; ``is_local``:
    a folder or bundle on this device; ``has_way`` is False where no transport leads to such an address.
    """

    name: str
    attempts: tuple[Attempt, ...]
    version: int | None = None
    is_local: bool = False
    has_way: bool = True


@dataclass(frozen=True, slots=True)
class Way:
    """How the endpoints were asked: it bounds what can be told (D6), and what is left to advise."""

    is_proxied: bool = False
    has_resolver: bool = False
    is_camouflaged: bool = False


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found at one endpoint.

    ``bytes_per_second`` is None where nothing good came; ``freezes_after`` is the bytes of bodies
    after which a connection stopped, None where none did.
    """

    name: str
    finding: Finding
    bytes_per_second: int | None = None
    freezes_after: int | None = None
    is_local: bool = False


def diagnose(traces: Sequence[Trace], way: Way) -> tuple[Diagnosis, ...]:
    """One diagnosis for each of ``traces``, in their order."""
    newest = max((trace.version for trace in traces if trace.version is not None), default=0)
    return tuple(
        Diagnosis(
            trace.name,
            _finding(trace, newest, way),
            _speed(trace),
            _freezes_after(trace.attempts),
            trace.is_local,
        )
        for trace in traces
    )


def _finding(trace: Trace, newest: int, way: Way) -> Finding:
    attempts = trace.attempts
    outcomes = {each.outcome for each in attempts}
    if not trace.has_way:
        return Finding.NO_WAY
    if not attempts:
        return Finding.NOT_EXAMINED
    if ALTERED in outcomes:  # D1
        return Finding.ALTERED
    if outcomes & {PAGE, TOO_LONG}:
        return Finding.BLOCK_PAGE
    if trace.version is None:
        return _failure(trace, attempts, way)
    pieces = [each for each in attempts if each.is_piece]
    if pieces and pieces[-1].outcome != GOOD:  # D3
        is_older = trace.version < newest and ABSENT in outcomes
        return Finding.BEHIND if is_older else _failure(trace, pieces, way)
    if trace.version < newest:  # D4
        return Finding.BEHIND
    if _freezes_after(attempts) is not None:
        return Finding.FREEZES
    return _pace(attempts)


def _failure(trace: Trace, attempts: Sequence[Attempt], way: Way) -> Finding:
    """D2: what the requests of ``attempts``, of which none gave what was needed, died of."""
    telling = [each for each in attempts if each.outcome not in {GOOD, ABSENT}]
    if not telling:
        return Finding.LACKS_FILES
    # What stopped a connection that was kept says less than what stopped the fresh one after it.
    first = next((each for each in telling if not each.carried), telling[0])
    if first.outcome == REFUSED:
        return Finding.REFUSES
    if first.outcome == UNTRUSTED:
        return Finding.UNTRUSTED
    return Finding.NO_FILE if trace.is_local else _where_it_ended(first, way)


def _where_it_ended(attempt: Attempt, way: Way) -> Finding:
    is_silent = attempt.outcome == SILENT
    if attempt.depth < _DEPTH[Stage.CONNECTED]:
        if way.is_proxied:  # D6
            return Finding.NO_PROXY
        if attempt.depth < _DEPTH[Stage.NAMED]:
            return Finding.NO_NAME
        is_heard = not is_silent and attempt.seconds < _TURNED_AWAY_SECONDS
        return Finding.CONNECTION_REFUSED if is_heard else Finding.NOBODY_ANSWERS
    if attempt.depth < _DEPTH[Stage.SECURED]:
        is_late = attempt.seconds - attempt.stages.get(Stage.CONNECTED, 0.0) >= _TURNED_AWAY_SECONDS
        return Finding.SILENT_AT_HELLO if is_silent or is_late else Finding.RESET_AT_HELLO
    if attempt.depth < _DEPTH[Stage.ANSWERED]:
        return Finding.SILENT if is_silent else Finding.RESET_AT_REQUEST
    return Finding.STALLS if is_silent else Finding.BROKEN_OFF


def _freezes_after(attempts: Sequence[Attempt]) -> int | None:
    """D3: the least that a connection carried which then stopped, if a fresh one gave the file."""
    stopped = [
        before.carried + before.size
        for before, after in pairwise(attempts)
        if before.carried
        and before.outcome in {SILENT, BROKEN, UNREACHABLE}
        and (after.outcome, after.carried) == (GOOD, 0)
    ]
    return min(stopped, default=None)


def _pace(attempts: Sequence[Attempt]) -> Finding:
    """D5."""
    full = _full(attempts)
    slow = next((each for each in reversed(full) if each.link_bytes_per_second < SLOW), None)
    if slow is None:
        return Finding.WORKS
    before = full[: full.index(slow)]
    fresh = max((place for place, each in enumerate(before) if not each.carried), default=0)
    on_one = before[fresh:] if slow.carried else []
    fastest = max((each.bytes_per_second for each in on_one), default=0)
    is_throttled = fastest >= SLOW and fastest >= _THROTTLED_FROM * slow.bytes_per_second
    return Finding.THROTTLED if is_throttled else Finding.WORKS_SLOWLY


def _full(attempts: Sequence[Attempt]) -> list[Attempt]:
    return [each for each in attempts if each.outcome == GOOD and each.size >= MAX_PIECE]


def _speed(trace: Trace) -> int | None:
    """The best that was seen: what the others took away meanwhile is not the endpoint's doing."""
    good = _full(trace.attempts) or [each for each in trace.attempts if each.outcome == GOOD and each.size]
    if trace.is_local or not good:
        return None
    return round(max(each.bytes_per_second for each in good))
