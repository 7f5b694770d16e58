"""The demonstration of endpoints that are handed out: three cohorts, an informer in one, blocks, cuts.

Rules:

1. Nothing is played: real nodes, real commands, real slips. Only the days pass faster.
2. The censor blocks every endpoint that the informer was ever told of, on the day he is told.
3. A reader counts as served when his program reached the newest statement and the edition that day,
   over what it was handed and nothing else, after the blocks.
"""

import http.client
import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from mirror.cli.demo_hosts import Hosts, hosting
from mirror.cli.demo_telling import Telling
from mirror.node.cover.site import DEFAULT
from mirror.reader.library import Library
from mirror.reader.vault import open_vault
from mirror.rotation.invitation import Invitation, parse
from mirror.rotation.keys import tag

# Who was invited: the first of each by the newsroom, the others through him.
_GROUPS: Final = (
    ("anna", "ada", "alla", "arkady"),
    ("boris", "bella", "lev", "bogdan"),
    ("vera", "vadim", "vika", "viktor"),
)
_INFORMER: Final = "lev"
_ENDPOINTS: Final = 10
_MOST_DAYS: Final = 12  # far more than it takes; a story that does not end has gone wrong
_PROBE_SECONDS: Final = 5


@dataclass(frozen=True, slots=True)
class _Day:
    """A line of the table. ``blocked`` endpoints that day; ``served`` honest readers after it."""

    number: int
    cohorts: int
    blocked: int
    served: int
    honest: int

    def __str__(self) -> str:
        share = f"{self.served} of {self.honest} = {self.served / self.honest:.0%}"
        return f"{self.number:>3}  {self.cohorts:>14}  {self.blocked:>13}   {share:>15}"


_HEAD: Final = "day  served cohorts  blocked today   honest readers served"


def tell(telling: Telling, publication: Path, passphrases: Sequence[str]) -> None:
    """Tell it, about the newsroom in the folder ``publication``, which has released."""
    with hosting() as hosts:
        story = _Story(telling, hosts, publication, passphrases)
        story.add_endpoints()
        story.invite()
        story.probe()
        story.first_day()
        while story.is_informed():
            story.next_day()
        story.end()


