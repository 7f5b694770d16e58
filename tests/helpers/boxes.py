"""A font whose every letter is a box, and a browser that has no other: no machine's fonts change a picture.

In the manner of the web platform tests' Ahem. It is given to Chromium through fontconfig, so that it is the
answer to every family, in every frame, without a word in the page.
"""

from io import BytesIO
from pathlib import Path
from typing import Final

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

_EM: Final = 1000
_ADVANCE: Final = 500  # of every letter and space; about that of a text face
_OVERLAP: Final = (
    40  # words are bars without seams, which would be blurred where a letter is not whole pixels wide
)
_BOLD: Final = 720  # how high a box is: a heading that lost its weight is seen
_REGULAR: Final = 520
# No presentation forms of Arabic: with them a shaper would make ligatures, and two letters one box.
_LETTERS: Final = (range(0x21, 0x2000), range(0x2010, 0x2028), range(0x2030, 0x205F), range(0x2070, 0x2E80))
# Accents take no place and are not drawn: where they would go is the shaper's taste.
_MARKS: Final = (range(0x300, 0x370), range(0x610, 0x61B), range(0x64B, 0x660), (0x670,), range(0x6D6, 0x6EE))
_SPACES: Final = (0x20, 0xA0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)

# Whatever is asked for is the box; nothing of the machine's taste in rendering.
_CONFIG: Final = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig><dir>{folder}</dir><cachedir>{folder}/cache</cachedir>
<match target="pattern"><edit name="family" mode="assign" binding="strong"><string>Box</string></edit></match>
<match target="font">
<edit name="antialias" mode="assign"><bool>false</bool></edit>
<edit name="autohint" mode="assign"><bool>false</bool></edit>
<edit name="hinting" mode="assign"><bool>false</bool></edit>
<edit name="hintstyle" mode="assign"><const>hintnone</const></edit>
<edit name="rgba" mode="assign"><const>none</const></edit>
</match></fontconfig>
"""


def _font(style: str, height: int) -> bytes:
    """A TrueType font of four glyphs."""
    made = FontBuilder(_EM, isTTF=True)
    made.setupGlyphOrder([".notdef", "space", "mark", "box"])
    made.setupCharacterMap(
        {
            **{code: "box" for each in _LETTERS for code in each},
            **{code: "mark" for each in _MARKS for code in each},
            **dict.fromkeys(_SPACES, "space"),
        }
    )
    pen = TTGlyphPen(None)
    pen.moveTo((-_OVERLAP, 0))
    for corner in ((-_OVERLAP, height), (_ADVANCE + _OVERLAP, height), (_ADVANCE + _OVERLAP, 0)):
        pen.lineTo(corner)
    pen.closePath()
    box, empty = pen.glyph(), TTGlyphPen(None).glyph()
    made.setupGlyf({".notdef": box, "space": empty, "mark": empty, "box": box})
    made.setupHorizontalMetrics({**dict.fromkeys((".notdef", "space", "box"), (_ADVANCE, 0)), "mark": (0, 0)})
    made.setupHorizontalHeader(ascent=800, descent=-200)
    made.setupNameTable({"familyName": "Box", "styleName": style})
    is_bold = style == "Bold"
    made.setupOS2(
        sTypoAscender=800,
        sTypoDescender=-200,
        sTypoLineGap=0,
        usWinAscent=800,
        usWinDescent=200,
        sxHeight=500,
        sCapHeight=700,
        usWeightClass=700 if is_bold else 400,
        fsSelection=0x20 if is_bold else 0x40,
    )
    made.font["head"].macStyle = int(is_bold)
    made.setupPost()
    out = BytesIO()
    made.save(out)
    return out.getvalue()


def environment(folder: Path) -> dict[str, str]:
    """What a browser needs in its environment to have no font but the box; ``folder`` is filled."""
    for style, height in (("Regular", _REGULAR), ("Bold", _BOLD)):
        (folder / f"box-{style}.ttf").write_bytes(_font(style, height))
    config = folder / "fonts.conf"
    config.write_text(_CONFIG.format(folder=folder), "utf-8")
    return {"FONTCONFIG_FILE": str(config)}
