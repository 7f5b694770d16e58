"""Pieces: sizes, padding, one frame; checked by name before anything is decoded."""

import random
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from mirror.bundle import parcel, piece
from mirror.errors import FormatError, LimitError
from mirror.limits import MAX_PIECE, PIECE_SIZES
from mirror.model import PieceList

raws = st.binary(min_size=1, max_size=400) | st.builds(
    lambda size, seed: random.Random(seed).randbytes(size),
    st.sampled_from([2_535, 2_545, 5_100, 10_210, 10_235, 20_450, 30_000]),
    st.integers(0, 9),
)
contents = st.just(b"") | st.binary(min_size=8, max_size=300)


@given(raws, contents)
def test_what_was_sealed_is_unsealed(raw: bytes, content: bytes) -> None:
    sealed = piece.seal(raw, content)
    assert piece.unseal(sealed.pieces, sealed.data, content) == raw
    assert {len(data) for data in sealed.data} <= set(PIECE_SIZES)
    assert all(len(data) == MAX_PIECE for data in sealed.data[:-1])
    assert sealed.pieces.last_size == len(sealed.data[-1])
    assert [piece.name_of(data) for data in sealed.data] == list(sealed.pieces.digests)


@given(st.integers(1, 3 * MAX_PIECE))
def test_every_length_is_padded_to_the_next_size_that_fits(length: int) -> None:
    padded = piece.pad(bytes(length))
    assert len(padded) % MAX_PIECE in (0, *PIECE_SIZES)
    gap = len(padded) - length
    assert gap == 0 or 8 <= gap < 2_560 + 8


@given(st.binary(max_size=3_000))
def test_garbage_raises_only_our_errors(data: bytes) -> None:
    with pytest.raises(FormatError):
        piece.open_single(data, 1_000)
    with pytest.raises(FormatError):
        piece.open_frame(b"\x28\xb5\x2f\xfd" + data, 100)
    with pytest.raises(FormatError):
        piece.check("0" * 64, data)


@given(st.data())
def test_one_changed_byte_is_never_the_same_piece(data: st.DataObject) -> None:
    sealed = piece.seal(b"The bridge was closed. " * 40)
    at = data.draw(st.integers(0, len(sealed.data[0]) - 1))
    bit = 1 << data.draw(st.integers(0, 7))
    changed = bytearray(sealed.data[0])
    changed[at] ^= bit
    with pytest.raises(FormatError) as caught:
        piece.unseal(sealed.pieces, [bytes(changed)])
    assert caught.value.code == "piece-digest"


def own_frame(header: bytes, *blocks: tuple[int, bytes, int]) -> bytes:
    """A zstd frame made by hand; a block is (kind, content, declared size)."""
    frame = b"\x28\xb5\x2f\xfd" + header
    for number, (kind, content, size) in enumerate(blocks, 1):
        last = number == len(blocks)
        frame += (last | kind << 1 | size << 3).to_bytes(3, "little") + content
    return frame


def unsealed(frame: bytes, raw_length: int) -> bytes:
    """Unseal a piece that holds ``frame`` and claims ``raw_length`` in its list, signed as it is."""
    padded = piece.pad(frame)
    data = [padded[i : i + MAX_PIECE] for i in range(0, len(padded), MAX_PIECE)]
    listed = PieceList(raw_length, tuple(map(piece.name_of, data)), len(data[-1]))
    return piece.unseal(listed, data)


def test_a_frame_made_by_hand_is_accepted() -> None:
    assert unsealed(own_frame(b"\x20\x05", (0, b"hello", 5)), 5) == b"hello"
    assert unsealed(own_frame(b"\x20\x05", (1, b"a", 5)), 5) == b"aaaaa"
    assert unsealed(own_frame(b"\x20\x05", (0, b"he", 2), (0, b"llo", 3)), 5) == b"hello"


WHOLE = zstandard.ZstdCompressor(level=19, write_checksum=False).compress(b"hello, reader " * 9)


