"""``mirror reader`` with an invitation: how it is given, what it does, and inviting a friend."""

import io
import json
import sys
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from helpers.handing import Handing, handing
from helpers.memory import MemoryTransport
from helpers.publication import DAY
from helpers.reading import Reader
from mirror.errors import EndpointError
from mirror.model import Endpoint
from mirror.rotation.invitation import Invitation, parse
from mirror.rotation.keys import Place
from mirror.rotation.paths import Entrance
from mirror.rotation.picture import png

FIRST = Entrance("http://first.example/", bytes(range(16)))
MOVED = Entrance("http://moved.example/", bytes(range(16, 32)))
READER = (1, 4)


class Addressed(MemoryTransport):
    """Mirrors by their address: ``open`` are the entrances that answer in their epoch; the rest is a cover
    site. ``down`` are hosts that nobody reaches."""

    desk: Handing
    down: frozenset[str] = frozenset()
    knocked: list[str]

    def __init__(self, desk: Handing) -> None:
        super().__init__({})
        self.desk = desk
        self.knocked = []

    async def get(self, endpoint: Endpoint, path: str, *, limit: int) -> bytes:
        """See ``net.Transport``."""
        self.asked.append((endpoint.url, path))
        host = urlsplit(endpoint.url).hostname or ""
        self.knocked.append(host)
        if host in self.down:
            raise EndpointError("as the test wants it", code="unreachable")
        epoch = self.desk.epoch
        keyed = {each.address(at) for each in (FIRST, MOVED) for at in (epoch - 1, epoch, epoch + 1)}
        data = self.desk.press.tree.get(path) if endpoint.url in keyed else None
        if data is None:
            raise EndpointError("as the test wants it", code="absent")
        return data


@cache
def paper() -> Handing:
    desk = handing()
    desk.hand_out({Place((1,)): (MOVED,)}, ahead=3)
    return desk


class Invited:
    """A reader with an invitation in a file."""

    def __init__(self, reader: Reader, desk: Handing) -> None:
        self.reader, self.desk = reader, desk
        self.wire = Addressed(desk)
        reader.transport = self.wire
        self.invitation = desk.invited(READER, (FIRST,))
        self.file = reader.folder / "invitation"
        self.file.write_text(self.invitation.link() + "\n")

    def run(self, command: str, *more: str, given: str | None = None) -> int:
        """The exit status of a command with the invitation."""
        return self.reader.plain(command, "--language", "en", "--invitation", given or str(self.file), *more)

    @property
    def slips(self) -> list[str]:
        """The slip pages that were asked for, in order."""
        return [path for _, path in self.wire.asked if path.startswith("s/")]

    @property
    def facts(self) -> dict[str, Any]:
        """What was printed as JSON."""
        value: dict[str, Any] = json.loads(self.reader.said)
        return value


@pytest.fixture
def invited(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Invited:
    desk = deepcopy(paper())
    return Invited(Reader(desk.press, capsys, monkeypatch, tmp_path), desk)


def library(folder: Path) -> list[str]:
    file = folder / "passphrase"
    file.write_text("a passphrase\n")
    file.chmod(0o600)
    return ["--library", str(folder / "books"), "--passphrase-file", str(file)]


@pytest.mark.parametrize(
    "form", [Invitation.link, Invitation.text, lambda each: each.link("https://r.example/")]
)
def test_an_invitation_is_all_that_a_reader_needs(
    invited: Invited, form: Callable[[Invitation], str]
) -> None:
    invited.file.write_text(form(invited.invitation))
    assert invited.run("headlines") == 0, invited.reader.told
    assert "Example News" in invited.reader.said
    assert invited.reader.told == ""
    assert len(invited.slips) == len(set(invited.slips)) == 2


def test_it_comes_on_standard_input_in_a_link_or_through_the_configuration(invited: Invited) -> None:
    link = invited.invitation.link()
    stdin = io.TextIOWrapper(io.BytesIO(link.encode()))
    invited.reader.patch.setattr("sys.stdin", stdin)
    assert invited.run("headlines", given="-") == 0, invited.reader.told
    assert invited.run("headlines", given=link) == 0
    assert "history" in invited.reader.told
    assert link[7:40] not in invited.reader.told
    config = invited.reader.folder / "reader.toml"
    config.write_text('invitation = "invitation"\n')
    assert invited.reader.plain("headlines", "--config", str(config)) == 0
    assert "history" not in invited.reader.told
    assert invited.reader.plain("--check-config", str(config)) == 0


def test_it_comes_as_a_picture_in_a_file_or_on_standard_input(invited: Invited) -> None:
    picture = png(invited.invitation.link())
    invited.file.write_bytes(picture)
    assert invited.run("headlines") == 0, invited.reader.told
    assert "Example News" in invited.reader.said
    assert len(invited.slips) == 2
    invited.reader.patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(picture)))
    assert invited.run("headlines", given="-") == 0, invited.reader.told


