"""``mirror reader doctor``: what the network does to each mirror, and what to try next.

Needs no session, no notices and no library, and uses none: it works where nothing works.
"""

import argparse
import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from mirror.cli.invitations import invited, with_mirrors
from mirror.cli.reader_run import Tools, config_of, say, warn, width
from mirror.cli.terminal import print_json, progress
from mirror.cli.ways import onion_warning, way_error, way_of
from mirror.client.advice import Clues, Conclusion, conclude
from mirror.client.diagnosis import WORKING, Diagnosis, diagnose
from mirror.client.doctor import examine
from mirror.client.waiting import Patience
from mirror.errors import ConfigError, UnreachableError
from mirror.reader import config as configs
from mirror.reader import doctor_words as words
from mirror.reader.config import RootDigest
from mirror.reader.guide import Guide
from mirror.reader.session import read_root
from mirror.reader.wrapping import wrap

HELP: Final = "what the network does to each mirror, and what to try next"
ABOUT: Final = (
    "Asks every mirror for what each reader asks for (the channel's head and what is missing of the "
    "metadata, the head piece, the notices' pieces), about 30 kB from each that works, verifies what "
    "comes, and says in plain words how it went. Nobody else is asked, nothing about you is sent, and "
    "nothing is written down. To whoever watches it is a reader who opens the news over all mirrors."
)
_GAP: Final = 2
# Below this a sentence beside two columns of labels would be a thread of words.
_LEAST_BESIDE: Final = 38


async def doctor(options: argparse.Namespace, tools: Tools, *, patience: Patience | None = None) -> int:
    """``doctor``: 0 when a mirror works. ``patience`` is our own by default.

    Raises:
        ConfigError: Root, channel or mirrors were not said, or are wrong.
        FormatError, TrustError: The root file is not a root.
        UnreachableError: ``no-working-mirror``, after all was said.
    """
    now = max(tools.clock.now(), tools.built)
    config, invitation = invited(options, config_of(options), now)
    config = with_mirrors(config, Guide(invitation) if invitation else None, now)
    root, channel = configs.complete(config)
    if not config.mirrors:
        raise ConfigError("Say where to ask: --mirror, or mirrors in the configuration.", code="incomplete")
    first = (
        root.digest if isinstance(root, RootDigest) else await asyncio.to_thread(read_root, Path(root.path))
    )
    ways = config.ways
    way, usual = way_of(ways)
    patience = patience or usual
    if said := onion_warning(config.mirrors, ways):
        warn(said)
    async with tools.transport(ways, tools.randomness) as transport:
        with progress("Asking the mirrors") as tell:
            examined = await examine(
                config.mirrors,
                first,
                channel,
                transport,
                tools.clock,
                built=tools.built,
                patience=patience,
                progress=tell,
            )
        trouble = way_error(transport)
    if trouble is not None:
        warn("\n".join(wrap(f"{trouble} [{trouble.code}]", width())))
    found = diagnose(examined.traces, way)
    conclusion = conclude(found, way, examined.clues)
    if options.json:
        print_json(facts(found, conclusion, examined.clues))
    else:
        say("\n".join(report_lines(found, conclusion, examined.clues, width())))
    if not conclusion.working:
        raise UnreachableError("No mirror works here at present.", code="no-working-mirror")
    return 0


def report_lines(
    found: Sequence[Diagnosis], conclusion: Conclusion, clues: Clues, columns: int
) -> Iterator[str]:
    """The whole report, for a terminal of that width."""
    yield from _mirror_lines(found, columns)
    yield ""
    yield from wrap(words.COUNT.format(conclusion.working, conclusion.total), columns)
    for pattern in conclusion.patterns:
        yield from wrap(words.pattern_words(pattern, conclusion, clues), columns)
    yield ""
    yield "What to try, in this order:"
    for number, advice in enumerate(conclusion.advice, 1):
        yield from wrap(words.advice_words(advice, conclusion), columns, f"{number:>2}  ", "    ")
    if conclusion.is_cautious:
        yield ""
        yield from wrap(words.CAUTION, columns)
    yield ""
    yield words.CLOSING


def facts(found: Sequence[Diagnosis], conclusion: Conclusion, clues: Clues) -> dict[str, Any]:
    """The same as values for JSON: the codes are stable, the sentences may change."""
    return {
        "mirrors": [
            {
                "name": each.name,
                "finding": each.finding.value,
                "works": each.finding in WORKING,
                "bytes_per_second": each.bytes_per_second,
                "freezes_after": each.freezes_after,
                "sentence": words.finding_words(each)[1],
            }
            for each in found
        ],
        "working": conclusion.working,
        "patterns": [
            {"code": each.value, "sentence": words.pattern_words(each, conclusion, clues)}
            for each in conclusion.patterns
        ],
        "advice": [
            {"code": each.value, "sentence": words.advice_words(each, conclusion)}
            for each in conclusion.advice
        ],
        "caution": words.CAUTION if conclusion.is_cautious else "",
        "clock_slow_seconds": clues.clock_slow_seconds,
    }


def _mirror_lines(found: Sequence[Diagnosis], columns: int) -> Iterator[str]:
    """One line for each mirror; on a narrow terminal the sentence stands below."""
    said = [(each.name, *words.finding_words(each)) for each in found]
    name_width = max(len(name) for name, _, _ in said) + _GAP
    word_width = max(len(word) for _, word, _ in said) + _GAP
    is_wide = columns - name_width - word_width >= _LEAST_BESIDE
    for name, word, sentence in said:
        if is_wide:
            label = name.ljust(name_width) + word.ljust(word_width)
            yield from wrap(sentence, columns, label, " " * len(label))
        else:
            yield f"{name}: {word}"
            yield from wrap(sentence, columns, "  ", "  ")
