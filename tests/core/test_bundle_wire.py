"""Numbers, strings and lists of pieces: one spelling each, nothing beyond a bound."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.editions import lines, piece_lists
from mirror.bundle.wire import MAX_NUMBER, Cursor, Writer
from mirror.errors import FormatError, LimitError


def written(*numbers: int) -> bytes:
    writer = Writer()
    for number in numbers:
        writer.number(number)
    return writer.bytes()


@given(st.lists(st.integers(0, MAX_NUMBER), max_size=20))
def test_numbers_come_back(numbers: list[int]) -> None:
    cursor = Cursor(written(*numbers))
    assert [cursor.number() for _ in numbers] == numbers
    cursor.end()


@given(st.binary(max_size=12))
def test_an_accepted_number_has_one_spelling(data: bytes) -> None:
    cursor = Cursor(data)
    try:
        value = cursor.number()
    except FormatError:
        return
    assert data.startswith(written(value))
    assert Cursor(written(value)).number() == value


@given(st.lists(st.integers(-(2**51), 2**51), max_size=10))
def test_signed_numbers_come_back(numbers: list[int]) -> None:
    writer = Writer()
    for number in numbers:
        writer.signed(number)
    cursor = Cursor(writer.bytes())
    assert [cursor.signed() for _ in numbers] == numbers


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "truncated"),
        (b"\x80", "truncated"),
        (b"\x80\x00", "number"),  # zero in two bytes
        (b"\xff\x00", "number"),
        (b"\x80" * 8 + b"\x01", "number"),  # nine bytes
        (b"\xff" * 7 + b"\x10", "limit"),  # 2**53
    ],
)
def test_a_number_in_any_other_form_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(FormatError) as caught:
        Cursor(data).number()
    assert caught.value.code == code


def test_the_largest_number_is_javascripts() -> None:
    assert Cursor(b"\xff" * 7 + b"\x0f").number() == MAX_NUMBER == 2**53 - 1
    with pytest.raises(ValueError, match="range"):
        Writer().number(MAX_NUMBER + 1)
    with pytest.raises(ValueError, match="range"):
        Writer().number(-1)


def test_a_length_is_checked_before_the_bytes_are_taken() -> None:
    with pytest.raises(LimitError):
        Cursor(written(1 << 40)).data(1 << 20)
    with pytest.raises(FormatError) as caught:
        Cursor(written(1 << 19)).data(1 << 20)
    assert caught.value.code == "truncated"


@given(lines)
def test_lines_come_back(text: str) -> None:
    writer = Writer()
    writer.line(text)
    assert Cursor(writer.bytes()).line(1_000) == text


@pytest.mark.parametrize("text", ["a\nb", "\x00", "\x7f", "\x9b31m", "\u2028", "\t"])
def test_what_could_drive_a_terminal_is_no_line(text: str) -> None:
    with pytest.raises(ValueError, match="line"):
        Writer().line(text)
    writer = Writer()
    writer.text(text)
    with pytest.raises(FormatError) as caught:
        Cursor(writer.bytes()).line(100)
    assert caught.value.code == "control-character"


@pytest.mark.parametrize("data", [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"])
def test_only_utf8_is_text(data: bytes) -> None:
    with pytest.raises(FormatError) as caught:
        Cursor(bytes([len(data)]) + data).text(10)
    assert caught.value.code == "utf-8"


@given(piece_lists(1 << 20))
def test_lists_of_pieces_come_back(pieces: object) -> None:
    writer = Writer()
    writer.piece_list(pieces)  # type: ignore[arg-type]
    cursor = Cursor(writer.bytes())
    assert cursor.piece_list(1 << 20) == pieces
    cursor.end()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ((0, 1, 0), "piece-list"),  # nothing inside
        ((10, 0, 0), "piece-list"),  # no piece
        ((10, 257, 0), "limit"),
        ((10, 1, 4), "limit"),  # a size that does not exist
        ((1_001, 1, 0), "limit"),
        ((10, 2, 0), "truncated"),  # one digest for two pieces
    ],
)
def test_a_list_of_pieces_that_cannot_be_is_refused(fields: tuple[int, ...], code: str) -> None:
    with pytest.raises(FormatError) as caught:
        Cursor(written(*fields) + bytes(32)).piece_list(1_000)
    assert caught.value.code == code


def test_nothing_may_follow() -> None:
    cursor = Cursor(b"\x01\x02")
    cursor.number()
    with pytest.raises(FormatError) as caught:
        cursor.end()
    assert caught.value.code == "trailing"
