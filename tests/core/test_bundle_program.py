"""The program of the browser's reader: what is signed comes back; nothing ends the script it stands in."""

import json
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.bundle import parcel, program
from mirror.bundle.wire import Writer
from mirror.errors import FormatError, LimitError
from mirror.limits import MAX_PIECE, MAX_PROGRAM, MAX_PROGRAM_FILES
from mirror.model import PieceList

TEMPLATE = (
    b'<script type="application/json" id="program">"@program@"</script>@embedded@<a href="@first@.html">'
)
NOBODY = program.Facts("ab" * 32, "", ()).encode()
NAMES = st.from_regex(r"\A[a-z](?:[a-z0-9._-]{0,10}[a-z0-9])?\Z")
PIECES = PieceList(7, ("ab" * 32,), 2_560)


def whole(facts: bytes = NOBODY) -> dict[str, bytes]:
    return {program.FACTS: facts, program.TEMPLATE: TEMPLATE}


@given(st.dictionaries(NAMES, st.binary(max_size=99), max_size=9))
def test_what_is_encoded_comes_back(others: dict[str, bytes]) -> None:
    files = {**others, **whole()}
    assert program.decode(program.encode(files)) == files


@given(st.binary(max_size=200) | st.binary(max_size=200).map(program.MAGIC.__add__))
def test_garbage_raises_only_our_errors(data: bytes) -> None:
    try:
        files = program.decode(data)
    except FormatError:
        return
    assert program.encode(files) == data


def written(*named: tuple[str, bytes], magic: bytes = program.MAGIC) -> bytes:
    writer = Writer()
    writer.raw(magic)
    writer.number(len(named))
    for name, data in named:
        writer.text(name)
        writer.data(data)
    return writer.bytes()


FACTS, INDEX = (program.FACTS, NOBODY), (program.TEMPLATE, TEMPLATE)


def test_the_whole_one_is_taken() -> None:
    assert program.decode(written(FACTS, INDEX)) == dict((FACTS, INDEX))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (written(FACTS, INDEX, magic=b"mirror-program\x02"), "not-a-program"),
        (written(INDEX, FACTS), "not-a-program"),
        (written(FACTS, FACTS, INDEX), "not-a-program"),
        (written(FACTS, INDEX, ("../evil", b"")), "not-a-program"),
        (written(FACTS, INDEX, ("x/y", b"")), "not-a-program"),
        (written(("1", b""), FACTS, INDEX), "not-a-program"),
        (written(FACTS), "not-a-program"),
        (written(INDEX), "not-a-program"),
        (written(FACTS, (program.TEMPLATE, TEMPLATE + TEMPLATE)), "not-a-program"),
        (written(FACTS, (program.TEMPLATE, b"")), "not-a-program"),
        (written(FACTS, (program.TEMPLATE, TEMPLATE + b"\xff")), "not-a-program"),
        (written((program.FACTS, b""), INDEX), "not-a-program"),
        (written((program.FACTS, NOBODY + b" "), INDEX), "not-a-program"),
        (written((program.FACTS, NOBODY.replace(b'""', b"0")), INDEX), "not-a-program"),
        (written((program.FACTS, NOBODY.replace(b'""', b'"\\ud800"')), INDEX), "not-a-program"),
        (written(FACTS, INDEX) + b"x", "trailing"),
        (written(FACTS, INDEX)[:-1], "truncated"),
    ],
)
def test_one_defect_is_enough(data: bytes, code: str) -> None:
    with pytest.raises(FormatError) as caught:
        program.decode(data)
    assert caught.value.code == code


def with_page(template: bytes, *files: tuple[str, bytes]) -> dict[str, bytes]:
    """A program whose page is a part with this content."""
    parts = (program.PARTS, program.write_parts({program.TEMPLATE: PIECES, "sw.js": PIECES, "x.js": PIECES}))
    return program.with_page(program.decode(written(FACTS, *files, parts)), lambda _: template)


def test_what_lies_beside_the_page_may_be_parts() -> None:
    found = with_page(TEMPLATE)
    assert found.keys() == {program.FACTS, program.PARTS, program.TEMPLATE, "sw.js"}
    assert found[program.TEMPLATE] == TEMPLATE
    assert b'"pieces":["abab' in program.index_page(found, PIECES)
    assert with_page(b"", INDEX)[program.TEMPLATE] == TEMPLATE  # a file goes before a part


