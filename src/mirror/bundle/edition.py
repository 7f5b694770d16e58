"""An edition, opened from pieces that are at hand: for publishers, nodes and libraries.

``open_edition`` is pure: it is given a function that returns a piece by its name. Whoever fetches
over a network first fetches what the manifest, the table of contents and the pages name.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from mirror.bundle import dictionary as dictionaries
from mirror.bundle import manifest as manifests
from mirror.bundle import page as pages
from mirror.bundle import piece
from mirror.bundle.dictionary import Dictionary
from mirror.bundle.manifest import Contents, Manifest, PageRef
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
    """Everything an edition carries, except pictures.

    ``earlier`` holds the sealed parts of the table of contents, as the manifest names them.
    """

    head: str
    manifest: Manifest
    earlier: tuple[Contents, ...]
    dictionaries: tuple[Dictionary, ...]
    pages: tuple[OpenPage, ...]

    def contents(self) -> Contents:
        """The whole table of contents."""
        return manifests.join((*self.earlier, self.manifest.contents))

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


def contents(manifest: Manifest, get: Get) -> Contents:
    """The edition's whole table of contents, from the head and the sealed parts.

    Raises:
        FormatError: A part is damaged, or the whole names a page twice.
    """
    return manifests.join((*_earlier(manifest, get), manifest.contents))


def open_page(manifest: Manifest, table: Contents, ref: PageRef, get: Get) -> Page:
    """The page ``ref`` of the table of contents ``table``, as listed.

    Raises:
        FormatError: Damaged, or it lists other articles than the table of contents says.
    """
    page = pages.parse(unseal(ref.pieces, get), manifest.channel, len(table.dictionaries))
    days = [article.published // manifests.DAY for article in page.listed]
    if (min(days), max(days), len(days)) != (ref.first_day, ref.last_day, ref.articles):
        raise FormatError("A page lists other articles than its edition says.", code="page")
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
    earlier = _earlier(manifest, get)
    table = manifests.join((*earlier, manifest.contents))
    known = tuple(dictionaries.parse(unseal(pieces, get)) for pieces in table.dictionaries)
    opened = []
    for ref in table.pages:
        page = open_page(manifest, table, ref, get)
        articles = chain.from_iterable(
            open_cluster(cluster, listed, known, get) for cluster, listed in pages.by_cluster(page)
        )
        opened.append(OpenPage(ref, page, tuple(articles)))
    return Edition(head, manifest, earlier, known, tuple(opened))


def text_pieces(edition: Edition) -> Iterator[str]:
    """The names of all pieces of the edition's text, the head first, each once."""
    table = edition.contents()
    lists = chain(
        edition.manifest.earlier,
        (ref.pieces for ref in table.pages),
        table.dictionaries,
        (cluster.pieces for opened in edition.pages for cluster in opened.page.clusters),
    )
    return _once(chain((edition.head,), chain.from_iterable(pieces.digests for pieces in lists)))


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


def _earlier(manifest: Manifest, get: Get) -> tuple[Contents, ...]:
    return tuple(manifests.parse_contents(unseal(pieces, get)) for pieces in manifest.earlier)


def _once(names: Iterable[str]) -> Iterator[str]:
    yield from dict.fromkeys(names)
