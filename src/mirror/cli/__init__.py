"""The command ``mirror``: finds the program, runs it, and turns errors into sentences.

Each program's module has ``run(arguments) -> int``, imported only when asked for: a reader on a
slow device does not load the publisher's libraries.

Exit status: 0 done; 1 unforeseen; 2 configuration or usage; 3 source; 4 format; 5 trust;
6 unreachable; 7 storage; 8 not confirmed; 130 interrupted (see ``errors``).
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from mirror import __version__
from mirror.errors import MirrorError, StorageError

PROGRAMS: Final = {
    "publish": "make and release signed editions",
    "endpoints": "say where mirrors answer, and who is sent where",
    "invite": "give invitations to readers",
    "node": "serve and sync a mirror",
    "reader": "fetch, verify and read an edition",
    "simulate": "try the splitting of cohorts against censors",
    "demo": "see all of it work on this machine, without a network",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``mirror`` with ``arguments`` (those of the process by default); the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["--version"]:
        print(f"mirror {__version__}")
        return 0
    if not given or given[0] not in PROGRAMS:
        return _usage(asked=given[:1] in ([], ["-h"], ["--help"]))
    try:
        program = import_module(f"mirror.cli.{given[0]}")
        status: int = program.run(given[1:])
    except MirrorError as error:
        return _fail(error)
    except KeyboardInterrupt:
        print("Interrupted; what was stored before is whole.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read our output has seen enough. Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _fail(StorageError(f"This machine refused a file operation: {error.strerror}."))
    return status


def _fail(error: MirrorError) -> int:
    print(f"mirror: {error} [{error.code}]", file=sys.stderr)
    return error.exit_status


def _usage(*, asked: bool) -> int:
    lines = ["usage: mirror PROGRAM [--help] ...", ""]
    lines += [f"  mirror {name:<9} {what}" for name, what in PROGRAMS.items()]
    print("\n".join(lines), file=sys.stdout if asked else sys.stderr)
    return 0 if asked else 2
