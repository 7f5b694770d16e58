"""What a reader is shown before an act: ordered blocks of finished text, and the question.

Pure, and the same for the command line and the browser. The rules:

1. The safer alternative comes first.
2. Wording is conditional and does not depend on whether a designation surely or maybe applies:
   the screen never says who the reader is.
3. Every block is one finished text; nothing is put together, cut or filled in here.
4. A text that may not stand alone is labelled, and the same blocks follow in a good language.
5. The safe answer comes before the other one; nothing is agreed to in words ("I understand" on a
   screen is evidence).
6. Sources are shown as text. An address is no link: opening it would be an act of its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from mirror.notices.decide import Concern, Decision, ReaderContext, Truth, decide
from mirror.notices.keys import READ_ON, UNLISTED, key_of, penalties_of
from mirror.notices.model import Act, Designation, Level, NoticeSet, State, Status
from mirror.notices.text import Found, Shown, find, speaks

_ISOLATES = {0x2066: None, 0x2067: None, 0x2068: None, 0x2069: None}


class Kind(StrEnum):
    """What a block says; a shell may set each kind in its own way."""

    LABEL = "label"  # on the text itself: translation, language
    HEADING = "heading"
    SAFER = "safer"
    SUMMARY = "summary"
    WHAT = "what"
    WHO = "who"
    STANDING = "standing"
    PENALTY = "penalty"
    SOURCE = "source"
    ADDRESS = "address"  # of a source; plain text
    PAST = "past"
    RECIPIENT = "recipient"
    REMARK = "remark"
    INFO = "info"
    QUESTION = "question"
    BUTTON = "button"


@dataclass(frozen=True, slots=True)
class Block:
    """One finished text in one language, with its direction."""

    kind: Kind
    text: str
    language: str
    direction: str


@dataclass(frozen=True, slots=True)
class GateText:
    """Everything to show before one act.

    Show ``title``, ``labels``, ``blocks``, then ``beside`` (the same in a good language, or empty;
    it holds the good texts of questions and buttons too, in the order of asking).
    ``CONFIRM`` asks ``question``; ``HOLD`` asks ``question`` and then ``again``; each with ``back``
    first and as the default, then ``proceed``. ``OFF`` and ``INLINE`` ask nothing: ``question``,
    ``again`` and ``proceed`` are ``None`` where they are not asked. ``more`` names the designations
    whose ``info_page`` can be opened. ``memory_only``: nothing may be kept on disk, whatever was
    chosen before.
    """

    act: Act
    level: Level
    title: Block
    labels: tuple[Block, ...]
    blocks: tuple[Block, ...]
    beside: tuple[Block, ...]
    back: Block
    question: Block | None = None
    again: Block | None = None
    proceed: Block | None = None
    more: tuple[str, ...] = ()
    memory_only: bool = False


@dataclass(frozen=True, slots=True)
class InfoPage:
    """The page behind "more about this", from the signed set, readable without a network."""

    title: Block
    labels: tuple[Block, ...]
    blocks: tuple[Block, ...]
    beside: tuple[Block, ...]


def gate(notices: NoticeSet | None, context: ReaderContext, act: Act, language: str, now: int) -> GateText:
    """Return what to show before ``act``: ``decide`` in words.

    ``notices`` is what ``admit`` returned, or ``None`` if it raised. ``language`` is a BCP 47 tag.
    At ``Level.NONE`` there are no blocks and the act goes on.
    """
    decision = decide(notices, context, act, now)
    page = _Page(notices, language)
    title = page.block(Kind.HEADING, "builtin.title" if notices is None else f"act.{act}")
    if notices is None:
        return _builtin_gate(page, title, decision)
    _compose(page, notices, decision)
    asks = decision.level in (Level.CONFIRM, Level.HOLD)
    return GateText(
        act,
        decision.level,
        title,
        question=page.block(Kind.QUESTION, "ui.question") if asks else None,
        again=page.block(Kind.QUESTION, "ui.question-again") if decision.level is Level.HOLD else None,
        back=page.block(Kind.BUTTON, "ui.back"),
        proceed=page.block(Kind.BUTTON, "ui.proceed") if asks else None,
        labels=page.labels(),
        blocks=tuple(page.blocks),
        beside=page.beside(),
        more=tuple(concern.designation for concern in decision.concerns),
    )


def info_page(notices: NoticeSet, designation: str, language: str) -> InfoPage:
    """Return the page on one designation: what, whom, act by act, penalties, sources, how sure.

    Raises:
        KeyError: The set has no such designation; take ids from ``GateText.more``.
    """
    each = notices.catalogue.designation(designation)
    page = _Page(notices, language)
    title = page.block(Kind.HEADING, f"d.{each.id}.label")
    page.add(Kind.WHAT, f"d.{each.id}.what")
    if each.status in (Status.SUSPENDED, Status.REPEALED):
        page.add(Kind.REMARK, f"ui.{each.status}")
    if not each.is_generic:
        page.add(Kind.WHO, f"d.{each.id}.who")
    page.add(Kind.INFO, f"d.{each.id}.info")
    page.add(Kind.HEADING, "ui.acts")
    for act in sorted(each.acts, key=list(Act).index):
        page.add(Kind.INFO, f"act.{act}")
        page.add(Kind.STANDING, f"standing.{each.acts[act].standing}")
    if penalties_of(each):
        page.add(Kind.HEADING, "ui.penalties")
        for penalty in penalties_of(each):
            page.add(Kind.PENALTY, f"d.{each.id}.p.{penalty}")
    _add_sources(page, notices, each)
    if not each.is_generic:
        page.add(Kind.REMARK, f"ui.confidence-{each.confidence}")
    page.add(Kind.REMARK, "ui.advice")
    return InfoPage(title, page.labels(), tuple(page.blocks), page.beside())


def plain(page: GateText | InfoPage, *, isolates: bool = True) -> str:
    """Return title, labels and blocks as plain text, one paragraph each, for a terminal or a file.

    The question and the buttons are left to the shell that asks. Without ``isolates`` the
    invisible bidi marks are taken out, for terminals that draw them.
    """
    lines = []
    marks = {Kind.PENALTY: "- ", Kind.SOURCE: "  * ", Kind.ADDRESS: "    "}
    for block in (page.title, *page.labels, *page.blocks, *page.beside):
        if block.kind in (Kind.QUESTION, Kind.BUTTON):
            continue
        close = block.kind in marks  # lists stay together
        lines.append(("" if close else "\n") + marks.get(block.kind, "") + block.text)
    text = "\n".join(lines).strip("\n") + "\n"
    return text if isolates else text.translate(_ISOLATES)


class _Page:
    """Collects blocks, and remembers what must be said of the texts in them."""

    def __init__(self, notices: NoticeSet | None, language: str) -> None:
        self._notices, self._language = notices, language
        self._used: dict[tuple[Kind, str], Found] = {}
        self.blocks: list[Block] = []
        self._beside: list[Block] = []

    def block(self, kind: Kind, key: str) -> Block:
        """A block that stands apart (a title, a button); its good text is among the others."""
        found = find(self._notices, key, self._language)
        self._used[kind, key] = found
        if found.beside is not None:
            self._beside.append(_of(kind, found.beside))
        return _of(kind, found.shown)

    def add(self, kind: Kind, key: str) -> None:
        """Append the block of ``key``."""
        self.blocks.append(self.block(kind, key))

    def add_address(self, url: str) -> None:
        """Append an address as it is: it has no language."""
        self.blocks.append(Block(Kind.ADDRESS, url, "und", "ltr"))

    def labels(self) -> tuple[Block, ...]:
        """What must be said of the texts used: their language, who checked them, their age."""
        labels: dict[tuple[str, str], Block] = {}
        for found in self._used.values():
            shown = found.shown
            keys = [] if speaks(shown, self._language) else ["ui.other-language"]
            if not shown.is_good:
                keys += ["ui.human" if shown.state is State.HUMAN else "ui.machine"]
                keys += ["ui.outdated"] if shown.is_outdated else []
            for key in keys:
                labels[shown.language, key] = _of(Kind.LABEL, find(self._notices, key, shown.language).shown)
        return tuple(labels.values())

    def beside(self) -> tuple[Block, ...]:
        """The good texts of all blocks that may not stand alone, under a heading of their own."""
        if not self._beside:
            return ()
        heading = find(self._notices, "ui.beside", self._language).shown
        return (_of(Kind.HEADING, heading), *self._beside)


def _of(kind: Kind, shown: Shown) -> Block:
    return Block(kind, shown.text, shown.language, shown.direction)


def _builtin_gate(page: _Page, title: Block, decision: Decision) -> GateText:
    if decision.level is Level.OFF:
        page.add(Kind.HEADING, "ui.safer")
        page.add(Kind.SAFER, READ_ON)
        page.add(Kind.REMARK, "builtin.off")
    else:
        page.add(Kind.SUMMARY, "builtin.read")
    back = page.block(Kind.BUTTON, "ui.back")
    return GateText(
        decision.act,
        decision.level,
        title,
        page.labels(),
        tuple(page.blocks),
        page.beside(),
        back,
        memory_only=True,
    )


def _compose(page: _Page, notices: NoticeSet, decision: Decision) -> None:
    if decision.level is Level.NONE:
        return
    by_id = {each.id: each for each in notices.catalogue.designations}
    generic = [concern for concern in decision.concerns if by_id[concern.designation].is_generic]
    named = [concern for concern in decision.concerns if not by_id[concern.designation].is_generic]
    if decision.act is not Act.READ:  # rule 1; reading *is* the safer alternative
        page.add(Kind.HEADING, "ui.safer")
        for key in _alternatives(decision.concerns):
            page.add(Kind.SAFER, key)
    if decision.level is Level.OFF:
        page.add(Kind.REMARK, "ui.off")
    concerning = [concern for concern in named if concern.applies is not Truth.NO]
    if concerning and decision.level > Level.INLINE:
        page.add(Kind.SUMMARY, "ui.summary")
    for concern in concerning:
        _add_concern(page, notices, concern, decision)
    if generic and not concerning:
        page.add(Kind.WHAT, f"d.{generic[0].designation}.what")
    if decision.past_counts:
        page.add(Kind.PAST, "ui.past")
    if decision.recipient_risk:
        page.add(Kind.RECIPIENT, "ui.recipient")
    if decision.level > Level.INLINE:
        page.add(Kind.REMARK, "ui.checked")
    if decision.may_be_out_of_date:
        page.add(Kind.REMARK, "ui.old")
    if decision.level > Level.INLINE:
        page.add(Kind.REMARK, "ui.advice")
    page.add(Kind.REMARK, "ui.more")


def _add_concern(page: _Page, notices: NoticeSet, concern: Concern, decision: Decision) -> None:
    """What, whom, what the sources say, penalties with their dates, sources (rule 2)."""
    id_ = concern.designation
    page.add(Kind.WHAT, f"d.{id_}.what")
    page.add(Kind.WHO, f"d.{id_}.who")
    page.add(Kind.STANDING, UNLISTED if concern.standing is None else f"standing.{concern.standing}")
    for penalty in concern.penalties:
        page.add(Kind.PENALTY, f"d.{id_}.p.{penalty}")
    rule = notices.catalogue.designation(id_).acts.get(decision.act)
    if rule is not None and decision.level > Level.INLINE:
        penalties = [notices.catalogue.penalty(each) for each in rule.penalties]
        for source in dict.fromkeys((*rule.sources, *(s for each in penalties for s in each.sources))):
            page.add(Kind.SOURCE, f"s.{source}")


def _alternatives(concerns: Iterable[Concern]) -> list[str]:
    keys = [key_of(concern.instead) for concern in concerns if concern.instead is not None]
    return list(dict.fromkeys(keys)) or [READ_ON]


def _add_sources(page: _Page, notices: NoticeSet, each: Designation) -> None:
    rules = list(each.acts.values())
    penalties = [notices.catalogue.penalty(id_) for id_ in penalties_of(each)]
    lists = [each.sources, *(rule.sources for rule in rules), *(penalty.sources for penalty in penalties)]
    named = dict.fromkeys(id_ for ids in lists for id_ in ids)
    if named:
        page.add(Kind.HEADING, "ui.sources")
    for id_ in named:
        page.add(Kind.SOURCE, f"s.{id_}")
        url = notices.catalogue.source(id_).url
        if url is not None:
            page.add_address(url)
