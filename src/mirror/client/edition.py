"""An edition over a network: from a verified target to headlines, articles, pictures and notices.

Only what is asked for is fetched, with one exception that is on purpose: for one article, all
clusters of its page are, so that a mirror learns the page and not the article.

What is fetched is what was signed; when it cannot be decoded all the same, the publisher made it
so, and no other mirror can help: those errors pass through.
"""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

from mirror.bundle import dictionary as dictionaries
from mirror.bundle import edition as editions
from mirror.bundle import page as pages
from mirror.bundle import parcel, program
from mirror.bundle.codebook import Codebook
from mirror.bundle.dictionary import Dictionary
from mirror.bundle.edition import Edition
from mirror.bundle.manifest import Contents, Manifest, PageRef
from mirror.bundle.page import Page
from mirror.client.fetch import Pieces, Progress
from mirror.client.race import ungrouped
from mirror.client.report import Part
from mirror.errors import FormatError, TrustError
from mirror.limits import MAX_NOTICE_SET, MAX_PROGRAM
from mirror.model import Article, PieceList
from mirror.trust.state import TargetInfo
from mirror.trust.verified import Verified

NOTICES_TARGET: Final = "notices/set"
PROGRAM_TARGET: Final = "reader/page"  # the program of the browser's reader
_DAY: Final = 86_400
_NOT_OPENED: Final = Dictionary(Codebook(()), b"")  # in the place of one that nothing needs yet


def head_target(channel: str) -> str:
    """The target path that names the head piece of ``channel``."""
    return f"{channel}/head"


def wanted(channel: str) -> tuple[str, str]:
    """The target paths that a reader of ``channel`` needs."""
    return head_target(channel), NOTICES_TARGET


@dataclass(frozen=True, slots=True)
class FetchedNotices:
    """The notices in force, authentic and not yet decoded, and the names of their pieces."""

    raw: bytes
    pieces: tuple[str, ...]


async def fetch_notices(verified: Verified, fetcher: Pieces) -> FetchedNotices:
    """The notices in force.

    Raises:
        TrustError: ``notices-missing``: the publisher signed none.
        UnreachableError, FormatError: They were signed, and are not to be had or not whole.
    """
    target = verified.target(NOTICES_TARGET)
    if target is None:
        raise TrustError("No notices are signed for this publication.", code="notices-missing")
    raw, listed = await _parcel(target, fetcher, Part.NOTICES, MAX_NOTICE_SET)
    return FetchedNotices(raw, (target.sha256, *listed.digests))


async def fetch_program(verified: Verified, fetcher: Pieces) -> tuple[dict[str, bytes], PieceList] | None:
    """The browser's reader, as ``program.with_page``, and its list of pieces; None where none is signed.

    Its parts are fetched too, so that all of it is held.

    Raises:
        UnreachableError, FormatError: It was signed, and is not to be had or not whole.
    """
    target = verified.target(PROGRAM_TARGET)
    if target is None:
        return None
    raw, listed = await _parcel(target, fetcher, Part.PROGRAM, MAX_PROGRAM)
    files = program.decode(raw)
    parts = {
        part: await _unsealed(fetcher, part, Part.PROGRAM) for part in program.read_parts(files).values()
    }
    return program.with_page(files, parts.__getitem__), listed


async def _parcel(target: TargetInfo, fetcher: Pieces, part: Part, most: int) -> tuple[bytes, PieceList]:
    found = await fetcher.get([target.sha256], part)
    target.verify(found[target.sha256])
    listed = parcel.parse_list(target.sha256, found[target.sha256], most)
    return await _unsealed(fetcher, listed, part), listed


