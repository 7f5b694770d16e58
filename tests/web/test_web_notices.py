"""The browser's half of notices: every vector, and no difference from Python in what hypothesis makes."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from core import test_notices_encode as known
from helpers import builtin_ts
from helpers.node import Node, Refused, running
from helpers.notice_twin import of_decision, of_found, of_gate, of_page, of_reader, of_shown
from helpers.notice_vectors import FILE, READERS
from helpers.notices import DAY, NOW, TEMPLATES, notice_set
from mirror.errors import MirrorError
from mirror.limits import MAX_NOTICE_ITEMS, MAX_NOTICE_SET
from mirror.notices import (
    Act,
    NoticeSet,
    ReaderContext,
    admit,
    decide,
    decode,
    encode,
    gate,
    info_page,
)
from mirror.notices.keys import required_keys
from mirror.notices.model import (
    ActRule,
    Catalogue,
    Clause,
    Confidence,
    Designation,
    Jurisdiction,
    Penalty,
    PenaltyKind,
    Source,
    SourceKind,
    Standing,
    State,
    Status,
    Step,
    Subject,
    Texts,
    Translation,
)
from mirror.notices.text import find, walk

Json = Any
VECTORS: Final[dict[str, Json]] = json.loads(FILE.read_text("utf-8"))
SET: Final = notice_set("ru-undesirable")
DATA: Final = encode(SET)
ENGLISH: Final = known.change(lambda value: value.update(languages={"en": known.en(value)}))


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with running() as process:
        # English is there without being learnt, and says that it is another language.
        title = process.ask("notices-find", {"key": "builtin.title", "language": "ru"})
        assert title == {"shown": of_shown(find(None, "builtin.title", "en").shown), "beside": None}
        process.ask("notices-learn", None)
        yield process


def outcome(make: Callable[[], Json]) -> Json:
    """What Python makes of it, as ``Node.ask`` gives it."""
    try:
        return make()
    except MirrorError as error:
        return Refused(type(error).__name__, error.code)


def hold(node: Node, notices: NoticeSet | None) -> None:
    """Ask what follows about this set."""
    answer = node.ask("notices-hold", None if notices is None else encode(notices).hex())
    assert answer == (notices and [notices.edition, sorted(required_keys(notices.catalogue))])


def judge(node: Node, data: bytes) -> Json:
    """What both make of ``data``, which is the same."""
    answer = node.ask("notices-decode", data.hex())
    assert answer == outcome(lambda: decode(data).edition)
    return answer


# --- vectors --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ru", "generic", "none"])
def test_every_vector(node: Node, name: str) -> None:
    notices = decode(VECTORS["sets"][name].encode()) if name in VECTORS["sets"] else None
    hold(node, notices)
    levels = ["none", "inline", "confirm", "hold", "off"]
    for case in (each for each in VECTORS["decisions"] if each["set"] == name):
        question = {"reader": of_reader(READERS[case["why"]]), "now": VECTORS["now"]}
        answer = node.ask("notices-decide", question)
        assert {act: levels[each["level"]] for act, each in zip(Act, answer, strict=True)} == case["levels"]
    nobody = of_reader(ReaderContext())
    for case in (each for each in VECTORS["age"] if each["set"] == name):
        answer = node.ask("notices-decide", {"reader": nobody, "now": VECTORS["now"] + case["days"] * DAY})
        assert answer[list(Act).index(Act.SAVE)]["isOld"] is case["may_be_out_of_date"]
    for case in (each for each in VECTORS["screens"] if each["set"] == name):
        question = {"reader": nobody, "language": case["language"], "now": VECTORS["now"]}
        shown = node.ask("notices-gate", question)[list(Act).index(Act(case["act"]))]
        assert [[each["kind"], each["text"]] for each in shown["blocks"]] == case["blocks"]
        assert [[each["kind"], each["text"]] for each in shown["beside"]] == case["beside"]
        assert [each["text"] for each in shown["labels"]] == case["labels"]
    if name == "ru":
        for language, tags in VECTORS["walks"].items():
            assert node.ask("notices-walk", language) == tags


# --- the set as bytes -----------------------------------------------------------------------------

DEFECTS: Final = (
    {name: known.change(edit) for name, edit in (known.MALFORMED | known.INCONSISTENT).items()}
    | known.NOT_CANONICAL
    | {
        "number with a fraction": DATA.replace(b'"schema":1', b'"schema":1.0'),
        "number with an exponent": DATA.replace(b'"schema":1', b'"schema":1e0'),
        "number below nothing": DATA.replace(b'"edition":7', b'"edition":-0'),
        "number with a zero before": DATA.replace(b'"edition":7', b'"edition":07'),
        "prototype": b'{"__proto__":{},' + DATA[1:],
        "prototype of a set": b'{"__proto__":' + DATA + b"}",
        "constructor": b'{"constructor":{},' + DATA[1:],
        "nothing for a default": DATA.replace(b'"schema":1', b'"responsible":null,"schema":1'),
        "empty bridge": known.change(lambda v: v.update(bridge={})),
        "table of too many": known.change(
            lambda v: v.update(bridge={f"aa-{n}": ["ru"] for n in range(MAX_NOTICE_ITEMS + 1)})
        ),
        "empty list": known.change(lambda v: v["catalogue"].update(penalties=[])),
        "false": known.change(lambda v: known.ru(v)["acts"]["read"].update(past_counts=False)),
        "byte order mark": b"\xef\xbb\xbf" + DATA,
        "no UTF-8": DATA.replace(b"Russian", b"Russia\xff", 1),
        "lone surrogate": DATA.replace(b"Russian", b"Russia\\ud800", 1),
        "deep": b"[" * 50_000 + b"]" * 50_000,
        "not a number": DATA.replace(b'"schema":1', b'"schema":NaN'),
        "long title": known.change(lambda v: v["catalogue"]["sources"][0].update(title="a" * 301)),
        "title of two lines": known.change(lambda v: v["catalogue"]["sources"][0].update(title="a\nb")),
        "day that is none": known.change(lambda v: v["catalogue"]["sources"][0].update(seen="2024-02-30")),
        "year nought": known.change(lambda v: v["catalogue"]["sources"][0].update(seen="0000-01-01")),
        "month that is none": known.change(
            lambda v: v["catalogue"]["sources"][0].update(published="2024-13")
        ),
        "designation that is common": known.change(lambda v: known.ru(v).update(id="common")),
        "nothing": b"",
    }
)


@pytest.mark.parametrize("name", DEFECTS)
def test_what_python_refuses_is_refused(node: Node, name: str) -> None:
    assert DEFECTS[name] != DATA
    assert isinstance(judge(node, DEFECTS[name]), Refused)


@pytest.mark.parametrize(
    "edit",
    [
        lambda v: v["catalogue"]["sources"][0].update(title="\U0001f1fa" * 300),
        lambda v: v["catalogue"]["sources"][0].update(seen="0001-01-01"),
        lambda v: v["catalogue"]["sources"][0].update(seen="9999-12-31", published="2999"),
        lambda v: v["catalogue"]["sources"][0].update(seen="2024-02-29", published="1000-12"),
        lambda v: known.en(v)["texts"].update({"act.save": "\U00010400" * 8_000}),
        lambda v: known.en(v)["texts"].update(
            {"act.save": '\u2028 "\\\b'.replace("\u2028", "/").replace("\b", "\n")}
        ),
        lambda v: v.update(edition=2**40, issued=2**40, stale_after_days=3_650),
        lambda v: v["catalogue"]["penalties"][0].update(max=10**12, min=0),
    ],
)
def test_what_python_takes_at_the_bounds_is_taken(node: Node, edit: known.Change) -> None:
    assert not isinstance(judge(node, known.change(edit)), Refused)


@pytest.mark.parametrize("templates", [(), ("ru-undesirable",), ("ir-contact", "kg-extremist"), TEMPLATES])
def test_every_set_that_we_ship_is_taken(node: Node, templates: tuple[str, ...]) -> None:
    hold(node, notice_set(*templates))


def test_what_is_too_large_is_refused_unparsed(node: Node) -> None:
    assert judge(node, b"[" * (MAX_NOTICE_SET + 1)) == Refused("LimitError", "notices-too-large")


@given(data=st.binary(max_size=300) | st.text('{}[]",:-0123456789.eEnulltrfa', max_size=20).map(str.encode))
def test_garbage_is_refused_as_in_python(node: Node, data: bytes) -> None:
    judge(node, data)


@given(
    edits=st.lists(
        st.tuples(st.integers(0, len(ENGLISH) - 1), st.binary(max_size=2), st.integers(0, 2)),
        min_size=1,
        max_size=2,
    )
)
def test_altered_bytes_are_judged_as_in_python(node: Node, edits: list[tuple[int, bytes, int]]) -> None:
    data = ENGLISH
    for at, put, cut in edits:
        data = data[:at] + put + data[at + cut :]
    judge(node, data)


@st.composite
def changed_values(draw: st.DrawFn) -> bytes:
    """The set with one value somewhere replaced, or one key added or dropped."""
    value = json.loads(ENGLISH)
    place: Json = value
    while True:
        keys = sorted(place) if isinstance(place, dict) else list(range(len(place)))
        key = draw(st.sampled_from(keys)) if keys else None
        if key is None or not isinstance(place[key], dict | list) or draw(st.integers(0, 9)) == 0:
            break
        place = place[key]
    odd: st.SearchStrategy[Json] = st.sampled_from(
        [None, True, False, 0, 1, -1, 2**40, 2**53 + 1, 10**12 + 1, "", "a", "A", "en", "RU", "ru", "UA-43",
         "2024-02-30", "2024-02", "\u2068a", "a{", "é", "7", [], {}, [[]], ["a", "a"], {"7": 1, "10": 1}, 1.5]
    )  # fmt: skip
    more = ["7", "10", "__proto__", "constructor", "toString", "id", "gaps", "zz"]
    choice = draw(st.integers(0, 2))
    if isinstance(place, dict) and choice == 0:
        place[draw(st.sampled_from(more))] = draw(odd)
    elif key is not None and choice == 1:
        del place[key]
    elif key is not None:
        place[key] = draw(odd)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


@settings(max_examples=300)
@given(data=changed_values())
def test_another_value_anywhere_is_judged_as_in_python(node: Node, data: bytes) -> None:
    judge(node, data)


@pytest.mark.parametrize("floor", [0, 7, 8])
@pytest.mark.parametrize("publisher", ["example-press", "other-press"])
def test_another_publishers_set_and_an_older_one_are_refused(node: Node, floor: int, publisher: str) -> None:
    question = {"data": DATA.hex(), "publisher": publisher, "floor": floor}
    expected = outcome(lambda: admit(DATA, publisher=publisher, floor=floor).edition)
    assert node.ask("notices-admit", question) == expected
    assert isinstance(expected, Refused) is (floor == 8 or publisher != "example-press")


# --- decisions and screens over sets that hypothesis makes ----------------------------------------

PLACES: Final = ("AA", "AA-1", "BB", "BB-22", "CC", "CC-3")
COUNTRIES: Final = ("AA", "BB", "CC")
_ids = st.sampled_from(["a", "b", "z-1", "7", "10"])
_penalties = [
    Penalty(kind.value, kind, Step.ANY, "law", "2024", sources=("s-1",) if kind is PenaltyKind.DEATH else ())
    for kind in PenaltyKind
]
_rules = st.builds(
    ActRule,
    st.sampled_from(Standing),
    st.lists(st.sampled_from([each.id for each in _penalties]), max_size=2).map(tuple),
    st.sampled_from([(), ("s-1",), ("s-2", "s-1")]),
    st.sampled_from([None, "alt-a", "alt-no-money"]),
    st.booleans(),
    st.booleans(),
)
_country = st.none() | st.sampled_from(COUNTRIES)
_dates = st.none() | st.sampled_from(
    [date(2026, 11, 21), date(2026, 11, 22), date(2026, 11, 23), date(1960, 1, 1)]
)


@st.composite
def designations(draw: st.DrawFn) -> tuple[Designation, ...]:
    found = {}
    for id_ in draw(st.lists(_ids, unique=True, max_size=4)):
        found[id_] = Designation(
            id_,
            draw(st.sampled_from(["001", *COUNTRIES])),
            draw(st.sampled_from(Subject)),
            draw(st.sampled_from(Status)),
            draw(st.sampled_from(Confidence)),
            draw(st.dictionaries(st.sampled_from(Act), _rules, max_size=8)),
            sources=draw(st.sampled_from([(), ("s-2",)])),
            audience=draw(st.lists(st.builds(Clause, _country, _country, _country), max_size=3).map(tuple)),
            next_review=draw(_dates),
        )
    return tuple(found.values())


@st.composite
def sets(draw: st.DrawFn) -> NoticeSet:
    """Any set that decodes: data without sense, texts in several languages and states, gaps."""
    sources = tuple(
        Source(id_, SourceKind.PRESS, "t", date(2024, 1, 1), url=url)
        for id_, url in (("s-1", None), ("s-2", "https://news.example/?a"))
    )
    controls = draw(st.lists(st.sampled_from(PLACES), max_size=2).map(tuple))
    catalogue = Catalogue(
        draw(designations()),
        tuple(Jurisdiction(each, controls=controls if each == "AA" else ()) for each in COUNTRIES),
        tuple(_penalties),
        sources,
    )
    required = sorted(required_keys(catalogue))
    parts = ["common", *(each.id for each in catalogue.designations)]
    languages: dict[str, Texts] = {}
    for tag in (
        "en",
        *draw(
            st.lists(
                st.sampled_from(["ru", "fa", "fa-AF", "fa-af", "zh-Hans", "tt"]), unique=True, max_size=3
            )
        ),
    ):
        gaps = set() if tag == "en" else draw(st.sets(st.sampled_from(required), max_size=9))
        states: Mapping[str, Translation] = {
            part: Translation(draw(st.sampled_from(State)), draw(st.sampled_from("ab")) * 64)
            for part in parts
        }
        texts = {key: f"{tag} {key}" for key in required if key not in gaps}
        languages[tag] = Texts("rtl" if tag.startswith("fa") else "ltr", states, texts, tuple(sorted(gaps)))
    bridge = draw(
        st.dictionaries(
            st.sampled_from(["tt", "ba", "fa-AF", "fa-af"]),
            st.lists(st.sampled_from(["ru", "fa-AF", "fa", "zh-Hans"]), max_size=2).map(tuple),
            max_size=3,
        )
    )
    # As a reader has it: tables in the order of their keys.
    return decode(encode(replace(SET, catalogue=catalogue, languages=languages, bridge=bridge)))


_answers = st.none() | st.frozensets(st.sampled_from(COUNTRIES), max_size=2)
contexts = st.builds(ReaderContext, st.none() | st.sampled_from([*PLACES, "DD"]), _answers, _answers)
tags = st.sampled_from(
    ["en", "ru", "RU-ru", "fa", "fa-AF", "FA-af", "tt", "tt-Latn", "ba", "zh-hans", "zh", "de", ""]
)
instants = st.integers(-3, 400).map(lambda days: NOW + days * DAY) | st.sampled_from(
    [0, NOW - 1, NOW + DAY - 1]
)


def assert_same(
    node: Node, notices: NoticeSet | None, reader: ReaderContext, language: str, now: int
) -> None:
    """Every act: decided alike, and said alike."""
    question = {"reader": of_reader(reader), "now": now}
    assert node.ask("notices-decide", question) == [
        of_decision(decide(notices, reader, act, now)) for act in Act
    ]
    assert node.ask("notices-gate", question | {"language": language}) == [
        of_gate(gate(notices, reader, act, language, now)) for act in Act
    ]


# Not made smaller: that takes minutes for a whole set, and the difference shows as it is.
@settings(max_examples=80, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(
    notices=sets(),
    asked=st.lists(st.tuples(contexts, tags, instants), min_size=1, max_size=4),
    data=st.data(),
)
def test_every_act_is_decided_and_said_as_in_python(
    node: Node, notices: NoticeSet, asked: list[tuple[ReaderContext, str, int]], data: st.DataObject
) -> None:
    hold(node, notices)
    for reader, language, now in asked:
        assert_same(node, notices, reader, language, now)
        assert node.ask("notices-walk", language) == list(walk(notices, language))
        for each in notices.catalogue.designations:
            expected = of_page(info_page(notices, each.id, language))
            assert node.ask("notices-info", {"id": each.id, "language": language}) == expected
        key = data.draw(st.sampled_from(sorted(required_keys(notices.catalogue))))
        expected = of_found(find(notices, key, language))
        assert node.ask("notices-find", {"key": key, "language": language}) == expected


@settings(max_examples=25)
@given(
    reader=st.sampled_from(list(READERS.values())),
    language=tags | st.sampled_from(["uk", "be", "tr"]),
    now=instants,
)
def test_the_shipped_set_and_none_at_all_are_said_as_in_python(
    node: Node, reader: ReaderContext, language: str, now: int
) -> None:
    for notices in (notice_set(*TEMPLATES), None):
        hold(node, notices)
        assert_same(node, notices, reader, language, now)


def test_without_a_set_nothing_falls_back_to_a_text_that_is_missing(node: Node) -> None:
    """The built-in texts that are left out are those that are never asked for."""
    hold(node, None)
    for tag in ("en", "ru", "be", "uk", "fa", "zh-Hans", "tr", "de"):
        shown = node.ask("notices-gate", {"reader": of_reader(ReaderContext()), "language": tag, "now": NOW})
        missing = node.ask("notices-find", {"key": "nowhere", "language": tag})
        said = json.dumps(shown, ensure_ascii=False)
        assert all(each is None or each["text"] not in said for each in missing.values())


def test_the_built_in_texts_are_those_of_python() -> None:
    made = builtin_ts.files()
    assert {path: path.read_text("utf-8") for path in builtin_ts.FOLDER.iterdir()} == made


_codes = st.sampled_from([*PLACES, "aa", "AAA", "AA-", "AA-1234", "AA\n", ""]) | st.text(max_size=4)
_listed = st.none() | st.lists(_codes, max_size=2)


@given(located=st.none() | _codes, citizenships=_listed, stateless=_listed)
@example(located=None, citizenships=["AA-1"], stateless=None)
@example(located="ru", citizenships=None, stateless=None)
def test_answers_are_what_python_takes_for_some(
    node: Node, located: str | None, citizenships: list[str] | None, stateless: list[str] | None
) -> None:
    """A code that no designation knows would be a clear no, and lower a gate."""

    def countries(answer: list[str] | None) -> frozenset[str] | None:
        return None if answer is None else frozenset(answer)

    try:
        ReaderContext(located, countries(citizenships), countries(stateless))
    except ValueError:
        is_taken = False
    else:
        is_taken = True
    question = {"located": located, "citizenships": citizenships, "statelessResidentOf": stateless}
    assert node.ask("notices-answers", question) is is_taken


@pytest.mark.parametrize("controls", [("DE",), ("DE-BE",), ("DE-HH",), ("AT",)])
@pytest.mark.parametrize("place", ["DE", "DE-BE"])
def test_what_is_controlled_is_judged_as_in_python(node: Node, controls: tuple[str, ...], place: str) -> None:
    """A whole country, a part of it, another part: each may be where the reader is, or not."""
    described = tuple(replace(each, controls=controls) for each in SET.catalogue.jurisdictions)
    notices = replace(SET, catalogue=replace(SET.catalogue, jurisdictions=described))
    hold(node, notices)
    assert_same(node, notices, ReaderContext(place, frozenset(), frozenset()), "en", NOW)
