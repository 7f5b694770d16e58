"""Packing: articles and the previous edition in, the pieces of the next edition out.

Deterministic: the same articles, previous edition and facts give the same bytes on any machine and
locale (with the pinned zstd). The layout's rules are in ``layout`` and ``revise``.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Final

from mirror.bundle import dictionary as dictionaries
from mirror.bundle import layout, piece, record
from mirror.bundle import manifest as manifests
from mirror.bundle import page as pages
from mirror.bundle.dictionary import NO_DICTIONARY, Dictionary
from mirror.bundle.edition import Edition, current, image_pieces, text_pieces
from mirror.bundle.front import fit_front
from mirror.bundle.manifest import Contents, Front, Manifest, PageRef
from mirror.bundle.page import Cluster, Page
from mirror.bundle.revise import Revision, is_in_time, revise
from mirror.errors import LimitError
from mirror.limits import MAX_ARTICLES, MAX_CLUSTER_RAW
from mirror.model import Article, PieceList

# What the head may spend on the table of contents; the front page gets the rest.
_INLINE_CONTENTS: Final = 2_048
# Sealed parts of it that a head names before all are joined into one.
_MOST_PARTS: Final = 16

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the publisher says about an edition beside its articles.

    ``name`` is the publication's name as readers see it; ``created`` an instant; ``notices`` the
    digest of the notices in force (hex, or empty); ``drop_before`` a day: pages whose articles are
    all older leave the edition, and articles that are older do not come into it (0: everything;
    see ``revise.is_in_time``); ``top`` the ids of the stories that the front page shall tell first.
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

    ``pieces`` holds what the previous edition did not have, without pictures; ``dropped`` names what
    this one no longer needs, pictures included; ``purged`` names those of them that told or showed
    what was removed for harm: whoever holds them destroys them.
    """

    head: str
    manifest: Manifest
    pieces: dict[str, bytes]
    dropped: frozenset[str]
    purged: frozenset[str]


