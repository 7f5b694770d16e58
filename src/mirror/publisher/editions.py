"""The next edition of a channel: its articles as pieces, on top of the edition in force."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from mirror.articles import sanitize
from mirror.bundle import pack
from mirror.bundle.edition import current, image_pieces
from mirror.bundle.revise import is_in_time, revise
from mirror.errors import SourceError
from mirror.model import Article, State
from mirror.publisher.published import current_edition
from mirror.publisher.workspace import Workspace
from mirror.trust.publication import DAY, Publication

Progress = Callable[[int, int], None]
UNCLEAN: Final = "article-unclean"


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
    tops = tuple(name for name in top if name in kept)
    if previous:
        revision = revise(previous, kept, drop_before)
        if not revision.fresh and not tops and len(revision.kept) == len(previous.pages):
            return None
        wanted = kept
    else:
        wanted = {name: article for name, article in kept.items() if is_in_time(article, drop_before)}
        if not wanted:
            return None
    fresh = [article for article in wanted.values() if before.get(article.id) != article]
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
    try:
        packed = pack.pack(list(wanted.values()), facts, previous, progress)
    except ValueError as error:
        raise SourceError(
            f"An article of the channel {channel} holds what no reader would take: add its source again.",
            code=UNCLEAN,
        ) from error
    pieces = dict(packed.pieces)
    carried = frozenset(image_pieces(before.values()))
    for digest in image_pieces(fresh):
        if digest not in carried:
            pieces[digest] = workspace.image(digest)
    after = [*{**before, **wanted}.values()]
    change = ChannelChange(
        channel=channel,
        number=facts.number,
        articles=len(current(each for each in after if is_in_time(each, drop_before))),
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


def _check_text(article: Article) -> None:
    """Refuse a body that is not what the sanitizer would write, or that shows other pictures."""
    clean = sanitize(article.body, language=article.language)
    if clean.body != article.body or len(clean.images) != len(article.images):
        raise SourceError(
            f"articles/{article.channel}/{article.id}.json: the text is not clean: add its source again.",
            code=UNCLEAN,
        )
