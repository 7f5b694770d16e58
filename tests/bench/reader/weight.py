"""The reader's code as it is transferred: the page, and the pieces of the program that it names."""

from collections.abc import Iterator
from typing import Final

from bench.reader.figure import Figure
from bench.reader.newsstand import PAGE, Newsstand
from mirror.limits import MAX_PIECE

CODE: Final = 40 << 10
# The parts that the page fetches as soon as the headlines are there.
FOLLOWING: Final = ("behind.js", "more.js")


def figures(stand: Newsstand) -> Iterator[Figure]:
    """Bytes until the headlines, of the whole first visit, of each part by itself, and of all together."""
    size = {name: sum(len(stand.tree[path]) for path in paths) for name, paths in stand.program.items()}
    page = len(stand.tree[PAGE])
    facts = {"page_bytes": page, "program_bytes": size[""], "program_pieces": len(stand.program[""])}
    yield Figure("code until the headlines", "bytes", [page + size[""]], CODE, facts)
    whole = page + size[""] + sum(size.get(name, 0) for name in FOLLOWING)
    yield Figure("code of a first visit", "bytes", [whole])
    for name, paths in stand.program.items():
        if name:
            yield Figure(f"code in parts: {name}", "bytes", [size[name]], None, {"pieces": len(paths)})
    yield Figure("code, all parts", "bytes", [page + sum(size.values())])
    carried = [PAGE, *(path for paths in stand.program.values() for path in paths)]
    largest = max(len(stand.tree[path]) for path in carried)
    yield Figure("code, its largest file", "bytes", [largest], MAX_PIECE)
