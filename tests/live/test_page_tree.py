"""``r/`` of a tree: the browser's reader as the publication signed it, at the publisher's and at nodes."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from helpers.newsdesk import Desk, desk, files_of
from helpers.syncing import Place
from mirror.bundle import edition, piece
from mirror.bundle.program import read_parts
from mirror.client import page
from mirror.errors import UnreachableError
from mirror.limits import MAX_PIECE
from mirror.publisher.published import current_program, pieces_of, program_digest
from mirror.store.names import Kind, kind_of
from mirror.trust.changes import new_publication
from mirror.trust.publication import Draft


@pytest.fixture
def made(tmp_path: Path) -> Desk:
    made = desk(tmp_path)
    made.add(made.story(1))
    made.add(made.story(2, folder="other", title="Мост"), channel="ru")
    made.release()
    return made


def pages(folder: Path) -> dict[str, bytes]:
    return {f"r/{path}": data for path, data in files_of(folder / "r").items()}


def carried(made: Desk) -> dict[str, bytes]:
    """The tree as mirrors would give it."""
    return {path: data for path, data in files_of(made.folder / "tree").items() if kind_of(path) is not None}


def node(made: Desk, tmp_path: Path) -> Place:
    return Place(tmp_path / "node", made.workspace.publication().roots[0], ("ru", "en"))


def test_a_release_puts_the_reader_into_the_tree(made: Desk) -> None:
    found = pages(made.folder / "tree")
    assert found.keys() == {
        "r/app.webmanifest",
        "r/front/en.html",
        "r/front/ru.html",
        "r/icon.png",
        "r/index.html",
        "r/sw.js",
    }
    assert all(kind_of(path) is Kind.PAGE for path in found)
    # Whatever a browser needs before it can ask for pieces comes through where connections freeze.
    assert max(map(len, found.values())) <= MAX_PIECE


def test_a_front_page_tells_the_news_and_loads_nothing(made: Desk) -> None:
    text = pages(made.folder / "tree")["r/front/ru.html"].decode()
    assert '<html lang="ru"' in text
    assert "Мост" in text
    assert "walked over the bridge" in text
    assert "<aside><p" in text
    assert "default-src 'none'" in text
    assert not any(word in text for word in ("<script", "<img", "src=", "http:", "https:", "onload"))
    assert 'href="en.html"' in text


def test_the_reader_begins_with_a_channel_that_has_news(tmp_path: Path) -> None:
    made = desk(tmp_path)  # Russian is its first channel
    made.add(made.story(1))
    made.release()
    assert b'href="front/en.html"' in pages(made.folder / "tree")["r/index.html"]
    # Once both have some, it is as the publisher ordered them.
    made.later().add(made.story(2, folder="other", title="Мост"), channel="ru")
    made.release()
    found = pages(made.folder / "tree")
    assert b'href="front/ru.html"' in found["r/index.html"]
    assert {"r/front/en.html", "r/front/ru.html"} <= found.keys()


def test_a_second_release_signs_no_program_again(made: Desk) -> None:
    before = made.workspace.publication()
    made.later().add(made.story(3))
    made.release()
    after = made.workspace.publication()
    assert after.version("reader") == before.version("reader") == 2
    assert after.version("channel-en") > before.version("channel-en")


def test_a_new_program_is_signed_and_the_old_one_goes(made: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    files, parts = page.built_files(), page.built_files(page.PARTS)
    old = pages(made.folder / "tree")["r/index.html"]
    monkeypatch.setattr(
        page, "built_files", lambda *given: parts if given else {**files, "reader.js": b"new"}
    )
    made.later().release()
    assert pages(made.folder / "tree")["r/index.html"] != old
    assert made.workspace.publication().version("reader") == 3


def test_a_publication_without_the_role_gets_it_with_its_next_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("mirror.publisher.create.new_publication", partial(without_reader, new_publication))
        made = desk(tmp_path)
    assert "reader" not in made.workspace.publication().roles
    made.add(made.story(1))
    made.release()
    assert made.workspace.publication().version("reader") == 1
    assert "r/index.html" in pages(made.folder / "tree")


def without_reader(make: Callable[..., Draft], **given: Any) -> Draft:
    return make(**{**given, "reader": None})


def test_parts_are_signed_carried_and_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = page.built_files()
    part = {**page.built_files(page.PARTS), "text.xx.json": b"words " * 9_000}
    monkeypatch.setattr(page, "built_files", lambda *parts: dict(part if parts else files))
    made = desk(tmp_path)
    made.add(made.story(1))
    made.release()
    signed = current_program(made.tree, made.workspace.publication())
    assert signed is not None
    listed = read_parts(signed[0])["text.xx.json"]
    assert edition.unseal(listed, pieces_of(made.tree)) == part["text.xx.json"]
    copy = Place(tmp_path / "node", made.workspace.publication().roots[0], ("ru", "en"))
    copy.sync({"mirror 1": carried(made)}, now=made.clock.at)
    assert edition.unseal(listed, pieces_of(copy.tree)) == part["text.xx.json"]
    made.later().add(made.story(2))
    made.release()
    assert edition.unseal(listed, pieces_of(made.tree)) == part["text.xx.json"]


def test_a_publisher_may_do_without(tmp_path: Path) -> None:
    made = desk(tmp_path)
    config = made.folder / "publication.toml"
    config.write_text(config.read_text() + "\n[page]\ncarry = false\n")
    made.add(made.story(1))
    made.release()
    assert pages(made.folder / "tree") == {}


def test_a_node_makes_the_same_pages_from_what_it_verified(made: Desk, tmp_path: Path) -> None:
    copy = node(made, tmp_path)
    copy.sync({"mirror 1": carried(made)}, now=made.clock.at)
    assert pages(copy.folder / "tree") == pages(made.folder / "tree")
    assert not any(path.startswith("r/") for path in copy.asked)


def test_a_node_takes_no_page_from_a_mirror(made: Desk, tmp_path: Path) -> None:
    evil = dict.fromkeys(pages(made.folder / "tree"), b"<script>evil()</script>")
    copy = node(made, tmp_path)
    copy.sync({"mirror 1": {**carried(made), **evil}}, now=made.clock.at)
    assert pages(copy.folder / "tree") == pages(made.folder / "tree")


def test_a_node_that_cannot_have_the_signed_program_keeps_what_it_has(made: Desk, tmp_path: Path) -> None:
    files = carried(made)
    signed = program_digest(made.workspace.publication())
    assert signed is not None
    del files[piece.path_of(signed)]
    copy = node(made, tmp_path)
    with pytest.raises(UnreachableError):
        copy.sync({"mirror 1": files}, now=made.clock.at)
    assert not (copy.folder / "tree" / "m" / "timestamp.json").exists()
    assert not (copy.folder / "tree" / "r").exists()
