"""One client doing one task over a test bed of its own, so that nothing is warm and nothing is shared.

Every process started here is ended here, whatever happens, and no run lasts longer than its patience.
"""

import asyncio
import json
import os
import resource
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.network import peers
from bench.network.edition import CHANNEL, Published
from net.bed import Bed
from net.scenario import Scenario

_OURS = Path(__file__).with_name("ours.py")
_SRC = Path(__file__).parents[3] / "src"
_START_SECONDS = 60.0  # for the imports, on a machine with better things to do
_LAST_SECONDS = 2.0  # for a program that is told to end, to write down what it holds


@dataclass(frozen=True)
class Mark:
    """What was reached, after how many seconds, and what the network had carried by then.

    ``cpu_seconds`` and ``verified_bytes`` are of our client (None for others: theirs is in ``Outcome``).
    """

    seconds: float
    down: int
    up: int
    connections: int
    cpu_seconds: float | None = None
    verified_bytes: int | None = None


@dataclass
class Outcome:
    """One run: the marks that were reached, and why there are no more, if there should be.

    ``start_seconds`` is what our client took to start and import. ``good``, ``corrupt`` and ``missing``
    count files of a peer.
    """

    marks: dict[str, Mark] = field(default_factory=dict)
    why: str = ""
    start_seconds: float = 0.0
    cpu_seconds: float = 0.0
    good: int = 0
    corrupt: int = 0
    missing: int = 0


@dataclass(frozen=True)
class Place:
    """What all runs of one edition share: the server's address, and a folder for what a run writes."""

    published: Published
    origin: tuple[str, int]
    folder: Path

    @property
    def root(self) -> Path:
        """The file that our client takes its root of trust from."""
        file = self.folder / "root.json"
        if not file.exists():
            file.write_bytes(self.published.root)
        return file


async def ours(place: Place, scenario: Scenario, task: str, patience: float) -> Outcome:
    """Our client doing ``task`` (``front``, ``behind`` or ``whole``): see ``ours.py``."""
    outcome = Outcome()
    began, cpu = time.monotonic(), _children_cpu()
    async with _started([sys.executable, str(_OURS)], place.folder, is_told=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        async with asyncio.timeout(_START_SECONDS):
            if await process.stdout.readline() != b"ready\n":
                raise RuntimeError("our client does not start")
        outcome.start_seconds = time.monotonic() - began
        async with Bed(scenario, place.origin) as bed:
            process.stdin.write(_order(place, task, bed) + b"\n")
            try:
                async with asyncio.timeout(patience):
                    while line := await process.stdout.readline():
                        _take(outcome, json.loads(line), bed)
                    if await process.wait():
                        outcome.why = "crashed"
            except TimeoutError:
                outcome.why = "too slow"
    outcome.cpu_seconds = _children_cpu() - cpu
    return outcome


async def peer(client: peers.Peer, place: Place, scenario: Scenario, task: str, patience: float) -> Outcome:
    """``client`` fetching the files of ``task``; the mark ``task`` is there when all are good."""
    outcome = Outcome()
    with TemporaryDirectory(dir=place.folder) as folder:
        async with Bed(scenario, place.origin) as bed:
            job = peers.job(place.published, task, bed.urls, Path(folder))
            command = client.prepare(job)
            began, cpu = time.monotonic(), _children_cpu()
            async with _started(command, Path(folder)) as process:
                try:
                    async with asyncio.timeout(patience):
                        await process.wait()
                except TimeoutError:
                    outcome.why = "too slow"
                seconds = time.monotonic() - began
            mark = _mark(seconds, bed)
        outcome.cpu_seconds = _children_cpu() - cpu
        outcome.good, outcome.corrupt, outcome.missing = job.right()
    if not outcome.why and outcome.good == len(job.files):
        outcome.marks[task] = mark
    outcome.why = outcome.why or ("" if outcome.marks else "gave up")
    return outcome


def _order(place: Place, task: str, bed: Bed) -> bytes:
    published = place.published
    order = {
        "task": task,
        "channel": CHANNEL,
        "now": published.now,
        "root": str(place.root),
        "front_id": published.front_id,
        "behind_id": published.behind_id,
        "mirrors": [asdict(endpoint) for endpoint in bed.endpoints],
    }
    return json.dumps(order).encode()


def _take(outcome: Outcome, said: Mapping[str, object], bed: Bed) -> None:
    if said["mark"] == "failed":
        outcome.why = str(said["code"])
        return
    seconds, cpu, verified = said["seconds"], said["cpu_seconds"], said["verified_bytes"]
    assert isinstance(seconds, float)
    assert isinstance(cpu, float)
    assert isinstance(verified, int)
    outcome.marks[str(said["mark"])] = _mark(seconds, bed, cpu, verified)


def _mark(seconds: float, bed: Bed, cpu: float | None = None, verified: int | None = None) -> Mark:
    total = bed.meter.total
    return Mark(seconds, total.down, total.up, total.connections, cpu, verified)


def _children_cpu() -> float:
    """Of all processes that ended: there is one client at a time, and what serves it does not end."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@asynccontextmanager
async def _started(command: Sequence[str], home: Path, *, is_told: bool = False) -> AsyncIterator[Process]:
    """A running program in a group of its own, without proxies or habits of whoever runs this."""
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(home), "LC_ALL": "C.UTF-8"}
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=PIPE if is_told else asyncio.subprocess.DEVNULL,
        stdout=PIPE if is_told else asyncio.subprocess.DEVNULL,
        stderr=None if is_told else asyncio.subprocess.DEVNULL,
        env=environment | ({"PYTHONPATH": str(_SRC)} if is_told else {}),
        start_new_session=True,
    )
    try:
        yield process
    finally:
        await asyncio.shield(_end(process))


async def _end(process: Process) -> None:
    """End the whole group of a process that has not ended: what a shell started may outlive it."""
    if process.returncode is None:
        _tell_group(process, signal.SIGTERM)
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_SECONDS):
                await process.wait()
        _tell_group(process, signal.SIGKILL)
        await process.wait()
    if process.stdin is not None and process.stdout is not None:
        process.stdin.close()
        with suppress(TimeoutError):  # the pipes are done with before the event loop is
            async with asyncio.timeout(_LAST_SECONDS):
                await process.stdout.read()
                with suppress(ConnectionError):
                    await process.stdin.wait_closed()


def _tell_group(process: Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
