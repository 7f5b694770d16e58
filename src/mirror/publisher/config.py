"""``publication.toml``: what a publication is, as its editors write it. Pure: bytes in, values out.

``[signing]``, the holders of channels and ``[expiry]`` are what ``init`` writes into the signed
metadata and what later signatures are made with. A key or a threshold is not changed here but by
signing a new root; ``status`` says where the file and the signed metadata differ.
"""

import json
from dataclasses import dataclass, fields
from typing import Final

from mirror.articles.language import canonical
from mirror.errors import ConfigError, SourceError
from mirror.limits import (
    MAX_CHANNELS,
    MAX_EPOCH_SECONDS,
    MAX_HOLDERS,
    MAX_IMAGE_SIDE,
    MAX_LINK_PREFIX,
    MAX_MIRRORS,
    MAX_NAME,
)
from mirror.model import CHANNEL_ID
from mirror.net.address import is_name
from mirror.settings import Table, read
from mirror.trust.keys import key_name
from mirror.trust.publication import DAY, Lifetimes
from mirror.trust.state import NAMED_ROLES

ONLINE_KEYS: Final = ("snapshot", "timestamp")
_MAX_DAYS: Final = 5 * 365  # what trust.lint allows at most
_LIFETIMES: Final = Lifetimes()
_ROLES: Final = tuple(field.name for field in fields(Lifetimes))
# Least side of the larger picture: below it the thumbnail is as good.
_LEAST_SIDE: Final = 320


@dataclass(frozen=True, slots=True)
class Signing:
    """Who may sign, by the names of their keys, and how many of them must."""

    holders: tuple[str, ...]
    threshold: int


@dataclass(frozen=True, slots=True)
class Channel:
    """One language or desk. ``signing`` is None where the publication's own holders sign it."""

    id: str
    language: str
    title: str
    signing: Signing | None = None


@dataclass(frozen=True, slots=True)
class Images:
    """Whether pictures are carried, and the longest side of the larger tier in pixels (0: none)."""

    carry: bool = True
    longest_side: int = 1_280


@dataclass(frozen=True, slots=True)
class Rotation:
    """How endpoints are handed out; it matters once there are any.

    ``epoch_hours`` cannot be changed after the first endpoint. ``page`` is the address of a browser's
    reader that invitations lead to as links, or empty. ``domains`` are the publication's own, which no
    endpoint may look like. ``database`` is the path of a file with a database's URL, or empty.
    """

    epoch_hours: int = 24
    page: str = ""
    domains: tuple[str, ...] = ()
    database: str = ""

    @property
    def epoch_seconds(self) -> int:
        """The length of an epoch."""
        return self.epoch_hours * 3_600


@dataclass(frozen=True, slots=True)
class Page:
    """Whether the tree carries the browser's reader, and mirrors whose addresses may be public.

    The page asks its own origin and these; addresses that are handed out by cohort are not for it.
    """

    carry: bool = True
    mirrors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PublicationConfig:
    """A publication as configured.

    ``id`` names it in its notices; ``name`` is what readers see. ``window_days`` is how many days
    an edition reaches back (0: everything). ``catalogues`` are folders with notices of its own,
    relative to the publication's folder.
    """

    id: str
    name: str
    channels: tuple[Channel, ...]
    signing: Signing
    lifetimes: Lifetimes = _LIFETIMES
    window_days: int = 0
    images: Images = Images()
    catalogues: tuple[str, ...] = ()
    rotation: Rotation = Rotation()
    page: Page = Page()

    def channel(self, channel_id: str) -> Channel:
        """The channel of that id.

        Raises:
            ConfigError: ``no-channel``: there is none.
        """
        for channel in self.channels:
            if channel.id == channel_id:
                return channel
        raise ConfigError("publication.toml has no such channel.", code="no-channel")

    def signing_of(self, channel_id: str) -> Signing:
        """Who signs the channel."""
        return self.channel(channel_id).signing or self.signing

    def holders(self) -> tuple[str, ...]:
        """The names of all offline keys, each once."""
        desks = [channel.signing.holders for channel in self.channels if channel.signing]
        return tuple(dict.fromkeys(name for names in (self.signing.holders, *desks) for name in names))


