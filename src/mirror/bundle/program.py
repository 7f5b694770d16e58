"""The browser reader's own program, as the publication signs it: a few named files in a parcel.

::

    "mirror-program" 01     15 bytes; another last byte is a newer format
    number count            1 to 64, and for each, ascending by name (by bytes), none twice:
      line name             [a-z0-9] ([a-z0-9._-]* [a-z0-9])?, at most 40 characters
      data content          at most 1 MiB

It travels as every parcel does, so any mirror carries it and any reader checks it. What a browser opens
first, ``index.html``, is made from it by ``index_page``: by the publisher, by a node after it verified the
parcel, and by the installed reader itself when it takes an update; all three give the same bytes.

Source: FORMAT.md section 14.
"""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mirror.bundle.wire import Cursor, Writer
from mirror.errors import FormatError
from mirror.limits import MAX_PROGRAM, MAX_PROGRAM_FILES
from mirror.model import PieceList

MAGIC: Final = b"mirror-program\x01"
FACTS: Final = "facts.json"  # what the page must know of the publication: see ``facts``
TEMPLATE: Final = "index.html"
_MAX_NAME: Final = 40
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?")
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
    if FACTS not in files or files.get(TEMPLATE, b"").count(_PLACE) != 1:
        raise FormatError("The reader's program has no page to begin with.", code="not-a-program")
    return files


def facts(root: str, name: str, channels: Mapping[str, tuple[str, str]], mirrors: tuple[str, ...]) -> bytes:
    """What the page must know of the publication before it verified anything, as ``facts.json``.

    Args:
        root: The SHA-256 of the first root, hex.
        name: The publication's name.
        channels: Channel id → its language and its title.
        mirrors: Addresses that may be public, where the page asks besides its own origin.
    """
    listed = [{"id": key, "language": tag, "title": title} for key, (tag, title) in channels.items()]
    return _json({"channels": listed, "mirrors": list(mirrors), "name": name, "root": root})


def languages(files: Mapping[str, bytes]) -> dict[str, str]:
    """Channel id → language, as a program's facts say; nothing where they are not as ``facts`` writes."""
    try:
        return {str(each["id"]): str(each["language"]) for each in json.loads(files[FACTS])["channels"]}
    except (ValueError, KeyError, TypeError):
        return {}


def index_page(
    files: Mapping[str, bytes],
    pieces: PieceList,
    shell: str = "page",
    embedded: Mapping[str, bytes] = _NOTHING,
) -> bytes:
    """The page that starts the program of ``files``, which ``pieces`` carry.

    The template, with a JSON object in its place, and ``embedded`` bytes (by the id of an element) as base64.
    Nothing in it can end the script element that it stands in, whatever the publication is called.

    Args:
        files: As ``decode`` gave them.
        pieces: What carries them.
        shell: ``page`` for the page of a mirror; ``file`` or ``loopback``.
        embedded: For a file: the ``pieces`` one after another, and an ``archive``.
    """
    mirrors = json.loads(files[FACTS])["mirrors"]
    listed = {"last": pieces.last_size, "pieces": list(pieces.digests), "raw": pieces.raw_length}
    said = _json({"mirrors": mirrors, "program": listed, "shell": shell}).replace(b"<", b"\\u003c")
    carried = b"".join(
        b'<script type="text/plain" id="%b">%b</script>' % (name.encode(), b64encode(data))
        for name, data in embedded.items()
    )
    first = next(iter(languages(files)), "")
    filled = {_PLACE: said, b"@embedded@": carried, b"@first@": first.encode()}
    return _PLACES.sub(lambda place: filled[place[0]], files[TEMPLATE])


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
