"""Other people's downloaders, each given the names, sizes and digests of all files that a task needs.

That is a gift: our client has to find out and verify what there is. They are asked for a folder of files;
whether the files are right is for the caller to see, whatever their exit status says.
"""

import hashlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from bench.network.edition import Published

_METALINK = '<?xml version="1.0" encoding="UTF-8"?>\n<metalink xmlns="urn:ietf:params:xml:ns:metalink">\n'
# One file after the other from the first mirror that gives it whole; a mirror that failed is asked again
# for the next file, as a script would.
_CURL = """
while read -r number digest path; do
    while read -r base; do
        if curl -q -s -f --connect-timeout 2 --max-time 10 -o "$1/$number" "$base$path" &&
            echo "$digest  $1/$number" | sha256sum --check --status 2>/dev/null; then
            break
        fi
        rm -f "$1/$number"
    done <"$2/mirrors"
done <"$2/files"
"""
# wget2 takes one file of each Metalink, so there is a process for each, and some at a time.
_WGET2 = """
cd "$1" && ls "$2"/*.one.meta4 | xargs -P 6 -n 1 wget2 --no-config -q $3 --force-metalink -i
"""


@dataclass(frozen=True)
class Job:
    """What to fetch: ``files`` (path to bytes) from the bases ``mirrors``, into ``target``.

    ``notes`` is a folder for what a program has to read.
    """

    files: Mapping[str, bytes]
    mirrors: Sequence[str]
    target: Path
    notes: Path

    def right(self) -> tuple[int, int, int]:
        """How many files are good, corrupt (also cut short), and missing."""
        good = corrupt = 0
        for number, data in enumerate(self.files.values()):
            file = self.target / str(number)
            # aria2 makes room for a file before it has any byte of it.
            if not file.is_file() or file.stat().st_size == 0:
                continue
            is_whole = file.read_bytes() == data
            good += is_whole
            corrupt += not is_whole
        return good, corrupt, len(self.files) - good - corrupt


Prepare = Callable[[Job], Sequence[str]]


@dataclass(frozen=True)
class Peer:
    """A downloader: the ``program`` it needs, and what makes a job into a command."""

    name: str
    program: str
    prepare: Prepare

    @property
    def is_there(self) -> bool:
        """Whether it is installed."""
        return shutil.which(self.program) is not None


def job(published: Published, task: str, mirrors: Sequence[str], folder: Path) -> Job:
    """The job of ``task``, with empty folders below ``folder``."""
    target, notes = folder / "target", folder / "notes"
    target.mkdir()
    notes.mkdir()
    return Job({path: published.tree[path] for path in published.files(task)}, mirrors, target, notes)


def metalink(files: Sequence[tuple[int, str, bytes]], mirrors: Sequence[str]) -> str:
    """A Metalink 4 of ``files`` (name, path, bytes), which all ``mirrors`` have, the first liked best.

    The digest also stands as that of the only part: aria2 tries another mirror after a wrong part, and
    gives up after a wrong file.

    Source: RFC 5854.
    """
    entries = []
    for name, path, data in files:
        digest = hashlib.sha256(data).hexdigest()
        urls = "".join(
            f'<url priority="{place}">{escape(base + path)}</url>' for place, base in enumerate(mirrors, 1)
        )
        entries.append(
            f"<file name={quoteattr(str(name))}><size>{len(data)}</size>"
            f'<hash type="sha-256">{digest}</hash>'
            f'<pieces length="{len(data)}" type="sha-256"><hash>{digest}</hash></pieces>{urls}</file>\n'
        )
    return _METALINK + "".join(entries) + "</metalink>\n"


def _aria2(*options: str) -> Prepare:
    def prepare(job: Job) -> Sequence[str]:
        file = job.notes / "all.meta4"
        listed = [(number, path, data) for number, (path, data) in enumerate(job.files.items())]
        file.write_text(metalink(listed, job.mirrors))
        return ["aria2c", "--no-conf", "-q", "-d", str(job.target), *options, "-M", str(file)]

    return prepare


def _wget2(options: str) -> Prepare:
    def prepare(job: Job) -> Sequence[str]:
        for number, (path, data) in enumerate(job.files.items()):
            # It asks only the first mirror when that is dead: so another one is first for each file.
            first = number % len(job.mirrors)
            mirrors = [*job.mirrors[first:], *job.mirrors[:first]]
            file = job.notes / f"{number:06}.one.meta4"
            file.write_text(metalink([(number, path, data)], mirrors))
        return ["bash", "-c", _WGET2, "wget2", str(job.target), str(job.notes), options]

    return prepare


def _curl(job: Job) -> Sequence[str]:
    (job.notes / "mirrors").write_text("".join(f"{base}\n" for base in job.mirrors))
    (job.notes / "files").write_text(
        "".join(
            f"{number} {hashlib.sha256(data).hexdigest()} {path}\n"
            for number, (path, data) in enumerate(job.files.items())
        )
    )
    return ["bash", "-c", _CURL, "curl", str(job.target), str(job.notes)]


# As the best that was found by trying: one attempt (of 5) is four times faster where most mirrors are
# dead, and a fresh connection for each file is what gets it through where connections freeze.
_TUNED = ("-j32", "--connect-timeout=2", "--timeout=4", "--max-tries=1")
PEERS = (
    Peer("aria2c", "aria2c", _aria2(*_TUNED)),
    Peer("aria2c-fresh", "aria2c", _aria2(*_TUNED, "--enable-http-keep-alive=false")),
    Peer("aria2c-default", "aria2c", _aria2()),
    Peer("wget2", "wget2", _wget2("--tries=3 --connect-timeout=2 --read-timeout=4")),
    Peer("curl", "curl", _curl),
)