def test_without_the_extra_a_picture_is_refused_with_what_to_do(invited: Invited) -> None:
    invited.file.write_bytes(png(invited.invitation.link()))
    invited.reader.patch.setitem(sys.modules, "zxingcpp", None)
    assert invited.run("headlines") == 2
    assert "mirror[qr]" in invited.reader.told
    assert "[invitation-picture]" in invited.reader.told
    assert invited.wire.asked == []


def test_status_says_what_the_slip_said(invited: Invited) -> None:
    assert invited.run("status") == 0
    assert "names other endpoints" in invited.reader.said
    assert invited.run("status", "--json") == 0
    assert invited.facts["slips"] == "moved"


def test_the_slip_s_endpoint_serves_the_rest_of_the_run(invited: Invited) -> None:
    """The first endpoint gives metadata and slips, and no piece."""
    tree = invited.desk.press.tree
    honest = invited.wire.get

    async def get(endpoint: Endpoint, path: str, *, limit: int) -> bytes:
        if path.startswith("p/") and "first" in endpoint.url:
            raise EndpointError("as the test wants it", code="refused")
        return await honest(endpoint, path, limit=limit)

    invited.reader.patch.setattr(invited.wire, "get", get)
    assert invited.run("headlines") == 0, invited.reader.told
    assert "moved.example" in invited.wire.knocked
    invited.desk.press.tree = {path: data for path, data in tree.items() if not path.startswith("s/")}
    invited.wire.desk = invited.desk
    assert invited.run("headlines") == 6


def test_a_library_remembers_where_to_ask_and_memory_does_not(invited: Invited) -> None:
    more = library(invited.reader.folder)
    assert invited.run("save", "1", "--i-understand-save", *more) == 0, invited.reader.told
    books = [path.read_bytes() for path in (invited.reader.folder / "books").iterdir() if path.is_file()]
    assert not any(b"moved" in each or MOVED.key in each for each in books)
    invited.wire.down = frozenset({"first.example"})
    assert invited.run("headlines") == 6, "without the library only the invitation is known"
    invited.wire.knocked.clear()
    invited.wire.asked.clear()
    assert invited.run("headlines", *more) == 0, invited.reader.told
    assert set(invited.wire.knocked) == {"moved.example"}, "what the reader was moved away from is left alone"
    assert len(invited.slips) == 2


def test_when_the_slip_s_endpoint_is_dead_the_invitation_s_is_asked(invited: Invited) -> None:
    more = library(invited.reader.folder)
    assert invited.run("save", "1", "--i-understand-save", *more) == 0
    invited.wire.down = frozenset({"moved.example"})
    assert invited.run("status", "--json", *more) == 0, invited.reader.told
    assert invited.facts["freshness"]["is_checked"]
    assert invited.facts["slips"] == "same"
    invited.wire.down = frozenset({"moved.example", "first.example"})
    assert invited.run("status", "--json", *more) == 0
    assert invited.facts["slips"] == "not-asked"


def test_another_invitation_does_not_take_over_what_the_library_remembers(invited: Invited) -> None:
    more = library(invited.reader.folder)
    assert invited.run("save", "1", "--i-understand-save", *more) == 0
    invited.file.write_text(invited.desk.invited((2,), (FIRST,)).link())
    invited.wire.knocked.clear()
    assert invited.run("headlines", *more) == 0
    assert invited.wire.knocked[0] == "first.example"
    assert "no slip for you here" in invited.reader.told


def test_what_is_remembered_already_is_not_written_again(invited: Invited) -> None:
    more = library(invited.reader.folder)
    assert invited.run("save", "1", "--i-understand-save", *more) == 0
    books = invited.reader.folder / "books"
    before = {path: path.stat().st_ino for path in books.iterdir()}
    assert invited.run("headlines", *more) == 0
    assert {path: path.stat().st_ino for path in books.iterdir()} == before
    assert invited.run("headlines") == 0, "and without it nothing is written"
    assert {path: path.stat().st_ino for path in books.iterdir()} == before


