"""Articles as lines, lines in columns, and facts as sentences."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.newsroom import NOW
from helpers.publication import article
from mirror.client.report import Cost, Evidence, MirrorReport, Part, Verdict
from mirror.model import Image, PieceList
from mirror.net import FAILURES
from mirror.reader import words
from mirror.reader.text import body_lines, plain_body
from mirror.reader.wrapping import apart, columns, wrap
from mirror.trust.state import Freshness, Kind, State

TIER = PieceList(10, ("ab" * 32,), 2_560)


def lines(body: str, width: int = 40, images: tuple[Image, ...] = ()) -> list[str]:
    return body_lines(article(1, body=body, images=images), width)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<p>One.</p><p>Two.</p>", ["One.", "", "Two."]),
        ("<p>a\n b   c</p>", ["a b c"]),
        ("<p>a<br>b</p>", ["a", "b"]),
        ("<h2>T</h2><p>x</p>", ["## T", "", "x"]),
        ("<ul><li>a</li><li>b</li></ul>", ["• a", "• b"]),
        ("<ol><li>a<ul><li>b</li></ul></li><li>c</li></ol>", ["1. a", "  • b", "2. c"]),
        ("<blockquote><p>q</p></blockquote><p>x</p>", ["│ q", "", "x"]),
        ("<pre>a  b\n c</pre>", ["    a  b", "     c"]),
        ("<p>x</p><hr><p>y</p>", ["x", "", "* * *", "", "y"]),
        ("<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table>", ["A | B", "1 | 2"]),
        ("<p>m<sup>2</sup> H<sub>2</sub>O</p>", ["m^2 H_2O"]),
        ("<p>&lt;b&gt; &amp;</p>", ["<b> &"]),
        ('<p><a href="https://x.example/">x</a></p>', ["x [1]", "", "[1] https://x.example/"]),
        ("<p></p><p>  </p>", []),
    ],
)
def test_the_subset_is_laid_out(body: str, expected: list[str]) -> None:
    assert lines(body) == expected


def test_one_address_has_one_number() -> None:
    shown = lines('<p><a href="https://x.example/">a</a> <a href="https://x.example/">b</a></p>')
    assert shown == ["a [1] b [1]", "", "[1] https://x.example/"]


def test_pictures_are_named_by_what_is_said_of_them() -> None:
    image = Image(TIER, None, "image/avif", 10, 10, "A bridge at night", "A. Photographer")
    body = (
        '<figure><img src="image:0" alt="x"><figcaption>Now</figcaption></figure><p><img src="image:9"></p>'
    )
    shown = lines(body, 60, (image,))
    assert shown == ["[picture: A bridge at night · A. Photographer]", "", "Now", "", "[picture]"]


@given(st.text(alphabet="<>/abpliulo l\"'=&;#1x中ж \n", max_size=200), st.integers(1, 120))
def test_no_body_breaks_the_layout(body: str, width: int) -> None:
    assert all("\n" not in line for line in lines(body, width))
    plain_body(article(1, body=body))


@given(st.text(max_size=300), st.integers(20, 90))
def test_lines_fit_and_no_word_is_lost(text: str, width: int) -> None:
    shown = wrap(text, width, "• ", "  ")
    assert all(columns(line) <= max(width, 22) for line in shown)
    assert "".join("".join(shown).replace("•", "").split()) == "".join(text.replace("•", "").split())


def test_words_are_cut_only_where_they_must_be() -> None:
    assert wrap("aaaa bbbb " * 5, 24) == ["aaaa bbbb aaaa bbbb aaaa", "bbbb aaaa bbbb aaaa bbbb"]
    assert wrap("x" * 50, 20) == ["x" * 20, "x" * 20, "x" * 10]
    assert wrap("中文" * 12, 20) == ["中文" * 5, "中文" * 5, "中文" * 2]
    assert wrap("", 20, "> ") == ["> "]


def test_what_stands_apart_is_closed_on_each_line() -> None:
    shown = wrap("سلام دنیا " * 10, 30, " 1  ", "    ", is_apart=True)
    assert len(shown) > 1
    assert all(line.count("\u2068") == line.count("\u2069") == 1 for line in shown)
    assert apart("a\u2069b\nc\u2067") == "\u2068ab c\u2069"


def freshness(**changed: object) -> Freshness:
    usual = Freshness(State.CURRENT, NOW - 7_200, NOW + 86_400, None, NOW, 0, True)
    return replace(usual, **changed)  # type: ignore[arg-type]


def test_freshness_in_words() -> None:
    assert words.freshness_words(freshness()).startswith("Current: ")
    assert "2 hours old" in words.freshness_words(freshness())
    old = words.freshness_words(freshness(state=State.OLD, old_since=NOW - 60))
    assert old.startswith("Genuine but old")
    assert "It was valid until" in old
    assert "held back" in words.freshness_words(freshness(state=State.HELD_BACK))
    assert "No mirror was heard" in words.freshness_words(freshness(is_checked=False))
    assert "undated" in words.freshness_words(freshness(as_of=0))


def test_a_slow_clock_is_told_and_a_small_difference_is_not() -> None:
    assert words.skew_words(freshness(skew_seconds=299)) == ""
    assert "3 days slow" in words.skew_words(freshness(skew_seconds=3 * 86_400 + 5))


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "less than a minute"), (60, "1 minute"), (7_199, "1 hour"), (172_800, "2 days")],
)
def test_ages(seconds: int, said: str) -> None:
    assert words.age_words(seconds) == said


@given(st.integers(-(10**20), 10**20))
def test_any_instant_can_be_told(at: int) -> None:
    assert words.time_words(at).endswith(" UTC")


def test_every_verdict_and_code_has_words() -> None:
    codes = [
        *(kind.value for kind in Kind),
        *sorted(FAILURES),
        "wrong-piece",
        "oversized-piece",
        "missing-piece",
    ]
    for verdict in Verdict:
        evidence = tuple(Evidence("mirror 1", code, "pages") for code in codes)
        told = list(words.mirror_words(MirrorReport("mirror 1", verdict, 3, 4_000, evidence)))
        assert told[0].startswith("mirror 1: ")
        assert len(told) == len(codes) + 1


def test_costs_in_words() -> None:
    cost = Cost({Part.HEAD: 10_240, Part.METADATA: 999}, {Part.PAGES: 2_560}, 7_680)
    said = words.cost_words(cost)
    assert said == (
        "Fetched 19 kB (head 10 kB, metadata 999 bytes). Had 2,560 bytes already. "
        "Threw away 7,680 bytes that were not what was signed."
    )
