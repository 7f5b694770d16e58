"""What the findings at all endpoints say together, and what to try next. Pure.

Rules:

A1  One mirror says little about the network: what happens to it may be its own doing. Two that fail
    in the same way are called a pattern, and even that only seems so.
A2  The harmless comes first: the clock, the connection, what the program does by itself.
A3  What gets around a block is advised only where nothing current can be read without it, and only
    together with the caution that using it may itself be watched or punished.
A4  Nothing is advised that is in use already.
A5  The order of the endpoints changes nothing but the order of their names.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mirror.client.diagnosis import SLOWLY, WORKING, Diagnosis, Finding, Way

_SEVERAL: Final = 2  # A1
# Clocks of ordinary devices differ by less, and certificates and statements allow for it.
_CLOCK_SECONDS: Final = 300


class Pattern(StrEnum):
    """What seems to happen, over all endpoints. The codes are stable."""

    WRONG_CLOCK = "wrong-clock"  # the device's clock is behind what was signed or built
    PAST_DATE = "past-date"  # what the mirrors have is genuine and no longer in force
    CUT_OFF = "cut-off"  # no endpoint was reached at all
    PROXY_FAILS = "proxy-fails"
    PAGES = "pages"  # pages come in the place of files
    NAMES = "names"  # names are not found
    INTERCEPTED = "intercepted"  # somebody else answers
    HELLOS = "hellos"  # connections end when they say for whom they are
    ADDRESSES = "addresses"  # connections to some places are not made, to others they are
    SILENCE = "silence"  # requests are taken, and answers do not come or stop midway
    FREEZES = "freezes"
    SLOWS = "slows"  # all that works is slow
    LIARS = "liars"  # some mirror, or somebody on the way to it, alters bytes
    SINGLE = "single"  # something fails, and nothing twice
    CLEAR = "clear"  # nothing is wrong


class Advice(StrEnum):
    """What to try, in the order in which to try it. The codes are stable."""

    SET_CLOCK = "set-clock"
    CHECK_CONNECTION = "check-connection"
    SIGN_IN = "sign-in"
    CHECK_PROXY = "check-proxy"
    READ_ON = "read-on"  # the program copes
    TEXT_FIRST = "text-first"
    LEAVE_OUT = "leave-out"  # the mirrors in ``Conclusion.liars``
    LATER = "later"
    OTHER_RESOLVER = "other-resolver"
    OTHER_LOOK = "other-look"
    OTHER_WAY = "other-way"
    OTHER_MIRRORS = "other-mirrors"
    BUNDLE_FILE = "bundle-file"


# A3: these need the caution.
CAUTIOUS: Final = frozenset(
    {
        Advice.OTHER_RESOLVER,
        Advice.OTHER_LOOK,
        Advice.OTHER_WAY,
        Advice.OTHER_MIRRORS,
        Advice.BUNDLE_FILE,
    }
)

_F = Finding
_NOT_REACHED: Final = frozenset({_F.NO_NAME, _F.NOBODY_ANSWERS, _F.CONNECTION_REFUSED})
_AT_HELLO: Final = frozenset({_F.RESET_AT_HELLO, _F.SILENT_AT_HELLO, _F.RESET_AT_REQUEST})
_AT_ADDRESS: Final = frozenset({_F.NOBODY_ANSWERS, _F.CONNECTION_REFUSED})
_MIDWAY: Final = frozenset({_F.SILENT, _F.STALLS, _F.BROKEN_OFF})
# Patterns that two findings of a kind make, in the order they are told.
_KINDS: Final = {
    Pattern.PAGES: frozenset({_F.BLOCK_PAGE}),
    Pattern.NAMES: frozenset({_F.NO_NAME}),
    Pattern.INTERCEPTED: frozenset({_F.UNTRUSTED}),
    Pattern.HELLOS: _AT_HELLO,
    Pattern.ADDRESSES: _AT_ADDRESS,
    Pattern.SILENCE: _MIDWAY,
    Pattern.FREEZES: frozenset({_F.FREEZES}),
}


@dataclass(frozen=True, slots=True)
class Clues:
    """What was learnt besides: how far the device's clock is behind, and whether what is signed lapsed."""

    clock_slow_seconds: int = 0
    is_past_date: bool = False


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What all findings together say.

    ``working`` of ``total`` endpoints give something genuine, ``current`` of them the newest that was
    seen; ``liars`` are the names of those that gave altered bytes.
    """

    working: int
    current: int
    total: int
    patterns: tuple[Pattern, ...]
    advice: tuple[Advice, ...]
    liars: tuple[str, ...] = ()

    @property
    def is_cautious(self) -> bool:
        """True when something is advised that may itself be watched or punished (A3)."""
        return not CAUTIOUS.isdisjoint(self.advice)


def conclude(diagnoses: Sequence[Diagnosis], way: Way, clues: Clues) -> Conclusion:
    """What ``diagnoses`` say together, and what to try next."""
    working = [each.finding for each in diagnoses if each.finding in WORKING]
    current = sum(finding is not Finding.BEHIND for finding in working)
    patterns = _patterns(diagnoses, working, clues)
    return Conclusion(
        len(working),
        current,
        len(diagnoses),
        patterns,
        _advice(set(patterns), current, way),
        tuple(each.name for each in diagnoses if each.finding is Finding.ALTERED),
    )


def _patterns(
    diagnoses: Sequence[Diagnosis], working: Sequence[Finding], clues: Clues
) -> tuple[Pattern, ...]:
    remote = Counter(each.finding for each in diagnoses if not each.is_local)
    count = remote.total()
    found: list[Pattern] = []
    if clues.clock_slow_seconds > _CLOCK_SECONDS:
        found.append(Pattern.WRONG_CLOCK)
    if clues.is_past_date:
        found.append(Pattern.PAST_DATE)
    if count and all(finding in _NOT_REACHED for finding in remote):
        found.append(Pattern.CUT_OFF)
    elif remote[Finding.NO_PROXY]:
        found.append(Pattern.PROXY_FAILS)
    for pattern, kind in _KINDS.items():
        is_told = pattern is Pattern.ADDRESSES and Pattern.CUT_OFF in found
        if sum(remote[each] for each in kind) >= _SEVERAL and not is_told:
            found.append(pattern)
    if working and all(finding in SLOWLY for finding in working):
        found.append(Pattern.SLOWS)
    if any(each.finding is Finding.ALTERED for each in diagnoses):
        found.append(Pattern.LIARS)
    if not found:
        is_clear = all(each.finding is Finding.WORKS for each in diagnoses)
        found.append(Pattern.CLEAR if is_clear else Pattern.SINGLE)
    return tuple(found)


def _advice(patterns: set[Pattern], current: int, way: Way) -> tuple[Advice, ...]:
    found: set[Advice] = set()
    if patterns & {Pattern.WRONG_CLOCK, Pattern.PAST_DATE}:
        found.add(Advice.SET_CLOCK)
    if Pattern.LIARS in patterns:
        found.add(Advice.LEAVE_OUT)
    if current:
        found.add(Advice.TEXT_FIRST if Pattern.SLOWS in patterns else Advice.READ_ON)
    else:
        found |= {Advice.LATER, Advice.OTHER_MIRRORS, Advice.BUNDLE_FILE}
        found |= _ways_around(patterns, way)
    return tuple(each for each in Advice if each in found)  # A2: in the order of the enumeration


def _ways_around(patterns: set[Pattern], way: Way) -> set[Advice]:
    found: set[Advice] = set()
    if Pattern.CUT_OFF in patterns:
        found.add(Advice.CHECK_CONNECTION)
    if Pattern.PAGES in patterns:
        found.add(Advice.SIGN_IN)
    if Pattern.PROXY_FAILS in patterns:
        found.add(Advice.CHECK_PROXY)
    if way.is_proxied:  # A4; and names are the proxy's to look up
        return found
    if patterns & {Pattern.NAMES, Pattern.INTERCEPTED, Pattern.PAGES} and not way.has_resolver:
        found.add(Advice.OTHER_RESOLVER)
    if Pattern.HELLOS in patterns and not way.is_camouflaged:
        found.add(Advice.OTHER_LOOK)
    found.add(Advice.OTHER_WAY)
    return found
