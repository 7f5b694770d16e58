"""Lists of endpoints: what falls together, what is nobody's, and what looks like something else."""

import time
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mirror.errors import LimitError
from mirror.limits import MAX_ENDPOINTS
from mirror.model import Endpoint
from mirror.net import address
from mirror.rotation import lint, lookalike
from mirror.rotation.lint import Fault, Listed, Policy, lint_list, lint_set


def listed(*texts: str, provider: str = "", jurisdiction: str = "") -> list[Listed]:
    found = [address.endpoint(text, number) for number, text in enumerate(texts)]
    assert all(found)
    return [Listed(each, provider, jurisdiction) for each in found if each]


def codes(*texts: str, brands: tuple[str, ...] = ()) -> set[str]:
    return {fault.code for fault in lint_list(listed(*texts), brands)}


def test_ordinary_endpoints_have_no_fault() -> None:
    good = listed(
        "https://one.example.net/",
        "https://sub.two.org/path/",
        "http://" + "a" * 56 + ".onion/",
        "https://8.8.8.8/",
        "https://[2620:fe::fe]/",
        "https://three.se/#connect=9.9.9.9:8443&sni=cdn.se",
        "https://xn--e1afmkfd.xn--p1ai/",
    )
    assert lint_list(good) == []
    assert lint_set(good) == []


@pytest.mark.parametrize(
    "place",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.9.9",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "203.0.113.5",
        "[::1]",
        "[fe80::1]",
        "[fd00::1]",
        "[ff02::1]",
        "[2001:db8::1]",
        "[::ffff:7f00:1]",
        "[2002:7f00:1::]",
        "[64:ff9b::a00:1]",
        "localhost",
        "router.lan",
        "printer.local",
        "a.test",
        "x.home.arpa",
        "a.internal",
    ],
)
def test_what_no_reader_elsewhere_can_reach_is_refused(place: str) -> None:
    assert codes(f"https://{place}/") == {"endpoint-private"}
    assert codes(f"https://good.org/#connect={place}") == {"endpoint-private"}
    assert lint_list(listed(f"https://{place}/"), is_local_allowed=True) == []
    named = Listed(Endpoint("m", "https://good.org/"), addresses=(place.strip("[]"),))
    assert [fault.code for fault in lint_list([named])] == ["endpoint-private"]


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_the_short_cut_agrees_with_the_library(ip: IPv4Address | IPv6Address) -> None:
    told = any(not each.is_global or each.is_multicast for each in lint._meant(ip))
    assert lint._is_local(str(ip)) == told


@pytest.mark.parametrize("url", ["file:///tmp/a/", "https:///", "https://u@good.org/", "nothing", ""])
def test_what_is_no_address_is_refused(url: str) -> None:
    assert lint_list([Listed(Endpoint("m", url))]) == [Fault(0, "endpoint-address")]


@pytest.mark.parametrize(
    "host", ["127.1", "0x7f.1", "2130706433", "0x7f000001", "0X7F.1", "1.2.3.4.5", "127.1."]
)
def test_an_ipv4_address_in_an_odd_spelling_is_refused(host: str) -> None:
    """The system's resolver reads them, and most mean a place that ``endpoint-private`` refuses."""
    assert codes(f"https://{host}/") == {"endpoint-address"}
    assert codes("https://9.9.9.9/") == codes("https://9.to/") == codes("https://0x.org/") == set()


def test_duplicates_are_refused_and_neighbours_reported() -> None:
    found = lint_list(listed("https://a.org/x/", "https://b.org/", "https://a.org/x/", "https://a.org/y/"))
    assert found == [Fault(2, "endpoint-duplicate", 0), Fault(3, "endpoint-same-host", 0)]
    assert [fault.is_fatal for fault in found] == [True, False]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("apple.com", "xn--80ak6aa92e.com"),
        ("mirror.com", "rnirror.com"),
        ("google.com", "g00gle.com"),
        ("wave.org", "vvave.org"),
        ("mail.org", "mai1.org"),
        ("cafe.org", "xn--caf-dma.org"),
        ("a.sub.apple.com", "b.xn--80ak6aa92e.com"),
    ],
)
def test_domains_that_look_alike_are_found(one: str, other: str) -> None:
    assert lint_list(listed(f"https://{one}/", f"https://{other}/")) == [Fault(1, "endpoint-look-alike", 0)]
    assert codes(f"https://{other}/", brands=(one,)) == {"endpoint-look-alike"}
    assert codes(f"https://{one}/", f"https://other.{one}/", brands=(one,)) == set()


