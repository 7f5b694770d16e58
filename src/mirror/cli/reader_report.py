"""``mirror reader report``: which of one's own endpoints did not answer, sealed for the publisher.

After the gate of *contact*. Nothing is sent: the report is shown, or written to the file that was named.
"""

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from mirror.cli.reader_run import Run, say, warn, width
from mirror.cli.terminal import print_json, progress
from mirror.cli.ways import way_error, way_of
from mirror.client.diagnosis import diagnose
from mirror.client.doctor import examine
from mirror.client.slips import settings_of
from mirror.client.waiting import Patience
from mirror.errors import ConfigError
from mirror.model import Endpoint
from mirror.notices import Act
from mirror.reader import report_words as words
from mirror.reader.saving import write_file
from mirror.reader.silence import Door, Heard, doors, of_examination, of_run
from mirror.reader.words import day_words
from mirror.reader.wrapping import wrap, wrap_lists
from mirror.rotation import hpke, reports, spelling
from mirror.rotation.invitation import Invitation
from mirror.rotation.paths import Entrance
from mirror.rotation.reports import Branch
from mirror.rotation.settings import Settings

HELP: Final = "a report for the publisher, of endpoints that did not answer; after its notice, and not sent"
_LOCAL: Final = "file:"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's own options."""
    parser.add_argument(
        "--examine",
        action="store_true",
        help="ask your endpoints once more, as the doctor does, with patience",
    )
    parser.add_argument(
        "--country",
        metavar="XX",
        default="",
        help="say in which country it was, two letters (default: say nothing)",
    )
    parser.add_argument("--to", metavar="FILE", help="write the report into this file, not to the terminal")


async def report(run: Run, *, patience: Patience | None = None) -> int:
    """``report``: 0 also where there is nothing to report. ``patience`` is our own by default.

    Raises:
        ConfigError: ``no-invitation``, ``no-reports``, ``country``.
        GateError: Nothing was made.
        StorageError: The file could not be written.
    """
    options, guide = run.options, run.session.guide
    if guide is None:
        raise ConfigError(
            "Only who was invited was handed endpoints to report of: --invitation FILE.", code="no-invitation"
        )
    if options.country and not reports.is_country(options.country):
        raise ConfigError("--country wants the code of a country, two capital letters.", code="country")
    settings = settings_of(run.session.verified)
    if settings is None or not settings.report_key:
        raise ConfigError("This publication takes no reports.", code="no-reports")
    mine = await _heard(run, doors(guide, run.session.known), patience)
    silent = [door for door, heard in mine if heard is Heard.SILENT]
    if not silent:
        if options.json:
            print_json(_facts(mine))
        else:
            say("\n".join(wrap(words.NOTHING, width())))
        return 0
    epoch = settings.calendar.epoch(run.session.now)
    names = [each.name for each in silent]
    warn(wrap_lists(words.tells(names, day_words(run.session.now), epoch, options.country), width()))
    run.pass_gate(Act.CONTACT)
    data = _made(run, guide.invitation, settings, [each.entrance for each in silent], epoch)
    if options.to:
        await asyncio.to_thread(write_file, Path(options.to), spelling.line(data).encode() + b"\n")
    if options.json:
        print_json(_facts(mine) | ({} if options.to else {"report": spelling.line(data)}))
    elif not options.to:
        say(f"{spelling.line(data)}\n\n{spelling.letters(data)}\n")
    warn(words.WRITTEN if options.to else words.MADE)
    return 0


async def _heard(run: Run, mine: Sequence[Door], patience: Patience | None) -> list[tuple[Door, Heard]]:
    """What is known of each of the reader's endpoints; says what is not."""
    of_mirrors = of_run(run.session.ledger.report())
    if run.options.examine:
        of_mirrors |= await _examined(run, [each for door in mine for each in door.mirrors], patience)
    found = [(door, door.heard(of_mirrors)) for door in mine]
    unknown = [door.name for door, heard in found if heard is Heard.UNKNOWN]
    if unknown:
        warn("\n".join(wrap(words.UNKNOWN.format(", ".join(unknown)), width())))
    reached = {each.name for each in run.session.known if not each.url.startswith(_LOCAL)}
    if not any(heard is Heard.ANSWERED for name, heard in of_mirrors.items() if name in reached):
        warn("\n".join(wrap(words.ALONE, width())))
    return found


async def _examined(run: Run, mirrors: list[Endpoint], patience: Patience | None) -> dict[str, Heard]:
    """What an examination tells of ``mirrors``, over connections of its own."""
    way, usual = way_of(run.config.ways)
    async with run.tools.transport(run.config.ways, run.tools.randomness) as transport:
        with progress("Asking your endpoints") as tell:
            examined = await examine(
                mirrors,
                run.session.first_root,
                run.session.channel,
                transport,
                run.tools.clock,
                built=run.tools.built,
                patience=patience or usual,
                progress=tell,
            )
        if (trouble := way_error(transport)) is not None:
            raise trouble
    return of_examination(diagnose(examined.traces, way))


def _made(
    run: Run, invitation: Invitation, settings: Settings, silent: Sequence[Entrance], epoch: int
) -> bytes:
    publication, keyring = invitation.publication, invitation.keyring
    statement = reports.state(keyring, publication, epoch, silent, run.options.country)
    branch = Branch(keyring.branch, publication)
    return reports.seal(
        statement, branch, publication, settings.report_key, run.tools.randomness(hpke.KEY_SIZE)
    )


def _facts(mine: Sequence[tuple[Door, Heard]]) -> dict[str, Any]:
    return {"endpoints": [{"heard": heard.value, "name": door.name} for door, heard in mine]}
