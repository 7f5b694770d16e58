"""Which article goes into which page and cluster: a pure function of the articles.

Rules (FORMAT.md section 8):

1. Articles are ordered by language, instant, id. A cluster holds one language.
2. A page holds whole days until a cluster is full; a day that is longer has several clusters. Small
   pages of several languages are one, while their text together would fit one cluster.
3. Pages of earlier editions stay as they are, so that a reader who has them fetches only news.
4. Except the last ones, while they are small: once an edition ends in ``TAIL_PAGES`` pages with fewer
   than ``SEALED_PIECES`` pieces to a cluster, they are packed again with what is new. So a year of
   quiet days does not leave 365 nearly empty pages to newcomers, and a reader who returns fetches
   such a tail again once in ``TAIL_PAGES`` updates.
5. And except pages that hold an article removed for harm: they are packed again without it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from mirror.bundle import record
from mirror.bundle.manifest import DAY
from mirror.model import Article

# UTF-8 of the records of one cluster. It compresses to 90 to 130 kB, 9 to 13 pieces: below that the
# ratio suffers (half the size: 3 % more bytes), above it one article costs too many pieces.
CLUSTER_TEXT: Final = 520_000
# Clusters of one page: all are fetched together, so that a mirror does not learn which article.
PAGE_CLUSTERS: Final = 4
PAGE_LANGUAGES: Final = 32
SEALED_PIECES: Final = 4
TAIL_PAGES: Final = 7


@dataclass(frozen=True, slots=True)
class PagePlan:
    """A page to be packed: its clusters' articles, each cluster of one language; their weight."""

    clusters: tuple[tuple[Article, ...], ...]
    weight: int

    def articles(self) -> Iterator[Article]:
        """Its articles in order."""
        for cluster in self.clusters:
            yield from cluster


def day_of(article: Article) -> int:
    """The day an article was published, counted from 1970-01-01 UTC."""
    return article.published // DAY


def plan(articles: Iterable[Article]) -> list[PagePlan]:
    """The pages for ``articles``, by rules 1 and 2.

    Raises:
        ValueError: An article holds what no record can carry.
    """
    ordered = sorted(articles, key=lambda a: (a.language, a.published, a.id))
    weighed = [(article, _weight(article)) for article in ordered]
    pages: list[PagePlan] = []
    for _, group in groupby(weighed, key=lambda pair: pair[0].language):
        for page in _pages(list(group)):
            joined = _join(pages[-1], page) if pages else None
            if joined:
                pages[-1] = joined
            else:
                pages.append(page)
    return pages


def _join(one: PagePlan, other: PagePlan) -> PagePlan | None:
    """Both as one page, where rule 2 lets them."""
    weight = one.weight + other.weight
    clusters = (*one.clusters, *other.clusters)
    return PagePlan(clusters, weight) if weight <= CLUSTER_TEXT and len(clusters) <= PAGE_LANGUAGES else None


def _pages(ordered: list[tuple[Article, int]]) -> Iterator[PagePlan]:
    """The pages of one language."""
    held: list[tuple[Article, int]] = []
    size = 0
    for _, group in groupby(ordered, key=lambda pair: day_of(pair[0])):
        day = list(group)
        day_size = sum(weight for _, weight in day)
        if held and size + day_size > CLUSTER_TEXT:
            yield from _cut(held, size)
            held, size = [], 0
        held += day
        size += day_size
    if held:
        yield from _cut(held, size)


def _cut(articles: list[tuple[Article, int]], total: int) -> Iterator[PagePlan]:
    """Pages of clusters of about equal size, no more than ``PAGE_CLUSTERS`` to a page."""
    count = -(-total // CLUSTER_TEXT)
    clusters: list[tuple[tuple[Article, ...], int]] = []
    held: list[Article] = []
    size = done = 0
    for article, weight in articles:
        # Close where that brings the cluster nearer to its even share.
        share = (total - done) / max(1, count - len(clusters))
        if held and size + weight / 2 > share:
            clusters.append((tuple(held), size))
            done += size
            held, size = [], 0
        held.append(article)
        size += weight
    clusters.append((tuple(held), size))
    for start in range(0, len(clusters), PAGE_CLUSTERS):
        page = clusters[start : start + PAGE_CLUSTERS]
        yield PagePlan(tuple(cluster for cluster, _ in page), sum(weight for _, weight in page))


def _weight(article: Article) -> int:
    """How many bytes the article takes in a cluster and in its page, before compression."""
    return len(record.encode(article).encode()) + len((article.title + article.section + article.id).encode())
