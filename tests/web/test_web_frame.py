"""Frames: the browser's reader gets out of one what Python gets, and refuses what Python refuses."""

import random
from collections.abc import Iterator

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from core.test_bundle_piece import WHOLE, own_frame
from helpers.node import Node, Refused, running
from mirror.bundle import piece
from mirror.errors import FormatError


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with running() as process:
        yield process


def asked(node: Node, padded: bytes, length: int | None = None, history: bytes = b"") -> bytes | Refused:
    given = {"padded": padded.hex(), "history": history.hex()} | (
        {} if length is None else {"length": length}
    )
    answer = node.ask("frame", given)
    return answer if isinstance(answer, Refused) else bytes.fromhex(answer)


def opened(padded: bytes, length: int, history: bytes = b"") -> bytes | Refused:
    try:
        return piece.open_frame(padded, length, history)
    except FormatError as error:
        return Refused(type(error).__name__, error.code)


def outline(padded: bytes) -> list[int] | Refused:
    try:
        return [piece._declared_length(padded), piece.frame_end(padded)]
    except FormatError as error:
        return Refused(type(error).__name__, error.code)


def texts(seed: int, size: int, words: int) -> bytes:
    """Something between a text and noise: the fewer ``words``, the more matches."""
    source = random.Random(seed)
    vocabulary = [source.randbytes(source.randint(1, 12)) for _ in range(words)]
    return b"".join(source.choice(vocabulary) for _ in range(size // 6 + 1))[:size] or b"-"


# Sizes on both sides of a block, of a stored block of history, and of the window.
sizes = st.integers(1, 4_000) | st.sampled_from([131_071, 131_072, 131_073, 262_144, 400_000])
raws = st.builds(texts, st.integers(0, 99), sizes, st.sampled_from([1, 2, 30, 5_000]))


def compressed(raw: bytes, level: int, history: bytes) -> bytes:
    parameters = zstandard.ZstdCompressionParameters.from_level(level, window_log=21, write_dict_id=False)
    dictionary = zstandard.ZstdCompressionDict(history, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    return zstandard.ZstdCompressor(
        compression_params=parameters, dict_data=dictionary if history else None
    ).compress(raw)


@settings(max_examples=150)
@given(st.data(), raws, st.integers(1, 22))
def test_what_python_compresses_comes_out(node: Node, data: st.DataObject, raw: bytes, level: int) -> None:
    history = data.draw(
        st.just(b"") | st.binary(min_size=8, max_size=40) | raws.filter(lambda h: len(h) >= 8)
    )
    if history and data.draw(st.booleans()):
        raw = (history[len(history) // 3 :] + raw)[:500_000]
    padded = piece.pad(compressed(raw, level, history))
    assert piece.open_frame(padded, len(raw), history) == raw
    assert asked(node, padded, len(raw), history) == raw
    assert node.ask("frame-outline", padded.hex()) == outline(padded)


def test_the_largest_cluster_after_the_largest_dictionary_comes_out(node: Node) -> None:
    history, raw = texts(1, 1 << 20, 5_000), texts(2, 2 << 20, 5_000)
    raw = history[-1_000:] + raw[:-2_000] + history[:1_000]
    padded = piece.pad(compressed(raw, 3, history))
    assert asked(node, padded, len(raw), history) == raw


def test_a_frame_above_its_window_comes_out(node: Node) -> None:
    raw = texts(1, 4 << 20, 5_000)
    padded = piece.pad(compressed(raw, 3, b""))
    assert asked(node, padded, len(raw)) == raw


@pytest.mark.parametrize(
    ("frame", "length"),
    [
        pytest.param(own_frame(b"\x20\x05", (0, b"he", 2), (1, b"l", 2), (0, b"o", 1)), 5, id="good"),
        pytest.param(own_frame(b"\x21\x00\x05", (0, b"hello", 5)), 5, id="dictionary-zero"),
        pytest.param(own_frame(b"\x20\x05", (0, b"hello", 5)), 6, id="another-length"),
        pytest.param(own_frame(b"\x20\x06", (0, b"hello", 5)), 6, id="fewer-bytes-than-declared"),
        pytest.param(own_frame(b"\x20\x04", (0, b"hello", 5)), 4, id="more-bytes-than-declared"),
        pytest.param(own_frame(b"\x20\x15", (1, b"a", 1 << 18)), 21, id="far-more-than-declared"),
        pytest.param(own_frame(b"\x20\x05", (3, b"hello", 5)), 5, id="reserved-block"),
        pytest.param(own_frame(b"\x00\x58", (0, b"hello", 5)), 5, id="no-content-size"),
        pytest.param(own_frame(b"\x24\x05", (0, b"hello", 5)) + bytes(4), 5, id="checksum"),
        pytest.param(own_frame(b"\x21\x07\x05", (0, b"hello", 5)), 5, id="dictionary-id"),
        pytest.param(own_frame(b"\x22\x00\x01\x05", (0, b"hello", 5)), 5, id="long-dictionary-id"),
        pytest.param(own_frame(b"\x80\x58\x05\0\0\0", (0, b"hello", 5)), 5, id="window-of-2-MiB"),
        pytest.param(own_frame(b"\x80\x59\x05\0\0\0", (0, b"hello", 5)), 5, id="window-above-2-MiB"),
        pytest.param(own_frame(b"\xa0\0\0\0\xff", (0, b"hello", 5)), 5, id="claims-4-GB"),
        pytest.param(own_frame(b"\xe0" + b"\xff" * 8, (0, b"hello", 5)), 5, id="claims-everything"),
        pytest.param(own_frame(b"\x20\x00", (0, b"", 0)), 0, id="empty"),
        pytest.param(own_frame(b"\x28\x05", (0, b"hello", 5)), 5, id="reserved-bit"),
        pytest.param(own_frame(b"\x20\x05", (0, b"hello", 1 << 17)), 5, id="cut-off"),
        pytest.param(own_frame(b"\x20\x05", (2, b"hello", 5)), 5, id="not-compressed"),
        pytest.param(b"\x50\x2a\x4d\x18\x05\0\0\0hello", 5, id="skippable-first"),
        pytest.param(b"\x28\xb5\x2f", 5, id="no-header"),
        pytest.param(b"\x25\xb5\x2f\xfd" + WHOLE[4:], 126, id="old-zstd"),
        pytest.param(WHOLE + WHOLE, 126, id="second-frame"),
        pytest.param(WHOLE + b"\x50\x2a\x4d\x18\0\0\0\0", 126, id="second-padding"),
    ],
)
def test_a_frame_made_by_hand_is_judged_as_in_python(node: Node, frame: bytes, length: int) -> None:
    for padded in (piece.pad(frame), frame, piece.pad(frame) + b"\0", piece.pad(frame)[:-1] + b"\1"):
        assert asked(node, padded, length) == opened(padded, length)
        assert node.ask("frame-outline", padded.hex()) == outline(padded)


def test_padding_is_the_least_or_as_long_as_is_said(node: Node) -> None:
    for length in (2_552, 2_553, 2_559, 2_560, 2_561, 10_232, 10_233, 10_240, 10_241, 20_480):
        frame = own_frame(b"\xa0" + (length - 12).to_bytes(4, "little"), (0, bytes(length - 12), length - 12))
        assert len(frame) == length
        padded = piece.pad(frame)
        assert asked(node, padded, length - 12) == bytes(length - 12)
        longer = frame + b"\x50\x2a\x4d\x18" + (20_000).to_bytes(4, "little") + bytes(20_000)
        assert (
            asked(node, longer, length - 12)
            == opened(longer, length - 12)
            == Refused("FormatError", "padding")
        )
        question = {"padded": longer.hex(), "fixed": len(longer)}
        assert node.ask("frame", question) == bytes(length - 12).hex()
        assert node.ask("frame", question | {"fixed": len(longer) + 1}) == Refused("FormatError", "padding")


@given(st.binary(max_size=60), st.booleans())
def test_garbage_is_judged_as_in_python(node: Node, data: bytes, is_started: bool) -> None:
    garbage = b"\x28\xb5\x2f\xfd" * is_started + data
    assert node.ask("frame-outline", garbage.hex()) == outline(garbage)
    found = outline(garbage)
    for length in {5} if isinstance(found, Refused) else {5, found[0]}:
        assert length_or_refused(asked(node, piece.pad(garbage), length)) in (length, "FormatError")


def length_or_refused(answer: bytes | Refused) -> int | str:
    return answer.error if isinstance(answer, Refused) else len(answer)


@settings(max_examples=300)
@given(st.data(), st.integers(0, 9), st.integers(1, 22))
def test_a_damaged_frame_gives_the_right_length_or_nothing(
    node: Node, data: st.DataObject, seed: int, level: int
) -> None:
    """Which damage a decoder sees is its own affair: digests are checked before."""
    history, raw = data.draw(st.sampled_from([b"", texts(seed, 2_000, 30)])), texts(seed, 3_000, 30)
    frame = bytearray(compressed(raw, level, history))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(4, len(frame) - 1))
        frame[at] ^= data.draw(st.integers(1, 255))
    padded = piece.pad(bytes(frame))
    assert node.ask("frame-outline", padded.hex()) == outline(padded)
    assert length_or_refused(asked(node, padded, len(raw), history)) in (len(raw), "FormatError")
