"""Head pieces and tables of contents: exact, bounded, and readable from the first piece."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.editions import CHANNEL, NOW, digests, instants, lines, many, piece_lists, story
from mirror.bundle import edition as editions
from mirror.bundle import front as fronts
from mirror.bundle import manifest as manifests
from mirror.bundle import page as pages
from mirror.bundle import piece, record
from mirror.bundle.manifest import Contents, Front, Manifest, PageRef
from mirror.bundle.wire import Writer
from mirror.errors import FormatError, LimitError
from mirror.limits import MAX_PIECE
from mirror.model import Article, PieceList

days = st.integers(0, 2_932_896)


@st.composite
def page_refs(draw: st.DrawFn) -> PageRef:
    first, last = sorted((draw(days), draw(days)))
    return PageRef(draw(piece_lists(4 << 20)), first, last, draw(st.integers(1, 100_000)))


tables = st.builds(
    Contents,
    dictionaries=st.lists(piece_lists(1 << 20), max_size=3).map(tuple),
    pages=st.lists(page_refs(), max_size=4).map(tuple),
)


@st.composite
def fronts_of(draw: st.DrawFn) -> Front:
    articles = draw(many(0, 4))
    stories = draw(st.permutations(articles))[: draw(st.integers(0, len(articles)))] if articles else []
    summaries = tuple(draw(lines) for _ in articles)
    return Front(tuple(map(bare, articles)), summaries, tuple(stories))


def bare(article: Article) -> Article:
    return replace(article, body="", summary="", byline="", source="", credits=(), images=(), corrections=())


any_manifest = st.builds(
    Manifest,
    channel=st.just(CHANNEL),
    name=lines,
    number=st.integers(0, 2**53 - 1),
    created=instants,
    previous=st.just("") | digests,
    notices=st.just("") | digests,
    earlier=st.lists(piece_lists(4 << 20), max_size=3).map(tuple),
    contents=tables,
    front=fronts_of(),
)
SMALL = Manifest(CHANNEL, "Example", 7, NOW, "", "", (), Contents(), Front())


@given(any_manifest)
def test_manifests_come_back(manifest: Manifest) -> None:
    assert manifests.parse(manifests.encode(manifest)) == manifest


@given(any_manifest, st.data())
def test_an_accepted_manifest_is_encoded_the_same(manifest: Manifest, data: st.DataObject) -> None:
    raw = manifests.encode(manifest)
    at = data.draw(st.integers(0, len(raw) - 1))
    raw = raw[:at] + bytes([data.draw(st.integers(0, 255))]) + raw[at + 1 :]
    try:
        parsed = manifests.parse(raw)
    except FormatError:
        return
    assert manifests.encode(parsed) == raw


@given(st.binary(max_size=60))
def test_garbage_raises_only_our_errors(data: bytes) -> None:
    for attempt in (
        lambda: manifests.parse(data),
        lambda: manifests.parse(manifests.MAGIC + data),
        lambda: manifests.parse_contents(data),
    ):
        with suppress(FormatError):
            attempt()


@given(tables)
def test_parts_of_contents_come_back(contents: Contents) -> None:
    assert manifests.parse_contents(manifests.encode_contents(contents)) == contents


def replaced_once(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(raw: bytes) -> bytes:
        assert raw.count(old) == 1
        return raw.replace(old, new)

    return change


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param(replaced_once(b"mirror-edition", b"mirror-edizion"), "not-an-edition", id="magic"),
        pytest.param(replaced_once(b"edition\x01", b"edition\x02"), "version", id="version"),
        pytest.param(replaced_once(b"\x04news", b"\x04News"), "manifest", id="channel"),
        pytest.param(replaced_once(b"\x04news", b"\x04../x"), "manifest", id="channel-path"),
        pytest.param(replaced_once(b"\x07Example", b"\x07Ex\x1bmple"), "control-character", id="name"),
        pytest.param(lambda raw: raw + b"\0", "trailing", id="a-byte-more"),
        pytest.param(lambda raw: raw[:-1], "truncated", id="a-byte-fewer"),
    ],
)
def test_a_head_that_is_not_ours_is_refused(change: Callable[[bytes], bytes], code: str) -> None:
    with pytest.raises(FormatError) as caught:
        manifests.parse(change(manifests.encode(SMALL)))
    assert caught.value.code == code


def test_a_digest_has_32_bytes_or_none() -> None:
    raw = manifests.encode(SMALL)
    at = raw.index(b"Example") + len(b"Example") + 6  # the number and the instant
    assert raw[at] == 0
    with pytest.raises(FormatError) as caught:
        manifests.parse(raw[:at] + b"\x05hello" + raw[at + 1 :])
    assert caught.value.code == "manifest"


def reference(number: int = 1, *, articles: int = 1) -> PageRef:
    return PageRef(PieceList(9, (f"{number:064x}",), 2_560), 5, 9, articles)


def test_a_table_names_no_page_twice_and_no_empty_page() -> None:
    with pytest.raises(FormatError) as twice:
        manifests.join([Contents((), (reference(1),)), Contents((), (reference(2), reference(1)))])
    assert twice.value.code == "contents"
    with pytest.raises(FormatError) as empty:
        manifests.parse_contents(manifests.encode_contents(Contents((), (reference(articles=0),))))
    assert empty.value.code == "contents"
    late = replace(reference(), last_day=3_000_000)
    with pytest.raises(FormatError):
        manifests.parse_contents(manifests.encode_contents(Contents((), (late,))))


def test_a_table_is_bounded_as_a_whole() -> None:
    part = Contents(tuple(PieceList(9, (f"{number:064x}",), 2_560) for number in range(1_024)))
    assert len(manifests.join([part]).dictionaries) == 1_024
    with pytest.raises(FormatError) as caught:
        manifests.join([part, Contents((PieceList(9, ("ff" * 32,), 2_560),))])
    assert caught.value.code == "contents"


def front_fields(listed: list[Article], stories: list[tuple[int, str]]) -> bytes:
    """A manifest whose front page is written field by field."""
    writer = Writer()
    pages.write_listed(writer, listed)
    for _ in listed:
        writer.line("")
    writer.number(len(stories))
    for place, text in stories:
        writer.number(place)
        writer.text(text)
    raw = manifests.encode(SMALL)
    assert raw.endswith(b"\0\0\0\0")
    return raw[:-4] + writer.bytes()


ONE, TWO = story(1), story(2)
TOLD = record.encode(ONE)


def test_a_front_page_written_field_by_field_is_accepted() -> None:
    front = manifests.parse(front_fields([ONE, TWO], [(0, TOLD)])).front
    assert front.stories == (ONE,)
    assert [article.id for article in front.listed] == [ONE.id, TWO.id]


@pytest.mark.parametrize(
    ("listed", "stories"),
    [
        pytest.param([ONE, ONE], [], id="a-headline-twice"),
        pytest.param([ONE, TWO], [(0, TOLD), (0, TOLD)], id="a-story-twice"),
        pytest.param([ONE], [(1, TOLD)], id="a-story-without-headline"),
        pytest.param([], [(0, TOLD)], id="a-story-and-no-headlines"),
        pytest.param([ONE], [(0, TOLD + TOLD)], id="two-records-in-one"),
        pytest.param([ONE], [(0, TOLD[:-1])], id="half-a-record"),
        pytest.param([story(number) for number in range(257)], [], id="too-many-headlines"),
    ],
)
def test_a_front_page_that_cannot_be_is_refused(
    listed: list[Article], stories: list[tuple[int, str]]
) -> None:
    with pytest.raises(FormatError):
        manifests.parse(front_fields(listed, stories))


def test_what_no_reader_accepts_is_not_written() -> None:
    for changed in ({"name": "a\nb"}, {"name": "x" * 501}, {"created": 1 << 60}):
        with pytest.raises(ValueError, match=r"line|name"):
            manifests.encode(replace(SMALL, **changed))


# --- the front page -------------------------------------------------------------------------------


def fitted(articles: list[Article], *top: str) -> Front:
    newest_first = editions.current(articles)
    front = fronts.fit_front(SMALL, newest_first, top)
    raw = manifests.encode(replace(SMALL, front=front))
    assert len(piece.pad(piece.compress(raw))) <= MAX_PIECE
    return front


def test_the_front_page_tells_the_newest_first() -> None:
    articles = [story(number, day=number) for number in range(40)]
    front = fitted(articles)
    assert [article.id for article in front.listed] == [f"en-{39 - number}" for number in range(24)]
    assert front.stories[0].id == "en-39"
    assert front.summaries[0] == articles[39].summary


def test_the_front_page_tells_what_the_publisher_wants_first() -> None:
    articles = [story(number, day=number) for number in range(40)]
    front = fitted(articles, "en-3", "en-nothing", "en-20", "en-3")
    assert [article.id for article in front.listed[:4]] == ["en-3", "en-20", "en-39", "en-38"]
    assert [article.id for article in front.stories[:2]] == ["en-3", "en-20"]
    assert len({article.id for article in front.listed}) == 24


def long_story(number: int, size: int) -> Article:
    """A story that compresses badly: every word is another."""
    words = " ".join(f"{number * 7_919 + i * 104_729:x}" for i in range(size // 7))
    return story(number, day=number, body=f"<p>{words}</p>", title=f"{number * 99_991:x} " * 30)


def test_headlines_give_way_until_one_story_fits() -> None:
    front = fitted([long_story(number, 12_000) for number in range(24)])
    assert front.stories
    assert len(front.listed) >= 1


def test_where_no_story_fits_there_are_headlines() -> None:
    front = fitted([long_story(number, 31_000) for number in range(24)])
    assert front.stories == ()
    assert front.listed


@pytest.mark.parametrize(
    ("summary", "shown"),
    [
        ("One\n two ", "One two"),
        ("word " * 60, "word " * 38 + "word…"),
        ("字" * 300, "字" * 199 + "…"),
        ("", ""),
    ],
)
def test_summaries_are_one_short_line(summary: str, shown: str) -> None:
    found = fronts.summary_of(story(1, summary=summary))
    assert found == shown
    assert len(found) <= 200


def test_a_head_is_opened_by_its_name_and_within_its_bound() -> None:
    raw = manifests.encode(SMALL)
    sealed = piece.seal(raw)
    assert editions.parse_head(sealed.pieces.digests[0], sealed.data[0]) == SMALL
    with pytest.raises(FormatError) as other:
        editions.parse_head("0" * 64, sealed.data[0])
    assert other.value.code == "piece-digest"
    huge = piece.seal(bytes((1 << 20) + 1))
    with pytest.raises(LimitError):
        editions.parse_head(huge.pieces.digests[0], huge.data[0])
