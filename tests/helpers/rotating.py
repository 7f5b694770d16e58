"""A desk that hands out endpoints: the commands, and what an invited reader finds in the tree."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import ModuleType

import pytest

from helpers.newsdesk import Desk, desk
from mirror import cli
from mirror.cli import endpoints, invite
from mirror.errors import MirrorError
from mirror.publisher.roster import Facts
from mirror.publisher.rotation import Opened, open_rotation, signed_settings
from mirror.rotation.invitation import Invitation, parse
from mirror.rotation.looking import look_next
from mirror.rotation.pages import find_slip, open_page, pages_of
from mirror.rotation.slips import Slip

PROGRAMS: dict[str, ModuleType] = {"endpoints": endpoints, "invite": invite}


@dataclass
class RotatingDesk:
    """``desk`` with endpoints; every command gets the online passphrase."""

    desk: Desk

    def call(self, command: str, *arguments: str) -> int:
        """Run ``endpoints add`` and the like; errors come out as they are."""
        program, name = command.split()
        where = [f"--publication={self.desk.folder}", self.desk.passphrase("online")]
        status: int = PROGRAMS[program].run([name, *where, *arguments], self.desk.tools)
        return status

    def run(self, command: str, *arguments: str) -> int:
        """Run a command as ``mirror`` does; the exit status."""
        program, name = command.split()
        where = [f"--publication={self.desk.folder}", self.desk.passphrase("online")]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(PROGRAMS[program], "Tools", lambda: self.desk.tools)
            return cli.main([program, name, *where, *arguments])

    def add(self, *numbers: int, pool: str = "invited") -> None:
        """Endpoints of their own domains, with secrets."""
        for number in numbers:
            secret = self.desk.base / f"secret-{number}"
            self.call("endpoints add", host(number), f"--secret-file={secret}", f"--pool={pool}")

    def invite(self, label: str, *more: str) -> Invitation:
        """An invitation, as whoever gets the file reads it."""
        file = self.desk.folder.parent / f"invitation-{label}"
        self.call("invite new", f"--label={label}", "--channel=en", f"--out={file}", *more)
        return parse(file.read_text())

    def release(self) -> int:
        return self.desk.release()

    def heartbeat(self, days: int = 0) -> int:
        self.desk.later(days * 86_400)
        return self.desk.call("heartbeat", self.desk.passphrase("online"))

    def opened(self) -> Opened:
        return open_rotation(self.desk.workspace, "the secret of online", self.desk.randomness)

    def facts(self) -> Facts:
        return self.opened().roster.facts()

    def slip(self, invitation: Invitation, ahead: int = 0, folder: Path | None = None) -> Slip | None:
        """What the reader finds in the tree for the current epoch, looking deeper where it must."""
        return slip_in(self.desk, invitation, ahead)


def slip_in(made: Desk, invitation: Invitation, ahead: int = 0) -> Slip | None:
    publication = made.workspace.publication()
    settings = signed_settings(publication)
    assert settings is not None
    name = sha256(publication.roots[0]).digest()
    epoch = settings.calendar.epoch(made.clock.at) + ahead
    looked, slip = invitation.look, None
    for _ in range(invitation.keyring.depth + 2):
        pages = []
        for each in pages_of(invitation.keyring, looked, epoch, settings.bits(epoch)):
            data = made.tree.read(each.path)
            if data is None:
                return None
            pages.append(open_page(data, each, name, settings.keys))
        slip = find_slip(pages, invitation.keyring, name)
        if slip is not None and slip.entrances:
            return slip
        looked = look_next(slip.look if slip else None, looked, invitation.keyring.depth)
    return slip


def host(number: int) -> str:
    """The address of an endpoint; no two look alike."""
    word = "".join("aeioukmstz"[int(digit)] for digit in f"{number:03}")
    return f"https://{word}{word}.{word}.org/"


def rotating(base: Path, count: int = 6) -> RotatingDesk:
    """Released, with ``count`` endpoints for the invited and one for newcomers; two were invited."""
    made = RotatingDesk(desk(base))
    made.desk.add(made.desk.story(1))
    made.add(*range(1, count + 1))
    made.add(99, pool="open")
    return made


def code_of(made: RotatingDesk, command: str, *arguments: str) -> str:
    """The code of the error that a command ends in; empty when it does not."""
    try:
        made.call(command, *arguments)
    except MirrorError as error:
        return error.code
    return ""
