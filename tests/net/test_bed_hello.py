"""The name in a ClientHello, as real TLS clients write it, whole, cut, and in several records."""

import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from net.hello import matches, server_name


def hello(name: str | None, tls: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> bytes:
    """What a real client sends first."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.minimum_version = context.maximum_version = tls
    context.set_alpn_protocols(["h2", "http/1.1"])
    out = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), out, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return out.read()


@pytest.mark.parametrize("tls", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("name", ["news.example", "a.b.c.d.example", "x" * 60 + ".example"])
def test_a_real_client_s_name_is_found_and_needs_the_whole_hello(name: str, tls: ssl.TLSVersion) -> None:
    data = hello(name, tls)
    assert server_name(data) == name
    assert server_name(data + b"more") == name
    assert all(server_name(data[:size]) is None for size in range(len(data)))


def test_no_name_is_empty() -> None:
    assert server_name(hello(None)) == ""
    assert server_name(hello("192.0.2.1")) == ""  # addresses are not named


@given(st.integers(1, 100))
def test_a_hello_in_several_records_is_one(size: int) -> None:
    data = hello("news.example")
    message = data[5:]
    parts = [message[at : at + size] for at in range(0, len(message), size)]
    records = b"".join(data[:3] + len(part).to_bytes(2, "big") + part for part in parts)
    assert server_name(records) == "news.example"
    assert server_name(records[:-1]) is None


@pytest.mark.parametrize(
    "data", [b"GET / HTTP/1.1\r\n\r\n", b"\x15\x03\x01\x00\x02\x02\x28", b"\x16\x02\x00", b"\x00"]
)
def test_what_is_no_hello_names_nobody(data: bytes) -> None:
    assert server_name(data) == ""


def test_another_message_first_names_nobody() -> None:
    data = bytearray(hello("news.example"))
    data[5] = 2  # a ServerHello
    assert server_name(bytes(data)) == ""


@given(st.binary(max_size=400), st.integers(0, 500))
def test_nothing_breaks_the_parser(noise: bytes, at: int) -> None:
    data = hello("news.example")
    broken = data[:at] + noise + data[at + len(noise) :]
    assert isinstance(server_name(broken), str | None)
    assert isinstance(server_name(b"\x16\x03\x01" + noise), str | None)


@pytest.mark.parametrize(
    ("name", "wanted", "expected"),
    [
        ("news.example", "news.example", True),
        ("NEWS.example.", "news.example", True),
        ("www.news.example", "news.example", True),
        ("badnews.example", "news.example", False),
        ("news.example.org", "news.example", False),
        ("", "news.example", False),
        ("", "*", True),
    ],
)
def test_names_match_at_their_dots(name: str, wanted: str, expected: bool) -> None:
    assert matches(name, wanted) is expected
