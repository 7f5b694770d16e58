"""The vectors that other implementations run are what this one does."""

import json
from typing import Any

import pytest

from helpers.notice_vectors import FILE, LANGUAGES, READERS, spelled
from helpers.notices import DAY
from mirror.notices import Act, ReaderContext, decide, decode, encode, gate
from mirror.notices.text import walk

VECTORS: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
SETS = {name: decode(text.encode()) for name, text in VECTORS["sets"].items()}


def test_the_file_is_what_the_code_makes() -> None:
    assert FILE.read_text("utf-8") == spelled(), "run python -m helpers.notice_vectors"


def test_the_sets_are_in_their_one_spelling() -> None:
    assert set(SETS) == {"ru", "generic"}
    for name, notices in SETS.items():
        assert encode(notices).decode() == VECTORS["sets"][name]


@pytest.mark.parametrize(
    "case", [pytest.param(each, id=f"{each['set']}-{each['why']}") for each in VECTORS["decisions"]]
)
def test_each_decision(case: dict[str, Any]) -> None:
    answers: dict[str, Any] = {
        name: value if isinstance(value, str) else frozenset(value) for name, value in case["reader"].items()
    }
    reader = ReaderContext(**answers)
    assert reader == READERS[case["why"]]
    for act in Act:
        level = decide(SETS.get(case["set"]), reader, act, VECTORS["now"]).level
        assert level.name.lower() == case["levels"][act]


def test_age_walks_and_screens() -> None:
    for case in VECTORS["age"]:
        decision = decide(
            SETS.get(case["set"]), ReaderContext(), Act.SAVE, VECTORS["now"] + case["days"] * DAY
        )
        assert decision.may_be_out_of_date is case["may_be_out_of_date"]
    assert {each["may_be_out_of_date"] for each in VECTORS["age"] if each["set"] == "ru"} == {True, False}
    assert set(VECTORS["walks"]) == set(LANGUAGES)
    for language, tags in VECTORS["walks"].items():
        assert list(walk(SETS["ru"], language)) == tags
    for case in VECTORS["screens"]:
        shown = gate(
            SETS.get(case["set"]), ReaderContext(), Act(case["act"]), case["language"], VECTORS["now"]
        )
        assert [[block.kind, block.text] for block in shown.blocks] == case["blocks"]
        assert [[block.kind, block.text] for block in shown.beside] == case["beside"]
        assert [block.text for block in shown.labels] == case["labels"]
