"""An article's record in a cluster: what a page does not list, as separated text.

Rules (FORMAT.md section 5):

1. A record is ``summary US byline US source US credits US corrections US images US body GS``.
2. Credits are separated by RS. A correction is ``instant SP text``; an image is eleven fields
   separated by VT; both lists are separated by RS, and no credit or correction is empty.
3. No field holds a control character other than tab and newline, so no separator needs an escape.
4. Numbers are decimal without leading zeros; digests are lower-case hex.
"""

import re
from typing import Final

from mirror.bundle.wire import CONTROL
from mirror.errors import FormatError
from mirror.limits import MAX_IMAGE, MAX_INSTANT, MAX_PIECES, PIECE_SIZES
from mirror.model import Article, Correction, Image, PieceList

_GROUP: Final = "\x1d"
_RECORD: Final = "\x1e"
_UNIT: Final = "\x1f"
_FIELD: Final = "\x0b"
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,14}")
_DIGESTS: Final = re.compile(r"(?:[0-9a-f]{64})+")
_MAX_PIXELS: Final = 65_535  # WebP ends at 16,383, AVIF's decoders at 65,535


def encode(article: Article) -> str:
    """The record of ``article``.

    Raises:
        ValueError: A field holds what no reader would accept (a control character, an empty credit):
            the articles layer lets none through.
    """
    corrections = (f"{correction.at} {correction.text}" for correction in article.corrections)
    fields = (
        article.summary,
        article.byline,
        article.source,
        _RECORD.join(article.credits),
        _RECORD.join(corrections),
        _RECORD.join(map(_encode_image, article.images)),
        article.body,
    )
    record = _UNIT.join(fields)
    try:
        exact = decode(record, article) == article
    except FormatError:
        exact = False
    if not exact:
        raise ValueError("an article cannot be written as a record")
    return record + _GROUP


def split(text: str, count: int) -> list[str]:
    """The ``count`` records of a cluster's text.

    Raises:
        FormatError: There are more or fewer.
    """
    records = text.split(_GROUP)
    if len(records) != count + 1 or records.pop():
        raise FormatError("A cluster holds another number of articles than its page says.", code="record")
    return records


def decode(record: str, listed: Article) -> Article:
    """``listed``, the article as its page lists it, completed from its record.

    Raises:
        FormatError: The record breaks rules 1 to 4.
    """
    fields = record.split(_UNIT)
    if len(fields) != 7 or any(CONTROL.search(fields[i]) for i in (0, 1, 2, 6)):
        raise FormatError("An article's record is damaged.", code="record")
    summary, byline, source, credit_list, corrections, images, body = fields
    try:
        return Article(
            id=listed.id,
            channel=listed.channel,
            language=listed.language,
            title=listed.title,
            body=body,
            published=listed.published,
            updated=listed.updated,
            summary=summary,
            byline=byline,
            section=listed.section,
            source=source,
            credits=tuple(map(_clean, _items(credit_list))),
            images=tuple(map(_decode_image, _items(images))),
            corrections=tuple(map(_decode_correction, _items(corrections))),
            state=listed.state,
        )
    except ValueError as error:
        raise FormatError("An article's record contradicts its page.", code="record") from error


def _items(field: str) -> list[str]:
    return field.split(_RECORD) if field else []


def _clean(text: str) -> str:
    if CONTROL.search(text) or not text:
        raise FormatError("An article's record is damaged.", code="record")
    return text


def _decode_correction(item: str) -> Correction:
    at, _, text = item.partition(" ")
    return Correction(_number(at, MAX_INSTANT), _clean(text))


def _encode_image(image: Image) -> str:
    return _FIELD.join(
        (
            *_encode_tier(image.thumbnail),
            *(_encode_tier(image.full) if image.full else ("", "", "")),
            image.media_type,
            str(image.width),
            str(image.height),
            image.alt,
            image.credit,
        )
    )


def _encode_tier(tier: PieceList) -> tuple[str, str, str]:
    return str(tier.raw_length), str(PIECE_SIZES.index(tier.last_size)), "".join(tier.digests)


def _decode_image(item: str) -> Image:
    fields = item.split(_FIELD)
    if len(fields) != 11 or any(map(CONTROL.search, fields)):
        raise FormatError("An image's record is damaged.", code="record")
    thumbnail = _decode_tier(fields[0], fields[1], fields[2])
    full = _decode_tier(fields[3], fields[4], fields[5]) if any(fields[3:6]) else None
    width, height = _number(fields[7], _MAX_PIXELS), _number(fields[8], _MAX_PIXELS)
    return Image(thumbnail, full, fields[6], width, height, fields[9], fields[10])


def _decode_tier(raw_length: str, last: str, digests: str) -> PieceList:
    length, last_index = _number(raw_length, MAX_IMAGE), _number(last, len(PIECE_SIZES) - 1)
    if length == 0 or len(digests) > 64 * MAX_PIECES or not _DIGESTS.fullmatch(digests):
        raise FormatError("An image's record is damaged.", code="record")
    names = tuple(digests[i : i + 64] for i in range(0, len(digests), 64))
    return PieceList(length, names, PIECE_SIZES[last_index])


def _number(text: str, most: int) -> int:
    if not _NUMBER.fullmatch(text) or int(text) > most:
        raise FormatError("A number in a record is damaged.", code="record")
    return int(text)
