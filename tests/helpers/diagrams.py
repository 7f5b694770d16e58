"""The diagrams of ``FETCHING.md``, made from the tables that the client runs on.

``python tests/helpers/diagrams.py`` writes them into the document; a test compares.
"""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from mirror.client.attempt import ENDS, STEPS, Step
from mirror.client.network import CURTAINS, STANDINGS, Curtain, Standing

DOCUMENT = Path(__file__).parents[2] / "src/mirror/client/FETCHING.md"
_BEGIN, _END = "<!-- made from the code: {} -->", "<!-- end of what is made from the code -->"

State = TypeVar("State", bound=StrEnum)
Event = TypeVar("Event", bound=StrEnum)


def attempts() -> str:
    """The life of one attempt. What all steps under way have in common is drawn once."""
    under_way = [step for step in Step if step not in ENDS]
    common = {
        (event, after)
        for (_, event), after in STEPS.items()
        if all(STEPS.get((step, event)) is after for step in under_way)
    }
    inner = [
        f"        {before} --> {after}: {event}"
        for (before, event), after in STEPS.items()
        if (event, after) not in common
    ]
    outer = sorted(f"    under_way --> {after}: {event}" for event, after in common)
    starts = [f"        [*] --> {step}" for step in (Step.CONNECTING, Step.ASKED)]
    ends = [f"    {step} --> [*]" for step in Step if step in ENDS]
    return _drawn(
        ["    state under_way {", *starts, *inner, "    }", *outer, *ends],
    )


def standings() -> str:
    """What is thought of an endpoint."""
    return _drawn([f"    [*] --> {Standing.NEW}", *_edges(STANDINGS)])


def curtains() -> str:
    """What is thought of the network."""
    return _drawn([f"    [*] --> {Curtain.UNKNOWN}", *_edges(CURTAINS)])


def _edges(table: Mapping[tuple[State, Event], State]) -> list[str]:
    """One arrow for each pair, with all that leads along it."""
    arrows: dict[tuple[State, State], list[str]] = {}
    for (before, event), after in table.items():
        arrows.setdefault((before, after), []).append(event)
    return [f"    {before} --> {after}: {', '.join(events)}" for (before, after), events in arrows.items()]


def _drawn(lines: list[str]) -> str:
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```"])


def with_diagrams(text: str) -> str:
    """``text`` with each diagram as the code has it now."""
    for make in (attempts, standings, curtains):
        begin = _BEGIN.format(make.__name__)
        before, found, rest = text.partition(begin)
        if not found:
            raise ValueError(f"no place for {make.__name__}")
        _, found, after = rest.partition(_END)
        if not found:
            raise ValueError(f"the place for {make.__name__} has no end")
        text = f"{before}{begin}\n{make()}\n{_END}{after}"
    return text


if __name__ == "__main__":
    DOCUMENT.write_text(with_diagrams(DOCUMENT.read_text()))
