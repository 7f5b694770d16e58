"""Pictures: from whatever a source has to two clean tiers, each as pieces.

Rules:

1. Only the formats of ``FORMATS`` are opened, and the size that the header declares is checked
   before any pixel is decoded.
2. What is carried is made from pixels alone: no EXIF, XMP, comment, thumbnail or colour profile of
   the source survives (a photograph names its camera, its place and its hour). Orientation and
   profile are applied first, so that the picture looks the same.
3. The thumbnail fits one piece. The larger tier is there only where it shows more.
4. The same bytes give the same pieces: one thread, a fixed encoder, no clock (with the pinned Pillow).

A still is taken from an animation: its first frame.
"""

import struct
import warnings
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from PIL import Image as Pillow
from PIL import ImageCms, ImageOps

from mirror.bundle import piece
from mirror.errors import LimitError, SourceError
from mirror.limits import MAX_ALT, MAX_IMAGE, MAX_IMAGE_FILE, MAX_IMAGE_PIXELS
from mirror.model import Image

FORMATS: Final = ("AVIF", "GIF", "JPEG", "PNG", "WEBP")
MEDIA_TYPE: Final = "image/avif"
# Sides in pixels and qualities tried for a thumbnail, best first, until one fits a piece. The last
# fits whatever it shows: noise of 96 pixels at quality 10 takes 4 kB.
_THUMBNAILS: Final = ((400, 55), (360, 45), (320, 40), (240, 35), (160, 30), (96, 10))
_QUALITIES: Final = (55, 35, 15)  # of the larger tier, until it fits MAX_IMAGE
# AVIF's effort, 0 to 10: 6 takes a second for the larger tier; 4 takes three and saves 2 %.
_SPEED: Final = 6
# What Pillow's decoders raise on damaged input, besides OSError (found by fuzzing and in their code).
_DAMAGED: Final = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    EOFError,
    RuntimeError,
    struct.error,
    zlib.error,
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A picture ready to be carried: what the article says of it, and its pieces by name."""

    image: Image
    pieces: dict[str, bytes]


def prepare(data: bytes, *, alt: str = "", credit: str = "", longest_side: int = 1_280) -> Prepared:
    """The picture in the bytes of a file.

    Args:
        data: As the source has it.
        alt: What it shows, in words.
        credit: Whose it is.
        longest_side: Of the larger tier, in pixels; 0 leaves that tier out.

    Raises:
        SourceError: ``image-too-large`` (bytes or declared pixels) or ``image-unreadable``.
    """
    if len(data) > MAX_IMAGE_FILE:
        raise SourceError("A picture's file is too large.", code="image-too-large")
    pixels = _decode(data, longest_side)
    thumbnail = _thumbnail(pixels)
    full = _larger(pixels, longest_side) if longest_side else None
    if full is not None and full.size == thumbnail.size:
        full = None
    shown = full or thumbnail
    image = Image(
        thumbnail=thumbnail.sealed.pieces,
        full=full.sealed.pieces if full else None,
        media_type=MEDIA_TYPE,
        width=shown.size[0],
        height=shown.size[1],
        alt=alt[:MAX_ALT],
        credit=credit[:MAX_ALT],
    )
    tiers = [tier.sealed for tier in (thumbnail, full) if tier]
    pieces = {
        digest: each for tier in tiers for digest, each in zip(tier.pieces.digests, tier.data, strict=True)
    }
    return Prepared(image, pieces)


@dataclass(frozen=True, slots=True)
class _Tier:
    size: tuple[int, int]
    raw_size: int
    sealed: piece.Sealed


def _decode(data: bytes, longest_side: int) -> Pillow.Image:
    """Pixels, upright, in sRGB, RGB or RGBA, and nothing else of the file (rules 1 and 2)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of damage and of bombs: both are judged here
            opened = Pillow.open(BytesIO(data), formats=FORMATS)
            if opened.width * opened.height > MAX_IMAGE_PIXELS:
                raise SourceError("A picture has too many pixels.", code="image-too-large")
            # A JPEG is decoded at a fraction of its size where that is enough.
            side = 2 * max(longest_side, _THUMBNAILS[0][0])
            opened.draft("RGB", (side, side))
            opened.load()
            return _clean(_in_srgb(ImageOps.exif_transpose(opened)))
    except Pillow.DecompressionBombError as error:
        raise SourceError("A picture has too many pixels.", code="image-too-large") from error
    except _DAMAGED as error:
        raise SourceError("A picture cannot be read.", code="image-unreadable") from error


def _in_srgb(image: Pillow.Image) -> Pillow.Image:
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "RGBA", "CMYK"):
        return image
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        given = ImageCms.ImageCmsProfile(BytesIO(profile))
        converted = ImageCms.profileToProfile(image, given, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, OSError):
        return image  # a damaged profile: the colours are a little off, the picture is there
    return converted or image


def _clean(image: Pillow.Image) -> Pillow.Image:
    mode = "RGBA" if image.has_transparency_data else "RGB"
    converted = image.convert(mode)
    return Pillow.frombytes(mode, converted.size, converted.tobytes())


def _thumbnail(image: Pillow.Image) -> _Tier:
    for side, quality in _THUMBNAILS:
        tier = _tier(image, side, quality)
        if len(tier.sealed.data) == 1:
            return tier
    raise SourceError("A picture cannot be made small enough.", code="image-too-large")


def _larger(image: Pillow.Image, side: int) -> _Tier | None:
    for quality in _QUALITIES:
        try:
            tier = _tier(image, side, quality)
        except LimitError:
            continue
        if tier.raw_size <= MAX_IMAGE:
            return tier
    return None


def _tier(image: Pillow.Image, side: int, quality: int) -> _Tier:
    scaled = image
    if max(image.size) > side:
        scaled = image.copy()
        scaled.thumbnail((side, side), Pillow.Resampling.LANCZOS, reducing_gap=None)
    out = BytesIO()
    scaled.save(out, "AVIF", quality=quality, speed=_SPEED, max_threads=1, codec="aom")
    raw = out.getvalue()
    return _Tier(scaled.size, len(raw), piece.seal(raw))
