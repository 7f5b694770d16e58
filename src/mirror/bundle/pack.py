"""Packing: articles and the previous edition in, the pieces of the next edition out.

Deterministic: the same articles, previous edition and facts give the same bytes on any machine and
locale (with the pinned zstd). The layout's rules are in ``layout``.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from mirror.bundle import dictionary as dictionaries
from mirror.bundle import layout, piece
from mirror.bundle import manifest as manifests
from mirror.bundle import page as pages
from mirror.bundle.dictionary import Dictionary
from mirror.bundle.edition import Edition, OpenPage, current, text_pieces
from mirror.bundle.front import fit_front
from mirror.bundle.manifest import Manifest, PageRef
from mirror.bundle.page import Cluster, Page
from mirror.errors import LimitError
from mirror.limits import MAX_ARTICLES, MAX_CLUSTER_RAW, MAX_PIECE
from mirror.model import Article, PieceList, State

# A head whose table of pages is longer gives its place to the front page.
_INLINE_PAGES = 2_048

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the publisher says about an edition beside its articles.

    ``name`` is the publication's name as readers see it; ``created`` an instant; ``notices`` the
    digest of the notices in force (hex, or empty); ``drop_before`` a day: pages whose articles are
    all older leave the edition (0 keeps everything); ``top`` the ids of the stories that the front
    page shall tell first.
    """

    channel: str
    name: str
    number: int
    created: int
    notices: str = ""
    drop_before: int = 0
    top: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Packed:
    """An edition ready to be signed: its manifest, the name of its head piece, its new pieces.

    ``pieces`` holds what the previous edition did not have; ``dropped`` names what this one no
    longer needs; ``purged`` names those of them that carried an article removed for harm.
    """

    head: str
    manifest: Manifest
    pieces: dict[str, bytes]
    dropped: frozenset[str]
    purged: frozenset[str]


@dataclass(slots=True)
class _Packer:
    """The pieces made so far, and the dictionaries in use."""

    pieces: dict[str, bytes] = field(default_factory=dict)
    known: list[Dictionary] = field(default_factory=list)
    lists: list[PieceList] = field(default_factory=list)
    of_language: dict[str, int] = field(default_factory=dict)

    def seal(self, raw: bytes, content: bytes = b"") -> PieceList:
        sealed = piece.seal(raw, content)
        self.pieces.update(zip(sealed.pieces.digests, sealed.data, strict=True))
        return sealed.pieces

    def adopt(self, previous: Edition) -> None:
        """Go on with the previous edition's dictionaries: they are kept for months."""
        self.known = list(previous.dictionaries)
        self.lists = list(previous.manifest.dictionaries)
        for opened in previous.pages:
            for cluster in opened.page.clusters:
                if cluster.dictionary:
                    self.of_language[opened.page.listed[0].language] = cluster.dictionary

    def train(self, language: str, articles: Iterable[Article]) -> None:
        """Give ``language`` a dictionary, unless it has one or is too small to earn one."""
        if language in self.of_language:
            return
        trained = dictionaries.train([pages.encode_cluster([article], None).decode() for article in articles])
        if trained:
            self.known.append(trained)
            self.lists.append(self.seal(dictionaries.encode(trained)))
            self.of_language[language] = len(self.known)

    def page(self, planned: layout.PagePlan) -> PageRef:
        index = self.of_language.get(planned.language, 0)
        dictionary = self.known[index - 1] if index else None
        clusters = []
        for articles in planned.clusters:
            raw = pages.encode_cluster(articles, dictionary)
            if len(raw) > MAX_CLUSTER_RAW:
                raise LimitError("An article is too long to be carried.", code="article-too-long")
            sealed = self.seal(raw, dictionary.content if dictionary else b"")
            clusters.append(Cluster(sealed, index, len(articles)))
        listed = tuple(planned.articles())
        sealed = self.seal(pages.encode(Page(listed, tuple(clusters))))
        days = [layout.day_of(article) for article in listed]
        return PageRef(sealed, min(days), max(days), len(listed))


