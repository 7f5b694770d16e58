"""What a reader's network does, as data: the access link, and one ``Way`` to each endpoint.

The scenarios themselves stand in ``scenarios.toml``; ``BED.md`` says what each field does and how exactly.
A mistake in them is the author's, so everything here raises ``ValueError``.
"""

import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from random import Random
from typing import Final, Literal, TypeVar

SCENARIOS: Final = Path(__file__).with_name("scenarios.toml")
# What a router holds for one connection: 45 segments, the order of what drivers and modems queue.
QUEUE_BYTES: Final = 64 << 10
# Which of ``Way``'s fields need to understand HTTP, so that the origin must speak it without TLS.
HTTP_FIELDS: Final = ("block_page", "truncate_after", "gzip", "endless", "wrong_length", "alter")
T = TypeVar("T")

_ALONE: Final = ("blackhole", "refuse", "silent", "block_page")


@dataclass(frozen=True, slots=True)
class Link:
    """The reader's own access link, shared by all connections of the bed.

    ``rtt_seconds`` is the round trip to every endpoint. The rates are of payload; None is unlimited.
    ``queue_bytes`` is how much of one connection may wait for the link, besides what is on the way.
    """

    rtt_seconds: float
    down_bytes_per_second: float | None = None
    up_bytes_per_second: float | None = None
    queue_bytes: int = QUEUE_BYTES

    def __post_init__(self) -> None:
        if not 0 <= self.rtt_seconds <= 60:
            raise ValueError("rtt_seconds is not between 0 and 60")
        for rate in (self.down_bytes_per_second, self.up_bytes_per_second):
            if rate is not None and not rate > 0:
                raise ValueError("the rate of a link is above 0")
        if self.queue_bytes < 1_460:
            raise ValueError("queue_bytes holds less than one segment")


@dataclass(frozen=True, slots=True)
class Flapping:
    """Up for ``up_seconds``, down for ``down_seconds``, and so on; begins ``phase_seconds`` into that."""

    up_seconds: float
    down_seconds: float
    phase_seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.up_seconds <= 0 or self.down_seconds <= 0 or self.phase_seconds < 0:
            raise ValueError("flapping takes time, and does not begin before the bed")

    def until_change(self, elapsed: float) -> tuple[bool, float]:
        """Whether the way is up ``elapsed`` seconds after the start, and for how many seconds still."""
        at = (elapsed + self.phase_seconds) % (self.up_seconds + self.down_seconds)
        up = at < self.up_seconds
        return up, (self.up_seconds if up else self.up_seconds + self.down_seconds) - at


@dataclass(frozen=True, slots=True)
class Way:
    """What the network, or the mirror, does on the way to one endpoint. A way with no field set is clean.

    Bytes are counted as TCP carries them (with TLS: its records), per connection, from server to reader.
    """

    blackhole: bool = False  # SYN is never answered
    refuse: bool = False  # the connection is refused
    silent: bool = False  # accepts, takes everything, never answers
    rst_hello: str = ""  # RST at a ClientHello whose SNI is this name or below it; "*": at every ClientHello
    rst_after: int | None = None  # RST after so many bytes
    freeze_after: int | None = None  # after so many bytes nothing more comes, and the connection stays
    rate: float | None = None  # bytes per second of one connection
    extra_rtt_seconds: float = 0.0  # on top of the link's
    flapping: Flapping | None = None  # down: connections are reset, new ones are refused
    block_page: bool = False  # status 200 and a page of HTML, whatever is asked
    truncate_after: int | None = None  # a body ends after so many bytes, and the connection with it
    gzip: bool = False  # bodies are encoded, and say so
    endless: bool = False  # a body goes on with zeros as long as somebody takes them
    wrong_length: int = 0  # Content-Length is the body's plus this
    alter: Literal["", "pieces", "all"] = ""  # one bit of each body is flipped: of pieces (``p/``), or of all

    def __post_init__(self) -> None:
        if sum(getattr(self, name) for name in _ALONE) > 1:
            raise ValueError("a way ends in one manner")
        changes = {field.name for field in fields(self) if getattr(self, field.name) != field.default}
        if (self.blackhole or self.refuse) and len(changes) > 1:
            raise ValueError("where nobody answers, nothing else happens")
        if (self.silent or self.block_page) and changes & (set(HTTP_FIELDS) - {"block_page"}):
            raise ValueError("answers that do not come from the mirror cannot be changed")
        for least, value in ((1, self.rst_after), (0, self.freeze_after), (0, self.truncate_after)):
            if value is not None and value < least:
                raise ValueError("a number of bytes is too small")
        if self.rate is not None and not self.rate > 0:
            raise ValueError("the rate of a way is above 0")
        if self.extra_rtt_seconds < 0 or self.alter not in ("", "pieces", "all"):
            raise ValueError("extra_rtt_seconds is below 0, or alter is neither pieces nor all")

    @property
    def understands_http(self) -> bool:
        """True when answers are changed, not only bytes moved."""
        return any(getattr(self, name) for name in HTTP_FIELDS) or self.truncate_after == 0


