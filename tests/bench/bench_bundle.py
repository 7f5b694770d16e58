"""What an edition costs: bytes for a newcomer, for one story, for an update; time and memory to pack.

``python tests/bench/bench_bundle.py --corpus DIR [--json]``, where DIR holds ``NNNN.html`` files and an
``index.json`` (a list of objects with ``file`` and any of ``lang``, ``title``, ``date``).

The articles take the real way: the folder source, the sanitizer, ``pack``, and a publication signed by
2 of 3 holders of the root and of the targets, asked by a newcomer's metadata session. What comes out
of the pieces is compared with what went in; status 1 where it differs or a budget is broken.

References, over the source files of the same articles, in the order of the index: ``xz -9e`` of all of
them; a ZIM of them (libzim, default clusters, no full-text index); ``zstd -19 --patch-from`` from nine
tenths of them to all. The tenth that an update brings is the newest.
"""

import argparse
import gc
import importlib.util
import json
import lzma
import os
import pickle
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "src"))
sys.path.insert(0, str(Path(__file__).parents[1]))

import zstandard

from helpers import newsroom, publication
from mirror.articles import keep_images, read_folder, to_text
from mirror.articles.identity import article_id
from mirror.bundle import pack, parcel, piece
from mirror.bundle.edition import Edition, current, open_edition, text_pieces
from mirror.bundle.pack import Packed
from mirror.errors import SourceError
from mirror.limits import MAX_NOTICE_SET, MAX_PIECE
from mirror.model import Article
from mirror.trust.heads import unpack_head
from mirror.trust.session import MetadataSession
from mirror.trust.state import Stored

# One of the channels that the helpers' publication delegates. Its language plays no part here.
CHANNEL = "en"
# The instant of the release, and of articles without a date: fixed, so that every run packs the same.
NOW = 1_800_000_000
DAY = 86_400
PAIRS = 3
GROWTH = (1_000, 10_000)

BUDGETS = {
    "edition_ratio": 1.20,
    "zim_ratio": 0.95,
    "cold_article_bytes": 28 << 10,
    "cold_piece_requests": 2,
    "update_ratio": 1.35,
    "largest_piece": MAX_PIECE,
    "pack_cpu_ratio": 3.0,
}


@dataclass(frozen=True)
class Corpus:
    """Articles, and the source file of each, in the order of the index."""

    articles: tuple[Article, ...]
    sources: tuple[bytes, ...]

    def only(self, articles: Iterable[Article]) -> "Corpus":
        names = {article.id for article in articles}
        pairs = [pair for pair in zip(self.articles, self.sources, strict=True) if pair[0].id in names]
        return Corpus(tuple(article for article, _ in pairs), tuple(source for _, source in pairs))


def load(folder: Path) -> Corpus:
    """The corpus in ``folder``, through the folder source and the sanitizer."""
    index = (folder / "index.json").read_bytes()
    names = dict.fromkeys(str(entry["file"]) for entry in json.loads(index))
    files = {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}
    drafts = {draft.id: draft for draft in read_folder([("index.json", index), *files.items()]).drafts}
    pairs = []
    for name, source in files.items():
        draft = drafts.get(article_id("path", name))
        if draft is not None:
            body, _ = keep_images(draft.body, ())
            with suppress(SourceError):  # a page of nothing but a picture
                plain = replace(draft, body=body, images=())
                pairs.append((plain.to_article(CHANNEL, "en", NOW), source))
    if len(pairs) < len(names):
        print(f"{len(names) - len(pairs)} of {len(names)} articles could not be taken", file=sys.stderr)
    return Corpus(tuple(article for article, _ in pairs), tuple(source for _, source in pairs))


def text_kept(corpus: Corpus) -> float:
    """Of the letters that the sources show in their ``article``, the share that the editions show."""

    def letters(text: str) -> int:
        return sum(map(str.isalnum, text))

    shown = 0
    for source in corpus.sources:
        text = source.decode("utf-8", "replace")
        inside = re.search(r"<article[^>]*>(.*)</article>", text, re.DOTALL)
        shown += letters(unescape(re.sub(r"<[^>]*>", " ", inside.group(1) if inside else text)))
    kept = sum(letters(article.title) + letters(to_text(article.body)) for article in corpus.articles)
    return round(kept / max(1, shown), 4)


# --- bytes -----------------------------------------------------------------------------------------


