"""Hostile mirrors, thieves and finders against a reader: the real program, real sockets, a real terminal.

Each story: what is ordinary and that it works, the attack, and that nothing moved.
"""

import asyncio
import hashlib
import json
import os
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from time import time

import pytest

from helpers import servers
from helpers.device import TRACED, Home, changes_in
from helpers.newsroom import Newsroom
from helpers.publication import Press, article, notices
from helpers.reading import Reader, SetClock
from mirror.bundle.piece import path_of

NOW = int(time()) - 3_600


@cache
def paper() -> Press:
    made = Press(Newsroom(now=NOW))
    return made.release("ru", [article(n, words=300, published=NOW - n, updated=NOW - n) for n in range(30)])


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path, paper())


def flipped(path: str, data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1]) if path.startswith("p/") else data


def test_a_mirror_that_tampers_is_named_and_the_article_comes_from_the_other(home: Home) -> None:
    async def story() -> None:
        async with (
            servers.honest(home.press.tree) as good,
            servers.raw(servers.tree_of(home.press.tree, flipped)) as liar,
        ):
            alone = await home.run("show", "1", "--json", mirrors=[good.url])
            both = await home.run("show", "1", "--json", mirrors=[good.url, liar.endpoint.url])
            assert (alone.status, both.status) == (0, 0)
            assert json.loads(both.out)["article"] == json.loads(alone.out)["article"]
            assert json.loads(both.out)["lied"] == ["mirror 2"]
            status = await home.run("status", mirrors=[good.url, liar.endpoint.url])
            assert "mirror 2: LIED" in status.out
            assert "mirror 1: gave what it was asked for" in status.out
            only = await home.run("show", "1", mirrors=[liar.endpoint.url])
            assert (only.status, only.out) == (6, "")

    asyncio.run(story())


Strip = Callable[[Press], Mapping[str, bytes]]


def without_notices(press: Press) -> Mapping[str, bytes]:
    return {path: data for path, data in press.tree.items() if path != path_of(press.notices_head)}


def altered_notices(press: Press) -> Mapping[str, bytes]:
    head = path_of(press.notices_head)
    return {**press.tree, head: flipped(head, press.tree[head])}


def older_notices(press: Press) -> Mapping[str, bytes]:
    """The metadata of now with the notices of another edition in the place of the signed ones."""
    other = Press(Newsroom(now=NOW)).release_notices(notices(9, NOW))
    return {**press.tree, path_of(press.notices_head): other.tree[path_of(other.notices_head)]}


ACTS = (
    ("share", "1", "--i-understand-share"),
    ("share", "1", "--how", "private", "--i-understand-send"),
    ("share", "1", "--how", "link", "--i-understand-copy"),
    ("save", "1", "--to", "TARGET.txt", "--i-understand-save", "--i-understand-export"),
    ("save", "--edition", "--to", "TARGET.mirror.zip", "--i-understand-save", "--i-understand-export"),
)


@pytest.mark.parametrize("strip", [without_notices, altered_notices, older_notices])
def test_without_whole_notices_reading_goes_on_and_every_act_is_closed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, strip: Strip
) -> None:
    reader = Reader(paper(), capsys, monkeypatch, tmp_path, clock=SetClock(NOW + 5))
    acts = [[each.replace("TARGET", str(tmp_path / "file")) for each in act] for act in ACTS]
    assert reader.run(*acts[0]) == 0  # with them it is open
    before = sorted(tmp_path.iterdir())
    reader.transport.trees = {"mirror 1": strip(reader.press), "mirror 2": without_notices(reader.press)}
    assert reader.run("show", "1") == 0
    assert "missing or damaged" in reader.said  # the text that is built in
    for act in acts:
        assert reader.run(*act) == 8, act
        assert "[act-off]" in reader.told
        assert reader.said == ""
    assert sorted(tmp_path.iterdir()) == before


