"""A news text with all that a site puts around it, written for these tests, and its disguises."""

import html
import re
import textwrap

TITLE = "River Towns Ask For New Flood Walls After Third Wet Spring"
PARAGRAPHS = tuple(
    """\
Mayors of four towns on the lower Veska asked the regional council on March 3 to pay for higher flood walls, \
saying the river had left its banks for the third spring in a row.
The head of the council, Irena Dolan, called the damage "heavy but bearable" and promised an answer before \
the summer recess.
"We cannot fill sandbags every year," said Petar Lins, the mayor of Oldbridge, where 140 houses stood in \
water for nine days.
Engineers who inspected the walls in autumn found cracks along two of the eleven kilometers, and said \
repairs would take no less than eighteen months.
Farmers downstream oppose the plan, because they fear that higher walls would send the water to their fields.
The council is expected to vote on May 20.""".split("\n")
)
CREDIT = "With reporting by Reuters, AP, and AFP"
SIZE = "16x9 Image"
ABOUT = (
    "Veska Radio journalists report the news in 6\u00a0languages in 9\u00a0countries where a free press is "
    "rare. We provide what people cannot get at home."
)
STATEMENT = 'Veska Radio has been declared an "undesirable organization" by the Russian government.'
WARNING = (
    "If you are in Russia and hold a Russian passport, please note that you could face fines or "
    "imprisonment for sharing, liking, commenting on, or saving our content, or for contacting us."
)
MORE = "To find out more, click here."
LABELS = ("Accessibility links", "Breaking News")
FOOTER = (ABOUT, STATEMENT, WARNING, MORE)

TEXT = "\n\n".join([*LABELS, TITLE, *PARAGRAPHS, f"{CREDIT}\n  • {SIZE}\n", *FOOTER])


def _wrapped(text: str) -> str:
    return "\n\n".join(
        "\n".join(textwrap.fill(line, 72) for line in part.split("\n")) for part in text.split("\n\n")
    )


PLAIN_VARIANTS = {
    "as it is": TEXT,
    "windows lines": TEXT.replace("\n", "\r\n"),
    "old mac lines": TEXT.replace("\n", "\r"),
    "no blank lines": re.sub(r"\n\s*\n", "\n", TEXT),
    "many blank lines": TEXT.replace("\n\n", "\n \n\t\n\n"),
    "unicode separators": TEXT.replace("\n\n", "\u2029"),
    "wrapped at 72": _wrapped(TEXT),
    "indented": textwrap.indent(TEXT, "\t  "),
    "byte order mark": "\ufeff" + TEXT,
    "other bullet": TEXT.replace("•", "-"),
    "times sign": TEXT.replace("• 16x9 Image", "▪ 16×9 image"),
    "bullet behind": TEXT.replace(f"\n  • {SIZE}", f" • {SIZE}"),
    "bullet apart": TEXT.replace("\n  •", "\n\n•"),
    "curly quotes": TEXT.replace(' "', " “").replace('"', "”"),
    "byline and date": TEXT.replace(TITLE, f"{TITLE}\n\nBy Jane Roe\n\n2024-03-04"),
    "share row": TEXT.replace(TITLE, f"{TITLE}\n\nShare | Print | Email"),
    "copyright below": TEXT + "\n\n© 2024 Veska Radio. All rights reserved.\n\nBack to top\n",
}


def _p(text: str) -> str:
    return f"<p>{html.escape(text)}</p>"


def _body(separator: str = "\n") -> str:
    lines = [*PARAGRAPHS, CREDIT]
    return separator.join(
        [
            *map(_p, lines),
            f"<ul><li>{SIZE}</li></ul>",
            *map(_p, FOOTER[:-1]),
            '<p>To find out more, <a href="/x">click here</a>.</p>',
        ]
    )


