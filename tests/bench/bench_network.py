"""How long until a reader reads: our client, other downloaders and the ideal, over hostile networks.

``python tests/bench/bench_network.py [--json] [--scenario NAME] [--client NAME] [--runs N] [--quick]``

Every run has a process and a test bed (``tests/net``) of its own, before one server of one edition. The
runs of all clients are interleaved, in another order each time. Measured, from the moment at which our
process has imported its modules (and with its start, beside): the first verified headline, the first
verified article (of the front page, and one behind it), the whole edition; bytes, connections and CPU.

The others are given the names and digests of all files that a task needs, for nothing; ours has to find
them out, and verifies signatures. ``ideal.py`` has the formula of the ideal. A program that twice did not
complete something is not asked for it a third time in that scenario.

With ``--json``, one object a line for each figure, then for each budget. Status 1 where a budget is broken.
"""

import argparse
import asyncio
import json
import os
import platform
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[2] / "src"))
sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.network import peers, report, trial
from bench.network.edition import publish, served
from bench.network.ideal import head_sizes, ideal
from bench.network.peers import PEERS
from bench.network.report import OURS, Figure
from net.scenario import Scenario, grown, load_scenarios

PIECES = 90
# Where a link needs longer than this for the edition, a smaller one is fetched.
LONG_SECONDS = 60.0
FEW_PIECES = 18
GROWTH = (10, 30, 100, 300, 1_000)
WORKING = 5
GROWN = "grown"
HELD_OUT = "heldout"
TUNED = ("aria2c", "aria2c-fresh")  # whom ours is compared with in what was held out
QUICK = ("open", "freeze-16k", "dead-80-liar")
OFTEN_ENOUGH = 2  # runs that did not complete
INTERRUPTED = 130  # exit status, as shells have it


@dataclass
class Bench:
    """What to run: ``clients`` by name, how often, and how long one run may last (in seconds).

    A run over a link that is slow for everybody may take three times the ideal.
    """

    clients: Sequence[str]
    runs: int
    patience: float
    pieces: int = PIECES
    figures: list[Figure] = field(default_factory=list)
    facts: dict[str, object] = field(default_factory=dict)

    def run(self, scenarios: Sequence[Scenario]) -> None:
        """Run ``scenarios``, one after the other, and add to ``figures``."""
        with ExitStack() as stack:
            places = Places(stack, self.pieces)
            for scenario in scenarios:
                place = places.of(scenario)
                self.facts |= places.facts()
                asyncio.run(self._scenario(scenario, place))

    async def _scenario(self, scenario: Scenario, place: trial.Place) -> None:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        heads = await head_sizes(place.published, place.origin)
        ideals = {name: ideal(scenario, place.published, heads, name) for name in place.published.steps}
        turns = [(client, name) for client in self._of(scenario) for name in _tasks(client, scenario)]
        outcomes: dict[tuple[str, str], list[trial.Outcome]] = {turn: [] for turn in turns}
        try:
            for number in range(self.runs):
                first = number * len(turns) // self.runs
                for turn in [*turns[first:], *turns[:first]]:
                    before = outcomes[turn]
                    if sum(bool(each.why) for each in before) >= OFTEN_ENOUGH and turn[0] != OURS:
                        continue
                    least = ideals[turn[1]]
                    patience = max(self.patience, 3 * least.seconds if least else 0)
                    before.append(await _one(place, scenario, turn, patience))
                    progress(scenario.name, turn, before[-1])
        finally:  # an hour's figures are not lost to an interrupt
            sizes = {name: place.published.size(name) for name in place.published.steps}
            for client in dict.fromkeys(client for client, _ in turns):
                mine = {name: runs for (who, name), runs in outcomes.items() if who == client and runs}
                self.figures += report.figures(scenario.name, client, mine, ideals, sizes)

    def _of(self, scenario: Scenario) -> list[str]:
        """Which clients run in ``scenario``."""
        if scenario.name.startswith(GROWN):
            return [OURS]
        if scenario.name.startswith(HELD_OUT):
            return [client for client in self.clients if client in (OURS, *TUNED)]
        return list(self.clients)


class Places:
    """Servers of the editions, started when a scenario first needs one."""

    def __init__(self, stack: ExitStack, pieces: int) -> None:
        self._stack = stack
        self._pieces = pieces
        self._places: dict[int, trial.Place] = {}
        self._server = ""

    def of(self, scenario: Scenario) -> trial.Place:
        """The edition that is of a fair size for ``scenario``."""
        rate = scenario.link.down_bytes_per_second or inf
        pieces = self._pieces if self._pieces * 10_240 / rate <= LONG_SECONDS else FEW_PIECES
        if pieces not in self._places:
            print(f"packing an edition of about {pieces} pieces", file=sys.stderr)
            published = publish(pieces)
            folder = Path(self._stack.enter_context(TemporaryDirectory(prefix="bench-network-")))
            self._server, address = self._stack.enter_context(served(published, folder))
            self._places[pieces] = trial.Place(published, address, folder)
        return self._places[pieces]

    def facts(self) -> dict[str, object]:
        """What was served."""
        return {
            "server": self._server,
            "editions": [
                {
                    "files": len(place.published.files("whole")),
                    "bytes": place.published.size("whole"),
                    "text": "real" if place.published.is_real else "made",
                }
                for place in self._places.values()
            ],
        }


