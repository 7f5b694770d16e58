"""The built-in texts as TypeScript: ``python tests/helpers/builtin_ts.py`` writes them again.

Only those that are shown where no set of notices verified: a set that did has every text in English,
and without one nothing is ever asked.
"""

import json
from typing import Final

from helpers.node import WEB
from mirror.notices.builtin import BUILTIN, MISSING, RIGHT_TO_LEFT

FILE: Final = WEB / "core/notices/builtin.ts"
_NEVER_SHOWN: Final = {"ui.question", "ui.question-again", "ui.proceed"}
_HEAD: Final = """\
/**
 * The last resort: texts for when no notices verified (`notices/builtin.py`, from which
 * `python tests/helpers/builtin_ts.py` made this file). All but English are machine translations, and say so.
 */
"""
_TAIL: Final = """\
/** The texts by language and key. */
export const BUILTIN: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map(
  Object.entries(TEXTS).map(([tag, texts]) => [
    tag,
    new Map(texts.map((text, place) => [KEYS[place]!, text])),
  ]),
);
"""


def text() -> str:
    """What ``core/notices/builtin.ts`` must hold."""
    keys = [key for key in BUILTIN["en"] if key not in _NEVER_SHOWN]
    texts = [
        f"  {_name(tag)}: [\n{_lines([texts[key] for key in keys], 4)}  ]," for tag, texts in BUILTIN.items()
    ]
    lines = (
        _HEAD,
        "/** Stands in for any text that is nowhere. */",
        f"export const MISSING = {_spelled(MISSING)};",
        f"export const RIGHT_TO_LEFT: readonly string[] = {json.dumps(sorted(RIGHT_TO_LEFT))};",
        "",
        f"const KEYS = [\n{_lines(keys, 2)}];",
        "",
        "const TEXTS = {",
        *texts,
        "};",
        "",
        _TAIL,
    )
    return "\n".join(lines)


def _lines(texts: list[str], indent: int) -> str:
    return "".join(f"{' ' * indent}{_spelled(each)},\n" for each in texts)


def _name(tag: str) -> str:
    return tag if tag.isalnum() else _spelled(tag)


def _spelled(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


if __name__ == "__main__":
    FILE.write_text(text())
