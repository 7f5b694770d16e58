"""The edition that all clients fetch, and which of its files each task needs.

Real text where ``MIRROR_DATA`` names the corpus, else the helper's. One signed publication and one
edition, made the same in every run, written as a mirror's tree and served by one server, which the
test bed stands before.
"""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from bench.bench_bundle import load
from bench.bench_serve import running
from helpers.newsroom import NOW, Newsroom
from helpers.publication import DAY, Press, article
from mirror.bundle import parcel, piece
from mirror.bundle.edition import Edition
from mirror.limits import MAX_NOTICE_SET
from mirror.model import Article

CHANNEL = "en"
CORPUS = "en-18f"
METADATA = f"m/heads/{CHANNEL}"
_TRIES = 6  # editions packed at most to come near the number of pieces asked for
_NEAR = 0.05

Step = tuple[str, ...]
"""Paths that can be asked for at the same time: what names them is in the steps before."""


@dataclass(frozen=True)
class Published:
    """A publication as files: ``tree`` by path; ``steps`` by task, in the order of their dependence.

    The tasks: ``front`` (headlines, and a story of the front page: both stand in the head piece),
    ``behind`` (the article ``behind_id``: the newest headline whose text is not on the front page),
    ``whole`` (every piece of the edition and of its notices).
    """

    tree: Mapping[str, bytes]
    root: bytes
    front_id: str
    behind_id: str
    steps: Mapping[str, tuple[Step, ...]]
    is_real: bool
    now: int = NOW

    def files(self, task: str) -> tuple[str, ...]:
        """The paths that ``task`` needs, each once."""
        return tuple(dict.fromkeys(chain.from_iterable(self.steps[task])))

    def size(self, task: str) -> int:
        """The bytes of their bodies."""
        return sum(len(self.tree[path]) for path in self.files(task))


def publish(pieces: int) -> Published:
    """An edition of about ``pieces`` pieces, notices not counted."""
    real = _corpus()
    count = pieces * 4
    press, edition = _release(_newest(real, count))
    for _ in range(_TRIES):
        found = len(edition_files(edition))
        if abs(found - pieces) <= max(1, pieces * _NEAR):
            break
        count = max(1, round(count * pieces / found))
        press, edition = _release(_newest(real, count))
    front = edition.manifest.front
    told = {story.id for story in front.stories}
    behind = next(listed.id for listed in front.listed if listed.id not in told)
    notices = parcel.parse_list(press.notices_head, press.get(press.notices_head), MAX_NOTICE_SET)
    steps = {
        "front": ((METADATA,), _paths([edition.head])),
        "behind": _steps_behind(edition, behind),
        "whole": _steps_whole(edition, press.notices_head, notices.digests),
    }
    return Published(press.tree, press.root, front.stories[0].id, behind, steps, bool(real))


def edition_files(edition: Edition) -> tuple[str, ...]:
    """The paths of the edition's text."""
    return tuple(dict.fromkeys(chain.from_iterable(_steps_whole(edition, "", ())[1:])))


def _corpus() -> tuple[Article, ...]:
    folder = Path(os.environ.get("MIRROR_DATA", "")) / CORPUS
    if not os.environ.get("MIRROR_DATA") or not folder.is_dir():
        return ()
    return tuple(sorted(load(folder).articles, key=lambda a: (a.published, a.id)))


def _newest(real: Sequence[Article], count: int) -> Sequence[Article]:
    """The newest ``count`` articles; made ones where there is no corpus or it has too few."""
    missing = max(0, count - len(real))
    made = [article(number, CHANNEL, words=600) for number in range(missing)]
    return [*real[-count:], *made]


def _release(articles: Sequence[Article]) -> tuple[Press, Edition]:
    press = Press(Newsroom(now=NOW - DAY)).release(CHANNEL, articles)
    return press, press.editions[CHANNEL]


def _paths(names: Sequence[str] | Iterator[str]) -> Step:
    return tuple(piece.path_of(name) for name in dict.fromkeys(names) if name)


def _before_pages(edition: Edition) -> tuple[Step, ...]:
    sealed = _paths([name for part in edition.manifest.earlier for name in part.digests])
    return ((METADATA,), _paths([edition.head]), *((sealed,) if sealed else ()))


def _steps_behind(edition: Edition, article_id: str) -> tuple[Step, ...]:
    opened = next(
        each for each in reversed(edition.pages) if any(one.id == article_id for one in each.articles)
    )
    table = edition.contents()
    used = {cluster.dictionary for cluster in opened.page.clusters} - {0}
    names = [name for place in sorted(used) for name in table.dictionaries[place - 1].digests]
    names += [name for cluster in opened.page.clusters for name in cluster.pieces.digests]
    return (*_before_pages(edition), _paths(opened.ref.pieces.digests), _paths(names))


def _steps_whole(edition: Edition, notices_head: str, notices: Sequence[str]) -> tuple[Step, ...]:
    """The notices' list and the head piece are both named by the metadata, so they share steps."""
    table = edition.contents()
    pages = [name for ref in table.pages for name in ref.pieces.digests]
    names = [name for pieces in table.dictionaries for name in pieces.digests]
    names += [
        name
        for opened in edition.pages
        for cluster in opened.page.clusters
        for name in cluster.pieces.digests
    ]
    first, head, *sealed = _before_pages(edition)
    return (first, (*head, *_paths([notices_head])), *sealed, _paths([*pages, *notices]), _paths(names))


@contextmanager
def served(published: Published, folder: Path) -> Iterator[tuple[str, tuple[str, int]]]:
    """The name and the address of a server of ``published``: nginx, or our node where there is none."""
    tree = folder / "tree"
    for path, data in published.tree.items():
        file = tree / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    folder.chmod(0o755)  # nginx's workers are another user where we are root
    with ExitStack() as stack:
        if shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin"):
            from helpers.shipped import shipped

            address = stack.enter_context(shipped("nginx", tree)).address
            yield "nginx", (address.host, address.port)
            return
        command = [sys.executable, "-m", "mirror", "node", "run", "--tree", str(tree)]
        server = stack.enter_context(running([*command, "--listen", "127.0.0.1:0"], "node"))
        host, _, port = server.url.rpartition("/")[2].rpartition(":")
        yield "node", (host, int(port))
