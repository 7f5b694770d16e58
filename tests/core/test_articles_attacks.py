"""What a hostile or broken source puts into an article, and what is left of it."""

import pytest

from helpers import newspage
from helpers.markup import JUDGE
from helpers.outcomes import Refused, outcome
from mirror.articles import decode, read_feed, read_markdown, read_page, read_plain, sanitize, to_text
from mirror.articles.characters import one_line
from mirror.errors import SourceError

# Each is whole but for the one trick.
HOSTILE = {
    "script": "<p>a</p><script>alert(1)</script><p>b</p>",
    "script in capitals": "<p>a</p><ScRiPt src=//e.example/x.js></sCrIpT><p>b</p>",
    "script torn": "<p>a</p><scr<script>ipt>alert(1)</scr</script>ipt><p>b</p>",
    "style": "<p>a</p><style>@import 'https://e.example/x.css'</style><p>b</p>",
    "event": '<p onclick="alert(1)" onmouseover=alert(1)>a</p><p>b</p>',
    "event on an image": '<p>a</p><img src=x onerror="alert(1)"><p>b</p>',
    "javascript link": '<p><a href="javascript:alert(1)">a</a></p><p>b</p>',
    "javascript with entities": '<p><a href="&#106;&#97;vascript&colon;alert(1)">a</a></p><p>b</p>',
    "javascript with a line break": '<p><a href="java\nscript:alert(1)">a</a></p><p>b</p>',
    "javascript after controls": '<p><a href="\x01javascript:alert(1)">a</a></p><p>b</p>',
    "vbscript": '<p><a href="vbscript:x">a</a></p><p>b</p>',
    "data link": '<p><a href="data:text/html,<script>alert(1)</script>">a</a></p><p>b</p>',
    "data image": '<p>a<img src="data:image/svg+xml;base64,PHN2Zz4="></p><p>b</p>',
    "file link": '<p><a href="file:///etc/passwd">a</a></p><p>b</p>',
    "style attribute": '<p style="background:url(https://e.example/t)">a</p><p>b</p>',
    "frame": '<p>a</p><iframe src="https://e.example/">alert(1)</iframe><p>b</p>',
    "frame with a document": '<p>a</p><iframe srcdoc="<script>alert(1)</script>"></iframe><p>b</p>',
    "object": '<p>a</p><object data="https://e.example/x.swf"><embed src="x"></object><p>b</p>',
    "svg": (
        "<p>a</p><svg onload=alert(1)><script>alert(1)</script>"
        '<a xlink:href="javascript:x">z</a></svg><p>b</p>'
    ),
    "math": (
        "<p>a</p><math><mtext><table><mglyph><style><img "
        "src=x onerror=alert(1)></style></table></math><p>b</p>"
    ),
    "template": "<p>a</p><template><script>alert(1)</script></template><p>b</p>",
    "base": '<base href="https://e.example/"><p>a</p><p>b</p>',
    "refresh": '<meta http-equiv="refresh" content="0;url=https://e.example/"><p>a</p><p>b</p>',
    "comment": "<p>a</p><!--[if IE]><script>alert(1)</script><![endif]--><p>b</p>",
    "comment that ends early": "<p>a</p><!--><script>alert(1)</script>--><p>b</p>",
    "cdata": "<p>a</p><![CDATA[<script>alert(1)</script>]]><p>b</p>",
    "noscript": '<p>a</p><noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript><p>b</p>',
    "form": (
        '<p>a</p><form action="https://e.example/"><input name=q>'
        '<button formaction="javascript:x">go</button></form><p>b</p>'
    ),
    "remote picture set": (
        '<p>a</p><picture><source srcset="https://e.example/t">'
        '<img srcset="https://e.example/u 2x"></picture><p>b</p>'
    ),
    "video poster": '<p>a</p><video poster="https://e.example/t" src="https://e.example/v"></video><p>b</p>',
    "user name in a link": '<p><a href="https://bank.example@e.example/">a</a></p><p>b</p>',
    "backslash in a link": '<p><a href="https://bank.example\\@e.example/">a</a></p><p>b</p>',
}
# What a browser shows as text of these; as text it is harmless.
SHOWN = {
    "script torn": "a\n\nipt>alert(1)ipt>\n\nb",
    "comment that ends early": "a\n\n-->\n\nb",
    "cdata": "a\n\nalert(1)]]>\n\nb",
    "noscript": 'a\n\n">\n\nb',
}
FORBIDDEN = ("alert", "script", "e.example", "onerror", "onload", "onclick", "srcdoc", "/etc/passwd", "data:")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_fragment_loses_only_the_trick(name: str) -> None:
    clean = sanitize(HOSTILE[name])
    text = to_text(clean.body)
    assert text == SHOWN.get(name, "a\n\nb")
    tags = " ".join(part.split(">", 1)[0] for part in clean.body.split("<") if ">" in part)
    assert not any(word in tags for word in FORBIDDEN), tags
    assert "https://e.example" not in clean.body


