"""The walk to a text: always one, labelled when it may not stand alone."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.notices import notice_set
from mirror.notices import NoticeSet
from mirror.notices.builtin import BUILTIN, MISSING
from mirror.notices.keys import required_keys
from mirror.notices.model import State, Translation, is_finished_text
from mirror.notices.text import find, speaks, walk

WHAT = "d.ru-undesirable.what"
SET = notice_set("ru-undesirable")


def with_state(tag: str, kind: State, *, outdated: bool = False, part: str | None = None) -> NoticeSet:
    """The set with one language's texts checked so far."""
    texts = SET.languages[tag]
    parts: Mapping[str, Translation] = {
        name: replace(each, state=kind, source="0" * 64 if outdated else each.source)
        if part in (None, name)
        else each
        for name, each in texts.parts.items()
    }
    return replace(SET, languages={**SET.languages, tag: replace(texts, parts=parts)})


def without(notices: NoticeSet, tag: str, *keys: str) -> NoticeSet:
    texts = notices.languages[tag]
    kept = MappingProxyType({key: text for key, text in texts.texts.items() if key not in keys})
    return replace(notices, languages={**notices.languages, tag: replace(texts, texts=kept)})


@pytest.mark.parametrize(
    ("language", "tags"),
    [
        ("ru", ("ru", "en")),
        ("ru-RU", ("ru-RU", "ru", "en")),
        ("tt", ("tt", "ru", "en")),
        ("tt-Latn-RU", ("tt-Latn-RU", "tt-Latn", "tt", "ru", "en")),
        ("crh", ("crh", "uk", "ru", "en")),
        ("prs", ("prs", "fa", "en")),
        ("fa-AF", ("fa-AF", "fa", "en")),
        ("zh-CN", ("zh-CN", "zh", "zh-Hans", "en")),
        ("de", ("de", "en")),
        ("", ("en",)),
    ],
)
def test_the_order_of_the_walk(language: str, tags: tuple[str, ...]) -> None:
    assert walk(SET, language) == tags


@pytest.mark.parametrize(
    ("language", "found"),
    [
        ("ru", "ru"),
        ("RU", "ru"),
        ("zh-hans", "zh-Hans"),
        ("zh-TW", "zh-Hans"),
        ("crh", "uk"),
        ("ce", "ru"),
        ("de", "en"),
    ],
)
def test_each_reader_gets_the_closest_language(language: str, found: str) -> None:
    assert find(SET, WHAT, language).shown.language == found


def test_a_machine_translation_never_stands_alone() -> None:
    found = find(SET, WHAT, "ru")
    assert (found.shown.language, found.shown.state, found.shown.is_good) == ("ru", State.MACHINE, False)
    assert found.beside is not None
    assert found.beside.text == SET.languages["en"].texts[WHAT]


@pytest.mark.parametrize("kind", [State.MACHINE, State.HUMAN])
def test_what_nobody_reviewed_has_english_beside_it(kind: State) -> None:
    assert find(with_state("ru", kind), WHAT, "ru").beside is not None


@pytest.mark.parametrize("kind", [State.NATIVE, State.COUNSEL])
def test_what_was_reviewed_stands_alone_unless_it_is_outdated(kind: State) -> None:
    assert find(with_state("ru", kind), WHAT, "ru").beside is None
    old = find(with_state("ru", kind, outdated=True), WHAT, "ru")
    assert old.shown.is_outdated
    assert old.beside is not None


def test_the_weaker_of_two_parts_counts() -> None:
    """A designation's sentence is made with common ones."""
    half = with_state("ru", State.NATIVE, part="ru-undesirable")
    assert find(half, WHAT, "ru").shown.state is State.MACHINE


def test_a_reviewed_bridge_text_is_the_good_one() -> None:
    """A machine text in the closer language, a reviewed one in the bridge language."""
    reviewed = with_state("ru", State.NATIVE)
    tatar = replace(reviewed.languages["be"], texts=MappingProxyType({WHAT: "tatar"}))
    both = replace(reviewed, languages={**reviewed.languages, "tt": tatar})
    found = find(both, WHAT, "tt")
    assert found.shown.text == "tatar"
    assert found.beside is not None
    assert found.beside.language == "ru"


def test_the_walk_goes_down_to_the_built_in_text() -> None:
    fewer = SET
    for tag, expected in [("uk", "uk"), ("ru", "ru"), ("en", "en")]:
        found = find(fewer, "ui.safer", "crh")
        assert (found.shown.language, found.shown.is_builtin) == (expected, False)
        fewer = without(fewer, tag, "ui.safer")
    last = find(fewer, "ui.safer", "crh").shown
    assert last.is_builtin
    assert last.text == BUILTIN["uk"]["ui.safer"]
    nowhere = without(fewer, "en", "act.save")
    for tag in ("ru", "uk"):
        nowhere = without(nowhere, tag, "act.save")
    assert find(nowhere, "act.save", "crh").shown.text == BUILTIN["uk"][MISSING]


def test_without_a_good_text_in_the_set_the_built_in_english_stands_beside() -> None:
    found = find(without(SET, "en", "ui.safer"), "ui.safer", "ru")
    assert found.shown.language == "ru"
    assert found.beside is not None
    assert (found.beside.language, found.beside.is_builtin) == ("en", True)


def test_who_has_no_set_is_still_told_in_his_language() -> None:
    found = find(None, "builtin.off", "fa-IR")
    assert (found.shown.language, found.shown.direction) == ("fa", "rtl")
    assert found.beside is not None
    assert found.beside.language == "en"
    assert find(None, "builtin.off", "de").shown.language == "en"


@given(
    st.sampled_from(sorted(required_keys(SET.catalogue))),
    st.text("abcdefghijklmnopqrstuvwxyzHZAN-", max_size=12),
)
def test_there_always_is_a_finished_text_and_a_good_one(key: str, language: str) -> None:
    for notices in (SET, None):
        found = find(notices, key, language)
        assert is_finished_text(found.shown.text)
        assert found.shown.text != key
        assert found.shown.is_good is (found.beside is None)
        assert found.beside is None or found.beside.is_good


def test_the_built_in_texts_are_whole() -> None:
    assert set(BUILTIN) == {"en", "ru", "be", "uk", "fa", "zh-Hans", "tr"}
    for tag, texts in BUILTIN.items():
        assert texts.keys() == BUILTIN["en"].keys()
        assert all(is_finished_text(text) for text in texts.values())
        if tag != "en":
            assert not any(text == BUILTIN["en"][key] for key, text in texts.items())
            shared = [key for key in texts if not key.startswith("builtin.")]
            assert all(texts[key] == SET.languages[tag].texts[key] for key in shared), tag


def test_a_language_is_spoken_in_any_script() -> None:
    assert speaks(find(SET, WHAT, "zh-TW").shown, "zh-TW")
    assert not speaks(find(SET, WHAT, "tt").shown, "tt")