@pytest.mark.parametrize(
    ("frame", "raw_length", "code"),
    [
        pytest.param(own_frame(b"\x20\x05", (0, b"hello", 5)), 6, "frame-length", id="another-length"),
        pytest.param(own_frame(b"\x20\x06", (0, b"hello", 5)), 6, "frame", id="fewer-bytes-than-declared"),
        pytest.param(own_frame(b"\x20\x04", (0, b"hello", 5)), 4, "frame", id="more-bytes-than-declared"),
        pytest.param(own_frame(b"\x20\x05", (3, b"hello", 5)), 5, "frame", id="reserved-block"),
        pytest.param(own_frame(b"\x20\x05", (0, b"hello", 6)), 5, "padding", id="block-into-the-padding"),
        pytest.param(own_frame(b"\x00\x58", (0, b"hello", 5)), 5, "frame", id="no-content-size"),
        pytest.param(own_frame(b"\x24\x05", (0, b"hello", 5)) + bytes(4), 5, "frame", id="checksum"),
        pytest.param(own_frame(b"\x21\x07\x05", (0, b"hello", 5)), 5, "frame", id="dictionary-id"),
        pytest.param(own_frame(b"\x80\x60\x05\0\0\0", (0, b"hello", 5)), 5, "frame", id="window-of-4-MiB"),
        pytest.param(own_frame(b"\x20\x00", (0, b"", 0)), 0, "frame", id="empty"),
        pytest.param(own_frame(b"\x28\x05", (0, b"hello", 5)), 5, "frame", id="reserved-bit"),
        pytest.param(own_frame(b"\x20\x05", (0, b"hello", 1 << 17)), 5, "frame", id="cut-off"),
        pytest.param(own_frame(b"\x20\x05", (0, b"hello", 5))[:-6], 5, "frame", id="no-block"),
        pytest.param(WHOLE[:-2], 126, "padding", id="cut-off-and-padded"),
        pytest.param(b"\x50\x2a\x4d\x18\x05\0\0\0hello", 5, "frame", id="skippable-first"),
        pytest.param(b"\x28\xb5\x2f", 5, "frame", id="no-header"),
        pytest.param(WHOLE + WHOLE, 126, "padding", id="second-frame"),
        pytest.param(WHOLE + b"\x50\x2a\x4d\x18\0\0\0\0", 126, "padding", id="second-padding"),
        pytest.param(WHOLE + bytes(20), 126, "padding", id="zeros-without-a-frame"),
        pytest.param(b"\x25\xb5\x2f\xfd" + WHOLE[4:], 126, "frame", id="old-zstd"),
    ],
)
def test_a_frame_of_another_kind_is_refused(frame: bytes, raw_length: int, code: str) -> None:
    with pytest.raises(FormatError) as caught:
        unsealed(frame, raw_length)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        pytest.param(lambda padded: padded[:-1] + b"\x01", "padding", id="not-zero"),
        pytest.param(lambda padded: padded + padded[-2_560:], "padding", id="more-than-needed"),
        pytest.param(
            lambda padded: padded.replace(b"\x50\x2a\x4d\x18", b"\x51\x2a\x4d\x18"), "padding", id="kind"
        ),
    ],
)
def test_padding_has_one_form(spoil: Callable[[bytes], bytes], code: str) -> None:
    padded = spoil(piece.pad(WHOLE))
    listed = PieceList(126, (piece.name_of(padded),), len(padded))
    with pytest.raises(FormatError) as caught:
        piece.unseal(listed, [padded])
    assert caught.value.code == code


def test_sizes_are_checked_before_names() -> None:
    with pytest.raises(LimitError) as caught:
        piece.check("0" * 64, bytes(MAX_PIECE + 1))
    assert caught.value.code == "piece-oversized"
    with pytest.raises(FormatError) as odd:
        piece.check("0" * 64, bytes(2_561))
    assert odd.value.code == "piece-size"


def test_a_wrong_dictionary_gives_an_error_or_another_text() -> None:
    """A frame does not say after what it was compressed: records and their codes must find it out."""
    content = b"the bridge over the river was closed at night " * 4
    sealed = piece.seal(content[10:90] * 3, content)
    with pytest.raises(FormatError):
        piece.unseal(sealed.pieces, sealed.data, b"")
    assert piece.unseal(sealed.pieces, sealed.data, content[::-1]) != content[10:90] * 3


def test_a_declared_length_is_checked_before_the_frame_is_opened() -> None:
    frame = own_frame(b"\x80\x58" + (1 << 31).to_bytes(4, "little"), (1, b"a", 1 << 17))
    with pytest.raises(LimitError) as caught:
        piece.open_single(piece.pad(frame), 1 << 20)
    assert caught.value.code == "frame-length"


def test_too_much_for_a_list_of_pieces_is_refused() -> None:
    with pytest.raises(LimitError) as caught:
        piece.seal(random.Random(0).randbytes(257 * MAX_PIECE))
    assert caught.value.code == "too-many-pieces"
    with pytest.raises(ValueError, match="nothing"):
        piece.seal(b"")


@given(raws)
def test_parcels_come_back(raw: bytes) -> None:
    sealed = parcel.seal(raw)
    pieces = parcel.parse_list(sealed.head, sealed.pieces[sealed.head], 1 << 20)
    assert piece.unseal(pieces, [sealed.pieces[name] for name in pieces.digests]) == raw


def test_the_largest_parcel_is_listed_in_one_piece() -> None:
    sealed = parcel.seal(random.Random(0).randbytes(255 * MAX_PIECE))
    assert len(sealed.pieces) == 257
    assert len(parcel.parse_list(sealed.head, sealed.pieces[sealed.head], 3 << 20).digests) == 256


def test_a_parcel_larger_than_asked_for_is_refused() -> None:
    sealed = parcel.seal(bytes(1_001))
    with pytest.raises(LimitError):
        parcel.parse_list(sealed.head, sealed.pieces[sealed.head], 1_000)


def test_a_piece_that_is_no_list_is_no_parcel() -> None:
    other = piece.seal(b"mirror-parcel\x02 and more")
    with pytest.raises(FormatError) as caught:
        parcel.parse_list(other.pieces.digests[0], other.data[0], 1_000)
    assert caught.value.code == "not-a-parcel"
