"""The reader's code as it is transferred: the page, and the pieces of the program that it names."""

from collections.abc import Iterator
from typing import Final

from bench.reader.figure import Figure
from bench.reader.newsstand import PAGE, Newsstand
from mirror.limits import MAX_PIECE

CODE: Final = 40 << 10


def figures(stand: Newsstand) -> Iterator[Figure]:
    """Bytes of a first visit, then of each part by itself, then of all together."""
    size = {name: sum(len(stand.tree[path]) for path in paths) for name, paths in stand.program.items()}
    page = len(stand.tree[PAGE])
    pieces = len(stand.program[""])
    first = {"page_bytes": page, "program_bytes": size[""], "program_pieces": pieces}
    yield Figure("code of a first visit", "bytes", [page + size[""]], CODE, first)
    for name, paths in stand.program.items():
        if name:
            yield Figure(f"code on demand: {name}", "bytes", [size[name]], None, {"pieces": len(paths)})
    yield Figure("code, all parts", "bytes", [page + sum(size.values())])
    carried = [PAGE, *(path for paths in stand.program.values() for path in paths)]
    largest = max(len(stand.tree[path]) for path in carried)
    yield Figure("code, its largest file", "bytes", [largest], MAX_PIECE)
