"""Whoever runs a mirror wants the warning gone. Each story: an honest step, the attack, nothing moved.

The signature itself is the subject of the trust tests. Here the attacker is given more: he may hand
over any bytes, also ones that were once signed, and the reader must still be warned.
"""

import json
from collections.abc import Callable

import pytest

from helpers.notices import ABROAD, NOW, TEMPLATES, UNKNOWN, notice_set
from mirror.errors import FormatError, LimitError, MirrorError, TrustError
from mirror.limits import MAX_NOTICE_SET
from mirror.notices import Act, GateText, Level, NoticeSet, ReaderContext, admit, encode, gate

READERS = (UNKNOWN, ABROAD, ReaderContext(located="RU"))


class Reader:
    """What a shell does: admit or go on without, remember the edition, show the gate."""

    def __init__(self) -> None:
        self.floor = 0
        self.notices: NoticeSet | None = None
        self.refused: list[str] = []

    def fetch(self, data: bytes | None) -> None:
        self.notices = None
        if data is None:
            return
        try:
            self.notices = admit(data, publisher="example-press", floor=self.floor)
            self.floor = self.notices.edition
        except MirrorError as error:
            self.refused.append(error.code)

    def ask(self, act: Act, context: ReaderContext = UNKNOWN, language: str = "ru") -> GateText:
        return gate(self.notices, context, act, language, NOW)


def honest() -> bytes:
    return encode(notice_set("ru-undesirable", edition=7))


@pytest.fixture
def reader() -> Reader:
    """A reader who has been warned once."""
    made = Reader()
    made.fetch(honest())
    assert made.ask(Act.SAVE).level is Level.CONFIRM
    assert made.ask(Act.SAVE, ABROAD).level is Level.INLINE
    assert made.refused == []
    return made


def assert_closed(reader: Reader) -> None:
    """The last row of the decision table, whoever the reader is and whatever his language."""
    for language in ("en", "ru", "fa", "zh-Hans", "tt", "de"):
        for context in READERS:
            for act in Act:
                shown = reader.ask(act, context, language)
                assert shown.level is (Level.INLINE if act is Act.READ else Level.OFF)
                assert shown.memory_only
                assert (shown.question, shown.proceed) == (None, None)
                assert shown.blocks


def assert_recovers(reader: Reader) -> None:
    """An honest mirror afterwards is believed again."""
    reader.fetch(honest())
    assert reader.ask(Act.SAVE).level is Level.CONFIRM


def test_the_notices_are_withheld(reader: Reader) -> None:
    reader.fetch(None)
    assert_closed(reader)
    assert_recovers(reader)


def test_another_publishers_notices_are_handed_over(reader: Reader) -> None:
    """A set of a publisher that no state named: valid, signed, and it would open everything."""
    other = encode(notice_set(publisher="harmless-press", edition=9))
    with pytest.raises(TrustError):
        admit(other, publisher="example-press", floor=0)
    assert admit(other, publisher="harmless-press", floor=0).edition == 9
    reader.fetch(other)
    assert reader.refused == ["notices-other-publisher"]
    assert_closed(reader)
    assert_recovers(reader)


def test_an_older_edition_from_before_the_designation_is_handed_over(reader: Reader) -> None:
    older = encode(notice_set(edition=6))
    newcomer = Reader()
    newcomer.fetch(older)
    assert newcomer.ask(Act.SHARE_PUBLIC).level is Level.CONFIRM, "for a newcomer it is a set like any other"
    reader.fetch(older)
    assert reader.refused == ["notices-older"]
    assert_closed(reader)
    assert reader.floor == 7
    assert_recovers(reader)


def test_the_same_edition_again_is_no_rollback(reader: Reader) -> None:
    reader.fetch(honest())
    assert reader.refused == []


