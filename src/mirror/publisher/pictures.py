"""The pictures of an article on its way in: fetched, prepared, and left out where they cannot be had.

Preparing a picture takes a second, and a feed is read every hour: what was made of a source's bytes
is remembered in ``state/pictures`` by their digest, and made again where its pieces are gone.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from mirror.articles import DraftImage, Problem, keep_images, sanitize
from mirror.errors import LimitError, SourceError, StorageError
from mirror.limits import MAX_ALT, MAX_ARTICLE_FILE
from mirror.model import Image
from mirror.publisher import articlefile
from mirror.publisher.images import prepare
from mirror.publisher.workspace import Workspace, bounded, place

_IMAGE: Final = re.compile(r'<img src="image:([0-9]{1,9})" alt="([^"]*)">')
_VERSION: Final = "1"  # of what `prepare` makes: another one makes everything anew


@dataclass(frozen=True, slots=True)
class Illustrated:
    """A body with the pictures that could be had, their pieces, and what to say of the others."""

    body: str
    images: tuple[Image, ...]
    pieces: dict[str, bytes]
    problems: tuple[Problem, ...]


def illustrate(
    workspace: Workspace, body: str, language: str, images: Sequence[DraftImage], data: Mapping[str, bytes]
) -> Illustrated:
    """The ``body`` of an article with its ``images`` as they are carried.

    ``data`` holds the bytes of the pictures by their references. One that is missing was reported by
    whoever looked for it; one that cannot be read is reported here. Both are left out, as are all
    where the publication carries none; the description stays in the picture's place, in brackets.
    """
    got: dict[int, Image] = {}
    pieces: dict[str, bytes] = {}
    problems: list[Problem] = []
    for number, draft in enumerate(images):
        if not workspace.config.images.carry or draft.reference not in data:
            continue
        try:
            got[number], new = _prepared(workspace, data[draft.reference], draft)
            pieces |= new
        except (SourceError, LimitError) as error:
            problems.append(Problem(error.code, str(error), f"picture {number + 1}"))
    described = _IMAGE.sub(lambda found: found[0] if int(found[1]) in got else _in_words(found[2]), body)
    kept, numbers = keep_images(described, got)
    clean = sanitize(kept, language=language)
    return Illustrated(clean.body, tuple(got[number] for number in numbers), pieces, tuple(problems))


def _in_words(alt: str) -> str:
    return f"<em>[{alt}]</em>" if alt.strip() else ""


def _prepared(workspace: Workspace, data: bytes, draft: DraftImage) -> tuple[Image, dict[str, bytes]]:
    side = workspace.config.images.longest_side
    digest = sha256(f"{_VERSION} {side}\n".encode() + data).hexdigest()
    path = workspace.folder / "state" / "pictures" / f"{digest}.json"
    known = _remembered(workspace, bounded(path, MAX_ARTICLE_FILE, "a picture") if path.is_file() else b"{}")
    if known is not None:
        return replace(known, alt=draft.alt[:MAX_ALT], credit=draft.credit[:MAX_ALT]), {}
    made = prepare(data, alt=draft.alt, credit=draft.credit, longest_side=side)
    plain = replace(made.image, alt="", credit="")
    place(path, json.dumps(articlefile.image_fields(plain), sort_keys=True).encode())
    return made.image, made.pieces


def _remembered(workspace: Workspace, data: bytes) -> Image | None:
    """The picture that was made before, if every piece of it is still whole."""
    try:
        image = articlefile.parse_image(json.loads(data))
        for tier in (image.thumbnail, image.full):
            for digest in tier.digests if tier else ():
                workspace.image(digest)
    except (ValueError, TypeError, LookupError, AttributeError, StorageError):
        return None
    return image
