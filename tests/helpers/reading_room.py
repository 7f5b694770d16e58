"""A publication for a real browser: three languages, links, something withdrawn; ways through its page."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from helpers.newsdesk import Desk, files_of
from helpers.notices import choice_text

LINKED = (
    "The bakers left a note.\n\n"
    "Read [the file](https://archive.example/file) and [write](mailto:desk@news.example)."
)
PERSIAN = "نانوایان از روی پل گذشتند.\n\nشب بازگشتند."
# The words of an article that must be nowhere once it is closed.
TELLTALE = "quicksilver"


def tree(base: Path) -> dict[str, bytes]:
    """What mirrors of a small publication hold.

    Made in a thread: a browser's driver has an event loop in this one, where commands cannot start theirs.
    """
    with ThreadPoolExecutor() as pool:
        return pool.submit(_published, base).result()


def exported(base: Path, name: str) -> Path:
    """The editions of the publication that ``tree`` made in ``base``, as a file of that name."""
    made = Desk(base, base / "publication")
    out = base / name
    with ThreadPoolExecutor() as pool:
        assert pool.submit(made.call, "export", str(out)).result() == 0
    return out


def _published(base: Path) -> dict[str, bytes]:
    made = Desk(base, base / "publication").init("--channel=fa=fa")
    made.story(
        1, f"The bakers of {TELLTALE} street walked over the bridge.", section="City", title="First story"
    )
    made.story(2, LINKED, section="City", title="A story with links")
    made.story(3, section="Politics", title="A story that was wrong")
    made.add(made.story(4, section="Politics", title="Fourth story", source="https://news.example/4"))
    made.add(made.story(5, folder="ru", title="Пекари на мосту", section="Город"), channel="ru")
    made.add(made.story(6, PERSIAN, folder="fa", title="نانوایان روی پل", section="شهر"), channel="fa")
    (made.folder / "notices.toml").write_text(choice_text("ru-undesirable"))
    made.release()
    made.call("withdraw", made.id_of(3), "--channel=en", "--reason=Nobody was on the bridge.")
    made.later().release()
    return files_of(made.folder / "tree")


def notices_of(tree: Mapping[str, bytes]) -> set[str]:
    """The paths of the pieces that name the notices, in every version that was signed."""
    roles = [json.loads(data) for path, data in tree.items() if path.endswith(".notices.json")]
    targets = [role["signed"]["targets"].get("notices/set") for role in roles]  # the first version has none
    names = [target["hashes"]["sha256"] for target in targets if target]
    assert names
    return {f"p/{name[:2]}/{name}" for name in names}


def headline(page: Page, title: str) -> Locator:
    """The link of that title."""
    return page.get_by_role("link", name=title)


def front(page: Page, address: str, title: str = "First story") -> None:
    """Open the reader at ``address``, and wait for its front page and its notices."""
    page.goto(address)
    expect(headline(page, title)).to_be_visible()
    expect(page.locator("nav button")).to_have_count(3)  # search is offered when notices have come


def article(page: Page, title: str) -> None:
    """Open an article from the front page, and wait for its text."""
    headline(page, title).click()
    expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()
    expect(page.locator(".acts")).to_be_visible()


def later(page: Page, wanted: Locator) -> None:
    """Let the page's clock go on until that is seen: sources are asked several times, with pauses."""
    for _ in range(200):
        if wanted.is_visible():
            return
        page.clock.run_for(200)
    expect(wanted).to_be_visible()
