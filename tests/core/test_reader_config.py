"""The reader's configuration: what is taken, and what is refused by the name of its key."""

from pathlib import Path, PurePath

import pytest

from mirror.errors import ConfigError
from mirror.model import Endpoint
from mirror.reader.config import (
    LibraryPlace,
    ReaderConfig,
    RootDigest,
    RootFile,
    complete,
    parse,
    root_of,
)

HERE = PurePath("/somewhere")
DIGEST = "ab" * 32
GOOD = f"""
root = "{DIGEST}"
channel = "ru"
mirrors = ["https://one.example/", "http://two.example:8080/path", "file:///media/x.mirror.zip"]
language = "zh-Hans"
[library]
folder = "books"
passphrase_file = "/secret/file"
"""


def test_a_whole_configuration() -> None:
    assert parse(GOOD.encode(), HERE) == ReaderConfig(
        RootDigest(DIGEST),
        "ru",
        (
            Endpoint("mirror 1", "https://one.example/"),
            Endpoint("mirror 2", "http://two.example:8080/path/"),
            Endpoint("mirror 3", "file:///media/x.mirror.zip"),
        ),
        "zh-Hans",
        LibraryPlace(PurePath("/somewhere/books"), PurePath("/secret/file")),
    )


def test_nothing_must_be_configured_and_memory_only_is_the_default() -> None:
    assert parse(b"", HERE) == ReaderConfig()
    assert ReaderConfig().library is None


def test_the_example_is_in_order_and_complete() -> None:
    example = Path(__file__).parents[2] / "config" / "reader.toml"
    config = parse(example.read_bytes(), example.parent)
    assert complete(config) == (RootDigest("0" * 64), "ru")
    uncommented = "\n".join(
        line.removeprefix("#") if line.startswith(("#[", "#folder", "#passphrase", "#language")) else line
        for line in example.read_text("utf-8").splitlines()
    )
    assert parse(uncommented.encode(), HERE).library == LibraryPlace(HERE / "library", HERE / "passphrase")


@pytest.mark.parametrize(
    ("changed", "to", "key"),
    [
        ('channel = "ru"', 'channel = "Ru/../x"', "channel"),
        ('channel = "ru"', "channel = 7", "channel"),
        ('language = "zh-Hans"', 'language = "../etc"', "language"),
        ('"https://one.example/"', '"https://user:word@one.example/"', "mirrors"),
        ('"https://one.example/"', '"https://one.example/?id=7"', "mirrors"),
        ('"https://one.example/"', '"https://one.example/#x"', "mirrors"),
        ('"https://one.example/"', '"https://one.example/\\u001b"', "mirrors"),
        ('"https://one.example/"', '"ftp://one.example/"', "mirrors"),
        ('"https://one.example/"', '"https://"', "mirrors"),
        ('"https://one.example/"', '"https://one.example:port/"', "mirrors"),
        ('"https://one.example/"', '"file:relative"', "mirrors"),
        ('folder = "books"', "", "library.folder"),
        ('folder = "books"', 'folder = "books"\nsize = 3', "library.size"),
        ("[library]", "librarian = 1\n[library]", "librarian"),
        (f'root = "{DIGEST}"', "root = 1", "root"),
    ],
)
def test_what_is_wrong_is_named_by_its_key_and_never_by_its_value(changed: str, to: str, key: str) -> None:
    assert changed in GOOD
    with pytest.raises(ConfigError) as caught:
        parse(GOOD.replace(changed, to).encode(), HERE)
    assert key in str(caught.value)
    assert "one.example" not in str(caught.value)


def test_too_many_mirrors_are_refused() -> None:
    mirrors = ", ".join(f'"https://{n}.example/"' for n in range(1_025))
    with pytest.raises(ConfigError, match="mirrors"):
        parse(f"mirrors = [{mirrors}]".encode(), HERE)


def test_a_root_is_a_digest_or_a_path() -> None:
    assert root_of(DIGEST.upper(), HERE) == RootDigest(DIGEST)
    assert root_of(DIGEST[:-1], HERE) == RootFile(HERE / DIGEST[:-1])
    assert root_of("root.json", HERE) == RootFile(HERE / "root.json")


@pytest.mark.parametrize("lacking", ["root", "channel", "mirrors"])
def test_what_is_missing_is_named(lacking: str) -> None:
    lines = [line for line in GOOD.partition("[library]")[0].splitlines() if not line.startswith(lacking)]
    with pytest.raises(ConfigError) as caught:
        complete(parse("\n".join(lines).encode(), HERE))
    assert caught.value.code == "incomplete"
