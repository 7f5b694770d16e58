"""``mirror demo``: a newsroom, its mirrors and its readers on this machine, told step by step.

It runs the commands that a person would type, against real files and real servers on loopback, in a
temporary folder that is removed at the end. It needs no network and leaves nothing running.
"""

import argparse
import json
import shutil
import sys
import tempfile
import textwrap
from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

from mirror.cli import demo_browser, demo_mirrors, demo_rotation
from mirror.cli.demo_telling import Telling

_NAME: Final = "The Northern Courier"
_HOLDERS: Final = ("anna", "boris", "vera")


def run(arguments: Sequence[str]) -> int:
    """Run the demonstration; 0 when all went as told."""
    parser = argparse.ArgumentParser(
        prog="mirror demo", description="See all of it work on this machine, without a network."
    )
    parser.add_argument("--keep", metavar="FOLDER", help="leave the files in this new folder, to look at")
    parser.add_argument(
        "--browser", action="store_true", help="wait at the end until somebody has opened it in a browser"
    )
    options = parser.parse_args(arguments)
    is_watched = sys.stdin.isatty() and sys.stdout.isatty()
    wait = input if options.browser or is_watched else None
    if options.keep:
        folder = Path(options.keep)
        folder.mkdir(parents=True)
        _Story(folder.absolute(), wait).tell()
        print(f"The files are in {folder}.")
        return 0
    with tempfile.TemporaryDirectory(prefix="mirror-demo-") as temporary:
        _Story(Path(temporary), wait).tell()
    return 0


class _Story:
    """The demonstration in ``folder``; ``tell`` raises where something did not go as told."""

    def __init__(self, folder: Path, wait: demo_browser.Wait | None) -> None:
        self._folder = folder
        self._wait = wait
        self._news = folder / "news"
        self._samples = folder / "samples"
        self._passphrases: list[str] = []
        self._root = ""
        self._telling = Telling(folder)

    def tell(self) -> None:
        """All of it, in order."""
        print(f"Everything below happens in {self._folder} and on loopback. No network is used.\n")
        with as_file(files("mirror.cli") / "samples") as samples:
            shutil.copytree(samples, self._samples)
        self._make_keys()
        self._take_articles()
        self._release()
        with demo_mirrors.running(self._news / "tree") as mirrors:
            self._open_three(mirrors)
            reader = _Reader(self._telling, self._folder)
            reader.is_told(self._root, mirrors.addresses())
            reader.reads()
            reader.is_stopped()
            reader.sees_who_lied()
            reader.keeps()
            self._correct()
            reader.gets_the_update()
            reader.wipes()
        self._stick()
        demo_rotation.tell(self._telling, self._news, self._passphrases)
        demo_browser.tell(self._telling, self._news, self._passphrases, self._wait)
        self._end()

    # --- the newsroom ---

    def _make_keys(self) -> None:
        self._telling.step(
            "A newsroom makes its keys",
            "Three people hold a key each; any two of them can say what is published. Two more keys stay "
            "on the server and can only say that it is still current.",
        )
        for holder in (*_HOLDERS, "online"):
            file = self._folder / f"{holder}.passphrase"
            file.touch(mode=0o600)
            file.write_text(f"{holder} demonstrates, do not use\n")
            self._passphrases += ["--passphrase-file", f"{holder}={file}"]
        self._publish(
            *("init", self._news, "--name", _NAME, "--id", "northern-courier"),
            *("--channel", "ru=ru=Северный курьер", "--channel", f"en=en={_NAME}"),
            *("--keys", ",".join(_HOLDERS), "--threshold", "2", *self._passphrases),
            show=4,
        )
        facts = json.loads(self._telling.quietly("publish", "status", *self._here(), "--json"))
        self._root = facts["root_sha256"]

    def _take_articles(self) -> None:
        self._telling.step(
            "It takes articles from two folders",
            "One text says in its footer that the publisher was declared undesirable in Russia. The footer "
            "is no part of the article, and is not dropped in silence: somebody has to review it.",
        )
        self._publish("add", self._samples / "ru", *self._here(), "--channel", "ru", "--yes", show=-1)
        self._publish("add", self._samples / "en", *self._here(), "--channel", "en", "--yes", show=-5)
        self._publish(
            *("notices", "on", "ru-undesirable", *self._here(), "--responsible", f"{_NAME}, legal desk"),
            *("--reviewed-by", "editor:marta-lind", "--reviewed-by", "counsel:demo-1"),
        )

    def _release(self) -> None:
        self._telling.step("One signature is not enough", "Anna alone cannot release anything.")
        only = [*self._passphrases[:2], *self._passphrases[-2:]]
        self._publish("release", *self._here(), "--sign", "anna", *only, expect=5)
        self._telling.step("Two are", "The first edition of each channel, in pieces of at most 10 KiB.")
        self._sign_release()

    def _correct(self) -> None:
        self._telling.step(
            "Later the newsroom corrects an article",
            "The second edition carries the correction. Pages that did not change stay as they are.",
        )
        edited = self._samples / "en" / "2026-11-16-river-bridge.md"
        text = edited.read_text(encoding="utf-8").replace("6.8 million euros", "7.1 million euros")
        edited.write_text(text, encoding="utf-8")
        note = "An earlier version gave the cost of the bridge as 6.8 million euros."
        self._publish("add", edited, *self._here(), "--channel", "en", "--yes", "--correction", note)
        self._sign_release()

    def _sign_release(self) -> None:
        self._publish(
            "release", *self._here(), "--sign", "anna", "--sign", "boris", *self._passphrases, show=4
        )

    def _stick(self) -> None:
        self._telling.step(
            "All mirrors are gone, and a file is left",
            "The same edition in one file, for a USB stick. It is verified like any mirror.",
        )
        file = self._folder / "news.mirror.zip"
        self._publish("export", file, *self._here())
        self._telling.command(
            *("reader", "headlines", "--root", self._root, "--channel", "ru"),
            *("--mirror", file.as_uri()),
            show=9,
        )

    def _open_three(self, mirrors: demo_mirrors.Mirrors) -> None:
        self._telling.step(
            "Three mirrors",
            "Nobody trusts them. The first one is honest, the second one changes a bit in every piece, the "
            "third one is dead.",
        )
        for address, what in zip(mirrors.addresses(), ("is honest", "tampers", "is dead"), strict=True):
            print(f"   {address}  {what}")
        print()

    def _end(self) -> None:
        self._telling.step(
            "That was all of it", "Nothing is left running and nothing is left on the disk. Next:"
        )
        print("    README.md says how to publish, mirror and read for real.")
        print("    src/mirror/THREATS.md says who can still do what.")

    def _publish(self, *arguments: object, show: int | None = None, expect: int = 0) -> None:
        self._telling.command("publish", *arguments, show=show, expect=expect)

    def _here(self) -> tuple[object, ...]:
        return "--publication", self._news