@pytest.mark.parametrize("part", range(1, 8))
def test_the_notices_are_cut_off(reader: Reader, part: int) -> None:
    data = honest()
    reader.fetch(data[: len(data) * part // 8])
    assert reader.refused == ["notices-malformed"]
    assert_closed(reader)
    assert_recovers(reader)


def edited(change: Callable[[dict[str, dict[str, object]]], object]) -> bytes:
    value = json.loads(honest())
    change(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def emptied(value: dict[str, dict[str, object]]) -> None:
    russian = value["languages"]["ru"]
    assert isinstance(russian, dict)
    russian["texts"] = {}


def blanked(value: dict[str, dict[str, object]]) -> None:
    russian = value["languages"]["ru"]
    assert isinstance(russian, dict)
    texts = russian["texts"]
    russian["texts"] = dict.fromkeys(texts, "\u00a0")


@pytest.mark.parametrize("change", [emptied, blanked])
def test_one_language_is_emptied(
    reader: Reader, change: Callable[[dict[str, dict[str, object]]], object]
) -> None:
    reader.fetch(edited(change))
    assert reader.refused in (["notices-inconsistent"], ["notices-malformed"])
    assert_closed(reader)
    assert_recovers(reader)


def test_a_language_that_is_honestly_a_gap_falls_back_to_english(reader: Reader) -> None:
    """The publisher's own doing, not an attack: the reader is warned in English, and told so."""

    def gap(value: dict[str, dict[str, object]]) -> None:
        russian = value["languages"]["ru"]
        assert isinstance(russian, dict)
        russian["gaps"] = sorted(russian["texts"])
        russian["texts"] = {}

    reader.fetch(edited(gap))
    assert reader.refused == []
    shown = reader.ask(Act.SAVE)
    assert shown.level is Level.CONFIRM
    assert {block.language for block in shown.blocks} == {"en"}
    assert [label.text for label in shown.labels] == ["This notice is not yet available in your language."]


def test_any_flipped_byte_closes_or_changes_nothing_that_matters(reader: Reader) -> None:
    """Without the signature's help: a flip is refused, or it moved a number or a letter in a text.

    With the signature none of these arrives. What must hold even so: never a crash, never nothing shown.
    """
    data = honest()
    for at in range(0, len(data), 331):
        reader.fetch(data[:at] + bytes([data[at] ^ 0x01]) + data[at + 1 :])
        for act in (Act.READ, Act.SAVE, Act.SHARE_PUBLIC):
            assert reader.ask(act).blocks
        if reader.notices is None:
            assert reader.ask(Act.SAVE).level is Level.OFF
        reader.floor = 7
    assert len(reader.refused) > 50


def test_a_huge_set_is_not_even_parsed(reader: Reader) -> None:
    with pytest.raises(LimitError):
        admit(b" " * (MAX_NOTICE_SET + 1), publisher="example-press", floor=0)
    reader.fetch(b'{"publisher":' + b" " * MAX_NOTICE_SET)
    assert reader.refused == ["notices-too-large"]
    assert_closed(reader)


def test_a_deep_set_does_not_exhaust_the_stack(reader: Reader) -> None:
    for bomb in (b"[" * MAX_NOTICE_SET, b'{"a":' * (MAX_NOTICE_SET // 5)):
        with pytest.raises(FormatError):
            admit(bomb, publisher="example-press", floor=0)
    reader.fetch(b"[" * MAX_NOTICE_SET)
    assert_closed(reader)


def test_a_warning_ends_only_by_a_signed_repeal(reader: Reader) -> None:
    """A set that just leaves the designation out lowers the gate: so the newer set must be signed,
    and what the publisher may do is said by its own lint, not by a mirror."""
    gone = encode(notice_set(edition=8))
    reader.fetch(gone)
    assert reader.ask(Act.SHARE_PUBLIC).level is Level.CONFIRM, "the generic notice still asks"
    reader.fetch(honest())
    assert reader.refused == ["notices-older"]
    assert_closed(reader)


def test_no_screen_differs_by_what_the_reader_answered(reader: Reader) -> None:
    """Someone looks over the shoulder of two readers, one of whom said that he is in Russia."""
    for templates in (("ru-undesirable",), TEMPLATES):
        reader.floor = 0
        reader.fetch(encode(notice_set(*templates)))
        for act in Act:
            assert reader.ask(act, UNKNOWN) == reader.ask(act, ReaderContext(located="RU"))
