"""A news text with a site's boilerplate around it comes out whole and alone, however it is written."""

import pytest

from helpers import newspage
from helpers.corpora import corpus
from mirror.articles import DesignationKind, Draft, decode, read_feed, read_page, read_plain


def assert_whole(draft: Draft) -> None:
    paragraphs = draft.body_text.replace("“", '"').replace("”", '"').split("\n\n")
    assert draft.title == newspage.TITLE
    assert paragraphs == list(newspage.PARAGRAPHS)
    assert draft.credits == (newspage.CREDIT,)
    assert [(one.kind, one.jurisdiction, one.in_body) for one in draft.designations] == [
        (DesignationKind.UNDESIRABLE, "RU", False)
    ]
    told = draft.designations[0].text.replace("“", '"').replace("”", '"')
    for sentence in (newspage.STATEMENT, newspage.WARNING, newspage.MORE):
        assert " ".join(sentence.split()) in " ".join(told.split())
    for word in ("Accessibility", "Breaking", "16x9", "16×9", "undesirable", "journalists report"):
        assert word not in draft.body


@pytest.mark.parametrize("name", newspage.PLAIN_VARIANTS)
def test_plain_text(name: str) -> None:
    draft = read_plain(decode(newspage.PLAIN_VARIANTS[name].encode()), ident="x")
    assert_whole(draft)
    if name == "byline and date":
        assert (draft.byline, draft.published) == ("Jane Roe", 1_709_510_400)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-32", "utf-16-le", "cp1252"])
def test_plain_text_in_other_encodings(encoding: str) -> None:
    assert_whole(read_plain(decode(newspage.TEXT.encode(encoding)), ident="x"))


@pytest.mark.parametrize("name", newspage.HTML_VARIANTS)
def test_html(name: str) -> None:
    draft = read_page(decode(newspage.HTML_VARIANTS[name].encode()), ident="x")
    assert_whole(draft)
    if name == "a site":
        assert (draft.published, draft.language) == (1_709_544_000, "en")


@pytest.mark.parametrize("name", newspage.FEED_VARIANTS)
def test_feed(name: str) -> None:
    taken = read_feed(newspage.FEED_VARIANTS[name])
    assert taken.problems == ()
    (draft,) = taken.drafts
    assert_whole(draft)
    assert draft.page == ""
    assert draft.source == "https://veska.example/news/flood.html"


def test_what_is_removed_is_told() -> None:
    draft = read_plain(decode(newspage.TEXT.encode()), ident="x")
    for line in (*newspage.LABELS, newspage.SIZE, newspage.ABOUT):
        assert line in draft.removed


def test_the_seed_article() -> None:
    data = corpus("seed-article.txt").read_bytes()
    text = data.decode()
    for bytes_given in (data, text.replace("\n", "\r\n").encode(), ("\ufeff" + text).encode("utf-16-le")):
        draft = read_plain(decode(bytes_given), ident="seed")
        paragraphs = draft.body_text.split("\n\n")
        assert draft.title == "Russia Under Renewed Criticism For Killing Syrian Civilians"
        assert len(paragraphs) == 15
        assert paragraphs[0].startswith("Russia came under renewed criticism on December 29")
        assert paragraphs[-1].endswith("the Islamic State group which Russia claims to be targeting.")
        assert draft.credits == ("With reporting by Reuters, AP, and AFP",)
        assert [(one.kind.value, one.jurisdiction) for one in draft.designations] == [
            ("undesirable-organization", "RU")
        ]
        assert draft.designations[0].text.endswith("click here.")
        for absent in ("Accessibility", "Breaking News", "16x9", "RFE/RL", "passport"):
            assert absent not in draft.body
