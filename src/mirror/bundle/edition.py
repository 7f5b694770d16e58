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
    opening = Opening(head, manifest, get)
    for name in opening.wanted:
        opening.take(name, get(name))
    return opening.edition()


class Opening:
    """An edition opened while its last pieces come, in any order: dictionaries and clusters.

    ``get`` gives the pieces before those: head, contents and pages. Each cluster is opened as soon
    as it and its dictionary are whole.

    Raises:
        FormatError: Any part is damaged. Errors of ``get`` pass through.
    """

    def __init__(self, head: str, manifest: Manifest, get: Get) -> None:
        self._head = head
        self._manifest = manifest
        self._earlier = _earlier(manifest, get)
        self._table = manifests.join((*self._earlier, manifest.contents))
        self._pages = [(ref, open_page(manifest, self._table, ref, get)) for ref in self._table.pages]
        self._clusters = [
            (place, cluster, listed)
            for place, (_, page) in enumerate(self._pages)
            for cluster, listed in pages.by_cluster(page)
        ]
        self._given: dict[str, bytes] = {}
        self._known: dict[int, Dictionary] = {}
        self._opened: dict[int, tuple[Article, ...]] = {}  # by place in ``_clusters``
        self._missing = {
            place: set(cluster.pieces.digests) for place, (_, cluster, _) in enumerate(self._clusters)
        }
        self._in_clusters: dict[str, list[int]] = {}
        for place, names in self._missing.items():
            for name in names:
                self._in_clusters.setdefault(name, []).append(place)

    @property
    def dictionaries(self) -> tuple[str, ...]:
        """The names of the dictionaries' pieces, which everything else waits for."""
        return tuple(_once(chain.from_iterable(pieces.digests for pieces in self._table.dictionaries)))

    @property
    def clusters(self) -> tuple[str, ...]:
        """The names of the clusters' pieces."""
        return tuple(_once(chain.from_iterable(c.pieces.digests for _, c, _ in self._clusters)))

    @property
    def wanted(self) -> tuple[str, ...]:
        """The names of all pieces to be taken, dictionaries first."""
        return tuple(_once((*self.dictionaries, *self.clusters)))

    def take(self, name: str, data: bytes) -> None:
        """Take one piece of ``wanted``."""
        self._given[name] = data
        for number, pieces in enumerate(self._table.dictionaries, 1):
            if number not in self._known and all(each in self._given for each in pieces.digests):
                self._known[number] = dictionaries.parse(unseal(pieces, self._given.__getitem__))
                for place in tuple(self._missing):
                    self._open_if_whole(place)
        for place in self._in_clusters.get(name, ()):
            if place in self._missing:
                self._missing[place].discard(name)
                self._open_if_whole(place)

    def edition(self) -> Edition:
        """The whole edition, once all of ``wanted`` was taken."""
        if self._missing or len(self._known) < len(self._table.dictionaries):
            raise ValueError("not all pieces were taken")
        articles: list[list[Article]] = [[] for _ in self._pages]
        for place, (page, _, _) in enumerate(self._clusters):
            articles[page] += self._opened[place]
        opened = [
            OpenPage(ref, page, tuple(found))
            for (ref, page), found in zip(self._pages, articles, strict=True)
        ]
        known = tuple(self._known[number] for number in sorted(self._known))
        return Edition(self._head, self._manifest, self._earlier, known, tuple(opened))

    def _open_if_whole(self, place: int) -> None:
        _, cluster, listed = self._clusters[place]
        if self._missing[place] or (cluster.dictionary and cluster.dictionary not in self._known):
            return
        dictionary = self._known[cluster.dictionary] if cluster.dictionary else None
        raw = unseal(cluster.pieces, self._given.__getitem__, dictionary.content if dictionary else b"")
        self._opened[place] = pages.decode_cluster(raw, listed, dictionary)
        del self._missing[place]


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
