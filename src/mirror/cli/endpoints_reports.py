"""``mirror endpoints reports``: open what readers report, say why some counts nothing, and decide nothing."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from mirror.cli.publish_tools import Passphrases, Tools, say, warn, workspace_of
from mirror.cli.terminal import print_json
from mirror.errors import ConfigError, SourceError
from mirror.limits import MAX_REPORT_FILE
from mirror.publisher.keyring import ONLINE
from mirror.publisher.reporting import Silence, Taken, silences, take
from mirror.publisher.roster import Facts
from mirror.publisher.rotation import open_reports, open_rotation, report_key, signed_settings, take_reports
from mirror.publisher.workspace import Workspace, bounded
from mirror.rotation.reports import apart

_STDIN: Final = "-"
_SENTENCES: Final = {
    "report-damaged": "not whole: copy again",
    "report-size": "not whole, or no report",
    "report-version": "made for a newer program",
    "report-unreadable": "sealed for another publication or an older key, or altered",
    "report-format": "not made as reports are",
    "report-old": "of an epoch that is long over",
    "report-ahead": "of an epoch to come",
    "report-forged": "of nobody who was invited here",
    "report-revoked": "of an invitation that was revoked",
    "report-endpoint": "about nothing that was handed to whoever made it",
    "report-known": "about endpoints that are not in use any more",
    "report-repeated": "said before, for the same place, endpoint and epoch",
}


def reports(options: argparse.Namespace, tools: Tools) -> int:
    """Take reports, or begin to; 0 also where all of them were refused."""
    workspace = workspace_of(options)
    if options.take == bool(options.file):
        raise ConfigError("Name files with reports, or --take.", code="usage")
    passphrase = Passphrases.of(options).get(ONLINE)
    opened = open_rotation(workspace, passphrase, tools.randomness)
    if options.take:
        return _begin(options, workspace, passphrase, tools)
    private = open_reports(workspace, passphrase)
    _warn_unsigned(workspace)
    texts = [each for name in options.file for each in apart(_text(name))]
    now = tools.clock.now()
    taken = take(opened, private, texts, now)
    facts = opened.roster.facts()
    if options.json:
        print_json(
            {
                "noted": taken.noted,
                "read": len(texts),
                "refused": dict(taken.refused),
                "silent": silence_fields(silences(facts, now)),
            }
        )
    else:
        say(*_taken_lines(taken, len(texts)), *silence_lines(facts, now))
    return 0


def silence_lines(facts: Facts, now: int) -> Iterator[str]:
    """What reports ask the publisher to look at, a line for each endpoint."""
    for number, each in silences(facts, now).items():
        where = ", ".join(f"{country} {count}" for country, count in sorted(each.countries.items()))
        yield (
            f"endpoint {number}: {each.voices} invitation(s) report silence"
            + (f" ({where})" if where else "")
            + f", {each.sent} are sent there. It proves nothing: `mirror endpoints probe {number}`."
        )


def silence_fields(found: dict[int, Silence]) -> list[dict[str, Any]]:
    """The same for JSON."""
    return [
        {"countries": dict(each.countries), "endpoint": number, "sent": each.sent, "voices": each.voices}
        for number, each in found.items()
    ]


def _begin(options: argparse.Namespace, workspace: Workspace, passphrase: str, tools: Tools) -> int:
    with workspace.lock():
        public = take_reports(workspace, passphrase, tools.randomness, tools.kdf)
    if options.json:
        print_json({"report_key": public.hex()})
    else:
        say(
            "Reports are taken once `mirror publish release` has signed their key.",
            "Say in your news how they reach you: the program sends none.",
        )
    return 0


def _warn_unsigned(workspace: Workspace) -> None:
    settings = signed_settings(workspace.publication())
    if settings is None or settings.report_key != report_key(workspace):
        warn(["Readers cannot make reports yet: `mirror publish release` must sign their key first."])


def _text(name: str) -> str:
    """What a file or standard input holds; what is no text counts as a report that is not whole.

    Raises:
        SourceError: ``missing-file``, ``too-large``.
        StorageError: It cannot be read.
    """
    if name == _STDIN:
        data = sys.stdin.buffer.read(MAX_REPORT_FILE + 1)
        if len(data) > MAX_REPORT_FILE:
            raise SourceError("Standard input is too large.", code="too-large")
    else:
        data = bounded(Path(name), MAX_REPORT_FILE, "A file with reports")
    return data.decode("ascii", errors="replace")


def _taken_lines(taken: Taken, count: int) -> Sequence[str]:
    lines = [f"Reports: {count} read, {taken.noted} noted."]
    lines += [f"  {number} refused: {_SENTENCES[code]} [{code}]" for code, number in taken.refused.items()]
    return lines
