"""The dictionary of a channel's language: a codebook, and content that every cluster may refer to.

Trained once from the articles of a release, carried as pieces of its own and kept for months, so a
reader fetches it once. It is a hint for size only: trust comes from the manifest that names it.

Source: FORMAT.md section 4; the content is what zstd's COVER training selects, without the
entropy tables of its header (raw content: browsers' decoders need no table parser).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import zstandard

from mirror.bundle import codebook as codebooks
from mirror.bundle.codebook import Codebook
from mirror.bundle.wire import Cursor, Writer
from mirror.limits import MAX_DICTIONARY_RAW

# Below this much text a codebook costs more than it saves; below that, content does.
LEAST_TEXT_FOR_CODEBOOK: Final = 48_000
LEAST_TEXT_FOR_CONTENT: Final = 900_000
# 96 kB compress to 60 to 80 kB: a newcomer's price for any article beyond the front page. Larger
# content still shrinks an edition (256 kB: 1 to 2 % more) and is not worth a minute of a slow link.
CONTENT_SIZE: Final = 96 << 10
# zstd's header of a trained dictionary is shorter than this; the first bytes of content behind it
# are the ones that training valued least.
_HEADER: Final = 512


@dataclass(frozen=True, slots=True)
class Dictionary:
    """A codebook, and raw content for the zstd frames of clusters (may be empty)."""

    codebook: Codebook
    content: bytes


NO_DICTIONARY: Final = Dictionary(Codebook(()), b"")


def train(texts: Sequence[str]) -> Dictionary | None:
    """The dictionary for ``texts``, or ``None`` where they are too few to earn one."""
    size = sum(len(text.encode()) for text in texts)
    if size < LEAST_TEXT_FOR_CODEBOOK:
        return None
    codebook = codebooks.train(texts)
    if size < LEAST_TEXT_FOR_CONTENT:
        return Dictionary(codebook, b"")
    return Dictionary(codebook, _train_content([codebook.encode(text) for text in texts]))


def _train_content(samples: list[bytes | bytearray | memoryview]) -> bytes:
    trained = zstandard.train_dictionary(CONTENT_SIZE + _HEADER, samples, k=1024, d=8)
    return trained.as_bytes()[_HEADER:]


def encode(dictionary: Dictionary) -> bytes:
    """The dictionary's bytes, before compression."""
    writer = Writer()
    codebooks.write(dictionary.codebook, writer)
    writer.data(dictionary.content)
    return writer.bytes()


def parse(raw: bytes) -> Dictionary:
    """The dictionary that ``raw`` holds.

    Raises:
        FormatError: Not canonical (see ``wire`` and ``codebook``).
    """
    cursor = Cursor(raw)
    dictionary = Dictionary(codebooks.parse(cursor), cursor.data(MAX_DICTIONARY_RAW))
    cursor.end()
    return dictionary
