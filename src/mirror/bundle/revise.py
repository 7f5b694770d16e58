"""What of the previous edition stays, and what is packed: the rules that make updates small.

Rules (FORMAT.md section 8, layout rules 3 to 7):

1. A page stays while it is within the publisher's time and tells nothing that was removed for harm.
2. The last pages are packed again once they are many and small.
3. Whatever page stays, the edition's last word on each of its articles stays with it: no page that
   leaves makes an older text valid again.
4. A dictionary that holds what only a removed text said is replaced: strings of its codebook are
   retired in place; where its content tells, it is trained anew and its pages are packed again.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from mirror.bundle import dictionary as dictionaries
from mirror.bundle import layout, manifest, record
from mirror.bundle.dictionary import Dictionary
from mirror.bundle.edition import Edition, OpenPage, image_pieces
from mirror.bundle.page import by_cluster
from mirror.model import Article, PieceList, State


@dataclass(frozen=True, slots=True)
class Revision:
    """``kept`` pages, the articles to be packed, and the dictionaries that change, by place.

    ``None`` stands for a dictionary that shall be trained anew. ``harmful`` names the pieces that
    told what is now removed for harm; some may still be needed by others.
    """

    kept: tuple[OpenPage, ...]
    fresh: dict[str, Article]
    replaced: dict[int, Dictionary | None]
    harmful: frozenset[str]

    def articles(self) -> dict[str, Article]:
        """The next edition's last word on each article."""
        return {**_last_words(self.kept), **self.fresh}


def revise(previous: Edition, wanted: Mapping[str, Article], drop_before: int) -> Revision:
    """How the next edition follows from ``previous`` and what the publisher now says."""
    last = {**previous.articles(), **wanted}
    removed = {article.id for article in last.values() if article.state is State.REMOVED}
    harmful_words = {
        id(article)
        for opened in previous.pages
        for article in opened.articles
        if article.id in removed and article != last[article.id]
    }
    telling = [page for page in previous.pages if any(id(a) in harmful_words for a in page.articles)]
    replaced = _replace_dictionaries(previous, harmful_words) if telling else {}
    untrained = {place for place, dictionary in replaced.items() if dictionary is None}

    again = {page.ref for page in telling}
    again |= {page.ref for page in previous.pages if untrained.intersection(_places(page))}
    in_time = [page for page in previous.pages if stays(page, drop_before)]
    if again or _says_more(previous, wanted):
        again |= _small_tail([page for page in in_time if page.ref not in again])
    kept = tuple(page for page in in_time if page.ref not in again)

    told = _last_words(kept)
    fresh = {
        article.id: article
        for article in wanted.values()
        if told.get(article.id) != article and (article.id in told or is_in_time(article, drop_before))
    }
    moved = chain.from_iterable(page.articles for page in in_time if page.ref in again)
    for article in chain(moved, (last[name] for name, word in told.items() if word != last[name])):
        if last[article.id] == article and told.get(article.id) != article:
            fresh.setdefault(article.id, article)
    harmful = _harmful_pieces(previous, telling, removed, replaced)
    return Revision(kept, fresh, replaced, harmful)


def is_in_time(article: Article, drop_before: int) -> bool:
    """Whether an edition that starts at the day ``drop_before`` carries the article.

    What was withdrawn or removed counts from then on: whoever kept a copy must learn of it.
    """
    gone = article.state in (State.WITHDRAWN, State.REMOVED)
    return (article.updated if gone else article.published) // manifest.DAY >= drop_before


def stays(opened: OpenPage, drop_before: int) -> bool:
    """Whether the page stays in such an edition: one of its articles does."""
    return any(is_in_time(article, drop_before) for article in opened.articles)


def _last_words(kept: Iterable[OpenPage]) -> dict[str, Article]:
    return {article.id: article for page in kept for article in page.articles}


def _says_more(previous: Edition, wanted: Mapping[str, Article]) -> bool:
    before = previous.articles()
    return any(before.get(article.id) != article for article in wanted.values())


def _small_tail(pages: Sequence[OpenPage]) -> set[manifest.PageRef]:
    """The pages to be packed again by rule 2."""
    tail = set()
    for opened in reversed(pages):
        clusters = opened.page.clusters
        pieces = sum(len(cluster.pieces.digests) for cluster in clusters)
        if pieces >= layout.SEALED_PIECES * len(clusters):
            break
        tail.add(opened.ref)
    return tail if len(tail) >= layout.TAIL_PAGES else set()


def _places(opened: OpenPage) -> set[int]:
    """The dictionaries that the page uses, counted from 0."""
    return {cluster.dictionary - 1 for cluster in opened.page.clusters if cluster.dictionary}


def _replace_dictionaries(previous: Edition, harmful_words: set[int]) -> dict[int, Dictionary | None]:
    """The dictionaries that change by rule 4."""
    languages: defaultdict[int, set[str]] = defaultdict(set)
    for opened in previous.pages:
        for cluster, listed in by_cluster(opened.page):
            if cluster.dictionary:
                languages[cluster.dictionary - 1].update(article.language for article in listed)
    replaced: dict[int, Dictionary | None] = {}
    for place, spoken in languages.items():
        gone: list[str] = []
        staying: list[str] = []
        for article in (article for page in previous.pages for article in page.articles):
            if article.language in spoken:
                (gone if id(article) in harmful_words else staying).append(record.encode(article))
        dictionary = previous.dictionaries[place]
        if gone and dictionaries.tells(dictionary, gone, staying):
            replaced[place] = None
        elif gone:
            without = dictionaries.without(dictionary, gone, staying)
            if without != dictionary:
                replaced[place] = without
    return replaced


def _harmful_pieces(
    previous: Edition,
    telling: Sequence[OpenPage],
    removed: set[str],
    replaced: Mapping[int, Dictionary | None],
) -> frozenset[str]:
    """The pieces of all that told a removed text: pages, pictures, dictionaries, the head."""
    if not telling:
        return frozenset()
    table = previous.contents()
    lists: Iterator[PieceList] = chain(
        (pieces for page in telling for pieces in (page.ref.pieces, *(c.pieces for c in page.page.clusters))),
        (table.dictionaries[place] for place in replaced),
    )
    texts = {digest for pieces in lists for digest in pieces.digests}
    images = image_pieces(a for page in telling for a in page.articles if a.id in removed)
    return frozenset(texts | set(images) | {previous.head})
