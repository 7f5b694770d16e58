"""Sources read for real: a disk with traps, a site on loopback that is slow, false or too generous."""

import asyncio
import gzip
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import aiofiles
import pytest
from aiohttp import web

from helpers import newspage
from helpers.corpora import corpus
from mirror import limits
from mirror.errors import LimitError, SourceError
from mirror.publisher import fetching
from mirror.publisher.fetching import Fetcher, is_public
from mirror.publisher.sources import SourceResult, read_source

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
TEXT = "<p>The council met on Friday and put off its vote until autumn, because two members were ill.</p>"
Handler = Callable[[web.Request], web.StreamResponse]


def page(title: str, inside: str = TEXT) -> bytes:
    return f"<article><h1>{title}</h1>{inside}</article>".encode()


def read(source: Path | str, **kwargs: object) -> SourceResult:
    return asyncio.run(read_source(str(source), default_language="en", **kwargs))  # type: ignore[arg-type]


def refused(source: Path | str) -> str:
    with pytest.raises((SourceError, LimitError)) as caught:
        read(source)
    assert str(source) not in str(caught.value)
    return caught.value.code


# --- the disk ----------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "source"
    (root / "ru").mkdir(parents=True)
    (root / "a.html").write_bytes(page("One", f'{TEXT}<p><img src="i/a.png" alt="A"></p>'))
    (root / "ru" / "б.md").write_text("---\nlang: ru\n---\n# Два\n\nТекст второй статьи.", "utf-8")
    (root / "i").mkdir()
    (root / "i" / "a.png").write_bytes(PNG)
    return root


def test_a_folder_is_read_with_its_pictures(folder: Path) -> None:
    told: list[tuple[int, int]] = []
    result = read(folder, progress=lambda done, total: told.append((done, total)))
    assert [(draft.title, draft.language) for draft in result.drafts] == [("One", "en"), ("Два", "ru")]
    assert result.images == {"i/a.png": PNG}
    assert result.problems == ()
    assert told[-1] == (4, 4)
    assert told == sorted(told)
    assert read(folder, with_images=False).images == {}


def test_a_file_alone_has_the_same_id_as_in_its_folder(folder: Path) -> None:
    (alone,) = read(folder / "a.html").drafts
    assert alone.id == read(folder).drafts[0].id
    assert read(folder / "a.html").images == {"i/a.png": PNG}


def test_a_picture_that_is_not_there_is_told(folder: Path) -> None:
    (folder / "i" / "a.png").unlink()
    result = read(folder)
    assert result.images == {}
    assert [(problem.code, problem.where) for problem in result.problems] == [
        ("source-missing", result.drafts[0].id)
    ]


def test_links_that_lead_out_are_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("A Secret Of Four Words\n\nThat nobody meant to publish.")
    (tmp_path / "secret.png").write_bytes(PNG)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x.html").write_bytes(page("Elsewhere"))
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "far").symlink_to(tmp_path / "elsewhere")
    (folder / "loop").symlink_to(folder)
    (folder / "nowhere.html").symlink_to(tmp_path / "gone.html")
    (folder / "near.html").symlink_to(folder / "a.html")
    (folder / "i" / "a.png").unlink()
    (folder / "i" / "a.png").symlink_to(tmp_path / "secret.png")
    result = read(folder)
    assert [draft.title for draft in result.drafts] == ["One", "One", "Два"]
    assert result.images == {}
    told = {(problem.code, problem.where) for problem in result.problems}
    assert {
        ("symlink-refused", name) for name in ("link.txt", "far", "loop", "nowhere.html", "i/a.png")
    } <= told


def test_a_picture_beside_the_folder_is_not_read(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "out.png").write_bytes(PNG)
    (folder / "a.html").write_bytes(page("One", f'{TEXT}<p><img src="../out.png"></p>'))
    assert read(folder).images == {}
    (folder / "a.html").write_bytes(page("One", f'{TEXT}<p><img src="near.png"></p>'))
    (folder / "near.png").symlink_to(tmp_path / "out.png")
    assert read(folder / "a.html").images == {}


def test_what_is_no_file_is_not_opened(folder: Path) -> None:
    os.mkfifo(folder / "pipe.html")  # to open it would wait for ever
    result = read(folder)
    assert len(result.drafts) == 2
    assert [(problem.code, problem.where) for problem in result.problems] == [("source-missing", "pipe.html")]
    assert refused(folder / "pipe.html") == "source-missing"


def test_a_file_of_200_mb_is_refused_before_it_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    huge = folder / "huge.html"
    with huge.open("wb") as file:
        file.truncate(200 << 20)
    opened: list[Path] = []
    original = aiofiles.open

    def spy(path: Path, mode: Literal["rb"]) -> object:
        opened.append(path)
        return original(path, mode)

    monkeypatch.setattr(aiofiles, "open", spy)
    assert refused(huge) == "limit"
    assert opened == []
    result = read(folder)
    assert [draft.title for draft in result.drafts] == ["One", "Два"]
    assert [(problem.code, problem.where) for problem in result.problems] == [("limit", "huge.html")]
    assert huge not in opened


