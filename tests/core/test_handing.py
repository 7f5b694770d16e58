"""Fetching two slip pages from mirrors in memory, in virtual time: whom it asks, how often, what it keeps."""

import asyncio
from collections.abc import Mapping
from functools import cache

import pytest

from helpers import virtual
from helpers.handing import Handing, handing
from helpers.memory import Behaviour, MemoryTransport, altering, failing
from helpers.publication import DAY
from helpers.rotation import entrance
from mirror.client.edition import wanted
from mirror.client.fetch import MemoryHoldings, Pieces
from mirror.client.handing import refresh_slips
from mirror.client.lines import Lines
from mirror.client.refresh import refresh
from mirror.client.report import Ledger, Verdict
from mirror.client.slips import Finding, Handed, begin
from mirror.limits import SLIPS_SECONDS
from mirror.model import Endpoint
from mirror.rotation.keys import Place
from mirror.trust.session import MetadataSession

MINE = (entrance(7),)
BEFORE = (entrance(1), entrance(2))
READER = (1, 4)


@cache
def made() -> Handing:
    desk = handing()
    desk.hand_out({Place((1,)): MINE, Place((2,)): (entrance(9),)})
    return desk


class Run:
    """One reader's refresh over mirrors with these trees."""

    def __init__(
        self,
        trees: Mapping[str, Mapping[str, bytes]],
        behaviours: Mapping[str, Behaviour] | None = None,
        handed: Handed | None = None,
        late: int = 0,
        kind: type[MemoryTransport] = MemoryTransport,
    ) -> None:
        self.desk = made()
        self.transport = kind(trees, behaviours or {})
        self.ledger = Ledger(list(trees))
        invitation = self.desk.invited(READER, BEFORE)
        self.handed, self.finding = virtual.play(
            self._play(handed or begin(invitation), self.desk.now + late)
        )

    async def _play(self, handed: Handed, now: int) -> tuple[Handed, Finding]:
        mirrors = self.transport.mirrors
        names = [mirror.name for mirror in mirrors]
        lines = Lines(mirrors, self.transport)
        pieces = Pieces(mirrors, self.transport, MemoryHoldings(), self.ledger, lines)
        session = MetadataSession(self.desk.press.newcomer(), names, now=now, wanted=wanted("ru"), head="ru")
        verified = await refresh(session, lines, self.ledger, everyone=True)
        began = virtual.elapsed()
        told = await refresh_slips(self.desk.invited(READER, BEFORE), handed, verified, pieces, now)
        self.took = virtual.elapsed() - began
        await lines.close_all()
        return told

    @property
    def asked(self) -> list[tuple[str, str]]:
        """Requests for slip pages."""
        return [(name, path) for name, path in self.transport.asked if path.startswith("s/")]

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """What is thought of each mirror."""
        return {each.name: each.verdict for each in self.ledger.report()}


def tree(*, without: tuple[str, ...] = (), **changed: bytes) -> dict[str, bytes]:
    """The publication's tree, without some slip pages or with other bytes in their place."""
    return {path: data for path, data in (made().press.tree | changed).items() if path not in without}


@cache
def pages() -> tuple[str, str]:
    """The two paths that this reader asks for, the one with its slip first."""
    paths = {path for _, path in Run({"m": tree()}).asked}
    [mine] = [path for path in paths if Run({"m": tree(without=(path,))}).finding is Finding.INCOMPLETE]
    [other] = paths - {mine}
    return mine, other


def test_two_requests_and_the_endpoints_are_the_slip_s() -> None:
    run = Run({"m": tree()})
    assert (run.finding, run.handed.entrances) == (Finding.MOVED, MINE)
    assert sorted(path for _, path in run.asked) == sorted(pages())
    assert run.verdicts == {"m": Verdict.GOOD}