_SITE = f"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{TITLE} | Veska Radio</title>
<meta property="og:title" content="{TITLE}"><meta property="og:site_name" content="Veska Radio">
<meta property="article:published_time" content="2024-03-04T10:20:00+01:00"></head><body>
<div class="skip"><h6>Accessibility links</h6><ul><li><a href="#c">Skip to main content</a></li></ul></div>
<nav><ul><li><a href="/">Home</a></li><li><a href="/news">News</a></li>
<li><a href="/m">Multimedia</a></li></ul></nav>
<div class="ticker"><span>Breaking News</span></div>
<div id="content"><div class="hdr"><h1 class="title">{TITLE}</h1><div class="share"><a href="/s">Share</a>
<a href="/p">Print</a></div></div>
<div class="media"><img src="/a.jpg" alt="The river"><span>16x9 Image</span></div>
<div class="wsw">BODY</div></div>
<div class="related"><h4>More news</h4><ul><li><a href="/1">Another story about a bridge</a></li>
<li><a href="/2">A third story about schools</a></li></ul></div>
<footer><p>© 2024 Veska Radio. All rights reserved.</p></footer><script>track()</script></body></html>"""

HTML_VARIANTS = {
    "a site": _SITE.replace("BODY", _body()),
    "footer apart": _SITE.replace("BODY", "".join(map(_p, [*PARAGRAPHS, CREDIT]))).replace(
        "<footer>", f"<footer><div class='legal'>{''.join(map(_p, FOOTER))}</div>"
    ),
    "an article": (
        f"<!doctype html><html lang=en><head><title>{TITLE}</title></head>"
        f"<body><article><h1>{TITLE}</h1>{_body()}</article></body></html>"
    ),
    "paragraphs only": f"<html><body>{''.join(map(_p, [*LABELS, TITLE]))}{_body()}</body></html>",
    "bare divisions": (
        f"<html><head><title>{TITLE}</title></head><body>"
        + "".join(
            f"<div>{html.escape(line)}</div>" for line in [*LABELS, TITLE, *PARAGRAPHS, CREDIT, SIZE, *FOOTER]
        )
        + "</body></html>"
    ),
    "line breaks": "<html><body><p>"
    + "<br>".join(html.escape(line) for line in [*LABELS, TITLE, *PARAGRAPHS, CREDIT, f"• {SIZE}", *FOOTER])
    + "</p></body></html>",
    "divisions": _SITE.replace("BODY", _body().replace("<p>", '<div class="p">').replace("</p>", "</div>")),
}


def rss(content: str, *, extra: str = "") -> bytes:
    """A feed with one entry that holds ``content``."""
    return f"""<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Veska</title>
<language>en-us</language><item><title>{TITLE}</title><link>https://veska.example/news/flood.html</link>
<guid isPermaLink="false">veska-77</guid><pubDate>Mon, 04 Mar 2024 10:20:00 +0100</pubDate>{extra}
{content}</item></channel></rss>""".encode()


def feed_of(count: int) -> bytes:
    """A feed with ``count`` entries of full text that differ in their guid only."""
    whole = rss(f"<description>{'word ' * 400}</description>")
    start, end = whole.index(b"<item>"), whole.index(b"</channel>")
    items = (whole[start:end].replace(b"veska-77", f"veska-{n}".encode()) for n in range(count))
    return whole[:start] + b"".join(items) + whole[end:]


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)


FEED_VARIANTS = {
    "content": rss(
        f"<description>Short.</description><content:encoded><![CDATA[{_body()}]]></content:encoded>"
    ),
    "description": rss(f"<description>{_escaped(_body(''))}</description>"),
    "labels too": rss(
        f"<content:encoded><![CDATA[{''.join(map(_p, [*LABELS, TITLE]))}{_body()}]]></content:encoded>"
    ),
    "plain text": rss(f"<description>{_escaped(TEXT)}</description>"),
    "line breaks": rss(
        "<content:encoded><![CDATA["
        + "<br/>".join([*PARAGRAPHS, CREDIT, f"• {SIZE}", *FOOTER])
        + "]]></content:encoded>"
    ),
    "atom": f"""<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><title>V</title><id>urn:v</id>
<updated>2024-03-04T10:20:00Z</updated><entry><id>veska-77</id><title>{TITLE}</title>
<link href="https://veska.example/news/flood.html"/><updated>2024-03-04T10:20:00Z</updated>
<content type="html">{_escaped(_body())}</content></entry></feed>""".encode(),
}
