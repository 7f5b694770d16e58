"""The one gate that every act passes, at a terminal or in a script.

Rules:

1. What is shown comes from ``notices.gate``, the safer alternative first; this module only asks.
2. The safe answer is the default: Enter, the end of input and anything unforeseen go back. Going on
   takes a typed word; where the act is held, a second and longer one.
3. Where nobody can be asked, an act needs its own flag on the command line, which says that someone
   has read this before. A flag answers no question where somebody can be asked.
4. What is off is off: no word and no flag opens it.
5. What was answered is not kept: it would be evidence.
"""

from typing import Final, Protocol

from mirror.errors import GateError
from mirror.notices import Act, GateText, Level, plain

NOT_CONFIRMED: Final = "not-confirmed"
ACT_OFF: Final = "act-off"
# The word of each act that this program offers, in letters that every keyboard has.
WORDS: Final = {
    Act.SAVE: "save",
    Act.EXPORT: "export",
    Act.SHARE_PUBLIC: "share",
    Act.SHARE_PRIVATE: "send",
    Act.INVITE: "invite",
    Act.CONTACT: "contact",
} | {Act.COPY_LINK: "copy"}


class Person(Protocol):
    """Whoever sits at the terminal."""

    @property
    def is_there(self) -> bool:
        """True when questions reach somebody who can type."""

    def show(self, text: str) -> None:
        """Show ``text``, which may hold anything."""

    def ask(self, prompt: str) -> str:
        """What is typed after ``prompt``; empty at the end of input."""


def flag_of(act: Act) -> str:
    """The flag of rule 3 for ``act``."""
    return f"--i-understand-{WORDS[act]}"


def pass_gate(text: GateText, person: Person, *, understood: bool) -> None:
    """Return when the act may go on.

    Raises:
        GateError: ``act-off``, ``not-confirmed``; nothing was done.
    """
    if text.level is Level.NONE:
        return
    person.show(plain(text))
    if text.level is Level.OFF:
        raise GateError("This is not offered here; nothing was done.", code=ACT_OFF)
    if text.level is Level.INLINE:
        return
    if not person.is_there:
        if not understood:
            raise GateError(
                f"Nobody can be asked, and {flag_of(text.act)} was not given; nothing was done.",
                code=NOT_CONFIRMED,
            )
        return
    word = WORDS[text.act]
    _ask(text, person, text.question.text if text.question else "", word)
    if text.again is not None:
        _ask(text, person, text.again.text, f"{word} anyway")


def _ask(text: GateText, person: Person, question: str, word: str) -> None:
    """Rule 2."""
    proceed = text.proceed.text if text.proceed else ""
    width = max(len(word), len("Enter"))
    prompt = f"\n{question}\n  {'Enter':<{width}}  {text.back.text}\n  {word:<{width}}  {proceed}\n> "
    if person.ask(prompt) != word:
        raise GateError("Not confirmed; nothing was done.", code=NOT_CONFIRMED)
