"""The bundle's vectors for pages, clusters and heads; ``tests/vectors/make_vectors.py`` writes them."""

from collections.abc import Iterator
from dataclasses import replace

from helpers.bundle_vectors import Case, packed
from helpers.editions import CHANNEL, NOW, sealed_picture, story
from helpers.vectors_low import case, fields
from mirror.bundle import manifest as manifests
from mirror.bundle import page as pages
from mirror.bundle.codebook import Codebook
from mirror.bundle.manifest import Contents, Front, Manifest, PageRef
from mirror.bundle.page import Cluster, Page
from mirror.bundle.wire import Writer
from mirror.model import Article, Correction, PieceList, State

LIST = PieceList(100, ("ab" * 32,), 2_560)
PICTURE, _ = sealed_picture(b"AVIF")


def sample() -> list[Article]:
    return [
        story(
            1,
            "en",
            byline="A. Reporter",
            section="City",
            credits=("Agency", "Stringer"),
            source="https://x.example/1",
        ),
        story(2, "fa", images=(PICTURE, replace(PICTURE, full=PICTURE.thumbnail, alt="«پل»"))),
        story(3, "ru", state=State.CORRECTED, corrections=(Correction(NOW, "Было шесть.\nСтало семь."),)),
        story(4, "zh", body="", summary="", state=State.WITHDRAWN, section="城市"),
        story(5, "ru", body="", summary="", state=State.REMOVED),
    ]


def one_page(
    *,
    clusters: bytes = b"",
    languages: tuple[str, ...] = ("en",),
    sections: tuple[str, ...] = ("",),
    ident: str = "a",
    title: str = "T",
    instants: tuple[int, int] = (0, 0),
    of: tuple[int, int, int] = (0, 0, 0),
) -> bytes:
    """A page of one article, field by field; instants and places as the wire has them."""
    named: list[str | int] = []
    for names in (languages, sections):
        named += [len(names), *names]
    head = clusters or fields(1, 100, 1, 0, b"\xab" * 32, 0, 1)
    return head + fields(1, *named, ident, title, *instants, *of)


def page() -> Iterator[Case]:
    def one(name: str, why: str, expect: str, raw: bytes) -> Case:
        return case("page", name, why, expect, bytes=packed(raw), channel=CHANNEL, dictionaries=1)

    listed = tuple(sample())
    whole = pages.encode(Page(listed, (Cluster(LIST, 1, 2), Cluster(LIST, 0, 3))))
    yield one("whole", "five articles in four languages and two clusters", "ok", whole)
    yield one("smallest", "one article", "ok", one_page())
    yield one("last-instant", "the year 9999", "ok", one_page(instants=(2 * 253_402_300_799, 0)))
    yield one("no-cluster", "articles, and no cluster", "page", b"\0" + one_page()[38:])
    yield one("empty", "neither", "page", fields(0, 0, 0, 0))
    yield one(
        "fewer-articles",
        "the cluster holds two, one is listed",
        "page",
        one_page(clusters=fields(1, 100, 1, 0, b"\xab" * 32, 0, 2)),
    )
    empty = fields(2, 100, 1, 0, b"\xab" * 32, 0, 1, 100, 1, 0, b"\xcd" * 32, 0, 0)
    yield one("empty-cluster", "a cluster without articles", "page", one_page(clusters=empty))
    yield one(
        "unknown-dictionary",
        "dictionary 2 of 1",
        "limit",
        one_page(clusters=fields(1, 100, 1, 0, b"\xab" * 32, 2, 1)),
    )
    yield one("too-many-clusters", "33 announced", "limit", fields(33))
    yield one(
        "cluster-too-large",
        "2 MiB and a byte",
        "limit",
        one_page(clusters=fields(1, (2 << 20) + 1, 1, 0, b"\xab" * 32, 0, 1)),
    )
    yield one("unsorted-names", "sections out of order", "page", one_page(sections=("b", "a")))
    yield one("repeated-name", "a language twice", "page", one_page(languages=("en", "en")))
    yield one("unused-name", "a section that no article has", "page", one_page(sections=("", "a")))
    yield one("no-language-tag", "a path for a language", "page", one_page(languages=("../en",)))
    yield one("id-is-a-path", "../x", "page", one_page(ident="../x"))
    yield one("id-in-capitals", "A", "page", one_page(ident="A"))
    yield one("blank-title", "only a space", "page", one_page(title=" "))
    yield one("title-with-escape", "a terminal escape", "control-character", one_page(title="a\x1b[2J"))
    yield one("title-too-long", "1,001 characters", "limit", one_page(title="x" * 1_001))
    yield one("before-1970", "an instant of -1", "page", one_page(instants=(1, 0)))
    yield one("after-9999", "updated a second too late", "page", one_page(instants=(2 * 253_402_300_799, 1)))
    yield one("unknown-state", "state 4", "limit", one_page(of=(0, 0, 4)))
    yield one("trailing-byte", "a byte after the last column", "trailing", one_page() + b"\0")
    yield one("cut-off", "a byte fewer", "truncated", one_page()[:-1])


