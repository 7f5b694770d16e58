"""A reader's way through slip pages: where to look, what was found, what to keep. Pure.

Rules (rotation/ROTATION.md, sections 3, 4 and 7):

1. One refresh asks for two pages, whose names follow from the invitation, the signed settings and what
   was learnt before; never from what is found. A page that is missing is not made up for by a third.
2. Endpoints are replaced by those of a slip, never by nothing: what was handed out last stays, whatever
   mirrors give or withhold. A slip of an earlier epoch than theirs does not replace them.
3. A slip with endpoints tells where to look from the next epoch on. One without that points elsewhere
   counts at once: it is a signpost, whose node is crowded already. It may lie above or below where
   this reader looks, because pages are shared.
4. While one of the two pages is missing, only a slip with endpoints is believed: that there is none,
   or a signpost alone, may be what somebody wants this reader to find.
5. Of a page the newest copy that was seen is remembered, for the epochs that may be asked for again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from tuf.api.metadata import Root, Targets

from mirror.errors import FormatError, MirrorError
from mirror.limits import MAX_DEPTH, MAX_ENTRANCES, MAX_EPOCH
from mirror.rotation.epochs import ACCEPTED_SKEW, Calendar
from mirror.rotation.invitation import Invitation
from mirror.rotation.looking import look_next
from mirror.rotation.pages import Name, Page, find_slip, open_page, pages_of
from mirror.rotation.paths import Entrance
from mirror.rotation.settings import Settings
from mirror.trust.metadata import ROTATION
from mirror.trust.verified import Verified

_OLDER: Final = frozenset({"slip-page-older", "slip-version"})  # codes of what an honest mirror may have


class Finding(StrEnum):
    """How a refresh of slips ended."""

    MOVED = "moved"  # a slip with other endpoints than before
    SAME = "same"  # a slip with the endpoints that are in use
    NOTHING_NOW = "nothing-now"  # this reader is known, and there are no endpoints for it now
    ELSEWHERE = "elsewhere"  # a signpost: to look at another depth the next time
    NOT_FOUND = "not-found"  # both pages came, and no record opens
    INCOMPLETE = "incomplete"  # a page did not come, and the other holds no endpoints for this reader
    UNREADABLE = "unreadable"  # a slip that opens is none, or is of a publisher newer than this program
    NOT_SIGNED = "not-signed"  # the publisher signs nothing about slips that this program understands
    NOT_ASKED = "not-asked"  # no mirror answered, so none was asked


@dataclass(frozen=True, slots=True)
class Handed:
    """What one reader was handed last, and where it looks next; kept between refreshes.

    ``entrances`` are the last good endpoints, of epoch ``since`` (0: the invitation's). ``look`` is the
    depth to look at in ``epoch``, ``next_look`` the one in later epochs; both may be deeper than the
    reader. ``seen`` are the newest copies of pages: (epoch, number, instant it was made).
    """

    entrances: tuple[Entrance, ...] = field(repr=False)
    look: int = 0
    next_look: int = 0
    epoch: int = 0
    since: int = 0
    seen: tuple[tuple[int, int, int], ...] = ()

    def look_in(self, epoch: int) -> int:
        """The depth to look at in ``epoch``."""
        return self.look if epoch <= self.epoch else self.next_look

    def not_before(self, name: Name) -> int:
        """The instant of the newest copy of page ``name`` that was seen; 0: none was."""
        return max(
            (at for epoch, number, at in self.seen if (epoch, number) == (name.epoch, name.number)), default=0
        )

    def to_json(self) -> dict[str, Any]:
        """A value for ``json``, as ``from_json`` reads it."""
        return {
            "entrances": [[each.text, each.key.hex()] for each in self.entrances],
            "look": [self.look, self.next_look],
            "epoch": [self.epoch, self.since],
            "seen": [list(each) for each in self.seen],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Handed":
        """What ``to_json`` gave.

        Raises:
            ValueError, TypeError, KeyError: Anything else.
        """
        entrances = tuple(Entrance(text, bytes.fromhex(key)) for text, key in value["entrances"])
        (look, next_look), (epoch, since) = value["look"], value["epoch"]
        seen = tuple((epoch, number, at) for epoch, number, at in value["seen"])
        numbers = [look, next_look, epoch, since, *(each for triple in seen for each in triple)]
        if any(type(each) is not int or not 0 <= each <= MAX_EPOCH for each in numbers):
            raise ValueError("a number out of bounds")
        if max(look, next_look) > MAX_DEPTH or not 1 <= len(entrances) <= MAX_ENTRANCES:
            raise ValueError("a depth or a number of endpoints out of bounds")
        return cls(entrances, look, next_look, epoch, since, seen)


@dataclass(frozen=True, slots=True)
class Asking:
    """The two pages of one refresh, and what is needed to judge what comes in their place."""

    names: tuple[Name, Name]
    look: int
    handed: Handed
    invitation: Invitation = field(repr=False)
    settings: Settings

    @property
    def epoch(self) -> int:
        """The epoch that is asked for."""
        return self.names[0].epoch

    def page(self, name: Name, data: bytes) -> Page:
        """The page ``name`` in ``data``.

        Raises:
            FormatError, TrustError: As ``rotation.pages.open_page``.
        """
        publication, keys = self.invitation.publication, self.settings.keys
        return open_page(data, name, publication, keys, self.handed.not_before(name))

    def is_right(self, name: Name, data: bytes) -> bool:
        """True when ``data`` is the page ``name``, as new as any copy of it that was seen."""
        return self._refusal(name, data) is None

    def is_honest(self, name: Name, data: bytes) -> bool:
        """True when a mirror that is merely behind, or ahead of this program, may give ``data``."""
        return self._refusal(name, data) in _OLDER

    def _refusal(self, name: Name, data: bytes) -> str | None:
        try:
            self.page(name, data)
        except MirrorError as error:
            return error.code
        return None


def begin(invitation: Invitation) -> Handed:
    """What whoever was just invited has."""
    return Handed(invitation.entrances, invitation.look, invitation.look)


def settings_of(verified: Verified) -> Settings | None:
    """What is signed about rotation; None: nothing, or nothing that this program understands."""
    targets = verified.roles.get((Targets.type, Root.type))
    value = None if targets is None else targets.unrecognized_fields.get(ROTATION)
    try:
        return None if value is None else Settings.from_json(value)
    except FormatError:  # of a publisher newer than this program
        return None


def asking(handed: Handed, invitation: Invitation, settings: Settings, now: int, issued: int) -> Asking:
    """What to ask for (rule 1). ``now`` is the device's instant, ``issued`` the newest signed one."""
    epoch = settings.calendar.to_ask(now, issued)
    look = min(handed.look_in(epoch), invitation.keyring.depth)
    names = pages_of(invitation.keyring, look, epoch, settings.bits(epoch))
    return Asking(names, look, handed, invitation, settings)


def learnt(asked: Asking, given: Mapping[str, bytes]) -> tuple[Handed, Finding]:
    """What to keep after ``given`` came, by path, and what was found; pages not in it did not come."""
    pages = [asked.page(name, given[name.path]) for name in asked.names if name.path in given]
    handed = replace(asked.handed, seen=_seen(asked.handed, pages, asked.epoch))
    keyring = asked.invitation.keyring
    try:
        slip = find_slip(pages, keyring, asked.invitation.publication)
    except FormatError:
        return handed, Finding.UNREADABLE
    is_whole = len(pages) == len(asked.names)
    if slip is not None and slip.entrances:
        handed = _looking(handed, asked.epoch, asked.look, slip.look)
        if asked.epoch < handed.since or slip.entrances == handed.entrances:
            return replace(handed, since=max(handed.since, asked.epoch)), Finding.SAME
        return replace(handed, entrances=slip.entrances, since=asked.epoch), Finding.MOVED
    if not is_whole:  # rule 4
        return handed, Finding.INCOMPLETE
    if slip is None:
        look = look_next(None, asked.look, keyring.depth)
        return _looking(handed, asked.epoch, look, look), Finding.NOT_FOUND
    is_here = min(slip.look, keyring.depth) == asked.look  # else rule 3
    finding = Finding.NOTHING_NOW if is_here else Finding.ELSEWHERE
    return _looking(handed, asked.epoch, slip.look, slip.look), finding


def addresses(
    entrances: Iterable[Entrance], calendar: Calendar, now: int, instants: Iterable[int]
) -> tuple[str, ...]:
    """Where to knock, the likeliest first, in the text form of ``net.address``.

    ``now`` is the device's instant, ``instants`` are signed ones that are known (``Calendar.to_enter``).
    """
    epochs = calendar.to_enter(now, instants)
    listed = tuple(entrances)
    return tuple(dict.fromkeys(each.address(epoch) for epoch in epochs for each in listed))


def friend(invitation: Invitation, handed: Handed, index: int, created: int) -> Invitation:
    """The invitation of friend ``index``, with the endpoints and the look that are known now.

    Raises:
        ValueError, LimitError: As ``Invitation.child``.
    """
    child = invitation.child(index, created, handed.entrances)
    return replace(child, look=min(handed.next_look, child.keyring.depth))


def _looking(handed: Handed, epoch: int, look: int, next_look: int) -> Handed:
    if epoch < handed.epoch:  # the clock was set back: what is known is of later
        return handed
    return replace(handed, look=look, next_look=next_look, epoch=epoch)


def _seen(handed: Handed, pages: Iterable[Page], epoch: int) -> tuple[tuple[int, int, int], ...]:
    """Rule 5. At most two pages of each depth and epoch are ever asked for, so this stays small."""
    newest = {(e, number): at for e, number, at in handed.seen if e >= epoch - ACCEPTED_SKEW}
    for page in pages:
        newest[page.name.epoch, page.name.number] = page.issued
    return tuple((*key, at) for key, at in sorted(newest.items()))
