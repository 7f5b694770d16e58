"""``mirror reader doctor`` as a person meets it: what it says, what it sends, and that it leaves nothing."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from helpers import servers
from helpers.memory import altering, failing
from helpers.publication import Press, press
from helpers.reading import Reader, SetClock
from helpers.socks import socks_server
from mirror.cli import main, reader_doctor
from mirror.cli import reader as program
from mirror.cli.reader_run import Tools
from mirror.client.waiting import Patience
from mirror.errors import UnreachableError
from net import bed
from net.scenario import Link, Scenario, Way

HASTY = Patience(connect=1.5, silent=1.5, whole=20.0)
TEN = (
    Way(),
    Way(freeze_after=16_384),
    Way(blackhole=True),
    Way(refuse=True),
    Way(silent=True),
    Way(block_page=True),
    Way(alter="pieces"),
    Way(truncate_after=3_000),
    Way(rate=5_000),
    Way(rst_after=1_000),
)
STORY = """\
mirror 1   works        Gives what it must, about N kB a second.
mirror 2   freezes      A connection stops after about 16 kB. A fresh one goes
                        on, so it can be used.
mirror 3   no answer    Nobody answers: its host is gone, or the way there is
                        cut.
mirror 4   turned away  Turned away at once: nothing is there, or it is closed
                        off.
mirror 5   silent       Takes the request and says nothing.
mirror 6   other page   A page comes instead: a block page, or a network's
                        sign-in page.
mirror 7   ALTERED      What comes is not what was signed. It was thrown away.
mirror 8   broken off   Begins to answer and breaks off, or not in the form it
                        must.
mirror 9   slow         Gives what it must, slowly, about N kB a second.
mirror 10  broken off   Begins to answer and breaks off, or not in the form it
                        must.

Mirrors that work here: 3 of 10.
The network seems to close the way to some hosts; or they are gone.
Answers do not come, or stop midway: the network seems to swallow them, or the
mirrors have too much to do.
Altered bytes came from mirror 7: it alters them, or somebody on the way does.

What to try, in this order:
 1  Read on: the program takes what works and gets along with the rest.
 2  Leave mirror 7 out of your list.

Nothing was written down.
"""
BLOCKED = """\
mirror 1: other page
  A page comes instead: a block page, or
  a network's sign-in page.
mirror 2: turned away
  Turned away at once: nothing is there,
  or it is closed off.
mirror 3: other page
  A page comes instead: a block page, or
  a network's sign-in page.

Mirrors that work here: 0 of 3.
The network seems to put pages of its
own in the place of what was asked for.

What to try, in this order:
 1  In a hotel, a café or a train the
    network may want a sign-in in the
    browser first.
 2  Try again later: blocks and faults
    come and go.
 3  Have names looked up elsewhere:
    --resolver, with one that you trust.
 4  Ask through a proxy that you have
    and trust, such as Tor: --proxy.
 5  Use other mirrors of this
    publication, on other hosts, if you
    know some.
 6  Read from a bundle file, which needs
    no network: --mirror file:///...
    with one that you have, or that
    somebody you trust gives you.

Ways around a block, and files passed
on, may be watched and in some places
punished. Nothing here has to be tried:
weigh first what it can cost you.

