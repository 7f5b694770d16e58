"""The values every layer shares: articles, images, editions' names, endpoints.

Instants are whole Unix seconds, UTC. All values are frozen; a constructor refuses what no part of
the project could carry, with ``ValueError``: parsers check first and raise their own errors.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

# Ids go into file names, links and TUF target paths: ASCII, no separators, no leading dot.
ARTICLE_ID: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,126}[a-z0-9])?")
CHANNEL_ID: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")


class State(StrEnum):
    """Where an article stands. Withdrawn articles keep their id and title so that copies catch up."""

    LIVE = "live"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"  # editorial: the text was wrong; copies should say so
    REMOVED = "removed"  # for harm: the text endangers someone; copies should be destroyed


@dataclass(frozen=True, slots=True)
class Correction:
    """What was changed in an article after publication, in the article's language."""

    at: int
    text: str


@dataclass(frozen=True, slots=True)
class PieceList:
    """Something larger than a piece, as the pieces that carry it, in order.

    ``raw_length`` is the length in bytes after decompression; ``digests`` are the names of the
    pieces (SHA-256 of their transferred bytes, lower-case hex), at least one; every piece but the
    last has the full size, the last has ``last_size`` bytes (one of ``limits.PIECE_SIZES``).

    Source: bundle/FORMAT.md section 2.
    """

    raw_length: int
    digests: tuple[str, ...]
    last_size: int


@dataclass(frozen=True, slots=True)
class Image:
    """A picture an article shows; the body names it as ``<img src="image:0">``, by its index.

    ``thumbnail`` fits one piece; ``full`` is the larger tier, where there is one. ``width`` and
    ``height`` are pixels of the larger tier. Both tiers hold AVIF or WebP without metadata.
    """

    thumbnail: PieceList
    full: PieceList | None
    media_type: str
    width: int
    height: int
    alt: str
    credit: str


@dataclass(frozen=True, slots=True)
class Article:
    """One text as the publisher says it, ready to be carried.

    ``body`` is canonical HTML of the closed subset (see ``articles``): what the sanitizer gives
    back unchanged. ``language`` is a canonical BCP 47 tag. ``published`` and ``updated`` are
    instants; ``updated`` is never before ``published``.
    """

    id: str
    channel: str
    language: str
    title: str
    body: str
    published: int
    updated: int
    summary: str = ""
    byline: str = ""
    section: str = ""
    source: str = ""
    credits: tuple[str, ...] = ()
    images: tuple[Image, ...] = ()
    corrections: tuple[Correction, ...] = ()
    state: State = State.LIVE

    def __post_init__(self) -> None:
        if not ARTICLE_ID.fullmatch(self.id):
            raise ValueError("article id")
        if not CHANNEL_ID.fullmatch(self.channel):
            raise ValueError("channel id")
        if not self.title.strip():
            raise ValueError("an article has a title")
        if not 0 <= self.published <= self.updated:
            raise ValueError("updated before published")
        if self.state in (State.WITHDRAWN, State.REMOVED) and (self.body or self.images):
            raise ValueError("a withdrawn article carries no body")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address where a mirror answers. ``repr`` hides it: addresses never reach a log.

    ``url`` is an ``http(s)://`` base that ends in ``/``, or a ``file:`` URL of a folder or of a
    ``.mirror.zip``. ``name`` is a short local label ("mirror 1"), safe to show and to log.

    ``connect`` is where to connect instead of the URL's host: a host name, an IPv4 address or an
    IPv6 address in brackets, with or without ``:port``; without one, the URL's port. ``sni`` is the
    name said in TLS instead of the URL's host, for which the certificate must then be valid. Empty
    for the usual; ``net.address`` reads and writes both, ``net/NAMES.md`` says what they are for.
    """

    name: str
    url: str = field(repr=False)
    connect: str = field(default="", repr=False)
    sni: str = field(default="", repr=False)
