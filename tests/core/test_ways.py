"""Ways out as they are written down: what is taken, what is refused, and that nothing shows them."""

from argparse import ArgumentParser
from pathlib import PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.memory import MemoryTransport
from mirror.cli.ways import add_ways, blaming_way, onion_warning, ways_of
from mirror.errors import ConfigError, TrustError, UnreachableError
from mirror.model import Endpoint
from mirror.net.socks import Trouble
from mirror.net.ways import DIRECT, KEYS, Look, Proxy, Ways, proxy_of, ways
from mirror.reader.config import parse

RESOLVER = "https://192.0.2.53/dns-query"
ONION = Endpoint("mirror 1", f"http://{'a' * 56}.onion/")


@pytest.mark.parametrize(
    ("text", "proxy"),
    [
        ("socks5://127.0.0.1:9050", Proxy("127.0.0.1", 9050)),
        ("socks5h://127.0.0.1:9050", Proxy("127.0.0.1", 9050)),
        ("socks5://proxy.example:1", Proxy("proxy.example", 1)),
        ("socks5://[::1]:65535", Proxy("::1", 65535)),
        ("socks5://anna:word@proxy.example:1080", Proxy("proxy.example", 1080, "anna", "word")),
        ("socks5://an%3Ana:w%40rd%25@proxy.example:1080", Proxy("proxy.example", 1080, "an:na", "w@rd%")),
        (f"socks5://{'a' * 255}:b@[::1]:9", Proxy("::1", 9, "a" * 255, "b")),
    ],
)
def test_a_proxy(text: str, proxy: Proxy) -> None:
    assert proxy_of(text) == proxy


@pytest.mark.parametrize(
    "text",
    [
        "",
        "127.0.0.1:9050",
        "socks5:127.0.0.1:9050",
        "socks5://127.0.0.1",  # no port
        "socks5://127.0.0.1:0",
        "socks5://127.0.0.1:65536",
        "socks5://:9050",
        "socks5://127.0.0.1:9050/",
        "socks5://127.0.0.1:9050/path",
        "socks5://127.0.0.1:9050?x",
        "socks5://127.0.0.1:9050#x",
        "socks4://127.0.0.1:9050",
        "socks5s://127.0.0.1:9050",
        "http://127.0.0.1:9050",
        "https://127.0.0.1:9050",
        "socks5://anna@127.0.0.1:9050",  # no password
        "socks5://anna:@127.0.0.1:9050",
        "socks5://:word@127.0.0.1:9050",
        "socks5://:@127.0.0.1:9050",
        "socks5://@127.0.0.1:9050",
        "socks5://an na:word@127.0.0.1:9050",
        "socks5://a@b:word@127.0.0.1:9050",
        "socks5://anna:%C3%A9@127.0.0.1:9050",  # the library sends ASCII
        "socks5://anna:%zz@127.0.0.1:9050",
        f"socks5://{'a' * 256}:b@127.0.0.1:9050",
        "socks5://127.1:9050",
        "socks5://fe80::1:9050",
        "socks5://[fe80::1%25eth0]:9050",
        "socks5://127.0.0.1:9050\n",
        " socks5://127.0.0.1:9050",
        "socks5://прокси.example:9050",
    ],
)
def test_what_is_no_proxy(text: str) -> None:
    assert proxy_of(text) is None


@given(st.text() | st.text().map("socks5://{}".format))
def test_any_text_is_a_proxy_or_none(text: str) -> None:
    found = proxy_of(text)
    assert found is None or (found.host and found.port and bool(found.user) == bool(found.password))


def test_nothing_shows_an_address() -> None:
    made = Ways(Proxy("proxy.example", 1080, "anna", "word"), RESOLVER)
    assert not [
        each for each in ("proxy.example", "1080", "anna", "word", "192.0.2.53") if each in repr(made)
    ]


