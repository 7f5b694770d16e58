"""SYNs dropped by a kernel, not by us: the client fetches over the mirrors that are left.

Skipped where the kernel makes no network namespaces, or nft or ip are not there.
"""

import json
import os
import sys
from pathlib import Path

import pytest

from net import namespaces

STORY = Path(__file__).with_name("namespace_story.py")
SEARCH = os.pathsep.join(str(Path(__file__).parents[up] / name) for up, name in ((1, ""), (2, "src")))


@pytest.fixture(scope="module")
def _networks() -> None:
    why = namespaces.lacking()
    if why is not None:
        pytest.skip(why)


def story(folder: Path, count: int, *dropped: int) -> dict[str, object]:
    numbers = (str(number) for number in (count, *dropped))
    done = namespaces.inside("env", f"PYTHONPATH={SEARCH}", sys.executable, str(STORY), str(folder), *numbers)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert isinstance(result, dict)
    return result


@pytest.mark.usefixtures("_networks")
def test_pieces_come_from_the_addresses_that_the_kernel_lets_through(tmp_path: Path) -> None:
    result = story(tmp_path, 5, 1, 2, 4)
    assert result["pieces"] == result["wanted"]
    assert result["outcomes"] == ["unreachable", "unreachable", "came", "unreachable", "came"]
    assert isinstance(result["dropped"], int)
    assert result["dropped"] >= 3  # by the kernel's own count


@pytest.mark.usefixtures("_networks")
def test_without_rules_every_address_answers(tmp_path: Path) -> None:
    result = story(tmp_path, 3)
    assert result["pieces"] == result["wanted"]
    assert result["outcomes"] == ["came"] * 3
    assert result["dropped"] == 0


def test_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert namespaces.lacking() == "not installed: unshare, ip, nft"
