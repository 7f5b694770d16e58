"""Any HTML gives one spelling of the closed subset, and nothing else."""

import re
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from helpers.markup import JUDGE, fragments, trees
from helpers.outcomes import Refused, outcome
from mirror import limits
from mirror.articles import DraftImage, keep_images, sanitize, to_text


@given(fragments)
@example("<ul><li>a<ul><li>b</ul><p>c</ul>")
@example("<p>a<table><tr><td>b<p>c")
@example("<b><p>a</b>b")
@example("<pre>\n\n a</pre>")
@example("<blockquote>" * 40 + "x")
@example("<ul><li>" * 40 + "x")
@example("<table><tr><td>1<td>2" * 40)
def test_the_output_has_one_spelling(given_html: str) -> None:
    once = sanitize(given_html)
    again = sanitize(once.body)
    assert again.body == once.body
    assert len(again.images) == len(once.images)


@given(fragments, st.sampled_from(["en", "fa", "ru"]))
def test_the_spelling_for_a_language_is_one_too(given_html: str, language: str) -> None:
    once = sanitize(given_html, language=language).body
    assert sanitize(once, language=language).body == once
    assert sanitize(sanitize(given_html).body, language=language).body == once


@given(fragments)
@example('<figure dir="rtl" lang="fa">0<hr>0</figure>')
@example('<p><img src="https://a.example/i.png" alt="a &quot;b&quot; &lt;c&gt;">')
def test_a_second_sanitizer_finds_nothing_to_take_out(given_html: str) -> None:
    body = sanitize(given_html).body
    assert JUDGE.clean(body).replace("&nbsp;", "\xa0") == body


@given(fragments, st.sampled_from(["", "https://a.example/b/c.html"]))
def test_links_lead_to_the_web_and_images_to_numbers(given_html: str, base: str) -> None:
    clean = sanitize(given_html, base=base)
    assert all(
        re.fullmatch(r"https?://[^\s\"]+|mailto:[^\s\"]+", link)
        for link in re.findall(r'<a href="([^"]*)"', clean.body)
    )
    numbers = {int(found) for found in re.findall(r'<img src="image:(\d+)"', clean.body)}
    assert numbers == set(range(len(clean.images)))


@given(trees)
def test_plain_text_has_no_control_characters(given_html: str) -> None:
    text = to_text(sanitize(given_html).body, show_images=True)
    assert [c for c in text if unicodedata.category(c) in ("Cc", "Cs") and c != "\n"] == []


@given(st.lists(st.text(alphabet="abc ж\u0633\xa0<>&\"'", min_size=1, max_size=20), min_size=1, max_size=5))
def test_the_text_of_paragraphs_is_kept(texts: list[str]) -> None:
    escaped = (text.replace("&", "&amp;").replace("<", "&lt;") for text in texts)
    body = sanitize("".join(f"<div><p>{text}</p></div>" for text in escaped)).body
    wanted = [re.sub(" +", " ", text).strip(" ") for text in texts]
    assert to_text(body).split("\n\n") == ([text for text in wanted if text.strip()] or [""])


