"""The browser's half of reports: what Python would make, byte for byte, of what Python would report."""

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import report_vectors, rotation_vectors, servers
from helpers.handing import Handing
from helpers.node import Node, Refused, running
from helpers.rotation import PUBLICATION, SECRET, entrance, entrances, node_paths
from helpers.vector_forms import of_ring
from mirror.client.report import MISSING_PIECE, WRONG_PIECE, Evidence, MirrorReport, Verdict
from mirror.errors import MirrorError
from mirror.limits import MAX_EPOCH
from mirror.model import Endpoint
from mirror.net import ABSENT, BROKEN, REFUSED, SILENT, UNREACHABLE
from mirror.reader.silence import Door, Heard, of_run
from mirror.rotation import hpke, spelling
from mirror.rotation.keys import KeyTree
from mirror.rotation.paths import Entrance
from mirror.rotation.reports import Branch, Nodes, Statement, open_report, parse
from mirror.trust.state import Kind

Json = Any
PRIVATE: Final = report_vectors.REPORT_PRIVATE
READER: Final = (1, 4)
_bytes32 = st.binary(min_size=32, max_size=32)
_small_order = [bytes(32), b"\1" + bytes(31), (2**255 - 20).to_bytes(32, "little")]


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with running() as process:
        yield process


# --- what is made ---------------------------------------------------------------------------------


_questions = st.builds(
    lambda path, silent, epoch, country, key, fresh: (
        of_ring(KeyTree(SECRET, PUBLICATION).keyring(path))
        | {
            "publication": PUBLICATION.hex(),
            "epoch": epoch,
            "silent": [{"text": each.text, "key": each.key.hex()} for each in silent],
            "country": country,
            "report-key": key.hex(),
            "fresh": fresh.hex(),
        }
    ),
    node_paths | st.just((0,) * 16),
    st.lists(entrances, min_size=1, max_size=9),
    st.integers(0, MAX_EPOCH),
    st.from_regex("([A-Z]{2})?", fullmatch=True),
    _bytes32,
    _bytes32,
)


@given(_questions)
def test_a_report_is_pythons(node: Node, question: Json) -> None:
    try:
        expected = report_vectors.made_report(question)
    except MirrorError as error:
        expected = Refused(type(error).__name__, error.code)
    assert node.ask("rotation-report-made", question) == expected


@given(message=st.binary(max_size=300), key=_bytes32, info=st.binary(max_size=80), fresh=_bytes32)
def test_sealing_is_pythons(node: Node, message: bytes, key: bytes, info: bytes, fresh: bytes) -> None:
    public = hpke.public_of(key)
    question = {"message": message.hex(), "key": public.hex(), "info": info.hex(), "fresh": fresh.hex()}
    sealed = bytes.fromhex(node.ask("rotation-sealed", question))
    assert sealed == hpke.seal(message, public, info, fresh)
    assert hpke.open_sealed(sealed, key, info) == message


@pytest.mark.parametrize("key", _small_order, ids=lambda key: key.hex()[:2])
def test_nothing_is_sealed_under_a_secret_that_everybody_knows(node: Node, key: bytes) -> None:
    with pytest.raises(ValueError, match="shared key"):
        hpke.seal(b"", key, b"", bytes(range(32)))
    question = {"message": "", "key": key.hex(), "info": "", "fresh": bytes(range(32)).hex()}
    assert node.ask("rotation-sealed", question) is None


_SPACES: Final = " \n\t\r\x1c\x85\u00a0\u2003\u3000"


@given(
    data=st.binary(min_size=300, max_size=300),
    is_line=st.booleans(),
    edits=st.lists(
        st.tuples(st.integers(0, 620), st.integers(0, 2), st.text(_SPACES + "-=1AaZſK\ufeff_+", max_size=2)),
        max_size=3,
    ),
)
def test_a_report_as_text_is_read_as_in_python(
    node: Node, data: bytes, is_line: bool, edits: list[tuple[int, int, str]]
) -> None:
    text = spelling.line(data) if is_line else spelling.letters(data)
    for at, cut, given_ in edits:
        text = text[:at] + given_ + text[at + cut :]
    try:
        expected: Json = {"data": parse(text).hex()}
    except MirrorError as error:
        expected = Refused(type(error).__name__, error.code)
    assert node.ask("rotation-report-text", {"text": text}) == expected


