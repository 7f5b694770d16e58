"""Pictures of the page in boxes (``boxes.py``), what is measured in them, and how two are compared.

1. What is seen does not depend on the machine: a font of boxes, a fixed clock, no animations, one device
   pixel to a pixel, and dates and numbers that are the same in every version of the browser's own tables.
2. Two pictures are alike where each pixel lies between the darkest and the lightest of the nine around its
   place in the other, both ways. What is moved by one pixel, or smoothed otherwise, is no difference; by two,
   it is.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from threading import Event
from typing import Final

import numpy as np
from PIL import Image, ImageChops, ImageFilter
from playwright.sync_api import Browser, FloatRect, Page, ViewportSize, expect

from helpers.newsdesk import DAY, NOW
from helpers.reading_room import later
from helpers.stage import Site

HERE: Final = Path(__file__).parent
REFERENCES: Final = HERE.parent / "browser" / "shots"
NARROW: Final = ViewportSize(width=320, height=640)
WIDE: Final = ViewportSize(width=1280, height=800)
TALLEST: Final = 1600  # what lies below this is more of the same
# Views that are looked at in the dark too: every colour of the style is in one of them.
DARK: Final = ("front", "article", "gate", "settings")
SOON: Final = datetime.fromtimestamp(NOW + DAY + 3_600, UTC)  # an hour after the news were signed
NEAR: Final = 6  # of 255: paper and what lies on it softly are 11 apart
_FAR: Final = [255 * (each > NEAR) for each in range(256)]
COLOURS: Final = 128  # a picture has up to 360, most of them in round corners
PASSPHRASE: Final = "correct horse battery"

# Rule 1. The browser's tables of dates, units and names change with its version; texts of the page do not.
_SAME_WORDS: Final = """
for (const name of ["DateTimeFormat", "NumberFormat"]) {
  const { prototype } = Intl[name];
  const text = name === "NumberFormat" ? "12" : "28 xxxxxx 2027";
  Object.defineProperty(prototype, "format", { get: () => () => text });
}
Intl.DisplayNames.prototype.of = () => "Xxxxxxx";
"""
# Until nothing moves any more: the frame with the text has its height, and two pictures were drawn.
_SETTLED: Final = """async () => {
  document.querySelector(".status")?.replaceChildren();
  scrollTo(0, 0);
  const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const isFit = (frame) =>
    Math.abs(frame.clientHeight - frame.contentDocument.body.getBoundingClientRect().height) <= 1;
  do await drawn(); while (![...document.querySelectorAll("iframe")].every(isFit));
}"""
_KEPT: Final = """async () => {
  while (!(await indexedDB.databases()).length) await new Promise((done) => requestAnimationFrame(done));
}"""
_LANGUAGE: Final = "document.documentElement.lang"
_MEASURES: Final = (HERE / "measures.js").read_text("utf-8")


@dataclass
class Seen:
    """What was seen of one view."""

    pictures: dict[str, bytes] = field(default_factory=dict)  # by name, as PNG
    problems: list[str] = field(default_factory=list)  # at 320 pixels
    turned: list[str] = field(
        default_factory=list
    )  # what is not where it was, mirrored, once the page is turned


def _press(selector: str) -> Callable[[Page], None]:
    return lambda page: page.locator(selector).first.click()


def _until(selector: str) -> Callable[[Page], None]:
    return lambda page: expect(page.locator(selector).first).to_be_visible()


def _find(page: Page) -> None:
    page.locator("main .dim button").click()
    page.locator("[type=search]").fill({"en": "the", "fa": "شهر", "ru": "дамбы"}[page.evaluate(_LANGUAGE)])


def _make_library(page: Page) -> None:
    for each in page.locator("dialog [type=password]").all():
        each.fill(PASSPHRASE)
    page.locator("dialog .primary").click()
    expect(page.locator("dialog")).to_have_count(0)
    page.evaluate(_KEPT)
    page.reload()


def _skip(page: Page) -> None:
    page.locator(".skip").focus()


def _escape(page: Page) -> None:
    page.keyboard.press("Escape")


_proceed = _press("dialog[open] .answers .quiet")
# Each view from the one before it: how to come there, by places and not by words, and what is there then.
TOUR: Final[Mapping[str, tuple[Callable[[Page], None], ...]]] = {
    "front": (_until("nav button:nth-child(3)"), _until(".note")),
    "skip": (_skip,),
    "article": (_press("main [role=link]"), _until("article .text details"), _until(".note")),
    "gate": (_press(".acts button"), _until("dialog .answers")),
    "notice": (_press("dialog[open] .link"), _until("article h2")),
    "about": (_press("nav button:nth-child(3)"), _until("main ul + h2")),
    "wipe": (_press("footer .danger"), _until("dialog .danger")),
    "search": (
        _escape,
        _press("nav button:nth-child(1)"),
        _proceed,
        _until("[type=search]"),
        _find,
        _until("mark"),
    ),
    "settings": (_press("nav button:nth-child(2)"), _until("textarea")),
    "keeping": (_press("h2 ~ p + .buttons button >> nth=-3"), _proceed, _until("dialog [type=password]")),
    "unlocking": (_make_library, _until("main [type=password]")),
}


@contextmanager
def _page(browser: Browser, language: str) -> Iterator[Page]:
    with browser.new_context(
        locale=language, timezone_id="UTC", viewport=NARROW, reduced_motion="reduce", device_scale_factor=1
    ) as context:
        page = context.new_page()
        page.add_init_script(_SAME_WORDS)
        yield page


def _opening(page: Page, site: Site) -> Callable[[], object]:
    """What is seen while the front page is on its way: the program is there, and what is signed."""
    goes_on = Event()

    def holding(path: str, body: bytes | None) -> bytes | None:
        if path.startswith("p/") and any(each.startswith("m/") for each in site.paths()):
            goes_on.wait(60)
        return body

    site.alter = holding
    page.goto(site.page)
    expect(page.locator("main [role=status]")).not_to_be_empty()
    return goes_on.set


def _failed(page: Page, site: Site, missing: str = "m/", seen: str = "main textarea") -> None:
    """What is seen where no mirror gives the news."""
    page.clock.install(time=SOON)
    site.alter = lambda path, body: None if path.startswith(missing) else body
    page.goto(site.page)
    later(page, page.locator(seen))


def _broken(page: Page, site: Site) -> None:
    """What is seen where no mirror gives the program."""
    _failed(page, site, "p/", "#failed")


# Each in a page of its own; what they give ends what they began.
_APART: Final[Mapping[str, Callable[[Page, Site], Callable[[], object] | None]]] = {
    "opening": _opening,
    "failed": _failed,
    "broken": _broken,
}
VIEWS: Final = (*_APART, *TOUR)


def _look(page: Page, name: str, *, is_pictured: bool) -> Seen:
    seen = Seen()
    page.mouse.move(0, 0)
    for viewport in (NARROW, WIDE) if is_pictured else (NARROW,):
        page.set_viewport_size(viewport)
        page.evaluate(_SETTLED)
        width = viewport["width"]
        if viewport is NARROW:
            seen.problems += page.evaluate(
                f"() => {{ {_MEASURES} return [...cut(), ...overlapping(), ...small()]; }}"
            )
        if not is_pictured:
            continue
        seen.pictures[f"{name}-{width}"] = _picture(page)
        if viewport is NARROW and name in DARK:
            page.emulate_media(color_scheme="dark")
            seen.pictures[f"{name}-{width}-dark"] = _picture(page)
            page.emulate_media(color_scheme="light")
        found = page.evaluate(f"() => {{ {_MEASURES} return turned(); }}")
        seen.turned += [f"at {width}: {each}" for each in found]
    page.set_viewport_size(NARROW)
    return seen


def _picture(page: Page) -> bytes:
    """The page to its end, or the screen where that is what matters."""
    if page.locator("dialog[open], .skip:focus").count():
        return page.screenshot(animations="disabled")
    high = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST)
    clip = FloatRect(x=0, y=0, width=page.evaluate("innerWidth"), height=high)
    return page.screenshot(animations="disabled", full_page=True, clip=clip)


def tour(browser: Browser, site: Site, language: str, *, is_pictured: bool = True) -> Mapping[str, Seen]:
    """See every view in that language, over news in the same; without pictures, only what is measured."""
    seen = {}
    for name, come in _APART.items():
        site.behave()
        with _page(browser, language) as page:
            end = come(page, site)
            seen[name] = _look(page, name, is_pictured=is_pictured)
        if end is not None:
            end()
    site.behave()
    with _page(browser, language) as page:
        page.clock.set_fixed_time(SOON)
        page.goto(site.page)
        for name, steps in TOUR.items():
            for step in steps:
                step(page)
            seen[name] = _look(page, name, is_pictured=is_pictured)
    return seen


@dataclass(frozen=True)
class Difference:
    """How many pixels differ (rule 2), and a picture of where."""

    count: int
    picture: Image.Image


def opened(data: bytes) -> Image.Image:
    """The picture in a file."""
    return Image.open(BytesIO(data)).convert("RGB")


def small(picture: Image.Image) -> bytes:
    """A file of it: at most so many colours as stand beside each other in boxes and their edges."""
    out = BytesIO()
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def compared(new: Image.Image, old: Image.Image) -> Difference:
    """Rule 2. Of another size, everything is another picture."""
    if new.size != old.size:
        return Difference(new.width * new.height, new)
    box = ImageChops.difference(new, old).point(_FAR * 3).getbbox()
    if box is None:
        return Difference(0, new)
    left, top, right, bottom = box
    # What is alike anyway need not be looked at; its edge is a neighbour of the rest.
    around = (max(left - 2, 0), max(top - 2, 0), min(right + 2, new.width), min(bottom + 2, new.height))
    whole, new, old = new, new.crop(around), old.crop(around)
    differs = np.zeros((new.height, new.width), bool)
    for one, other in ((new, old), (old, new)):
        darkest = np.asarray(other.filter(ImageFilter.MinFilter(3)), np.int16)
        lightest = np.asarray(other.filter(ImageFilter.MaxFilter(3)), np.int16)
        pixels = np.asarray(one, np.int16)
        differs |= ((pixels < darkest - NEAR) | (pixels > lightest + NEAR)).any(axis=2)
    count = int(differs.sum())
    shown = whole.copy()
    shown.paste("#f0f", around, Image.fromarray(differs))
    return Difference(count, shown)