def parse(data: bytes) -> PublicationConfig:
    """The publication that the bytes of a ``publication.toml`` describe.

    Raises:
        ConfigError: Not TOML, an unknown key, a wrong type, a value out of bounds; names the key.
    """
    top = read(data)
    config = PublicationConfig(
        id=_id(top, "id"),
        name=_line(top, "name"),
        channels=_channels(top),
        signing=_signing(signing := top.table("signing")),
        lifetimes=_lifetimes(top.table("expiry")),
        window_days=(edition := top.table("edition")).number("window_days", 0, least=0, most=36_500),
        images=_images(top.table("images")),
        catalogues=(notices := top.table("notices")).texts("catalogues", ()),
        rotation=_rotation(top.table("rotation")),
        page=_page(top.table("page")),
    )
    for table in (signing, edition, notices, top):
        table.end()
    if any(path.startswith("/") or ".." in path.split("/") for path in config.catalogues):
        raise notices.wrong("catalogues", "names a folder outside the publication's")
    return config


def write(config: PublicationConfig) -> str:
    """A ``publication.toml`` that ``parse`` reads as ``config``."""
    lines = [
        "# This publication. Every key is explained in config/publisher.toml of the program;",
        "# `mirror publish --check-config` says whether the file can be read.",
        "",
        f"id = {_quoted(config.id)}",
        f"name = {_quoted(config.name)}",
        "",
        "[signing]",
        *_signing_lines(config.signing),
        "",
        "[expiry]  # days after which a signature no longer counts",
    ]
    lines += [f"{name} = {getattr(config.lifetimes, name) // DAY}" for name in _ROLES]
    lines += ["", "[edition]", f"window_days = {config.window_days}  # 0: an edition keeps everything"]
    carry = "true" if config.images.carry else "false"
    lines += ["", "[images]", f"carry = {carry}", f"longest_side = {config.images.longest_side}"]
    if config.catalogues:
        lines += ["", "[notices]", f"catalogues = {_list(config.catalogues)}"]
    if config.rotation != Rotation():
        each = config.rotation
        lines += ["", "[rotation]", f"epoch_hours = {each.epoch_hours}", f"domains = {_list(each.domains)}"]
        lines += [f"page = {_quoted(each.page)}"] if each.page else []
        lines += [f"database = {_quoted(each.database)}"] if each.database else []
    if config.page != Page():
        carry = "true" if config.page.carry else "false"
        lines += ["", "[page]", f"carry = {carry}", f"mirrors = {_list(config.page.mirrors)}"]
    for channel in config.channels:
        lines += ["", "[[channel]]", f"id = {_quoted(channel.id)}"]
        lines += [f"language = {_quoted(channel.language)}", f"title = {_quoted(channel.title)}"]
        lines += _signing_lines(channel.signing) if channel.signing else []
    return "\n".join([*lines, ""])


def _channels(top: Table) -> tuple[Channel, ...]:
    tables = top.tables("channel")
    channels = tuple(map(_channel, tables))
    ids = [channel.id for channel in channels]
    if not ids or len(ids) > MAX_CHANNELS:
        raise ConfigError(f"A publication has 1 to {MAX_CHANNELS} tables [[channel]].")
    if len(set(ids)) < len(ids):
        raise ConfigError("In the configuration, two channels have one id.")
    return channels


