"""What is shown before an act: order, words, labels, and nothing about the reader."""

import re
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.notices import ABROAD, DAY, LANGUAGES, NOW, ROOT, TEMPLATES, UNKNOWN, notice_set
from mirror.notices import Act, Block, GateText, Kind, Level, ReaderContext, gate, info_page, plain
from mirror.notices.builtin import BUILTIN
from mirror.notices.model import State, Status, is_finished_text

SET = notice_set("ru-undesirable")
ALL = notice_set(*TEMPLATES)
RU_READERS = (
    ReaderContext(located="RU"),
    ReaderContext("RU", frozenset({"RU"}), frozenset()),
    ReaderContext("DE", frozenset({"RU"}), frozenset()),
    ReaderContext("DE", frozenset(), frozenset({"RU"})),
)


def kinds(blocks: tuple[Block, ...]) -> list[Kind]:
    return [block.kind for block in blocks]


def texts(page: GateText) -> list[str]:
    return [block.text for block in page.blocks]


@pytest.mark.parametrize("act", [act for act in Act if act is not Act.READ])
@pytest.mark.parametrize("language", [*LANGUAGES, "tt", "de"])
def test_the_safer_alternative_comes_first(act: Act, language: str) -> None:
    for notices in (SET, ALL, notice_set()):
        shown = gate(notices, UNKNOWN, act, language, NOW)
        assert shown.level >= Level.CONFIRM
        assert kinds(shown.blocks)[:2] == [Kind.HEADING, Kind.SAFER]


def test_the_gate_before_keeping_a_copy_says_what_is_known_and_no_more() -> None:
    shown = gate(SET, UNKNOWN, Act.SAVE, "en", NOW)
    carried = SET.languages["en"].texts
    assert shown.level is Level.CONFIRM
    assert shown.title.text == "Keeping a copy"
    assert texts(shown) == [
        carried[key]
        for key in (
            "ui.safer",
            "alt.memory-only",
            "ui.summary",
            "d.ru-undesirable.what",
            "d.ru-undesirable.who",
            "standing.claimed",
            "d.ru-undesirable.p.ru-koap-20.33",
            "s.rferl-footer",
            "s.tass-2024-08-02",
            "s.mediazona-2024-04-26",
            "ui.checked",
            "ui.advice",
            "ui.more",
        )
    ]
    assert "We found no case." in carried["standing.claimed"]
    assert (shown.labels, shown.beside) == ((), ())
    assert shown.more == ("ru-undesirable", "generic")


def test_a_public_share_says_past_and_receiver() -> None:
    shown = gate(SET, UNKNOWN, Act.SHARE_PUBLIC, "en", NOW)
    assert {Kind.PAST, Kind.RECIPIENT, Kind.PENALTY, Kind.SOURCE} <= set(kinds(shown.blocks))
    assert kinds(shown.blocks).count(Kind.PENALTY) == 4


@pytest.mark.parametrize(
    ("act", "level", "asked"),
    [
        (Act.SAVE, Level.CONFIRM, (True, False, True)),
        (Act.SHARE_PUBLIC, Level.HOLD, (True, True, True)),
        (Act.DONATE, Level.OFF, (False, False, False)),
        (Act.READ, Level.INLINE, (False, False, False)),
    ],
)
def test_what_is_asked_follows_the_level(act: Act, level: Level, asked: tuple[bool, ...]) -> None:
    shown = gate(SET, UNKNOWN, act, "en", NOW)
    assert shown.level is level
    assert tuple(each is not None for each in (shown.question, shown.again, shown.proceed)) == asked
    assert shown.back.text == "No, go back"
    assert (SET.languages["en"].texts["ui.off"] in texts(shown)) is (level is Level.OFF)


def test_the_surely_unconcerned_see_a_line_about_the_receiver() -> None:
    shown = gate(SET, ABROAD, Act.SHARE_PUBLIC, "en", NOW)
    assert shown.level is Level.INLINE
    assert "The person you send it to may be at risk." in texts(shown)
    assert not {Kind.WHO, Kind.PENALTY, Kind.STANDING} & set(kinds(shown.blocks))


def test_nothing_to_say_is_nothing_said() -> None:
    shown = gate(SET, ABROAD, Act.READ, "en", NOW)
    assert (shown.level, shown.blocks, shown.more) == (Level.NONE, (), ())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("act", Act)
