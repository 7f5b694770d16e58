"""Articles, editions and stores of pieces for the bundle's tests: small, made in memory, made to vary."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from unittest import mock

from hypothesis import strategies as st

from mirror.bundle import dictionary, layout, pack, piece
from mirror.bundle.edition import Edition, open_edition
from mirror.model import Article, Correction, Image, PieceList, State

CHANNEL = "news"
NOW = 1_800_000_000
DAY = 86_400

# Whatever the articles layer lets through: no control characters, no surrogates, no noncharacters.
characters = st.characters(exclude_categories=("Cc", "Cs", "Cn"), include_characters="\n\t")
texts = st.text(characters, max_size=300)
lines = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn", "Zl", "Zp")), max_size=40)
titles = lines.filter(lambda line: bool(line.strip()))
instants = st.integers(0, 253_402_300_799)
digests = st.binary(min_size=32, max_size=32).map(bytes.hex)
ids = st.from_regex(r"[a-z0-9]([a-z0-9._-]{0,20}[a-z0-9])?", fullmatch=True)
languages = st.sampled_from(["en", "ru", "fa", "zh-Hans", "sr-Latn-ME"])


def piece_lists(most_raw: int) -> st.SearchStrategy[PieceList]:
    return st.builds(
        PieceList,
        raw_length=st.integers(1, most_raw),
        digests=st.lists(digests, min_size=1, max_size=4).map(tuple),
        last_size=st.sampled_from([2_560, 5_120, 7_680, 10_240]),
    )


images = st.builds(
    Image,
    thumbnail=piece_lists(1 << 20),
    full=st.none() | piece_lists(1 << 20),
    media_type=st.sampled_from(["image/avif", "image/webp"]),
    width=st.integers(0, 65_535),
    height=st.integers(0, 65_535),
    alt=lines,
    credit=lines,
)
corrections = st.builds(Correction, at=instants, text=texts.filter(bool))


@st.composite
def any_article(draw: st.DrawFn, channel: str = CHANNEL) -> Article:
    """Any article that the model allows, every field at its edges."""
    state = draw(st.sampled_from(State))
    gone = state in (State.WITHDRAWN, State.REMOVED)
    published, updated = sorted((draw(instants), draw(instants)))
    return Article(
        id=draw(ids),
        channel=channel,
        language=draw(languages),
        title=draw(titles),
        body="" if gone else draw(texts),
        published=published,
        updated=updated,
        summary=draw(texts),
        byline=draw(lines),
        section=draw(lines),
        source=draw(lines),
        credits=tuple(draw(st.lists(lines.filter(bool), max_size=3))),
        images=() if gone else tuple(draw(st.lists(images, max_size=2))),
        corrections=tuple(draw(st.lists(corrections, max_size=2))),
        state=state,
    )


def many(minimum: int = 0, maximum: int = 6) -> st.SearchStrategy[list[Article]]:
    return st.lists(any_article(), min_size=minimum, max_size=maximum, unique_by=lambda a: a.id)


_WORDS = {
    "en": "the bridge over river was closed at night while bakers walked to other bank for flour".split(),
    "ru": "мост через реку закрыли ночью пока пекари шли пешком на другой берег за мукой утром".split(),
    "fa": "پل روی رودخانه شب بسته شد و نانواها پیاده به سوی دیگر رفتند می‌خواهند آرد".split(),
    "zh": list("夜里河上的桥关闭了面包师们步行到对岸去买面粉"),
}


def story(number: int, language: str = "en", *, words: int = 80, day: int = 0, **changed: object) -> Article:
    """An article with a text of its own. ``day`` is counted from 100 days before ``NOW``."""
    stock = _WORDS[language]
    said = [stock[(i * (number % 7 + 1) + i * i // 5 + number) % len(stock)] for i in range(words)]
    at = NOW - 100 * DAY + day * DAY + number % 60
    made = Article(
        id=f"{language}-{number}",
        channel=CHANNEL,
        language=language,
        title=f"{stock[number % len(stock)]} {number}",
        body=f"<p>{' '.join(said)} {number}</p>",
        published=at,
        updated=at,
        summary=" ".join(said[:5]),
    )
    return replace(made, **changed)  # type: ignore[arg-type]


@contextmanager
def small_layout() -> Iterator[None]:
    """Bounds of layout and training in miniature, so that a few kilobytes meet all of them."""
    with (
        mock.patch.multiple(layout, CLUSTER_TEXT=6_000, TAIL_PAGES=3, SEALED_PIECES=2),
        mock.patch.multiple(
            dictionary, LEAST_TEXT_FOR_CODEBOOK=3_000, LEAST_TEXT_FOR_CONTENT=9_000, CONTENT_SIZE=4_096
        ),
        mock.patch.multiple(pack, _INLINE_CONTENTS=400, _MOST_PARTS=3),
    ):
        yield


def facts(number: int = 1, **changed: object) -> pack.Facts:
    return replace(pack.Facts(CHANNEL, "Example News", number, NOW), **changed)  # type: ignore[arg-type]


@dataclass
class Shelf:
    """A mirror that obeys: holds what each edition brings, drops what it says. Opens what it holds."""

    pieces: dict[str, bytes] = field(default_factory=dict)
    edition: Edition | None = None
    packed: pack.Packed | None = None

    def release(self, articles: Sequence[Article], **changed: object) -> Edition:
        number = self.edition.manifest.number + 1 if self.edition else 1
        self.packed = pack.pack(articles, facts(number, **changed), self.edition)
        self.pieces.update(self.packed.pieces)
        for name in self.packed.dropped:
            self.pieces.pop(name, None)
        self.edition = open_edition(self.packed.head, self.pieces.__getitem__)
        return self.edition


def opened(packed: pack.Packed) -> Edition:
    return open_edition(packed.head, packed.pieces.__getitem__)


def sealed_picture(raw: bytes) -> tuple[Image, dict[str, bytes]]:
    """A picture and its pieces."""
    sealed = piece.seal(raw)
    image = Image(sealed.pieces, None, "image/avif", 640, 360, "a bridge", "A. Photographer")
    return image, dict(zip(sealed.pieces.digests, sealed.data, strict=True))
