"""An invitation as a QR code: for a screen, for paper, for a terminal.

The code holds the link, so that a phone's camera opens the reader's page; the fragment stays on the
phone. Error correction L: a link of 600 characters is then 85 modules wide, and a larger code of
the same size is harder to read than a smaller one with less correction.
"""

import io
from typing import Final

import segno

from mirror.limits import MAX_INVITATION, MAX_LINK_PREFIX

# Base64 takes four characters for three bytes.
_MAX_LINK: Final = MAX_LINK_PREFIX + 4 * MAX_INVITATION // 3 + 1
_BORDER: Final = 4  # modules of white around it: ISO/IEC 18004 section 6.3.8


def png(link: str, scale: int = 6) -> bytes:
    """A PNG of ``scale`` pixels a module; the same bytes each time."""
    output = io.BytesIO()
    _code(link).save(output, kind="png", scale=scale, border=_BORDER)
    return output.getvalue()


def svg(link: str, scale: int = 6) -> bytes:
    """An SVG document, for print."""
    output = io.BytesIO()
    _code(link).save(output, kind="svg", scale=scale, border=_BORDER, title=None)
    return output.getvalue()


def terminal(link: str) -> str:
    """Lines of half blocks, two modules to a character, for a terminal with light text on dark."""
    rows = [[bool(module) for module in row] for row in _code(link).matrix]
    size = len(rows) + 2 * _BORDER
    framed = [[False] * size for _ in range(size + size % 2)]
    for y, row in enumerate(rows, _BORDER):
        framed[y][_BORDER : _BORDER + len(row)] = row
    # White modules are lit: the code is read as it would be on paper.
    halves = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
    pairs = zip(framed[::2], framed[1::2], strict=True)
    return "\n".join("".join(halves[both] for both in zip(*pair, strict=True)) for pair in pairs)


def _code(link: str) -> segno.QRCode:
    if len(link) > _MAX_LINK:
        raise ValueError("not an invitation's link")
    return segno.make_qr(link, error="l", boost_error=True)
