"""Packing and opening: the same articles, through any sequence of updates, in any order, on any machine."""

import os
import random
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from helpers.editions import (
    DAY,
    NOW,
    Shelf,
    facts,
    many,
    opened,
    sealed_picture,
    small_layout,
    story,
)
from mirror.bundle import dictionary as dictionaries
from mirror.bundle import edition as editions
from mirror.bundle import layout, pack, piece, revise
from mirror.bundle.manifest import Front
from mirror.bundle.page import by_cluster
from mirror.errors import LimitError
from mirror.limits import MAX_PIECE, PIECE_SIZES
from mirror.model import Article, State

FIRST_DAY = NOW // DAY - 100


def said(articles: Sequence[Article]) -> dict[str, Article]:
    return {article.id: article for article in articles}


def corpus(count: int = 90) -> list[Article]:
    """Four languages: in the small layout each earns another kind of dictionary, or none."""
    english = [story(number, "en", day=number // 3) for number in range(count * 6 // 10)]
    russian = [story(number, "ru", words=40, day=number) for number in range(count * 2 // 10)]
    chinese = [story(number, "zh", words=30, day=number * 2) for number in range(count * 2 // 10 - 2)]
    return [*english, *russian, *chinese, story(0, "fa"), story(1, "fa", day=30)]


@settings(max_examples=30)
@given(many(0, 8))
def test_any_articles_come_back(articles: list[Article]) -> None:
    packed = pack.pack(articles, facts())
    assert opened(packed).articles() == said(articles)
    assert {len(data) for data in packed.pieces.values()} <= set(PIECE_SIZES)
    assert all(piece.name_of(data) == name for name, data in packed.pieces.items())


def test_every_kind_of_dictionary_comes_back() -> None:
    articles = corpus(160)
    with small_layout():
        packed = pack.pack(articles, facts())
    edition = opened(packed)
    assert edition.articles() == said(articles)
    assert {bool(dictionary.content) for dictionary in edition.dictionaries} == {False, True}
    used = {cluster.dictionary for page in edition.pages for cluster in page.page.clusters}
    assert used == {0, 1, 2, 3}
    assert set(editions.text_pieces(edition)) == packed.pieces.keys()


def test_an_edition_without_articles_is_one() -> None:
    edition = opened(pack.pack([], facts()))
    assert edition.articles() == {}
    assert edition.manifest.front == Front()
    after = Shelf({}, None)
    after.release([])
    assert after.release([story(1)]).articles() == said([story(1)])


@pytest.mark.parametrize(
    "body",
    [
        "\U00010348\U0001e900" * 150_000,  # four bytes in UTF-8, five in codes
        "я" * 500_000,
        "<p>e\u0301\u0323</p>" * 30_000,
        "<p>\u202bעברית\u202c می‌خواهند</p>" * 10_000,
        "字" * 340_000,
    ],
    ids=["astral", "cyrillic", "combining", "right-to-left", "chinese"],
)
def test_a_giant_in_another_script_than_its_language_is_carried(body: str) -> None:
    articles = [*(story(number, words=300) for number in range(60)), story(99, body=body)]
    with mock.patch.object(dictionaries, "LEAST_TEXT_FOR_CODEBOOK", 10_000):
        edition = opened(pack.pack(articles, facts()))
    assert edition.dictionaries
    assert edition.articles() == said(articles)


def test_an_article_longer_than_a_cluster_stands_alone() -> None:
    words = random.Random(1)
    giant = story(50, body=" ".join(f"{words.randrange(10**6)}" for _ in range(140_000)))
    articles = [story(number, day=0) for number in range(40)] + [giant]
    edition = opened(pack.pack(articles, facts()))
    assert edition.articles() == said(articles)
    assert max(len(cluster.pieces.digests) for page in edition.pages for cluster in page.page.clusters) > 30


def test_an_article_too_long_to_be_carried_is_refused() -> None:
    with pytest.raises(LimitError) as caught:
        pack.pack([story(1, body="x" * (2 << 20))], facts())
    assert caught.value.code == "article-too-long"


def test_the_callers_mistakes_are_his() -> None:
    for articles in ([story(1), story(1)], [story(1, channel="other")], [story(1, body="\x1d")]):
        with pytest.raises(ValueError, match=r"articles|record"):
            pack.pack(articles, facts())


def test_an_edition_has_a_largest_number_of_articles() -> None:
    with mock.patch.object(pack, "MAX_ARTICLES", 5):
        shelf = Shelf()
        shelf.release([story(number) for number in range(5)])
        with pytest.raises(LimitError) as caught:
            shelf.release([story(5)])
        assert caught.value.code == "too-many-articles"
        assert (
            shelf.release([story(4, body="<p>corrected</p>")]).articles()["en-4"].body == "<p>corrected</p>"
        )


def test_a_first_edition_begins_at_its_day() -> None:
    articles = [story(number, day=number) for number in range(10)]
    edition = opened(pack.pack(articles, facts(drop_before=FIRST_DAY + 4)))
    assert edition.articles() == said(articles[4:])
    assert len(edition.manifest.front.listed) == 6


def test_progress_is_told() -> None:
    told: list[tuple[int, int]] = []
    with small_layout():
        pack.pack(corpus(), facts(), progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (90, 90)
    assert told == sorted(told)
    assert len(told) > 2


# --- layout ---------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(many(0, 25), st.integers(200, 5_000))
def test_every_article_is_in_one_cluster_of_its_language(articles: list[Article], most: int) -> None:
    with mock.patch.object(layout, "CLUSTER_TEXT", most):
        plans = layout.plan(articles)
    placed = [article for plan in plans for article in plan.articles()]
    assert sorted(article.id for article in placed) == sorted(article.id for article in articles)
    for plan in plans:
        assert 1 <= len(plan.clusters) <= layout.PAGE_LANGUAGES
        for cluster in plan.clusters:
            assert len({article.language for article in cluster}) == 1
            assert list(cluster) == sorted(cluster, key=lambda a: (a.published, a.id))


def test_small_languages_share_a_page_and_large_ones_do_not() -> None:
    small = [story(1, language) for language in ("en", "fa", "ru", "zh")]
    assert [len(plan.clusters) for plan in layout.plan(small)] == [4]
    with mock.patch.object(layout, "CLUSTER_TEXT", 1_000):
        assert len(layout.plan(small)) >= 2


def test_a_page_holds_whole_days() -> None:
    articles = [story(number, day=number // 10) for number in range(200)]
    with mock.patch.object(layout, "CLUSTER_TEXT", 12_000):
        plans = layout.plan(articles)
    assert len(plans) > 2
    days = [{layout.day_of(article) for article in plan.articles()} for plan in plans]
    assert all(not one & other for one, other in pairwise(days))


def test_one_long_day_has_clusters_of_about_one_size() -> None:
    articles = [story(number, words=150) for number in range(300)]
    with mock.patch.object(layout, "CLUSTER_TEXT", 20_000):
        plans = layout.plan(articles)
    assert {len(plan.clusters) for plan in plans[:-1]} == {layout.PAGE_CLUSTERS}
    sizes = [sum(len(article.body) for article in cluster) for plan in plans for cluster in plan.clusters]
    assert max(sizes) < 1.2 * min(sizes)


# --- determinism ----------------------------------------------------------------------------------


@settings(max_examples=10)
@given(st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(chance: random.Random) -> None:
    articles = corpus()
    with small_layout():
        expected = pack.pack(articles, facts())
        chance.shuffle(articles)
        assert pack.pack(articles, facts()) == expected


SCRIPT = """
import hashlib, random, sys
from helpers.editions import Shelf, small_layout, story
from test_bundle_pack import corpus
articles = corpus()
random.Random(int(sys.argv[1])).shuffle(articles)
with small_layout():
    shelf = Shelf()
    shelf.release(articles[::1])
    shelf.release([story(500, "ru", day=95), story(501, day=96)])
print(hashlib.sha256(repr(sorted(shelf.pieces)).encode()).hexdigest(), sorted(shelf.packed.dropped)[:1])
"""


def test_the_machine_does_not_matter() -> None:
    here = Path(__file__).parent
    path = os.pathsep.join([str(here.parents[1] / "src"), str(here.parent), str(here)])
    outcomes = set()
    for number, (seed, locale, zone) in enumerate(
        [("0", "C", "UTC"), ("7", "tr_TR.UTF-8", "Asia/Kathmandu")]
    ):
        run = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(number)],
            env={"PYTHONPATH": path, "PYTHONHASHSEED": seed, "LC_ALL": locale, "TZ": zone},
            capture_output=True,
            text=True,
            check=True,
        )
        outcomes.add(run.stdout)
    assert len(outcomes) == 1


# --- updates --------------------------------------------------------------------------------------


def test_an_update_brings_only_what_is_new() -> None:
    articles = [story(number, words=300, day=number) for number in range(60)]
    shelf = Shelf()
    first = shelf.release(articles[:50])
    second = shelf.release(articles)
    assert second.articles() == said(articles)
    assert {page.ref for page in first.pages} <= {page.ref for page in second.pages}
    assert shelf.packed is not None
    assert shelf.packed.dropped == {first.head}
    assert second.manifest.previous == first.head
    assert second.manifest.number == 2
    assert sum(map(len, shelf.packed.pieces.values())) <= 3 * MAX_PIECE


def test_nothing_new_is_one_new_head() -> None:
    shelf = Shelf()
    shelf.release(corpus())
    shelf.release(corpus())
    assert shelf.packed is not None
    assert len(shelf.packed.pieces) == 1


def test_a_year_of_quiet_days_leaves_few_pages() -> None:
    shelf = Shelf()
    with small_layout():
        for day in range(90):
            shelf.release([story(day, words=60, day=day)])
    assert shelf.edition is not None
    assert shelf.edition.articles() == said([story(day, words=60, day=day) for day in range(90)])
    assert len(shelf.edition.pages) <= 40
    assert set(editions.text_pieces(shelf.edition)) == shelf.pieces.keys()


def test_the_table_of_contents_is_sealed_in_parts_that_stay() -> None:
    shelf = Shelf()
    with small_layout():
        heads = []
        for day in range(0, 60, 2):
            shelf.release([story(10 * day + number, words=150, day=day) for number in range(6)])
            assert shelf.edition is not None
            heads.append(shelf.edition)
        before, after = heads[-2:]
        assert 1 <= len(after.manifest.earlier) <= 3
        kept = set(before.manifest.earlier) & set(after.manifest.earlier)
        assert kept or len(after.manifest.earlier) == 1
        assert all(len(edition.manifest.earlier) <= 3 for edition in heads)
        # Dropping the oldest days writes only the part that named them again.
        dropping = shelf.release([], drop_before=FIRST_DAY + 11)
    assert len(dropping.pages) < len(after.pages)
    assert len(set(dropping.manifest.earlier) - set(after.manifest.earlier)) <= 1


def test_a_language_that_grows_gets_codes_and_then_content() -> None:
    shelf = Shelf()
    kinds = []
    with small_layout():
        for day in range(16):
            edition = shelf.release([story(10 * day + number, words=60, day=day) for number in range(4)])
            kinds.append([bool(dictionary.content) for dictionary in edition.dictionaries])
    assert [] in kinds
    assert [False] in kinds
    assert kinds[-1] == [False, True]
    assert shelf.edition is not None
    assert len(shelf.edition.articles()) == 64


def test_nobody_fetches_a_dictionary_that_no_page_uses() -> None:
    shelf = Shelf()
    with small_layout():
        shelf.release([story(number, "ru", day=number // 4) for number in range(60)])
        assert shelf.release([], drop_before=FIRST_DAY + 1).dictionaries[0].content
        later = shelf.release([story(number, day=80) for number in range(40)], drop_before=FIRST_DAY + 70)
        assert [bool(dictionary.codebook.strings) for dictionary in later.dictionaries] == [False, True]
        again = shelf.release([story(number, "ru", day=90 + number // 9) for number in range(70, 130)])
    assert [bool(dictionary.content) for dictionary in again.dictionaries] == [False, True, True]
    assert len(again.articles()) == 100


def test_an_article_that_changes_its_language_has_one_last_word() -> None:
    shelf = Shelf()
    with small_layout():
        shelf.release(corpus())
        moved = replace(story(1, "ru"), id="en-1", title="Переведено")
        edition = shelf.release([moved])
    assert edition.articles()["en-1"] == moved
    assert len(edition.articles()) == 90


def test_an_edit_that_is_taken_back_holds() -> None:
    shelf = Shelf()
    shelf.release([story(1)])
    shelf.release([story(1, body="<p>edited</p>")])
    edition = shelf.release([story(1)])
    assert edition.articles() == said([story(1)])
    assert len(edition.pages) == 2
    assert set(editions.text_pieces(edition)) == shelf.pieces.keys()


def test_articles_withdrawn_in_two_languages_share_a_page() -> None:
    articles = [
        revised(story(number, language), "withdraw", NOW) for number, language in [(1, "en"), (2, "ru")]
    ]
    assert opened(pack.pack(articles, facts())).articles() == said(articles)


def test_pictures_no_longer_shown_are_dropped() -> None:
    one, pieces_of_one = sealed_picture(b"AVIF one" * 500)
    two, pieces_of_two = sealed_picture(b"AVIF two" * 500)
    shelf = Shelf()
    shelf.release([story(1, images=(one, two)), story(2, images=(two,))])
    shelf.release([story(1, images=(), body="", summary="", state=State.REMOVED)])
    assert shelf.packed is not None
    assert pieces_of_one.keys() <= shelf.packed.purged
    assert not pieces_of_two.keys() & shelf.packed.dropped


# Steps of a newsroom: add articles, correct, withdraw, remove, drop old days.
steps = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "edit", "undo", "withdraw", "remove", "drop", "again"]),
        st.integers(0, 5),
        st.sampled_from(["en", "ru", "zh"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=9,
)


@settings(max_examples=40)
@example(  # withdrawn within the time, and then told again of a day before it
    [("add", 0, "en", False)] * 2 + [(kind, 0, "en", False) for kind in ("withdraw", "drop", "edit")]
)
@given(steps)
def test_every_sequence_of_updates_opens_to_the_last_words(steps: list[tuple[str, int, str, bool]]) -> None:
    shelf, model = Shelf(), dict[str, Article]()
    drop_before = 0
    with small_layout():
        for day, (kind, number, language, whole) in enumerate(steps):
            chosen = sorted(model)[number * 7 % len(model)] if model else ""
            if kind == "add" or not chosen:
                made = [
                    story(day * 20 + n, language, words=30 * number + 5, day=day * 3)
                    for n in range(number * 3 + 1)
                ]
                changed = said(made)
            elif kind == "drop":
                changed, drop_before = {}, FIRST_DAY + day * 2
            elif kind == "again":
                changed = {}
            else:
                changed = {chosen: revised(model[chosen], kind, NOW - 100 * DAY + day * 3 * DAY)}
            before, held = shelf.edition, dict(shelf.pieces)
            model |= changed
            given_now = list(model.values() if whole else changed.values())
            edition = shelf.release(given_now, drop_before=drop_before)
            check_words(edition, model, drop_before)
            check_pieces(shelf, before, held, model)


def revised(article: Article, kind: str, at: int) -> Article:
    updated = max(at, article.updated)
    if kind == "undo":
        return replace(article, body=article.body.removesuffix(" corrected"))
    if kind == "edit":
        return replace(article, body=article.body + " corrected", state=State.CORRECTED, updated=updated)
    state = State.REMOVED if kind == "remove" else State.WITHDRAWN
    return replace(article, body="", summary="", images=(), state=state, updated=updated)


def check_words(edition: editions.Edition, model: dict[str, Article], drop_before: int) -> None:
    words = edition.articles()
    assert words == {name: model[name] for name in words}, "an older word came back"
    missing = {
        name for name, article in model.items() if revise.is_in_time(article, drop_before)
    } - words.keys()
    assert missing == set()
    for page in edition.pages:
        others = {article.id for other in edition.pages if other is not page for article in other.articles}
        # What is older than is kept is there for one reason: a page that stays has an older word on it.
        assert revise.stays(page, drop_before) or {article.id for article in page.articles} <= others
    listed = {article.id for article in edition.manifest.front.listed}
    assert listed == {article.id for article in editions.current(words.values())[: len(listed)]}


def check_pieces(
    shelf: Shelf, before: editions.Edition | None, held: dict[str, bytes], model: dict[str, Article]
) -> None:
    assert shelf.edition is not None
    assert shelf.packed is not None
    assert set(editions.text_pieces(shelf.edition)) == shelf.pieces.keys()
    assert {len(data) for data in shelf.pieces.values()} <= set(PIECE_SIZES)
    assert not shelf.packed.pieces.keys() & held.keys()
    removed = {name for name, article in model.items() if article.state is State.REMOVED}
    for page in shelf.edition.pages:
        assert not any(article.id in removed and article.body for article in page.articles)
    purged = shelf.packed.purged
    assert purged <= shelf.packed.dropped
    telling = False
    for page in before.pages if before else ():
        if all(article == model[article.id] for article in page.articles if article.id in removed):
            continue
        telling = True
        assert set(page.ref.pieces.digests) <= purged
        for cluster, listed in by_cluster(page.page):
            names = {article.id for article in listed} & removed
            if any(article.id in names and article.body for article in page.articles):
                assert set(cluster.pieces.digests) <= purged
    assert bool(purged) == telling


@settings(max_examples=25)
@given(st.lists(many(0, 4), min_size=1, max_size=4))
def test_any_articles_may_follow_any(releases: list[list[Article]]) -> None:
    shelf, model = Shelf(), dict[str, Article]()
    with small_layout():
        for articles in releases:
            model |= said(articles)
            assert shelf.release(articles).articles() == model
