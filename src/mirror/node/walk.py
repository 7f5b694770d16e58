"""Everything of one edition, piece by piece: fetched, verified, opened and let go again.

A mirror opens what it carries for three reasons: only an opened page names its clusters, and only an
opened article its pictures; what nobody can open should not replace what everybody could; and an
article removed for harm has to be noticed. One page is in memory at a time.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain

from mirror.bundle import dictionary as dictionaries
from mirror.bundle import edition as editions
from mirror.bundle import page as pages
from mirror.bundle.dictionary import Dictionary
from mirror.bundle.page import Page
from mirror.client.edition import RemoteEdition
from mirror.client.fetch import Pieces
from mirror.client.report import Part
from mirror.model import Article, PieceList, State

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Walked:
    """An edition's number, and the articles it says were removed for harm."""

    number: int
    removed: frozenset[str]


async def walk(remote: RemoteEdition, fetcher: Pieces, *, with_images: bool, progress: Progress) -> Walked:
    """Have every piece of the edition held; ``progress`` is told (done, total) of its pages.

    Raises:
        UnreachableError: ``piece-unreachable``: those that came are held.
        FormatError: The publisher signed what cannot be opened.
    """
    table = await remote.contents()
    known: list[Dictionary] = []
    for pieces in table.dictionaries:
        found = await fetcher.get(pieces.digests, Part.DICTIONARIES)
        known.append(dictionaries.parse(editions.unseal(pieces, found.__getitem__)))
    listed: list[Page] = []
    for ref in table.pages:
        found = await fetcher.get(ref.pieces.digests, Part.PAGES)
        listed.append(editions.open_page(remote.manifest, table, ref, found.__getitem__))
    last = {article.id: page for page in listed for article in page.listed}
    for done, page in enumerate(listed, 1):
        articles = await _open(page, tuple(known), fetcher)
        if with_images:
            # An older word on an article may show what the newer one does not.
            shown = [article for article in articles if last[article.id] is page]
            await fetcher.get(editions.image_pieces(shown), Part.IMAGES)
        progress(done, len(listed))
    removed = (a.id for page in listed for a in page.listed if a.state is State.REMOVED)
    return Walked(remote.manifest.number, frozenset(removed))


async def _open(page: Page, known: tuple[Dictionary, ...], fetcher: Pieces) -> list[Article]:
    found = await fetcher.get(_digests(cluster.pieces for cluster in page.clusters), Part.CLUSTERS)
    return [
        article
        for cluster, listed in pages.by_cluster(page)
        for article in editions.open_cluster(cluster, listed, known, found.__getitem__)
    ]


def _digests(lists: Iterable[PieceList]) -> Iterable[str]:
    return chain.from_iterable(pieces.digests for pieces in lists)
