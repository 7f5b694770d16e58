"""Whole editions in the browser's reader: as Python packed them, in any order, or with a wrong piece."""

import os
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import bench_bundle
from helpers.bundle_vectors import digest_of, packed
from helpers.corpora import corpus
from helpers.editions import Shelf, facts, many, sealed_picture, small_layout, story
from helpers.node import Node, Refused, running
from helpers.web_bundle import agreed
from mirror.bundle import archive, pack, piece
from mirror.bundle import edition as editions
from mirror.bundle import manifest as manifests
from mirror.model import State


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with running() as process:
        yield process


def given_pieces(pieces: dict[str, bytes]) -> dict[str, list[str | int]]:
    return {name: packed(data) for name, data in pieces.items()}


def opened_in_order(head: str, pieces: dict[str, bytes], order: Sequence[str]) -> str:
    """What ``bundle-arriving`` answers, by Python."""
    get = pieces.__getitem__
    opening = editions.Opening(head, editions.parse_head(head, get(head)), get)
    wanted = set(opening.wanted)
    for name in order:
        if name in wanted:
            opening.take(name, get(name))
    edition = opening.edition()
    articles = edition.articles()
    return digest_of(
        {
            "articles": articles,
            "readable": [article.id for article in editions.current(articles.values())],
            "pictures": list(editions.image_pieces(articles.values())),
            "completed": sum(len(opened.articles) for opened in edition.pages),
        }
    )


stories = st.lists(
    st.builds(
        story,
        st.integers(0, 40),
        st.sampled_from(["en", "ru", "fa", "zh"]),
        words=st.sampled_from([5, 80, 400]),
        day=st.integers(0, 9),
    ),
    max_size=30,
    unique_by=lambda article: article.id,
)


@st.composite
def shelves(draw: st.DrawFn) -> Shelf:
    """What a mirror holds after two releases: some articles told again, one perhaps removed for harm."""
    first, odd, second = draw(stories), draw(many(0, 3)), draw(stories)
    gone: bool = draw(st.booleans())
    with small_layout():
        shelf = Shelf()
        shelf.release([*first, *odd])
        later = {article.id: article for article in (*first, *odd, *second)}
        if first and gone:
            later[first[0].id] = replace(first[0], body="", images=(), state=State.REMOVED)
        shelf.release(list(later.values()))
    return shelf


@given(shelf=shelves(), data=st.data())
@settings(max_examples=25)
def test_editions_open_as_in_python(node: Node, shelf: Shelf, data: st.DataObject) -> None:
    assert shelf.edition is not None
    given = {"head": shelf.edition.head, "pieces": given_pieces(shelf.pieces)}
    assert agreed(node, "edition", given) == digest_of(shelf.edition.articles())
    order = data.draw(st.permutations(sorted(shelf.pieces)))
    answer = node.ask("bundle-arriving", given | {"order": order})
    assert answer == opened_in_order(shelf.edition.head, shelf.pieces, order)


def test_a_wrong_piece_is_refused_wherever_it_stands(node: Node) -> None:
    made = pack.pack([story(number, words=400) for number in range(80)], facts())
    names = sorted(made.pieces)
    for name, other in zip(names, names[1:] + names[:1], strict=True):
        swapped = {**made.pieces, name: made.pieces[other]}
        given = {"head": made.head, "pieces": given_pieces(swapped)}
        assert agreed(node, "edition", given) == Refused("FormatError", "piece-digest")


def test_a_page_must_list_what_its_edition_says(node: Node) -> None:
    """Signed all the same: the head is packed again with another word on its only page."""
    made = pack.pack([story(number, day=number) for number in range(4)], facts())
    [ref] = made.manifest.contents.pages
    for wrong in (
        ref,
        replace(ref, articles=5),
        replace(ref, first_day=ref.first_day - 1),
        replace(ref, last_day=ref.last_day + 1),
    ):
        contents = replace(made.manifest.contents, pages=(wrong,))
        sealed = piece.seal(manifests.encode(replace(made.manifest, contents=contents)))
        [head] = sealed.pieces.digests
        pieces = {**made.pieces, head: sealed.data[0]}
        outcome = agreed(node, "edition", {"head": head, "pieces": given_pieces(pieces)})
        assert (outcome == Refused("FormatError", "page")) == (wrong != ref)


def test_pictures_are_named_once_and_open(node: Node) -> None:
    image, pieces = sealed_picture(os.urandom(30_000))
    articles = [story(number, images=(image,), body='<p>x</p><img src="image:0">') for number in range(3)]
    made = pack.pack(articles, facts())
    held = {**made.pieces, **pieces}
    given = {"head": made.head, "pieces": given_pieces(held), "order": sorted(held)}
    assert node.ask("bundle-arriving", given) == opened_in_order(made.head, held, sorted(held))
    assert list(editions.image_pieces(articles)) == list(pieces)
    tier = image.thumbnail
    listed = {"raw_length": tier.raw_length, "digests": tier.digests, "last_size": tier.last_size}
    agreed(
        node, "pieces", {"list": listed, "pieces": [packed(each) for each in pieces.values()], "content": []}
    )


@pytest.mark.parametrize("name", ["en-18f", "mixed-26-languages"])
def test_real_editions_open_as_in_python(node: Node, name: str) -> None:
    articles = bench_bundle.load(corpus(name)).articles
    made = pack.pack(articles, facts(channel=bench_bundle.CHANNEL))
    given = {"head": made.head, "pieces": given_pieces(made.pieces)}
    assert node.ask("bundle-edition", given) == digest_of({article.id: article for article in articles})


# --- archives that no memory holds -----------------------------------------------------------------

LARGE = 4 << 20


def test_an_archive_is_read_in_place(node: Node, tmp_path: Path) -> None:
    """Beyond four gigabytes, in a file with holes: the end, the directory and what is asked for are read."""
    crc = zlib.crc32(bytes(LARGE))
    paths = [f"r/{number:04}.bin" for number in range(1_026)]
    directory = bytearray()
    place = tmp_path / "news.mirror.zip"
    at = 0
    with place.open("wb") as file:
        for path in paths:
            header = archive._local_header(path, crc, LARGE)
            directory += archive._directory_entry(path, crc, LARGE, at)
            file.seek(at)
            file.write(header)
            at += len(header) + LARGE
        file.seek(at)
        file.write(directory + archive._end_records(len(paths), len(directory), at))
    assert at > 1 << 32
    with place.open("rb") as file:
        assert archive.open_archive(file).read(paths[-1]) == bytes(LARGE)
    answer = node.ask("bundle-archive-file", {"file": str(place), "paths": [paths[0], paths[-1], "r/none"]})
    assert answer["size"] == len(paths)
    assert answer["found"] == [digest_of(bytes(LARGE)), digest_of(bytes(LARGE)), digest_of(None)]
    assert answer["bytes"] < 2 * (LARGE + 100) + len(directory) + 200


def test_more_entries_than_the_old_format_counts(node: Node, tmp_path: Path) -> None:
    for count in (65_534, 65_535):
        place = tmp_path / f"{count}.mirror.zip"
        with place.open("wb") as file:
            archive.write_archive(file, ((f"s/{number + 100_000}/0", b"x") for number in range(count)))
        answer = node.ask("bundle-archive-file", {"file": str(place), "paths": ["s/165533/0", "s/165534/0"]})
        assert answer["size"] == count
        assert answer["found"] == [digest_of(b"x"), digest_of(b"x" if count == 65_535 else None)]