def test_a_file_that_grows_while_it_is_read_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_IMAGE_FILE", 1_000)
    original = aiofiles.open

    def grow(path: Path, mode: Literal["rb"]) -> object:
        if path.suffix == ".png":
            with path.open("ab") as file:
                file.write(bytes(2_000))
        return original(path, mode)

    monkeypatch.setattr(aiofiles, "open", grow)
    result = read(folder)
    assert result.images == {}
    assert [problem.code for problem in result.problems] == ["limit"]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("empty", None, "source-empty"),
        ("gone", ..., "source-missing"),
        ("a.pdf", b"%PDF", "file-unknown"),
        ("a.html", b"", "page-empty"),
        ("a.xml", b"<x/>", "feed-unknown"),
        ("a.txt", b"\0\1\2", "encoding"),
    ],
)
def test_a_source_that_gives_nothing_says_why(tmp_path: Path, name: str, content: object, code: str) -> None:
    path = tmp_path / name
    if content is None:
        path.mkdir()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    assert refused(path) == code


def test_a_default_language_must_be_one(folder: Path) -> None:
    with pytest.raises(SourceError) as caught:
        asyncio.run(read_source(str(folder), default_language="english"))
    assert caught.value.code == "language-unknown"


def test_the_seed_article_from_the_disk() -> None:
    result = read(corpus("seed-article.txt"))
    assert [draft.title for draft in result.drafts] == [
        "Russia Under Renewed Criticism For Killing Syrian Civilians"
    ]


# --- addresses ---------------------------------------------------------------------------------------


