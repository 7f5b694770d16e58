"""Feeds, pages and folders as drafts; whatever they hold, a draft, a problem or our own error comes out."""

import json
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import newspage
from helpers.drafts import NOW, TEXT, assert_sound, page_of
from helpers.markup import fragments, trees
from helpers.outcomes import Refused, outcome
from mirror import limits
from mirror.articles import (
    Draft,
    DraftImage,
    Taken,
    decode,
    join,
    read_feed,
    read_markdown,
    read_page,
    read_plain,
    sanitize,
    take_file,
)
from mirror.errors import LimitError, SourceError

# --- garbage -----------------------------------------------------------------------------------------

_PIECES = [
    piece.encode("latin-1")
    for piece in (
        "<rss>|<rss version='2.0'><channel>|<item>|</item>|<title>a</title>|<description>|<![CDATA[|]]>|"
        "<!DOCTYPE x [|"
        "<?xml version='1.0' encoding='utf-16'?>|<feed xmlns='http://www.w3.org/2005/Atom'>|<entry>|<guid>1</guid>|"
        "<content type='xhtml'>|<pubDate>never</pubDate>|<article>|<h1>T</h1>|<p>text text text</p>|"
        "<meta charset=koi8-r>|"
        "<time datetime=2024>|\xff\xfe|\xef\xbb\xbf|\0|\x1b[2J|---\ntitle: x\n---\n|+++\n|# T\n|> > |"
        "\xd0\x96|</script>|"
        '<script type=\'application/ld+json\'>|{"@type":"NewsArticle","headline":["x",{}],"author":[[]]}|'
        "<a href='javascript:x'>|&#0;&nbsp;&lt;|\n\n"
    ).split("|")
]
garbage = st.one_of(
    st.binary(max_size=300),
    st.lists(st.one_of(st.sampled_from(_PIECES), st.binary(max_size=6)), max_size=20).map(b"".join),
    fragments.map(lambda text: text.encode("utf-8", "replace")),
)


@given(garbage, st.sampled_from(["a.html", "a.md", "a.txt", "a.xml", "a.rss"]))
def test_any_file_is_drafts_or_problems(data: bytes, name: str) -> None:
    taken = take_file(name, data)
    assert taken.drafts or taken.problems
    for draft in taken.drafts:
        assert_sound(draft)
    joined = outcome(lambda: join([(name, taken)], [("index.json", data)]))
    assert isinstance(joined, Refused) or joined.drafts == taken.drafts


@given(trees)
def test_any_tree_on_a_page_is_sound(inside: str) -> None:
    page = f"<html><body><article><h1>Title</h1>{inside}</article>".encode()
    draft = outcome(lambda: read_page(decode(page), ident="x"))
    if isinstance(draft, Refused):
        assert draft in ("article-empty", "page-empty", "encoding")
    else:
        assert_sound(draft)


# --- feeds -------------------------------------------------------------------------------------------


def one(content: str, **kwargs: str) -> Draft:
    (draft,) = read_feed(newspage.rss(content, **kwargs)).drafts
    return draft


def test_the_facts_of_an_entry() -> None:
    draft = one(
        f"<content:encoded><![CDATA[{TEXT * 3}]]></content:encoded>",
        extra=(
            "<author>ann@a.example (Ann Roe)</author><category>Rivers</category><dc:creator "
            'xmlns:dc="http://purl.org/dc/elements/1.1/">Ann Roe</dc:creator>'
        ),
    )
    assert (draft.title, draft.byline, draft.section) == (newspage.TITLE, "Ann Roe", "Rivers")
    assert (draft.published, draft.language) == (1_709_544_000, "en-US")
    assert "@" not in draft.byline
    assert_sound(draft)


@pytest.mark.parametrize(
    ("author", "byline"),
    [
        ("ann@a.org", ""),
        ("ann@newsroom.international", ""),
        ("ann@a.example (Ann Roe)", "Ann Roe"),
        ("Ann Roe &lt;ann@a.example&gt;", "Ann Roe"),
        ("Ann Roe", "Ann Roe"),
    ],
)
def test_an_address_is_nobodys_byline(author: str, byline: str) -> None:
    assert one(f"<description>{'a' * 2000}</description><author>{author}</author>").byline == byline


def test_authors_of_atom() -> None:
    names = "".join(
        f"<author><name>{name}</name><email>x@a.museum</email></author>" for name in ("Ann", "Bob")
    )
    data = newspage.FEED_VARIANTS["atom"].replace(b"<entry>", f"<entry>{names}".encode())
    assert read_feed(data).drafts[0].byline == "Ann, Bob"