def test_the_key_that_is_signed_is_kept(node: Node) -> None:
    key = report_vectors.REPORT_KEY.hex()
    given_ = {"epoch-seconds": 86_400, "keys": ["00" * 32], "pages": [[0, 1]]}
    assert node.ask("rotation-report-key", {"value": given_}) == ""
    assert node.ask("rotation-report-key", {"value": given_ | {"report-key": key}}) == key


def test_all_kinds_of_vectors_run_in_both_languages_but_the_publisher_s() -> None:
    from web.test_web_rotation import CASES, PUBLISHERS

    kinds = {case["kind"] for case in CASES}
    assert kinds == rotation_vectors.RUNNERS.keys() - PUBLISHERS
    assert kinds >= {"report-made", "report-text"}


# --- what is reported -----------------------------------------------------------------------------

_NAMES: Final = ("m1", "m2", "m3", "m4")
_CODES: Final = [
    ABSENT,
    BROKEN,
    REFUSED,
    SILENT,
    UNREACHABLE,
    MISSING_PIECE,
    WRONG_PIECE,
    Kind.WITHHELD.value,
    Kind.STALE.value,
]
_reports = st.lists(
    st.builds(
        lambda verdict, size, codes: (verdict, size, codes),
        st.sampled_from(Verdict),
        st.sampled_from([0, 9]),
        st.lists(st.sampled_from(_CODES), max_size=3),
    ),
    min_size=len(_NAMES),
    max_size=len(_NAMES),
)
_CASES: Final = [entrance(1), entrance(2), None]


def asked(node: Node, reports: Sequence[MirrorReport], own: Mapping[str, Entrance], addresses: Json) -> Json:
    """What Node says of mirrors with these ``addresses``, of which some are ``own``."""
    return node.ask(
        "silence",
        {
            "reports": [
                {
                    "name": each.name,
                    "verdict": each.verdict,
                    "bytes": each.bytes,
                    "pieces": each.pieces,
                    "evidence": [{"code": found.code, "about": found.about} for found in each.evidence],
                }
                for each in reports
            ],
            "mirrors": [{"name": name, "address": text} for name, text in addresses.items()],
            "doors": [
                {"address": addresses[name], "text": each.text, "key": each.key.hex()}
                for name, each in own.items()
            ],
        },
    )


@given(told=_reports, own=st.lists(st.sampled_from(_CASES), min_size=len(_NAMES), max_size=len(_NAMES)))
def test_what_was_silent_is_what_python_says(
    node: Node, told: list[tuple[Verdict, int, list[str]]], own: list[Entrance | None]
) -> None:
    """Several mirrors may be addresses of one entrance, which may be two objects there."""
    addresses = {name: f"https://{name}.example/" for name in _NAMES}
    reports = [
        MirrorReport(name, verdict, 0, size, tuple(Evidence(name, code, "head") for code in codes))
        for name, (verdict, size, codes) in zip(_NAMES, told, strict=True)
    ]
    mine = {name: each for name, each in zip(_NAMES, own, strict=True) if each is not None}
    heard = of_run(reports)
    doors = [
        Door(each, tuple(Endpoint(name, addresses[name]) for name, other in mine.items() if other == each))
        for each in dict.fromkeys(mine.values())
    ]
    silent = [door for door in doors if door.heard(heard) is Heard.SILENT]
    said = asked(node, reports, mine, addresses)
    assert said == {
        "heard": {name: each.value for name, each in heard.items()},
        "silent": [[door.name, door.entrance.text, door.entrance.key.hex()] for door in silent],
    }


