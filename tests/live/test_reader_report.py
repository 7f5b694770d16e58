"""``mirror reader report``: what is asked before, what it tells, to whom, and that nothing is sent."""

import json
import stat
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from helpers.handing import Handing
from helpers.memory import MemoryTransport
from helpers.newsdesk import DAY
from helpers.reading import Reader
from helpers.rotating import rotating
from mirror.errors import EndpointError
from mirror.model import Endpoint
from mirror.reader.report_words import ALONE
from mirror.rotation import hpke, spelling
from mirror.rotation.keys import Place
from mirror.rotation.paths import Entrance
from mirror.rotation.reports import Branch, Nodes, Statement, open_report

FIRST = Entrance("http://first.example/", bytes(range(16)))
SECOND = Entrance("http://second.example/", bytes(range(1, 17)))
MOVED = Entrance("http://moved.example/", bytes(range(16, 32)))
OPEN = "http://open.example/"  # a mirror that anybody knows
READER = (1, 4)
PRIVATE = bytes(range(200, 232))


class Network(MemoryTransport):
    """The tree below each endpoint's path of the day, and at ``OPEN``; nobody reaches hosts that are down."""

    def __init__(self, desk: Handing) -> None:
        super().__init__({})
        self.desk = desk
        self.down: set[str] = set()
        self.hidden: set[str] = set()  # hosts that show their cover site

    async def get(self, endpoint: Endpoint, path: str, *, limit: int) -> bytes:
        """See ``net.Transport``."""
        self.asked.append((endpoint.url, path))
        host = urlsplit(endpoint.url).hostname
        if host in self.down:
            raise EndpointError("as the test wants it", code="unreachable")
        keyed = {each.address(self.desk.epoch) for each in (FIRST, SECOND, MOVED)} | {OPEN}
        data = self.desk.press.tree.get(path) if endpoint.url in keyed and host not in self.hidden else None
        if data is None:
            raise EndpointError("as the test wants it", code="absent")
        return data


@cache
def paper() -> Handing:
    desk = Handing(report_key=hpke.public_of(PRIVATE))
    desk.hand_out({Place((1,)): (MOVED,)})
    return desk


class Reporter:
    """A reader with an invitation to two endpoints, whom a slip sends to a third; knows ``OPEN`` too."""

    def __init__(self, reader: Reader, desk: Handing) -> None:
        self.reader, self.desk = reader, desk
        self.wire = Network(desk)
        reader.transport = self.wire
        self.invitation = desk.invited(READER, (FIRST, SECOND))
        self.file = reader.folder / "invitation"
        self.file.write_text(self.invitation.link() + "\n")

    def run(self, *more: str, command: str = "report") -> int:
        return self.reader.plain(
            command, "--language", "en", "--invitation", str(self.file), "--mirror", OPEN, *more
        )

    def report(self, *more: str) -> Statement:
        """What the publisher reads in the report that was made; proved."""
        assert self.run("--i-understand-contact", *more) == 0, self.reader.told
        line = self.reader.said.splitlines()[0]
        assert spelling.letters(spelling.from_line(line)) in self.reader.said
        return self.opened(line)

    def opened(self, line: str) -> Statement:
        """What the publisher reads in ``line``."""
        unproved = open_report(spelling.from_line(line), PRIVATE, self.desk.publication)
        tree = self.desk.world({}).tree
        path, branch = Nodes(tree, [READER[:1]]).find(unproved.unverified_statement.names)
        assert path == READER
        return unproved.proved(branch)

    def marks(self, *entrances: Entrance) -> tuple[bytes, ...]:
        """How a report of this reader names them."""
        branch = Branch(self.invitation.keyring.branch, self.desk.publication)
        return tuple(sorted(map(branch.mark, entrances)))

    @property
    def facts(self) -> dict[str, Any]:
        """What was printed as JSON."""
        value: dict[str, Any] = json.loads(self.reader.said)
        return value