CASES = {
    "a heading of the first rank": ("<h1>A</h1><h5>B</h5>", "<h2>A</h2><h4>B</h4>"),
    "text alone": ("a <b>b</b>", "<p>a <strong>b</strong></p>"),
    "two line breaks": ("<p>a<br> <br>b<br>c</p>", "<p>a</p><p>b<br>c</p>"),
    "an item with a paragraph": ("<ul>\n<li>\n<p>a</p>\n</li></ul>", "<ul><li>a</li></ul>"),
    "items outside a list": ("<li>a<li>b", "<ul><li>a</li><li>b</li></ul>"),
    "a list in a list": (
        "<ul><li>a</li><ol><li>b</ol></ul>",
        "<ul><li><p>a</p><ol><li>b</li></ol></li></ul>",
    ),
    "a layout table": (
        "<table><tr><td><table><tr><td>a<td>b</table>",
        "<table><tbody><tr><td>a</td><td>b</td></tr></tbody></table>",
    ),
    "one cell": ("<table><tr><td>a</table>", "<p>a</p>"),
    "a table with everything": (
        (
            "<table><caption>c</caption>"
            "<thead><tr><th>h<th>i</thead>"
            "<tr><td>a<td><p>b<p>"
            "c<tfoot><tr><td>f<td></table>"
        ),
        (
            "<p>c</p><table><thead><tr>"
            "<th>h</th><th>i</th></tr>"
            "</thead><tbody><tr><td>a</td>"
            "<td><p>b</p><p>c</p></td></tr>"
            "<tr><td>f</td><td></td></tr></tbody></table>"
        ),
    ),
    "space between elements": ("<p>a <b> b </b> c</p>", "<p>a <strong>b </strong>c</p>"),
    "empty elements": ("<p></p><p> <b></b></p><div><i>\n</i></div>x", "<p>x</p>"),
    "a figure": (
        (
            '<figure><a href="https://a.example/"><img src="/i.png" '
            'alt="A"></a><figcaption>C</figcaption></figure>'
        ),
        (
            '<figure><a href="https://a.example/"><img src="image:0" '
            'alt="A"></a><figcaption>C</figcaption></figure>'
        ),
    ),
    "a figure that is none": ("<figure><p>a</p><figcaption>b</figcaption></figure>", "<p>a</p><p>b</p>"),
    "direction and language": (
        '<div dir="rtl" lang="fa"><p>a</p><p dir="ltr" lang="EN_us">b</p></div>',
        '<p dir="rtl" lang="fa">a</p><p dir="ltr" lang="en-US">b</p>',
    ),
    "preformatted": ("<pre>\n\n  a\tb\n c  \n</pre>", "<pre>  a\tb\n c</pre>"),
    "rules at the edges": ("<hr><p>a</p><hr><hr><p>b</p><hr>", "<p>a</p><hr><p>b</p>"),
    "inline around blocks": ("<b>a<p>b</p></b>", "<p><strong>a</strong></p><p><strong>b</strong></p>"),
    "a link in a link": (
        '<a href="https://a.example/">a <span><a href="https://b.example/">b</a></span></a>',
        '<p><a href="https://a.example/">a </a><a href="https://b.example/">b</a></p>',
    ),
    "a definition list": ("<dl><dt>a<dd>b</dl>", "<p><strong>a</strong></p><p>b</p>"),
    "a relative link": ('<a href="/x">a</a>', "<p>a</p>"),
    "a link without a scheme": (
        '<a href="//a.example/x">a</a>',
        '<p><a href="https://a.example/x">a</a></p>',
    ),
    "a counting pixel": ('<p>a<img src="https://a.example/p.gif" width="1" height="1"></p>', "<p>a</p>"),
}


@pytest.mark.parametrize("name", CASES)
def test_what_becomes_what(name: str) -> None:
    given_html, wanted = CASES[name]
    assert sanitize(given_html).body == wanted


def test_links_and_images_are_resolved_against_the_page() -> None:
    clean = sanitize(
        '<p><a href="../x">a</a><img data-src="i.png" src="data:image/gif;base64,R0lG">',
        base="https://a.example/b/c/d",
    )
    assert clean.body == '<p><a href="https://a.example/b/x">a</a><img src="image:0" alt=""></p>'
    assert clean.images == (DraftImage("https://a.example/b/c/i.png"),)


@pytest.mark.parametrize(
    ("caption", "credit"),
    [
        ("The river on Friday. Photo: Jane Roe/Reuters", "Jane Roe/Reuters"),
        ("The river (Photo by Jane Roe)", "Jane Roe"),
        ("Река в пятницу. Фото: Анна Роу", "Анна Роу"),
        ("رودخانه. عکس: آنا", "آنا"),
        ("© Jane Roe", "Jane Roe"),
        ("The photo club on Friday", ""),
    ],
)
def test_who_took_a_picture_is_read_from_its_caption(caption: str, credit: str) -> None:
    clean = sanitize(f'<figure><img src="a.png" alt="A"><figcaption>{caption}</figcaption></figure>')
    assert clean.images == (DraftImage("a.png", "A", credit),)
    assert caption in clean.body


