"""Facts of trust, freshness and mirrors as sentences. Pure; every sentence is about what is known."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

from mirror.client.report import MISSING_PIECE, OVERSIZED_PIECE, WRONG_PIECE, Cost, MirrorReport, Verdict
from mirror.client.slips import Finding
from mirror.limits import MAX_INSTANT
from mirror.trust.state import Freshness, Kind, State
from mirror.trust.verified import Verified

_MINUTE: Final = 60
_HOUR: Final = 3_600
_DAY: Final = 86_400
# Clocks of ordinary devices differ by less; more is worth a word.
_SKEW: Final = 300

_FRESHNESS: Final = {
    State.CURRENT: "Current: the publisher's last word is {}.",
    State.OLD: "Genuine but old: {}.",
    State.HELD_BACK: "Possibly held back: there is or should be something newer. What is here is {}.",
}
_VERDICTS: Final = {
    Verdict.LIED: "LIED: it gave what was not signed, or somebody on the way did",
    Verdict.FORKED: "showed a second statement signed for the same number: the publisher's key was misused",
    Verdict.WITHHELD: "did not give what it must have",
    Verdict.BEHIND: "is behind: what it has is genuine and older",
    Verdict.FAILED: "did not answer",
    Verdict.GOOD: "gave what it was asked for",
    Verdict.UNASKED: "was not asked for anything",
}
_CODES: Final = {
    Kind.STALE: "older than what another has",
    Kind.ROLLED_BACK: "older than what was seen before",
    Kind.WITHHELD: "not given",
    Kind.INVALID: "not signed by whom it must be",
    Kind.WRONG_VERSION: "of another version than its name says",
    Kind.MALFORMED: "no metadata at all",
    Kind.OVERSIZED: "longer than it may be",
    Kind.FORK: "a second one of the same number",
    WRONG_PIECE: "other bytes than were asked for",
    OVERSIZED_PIECE: "longer than any piece",
    MISSING_PIECE: "said not to be there",
    "unreachable": "no connection",
    "silent": "no answer in time",
    "untrusted": "somebody else answered in its place",
    "refused": "an answer that is no file",
    "broken": "broken off",
    "absent": "said not to be there",
    "too-long": "longer than it may be",
}


_SLIPS: Final = {
    Finding.MOVED: "Your slip names other endpoints, which are used from now on.",
    Finding.SAME: "Your slip is here, with the endpoints that are in use.",
    Finding.NOTHING_NOW: "The publisher has no endpoint for you now; those you have stay in use.",
    Finding.ELSEWHERE: "Your invitation is from before its branch grew: your slip is looked for elsewhere "
    "the next time. The endpoints you have stay in use.",
    Finding.NOT_FOUND: "There is no slip for you here; the endpoints you have stay in use.",
    Finding.INCOMPLETE: "No mirror gave all of the pages where your slip may be; the endpoints you have stay "
    "in use.",
    Finding.UNREADABLE: "Your slip is not understood; it may be for a newer program. The endpoints you have "
    "stay in use.",
    Finding.NOT_SIGNED: "The publisher hands out no endpoints that this program understands; those you have "
    "stay in use.",
    Finding.NOT_ASKED: "No mirror answered, so nobody was asked for your slip; the endpoints you have stay "
    "in use.",
}
# What is worth a word beside the news.
SLIP_TROUBLE: Final = frozenset(_SLIPS) - {Finding.MOVED, Finding.SAME, Finding.NOT_ASKED}


def slip_words(finding: Finding) -> str:
    """How looking for the reader's slip ended."""
    return _SLIPS[finding]


def day_words(at: int) -> str:
    """The day of an instant, as 2026-11-22 (UTC)."""
    return _moment(at).strftime("%Y-%m-%d")


def time_words(at: int) -> str:
    """An instant, as 2026-11-22 20:15 UTC."""
    return _moment(at).strftime("%Y-%m-%d %H:%M UTC")


def age_words(seconds: int) -> str:
    """How long something is, in its largest unit that fits."""
    for unit, name in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
        if seconds >= unit:
            count = seconds // unit
            return f"{count} {name}{'s' if count > 1 else ''}"
    return "less than a minute"


def size_words(size: int) -> str:
    """A number of bytes."""
    return f"{size:,} bytes" if size < 10_000 else f"{size / 1_000:,.0f} kB"


def freshness_words(freshness: Freshness) -> str:
    """The freshness of what is shown, in one sentence or two."""
    age = freshness.reference - freshness.as_of
    since = (
        f"from {time_words(freshness.as_of)}, {age_words(max(0, age))} old" if freshness.as_of else "undated"
    )
    text = _FRESHNESS[freshness.state].format(since)
    if freshness.old_since is not None:
        text += f" It was valid until {time_words(freshness.old_since)}."
    if not freshness.is_checked:
        text += " No mirror was heard; this is what was kept."
    return text


def skew_words(freshness: Freshness) -> str:
    """What is wrong with the device's clock; empty when nothing is known to be."""
    if freshness.skew_seconds < _SKEW:
        return ""
    return (
        f"This device's clock is at least {age_words(freshness.skew_seconds)} slow: "
        f"it is {time_words(freshness.reference)} or later."
    )


def signer_words(verified: Verified) -> Iterator[str]:
    """Who signed each role: how many of whom, and the first digits of their keys' ids."""
    for role, signers in verified.signers.items():
        keys = ", ".join(keyid[:8] for keyid in signers.keyids)
        yield (
            f"{role}, version {verified.versions[role]}: signed by {len(signers.keyids)} of "
            f"{signers.holders} holders, {signers.threshold} needed (keys {keys})"
        )


def mirror_words(report: MirrorReport) -> Iterator[str]:
    """What one mirror did: a line, then a line for each piece of evidence."""
    given = f"; {report.pieces} pieces, {size_words(report.bytes)} in all" if report.bytes else ""
    yield f"{report.name}: {_VERDICTS[report.verdict]}{given}."
    for each in report.evidence:
        yield f"  {each.about}: {_CODES[each.code]}."


def liars(reports: Iterable[MirrorReport]) -> list[str]:
    """The names of the mirrors that lied."""
    return [report.name for report in reports if report.verdict is Verdict.LIED]


def cost_words(cost: Cost) -> str:
    """What the run cost, in one sentence or three."""
    parts = ", ".join(f"{part} {size_words(size)}" for part, size in sorted(cost.fetched.items()))
    text = f"Fetched {size_words(cost.total)}" + (f" ({parts})." if parts else ".")
    if held := sum(cost.held.values()):
        text += f" Had {size_words(held)} already."
    if cost.wasted:
        text += f" Threw away {size_words(cost.wasted)} that were not what was signed."
    return text


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(min(max(at, 0), MAX_INSTANT), tz=UTC)
