"""The browser's transport and its pieces, over real sockets: what is taken, refused, told, left behind."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import servers
from helpers.node import Node, running
from mirror.bundle.piece import name_of, path_of
from mirror.limits import MAX_CONNECTIONS, MAX_LINK, MAX_MIRRORS, MAX_PIECE
from mirror.net.address import endpoint

BODY = b"a body of some bytes"
LIMIT = 64
SOON = {"first": 0.2, "next": 0.2}  # seconds: what never comes is waited for no longer
LATE = {"first": 20, "next": 20}
CUT = servers.response(
    b"14\r\n" + BODY[:5], content_length="", transfer_encoding="chunked", connection="keep-alive"
)


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with running() as process:
        yield process


def get(node: Node, answer: servers.Answer, **how: Any) -> tuple[dict[str, Any], servers.Recorder]:
    async def story() -> tuple[dict[str, Any], servers.Recorder]:
        async with servers.raw(answer) as mirror:
            asked = {
                "address": mirror.endpoint.url,
                "path": "p/aa/bb",
                "limit": LIMIT,
                "deadlines": LATE,
            } | how
            return await asyncio.to_thread(node.ask, "get", asked), mirror

    return asyncio.run(story())


# --- one request ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        servers.response(BODY),
        servers.response(BODY, content_type="text/html; charset=nonsense"),
        servers.response(b"14\r\n" + BODY + b"\r\n0\r\n\r\n", content_length="", transfer_encoding="chunked"),
        servers.response(BODY, content_length=""),  # ends with the connection
        servers.response(BODY, set_cookie="id=1", refresh="0; url=http://elsewhere.example/"),
        servers.response(bytes(LIMIT)),
        servers.response(b""),
    ],
)
def test_a_body_is_taken_as_it_was_sent(node: Node, data: bytes) -> None:
    body = data.partition(b"\r\n\r\n")[2]
    said, _ = get(node, servers.saying(data))
    assert said["ok"] == (BODY if BODY in body else body).hex()
    assert said["sizes"][0] == 0
    assert said["sizes"][-1] == len(said["ok"]) // 2
    assert said["sizes"] == sorted(said["sizes"])


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (servers.saying(servers.response(status="404 Not Found")), "absent"),
        (servers.saying(servers.response(status="403 Forbidden")), "absent"),
        (servers.saying(servers.response(status="410 Gone")), "absent"),
        (servers.saying(servers.response(status="500 Oops")), "refused"),
        (servers.saying(servers.response(status="429 Too Many")), "refused"),
        (servers.saying(servers.response(BODY, status="206 Partial Content")), "refused"),
        (servers.saying(servers.response(BODY, status="203 Changed")), "refused"),
        (servers.saying(servers.response(status="302 Found", location="/elsewhere")), "unreachable"),
        (servers.saying(b"SSH-2.0-OpenSSH\r\n\r\n"), "unreachable"),
        (servers.resetting(), "unreachable"),
        (servers.saying(servers.response(bytes(LIMIT + 1))), "too-long"),
        (servers.endless(servers.response(content_length=str(1 << 40))), "too-long"),
        (servers.endless(servers.response(content_length="")), "too-long"),
        (servers.saying(servers.response(BODY, content_length="40")), "broken"),
        (servers.resetting(servers.response(BODY, content_length="40")), "broken"),
        (servers.saying(CUT), "broken"),
    ],
)
def test_what_is_no_file_is_refused_with_its_code(node: Node, answer: servers.Answer, code: str) -> None:
    said, mirror = get(node, answer)
    assert said.get("code") == code
    assert len(mirror.heads) == 1, "one attempt, not repeated, and nobody else is asked"


def test_nobody_there_is_unreachable(node: Node) -> None:
    said = node.ask("get", {"address": servers.nobody().url, "path": "x", "limit": LIMIT})
    assert said == {"code": "unreachable", "sizes": []}


@pytest.mark.parametrize(
    "data", [b"", servers.response(content_length="40"), servers.response(BODY, content_length="40")]
)
def test_silence_ends_after_its_time(node: Node, data: bytes) -> None:
    said, _ = get(node, servers.silent(data), deadlines=SOON)
    assert said["code"] == "silent"


@pytest.mark.parametrize(
    ("data", "how", "code"),
    [
        (b"", {"deadlines": SOON}, "silent"),
        (servers.response(BODY, content_length="40"), {"deadlines": SOON}, "silent"),
        (servers.response(BODY, content_length="40"), {"abortAt": len(BODY)}, "aborted"),
    ],
)
def test_what_does_not_heed_its_end_is_not_waited_for(
    node: Node, data: bytes, how: dict[str, Any], code: str
) -> None:
    """Node forgets an abortion now and then, where the lengths of earlier answers were wrong."""
    said, _ = get(node, servers.silent(data), deaf=True, **how)
    assert said["code"] == code


def test_a_drip_ends_too(node: Node) -> None:
    """Each byte comes in time; the whole has its deadline besides."""

    async def drip(_path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(servers.response(content_length="60"))
        while not writer.is_closing():
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.1)

    said, _ = get(node, drip, deadlines={"first": 0.5, "next": 20})
    assert said["code"] == "silent"
    assert len(said["sizes"]) > 2


def test_an_aborted_request_ends_its_connection(node: Node) -> None:
    async def story() -> None:
        ended = asyncio.Event()

        async def answer(_path: str, writer: asyncio.StreamWriter) -> None:
            writer.write(servers.response(BODY, content_length="40"))
            await writer.drain()
            await writer.wait_closed()

        async def watched(path: str, writer: asyncio.StreamWriter) -> None:
            try:
                await answer(path, writer)
            finally:
                ended.set()

        async with servers.raw(watched) as mirror:
            asked = {"address": mirror.endpoint.url, "path": "x", "limit": LIMIT, "abortAt": len(BODY)}
            said = await asyncio.to_thread(node.ask, "get", asked)
            assert said["code"] == "aborted"

    asyncio.run(story())


def test_the_request_has_one_shape(node: Node) -> None:
    """What a page may decide; the browser adds its own besides."""
    _, mirror = get(node, servers.saying(servers.response(BODY)))
    line, *headers = mirror.heads[0].decode().removesuffix("\r\n\r\n").split("\r\n")
    said = {name.lower(): value for name, value in (header.split(": ", 1) for header in headers)}
    assert line == "GET /p/aa/bb HTTP/1.1"
    assert said["accept"] == "*/*"
    assert said["accept-language"] == "en"
    assert not said.keys() & {"cookie", "referer", "origin", "range", "if-none-match", "authorization"}


# --- addresses -----------------------------------------------------------------------------------

schemes = st.sampled_from(["https://", "http://", "HTTPS://", "file://", "//", ""])
texts = st.builds(str.__add__, schemes, st.text("az09.:@/?#%\\ é-[]", max_size=20)) | st.text()


@given(text=texts)
def test_an_address_is_one_for_python_too(node: Node, text: str) -> None:
    said = node.ask("address", text)
    if said is not None:
        known = endpoint(text, 1)
        assert known is not None
        assert said == known.url
        assert not known.connect
        assert not known.sni


@pytest.mark.parametrize(
    "text",
    [
        "https://news.example/a/b",
        "http://127.0.0.1:8080/",
        "http://[::1]:80/x/",
        "https://xn--80ak6aa92e.example",
    ],
)
def test_usual_addresses_are_taken(node: Node, text: str) -> None:
    known = endpoint(text, 1)
    assert known is not None
    assert node.ask("address", text) == known.url


@pytest.mark.parametrize(
    "text",
    [
        "https://news.example/#connect=203.0.113.5",  # a browser would connect to the name
        "https://news.example/#",
        "https://who@news.example/",
        "https://news.example/?who=me",
        "https://news.example/\\..",
        "javascript://news.example/%0aalert(1)",
        "file:///etc/",
        "https://",
        "https:///0",
        "https://é/",
        "https://:80/",
        "https://news.example/" + "a" * MAX_LINK,
    ],
)
def test_what_no_browser_may_use_is_left_out(node: Node, text: str) -> None:
    assert node.ask("address", text) is None
    assert node.ask("mirrors", [text, "https://good.example/"]) == [["mirror 1", "https://good.example/"]]


def test_no_more_mirrors_are_asked_than_may_be(node: Node) -> None:
    found = node.ask("mirrors", [f"https://m{number}.example/" for number in range(MAX_MIRRORS + 5)] * 2)
    assert len(found) == MAX_MIRRORS


# --- pieces --------------------------------------------------------------------------------------


def piece_of(number: int) -> bytes:
    return hashlib.sha256(b"%d" % number).digest() * (MAX_PIECE // 32)


TREE = {path_of(name_of(data)): data for data in map(piece_of, range(24))}
NAMES = [name_of(data) for data in map(piece_of, range(24))]
HONEST = servers.tree_of(TREE)
LIAR = servers.tree_of(TREE, lambda _path, data: data[:-1] + b"!")
BLOCKED = servers.saying(servers.response(b"<html>This site is blocked</html>", content_type="text/html"))
TRUNCATING = servers.resetting(servers.response(b"x" * 4_000, content_length=str(MAX_PIECE)))
ENDLESS = servers.endless(servers.response(content_length=""))
EMPTY = servers.tree_of({})


async def slow(path: str, writer: asyncio.StreamWriter) -> None:
    """Ten times slower than anybody else."""
    await asyncio.sleep(0.3)
    await HONEST(path, writer)


@asynccontextmanager
async def mirrors(*answers: servers.Answer | None) -> AsyncIterator[list[servers.Recorder]]:
    """Running mirrors; None: nobody listens there."""
    async with AsyncExitStack() as stack:
        yield [
            servers.Recorder(servers.nobody())
            if answer is None
            else await stack.enter_async_context(servers.raw(answer))
            for answer in answers
        ]


def fetch(
    node: Node, *answers: servers.Answer | None, **how: Any
) -> tuple[dict[str, Any], list[servers.Recorder]]:
    async def story() -> tuple[dict[str, Any], list[servers.Recorder]]:
        async with mirrors(*answers) as running:
            asked = {
                "addresses": [each.endpoint.url for each in running],
                "names": NAMES,
                "held": {},
                "deadlines": LATE,
            } | how
            said = await asyncio.to_thread(node.ask, "pieces", asked)
            assert said["open"] == 0, "a request is left running"
            assert said["underWay"] == 0
            assert said["lines"] == 0
            assert said["most"] <= MAX_CONNECTIONS
            return said, running

    return asyncio.run(story())


def verdicts(said: dict[str, Any]) -> list[str]:
    return [each["verdict"] for each in said["report"]]


def evidence(said: dict[str, Any], place: int) -> list[list[str]]:
    found: list[list[str]] = said["report"][place]["evidence"]
    return found


def test_everything_comes_over_several_mirrors(node: Node) -> None:
    said, running = fetch(node, HONEST, HONEST, None)
    assert said["ok"] == NAMES
    assert said["progress"] == list(range(1, 25))
    assert said["cost"] == {"fetched": {"clusters": 24 * MAX_PIECE}, "held": {}, "wasted": 0}
    assert verdicts(said) == ["good", "good", "failed"]
    assert evidence(said, 2) == [["unreachable", "clusters"]]
    assert sorted(path for each in running for path in each.paths) == sorted(TREE)


@pytest.mark.parametrize(
    ("answer", "verdict", "code"),
    [
        (LIAR, "lied", "wrong-piece"),
        (BLOCKED, "lied", "wrong-piece"),
        (ENDLESS, "lied", "oversized-piece"),
        (TRUNCATING, "failed", "broken"),
        (EMPTY, "withheld", "missing-piece"),
        (servers.saying(servers.response(status="503 No")), "failed", "refused"),
        (
            servers.saying(servers.response(status="301 Moved", location="http://127.0.0.1:1/")),
            "failed",
            "unreachable",
        ),
    ],
    ids=["liar", "blocked", "endless", "truncating", "empty", "refusing", "redirecting"],
)
def test_whatever_one_mirror_does_the_others_give_all(
    node: Node, answer: servers.Answer, verdict: str, code: str
) -> None:
    said, running = fetch(node, answer, HONEST)
    assert said["ok"] == NAMES
    assert verdicts(said) == [verdict, "good"]
    assert evidence(said, 0) == [[code, "clusters"]]
    if verdict == "lied":
        asked = len(running[0].heads)
        assert asked <= 8, "who lies is not asked again"


def test_a_silent_mirror_is_not_waited_for(node: Node) -> None:
    said, _ = fetch(node, servers.silent(), HONEST)
    assert said["ok"] == NAMES
    assert evidence(said, 0) == [["silent", "clusters"]]


def test_one_that_freezes_in_the_middle_is_overtaken(node: Node) -> None:
    frozen = servers.silent(servers.response(b"x" * 4_000, content_length=str(MAX_PIECE)))
    said, _ = fetch(node, frozen, HONEST)
    assert said["ok"] == NAMES
    assert evidence(said, 0) == [["silent", "clusters"]]


def test_the_quick_give_more_than_the_slow(node: Node) -> None:
    said, _ = fetch(node, slow, HONEST)
    assert said["ok"] == NAMES
    assert said["report"][0]["pieces"] < said["report"][1]["pieces"]


def test_what_is_held_is_not_asked_for(node: Node) -> None:
    held = {name: TREE[path_of(name)].hex() for name in NAMES[:10]}
    said, (mirror,) = fetch(node, HONEST, held=held)
    assert said["ok"] == NAMES
    assert sorted(mirror.paths) == sorted(path_of(name) for name in NAMES[10:])
    assert said["cost"]["held"] == {"clusters": 10 * MAX_PIECE}


def test_what_is_held_and_damaged_is_fetched(node: Node) -> None:
    held = {NAMES[0]: bytes(MAX_PIECE).hex(), NAMES[1]: "00"}
    said, (mirror,) = fetch(node, HONEST, held=held)
    assert said["ok"] == NAMES
    assert sorted(mirror.paths) == sorted(TREE)


@settings(max_examples=8)
@given(after=st.integers(1, 23))
def test_whenever_it_is_interrupted_what_came_is_held(node: Node, after: int) -> None:
    said, _ = fetch(node, HONEST, HONEST, abortAt=after)
    assert said["code"] == "aborted"
    assert len(said["kept"]) >= after


def test_what_nobody_gives_is_said_so_and_the_rest_is_held(node: Node) -> None:
    half = servers.tree_of({path: TREE[path] for path in list(TREE)[:12]})
    said, _ = fetch(node, half)
    assert said["code"] == "piece-unreachable"
    assert sorted(said["kept"]) == sorted(NAMES[:12])


def test_with_no_mirror_at_all_nothing_waits(node: Node) -> None:
    said, _ = fetch(node)
    assert said["code"] == "piece-unreachable"