def _channel(table: Table) -> Channel:
    channel_id = _id(table, "id")
    if not CHANNEL_ID.fullmatch(channel_id) or channel_id in NAMED_ROLES:
        raise table.wrong(
            "id", "is not a channel's: at most 32 of a-z, 0-9 and -, and not 'notices' or 'reader'"
        )
    language = table.text("language")
    try:
        tag = canonical(language)
    except SourceError as error:
        raise table.wrong("language", "is not a BCP 47 language tag") from error
    signing = _signing(table) if table.has("holders") or table.has("threshold") else None
    channel = Channel(channel_id, tag, _line(table, "title"), signing)
    table.end()
    return channel


def _signing(table: Table) -> Signing:
    holders = table.texts("holders")
    if not 1 <= len(holders) <= MAX_HOLDERS:
        raise table.wrong("holders", f"does not name 1 to {MAX_HOLDERS} keys")
    for name in holders:
        try:
            key_name(name)
        except ValueError as error:
            raise table.wrong("holders", "holds a name that is not made of a-z, 0-9, . _ and -") from error
        if name in ONLINE_KEYS:
            raise table.wrong("holders", "names an online key, which may sign nothing of this")
    return Signing(holders, table.number("threshold", least=1, most=len(holders)))


def _lifetimes(table: Table) -> Lifetimes:
    days = {
        name: table.number(name, getattr(_LIFETIMES, name) // DAY, least=1, most=_MAX_DAYS) for name in _ROLES
    }
    if days["timestamp"] > min(days.values()):
        raise table.wrong("timestamp", "is longer than another: readers would not notice what has expired")
    table.end()
    return Lifetimes(**{name: number * DAY for name, number in days.items()})


def _images(table: Table) -> Images:
    carry = table.flag("carry", default=True)
    side = table.number("longest_side", Images().longest_side, least=0, most=MAX_IMAGE_SIDE)
    if 0 < side < _LEAST_SIDE:
        raise table.wrong("longest_side", f"is neither 0 nor at least {_LEAST_SIDE}")
    table.end()
    return Images(carry, side)


def _rotation(table: Table) -> Rotation:
    hours = table.number("epoch_hours", Rotation().epoch_hours, least=1, most=MAX_EPOCH_SECONDS // 3_600)
    page = table.text("page", "")
    if page and (not page.startswith("https://") or "#" in page or len(page) >= MAX_LINK_PREFIX):
        raise table.wrong("page", f"is not an https address of less than {MAX_LINK_PREFIX} characters")
    domains = table.texts("domains", ())
    if not all(is_name(domain) and "." in domain for domain in domains):
        raise table.wrong("domains", "holds something that is no domain in lower case")
    database = table.text("database", "")
    table.end()
    return Rotation(hours, page, domains, database)


def _page(table: Table) -> Page:
    carry = table.flag("carry", default=True)
    mirrors = table.texts("mirrors", ())
    if len(mirrors) > MAX_MIRRORS:
        raise table.wrong("mirrors", f"names more than {MAX_MIRRORS}")
    for address in mirrors:
        if not address.startswith(("https://", "http://")) or not address.endswith("/") or "#" in address:
            raise table.wrong("mirrors", "holds something that is no http address which ends in /")
    table.end()
    return Page(carry, mirrors)


def _id(table: Table, key: str) -> str:
    text = table.text(key)
    try:
        return key_name(text)
    except ValueError as error:
        raise table.wrong(key, "is not made of a-z, 0-9, . _ and -") from error


def _line(table: Table, key: str) -> str:
    text = table.text(key)
    if len(text) > MAX_NAME or not text.isprintable() or text != text.strip():
        raise table.wrong(key, f"is not one plain line of at most {MAX_NAME} characters")
    return text


def _signing_lines(signing: Signing) -> list[str]:
    return [f"holders = {_list(signing.holders)}", f"threshold = {signing.threshold}"]


def _list(texts: tuple[str, ...]) -> str:
    return f"[{', '.join(map(_quoted, texts))}]"


def _quoted(text: str) -> str:
    # JSON's strings are TOML's basic strings, as long as nothing unprintable is in them.
    return json.dumps(text, ensure_ascii=False)
