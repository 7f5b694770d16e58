"""A figure of the browser's reader: what was measured, how often, and what was promised."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True)
class Figure:
    """One case: ``values`` in ``unit``, one of each run; ``target`` is what their median may be at most.

    ``facts`` are whatever else belongs beside it.
    """

    case: str
    unit: str
    values: Sequence[float]
    target: float | None = None
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def median(self) -> float:
        """The middle of the runs."""
        return median(self.values)

    @property
    def is_kept(self) -> bool:
        """True also where nothing was promised."""
        return self.target is None or self.median <= self.target

    def row(self) -> dict[str, object]:
        """As one flat object."""
        return {
            "case": self.case,
            "unit": self.unit,
            "min": _round(min(self.values)),
            "median": _round(self.median),
            "max": _round(max(self.values)),
            "runs": len(self.values),
            "target": None if self.target is None else _round(self.target),
            "is_within_target": None if self.target is None else self.is_kept,
            **self.facts,
        }


def _round(value: float) -> float:
    return round(value, 3)


def table(figures: Sequence[Figure]) -> str:
    """The figures for people."""
    lines = [f"{'case':44}{'median':>10}{'min':>10}{'max':>10}{'runs':>6}{'target':>10}"]
    for each in figures:
        cells = [f"{value:,.6g}" for value in (each.median, min(each.values), max(each.values))]
        goal = "" if each.target is None else f"{each.target:,.6g}"
        missed = "" if each.is_kept else "  MISSED"
        row = f"{f'{each.case}, {each.unit}':44}{cells[0]:>10}{cells[1]:>10}{cells[2]:>10}"
        lines.append(f"{row}{len(each.values):>6}{goal:>10}{missed}")
        lines += [f"    {name}: {value}" for name, value in each.facts.items()]
    return "\n".join(lines)
