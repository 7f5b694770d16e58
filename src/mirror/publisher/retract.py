"""Taking back what was said: withdrawn with a reason, or removed because it endangers someone."""

from dataclasses import replace

from mirror.errors import ConfigError, SourceError
from mirror.model import Article, Correction, State
from mirror.publisher.intake import forget_designations
from mirror.publisher.workspace import Workspace

REMOVED_TITLE = "[removed]"


def withdraw(workspace: Workspace, article_id: str, reason: str, *, now: int, channel: str = "") -> Article:
    """Withdraw an article for an editorial reason, in its language: copies keep id and title, and say so.

    Raises:
        SourceError: ``no-article``, ``already-withdrawn``, ``reason-missing``.
        ConfigError: ``channel-needed``: several channels have an article of that id.
        StorageError: The disk refused; nothing has changed.
    """
    if not reason.strip():
        raise SourceError("A withdrawal says why.", code="reason-missing")
    old = find(workspace, article_id, channel)
    if old.state in (State.WITHDRAWN, State.REMOVED):
        raise SourceError("This article was withdrawn or removed already.", code="already-withdrawn")
    new = _emptied(old, State.WITHDRAWN, now)
    new = replace(new, corrections=(*old.corrections, Correction(now, " ".join(reason.split()))))
    workspace.put_article(new)
    workspace.sweep_images()
    return new


def remove(
    workspace: Workspace, article_id: str, *, now: int, channel: str = "", title: str = REMOVED_TITLE
) -> Article:
    """Remove an article because it endangers someone: nothing but its id and ``title`` remains.

    Mirrors and libraries destroy their copies when they learn of it, with the next release. A
    release that waits for signatures is dropped: it may carry the text.

    Raises:
        SourceError: ``no-article``.
        ConfigError: ``channel-needed``.
        StorageError: The disk refused.
    """
    old = find(workspace, article_id, channel)
    new = _emptied(old, State.REMOVED, now)
    new = replace(new, title=title, corrections=(), byline="", section="", source="", credits=())
    workspace.put_article(new)
    workspace.sweep_images()
    workspace.drop_pending()
    forget_designations(workspace, new.channel, new.id)
    return new


def find(workspace: Workspace, article_id: str, channel: str = "") -> Article:
    """The article of that id, in ``channel`` or in the only channel that has one.

    Raises:
        SourceError: ``no-article``.
        ConfigError: ``channel-needed``; ``no-channel``.
    """
    names = (
        [workspace.config.channel(channel).id] if channel else [each.id for each in workspace.config.channels]
    )
    found = [article for name in names if (article := workspace.article(name, article_id)) is not None]
    if not found:
        raise SourceError("There is no article of that id.", code="no-article")
    if len(found) > 1:
        raise ConfigError(
            "Several channels have an article of that id: name one with --channel.", code="channel-needed"
        )
    return found[0]


def _emptied(old: Article, state: State, now: int) -> Article:
    return replace(old, state=state, body="", summary="", images=(), updated=max(old.updated, now))
