"""What is the address of a mirror, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.model import Endpoint
from mirror.net.address import endpoint, is_name, split_place, text_of

HTTPS = "https://news.example/base/"


@pytest.mark.parametrize(
    ("text", "connect", "sni"),
    [
        (HTTPS, "", ""),
        (HTTPS + "#connect=203.0.113.5", "203.0.113.5", ""),
        (HTTPS + "#connect=203.0.113.5:8443&sni=cdn.example", "203.0.113.5:8443", "cdn.example"),
        (HTTPS + "#sni=cdn.example", "", "cdn.example"),
        (HTTPS + "#connect=[2001:db8::1]", "[2001:db8::1]", ""),
        (HTTPS + "#connect=[2001:db8::1]:443&sni=a", "[2001:db8::1]:443", "a"),
        (HTTPS + "#connect=edge.cdn.example:65535", "edge.cdn.example:65535", ""),
        ("http://news.example/#connect=localhost:1", "localhost:1", ""),
    ],
)
def test_an_address_may_say_where_to_connect_and_what_to_say(text: str, connect: str, sni: str) -> None:
    found = endpoint(text, 1)
    assert found == Endpoint("mirror 1", text.partition("#")[0], connect, sni)
    assert text_of(found) == text
    assert "203" not in repr(found)
    assert "cdn" not in repr(found)


def test_a_base_without_its_slash_gets_one_before_the_fragment() -> None:
    found = endpoint("https://news.example/base#sni=cdn.example", 2)
    assert found == Endpoint("mirror 2", "https://news.example/base/", "", "cdn.example")


@pytest.mark.parametrize(
    "fragment",
    [
        "",
        "x",
        "connect",
        "connect=",
        "sni=",
        "Connect=203.0.113.5",
        "connect=203.0.113.5&",
        "&connect=203.0.113.5",
        "connect=203.0.113.5&connect=203.0.113.5",
        "sni=a.example&sni=b.example",
        "connect=203.0.113.5&reader=17",
        "connect=203.0.113.5#sni=a.example",
        "connect=user@203.0.113.5",
        "connect=203.0.113.5/path",
        "connect=203.0.113.5:",
        "connect=203.0.113.5:0",
        "connect=203.0.113.5:080",
        "connect=203.0.113.5:65536",
        "connect=203.0.113.5:8443:1",
        "connect=:8443",
        "connect=203.0.113.256",
        "connect=203.0.113",
        "connect=0x7f000001",
        "connect=127.1",
        "connect=2001:db8::1",
        "connect=[2001:db8::1",
        "connect=[2001:db8::1]x",
        "connect=[2001:db8::1]:",
        "connect=[2001:DB8::1]",
        "connect=[fe80::1%eth0]",
        "connect=[203.0.113.5]",
        "connect=a..example",
        "connect=-a.example",
        "connect=a_b.example",
        "connect=a.example.",
        "connect=" + "a" * 64,
        "connect=" + ".".join(["a" * 60] * 5),
        "connect=%61.example",
        "connect=новости.example",
        "connect=a.example?x",
        "sni=CDN.example",
        "sni=203.0.113.5",
        "sni=[2001:db8::1]",
        "sni=a.example:443",
        "sni=*.example",
        "sni=a.example\n",
        "sni=a=b",
    ],
)
def test_a_fragment_with_anything_else_is_no_address(fragment: str) -> None:
    assert endpoint(f"{HTTPS}#{fragment}", 1) is None


@pytest.mark.parametrize(
    "text",
    [
        "http://news.example/#sni=cdn.example",
        "file:///media/stick/#connect=203.0.113.5",
        "file:///media/stick/#",
        "https://user@news.example/#sni=cdn.example",
        "https://news.example/?q#sni=cdn.example",
        "https://#connect=203.0.113.5",
        "https://news.example/" + "a" * 2_000 + "#sni=cdn.example",
    ],
)
def test_a_base_that_cannot_have_one_is_refused(text: str) -> None:
    assert endpoint(text, 1) is None


LABELS = st.from_regex(r"[a-z0-9-]{1,12}", fullmatch=True)
PLACES = st.one_of(
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(lambda address: f"[{address}]"),
    st.lists(LABELS, min_size=1, max_size=4).map(".".join),
    st.text(max_size=20),
)
FRAGMENTS = st.lists(
    st.tuples(
        st.sampled_from(["connect", "sni", "connect ", "x", ""]),
        st.builds("{}{}".format, PLACES, st.sampled_from(["", ":1", ":443", ":0", ":"])),
    ).map("=".join),
    max_size=3,
).map("&".join)


@given(
    st.one_of(
        st.text(max_size=60),
        st.builds(
            "{}{}#{}".format,
            st.sampled_from([HTTPS, "http://a/", "file:///a"]),
            st.text(max_size=3),
            FRAGMENTS,
        ),
        st.builds("{}#{}".format, st.sampled_from([HTTPS, "http://[", "https://a:b/"]), FRAGMENTS),
    )
)
def test_any_text_is_an_address_or_none_and_what_is_taken_is_written_back(text: str) -> None:
    found = endpoint(text, 1)
    if found is not None:
        assert endpoint(text_of(found), 1) == found
        assert not found.connect or split_place(found.connect) is not None
        assert not found.sni or is_name(found.sni)