def test_the_id_is_the_guids_whatever_else_changes() -> None:
    first = one(f"<description>{'a' * 2000}</description>")
    second = read_feed(
        newspage.rss(f"<description>{'b' * 2000}</description>")
        .replace(b"flood.html", b"moved.html")
        .replace(b"River", b"Lake")
    ).drafts[0]
    assert first.id == second.id


def test_addresses_follow_xml_base() -> None:
    content = (
        f'<content:encoded><![CDATA[{TEXT * 3}<p><a href="../x">'
        f'the map</a><img src="i.png"></p>]]></content:encoded>'
    )
    data = newspage.rss(content)
    assert 'href="https://veska.example/x"' in read_feed(data).drafts[0].body
    based = data.replace(b'<rss version="2.0"', b'<rss version="2.0" xml:base="https://b.example/c/d/"')
    draft = read_feed(based, base="https://f.example/feed").drafts[0]
    assert 'href="https://b.example/c/x"' in draft.body
    assert draft.images == (DraftImage("https://b.example/c/d/i.png"),)


def test_a_summary_alone_asks_for_the_page() -> None:
    draft = one("<description>The council met on Friday. Read more</description>")
    assert draft.page == "https://veska.example/news/flood.html"
    page = read_page(decode(newspage.HTML_VARIANTS["a site"].encode()), ident=draft.id, base=draft.page)
    whole = draft.completed(page)
    assert whole.page == ""
    assert whole.body_text.split("\n\n") == list(newspage.PARAGRAPHS)
    assert whole.summary.startswith("The council met on Friday.")
    assert (whole.id, whole.published) == (draft.id, draft.published)
    assert [found.kind.value for found in whole.designations] == ["undesirable-organization"]
    assert_sound(whole)


@pytest.mark.parametrize("end", ["[…]", "[...]", "…", '<a href="/x">Continue reading</a>', "Читать далее"])
def test_content_that_is_cut_asks_for_the_page(end: str) -> None:
    assert one(f"<content:encoded><![CDATA[{TEXT * 9} <p>And then the {end}</p>]]></content:encoded>").page
    assert not one(f"<content:encoded><![CDATA[{TEXT * 9} <p>And then the end.</p>]]></content:encoded>").page


def test_an_entry_without_text_is_drawn_from_its_page() -> None:
    draft = one("")
    assert (draft.body, draft.page) == ("", "https://veska.example/news/flood.html")


def test_a_picture_of_the_entry_stands_above_its_text() -> None:
    content = (
        f"<content:encoded><![CDATA[{TEXT * 3}]]></content:encoded>"
        '<enclosure url="https://veska.example/i.jpg" type="image/jpeg" length="9"/>'
    )
    draft = one(content)
    assert draft.images == (DraftImage("https://veska.example/i.jpg"),)
    assert draft.body.startswith('<figure><img src="image:0" alt=""></figure><p>')
    assert_sound(draft)


def test_one_bad_entry_loses_no_other_and_is_told() -> None:
    good = newspage.rss(f"<description>{'a' * 2000}</description>")
    bad = b"<item><description></description></item>"
    again = good[good.index(b"<item>") : good.index(b"</channel>")]
    taken = read_feed(
        good.replace(b"</channel>", bad + again + again.replace(b"veska-77", b"veska-78") + b"</channel>")
    )
    assert len(taken.drafts) == 2
    assert [(problem.code, problem.where) for problem in taken.problems] == [
        ("entry-nameless", "entry 2"),
        ("duplicate-id", "entry 3"),
    ]


def test_a_feed_that_ends_too_early_gives_what_is_whole() -> None:
    data = newspage.feed_of(5)
    cut = data[: data.rindex(b"word word") - 200]
    taken = read_feed(cut)
    assert len(taken.drafts) == 4
    assert {problem.code for problem in taken.problems} == {"feed-malformed", "entry-cut"}


def test_a_feed_that_is_broken_inside_is_told() -> None:
    taken = read_feed(
        newspage.feed_of(5).replace(
            b'<guid isPermaLink="false">veska-2', b'<guid & isPermaLink="false">veska-2'
        )
    )
    assert "feed-malformed" in {problem.code for problem in taken.problems}
    lost = 5 - len(taken.drafts)
    assert lost == 0 or "entries-lost" in {problem.code for problem in taken.problems}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "feed-unknown"),
        (b"just text", "feed-unknown"),
        (b"<html><body><p>Not found</p></body></html>", "feed-unknown"),
        (b"<rss version='2.0'><channel><title>x</title></channel></rss>", "feed-empty"),
        (b"<rss version='2.0'><channel><title>x</tite>", "feed-malformed"),
        (b"\x89PNG\0\0", "encoding"),
    ],
)
def test_what_is_no_feed_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(SourceError) as caught:
        read_feed(data)
    assert caught.value.code == code


