"""Taking drafts into a channel: what is new, what changed, what stays out, and why.

Rules:

1. An article's id decides: the same id is the same article. Twice in one source is refused.
2. A changed text replaces the old one and gets a new ``updated``; its first date, its state and its
   corrections stay. With a correction's text it becomes *corrected*, which readers are shown; that
   is for exactly one changed article.
3. What was withdrawn or removed does not come back with the next reading of a feed. What was
   withdrawn can be restored, if asked for; what was removed for harm cannot.
4. A text that only names other pictures or dates, but says the same, is no change: feeds touch their
   dates without reason.
5. ``plan`` reads and changes nothing but the memory of prepared pictures; ``store`` writes.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from mirror.articles import DesignationFound, DesignationKind, Draft, Problem
from mirror.errors import MirrorError, SourceError
from mirror.limits import MAX_ARTICLES, MAX_STATE_FILE, MAX_SUMMARY
from mirror.model import Article, Correction, State
from mirror.publisher.pictures import illustrate
from mirror.publisher.sources import SourceResult
from mirror.publisher.workspace import Workspace, bounded, place

_DESIGNATIONS: Final = "state/designations.json"
# What makes a text another one; dates and pictures' pieces do not (rule 4).
_SAID: Final = ("title", "body", "language", "summary", "byline", "section", "source", "credits")


class Kind(StrEnum):
    """What becomes of a draft."""

    NEW = "new"
    CHANGED = "changed"
    CORRECTED = "corrected"
    UNCHANGED = "unchanged"
    KEPT_OUT = "kept-out"


@dataclass(frozen=True, slots=True)
class Entry:
    """One draft, and what becomes of it: ``article`` is None where it is kept out."""

    kind: Kind
    id: str
    title: str
    article: Article | None
    pieces: dict[str, bytes]
    designations: tuple[DesignationFound, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Intake:
    """What a source gives to a channel; ``problems`` are those of the source itself."""

    channel: str
    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]

    def count(self, kind: Kind) -> int:
        """How many entries are of this kind."""
        return sum(entry.kind is kind for entry in self.entries)

    @property
    def changes(self) -> tuple[Entry, ...]:
        """The entries that ``store`` would write."""
        written = (Kind.NEW, Kind.CHANGED, Kind.CORRECTED)
        return tuple(entry for entry in self.entries if entry.kind in written)


def plan(
    workspace: Workspace,
    channel: str,
    taken: SourceResult,
    *,
    now: int,
    correction: str = "",
    restore: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Intake:
    """What ``taken`` would change in ``channel``.

    Args:
        workspace: The publication's folder.
        channel: The channel's id.
        taken: What a source gave.
        now: The instant, for what has no date.
        correction: What was corrected, in the article's language (rule 2).
        restore: Take what was withdrawn again (rule 3).
        progress: Told the drafts done and their number.

    Raises:
        ConfigError: ``no-channel``.
        SourceError: ``duplicate-id``; ``correction-of-many``: the correction would stand on none or
            on several articles; ``article-file``: a kept article is damaged.
        StorageError: The disk refused.
    """
    language = workspace.config.channel(channel).language
    repeated = [name for name, count in Counter(draft.id for draft in taken.drafts).items() if count > 1]
    if repeated:
        raise SourceError(
            f"Two articles of this source have one id: {', '.join(sorted(repeated)[:5])}.",
            code="duplicate-id",
        )
    kept = workspace.articles(channel)
    entries: list[Entry] = []
    to = _Place(workspace, channel, language, now, restore)
    for done, draft in enumerate(taken.drafts, 1):
        entries.append(_entry(to, draft, taken.images, kept.get(draft.id)))
        if progress:
            progress(done, len(taken.drafts))
    if len(kept) + sum(entry.kind is Kind.NEW for entry in entries) > MAX_ARTICLES:
        raise SourceError("The channel would have more articles than an edition can hold.", code="too-many")
    if correction:
        entries = _correct(entries, correction, now)
    return Intake(channel, tuple(entries), taken.problems)


def store(workspace: Workspace, intake: Intake) -> None:
    """Write what ``intake`` changes, pictures first; the caller holds the lock.

    Raises:
        StorageError: The disk refused; each article is as it was or as it shall be, and doing the
            same again completes it.
    """
    for entry in intake.changes:
        assert entry.article is not None
        workspace.put_images(entry.pieces)
        workspace.put_article(entry.article)
    found = {f"{intake.channel}/{entry.id}": entry.designations for entry in intake.entries if entry.article}
    _remember(workspace, found)


def designations(workspace: Workspace) -> dict[str, tuple[DesignationFound, ...]]:
    """The designations that articles stated when they were taken, by ``CHANNEL/ID``."""
    path = workspace.folder / _DESIGNATIONS
    if not path.is_file():
        return {}
    try:
        fields: dict[str, list[dict[str, Any]]] = json.loads(bounded(path, MAX_STATE_FILE, _DESIGNATIONS))
        return {name: tuple(map(_designation, each)) for name, each in fields.items()}
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise SourceError(
            f"{_DESIGNATIONS} is damaged: remove it and add the sources again.", code="designations-damaged"
        ) from error


def forget_designations(workspace: Workspace, channel: str, article_id: str) -> None:
    """Forget what an article stated, when it goes."""
    _remember(workspace, {f"{channel}/{article_id}": ()})


@dataclass(frozen=True, slots=True)
class _Place:
    """Where drafts are taken to, and how."""

    workspace: Workspace
    channel: str
    language: str
    now: int
    restore: bool


def _entry(to: _Place, draft: Draft, images: Mapping[str, bytes], old: Article | None) -> Entry:
    def out(code: str, message: str) -> Entry:
        problems = (*draft.problems, Problem(code, message))
        return Entry(Kind.KEPT_OUT, draft.id, draft.title, None, {}, draft.designations, problems)

    if old is not None and old.state is State.REMOVED:
        return out("removed-stays", "it was removed for harm and does not come back")
    if old is not None and old.state is State.WITHDRAWN and not to.restore:
        return out("withdrawn-stays", "it was withdrawn; --restore takes it again")
    try:
        article = draft.to_article(to.channel, to.language, to.now)
    except MirrorError as error:
        return out(error.code, str(error))
    shown = illustrate(to.workspace, article.body, article.language, draft.images, images)
    if not shown.body:
        return out("article-empty", "nothing of its body can be shown")
    article = replace(article, body=shown.body, images=shown.images, summary=article.summary[:MAX_SUMMARY])
    problems = (*draft.problems, *shown.problems)
    if old is None:
        kind = Kind.NEW
    elif old.state is not State.WITHDRAWN and _says_the_same(old, article):
        kind, article = Kind.UNCHANGED, old
    else:
        kind, article = Kind.CHANGED, _follows(old, article, draft, to.now)
    return Entry(kind, article.id, article.title, article, shown.pieces, draft.designations, problems)


def _says_the_same(old: Article, new: Article) -> bool:
    pictures = [
        [(each.thumbnail, each.alt, each.credit) for each in article.images] for article in (old, new)
    ]
    return pictures[0] == pictures[1] and all(getattr(old, name) == getattr(new, name) for name in _SAID)


def _follows(old: Article, new: Article, draft: Draft, now: int) -> Article:
    """The new text in the old one's place (rule 2)."""
    published = old.published if draft.published is None else new.published
    updated = max(published, new.updated if new.updated > old.updated else now)
    state = State.LIVE if old.state is State.WITHDRAWN else old.state
    return replace(new, published=published, updated=updated, state=state, corrections=old.corrections)