def test_a_friend_is_invited_after_the_gate_and_can_read(invited: Invited) -> None:
    before = sorted(invited.reader.folder.rglob("*"))
    assert invited.run("invite", "--number", "3") == 8
    assert "not-confirmed" in invited.reader.told
    assert "mirror:" not in invited.reader.said
    assert invited.run("invite", "--number", "3", "--i-understand-invite") == 0, invited.reader.told
    assert "█" in invited.reader.said
    [link] = [line for line in invited.reader.said.splitlines() if line.startswith("mirror:")]
    friend = parse(link)
    assert friend.keyring == invited.invitation.keyring.child(2)
    assert friend.entrances == (MOVED,)
    assert invited.run("invite", "--number", "3", "--i-understand-invite", "--json") == 0
    assert invited.facts == {"link": link, "text": friend.text()}
    assert sorted(invited.reader.folder.rglob("*")) == before
    invited.wire.down = frozenset({"first.example"})
    invited.file.write_text(link)
    assert invited.run("headlines") == 0, "the friend starts at the reader's endpoint"
    paged = "https://reader.example/"
    assert invited.run("invite", "--number", "1", "--page", paged, "--i-understand-invite") == 0
    assert f"\n{paged}#" in invited.reader.said


@pytest.mark.parametrize(
    ("more", "status"),
    [(("--number", "0"), 2), (("--number", "17"), 2), (("--number", "1", "--page", "ftp://x/"), 2)],
)
def test_an_invitation_that_cannot_be_made(invited: Invited, more: tuple[str, ...], status: int) -> None:
    assert invited.run("invite", "--i-understand-invite", *more) == status
    assert invited.reader.said == ""


def test_only_who_was_invited_invites(invited: Invited) -> None:
    invited.reader.mirrors("m1")
    assert invited.reader.run("invite", "--number", "1", "--i-understand-invite") == 2
    assert "[no-invitation]" in invited.reader.told


def expired(each: Invited) -> str:
    return each.desk.invited(READER, (FIRST,), created=each.desk.now - 9, expires=each.desk.now).link()


@pytest.mark.parametrize(
    ("content", "more", "status", "code"),
    [
        (lambda each: each.invitation.link()[:-1], (), 4, "invitation-damaged"),
        (lambda each: each.invitation.text() + "\xe9", (), 4, "invitation-damaged"),
        (lambda each: each.invitation.text() * 9, (), 4, "invitation-too-long"),
        (lambda _each: b"GIF89a" + bytes(99), (), 4, "invitation-picture-unreadable"),
        (lambda _each: b"<svg xmlns='http://www.w3.org/2000/svg'/>", (), 4, "invitation-picture-unreadable"),
        (lambda each: png(each.invitation.link()) + bytes(16 << 20), (), 4, "invitation-picture-large"),
        (expired, (), 5, "invitation-expired"),
        (lambda each: each.invitation.link(), ("--channel", "en"), 2, "invitation-channel"),
        (lambda each: each.invitation.link(), ("--root", "ab" * 32), 5, "invitation-foreign"),
        (lambda _each: None, (), 2, "invitation-file"),
    ],
)
def test_a_bad_invitation_is_refused_before_anybody_is_asked(
    invited: Invited,
    content: Callable[[Invited], str | bytes | None],
    more: tuple[str, ...],
    status: int,
    code: str,
) -> None:
    given = content(invited)
    if given is None:
        invited.file.unlink()
    else:
        invited.file.write_bytes(given if isinstance(given, bytes) else given.encode())
    assert invited.run("headlines", *more) == status
    assert f"[{code}]" in invited.reader.told
    assert invited.wire.asked == []
    shown = invited.reader.said + invited.reader.told
    assert "first.example" not in shown


def test_what_agrees_with_the_invitation_is_no_contradiction(invited: Invited) -> None:
    digest = invited.invitation.publication.hex()
    assert invited.run("headlines", "--channel", "ru", "--root", digest) == 0
    assert invited.run("headlines", "--root", str(invited.reader.root)) == 0
    invited.reader.root.write_bytes(b"{}")
    assert invited.run("headlines", "--root", str(invited.reader.root)) == 5
    assert "[invitation-foreign]" in invited.reader.told


@pytest.mark.parametrize("days", [-2, -1, 0, 1, 2])
def test_a_clock_that_is_wrong_by_two_epochs_shuts_nobody_out(invited: Invited, days: int) -> None:
    invited.reader.clock.at = invited.desk.now + days * DAY
    assert invited.run("status", "--json") == 0, invited.reader.told
    assert invited.facts["slips"] == "moved"


def test_wipe_takes_the_invitation_too_when_asked(invited: Invited) -> None:
    config = invited.reader.folder / "reader.toml"
    config.write_text('invitation = "invitation"\n')
    assert invited.reader.plain("wipe", "--config", str(config)) == 0
    assert invited.file.exists()
    assert invited.reader.plain("wipe", "--config", str(config), "--config-too") == 0
    assert not invited.file.exists()
    assert not config.exists()
