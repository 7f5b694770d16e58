"""``export OUT.html``: a page with a text edition inside that strangers can verify, or no file at all."""

import base64
import re
from io import BytesIO
from pathlib import Path

import pytest

from helpers.newsdesk import Desk, desk
from mirror.bundle import edition, program
from mirror.bundle.archive import open_archive
from mirror.bundle.piece import path_of
from mirror.errors import LimitError, SourceError
from mirror.publisher import export_html
from mirror.publisher.published import current_program, head_of, pieces_of


@pytest.fixture
def made(tmp_path: Path) -> Desk:
    made = desk(tmp_path)
    made.add(made.story(1))
    made.add(made.story(2, folder="other"), channel="ru")
    made.release()
    return made


def embedded(page: bytes, name: str) -> bytes:
    (text,) = re.findall(rb'<script type="text/plain" id="%b">([^<]*)</script>' % name.encode(), page)
    return base64.b64decode(text, validate=True)


def test_the_edition_inside_is_a_whole_bundle_of_text(made: Desk) -> None:
    out = made.base / "news.html"
    assert made.call("export", str(out)) == 0
    page = out.read_bytes()
    archive = open_archive(BytesIO(embedded(page, "archive")))
    publication = made.workspace.publication()
    for channel in ("en", "ru"):
        head = head_of(publication, channel)
        assert head is not None
        opened = edition.open_edition(head, lambda name: archive.read(path_of(name)) or b"")
        assert len(opened.articles()) == 1
    assert archive.read("m/1.root.json") == publication.roots[0]
    # The reader is the page itself: it is not carried a second time.
    assert not [name for name in archive.names() if name.startswith("r/")]


def test_the_reader_inside_is_the_signed_one(made: Desk) -> None:
    out = made.base / "news.html"
    made.call("export", str(out))
    signed = current_program(made.tree, made.workspace.publication())
    assert signed is not None
    files, listed = signed
    pieces = embedded(out.read_bytes(), "pieces")
    found = {name: pieces[at * 10_240 : (at + 1) * 10_240] for at, name in enumerate(listed.digests)}
    inside = program.decode(edition.unseal(listed, found.__getitem__))
    assert program.with_page(inside, lambda part: edition.unseal(part, pieces_of(made.tree))) == files
    assert b'"shell":"file"' in out.read_bytes()


def test_the_same_release_gives_the_same_bytes(made: Desk) -> None:
    one, other = made.base / "one.html", made.base / "other.html"
    made.call("export", str(one))
    made.later().call("export", str(other))
    assert one.read_bytes() == other.read_bytes()


def test_one_channel_and_the_format_by_name_or_by_option(made: Desk) -> None:
    out = made.base / "en.html"
    assert made.call("export", str(out), "--format=html", "--channel=en") == 0
    names = set(open_archive(BytesIO(embedded(out.read_bytes(), "archive"))).names())
    assert "m/heads/en" in names
    assert "m/heads/ru" not in names
    assert made.run("export", str(made.base / "news.zip"), "--format=html") == 3


def test_without_a_signed_reader_there_is_no_page(tmp_path: Path) -> None:
    made = desk(tmp_path)
    config = made.folder / "publication.toml"
    config.write_text(config.read_text() + "\n[page]\ncarry = false\n")
    made.add(made.story(1))
    made.release()
    with pytest.raises(SourceError) as caught:
        made.call("export", str(made.base / "news.html"))
    assert caught.value.code == "no-page"
    assert not list(made.base.glob("*.html"))


def test_what_is_too_large_leaves_what_was_there(made: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    out = made.base / "news.html"
    out.write_bytes(b"an older page")
    monkeypatch.setattr(export_html, "MAX_EMBEDDED", 1_000)
    with pytest.raises(LimitError) as caught:
        made.call("export", str(out))
    assert caught.value.code == "page-too-large"
    assert out.read_bytes() == b"an older page"
    assert not list(made.base.glob(".news*"))