Nothing was written down.
"""


@cache
def paper() -> Press:
    return press(6)


@pytest.fixture
def reader(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Reader:
    return Reader(paper(), capsys, monkeypatch, tmp_path)


@asynccontextmanager
async def network(*ways: Way) -> AsyncIterator[tuple[str, ...]]:
    """The addresses of mirrors behind these ways."""
    async with servers.honest(paper().tree) as origin:
        parts = urlsplit(origin.url)
        assert parts.hostname
        assert parts.port
        scenario = Scenario("this", Link(0.02), ways)
        async with bed.Bed(scenario, (parts.hostname, parts.port)) as made:
            yield made.urls


async def ask(root: Path, urls: Sequence[str], *arguments: str) -> int:
    """The exit status of the doctor, over real sockets."""
    options = program._parser().parse_args(
        ["doctor", "--root", str(root), "--channel", "ru", *arguments, *(f"--mirror={url}" for url in urls)]
    )
    return await reader_doctor.doctor(options, Tools(clock=SetClock()), patience=HASTY)


def without_speeds(text: str) -> str:
    """Speeds depend on the machine; that there are some is what is told."""
    words = text.split(" ")
    for place, word in enumerate(words):
        if words[place + 1 : place + 2] == ["kB"] and words[place + 2 : place + 3] == ["a"]:
            assert float(word.replace(",", "")) > 0
            words[place] = "N"
    return " ".join(words)


def test_ten_mirrors_each_with_another_fault(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    root = tmp_path / "root.json"
    root.write_bytes(paper().root)

    async def run() -> int:
        async with network(*TEN) as urls:
            return await ask(root, urls)

    assert asyncio.run(run()) == 0
    said, told = capsys.readouterr()
    assert without_speeds(said) == STORY
    assert told == ""


def test_where_nothing_works_it_says_what_to_try_and_fails(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    root = tmp_path / "root.json"
    root.write_bytes(paper().root)

    async def run() -> None:
        async with network(Way(block_page=True), Way(refuse=True), Way(block_page=True)) as urls:
            with pytest.raises(UnreachableError) as caught:
                await ask(root, urls)
            assert (caught.value.code, caught.value.exit_status) == ("no-working-mirror", 6)

    asyncio.run(run())
    assert capsys.readouterr().out == BLOCKED


def test_nothing_is_written_anywhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither where programs leave things by habit, nor beside the configuration, nor in the library."""
    for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        place = tmp_path / name.lower()
        place.mkdir()
        monkeypatch.setenv(name, str(place))
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "root.json"
    root.write_bytes(paper().root)
    monkeypatch.setattr("sys.dont_write_bytecode", True)  # Python's own habit, of tests only

    def everything() -> dict[Path, tuple[int, bytes]]:
        return {
            path: (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
            for path in (tmp_path, *tmp_path.rglob("*"))
        }

    before = everything()

    async def run() -> None:
        async with network(Way(), Way(alter="all"), Way(refuse=True)) as urls:
            await ask(root, urls, "--library", str(tmp_path / "library"))

    asyncio.run(run())
    assert everything() == before


def test_what_it_sends_is_what_readers_send(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Byte for byte the requests of a reader, for nothing that readers do not ask for, and to nobody else."""
    root = tmp_path / "root.json"
    root.write_bytes(paper().root)
    places: set[str] = set()
    loop = asyncio.SelectorEventLoop
    connect = loop.sock_connect

    async def noted(self: asyncio.SelectorEventLoop, sock: socket.socket, address: tuple[str, int]) -> None:
        places.add(f"{address[0]}:{address[1]}")
        await connect(self, sock, address)

    def never(*_arguments: object) -> None:
        raise AssertionError("a name was looked up")

    monkeypatch.setattr(loop, "sock_connect", noted)
    monkeypatch.setattr(loop, "getaddrinfo", never)

    async def run() -> tuple[set[bytes], set[bytes]]:
        seen, asked = [], set()
        for command in ("doctor", "headlines"):
            async with servers.raw(servers.tree_of(paper().tree)) as mirror:
                url = mirror.endpoint.url
                options = program._parser().parse_args(
                    [command, "--root", str(root), "--channel", "ru", f"--mirror={url}"]
                )
                if command == "doctor":
                    await ask(root, [url], "--located", "RU", "--citizen", "RU", "--language", "fa")
                else:
                    await program._run(options, Tools(clock=SetClock(), built=0))
                host = url.split("/")[2]
                asked.add(host)
                seen.append({head.replace(host.encode(), b"HOST") for head in mirror.heads})
        assert places == asked
        return seen[0], seen[1]

    doctors, readers = asyncio.run(run())
    assert doctors
    assert doctors <= readers


def test_as_facts_and_without_any_address(reader: Reader) -> None:
    reader.mirrors("good", "bad", "dead", bad=altering("p/"), dead=failing("unreachable"))
    facts: dict[str, Any] = reader.facts("doctor")
    assert [each["finding"] for each in facts["mirrors"]] == ["works", "altered", "no-name"]
    assert [each["works"] for each in facts["mirrors"]] == [True, False, False]
    assert facts["working"] == 1
    assert [each["code"] for each in facts["advice"]] == ["read-on", "leave-out"]
    assert [each["code"] for each in facts["patterns"]] == ["liars"]
    assert facts["caution"] == ""
    assert reader.run("doctor") == 0
    for text in (reader.said, reader.told, json.dumps(facts)):
        assert ".example" not in text
        assert "http" not in text


def test_the_exit_status_is_that_of_no_mirror(reader: Reader) -> None:
    reader.mirrors("one", "two", one=failing("untrusted"), two=failing("silent"))
    assert reader.run("doctor") == 6
    assert "Mirrors that work here: 0 of 2." in reader.said
    assert "[no-working-mirror]" in reader.told
    assert reader.run("doctor", "--json") == 6
    assert json.loads(reader.said)["working"] == 0


def test_a_root_known_by_its_digest(reader: Reader) -> None:
    digest = sha256(reader.press.root).hexdigest()
    mirrors = [f"--mirror={mirror.url}" for mirror in reader.transport.mirrors]
    assert reader.plain("doctor", "--root", digest, "--channel", "ru", *mirrors) == 0
    assert {path for _, path in reader.transport.asked} >= {"m/1.root.json", "m/heads/ru"}


def test_neither_notices_nor_a_library_are_needed(reader: Reader) -> None:
    bare = Press()
    bare.release("ru", list(reader.press.editions["ru"].articles().values()), notices_too=False)
    reader.press = bare
    reader.mirrors("good")
    reader.root.write_bytes(bare.root)
    library = str(reader.folder / "library")
    assert reader.run("doctor", "--library", library, "--passphrase-file", library) == 0


def test_through_a_proxy_and_without_it(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A proxy that is gone is said to be gone, of the mirrors nothing is known, and nothing goes past it."""
    root = tmp_path / "root.json"
    root.write_bytes(paper().root)

    async def run() -> list[bytes]:
        async with servers.raw(servers.tree_of(paper().tree)) as mirror:
            async with socks_server() as proxy:
                place = f"socks5://{proxy.proxy.host}:{proxy.proxy.port}"
                assert await ask(root, [mirror.endpoint.url], "--json", "--proxy", place) == 0
            heard = list(mirror.heads)
            with pytest.raises(UnreachableError):
                await ask(root, [mirror.endpoint.url] * 2, "--json", "--proxy", "socks5://127.0.0.1:1")
            assert mirror.heads == heard
            return heard

    assert asyncio.run(run())
    said, told = capsys.readouterr()
    reached, gone = (json.loads(part) for part in said.replace("}\n{", "}\n\0{").split("\0"))
    assert [each["finding"] for each in reached["mirrors"]] == ["works"]
    assert {each["finding"] for each in gone["mirrors"]} == {"no-proxy"}
    assert [each["code"] for each in gone["patterns"]] == ["proxy-fails"]
    assert "check-proxy" in [each["code"] for each in gone["advice"]]
    assert "[proxy-unreachable]" in told


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--channel", "ru", "--mirror=http://a.example/"], "incomplete"),
        (["--root", "0" * 64, "--mirror=http://a.example/"], "incomplete"),
        (["--root", "0" * 64, "--channel", "ru"], "incomplete"),
        (["--root", "0" * 64, "--channel", "ru", "--library", "x"], "incomplete"),
        (["--root", "gone", "--channel", "ru", "--mirror=http://a.example/"], "root-file"),
        (["--root", "0" * 64, "--channel", "ru", "--mirror=nonsense"], "config"),
    ],
)
def test_what_was_not_said_is_asked_for(reader: Reader, arguments: list[str], code: str) -> None:
    assert reader.plain("doctor", *arguments) == 2
    assert f"[{code}]" in reader.told
    assert reader.transport.asked == []


def test_the_help_says_what_is_sent(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["reader", "doctor", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    for part in ("what each reader asks for", "Nobody else is asked", "nothing is written down"):
        assert part in told
