"""Our client in a process of its own: what ``mirror reader`` does for one reader who keeps nothing.

Says ``ready`` when everything is imported, takes one line of JSON (a ``task`` and all it needs), and says
one line of JSON at each thing reached, at once: so what was reached before a deadline is known. Time zero
is when the line was read; CPU time counts from there too.
"""

import asyncio
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mirror.cli.reader  # noqa: F401  the command imports all this
from mirror.clock import SystemClock
from mirror.errors import MirrorError
from mirror.model import Article, Endpoint
from mirror.net.anyhow import AnyTransport
from mirror.reader.config import RootFile
from mirror.reader.session import ReaderSession


@dataclass
class SetClock(SystemClock):
    """The device's clock, set to the instant at which the edition was made."""

    at: int

    def now(self) -> int:
        """That instant."""
        return self.at


class Stopwatch:
    """Says what was reached, and what it had cost by then."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._cpu = time.process_time()

    def reached(self, mark: str, session: ReaderSession, **more: object) -> None:
        """Say so."""
        seconds, cpu = time.monotonic() - self._began, time.process_time() - self._cpu
        cost = session.ledger.cost()
        facts = {
            "mark": mark,
            "seconds": seconds,
            "cpu_seconds": cpu,
            "verified_bytes": sum(cost.fetched.values()),
            "wasted_bytes": cost.wasted,
        }
        print(json.dumps(facts | more), flush=True)


async def run(order: dict[str, Any], watch: Stopwatch) -> None:
    """Do the task; its marks are ``headline``, then ``front`` and ``behind``, or ``whole``."""
    root = RootFile(Path(order["root"]))
    mirrors = tuple(Endpoint(**each) for each in order["mirrors"])
    async with AnyTransport() as transport:
        session = ReaderSession(root, order["channel"], mirrors, transport, SetClock(order["now"]))
        try:
            await session.refresh()
            edition = await session.edition()
            insist(edition.manifest.front.listed)
            watch.reached("headline", session)
            if order["task"] == "whole":
                async with asyncio.TaskGroup() as group:
                    notices = group.create_task(session.take_notices())
                    opened = await edition.everything()
                    await notices
                insist(len(opened.articles()) >= len(edition.manifest.front.listed))
                insist(session.notices)
                watch.reached("whole", session)
                return
            insist_article(await edition.article(order["front_id"]))
            watch.reached("front", session)
            if order["task"] == "behind":
                insist_article(await edition.article(order["behind_id"]))
                watch.reached("behind", session)
        except MirrorError as error:
            watch.reached("failed", session, code=error.code)


def insist_article(article: Article | None) -> None:
    """Not reached by what is no article to read."""
    insist(article is not None and article.body)


def insist(fact: object) -> None:
    """Fail where what came out is not what the edition holds."""
    if not fact:
        raise AssertionError("the client gave something else")


def main() -> None:
    """One order."""
    print("ready", flush=True)
    line = sys.stdin.readline()
    if not line:
        return  # nobody wants anything any more
    watch = Stopwatch()
    asyncio.run(run(json.loads(line), watch))


if __name__ == "__main__":
    main()
