"""What of the previous edition stays, and what is packed: the rules that make updates small.

Rules (FORMAT.md section 8, layout rules 3 to 7):

1. A page stays while it is within the publisher's time and tells nothing that was removed for harm.
2. The last pages are packed again once they are many and small.
3. Whatever page stays, the edition's last word on each of its articles stays with it: no page that
   leaves makes an older text valid again.
4. When something is removed for harm, a dictionary that holds what none of the remaining texts says
   is replaced: strings of its codebook are retired in place; where its content tells, it is trained
   anew and its pages are packed again. It does not matter which text it was: an earlier word on what
   is removed may have left the edition long ago, and still be remembered there.
5. A dictionary that no page uses is emptied.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from mirror.bundle import dictionary as dictionaries
from mirror.bundle import layout, manifest, record
from mirror.bundle.dictionary import NO_DICTIONARY, Dictionary
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
    before = previous.articles()
    last = {**before, **wanted}
    said = [article for article in wanted.values() if before.get(article.id) != article]
    removed = {article.id for article in last.values() if article.state is State.REMOVED}
    telling = [page for page in previous.pages if any(_is_harmful(a, removed, last) for a in page.articles)]
    in_time = [page for page in previous.pages if stays(page, drop_before)]
    replaced = _unused_dictionaries(previous, in_time)
    if telling or any(article.state is State.REMOVED for article in said):
        staying = [a for page in in_time for a in page.articles if not _is_harmful(a, removed, last)]
        replaced |= _telling_dictionaries(previous, in_time, staying)
    untrained = {place for place, dictionary in replaced.items() if dictionary is None}

    again = {page.ref for page in telling}
    again |= {page.ref for page in in_time if untrained.intersection(_places(page))}
    if again or said:
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


def _is_harmful(article: Article, removed: set[str], last: Mapping[str, Article]) -> bool:
    """Whether this is an earlier word on what is now removed for harm."""
    return article.id in removed and article != last[article.id]


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


def _unused_dictionaries(previous: Edition, in_time: Sequence[OpenPage]) -> dict[int, Dictionary | None]:
    """The dictionaries that no page uses any more: nobody shall fetch them."""
    used = set().union(*map(_places, in_time))
    return {
        place: NO_DICTIONARY
        for place, dictionary in enumerate(previous.dictionaries)
        if place not in used and dictionary != NO_DICTIONARY
    }


def _telling_dictionaries(
    previous: Edition, in_time: Sequence[OpenPage], staying: Sequence[Article]
) -> dict[int, Dictionary | None]:
    """The dictionaries that hold what none of the articles ``staying`` says, by rule 4."""
    languages: defaultdict[int, set[str]] = defaultdict(set)
    for opened in in_time:
        for cluster, listed in by_cluster(opened.page):
            if cluster.dictionary:
                languages[cluster.dictionary - 1].update(article.language for article in listed)
    replaced: dict[int, Dictionary | None] = {}
    for place, spoken in languages.items():
        texts = [record.encode(article) for article in staying if article.language in spoken]
        dictionary = previous.dictionaries[place]
        less = dictionaries.without_unused(dictionary, texts)
        if dictionaries.tells_more(dictionary, texts):
            replaced[place] = None
        elif less != dictionary:
            replaced[place] = less
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