def test_a_configuration_names_the_ways() -> None:
    text = f'proxy = "socks5://127.0.0.1:9050"\nresolver = "{RESOLVER}"\nlook = "browser"'
    assert parse(text.encode(), PurePath()).ways == Ways(Proxy("127.0.0.1", 9050), RESOLVER, Look.BROWSER)
    assert parse(b"", PurePath()).ways == DIRECT == Ways(None, "", Look.PLAIN)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("proxy", "socks5://secret"),
        ("proxy", "http://secret:80"),
        ("resolver", "http://192.0.2.53/secret"),
        ("resolver", "https://secret.example/dns-query"),  # must be looked up to be asked
        ("resolver", "https://anna:secret@192.0.2.53/"),
        ("look", "secret"),
        ("proxy", ""),
        ("resolver", ""),
        ("look", ""),
    ],
)
def test_what_is_wrong_is_named_by_its_key_alone(key: str, value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(f'{key} = "{value}"'.encode(), PurePath())
    assert f"configuration, {key} is " in str(caught.value)
    assert "secret" not in str(caught.value)


def options(*given: str) -> Ways:
    parser = ArgumentParser()
    add_ways(parser)
    base = Ways(Proxy("192.0.2.9", 1080), RESOLVER)
    return ways_of(parser.parse_args(given), base)


def test_the_command_line_replaces_what_it_names_and_nothing_else() -> None:
    assert options() == Ways(Proxy("192.0.2.9", 1080), RESOLVER)
    assert options("--camouflage") == Ways(Proxy("192.0.2.9", 1080), RESOLVER, Look.BROWSER)
    assert options("--proxy", "socks5://127.0.0.1:1") == Ways(Proxy("127.0.0.1", 1), RESOLVER)
    assert options("--resolver", "https://192.0.2.1/").resolver == "https://192.0.2.1/"


@pytest.mark.parametrize("option", ["--proxy", "--resolver"])
def test_an_option_that_is_wrong_is_named_by_its_name_alone(option: str) -> None:
    with pytest.raises(ConfigError) as caught:
        options(option, "secret")
    assert str(caught.value).startswith(f"{option} is not")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("option", ["--proxy", "--resolver"])
def test_an_empty_option_is_refused(option: str) -> None:
    # As from an empty variable of a shell: whoever relies on Tor must not leave without it.
    with pytest.raises(ConfigError):
        options(option, "")


def test_keys_are_all_there_is() -> None:
    assert set(KEYS) == set(Ways.__slots__)
    with pytest.raises(ConfigError):
        ways({"proxy": "x"}, lambda key, why: ConfigError(f"{key} {why}"))


def test_an_onion_mirror_without_a_proxy_is_told_of() -> None:
    assert "Tor" in onion_warning([ONION], DIRECT)
    assert onion_warning([ONION], Ways(Proxy("127.0.0.1", 9050))) == ""
    assert onion_warning([Endpoint("mirror 1", "https://onion.example/")], DIRECT) == ""
    assert "Tor" in onion_warning(
        [Endpoint("mirror 1", "http://x.example/", connect=f"{'a' * 56}.onion")], DIRECT
    )


@pytest.mark.parametrize(
    ("error", "is_blamed"),
    [
        (UnreachableError("no mirror"), True),
        (ExceptionGroup("", [ExceptionGroup("", [UnreachableError("no mirror")])]), True),
        (ExceptionGroup("", [TrustError("a lie")]), False),
        (TrustError("a lie"), False),
    ],
)
def test_the_proxy_is_blamed_for_silence_alone(error: Exception, is_blamed: bool) -> None:
    for trouble in (Trouble.REFUSED, None):
        with pytest.raises(Exception) as caught, blaming_way(MemoryTransport({}, trouble=trouble)):  # noqa: PT011
            raise error
        expected = trouble is not None and is_blamed
        assert (getattr(caught.value, "code", "") == "proxy-refused") is expected
        assert expected or caught.value is error
