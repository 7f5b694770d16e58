"""Figures from runs, the budgets they are held to, and the tables that people read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from statistics import median

from bench.network.ideal import Ideal
from bench.network.trial import Mark, Outcome

OURS = "ours"
# The figures that come out of a task. Each counts from the same start: ``behind`` read a headline before.
FIGURES = {"behind": ("headline", "front", "behind"), "front": ("headline", "front"), "whole": ("whole",)}
# What ``ideal`` calls the task of a figure: the headlines stand in the same piece as the first stories.
TASKS = {"headline": "front", "front": "front", "behind": "behind", "whole": "whole"}
WORDS = {
    "headline": "first headline",
    "front": "first article, of the front page",
    "behind": "first article behind the front page",
    "whole": "whole edition and notices",
}


@dataclass(frozen=True)
class Figure:
    """One client's runs to one figure in one scenario; ``marks`` has None where it was not reached."""

    scenario: str
    client: str
    name: str
    marks: tuple[Mark | None, ...]
    outcomes: tuple[Outcome, ...]
    ideal: Ideal | None
    megabytes: float

    @property
    def seconds(self) -> list[float]:
        """Sorted; a run that did not get there took for ever."""
        return sorted(inf if mark is None else mark.seconds for mark in self.marks)

    @property
    def median(self) -> float:
        """Infinite when half of the runs did not get there."""
        return median(self.seconds)

    @property
    def completed(self) -> int:
        """How many runs got there."""
        return sum(mark is not None for mark in self.marks)

    @property
    def ratio(self) -> float | None:
        """The median to the ideal."""
        return self.median / self.ideal.seconds if self.ideal and self.ideal.seconds else None

    def facts(self) -> dict[str, object]:
        """Everything as one flat object: times in seconds, null for never; medians of what completed."""
        reached = [mark for mark in self.marks if mark is not None]
        is_ours = self.client == OURS
        started = [
            mark.seconds + outcome.start_seconds if mark else inf
            for mark, outcome in zip(self.marks, self.outcomes, strict=True)
        ]
        return {
            "scenario": self.scenario,
            "client": self.client,
            "figure": self.name,
            "runs": len(self.marks),
            "completed": self.completed,
            "seconds_min": _seconds(self.seconds[0]),
            "seconds_median": _seconds(self.median),
            "seconds_max": _seconds(self.seconds[-1]),
            "seconds_with_start_median": _seconds(median(started)) if is_ours else None,
            "ideal_seconds": _seconds(self.ideal.seconds) if self.ideal else None,
            "ideal_ratio": _seconds(self.ratio) if self.ratio is not None else None,
            "ideal_formula": self.ideal.formula if self.ideal else None,
            "body_bytes": self.ideal.body_bytes if self.ideal else None,
            "wire_bytes": self.ideal.wire_bytes if self.ideal else None,
            "bytes_down": _middle(mark.down for mark in reached),
            "bytes_up": _middle(mark.up for mark in reached),
            "connections": _middle(mark.connections for mark in reached),
            "cpu_seconds": _middle((cpu for cpu, _ in self._cpu()), 4),
            "cpu_seconds_per_verified_mb": _middle((cpu / size for cpu, size in self._cpu() if size), 4),
            "files_good": None if is_ours else _middle(each.good for each in self.outcomes),
            "files_corrupt": None if is_ours else _middle(each.corrupt for each in self.outcomes),
            "files_missing": None if is_ours else _middle(each.missing for each in self.outcomes),
            "why_not": sorted({each.why for each in self.outcomes if each.why}),
        }

    def _cpu(self) -> Iterable[tuple[float, float]]:
        """CPU seconds and verified megabytes. Ours counts from time zero; another program's is all of it."""
        for mark, outcome in zip(self.marks, self.outcomes, strict=True):
            if mark is not None and mark.cpu_seconds is not None and mark.verified_bytes is not None:
                yield mark.cpu_seconds, mark.verified_bytes / 1e6
            elif mark is not None:
                yield outcome.cpu_seconds, self.megabytes


@dataclass(frozen=True)
class Budget:
    """One promise: ``figure``'s median may be ``limit`` seconds, for the reason ``rule``."""

    figure: Figure
    rule: str
    limit: float

    @property
    def is_kept(self) -> bool:
        """Never where half of the runs did not get there."""
        return isfinite(self.figure.median) and self.figure.median <= self.limit

    def facts(self) -> dict[str, object]:
        """As one flat object."""
        return {
            "scenario": self.figure.scenario,
            "budget": f"{WORDS[self.figure.name]}: {self.rule}",
            "measured_seconds": _seconds(self.figure.median),
            "budget_seconds": _seconds(self.limit),
            "is_within_budget": self.is_kept,
        }


def figures(
    scenario: str,
    client: str,
    outcomes: Mapping[str, Sequence[Outcome]],
    ideals: Mapping[str, Ideal | None],
    sizes: Mapping[str, int],
) -> list[Figure]:
    """The figures of one client in one scenario, from its ``outcomes`` by task."""
    made = []
    for task, runs in outcomes.items():
        for name in FIGURES[task] if client == OURS else (task,):
            marks = tuple(outcome.marks.get(name) for outcome in runs)
            made.append(
                Figure(
                    scenario, client, name, marks, tuple(runs), ideals[TASKS[name]], sizes[TASKS[name]] / 1e6
                )
            )
    return made


