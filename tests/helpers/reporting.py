"""Readers who report to a desk, honestly and not."""

from collections.abc import Sequence
from pathlib import Path

from helpers.rotating import RotatingDesk
from mirror.publisher.rotation import report_key
from mirror.rotation import reports, spelling
from mirror.rotation.epochs import DAY
from mirror.rotation.invitation import Invitation
from mirror.rotation.keys import Keyring
from mirror.rotation.paths import Entrance
from mirror.rotation.reports import Branch, Statement


def handed(made: RotatingDesk, invitation: Invitation) -> tuple[Entrance, ...]:
    """The endpoints in the reader's slip."""
    slip = made.slip(invitation)
    assert slip is not None
    return slip.entrances


def statement(
    made: RotatingDesk,
    invitation: Invitation,
    silent: Sequence[Entrance],
    *,
    ahead: int = 0,
    country: str = "",
) -> Statement:
    """What a reader says today, or in an epoch ``ahead``."""
    epoch = made.desk.clock.at // DAY + ahead
    return reports.state(invitation.keyring, invitation.publication, epoch, silent, country)


def sealed(
    made: RotatingDesk,
    invitation: Invitation,
    said: Statement,
    *,
    prover: Keyring | None = None,
    public: bytes = b"",
    publication: bytes = b"",
) -> str:
    """``said`` as a line, proved by ``prover`` in the place of the reader's own branch."""
    name = publication or invitation.publication
    branch = Branch((prover or invitation.keyring).branch, name)
    fresh = made.desk.randomness(32)
    return spelling.line(reports.seal(said, branch, name, public or report_key(made.desk.workspace), fresh))


def report(
    made: RotatingDesk,
    invitation: Invitation,
    silent: Sequence[Entrance] | None = None,
    *,
    ahead: int = 0,
    country: str = "",
) -> str:
    """An honest report, of all that the reader's slip names unless it is said of what."""
    if silent is None:
        silent = handed(made, invitation)
    return sealed(made, invitation, statement(made, invitation, silent, ahead=ahead, country=country))


def written(folder: Path, *lines: str) -> str:
    """A file of reports."""
    file = folder / "reports.txt"
    file.write_text("\n".join(lines) + "\n")
    return str(file)
