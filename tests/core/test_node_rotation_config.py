"""The tables ``rotation`` and ``cover`` of a node's configuration."""

import re
from pathlib import Path

import pytest

from mirror.errors import ConfigError
from mirror.node.config import Cover, Rotation, parse
from mirror.node.cover.site import DEFAULT
from mirror.rotation.epochs import Calendar

EXAMPLE = Path(__file__).parents[2] / "config" / "node.toml"
PLACE = Path("/etc/mirror")


def parsed(text: str) -> tuple[Rotation | None, Cover | None]:
    config = parse(f'tree = "tree"\n{text}'.encode(), PLACE)
    return config.rotation, config.cover


def test_without_the_tables_a_node_is_a_public_mirror() -> None:
    assert parsed("") == (None, None)


def test_rotation_brings_a_cover_site_with_it() -> None:
    rotation, cover = parsed('[rotation]\nsecret = "secret.hex"')
    assert rotation == Rotation(PLACE / "secret.hex", Calendar(86_400), (), None)
    assert cover == Cover(DEFAULT, "nginx")
    assert (DEFAULT / "index.html").is_file()


def test_a_public_mirror_may_have_one_too() -> None:
    assert parsed('[cover]\nfolder = "site"\nserver = "nginx/1.22.1"') == (
        None,
        Cover(PLACE / "site", "nginx/1.22.1"),
    )


def test_the_example_can_be_switched_on() -> None:
    text = re.sub(
        r"(?m)^# (?=\[rotation\]|\[cover\]|(?:secret|epoch_seconds|closed_seats|counters|folder|server) =)",
        "",
        EXAMPLE.read_text(),
    )
    config = parse(text.encode(), PLACE)
    assert config.rotation == Rotation(PLACE / "secret.hex", Calendar(86_400), (), PLACE / "counters.json")
    assert config.cover == Cover(PLACE / "site", "nginx")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[rotation]", "rotation.secret"),
        ('[rotation]\nsecret = ""', "rotation.secret"),
        ('[rotation]\nsecret = "s"\nepoch_seconds = 599', "rotation.epoch_seconds"),
        ('[rotation]\nsecret = "s"\nepoch_seconds = 2592001', "rotation.epoch_seconds"),
        ('[rotation]\nsecret = "s"\nclosed_seats = [64]', "rotation.closed_seats"),
        ('[rotation]\nsecret = "s"\nclosed_seats = [-1]', "rotation.closed_seats"),
        ('[rotation]\nsecret = "s"\nclosed_seats = [1, 1]', "rotation.closed_seats"),
        ('[rotation]\nsecret = "s"\nclosed_seats = [true]', "rotation.closed_seats"),
        ('[rotation]\nsecret = "s"\nseats = 3', "rotation.seats"),
        ('[cover]\nserver = "Apache"', "cover.server"),
        ('[cover]\nserver = "nginx\\r\\nX: y"', "cover.server"),
        ("[cover]\nfolder = 3", "cover.folder"),
        ('[cover]\nsite = "x"', "cover.site"),
    ],
)
def test_what_cannot_be_used_is_named_by_its_key(text: str, key: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(key)):
        parsed(text)
