"""A publication for the shells of the browser's reader: two releases, each with a program of its own.

The newer program is the older one and a mark, so that a test sees which of them runs.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from helpers.newsdesk import Desk, files_of
from helpers.reading_room import TELLTALE, front, headline
from mirror.bundle import edition, program
from mirror.client import page as page_files
from mirror.model import PieceList

MARK = "document.documentElement.dataset.newer"
SAID = "Bread came late because the mill stood still."


@dataclass(frozen=True)
class House:
    """``first`` and ``newer`` are trees of mirrors; ``page`` and ``bundle`` carry the first edition."""

    folder: Path
    first: Mapping[str, bytes]
    newer: Mapping[str, bytes]
    root: bytes

    @property
    def page(self) -> Path:
        """The edition as one file for browsers."""
        return self.folder / "news.html"

    def changed(self) -> Path:
        """That file with a letter in five hundred of its edition changed, so that no part is whole."""
        before, mark, rest = self.page.read_text("utf-8").partition('id="archive">')
        archive, end, after = rest.partition("</script>")
        letters = list(archive)
        for place in range(100, len(letters), 500):
            letters[place] = "A" if letters[place] != "A" else "B"
        made = self.folder / "changed.html"
        made.write_text("".join([before, mark, *letters, end, after]), "utf-8")
        return made

    def program(self, tree: Mapping[str, bytes] | None = None) -> set[str]:
        """The names of all pieces of the program in ``tree`` (of the first one), its parts' too."""
        tree = tree or self.first
        said = tree["r/index.html"].partition(b'id="program">')[2].partition(b"</script>")[0]
        listed = json.loads(said)["program"]
        get = {path[-64:]: data for path, data in tree.items()}.__getitem__
        files = program.decode(
            edition.unseal(PieceList(listed["raw"], tuple(listed["pieces"]), listed["last"]), get)
        )
        parts = chain.from_iterable(each.digests for each in program.read_parts(files).values())
        return {*listed["pieces"], *parts}

    @property
    def bundle(self) -> Path:
        """The newer edition as a bundle."""
        return self.folder / "news.mirror.zip"


def house(base: Path, mirrors: Sequence[str]) -> House:
    """Publish, naming ``mirrors`` as public ones; in a thread, for a browser's driver has a loop here."""
    with ThreadPoolExecutor() as pool:
        return pool.submit(_published, base, mirrors).result()


def _published(base: Path, mirrors: Sequence[str]) -> House:
    made = Desk(base, base / "publication").init("--channel=fa=fa")
    config = made.folder / "publication.toml"
    text = config.read_text("utf-8")
    config.write_text(f"{text}\n[page]\nmirrors = [{', '.join(map(repr, mirrors))}]\n", "utf-8")
    made.story(1, f"The bakers of {TELLTALE} street walked over the bridge.", title="First story")
    made.add(made.story(2, SAID, title="Second story"))
    made.add(made.story(3, folder="ru", title="Пекари на мосту"), channel="ru")
    made.add(made.story(4, "نانوایان از روی پل گذشتند.", folder="fa", title="نانوایان روی پل"), channel="fa")
    made.release()
    first = files_of(made.folder / "tree")
    assert made.call("export", str(base / "news.html")) == 0
    made.add(made.story(5, "The mill turns again.", title="Newer story"))
    with pytest.MonkeyPatch.context() as patch:
        _other_program(patch)
        made.later().release()
    assert made.call("export", str(base / "news.mirror.zip")) == 0
    newer = files_of(made.folder / "tree")
    return House(base, first, newer, made.workspace.publication().roots[0])


def _other_program(patch: pytest.MonkeyPatch) -> None:
    read = page_files.built_files
    files = read()
    files["reader.js"] += f'\n{MARK} = "";\n'.encode()
    # JSON ends in any number of spaces: the same words in other pieces.
    parts = read(page_files.PARTS)
    parts |= {name: data + b" " for name, data in parts.items() if name.endswith(".json")}
    patch.setattr(page_files, "built_files", lambda *folder: parts if folder else files)


def is_newer(page: Page) -> bool:
    """Whether the newer program runs."""
    return bool(page.evaluate(f"{MARK} === ''"))


def keep_program(page: Page) -> None:
    """Choose to have the reader without a network, through its gate, and go back to the news."""
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("button", name="Make it work without a network").click()
    page.locator("dialog[open] .answers .quiet").click()
    expect(page.get_by_text("The reader itself is kept")).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Back").click()


def opened(context: BrowserContext, address: str, title: str = "First story") -> Page:
    """A new page with the news."""
    page = context.new_page()
    front(page, address, title)
    return page


def reopened(page: Page, title: str = "First story") -> None:
    """Load the page again, and wait for its headlines."""
    page.reload()
    expect(headline(page, title)).to_be_visible(timeout=20_000)


def eventually(page: Page, holds: Callable[[], bool]) -> None:
    """Let the browser go on until ``holds``."""
    for _ in range(400):
        if holds():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it did not happen within 20 seconds")
