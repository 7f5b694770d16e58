"""What a node writes about itself: an allow-list, so that nothing about a reader can slip in.

Rules:

1. Only ``emit`` writes, to standard error, one line per event of the node's own life (start, stop,
   sync), never per request. A supervisor adds the time.
2. An event and its fields are named here; a value is a whole number, or a word of letters and
   hyphens. No address, path, header or invitation has that form.
3. What a library wants to log is not written, whatever it is: ``quiet`` takes its place and says
   once that a library had something to say. aiohttp puts addresses and request lines into such
   messages; asyncio prints sockets with their peers.
4. No core dump: it would hold the requests in flight.
"""

import asyncio
import logging
import re
import resource
import sys
import warnings
from typing import Final

_FIELDS: Final = frozenset(
    {"bytes", "channels", "code", "count", "edition", "level", "mirrors", "pieces", "source", "version"}
)
_WORD: Final = re.compile(r"[a-z][a-z-]{0,39}")


def emit(event: str, **fields: str | int) -> None:
    """Write one line: ``event`` and its ``fields``.

    Raises:
        ValueError: A name or a value that is not loggable; it is not repeated.
    """
    if fields.keys() - _FIELDS:
        raise ValueError("a field that is not loggable")
    if any(isinstance(value, str) and not _WORD.fullmatch(value) for value in (event, *fields.values())):
        raise ValueError("a value that is not loggable")
    said = [event, *(f"{name}={value}" for name, value in sorted(fields.items()))]
    sys.stderr.write(" ".join(said) + "\n")
    sys.stderr.flush()


class _Quiet(logging.Handler):
    """Rule 3: the name of the library and the level, each pair once."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._said: set[tuple[str, str]] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Say that there was something, not what."""
        said = record.name.split(".")[0].lower(), record.levelname.lower()
        if said not in self._said and all(map(_WORD.fullmatch, said)):
            self._said.add(said)
            emit("library", source=said[0], level=said[1])


def quiet() -> None:
    """Take over all logging and warnings of this process, and forbid core dumps (rules 3 and 4)."""
    logging.raiseExceptions = False  # a failing handler would print the record
    logging.lastResort = None
    root = logging.getLogger()
    root.handlers[:] = [_Quiet()]
    root.setLevel(logging.WARNING)
    for name in list(logging.root.manager.loggerDict):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def quiet_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Let faults that reach the event loop be named by their class alone, each once."""
    said: set[str] = set()

    def handle(_: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        name = re.sub(r"(?<!^)(?=[A-Z])", "-", type(context.get("exception")).__name__).lower()
        word = name if _WORD.fullmatch(name) else "unknown"
        if word not in said:
            said.add(word)
            emit("loop-fault", code=word)

    loop.set_exception_handler(handle)
