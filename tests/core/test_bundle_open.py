"""Opening an edition: what must agree, and how the work grows with the articles."""

from dataclasses import replace
from unittest import mock

import pytest
from hypothesis import given

from helpers.editions import CHANNEL, any_article, facts, small_layout, story
from mirror.bundle import edition as editions
from mirror.bundle import pack, piece
from mirror.errors import FormatError
from mirror.model import Article, State


def test_missing_and_swapped_pieces_are_seen() -> None:
    packed = pack.pack([story(number, words=400) for number in range(80)], facts())
    names = sorted(packed.pieces)
    for name, other in zip(names, names[1:] + names[:1], strict=True):
        swapped = {**packed.pieces, name: packed.pieces[other]}
        with pytest.raises(FormatError) as caught:
            editions.open_edition(packed.head, swapped.__getitem__)
        assert caught.value.code == "piece-digest"


def test_a_page_must_list_what_its_edition_says() -> None:
    packed = pack.pack([story(number) for number in range(4)], facts())
    table = editions.contents(packed.manifest, packed.pieces.__getitem__)
    [ref] = table.pages
    editions.open_page(packed.manifest, table, ref, packed.pieces.__getitem__)
    for wrong in (
        replace(ref, articles=5),
        replace(ref, first_day=ref.first_day - 1),
        replace(ref, last_day=ref.last_day + 1),
    ):
        with pytest.raises(FormatError) as caught:
            editions.open_page(packed.manifest, table, wrong, packed.pieces.__getitem__)
        assert caught.value.code == "page"


def test_work_grows_with_the_articles() -> None:
    """Bytes given to the compressor, not seconds: twice the articles cost about twice."""

    def work(count: int) -> int:
        done = 0
        compress = piece.compress

        def counted(raw: bytes, content: bytes = b"") -> bytes:
            nonlocal done
            done += len(raw)
            return compress(raw, content)

        with mock.patch.object(piece, "compress", counted), small_layout():
            pack.pack([story(number, day=number // 3) for number in range(count)], facts())
        return done

    assert work(400) < 2.3 * work(200)


@given(any_article())
def test_who_may_be_read(article: Article) -> None:
    gone = article.state in (State.WITHDRAWN, State.REMOVED)
    assert bool(editions.current([article])) == (not gone)
    assert article.channel == CHANNEL
