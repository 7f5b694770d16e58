"""Folders as drafts: every kind of file, an index, traps in paths, and ids that must differ."""

import json

import pytest

from helpers import newspage
from helpers.drafts import TEXT, assert_sound, page_of
from mirror import limits
from mirror.articles import read_folder, take_file
from mirror.errors import SourceError


def test_a_folder_of_everything() -> None:
    index = [
        {"file": "0001.html", "lang": "ky", "title": "Бир", "date": "2024-03-04"},
        {"file": "gone.html", "lang": "ky"},
    ]
    files = [
        ("b/0001.html", page_of("One")),
        ("b/index.json", json.dumps(index).encode()),
        ("a.md", b"# Two\n\nText of two."),
        ("c.txt", b"Three Is A Title\n\nText of three."),
        ("d.xml", newspage.feed_of(2)),
        ("e.png", b"\x89PNG"),
        (".hidden.html", page_of("Hidden")),
        (".git/x.md", b"# Hidden"),
        ("bad.html", b"\x89PNG\0\0"),
        ("f.pdf", b"%PDF"),
    ]  # fmt: skip
    taken = read_folder(files)
    assert [draft.title for draft in taken.drafts] == [
        "Two",
        "Бир",
        "Three Is A Title",
        newspage.TITLE,
        newspage.TITLE,
    ]
    assert (taken.drafts[1].language, taken.drafts[1].published) == ("ky", 1_709_510_400)
    assert {(problem.code, problem.where) for problem in taken.problems} == {
        ("encoding", "bad.html"),
        ("file-unknown", "f.pdf"),
        ("index-missing", "b/gone.html"),
    }
    assert read_folder(reversed(files)) == taken
    for draft in taken.drafts:
        assert_sound(draft)


@pytest.mark.parametrize("files", [[], [(".x.html", b"x")], [("a.png", b"x")], [("index.json", b"[]")]])
def test_an_empty_folder_is_refused(files: list[tuple[str, bytes]]) -> None:
    with pytest.raises(SourceError) as caught:
        read_folder(files)
    assert caught.value.code == "source-empty"


def test_the_only_article_says_why_it_is_not_taken() -> None:
    with pytest.raises(SourceError) as caught:
        read_folder([("a.html", b"\x89PNG\0\0")])
    assert caught.value.code == "encoding"


def test_duplicate_ids_are_refused_and_listed() -> None:
    files = [(f"{name}.md", b"---\nid: same\n---\n# T\n\nText.") for name in "ab"]
    with pytest.raises(SourceError, match=r"a\.md, b\.md") as caught:
        read_folder([*files, ("c.md", b"# T\n\nText.")])
    assert caught.value.code == "duplicate-id"


def test_names_that_a_disk_could_confuse_are_one_name() -> None:
    with pytest.raises(SourceError) as caught:
        read_folder([("й.html", page_of("A")), ("и\u0306.html", page_of("B"))])
    assert caught.value.code == "duplicate-id"


@pytest.mark.parametrize("path", ["/etc/a.html", "../a.html", "a/../../b.html", "a\\b.html", "a\0.html"])
def test_a_path_that_leads_outside_is_refused(path: str) -> None:
    with pytest.raises(SourceError) as caught:
        read_folder([(path, page_of("T"))])
    assert caught.value.code == "path-outside"


@pytest.mark.parametrize(
    "reference", ["../../x.png", "file:///x.png", "data:image/png;base64,AA", "x/../../../y.png", "c:\\x.png"]
)
def test_pictures_outside_the_folder_go_and_are_told(reference: str) -> None:
    page = f'<article><h1>T</h1>{TEXT}<p><img src="{reference}"><img src="ok.png"></p></article>'
    (draft,) = take_file("a/b.html", page.encode()).drafts
    assert [image.reference for image in draft.images] == ["a/ok.png"]
    assert draft.body.endswith('<p><img src="image:0" alt=""></p>')


@pytest.mark.parametrize("index", [b"{}", b"[1]", b"[", b"\xff\xfe\0", b'[{"file": 3}]', b"[" * 100_000])
def test_a_broken_index_is_told_and_no_more(index: bytes) -> None:
    taken = read_folder([("a.html", page_of("T")), ("index.json", index)])
    assert [draft.title for draft in taken.drafts] == ["T"]
    assert {problem.code for problem in taken.problems} <= {"index-unreadable"}


def test_a_file_too_large_is_told_before_it_is_read() -> None:
    taken = take_file("a.html", bytes(limits.MAX_SOURCE_FILE + 1))
    assert [problem.code for problem in taken.problems] == ["limit"]


def test_an_article_too_large_is_told() -> None:
    taken = take_file("a.txt", b"A Title Of Four Words\n\n" + b"word " * (limits.MAX_ARTICLE_BODY // 5 + 1))
    assert [problem.code for problem in taken.problems] == ["article-size"]


def test_pictures_have_a_bound() -> None:
    images = "".join(f'<p>x<img src="{n}.png"></p>' for n in range(limits.MAX_ARTICLE_IMAGES + 5))
    (draft,) = take_file("a.html", f"<article><h1>T</h1>{images}</article>".encode()).drafts
    assert len(draft.images) == limits.MAX_ARTICLE_IMAGES
    assert [problem.code for problem in draft.problems] == ["images-many"]
    assert_sound(draft)
