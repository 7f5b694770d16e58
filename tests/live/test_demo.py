"""The demonstration does what it tells, in order, and leaves nothing."""

import http.client
import re
import tempfile
import threading
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from helpers.newsdesk import Desk, DeskClock
from mirror.cli import demo, demo_rotation, main
from mirror.cli.demo_hosts import Hosts
from mirror.cli.demo_telling import Telling
from mirror.clock import SystemClock
from mirror.rotation import policy
from mirror.rotation.policy_state import Blocked


def test_the_demonstration_tells_the_whole_story_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = set(threading.enumerate())
    assert main(["demo"]) == 0
    told = capsys.readouterr().out
    moments = [
        "NOTICE TO REVIEW",
        "channel-en needs 2 signatures",
        "(exit status 5)",
        "en: edition 1 with 6 article(s)",
        "mirror 2 lied",
        "Tell someone in person",
        "(exit status 8)",
        "mirror 1: gave what it was asked for",
        "mirror 2: LIED",
        "mirror 3: did not answer",
        "en: edition 2 with 6 article(s); 0 new, 1 changed",
        "Corrected after it appeared",
        "files of the library are gone",
        "opened again and verified",
        "Водители автобусов",
        "Added: endpoint 1.",
        "Invited: anna, at depth 1 of 16",
        "HTTP/1.1 200 OK",
        "Server: nginx",
        "Under construction",
        "404 Not Found",
        "the newest signed statement",
        "Slips: 3;",
        "That evening endpoint 2 and endpoint 12: blocked.",
        "8 of 11 = 73%",
        "Your slip names other endpoints",
        "10 of 11 = 91%",
        "lev: cohort 8, which gets no endpoint any more",
        "5 endpoints were blocked, of 13.",
        "Invited: you",
        "/r/index.html#",
        "`mirror demo --browser` keeps the mirrors",
    ]
    places = [told.find(moment) for moment in moments]
    assert -1 not in places, moments[places.index(-1)]
    assert places == sorted(places)
    table = told[told.rindex("honest readers served") : told.index("5 endpoints were blocked")]
    assert re.findall(r"(\d+) of 11 = ", table) == ["8", "10", "11", "11", "11"]
    assert list(tmp_path.iterdir()) == []
    assert set(threading.enumerate()) <= before


def test_for_who_watches_the_mirrors_go_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the person is asked, and which mirrors answer then: all, two, none. The files stay."""
    monkeypatch.setattr(demo_rotation, "tell", lambda *_: None)
    addresses: list[str] = []
    answering: list[int] = []
    serve = Hosts.serve

    def served(hosts: Hosts, tree: Path, count: int) -> tuple[str, ...]:
        addresses.extend(serve(hosts, tree, count))
        return tuple(addresses)

    def wait(_prompt: str) -> str:
        answering.append(sum(map(answers, addresses)))
        return ""

    monkeypatch.setattr(Hosts, "serve", served)
    monkeypatch.setattr("builtins.input", wait)
    assert demo.run(["--keep", str(tmp_path / "kept"), "--browser"]) == 0
    assert answering == [3, 2, 0]
    told = capsys.readouterr().out
    assert addresses[0] + "r/index.html#" in told
    assert (tmp_path / "kept" / "news" / "tree" / "m" / "timestamp.json").is_file()
    assert str(tmp_path / "kept") in told


def answers(address: str) -> bool:
    parts = urlsplit(address)
    assert parts.hostname
    with closing(http.client.HTTPConnection(parts.hostname, parts.port, timeout=5)) as connection:
        try:
            connection.request("GET", "/m/timestamp.json")
        except ConnectionRefusedError:
            return False
        return connection.getresponse().status == 200


def test_a_step_that_goes_otherwise_fails_the_demonstration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mirror.cli.publish.run", lambda *_: 7)
    with pytest.raises(RuntimeError, match="expected exit status 0 and saw 7"):
        demo.run(["--keep", str(tmp_path / "kept")])


def handed_out(folder: Path) -> None:
    """The part about endpoints alone, with a newsroom that has released."""
    made = Desk(folder, folder / "publication", DeskClock(SystemClock().now())).init()
    made.add(made.story(1, date="2026-01-01T08:00:00Z"))
    made.release()
    demo_rotation.tell(Telling(folder), made.folder, made.passphrases())


def test_without_curl_python_asks_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    handed_out(tmp_path)
    told = capsys.readouterr().out
    assert "no curl here" in told
    assert "HTTP/1.1 404 Not Found" in told


def test_what_is_told_of_cohorts_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a policy that is told of no block, the cut-off stay so, and the story fails."""
    deaf = policy.decide
    monkeypatch.setattr(
        "mirror.publisher.placing.decide",
        lambda state, events: deaf(state, [each for each in events if not isinstance(each, Blocked)]),
    )
    with pytest.raises(RuntimeError, match="informer was not found"):
        handed_out(tmp_path)


def test_an_endpoint_without_a_cover_site_fails_the_demonstration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_rotation, "_asked", lambda _: (200, ["HTTP/1.1 200 OK"], b"a mirror"))
    with pytest.raises(RuntimeError, match="another answer"):
        handed_out(tmp_path)


def test_who_is_served_depends_on_what_is_blocked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Hosts, "block", lambda *_: None)
    handed_out(tmp_path)
    assert set(re.findall(r"(\d+) of 11 = ", capsys.readouterr().out)) == {"11"}
