"""Editing ``notices.toml`` keeps what people wrote in it."""

import tomllib
from datetime import date

import pytest

from mirror.errors import ConfigError
from mirror.publisher.notices_file import turn_off, turn_on

TEXT = """\
# Our notices.
schema = 1
languages = ["en", "ru"]   # more to come

[bridge]
be = ["ru"]

[[on]]
template = "by-extremist"
reviewed_by = ["editor:a-1", "counsel:b-1"]
reviewed = 2026-11-01
next_review = 2027-05-01

[[on.audience]]
located = "BY"

# Asked counsel again in June.
[[on]]
template = "ru-undesirable"
reviewed_by = ["editor:a-1", "counsel:b-1"]
reviewed = 2026-11-01
next_review = 2027-05-01
"""


def on(text: str, template: str = "kg-extremist", responsible: str | None = None) -> str:
    return turn_on(
        text,
        template,
        responsible=responsible,
        reviewed_by=["editor:x-1", "counsel:y-1"],
        reviewed=date(2026, 12, 1),
        next_review=date(2027, 6, 1),
    )


def code(text: str, template: str, turn: object = turn_off) -> str:
    with pytest.raises(ConfigError) as caught:
        on(text, template) if turn is turn_on else turn_off(text, template)
    return caught.value.code


def test_turning_on_adds_and_keeps_the_rest() -> None:
    changed = on(TEXT, responsible='The "Example" desk')
    value = tomllib.loads(changed)
    assert value["responsible"] == 'The "Example" desk'
    assert [each["template"] for each in value["on"]] == ["by-extremist", "ru-undesirable", "kg-extremist"]
    assert value["on"][2]["next_review"] == date(2027, 6, 1)
    for line in TEXT.splitlines():
        assert line in changed.splitlines()
    again = on(changed, "ir-contact", responsible="Somebody else")
    assert tomllib.loads(again)["responsible"] == "Somebody else"


def test_turning_off_removes_one_with_its_sub_tables() -> None:
    changed = turn_off(TEXT, "by-extremist")
    assert [each["template"] for each in tomllib.loads(changed)["on"]] == ["ru-undesirable"]
    assert "# Our notices." in changed
    assert "audience" not in changed
    assert turn_off(on("schema = 1\n", "a-b"), "a-b").strip() == "schema = 1"


def test_on_and_off_again_is_where_it_was() -> None:
    assert tomllib.loads(turn_off(on(TEXT), "kg-extremist")) == tomllib.loads(TEXT)


def test_what_cannot_be_edited_is_refused() -> None:
    assert code(TEXT, "kg-extremist") == "template-off"
    assert code(TEXT, "ru-undesirable", turn_on) == "template-on"
    assert code("schema = ", "kg-extremist", turn_on) == "not-toml"
    inline = 'schema = 1\non = [{template = "ru-undesirable"}]\n'
    assert code(inline, "ru-undesirable") == "notices-by-hand"
    assert code(inline, "kg-extremist", turn_on) == "notices-by-hand"
    # A line inside a longer text looks like a header: nothing of it may be cut.
    hidden = TEXT.replace('template = "by-extremist"', 'template = "by-extremist"\nnote = """\n[other]\n"""')
    assert code(hidden, "by-extremist") == "notices-by-hand"
