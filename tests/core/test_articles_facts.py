"""Languages, directions, ids, dates, encodings, characters, links: the small facts of a source."""

import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.outcomes import Refused, outcome
from mirror.articles import article_id, canonical_language, decode, direction
from mirror.articles.characters import balanced, clean_text, one_line
from mirror.articles.dates import instant
from mirror.articles.front_matter import split_front_matter
from mirror.articles.identity import declared_id
from mirror.articles.language import declared
from mirror.articles.links import clean_link, web_address
from mirror.errors import SourceError
from mirror.model import ARTICLE_ID

# --- languages ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tag", "wanted"),
    [
        ("en_us", "en-US"),
        ("iw", "he"),
        ("zh-cn", "zh-CN"),
        ("RU", "ru"),
        ("sr-latn", "sr-Latn"),
        ("fa-AF", "fa-AF"),
    ],
)
def test_tags_are_canonical(tag: str, wanted: str) -> None:
    assert canonical_language(tag) == wanted
    assert canonical_language(wanted) == wanted


@pytest.mark.parametrize(
    "tag", ["", "english", "xx", "e", "en-", "und", "mul", "zxx", "en us", "e\nn", "a" * 200, "ру"]
)
def test_nonsense_is_no_language(tag: str) -> None:
    assert declared(tag) is None
    with pytest.raises(SourceError) as caught:
        canonical_language(tag)
    assert caught.value.code == "language-unknown"


@given(st.text(max_size=20))
def test_any_text_is_a_language_or_none(tag: str) -> None:
    found = declared(tag)
    assert found is None or declared(found) == found


@pytest.mark.parametrize(
    ("tag", "wanted"),
    [
        *(
            (tag, "rtl")
            for tag in ("fa", "ar", "he", "ur", "ps", "ckb", "yi", "dv", "az-Arab", "ug", "sd", "fa-AF")
        ),
        *(
            (tag, "ltr")
            for tag in ("en", "ru", "az", "zh-Hans", "ky", "tr", "am", "ja", "fa-Latn", "nonsense")
        ),
    ],
)
def test_direction_follows_the_script(tag: str, wanted: str) -> None:
    assert direction(tag) == wanted


# --- ids ---------------------------------------------------------------------------------------------


@given(st.sampled_from(["guid", "url", "path"]), st.text(min_size=1, max_size=300))
def test_every_key_gives_an_id(kind: str, key: str) -> None:
    made = article_id(kind, key)
    assert ARTICLE_ID.fullmatch(made)
    assert article_id(kind, unicodedata.normalize("NFD", key)) == article_id(
        kind, unicodedata.normalize("NFC", key)
    )


def test_ids_are_readable_and_the_same_everywhere() -> None:
    # Fixed: a changed id would make every article of every publication a new one.
    assert article_id("url", "https://a.example/news/Flood_Walls.html?x=1#y") == "flood-walls-i3skmjvd"
    assert article_id("path", "2024/наводнение.txt") == "2024-76fhajh2"
    assert article_id("guid", "наводнение") == "h6b6jqfb"
    assert article_id("guid", "x") != article_id("url", "x")
    code = "from mirror.articles import article_id; print(article_id('path', 'İstanbul/Ğ ı.md'))"
    runs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONPATH": ":".join(sys.path), "LC_ALL": locale, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for locale, seed in (("C", "1"), ("tr_TR.UTF-8", "2"))
    }
    assert len(runs) == 1


@given(
    st.lists(
        st.text(min_size=1, max_size=30),
        min_size=2,
        max_size=20,
        unique_by=lambda t: unicodedata.normalize("NFC", t),
    )
)
def test_different_keys_give_different_ids(keys: list[str]) -> None:
    assert len({article_id("path", key) for key in keys}) == len(keys)


@pytest.mark.parametrize("text", ["", "A", "a/b", "..", "-a", "a b", "a" * 200, "é"])
def test_an_id_of_its_own_is_checked(text: str) -> None:
    with pytest.raises(SourceError):
        declared_id(text)


