"""The page's words and its search, in Node: what needs no document."""

import html
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from fluent.runtime import FluentBundle, FluentResource
from fluent.syntax import ast
from fluent.syntax.visitor import Visitor
from hypothesis import given
from hypothesis import strategies as st

from helpers.node import WEB, Node, running
from mirror.articles import sanitize
from mirror.notices import fluent

TEXTS = {path.stem: path.read_text("utf-8") for path in sorted((WEB / "page/text").glob("*.ftl"))}
TEXTS["en"] += TEXTS.pop("read") + TEXTS.pop("more")  # English that travels with parts of the program
DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹", "0123456789")
WORDS = re.compile(r"\w+")


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with running() as process:
        yield process


class _Names(Visitor):
    """The variables of a message."""

    def __init__(self) -> None:
        self.found: set[str] = set()

    def visit_VariableReference(self, node: ast.VariableReference) -> None:  # noqa: N802 - Fluent's name
        self.found.add(node.id.name)


def messages(language: str) -> Mapping[str, set[str]]:
    """The ids of the messages, and the variables of each."""
    found = {}
    for name, entry in fluent.parse(TEXTS[language]).entries.items():
        names = _Names()
        names.visit(entry)
        found[name] = names.found
    return found


def test_every_language_says_all_that_english_says(node: Node) -> None:
    assert sorted(node.ask("page-languages", None)) == sorted(TEXTS)
    for language, text in TEXTS.items():
        assert fluent.parse(text).problems == ()
        assert messages(language) == messages("en"), language


def test_every_text_that_the_page_names_is_there() -> None:
    known = messages("en").keys()
    sources = "\n".join(path.read_text("utf-8") for path in (WEB / "page").rglob("*.ts"))
    named = re.findall(r'\bt\(\s*"([^"]+)"', sources)
    made = [
        re.sub(r"\\\$\\\{.*?\\\}", ".+", re.escape(each)) for each in re.findall(r"\bt\(`([^`]+)`", sources)
    ]
    assert len(named) > 50
    assert set(named) <= known
    assert all(any(re.fullmatch(pattern, name) for name in known) for pattern in made)
    # And nothing travels that nobody says.
    quoted = set(re.findall(r'"([a-zA-Z][\w-]*)"', sources))
    patterns = [*made, "error-.+", "place-.+"]
    unused = [name for name in known - quoted if not any(re.fullmatch(each, name) for each in patterns)]
    assert unused == []


@given(data=st.data())
def test_texts_come_out_as_fluent_has_them(node: Node, data: st.DataObject) -> None:
    language = data.draw(st.sampled_from(sorted(TEXTS)))
    name = data.draw(st.sampled_from(sorted(messages(language))))
    value: st.SearchStrategy[Any] = st.text(max_size=5)
    if name in ("found", "opening-part"):  # the only ones with numbers
        value = st.integers(0, 999)
    values = {each: data.draw(value) for each in sorted(messages(language)[name])}
    bundle = FluentBundle([language.replace("-", "_")], use_isolating=True)
    bundle.add_resource(FluentResource(TEXTS[language]))
    pattern = bundle.get_message(name).value
    assert pattern is not None
    expected, problems = bundle.format_pattern(pattern, values)
    assert problems == []
    answer = node.ask("page-format", {"language": language, "id": name, "values": values})
    # Each formats numbers with its own data: Python's in ASCII digits.
    assert answer.translate(DIGITS) == str(expected).translate(DIGITS)


@pytest.mark.parametrize(
    ("liked", "spoken"),
    [
        (["fa-AF", "en"], "fa"),
        (["de", "uk-UA"], "uk"),
        (["zh-TW"], "zh-Hans"),
        (["de"], "en"),
        ([], "en"),
        (["ru-RU"], "ru"),
    ],
)
def test_the_closest_language_is_spoken(node: Node, liked: list[str], spoken: str) -> None:
    assert node.ask("page-closest", liked) == spoken


# Letters that people type for one another, as somebody types them and as they stand in a text.
@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("ЁЛКА", "елка"),
        ("елка", "Ёлка"),
        ("Café", "cafe"),
        ("istanbul", "İstanbul"),
        ("ISTANBUL", "ıstanbul"),
        ("Łódź", "lodz"),
        ("straße", "STRASSE"),
        ("كتاب علي", "کتاب علی"),
        ("می‌شود", "میشود"),
        ("أحمد", "احمد"),
        ("ٱلكتاب", "الکتاب"),
        ("۱۳۹۴", "1394"),
        ("١٩٧٩", "1979"),
        ("كــتاب", "کتاب"),
        ("Ґанок", "ганок"),
        ("п’ять", "п'ять"),
        ("ﻻ", "لا"),
        ("ｈｅｌｌｏ", "hello"),
        ("so\u00adft", "soft"),
    ],
)
def test_one_word_in_two_spellings_is_one(node: Node, typed: str, written: str) -> None:
    assert node.ask("page-fold", typed) == node.ask("page-fold", written)
    assert node.ask("page-find", {"articles": [{"id": "a", "title": written}], "asked": typed}) == ["a"]


@given(text=st.text())
def test_folding_is_done_once(node: Node, text: str) -> None:
    folded = node.ask("page-fold", text)
    assert node.ask("page-fold", folded) == folded
    assert not any(unicodedata.category(letter).startswith("M") for letter in folded)


PARTS = st.text("abcdefgёй آبکیıİ é", min_size=1, max_size=8)


@given(
    titles=st.lists(PARTS, min_size=1, max_size=6),
    bodies=st.lists(PARTS, min_size=6, max_size=6),
    asked=st.text("abcdefg eйب ", max_size=5),
)
def test_what_is_found_holds_every_word(node: Node, titles: list[str], bodies: list[str], asked: str) -> None:
    articles = [
        {"id": str(number), "title": title, "body": f"<p>{body}</p>"}
        for number, (title, body) in enumerate(zip(titles, bodies, strict=False))
    ]
    found = node.ask("page-find", {"articles": articles, "asked": asked})
    terms = node.ask("page-fold", asked).split()
    every, first = [], []
    for each in articles:
        title = node.ask("page-fold", each["title"])
        whole = title + "\n" + node.ask("page-fold", each["body"])
        if terms and all(term in whole.replace("<p>", "").replace("</p>", "") for term in terms):
            every.append(each["id"])
            if all(term in title for term in terms):
                first.append(each["id"])
    assert found == [*first, *(each for each in every if each not in first)]


@given(
    parts=st.lists(
        st.text("ab &<>\"'\n", max_size=6).map(
            lambda text: f"<p>{html.escape(text)}</p><ul><li>{html.escape(text)}</li></ul>"
        ),
        max_size=4,
    )
)
def test_the_text_of_a_body_is_what_stands_in_it(node: Node, parts: list[str]) -> None:
    body = sanitize("".join(parts)).body
    expected = html.unescape(re.sub(r"<[^>]*>", " ", body))
    assert node.ask("page-plain", body).split() == expected.split()


def test_an_excerpt_shows_the_word_that_was_asked_for(node: Node) -> None:
    text = " ".join(f"word{number}" for number in range(100)) + " Ёлки are green"
    shown = node.ask("page-excerpt", {"text": text, "asked": "елки"})
    assert ["Ёлки", True] in shown
    assert [word for word, is_meant in shown if is_meant] == ["Ёлки"]
    assert len(shown) <= 28