@pytest.mark.parametrize("template", [b"", TEMPLATE + TEMPLATE, TEMPLATE + b"\xff"])
def test_a_page_that_is_a_part_is_judged_as_well(template: bytes) -> None:
    with pytest.raises(FormatError, match="no page to begin with"):
        with_page(template)


def test_bounds_come_before_bytes() -> None:
    writer = Writer()
    writer.raw(program.MAGIC)
    writer.number(MAX_PROGRAM_FILES + 1)
    with pytest.raises(LimitError):
        program.decode(writer.bytes())
    large = written(FACTS, INDEX, ("z", b""))[:-1] + Writer.bytes(_number(MAX_PROGRAM + 1))
    with pytest.raises(LimitError):
        program.decode(large)


def _number(value: int) -> Writer:
    writer = Writer()
    writer.number(value)
    return writer


LISTED = {"last": 2_560, "pieces": ["ab" * 32], "raw": 9}


def with_parts(**changes: object) -> bytes:
    said = json.dumps({"text.ru.json": {**LISTED, **changes}}, sort_keys=True, separators=(",", ":"))
    return written(FACTS, INDEX, (program.PARTS, said.encode()))


def test_parts_are_lists_of_pieces() -> None:
    files = program.decode(with_parts())
    assert program.read_parts(files) == {"text.ru.json": PieceList(9, ("ab" * 32,), 2_560)}
    assert program.read_parts(whole()) == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"raw": 0},
        {"raw": MAX_PROGRAM + 1},
        {"raw": 9.0},
        {"raw": True},
        {"raw": "9"},
        {"last": 2_561},
        {"last": 2_560.0},
        {"pieces": []},
        {"pieces": ["ab" * 32] * 257},
        {"pieces": ["AB" * 32]},
        {"pieces": ["ab" * 31]},
        {"pieces": [7]},
        {"pieces": {}},
        {"more": 1},
    ],
)
def test_a_part_that_cannot_be_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(FormatError) as caught:
        program.decode(with_parts(**changes))
    assert caught.value.code == "not-a-program"


@pytest.mark.parametrize("said", [b"[]", b"null", b"{", b'{"../x":{}}', b"{ }", b'{"a":[]}', b'{"a":7}'])
def test_a_list_of_parts_has_one_form(said: bytes) -> None:
    with pytest.raises(FormatError):
        program.decode(written(FACTS, INDEX, (program.PARTS, said)))


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.scripts: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.scripts.append(data)


@given(name=st.text(max_size=30) | st.just("</script><script>alert(1)</script>"), title=st.text(max_size=9))
def test_no_name_ends_the_script(name: str, title: str) -> None:
    facts = program.Facts(
        "ab" * 32, name, (program.Channel("en", "en", title),), (f"https://x.example/{name}/",)
    ).encode()
    page = program.index_page(whole(facts), PIECES).decode()
    elements = _Elements()
    elements.feed(page)
    assert elements.tags == ["script", "a"]
    said = json.loads(elements.scripts[0])
    assert said["mirrors"] == [f"https://x.example/{name}/"]
    assert said["program"] == {"last": 2_560, "pieces": ["ab" * 32], "raw": 7}
    assert said["shell"] == "page"
    assert page.endswith('<a href="en.html">')


def test_a_page_names_as_many_mirrors_as_leave_it_one_piece() -> None:
    facts = program.Facts("ab" * 32, "News", (), tuple(f"https://{each}.example/" for each in range(999)))
    page = program.index_page(whole(facts.encode()), PIECES)
    assert MAX_PIECE - 40 < len(page) <= MAX_PIECE
    assert b"https://100.example/" in page
    assert b"https://998.example/" not in page
    assert b"https://998.example/" in program.index_page(whole(facts.encode()), PIECES, "file")


def test_what_is_embedded_is_base64_in_elements_of_its_own() -> None:
    facts = program.Facts("ab" * 32, "News", ()).encode()
    page = program.index_page(whole(facts), PIECES, "file", {"pieces": b"</script>", "archive": b"\xff"})
    assert b'<script type="text/plain" id="pieces">PC9zY3JpcHQ+</script>' in page
    assert b'<script type="text/plain" id="archive">/w==</script>' in page


def test_it_travels_as_a_parcel() -> None:
    raw = program.encode(whole())
    sealed = parcel.seal(raw)
    listed = parcel.parse_list(sealed.head, sealed.pieces[sealed.head], MAX_PROGRAM)
    assert listed.raw_length == len(raw)
