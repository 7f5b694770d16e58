"""Which operations the interpreter executes: work compared without a clock."""

import gc
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def steps(call: Callable[[], object]) -> list[tuple[str, int]]:
    """Every operation of every Python function that ``call`` runs, by function and place in it, in order."""
    found: list[tuple[str, int]] = []

    def trace(frame: FrameType, event: str, argument: object) -> Any:  # the type of tracers
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        if event == "opcode":
            found.append((frame.f_code.co_qualname, frame.f_lasti))
        return trace

    before, was_collecting = sys.gettrace(), gc.isenabled()
    gc.disable()  # Hypothesis has Python code run whenever there is a collection
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
        if was_collecting:
            gc.enable()
    return found