def test_a_feed_has_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_FEED_ENTRIES", 3)
    assert len(read_feed(newspage.feed_of(3)).drafts) == 3
    with pytest.raises(LimitError):
        read_feed(newspage.feed_of(4))
    monkeypatch.setattr(limits, "MAX_FEED", 1_000)
    with pytest.raises(LimitError):
        read_feed(newspage.feed_of(1))


def test_a_feed_in_another_encoding() -> None:
    text = newspage.rss(f"<description>{'Совет отложил голосование. ' * 60}</description>").decode()
    for name in ("windows-1251", "koi8-r", "utf-16"):
        draft = read_feed(text.replace('encoding="utf-8"', f'encoding="{name}"').encode(name)).drafts[0]
        assert draft.body.startswith("<p>Совет отложил голосование.")


# --- pages -------------------------------------------------------------------------------------------


def test_a_plain_document_is_taken_whole() -> None:
    inside = (
        "<p>a</p><h2>News</h2><p>Share</p><ul><li>x</li></ul><div class=sidebar>b <i>c</i></div>"
        "<table><tr><th>k<th>v<tr><td>1<td>2</table><blockquote><p>q</p></blockquote><pre>"
        "code\n  x</pre><p>end of it.</p>"
    )
    page = (
        f'<!doctype html><html lang="ru"><head><title>T</title>'
        f'</head><body><article>\n<h1>T</h1>\n<p class="meta"><time datetime="2008-06-11">'
        f"2008-06-11</time> · News Team</p>\n{inside}</article></body></html>"
    )
    draft = read_page(decode(page.encode()), ident="x")
    assert (draft.title, draft.language, draft.published, draft.byline) == (
        "T",
        "ru",
        1_213_142_400,
        "News Team",
    )
    assert draft.body == sanitize(inside).body
    assert draft.removed == ()
    assert_sound(draft)


@pytest.mark.parametrize(("line", "section"), [("sports", "sports"), ("24.kg", "24.kg")])
def test_the_line_under_a_title_may_name_a_section(line: str, section: str) -> None:
    draft = read_page(
        decode(f"<article><h1>T</h1><p class=meta>{line}</p><p>Text.</p></article>".encode()), ident="x"
    )
    assert (draft.section, draft.body) == (section, "<p>Text.</p>")


def test_the_facts_of_a_pages_head() -> None:
    linked = {
        "@graph": [
            {
                "@type": ["NewsArticle"],
                "headline": "A &amp; B",
                "datePublished": "2024-03-04",
                "dateModified": "2024-03-05",
                "author": [{"name": "By Ann"}, {"name": "Bob"}],
                "articleSection": "Rivers",
                "inLanguage": "fa",
            }
        ]
    }
    page = (
        f"<html><head><title>A &amp; B - Site</title><script "
        f'type="application/ld+json">{json.dumps(linked)}</script>'
        '<meta name="description" content="What it says."><link rel="canonical" href="https://a.example/x">'
        f"</head><body><nav>Home</nav><div>{TEXT * 8}</div></body></html>"
    )
    draft = read_page(decode(page.encode()), ident="x")
    assert (draft.title, draft.section, draft.language) == ("A & B", "Rivers", "fa")
    assert (draft.published, draft.updated) == (1_709_510_400, 1_709_596_800)
    assert (draft.summary, draft.source) == ("What it says.", "https://a.example/x")


@pytest.mark.parametrize(
    "broken", ['{"a":', "[" * 5_000, '"x"', "null", '{"@type":"NewsArticle","headline":{"a":1},"author":7}']
)
def test_a_broken_head_does_not_matter(broken: str) -> None:
    page = (
        f'<html><head><script type="application/ld+json">{broken}</script>'
        f"<title>T</title></head><body><nav>x</nav>{TEXT * 8}</body></html>"
    )
    assert read_page(decode(page.encode()), ident="x").title == "T"


@pytest.mark.parametrize(
    "page",
    ["", "   ", "<!-- -->", "<html></html>", "<html><body><img src=x></body></html>", "<article></article>"],
)
def test_a_page_without_text_is_refused(page: str) -> None:
    with pytest.raises(SourceError) as caught:
        read_page(decode(page.encode()), ident="x")
    assert caught.value.code in ("page-empty", "article-empty")


