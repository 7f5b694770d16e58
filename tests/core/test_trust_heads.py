"""Heads: what was packed comes back, in one piece, and nothing else is taken for a head."""

import hashlib
import random
import struct

import pytest
import zstandard
from hypothesis import example, given
from hypothesis import strategies as st

from mirror.errors import FormatError, LimitError
from mirror.limits import MAX_METADATA, MAX_METADATA_HEAD_FILES, MAX_METADATA_HEAD_RAW, MAX_PIECE
from mirror.trust.heads import pack_head, unpack_head

FILES = {"timestamp.json": b'{"t":1}', "2.snapshot.json": b"s" * 500, "1.root.json": b""}
NAMES = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=30)


def framed(body: bytes, *, total: int = MAX_PIECE, **how: bool) -> bytes:
    """A head around any body, padded as ours are."""
    frame = zstandard.ZstdCompressor(level=19, write_checksum=how.get("checksum", False)).compress(body)
    if how.get("sizeless"):
        frame = zstandard.ZstdCompressor(level=19, write_content_size=False, write_checksum=False).compress(
            body
        )
    room = total - len(frame) - 8
    return frame + b"\x50\x2a\x4d\x18" + struct.pack("<I", room) + bytes(room)


def entry(name: bytes, data: bytes) -> bytes:
    return bytes([len(name)]) + name + len(data).to_bytes(3, "big") + data


def body(*entries: bytes, count: int | None = None) -> bytes:
    return b"MHD1" + bytes([len(entries) if count is None else count]) + b"".join(entries)


@given(st.dictionaries(NAMES, st.binary(max_size=400), max_size=MAX_METADATA_HEAD_FILES))
def test_what_is_packed_comes_back(files: dict[str, bytes]) -> None:
    packed = pack_head(files)
    assert len(packed) == MAX_PIECE
    assert unpack_head(packed) == files
    assert pack_head(dict(reversed(files.items()))) == packed


def test_our_framing_here_is_the_real_one() -> None:
    whole = body(*(entry(name.encode(), FILES[name]) for name in sorted(FILES)))
    assert unpack_head(framed(whole)) == FILES


A, B = entry(b"a", b"1"), entry(b"b", b"2")
DEFECTS = {
    "duplicate": framed(body(A, A)),
    "not in order": framed(body(B, A)),
    "count too low": framed(body(A, B, count=1)),
    "count too high": framed(body(A, B, count=3)),
    "no name": framed(body(entry(b"", b"1"))),
    "not ascii": framed(body(entry("ä".encode(), b"1"))),
    "trailing byte": framed(body(A) + b"x"),
    "cut in the data": framed(body(A)[:-1]),
    "cut in the length": framed(body(A)[:-3]),
    "cut in the name": framed(body(A)[:-5]),
    "cut before the name": framed(body(A)[:5]),
    "no count": framed(b"MHD1"),
    "other magic": framed(b"MHD2" + body(A)[4:]),
    "empty": framed(b""),
    "checksum": framed(body(A), checksum=True),
    "no content size": framed(body(A), sizeless=True),
    "too short": framed(body(A), total=MAX_PIECE - 1),
    "too long": framed(body(A), total=MAX_PIECE + 1),
    "padding not zero": framed(body(A))[:-1] + b"\x01",
    "padding of another kind": framed(body(A)).replace(b"\x50\x2a\x4d\x18", b"\x51\x2a\x4d\x18"),
    "two frames": (framed(body(A), total=5_000) + framed(body(B), total=MAX_PIECE - 5_000)),
    "no frame": b"x" * MAX_PIECE,
    "skippable first": b"\x50\x2a\x4d\x18" + struct.pack("<I", MAX_PIECE - 8) + bytes(MAX_PIECE - 8),
    "zeros": bytes(MAX_PIECE),
    "nothing": b"",
}


@pytest.mark.parametrize("data", DEFECTS.values(), ids=DEFECTS)
def test_one_defect_is_enough(data: bytes) -> None:
    with pytest.raises(FormatError) as refused:
        unpack_head(data)
    assert refused.value.code == "head"