def _tasks(client: str, scenario: Scenario) -> tuple[str, ...]:
    if scenario.name.startswith(GROWN):
        return ("front",)
    return ("behind", "whole") if client == OURS else ("front", "whole")


async def _one(
    place: trial.Place, scenario: Scenario, turn: tuple[str, str], patience: float
) -> trial.Outcome:
    client, task = turn
    if client == OURS:
        return await trial.ours(place, scenario, task, patience)
    known = next(each for each in peers.PEERS if each.name == client)
    return await trial.peer(known, place, scenario, task, patience)


def progress(scenario: str, turn: tuple[str, str], outcome: trial.Outcome) -> None:
    """Say on standard error how one run went."""
    marks = ", ".join(f"{name} {mark.seconds:.2f} s" for name, mark in outcome.marks.items())
    why = f" ({outcome.why}: {outcome.good}/{outcome.corrupt}/{outcome.missing})" if outcome.why else ""
    print(f"{scenario}: {' '.join(turn)}: {marks}{why}", file=sys.stderr, flush=True)


def chosen(names: Sequence[str], *, is_quick: bool) -> list[Scenario]:
    """The scenarios of these names, or all; ``grown`` stands for the whole series."""
    known = load_scenarios()
    series = {made.name: made for count in GROWTH for made in [grown(count, WORKING)]}
    if is_quick and not names:
        return [known[name] for name in QUICK] + list(series.values())[:3:2]
    if not names:
        return [*known.values(), *series.values()]
    found: list[Scenario] = []
    for name in names:
        if name == GROWN:
            found += series.values()
        elif name in known or name in series:
            found.append(known.get(name) or series[name])
        else:
            raise SystemExit(f"no such scenario; there are {', '.join([*known, GROWN])}")
    return found


def clients(names: Sequence[str], *, is_quick: bool) -> list[str]:
    """The clients of these names, or all that are installed, ours first."""
    known = [OURS, *(peer.name for peer in PEERS)]
    if unknown := set(names) - set(known):
        raise SystemExit(f"no such client: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    there = {OURS, *(peer.name for peer in PEERS if peer.is_there)}
    wanted = [name for name in known if name in (names or (known[:2] if is_quick else known))]
    for name in wanted:
        if name not in there:
            print(f"{name}: not run, it is not installed", file=sys.stderr)
    return [name for name in wanted if name in there]


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let SIGTERM end this as an interrupt from the keyboard does, also outside of the event loop."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def main() -> int:
    parser = argparse.ArgumentParser(description="How long until a reader reads, over hostile networks.")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    parser.add_argument(
        "--scenario", action="append", default=[], metavar="NAME", help="or 'grown'; repeatable"
    )
    parser.add_argument("--client", action="append", default=[], metavar="NAME", help="repeatable")
    parser.add_argument("--runs", type=int, help="of each client and task (5; with --quick 1)")
    parser.add_argument("--patience", type=float, default=60.0, help="seconds for one run")
    parser.add_argument("--quick", action="store_true", help="few scenarios, one peer, one run")
    options = parser.parse_args()
    bench = Bench(
        clients(options.client, is_quick=options.quick),
        options.runs or (1 if options.quick else 5),
        options.patience,
    )
    is_whole = False
    try:
        with ended_by_signals():
            bench.run(chosen(options.scenario, is_quick=options.quick))
        is_whole = True
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("interrupted: what was measured until then follows", file=sys.stderr)
    made = report.budgets(bench.figures)
    tell(bench, made, as_json=options.json)
    return (0 if all(each.is_kept for each in made) else 1) if is_whole else INTERRUPTED


def tell(bench: Bench, made: Sequence[report.Budget], *, as_json: bool) -> None:
    """Print what was measured."""
    machine = f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}"
    facts = bench.facts | {"runs_planned": bench.runs, "machine": machine}
    if as_json:
        for each in (*(figure.facts() for figure in bench.figures), *(budget.facts() for budget in made)):
            print(json.dumps(each | facts))
    else:
        print("kB, conns: what the network carried until then. Others are told every file's name and digest.")
        print(report.table(bench.figures))
        print(report.budget_table(made))
        print(f"\n{json.dumps(facts)}")


if __name__ == "__main__":
    sys.exit(main())
