"""Running ``mirror reader`` in this process, over mirrors in memory or on this disk."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from helpers.memory import MemoryTransport
from helpers.newsroom import NOW
from helpers.publication import Press
from helpers.virtual import play
from mirror.cli import main, reader
from mirror.cli.reader_run import Tools
from mirror.clock import SystemClock
from mirror.net.anyhow import WayOut
from mirror.net.ways import Ways
from mirror.trust.keys import Kdf

CHEAP = Kdf("scrypt", memory=16, passes=1, lanes=1)


@dataclass
class SetClock(SystemClock):
    """The device's clock, set to an instant."""

    at: int = NOW

    def now(self) -> int:
        """The instant it is set to."""
        return self.at


@dataclass
class Reader:
    """One reader at a command line. ``said`` and ``told`` are what came to stdout and stderr."""

    press: Press
    capture: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch
    folder: Path
    transport: MemoryTransport = field(init=False)
    clock: SetClock = field(default_factory=SetClock)
    said: str = ""
    told: str = ""

    def __post_init__(self) -> None:
        self.mirrors("m1", "m2")
        self.root = self.folder / "root.json"
        self.root.write_bytes(self.press.root)

    def mirrors(self, *names: str, **behaviours: Any) -> None:
        """Begin with these honest mirrors; ``behaviours`` change some."""
        called = {f"mirror {number}": name for number, name in enumerate(names, 1)}
        self.transport = MemoryTransport(
            dict.fromkeys(called, self.press.tree),
            {mirror: behaviours[name] for mirror, name in called.items() if name in behaviours},
        )

    def run(self, *arguments: str, mirrors: bool = True) -> int:
        """The exit status of ``mirror reader`` with ``arguments``."""
        options = ["--root", str(self.root), "--channel", "ru", "--language", "en"]
        if mirrors:
            options += [f"--mirror={mirror.url}" for mirror in self.transport.mirrors]
        chosen = [each for each in options if arguments[:1] != ("wipe",)]
        return self.plain(arguments[0], *chosen, *arguments[1:])

    def plain(self, *arguments: str) -> int:
        """The exit status of ``mirror reader`` with nothing but ``arguments``."""

        @asynccontextmanager
        async def transport(_ways: Ways, _randomness: object) -> AsyncIterator[WayOut]:
            yield self.transport

        tools = Tools(clock=self.clock, kdf=CHEAP, transport=transport, built=0)
        self.patch.setattr(reader, "Tools", lambda: tools)
        self.capture.readouterr()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(asyncio, "run", play)  # mirrors in memory are waited for in no time
            status = main(["reader", *arguments])
        self.said, self.told = self.capture.readouterr()
        return status

    def facts(self, *arguments: str) -> dict[str, Any]:
        """What ``--json`` prints; the command must succeed."""
        status = self.run(*arguments, "--json")
        assert status == 0, self.told
        value: dict[str, Any] = json.loads(self.said)
        return value