# --- written files -------------------------------------------------------------------------------------


def test_a_markdown_file() -> None:
    text = (
        "---\nid: flood-1\ntitle: Floods\nlang: uk\ndate: 2024-03-04\nauthor: Ann\ncategory: "
        "Rivers\nsource: https://a.example/x\n"
        "credits: [AFP]\n---\n# Floods\n\nText with **bold**, `code` and [a "
        "link](https://a.example/).\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
        "![A river](i/a%20b.png)\n\n<script>x</script>\n"
    )
    (draft,) = take_file("2024/flood.md", text.encode()).drafts
    assert (draft.id, draft.title, draft.language, draft.byline) == ("flood-1", "Floods", "uk", "Ann")
    assert (draft.section, draft.source, draft.credits) == ("Rivers", "https://a.example/x", ("AFP",))
    assert draft.images == (DraftImage("2024/i/a b.png", "A river"),)
    assert draft.body == (
        "<p>Text with <strong>bold</strong>, <code>code</code> and <a "
        'href="https://a.example/">a link</a>.</p>'
        "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>"
        "2</td></tr></tbody></table>"
        '<p><img src="image:0" alt="A river"></p>'
    )
    assert_sound(draft)


@pytest.mark.parametrize(
    ("head", "code"),
    [
        ("id: A/B", "article-id"),
        ("lang: klingonish", "language-unknown"),
        ("title: a\ntitle: b", "front-matter"),
    ],
)
def test_front_matter_that_is_wrong_is_refused(head: str, code: str) -> None:
    for read in (read_markdown, read_plain):
        with pytest.raises(SourceError) as caught:
            read(decode(f"---\n{head}\n---\nText of it.".encode()), ident="x")
        assert caught.value.code == code


def test_a_text_without_a_title_gets_its_first_words() -> None:
    draft = read_plain(decode(("word " * 60 + ".\n\nMore of the same text.").encode()), ident="x")
    assert draft.title.endswith("word…")
    assert [problem.code for problem in draft.problems] == ["title-missing"]
    assert_sound(draft)


def test_lists_in_plain_text() -> None:
    draft = read_plain(
        decode(
            "A Title Of Four Words\n\nThey want:\n\n- walls\n- pumps\n\n— Why? she said.\n\nThe end.".encode()
        ),
        ident="x",
    )
    assert (
        draft.body
        == "<p>They want:</p><ul><li>walls</li><li>pumps</li></ul><p>— Why? she said.</p><p>The end.</p>"
    )


# --- articles ------------------------------------------------------------------------------------------


def test_dates_of_an_article() -> None:
    (draft,) = take_file("a.html", page_of("T")).drafts
    assert (
        draft.to_article("main", "en_us", NOW).published,
        draft.to_article("main", "en_us", NOW).language,
    ) == (NOW, "en-US")
    for published, updated, wanted in (
        (5, None, (5, 5)),
        (5, 3, (5, 5)),
        (5, 9, (5, 9)),
        (NOW * 2, NOW * 2, (NOW, NOW + 2 * 86_400)),
    ):
        dated = Draft(id="x", title="T", body="<p>x</p>", published=published, updated=updated)
        article = dated.to_article("main", "en", NOW)
        assert (article.published, article.updated) == wanted


def test_an_article_without_body_is_refused() -> None:
    with pytest.raises(SourceError) as caught:
        Draft(id="x", title="T", body="", page="https://a.example/").to_article("main", "en", NOW)
    assert caught.value.code == "article-empty"
    assert Taken(()).problems == ()


GROWING = {
    "a.html": lambda count: (
        b"<html><body><nav>x</nav>" + b"<p>words of a paragraph, and more words</p>" * count
    ),
    "a.txt": lambda count: b"words of a line that is as long as all other lines are\n" * count,
    "a.md": lambda count: b"* words of an item and *more* of them\n" * count,
    "b.html": lambda count: b"<article><h1>T</h1>" + b"<table><tr><td>a<td>b</table>" * count + b"</article>",
}


@pytest.mark.parametrize("name", GROWING)
def test_four_times_the_input_takes_about_four_times_as_long(name: str) -> None:
    def seconds(count: int) -> float:
        data = GROWING[name](count)
        started = process_time()
        assert take_file(name, data).drafts
        return process_time() - started

    seconds(300)  # what is made once
    small = min(seconds(800), seconds(800))
    assert seconds(3_200) < 10 * small  # the square would be sixteen times
