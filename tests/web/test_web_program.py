"""The browser's reader takes the same programs as Python, and makes the same page of them."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.node import Node, Refused, running
from mirror.bundle import program
from mirror.errors import FormatError
from mirror.model import PieceList

TEMPLATE = b'<script id="program">"@program@"</script>@embedded@<a href="@first@.html">'
NOBODY = program.Facts("ab" * 32, "", ()).encode()
NAMES = st.from_regex(r"\A[a-z](?:[a-z0-9._-]{0,10}[a-z0-9])?\Z")
LIST = PieceList(77, ("ab" * 32, "0f" * 32), 5_120)


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with running() as process:
        yield process


def same(node: Node, raw: bytes) -> None:
    try:
        expected: object = {name: data.hex() for name, data in program.decode(raw).items()}
    except FormatError as error:
        expected = Refused(type(error).__name__, error.code)
    assert node.ask("program-decode", raw.hex()) == expected


@st.composite
def programs(draw: st.DrawFn) -> bytes:
    files = draw(st.dictionaries(NAMES, st.binary(max_size=30), max_size=4))
    return program.encode({**files, program.FACTS: NOBODY, program.TEMPLATE: TEMPLATE})


@given(raw=programs(), at=st.integers(0, 400), byte=st.integers(0, 255), end=st.integers(0, 9))
def test_whole_and_damaged_programs(node: Node, raw: bytes, at: int, byte: int, end: int) -> None:
    same(node, raw)
    same(node, raw[: at % len(raw)] + bytes([byte]) + raw[at % len(raw) + 1 :])
    same(node, raw[: len(raw) - end])


FACTS = st.sampled_from(
    [
        NOBODY.replace(b'""', b'"\\ud800"'),
        NOBODY.replace(b'""', b'"\\u0041"'),
        NOBODY.replace(b'""', b"0"),
        NOBODY.replace(b"[]", b'[""]'),
        NOBODY.replace(b"{", b'{"a":"",'),
        NOBODY.replace(b"{", b'{"name":"",'),
        NOBODY + b"\n",
        NOBODY.replace(b'"mirrors":[]', b'"mirrors":"ab"'),
        b"null",
        b"[]",
        NOBODY,
    ]
)


@given(facts=FACTS)
def test_facts_have_one_spelling(node: Node, facts: bytes) -> None:
    same(node, program.encode({program.FACTS: facts, program.TEMPLATE: TEMPLATE}))


@given(raw=st.binary(max_size=40) | st.binary(max_size=40).map(program.MAGIC.__add__))
def test_garbage(node: Node, raw: bytes) -> None:
    same(node, raw)


@given(
    name=st.text(st.characters(exclude_categories=["Cs"])) | st.just("</script>"),
    first=st.booleans(),
    others=st.integers(0, 300),
)
def test_the_page_is_the_same(node: Node, name: str, others: int, *, first: bool) -> None:
    channels = (program.Channel("ru", "ru", name),) if first else ()
    facts = program.Facts(
        "ab" * 32, name, channels, (f"https://x.example/{name}/", *others * ("https://other.example/",))
    ).encode()
    files = {program.FACTS: facts, program.TEMPLATE: TEMPLATE}
    listed = {"rawLength": LIST.raw_length, "digests": list(LIST.digests), "lastSize": LIST.last_size}
    page = node.ask("program-page", {"raw": program.encode(files).hex(), "pieces": listed})
    assert page == program.index_page(files, LIST).decode()


LISTED = {"last": 2_560, "pieces": ["ab" * 32], "raw": 9}
VALUES: st.SearchStrategy[object] = st.sampled_from(
    [0, 9, 9.0, True, None, "9", 2_560, 1 << 20, (1 << 20) + 1, [], ["ab" * 32], ["AB" * 32], {}]
)


@given(
    names=st.lists(NAMES | st.sampled_from(["1", "__proto__", "Z", program.TEMPLATE]), max_size=3),
    key=st.sampled_from(["last", "pieces", "raw", "more"]),
    value=VALUES,
    sort=st.booleans(),
    page=st.sampled_from([{}, {program.TEMPLATE: TEMPLATE}, {program.TEMPLATE: b""}]),
)
def test_parts_are_judged_as_in_python(
    node: Node, names: list[str], key: str, value: object, page: dict[str, bytes], *, sort: bool
) -> None:
    whole = dict.fromkeys(names, LISTED)
    for parts in (whole, whole | {name: {**LISTED, key: value} for name in names[:1]}):
        said = json.dumps(parts, sort_keys=sort, separators=(",", ":")).encode()
        same(node, program.encode({program.FACTS: NOBODY, **page, program.PARTS: said}))


@given(template=st.binary(max_size=9) | st.just(TEMPLATE) | st.just(TEMPLATE + TEMPLATE))
def test_a_page_that_is_a_part_is_judged_as_in_python(node: Node, template: bytes) -> None:
    parts = program.write_parts({program.TEMPLATE: LIST})
    files = {program.FACTS: NOBODY, program.PARTS: parts}
    listed = {"rawLength": LIST.raw_length, "digests": list(LIST.digests), "lastSize": LIST.last_size}
    try:
        page = program.index_page(program.with_page(files, lambda _: template), LIST)
        expected: object = page.decode()
    except FormatError as error:
        expected = Refused(type(error).__name__, error.code)
    given = {"raw": program.encode(files).hex(), "pieces": listed, "template": template.hex()}
    assert node.ask("program-page", given) == expected


@given(said=st.sampled_from([b"[]", b"null", b"{", b"{ }", b'{"a":[]}', b'{"a":7}', b"{}", b'"a"', b""]))
def test_lists_of_parts_have_one_form(node: Node, said: bytes) -> None:
    same(node, program.encode({program.FACTS: NOBODY, program.TEMPLATE: TEMPLATE, program.PARTS: said}))
