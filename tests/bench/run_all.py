"""Run every ``bench_*.py`` beside this file and print what each says: JSON objects, one a line.

A bench that takes ``--corpus`` is run for each corpus in ``MIRROR_DATA``: folders of ``NNNN.html``
with an ``index.json``. Ends with status 1 where a bench failed or broke its own budget.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent


def corpora() -> list[Path]:
    folder = os.environ.get("MIRROR_DATA")
    return sorted(index.parent for index in Path(folder).glob("*/index.json")) if folder else []


def runs(bench: Path) -> Iterator[list[str]]:
    """The arguments of each run of ``bench``."""
    usage = subprocess.run(
        [sys.executable, bench, "--help"], capture_output=True, text=True, check=True
    ).stdout
    if "--corpus" not in usage:
        yield []
        return
    found = corpora()
    if not found:
        print(f"{bench.name}: not run, it measures corpora and MIRROR_DATA names none", file=sys.stderr)
    yield from (["--corpus", str(corpus)] for corpus in found)


def main() -> int:
    status = 0
    for bench in sorted(HERE.glob("bench_*.py")):
        for arguments in runs(bench):
            done = subprocess.run(
                [sys.executable, bench, *arguments, "--json"], stdout=subprocess.PIPE, text=True, check=False
            )
            status |= done.returncode != 0
            facts = {"bench": bench.stem, "corpus": Path(arguments[1]).name if arguments else None}
            for line in done.stdout.splitlines() or ["{}"]:
                print(json.dumps(facts | json.loads(line)), flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
