"""Every view at 320 and 1280 pixels, in boxes: compared with the pictures in ``shots``, measured, turned.

After a change of the page that is meant, ``pytest tests/browser/test_page_shots.py --renew-shots`` writes the
pictures anew: look at them before they are committed.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserType

from helpers import boxes, shots
from helpers.stage import sites

# Chromium 150 and 156 differ in one picture of 64, by 8 pixels, in a field that the browser draws itself.
# A margin that is 2 pixels wider makes more.
ALIKE = 24
SHOWN = ("en", "fa")
MEASURED = (*SHOWN, "ru")  # longer words

Tours = Mapping[str, Mapping[str, shots.Seen]]


@pytest.fixture(scope="module")
def boxed(
    browser_type: BrowserType,
    browser_type_launch_args: dict[str, object],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Browser]:
    """A Chromium that has no font but the boxes."""
    environment = {**os.environ, **boxes.environment(tmp_path_factory.mktemp("fonts"))}
    made = browser_type.launch(**{**browser_type_launch_args, "env": environment})  # type: ignore[arg-type]
    yield made
    made.close()


@pytest.fixture(scope="module")
def tours(boxed: Browser, shown: Mapping[str, bytes]) -> Tours:
    """What was seen in each language."""
    with sites(shown, 1) as [site]:
        return {each: shots.tour(boxed, site, each, is_pictured=each in SHOWN) for each in MEASURED}


def _is_alike(new: Image.Image, kept: Path) -> bool:
    return shots.compared(new, shots.opened(kept.read_bytes())).count <= ALIKE


@pytest.mark.parametrize("view", shots.VIEWS)
@pytest.mark.parametrize("language", SHOWN)
def test_it_looks_as_it_did(
    tours: Tours, language: str, view: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    problems = []
    for name, data in tours[language][view].pictures.items():
        kept = shots.REFERENCES / f"{language}-{name}.png"
        new = shots.opened(data)
        if request.config.getoption("--renew-shots") and not (kept.exists() and _is_alike(new, kept)):
            kept.write_bytes(shots.small(new))
        old = shots.opened(kept.read_bytes())
        found = shots.compared(new, old)
        if found.count > ALIKE:
            new.save(tmp_path / kept.name)
            found.picture.save(tmp_path / f"difference-{kept.name}")
            problems.append(f"{kept.name}: {found.count} pixels; it was {old.size}, and is {new.size}")
    assert not problems, f"{problems}; see {tmp_path}"


def test_every_picture_is_of_a_view(tours: Tours) -> None:
    names = {
        f"{language}-{name}.png"
        for language in SHOWN
        for seen in tours[language].values()
        for name in seen.pictures
    }
    kept = list(shots.REFERENCES.glob("*.png"))
    assert {each.name for each in kept} == names
    assert sum(each.stat().st_size for each in kept) < 250_000


@pytest.mark.parametrize("view", shots.VIEWS)
@pytest.mark.parametrize("language", MEASURED)
def test_at_320_pixels_nothing_is_cut_off_and_every_control_can_be_hit(
    tours: Tours, language: str, view: str
) -> None:
    assert tours[language][view].problems == []


@pytest.mark.parametrize("view", shots.VIEWS)
@pytest.mark.parametrize("language", SHOWN)
def test_turned_around_it_is_its_mirror_image(tours: Tours, language: str, view: str) -> None:
    assert tours[language][view].turned == []
