"""An invitation out of a picture of its QR code: a screenshot, a photograph, what ``picture.png`` made. Pure.

Rules:

1. A picture comes from anybody. Only PNG, JPEG and WebP are opened, and the size that the header declares
   is checked before a pixel is decoded, or room is made for any.
2. What is in a code is text like any other: it is an invitation only if ``invitation.parse`` says so.
3. Other codes beside the invitation's do not matter, nor does the same one twice. Of two invitations
   nobody chooses one in silence.

The decoder is the extra ``mirror[qr]``: it weighs more than the program.
"""

import struct
import warnings
import zlib
from io import BytesIO
from typing import Final

from PIL import Image as Pillow

from mirror.errors import ConfigError, FormatError, LimitError, MirrorError
from mirror.limits import MAX_CODE_FILE, MAX_CODE_PIXELS
from mirror.rotation.invitation import SCHEME, Invitation, parse

FORMATS: Final = ("PNG", "JPEG", "WEBP")
# What Pillow's decoders raise on damaged input, besides OSError.
_DAMAGED: Final = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    EOFError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
)


def scan(data: bytes) -> Invitation:
    """The invitation in the picture ``data``.

    Raises:
        ConfigError: ``invitation-picture``: there is no decoder here.
        LimitError: ``invitation-picture-large``.
        FormatError: ``invitation-picture-unreadable``: damaged, or of another kind; ``invitation-no-code``;
            ``invitation-codes``: several invitations; ``invitation-code-other``: no invitation; or as
            ``invitation.parse``.
    """
    texts = _codes(data)
    if not texts:
        raise FormatError(
            "There is no QR code in this picture that can be read: take it again, nearer and in good light.",
            code="invitation-no-code",
        )
    found: list[Invitation] = []
    failed: list[MirrorError] = []
    for text in texts:
        try:
            invitation = parse(text)
        except MirrorError as error:
            if text.startswith(SCHEME) or error.code == "invitation-version":
                failed.append(error)
        else:
            if invitation not in found:
                found.append(invitation)
    if len(found) > 1:
        raise FormatError(
            "There are several invitations in this picture: cut out the one that is meant.",
            code="invitation-codes",
        )
    if found:
        return found[0]
    if failed:
        raise failed[0]
    raise FormatError("The QR code in this picture is no invitation.", code="invitation-code-other")


def _codes(data: bytes) -> list[str]:
    """What the QR codes in a picture say."""
    try:
        import zxingcpp  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigError(
            "This is a picture, and nothing here reads pictures: pip install 'mirror[qr]'. Or let a "
            "telephone's camera read the code, and give the link that it shows.",
            code="invitation-picture",
        ) from error
    picture = _gray(data)
    kinds = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
    return [each.text for each in zxingcpp.read_barcodes(picture, formats=kinds)]


def _gray(data: bytes) -> Pillow.Image:
    """The picture in shades of gray, on white."""
    if len(data) > MAX_CODE_FILE:
        raise _too_large()
    # Pillow makes room for a WebP picture when it opens it (rule 1).
    if data.startswith(b"RIFF"):
        _check(*_webp_size(data))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Pillow, about metadata that nobody looks at
            opened = Pillow.open(BytesIO(data), formats=FORMATS)
            _check(*opened.size)
            if not opened.has_transparency_data:
                return opened.convert("L")
            white = Pillow.new("RGBA", opened.size, "white")
            white.alpha_composite(opened.convert("RGBA"))
            return white.convert("L")
    except Pillow.DecompressionBombError as error:  # its own bound, which is above ours
        raise _too_large() from error
    except _DAMAGED as error:
        raise _unreadable() from error


def _check(width: int, height: int) -> None:
    if width * height > MAX_CODE_PIXELS:
        raise _too_large()


def _webp_size(data: bytes) -> tuple[int, int]:
    """Width and height by the header of a WebP file (RFC 9649, sections 2.5 to 2.7)."""
    head = data[:30].ljust(30, b"\0")
    match head[8:16]:
        case b"WEBPVP8X":
            return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
        case b"WEBPVP8L":
            bits = int.from_bytes(head[21:25], "little")
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"WEBPVP8 ":
            width, height = (int.from_bytes(head[at : at + 2], "little") & 0x3FFF for at in (26, 28))
            return width, height
        case _:
            raise _unreadable()


def _too_large() -> LimitError:
    return LimitError(
        "This picture is larger than a code needs: cut out the code, or make the picture smaller.",
        code="invitation-picture-large",
    )


def _unreadable() -> FormatError:
    return FormatError(
        "This picture cannot be read: it is damaged, or neither PNG nor JPEG nor WebP.",
        code="invitation-picture-unreadable",
    )