@pytest.mark.parametrize(
    ("address", "is_told"),
    [
        ("https://a.example/", True),
        ("https://a.example/b.onion/", True),
        ("http://127.0.0.1:8080/a/", True),
        ("http://a.example/", False),
        ("http://127x.example/", False),
        (f"http://{'a' * 56}.onion/", False),
        (f"https://{'a' * 56}.onion/", False),
        (f"https://{'a' * 56}.onion:8443/b/", False),
    ],
)
def test_what_no_browser_asks_by_itself_is_not_reported(node: Node, address: str, is_told: bool) -> None:
    """A page over https may not ask plain http, and only Tor Browser knows onion services."""
    report = MirrorReport("m1", Verdict.FAILED, 0, 0, (Evidence("m1", UNREACHABLE, "head"),))
    said = asked(node, [report], {"m1": Entrance(address)}, {"m1": address})
    assert [name for name, *_ in said["silent"]] == (["m1"] if is_told else [])


# --- whole runs -----------------------------------------------------------------------------------


class Run:
    """A reader's run in Node over real servers: two endpoints of its own, and a mirror that anybody knows."""

    def __init__(self, node: Node, *, report_key: bytes = hpke.public_of(PRIVATE)) -> None:
        self.node = node
        self.desk = Handing(report_key=report_key)

    def reportable(self, *alive: bool, is_invited: bool = True) -> Json:
        """What there is to report, where the endpoints of the invitation are ``alive`` or not."""
        return asyncio.run(self._story(alive, is_invited))

    async def _story(self, alive: Sequence[bool], is_invited: bool) -> Json:
        tree = self.desk.press.tree
        async with AsyncExitStack() as stack:
            *own, public = [
                (await stack.enter_async_context(servers.raw(servers.tree_of(tree)))).endpoint.url
                if is_alive
                else f"{servers.nobody().url}{number}/"
                for number, is_alive in enumerate((*alive, True))
            ]
            self.own = [Entrance(url) for url in own]
            question: Json = {
                "mirrors": [public],
                "now": self.desk.now,
                "built": 0,
                "steps": ["refresh everyone", f"reportable {bytes(range(32)).hex()}"],
                "invitation": self.desk.invited(READER, self.own).text(),
            }
            if not is_invited:
                del question["invitation"]
                question |= {"root": self.desk.publication.hex(), "channel": "ru"}
            said = await asyncio.to_thread(self.node.ask, "read", question)
            done = said[question["steps"][1]]
            assert set(done) == {"ok"}, done
            return done["ok"]

    def opened(self, line: str) -> Statement:
        """What the publisher reads in ``line``; proved."""
        unproved = open_report(spelling.from_line(line), PRIVATE, self.desk.publication)
        unproved.check_epoch(self.desk.calendar, self.desk.now)
        path, branch = Nodes(self.desk.world({}).tree, [READER[:1]]).find(unproved.unverified_statement.names)
        assert path == READER
        return unproved.proved(branch)

    def marks(self, *silent: Entrance) -> tuple[bytes, ...]:
        """How a report of this reader names them."""
        branch = Branch(self.desk.invited(READER, self.own).keyring.branch, self.desk.publication)
        return tuple(sorted(map(branch.mark, silent)))


def test_a_run_reports_its_own_endpoints_that_were_silent(node: Node) -> None:
    run = Run(node)
    said = run.reportable(False, True)
    assert said["names"] == ["mirror 1"]
    line, letters = said["report"]
    assert spelling.from_letters(letters) == spelling.from_line(line)
    assert re.fullmatch(r"(?:[A-Z2-7]{4}-){5}[A-Z2-7]{4}", letters.splitlines()[0])
    read = run.opened(line)
    assert read.marks == run.marks(run.own[0])
    assert (read.epoch, read.country) == (run.desk.epoch, "")
    said = run.reportable(False, False)
    assert said["names"] == ["mirror 1", "mirror 2"]
    assert run.opened(said["report"][0]).marks == run.marks(*run.own)


def test_there_is_nothing_to_report_where_all_answer_or_none_is_taken(node: Node) -> None:
    assert Run(node).reportable(True, True) is None
    assert Run(node).reportable(False, True, is_invited=False) is None
    assert Run(node, report_key=b"").reportable(False, True) is None
