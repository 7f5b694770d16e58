"""An edition, opened from pieces that are at hand: for publishers, nodes and libraries.

``open_edition`` is pure: it is given a function that returns a piece by its name. Whoever fetches
over a network first asks ``missing`` what to fetch.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from mirror.bundle import dictionary as dictionaries
from mirror.bundle import manifest as manifests
from mirror.bundle import page as pages
from mirror.bundle import piece
from mirror.bundle.dictionary import Dictionary
from mirror.bundle.manifest import Manifest, PageRef
from mirror.bundle.page import Cluster, Page
from mirror.errors import FormatError
from mirror.limits import MAX_HEAD_RAW
from mirror.model import Article, PieceList, State

Get = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class OpenPage:
    """A page with its clusters opened: ``articles`` in the order of the page."""

    ref: PageRef
    page: Page
    articles: tuple[Article, ...]


@dataclass(frozen=True, slots=True)
class Edition:
    """Everything an edition carries, except pictures."""

    head: str
    manifest: Manifest
    dictionaries: tuple[Dictionary, ...]
    pages: tuple[OpenPage, ...]

    def articles(self) -> dict[str, Article]:
        """The article of each id as the edition's last word has it, withdrawn ones included."""
        return {article.id: article for page in self.pages for article in page.articles}


def parse_head(digest: str, data: bytes) -> Manifest:
    """The manifest in the head piece ``data``, whose name ``digest`` was signed.

    Raises:
        FormatError: Another piece, or damaged.
    """
    piece.check(digest, data)
    # The head is signed by its digest alone: its frame declares the length, within the bound.
    return manifests.parse(piece.open_single(data, MAX_HEAD_RAW))


def unseal(pieces: PieceList, get: Get, content: bytes = b"") -> bytes:
    """What ``pieces`` carries, each piece asked of ``get``."""
    return piece.unseal(pieces, [get(digest) for digest in pieces.digests], content)


def page_table(manifest: Manifest, get: Get) -> tuple[PageRef, ...]:
    """The edition's pages, oldest first, wherever the table lies."""
    if manifest.pages is not None:
        return manifest.pages
    if manifest.page_table is None:
        raise FormatError("A manifest names no pages.", code="manifest")
    return manifests.parse_page_table(unseal(manifest.page_table, get))


def open_page(manifest: Manifest, ref: PageRef, get: Get) -> Page:
    """The page ``ref``, as listed.

    Raises:
        FormatError: Damaged, or it lists another number of articles than the manifest says.
    """
    page = pages.parse(unseal(ref.pieces, get), manifest.channel, len(manifest.dictionaries))
    if len(page.listed) != ref.articles:
        raise FormatError("A page lists another number of articles than its manifest says.", code="page")
    return page


def open_cluster(
    cluster: Cluster, listed: tuple[Article, ...], known: tuple[Dictionary, ...], get: Get
) -> tuple[Article, ...]:
    """The articles of ``cluster``, complete; ``known`` are the edition's dictionaries, opened."""
    dictionary = known[cluster.dictionary - 1] if cluster.dictionary else None
    raw = unseal(cluster.pieces, get, dictionary.content if dictionary else b"")
    return pages.decode_cluster(raw, listed, dictionary)


def open_edition(head: str, get: Get) -> Edition:
    """The whole edition whose head piece is named ``head``.

    Raises:
        FormatError: Any part is damaged. Errors of ``get`` pass through.
    """
    manifest = parse_head(head, get(head))
    known = tuple(dictionaries.parse(unseal(pieces, get)) for pieces in manifest.dictionaries)
    opened = []
    for ref in page_table(manifest, get):
        page = open_page(manifest, ref, get)
        articles = [
            article
            for cluster, listed in pages.by_cluster(page)
            for article in open_cluster(cluster, listed, known, get)
        ]
        opened.append(OpenPage(ref, page, tuple(articles)))
    return Edition(head, manifest, known, tuple(opened))


def text_pieces(edition: Edition) -> Iterator[str]:
    """The names of all pieces of the edition's text, the head first, each once."""
    return _once(_text_names(edition))


def image_pieces(articles: Iterable[Article]) -> Iterator[str]:
    """The names of all pieces of the articles' pictures, each once."""
    return _once(
        digest
        for article in articles
        for image in article.images
        for tier in (image.thumbnail, image.full)
        if tier
        for digest in tier.digests
    )


def current(articles: Iterable[Article]) -> list[Article]:
    """The articles that are to be read, newest first: neither withdrawn nor removed."""
    live = (a for a in articles if a.state in (State.LIVE, State.CORRECTED))
    return sorted(live, key=lambda a: (-a.published, a.id))


def _text_names(edition: Edition) -> Iterator[str]:
    yield edition.head
    manifest = edition.manifest
    lists = [manifest.page_table] if manifest.page_table else []
    lists += [page.ref.pieces for page in edition.pages]
    lists += manifest.dictionaries
    lists += [cluster.pieces for page in edition.pages for cluster in page.page.clusters]
    for pieces in lists:
        yield from pieces.digests


def _once(names: Iterable[str]) -> Iterator[str]:
    yield from dict.fromkeys(names)