# --- dates -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2024-03-04T10:20:00+01:00", 1_709_544_000),
        ("2024-03-04T09:20:00Z", 1_709_544_000),
        ("2024-03-04 09:20", 1_709_544_000),
        ("Mon, 04 Mar 2024 10:20:00 +0100", 1_709_544_000),
        ("2024-03-04", 1_709_510_400),
        ("2024", 1_704_067_200),
        ("2014-08-3", 1_407_024_000),
        ("1969-12-31", None),
        ("2024-02-30", None),
        ("99999-01-01", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_instants(text: str | None, wanted: int | None) -> None:
    assert instant(text) == wanted


@given(st.text(max_size=40))
def test_any_text_is_an_instant_or_none(text: str) -> None:
    found = instant(text)
    assert found is None or found >= 0


# --- encodings ---------------------------------------------------------------------------------------

RUSSIAN = (
    "Совет четырёх городов попросил о помощи после третьего паводка подряд, сообщили в пятницу власти. " * 3
)
PERSIAN = (
    "شورای چهار شهر پس از سومین سیل پیاپی درخواست کمک کرد و مسئولان روز جمعه این خبر را اعلام کردند. " * 3
)


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("text", [RUSSIAN, PERSIAN, "a"])
def test_a_mark_decides(mark: str, text: str) -> None:
    found = decode(text.encode(mark), "koi8-r")
    assert (found.text, found.guessed) == (text, False)


@pytest.mark.parametrize("name", ["windows-1251", "koi8-r", "iso-8859-5", "cp866", "utf-8"])
def test_a_declared_encoding_is_taken(name: str) -> None:
    html = f'<html><head><meta charset="{name}"></head><body>{RUSSIAN}</body></html>'
    xml = f'<?xml version="1.0" encoding="{name}"?><rss>{RUSSIAN}</rss>'
    for document in (html, xml):
        found = decode(document.encode(name))
        assert (found.text, found.guessed) == (document, False)
    assert decode(RUSSIAN.encode(name), name).text == RUSSIAN


def test_a_wrong_declaration_is_told() -> None:
    page = f'<meta charset="windows-1251">{RUSSIAN}'
    found = decode(page.encode("utf-8"))
    assert (found.text, found.encoding, found.guessed) == (page, "utf-8", True)
    found = decode(f'<meta charset="utf-8">{RUSSIAN}'.encode("windows-1251"))
    assert RUSSIAN in found.text
    assert found.guessed


def test_an_undeclared_encoding_is_guessed_and_told() -> None:
    found = decode(RUSSIAN.encode("windows-1251"))
    assert (found.text, found.guessed) == (RUSSIAN, True)
    found = decode(("\r\n" + "The council voted on Friday. " * 3).encode("utf-16-le"))
    assert found.text.strip().startswith("The council")
    assert found.guessed


@pytest.mark.parametrize("name", ["rot13", "zlib", "utf-7", "unicode_escape", "idna", "no-such"])
def test_what_is_no_text_encoding_is_not_taken(name: str) -> None:
    written = "Die Stra\u00dfe blieb am Freitag gesperrt, sagte der B\u00fcrgermeister. +AGE-\\x41" * 2
    found = decode(written.encode("cp1252"), name)
    assert (found.guessed, "+AGE-\\x41" in found.text) == (True, True)


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff", b"PK\x03\x04\0\0\0\xfe\xff\0\1"])
def test_bytes_that_are_no_text_are_refused(data: bytes) -> None:
    with pytest.raises(SourceError) as caught:
        decode(data)
    assert caught.value.code == "encoding"


@given(st.binary(max_size=200), st.sampled_from([None, "utf-8", "cp1251", "gb18030", "utf-16"]))
def test_any_bytes_are_text_or_refused(data: bytes, name: str | None) -> None:
    found = outcome(lambda: decode(data, name))
    assert found == "encoding" or not isinstance(found, Refused)


# --- characters and links ------------------------------------------------------------------------------


@given(st.text(alphabet=st.characters()))
def test_clean_text_is_clean_and_stays_so(text: str) -> None:
    once = clean_text(text)
    assert clean_text(once) == once
    assert [c for c in once if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t"] == []
    line = one_line(text, 50)
    assert len(line) <= 50
    assert "\n" not in line
    assert one_line(line, 50) == line


@given(st.text(alphabet="a\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))
def test_direction_is_left_as_it_was_found(text: str) -> None:
    line = balanced(text)
    open_now: list[str] = []
    for c in line:
        assert c not in "\u202d\u202e"
        if c in "\u202a\u202b":
            open_now.append("\u202c")
        elif c in "\u2066\u2067\u2068":
            open_now.append("\u2069")
        elif c in "\u202c\u2069":
            assert open_now.pop() == c
    assert open_now == []
    assert line.replace("a", "") == "" or line.count("a") == text.count("a")


def test_a_long_line_is_cut_at_a_word() -> None:
    assert one_line("word " * 30, 22) == "word word word word…"
    assert one_line("x" * 30, 10) == "x" * 9 + "…"


@given(st.text(max_size=60), st.sampled_from(["", "https://a.example/b/"]))
def test_a_link_is_clean_or_nothing(address: str, base: str) -> None:
    made = clean_link(address, base)
    assert made == "" or made.startswith(("http://", "https://", "mailto:"))
    assert not set(made) & set(" \t\n\"'<>\\`{}|^\u202e\u200b") - {"'"}
    assert clean_link(made, base) == made


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("HTTPS://A.example/x y", "https://A.example/x%20y"),
        ("https://user:pass@a.example/", ""),
        ("https://a.example:99999/", ""),
        ("https://[::1", ""),
        ("http:///x", ""),
        ("ftp://a.example/", ""),
        ("mailto:a@b.example?subject=x&body=y", "mailto:a@b.example"),
        ("https://a.example/" + "x" * 3000, ""),
        ("#top", ""),
        ("https://пример.example/ж", "https://пример.example/ж"),
        ("https://a.example/\u202egpj", "https://a.example/%E2%80%AEgpj"),
    ],
)
def test_links(address: str, wanted: str) -> None:
    assert clean_link(address) == wanted
    assert web_address(address) == ("" if wanted.startswith("mailto") else wanted)


# --- front matter --------------------------------------------------------------------------------------


def test_front_matter_of_both_kinds() -> None:
    toml = (
        '+++\ntitle = "A: b"\ndate = 2024-03-04T10:20:00Z\ntags = ["x"]\nauthors = ["Ann", "Bob"]\n+++\nText'
    )
    yaml = (
        '---\ntitle: "A: b"\nDate: 2024-03-04T10:20:00+00:00 # '
        "when\nnested:\n  deep: x\nauthors:\n  - Ann\n  - 'Bob'\n---\nText"
    )
    for text in (toml, yaml, yaml.replace("\n", "\r\n")):
        head = split_front_matter(text)
        assert (head.get("title"), head.get("byline"), head.text) == ("A: b", "Ann, Bob", "Text")
        assert instant(head.get("date")) == 1_709_547_600
    assert split_front_matter("---\nauthor: [Ann, Bob]\n---\n").get("byline") == "Ann, Bob"


@pytest.mark.parametrize(
    "text",
    ["---\na: b\na: c\n---\nx", "---\na: b\n*x\n---\nx", "---\na: |\n  x\n---\nx", "+++\nnot toml\n+++\nx"],
)
def test_front_matter_that_is_not_is_refused(text: str) -> None:
    with pytest.raises(SourceError) as caught:
        split_front_matter(text)
    assert caught.value.code == "front-matter"


@pytest.mark.parametrize(
    "text", ["---\n\nJust a rule above.\n\n---\n\nAnd below.", "--- a\nb", "+++", "text\n---\na: b\n---\n"]
)
def test_text_without_front_matter_is_left(text: str) -> None:
    assert split_front_matter(text).text == text
