"""Lists of endpoints: taken whole, or refused with every reason."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.errors import LimitError, MirrorError, SourceError
from mirror.limits import MAX_ENDPOINTS
from mirror.publisher.endpoint_lists import Reason, Taken, read_list, words
from mirror.publisher.roster import Pool, endpoint_of
from mirror.rotation.lint import Listed

SITE = "https://news.example.net"


def taken(value: object, **named: object) -> Taken:
    return read_list(json.dumps(value).encode(), **named)  # type: ignore[arg-type]


def codes(found: Taken) -> list[tuple[int, str]]:
    return [(each.number, each.code) for each in found.reasons]


def metalink(*urls: str, name: str = "bundle.zip", more: str = "") -> bytes:
    lines = "".join(f"<url{each}</url>" for each in urls)
    return (
        '<?xml version="1.0" encoding="UTF-8"?><metalink xmlns="urn:ietf:params:xml:ns:metalink">'
        f'<file name="{name}"><size>5</size>{lines}{more}</file></metalink>'
    ).encode()


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_comes_ends_in_an_error_of_ours_or_is_refused(data: bytes) -> None:
    try:
        found = read_list(data)
    except MirrorError:
        return
    assert found.reasons


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@given(values | st.lists(st.dictionaries(st.sampled_from(["url", "provider", "addresses", "x"]), values)))
def test_any_json_is_taken_or_refused(value: object) -> None:
    try:
        found = taken(value)
    except MirrorError:
        return
    list(words(found.reasons))
    assert found.reasons or found.declared


@given(st.lists(st.integers(0, 900), min_size=1, max_size=30, unique=True))
def test_a_good_list_is_taken_in_its_order(numbers: list[int]) -> None:
    names = [f"{'k' * (each // 30 + 1)}a{'z' * (each % 30 + 1)}.org" for each in numbers]
    found = taken(names)
    assert found.reasons == ()
    assert [each.text for each in found.declared] == [f"https://{each}/" for each in names]


def test_an_address_has_one_spelling() -> None:
    found = taken(["https://TWO.beta.org:443", "two.beta.org", "https://two.beta.org:8443/A/"])
    assert codes(found) == [(2, "endpoint-duplicate")]
    assert [each.text for each in found.declared] == [
        "https://two.beta.org/",
        "https://two.beta.org/",
        "https://two.beta.org:8443/A/",
    ]
    assert taken(["http://" + "a" * 56 + ".onion:80/"]).declared[0].text.endswith("a.onion/")


@pytest.mark.parametrize(
    "host", ["two.beta.org.", "127.1", "0x7f.1", "a_b.org", "[::ffff:9.9.9.9%1]", "a..org"]
)
def test_a_host_in_another_spelling_is_no_address(host: str) -> None:
    assert codes(taken([f"https://{host}/"])) == [(1, "endpoint-address")]


def test_the_form_of_news_mirror_programmes() -> None:
    listed = {SITE: ["one.alpha.org", "two.beta.org"], "https://other.example.net/": ["three.gamma.org"]}
    found = taken(listed, origin=SITE + "/", pool=Pool.OPEN)
    assert [each.text for each in found.declared] == ["https://one.alpha.org/", "https://two.beta.org/"]
    assert {each.pool for each in found.declared} == {Pool.OPEN}
    assert taken({SITE: ["one.alpha.org"]}).reasons == ()
    for origin in ("", "https://third.example.net"):
        with pytest.raises(SourceError) as caught:
            taken(listed, origin=origin)
        assert caught.value.code == "list-origin"


def test_objects_say_more() -> None:
    entry = {"url": "https://one.alpha.org/b/#sni=x.org", "provider": "Host", "jurisdiction": "de"}
    [found] = taken([entry | {"addresses": ["93.184.216.34"]}]).declared
    assert (found.text, found.provider, found.jurisdiction) == (
        "https://one.alpha.org/b/#sni=x.org",
        "Host",
        "DE",
    )
    assert found.addresses == ("93.184.216.34",)


def test_metalink_names_endpoints_above_its_file() -> None:
    data = metalink(
        ' location="fr" priority="1">https://one.alpha.org/pub/bundle.zip', ">https://two.beta.org/bundle.zip"
    )
    found = read_list(data)
    assert found.reasons == ()
    assert [(each.text, each.jurisdiction) for each in found.declared] == [
        ("https://one.alpha.org/pub/", "FR"),
        ("https://two.beta.org/", ""),
    ]


# Each is a good list but for one entry, and is refused for that one alone.
GOOD = ["one.alpha.org", "two.beta.org"]
DEFECTS: list[tuple[object, str]] = [
    ("http://three.gamma.org", "endpoint-not-https"),
    ("ftp://three.gamma.org", "endpoint-address"),
    ("file:///etc", "endpoint-address"),
    ("https://user@three.gamma.org/", "endpoint-address"),
    ("https://three.gamma.org/?q=1", "endpoint-address"),
    ("https://THREE.gamma.org/", ""),
    ("https://three.gamma.org/#x=1", "endpoint-address"),
    ("", "endpoint-address"),
    (5, "list-entry"),
    (None, "list-entry"),
    ({"url": "https://three.gamma.org", "weight": 3}, "list-key"),
    ({"provider": "x"}, "endpoint-address"),
    ({"url": "https://three.gamma.org", "jurisdiction": "Germany"}, "list-jurisdiction"),
    ({"url": "https://three.gamma.org", "provider": "two\nlines"}, "list-provider"),
    ({"url": "https://three.gamma.org", "addresses": ["no address"]}, "list-addresses"),
    ({"url": "https://three.gamma.org", "addresses": "1.1.1.1"}, "list-addresses"),
    ({"url": "https://three.gamma.org", "addresses": ["10.0.0.1"]}, "endpoint-private"),
    ("https://192.168.1.7/", "endpoint-private"),
    ("https://[fd00::1]/", "endpoint-private"),
    ("https://localhost/", "endpoint-private"),
    ("https://three.gamma.org/#connect=127.0.0.1", "endpoint-private"),
    ("one.alpha.org", "endpoint-duplicate"),
    ("https://one.alpha.org/", "endpoint-duplicate"),
    ("three.a1pha.org", "endpoint-look-alike"),
    ("three.exarnple.net", "endpoint-look-alike"),
]


@pytest.mark.parametrize(("entry", "code"), DEFECTS)
def test_one_defect_refuses_all_of_it(entry: object, code: str) -> None:
    found = taken([*GOOD, entry], brands=["example.net"])
    if not code:  # a name in capitals is the same to the net, and a mark on the reader to us: one spelling
        assert found.reasons == () or {each.code for each in found.reasons} == {"endpoint-address"}
        return
    assert codes(found) == [(3, code)]
    assert taken(GOOD, brands=["example.net"]).reasons == ()


def test_every_reason_is_said() -> None:
    found = taken(["http://a.org", GOOD[0], "10.0.0.1", GOOD[0], {"url": 5, "colour": 1}])
    assert codes(found) == [
        (1, "endpoint-not-https"),
        (3, "endpoint-private"),
        (4, "endpoint-duplicate"),
        (5, "endpoint-address"),
        (5, "list-key"),
    ]
    assert found.reasons[2] == Reason(4, "endpoint-duplicate", 2)
    said = "\n".join(words(found.reasons))
    assert "alpha" not in said
    assert "10.0.0.1" not in said


def test_what_is_known_already_counts_too() -> None:
    known = [Listed(endpoint_of("https://one.alpha.org/", "endpoint 7"))]
    found = taken(["two.beta.org", "one.alpha.org"], known=known)
    assert found.reasons == (Reason(2, "endpoint-duplicate", -1),)
    assert "(see endpoint 7)" in next(words(found.reasons, ["endpoint 7"]))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[",
        b"7",
        b'{"a": 1}',
        b'{"https://a.org": ["x.org"], "https://a.org": ["y.org"]}',
        b"\xff\xfe",
        b"[" * 100_000,
        b"<html></html>",
        b"<metalink/>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><metalink xmlns="urn:ietf:params:xml:ns:metalink">&a;</metalink>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><metalink xmlns="urn:ietf:params:xml:ns:metalink"/>',
    ],
)
def test_what_is_no_list_is_unreadable(data: bytes) -> None:
    with pytest.raises(SourceError) as caught:
        read_list(data)
    assert caught.value.code == "list-unreadable"


def test_metalink_is_strict_too() -> None:
    plain = ">https://one.alpha.org/bundle.zip"
    assert codes(read_list(metalink(plain, ' colour="red">https://two.beta.org/bundle.zip'))) == [
        (2, "endpoint-address"),
        (2, "list-key"),
    ]
    assert codes(read_list(metalink(plain, more="<surprise/>"))) == [
        (2, "endpoint-address"),
        (2, "list-key"),
    ]
    assert codes(read_list(metalink(">http://one.alpha.org/bundle.zip"))) == [(1, "endpoint-not-https")]
    assert codes(read_list(metalink())) == [(0, "list-empty")]


def test_a_hundred_thousand_entries_take_seconds() -> None:
    names = [
        f"n{number:06x}q.org".translate(str.maketrans("0123456789", "ghijklmpqs"))
        for number in range(MAX_ENDPOINTS)
    ]
    data = json.dumps(names).encode()
    start = time.process_time()
    found = read_list(data)
    assert time.process_time() - start < 20
    assert len(found.declared) + len({each.number for each in found.reasons}) >= MAX_ENDPOINTS
    with pytest.raises(LimitError) as caught:
        read_list(json.dumps([*names, "more.org"]).encode())
    assert caught.value.code == "endpoints-too-many"
