"""HTML to test with: trees, torn tags and hostile fragments, and an independent judge of the subset."""

import html

import nh3
from hypothesis import strategies as st

from mirror.articles import ALLOWED_TAGS

# Nothing of ours decides here: a second sanitizer, told only what the subset is.
JUDGE = nh3.Cleaner(
    tags=set(ALLOWED_TAGS),
    clean_content_tags=set(),
    attributes={
        "a": {"href"},
        "img": {"alt", "src"},
        **{tag: {"dir", "lang"} for tag in "blockquote figure h2 h3 h4 li ol p pre table td th ul".split()},
    },
    url_schemes={"http", "https", "mailto", "image"},
    link_rel=None,
)

_TAGS = (
    "a abbr article aside b big blockquote br caption center cite code dd del details div dl dt em fieldset "
    "figcaption figure font footer form h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark math menu nav "
    "noscript object ol p plaintext pre q ruby s script section select small span strike strong style sub "
    "summary sup svg table tbody td template textarea tfoot th thead time title tr tt u ul video xmp"
).split()
_ATTRIBUTES = st.sampled_from(
    [
        "",
        ' class="share related"',
        ' dir="rtl" lang="fa"',
        ' dir="sideways" lang="klingon!"',
        ' href="https://a.example/x?y=1&z=2"',
        ' href="javascript:alert(1)"',
        ' href="//b.example/ü ü"',
        " href=mailto:a@b.example",
        ' src="https://a.example/i.png" alt="a &quot;b&quot;"',
        ' src="image:7"',
        " src=x onerror=alert(1)",
        ' style="background:url(https://e.example)" onclick="x()"',
    ]
)
_TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "\n",
            "  ",
            "\xa0",
            "&amp;",
            "&lt;b&gt;",
            "&#27;[31m",
            "&#x202e;",
            "a b",
            "<",
            ">",
            "&",
            "\u200b",
            "]]>",
            "-->",
        ]
    ),
)


def _element(tag: str, attributes: str, inside: str) -> str:
    return f"<{tag}{attributes}>{inside}</{tag}>"


trees = st.recursive(
    st.one_of(_TEXTS.map(html.escape), st.sampled_from(["<br>", "<hr>", '<img src="a.png" alt="x">'])),
    lambda inner: st.builds(
        _element, st.sampled_from(_TAGS), _ATTRIBUTES, st.lists(inner, max_size=4).map("".join)
    ),
    max_leaves=14,
)
_torn = st.lists(
    st.one_of(
        st.builds(lambda tag, attributes: f"<{tag}{attributes}>", st.sampled_from(_TAGS), _ATTRIBUTES),
        st.sampled_from(_TAGS).map(lambda tag: f"</{tag}>"),
        _TEXTS,
        st.sampled_from(["<!--", "-->", "<![CDATA[", "]]>", "<!doctype html>", "<a href='", '"', "<p", "</"]),
    ),
    max_size=24,
).map("".join)
fragments = st.one_of(trees, _torn, st.text(max_size=60))
