"""What is called silence: nothing of ours came. A mirror that answers otherwise is not reported."""

import pytest

from helpers.rotation import EPOCH, NOW, entrance, invited
from mirror.client.diagnosis import BLOCKING, WORKING, Diagnosis, Finding
from mirror.client.report import MISSING_PIECE, WRONG_PIECE, Ledger, Part
from mirror.model import Endpoint
from mirror.net import ABSENT, BROKEN, REFUSED, SILENT, UNREACHABLE, UNTRUSTED
from mirror.reader.guide import Guide
from mirror.reader.silence import Door, Heard, doors, of_examination, of_run
from mirror.trust.state import Kind, Observation


def heard(ledger: Ledger) -> Heard:
    return of_run(ledger.report())["m"]


@pytest.mark.parametrize("code", [UNREACHABLE, SILENT, UNTRUSTED, BROKEN, REFUSED])
def test_nothing_came(code: str) -> None:
    ledger = Ledger(["m"])
    assert heard(ledger) is Heard.UNKNOWN, "it was not asked"
    ledger.failed("m", Part.HEAD, code)
    assert heard(ledger) is Heard.SILENT
    ledger.failed("m", Part.PAGES, ABSENT)
    assert heard(ledger) is Heard.SILENT, "one that breaks off now and then"
    ledger.gave("m", Part.METADATA, 9)
    assert heard(ledger) is Heard.ANSWERED, "it gave something that was ours"


def test_a_mirror_without_files_answers() -> None:
    for code in (ABSENT, MISSING_PIECE):
        ledger = Ledger(["m"])
        ledger.failed("m", Part.SLIPS, code)
        assert heard(ledger) is Heard.ANSWERED
    ledger = Ledger(["m"])
    ledger.observed([Observation("m", Kind.WITHHELD, "timestamp.json")])
    assert heard(ledger) is Heard.ANSWERED
    ledger = Ledger(["m"])
    ledger.observed([Observation("m", Kind.STALE, "timestamp.json")])
    ledger.gave("m", Part.METADATA, 9)
    assert heard(ledger) is Heard.ANSWERED


def test_somebody_else_s_bytes_are_silence() -> None:
    for note in (Kind.MALFORMED, Kind.OVERSIZED, Kind.INVALID):
        ledger = Ledger(["m"])
        ledger.gave("m", Part.METADATA, 500)  # it is counted before it is judged
        ledger.observed([Observation("m", note, "timestamp.json")])
        assert heard(ledger) is Heard.SILENT
    ledger = Ledger(["m"])
    ledger.lied("m", Part.PAGES, 9)
    assert WRONG_PIECE in {each.code for each in ledger.report()[0].evidence}
    assert heard(ledger) is Heard.SILENT


@pytest.mark.parametrize("finding", Finding)
def test_an_examination_is_read_as_the_publisher_reads_it(finding: Finding) -> None:
    said = of_examination([Diagnosis("m", finding)])["m"]
    assert (said is Heard.SILENT) == (finding in BLOCKING)
    if finding in WORKING:
        assert said is Heard.ANSWERED
    if finding is Finding.NOT_EXAMINED:
        assert said is Heard.UNKNOWN


def test_an_endpoint_answers_over_any_of_its_addresses() -> None:
    door = Door(entrance(1), (Endpoint("a", "https://a.example/x/"), Endpoint("b", "https://a.example/y/")))
    assert door.heard({"a": Heard.SILENT, "b": Heard.ANSWERED}) is Heard.ANSWERED
    assert door.heard({"a": Heard.SILENT}) is Heard.SILENT
    assert door.heard({}) is Heard.UNKNOWN


def test_only_what_was_handed_out_is_a_door() -> None:
    guide = Guide(invited((1,), [entrance(1), entrance(2)]))
    mirrors = guide.mirrors(NOW, [Endpoint("x", "https://plain.example/")])
    found = doors(guide, mirrors)
    assert {each.entrance for each in found} == {entrance(1), entrance(2)}
    assert all(str(each.entrance.address(EPOCH)) == each.mirrors[0].url for each in found)
    assert "plain.example" not in {mirror.url for each in found for mirror in each.mirrors}
