"""Records and pages: what an article says comes back, field by field; nothing else is accepted."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.editions import CHANNEL, any_article, many, piece_lists, story, titles
from mirror.bundle import page as pages
from mirror.bundle import record
from mirror.bundle.codebook import Codebook
from mirror.bundle.dictionary import Dictionary
from mirror.bundle.page import Cluster, Page
from mirror.bundle.wire import Cursor, Writer
from mirror.errors import FormatError, LimitError
from mirror.limits import MAX_CLUSTER_RAW, MAX_INSTANT
from mirror.model import Article, Correction, PieceList, State

ONE = PieceList(100, ("ab" * 32,), 2_560)


def listed_only(article: Article) -> Article:
    """What a page alone says of ``article``."""
    return Article(
        id=article.id,
        channel=article.channel,
        language=article.language,
        title=article.title,
        body="",
        published=article.published,
        updated=article.updated,
        section=article.section,
        state=article.state,
    )


@given(any_article())
def test_records_come_back(article: Article) -> None:
    [text] = record.split(record.encode(article), 1)
    assert record.decode(text, listed_only(article)) == article


# The separators and the characters that numbers and digests are made of, so that some are accepted.
record_texts = st.text(st.sampled_from("\x1f\x1e\x1d\x0b 019abfz<\u0301\U0001f33b"), max_size=60)


@given(record_texts, any_article())
def test_an_accepted_record_is_encoded_the_same(text: str, article: Article) -> None:
    try:
        decoded = record.decode(text, listed_only(article))
    except FormatError:
        return
    assert record.encode(decoded) == text + "\x1d"


@pytest.mark.parametrize(
    "changed",
    [
        {"body": "a\x1db"},
        {"summary": "a\x1fb"},
        {"byline": "\x1b[2J"},
        {"source": "\x00"},
        {"credits": ("",)},
        {"credits": ("a\x1eb",)},
        {"corrections": (Correction(5, ""),)},
        {"corrections": (Correction(MAX_INSTANT + 1, "late"),)},
        {"body": "\x85"},
    ],
)
def test_what_no_reader_accepts_is_not_written(changed: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="record"):
        record.encode(replace(story(1), **changed))  # type: ignore[arg-type]


WHOLE = record.encode(
    story(1, credits=("One", "Two"), corrections=(Correction(5, "was six"),), byline="A. Reporter")
)[:-1]


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda text: text + "\x1f", id="a-field-more"),
        pytest.param(lambda text: text.replace("\x1f", "", 1), id="a-field-fewer"),
        pytest.param(lambda text: text.replace("One\x1eTwo", "One\x1e"), id="an-empty-credit"),
        pytest.param(lambda text: text.replace("5 was", "05 was"), id="a-number-with-a-zero-before-it"),
        pytest.param(lambda text: text.replace("5 was", "5was"), id="a-correction-without-an-instant"),
        pytest.param(lambda text: text.replace("5 was", "\u0665 was"), id="digits-of-another-script"),
        pytest.param(lambda text: text.replace("5 was", "99999999999999 was"), id="after-the-year-9999"),
        pytest.param(lambda text: text.replace("A. Rep", "A.\x1b[1m"), id="a-terminal-escape"),
        pytest.param(lambda text: text.replace("A. Rep", "A.\x9b1m"), id="a-terminal-escape-in-one"),
    ],
)
def test_a_damaged_record_is_refused(spoil: Callable[[str], str]) -> None:
    assert spoil(WHOLE) != WHOLE
    with pytest.raises(FormatError) as caught:
        record.decode(spoil(WHOLE), listed_only(story(1)))
    assert caught.value.code == "record"


IMAGE = "\x0b".join(["9", "0", "ab" * 32, "", "", "", "image/avif", "640", "360", "alt", "credit"])


@pytest.mark.parametrize(
    ("part", "other"),
    [
        ("9\x0b0", "0\x0b0"),  # nothing inside
        ("9\x0b0", "9\x0b4"),  # a size that does not exist
        ("9\x0b0", "1048577\x0b0"),
        ("ab" * 32, "AB" * 32),
        ("ab" * 32, "ab" * 31),
        ("ab" * 32, "ab" * 32 * 257),
        ("640", "65536"),
        ("640", "-1"),
        ("alt", "a\x07lt"),
        ("\x0bcredit", ""),
    ],
)
def test_a_damaged_image_is_refused(part: str, other: str) -> None:
    fields = ["", "", "", "", "", IMAGE, "<p>x</p>"]
    assert len(record.decode("\x1f".join(fields), listed_only(story(1))).images) == 1
    fields[5] = IMAGE.replace(part, other, 1)
    with pytest.raises(FormatError) as caught:
        record.decode("\x1f".join(fields), listed_only(story(1)))
    assert caught.value.code == "record"


def test_a_withdrawn_article_has_no_body_even_if_its_record_has() -> None:
    withdrawn = replace(listed_only(story(1)), state=State.REMOVED)
    with pytest.raises(FormatError):
        record.decode(WHOLE, withdrawn)


@given(many(1), st.booleans())
def test_clusters_come_back(articles: list[Article], is_coded: bool) -> None:
    text = pages.cluster_text(articles)
    dictionary = Dictionary(Codebook(("<p>", " bridge", "е")), b"") if is_coded else None
    raw = dictionary.codebook.encode(text) if dictionary else text.encode()
    listed = [listed_only(article) for article in articles]
    assert pages.decode_cluster(raw, listed, dictionary) == tuple(articles)


def test_a_cluster_with_an_article_more_or_fewer_is_refused() -> None:
    articles = [story(1), story(2)]
    raw = pages.cluster_text(articles).encode()
    for listed in ([articles[0]], [*articles, story(3)]):
        with pytest.raises(FormatError) as caught:
            pages.decode_cluster(raw, listed, None)
        assert caught.value.code == "record"
    with pytest.raises(FormatError):
        pages.decode_cluster(raw[:-1], articles, None)
    with pytest.raises(FormatError) as not_text:
        pages.decode_cluster(b"\xff", articles, None)
    assert not_text.value.code == "utf-8"


def test_a_text_longer_than_a_cluster_is_not_carried() -> None:
    with pytest.raises(LimitError) as caught:
        pages.cluster_text([story(1, body="x" * MAX_CLUSTER_RAW)])
    assert caught.value.code == "article-too-long"


@given(many(1), st.data())
def test_pages_come_back(articles: list[Article], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(articles) - 1))
    counts = [count for count in (cut, len(articles) - cut) if count]
    lists = data.draw(st.lists(piece_lists(MAX_CLUSTER_RAW), min_size=len(counts), max_size=len(counts)))
    clusters = tuple(
        Cluster(pieces, data.draw(st.integers(0, 3)), count)
        for pieces, count in zip(lists, counts, strict=True)
    )
    page = Page(tuple(map(listed_only, articles)), clusters)
    raw = pages.encode(page)
    assert pages.parse(raw, CHANNEL, 3) == page


@given(st.binary(max_size=80) | many(1, 2).map(lambda some: pages.encode(one_cluster(some))), st.data())
def test_an_accepted_page_is_encoded_the_same(raw: bytes, data: st.DataObject) -> None:
    if raw and data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw = raw[:at] + bytes([data.draw(st.integers(0, 255))]) + raw[at + 1 :]
    try:
        page = pages.parse(raw, CHANNEL, 1)
    except FormatError:
        return
    assert pages.encode(page) == raw


def one_cluster(articles: list[Article]) -> Page:
    return Page(tuple(articles), (Cluster(ONE, 0, len(articles)),))


def fields_of(*clusters: tuple[PieceList, int, int]) -> Writer:
    writer = Writer()
    writer.number(len(clusters))
    for pieces, dictionary, count in clusters:
        writer.piece_list(pieces)
        writer.number(dictionary)
        writer.number(count)
    return writer


OTHER = PieceList(100, ("cd" * 32,), 2_560)


@pytest.mark.parametrize(
    ("clusters", "count"),
    [
        pytest.param((), 0, id="empty"),
        pytest.param((), 1, id="no-cluster"),
        pytest.param(((ONE, 0, 2),), 1, id="fewer-articles"),
        pytest.param(((ONE, 0, 1),), 2, id="more-articles"),
        pytest.param(((ONE, 0, 1), (OTHER, 0, 0)), 1, id="an-empty-cluster"),
        pytest.param(((ONE, 2, 1),), 1, id="a-dictionary-that-is-not-there"),
        pytest.param(tuple((replace(ONE, raw_length=n), 0, 1) for n in range(1, 34)), 33, id="too-many"),
    ],
)
def test_a_page_whose_clusters_do_not_fit_is_refused(
    clusters: tuple[tuple[PieceList, int, int], ...], count: int
) -> None:
    writer = fields_of(*clusters)
    pages.write_listed(writer, [story(number) for number in range(count)])
    with pytest.raises(FormatError):
        pages.parse(writer.bytes(), CHANNEL, 1)


def listing(
    *,
    languages: tuple[str, ...] = ("en",),
    sections: tuple[str, ...] = ("",),
    ident: str = "a",
    title: str = "T",
    instants: tuple[int, int] = (0, 0),
    of: tuple[int, int, int] = (0, 0, 0),
) -> bytes:
    """A page of one article, written field by field."""
    writer = fields_of((ONE, 0, 1))
    writer.number(1)
    for names in (languages, sections):
        writer.number(len(names))
        for name in names:
            writer.text(name)
    writer.text(ident)
    writer.text(title)
    writer.signed(instants[0])
    writer.number(instants[1])
    for number in of:
        writer.number(number)
    return writer.bytes()


def test_a_listing_written_field_by_field_is_accepted() -> None:
    [article] = pages.parse(listing(), CHANNEL, 0).listed
    assert (article.id, article.title, article.language, article.section) == ("a", "T", "en", "")


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(listing(languages=("en", "ru")), id="a-language-of-no-article"),
        pytest.param(listing(sections=("", "x")), id="a-section-of-no-article"),
        pytest.param(listing(sections=("b", "a"), of=(0, 0, 0)), id="names-not-sorted"),
        pytest.param(listing(languages=("en", "en")), id="a-name-twice"),
        pytest.param(listing(languages=()), id="no-language"),
        pytest.param(listing(languages=("../x",)), id="no-language-tag"),
        pytest.param(listing(languages=("\u0435n",)), id="a-tag-of-other-letters"),
        pytest.param(listing(ident="../etc/passwd"), id="an-id-that-is-a-path"),
        pytest.param(listing(ident="A"), id="an-id-in-capitals"),
        pytest.param(listing(ident="a" * 129), id="a-long-id"),
        pytest.param(listing(ident="a\n"), id="an-id-with-a-line-break"),
        pytest.param(listing(title=" "), id="a-blank-title"),
        pytest.param(listing(title="a\x1b[2J"), id="a-title-with-an-escape"),
        pytest.param(listing(title="x" * 1_001), id="a-title-too-long"),
        pytest.param(listing(sections=("x" * 501,)), id="a-section-too-long"),
        pytest.param(listing(instants=(-1, 0)), id="before-1970"),
        pytest.param(listing(instants=(MAX_INSTANT, 1)), id="after-9999"),
        pytest.param(listing(of=(1, 0, 0)), id="a-language-beyond-the-table"),
        pytest.param(listing(of=(0, 0, 4)), id="an-unknown-state"),
        pytest.param(listing() + b"\0", id="a-byte-more"),
        pytest.param(listing()[:-1], id="a-byte-fewer"),
    ],
)
def test_a_listing_that_cannot_be_is_refused(raw: bytes) -> None:
    with pytest.raises(FormatError):
        pages.parse(raw, CHANNEL, 0)


@pytest.mark.parametrize(
    "changed",
    [
        {"language": "not a tag"},
        {"title": "x" * 1_001},
        {"title": "a\nb"},
        {"section": "x" * 501},
        {"section": "\x00"},
        {"updated": MAX_INSTANT + 1},
    ],
)
def test_what_no_reader_accepts_is_not_listed(changed: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"line|title|language"):
        pages.write_listed(Writer(), [replace(story(1), **changed)])  # type: ignore[arg-type]


def test_a_page_has_a_largest_number_of_sections() -> None:
    many_sections = [story(1, section=str(number)) for number in range(4_097)]
    with pytest.raises(ValueError, match="sections"):
        pages.write_listed(Writer(), many_sections)
    pages.write_listed(Writer(), many_sections[1:])


@given(titles)
def test_the_longest_titles_and_sections_are_carried(title: str) -> None:
    longest = (title * 1_000)[:1_000]
    if longest.strip():
        article = listed_only(story(1, title=longest, section="я" * 500))
        assert pages.parse(pages.encode(one_cluster([article])), CHANNEL, 0).listed == (article,)


def test_an_empty_front_page_is_one() -> None:
    writer = Writer()
    pages.write_listed(writer, [])
    assert writer.bytes() == b"\0\0\0"
    assert pages.parse_listed(Cursor(b"\0\0\0"), CHANNEL, 10) == ()