class Library:
    """Pieces as a reader holds them, and a publication that signed the editions made of them."""

    def __init__(self) -> None:
        self.press = publication.Press(newsroom.Newsroom(now=NOW - DAY))
        self.press.release_notices(publication.notices(issued=NOW - DAY))
        self.pieces: dict[str, bytes] = {}

    def release(self, articles: Sequence[Article], previous: Edition | None = None) -> Packed:
        number = previous.manifest.number + 1 if previous else 1
        facts = pack.Facts(CHANNEL, publication.NAME, number, NOW, self.press.notices_head)
        packed = pack.pack(articles, facts, previous)
        self.pieces.update(packed.pieces)
        head = newsroom.target(packed.pieces[packed.head])
        self.press.later().sign({CHANNEL: {f"{CHANNEL}/head": head}})
        return packed

    def metadata(self, stored: Stored | None = None) -> tuple[int, Stored]:
        """What a session fetches to learn the newest head: bytes, and what it then stores.

        A newcomer has only the root's digest from an invitation: the root counts for him.
        """
        room = self.press.room
        mirror = newsroom.Mirror(room.files)
        wanted = (f"{CHANNEL}/head", "notices/set")
        session = MetadataSession(
            stored or room.newcomer(), ["mirror"], now=room.now, wanted=wanted, head=CHANNEL
        )
        verified = newsroom.drive(session, {"mirror": mirror})
        fetched = sum(len(answer) for path in mirror.asked if (answer := room.files.get(path)))
        head = room.files[f"heads/{CHANNEL}"]
        if stored is None and "1.root.json" not in unpack_head(head):
            fetched += len(room.publication.roots[0])
        return fetched, verified.stored

    def notices_bytes(self) -> int:
        """What the warnings weigh that a reader fetches once; no part of the edition's bytes."""
        head = self.press.notices_head
        listed = parcel.parse_list(head, self.press.get(head), MAX_NOTICE_SET)
        return sum(len(self.press.get(digest)) for digest in (head, *listed.digests))

    def open(self, packed: Packed) -> Edition:
        return open_edition(packed.head, self.pieces.__getitem__)

    def size(self, names: Iterable[str]) -> int:
        return sum(len(self.pieces[name]) for name in names)

    def padding(self, edition: Edition) -> int:
        """How many bytes of the edition's pieces are padding."""
        table = edition.contents()
        lists = [*edition.manifest.earlier, *table.dictionaries, *(ref.pieces for ref in table.pages)]
        lists += [cluster.pieces for opened in edition.pages for cluster in opened.page.clusters]
        sealed = [self.join(pieces.digests) for pieces in lists] + [self.pieces[edition.head]]
        return sum(len(padded) - piece.frame_end(padded) for padded in sealed)

    def join(self, names: Iterable[str]) -> bytes:
        return b"".join(self.pieces[name] for name in names)


def cold_story(library: Library, edition: Edition) -> tuple[int, int]:
    """Bytes and requests of pieces until the first top story can be read whole."""
    front = edition.manifest.front
    if front.stories:
        return len(library.pieces[edition.head]), 1
    needed = [edition.head, *(name for pieces in edition.manifest.earlier for name in pieces.digests)]
    first = front.listed[0].id if front.listed else current(edition.articles().values())[0].id
    opened = next(page for page in reversed(edition.pages) if any(a.id == first for a in page.articles))
    needed += opened.ref.pieces.digests
    table = edition.contents()
    for cluster in opened.page.clusters:
        needed += cluster.pieces.digests
        if cluster.dictionary:
            needed += table.dictionaries[cluster.dictionary - 1].digests
    return library.size(dict.fromkeys(needed)), len(dict.fromkeys(needed))


