"""The set as bytes: one spelling, and nothing but ``FormatError`` for anything else."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.notices import NOW, TEMPLATES, notice_set
from mirror.errors import FormatError, LimitError, TrustError
from mirror.limits import MAX_NOTICE_ITEMS, MAX_NOTICE_SET, MAX_NOTICE_TEXT, MAX_PIECE
from mirror.notices import Act, NoticeSet, ReaderContext, admit, decide, decode, encode
from mirror.notices.model import Status

SET = notice_set("ru-undesirable")
DATA = encode(SET)


@pytest.mark.parametrize("templates", [(), ("ru-undesirable",), ("ir-contact", "kg-extremist"), TEMPLATES])
def test_what_is_encoded_is_read_back(templates: tuple[str, ...]) -> None:
    notices = notice_set(*templates)
    assert decode(encode(notices)) == notices
    assert encode(decode(encode(notices))) == encode(notices)


@given(
    st.integers(1, 2**40),
    st.tuples(st.integers(0, 2**40), st.integers(1, 3650)),
    st.sampled_from(Status),
    st.none() | st.dates(date(1990, 1, 1)),
    st.dictionaries(
        st.sampled_from(["tt", "ba", "fa-AF"]), st.lists(st.sampled_from(["ru", "fa"])).map(tuple)
    ),
)
def test_any_set_is_read_back(
    edition: int,
    time: tuple[int, int],
    status: Status,
    decided: date | None,
    bridge: dict[str, tuple[str, ...]],
) -> None:
    first, *others = SET.catalogue.designations
    changed = replace(first, status=status, decided=decided)
    notices = replace(
        SET,
        edition=edition,
        issued=time[0],
        stale_after_days=time[1],
        bridge=bridge,
        responsible=None,
        catalogue=replace(SET.catalogue, designations=(changed, *others)),
        languages={"en": SET.languages["en"]},
    )
    assert decode(encode(notices)) == notices


def test_it_is_canonical_json_that_anyone_can_read() -> None:
    value = json.loads(DATA)
    assert value["schema"] == 1
    assert value["catalogue"]["designations"][1]["acts"]["save"]["standing"] == "claimed"
    assert json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() == DATA
    assert b"null" not in DATA
    assert b"\\u" not in DATA


def test_it_fits_in_a_few_pieces() -> None:
    zstandard = pytest.importorskip("zstandard")
    data = encode(notice_set(*TEMPLATES))
    packed = zstandard.ZstdCompressor(level=19).compress(data)
    assert len(packed) <= 5 * MAX_PIECE
    assert len(data) <= MAX_NOTICE_SET // 4


Change = Callable[[dict[str, Any]], object]


def change(edit: Change) -> bytes:
    """The canonical bytes of the set with one defect."""
    value = json.loads(DATA)
    edit(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def ru(value: dict[str, Any]) -> dict[str, Any]:
    found = value["catalogue"]["designations"][1]
    assert found["id"] == "ru-undesirable"
    return found  # type: ignore[no-any-return]


def en(value: dict[str, Any]) -> dict[str, Any]:
    return value["languages"]["en"]  # type: ignore[no-any-return]


MALFORMED: dict[str, Change] = {
    "unknown key": lambda v: v.update(extra=1),
    "unknown key deep": lambda v: ru(v)["acts"]["save"].update(level="none"),
    "newer schema": lambda v: v.update(schema=2),
    "no publisher": lambda v: v.pop("publisher"),
    "edition is text": lambda v: v.update(edition="7"),
    "edition is true": lambda v: v.update(edition=True),
    "edition is a fraction": lambda v: v.update(edition=7.5),
    "edition is nothing": lambda v: v.update(edition=None),
    "edition below one": lambda v: v.update(edition=0),
    "edition huge": lambda v: v.update(edition=2**70),
    "stale for ever": lambda v: v.update(stale_after_days=3651),
    "unknown act": lambda v: ru(v)["acts"].update(applaud=ru(v)["acts"]["save"]),
    "unknown standing": lambda v: ru(v)["acts"]["save"].update(standing="fine"),
    "no standing": lambda v: ru(v)["acts"]["save"].pop("standing"),
    "date that is none": lambda v: ru(v).update(decided="2024-02-30"),
    "date in another form": lambda v: ru(v).update(decided="20240202"),
    "audience is a table": lambda v: ru(v).update(audience={}),
    "country in words": lambda v: ru(v)["audience"][0].update(located="Russia"),
    "empty text": lambda v: en(v)["texts"].update({"act.save": ""}),
    "blank text": lambda v: en(v)["texts"].update({"act.save": " \u2068\u2069 "}),
    "text with a control": lambda v: en(v)["texts"].update({"act.save": "a\x1b[2Jb"}),
    "text turned around": lambda v: en(v)["texts"].update({"act.save": "a\u202eb"}),
    "isolate left open": lambda v: en(v)["texts"].update({"act.save": "a\u2068b"}),
    "isolate closed twice": lambda v: en(v)["texts"].update({"act.save": "a\u2069b\u2068"}),
    "place left to fill": lambda v: en(v)["texts"].update({"act.save": "{ $amount }"}),
    "long text": lambda v: en(v)["texts"].update({"act.save": "a" * (MAX_NOTICE_TEXT + 1)}),
    "direction upwards": lambda v: en(v).update(direction="ttb"),
    "digest cut": lambda v: en(v)["parts"]["common"].update(source="00"),
    "address of a script": lambda v: v["catalogue"]["sources"][0].update(url="javascript:alert(1)"),
    "too many sources": lambda v: v["catalogue"].update(
        sources=v["catalogue"]["sources"] * (MAX_NOTICE_ITEMS // len(v["catalogue"]["sources"]) + 1)
    ),
    "language that is none": lambda v: v["languages"].update({"English language": en(v)}),
}
INCONSISTENT: dict[str, Change] = {
    "penalty nowhere": lambda v: ru(v)["acts"]["save"].update(penalties=["nothing"]),
    "source nowhere": lambda v: ru(v).update(sources=["nothing"]),
    "jurisdiction nowhere": lambda v: v["catalogue"].pop("jurisdictions"),
    "source twice": lambda v: v["catalogue"]["sources"].append(v["catalogue"]["sources"][0]),
    "no English": lambda v: v["languages"].pop("en"),
    "one language emptied": lambda v: v["languages"]["ru"].update(texts={}),
    "one text lost": lambda v: v["languages"]["ru"]["texts"].pop("act.save"),
    "one text more": lambda v: v["languages"]["ru"]["texts"].update({"ui.buy": "x"}),
    "gap that is none": lambda v: v["languages"]["ru"].update(gaps=["act.save"]),
    "gap in English": lambda v: (en(v)["texts"].pop("act.save"), en(v).update(gaps=["act.save"])),
    "state unsaid": lambda v: v["languages"]["ru"]["parts"].pop("common"),
    "state of nothing": lambda v: v["languages"]["ru"]["parts"].update(more=en(v)["parts"]["common"]),
}
NOT_CANONICAL: dict[str, bytes] = {
    "space": DATA.replace(b'"schema":1', b'"schema": 1'),
    "line end": DATA + b"\n",
    "escape": DATA.replace("Чтение".encode(), b"\\u0427" + "тение".encode()),
    "escaped slash": DATA.replace(b"https://", b"https:\\/\\/", 1),
    "key order": b'{"schema":1,' + DATA[1:].replace(b',"schema":1', b""),
    "key twice": DATA.replace(b'"schema":1', b'"schema":1,"schema":1'),
    "default spelled out": DATA.replace(
        b'"standing":"reported-lawful"', b'"recipient_risk":false,"standing":"reported-lawful"'
    ),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_malformed_is_refused(name: str) -> None:
    with pytest.raises(FormatError) as caught:
        decode(change(MALFORMED[name]))
    assert caught.value.code == "notices-malformed"


@pytest.mark.parametrize("name", INCONSISTENT)
def test_what_contradicts_itself_is_refused(name: str) -> None:
    with pytest.raises(FormatError) as caught:
        decode(change(INCONSISTENT[name]))
    assert caught.value.code == "notices-inconsistent"


@pytest.mark.parametrize("name", NOT_CANONICAL)
def test_a_second_spelling_is_refused(name: str) -> None:
    assert NOT_CANONICAL[name] != DATA
    assert json.loads(NOT_CANONICAL[name]), "a reader without rule 4 would take it"
    with pytest.raises(FormatError) as caught:
        decode(NOT_CANONICAL[name])
    assert caught.value.code == "notices-not-canonical"


def test_the_unchanged_change_is_accepted() -> None:
    """The twin of the tables above: it is their one defect that is refused."""
    assert change(lambda _: None) == DATA
    assert decode(DATA) == SET


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"\xef\xbb\xbf" + DATA,
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"schema":' + b"9" * 10_000 + b"}",
        b'{"schema":NaN}',
        b'{"schema":1e999}',
        b'"\\ud800"',
        DATA[:-1],
        DATA[: len(DATA) // 2],
        DATA + DATA,
    ],
)
def test_what_is_no_set_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        decode(data)


def test_a_lone_surrogate_in_a_text_is_refused() -> None:
    data = change(lambda v: en(v)["texts"].update({"act.save": "SURROGATE"}))
    with pytest.raises(FormatError) as caught:
        decode(data.replace(b"SURROGATE", b"\\ud800"))
    assert caught.value.code == "notices-malformed"


def test_what_is_too_large_is_refused_unparsed() -> None:
    with pytest.raises(LimitError) as caught:
        decode(b"[" * (MAX_NOTICE_SET + 1))
    assert caught.value.code == "notices-too-large"


@given(st.binary(max_size=300))
def test_garbage_is_only_ever_a_format_error(data: bytes) -> None:
    with pytest.raises(FormatError):
        decode(data)


@given(st.integers(0, len(DATA) - 1), st.integers(1, 255))
def test_a_changed_byte_is_refused_or_is_another_set_in_its_one_spelling(at: int, flip: int) -> None:
    data = bytearray(DATA)
    data[at] ^= flip
    try:
        notices = decode(bytes(data))
    except FormatError:
        return
    assert encode(notices) == bytes(data)
    for act in Act:
        decide(notices, ReaderContext(), act, NOW)  # whatever is accepted can be decided from


def test_a_refusal_never_repeats_what_it_read() -> None:
    for edit in (
        lambda v: v.update(publisher="Canary!"),
        lambda v: v.update({"canary!": 2}),
        lambda v: v["languages"].update({"canary!": 1}),
    ):
        with pytest.raises(FormatError) as caught:
            decode(change(edit))
        assert "anary!" not in str(caught.value)


def test_a_set_that_could_not_be_read_back_is_never_written() -> None:
    broken: list[NoticeSet] = [
        replace(SET, edition=0),
        replace(SET, languages={"ru": SET.languages["ru"]}),
        replace(SET, publisher="Not An Id"),
    ]
    for notices in broken:
        with pytest.raises(ValueError, match="read back"):
            encode(notices)


def test_admit_takes_this_publishers_newest() -> None:
    assert admit(DATA, publisher="example-press", floor=0) == SET
    assert admit(DATA, publisher="example-press", floor=7) == SET
    with pytest.raises(TrustError) as caught:
        admit(DATA, publisher="example-press", floor=8)
    assert caught.value.code == "notices-older"
    with pytest.raises(TrustError) as caught:
        admit(DATA, publisher="other-press", floor=0)
    assert caught.value.code == "notices-other-publisher"