def _correct(entries: Sequence[Entry], text: str, now: int) -> list[Entry]:
    if sum(entry.kind is Kind.CHANGED for entry in entries) != 1:
        raise SourceError(
            "A correction is for one changed article, and this source changes none or several.",
            code="correction-of-many",
        )
    return [_corrected(entry, text, now) if entry.kind is Kind.CHANGED else entry for entry in entries]


def _corrected(entry: Entry, text: str, now: int) -> Entry:
    assert entry.article is not None
    article = replace(
        entry.article,
        state=State.CORRECTED,
        updated=max(entry.article.updated, now),
        corrections=(*entry.article.corrections, Correction(now, text)),
    )
    return replace(entry, kind=Kind.CORRECTED, article=article)


def _remember(workspace: Workspace, found: dict[str, tuple[DesignationFound, ...]]) -> None:
    before = designations(workspace)
    after = {name: each for name, each in {**before, **found}.items() if each}
    if after != before:
        fields = {name: [_fields(each) for each in stated] for name, stated in after.items()}
        data = json.dumps(fields, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
        place(workspace.folder / _DESIGNATIONS, data.encode())


def _fields(found: DesignationFound) -> dict[str, Any]:
    return {
        "in_body": found.in_body,
        "jurisdiction": found.jurisdiction,
        "kind": found.kind.value,
        "text": found.text,
    }


def _designation(fields: dict[str, Any]) -> DesignationFound:
    return DesignationFound(
        DesignationKind(fields["kind"]), fields["text"], fields["jurisdiction"], bool(fields["in_body"])
    )


def designation_fields(found: Iterable[DesignationFound]) -> list[dict[str, Any]]:
    """Designations as JSON has them."""
    return [_fields(each) for each in found]