class _Reader:
    """Somebody who was invited, and keeps what he was handed in a library."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.file = folder / f"{name}.invitation"
        self._library = folder / f"{name}.library"
        self._secret = folder / f"{name}.passphrase"
        self._secret.touch(mode=0o600)
        self._secret.write_text(f"{name} demonstrates, do not use\n")

    @property
    def options(self) -> tuple[object, ...]:
        """What every command of his begins with."""
        where = "--library", self._library, "--passphrase-file", self._secret
        return "--invitation", self.file, "--language", "en", *where

    @property
    def invitation(self) -> Invitation:
        """His invitation."""
        return parse(self.file.read_text())

    def told(self) -> set[str]:
        """The endpoints that he was told of first and last, without their paths."""
        invitation = self.invitation
        library = Library(open_vault(self._library, self._secret.read_text().strip()))
        handed = library.handed(tag(invitation.keyring.branch))
        return {each.text for each in (*invitation.entrances, *(handed.entrances if handed else ()))}

    def path(self, epoch: int) -> str:
        """Where he asks in ``epoch``, with the path."""
        return self.invitation.entrances[0].address(epoch)


class _Story:
    def __init__(self, telling: Telling, hosts: Hosts, publication: Path, passphrases: Sequence[str]) -> None:
        self._telling = telling
        self._hosts = hosts
        self._news = publication
        self._here = "--publication", publication, *passphrases
        self._readers = {name: _Reader(name, telling.folder) for group in _GROUPS for name in group}
        self._numbers: dict[str, int] = {}  # of endpoints, by address
        self._told: set[str] = set()  # what the informer was ever told of
        self._blocked: list[int] = []  # and the newsroom does not know it yet
        self._cut_off: list[_Reader] = []  # the evening before; the informer too, if he told anything
        self._days: list[_Day] = []

    # --- before ---

    def add_endpoints(self) -> None:
        """Nodes behind cover sites, and their addresses in the newsroom's list."""
        self._telling.step(
            "Endpoints that no list shows",
            "A public list of mirrors is a list for the censor too. So the newsroom hands out endpoints one "
            f"by one. {_ENDPOINTS} of them are for invited readers, and each group of newcomers begins at "
            "one more, which may be lost. All are nodes behind a cover site, here on loopback.",
        )
        doors = len(_GROUPS)
        secrets = [self._telling.folder / f"{number}.secret" for number in range(1, _ENDPOINTS + doors + 1)]
        addresses = self._hosts.start(self._news / "tree", secrets, self._telling.calendar)
        for number, (address, secret) in enumerate(zip(addresses, secrets, strict=True), 1):
            pool = "invited" if number <= _ENDPOINTS else "open"
            given = ("endpoints", "add", address, "--secret-file", secret, "--pool", pool, *self._here)
            if number == 1:
                self._telling.command(*given, show=-1)
            else:
                self._telling.quietly(*given)
            self._numbers[address] = number
        self._telling.say(f"(And {len(addresses) - 1} more like it.) The key of slips is signed once:")
        self._telling.command("publish", "release", "--sign", "anna", "--sign", "boris", *self._here, show=2)
        self._hosts.hear()

    def invite(self) -> None:
        """An invitation for everybody."""
        self._telling.step(
            "Twelve people are invited",
            "Three by the newsroom, the others through them: a choir, a clinic, a school. One of those at "
            f"the clinic, {_INFORMER.capitalize()}, works for the censor. Nobody knows.",
        )
        for door, group in enumerate(_GROUPS, _ENDPOINTS + 1):
            for name in group:
                under = () if name == group[0] else ("--under", group[0])
                given = ("invite", "new", "--label", name, *under, "--channel", "en", "--via", door)
                out = ("--out", self._readers[name].file)
                if name in ("anna", "ada"):
                    self._telling.command(*given, *out, *self._here, show=2)
                else:
                    self._telling.quietly(*given, *out, *self._here)

    def probe(self) -> None:
        """What a stranger sees at an endpoint, and what a reader does."""
        self._telling.step(
            "A prober asks an endpoint",
            "Whoever does not know today's path finds a dull web site, also where mirrors keep their files.",
        )
        door = self._readers["anna"]
        base = door.invitation.entrances[0].text
        cover = (DEFAULT / "index.html").read_bytes()
        self._probe(base, 200, cover)
        self._probe(f"{base}m/timestamp.json", 404, None)
        self._telling.say("Anna's program derives the path from her invitation, another one each day:")
        epoch = self._telling.calendar.now() // door.invitation.epoch_seconds
        signed = (self._news / "tree" / "m" / "timestamp.json").read_bytes()
        self._probe(f"{door.path(epoch)}m/timestamp.json", 200, signed, is_shown=False)

    def _probe(self, url: str, status: int, body: bytes | None, *, is_shown: bool = True) -> None:
        """Ask as a stranger would, tell it, and see that the answer is what it must be."""
        got_status, head, got = _asked(url)
        if got_status != status or (body is not None and got != body):
            raise RuntimeError(f"the demonstration expected another answer than one of status {got_status}")
        lines = [line for line in head if line.startswith(("HTTP/", "Server:", "Content-"))]
        text = got.decode("utf-8", "replace").splitlines()
        shown = text[:12] if is_shown else [f"({len(got)} bytes: the newest signed statement)"]
        tool = "curl -i" if shutil.which("curl") else "(there is no curl here; asked by Python) GET"
        self._telling.lines(f"$ {tool} {url}", *(f"| {line}" for line in (*lines, "", *shown)))

    # --- day by day ---

    def first_day(self) -> None:
        """Cohorts are made, readers move to their endpoints, and the informer tells."""
        self._telling.step(
            "The next day: three cohorts",
            "With the first heartbeat of a day the policy is asked. It cuts along the tree of invitations, "
            "and gives each cohort an endpoint of its own. The slips are sealed files in the tree, which "
            "any mirror carries and none can open.",
        )
        self._dawn()
        self._telling.say(
            "Each reader's program finds its slip and moves. They all save something, so that the next "
            "start begins where this one ended."
        )
        for reader in self._readers.values():
            given = ("reader", "save", 1, "--i-understand-save", *reader.options)
            if reader.name == "anna":
                self._telling.command(*given, show=-3)
            else:
                self._telling.quietly(*given)
        self._dusk()

    def next_day(self) -> None:
        """The newsroom notices the blocks; the policy answers; who was cut off finds his slip elsewhere."""
        if len(self._days) > _MOST_DAYS:
            raise RuntimeError("the demonstration's informer was not found")
        number = len(self._days) + 2
        self._telling.step(
            f"Day {number}: the newsroom notices, and the policy answers",
            "Each cohort whose endpoint was blocked is cut along the tree, over other endpoints. The others "
            "stay where they are.",
        )
        blocked, self._blocked = self._blocked, []
        self._telling.calendar.days += 1
        for each in blocked:
            self._telling.command("endpoints", "remove", each, "--blocked", "--yes", *self._here, show=1)
        self._dawn()
        stick = self._stick()
        for reader in self._cut_off:
            given = ("reader", "status", *reader.options, "--mirror", stick.as_uri())
            if reader is self._cut_off[0] and len(self._days) == 1:
                self._telling.say(
                    "Who was cut off needs his slip once, from any mirror at all: a friend's stick."
                )
                self._telling.command(*given, show=-8)
            else:
                self._telling.quietly(*given)
        self._dusk()

    def is_informed(self) -> bool:
        """Whether the informer was told of anything that day."""
        return bool(self._blocked)

    def end(self) -> None:
        """The table."""
        self._telling.step(
            "The informer was found, and nobody told the newsroom who he is",
            f"Alone at an endpoint that nobody else ever knew, {_INFORMER.capitalize()} had it blocked: he "
            "gets none any more. The same policy in worlds of 10,000 readers, against several censors: "
            "`mirror simulate`.",
        )
        tree = self._telling.command("invite", "tree", *self._here)
        [line] = [each for each in tree.splitlines() if each.strip().startswith(f"{_INFORMER}:")]
        if "gets no endpoint" not in line:
            raise RuntimeError("the demonstration's informer was not found")
        self._telling.lines(_HEAD, *map(str, self._days))
        blocked = sum(each.blocked for each in self._days)
        self._telling.say(f"{blocked} endpoints were blocked, of {len(self._numbers)}.")

    def _dawn(self) -> None:
        """A heartbeat: the policy is asked, and slips are made."""
        if not self._days:
            self._telling.calendar.days += 1
        self._telling.command("publish", "heartbeat", *self._here)
        self._hosts.hear()

    def _dusk(self) -> None:
        """The censor blocks what the informer was told; then everybody is counted."""
        told = self._readers[_INFORMER].told() - self._told
        self._told |= told
        for address in told:
            self._hosts.block(address)
            self._blocked.append(self._numbers[address])
        self._blocked.sort()
        informer = self._readers[_INFORMER]
        honest = [each for each in self._readers.values() if each is not informer]
        cut_off = [each for each in honest if not self._telling.is_served(*each.options)]
        served = len(honest) - len(cut_off)
        self._cut_off = [*cut_off, informer] if told else cut_off
        said = json.loads(self._telling.quietly("endpoints", "status", "--json", *self._here))
        cohorts = said["cohorts"] - said["quarantined"]
        self._days.append(_Day(len(self._days) + 2, cohorts, len(told), served, len(honest)))
        if told:
            names = " and ".join(f"endpoint {each}" for each in self._blocked)
            self._telling.say(f"That evening {names}: blocked. {_INFORMER.capitalize()} had been told of it.")
        self._telling.lines(_HEAD, str(self._days[-1]))

    def _stick(self) -> Path:
        """The tree of today on a stick: any mirror will do."""
        stick = self._telling.folder / "stick"
        shutil.rmtree(stick, ignore_errors=True)
        shutil.copytree(self._news / "tree", stick)
        return stick


def _asked(url: str) -> tuple[int, list[str], bytes]:
    """The answer to a stranger's request: status, the lines of its head, its body."""
    if curl := shutil.which("curl"):
        # --disable comes first: nobody's .curlrc changes what is asked.
        how = ["--disable", "--silent", "--include", "--noproxy", "*", "--max-time", str(_PROBE_SECONDS)]
        given = [curl, *how, url]
        answer = subprocess.run(given, check=True, capture_output=True).stdout  # noqa: S603 - of our own
        head, _, body = answer.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        return int(lines[0].split()[1]), lines, body
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=_PROBE_SECONDS)
    try:
        connection.request("GET", parts.path)
        response = connection.getresponse()
        body = response.read()
    finally:
        connection.close()
    first = f"HTTP/1.1 {response.status} {response.reason}"
    return response.status, [first, *(f"{name}: {value}" for name, value in response.getheaders())], body
