"""``publication.toml``: strict, by name, and one spelling of each publication."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mirror.errors import ConfigError
from mirror.publisher.config import Channel, Images, PublicationConfig, Rotation, Signing, parse, write
from mirror.trust.publication import DAY, Lifetimes

EXAMPLE = Path(__file__).parents[2] / "config" / "publisher.toml"
LEAST = """
id = "news"
name = "News"
[signing]
holders = ["anna", "boris"]
threshold = 2
[[channel]]
id = "en"
language = "en"
title = "News"
"""

names = st.from_regex(r"[a-z0-9]([a-z0-9._-]{0,10}[a-z0-9])?", fullmatch=True).filter(
    lambda name: name not in ("snapshot", "timestamp")
)
lines = st.text(min_size=1, max_size=60).filter(lambda t: t.isprintable() and t == t.strip() and t)
signings = st.lists(names, min_size=1, max_size=5, unique=True).flatmap(
    lambda holders: st.integers(1, len(holders)).map(lambda needed: Signing(tuple(holders), needed))
)


@st.composite
def configs(draw: st.DrawFn) -> PublicationConfig:
    ids = draw(
        st.lists(
            st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True).filter(
                lambda i: i != "notices"
            ),
            min_size=1,
            max_size=4,
            unique=True,
        )
    )
    tags = st.sampled_from(["en", "ru", "fa", "zh-Hans", "be-tarask"])
    channels = tuple(Channel(each, draw(tags), draw(lines), draw(st.none() | signings)) for each in ids)
    shortest = draw(st.integers(1, 30))
    others = {
        name: draw(st.integers(shortest, 1_825)) * DAY
        for name in ("root", "targets", "channel", "notices", "snapshot")
    }
    return PublicationConfig(
        id=draw(names),
        name=draw(lines),
        channels=channels,
        signing=draw(signings),
        lifetimes=Lifetimes(**others, timestamp=shortest * DAY),
        window_days=draw(st.integers(0, 36_500)),
        images=Images(draw(st.booleans()), draw(st.sampled_from([0, 320, 1_280, 2_560]))),
        catalogues=tuple(draw(st.lists(names, max_size=2, unique=True))),
        rotation=Rotation(
            draw(st.sampled_from([1, 24, 720])),
            draw(st.sampled_from(["", "https://news.example/r/"])),
            draw(st.sampled_from([(), ("news.example", "xn--e1afmkfd.example")])),
            draw(st.sampled_from(["", "/etc/mirror/database"])),
        ),
    )


@settings(max_examples=40)
@given(configs())
def test_what_is_written_is_read_as_it_was(config: PublicationConfig) -> None:
    assert parse(write(config).encode()) == config


def test_the_least_one_has_safe_defaults() -> None:
    config = parse(LEAST.encode())
    assert config.lifetimes == Lifetimes()
    assert (config.window_days, config.images) == (0, Images())
    assert config.signing_of("en") == config.signing
    assert config.holders() == ("anna", "boris")


def test_the_example_is_explained_and_read() -> None:
    config = parse(EXAMPLE.read_bytes())
    assert config.signing_of("en") == Signing(("olga", "peter"), 1)
    assert config.holders() == ("anna", "boris", "vera", "olga", "peter")
    settings = [line for line in EXAMPLE.read_text().splitlines() if line and not line.startswith(("#", "["))]
    assert len(settings) > 15


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('id = "news"\n', "", "id"),
        ('id = "news"', 'id = "News SECRET"', "id"),
        ('name = "News"', 'name = "  SECRET"', "name"),
        ('name = "News"', 'name = "a\\nSECRET"', "name"),
        ('name = "News"', f'name = "{"SECRET" * 30}"', "name"),
        ('name = "News"', "name = 5", "name"),
        ("threshold = 2", "threshold = 3", "signing.threshold"),
        ("threshold = 2", "threshold = true", "signing.threshold"),
        ("threshold = 2", "", "signing.threshold"),
        ('["anna", "boris"]', "[]", "signing.holders"),
        ('["anna", "boris"]', '["anna", "anna"]', "signing.holders"),
        ('["anna", "boris"]', '["anna", "../SECRET"]', "signing.holders"),
        ('["anna", "boris"]', '["anna", "timestamp"]', "signing.holders"),
        ('id = "en"', 'id = "EN-SECRET"', "channel[1].id"),
        ('id = "en"', 'id = "notices"', "channel[1].id"),
        ('id = "en"', 'id = "a/../SECRET"', "channel[1].id"),
        ('language = "en"', 'language = "SECRET"', "channel[1].language"),
        ('title = "News"', "", "channel[1].title"),
        ('title = "News"', 'title = "News"\ncolour = "SECRET"', "channel[1].colour"),
        ('title = "News"', 'title = "News"\nthreshold = 1', "channel[1].holders"),
        ("[signing]", "[expiry]\nroot = 0\n[signing]", "expiry.root"),
        ("[signing]", "[rotation]\nepoch_hours = 0\n[signing]", "rotation.epoch_hours"),
        ("[signing]", "[rotation]\nepoch_hours = 721\n[signing]", "rotation.epoch_hours"),
        ("[signing]", '[rotation]\npage = "http://SECRET/"\n[signing]', "rotation.page"),
        ("[signing]", '[rotation]\npage = "https://SECRET/#x"\n[signing]', "rotation.page"),
        ("[signing]", '[rotation]\ndomains = ["SECRET.org"]\n[signing]', "rotation.domains"),
        ("[signing]", '[rotation]\ndomains = ["secret"]\n[signing]', "rotation.domains"),
        ("[signing]", '[rotation]\ncolour = "SECRET"\n[signing]', "rotation.colour"),
        ("[signing]", "[expiry]\nroot = 2000\n[signing]", "expiry.root"),
        ("[signing]", "[expiry]\ntimestamp = 90\n[signing]", "expiry.timestamp"),
        ("[signing]", "[edition]\nwindow_days = -1\n[signing]", "edition.window_days"),
        ("[signing]", "[images]\nlongest_side = 10\n[signing]", "images.longest_side"),
        ("[signing]", '[images]\ncarry = "SECRET"\n[signing]', "images.carry"),
        ("[signing]", '[notices]\ncatalogues = ["../SECRET"]\n[signing]', "notices.catalogues"),
        ("[signing]", '[notices]\ncatalogues = ["/SECRET"]\n[signing]', "notices.catalogues"),
        ("[signing]", 'key = "SECRET"\n[signing]', "key"),
    ],
)
def test_a_mistake_is_named_by_its_key_and_never_by_its_value(old: str, new: str, named: str) -> None:
    assert old in LEAST
    with pytest.raises(ConfigError) as caught:
        parse(LEAST.replace(old, new, 1).encode())
    assert named in str(caught.value)
    assert "SECRET" not in str(caught.value)


def test_no_channel_or_two_of_one_id() -> None:
    with pytest.raises(ConfigError, match="channel"):
        parse(LEAST.partition("[[channel]]")[0].encode())
    with pytest.raises(ConfigError, match="two channels"):
        parse((LEAST + LEAST[LEAST.index("[[channel]]") :]).encode())


@given(st.binary(max_size=80) | st.text(max_size=80).map(lambda text: (LEAST + text).encode()))
def test_garbage_raises_only_our_error(data: bytes) -> None:
    with suppress(ConfigError):
        parse(data)
