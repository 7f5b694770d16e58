"""Plots of a suite: for each world, the share served by day, one panel for each censor; PNG and SVG."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import matplotlib as mpl
from matplotlib.figure import Figure

from mirror.simulate.censors import CENSORS
from mirror.simulate.suite import DEPLOYED, Cell

# Okabe and Ito's colours, which the colour-blind tell apart; ours is black and thicker.
_COLOURS: Final = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7", "#999999")


def draw_plots(cells: Sequence[Cell], folder: Path) -> list[Path]:
    """Write ``folder/<world>.png`` and ``.svg`` for each world of ``cells``; the paths written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for world in dict.fromkeys(cell.world for cell in cells):
        figure = _world(world, [cell for cell in cells if cell.world == world])
        name = re.sub(r"[^a-z0-9]+", "-", world.lower()).strip("-")
        for suffix in ("png", "svg"):
            path = folder / f"{name}.{suffix}"
            # A fixed salt and no date: the same run gives the same bytes.
            with mpl.rc_context({"svg.hashsalt": "mirror"}):
                figure.savefig(path, dpi=110, metadata={"Date": None} if suffix == "svg" else None)
            written.append(path)
    return written


def _world(world: str, cells: Sequence[Cell]) -> Figure:
    """The six panels of one world."""
    figure = Figure(figsize=(12, 7), layout="constrained")
    panels = figure.subplots(2, 3, sharex=True, sharey=True)
    figure.suptitle(f"Honest readers with a working endpoint at the end of the day: {world}")
    peers = list(dict.fromkeys(cell.strategy for cell in cells if cell.strategy != DEPLOYED))
    for panel, censor in zip(panels.flat, CENSORS, strict=True):
        for cell in (each for each in cells if each.censor == censor):
            is_ours = cell.strategy == DEPLOYED
            panel.plot(
                range(1, len(cell.served) + 1),
                [100 * share for share in cell.served],
                label=cell.strategy,
                color="black" if is_ours else _COLOURS[peers.index(cell.strategy) % len(_COLOURS)],
                linewidth=2.2 if is_ours else 1.1,
                zorder=3 if is_ours else 2,
            )
        panel.set_title(censor)
        panel.set_ylim(0, 103)
        panel.grid(alpha=0.3)
    for panel in panels[-1]:
        panel.set_xlabel("day")
    for panel in panels[:, 0]:
        panel.set_ylabel("%")
    handles, labels = panels.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5, frameon=False)
    return figure
