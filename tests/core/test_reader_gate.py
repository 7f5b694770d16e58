"""The gate: what is shown, what opens it, and what never does."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.newsroom import NOW
from helpers.publication import notices
from mirror.errors import GateError
from mirror.notices import Act, Level, NoticeSet, ReaderContext, gate
from mirror.reader.gate import WORDS, flag_of, pass_gate

NOBODY_KNOWN = ReaderContext()
SAFE = ReaderContext("DE", frozenset({"DE"}), frozenset())


@dataclass
class Someone:
    answers: list[str] = field(default_factory=list)
    is_there: bool = True
    seen: str = ""
    asked: int = 0

    def show(self, text: str) -> None:
        self.seen += text

    def ask(self, prompt: str) -> str:
        self.seen += prompt
        self.asked += 1
        return self.answers.pop(0) if self.answers else ""


def passes(
    act: Act,
    person: Someone,
    *,
    understood: bool = False,
    said: NoticeSet | None = None,
    context: ReaderContext = NOBODY_KNOWN,
    builtin: bool = False,
    language: str = "ru",
) -> bool:
    text = gate(None if builtin else said or notices(), context, act, language, NOW)
    try:
        pass_gate(text, person, understood=understood)
    except GateError as error:
        return not (error.exit_status == 8 and error.code in ("not-confirmed", "act-off"))
    return True


def test_a_confirmation_is_a_typed_word() -> None:
    person = Someone(["save"])
    assert passes(Act.SAVE, person)
    assert person.asked == 1


@pytest.mark.parametrize("answer", ["", "y", "yes", "Save", "save anyway", "share", " ", "\n", "SAVE"])
def test_anything_else_goes_back(answer: str) -> None:
    assert not passes(Act.SAVE, Someone([answer]))


def test_a_held_act_takes_two_different_words() -> None:
    assert passes(Act.SHARE_PUBLIC, Someone(["share", "share anyway"]))
    for answers in (["share"], ["share", ""], ["share", "share"], ["share anyway", "share anyway"]):
        assert not passes(Act.SHARE_PUBLIC, Someone(answers))


@given(st.lists(st.text(max_size=12), max_size=3))
def test_no_other_answers_open_it(answers: list[str]) -> None:
    expected = answers[:2] == ["share", "share anyway"]
    assert passes(Act.SHARE_PUBLIC, Someone(list(answers))) is expected


def test_where_nobody_can_be_asked_only_the_flag_opens() -> None:
    assert not passes(Act.SAVE, Someone(["save"], is_there=False))
    person = Someone(is_there=False)
    assert passes(Act.SAVE, person, understood=True)
    assert person.asked == 0
    assert person.seen  # and still the notice was shown


def test_a_flag_answers_nothing_where_somebody_can_be_asked() -> None:
    assert not passes(Act.SAVE, Someone(), understood=True)


@pytest.mark.parametrize("act", list(WORDS))
def test_without_notices_no_word_and_no_flag_opens_anything(act: Act) -> None:
    word = WORDS[act]
    assert not passes(act, Someone([word, f"{word} anyway"]), builtin=True)
    assert not passes(act, Someone(is_there=False), understood=True, builtin=True)
    assert passes(Act.READ, Someone(), builtin=True)


@pytest.mark.parametrize("act", list(WORDS))
def test_every_offered_act_asks_a_reader_of_whom_nothing_is_known(act: Act) -> None:
    assert not passes(act, Someone())
    assert gate(notices(), NOBODY_KNOWN, act, "ru", NOW).level >= Level.CONFIRM


def test_the_safer_alternative_penalties_and_dates_stand_before_the_question() -> None:
    person = Someone()
    passes(Act.SHARE_PUBLIC, person, language="en")
    safer, penalty = person.seen.index("Safer:"), person.seen.index("fine".capitalize())
    assert safer < penalty < person.seen.index("Go on with this?")
    assert "5,000" in person.seen
    assert "As of" in person.seen
    assert person.seen.index("No, go back") < person.seen.index("Go on\n")


def test_the_text_is_in_the_reader_s_language_with_the_original_beside_it() -> None:
    person = Someone()
    passes(Act.SAVE, person, language="ru")
    assert "Безопаснее" in person.seen
    assert "Safer:" in person.seen  # the translation was made by a machine and says so


def test_who_is_surely_not_concerned_is_told_of_the_other_and_goes_on() -> None:
    person = Someone()
    assert passes(Act.SHARE_PRIVATE, person, context=SAFE, language="en")
    assert person.asked == 0
    assert "may be at risk" in person.seen


def test_each_act_has_its_own_word_and_flag() -> None:
    assert len(set(WORDS.values())) == len(WORDS)
    assert flag_of(Act.SAVE) == "--i-understand-save"
    assert flag_of(Act.SHARE_PUBLIC) == "--i-understand-share"
