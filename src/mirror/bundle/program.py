"""The browser reader's own program, as the publication signs it: a few named files in a parcel.

::

    "mirror-program" 01     15 bytes; another last byte is a newer format
    number count            1 to 64, and for each, ascending by name (by bytes), none twice:
      line name             [a-z] ([a-z0-9._-]* [a-z0-9])?, at most 40 characters
      data content          at most 1 MiB

What is not needed to begin with (other languages' words, what a reader seldom does, the page that is open
already) are *parts*: lists of pieces of their own, which ``parts.json`` names: signed with the rest, and
fetched when they are needed.

It travels as every parcel does, so any mirror carries it and any reader checks it. What a browser opens
first, ``index.html``, is made from it by ``index_page``: by the publisher, by a node after it verified the
parcel, and by the installed reader itself when it takes an update; all three give the same bytes.

Source: FORMAT.md section 14.
"""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import asdict, astuple, dataclass
from itertools import chain
from types import MappingProxyType
from typing import Final

from mirror.bundle.wire import Cursor, Writer
from mirror.errors import FormatError
from mirror.limits import MAX_PIECE, MAX_PIECES, MAX_PROGRAM, MAX_PROGRAM_FILES, PIECE_SIZES
from mirror.model import PieceList

MAGIC: Final = b"mirror-program\x01"
FACTS: Final = "facts.json"  # ``Facts``
TEMPLATE: Final = "index.html"
PARTS: Final = "parts.json"  # part → its list of pieces
# What browsers ask for by name; it lies in ``r/`` beside the page.
SERVED: Final = ("sw.js", "app.webmanifest", "icon.png")
_MAX_NAME: Final = 40
_DIGEST: Final = re.compile("[0-9a-f]{64}")
_NAME: Final = re.compile(r"[a-z](?:[a-z0-9._-]*[a-z0-9])?")
# Stands once in the template, as the whole content of a <script type="application/json">.
_PLACE: Final = b'"@program@"'
_PLACES: Final = re.compile(rb'"@program@"|@(?:embedded|first)@')
_NOTHING: Final[Mapping[str, bytes]] = MappingProxyType({})


def encode(files: Mapping[str, bytes]) -> bytes:
    """The raw content of the parcel that carries ``files``."""
    writer = Writer()
    writer.raw(MAGIC)
    writer.number(len(files))
    for name in sorted(files):
        writer.line(name)
        writer.data(files[name])
    return writer.bytes()


def decode(raw: bytes) -> dict[str, bytes]:
    """The files by name.

    Raises:
        FormatError: ``not-a-program``, or not canonical.
        LimitError: A name, a file or their number is above its bound.
    """
    cursor = Cursor(raw)
    if cursor.raw(len(MAGIC)) != MAGIC:
        raise FormatError("This is no program of a reader that this one knows.", code="not-a-program")
    files: dict[str, bytes] = {}
    last = ""
    for _ in range(cursor.number(MAX_PROGRAM_FILES)):
        name = cursor.line(_MAX_NAME)
        if not _NAME.fullmatch(name) or name <= last:
            raise FormatError("A file of the reader's program has an impossible name.", code="not-a-program")
        files[name] = cursor.data(MAX_PROGRAM)
        last = name
    cursor.end()
    if FACTS not in files:
        raise FormatError("The reader's program does not say whose it is.", code="not-a-program")
    read_facts(files)
    if TEMPLATE not in read_parts(files):
        _check_template(files)
    return files


def with_page(files: Mapping[str, bytes], part: Callable[[PieceList], bytes]) -> dict[str, bytes]:
    """``files``, with those parts that are for ``r/`` among them; ``part`` gives what a list carries.

    Raises:
        FormatError: ``not-a-program``: the page to begin with is none.
    """
    parts = read_parts(files)
    whole = {name: part(parts[name]) for name in (TEMPLATE, *SERVED) if name in parts} | dict(files)
    _check_template(whole)
    return whole


def _check_template(files: Mapping[str, bytes]) -> None:
    template = files.get(TEMPLATE, b"")
    if template.count(_PLACE) != 1 or not _is_utf8(template):
        raise FormatError("The reader's program has no page to begin with.", code="not-a-program")


