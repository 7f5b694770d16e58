"""One article as a file of the publication's folder: canonical JSON, one spelling for one article.

UTF-8, keys sorted, two spaces of indent (so that a version history reads well), a newline at the
end; instants are ISO 8601 in UTC; what is empty is left out. What is read must be spelled exactly as
``encode`` writes it: an editor's slip is refused by name instead of being half understood.
"""

import json
from datetime import UTC, datetime
from typing import Any, Final

from mirror.errors import SourceError
from mirror.limits import MAX_ARTICLE_FILE, MAX_PIECES
from mirror.model import Article, Correction, Image, PieceList, State

DAMAGED: Final = "article-file"
_INSTANT: Final = "%Y-%m-%dT%H:%M:%SZ"
# Fields that are kept only where they say something.
_TEXTS: Final = ("body", "byline", "section", "source", "summary")


def encode(article: Article) -> bytes:
    """The file of ``article``."""
    fields: dict[str, Any] = {
        "channel": article.channel,
        "id": article.id,
        "language": article.language,
        "published": iso(article.published),
        "state": article.state.value,
        "title": article.title,
        "updated": iso(article.updated),
    }
    fields |= {name: text for name in _TEXTS if (text := getattr(article, name))}
    if article.credits:
        fields["credits"] = list(article.credits)
    if article.corrections:
        fields["corrections"] = [{"at": iso(each.at), "text": each.text} for each in article.corrections]
    if article.images:
        fields["images"] = [image_fields(image) for image in article.images]
    return (json.dumps(fields, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()


def decode(data: bytes) -> Article:
    """The article in a file.

    Raises:
        SourceError: ``article-file``: not as ``encode`` writes it; or larger than any article.
    """
    try:
        if len(data) > MAX_ARTICLE_FILE:
            raise ValueError("too large")
        article = _article(json.loads(data))
        if encode(article) != data:
            raise ValueError("another spelling")
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError) as error:
        raise SourceError("an article's file is damaged, or was edited by hand", code=DAMAGED) from error
    return article


def iso(at: int) -> str:
    """An instant as ISO 8601 in UTC, to the second."""
    return datetime.fromtimestamp(at, tz=UTC).strftime(_INSTANT)


def _instant(text: str) -> int:
    return int(datetime.strptime(text, _INSTANT).replace(tzinfo=UTC).timestamp())


def _article(fields: dict[str, Any]) -> Article:
    texts = {name: _text(fields.get(name, "")) for name in _TEXTS}
    return Article(
        id=_text(fields["id"]),
        channel=_text(fields["channel"]),
        language=_text(fields["language"]),
        title=_text(fields["title"]),
        published=_instant(fields["published"]),
        updated=_instant(fields["updated"]),
        credits=tuple(map(_text, fields.get("credits", ()))),
        images=tuple(map(parse_image, fields.get("images", ()))),
        corrections=tuple(
            Correction(_instant(each["at"]), _text(each["text"])) for each in fields.get("corrections", ())
        ),
        state=State(fields["state"]),
        **texts,
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text")
    value.encode()  # a lone surrogate would break the edition much later
    return value


def image_fields(image: Image) -> dict[str, Any]:
    """A picture as JSON has it."""
    return {
        "alt": image.alt,
        "credit": image.credit,
        "full": _tier(image.full) if image.full else None,
        "height": image.height,
        "media_type": image.media_type,
        "thumbnail": _tier(image.thumbnail),
        "width": image.width,
    }


def parse_image(fields: dict[str, Any]) -> Image:
    """What ``image_fields`` gave; raises ``ValueError``, ``TypeError`` or ``LookupError``."""
    full = fields["full"]
    return Image(
        thumbnail=_parse_tier(fields["thumbnail"]),
        full=None if full is None else _parse_tier(full),
        media_type=_text(fields["media_type"]),
        width=_number(fields["width"]),
        height=_number(fields["height"]),
        alt=_text(fields["alt"]),
        credit=_text(fields["credit"]),
    )


def _tier(tier: PieceList) -> dict[str, Any]:
    return {"last_size": tier.last_size, "pieces": list(tier.digests), "raw_length": tier.raw_length}


def _parse_tier(fields: dict[str, Any]) -> PieceList:
    digests = tuple(map(_text, fields["pieces"]))
    if not 0 < len(digests) <= MAX_PIECES or any(bytes.fromhex(each).hex() != each for each in digests):
        raise ValueError("not a list of pieces")
    return PieceList(_number(fields["raw_length"]), digests, _number(fields["last_size"]))


def _number(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("a whole number")
    return value
