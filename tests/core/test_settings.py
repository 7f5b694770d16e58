"""Configurations are taken strictly, and never quoted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.errors import ConfigError
from mirror.limits import MAX_CONFIG
from mirror.settings import Table, read

WHOLE = b"""
name = "x"
count = 3
is_on = true
several = ["a", "b"]
[inner]
depth = 1
[[rows]]
n = 1
[[rows]]
n = 2
"""


def take(table: Table) -> tuple[object, ...]:
    inner = table.table("inner")
    values = (
        table.text("name"),
        table.number("count", least=1, most=3),
        table.flag("is_on"),
        table.texts("several"),
        inner.number("depth", least=0, most=1),
        [row.number("n", least=0, most=2) for row in table.tables("rows")],
        table.text("absent", "default"),
        table.texts("absent", ()),
    )
    inner.end()
    table.end()
    return values


def test_what_is_there_is_taken() -> None:
    assert take(read(WHOLE)) == ("x", 3, True, ("a", "b"), 1, [1, 2], "default", ())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "x"', "", "lacks name"),
        ('name = "x"', 'name = " "', "name is empty"),
        ('name = "x"', "name = 5", "name is not a text"),
        ("count = 3", "count = 4", "count is not between 1 and 3"),
        ("count = 3", "count = 0", "count is not between 1 and 3"),
        ("count = 3", "count = true", "count is not a whole number"),
        ("count = 3", "count = 3.0", "count is not a whole number"),
        ("is_on = true", "is_on = 1", "is_on is not true or false"),
        ('["a", "b"]', '"ab"', "several is not a list of texts"),
        ('["a", "b"]', '["a", 1]', "several is not a list of texts"),
        ('["a", "b"]', '["a", "a"]', "several holds an empty or a repeated text"),
        ('["a", "b"]', '["a", ""]', "several holds an empty or a repeated text"),
        ("depth = 1", "depth = 2", "inner.depth is not between 0 and 1"),
        ("depth = 1", "depth = 1\nsecret = 1", "unknown key: inner.secret"),
        ("[inner]", "[outer]", "lacks inner.depth"),
        ("[inner]", "[[inner]]", "inner is not a table"),
        ("n = 2", "n = 3", "rows[2].n is not between 0 and 2"),
        ('name = "x"', 'name = "x"\nNAME = "secret"', "unknown key: NAME"),
        ('name = "x"', 'name = "x"\nname = "y"', "not TOML"),
        ('name = "x"', 'name = "\x07"', "not TOML"),
        ('name = "x"', '"na\\u001bme" = "x"\nname = "x"', "unknown key: na?me"),
    ],
)
def test_one_fault_is_named_by_its_key(old: str, new: str, said: str) -> None:
    text = WHOLE.decode()
    assert text.count(old) == 1
    with pytest.raises(ConfigError) as caught:
        take(read(text.replace(old, new).encode()))
    assert said in str(caught.value)
    assert "secret" not in str(caught.value).replace("inner.secret", "")


@pytest.mark.parametrize("data", [b"\xff", b"[" * 60_000, b"#" * (MAX_CONFIG + 1), b"x = 'secret"])
def test_what_is_no_configuration_is_refused(data: bytes) -> None:
    with pytest.raises(ConfigError) as caught:
        read(data)
    assert "secret" not in str(caught.value)


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_garbage_raises_only_our_error(data: bytes) -> None:
    said = ""
    try:
        take(read(data))
    except ConfigError as error:
        said = str(error)
    assert said.isprintable()
