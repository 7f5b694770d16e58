"""The front page for browsers without scripts: one piece, inert whoever wrote it, honest about itself."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.publication import NAME, article, corrected, notices, withdrawn
from mirror.bundle.manifest import Contents, Front, Manifest
from mirror.client.front import front_page
from mirror.limits import MAX_PIECE
from mirror.model import Article, State

NOW = 1_800_000_000
LANGUAGES = {"en": "en", "fa": "fa", "ru": "ru"}


def page(
    *listed: Article, channel: str = "ru", languages: dict[str, str] = LANGUAGES, name: str = NAME
) -> str:
    summaries = tuple(each.summary for each in listed)
    front = Front(listed, summaries, listed)
    made = Manifest(channel, name, 1, NOW, "", "", (), Contents((), ()), front)
    data = front_page(made, languages, notices())
    assert len(data) <= MAX_PIECE
    return data.decode()


class Inert(HTMLParser):
    """Every element and attribute of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen |= {tag, *(f"{tag}[{name}]" for name, _ in attrs)}


def seen(text: str) -> set[str]:
    parser = Inert()
    parser.feed(text)
    return parser.seen


@pytest.mark.parametrize(
    ("tag", "words", "direction"),
    [
        ("ru", "Ваше устройство ничего на ней не проверяло", "ltr"),
        ("fa", "دستگاه شما هیچ چیز آن را بررسی نکرده است", "rtl"),
        ("zh-Hans", "您的设备没有核对其中任何内容", "ltr"),
        ("kk", "Nothing on it was checked by your device", "ltr"),
    ],
)
def test_it_says_in_its_own_language_that_nothing_was_checked(tag: str, words: str, direction: str) -> None:
    text = page(article(1), languages={"ru": tag})
    assert words in text
    assert f'<html lang="{tag}" dir="{direction}">' in text


def test_other_channels_go_by_their_own_names() -> None:
    text = page(article(1))
    assert '<a href="fa.html" lang="fa" dir="rtl">فارسی</a>' in text
    assert '<b aria-current="page" lang="ru" dir="ltr">Русский</b>' in text
    # Two of one language, and one that has no name here, go by their ids.
    text = page(article(1), languages={"ru": "ru", "city": "ru", "kz": "kk"})
    assert {">city</a>", ">kz</a>", ">ru</b>"} <= set(re.findall(r">[a-z]+</[ab]>", text))


def test_what_was_withdrawn_says_so_and_what_was_removed_is_not_named() -> None:
    gone = withdrawn(article(1, title="Gone"), "Nobody was there.", NOW)
    harmful = withdrawn(article(2, title="Harmful"), "It put someone in danger.", NOW, State.REMOVED)
    better = corrected(article(3, title="Better"), "It was two bakers.", NOW)
    text = page(gone, harmful, better)
    assert "Издатель отозвал этот текст" in text
    assert "Nobody was there." in text
    assert "Исправлено" in text
    assert "It was two bakers." in text
    assert "Harmful" not in text
    assert "danger" not in text


def test_it_warns_and_leads_nowhere_else() -> None:
    text = page(article(1))
    assert "Российские власти объявили этого издателя" in text
    for leading in ("Подробнее об этом", "More about this", "No, go back"):
        assert leading not in text
    assert set(re.findall(r'href="([^"]*)"', text)) == {"en.html", "fa.html"}


@given(
    st.lists(
        st.tuples(
            st.text(max_size=300),
            st.sampled_from(
                ["<script>x</script>", '<img src="image:0">', "<p onclick='x'>y", "</article></main>", ""]
            ),
            st.integers(0, 9_000),
        ),
        max_size=30,
    ),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=80),
)
def test_it_is_one_piece_and_inert_whatever_was_written(
    articles: list[tuple[str, str, int]], name: str
) -> None:
    listed = [
        replace(
            article(number),
            title=f"A title {title}{body}",
            summary=title,
            byline=body,
            section=body,
            body=f"<p>{html_of(title)}</p>{body}<p>{'word ' * (length // 5)}</p>",
        )
        for number, (title, body, length) in enumerate(articles)
    ]
    found = seen(page(*listed, name=name + "<script>"))
    assert not found & {"script", "img", "iframe", "object", "embed", "link", "form", "input", "base", "svg"}
    assert not [each for each in found if re.search(r"\[(on\w+|src|style|action|srcset)\]", each)]
    assert {each for each in found if "[href]" in each} <= {"a[href]"}


def html_of(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
