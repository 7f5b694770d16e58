"""A publication on disk, run through the command line: its clock, its passphrases, what readers find."""

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mirror import cli
from mirror.bundle import edition, parcel
from mirror.bundle.edition import Edition
from mirror.cli import publish
from mirror.cli.publish import Tools
from mirror.limits import MAX_NOTICE_SET
from mirror.notices import NoticeSet, decode
from mirror.publisher.published import pieces_of
from mirror.publisher.workspace import Workspace, open_workspace
from mirror.store.tree import Tree
from mirror.trust.keys import Kdf
from mirror.trust.session import MetadataSession
from mirror.trust.state import Stored
from mirror.trust.verified import Verified

NOW = 1_800_000_000  # January 2027
DAY = 86_400
HOLDERS = ("anna", "boris", "vera")
CHEAP = Kdf("argon2id", memory=8, passes=1, lanes=1)


class DeskClock:
    """A clock that is set by hand."""

    def __init__(self, now: int = NOW) -> None:
        self.at = now

    def now(self) -> int:
        return self.at

    def monotonic(self) -> float:
        return float(self.at)

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("a publisher's command does not sleep")


@dataclass
class Seeded:
    """Bytes that look random and are the same each time."""

    seed: str = "a seed"
    drawn: int = 0

    def __call__(self, count: int) -> bytes:
        self.drawn += 1
        return hashlib.shake_256(f"{self.seed} {self.drawn}".encode()).digest(count)


@dataclass
class Desk:
    """A publication in ``folder``; ``run`` is ``mirror publish``, as a process would have it."""

    base: Path
    folder: Path
    clock: DeskClock = field(default_factory=DeskClock)
    randomness: Seeded = field(default_factory=Seeded)

    @property
    def tools(self) -> Tools:
        return Tools(clock=self.clock, randomness=self.randomness, kdf=CHEAP)

    @property
    def workspace(self) -> Workspace:
        return open_workspace(self.folder)

    @property
    def tree(self) -> Tree:
        return Tree(self.folder / "tree")

    def passphrase(self, name: str, text: str | None = None) -> str:
        """The argument that gives the passphrase of ``name``, in a file made for it."""
        file = self.base / "passphrases" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text or f"the secret of {name}")
        file.chmod(0o600)
        return f"--passphrase-file={name}={file}"

    def passphrases(self, *names: str) -> list[str]:
        return [self.passphrase(name) for name in names or (*HOLDERS, "online")]

    def call(self, command: str, *arguments: str) -> int:
        """Run a command; errors come out as they are."""
        where = [] if command in ("init", "preview", "sign") else [f"--publication={self.folder}"]
        return publish.run([*command.split(), *where, *arguments], self.tools)

    def run(self, command: str, *arguments: str) -> int:
        """Run a command as ``mirror`` does, with errors as sentences; the exit status."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(publish, "Tools", lambda: self.tools)
            where = [] if command in ("init", "preview", "sign") else [f"--publication={self.folder}"]
            return cli.main(["publish", *command.split(), *where, *arguments])

    def init(self, *more: str) -> "Desk":
        given = ["--name=Example News", "--id=example", "--channel=ru=ru", "--channel=en=en"]
        keys = [f"--keys={','.join(HOLDERS)}", "--threshold=2"]
        assert self.call("init", str(self.folder), *given, *keys, *self.passphrases(), *more) == 0
        return self

    def write(self, name: str, text: str, folder: str = "source") -> Path:
        """A file of a source; the folder's path."""
        path = self.base / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return self.base / folder

    def story(self, number: int, text: str = "", folder: str = "source", **facts: str) -> Path:
        """A story in Markdown, one day after the other; the folder's path."""
        head = {"title": f"Story {number}", "date": f"2026-12-{number:02}T08:00:00Z", **facts}
        lines = "\n".join(f"{key}: {value}" for key, value in head.items())
        body = text or f"The bakers of street {number} walked over the bridge.\n\nThey came back by night."
        return self.write(f"story-{number}.md", f"---\n{lines}\n---\n\n{body}\n", folder)

    def add(self, folder: Path | str, *more: str, channel: str = "en") -> int:
        return self.call("add", str(folder), f"--channel={channel}", "--yes", *more)

    def release(self, *more: str) -> int:
        return self.call("release", *self.passphrases("anna", "boris", "online"), *more)

    def later(self, seconds: int = DAY) -> "Desk":
        self.clock.at += seconds
        return self

    def id_of(self, number: int, channel: str = "en") -> str:
        """The id that the file of story ``number`` got."""
        [found] = [name for name in self.workspace.articles(channel) if name.startswith(f"story-{number}-")]
        return found

    def copy(self, folder: Path) -> "Desk":
        """The same publication elsewhere."""
        shutil.copytree(self.folder, folder)
        return Desk(
            self.base, folder, DeskClock(self.clock.at), Seeded(self.randomness.seed, self.randomness.drawn)
        )


def desk(base: Path) -> Desk:
    """A publication that was initialized: two channels, 2 of 3 sign."""
    return Desk(base, base / "publication").init()


@dataclass(frozen=True)
class Reading:
    """What a newcomer finds in a tree, verified from the first root alone."""

    verified: Verified
    editions: dict[str, Edition | None]
    notices: NoticeSet | None


def read(tree: Path, first_root: bytes, channels: Sequence[str] = ("ru", "en"), now: int = NOW) -> Reading:
    """Read the tree in a folder as a newcomer would; raises what the reader's verification raises."""
    files = Tree(tree)
    verified = None
    editions: dict[str, Edition | None] = {}
    for channel in channels:
        session = MetadataSession(
            Stored(first_root), ["folder"], now=now, wanted=[f"{channel}/head", "notices/set"], head=channel
        )
        while asks := session.requests():
            for ask in asks:
                data = files.read(f"m/{ask.path}")
                if data is None:
                    session.failed(ask, "absent")
                else:
                    session.received(ask, data)
        verified = session.result()
        head = verified.target(f"{channel}/head")
        editions[channel] = None if head is None else edition.open_edition(head.sha256, pieces_of(files))
    assert verified is not None
    target = verified.target("notices/set")
    notices = None
    if target is not None:
        get = pieces_of(files)
        listed = parcel.parse_list(target.sha256, get(target.sha256), MAX_NOTICE_SET)
        notices = decode(edition.unseal(listed, get))
    return Reading(verified, editions, notices)


def reading(made: Desk) -> Reading:
    """What a newcomer finds at the mirrors of ``made``."""
    return read(made.folder / "tree", made.workspace.publication().roots[0], now=made.clock.at)


def titles(found: Reading, channel: str = "en") -> list[str]:
    """The titles of an edition's articles, by id; empty where there is no edition."""
    opened = found.editions[channel]
    return [article.title for _, article in sorted(opened.articles().items())] if opened else []


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def json_of(out: str) -> Any:
    """What a command printed with ``--json``."""
    return json.loads(out)