@pytest.mark.parametrize("without", [(0,), (1,), (0, 1)])
def test_the_same_two_requests_whatever_a_mirror_has(without: tuple[int, ...]) -> None:
    run = Run({"m": tree(without=tuple(pages()[at] for at in without))})
    assert sorted(path for _, path in run.asked) == sorted(pages())
    assert (run.finding is Finding.INCOMPLETE) is (0 in without)
    assert run.handed.entrances == (BEFORE if 0 in without else MINE)
    assert run.verdicts == {"m": Verdict.GOOD}, "no mirror has to carry slips"


def test_the_same_two_requests_when_there_is_no_slip_for_this_reader() -> None:
    desk = made()
    empty = dict(desk.world({Place((2,)): (entrance(9),)}).made().files)
    run = Run({"m": {**tree(), **empty}})
    assert sorted(path for _, path in run.asked) == sorted(pages())
    assert (run.finding, run.handed.entrances) == (Finding.NOT_FOUND, BEFORE)


def test_pages_come_from_whoever_has_them() -> None:
    mine, other = pages()
    run = Run({"a": tree(without=(mine,)), "b": tree(without=(other,)), "c": tree(without=pages())})
    assert (run.finding, run.handed.entrances) == (Finding.MOVED, MINE)
    assert {path for _, path in run.asked} == set(pages())
    assert len(run.asked) == len(set(run.asked)), "nobody is asked twice"


@pytest.mark.parametrize("code", ["unreachable", "silent", "broken", "refused", "untrusted"])
def test_a_mirror_that_fails_is_passed_over(code: str) -> None:
    run = Run({"bad": tree(), "good": tree()}, {"bad": failing(code, "s/2")})
    assert run.finding is Finding.MOVED


def test_altered_pages_are_named_a_lie_and_the_others_are_asked() -> None:
    run = Run({"liar": tree(), "good": tree()}, {"liar": altering("s/2")})
    assert run.finding is Finding.MOVED
    assert run.verdicts["good"] is Verdict.GOOD
    only = Run({"liar": tree()}, {"liar": altering("s/2")})
    assert (only.finding, only.handed.entrances) == (Finding.INCOMPLETE, BEFORE)
    assert only.verdicts == {"liar": Verdict.LIED}


def test_an_older_copy_is_not_taken_and_is_no_lie() -> None:
    """A page that was made again: the mirror that did not notice yet is behind, and the next is asked."""
    desk = made()
    newer = dict(desk.world({Place((1,)): (entrance(8),)}, issued=desk.now + 60).made().files)
    first = Run({"m": {**tree(), **newer}})
    assert first.handed.entrances == (entrance(8),)
    run = Run({"old": tree(), "new": {**tree(), **newer}}, handed=first.handed)
    assert (run.finding, run.handed) == (Finding.SAME, first.handed)
    only = Run({"old": tree()}, handed=first.handed)
    assert (only.finding, only.handed) == (Finding.INCOMPLETE, first.handed)
    assert only.verdicts == {"old": Verdict.BEHIND}
    assert sorted(path for _, path in only.asked) == sorted(pages())


class Hanging(MemoryTransport):
    """Mirrors that never answer when asked for a slip page."""

    async def get(self, endpoint: Endpoint, path: str, *, limit: int) -> bytes:
        """See ``net.Transport``."""
        if path.startswith("s/"):
            await asyncio.sleep(3_600)
        return await super().get(endpoint, path, limit=limit)


def test_mirrors_that_hang_cost_a_bounded_time() -> None:
    run = Run({"a": tree(), "b": tree()}, kind=Hanging)
    assert (run.finding, run.handed.entrances) == (Finding.INCOMPLETE, BEFORE)
    assert run.took == SLIPS_SECONDS


@pytest.mark.parametrize("days", [-2, 2])
def test_a_clock_that_is_wrong_by_two_epochs_finds_its_slip(days: int) -> None:
    run = Run({"m": tree()}, late=days * DAY)
    epoch = made().epoch + (1 if days > 0 else 0)
    assert {path.split("/")[1] for _, path in run.asked} == {str(epoch)}
    assert (run.finding, run.handed.entrances) == (Finding.MOVED, MINE)
