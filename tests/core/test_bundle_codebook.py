"""Codebooks and dictionaries: any text comes back, whatever they were trained on."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.editions import story, texts
from mirror.bundle import codebook as codebooks
from mirror.bundle import dictionary as dictionaries
from mirror.bundle import record
from mirror.bundle.codebook import Codebook
from mirror.bundle.dictionary import Dictionary
from mirror.bundle.wire import Cursor, Writer
from mirror.errors import FormatError, LimitError
from mirror.limits import MAX_CLUSTER_RAW

RUSSIAN = [record.encode(story(number, "ru")) for number in range(40)]
TRAINED = codebooks.train(RUSSIAN, 20)
# Latin, Cyrillic, Persian with joiners, Devanagari with marks, CJK, Thai, astral, lone combining marks.
MIXED = (
    "The bridge <b>closed</b>. Мост закрыт, а пекари шли. می‌خواهند پل رودخانه! हिन्दी में संयुक्त वर्ण, "
    "夜里河上的桥关闭了。パン屋 สะพานปิด 𐍈𞤀𞤣𞤤𞤢𞤥 👩‍👩‍👧 e\u0301 \u0301 \u202bעברית\u202c\t\n"
)
strings = st.lists(texts.filter(lambda text: text and len(text.encode()) <= 48), unique=True, max_size=300)
codebook_strategy = st.builds(lambda each: Codebook(tuple(each)), strings) | st.builds(
    lambda each: codebooks.train(each, 1), st.lists(texts | st.just(MIXED), max_size=8)
)


@given(codebook_strategy, texts | st.just(MIXED))
def test_every_text_comes_back(codebook: Codebook, text: str) -> None:
    assert codebook.decode(codebook.encode(text)) == text


@given(st.binary(max_size=200))
def test_garbage_is_a_text_or_a_format_error(data: bytes) -> None:
    with suppress(FormatError):
        text = TRAINED.decode(data)
        # One text has many codings; the one we write decodes to the same.
        if "\x0e" not in text:
            assert TRAINED.decode(TRAINED.encode(text)) == text


@given(codebook_strategy)
def test_codebooks_come_back(codebook: Codebook) -> None:
    writer = Writer()
    codebooks.write(codebook, writer)
    cursor = Cursor(writer.bytes())
    assert codebooks.parse(cursor) == codebook
    cursor.end()


@given(st.binary(max_size=60))
def test_an_accepted_dictionary_is_encoded_the_same(data: bytes) -> None:
    try:
        dictionary = dictionaries.parse(data)
    except FormatError:
        return
    assert dictionaries.encode(dictionary) == data


def test_codes_are_where_the_format_puts_them() -> None:
    codebook = Codebook(tuple(f"w{number}" for number in range(8_288)))
    assert codebook.decode(b"\x80 \xdf \xe0\x00 \xe0\xff \xe1\x00 \xff\xff") == "w0 w95 w96 w351 w352 w8287"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\x83", id="a-code-that-the-codebook-has-not"),
        pytest.param(b"\xe0\x01", id="a-long-code-that-the-codebook-has-not"),
        pytest.param(b"\xe0", id="half-a-code"),
        pytest.param(b"\x0e", id="an-escape-of-nothing"),
        pytest.param(b"\x0eA", id="an-escape-of-ASCII"),
        pytest.param(b"\x0e\xc1\x80", id="an-overlong-escape"),
        pytest.param(b"\x0e\xed\xa0\x80", id="an-escaped-surrogate"),
        pytest.param(b"\x0e\xf4\x90\x80\x80", id="an-escape-beyond-Unicode"),
        pytest.param(b"\x0e\xc3", id="half-an-escape"),
        pytest.param(b"\x82", id="a-retired-code"),
    ],
)
def test_damage_is_seen(data: bytes) -> None:
    with pytest.raises(FormatError) as caught:
        Codebook(("a", "b", "")).decode(data)
    assert caught.value.code == "codebook"


@pytest.mark.parametrize(
    "strings",
    [("same", "same"), ("x" * 49,), ("bell\x07",), ("record\x1e",), ("\x0e",), ("\x9b",)],
)
def test_a_codebook_that_cannot_be_is_refused(strings: tuple[str, ...]) -> None:
    writer = Writer()
    codebooks.write(Codebook(strings), writer)
    with pytest.raises(FormatError):
        codebooks.parse(Cursor(writer.bytes()))


def test_a_codebook_has_no_more_strings_than_codes() -> None:
    writer = Writer()
    codebooks.write(Codebook(("",) * 8_289), writer)
    with pytest.raises(LimitError):
        codebooks.parse(Cursor(writer.bytes()))


def test_expansion_is_bounded_while_it_happens() -> None:
    codebook = Codebook(("x" * 48,))
    fits = MAX_CLUSTER_RAW // 48
    assert len(codebook.decode(b"\x80" * fits)) == fits * 48
    with pytest.raises(LimitError) as caught:
        codebook.decode(b"\x80" * MAX_CLUSTER_RAW)
    assert caught.value.code == "text-length"
    with pytest.raises(LimitError):
        codebook.decode(b"\x80" * fits + b"y" * 100)
    # Escapes shrink: a text that is long in codes only is none.
    assert len(codebook.decode("\U00010348".encode().join([b"\x0e"] * 400_000) + "\U00010348".encode())) > 0


def test_training_does_not_depend_on_order() -> None:
    assert codebooks.train(RUSSIAN, 20) == codebooks.train(RUSSIAN[::-1], 20)
    assert len(TRAINED.strings) > 10


def test_trained_codes_shorten_text() -> None:
    text = "".join(RUSSIAN)
    assert len(TRAINED.encode(text)) < len(text.encode()) / 3


def test_too_little_text_earns_no_dictionary() -> None:
    assert dictionaries.train(RUSSIAN) is None
    assert dictionaries.train([]) is None


def test_more_text_earns_a_codebook_and_still_more_earns_content() -> None:
    some = [text * 3 for text in RUSSIAN]
    small = dictionaries.train(some * 2)
    assert small is not None
    assert small.codebook.strings
    assert small.content == b""
    varied = [record.encode(story(number, "en", words=400)) for number in range(450)]
    large = dictionaries.train(varied)
    assert large is not None
    assert large.content
    assert dictionaries.parse(dictionaries.encode(large)) == large


def test_a_few_giant_texts_earn_a_codebook_without_content() -> None:
    giant = "".join(RUSSIAN) * 25
    trained = dictionaries.train([giant, giant])
    assert trained is not None
    assert trained.content == b""


def test_strings_that_no_text_uses_are_retired() -> None:
    secret = "<p>" + " Свидетелев" * 40 + "</p>"
    codebook = codebooks.train([*RUSSIAN, secret], 20)
    assert " Свидетелев" in codebook.strings
    before = Dictionary(codebook, b"")
    after = dictionaries.without_unused(before, RUSSIAN)
    assert " Свидетелев" not in after.codebook.strings
    assert len(after.codebook.strings) == len(codebook.strings)
    for text in RUSSIAN:
        coded = codebook.encode(text)
        assert after.codebook.decode(coded) == text
        assert after.codebook.encode(text) == coded
    with pytest.raises(FormatError):
        after.codebook.decode(codebook.encode(secret))
    assert dictionaries.without_unused(before, [*RUSSIAN, secret]) == before


def test_passages_that_no_text_has_are_found() -> None:
    secret = TRAINED.encode("<p>Свидетелева видела, как у моста ночью выгружали ящики</p>")
    text = TRAINED.encode(RUSSIAN[0])
    passages = text[10:200] + TRAINED.encode(RUSSIAN[7])[5:90] + TRAINED.encode(RUSSIAN[3])[50:80]
    for content in (b"", b"short", passages, passages[:5]):
        assert not dictionaries.tells_more(Dictionary(TRAINED, content), RUSSIAN)
    for content in (
        secret,
        passages + secret,
        secret[:16] + passages,
        passages[:100] + secret[8:24] + passages,
    ):
        assert dictionaries.tells_more(Dictionary(TRAINED, content), RUSSIAN)
    assert dictionaries.tells_more(Dictionary(TRAINED, passages), RUSSIAN[1:])