@dataclass(frozen=True, slots=True)
class Channel:
    """What the page must know of a channel before it verified anything."""

    id: str
    language: str
    title: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What the page must know of the publication before it verified anything.

    ``root`` is the SHA-256 of the first root, hex; ``mirrors`` are addresses that may be public, where the
    page asks besides its own origin.
    """

    root: str
    name: str
    channels: tuple[Channel, ...]
    mirrors: tuple[str, ...] = ()

    def encode(self) -> bytes:
        """The bytes of ``facts.json``: JSON with sorted keys and no spaces, in UTF-8."""
        return _json(asdict(self))


def read_facts(files: Mapping[str, bytes]) -> Facts:
    """The facts among a program's files.

    Raises:
        FormatError: ``not-a-program``: they are not as ``Facts.encode`` writes them.
    """
    try:
        said = json.loads(files[FACTS])
        channels = tuple(Channel(each["id"], each["language"], each["title"]) for each in said["channels"])
        facts = Facts(said["root"], said["name"], channels, tuple(said["mirrors"]))
        texts = [facts.root, facts.name, *facts.mirrors, *chain.from_iterable(map(astuple, channels))]
        if all(isinstance(text, str) for text in texts) and facts.encode() == files[FACTS]:
            return facts
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise FormatError("The reader's program does not say whose it is.", code="not-a-program")


def write_parts(parts: Mapping[str, PieceList]) -> bytes:
    """The bytes of ``parts.json``: JSON with sorted keys and no spaces."""
    return _json({name: _listed(pieces) for name, pieces in parts.items()})


def read_parts(files: Mapping[str, bytes]) -> dict[str, PieceList]:
    """The parts of a program by name, each a frame of at most ``MAX_PROGRAM`` bytes; none without a list.

    Raises:
        FormatError: ``not-a-program``: the list is not as ``write_parts`` writes it, or names what cannot be.
    """
    if PARTS not in files:
        return {}
    try:
        said = json.loads(files[PARTS])
        parts = {
            name: PieceList(each["raw"], tuple(each["pieces"]), each["last"]) for name, each in said.items()
        }
        if (
            all(_can_be(name, pieces) for name, pieces in parts.items())
            and write_parts(parts) == files[PARTS]
        ):
            return parts
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    raise FormatError("The reader's program names parts that cannot be.", code="not-a-program")


def _can_be(name: str, pieces: PieceList) -> bool:
    numbers: tuple[object, object] = (pieces.raw_length, pieces.last_size)
    return (
        len(name) <= _MAX_NAME
        and _NAME.fullmatch(name) is not None
        and all(type(number) is int for number in numbers)  # JSON has other numbers, and true
        and 0 < pieces.raw_length <= MAX_PROGRAM
        and pieces.last_size in PIECE_SIZES
        and 0 < len(pieces.digests) <= MAX_PIECES
        and all(map(_DIGEST.fullmatch, pieces.digests))
    )


def _listed(pieces: PieceList) -> dict[str, object]:
    return {"last": pieces.last_size, "pieces": list(pieces.digests), "raw": pieces.raw_length}


def index_page(
    files: Mapping[str, bytes],
    pieces: PieceList,
    shell: str = "page",
    embedded: Mapping[str, bytes] = _NOTHING,
) -> bytes:
    """The page that starts the program of ``files``, which ``pieces`` carry.

    The template, with a JSON object in its place, and ``embedded`` bytes (by the id of an element) as base64.
    The page of a mirror names the first of the public mirrors, as many as leave it one piece; its program
    knows all of them. Nothing in it can end the script element that it stands in, whatever the publication
    is called.

    Args:
        files: As ``with_page`` gave them.
        pieces: What carries the program, parts left aside.
        shell: ``page`` for the page of a mirror; ``file`` or ``loopback``.
        embedded: For a file: the ``pieces`` one after another, those of its ``parts`` in the order of their
            names, and an ``archive``.
    """
    facts = read_facts(files)
    carried = b"".join(
        b'<script type="text/plain" id="%b">%b</script>' % (name.encode(), b64encode(data))
        for name, data in embedded.items()
    )
    first = facts.channels[0].id if facts.channels else ""

    def page(mirrors: int) -> bytes:
        """With so many of the mirrors."""
        said = _json({"mirrors": facts.mirrors[:mirrors], "program": _listed(pieces), "shell": shell})
        filled = {_PLACE: said.replace(b"<", b"\\u003c"), b"@embedded@": carried, b"@first@": first.encode()}
        return _PLACES.sub(lambda place: filled[place[0]], files[TEMPLATE])

    count = len(facts.mirrors)
    while count and shell == "page" and len(page(count)) > MAX_PIECE:
        count -= 1
    return page(count)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