class RemoteEdition:
    """One edition of one channel, opened as far as somebody asked."""

    def __init__(self, head: str, manifest: Manifest, fetcher: Pieces) -> None:
        self.head = head
        self.manifest = manifest
        self._fetcher = fetcher
        self._contents: Contents | None = None
        self._dictionaries: dict[int, Dictionary] = {}
        self._pages: dict[PageRef, Page] = {}

    @classmethod
    async def open(cls, verified: Verified, channel: str, fetcher: Pieces) -> "RemoteEdition":
        """The edition of ``channel`` that ``verified`` names.

        Raises:
            TrustError: ``no-edition``: the publisher has signed none.
            UnreachableError: No mirror gave its head.
            FormatError: The publisher signed what is no edition of this channel.
        """
        target = verified.target(head_target(channel))
        if target is None:
            raise TrustError("The publisher has released nothing in this channel.", code="no-edition")
        data = (await fetcher.get([target.sha256], Part.HEAD))[target.sha256]
        target.verify(data)
        manifest = editions.parse_head(target.sha256, data)
        if manifest.channel != channel:
            raise FormatError("The signed edition belongs to another channel.", code="other-channel")
        return cls(target.sha256, manifest, fetcher)

    async def contents(self) -> Contents:
        """The whole table of contents."""
        if self._contents is None:
            names = _digests(self.manifest.earlier)
            found = await self._fetcher.get(names, Part.CONTENTS)
            self._contents = editions.contents(self.manifest, found.__getitem__)
        return self._contents

    async def listed(self, progress: Progress | None = None) -> tuple[Article, ...]:
        """Every article as its last word lists it, without body; withdrawn ones included."""
        table = await self.contents()
        found = await self._fetcher.get(_digests(ref.pieces for ref in table.pages), Part.PAGES, progress)
        last: dict[str, Article] = {}
        for ref in table.pages:
            self._pages[ref] = editions.open_page(self.manifest, table, ref, found.__getitem__)
            last |= {article.id: article for article in self._pages[ref].listed}
        return tuple(last.values())

    async def article(self, article_id: str, progress: Progress | None = None) -> Article | None:
        """The last word on one article, complete; None when the edition has no such article.

        A story of the front page is here already. For any other, all of its page is fetched.
        """
        for story in self.manifest.front.stories:
            if story.id == article_id:
                return story
        table = await self.contents()
        for ref in self._candidates(table, article_id):
            page = await self._page(table, ref)
            if any(article.id == article_id for article in page.listed):
                articles = await self._complete(table, page, progress)
                return next(article for article in articles if article.id == article_id)
        return None

    async def image(self, tier: PieceList) -> bytes:
        """The picture (a tier of ``model.Image``) as its bytes."""
        return await _unsealed(self._fetcher, tier, Part.IMAGES)

    async def images(self, articles: Iterable[Article], progress: Progress | None = None) -> None:
        """Fetch all pictures of ``articles``, so that they are held."""
        await self._fetcher.get(editions.image_pieces(articles), Part.IMAGES, progress)

    async def everything(self, progress: Progress | None = None) -> Edition:
        """The whole text edition, fetched and opened."""
        await self.listed()
        early = [self.head, *_digests(self.manifest.earlier)]
        early += _digests(ref.pieces for ref in (await self.contents()).pages)
        opening = editions.Opening(
            self.head, self.manifest, (await self._fetcher.get(early, Part.PAGES)).__getitem__
        )
        wanted = dict.fromkeys(opening.dictionaries, Part.DICTIONARIES)
        wanted |= dict.fromkeys(opening.clusters, Part.CLUSTERS)
        # Opening takes as long as fetching on a quick link: beside it, not after it.
        arrived = asyncio.Queue[tuple[str, bytes] | None]()

        async def open_all() -> None:
            while (given := await arrived.get()) is not None:
                await asyncio.to_thread(opening.take, *given)

        with ungrouped():
            async with asyncio.TaskGroup() as group:
                group.create_task(open_all())
                await self._fetcher.get_all(wanted, progress, lambda *given: arrived.put_nowait(given))
                arrived.put_nowait(None)
        return opening.edition()

    def _candidates(self, table: Contents, article_id: str) -> Iterator[PageRef]:
        """The pages that may hold the last word on an article, the last word first."""
        front = {article.id: article.published // _DAY for article in self.manifest.front.listed}
        day = front.get(article_id)
        return (ref for ref in reversed(table.pages) if day is None or ref.first_day <= day <= ref.last_day)

    async def _page(self, table: Contents, ref: PageRef) -> Page:
        if ref not in self._pages:
            found = await self._fetcher.get(ref.pieces.digests, Part.PAGES)
            self._pages[ref] = editions.open_page(self.manifest, table, ref, found.__getitem__)
        return self._pages[ref]

    async def _complete(self, table: Contents, page: Page, progress: Progress | None) -> tuple[Article, ...]:
        """The articles of ``page``, from all of its clusters."""
        lists = {place: table.dictionaries[place - 1] for place in self._places(page)}
        wanted = dict.fromkeys(_digests(lists.values()), Part.DICTIONARIES)
        wanted |= dict.fromkeys(_digests(cluster.pieces for cluster in page.clusters), Part.CLUSTERS)
        found = await self._fetcher.get_all(wanted, progress)
        for place, pieces in lists.items():
            self._dictionaries[place] = dictionaries.parse(editions.unseal(pieces, found.__getitem__))
        # In their places; those that this page does not use are empty.
        places = range(1, len(table.dictionaries) + 1)
        known = tuple(self._dictionaries.get(place, _NOT_OPENED) for place in places)
        return tuple(
            chain.from_iterable(
                editions.open_cluster(cluster, listed, known, found.__getitem__)
                for cluster, listed in pages.by_cluster(page)
            )
        )

    def _places(self, page: Page) -> list[int]:
        """Which dictionaries ``page`` uses that are not opened yet."""
        used = {cluster.dictionary for cluster in page.clusters} - {0}
        return sorted(used - self._dictionaries.keys())


async def _unsealed(fetcher: Pieces, pieces: PieceList, part: Part) -> bytes:
    found = await fetcher.get(pieces.digests, part)
    return editions.unseal(pieces, found.__getitem__)


def _digests(lists: Iterable[PieceList]) -> Iterator[str]:
    return chain.from_iterable(pieces.digests for pieces in lists)
