"""The dictionary of a channel's language: a codebook, and content that every cluster may refer to.

Trained once from the articles of a release, carried as pieces of its own and kept for months, so a
reader fetches it once. It is a hint for size only: trust comes from the manifest that names it.

Source: FORMAT.md section 4; the content is what zstd's COVER training selects, without the
entropy tables of its header (raw content: browsers' decoders need no table parser).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import zstandard

from mirror.bundle import codebook as codebooks
from mirror.bundle.codebook import Codebook
from mirror.bundle.wire import Cursor, Writer
from mirror.limits import MAX_DICTIONARY_RAW

# Below this much text a codebook costs more than it saves, its piece included (1.5 kB saved of 100 kB
# in Yoruba, 4 kB of 196 kB in Kyrgyz); below that, content does.
LEAST_TEXT_FOR_CODEBOOK: Final = 160_000
LEAST_TEXT_FOR_CONTENT: Final = 900_000
# 96 kB compress to 60 to 80 kB: a newcomer's price for any article beyond the front page. Larger
# content still shrinks an edition (128 kB: 1 % more) and is not worth the wait on a slow link.
CONTENT_SIZE: Final = 96 << 10
# Content training sorts all suffixes of what it is given, in 16 times as much memory. From more text
# than this it takes every second or every n-th article: of 12 MB, a third trains as well as all.
_TRAINING_TEXT: Final = 4_000_000
# Bytes that a string must save before compression; zstd leaves a fifth of them, and the string costs
# 0.6 bytes a character. Content is trained on codes, so there they pay twice. Flat within a factor
# of two either way (section 9).
_LEAST_GAIN: Final = 80
_LEAST_GAIN_WITH_CONTENT: Final = 24
# zstd's header of a trained dictionary is shorter than this; the first bytes of content behind it
# are the ones that training valued least.
_HEADER: Final = 512
# Bytes of codes, four to eight words: passages are compared by windows of so many.
_WINDOW: Final = 8


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
    if size < LEAST_TEXT_FOR_CONTENT:
        return Dictionary(codebooks.train(texts, _LEAST_GAIN), b"")
    codebook = codebooks.train(texts, _LEAST_GAIN_WITH_CONTENT)
    some = texts[:: -(-size // _TRAINING_TEXT)]
    return Dictionary(codebook, _train_content([codebook.encode(text) for text in some]))


def _train_content(samples: list[bytes | bytearray | memoryview]) -> bytes:
    try:
        trained = zstandard.train_dictionary(CONTENT_SIZE + _HEADER, samples, k=1024, d=8)
    except zstandard.ZstdError:  # a handful of very long texts: each fills clusters of its own
        return b""
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


def without_unused(dictionary: Dictionary, staying: Iterable[str]) -> Dictionary:
    """``dictionary`` without the codebook's strings that none of the texts ``staying`` uses.

    Those texts keep their bytes: the codes of all other strings stand where they stood.
    """
    unused = set(dictionary.codebook.strings)
    for text in staying:
        unused -= codebooks.units(text)
    strings = ("" if text in unused else text for text in dictionary.codebook.strings)
    return Dictionary(Codebook(tuple(strings)), dictionary.content)


def tells_more(dictionary: Dictionary, staying: Iterable[str]) -> bool:
    """Whether the content holds a passage that none of the texts ``staying`` has.

    Content is passages put end to end. Where two meet, the windows across the seam are in no text;
    one window more in a row, and a passage is in none.
    """
    content = dictionary.content
    windows = [content[i : i + _WINDOW] for i in range(len(content) - _WINDOW + 1)]
    unseen = set(windows)
    for text in staying:
        coded = dictionary.codebook.encode(text)
        unseen.difference_update([coded[i : i + _WINDOW] for i in range(len(coded) - _WINDOW + 1)])
    in_a_row = 0
    for window in windows:
        in_a_row = in_a_row + 1 if window in unseen else 0
        if in_a_row == _WINDOW:
            return True
    return False
