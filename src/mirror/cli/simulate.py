"""``mirror simulate``: the deployed splitting policy against censors, beside published strategies."""

import argparse
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mirror.errors import ConfigError

if TYPE_CHECKING:
    from mirror.simulate.papers import Comparison
    from mirror.simulate.suite import Cell, Figure
    from mirror.simulate.worlds import Setting

_SUITES: Final = {
    "standard": "the six worlds, the deployed policy and the published strategies",
    "variants": "the deployed policy with late news of blocks, lost hosts, half the supply",
    "papers": "figures of published evaluations, from our re-implementations",
}


def run(arguments: Sequence[str]) -> int:
    """Run ``mirror simulate`` with ``arguments``; 0, or 1 when a promised figure is missed.

    Raises:
        ConfigError: ``simulate-missing``: the extra is not installed; ``simulate-plots``: nothing can be
            written to that folder.
        SystemExit: ``--help`` (0), or arguments that are none (2).
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        from mirror.simulate import papers, suite  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise _missing() from error
    if options.plots:
        _make_writable(options.plots)  # before a minute's work, not after it
    seeds = options.seeds or suite.SEEDS
    worlds: Mapping[str, Setting]
    if options.suite == "papers":
        return _papers(papers.compare(seeds), as_json=options.json)
    if options.suite == "variants":
        worlds, cells = suite.variant_worlds(), list(suite.variants(seeds))
    else:
        worlds, cells = suite.WORLDS, list(suite.standard(seeds, with_peers=not options.no_peers))
    figures = [*suite.figures(cells), *suite.bounds(worlds)]
    if options.json:
        _print_lines(cells, figures)
    else:
        _print_table(figures)
    if options.plots:
        try:
            from mirror.simulate.plots import draw_plots  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise _missing() from error
        draw_plots(cells, options.plots)
    return 1 if any(figure.holds is False for figure in figures) else 0


def _missing() -> ConfigError:
    return ConfigError(
        "The simulator needs libraries that are not installed. "
        "Install them with: pip install 'mirror[simulate]'",
        code="simulate-missing",
    )


def _make_writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_good = os.access(folder, os.W_OK | os.X_OK)
    except OSError:
        is_good = False
    if not is_good:
        raise ConfigError("The folder for plots cannot be made, or not be written to.", code="simulate-plots")


def _seed(text: str) -> int:
    """What NumPy takes for a seed."""
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError("a seed is a whole number, 0 or more")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mirror simulate",
        description="Run the deployed splitting policy against censors, beside published strategies.",
        epilog="Suites: " + "; ".join(f"{name}: {what}" for name, what in _SUITES.items()) + ".",
    )
    parser.add_argument("--suite", choices=_SUITES, default="standard", help="what to run (standard)")
    parser.add_argument("--json", action="store_true", help="one line of JSON for each figure")
    parser.add_argument("--plots", metavar="FOLDER", type=Path, help="draw each world there, PNG and SVG")
    parser.add_argument("--no-peers", action="store_true", help="run the deployed policy alone")
    parser.add_argument(
        "--seeds", metavar="N", type=_seed, nargs="+", help="worlds to draw; the mean of them is shown"
    )
    return parser


def _print_lines(cells: Sequence["Cell"], figures: Sequence["Figure"]) -> None:
    """Each figure, then each cell without its days, a line of JSON each."""
    for figure in figures:
        _print_line({**asdict(figure), "value": round(figure.value, 5), "holds": figure.holds})
    for cell in cells:
        _print_line(
            {
                "world": cell.world,
                "strategy": cell.strategy,
                "censor": cell.censor,
                "mean": round(cell.mean, 5),
                "last": round(cell.last, 5),
                "burned": round(cell.burned, 4),
                "given_up": round(cell.given_up, 5),
            }
        )


def _print_line(value: dict[str, object]) -> None:
    print(json.dumps(value, sort_keys=True, ensure_ascii=False))


def _print_table(figures: Sequence["Figure"]) -> None:
    """A line for each world and strategy."""
    groups: dict[str, dict[str, dict[str, Figure]]] = {}
    for figure in figures:
        groups.setdefault(figure.world, {}).setdefault(figure.strategy, {})[figure.figure] = figure
    print("Share of honest readers with a working endpoint at the end of the day, after the blocks;")
    print("mean and worst of six censors. Burned: endpoints for each informer. ! marks a missed promise.")
    for world, strategies in groups.items():
        print(f"\n{world}")
        print(f"  {'':<24}{'mean':>8}{'worst':>8}{'last day':>10}{'burned':>8}{'given up':>10}")
        for strategy, found in strategies.items():
            shown = "".join(
                _shown(found.get(name), width)
                for name, width in (
                    ("mean", 8),
                    ("worst", 8),
                    ("last day", 10),
                    ("burned", 8),
                    ("given up", 10),
                )
            )
            print(f"  {strategy:<24}{shown}")


def _shown(figure: "Figure | None", width: int) -> str:
    if figure is None:
        return " " * width
    text = f"{figure.value:.2f}" if figure.figure == "burned" else f"{100 * figure.value:.1f}"
    return f"{text}{'!' if figure.holds is False else ''}".rjust(width)


def _papers(found: "Iterable[Comparison]", *, as_json: bool) -> int:
    for each in found:
        published = each.published
        if as_json:
            _print_line(
                {
                    "paper": published.paper,
                    "says": published.says,
                    "ours": round(each.ours, 4),
                    "least": published.least,
                    "most": published.most,
                    "appears": each.appears,
                }
            )
        else:
            print(f"{published.paper}: {published.says}")
            print(
                f"    ours {each.ours:.3f}, within {published.least:g} to {published.most:g}: "
                f"{'appears' if each.appears else 'does not appear'}"
            )
    return 0