def budgets(all_figures: Sequence[Figure]) -> list[Budget]:
    """What is promised of our client where something is: by the first word of the scenario's name."""
    made = []
    for figure in all_figures:
        if figure.client != OURS or figure.ideal is None or figure.name == "headline":
            continue
        kind, ideal = figure.scenario.partition("-")[0], figure.ideal.seconds
        factor = {"open": 1.5, "throttled": 1.5, "freeze": 2.0}.get(kind)
        if factor is not None:
            factor = 1.3 if figure.name == "whole" and kind != "freeze" else factor
            made.append(Budget(figure, f"{factor} x ideal", factor * ideal))
        elif kind == "dead" and figure.name != "whole":
            made.append(Budget(figure, "2 s + 1.5 x ideal", 2 + 1.5 * ideal))
            best = best_peer(all_figures, figure)
            if best is not None:
                made.append(Budget(figure, f"0.5 x {best.client}", 0.5 * best.median))
    return made


def best_peer(all_figures: Iterable[Figure], ours: Figure) -> Figure | None:
    """The fastest of the others that completed every run of the same; None when none did."""
    others = [
        each
        for each in all_figures
        if (each.scenario, each.name) == (ours.scenario, ours.name)
        and each.client != OURS
        and each.completed == len(each.marks)
    ]
    return min(others, key=lambda each: each.median, default=None)


def table(all_figures: Sequence[Figure]) -> str:
    """The figures for people, one scenario after the other, with the ideals' formulas."""
    lines = []
    for scenario in dict.fromkeys(figure.scenario for figure in all_figures):
        lines += ["", scenario]
        mine = [figure for figure in all_figures if figure.scenario == scenario]
        for name in dict.fromkeys(figure.name for figure in mine):
            rows = [figure for figure in mine if figure.name == name]
            ideal = rows[0].ideal
            said = (
                f"{ideal.body_bytes:,} B of bodies; {ideal.formula}" if ideal else "no single way can do it"
            )
            lines.append(f"  {WORDS[name]}. Ideal: {said}")
            lines.append(
                f"    {'client':15}{'median':>8}{'min':>8}{'max':>8}{'x ideal':>9}{'done':>6}"
                f"{'with start':>11}{'kB down':>9}{'kB up':>7}{'conns':>7}{'CPU s':>7}{'CPU s/MB':>10}"
                "  good/corrupt/missing"
            )
            lines += [_row(figure.facts()) for figure in rows]
            lines += _lost(rows)
    return "\n".join(lines)


def budget_table(made: Sequence[Budget]) -> str:
    """The budgets for people."""
    lines = ["", f"{'scenario':16}{'budget':58}{'may be':>8}{'median':>8}"]
    for budget in made:
        words = f"{WORDS[budget.figure.name]}: {budget.rule}"
        lines.append(
            f"{budget.figure.scenario:16}{words:58}{_cell(budget.limit):>8}{_cell(budget.figure.median):>8}"
            f"  {'kept' if budget.is_kept else 'BROKEN'}"
        )
    return "\n".join(lines)


def _lost(rows: Sequence[Figure]) -> list[str]:
    """A line for each client that was faster than ours."""
    ours = [figure for figure in rows if figure.client == OURS]
    return [
        f"    LOST to {other.client}: {_cell(mine.median)} against {_cell(other.median)}"
        for mine in ours
        for other in rows
        if other.client != OURS and other.median < mine.median
    ]


def _row(facts: Mapping[str, object]) -> str:
    counts = [facts[f"files_{kind}"] for kind in ("good", "corrupt", "missing")]
    files = (
        ""
        if counts[0] is None
        else "/".join(f"{count:g}" for count in counts if isinstance(count, int | float))
    )
    why = f"  {', '.join(why)}" if isinstance(why := facts["why_not"], list) and why else ""
    cells = [
        f"{facts['client']!s:15}",
        *(f"{_cell(facts[f'seconds_{kind}']):>8}" for kind in ("median", "min", "max")),
        f"{_cell(facts['ideal_ratio']):>9}",
        f"{facts['completed']!s:>3}/{facts['runs']!s:<2}",
        f"{_cell(facts['seconds_with_start_median']):>11}",
        f"{_kilo(facts['bytes_down']):>9}",
        f"{_kilo(facts['bytes_up']):>7}",
        f"{_cell(facts['connections'], 0):>7}",
        f"{_cell(facts['cpu_seconds']):>7}",
        f"{_cell(facts['cpu_seconds_per_verified_mb'], 3):>10}",
    ]
    return f"    {''.join(cells)}  {files}{why}"


def _cell(value: object, digits: int = 2) -> str:
    if isinstance(value, int | float) and isfinite(value):
        return f"{value:.{digits}f}"
    return "-"


def _kilo(value: object) -> str:
    return f"{value / 1000:.1f}" if isinstance(value, int | float) else "-"


def _seconds(value: float) -> float | None:
    return round(value, 3) if isfinite(value) else None


def _middle(values: Iterable[float], digits: int = 1) -> float | None:
    found = list(values)
    return round(median(found), digits) if found else None