def test_a_thief_of_the_notices_key_cannot_bring_back_an_older_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    press = Press(Newsroom(now=NOW)).release_notices(notices(5, NOW))
    press.release("ru", [article(1, published=NOW - 5, updated=NOW - 5)])
    reader = Reader(press, capsys, monkeypatch, tmp_path, clock=SetClock(NOW + 20))
    secret = tmp_path / "passphrase"
    secret.write_text("a passphrase\n")
    secret.chmod(0o600)
    library = ["--library", str(tmp_path / "books"), "--passphrase-file", str(secret)]
    assert reader.run("save", "1", "--i-understand-save", *library) == 0
    press.later(10).release_notices(notices(4, NOW, named=False))
    assert reader.run("share", "1", "--i-understand-share") == 0  # who has seen nothing cannot know
    assert reader.run("share", "1", "--i-understand-share", *library) == 8
    assert "[act-off]" in reader.told
    assert reader.run("status", *library) == 0
    assert "[notices-older]" in reader.said


@pytest.mark.parametrize("title", ["evil \u202etxt.exe\u202c", "\u2066open", "ب\u2067open", "\ufefftitle"])
def test_a_title_cannot_turn_the_terminal_around(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, title: str
) -> None:
    reader = Reader(
        Press().release("ru", [article(1, title=title, summary=title)]), capsys, monkeypatch, tmp_path
    )
    for command in (["headlines"], ["show", "1"], ["share", "1", "--i-understand-share"]):
        assert reader.run(*command) == 0
        text = reader.said + reader.told
        assert not set(text) & set("\x1b\x9b\u202e\u202d\u202c\u202a\u202b\u2028\u2029\ufeff\r\x07")
        for line in text.splitlines():
            assert sum(line.count(mark) for mark in "\u2066\u2067\u2068") == line.count("\u2069")
    assert reader.facts("headlines")["headlines"][0]["title"] == title
    assert not set(reader.said) & set("\u202e\u2066\u2067\ufeff")


def test_reading_writes_nothing_anywhere_and_saving_is_seen_to_write(home: Home) -> None:
    async def story() -> None:
        async with (
            servers.honest(home.press.tree) as good,
            servers.raw(servers.tree_of(home.press.tree, flipped)) as liar,
        ):
            mirrors = [liar.endpoint.url, good.url, "http://127.0.0.1:1/"]
            before = home.state()
            to_file = ["save", "1", "--to", "story.txt"]
            commands = {
                ("headlines", "--all"): 0,
                ("show", "30", "--located", "RU", "--citizen", "RU,DE"): 0,
                ("status", "--json"): 0,
                ("notice", "ru-undesirable"): 0,
                ("share", "1", "--i-understand-share"): 0,
                ("share", "1"): 8,
                tuple(to_file): 8,
                ("save", "--edition", "--library", "books"): 8,
            }
            for command, status in commands.items():
                ended = await home.run(*command, mirrors=mirrors, program=TRACED)
                assert ended.status == status, ended.err
                assert changes_in(ended) == []
                assert home.state() == before
            # The twin: the same watch sees the write that is wanted.
            ended = await home.run(*to_file, "--i-understand-save", mirrors=mirrors, program=TRACED)
            assert ended.status == 0, ended.err
            assert changes_in(ended)
            assert set(home.state()) - set(before) == {"cwd/story.txt"}

    asyncio.run(story())


def test_mirrors_cannot_tell_readers_apart(home: Home) -> None:
    """Language, place, passports, clock and terminal differ; what arrives does not."""

    async def seen_from(changed: dict[str, str], *more: str) -> list[bytes]:
        home.environment |= changed
        async with servers.raw(servers.tree_of(home.press.tree)) as mirror:
            for command in (["headlines"], ["show", "30"], ["notice", "ru-undesirable"]):
                ended = await home.run(*command, *more, mirrors=[mirror.endpoint.url])
                assert ended.status == 0, ended.err
            port = mirror.endpoint.url.rsplit(":", 1)[1].strip("/").encode()
            return sorted(head.replace(port, b"PORT") for head in mirror.heads)

    def shape(head: bytes) -> bytes:
        return head.split(b" ", 2)[2]

    one = asyncio.run(
        seen_from({"LC_ALL": "ru_RU.UTF-8", "TZ": "Europe/Minsk"}, "--located", "RU", "--citizen", "RU")
    )
    other = asyncio.run(
        seen_from(
            {"LC_ALL": "en_US.UTF-8", "TZ": "UTC", "http_proxy": "http://127.0.0.1:1/", "COLUMNS": "200"}
        )
    )
    assert one == other
    assert len({shape(head) for head in one}) == 1
    assert b"Accept-Language" not in one[0]