class _Reader:
    """What the reader does, against the three mirrors."""

    def __init__(self, telling: Telling, folder: Path) -> None:
        self._telling = telling
        self._config = folder / "reader.toml"
        passphrase = folder / "reader.passphrase"
        passphrase.touch(mode=0o600)
        passphrase.write_text("the reader demonstrates, do not use\n")
        self._library = ["--library", str(folder / "library"), "--passphrase-file", str(passphrase)]

    def is_told(self, root: str, mirrors: Sequence[str]) -> None:
        """What he needs to know: the root's digest and some addresses."""
        facts = {"root": root, "channel": "en", "language": "en", "mirrors": list(mirrors)}
        text = "\n".join(f"{key} = {json.dumps(value)}" for key, value in facts.items())
        self._config.write_text(text + "\n", encoding="utf-8")
        self._telling.step(
            "A reader is told where to ask",
            "The digest of the publication's first root, and the three addresses. With options instead of "
            "this file, nothing has to be on the device.",
        )
        print(textwrap.indent(text, "   | "), end="\n\n")

    def reads(self) -> None:
        """Headlines, and one article, from the only mirror that gives what was signed."""
        self._telling.step(
            "He sees the headlines",
            "What is shown was verified first; how old it is stands above. Nothing is written to the disk.",
        )
        self._ask("headlines", show=16)
        self._telling.step("He reads an article", "By its number. Its whole page was fetched, not it alone.")
        self._ask("show", "6", show=14)

    def is_stopped(self) -> None:
        """Sharing is stopped by the gate."""
        self._telling.step(
            "He wants to share it, and is told first what that can cost",
            "The safer alternative comes first, then what the sources say, with dates. Nobody confirms here, "
            "so nothing is done.",
        )
        self._ask("share", "6", expect=8)

    def sees_who_lied(self) -> None:
        """Which mirror lied is told in words."""
        self._telling.step("Who signed this, and which mirror lied?", "Look at the three mirrors below.")
        self._ask("status")

    def keeps(self) -> None:
        """The edition goes into an encrypted library, after the flag that stands for the gate."""
        self._telling.step(
            "He decides to keep the edition",
            "Saving has its own gate. The flag says that its notice was read. The library is encrypted.",
        )
        self._ask("save", "--edition", "--i-understand-save", *self._library, show=-6)

    def gets_the_update(self) -> None:
        """The second edition costs the bytes that are new."""
        self._telling.step(
            "The reader who keeps the first edition fetches the second",
            "Look at the last lines: what was fetched, and what was here already.",
        )
        self._ask("show", "6", *self._library, show=12)
        self._ask("save", "--edition", "--i-understand-save", *self._library, show=-3)

    def wipes(self) -> None:
        """Nothing is left of it."""
        self._telling.step("And wipes it", "The library is gone.")
        self._ask("wipe", *self._library)

    def _ask(self, command: str, *arguments: str, show: int | None = None, expect: int = 0) -> None:
        given = ["reader", command, *arguments, "--config", str(self._config)]
        self._telling.command(*given, show=show, expect=expect)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