@pytest.mark.parametrize("name", HOSTILE)
def test_it_comes_through_no_other_door(name: str) -> None:
    fragment = HOSTILE[name]
    drafts = [
        read_page(decode(f"<article><h1>T</h1>{fragment}</article>".encode()), ident="x"),
        read_markdown(decode(f"# T\n\n{fragment}\n".encode()), ident="x"),
        *read_feed(
            newspage.rss(
                f"<content:encoded><![CDATA[{fragment.replace(']]>', '')}]]></content:encoded>".replace(
                    "\x01", ""
                )
            )
        ).drafts,
    ]
    assert len(drafts) == 3
    for draft in drafts:
        assert JUDGE.clean(draft.body).replace("&nbsp;", "\xa0") == draft.body
        assert "https://e.example" not in draft.body
        assert sanitize(draft.body).body == draft.body


def test_plain_text_and_titles_are_not_markup() -> None:
    text = (
        "A title of <script>four</script> words\n\nA body with <img "
        "src=x onerror=alert(1)> &amp; <b>bold</b> in it.\n\nThe end."
    )
    draft = read_plain(decode(text.encode()), ident="x")
    assert draft.title == "A title of <script>four</script> words"
    assert draft.body.startswith("<p>A body with &lt;img src=x onerror=alert(1)&gt; &amp;amp; &lt;b&gt;bold")


def test_terminal_escapes_do_not_reach_the_terminal() -> None:
    trick = (
        "\x1b]0;owned\x07\x1b[2J\x1b[31mred\x9b0m\x1b]8;;https://e.example\x1b\\link\x1b]8;;\x1b\\\x08\x08end"
    )
    page = f"<article><h1>Title {trick}</h1><p>Body &#27;[5m{trick}</p></article>"
    for draft in (
        read_page(decode(page.encode()), ident="x"),
        read_plain(decode(f"Title of words {trick}\n\nBody {trick} and more.\n\nEnd.".encode()), ident="x"),
    ):
        for text in (draft.title, draft.body_text, draft.body):
            assert not any((ord(c) < 32 and c != "\n") or 0x7F <= ord(c) < 0xA0 for c in text)
        assert "owned" not in draft.title
        assert "redlinkend" in draft.title


def test_direction_overrides_do_not_leave_a_title() -> None:
    page = "<article><h1>Report \u202efdp.exe</h1><p class=byline>By \u2067Ann</p><p>Text.</p></article>"
    draft = read_page(decode(page.encode()), ident="x")
    assert (draft.title, draft.byline) == ("Report fdp.exe", "Ann")
    assert one_line("a \u2068שלום\u2069 b \u202bx\u202c") == "a \u2068שלום\u2069 b \u202bx\u202c"
    assert one_line("a\u2069 \u2066b \u202dc\u202c") == "a b c"
    assert one_line("می\u200cشود \u200f!") == "می\u200cشود \u200f!"


def test_entities_of_a_feed_are_not_expanded() -> None:
    laughs = "".join(f'<!ENTITY lol{n} "{f"&lol{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY lol0 "ha">{laughs}]>'.encode()
    whole = newspage.rss("<description>&lol9;</description>").split(b"?>", 1)[1]
    with pytest.raises(SourceError) as caught:
        read_feed(bomb + whole)
    assert caught.value.code == "feed-entities"
    outside = b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    with pytest.raises(SourceError):
        read_feed(outside + newspage.rss("<description>&x;</description>").split(b"?>", 1)[1])


def test_what_looks_like_a_path_or_an_address_is_not_opened(tmp_path: object) -> None:
    path = f"{tmp_path}/feed.xml"
    with open(path, "wb") as file:
        file.write(newspage.FEED_VARIANTS["content"])
    for data in (path.encode(), b"http://127.0.0.1:9/feed", b"/etc/passwd"):
        with pytest.raises(SourceError) as caught:
            read_feed(data)
        assert caught.value.code == "feed-unknown"


@pytest.mark.parametrize("size", [1_000, 100_000])
def test_front_matter_cannot_grow_or_run(size: int) -> None:
    bomb = "---\na: &a [x]\n" + "".join(f"b{n}: [*a, *a]\n" for n in range(size // 10)) + "---\ntext here\n"
    assert outcome(lambda: read_markdown(decode(bomb.encode()), ident="x")) != ""
    with pytest.raises(SourceError):
        read_markdown(decode(b"---\ntitle: a\nx: !!python/object\n- - oops\ntitle: b\n---\ntext"), ident="x")


def test_a_page_nested_without_end_is_refused() -> None:
    for opened in (b"<div>", b"<article><p><b>", b"<table><tr><td>"):
        with pytest.raises(SourceError) as caught:
            read_page(decode(b"<html><body>" + opened * 100_000 + b"x"), ident="x")
        assert caught.value.code == "html-nesting"


@pytest.mark.parametrize("mark", ["> ", "* ", "> * ", "1. "])
@pytest.mark.parametrize("depth", [5, 30, 60, 100, 10_000])
def test_deep_markdown_is_kept_or_refused(mark: str, depth: int) -> None:
    # markdown-it leaves out what is deeper than its bound, and says nothing.
    text = f"First.\n\n{mark * depth}deep words\n\nLast."
    draft = outcome(lambda: read_markdown(decode(text.encode()), ident="x"))
    if isinstance(draft, Refused):
        assert (draft, depth > 20) == ("html-nesting", True)
    else:
        assert "deep words" in draft.body_text