def cluster() -> Iterator[Case]:
    def one(
        name: str,
        why: str,
        expect: str,
        raw: bytes,
        articles: list[Article],
        *,
        strings: tuple[str, ...] | None = None,
    ) -> Case:
        listed = pages.encode(Page(tuple(articles), (Cluster(LIST, 0, len(articles)),)))
        return case(
            "cluster",
            name,
            why,
            expect,
            page=packed(listed),
            bytes=packed(raw),
            channel=CHANNEL,
            strings=strings and list(strings),
        )

    def changed(old: str, new: str) -> bytes:
        assert text.count(old) == 1, old
        return text.replace(old, new).encode()

    articles = sample()
    text = pages.cluster_text(articles)
    book = Codebook((" bridge", "<p>", "а", " мост"))
    yield one("plain", "five records in UTF-8", "ok", text.encode(), articles)
    yield one("coded", "the same in codes", "ok", book.encode(text), articles, strings=book.strings)
    yield one("without-its-codebook", "codes read as UTF-8", "utf-8", book.encode(text), articles)
    yield one("one-record-fewer", "the last separator is missing", "record", text.encode()[:-1], articles)
    yield one("one-record-more", "an empty record at the end", "record", text.encode() + b"\x1d", articles)
    yield one("one-article-fewer", "the page lists four of five", "record", text.encode(), articles[:4])
    yield one(
        "body-of-a-withdrawn-article",
        "its page says that it has none",
        "record",
        pages.cluster_text([story(6)]).encode(),
        [replace(story(6), body="", state=State.WITHDRAWN)],
    )
    yield one(
        "field-fewer",
        "a separator of fields is missing",
        "record",
        changed("A. Reporter\x1f", "A. Reporter"),
        articles,
    )
    yield one(
        "empty-credit", "two separators in a row", "record", changed("Agency\x1e", "Agency\x1e\x1e"), articles
    )
    yield one("escape-sequence", "ESC in a byline", "record", changed("A. Reporter", "A.\x1b[2J"), articles)
    yield one("c1-control", "U+009B in a byline", "record", changed("A. Reporter", "A.\x9b2J"), articles)
    yield one(
        "number-with-zero",
        "an instant with a zero before it",
        "record",
        changed(f"{NOW} Было", f"0{NOW} Было"),
        articles,
    )
    yield one(
        "digits-of-another-script",
        "Arabic-Indic digits",
        "record",
        changed(f"{NOW} Было", "\u0661\u0662 Было"),
        articles,
    )
    yield one(
        "empty-correction",
        "an instant and no text",
        "record",
        changed("Было шесть.\nСтало семь.", ""),
        articles,
    )
    yield one(
        "correction-of-nothing-but-an-instant",
        "no space and no text",
        "record",
        changed(f"{NOW} Было шесть.\nСтало семь.", f"{NOW}"),
        articles,
    )
    yield one("image-without-field", "ten fields for eleven", "record", changed("«پل»\x0b", "«پل»"), articles)
    digest = PICTURE.thumbnail.digests[0]
    once = pages.cluster_text([replace(articles[1], images=(PICTURE,))])
    shouted = once.replace(digest, digest.upper()).encode()
    yield one("digest-in-capitals", "hex in capitals", "record", shouted, [articles[1]])
    yield one(
        "image-too-large",
        "1 MiB and a byte",
        "record",
        once.replace("4\x0b0", "1048577\x0b0").encode(),
        [articles[1]],
    )
    yield one(
        "image-of-nothing", "no bytes", "record", once.replace("4\x0b0", "0\x0b0").encode(), [articles[1]]
    )
    yield one(
        "image-of-too-many-pieces",
        "257 digests",
        "record",
        once.replace(digest, digest * 257).encode(),
        [articles[1]],
    )
    yield one(
        "picture-of-a-withdrawn-article",
        "its page says that it has none",
        "record",
        once.replace(articles[1].body, "").encode(),
        [replace(articles[1], body="", images=(), state=State.WITHDRAWN)],
    )


MANIFEST = Manifest(
    CHANNEL,
    "Новости Example",
    7,
    NOW,
    "ab" * 32,
    "cd" * 32,
    (PieceList(500, ("01" * 32,), 2_560),),
    Contents(
        (PieceList(90_000, ("02" * 32, "03" * 32), 5_120),),
        (PageRef(PieceList(900, ("04" * 32,), 2_560), 20_000, 20_003, 5),),
    ),
    Front(
        tuple(
            replace(a, body="", summary="", byline="", source="", credits=(), images=(), corrections=())
            for a in sample()[:3]
        ),
        ("One.", "", "Три…"),
        (sample()[2], sample()[0]),
    ),
)