def test_the_words_never_depend_on_who_the_reader_is(act: Act, language: str) -> None:
    """Surely or maybe concerned: the same screen, so a glance at it tells nothing."""
    unknown = gate(SET, UNKNOWN, act, language, NOW)
    named = ReaderContext(located="RU")  # the other questions are open, so the generic notice stays
    assert gate(SET, named, act, language, NOW) == unknown
    specific = [gate(SET, reader, act, language, NOW) for reader in RU_READERS]
    assert all(each.blocks == specific[0].blocks for each in specific)
    assert all(each.level is unknown.level for each in specific)


CONDITIONAL = {
    "be": "Калі ", "en": "If ", "en-x-pseudo": "[Íf ", "fa": "اگر ", "ru": "Если ", "tr": "Eğer ",
    "uk": "Якщо ", "zh-Hans": "如果",
}  # fmt: skip
PASSPORT = {
    "be": "у вас", "en": "you hold", "en-x-pseudo": "ýóú hóld", "fa": "دارید", "ru": "у вас",
    "tr": "pasaportunuz", "uk": "у вас", "zh-Hans": "您持有",
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_whom_it_concerns_is_always_a_condition(language: str) -> None:
    for key, text in ALL.languages[language].texts.items():
        if key.endswith(".who"):
            assert text.startswith(CONDITIONAL[language]), text
            assert PASSPORT[language] in text
        elif not key.endswith(".info") and language != "fa":
            assert PASSPORT[language] not in text, key


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
def test_a_machine_translation_says_so_and_has_english_beside(language: str) -> None:
    shown = gate(SET, UNKNOWN, Act.SAVE, language, NOW)
    english = gate(SET, UNKNOWN, Act.SAVE, "en", NOW)
    assert [label.text for label in shown.labels] == [SET.languages[language].texts["ui.machine"]]
    heading, title, *rest = shown.beside
    assert heading.text == SET.languages[language].texts["ui.beside"]
    assert title == english.title
    asked = [english.question, english.back, english.proceed]
    assert rest == [*english.blocks, *asked]
    assert {block.language for block in shown.blocks} == {language}
    assert {block.direction for block in shown.blocks} == {"rtl" if language == "fa" else "ltr"}


def test_a_bridge_language_says_that_it_is_not_the_readers() -> None:
    shown = gate(SET, UNKNOWN, Act.SAVE, "tt", NOW)
    carried = SET.languages["ru"].texts
    assert [label.text for label in shown.labels] == [carried["ui.other-language"], carried["ui.machine"]]
    english = gate(SET, UNKNOWN, Act.SAVE, "de", NOW)
    assert [label.text for label in english.labels] == [SET.languages["en"].texts["ui.other-language"]]
    assert english.beside == ()


def test_an_outdated_translation_says_so() -> None:
    russian = SET.languages["ru"]
    parts = {name: replace(each, state=State.HUMAN, source="0" * 64) for name, each in russian.parts.items()}
    old = replace(SET, languages={**SET.languages, "ru": replace(russian, parts=parts)})
    labels = [label.text for label in gate(old, UNKNOWN, Act.SAVE, "ru", NOW).labels]
    assert labels == [russian.texts["ui.human"], russian.texts["ui.outdated"]]


def test_a_gap_is_filled_from_the_next_language() -> None:
    russian = SET.languages["ru"]
    kept = {key: text for key, text in russian.texts.items() if key != "standing.claimed"}
    fewer = replace(SET, languages={**SET.languages, "ru": replace(russian, texts=kept)})
    shown = gate(fewer, UNKNOWN, Act.SAVE, "ru", NOW)
    (standing,) = [block for block in shown.blocks if block.kind is Kind.STANDING]
    assert (standing.language, standing.text) == ("en", SET.languages["en"].texts["standing.claimed"])


def test_old_notices_say_so() -> None:
    remark = SET.languages["en"].texts["ui.old"]
    assert remark not in texts(gate(SET, UNKNOWN, Act.SAVE, "en", NOW))
    assert remark in texts(gate(SET, UNKNOWN, Act.SAVE, "en", NOW + 121 * DAY))


@pytest.mark.parametrize("language", [*BUILTIN, "de", "tt"])
@pytest.mark.parametrize("act", Act)
def test_without_a_set_the_built_in_text_is_shown(act: Act, language: str) -> None:
    shown = gate(None, UNKNOWN, act, language, NOW)
    assert shown.memory_only
    assert (shown.question, shown.again, shown.proceed) == (None, None, None)
    key = "builtin.read" if act is Act.READ else "builtin.off"
    expected = BUILTIN[language if language in BUILTIN else "en"][key]
    assert expected in texts(shown)
    assert shown.level is (Level.INLINE if act is Act.READ else Level.OFF)
    assert bool(shown.beside) is (language not in ("en", "de", "tt"))


def test_several_designations_are_told_one_after_the_other() -> None:
    shown = gate(ALL, UNKNOWN, Act.SAVE, "en", NOW)
    assert kinds(shown.blocks).count(Kind.WHO) == 4
    assert kinds(shown.blocks).count(Kind.SUMMARY) == 1
    assert shown.level is Level.HOLD  # Belarus names arrest
    assert shown.more == ("by-extremist", "ir-contact", "kg-extremist", "ru-undesirable", "generic")


@given(
    st.sampled_from(Act),
    st.sampled_from([*LANGUAGES, "tt", "de", "crh"]),
    st.none() | st.sampled_from(["RU", "BY", "DE", "UA-43"]),
    st.none() | st.frozensets(st.sampled_from(["RU", "IR", "DE"])),
    st.integers(0, 2**33),
)
def test_every_block_is_a_finished_text(
    act: Act, language: str, place: str | None, citizenships: frozenset[str] | None, now: int
) -> None:
    shown = gate(ALL, ReaderContext(place, citizenships), act, language, now)
    for block in (shown.title, shown.back, *shown.labels, *shown.blocks, *shown.beside):
        assert is_finished_text(block.text)
        assert block.direction in ("ltr", "rtl")
    assert (shown.level is Level.NONE) is (shown.blocks == ())


# --- the page behind "more" -----------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("designation", [*TEMPLATES, "generic"])
def test_the_information_page_is_whole_in_every_language(designation: str, language: str) -> None:
    page = info_page(ALL, designation, language)
    each = ALL.catalogue.designation(designation)
    carried = ALL.languages[language].texts
    assert page.title.text == carried[f"d.{designation}.label"]
    shown = [block.text for block in page.blocks]
    assert carried[f"d.{designation}.info"] in shown
    assert [text for text in shown if text in {carried[f"act.{act}"] for act in each.acts}] == [
        carried[f"act.{act}"] for act in Act if act in each.acts
    ]
    for penalty in {id_ for rule in each.acts.values() for id_ in rule.penalties}:
        assert shown.count(carried[f"d.{designation}.p.{penalty}"]) == 1
    for source in each.sources:
        assert shown.count(carried[f"s.{source}"]) == 1
    assert bool(page.beside) is (language != "en")


def test_an_address_on_the_page_is_text_not_a_link() -> None:
    page = info_page(SET, "ru-undesirable", "fa")
    addresses = [block for block in page.blocks if block.kind is Kind.ADDRESS]
    assert len(addresses) == 10
    assert all(re.fullmatch(r"https://[\x21-\x7e]+", block.text) for block in addresses)
    assert {(block.language, block.direction) for block in addresses} == {("und", "ltr")}


@pytest.mark.parametrize(
    ("status", "key"), [(Status.SUSPENDED, "ui.suspended"), (Status.REPEALED, "ui.repealed")]
)
def test_the_page_says_when_it_was_suspended_or_repealed(status: Status, key: str) -> None:
    changed = tuple(
        replace(each, status=status) if each.id == "ru-undesirable" else each
        for each in SET.catalogue.designations
    )
    notices = replace(SET, catalogue=replace(SET.catalogue, designations=changed))
    shown = [block.text for block in info_page(notices, "ru-undesirable", "en").blocks]
    assert SET.languages["en"].texts[key] in shown
    assert "following can concern" in " ".join(shown)


def test_a_page_that_is_not_there_is_the_callers_mistake() -> None:
    with pytest.raises(KeyError):
        info_page(SET, "by-extremist", "en")


def test_plain_text_for_a_terminal() -> None:
    shown = gate(SET, UNKNOWN, Act.SAVE, "fa", NOW)
    marked, bare = plain(shown), plain(shown, isolates=False)
    assert "\u2068" in marked
    assert not re.search("[\u2066-\u2069]", bare)
    assert marked.translate(dict.fromkeys(range(0x2066, 0x206A))) == bare
    assert bare.startswith(shown.title.text)
    assert bare.endswith("\n")
    assert not bare.endswith("\n\n")
    lines = bare.splitlines()
    assert sum(line.startswith("- ") for line in lines) == 2  # one penalty, Persian and English
    assert shown.question is not None
    assert shown.question.text not in bare
    assert "https://" in plain(info_page(SET, "ru-undesirable", "en"))


def test_a_readers_program_loads_neither_fluent_nor_babel() -> None:
    script = (
        "import sys, mirror.notices; print({'babel', 'fluent', 'fluent.runtime', 'attr'} & set(sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(ROOT / "src")},
    )
    assert run.stdout == "set()\n"
