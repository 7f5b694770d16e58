"""``mirror reader invite``: an invitation for a friend, made on this device, after the gate.

Nobody is told of it, and it is written nowhere: it is shown, and gone with the screen.
"""

import argparse
from typing import Final

from mirror.cli.reader_run import Run, say, warn
from mirror.cli.terminal import print_json
from mirror.errors import ConfigError
from mirror.limits import MAX_DEPTH, MAX_FRIENDS
from mirror.notices import Act
from mirror.rotation import picture

HELP: Final = "an invitation for a friend, after its notice; nobody is asked, and nothing is written"
_ONE: Final = "--number is a whole number from 1 to {}: another one for each friend."


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's own options."""
    parser.add_argument(
        "--number",
        type=int,
        required=True,
        metavar="N",
        help=f"1 to {MAX_FRIENDS}, another one for each friend: two with one number share one place",
    )
    parser.add_argument(
        "--page", metavar="URL", default="", help="a browser's reader, for a link that opens there"
    )


async def invite(run: Run) -> int:
    """``invite``: link, text and QR code, after the gate."""
    guide = run.session.guide
    if guide is None:
        raise ConfigError(
            "Only somebody who was invited can invite: --invitation FILE.", code="no-invitation"
        )
    if not 1 <= run.options.number <= MAX_FRIENDS:
        raise ConfigError(_ONE.format(MAX_FRIENDS))
    invitation = guide.friend(run.options.number - 1, run.session.now)
    text = invitation.text()
    try:
        link = invitation.link(run.options.page)
    except ValueError as error:
        raise ConfigError("--page is not the address of a page.") from error
    run.pass_gate(Act.INVITE)
    if run.options.json:
        print_json({"link": link, "text": text})
        return 0
    print(picture.terminal(link))
    say(f"\n{link}\n\n{text}\n")
    depth = invitation.keyring.depth
    warn(f"Invited at depth {depth} of {MAX_DEPTH}. You and whoever invited you can read what it is handed.")
    warn("It is kept nowhere. Hand it over in person, or by a way that nobody else reads.")
    return 0
