"""``mirror reader open``: a page and a mirror on loopback for who was given the address, and nobody else."""

import asyncio
import http.client
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from helpers.memory import Behaviour, MemoryTransport, altering
from helpers.newsroom import NOW
from helpers.publication import Press, article, press
from helpers.reading import SetClock
from mirror.bundle import edition
from mirror.bundle.piece import path_of
from mirror.client.edition import head_target
from mirror.errors import StorageError
from mirror.reader.config import RootFile
from mirror.reader.local_page import HOST, LocalPage
from mirror.reader.session import ReaderSession
from mirror.trust.session import MetadataSession
from mirror.trust.state import Stored
from mirror.trust.verified import Verified


@pytest.fixture
def paper() -> Press:
    return press(3)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def ask(port: int, path: str, method: str = "GET", **headers: str) -> Answer:
    """What a program on this machine gets; ``headers`` replace those it would send, ``Host`` included."""
    connection = http.client.HTTPConnection(HOST, port, timeout=20)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        answer = connection.getresponse()
        return Answer(
            answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        )
    finally:
        connection.close()


def visit(
    paper: Press,
    story: Callable[[int, str], None],
    tmp_path_factory: pytest.TempPathFactory,
    behaviours: dict[str, Behaviour] | None = None,
) -> MemoryTransport:
    """Run ``story(port, token)`` in a thread while the page is open."""
    root = tmp_path_factory.mktemp("root") / "root.json"
    root.write_bytes(paper.root)
    transport = MemoryTransport({"mirror 1": paper.tree, "mirror 2": paper.tree}, behaviours or {})

    async def run() -> None:
        session = ReaderSession(
            RootFile(root), "ru", tuple(transport.mirrors), transport, SetClock(at=NOW), built=0
        )
        await session.refresh()
        async with LocalPage(session, "Courier", "ru", lambda count: b"\7" * count) as page:
            _, _, host, token, _, _ = page.address.split("/")
            await asyncio.to_thread(story, int(host.rpartition(":")[2]), token)

    asyncio.run(run())
    return transport


def verified(port: int, token: str, first_root: bytes) -> Verified:
    """What the page would find: a session over the loopback mirror alone."""
    session = MetadataSession(
        Stored(first_root), ["here"], now=NOW, wanted=[head_target("ru"), "notices/set"], head="ru"
    )
    while asks := session.requests():
        for each in asks:
            answer = ask(port, f"/{token}/m/{each.path}")
            if answer.status == 200:
                session.received(each, answer.body)
            else:
                session.failed(each, "absent")
    return session.result()


def test_it_is_a_mirror_that_verifies(paper: Press, tmp_path_factory: pytest.TempPathFactory) -> None:
    def story(port: int, token: str) -> None:
        found = verified(port, token, paper.root)
        assert not found.observations
        target = found.target(head_target("ru"))
        assert target is not None

        def get(name: str) -> bytes:
            answer = ask(port, f"/{token}/{path_of(name)}")
            assert answer.status == 200
            return answer.body

        opened = edition.open_edition(target.sha256, get)
        assert len(opened.articles()) == 3

    visit(paper, story, tmp_path_factory)


def test_a_liar_behind_it_is_not_passed_on(paper: Press, tmp_path_factory: pytest.TempPathFactory) -> None:
    def story(port: int, token: str) -> None:
        assert not verified(port, token, paper.root).observations

    visit(paper, story, tmp_path_factory, {"mirror 1": altering("")})


def test_the_page_stands_in_no_frame_and_names_no_program(
    paper: Press, tmp_path_factory: pytest.TempPathFactory
) -> None:
    def story(port: int, token: str) -> None:
        answer = ask(port, f"/{token}/r/")
        assert answer.status == 200
        assert answer.body.startswith(b"<!doctype html>")
        assert b'"shell":"loopback"' in answer.body
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-security-policy"] == "frame-ancestors 'none'"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "server" not in answer.headers
        assert "access-control-allow-origin" not in answer.headers

    visit(paper, story, tmp_path_factory)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/r/", {}),
        ("/", {}),
        ("/{wrong}/r/", {}),
        ("/{token}", {}),
        ("/{token}/", {}),
        ("/{token}/../{token}/r/", {}),
        ("/{token}/r/%69ndex.html", {}),
        ("/{token}/r/", {"Host": "evil.example:{port}"}),
        ("/{token}/r/", {"Host": "localhost:{port}"}),
        ("/{token}/r/", {"Host": "127.0.0.1"}),
        ("/{token}/m/timestamp.json", {"Origin": "https://evil.example"}),
        ("/{token}/m/timestamp.json", {"Origin": "null"}),
        ("/{token}/m/timestamp.json", {"Sec_Fetch_Site": "cross-site"}),
        ("/{token}/r/", {"Sec_Fetch_Site": "same-site"}),
    ],
)
def test_nobody_else_finds_anything(
    paper: Press, path: str, headers: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    def story(port: int, token: str) -> None:
        filled = {name: value.format(port=port) for name, value in headers.items()}
        answer = ask(port, path.format(token=token, wrong=token[:-1] + "0"), **filled)
        assert (answer.status, answer.body) == (404, b"There is nothing here.\n")

    visit(paper, story, tmp_path_factory)


def test_the_page_itself_may_ask(paper: Press, tmp_path_factory: pytest.TempPathFactory) -> None:
    def story(port: int, token: str) -> None:
        own = {"Origin": f"http://{HOST}:{port}", "Sec_Fetch_Site": "same-origin"}
        assert ask(port, f"/{token}/m/timestamp.json", **own).status == 200

    visit(paper, story, tmp_path_factory)


def test_nothing_listens_beyond_its_one_address(
    paper: Press, tmp_path_factory: pytest.TempPathFactory
) -> None:
    def story(port: int, token: str) -> None:
        with pytest.raises(ConnectionRefusedError):
            http.client.HTTPConnection("127.0.0.2", port, timeout=20).request("GET", f"/{token}/r/")

    visit(paper, story, tmp_path_factory)


def test_only_reading(paper: Press, tmp_path_factory: pytest.TempPathFactory) -> None:
    def story(port: int, token: str) -> None:
        assert ask(port, f"/{token}/r/", "POST").status == 405
        assert ask(port, f"/{token}/p/ab/{'ab' * 32}").status == 404

    visit(paper, story, tmp_path_factory)


def test_a_taken_port_is_said(paper: Press, tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("root") / "root.json"
    root.write_bytes(paper.root)
    transport = MemoryTransport({"mirror 1": paper.tree}, {})

    async def run() -> None:
        session = ReaderSession(
            RootFile(root), "ru", tuple(transport.mirrors), transport, SetClock(at=NOW), built=0
        )
        await session.refresh()
        async with LocalPage(session, "Courier", "ru", lambda count: b"\7" * count) as page:
            port = int(page.address.split("/")[2].rpartition(":")[2])
            with pytest.raises(StorageError) as caught:
                async with LocalPage(session, "Courier", "ru", lambda count: b"\7" * count, port):
                    pass
            assert caught.value.code == "port-taken"

    asyncio.run(run())


def test_news_that_came_meanwhile_is_given_out(
    paper: Press, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mirror.reader.local_page._STALE_SECONDS", 0.0)

    def story(port: int, token: str) -> None:
        before = verified(port, token, paper.root)
        paper.later().release("ru", [article(50)])
        after = verified(port, token, paper.root)
        assert after.versions["timestamp"] > before.versions["timestamp"]

    visit(paper, story, tmp_path_factory)