@dataclass(frozen=True, slots=True)
class Scenario:
    """A link, and the ways over it: one per endpoint, in the order the reader likes them."""

    name: str
    link: Link
    ways: tuple[Way, ...]

    def __post_init__(self) -> None:
        if not self.name or not self.ways:
            raise ValueError("a scenario has a name and a way")


def load_scenarios(path: Path = SCENARIOS) -> dict[str, Scenario]:
    """The scenarios of ``path`` by name, in the order of the file.

    Raises:
        ValueError: A key is unknown, a value is out of bounds, or a name stands twice; names the scenario.
    """
    top = tomllib.loads(path.read_text("utf-8"))
    links = {name: _made(Link, table, f"link.{name}") for name, table in top.pop("link").items()}
    found: dict[str, Scenario] = {}
    for table in top.pop("scenario"):
        made = _scenario(table, links)
        if made.name in found:
            raise ValueError(f"{made.name}: stands twice")
        found[made.name] = made
    if top:
        raise ValueError(f"unknown tables: {sorted(top)}")
    return found


def grown(count: int, working: int, *, seed: int = 1, link: Link | None = None) -> Scenario:
    """A scenario of ``count`` endpoints of which ``working`` are clean, mixed by ``seed``.

    The others are blackholed, refused, silent, or a block page, in equal parts. The link is *open*'s.
    """
    if not 0 < working <= count:
        raise ValueError("working is between 1 and count")
    dead = (Way(blackhole=True), Way(refuse=True), Way(silent=True), Way(block_page=True))
    ways = [Way()] * working + [dead[number % len(dead)] for number in range(count - working)]
    Random(seed).shuffle(ways)
    return Scenario(f"grown-{count}-{working}", link or load_scenarios()["open"].link, tuple(ways))


def _scenario(table: dict[str, object], links: dict[str, Link]) -> Scenario:
    name = str(table.pop("name", ""))
    table.pop("why", None)  # for people
    link = links.get(str(table.pop("link", "")))
    if link is None:
        raise ValueError(f"{name}: names no known link")
    groups = table.pop("way", [])
    if not isinstance(groups, list):
        raise ValueError(f"{name}: way is not an array of tables")
    ways = [way for group in groups for way in _ways(dict(group), name)]
    shuffle = table.pop("shuffle", None)
    if isinstance(shuffle, int):
        Random(shuffle).shuffle(ways)
    elif shuffle is not None:
        raise ValueError(f"{name}: shuffle is not a seed")
    if table:
        raise ValueError(f"{name}: unknown keys {sorted(table)}")
    return Scenario(name, link, tuple(ways))


def _ways(table: dict[str, object], where: str) -> list[Way]:
    """``count`` ways alike; ``phase_step_seconds`` sets the phases of flapping ones apart."""
    count, step = table.pop("count", 1), table.pop("phase_step_seconds", 0)
    if not isinstance(count, int) or not isinstance(step, int | float) or count < 1:
        raise ValueError(f"{where}: count or phase_step_seconds is no number")
    flapping = table.pop("flapping", None)
    way = _made(Way, table, where)
    if not isinstance(flapping, dict):
        return [way] * count
    first = _made(Flapping, flapping, where)
    phases = (first.phase_seconds + number * step for number in range(count))
    return [replace(way, flapping=replace(first, phase_seconds=phase)) for phase in phases]


def _made(kind: type[T], table: dict[str, object], where: str) -> T:
    try:
        return kind(**table)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{where}: {error}") from error
