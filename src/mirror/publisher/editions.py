"""The next edition of a channel: its articles as pieces, on top of the edition in force."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mirror.articles import sanitize
from mirror.bundle import pack
from mirror.bundle.edition import Edition, current, image_pieces
from mirror.bundle.layout import day_of
from mirror.errors import SourceError
from mirror.model import Article, State
from mirror.publisher.published import current_edition
from mirror.publisher.workspace import Workspace
from mirror.trust.publication import DAY, Publication

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class ChannelChange:
    """What a release changes in one channel: the edition's number, articles by kind, new bytes.

    ``articles`` is how many can be read in the new edition.
    """

    channel: str
    number: int
    articles: int
    added: int
    changed: int
    withdrawn: int
    removed: int
    pieces: int
    bytes: int


@dataclass(frozen=True, slots=True)
class NextEdition:
    """An edition ready to be signed: the name of its head, the pieces that are new, what changed."""

    head: str
    pieces: dict[str, bytes]
    change: ChannelChange


def next_edition(
    workspace: Workspace,
    publication: Publication,
    channel: str,
    *,
    now: int,
    notices: str,
    top: Sequence[str] = (),
    progress: Progress | None = None,
) -> NextEdition | None:
    """The channel's next edition, or None where nothing changed. Writes nothing.

    ``notices`` is the digest of the notices in force, or empty; ``top`` the stories to tell first.

    Raises:
        SourceError: ``article-file``, ``article-unclean``.
        LimitError: An article or the edition is too large to be carried.
        StorageError: ``tree-damaged``, ``image-missing``, or the disk refused.
    """
    kept = workspace.articles(channel)
    previous = current_edition(workspace.tree, publication, channel)
    before = previous.articles() if previous else {}
    drop_before = _first_day(workspace, now)
    wanted = _wanted(kept, previous, drop_before)
    fresh = [article for article in wanted if before.get(article.id) != article]
    tops = tuple(name for name in top if name in kept)
    if previous and not fresh and not tops and not _has_old_page(previous, drop_before):
        return None
    if not previous and not wanted:
        return None
    for article in fresh:
        _check_text(article)
    facts = pack.Facts(
        channel=channel,
        name=workspace.config.name,
        number=previous.manifest.number + 1 if previous else 1,
        created=now,
        notices=notices,
        drop_before=drop_before,
        top=tops,
    )
    packed = pack.pack(wanted, facts, previous, progress)
    pieces = dict(packed.pieces)
    carried = frozenset(image_pieces(before.values()))
    for digest in image_pieces(fresh):
        if digest not in carried:
            pieces[digest] = workspace.image(digest)
    change = ChannelChange(
        channel=channel,
        number=facts.number,
        articles=len(current({**before, **{each.id: each for each in wanted}}.values())),
        added=sum(each.id not in before for each in fresh),
        changed=sum(each.id in before and bool(each.body) for each in fresh),
        withdrawn=sum(each.id in before and each.state is State.WITHDRAWN for each in fresh),
        removed=sum(each.id in before and each.state is State.REMOVED for each in fresh),
        pieces=len(pieces),
        bytes=sum(map(len, pieces.values())),
    )
    return NextEdition(packed.head, pieces, change)


def _first_day(workspace: Workspace, now: int) -> int:
    window = workspace.config.window_days
    return max(0, now // DAY - window) if window else 0


def _wanted(kept: Mapping[str, Article], previous: Edition | None, drop_before: int) -> list[Article]:
    """The articles that the edition shall carry: of its days, or in pages that stay.

    What was withdrawn or removed stays for a whole window after that day, however old the article
    is: whoever kept a copy must learn of it.
    """
    stays = {
        article.id
        for page in (previous.pages if previous else ())
        if page.ref.last_day >= drop_before
        for article in page.articles
    }
    return [
        article
        for article in kept.values()
        if day_of(article) >= drop_before
        or article.id in stays
        or (article.state in (State.WITHDRAWN, State.REMOVED) and article.updated // DAY >= drop_before)
    ]


def _has_old_page(previous: Edition, drop_before: int) -> bool:
    return any(
        page.ref.last_day < drop_before
        and any(article.state in (State.LIVE, State.CORRECTED) for article in page.articles)
        for page in previous.pages
    )


def _check_text(article: Article) -> None:
    """Refuse a body that is not what the sanitizer would write, or that shows other pictures."""
    clean = sanitize(article.body, language=article.language)
    if clean.body != article.body or len(clean.images) != len(article.images):
        raise SourceError(
            f"articles/{article.channel}/{article.id}.json: the text is not clean: add its source again.",
            code="article-unclean",
        )
