"""A node's configuration: strict, safe by default, and never quoted."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.errors import ConfigError
from mirror.net.address import endpoint
from mirror.node.config import Address, NodeConfig, Serve, address, parse

EXAMPLE = Path(__file__).parents[2] / "config" / "node.toml"
FOLDER = Path("/srv/node")
MINIMAL = b'tree = "tree"'


def test_the_example_is_whole_and_shows_the_defaults() -> None:
    text = EXAMPLE.read_bytes()
    config = parse(text, FOLDER)
    assert config.tree == FOLDER / "tree"
    assert config.serve == Serve()
    assert config.sync is not None
    assert (config.sync.channels, config.sync.with_images, config.sync.every_seconds) == (
        ("en", "ru"),
        True,
        900,
    )
    assert [mirror.name for mirror in config.sync.mirrors] == ["mirror 1", "mirror 2"]
    # Every key that is shown commented out can be turned on.
    turned_on = re.sub(rb"(?m)^# (certificate|key|metrics) =", rb"\1 =", text)
    serve = parse(turned_on, FOLDER).serve
    assert (serve.certificate, serve.metrics) == (
        Path("/etc/mirror/fullchain.pem"),
        Address("127.0.0.1", 9180),
    )


def test_the_least_is_a_tree_on_loopback() -> None:
    assert parse(MINIMAL, FOLDER) == NodeConfig(FOLDER / "tree", Serve(), None)
    assert all(each.is_loopback for each in Serve().listen)
    assert Serve().metrics is None


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('tree = "tree"', "", "tree"),
        ('tree = "tree"', 'tree = "tree"\nlog = "secret"', "log"),
        ("connections = 512", "connections = 7", "serve.connections"),
        ("cache_mebibytes = 64", "cache_mebibytes = 0", "serve.cache_mebibytes"),
        ('listen = ["127.0.0.1:8080"]', "listen = []", "serve.listen"),
        ('listen = ["127.0.0.1:8080"]', 'listen = ["secret.example:80"]', "serve.listen"),
        ('# certificate = "', 'certificate = "/secret', "serve.certificate"),
        ('# key = "', 'key = "/secret', "serve.key"),
        ('# metrics = "127.0.0.1', 'metrics = "192.0.2.9', "serve.metrics"),
        ('# metrics = "127.0.0.1:9180"', 'metrics = "secret"', "serve.metrics"),
        ('root = "root.json"', "", "sync.root"),
        ('"https://mirror-1.example/"', '"ftp://secret/"', "sync.mirrors"),
        ('"https://mirror-1.example/"', '"https://secret@x.example/"', "sync.mirrors"),
        ('"https://mirror-1.example/"', '"https://x.example/?secret"', "sync.mirrors"),
        ('"https://mirror-1.example/"', '"https://mirror-2.example/"', "sync.mirrors"),
        ('"en", "ru"', '"EN"', "sync.channels"),
        ('"en", "ru"', '"../secret"', "sync.channels"),
        ('channels = ["en", "ru"]', "channels = []", "sync.channels"),
        ("images = true", 'images = "secret"', "sync.images"),
        ("every_seconds = 900", "every_seconds = 5", "sync.every_seconds"),
        ("every_seconds = 900", 'proxy = "127.0.0.1:9050"', "sync.proxy"),
        ("every_seconds = 900", 'look = "fox"', "sync.look"),
    ],
)
def test_one_fault_is_named_by_its_key(old: str, new: str, key: str) -> None:
    text = EXAMPLE.read_text("utf-8")
    assert text.count(old) >= 1
    with pytest.raises(ConfigError) as caught:
        parse(text.replace(old, new, 1).encode(), FOLDER)
    assert re.search(rf"\b{re.escape(key)}\b", str(caught.value))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("text", ["127.0.0.1:0", "0.0.0.0:65535", "[::]:443", "[::1]:8080"])
def test_addresses(text: str) -> None:
    found = address(text)
    assert found is not None
    assert str(found) == text


@pytest.mark.parametrize(
    "text",
    ["", "127.0.0.1", ":80", "127.0.0.1:", "127.0.0.1:65536", "::1:80", "localhost:80", "[localhost]:80",
     "127.0.0.1:80 ", "256.0.0.1:80", "01.2.3.4:80", "[::1%eth0]:80", "127.0.0.1:８0"],
)  # fmt: skip
def test_what_is_no_address(text: str) -> None:
    assert address(text) is None


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://m.example", "https://m.example/"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/"),
        ("https://m.example/a/b", "https://m.example/a/b/"),
        ("file:///srv/stick", "file:///srv/stick/"),
        ("file:///srv/stick/edition.mirror.zip", "file:///srv/stick/edition.mirror.zip"),
    ],
)
def test_endpoints(text: str, url: str) -> None:
    found = endpoint(text, 3)
    assert found is not None
    assert (found.name, found.url) == ("mirror 3", url)
    assert url not in repr(found)


@pytest.mark.parametrize(
    "text",
    ["", "m.example", "//m.example", "https://", "https:///x", "file:stick", "https://m.example/#x",
     "https://u:p@m.example/", "https://m.example:x/", "https://m.example/ü", "https://m.example/\n",
     "javascript:x", "https://[::1"],
)  # fmt: skip
def test_what_is_no_endpoint(text: str) -> None:
    assert endpoint(text, 1) is None


@given(st.text(max_size=60))
def test_any_text_is_an_endpoint_or_none(text: str) -> None:
    for prefix in ("", "https://", "file:///", "http://["):
        found = endpoint(prefix + text, 1)
        assert found is None or found.url.startswith(("http://", "https://", "file:///"))
        address(prefix + text)
