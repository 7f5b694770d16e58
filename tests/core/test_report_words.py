"""The words before the gate: everything that a report tells is said, and nothing that it does not."""

import pytest

from mirror.reader.report_words import tells


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["mirror 1"], "that mirror 1 did not answer"),
        (["mirror 1", "mirror 3"], "that mirror 1 and mirror 3 did not answer"),
        (["a", "b", "c"], "that a, b and c did not answer"),
    ],
)
def test_every_endpoint_is_named(names: list[str], said: str) -> None:
    assert said in tells(names, "2027-01-15", 20_833, "")


def test_where_one_is_is_said_to_be_told_only_when_it_is() -> None:
    silent = ["mirror 1"]
    without, with_country = (tells(silent, "2027-01-15", 20_833, each) for each in ("", "BY"))
    assert "not where you are" in without
    assert "BY" not in without
    assert "that it was in BY" in with_country
    assert "not where you are" not in with_country


def test_not_reporting_comes_first_and_what_is_in_it_all() -> None:
    text = tells(["mirror 1"], "2027-01-15", 20_833, "")
    assert text.startswith("Nothing depends on a report")
    for told in (
        "mirror 1",
        "2027-01-15",
        "epoch 20833",
        "which invitation is yours",
        "contacting the newsroom",
    ):
        assert told in text