def test_the_same_image_is_one() -> None:
    clean = sanitize('<img src="a.png"><p>x</p><img src="b.png"><p>y</p><img src="a.png">')
    assert re.findall(r"image:\d", clean.body) == ["image:0", "image:1", "image:0"]
    assert [image.reference for image in clean.images] == ["a.png", "b.png"]


def test_images_that_cannot_be_had_are_taken_out() -> None:
    source = (
        '<p>image:0 &lt;img src="image:0" alt=""&gt;</p><figure><img '
        'src="a.png"><figcaption>A</figcaption></figure>'
        '<p><img src="b.png" alt="B"></p>'
    )
    body, numbers = keep_images(sanitize(source).body, {1})
    assert numbers == (1,)
    assert body == (
        '<p>image:0 &lt;img src="image:0" alt=""&gt;</p><p>A</p><p><img src="image:0" alt="B"></p>'
    )
    assert keep_images(body, ())[1] == ()


def test_marks_that_repeat_the_language_go() -> None:
    source = (
        '<p dir="rtl" lang="fa">a</p>'
        '<p lang="en">b</p><blockquote '
        'lang="ar"><p lang="fa" '
        'dir="rtl">c</p></blockquote>'
    )
    assert sanitize(source, language="fa").body == (
        '<p>a</p><p lang="en">b</p><blockquote lang="ar"><p dir="rtl" lang="fa">c</p></blockquote>'
    )


def test_plain_text_of_everything() -> None:
    body = sanitize(
        "<h1>T</h1><p>a<br>b</p><ul>"
        "<li>x<li><p>y<p>z</ul><ol>"
        "<li>1</ol><table><tr><th>"
        "h<th>i<tr><td>a<td>b</table>"
        '<hr><figure><img src="a.png" alt="alt"><figcaption>cap</figcaption></figure><pre>\tp\n  q</pre>'
    ).body
    assert to_text(body).split("\n\n") == [
        "T",
        "a\nb",
        "• x\n• y\n  z",
        "1. 1",
        "h | i\na | b",
        "* * *",
        "    p\n  q",
    ]
    assert "[alt]\ncap" in to_text(body, show_images=True)


DEEP = [
    "<div>",
    "<b>",
    "<p>",
    "<li>",
    "<ul><li>",
    "<table><tr><td>",
    "<blockquote>",
    "<a href=x>",
    "<i><b><u>",
    "<span>",
]


@pytest.mark.parametrize(
    "opened", [*DEEP, "<div><!--</div>-->", "<div><object></div></object>", "<b><div></b>"]
)
def test_nesting_without_end_is_refused_or_read_in_little_time(opened: str) -> None:
    # Read as it stands, the first of these takes 20 s and the time grows with the square.
    clean = outcome(lambda: sanitize(opened * 100_000 + "the text"))
    if isinstance(clean, Refused):
        assert clean == "html-nesting"
    else:
        assert sanitize(clean.body).body == clean.body


@pytest.mark.parametrize("opened", ["<blockquote>", "<ul><li>", "<ul><li><blockquote>"])
def test_blocks_nest_so_deep_and_no_deeper(opened: str) -> None:
    body = sanitize(opened * 60 + "x").body
    assert body.count("<blockquote>") + body.count("<ul>") == limits.MAX_BLOCK_NESTING


@settings(max_examples=20)
@given(st.sampled_from(DEEP), st.integers(150, 900))
def test_nesting_that_is_read_keeps_its_text(opened: str, depth: int) -> None:
    body = sanitize(opened * depth + "the text").body
    assert "the text" in to_text(body)
    assert sanitize(body).body == body
