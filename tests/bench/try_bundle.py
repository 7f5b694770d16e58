"""What an edition would weigh with other constants: how the numbers in FORMAT.md section 9 were found.

``python tests/bench/try_bundle.py --corpus DIR "layout.CLUSTER_TEXT=800_000" "piece._LEVEL=22" ...``: each
argument is one try, of one or several constants of ``mirror.bundle`` with ``;`` between them. Prints a line
of JSON for each, the first one for what the code does.
"""

import argparse
import ast
import json
import lzma
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.bench_bundle import CHANNEL, NOW, load
from mirror.bundle import pack
from mirror.bundle.edition import open_edition, text_pieces
from mirror.limits import MAX_PIECE
from mirror.model import Article


def edition_bytes(articles: Sequence[Article], constants: str) -> int:
    """The pieces of the edition of ``articles``, and the metadata's one, with other ``constants``."""
    with ExitStack() as stack:
        for setting in filter(None, map(str.strip, constants.split(";"))):
            name, _, value = setting.partition("=")
            module, _, constant = name.strip().rpartition(".")
            where = import_module(f"mirror.bundle.{module}")
            stack.enter_context(mock.patch.object(where, constant, ast.literal_eval(value.strip())))
        packed = pack.pack(articles, pack.Facts(CHANNEL, "Example News", 1, NOW, "0" * 64))
        opened = open_edition(packed.head, packed.pieces.__getitem__)
        assert opened.articles() == {article.id: article for article in articles}
        return MAX_PIECE + sum(len(packed.pieces[name]) for name in text_pieces(opened))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("tries", nargs="*", metavar="MODULE.CONSTANT=VALUE")
    chosen = parser.parse_args()
    corpus = load(chosen.corpus)
    xz = len(lzma.compress(b"".join(corpus.sources), preset=9 | lzma.PRESET_EXTREME))
    for constants in ["", *chosen.tries]:
        start = time.process_time()
        size = edition_bytes(corpus.articles, constants)
        seconds = round(time.process_time() - start, 1)
        facts = {"corpus": chosen.corpus.name, "with": constants, "edition_bytes": size}
        print(json.dumps(facts | {"edition_ratio": round(size / xz, 4), "cpu_seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()
