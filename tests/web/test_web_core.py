"""The browser reader's bytes and texts are Python's."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import limits_ts
from helpers.node import Node, Refused, running


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with running() as process:
        yield process


@given(data=st.binary() | st.text().map(str.encode))
def test_texts_are_read_as_in_python(node: Node, data: bytes) -> None:
    try:
        expected: str | Refused = data.decode()
    except UnicodeDecodeError:
        expected = Refused("FormatError", "utf-8")
    assert node.ask("text-of", data.hex()) == expected


@given(text=st.binary(max_size=9).map(bytes.hex) | st.text("0123456789abcdefABCDEF \n", max_size=9))
def test_hexadecimal_has_one_spelling(node: Node, text: str) -> None:
    whole = len(text) % 2 == 0 and not text.strip("0123456789abcdef")
    assert node.ask("unhex", text) == (text if whole else Refused("FormatError", "hex"))


def test_bounds_are_those_of_python() -> None:
    assert limits_ts.FILE.read_text() == limits_ts.text()
