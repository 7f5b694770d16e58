"""The bounds of ``limits.py`` as TypeScript: ``python tests/helpers/limits_ts.py`` writes them again."""

from typing import Final

from helpers.node import WEB
from mirror import limits

FILE: Final = WEB / "core/limits.ts"
_HEAD: Final = """\
/**
 * Every fixed bound, checked before memory is allocated. The reasons stand in `limits.py`, from which
 * `python tests/helpers/limits_ts.py` made this file.
 */

"""


def text() -> str:
    """What ``core/limits.ts`` must hold: each bound that is a number, or a list of numbers."""
    lines = [
        f"export const {name} = {value:_};"
        if isinstance(value, int)
        else f"export const {name} = {_list(value)};"
        for name, value in vars(limits).items()
        if name.isupper() and isinstance(value, int | float | tuple)
    ]
    return _HEAD + "\n".join(lines) + "\n"


def _list(value: float | tuple[int, ...]) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return f"[{', '.join(f'{each:_}' for each in value)}] as const"


if __name__ == "__main__":
    FILE.write_text(text())
