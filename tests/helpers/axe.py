"""axe-core, which looks for what keeps people out of a page; any browser runs it."""

from collections.abc import Mapping
from typing import Any

from helpers.node import WEB

# To be run in the page first, as a script.
SCRIPT = (WEB / "node_modules/axe-core/axe.min.js").read_text("utf-8")
# A function that gives its findings. The text's frame runs no script: axe-core would only wait for its
# answer, for half a second each time.
LOOK = "() => axe.run(document, { resultTypes: ['violations'], iframes: false })"


def problems(found: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """Which rules are broken, and by what."""
    return [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]]