@dataclass(slots=True)
class _Packer:
    """The pieces made so far, and the dictionaries in use, by place and by language.

    ``lists`` holds ``None`` for a dictionary that is not sealed yet; ``vacant`` the places whose
    dictionary is to be trained anew.
    """

    pieces: dict[str, bytes] = field(default_factory=dict)
    known: list[Dictionary] = field(default_factory=list)
    lists: list[PieceList | None] = field(default_factory=list)
    place_of: dict[str, int] = field(default_factory=dict)
    vacant: set[int] = field(default_factory=set)

    def seal(self, raw: bytes, content: bytes = b"") -> PieceList:
        sealed = piece.seal(raw, content)
        self.pieces.update(zip(sealed.pieces.digests, sealed.data, strict=True))
        return sealed.pieces

    def adopt(self, previous: Edition, replaced: Mapping[int, Dictionary | None]) -> None:
        """Go on with the previous edition's dictionaries: they are kept for months."""
        self.known = list(previous.dictionaries)
        self.lists = list(previous.contents().dictionaries)
        for opened in previous.pages:
            for cluster, listed in pages.by_cluster(opened.page):
                if cluster.dictionary:
                    language, place = listed[0].language, cluster.dictionary - 1
                    self.place_of[language] = max(place, self.place_of.get(language, 0))
        for place, dictionary in replaced.items():
            self.known[place], self.lists[place] = dictionary or NO_DICTIONARY, None
            if dictionary is None:
                self.vacant.add(place)
        self.place_of = {
            language: place
            for language, place in self.place_of.items()
            if place in self.vacant or self.known[place] != NO_DICTIONARY
        }

    def train(self, language: str, articles: Sequence[Article]) -> None:
        """Give ``language`` a dictionary where it has none, or has outgrown one without content."""
        place = self.place_of.get(language)
        if place is not None and place not in self.vacant and self.known[place].content:
            return
        trained = dictionaries.train([record.encode(article) for article in articles])
        if trained is None:
            return
        if place in self.vacant:
            self.known[place] = trained
            self.vacant.remove(place)
        elif place is None or trained.content:
            self.place_of[language] = len(self.known)
            self.known.append(trained)
            self.lists.append(None)

    def dictionaries(self) -> list[PieceList]:
        """The lists of all dictionaries, now sealed."""
        return [
            pieces or self.seal(dictionaries.encode(dictionary))
            for pieces, dictionary in zip(self.lists, self.known, strict=True)
        ]

    def page(self, planned: layout.PagePlan) -> PageRef:
        listed = tuple(planned.articles())
        clusters = tuple(map(self.cluster, planned.clusters))
        days = [layout.day_of(article) for article in listed]
        return PageRef(self.seal(pages.encode(Page(listed, clusters))), min(days), max(days), len(listed))

    def cluster(self, articles: Sequence[Article]) -> Cluster:
        text = pages.cluster_text(articles)
        raw = text.encode()
        place = self.place_of.get(articles[0].language)
        if place is not None:
            dictionary = self.known[place]
            coded = dictionary.codebook.encode(text)
            # A text in another script than its language's may grow: it is carried as it is.
            if len(coded) <= min(len(raw), MAX_CLUSTER_RAW):
                return Cluster(self.seal(coded, dictionary.content), place + 1, len(articles))
        if len(raw) > MAX_CLUSTER_RAW:
            raise LimitError("An article is too long to be carried.", code="article-too-long")
        return Cluster(self.seal(raw), 0, len(articles))


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
        ValueError: Two articles have one id, one is of another channel, or one holds what no reader
            would accept (a control character, a title of 2,000 characters).
        LimitError: Too many articles, or one is too long to be carried.
    """
    wanted = {article.id: article for article in articles}
    if len(wanted) != len(articles) or any(a.channel != facts.channel for a in articles):
        raise ValueError("articles of one edition share a channel and no id")
    packer = _Packer()
    if previous:
        revision = revise(previous, wanted, facts.drop_before)
        packer.adopt(previous, revision.replaced)
    else:
        in_time = {name: each for name, each in wanted.items() if is_in_time(each, facts.drop_before)}
        revision = Revision((), in_time, {}, frozenset())
    everything = revision.articles()
    if len(everything) > MAX_ARTICLES:
        raise LimitError("An edition cannot hold so many articles.", code="too-many-articles")

    _train_languages(packer, revision.fresh.values(), everything.values())
    new_pages = []
    done = 0
    for planned in layout.plan(revision.fresh.values()):
        new_pages.append(packer.page(planned))
        done += new_pages[-1].articles
        if progress:
            progress(done, len(revision.fresh))
    # An edit that was taken back may give an old page again: it then stands where it is newest.
    kept = [page.ref for page in revision.kept if page.ref not in new_pages]
    contents, earlier = _contents(packer, previous, kept, new_pages)
    manifest = Manifest(
        channel=facts.channel,
        name=facts.name,
        number=facts.number,
        created=facts.created,
        previous=previous.head if previous else "",
        notices=facts.notices,
        earlier=earlier,
        contents=contents,
        front=Front(),
    )
    manifest = replace(manifest, front=fit_front(manifest, current(everything.values()), facts.top))
    head = _seal_head(packer, manifest)
    if previous is None:
        return Packed(head, manifest, packer.pieces, frozenset(), frozenset())
    had = {*text_pieces(previous), *image_pieces(a for page in previous.pages for a in page.articles)}
    dropped = frozenset(had - _still_needed(manifest, packer, revision) - packer.pieces.keys())
    new = {digest: data for digest, data in packer.pieces.items() if digest not in had}
    return Packed(head, manifest, new, dropped, dropped & revision.harmful)


def _train_languages(packer: _Packer, fresh: Iterable[Article], everything: Iterable[Article]) -> None:
    texts: defaultdict[str, list[Article]] = defaultdict(list)
    for article in sorted(everything, key=lambda a: a.id):
        texts[article.language].append(article)
    for language in sorted({article.language for article in fresh}):
        packer.train(language, texts[language])


def _contents(
    packer: _Packer, previous: Edition | None, kept: Sequence[PageRef], new: Sequence[PageRef]
) -> tuple[Contents, tuple[PieceList, ...]]:
    """The table of contents: its part in the head, and its sealed parts.

    A sealed part stays as it is while all its pages do; others are written again in their place, so
    that every dictionary keeps its number.
    """
    lists = packer.dictionaries()
    staying = set(kept)
    parts: list[tuple[Contents, PieceList]] = []
    if previous:
        for part, sealed in zip(previous.earlier, previous.manifest.earlier, strict=True):
            mine, lists = lists[: len(part.dictionaries)], lists[len(part.dictionaries) :]
            now = Contents(tuple(mine), tuple(ref for ref in part.pages if ref in staying))
            staying -= set(part.pages)
            if now == part:
                parts.append((now, sealed))
            elif now != Contents():
                parts.append((now, packer.seal(manifests.encode_contents(now))))
    last = Contents(tuple(lists), (*(ref for ref in kept if ref in staying), *new))
    if len(manifests.encode_contents(last)) > _INLINE_CONTENTS:
        # The newest pages may be packed again soon: they stay in the head.
        older = Contents(last.dictionaries, last.pages[: -layout.TAIL_PAGES])
        last = Contents((), last.pages[-layout.TAIL_PAGES :])
        if len(parts) == _MOST_PARTS:
            older, parts = manifests.join((*(part for part, _ in parts), older)), []
        parts.append((older, packer.seal(manifests.encode_contents(older))))
    return last, tuple(sealed for _, sealed in parts)


def _seal_head(packer: _Packer, manifest: Manifest) -> str:
    sealed = piece.seal(manifests.encode(manifest))
    if len(sealed.data) > 1:
        raise LimitError("An edition's head does not fit one piece.", code="head-too-large")
    [head] = sealed.pieces.digests
    packer.pieces[head] = sealed.data[0]
    return head


def _still_needed(manifest: Manifest, packer: _Packer, revision: Revision) -> set[str]:
    """The names of the previous edition's pieces that the next one needs."""
    lists = chain(
        manifest.earlier,
        (pieces for pieces in packer.lists if pieces),
        (opened.ref.pieces for opened in revision.kept),
        (cluster.pieces for opened in revision.kept for cluster in opened.page.clusters),
    )
    shown = chain(revision.fresh.values(), (a for page in revision.kept for a in page.articles))
    return {digest for pieces in lists for digest in pieces.digests} | set(image_pieces(shown))
