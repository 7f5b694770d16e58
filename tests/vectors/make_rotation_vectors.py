"""Make the vectors of rotation: ``python tests/vectors/make_rotation_vectors.py`` writes ``rotation_*.json``.

Each input is whole but for one defect. Which code is expected is written by hand; a difference is an error.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "src"))
sys.path.insert(0, str(Path(__file__).parents[1]))

from helpers.rotation_vectors import made


def files() -> dict[str, str]:
    """The vectors, one to a line, by the name of their file."""
    return {name: spelled(value) + "\n" for name, value in made().items()}


def spelled(value: object) -> str:
    """``value`` as JSON, each member of the outermost lists in a line of its own."""
    match value:
        case list():
            return "[\n" + ",\n".join(json.dumps(each, sort_keys=True) for each in value) + "\n]"
        case dict():
            return (
                "{\n" + ",\n".join(f"{json.dumps(key)}: {inner(each)}" for key, each in value.items()) + "\n}"
            )
        case _:
            raise TypeError


def inner(value: object) -> str:
    """A list as ``spelled``, all else in one line."""
    return spelled(value) if isinstance(value, list) else json.dumps(value, sort_keys=True)


if __name__ == "__main__":
    for name, text in files().items():
        (Path(__file__).parent / name).write_text(text, "utf-8")