def test_errors_name_no_address(home: Home) -> None:
    async def story() -> None:
        async with servers.raw(servers.resetting(b"HTTP/1.1 200")) as broken:
            port = broken.endpoint.url.rsplit(":", 1)[1].strip("/")
            ended = await home.run("headlines", mirrors=[broken.endpoint.url, "http://secret.invalid/"])
            assert ended.status == 6
            for told in (ended.out, ended.err):
                assert port not in told
                assert "secret" not in told
                assert "127.0.0.1" not in told

    asyncio.run(story())


class Typed:
    """The program at a real terminal, and somebody who types."""

    def __init__(self, home: Home, arguments: list[str], mirror: str) -> None:
        self.ours, theirs = os.openpty()
        digest = hashlib.sha256(home.press.root).hexdigest()
        script = "import sys\nfrom mirror.cli import main\nsys.exit(main(['reader', *sys.argv[1:]]))"
        command = [*arguments, "--root", digest, "--channel", "ru", "--mirror", mirror, "--language", "en"]
        self.start = asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            script,
            *command,
            env={**home.environment, "TERM": "dumb"},
            cwd=home.folder / "cwd",
            stdin=theirs,
            stdout=asyncio.subprocess.PIPE,
            stderr=theirs,
            start_new_session=True,
        )
        self.theirs = theirs
        self.shown = ""

    async def until(self, text: str) -> None:
        """Read the terminal until it shows ``text``."""
        while text not in self.shown:
            self.shown += (await asyncio.wait_for(asyncio.to_thread(os.read, self.ours, 4_096), 60)).decode(
                errors="replace"
            )

    def type(self, text: str) -> None:
        """Type ``text`` and Enter."""
        os.write(self.ours, text.encode() + b"\n")


@pytest.mark.parametrize(
    ("answers", "status"),
    [([""], 8), (["yes"], 8), (["share", ""], 8), (["share", "share"], 8), (["share", "share anyway"], 0)],
)
def test_at_a_terminal_the_act_waits_for_two_typed_answers(
    home: Home, answers: list[str], status: int
) -> None:
    async def story() -> None:
        async with servers.honest(home.press.tree) as mirror:
            # The flag for scripts does not answer for a person.
            typed = Typed(home, ["share", "1", "--i-understand-share"], mirror.url)
            process = await typed.start
            os.close(typed.theirs)
            for number, answer in enumerate(answers):
                await typed.until("Go on with this?" if number == 0 else "Go on all the same?")
                await typed.until("\r\n> " if number == 0 else "anyway")
                typed.type(answer)
            assert process.stdout is not None
            out = await asyncio.wait_for(process.stdout.read(), 60)
            assert await process.wait() == status
            assert typed.shown.index("Safer:") < typed.shown.index("Go on with this?")
            title = home.press.editions["ru"].manifest.front.listed[0].title
            assert (title in out.decode()) is (status == 0)
            os.close(typed.ours)

    before = home.state()
    asyncio.run(story())
    assert home.state() == before


def test_what_a_finder_gets_from_a_wiped_device(home: Home) -> None:
    async def story() -> None:
        secret = home.folder / "cwd" / "passphrase"
        secret.write_text("a passphrase\n")
        secret.chmod(0o600)
        empty = set(home.state())
        library = ["--library", "books", "--passphrase-file", "passphrase"]
        async with servers.honest(home.press.tree) as mirror:
            ended = await home.run("save", "--edition", "--i-understand-save", *library, mirrors=[mirror.url])
            assert ended.status == 0, ended.err
            everything = b"".join(data for _, data in home.state().values())
            for told in ("ru-story", "Example News", "127.0.0.1", mirror.url, article(3).title):
                assert told.encode() not in everything
            ended = await home.run("wipe", *library, mirrors=[])
            assert ended.status == 0
            assert set(home.state()) == empty

    asyncio.run(story())
