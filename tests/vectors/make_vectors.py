"""Make the bundle's vectors: ``python tests/vectors/make_vectors.py`` writes ``bundle_*.json`` here.

Each input is whole but for one defect, which ``why`` names. What is expected is written by hand and
compared with what our own code does: a difference is an error, not a new expectation.
"""

import json
import sys
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "src"))
sys.path.insert(0, str(Path(__file__).parents[1]))

from helpers import vectors_low, vectors_pages, vectors_whole
from helpers.bundle_vectors import Case

MAKERS: dict[str, tuple[Callable[[], Iterator[Case]], ...]] = {
    "wire": (vectors_low.wire,),
    "pieces": (vectors_low.pieces, vectors_low.single, vectors_low.parcels),
    "dictionary": (vectors_low.dictionary, vectors_low.coded),
    "pages": (vectors_pages.page, vectors_pages.cluster),
    "manifest": (vectors_pages.manifest, vectors_pages.contents),
    "edition": (vectors_whole.edition,),
    "archive": (vectors_whole.archive,),
    "program": (vectors_whole.reader_program,),
}


def files() -> dict[str, str]:
    """The vectors, one to a line, by the name of their file."""
    made = {}
    for name, makers in MAKERS.items():
        cases = chain.from_iterable(make() for make in makers)
        rows = (json.dumps(each, sort_keys=True, ensure_ascii=False) for each in cases)
        made[f"bundle_{name}.json"] = "[\n" + ",\n".join(rows) + "\n]\n"
    return made


if __name__ == "__main__":
    for name, text in files().items():
        (Path(__file__).parent / name).write_text(text, "utf-8")
