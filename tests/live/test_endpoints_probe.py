"""Probing endpoints: over their paths of today, judged slowly, and told to the policy."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import pytest

from helpers.memory import MemoryTransport
from helpers.newsdesk import DeskClock
from helpers.rotating import RotatingDesk, host, rotating
from mirror.cli import endpoints_probe
from mirror.errors import EndpointError, UnreachableError
from mirror.model import Endpoint
from mirror.net.ways import Ways
from mirror.publisher.judging import SPREAD_SECONDS, Standing, judge, probes
from mirror.publisher.roster import Event, Pool
from mirror.rotation.paths import path, path_key


class Patient(DeskClock):
    """A clock that stands still and lets others sleep."""

    async def sleep(self, seconds: float) -> None:
        """At once."""


@dataclass
class Network(MemoryTransport):
    """Endpoints that answer under the paths of today only, as nodes do; ``blocked`` hosts are reset."""

    trees: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)
    keys: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)
    epoch: int = 0
    blocked: frozenset[str] = frozenset()
    told: list[str] = field(default_factory=list)

    async def get(self, endpoint: Endpoint, path_: str, *, limit: int) -> bytes:
        base, secret = self.keys[endpoint.name]
        assert endpoint.url.startswith(base)
        if base in self.blocked:
            raise EndpointError("reset", code="unreachable")
        segment = endpoint.url.removeprefix(base).rstrip("/")
        self.told.append(segment)
        if not secret:  # a static host
            return await super().get(endpoint, path_, limit=limit)
        accepted = {path(path_key(secret, seat), self.epoch) for seat in range(8)}
        if not segment:
            return b"<html>a cover site</html>"
        return await super().get(endpoint, path_ if segment in accepted else "absent", limit=limit)

    async def __aenter__(self) -> "Network":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is held."""


@pytest.fixture
def made(tmp_path: Path) -> RotatingDesk:
    found = rotating(tmp_path, 3)
    found.desk.clock = Patient(found.desk.clock.at)
    found.release()
    found.invite("anna")
    found.heartbeat(1)
    return found


def network(made: RotatingDesk, monkeypatch: pytest.MonkeyPatch, *blocked: int) -> Network:
    tree = made.desk.tree
    served = {each: data for each in tree.paths() if (data := tree.read(each)) is not None}
    known = made.facts().endpoints.values()
    found = Network(
        {each.name: served for each in known},
        keys={each.name: (each.declared.text, each.declared.secret) for each in known},
        epoch=made.desk.clock.at // 86_400,
        blocked=frozenset(map(host, blocked)),
    )

    def transport(ways: Ways, randomness: object) -> Network:
        assert ways == Ways()
        return found

    monkeypatch.setattr(endpoints_probe, "AnyTransport", transport)
    return found


def standing(made: RotatingDesk, number: int) -> Standing:
    return judge(probes(made.facts().events).get(number, []))


def test_endpoints_are_asked_over_todays_path_and_for_their_cover(
    made: RotatingDesk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    net = network(made, monkeypatch)
    assert made.call("endpoints probe", "--channel=en") == 0
    out = capsys.readouterr().out
    assert "endpoint 1: works; cover site answers; so far works" in out
    assert standing(made, 1) is Standing.WORKS
    assert net.told.count("") == 4
    # The prober's path is its own: no reader was ever told it.
    slip = made.slip(made.invite("boris", "--under=anna"))
    assert slip is not None
    assert all(path(entrance.key, net.epoch) not in net.told for entrance in slip.entrances)


def test_of_a_static_host_no_cover_site_is_said_to_answer(
    made: RotatingDesk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made.call("endpoints add", "https://static.garden.net/")
    number = max(made.facts().endpoints)
    network(made, monkeypatch)
    capsys.readouterr()
    made.call("endpoints probe", str(number), "--channel=en")
    assert f"endpoint {number}: works; cover site not expected;" in capsys.readouterr().out


def test_one_failure_closes_nothing_and_three_over_hours_do(
    made: RotatingDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    network(made, monkeypatch, 1)
    for expected in (Standing.DOUBTFUL, Standing.DOUBTFUL, Standing.BLOCKED):
        assert made.facts().endpoints[1].is_live
        made.call("endpoints probe", "--channel=en")
        assert standing(made, 1) is expected
        made.desk.later(SPREAD_SECONDS)
        network(made, monkeypatch, 1)
    facts = made.facts()
    assert not facts.endpoints[1].is_live
    assert [each.endpoint for each in facts.events if each.kind is Event.BLOCKED] == [1]
    made.heartbeat(1)
    assert {each.number for each in made.facts().endpoints.values() if each.is_live} == {2, 3, 4}


def test_where_nothing_works_nothing_is_noted(made: RotatingDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    network(made, monkeypatch, 1, 2, 3, 99)
    before = len([each for each in made.facts().events if each.kind is Event.PROBED])
    with pytest.raises(UnreachableError) as caught:
        made.call("endpoints probe", "--channel=en")
    assert caught.value.code == "probe-void"
    assert len([each for each in made.facts().events if each.kind is Event.PROBED]) == before


def test_a_host_that_is_down_for_all_is_no_censors_work(
    made: RotatingDesk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    network(made, monkeypatch, 1)
    for vantage in ("outside", "here", "here", "here", "there", "there"):
        made.call("endpoints probe", "--channel=en", f"--from={vantage}")
        made.desk.later(3_600)
        network(made, monkeypatch, 1)
    assert standing(made, 1) is Standing.DOWN
    assert made.facts().endpoints[1].is_live
    assert "seems down" in capsys.readouterr().out


def test_a_node_with_another_secret_is_amiss_and_not_blocked(
    made: RotatingDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = network(made, monkeypatch)
    net.keys = {**net.keys, "endpoint 2": (host(2), bytes(32))}
    for _ in range(4):
        made.call("endpoints probe", "--channel=en")
        made.desk.later(SPREAD_SECONDS)
        net.epoch = made.desk.clock.at // 86_400
    assert standing(made, 2) is Standing.AMISS
    assert made.facts().endpoints[2].is_live
    assert made.facts().endpoints[2].declared.pool is Pool.INVITED
