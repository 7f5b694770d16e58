"""What holds for every test: examples that do not time out, and no silent skip in CI."""

import asyncio
import os
from collections.abc import Callable, Coroutine, Generator
from importlib import import_module
from typing import TypeVar

import pytest
from hypothesis import settings

from net.namespaces import NO_NAMESPACES

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)

IN_CI = os.environ.get("CI") == "true"

# Shared machines are slow at times: growth is measured in tests/bench, not by deadlines here.
settings.register_profile("developer", deadline=None)
# In CI the same examples each time: a failure there must be the change's own. Developers explore.
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if IN_CI else "developer")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    return forbid_skipping(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    return forbid_skipping(report)


def forbid_skipping(report: Report) -> Report:
    """In CI everything a test needs is there, or the run did not show what it seems to show.

    Two things may lack: the corpora, where nobody laid them beside the checkout (they are not ours to
    publish), and network namespaces, where the kernel gives none (they cannot be installed).
    """
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else "no reason"
        no_corpora = "MIRROR_DATA" in reason and "MIRROR_DATA" not in os.environ
        if not (no_corpora or reason.endswith(NO_NAMESPACES)):
            report.outcome = "failed"
            report.longrepr = f"skipped in CI: {reason}"
    return report


@pytest.fixture(params=["asyncio", "uvloop"])
def play(request: pytest.FixtureRequest) -> Callable[[Coroutine[None, None, None]], None]:
    """Runs a coroutine on Python's event loop, and the test once more on the one that the node prefers."""
    if request.param == "uvloop":
        pytest.importorskip("uvloop")
    factory = import_module(request.param).new_event_loop

    def run(story: Coroutine[None, None, None]) -> None:
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(story)

    return run
