"""What the figures are measured on: one edition, at mirrors, in a file, and the same articles as a ZIM.

Real articles where ``MIRROR_DATA`` names the corpus, else made ones. The publication is run through its own
commands, with the machine's clock, so that nothing a browser is shown has expired.
"""

import json
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.network.edition import METADATA, Published, Step
from helpers.newsdesk import Desk, DeskClock, files_of
from helpers.publication import article
from mirror.bundle import piece, program
from mirror.bundle.edition import Edition, open_edition
from mirror.publisher.export_html import SUFFIX
from mirror.publisher.published import current_edition, current_program, pieces_of
from mirror.trust.heads import unpack_head

CHANNEL: Final = "en"
CORPUS: Final = "en-opensuse"
PAGE: Final = "r/index.html"
ROOT: Final = "m/1.root.json"


@dataclass(frozen=True)
class Newsstand:
    """One released edition: ``published`` as mirrors hold it, ``file`` with a reader around it.

    ``sources`` are the HTML files that it was made of, oldest first, by name: title and text. ``program`` has
    the paths of the pieces of each part of the reader's program; the empty name is what all begins with.
    """

    published: Published
    file: Path
    sources: dict[str, tuple[str, bytes]]
    edition: Edition
    program: Mapping[str, tuple[str, ...]]

    @property
    def tree(self) -> Mapping[str, bytes]:
        """The files of a mirror."""
        return self.published.tree


def set_up(folder: Path, count: int) -> Newsstand:
    """Publish ``count`` articles below ``folder``: takes a minute for a thousand."""
    sources, is_real = _sources(count)
    source = folder / "source"
    source.mkdir()
    index = [
        {"file": name, "lang": "en", "title": title, "date": date}
        for name, (title, date, _) in sources.items()
    ]
    (source / "index.json").write_text(json.dumps(index), "utf-8")
    for name, (_, _, text) in sources.items():
        (source / name).write_bytes(text)
    desk = Desk(folder, folder / "publication", DeskClock(int(time.time()))).init()
    desk.add(source)
    desk.release()
    file = folder / f"news{SUFFIX}"
    desk.call("export", str(file), f"--channel={CHANNEL}")
    publication, tree = desk.workspace.publication(), desk.workspace.tree
    edition, signed = current_edition(tree, publication, CHANNEL), current_program(tree, publication)
    if edition is None or signed is None:
        raise RuntimeError("no reader's program was built: run make setup")
    files, listed = signed
    parts = {name: _paths(part.digests) for name, part in program.read_parts(files).items()}
    carried = {"": _paths(listed.digests), **parts}
    published = _published(files_of(desk.folder / "tree"), edition, carried[""], is_real=is_real)
    kept = {name: (title, text) for name, (title, _, text) in sources.items()}
    return Newsstand(published, file, kept, open_edition(edition.head, pieces_of(tree)), carried)


def _sources(count: int) -> tuple[dict[str, tuple[str, str, bytes]], bool]:
    """Title, date and HTML of the newest articles of the corpus, without pictures: those are not fetched."""
    folder = Path(os.environ.get("MIRROR_DATA", "")) / CORPUS
    if os.environ.get("MIRROR_DATA") and (folder / "index.json").is_file():
        newest = sorted(json.loads((folder / "index.json").read_bytes()), key=lambda each: str(each["date"]))
        texts = {each["file"]: (folder / each["file"]).read_bytes() for each in newest[-count:]}
        found = {
            each["file"]: (each["title"], each["date"], re.sub(rb"<img\b[^>]*>", b"", texts[each["file"]]))
            for each in newest[-count:]
        }
        return found, True
    made = [article(number, CHANNEL, words=200) for number in range(count)]
    return {
        f"{number:04}.html": (
            each.title,
            time.strftime("%Y-%m-%d", time.gmtime(each.published)),
            f"<article><h1>{each.title}</h1>{each.body}</article>".encode(),
        )
        for number, each in enumerate(made)
    }, False


def _paths(digests: tuple[str, ...]) -> Step:
    return tuple(map(piece.path_of, digests))


def _published(tree: Mapping[str, bytes], edition: Edition, code: Step, *, is_real: bool) -> Published:
    """The steps of a newcomer's first visit to a mirror, for ``network.ideal``."""
    trust = (METADATA,) if "1.root.json" in unpack_head(tree[METADATA]) else (METADATA, ROOT)
    visit = ((PAGE,), code, trust, (piece.path_of(edition.head),))
    front = edition.manifest.front
    listed = front.listed[0].id
    return Published(tree, tree[ROOT], listed, listed, {"visit": visit}, is_real)