@pytest.mark.parametrize(
    "data",
    [
        framed(body(entry(b"a", bytes(MAX_METADATA + 1)))),
        framed(body(*(entry(bytes([65 + n]), b"") for n in range(MAX_METADATA_HEAD_FILES + 1)))),
        framed(bytes(MAX_METADATA_HEAD_RAW + 1)),
        framed(bytes(200 << 20)),
    ],
)
def test_what_would_cost_too_much_is_refused_by_its_claim(data: bytes) -> None:
    with pytest.raises(LimitError):
        unpack_head(data)


def test_a_frame_that_holds_more_than_it_claims_is_not_unpacked() -> None:
    """A bomb: 2,000 blocks of 128 KiB each behind a header that says 100 bytes."""
    header = b"\x28\xb5\x2f\xfd" + bytes([0x20, 100])
    block = ((128 << 10) << 3 | 1 << 1).to_bytes(3, "little") + b"x"
    frame = header + block * 1_999 + (int.from_bytes(block[:3], "little") | 1).to_bytes(3, "little") + b"x"
    data = frame + b"\x50\x2a\x4d\x18" + struct.pack("<I", MAX_PIECE - len(frame) - 8)
    with pytest.raises(FormatError):
        unpack_head(data + bytes(MAX_PIECE - len(data)))


@given(st.integers(0, MAX_PIECE - 1), st.integers(1, 255))
@example(4, 0xFF)
def test_any_flipped_byte_raises_our_error_or_gives_files(at: int, flip: int) -> None:
    """No digest covers a head: what a flip yields is as unverified as the rest."""
    data = bytearray(pack_head(FILES))
    data[at] ^= flip
    try:
        files = unpack_head(bytes(data))
    except FormatError:
        return
    assert all(len(each) <= MAX_METADATA for each in files.values())


@given(st.binary(max_size=200))
def test_garbage_raises_our_error(data: bytes) -> None:
    with pytest.raises(FormatError):
        unpack_head(data + bytes(MAX_PIECE - len(data)))


def test_what_does_not_fit_is_said() -> None:
    noise = b"".join(hashlib.sha256(bytes([n])).digest() for n in range(250))
    with pytest.raises(LimitError) as refused:
        pack_head({"a": noise, "b": noise[::-1]})
    assert refused.value.code == "head-too-large"
    with pytest.raises(LimitError):
        pack_head({"a": bytes(MAX_METADATA + 1)})
    with pytest.raises(LimitError):
        pack_head({str(n): b"" for n in range(MAX_METADATA_HEAD_FILES + 1)})


@pytest.mark.parametrize("name", ["", "x" * 256, "ä"])
def test_a_name_that_no_head_can_carry_is_the_callers_mistake(name: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        pack_head({name: b""})


def test_the_largest_frames_need_no_padding_or_a_whole_frame_of_it() -> None:
    """A frame of exactly a piece is whole; one that leaves 1 to 7 bytes does not fit."""
    paddings: set[int] = set()
    stuff = random.Random(1).randbytes(10_400)
    for length in range(10_170, 10_241):
        try:
            packed = pack_head({"a": stuff[:length]})
        except LimitError:
            paddings.add(-1)
            continue
        assert len(packed) == MAX_PIECE
        assert unpack_head(packed) == {"a": stuff[:length]}
        paddings.add(packed.count(b"\x50\x2a\x4d\x18"))
    assert paddings == {-1, 0, 1}


def test_a_frame_that_needs_a_window_above_that_of_pieces_is_refused() -> None:
    """The browser's reader refuses it too: no head may be good for one reader and bad for another."""
    whole = body(A)
    for exponent, is_good in ((11, True), (12, False)):
        frame = b"\x28\xb5\x2f\xfd" + bytes([0x80, exponent << 3]) + len(whole).to_bytes(4, "little")
        frame += (len(whole) << 3 | 1).to_bytes(3, "little") + whole
        room = MAX_PIECE - len(frame) - 8
        head = frame + b"\x50\x2a\x4d\x18" + struct.pack("<I", room) + bytes(room)
        if is_good:
            assert unpack_head(head) == {"a": b"1"}
        else:
            with pytest.raises(FormatError):
                unpack_head(head)