def pack(
    articles: Sequence[Article],
    facts: Facts,
    previous: Edition | None = None,
    progress: Progress | None = None,
) -> Packed:
    """The edition of ``articles``: all that the channel has to say, withdrawn ones included.

    Articles of the previous edition that are not among ``articles`` stay in it: what shall be
    gone is withdrawn or removed. ``progress`` is told the articles packed and their total.

    Raises:
        ValueError: Two articles have one id, or one is of another channel.
        LimitError: Too many articles, or one is too long to be carried.
    """
    wanted = {article.id: article for article in articles}
    if len(wanted) != len(articles) or any(a.channel != facts.channel for a in articles):
        raise ValueError("articles of one edition share a channel and no id")
    if len(wanted) > MAX_ARTICLES:
        raise LimitError("An edition cannot hold so many articles.", code="too-many-articles")
    before = previous.articles() if previous else {}
    everything = {**before, **wanted}
    removed = frozenset(a.id for a in everything.values() if a.state is State.REMOVED)
    fresh = {a.id: a for a in articles if before.get(a.id) != a}

    packer = _Packer()
    kept: list[OpenPage] = []
    if previous:
        packer.adopt(previous)
        kept, again = _sort_pages(previous, removed, fresh, facts.drop_before)
        for opened in again:
            for article in opened.articles:
                # The old page's word on an article yields to a newer page's.
                if everything[article.id] == article:
                    fresh.setdefault(article.id, article)
    _train_languages(packer, fresh.values(), everything.values())
    new_pages = []
    done = 0
    for planned in layout.plan(fresh.values()):
        new_pages.append(packer.page(planned))
        done += new_pages[-1].articles
        if progress:
            progress(done, len(fresh))
    table = (*(opened.ref for opened in kept), *new_pages)
    head, manifest = _head(packer, facts, previous, table, current(everything.values()))
    if previous is None:
        return Packed(head, manifest, packer.pieces, frozenset(), frozenset())
    had = frozenset(text_pieces(previous))
    dropped = had - _still_needed(manifest, kept) - packer.pieces.keys()
    new = {digest: data for digest, data in packer.pieces.items() if digest not in had}
    return Packed(head, manifest, new, dropped, dropped & _harmful(previous, removed))


def _sort_pages(
    previous: Edition, removed: frozenset[str], fresh: dict[str, Article], drop_before: int
) -> tuple[list[OpenPage], list[OpenPage]]:
    """The previous edition's pages that stay, and those to be packed again (layout rules 3 to 5)."""
    kept = [page for page in previous.pages if page.ref.last_day >= drop_before]
    again = [
        page for page in kept if any(a.id in removed and a.state is not State.REMOVED for a in page.articles)
    ]
    for language in sorted({article.language for article in fresh.values()}):
        tail = _unsealed_tail(kept, language)
        if len(tail) >= layout.TAIL_PAGES:
            again += [page for page in tail if page not in again]
    return [page for page in kept if page not in again], again


def _unsealed_tail(kept: list[OpenPage], language: str) -> list[OpenPage]:
    """The language's last pages, as far back as they are small."""
    tail = []
    for opened in reversed(kept):
        if opened.page.listed[0].language != language:
            continue
        if sum(len(cluster.pieces.digests) for cluster in opened.page.clusters) >= layout.SEALED_PIECES:
            break
        tail.append(opened)
    return tail


def _train_languages(packer: _Packer, fresh: Iterable[Article], everything: Iterable[Article]) -> None:
    languages = sorted({article.language for article in fresh})
    texts: defaultdict[str, list[Article]] = defaultdict(list)
    for article in sorted(everything, key=lambda a: a.id):
        texts[article.language].append(article)
    for language in languages:
        packer.train(language, texts[language])


def _head(
    packer: _Packer,
    facts: Facts,
    previous: Edition | None,
    table: tuple[PageRef, ...],
    readable: list[Article],
) -> tuple[str, Manifest]:
    raw_table = manifests.encode_page_table(table)
    inline = len(raw_table) <= _INLINE_PAGES
    manifest = Manifest(
        channel=facts.channel,
        name=facts.name,
        number=facts.number,
        created=facts.created,
        previous=previous.head if previous else "",
        notices=facts.notices,
        dictionaries=tuple(packer.lists),
        front=manifests.Front((), (), ()),
        pages=table if inline else None,
        page_table=None if inline else packer.seal(raw_table),
    )
    manifest = replace(manifest, front=fit_front(manifest, readable, facts.top))
    sealed = piece.seal(manifests.encode(manifest))
    if len(sealed.data) > 1 or len(sealed.data[0]) > MAX_PIECE:
        raise LimitError("An edition's head does not fit one piece.", code="head-too-large")
    head = sealed.pieces.digests[0]
    packer.pieces[head] = sealed.data[0]
    return head, manifest


def _still_needed(manifest: Manifest, kept: Sequence[OpenPage]) -> frozenset[str]:
    lists = chain(
        (opened.ref.pieces for opened in kept),
        (cluster.pieces for opened in kept for cluster in opened.page.clusters),
        manifest.dictionaries,
    )
    return frozenset(digest for pieces in lists for digest in pieces.digests)


def _harmful(previous: Edition, removed: frozenset[str]) -> frozenset[str]:
    """The pieces of pages that still tell what was removed for harm, and of the old head."""
    lists = (
        pieces
        for opened in previous.pages
        if _tells(opened, removed)
        for pieces in (opened.ref.pieces, *(cluster.pieces for cluster in opened.page.clusters))
    )
    names = {digest for pieces in lists for digest in pieces.digests}
    if names or any(article.id in removed for article in previous.manifest.front.listed):
        names.add(previous.head)
    return frozenset(names)


def _tells(opened: OpenPage, removed: frozenset[str]) -> bool:
    return any(a.id in removed and a.state is not State.REMOVED for a in opened.articles)
