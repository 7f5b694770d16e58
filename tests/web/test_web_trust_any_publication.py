"""Any publication, signed by whom it must be or not, through any mirrors: both languages judge the same.

Hypothesis makes the publisher (keys of both kinds, one key under several ids, thresholds, rotations, forks,
wrong roles, odd times, expiry), the mirrors and the readers, who come back with what they stored.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.forge import DAY, Forge, Pen, date
from helpers.newsroom import NOW, Mirror, drive
from helpers.node import running
from helpers.twin import twins
from mirror.errors import MirrorError
from mirror.trust.session import Ask, MetadataSession
from mirror.trust.state import Stored

pens = st.builds(
    Pen, st.sampled_from(["ann", "bob", "cem", "pam", "pat", "per"]), st.sampled_from([0, 0, 0, 1, 2])
)
held = (
    st.lists(pens, min_size=1, max_size=3, unique=True)
    .map(tuple)
    .flatmap(lambda some: st.tuples(st.just(some), st.integers(1, len({pen.name for pen in some}))))
)
ROLES = ("root", "targets", "snapshot", "timestamp", "channel-ru", "notices")
Step = Callable[[Forge], object]


def put(*path: str, value: object) -> Callable[[dict[str, Any]], None]:
    """A change of a signed part: ``value`` at ``path``."""

    def change(signed: dict[str, Any]) -> None:
        for name in path[:-1]:
            signed = signed.setdefault(name, {})
        signed[path[-1]] = value

    return change


changes = st.sampled_from(
    [
        put("x-mirror", "role", value="snapshot"),
        put("x-mirror", "role", value="targets"),
        put("x-mirror", "role", value=None),
        put("x-mirror", value="what"),
        put("x-mirror", value={}),
        put("x-mirror", "issued", value=NOW + 900 * DAY),
        put("x-mirror", "issued", value=NOW + 10 * DAY),
        put("x-mirror", "issued", value=-1),
        put("x-mirror", "issued", value=10**30),
        put("expires", value=date(NOW - DAY)),
        put("expires", value=date(NOW + DAY)),
        put("expires", value="1970-01-01T00:00:00Z"),
        put("expires", value="2026-02-30T00:00:00Z"),
        put("expires", value="9999-12-31T23:59:59Z"),
        put("expires", value="now"),
        put("version", value=1),
        put("version", value=0),
        put("version", value=999),
        put("version", value="2"),
        put("spec_version", value="2.0.0"),
        put("spec_version", value="1.0"),
        put("_type", value="targets"),
        put("_type", value="mirrors"),
        put("consistent_snapshot", value=False),
        put("meta", "targets.json", "version", value=1),
        put("meta", "targets.json", value={"version": 1}),
        put("meta", "notices.json", "hashes", "sha256", value="00" * 32),
        put("meta", "notices.json", "length", value=3),
        put("meta", "snapshot.json", "hashes", value={}),
        put("meta", "snapshot.json", "version", value=1),
        put("meta", "other.json", value={"version": 3}),
        put("meta", value={}),
        put("delegations", "roles", value=[]),
        put("targets", "ru/head", value={"length": 3, "hashes": {"sha512": "00"}}),
        put("targets", value={}),
        put("ünïcode 😀 \ue000", value={"b": [1, -2, True, None, ""], "a": '\\ " \n \u007f'}),
    ]
)


def good(forge: Forge, *roles: str) -> Forge:
    return forge.publish(*roles, "snapshot", "timestamp")


steps: st.SearchStrategy[Step] = st.one_of(
    st.just(lambda forge: forge.publish("timestamp")),
    st.just(lambda forge: good(forge, "channel-ru")),
    st.just(lambda forge: good(forge, "targets", "channel-ru", "notices")),
    st.builds(
        lambda role, some: lambda forge: (forge.rotate(role, *some), good(forge, "targets", "channel-ru")),
        st.sampled_from(ROLES),
        held,
    ),
    st.builds(
        lambda role, change: lambda forge: (forge.publish(role, change=change), good(forge)),
        st.sampled_from(ROLES[:2] + ROLES[4:]),
        changes,
    ),
    st.builds(
        lambda change: lambda forge: (forge.publish("snapshot", change=change), forge.publish("timestamp")),
        changes,
    ),
    st.builds(lambda change: lambda forge: forge.publish("timestamp", change=change), changes),
    st.builds(
        lambda role, some: lambda forge: (forge.publish(role, pens=some), forge.publish("timestamp")),
        st.sampled_from(ROLES),
        st.lists(pens, max_size=3, unique=True),
    ),
)


@dataclass(frozen=True, repr=False)
class Moments:
    """The files of a publication at each of its moments, the first one good."""

    files: list[dict[str, bytes]]

    def __repr__(self) -> str:
        """Short: hypothesis writes down what it draws."""
        return f"Moments({len(self.files)})"


@st.composite
def histories(draw: st.DrawFn) -> Moments:
    forge = Forge({role: draw(held) for role in ROLES})
    moments = [forge.tree()]
    for step in draw(st.lists(steps, max_size=4)):
        # A second truth may grow beside what was said before.
        if len(moments) > 1 and draw(st.integers(0, 5)) == 0:
            other = deepcopy(forge)
            other.now += draw(st.sampled_from([1, 20 * DAY]))
            step(other)
            moments.append(other.tree())
        else:
            forge.now += DAY
            step(forge)
            moments.append(forge.tree())
    return Moments(moments)


@dataclass(frozen=True)
class Habit:
    """Which moment a mirror holds (and with which other it mixes it), and what it does to which files."""

    moment: int
    mixed_with: int
    how: str
    parts: tuple[str, ...]
    place: int

    def mirror(self, moments: list[dict[str, bytes]]) -> Mirror:
        files = dict(moments[self.moment % len(moments)])
        if self.mixed_with:
            mixed = moments[self.mixed_with % len(moments)]
            files |= {name: data for name, data in mixed.items() if name < "3"}
        other = sorted(files)[self.place % len(files)]

        def tamper(path: str, answer: bytes | str) -> bytes | str:
            if isinstance(answer, str) or not any(part in path for part in self.parts):
                return answer
            at = self.place % len(answer)
            done: dict[str, bytes | str] = {
                "honest": answer,
                "flips": answer[:at] + bytes([answer[at] ^ 1 << self.place % 8]) + answer[at + 1 :],
                "swaps": files[other],
                "swells": answer + b" " * 10_240,
                "cuts": answer[:at],
            }
            return done.get(self.how, self.how)

        return Mirror(files, tamper)


habits = st.builds(
    Habit,
    st.integers(0, 4),
    st.sampled_from([0, 0, 0, 1, 2, 3]),
    st.sampled_from(["honest"] * 4 + ["flips", "swaps", "swells", "cuts", "absent", "silent", "unasked"]),
    st.lists(st.sampled_from([*ROLES, "heads", "json", "1.", "2."]), min_size=1, max_size=2).map(tuple),
    st.integers(0, 9_999),
)


@dataclass(frozen=True)
class Visit:
    """One session of a reader: who is asked, when, for what, and in which order they answer."""

    fleet: tuple[Habit, ...]
    now: int
    wanted: tuple[str, ...]
    head: str | None
    order: int


visits = st.builds(
    Visit,
    st.one_of(st.just(()), *[st.lists(habits, min_size=1, max_size=3).map(tuple)] * 3),
    st.sampled_from([0, NOW, NOW + 5 * DAY, NOW + 40 * DAY, NOW + 9_999 * DAY]),
    st.sampled_from([("ru/head", "notices/set"), ("ru/head",), ("ru/other", "en/head"), ()]),
    st.sampled_from(["ru", None]),
    st.integers(0, 99),
)


@pytest.fixture(autouse=True, scope="module")
def compared() -> Iterator[list[int]]:
    with running() as node, twins(node) as sessions:
        yield sessions


outcomes: list[str] = []


@settings(max_examples=200)
@given(histories(), st.lists(visits, min_size=2, max_size=4))
def test_both_languages_judge_the_same(moments: Moments, reader: list[Visit]) -> None:
    stored = Stored(moments.files[0]["1.root.json"])
    for visit in reader:
        everyone = {f"m{number}": each.mirror(moments.files) for number, each in enumerate(visit.fleet)}
        session = MetadataSession(stored, list(everyone), now=visit.now, wanted=visit.wanted, head=visit.head)
        try:
            read = drive(session, everyone, choose=cycle_from(visit.order))
        except MirrorError as error:
            outcomes.append(error.code)
        else:
            outcomes.append(str(read.freshness.state))
            stored = read.stored


def cycle_from(number: int) -> Callable[[tuple[Ask, ...]], int]:
    """Answers out of order, and the same way each time."""
    return lambda asks: number * len(asks) // 100


def test_all_ways_to_end_were_met(compared: list[int]) -> None:
    """Runs last: a comparison of nothing but refusals would say little."""
    assert sum(compared) > 200
    for ending in ("current", "held-back", "old", "withheld", "unreachable"):
        assert outcomes.count(ending) >= 2, ending
