"""Which text a reader is shown: the walk from his language to one that is there.

The order is: exact tag → shorter tags → the publisher's bridge languages → English → the text
compiled into the program. It always ends at a text, never at an id or at nothing. A text that no
one reviewed, or that follows an older English text, is shown only *beside* a good one, labelled.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from mirror.notices.builtin import BUILTIN, MISSING, RIGHT_TO_LEFT, state_of
from mirror.notices.keys import part_of
from mirror.notices.model import COMMON, SOURCE_LANGUAGE, NoticeSet, State

_ORDER = {state: rank for rank, state in enumerate(State)}


@dataclass(frozen=True, slots=True)
class Shown:
    """One finished text with what must be said about it.

    ``language`` is the language it is *in*, for the screen reader and the fonts; ``direction`` is
    ``ltr`` or ``rtl``. ``is_good``: it may stand alone.
    """

    text: str
    language: str
    direction: str
    state: State
    is_outdated: bool = False
    is_builtin: bool = False

    @property
    def is_good(self) -> bool:
        """Whether this is the original, or a reviewed translation of the present original."""
        if self.language == SOURCE_LANGUAGE:
            return True
        return self.state in (State.NATIVE, State.COUNSEL) and not self.is_outdated


@dataclass(frozen=True, slots=True)
class Found:
    """What the walk found: the text, and a good one beside it where it may not stand alone."""

    shown: Shown
    beside: Shown | None


def walk(notices: NoticeSet | None, language: str) -> tuple[str, ...]:
    """Return the languages that are tried for a reader of ``language``, the closest first."""
    bridge = {} if notices is None else {tag.lower(): tags for tag, tags in notices.bridge.items()}
    tags = list(_shorter(language))
    bridges = [each for tag in tags for each in bridge.get(tag.lower(), ())]
    return tuple(dict.fromkeys([*tags, *bridges, SOURCE_LANGUAGE]))


def find(notices: NoticeSet | None, key: str, language: str) -> Found:
    """Return the text of ``key`` for a reader of ``language``. There always is one."""
    tried = [shown for tag in walk(notices, language) if (shown := _carried(notices, key, tag)) is not None]
    if not tried:
        tried = [shown for tag in walk(notices, language) if (shown := _builtin(key, tag)) is not None]
    shown = tried[0]
    if shown.is_good:
        return Found(shown, None)
    beside = next((each for each in tried if each.is_good), None)
    return Found(shown, beside or _builtin(key, SOURCE_LANGUAGE))


def speaks(shown: Shown, language: str) -> bool:
    """Whether ``shown`` is in the reader's language, whatever the script or region."""
    return shown.language.partition("-")[0].lower() == language.partition("-")[0].lower()


def _shorter(language: str) -> Iterator[str]:
    while language:
        yield language
        language = language.rpartition("-")[0]


def _carried(notices: NoticeSet | None, key: str, tag: str) -> Shown | None:
    if notices is None:
        return None
    known = next((each for each in notices.languages if each.lower() == tag.lower()), None)
    if known is None or key not in notices.languages[known].texts:
        return None
    texts, english = notices.languages[known], notices.languages[SOURCE_LANGUAGE]
    # A designation's sentences are built with the common ones: the weaker state counts.
    parts = {COMMON, part_of(key)}
    state = min((texts.parts[part].state for part in parts), key=lambda each: _ORDER[each])
    is_outdated = any(texts.parts[part].source != english.parts[part].source for part in parts)
    return Shown(texts.texts[key], known, texts.direction, state, is_outdated)


def _builtin(key: str, tag: str) -> Shown | None:
    known = next((each for each in BUILTIN if each.lower() == tag.lower()), None)
    if known is None:
        return None
    text = BUILTIN[known].get(key, BUILTIN[known][MISSING])
    direction = "rtl" if known in RIGHT_TO_LEFT else "ltr"
    return Shown(text, known, direction, state_of(known), is_builtin=True)
