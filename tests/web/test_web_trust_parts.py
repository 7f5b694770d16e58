"""Heads, canonical JSON, names and patterns: the browser's trust reads them as Python does."""

import fnmatch
import json
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from securesystemslib.exceptions import Error as SecuresystemslibError
from securesystemslib.formats import encode_canonical

from core.test_trust_heads import DEFECTS, FILES, NAMES, body, entry, framed
from helpers.node import Node, Refused, running
from mirror.errors import FormatError
from mirror.limits import MAX_METADATA, MAX_METADATA_HEAD_FILES, MAX_METADATA_HEAD_RAW, MAX_PIECE
from mirror.trust.heads import pack_head, unpack_head
from mirror.trust.state import Stored, file_of


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with running() as process:
        yield process


def unpacked(data: bytes) -> dict[str, str] | Refused:
    try:
        return {name: file.hex() for name, file in unpack_head(data).items()}
    except FormatError as error:
        return Refused(type(error).__name__, error.code)


@given(st.dictionaries(NAMES, st.binary(max_size=400), max_size=MAX_METADATA_HEAD_FILES))
def test_heads_are_unpacked_as_in_python(node: Node, files: dict[str, bytes]) -> None:
    packed = pack_head(files)
    assert node.ask("head", packed.hex()) == {name: data.hex() for name, data in files.items()}


@pytest.mark.parametrize("head", DEFECTS.values(), ids=DEFECTS)
def test_what_is_no_head_is_refused_as_in_python(node: Node, head: bytes) -> None:
    assert isinstance(unpacked(head), Refused)
    assert node.ask("head", head.hex()) == unpacked(head)


def test_what_would_cost_too_much_is_refused_by_its_claim(node: Node) -> None:
    for head in (
        framed(body(entry(b"a", bytes(MAX_METADATA + 1)))),
        framed(body(*(entry(bytes([65 + n]), b"") for n in range(MAX_METADATA_HEAD_FILES + 1)))),
        framed(bytes(MAX_METADATA_HEAD_RAW + 1)),
        framed(bytes(2 << 20)),
    ):
        assert node.ask("head", head.hex()) == unpacked(head) == Refused("LimitError", "head")


@given(st.integers(0, 700), st.integers(1, 255))
def test_a_changed_head_is_the_same_files_or_refused(node: Node, place: int, bits: int) -> None:
    """Nothing in a head is trusted, so a decoder may see less damage than another."""
    packed = bytearray(pack_head({**FILES, "x.json": bytes(range(256)) * 3}))
    packed[place if place < 400 else -place] ^= bits
    answer = node.ask("head", bytes(packed).hex())
    assert answer == unpacked(bytes(packed)) or isinstance(answer, dict) or answer.code == "head"


@given(st.binary(max_size=40))
def test_garbage_is_no_head(node: Node, data: bytes) -> None:
    for head in (data, (b"\x28\xb5\x2f\xfd" + data).ljust(MAX_PIECE, b"\0")):
        assert node.ask("head", head.hex()).code == "head"
        assert isinstance(unpacked(head), Refused)


texts = st.text(st.characters(exclude_categories=[])) | st.sampled_from(
    ["__proto__", "1", "10", "2", "", "\ue000", "😀"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts | st.floats(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def canonical(text: str) -> str | None:
    try:
        made = encode_canonical(json.loads(text))
        assert made is not None
        made.encode()
    except (ValueError, RecursionError, AssertionError, SecuresystemslibError):
        return None
    return made


@given(values, st.booleans(), st.sampled_from([None, 1]))
@example({"a": 10**40, "b": -(10**20), "c": 2**53}, False, None)
def test_what_is_signed_is_written_as_in_python(
    node: Node, value: object, ascii_only: bool, indent: int
) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    text = text.encode("utf-8", "replace").decode()  # a file cannot hold half a pair
    assert node.ask("canonical", text) == canonical(text)


tokens = st.sampled_from(
    [
        *'{}[],:"\\ ',
        "1",
        "0",
        "-",
        ".",
        "e",
        "true",
        "null",
        "NaN",
        "Infinity",
        '"a"',
        '"b":',
        "\t",
        "\u2028",
        "\\u",
        "d83d",
    ]
)


@given(st.lists(tokens, max_size=12).map("".join))
@example('{"a":1,"a":2}')
@example("[1.0]")
@example("[-0]")
@example("[1e2]")
@example('{"a":01}')
@example("[1,]")
@example("\ufeff1")
@example('"\\ud83d\\ude00"')
@example('"\\ud83d"')
@example('"\x1f"')
@example('"\x7f"')
@example("1" * 5_000)
@example('"' + "a" * 5_000)
@example('{"' + "a\\n" * 5_000)
@example("[" + " " * 5_000)
def test_what_is_json_is_decided_as_in_python(node: Node, text: str) -> None:
    assert node.ask("canonical", text) == canonical(text)


def test_what_is_nested_too_deep_is_refused(node: Node) -> None:
    for depth in (100_000, 5_000):
        assert node.ask("canonical", "[" * depth) is None
        assert node.ask("canonical", "[" * depth + "]" * depth) is None
    assert node.ask("canonical", "[" * 100 + "]" * 100) == "[" * 100 + "]" * 100


globs = st.text("ab*?[]!-/é", max_size=8)


@given(globs, st.text("ab-!]é", max_size=6))
@example("*a*a*a*a*a*a*a*a*a*a*b", "a" * 40)
def test_patterns_match_as_in_python(node: Node, pattern: str, text: str) -> None:
    if pattern.count("[") < 2 and "--" not in pattern:  # where a class is odd, Python's versions differ
        assert node.ask("matches", [pattern, text]) == fnmatch.fnmatchcase(text, pattern)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=8))
def test_roles_have_the_file_names_of_python(node: Node, role: str) -> None:
    assert node.ask("file-of", role) == file_of(role)


@given(
    st.dictionaries(
        st.sampled_from(["root.json", "pending.json", "trusted/a.json", "other", "floor"]),
        st.binary(max_size=5),
    ),
    st.sampled_from([None, b"0\n", b"17\n", b"17", b"017\n", b"-1\n", b"1" * 13 + b"\n", b"\xff\n"]),
)
def test_what_is_stored_is_read_as_in_python(
    node: Node, files: dict[str, bytes], floor: bytes | None
) -> None:
    given_files = files if floor is None else files | {"floor": floor}
    try:
        kept = Stored.from_files(given_files).to_files()
        expected: object = {name: data.hex() for name, data in kept.items()}
    except FormatError as error:
        expected = Refused(type(error).__name__, error.code)
    assert node.ask("stored", {name: data.hex() for name, data in given_files.items()}) == expected
