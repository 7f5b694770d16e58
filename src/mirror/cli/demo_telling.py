"""How the demonstration tells what it does: numbered steps, commands as typed, what they print.

Commands run in this process, with a calendar that can be turned on and passphrases that cost little.
"""

import argparse
import asyncio
import contextlib
import io
import os
import shlex
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from mirror.cli import endpoints, invite, publish, reader
from mirror.cli.publish_tools import Tools
from mirror.cli.reader_run import Tools as ReaderTools
from mirror.cli.reader_run import opened
from mirror.clock import SystemClock
from mirror.errors import MirrorError, UnreachableError
from mirror.trust.keys import Kdf

DAY: Final = 86_400
# The demonstration's passphrases protect nothing. Real ones cost 256 MiB and a second each.
_QUICK: Final = Kdf("argon2id", memory=8 << 10, passes=1, lanes=1)
_WIDTH: Final = 96
# What is left out where a command is shown: a file for each passphrase says nothing.
_UNSAID: Final = frozenset({"--passphrase-file"})


class Calendar(SystemClock):
    """The device's clock, ``days`` ahead."""

    def __init__(self) -> None:
        self.days = 0

    def now(self) -> int:
        """See ``Clock``."""
        return super().now() + self.days * DAY


class Telling:
    """Tells what happens in ``folder``. Raises where something does not go as told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calendar = Calendar()
        self._steps = 0

    def step(self, title: str, text: str) -> None:
        """Begin a step: what happens, and what to look at."""
        self._steps += 1
        print(f"{self._steps}. {title}\n")
        self.say(text)

    def say(self, text: str) -> None:
        """A paragraph of the step."""
        print(textwrap.indent(textwrap.fill(text, _WIDTH - 3), "   "), end="\n\n")

    def lines(self, *lines: str) -> None:
        """Lines as they are."""
        print("\n".join(f"   {each}".rstrip() for each in lines), end="\n\n")

    def command(self, *arguments: object, show: int | None = None, expect: int = 0) -> str:
        """Run ``mirror`` with ``arguments`` and tell it; what it printed.

        ``show`` is how many lines of it are shown: the first ones, or the last ones if negative.
        """
        given = [str(argument) for argument in arguments]
        print(f"   $ {self.as_typed('mirror', *given)}")
        said, status = self._run(given)
        for line in _some(said.strip("\n").splitlines(), show):
            print(f"   | {line}".rstrip())
        self._check(status, expect)
        print(f"   (exit status {status})\n" if status else "")
        return said

    def quietly(self, *arguments: object) -> str:
        """Run ``mirror`` with ``arguments``, untold; what it printed."""
        said, status = self._run([str(argument) for argument in arguments])
        self._check(status, 0)
        return said

    def is_served(self, *options: object) -> bool:
        """Whether ``mirror reader`` with ``options`` reaches the newest statement and the edition now."""
        given = reader.options_of(["status", *map(str, options)])
        with _heard():
            return asyncio.run(_is_served(given, ReaderTools(clock=self.calendar, kdf=_QUICK)))

    def as_typed(self, *given: str) -> str:
        """The command as a person would type it in the folder."""
        words: list[str] = []
        it = iter(given)
        for word in it:
            if word in _UNSAID:
                next(it)
            else:
                words.append(word.replace(f"{self.folder}{os.sep}", ""))
        return shlex.join(words)

    def _run(self, given: Sequence[str]) -> tuple[str, int]:
        with _heard() as said:
            try:
                status = self._programs()[given[0]](given[1:])
            except MirrorError as error:
                print(f"mirror: {error} [{error.code}]")
                status = error.exit_status
        return said.getvalue(), status

    def _programs(self) -> Mapping[str, Callable[[Sequence[str]], int]]:
        desk = Tools(clock=self.calendar, kdf=_QUICK, is_local_allowed=True)
        return {
            "publish": lambda given: publish.run(given, desk),
            "endpoints": lambda given: endpoints.run(given, desk),
            "invite": lambda given: invite.run(given, desk),
            "reader": lambda given: reader.run(given, ReaderTools(clock=self.calendar, kdf=_QUICK)),
        }

    @staticmethod
    def _check(status: int, expected: int) -> None:
        if status != expected:
            raise RuntimeError(f"the demonstration expected exit status {expected} and saw {status}")


@contextlib.contextmanager
def _heard() -> Iterator[io.StringIO]:
    """What is printed meanwhile, in the place of printing it."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        yield said


async def _is_served(options: argparse.Namespace, tools: ReaderTools) -> bool:
    try:
        async with opened(options, tools) as run:
            # Where nobody answered, the edition would be asked for all the same, for a quarter of a minute.
            return run.session.verified.freshness.is_checked and bool(await run.session.edition())
    except UnreachableError:
        return False


def _some(lines: list[str], show: int | None) -> list[str]:
    if show is None or len(lines) <= abs(show):
        return lines
    return [*lines[:show], "…"] if show >= 0 else ["…", *lines[show:]]