def manifest() -> Iterator[Case]:
    def one(name: str, why: str, expect: str, raw: bytes) -> Case:
        return case("manifest", name, why, expect, bytes=packed(raw))

    def changed(old: bytes, new: bytes) -> bytes:
        assert whole.count(old) == 1, old
        return whole.replace(old, new)

    whole = manifests.encode(MANIFEST)
    bare = manifests.encode(
        replace(MANIFEST, previous="", notices="", earlier=(), contents=Contents(), front=Front())
    )
    yield one("whole", "every field used", "ok", whole)
    yield one("bare", "a first edition without articles", "ok", bare)
    yield one("another-magic", "not an edition", "not-an-edition", b"mirror-editiom" + whole[14:])
    yield one("newer-version", "version 2", "version", changed(b"edition\1", b"edition\2"))
    yield one("channel-in-capitals", "News", "manifest", changed(b"\4news", b"\4News"))
    yield one("channel-is-a-path", "../x", "manifest", changed(b"\4news", b"\4../x"))
    yield one(
        "name-with-escape", "a terminal escape", "control-character", changed(b"Example", b"Exampl\x1b")
    )
    yield one(
        "digest-of-31-bytes",
        "the previous edition's name",
        "manifest",
        changed(b"\x20" + b"\xab" * 32, b"\x1f" + b"\xab" * 31),
    )
    yield one(
        "digest-of-33-bytes",
        "more than a digest has",
        "limit",
        changed(b"\x20" + b"\xab" * 32, b"\x21" + b"\xab" * 33),
    )
    yield one(
        "too-many-parts",
        "65 earlier parts announced",
        "limit",
        bare[: bare.index(b"\0\0\0\0")] + b"\0\0" + fields(65),
    )
    yield one(
        "page-without-articles",
        "an empty page",
        "contents",
        changed(b"\x04" * 32 + fields(20_000, 3, 5), b"\x04" * 32 + fields(20_000, 3, 0)),
    )
    yield one(
        "page-after-9999",
        "a last day too late",
        "contents",
        changed(b"\x04" * 32 + fields(20_000, 3, 5), b"\x04" * 32 + fields(20_000, 2_932_896, 5)),
    )
    yield one(
        "too-many-dictionaries",
        "1,025 announced",
        "limit",
        bare[: bare.index(b"\0\0\0\0")] + b"\0\0\0" + fields(1_025),
    )
    yield one("story-twice", "two stories of one headline", "front", front([story(1), story(2)], [0, 0]))
    yield one("headline-twice", "one id twice", "front", front([story(1), story(1)], []))
    yield one("story-without-headline", "place 1 of 1", "limit", front([story(1)], [1]))
    yield one("story-without-headlines", "no headline at all", "limit", front([], [0]))
    yield one("too-many-headlines", "257", "limit", front([story(number) for number in range(257)], []))
    yield one("trailing-byte", "a byte after the last story", "trailing", whole + b"\0")
    yield one("cut-off", "a byte fewer", "truncated", whole[:-1])


def front(listed: list[Article], stories: list[int]) -> bytes:
    """A manifest with this front page; each story is that of ``story(1)``."""
    bare = manifests.encode(
        replace(MANIFEST, previous="", notices="", earlier=(), contents=Contents(), front=Front())
    )
    writer = Writer()
    pages.write_listed(writer, listed)
    told = pages.cluster_text([story(1)])
    rest = [part for place in stories for part in (place, told)]
    return bare[:-4] + writer.bytes() + fields(*[""] * len(listed), len(stories), *rest)


def contents() -> Iterator[Case]:
    def one(name: str, why: str, expect: str, *parts: Contents) -> Case:
        raw = [packed(manifests.encode_contents(part)) for part in parts]
        return case("contents", name, why, expect, parts=raw)

    def ref(number: int) -> PageRef:
        return PageRef(PieceList(9, (f"{number:064x}",), 2_560), 5, 9, 1)

    yield one(
        "two-parts",
        "dictionaries and pages in order",
        "ok",
        Contents((LIST,), (ref(1),)),
        Contents((), (ref(2), ref(3))),
    )
    yield one("no-parts", "nothing at all", "ok")
    yield one(
        "page-twice",
        "one page in two parts",
        "contents",
        Contents((), (ref(1),)),
        Contents((), (ref(2), ref(1))),
    )
    yield one("page-twice-in-one", "one page twice in a part", "contents", Contents((), (ref(1), ref(1))))
