"""Running a bundle vector: the same steps that another implementation must take.

A vector is an object with ``kind``, ``name``, ``why``, ``input``, ``expect`` ("ok" or an error code) and
``released_sha256``: the SHA-256 of the canonical JSON of what was decoded, or null where it is refused.

Bytes are written as a list of hex strings and numbers, where a number stands for so many zero bytes.
Canonical JSON has sorted keys, no spaces, and UTF-8 as it is. Values are written as in ``plain``.
"""

import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from mirror.bundle import dictionary as dictionaries
from mirror.bundle import edition as editions
from mirror.bundle import manifest as manifests
from mirror.bundle import page as pages
from mirror.bundle import parcel, piece, program
from mirror.bundle.archive import open_archive
from mirror.bundle.codebook import Codebook
from mirror.bundle.dictionary import Dictionary
from mirror.bundle.wire import Cursor
from mirror.errors import FormatError
from mirror.model import PieceList

Case = dict[str, Any]


def unpacked(parts: list[str | int]) -> bytes:
    """The bytes that a vector writes as ``parts``."""
    return b"".join(bytes(part) if isinstance(part, int) else bytes.fromhex(part) for part in parts)


def packed(data: bytes) -> list[str | int]:
    """``data`` as a vector writes it: runs of 32 zero bytes and more as their number."""
    parts: list[str | int] = []
    while data:
        at = data.find(bytes(32))
        if at < 0:
            return [*parts, data.hex()]
        if at:
            parts.append(data[:at].hex())
        rest = data[at:].lstrip(b"\0")
        parts.append(len(data) - at - len(rest))
        data = rest
    return parts


def plain(value: object) -> Any:
    """A decoded value as JSON has it: fields by name, bytes as hex, tuples as lists."""
    match value:
        case bytes():
            return value.hex()
        case Codebook():
            return list(value.strings)
        case Enum():
            return value.value
        case tuple() | list():
            return [plain(each) for each in value]
        case dict():
            return {key: plain(each) for key, each in value.items()}
        case _ if is_dataclass(value):
            return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
        case _:
            return value


def digest_of(value: object) -> str:
    """The ``released_sha256`` of a decoded value."""
    text = json.dumps(plain(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def run(case: Case) -> tuple[str, str | None]:
    """What becomes of the vector ``case``: "ok" or an error code, and the digest of what was decoded."""
    try:
        value = RUNNERS[case["kind"]](case["input"])
    except FormatError as error:
        return error.code, None
    return "ok", digest_of(value)


def _wire(given: Case) -> object:
    """``reads`` are read in order; those with a bound are written ``name:bound``."""
    cursor = Cursor(unpacked(given["bytes"]))
    values: list[object] = []
    for read in given["reads"]:
        name, _, bound = read.partition(":")
        values.append(getattr(cursor, name)(*([int(bound)] if bound else [])))
    cursor.end()
    return values


def _list_of(given: Case) -> PieceList:
    return PieceList(given["raw_length"], tuple(given["digests"]), given["last_size"])


def _pieces(given: Case) -> object:
    data = [unpacked(each) for each in given["pieces"]]
    return piece.unseal(_list_of(given["list"]), data, unpacked(given["content"]))


def _single(given: Case) -> object:
    data = unpacked(given["piece"])
    return piece.open_single(piece.check(given["digest"], data), given["most"])


def _parcel(given: Case) -> object:
    return parcel.parse_list(given["digest"], unpacked(given["piece"]), given["most"])


def _dictionary(given: Case) -> object:
    return dictionaries.parse(unpacked(given["bytes"]))


def _coded(given: Case) -> object:
    return Codebook(tuple(given["strings"])).decode(unpacked(given["bytes"]))


def _page(given: Case) -> object:
    return pages.parse(unpacked(given["bytes"]), given["channel"], given["dictionaries"])


def _cluster(given: Case) -> object:
    """The only cluster of the page ``page``, from its raw bytes; ``strings`` is its codebook, or null."""
    listed = pages.parse(unpacked(given["page"]), given["channel"], 1).listed
    strings = given["strings"]
    dictionary = None if strings is None else Dictionary(Codebook(tuple(strings)), b"")
    return pages.decode_cluster(unpacked(given["bytes"]), listed, dictionary)


def _manifest(given: Case) -> object:
    return manifests.parse(unpacked(given["bytes"]))


def _contents(given: Case) -> object:
    return manifests.join([manifests.parse_contents(unpacked(part)) for part in given["parts"]])


def _edition(given: Case) -> object:
    """Every piece is asked for by the name under which it stands in ``pieces``."""
    held = {name: unpacked(data) for name, data in given["pieces"].items()}
    return editions.open_edition(given["head"], held.__getitem__).articles()


def _archive(given: Case) -> object:
    opened = open_archive(io.BytesIO(unpacked(given["bytes"])))
    return {path: opened.read(path) for path in opened.names()}


def _program(given: Case) -> object:
    files = program.decode(unpacked(given["bytes"]))
    return {"files": files, "parts": program.read_parts(files)}


RUNNERS: dict[str, Callable[[Case], object]] = {
    "wire": _wire,
    "pieces": _pieces,
    "single": _single,
    "parcel": _parcel,
    "dictionary": _dictionary,
    "coded": _coded,
    "page": _page,
    "cluster": _cluster,
    "manifest": _manifest,
    "contents": _contents,
    "edition": _edition,
    "archive": _archive,
    "program": _program,
}