def test_mixed_alphabets_are_reported() -> None:
    label = "gооgle".encode("punycode").decode()
    assert codes(f"https://xn--{label}.org/") == {"endpoint-mixed-script"}
    assert lookalike.shown(f"xn--{label}.org") == "gооgle.org"
    assert not lookalike.is_mixed("xn--e1afmkfd.xn--p1ai")
    assert lookalike.shown("xn--99999999.org") == "xn--99999999.org"


@given(st.text("abcdefghijklmnopqrstuvwxyz0123456789-.", min_size=1, max_size=30))
def test_a_skeleton_is_its_own(domain: str) -> None:
    assume("xn--" not in domain)
    assert lookalike.skeleton(lookalike.skeleton(domain)) == lookalike.skeleton(domain)


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("a.b.example.co.uk", "example.co.uk"),
        ("news.example.org", "example.org"),
        ("one.github.io", "github.io"),
        ("co.uk", "co.uk"),
        ("x" * 56 + ".onion", "x" * 56 + ".onion"),
        ("8.8.8.8", "8.8.8.8"),
        ("2620:fe::fe", "2620:fe::fe"),
        ("a.xn--p1ai", "a.xn--p1ai"),
        ("localhost", "localhost"),
    ],
)
def test_the_registrable_domain(host: str, domain: str) -> None:
    assert lint.registrable(host) == domain


def shared(*entries: Listed, policy: Policy = lint.DEFAULT_POLICY) -> list[tuple[int, str, int | None]]:
    return [(fault.number, fault.code, fault.other) for fault in lint_set(entries, policy)]


def test_a_set_shares_no_more_than_its_policy_allows() -> None:
    a, b = listed("https://a.one.org/", "https://b.one.org/")
    assert shared(a, b) == [(1, "shared-domain", 0)]
    assert shared(a, b, policy=Policy(domain=2)) == []
    c, d, e = listed("https://c.net/", "https://d.net/", "https://e.net/", provider="Host", jurisdiction="nl")
    assert shared(c, d, e) == [
        (1, "shared-provider", 0),
        (2, "shared-provider", 0),
        (2, "shared-jurisdiction", 0),
    ]
    other = Listed(d.endpoint, "HOST", "NL")
    assert shared(c, other) == [(1, "shared-provider", 0)]


@pytest.mark.parametrize(
    ("one", "other", "is_shared"),
    [
        ("9.9.9.9", "9.9.9.200", True),
        ("9.9.9.9", "9.9.10.9", False),
        ("[2620:fe:0:1::1]", "[2620:fe:0:2::1]", True),
        ("[2620:fe::1]", "[2620:fe:1::1]", False),
    ],
)
def test_networks_are_compared(one: str, other: str, *, is_shared: bool) -> None:
    expected = [(1, "shared-network", 0)] if is_shared else []
    assert shared(*listed(f"https://{one}/", f"https://{other}/")) == expected
    assert shared(*listed(f"https://a.org/#connect={one}:443", f"https://b.org/#connect={other}")) == expected
    declared = [
        Listed(Endpoint("m", f"https://{name}.org/"), addresses=(ip.strip("[]"),))
        for name, ip in (("a", one), ("b", other))
    ]
    assert shared(*declared) == expected


def test_the_name_said_in_tls_is_shared_too() -> None:
    fronts = listed("https://a.org/#sni=front.cdn.net", "https://b.org/#sni=other.cdn.net")
    assert shared(*fronts) == [(1, "shared-domain", 0)]


def test_nothing_declared_is_nothing_shared() -> None:
    assert shared(*listed("https://a.org/", "https://b.org/", "https://c.org/")) == []


def test_a_hundred_thousand_endpoints() -> None:
    many = [
        Listed(Endpoint("m", f"https://m{at}.host{at}.co.uk/"), f"p{at % 300}", "NL", (f"9.{at % 256}.1.1",))
        for at in range(MAX_ENDPOINTS)
    ]
    start = time.process_time()
    assert lint_list(many) == []
    # Two seconds on an idle machine, of which it takes one; process time doubles on a loaded one.
    assert time.process_time() - start < 4
    with pytest.raises(LimitError) as caught:
        lint_list([*many, many[0]])
    assert caught.value.code == "endpoints-too-many"
