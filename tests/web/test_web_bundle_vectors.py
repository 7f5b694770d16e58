"""The bundle's vectors, run by the browser's reader."""

from collections.abc import Iterator

import pytest

from core.test_bundle_vectors import CASES
from helpers.bundle_vectors import RUNNERS, Case
from helpers.node import Node, Refused, running


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with running() as process:
        yield process


@pytest.mark.parametrize("case", [pytest.param(each, id=f"{each['kind']}-{each['name']}") for each in CASES])
def test_a_vector_becomes_what_it_says(node: Node, case: Case) -> None:
    answer = node.ask(f"bundle-{case['kind']}", case["input"])
    found = (answer.code, None) if isinstance(answer, Refused) else ("ok", answer)
    assert found == (case["expect"], case["released_sha256"])


def test_every_kind_was_asked() -> None:
    assert {case["kind"] for case in CASES} == set(RUNNERS)