@asynccontextmanager
async def site(answers: Mapping[str, object]) -> AsyncIterator[tuple[str, list[str]]]:
    """A site on loopback. An answer is a body, a redirect (``-> path``), a status, or a handler."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        found = answers.get(request.path, 404)
        if callable(found):
            made = await found(request)
            assert isinstance(made, web.StreamResponse)
            return made
        if isinstance(found, int):
            return web.Response(status=found)
        if isinstance(found, str):
            return web.Response(status=302, headers={"Location": found.removeprefix("-> ")})
        assert isinstance(found, bytes)
        base = f"http://{request.host}".encode()
        kind = "text/html" if b"<html" in found or b"<article" in found else "application/octet-stream"
        return web.Response(body=found.replace(b"https://veska.example", base), content_type=kind)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", asked
    finally:
        await runner.cleanup()


def fetch(answers: Mapping[str, object], path: str, **kwargs: object) -> tuple[SourceResult, list[str]]:
    async def run() -> tuple[SourceResult, list[str]]:
        async with site(answers) as (base, asked):
            result = await read_source(base + path, default_language="en", **kwargs)  # type: ignore[arg-type]
            return result, asked

    return asyncio.run(run())


def fetch_refused(answers: Mapping[str, object], path: str) -> str:
    with pytest.raises((SourceError, LimitError)) as caught:
        fetch(answers, path)
    assert "127.0.0.1" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    return caught.value.code


FULL = newspage.rss(
    "<description>Short.</description><content:encoded><![CDATA["
    f'{TEXT * 4}<p><img src="/i.png" alt="A"></p>]]></content:encoded>'
)
SHORT = newspage.rss("<description>The council met on Friday. Read more</description>")
SITE = newspage.HTML_VARIANTS["a site"].encode()


def test_a_feed_with_full_text() -> None:
    result, asked = fetch({"/feed": FULL, "/i.png": PNG}, "/feed")
    (draft,) = result.drafts
    assert (draft.title, draft.language) == (newspage.TITLE, "en-US")
    assert list(result.images.values()) == [PNG]
    assert [image.reference for image in draft.images] == list(result.images)
    assert asked == ["/feed", "/i.png"]
    assert result.problems == ()


def test_a_feed_with_summaries_is_completed_from_its_pages() -> None:
    told: list[tuple[int, int]] = []
    answers = {"/feed": SHORT, "/news/flood.html": SITE, "/a.jpg": PNG}
    result, asked = fetch(answers, "/feed", progress=lambda done, total: told.append((done, total)))
    (draft,) = result.drafts
    assert draft.body_text.split("\n\n") == list(newspage.PARAGRAPHS)
    assert draft.credits == (newspage.CREDIT,)
    assert [found.kind.value for found in draft.designations] == ["undesirable-organization"]
    assert "/news/flood.html" in asked
    assert told[-1][0] == told[-1][1]


def test_a_feed_on_the_disk_asks_for_its_pages_too(tmp_path: Path) -> None:
    async def run() -> SourceResult:
        async with site({"/news/flood.html": SITE}) as (base, _):
            path = tmp_path / "feed.xml"
            path.write_bytes(SHORT.replace(b"https://veska.example", base.encode()))
            return await read_source(str(path), default_language="en", with_images=False)

    assert asyncio.run(run()).drafts[0].body_text.split("\n\n") == list(newspage.PARAGRAPHS)


def test_a_page_that_cannot_be_had_leaves_the_summary_and_is_told() -> None:
    result, _ = fetch({"/feed": SHORT, "/news/flood.html": 503}, "/feed")
    assert result.drafts[0].body_text.startswith("The council met on Friday.")
    assert [problem.code for problem in result.problems] == ["summary-only"]
    nothing = newspage.rss("")
    assert fetch_refused({"/feed": nothing}, "/feed") == "source-empty"


def test_a_page_by_its_address() -> None:
    result, _ = fetch({"/news/1": SITE}, "/news/1", with_images=False)
    (draft,) = result.drafts
    assert draft.body_text.split("\n\n") == list(newspage.PARAGRAPHS)
    assert draft.source.endswith("/news/1")


def test_a_picture_that_cannot_be_had_is_told_and_no_more() -> None:
    result, _ = fetch({"/feed": FULL, "/i.png": 404}, "/feed")
    assert result.images == {}
    assert [problem.code for problem in result.problems] == ["source-unreachable"]


def test_redirects_are_followed_so_far() -> None:
    answers: dict[str, object] = {"/a": "-> /b", "/b": "-> /news/1", "/news/1": SITE}
    assert fetch(answers, "/a", with_images=False)[0].drafts
    assert fetch_refused({"/a": "-> /a"}, "/a") == "source-address"
    for target in ("file:///etc/passwd", "ftp://127.0.0.1/x", "data:text/html,x"):
        assert fetch_refused({"/a": f"-> {target}"}, "/a") == "source-address"


def test_what_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_FEED", 20_000)

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(100):
            await response.write(b"<html>" + bytes(1_000))
        return response

    async def announced(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "30000"})
        await response.prepare(request)
        await asyncio.Event().wait()  # who reads on waits for ever
        raise AssertionError

    async def bomb(request: web.Request) -> web.StreamResponse:
        packed = gzip.compress(b"<html>" + b" " * 50_000_000)
        return web.Response(body=packed, headers={"Content-Encoding": "gzip"})

    for handler in (endless, announced, bomb):
        assert fetch_refused({"/x": handler}, "/x") == "limit"


def test_a_site_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "READ_SECONDS", 0.05)

    async def silent(request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    assert fetch_refused({"/x": silent}, "/x") == "source-unreachable"
    assert refused("http://127.0.0.1:1/") == "source-unreachable"
    assert refused("http://[::1/") == "source-unreachable"


def test_a_public_source_does_not_lead_into_a_private_network(monkeypatch: pytest.MonkeyPatch) -> None:
    async def public(_: str) -> bool:
        return True

    # The feed is let through as if from the internet; what it names is not.
    original = Fetcher._follow
    first: list[str] = []

    async def follow(self: Fetcher, address: str, limit: int) -> fetching.Fetched:
        guarded, self._public_only = self._public_only, bool(first)
        first.append(address)
        try:
            return await original(self, address, limit)
        finally:
            self._public_only = guarded

    monkeypatch.setattr("mirror.publisher.sources.leads_to_public", public)
    monkeypatch.setattr(Fetcher, "_follow", follow)
    result, asked = fetch({"/feed": FULL, "/i.png": PNG, "/news/flood.html": SITE}, "/feed")
    assert asked == ["/feed"]
    assert result.images == {}
    assert [problem.code for problem in result.problems] == ["source-private"]


def test_a_name_that_leads_into_a_private_network_is_refused() -> None:
    async def run(*, public_only: bool) -> str:
        async with site({"/x": b"x"}) as (base, _), Fetcher(public_only=public_only) as fetcher:
            named = base.replace("127.0.0.1", "localhost")
            return (await fetcher.get(f"{named}/x", limit=9)).data.decode()

    assert asyncio.run(run(public_only=False)) == "x"
    with pytest.raises(SourceError) as caught:
        asyncio.run(run(public_only=True))
    assert caught.value.code == "source-unreachable"


@pytest.mark.parametrize(
    ("addresses", "wanted"),
    [
        (
            (
                "127.0.0.1 10.1.2.3 169.254.169.254 100.64.0.1 0.0.0.0 ::1 fe80::1%eth0 fd00::1 "
                "::ffff:127.0.0.1 x"
            ),
            False,
        ),
        ("1.1.1.1 2606:4700::1111", True),
    ],
)
def test_which_addresses_are_public(addresses: str, wanted: bool) -> None:
    assert {is_public(address) for address in addresses.split()} == {wanted}