@contextmanager
def silent_stdout() -> Iterator[None]:
    """Let what a C++ library prints go to stderr: stdout is for the figures."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def zim_bytes(corpus: Corpus, *, has_titles: bool = True) -> int | None:
    """The size of a ZIM of the corpus; None without libzim.

    ``has_titles``: its articles can be looked up by title, as libzim's documentation has it.
    """
    if importlib.util.find_spec("libzim") is None:
        return None
    from libzim.writer import Creator, Hint, Item, StringProvider

    class Page(Item):  # type: ignore[misc, unused-ignore]
        def __init__(self, article: Article, source: bytes) -> None:
            super().__init__()
            self.article, self.source = article, source

        def get_path(self) -> str:
            return self.article.id

        def get_title(self) -> str:
            return self.article.title

        def get_mimetype(self) -> str:
            return "text/html"

        def get_contentprovider(self) -> StringProvider:
            return StringProvider(self.source)

        def get_hints(self) -> dict[Hint, bool]:
            return {Hint.FRONT_ARTICLE: has_titles}

    with tempfile.TemporaryDirectory() as folder, silent_stdout():
        path = Path(folder) / "corpus.zim"
        with Creator(path).config_indexing(False, "eng") as creator:
            creator.set_mainpath(corpus.articles[0].id)
            for article, source in zip(corpus.articles, corpus.sources, strict=True):
                creator.add_item(Page(article, source))
            for name in ("Title", "Creator", "Publisher", "Description", "Name"):
                creator.add_metadata(name, "corpus")
            creator.add_metadata("Language", "eng")
            creator.add_metadata("Date", "2026-01-01")
        return path.stat().st_size


def patch_bytes(old: bytes, new: bytes) -> int:
    """The size of ``zstd -19 --long=27 --patch-from``: the program's, or the library's equivalent."""
    if shutil.which("zstd"):
        with tempfile.TemporaryDirectory() as folder:
            before, after, patch = (Path(folder) / name for name in ("old", "new", "patch"))
            before.write_bytes(old)
            after.write_bytes(new)
            command = [
                "zstd",
                "-19",
                "--long=27",
                "-q",
                f"--patch-from={before}",
                str(after),
                "-o",
                str(patch),
            ]
            subprocess.run(command, check=True, capture_output=True)
            return patch.stat().st_size
    parameters = zstandard.ZstdCompressionParameters.from_level(
        19, window_log=27, enable_ldm=True, source_size=len(new), dict_size=len(old)
    )
    prefix = zstandard.ZstdCompressionDict(old, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    return len(zstandard.ZstdCompressor(compression_params=parameters, dict_data=prefix).compress(new))


def sizes(corpus: Corpus) -> dict[str, object]:
    """Everything that is counted in bytes; raises where what comes out is not what went in."""
    library = Library()
    packed = library.release(corpus.articles)
    edition = library.open(packed)
    insist(edition.articles() == {article.id: article for article in corpus.articles}, "the edition")
    metadata, _ = library.metadata()
    text = library.size(text_pieces(edition))
    insist(text == sum(map(len, packed.pieces.values())), "the pieces")
    cold, requests = cold_story(library, edition)
    padding = library.padding(edition)
    zim, bare_zim = zim_bytes(corpus), zim_bytes(corpus, has_titles=False)
    source = b"".join(corpus.sources)
    xz = len(lzma.compress(source, preset=9 | lzma.PRESET_EXTREME))
    held = sorted(corpus.articles, key=lambda a: (a.published, a.id))[: len(corpus.articles) * 9 // 10]
    update = update_sizes(corpus, corpus.only(held))
    largest = max(map(len, library.pieces.values()))
    return {
        "articles": len(corpus.articles),
        "languages": len({article.language for article in corpus.articles}),
        "source_bytes": len(source),
        "text_kept_ratio": text_kept(corpus),
        "edition_bytes": metadata + text,
        "metadata_bytes": metadata,
        "xz_bytes": xz,
        "edition_ratio": ratio(metadata + text, xz),
        "zim_bytes": zim,
        "zim_ratio": zim and ratio(metadata + text, zim),
        "zim_without_titles_ratio": bare_zim and ratio(metadata + text, bare_zim),
        "cold_article_bytes": metadata + cold,
        "cold_piece_requests": requests,
        "front_stories": len(edition.manifest.front.stories),
        "notices_bytes": library.notices_bytes(),
        "largest_piece": max(largest, update.pop("largest_piece")),
        "padding_ratio": ratio(padding, text),
        **update,
    }


def update_sizes(corpus: Corpus, held: Corpus) -> dict[str, int]:
    """The update from the articles ``held`` to all of ``corpus``: what a reader fetches, with metadata."""
    library = Library()
    first = library.open(library.release(held.articles))
    _, stored = library.metadata()
    has = set(text_pieces(first))
    second = library.open(library.release(corpus.articles, first))
    insist(second.articles() == {article.id: article for article in corpus.articles}, "the update")
    metadata, _ = library.metadata(stored)
    return {
        "update_bytes": metadata + library.size(name for name in text_pieces(second) if name not in has),
        "patch_bytes": patch_bytes(b"".join(held.sources), b"".join(corpus.sources)),
        "largest_piece": max(map(len, library.pieces.values())),
    }


# --- time and memory ---------------------------------------------------------------------------------


def facts_of_a_run() -> pack.Facts:
    return pack.Facts(CHANNEL, publication.NAME, 1, NOW)


def cpu_seconds(work: object, *arguments: object) -> float:
    assert callable(work)
    gc.collect()
    start = time.process_time()
    work(*arguments)
    return time.process_time() - start


def pack_cpu_ratio(corpus: Corpus) -> float:
    """CPU time of packing to that of ``zstd -19`` on one thread over the sources: median of pairs."""
    source = b"".join(corpus.sources)
    reference = zstandard.ZstdCompressor(level=19)
    pairs = []
    for _ in range(PAIRS):
        ours = cpu_seconds(pack.pack, corpus.articles, facts_of_a_run())
        pairs.append(ours / cpu_seconds(reference.compress, source))
    return round(statistics.median(pairs), 3)


def derived(articles: Sequence[Article], count: int) -> list[Article]:
    """``count`` articles: those given, then the same as if published in earlier years."""
    days = [article.published // DAY for article in articles]
    span = (max(days) - min(days) + 1) * DAY
    made = []
    for number in range(count):
        again, place = divmod(number, len(articles))
        article = articles[place]
        shift = min(again * span, article.published)
        made.append(
            replace(
                article,
                id=f"{again}-{article.id}"[:120].rstrip(".-_"),
                published=article.published - shift,
                updated=article.updated - shift,
            )
        )
    return made


def measured(articles: Sequence[Article]) -> tuple[float, int]:
    """CPU seconds and peak memory of packing ``articles``, in a process of its own."""
    with tempfile.NamedTemporaryFile(suffix=".pickle") as file:
        pickle.dump(list(articles), file)
        file.flush()
        run = subprocess.run(
            [sys.executable, __file__, "--pack", file.name], capture_output=True, text=True, check=True
        )
    seconds, peak = json.loads(run.stdout)
    return seconds, peak


def pack_once(path: Path) -> None:
    """What ``measured`` runs: prints CPU seconds and the peak of resident memory."""
    with path.open("rb") as file:
        articles = pickle.load(file)
    seconds = cpu_seconds(pack.pack, articles, facts_of_a_run())
    # Not ru_maxrss: that of a new process begins with its parent's.
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text("ascii"))
    assert peak is not None
    print(json.dumps([seconds, int(peak.group(1)) * 1024]))


def costs(corpus: Corpus) -> dict[str, object]:
    """Everything that is counted in seconds or in memory."""
    _, peak = measured(corpus.articles)
    base = corpus.articles[: GROWTH[0]]
    (small_time, small_peak), (large_time, large_peak) = (measured(derived(base, count)) for count in GROWTH)
    return {
        "pack_cpu_ratio": pack_cpu_ratio(corpus),
        "peak_rss_bytes": peak,
        "growth": f"{GROWTH[0]} to {GROWTH[1]} articles: {len(base)} of the corpus, then again as older ones",
        "growth_time_ratio": ratio(large_time, small_time),
        "growth_rss_ratio": ratio(large_peak, small_peak),
        "growth_rss_bytes": large_peak,
    }


# --- report ------------------------------------------------------------------------------------------


def ratio(one: float, other: float) -> float:
    return round(one / other, 4)


def insist(holds: bool, what: str) -> None:
    if not holds:
        sys.exit(f"{what} that was opened is not what was packed")


def over_budget(figures: dict[str, object]) -> list[str]:
    """The budgets that ``figures`` break, in words."""
    return [
        f"{name} is {value}, and its budget {most}"
        for name, most in BUDGETS.items()
        if isinstance(value := figures.get(name), int | float) and value > most
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--corpus", type=Path, help="a folder of NNNN.html files with an index.json")
    parser.add_argument("--json", action="store_true", help="print one JSON object on one line")
    parser.add_argument("--pack", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.pack:
        pack_once(chosen.pack)
        return 0
    if chosen.corpus is None:
        parser.error("--corpus is needed")
    corpus = load(chosen.corpus)
    figures: dict[str, object] = sizes(corpus)
    figures["update_ratio"] = ratio(float(str(figures["update_bytes"])), float(str(figures["patch_bytes"])))
    figures |= costs(corpus)
    figures["machine"] = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    figures["runs"] = PAIRS
    if figures["zim_bytes"] is None:
        print("libzim is not installed: no ZIM to compare with", file=sys.stderr)
    print(json.dumps(figures, indent=None if chosen.json else 2))
    broken = over_budget(figures)
    print("\n".join(broken), file=sys.stderr, end="\n" if broken else "")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
