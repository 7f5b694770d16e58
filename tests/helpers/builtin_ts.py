"""The built-in texts as TypeScript: ``python tests/helpers/builtin_ts.py`` writes them again.

A file for each language, so that a reader gets English and the own one. Only those texts that are shown where
no set of notices verified: a set that did has every text in English, and without one nothing is ever asked.
"""

import json
from pathlib import Path
from typing import Final

from helpers.node import WEB
from mirror.notices.builtin import BUILTIN, MISSING, RIGHT_TO_LEFT

FOLDER: Final = WEB / "core/notices/builtin"
_NEVER_SHOWN: Final = {"ui.question", "ui.question-again", "ui.proceed"}
_KEYS: Final = [key for key in BUILTIN["en"] if key not in _NEVER_SHOWN]
_FROM: Final = "// Made from `notices/builtin.py` by `python tests/helpers/builtin_ts.py`.\n"


def files() -> dict[Path, str]:
    """What each file must hold."""
    made = {FOLDER / "keys.ts": _keys()}
    for tag, texts in BUILTIN.items():
        made[FOLDER / f"{tag}.ts"] = _texts(tag, [texts[key] for key in _KEYS])
    return made


def _keys() -> str:
    return (
        f"{_FROM}\n/** Stands in for any text that is nowhere. */\n"
        f"export const MISSING = {_spelled(MISSING)};\n\n"
        f"/** What the built-in texts of each language are, in their order. */\n"
        f"export const KEYS: readonly string[] = [\n{_lines(_KEYS, 2)}];\n"
    )


def _texts(tag: str, texts: list[str]) -> str:
    direction = "rtl" if tag in RIGHT_TO_LEFT else "ltr"
    return (
        f'{_FROM}\nimport type {{ Builtin }} from "../text.ts";\n\n'
        f"export const LAST_RESORT: Builtin = {{\n  language: {_spelled(tag)},\n"
        f"  direction: {_spelled(direction)},\n  texts: [\n{_lines(texts, 4)}  ],\n}};\n"
    )


def _lines(texts: list[str], indent: int) -> str:
    return "".join(f"{' ' * indent}{_spelled(each)},\n" for each in texts)


def _spelled(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text, "utf-8")
