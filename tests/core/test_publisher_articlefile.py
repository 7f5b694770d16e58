"""One article as a file: exact, and one spelling only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.errors import SourceError
from mirror.limits import MAX_ARTICLE_FILE, PIECE_SIZES
from mirror.model import Article, Correction, Image, PieceList, State
from mirror.publisher.articlefile import decode, encode, iso

texts = st.text(max_size=40).filter(lambda text: text.ljust(1)[0] < "\ud800" or text.isprintable())
digests = st.binary(min_size=32, max_size=32).map(bytes.hex)
tiers = st.builds(
    PieceList,
    raw_length=st.integers(0, 10**6),
    digests=st.lists(digests, min_size=1, max_size=3).map(tuple),
    last_size=st.sampled_from(PIECE_SIZES),
)
images = st.builds(
    Image,
    thumbnail=tiers,
    full=st.none() | tiers,
    media_type=st.just("image/avif"),
    width=st.integers(1, 5_000),
    height=st.integers(1, 5_000),
    alt=texts,
    credit=texts,
)
instants = st.integers(0, 253_402_300_799)


@st.composite
def articles(draw: st.DrawFn) -> Article:
    published = draw(instants)
    state = draw(st.sampled_from(State))
    gone = state in (State.WITHDRAWN, State.REMOVED)
    return Article(
        id=draw(st.from_regex(r"[a-z0-9]([a-z0-9._-]{0,20}[a-z0-9])?", fullmatch=True)),
        channel=draw(st.sampled_from(["en", "ru"])),
        language=draw(st.sampled_from(["en", "ru", "fa"])),
        title=draw(texts.filter(str.strip)),
        body="" if gone else draw(texts),
        published=published,
        updated=draw(st.integers(published, 253_402_300_799)),
        summary=draw(texts),
        byline=draw(texts),
        section=draw(texts),
        source=draw(texts),
        credits=tuple(draw(st.lists(texts, max_size=2))),
        images=() if gone else tuple(draw(st.lists(images, max_size=2))),
        corrections=tuple(draw(st.lists(st.builds(Correction, instants, texts), max_size=2))),
        state=state,
    )


SAMPLE = Article(
    id="one",
    channel="en",
    language="en",
    title="One — один",
    body="<p>Text.</p>",
    published=0,
    updated=60,
    credits=("Agency",),
    corrections=(Correction(60, "It was two."),),
    state=State.CORRECTED,
)


@given(articles())
def test_what_is_written_is_read_as_it_was(article: Article) -> None:
    assert decode(encode(article)) == article


@given(articles(), st.integers(0, 10**6), st.binary(max_size=3))
def test_what_is_accepted_encodes_to_the_same_bytes(article: Article, at: int, change: bytes) -> None:
    data = encode(article)
    at %= len(data)
    changed = data[:at] + change + data[at + 1 :]
    try:
        read = decode(changed)
    except SourceError:
        return
    assert encode(read) == changed


@given(
    st.binary(max_size=60)
    | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(repr).map(str.encode)
)
def test_garbage_raises_only_our_error(data: bytes) -> None:
    with pytest.raises(SourceError) as caught:
        decode(data)
    assert caught.value.code == "article-file"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"state": "corrected"', '"state": "live "'),
        ('"id": "one"', '"id": "../one"'),
        ('"channel": "en"', '"channel": "En"'),
        ('"title": "One', '"title" : "One'),
        ('  "id"', '  "colour": "red",\n  "id"'),
        ('"updated": "1970-01-01T00:01:00Z"', '"updated": "1969-01-01T00:01:00Z"'),
        ('"updated": "1970-01-01T00:01:00Z"', '"updated": "1970-01-01T00:01:00+00:00"'),
        ('"published": "1970-01-01T00:00:00Z"', '"published": "1970-01-01T00:00:00z"'),
        ("<p>Text.</p>", "\\ud800"),
        ("один", "\\u043e\\u0434\\u0438\\u043d"),
    ],
)
def test_another_spelling_is_refused(old: str, new: str) -> None:
    text = encode(SAMPLE).decode()
    assert text.count(old) == 1
    with pytest.raises(SourceError):
        decode(text.replace(old, new).encode())


def test_what_is_too_large_is_not_parsed() -> None:
    with pytest.raises(SourceError):
        decode(b" " * (MAX_ARTICLE_FILE + 1))


def test_it_reads_well_in_a_version_history() -> None:
    assert encode(SAMPLE).decode().splitlines() == [
        "{",
        '  "body": "<p>Text.</p>",',
        '  "channel": "en",',
        '  "corrections": [',
        "    {",
        '      "at": "1970-01-01T00:01:00Z",',
        '      "text": "It was two."',
        "    }",
        "  ],",
        '  "credits": [',
        '    "Agency"',
        "  ],",
        '  "id": "one",',
        '  "language": "en",',
        '  "published": "1970-01-01T00:00:00Z",',
        '  "state": "corrected",',
        '  "title": "One — один",',
        '  "updated": "1970-01-01T00:01:00Z"',
        "}",
    ]
    assert iso(1_800_000_000) == "2027-01-15T08:00:00Z"
