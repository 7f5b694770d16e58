"""``kiwix-serve`` on a ZIM of the same articles: what a person without a network has who does not have us."""

import importlib.util
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from html import escape
from pathlib import Path
from typing import Final
from urllib.request import urlopen

from bench.bench_bundle import silent_stdout
from bench.reader.newsstand import Newsstand

NAME: Final = "news"
_START_SECONDS: Final = 20.0


@contextmanager
def kiwix(stand: Newsstand, folder: Path) -> Iterator[tuple[str, float]]:
    """The base address of its server, and after how many milliseconds that answered.

    An empty address, and a word on standard error, where it is not installed.
    """
    if shutil.which("kiwix-serve") is None or importlib.util.find_spec("libzim") is None:
        print("kiwix-serve or libzim is not installed: nothing to compare with", file=sys.stderr)
        yield "", 0.0
        return
    zim = folder / f"{NAME}.zim"
    write_zim(stand, zim)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    began = time.monotonic()
    command = ["kiwix-serve", "--address", "127.0.0.1", "--port", str(port), str(zim)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}/"
        while not _answers(address):
            if process.poll() is not None or time.monotonic() - began > _START_SECONDS:
                raise RuntimeError("kiwix-serve does not start")
            time.sleep(0.005)
        yield address, (time.monotonic() - began) * 1000
    finally:
        process.terminate()
        process.wait()


def _answers(address: str) -> bool:
    with suppress(OSError), urlopen(address, timeout=1):
        return True
    return False


def write_zim(stand: Newsstand, out: Path) -> None:
    """The same articles as a ZIM with an index of their text; its main page lists our front page's headlines.

    Raises:
        ImportError: libzim is not installed.
    """
    from libzim.writer import Creator, Hint, Item, StringProvider

    class Page(Item):  # type: ignore[misc, unused-ignore]
        def __init__(self, path: str, title: str, text: str | bytes) -> None:
            super().__init__()
            self.path, self.title, self.text = path, title, text

        def get_path(self) -> str:
            return self.path

        def get_title(self) -> str:
            return self.title

        def get_mimetype(self) -> str:
            return "text/html"

        def get_contentprovider(self) -> StringProvider:
            return StringProvider(self.text)

        def get_hints(self) -> dict[Hint, bool]:
            return {Hint.FRONT_ARTICLE: True}

    shown = len(stand.edition.manifest.front.listed)
    links = [
        f'<li><h3><a class="headline" href="{name}">{escape(title)}</a></h3></li>'
        for name, (title, _) in reversed(stand.sources.items())
    ]
    main = f"<!doctype html><html><body><ul>{''.join(links[:shown])}</ul></body></html>"
    with silent_stdout(), Creator(out).config_indexing(True, "eng") as creator:
        creator.set_mainpath("main")
        creator.add_item(Page("main", "News", main))
        for name, (title, text) in stand.sources.items():
            creator.add_item(Page(name, title, text))
        for name in ("Title", "Creator", "Publisher", "Description", "Name"):
            creator.add_metadata(name, "corpus")
        creator.add_metadata("Language", "eng")
        creator.add_metadata("Date", "2026-01-01")
