"""Informers who report what is not so: whatever they say, and however many they are, nothing follows."""

from hashlib import sha256
from pathlib import Path

import pytest

from helpers.newsdesk import files_of
from helpers.reporting import handed, report, written
from helpers.rotating import RotatingDesk, rotating
from mirror.publisher.placing import ask, homes, state_of
from mirror.publisher.reporting import silences
from mirror.publisher.roster import Event, Pool
from mirror.rotation.invitation import Invitation

SYBILS = 9


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> tuple[RotatingDesk, list[Invitation]]:
    """Honest readers, and three informers who each invited three more."""
    made = rotating(tmp_path_factory.mktemp("town"), 6)
    made.call("endpoints reports", "--take")
    made.release()
    informers = [made.invite(f"informer{number}") for number in range(3)]
    informers += [made.invite(f"sybil{number}", f"--under=informer{number % 3}") for number in range(SYBILS)]
    for number in range(3):
        made.invite(f"honest{number}")
    made.heartbeat(1)
    made.desk.later(3 * 86_400)
    made.heartbeat()
    return made, informers


def flood(made: RotatingDesk, informers: list[Invitation], folder: Path) -> None:
    """Every informer, and a friend that each made up, says in two epochs that all of theirs is silent."""
    everyone = [*informers, *(each.child(1, made.desk.clock.at) for each in informers)]
    lines = [
        report(made, each, [*handed(made, each), *each.entrances], ahead=ahead, country="BY")
        for each in everyone
        for ahead in (0, 1)
    ]
    folder.mkdir()
    made.call("endpoints reports", written(folder, *lines))


def decided(made: RotatingDesk) -> list[tuple[Event, int, int, str]]:
    kinds = {Event.DECIDED, Event.BLOCKED, Event.LOST, Event.JOINED, Event.PROBED}
    return [
        (each.kind, each.endpoint, each.cohort, each.note)
        for each in made.facts().events
        if each.kind in kinds
    ]


def test_a_flood_changes_no_decision_and_no_slip(
    town: tuple[RotatingDesk, list[Invitation]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made, informers = town
    quiet, loud = (RotatingDesk(made.desk.copy(tmp_path / name)) for name in ("quiet", "loud"))
    flood(loud, informers, tmp_path / "sent")
    now = loud.desk.clock.at
    asked = silences(loud.facts(), now)
    assert sum(each.voices for each in asked.values()) > SYBILS, "they were heard"
    assert max(each.voices for each in asked.values()) <= len(informers), "each once for an endpoint"
    for pool in Pool:
        answers = [
            ask(each.facts(), pool, each.opened().calendar, now, at_once=True) for each in (quiet, loud)
        ]
        assert answers[0] == answers[1]
    for days in (0, 1, 1, 4):
        for each in (quiet, loud):
            each.desk.randomness.drawn = 10_000  # the flood drew some
            each.heartbeat(days)
        if days == 4:
            continue
        flood(loud, informers, tmp_path / f"sent-{loud.desk.clock.at}")
    assert decided(quiet) == decided(loud)
    assert all(each.is_live for each in loud.facts().endpoints.values())
    for pool in Pool:
        assert homes(state_of(quiet.facts(), pool)) == homes(state_of(loud.facts(), pool))
    trees = [
        {name: sha256(data).digest() for name, data in files_of(each.desk.folder / "tree").items()}
        for each in (quiet, loud)
    ]
    assert trees[0] == trees[1], "what mirrors serve is the same to the byte"
    capsys.readouterr()


def test_a_block_is_blamed_on_the_same_with_a_flood(
    town: tuple[RotatingDesk, list[Invitation]], tmp_path: Path
) -> None:
    """Informers who burn their own endpoint, and shout that another is silent."""
    made, informers = town
    quiet, loud = (RotatingDesk(made.desk.copy(tmp_path / name)) for name in ("quiet", "loud"))
    flood(loud, informers, tmp_path / "sent")
    gone = next(iter(homes(state_of(made.facts(), Pool.INVITED)).values()))
    for each in (quiet, loud):
        each.call("endpoints remove", str(gone), "--blocked", "--yes")
        each.heartbeat(1)
    assert decided(quiet) == decided(loud)


def test_what_a_flood_leaves_behind_is_bounded(
    town: tuple[RotatingDesk, list[Invitation]], tmp_path: Path
) -> None:
    made, informers = town
    loud = RotatingDesk(made.desk.copy(tmp_path / "loud"))
    for number in range(3):
        flood(loud, informers, tmp_path / f"sent-{number}")
    kept = [each for each in loud.facts().events if each.kind is Event.REPORTED]
    endpoints = {each.endpoint for each in kept}
    assert len(kept) <= len(informers) * len(endpoints) * 2, "voices, endpoints, epochs"
    per_voice = {(each.endpoint, each.note) for each in kept}
    assert len(per_voice) == len(kept)
