"""What holds for every test: examples that do not time out, and no silent skip in CI."""

import os
from collections.abc import Generator

import pytest
from hypothesis import settings

IN_CI = os.environ.get("CI") == "true"

# Shared machines are slow at times: growth is measured in tests/bench, not by deadlines here.
settings.register_profile("developer", deadline=None)
# In CI the same examples each time: a failure there must be the change's own. Developers explore.
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if IN_CI else "developer")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI everything a test needs is there, or the run did not show what it seems to show."""
    report = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else "no reason"
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {reason}"
    return report