@pytest.fixture
def reporter(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Reporter:
    desk = deepcopy(paper())
    return Reporter(Reader(desk.press, capsys, monkeypatch, tmp_path), desk)


def test_where_all_answer_there_is_nothing_to_report(reporter: Reporter) -> None:
    assert reporter.run("--examine") == 0
    assert "Nothing to report" in reporter.reader.said
    assert "contact" not in reporter.reader.told, "and no gate"
    assert reporter.run("--examine", "--json") == 0
    assert [each["heard"] for each in reporter.facts["endpoints"]] == ["answered"] * 3


def test_the_notice_comes_first_and_nothing_is_made_without_a_yes(reporter: Reporter) -> None:
    reporter.wire.down = {"first.example"}
    assert reporter.run() == 8
    assert "[not-confirmed]" in reporter.reader.told
    assert reporter.reader.said == ""
    told = " ".join(reporter.reader.told.split())
    for said in (
        "that mirror 1 did not answer,",
        "which invitation is yours",
        "not where you are",
        "The program sends nothing.",
        "contacting the newsroom",
        "--i-understand-contact",
    ):
        assert said in told
    assert told.index("which invitation is yours") < told.index("Nobody can be asked")
    for other in ("save", "share", "invite"):
        with pytest.raises(SystemExit):
            reporter.run(f"--i-understand-{other}")


def test_a_report_says_what_was_silent_and_nothing_else(reporter: Reporter) -> None:
    reporter.wire.down = {"first.example"}
    said = reporter.report("--located", "BY", "--citizen", "BY")
    assert said.marks == reporter.marks(FIRST)
    assert said.epoch == reporter.desk.epoch
    assert said.country == "", "what chooses notices is never told"
    assert len(said.names) == len(READER)
    assert reporter.report("--country", "BY").country == "BY"
    reporter.wire.down = {"first.example", "second.example"}
    assert reporter.report().marks == reporter.marks(FIRST, SECOND)


def test_no_two_reports_are_alike(reporter: Reporter) -> None:
    reporter.wire.down = {"first.example"}
    lines = []
    for _ in range(2):
        reporter.report()
        lines.append(reporter.reader.said.splitlines()[0])
    assert lines[0][2:44] != lines[1][2:44]
    assert {len(each) for each in lines} == {400}


def test_nothing_is_sent_for_it(reporter: Reporter) -> None:
    """The same requests whether it is made or not, and none that a look at how mirrors do would not send."""
    reporter.wire.down = {"first.example"}
    sent = []
    for more, status, command in (
        ((), 0, "status"),
        ((), 8, "report"),
        (("--i-understand-contact", "--country", "BY"), 0, "report"),
    ):
        reporter.wire.asked.clear()
        assert reporter.run(*more, command=command) == status
        sent.append({path for _, path in reporter.wire.asked})
    assert sent[1] == sent[2]
    assert sent[2] <= sent[0]


def test_it_is_written_where_the_reader_says_and_nowhere_else(reporter: Reporter) -> None:
    reporter.wire.down = {"first.example"}
    before = set(reporter.reader.folder.rglob("*"))
    reporter.report()
    assert set(reporter.reader.folder.rglob("*")) == before
    file = reporter.reader.folder / "report.txt"
    assert reporter.run("--i-understand-contact", "--to", str(file)) == 0
    assert reporter.reader.said == ""
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert reporter.opened(file.read_text().strip()).marks == reporter.marks(FIRST)
    assert reporter.run("--i-understand-contact", "--to", str(file), "--json") == 0
    assert reporter.facts == {"endpoints": reporter.facts["endpoints"]}
    assert set(reporter.reader.folder.rglob("*")) == before | {file}


def test_as_facts(reporter: Reporter) -> None:
    reporter.wire.down = {"first.example"}
    assert reporter.run("--json", "--i-understand-contact") == 0
    assert {each["name"]: each["heard"] for each in reporter.facts["endpoints"]} == {
        "mirror 1": "silent",
        "mirror 2": "answered",
        "mirror 4": "unknown",
    }
    assert reporter.opened(reporter.facts["report"]).marks == reporter.marks(FIRST)


def test_what_was_not_asked_is_asked_only_when_the_reader_says_so(reporter: Reporter) -> None:
    """The slip's endpoint became known in this run, after the metadata was here."""
    reporter.wire.down = {"moved.example"}
    assert reporter.run() == 0
    assert "Nothing to report" in reporter.reader.said
    assert "mirror 4" in reporter.reader.told
    assert not any("moved" in url and path == "timestamp.json" for url, path in reporter.wire.asked)
    assert reporter.report("--examine").marks == reporter.marks(MOVED)


def test_a_cover_site_is_no_silence(reporter: Reporter) -> None:
    reporter.wire.hidden = {"first.example"}
    for more in ((), ("--examine",)):
        assert reporter.run(*more) == 0
        assert "Nothing to report" in reporter.reader.said


def test_a_device_without_a_network_is_told_so(reporter: Reporter) -> None:
    reporter.wire.down = {"first.example", "second.example", "moved.example"}
    assert reporter.run() == 8
    assert ALONE.split(".")[0] not in reporter.reader.told
    honest = reporter.wire.get

    async def get(endpoint: Endpoint, path: str, *, limit: int) -> bytes:
        if endpoint.url.startswith("file:"):
            return await honest(Endpoint(endpoint.name, OPEN), path, limit=limit)
        raise EndpointError("as the test wants it", code="unreachable")

    reporter.reader.patch.setattr(reporter.wire, "get", get)
    assert reporter.run("--mirror", "file:///media/news.mirror.zip") == 8
    assert ALONE.split(".")[0] in " ".join(reporter.reader.told.split())


def test_a_block_page_is_silence_and_without_notices_no_report_is_made(reporter: Reporter) -> None:
    honest = reporter.wire.get
    gone: set[str] = set()

    async def get(endpoint: Endpoint, path: str, *, limit: int) -> bytes:
        if "first" in endpoint.url:
            return b"<html>blocked</html>"
        if path in gone:
            raise EndpointError("as the test wants it", code="absent")
        return await honest(endpoint, path, limit=limit)

    reporter.reader.patch.setattr(reporter.wire, "get", get)
    assert reporter.report().marks == reporter.marks(FIRST)
    gone.update(path for _, path in reporter.wire.asked if path.startswith("p/"))
    assert reporter.run("--i-understand-contact") == 8
    assert "[act-off]" in reporter.reader.told
    assert reporter.reader.said == ""


@pytest.mark.parametrize("country", ["by", "BYE", "B", "B1", "БЫ"])
def test_a_country_that_is_none(reporter: Reporter, country: str) -> None:
    reporter.wire.down = {"first.example"}
    assert reporter.run("--i-understand-contact", "--country", country) == 2
    assert "[country]" in reporter.reader.told


def test_only_who_was_invited_reports_and_only_where_it_is_taken(
    reporter: Reporter, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    reporter.wire.down = {"first.example"}
    plain = reporter.reader.plain(
        "report", "--root", str(reporter.reader.root), "--channel", "ru", "--mirror", OPEN
    )
    assert plain == 2
    assert "[no-invitation]" in reporter.reader.told
    desk = Handing()
    desk.hand_out({Place((1,)): (MOVED,)})
    folder = tmp_path / "deaf"
    folder.mkdir()
    deaf = Reporter(Reader(desk.press, capsys, monkeypatch, folder), desk)
    deaf.wire.down = {"first.example"}
    assert deaf.run("--i-understand-contact") == 2
    assert "[no-reports]" in deaf.reader.told
    assert "which invitation is yours" not in deaf.reader.told


def test_from_a_reader_s_screen_to_the_publisher_s(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A desk, an invitation in a file, dead endpoints, and a copy of the tree from a friend."""
    (tmp_path / "desk").mkdir()
    made = rotating(tmp_path / "desk", 2)
    made.call("endpoints reports", "--take")
    made.release()
    anna = made.invite("anna")
    made.heartbeat(1)
    tree = {path: data for path in made.desk.tree.paths() if (data := made.desk.tree.read(path)) is not None}

    class Friend(MemoryTransport):
        async def get(self, endpoint: Endpoint, path: str, *, limit: int) -> bytes:
            if endpoint.url != OPEN:
                raise EndpointError("as the test wants it", code="silent")
            if path not in tree:
                raise EndpointError("as the test wants it", code="absent")
            return tree[path]

    reader = Reader(paper().press, capsys, monkeypatch, tmp_path)
    reader.clock.at = made.desk.clock.at
    reader.transport = Friend({})
    file = tmp_path / "invitation"
    file.write_text(anna.link())
    sent = tmp_path / "sent"
    options = ["--invitation", str(file), "--mirror", OPEN, "--to", str(sent), "--i-understand-contact"]
    assert reader.plain("report", "--language=en", "--examine", *options) == 0, reader.told
    made.call("endpoints reports", "--json", str(sent))
    said = json.loads(capsys.readouterr().out)
    assert (said["noted"], said["refused"]) == (1, {})
    live = {number for number, each in made.facts().endpoints.items() if each.is_live}
    asked = {each["endpoint"]: (each["voices"], each["sent"]) for each in said["silent"]}
    slip = made.slip(anna)
    assert slip is not None
    [home] = [n for n, each in made.facts().endpoints.items() if each.declared.text == slip.entrances[0].text]
    assert asked == {home: (1, 1), 99 if 99 in live else 3: (1, 0)}
    made.desk.later(DAY)
    made.call("endpoints reports", "--json", str(sent))
    assert json.loads(capsys.readouterr().out)["refused"] == {"report-repeated": 1}
