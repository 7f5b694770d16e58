"""What the reader's commands share: options into a configuration, a session opened, a person asked."""

import argparse
import os
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from mirror.cli import terminal
from mirror.cli.invitations import invited, with_mirrors
from mirror.cli.ways import blaming_way, onion_warning, way_error, ways_of
from mirror.client.report import MirrorReport
from mirror.clock import Clock, SystemClock
from mirror.errors import ConfigError, StorageError, TrustError, UnreachableError
from mirror.limits import MAX_CONFIG, MAX_READER_MIRRORS
from mirror.model import CHANNEL_ID
from mirror.net.anyhow import AnyTransport, WayOut
from mirror.net.ways import Ways
from mirror.notices import Act, GateText, ReaderContext, gate
from mirror.reader import config as configs
from mirror.reader import words
from mirror.reader.config import LibraryPlace, ReaderConfig
from mirror.reader.gate import flag_of, pass_gate
from mirror.reader.guide import Guide
from mirror.reader.library import Library
from mirror.reader.session import BUILT, ReaderSession
from mirror.reader.vault import create, exists, open_vault
from mirror.reader.wrapping import wrap_lists
from mirror.rotation.invitation import Invitation
from mirror.rotation.keys import tag
from mirror.trust.keys import ARGON2ID, Kdf

MORE: Final = "  mirror reader notice NAME"  # below the notices' own "more about this"
# Commands that show what there is to read, and then fetch the notices and show theirs.
FIRST_SHOWN: Final = frozenset({"headlines", "show", "open"})
# Commands that say what each mirror did, and so ask every one.
_JUDGING: Final = frozenset({"status", "report"})
_WIDEST: Final = 100  # columns; longer lines are hard to read
_NARROWEST: Final = 40


@dataclass(frozen=True, slots=True)
class Tools:
    """Time, randomness, the way to mirrors and the cost of a passphrase: tests give their own."""

    clock: Clock = field(default_factory=SystemClock)
    randomness: Callable[[int], bytes] = os.urandom
    kdf: Kdf = ARGON2ID
    transport: Callable[[Ways, Callable[[int], bytes]], AbstractAsyncContextManager[WayOut]] = AnyTransport
    built: int = BUILT


class AtTerminal:
    """The person at the terminal: see ``reader.gate.Person``. ``has_more``: there is a page to read on."""

    def __init__(self, *, has_more: bool) -> None:
        self._has_more = has_more

    @property
    def is_there(self) -> bool:
        """True when both what is asked and what is typed go through a terminal."""
        return sys.stdin.isatty() and sys.stderr.isatty()

    def show(self, text: str) -> None:
        """Show ``text`` beside the facts."""
        warn(wrap_lists(text.rstrip("\n"), width()))
        if self._has_more:
            warn(MORE)

    def ask(self, prompt: str) -> str:
        """What is typed after ``prompt``."""
        return terminal.ask(prompt)


@dataclass(frozen=True, slots=True)
class Run:
    """One command: its options, the configuration they amount to, and the session."""

    options: argparse.Namespace
    config: ReaderConfig
    session: ReaderSession
    library: Library | None
    tools: Tools

    def gate(self, act: Act) -> GateText:
        """What to show before ``act``, for what the reader chose to say of himself."""
        return gate(
            self.session.notices, context_of(self.options), act, self.config.language, self.session.now
        )

    def pass_gate(self, act: Act) -> None:
        """Return when ``act`` may go on; raises ``GateError`` when not."""
        is_understood = bool(getattr(self.options, _destination(act), False))
        text = self.gate(act)
        pass_gate(text, AtTerminal(has_more=bool(text.more)), understood=is_understood)

    async def take_notices(self) -> None:
        """Fetch the notices, and remember what was verified where there is a library."""
        await self.session.take_notices()
        if self.library is not None:
            try:
                await self.session.keep_state(self.library)
            except StorageError as error:  # a library that cannot be written can still be read
                warn(f"What was verified now will not be remembered: {error} [{error.code}]")

    def library_to_write(self) -> Library:
        """The library, made now if need be: only after the gate for *save*.

        Raises:
            ConfigError: ``library``: the reader has not said where.
        """
        if self.library is not None:
            return self.library
        if self.config.library is None:
            raise ConfigError(
                "Say where to keep it: --library, --to, or [library] in the configuration.", code="library"
            )
        place = self.config.library
        passphrase = _passphrase(place, "A new passphrase for the library: ")
        if place.passphrase_file is None and _passphrase(place, "Once more: ") != passphrase:
            raise ConfigError("The two passphrases differ; nothing was written.", code="passphrase")
        return Library(create(Path(place.folder), passphrase, self.tools.randomness, self.tools.kdf))


def say(text: str = "") -> None:
    """Print ``text``, made safe, to standard output."""
    print(terminal.safe(text))


def warn(text: str) -> None:
    """Print ``text``, made safe, to standard error."""
    print(terminal.safe(text), file=sys.stderr, flush=True)


def width() -> int:
    """How many columns to use."""
    return min(max(shutil.get_terminal_size().columns, _NARROWEST), _WIDEST)


def add_understanding(parser: argparse.ArgumentParser, *acts: Act) -> None:
    """Add the flag of each act that ``parser``'s command may do."""
    for act in acts:
        parser.add_argument(
            flag_of(act),
            dest=_destination(act),
            action="store_true",
            help="go on where nobody can be asked: its notice was read",
        )


def config_of(options: argparse.Namespace) -> ReaderConfig:
    """The configuration file, if one is named, with what the command line says instead.

    Raises:
        ConfigError: One of the two is wrong; names the key or the option, never its value.
    """
    config = load_config(Path(options.config)) if options.config else ReaderConfig()
    here = Path()
    if options.root:
        config = replace(config, root=configs.root_of(options.root, here))
    if options.channel:
        if not CHANNEL_ID.fullmatch(options.channel):
            raise ConfigError("--channel is not the name of a channel.")
        config = replace(config, channel=options.channel)
    if options.mirror:
        mirrors = configs.mirrors_of(tuple(dict.fromkeys(options.mirror)))
        if mirrors is None or len(mirrors) > MAX_READER_MIRRORS:
            raise ConfigError("--mirror is not the address of a mirror, or there are too many.")
        config = replace(config, mirrors=mirrors)
    if options.library:
        file = options.passphrase_file
        config = replace(config, library=LibraryPlace(Path(options.library), Path(file) if file else None))
    elif options.passphrase_file and config.library:
        config = replace(
            config, library=replace(config.library, passphrase_file=Path(options.passphrase_file))
        )
    language = options.language or config.language or _system_language()
    if not configs.is_language(language):
        raise ConfigError("--language is not the tag of a language.")
    return replace(config, language=language, ways=ways_of(options, config.ways))


def load_config(path: Path) -> ReaderConfig:
    """The configuration in the file ``path``, whose folder relative paths start from.

    Raises:
        ConfigError: The file cannot be read, or is not one.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_CONFIG + 1)
    except OSError as error:
        raise ConfigError(f"The configuration file cannot be read: {error.strerror}.") from error
    return configs.parse(data, path.parent)


def context_of(options: argparse.Namespace) -> ReaderContext:
    """What the reader chose to say of himself: used in this run and kept nowhere.

    Raises:
        ConfigError: ``context``: no code of a country.
    """
    try:
        return ReaderContext(
            options.located or None, _countries(options.citizen), _countries(options.stateless_of)
        )
    except ValueError as error:
        raise ConfigError(
            "--located, --citizen and --stateless-of want codes of countries, such as UA, or none.",
            code="context",
        ) from error


@asynccontextmanager
async def opened(options: argparse.Namespace, tools: Tools) -> AsyncIterator[Run]:
    """A refreshed session for ``options``; when it fails, what each mirror did is told."""
    context_of(options)  # a wrong one is refused before anything is fetched
    now = max(tools.clock.now(), tools.built)
    config, invitation = invited(options, config_of(options), now)
    if invitation is None:
        configs.complete(config)
    library = _existing_library(config.library)
    guide = _guide(invitation, library)
    config = with_mirrors(config, guide, now)
    root, channel = configs.complete(config)
    if not config.mirrors and library is None:
        raise ConfigError("Say where to ask: --mirror, or mirrors in the configuration.", code="incomplete")
    if said := onion_warning(config.mirrors, config.ways):
        warn(said)
    async with tools.transport(config.ways, tools.randomness) as transport:
        session = ReaderSession(
            root,
            channel,
            config.mirrors,
            transport,
            tools.clock,
            library=library,
            built=tools.built,
            guide=guide,
        )
        with blaming_way(transport):
            try:
                await session.refresh(everyone=options.command in _JUDGING)
            except (TrustError, UnreachableError):
                if transport.trouble is None:  # else nothing is known of the mirrors
                    tell_mirrors(session.ledger.report())
                raise
        run = Run(options, config, session, library, tools)
        with blaming_way(transport):
            await session.take_slips()
            if guide is not None and guide.finding in words.SLIP_TROUBLE:
                warn(words.slip_words(guide.finding))
            if options.command not in FIRST_SHOWN:
                await run.take_notices()
            yield run
        # At the end: where nothing could be read it is the error itself, and would be said twice.
        if trouble := way_error(transport):
            warn(f"{trouble} [{trouble.code}]")


def tell_mirrors(reports: Sequence[MirrorReport]) -> None:
    """Say on standard error what each mirror did."""
    for report in reports:
        warn("\n".join(words.mirror_words(report)))


def _destination(act: Act) -> str:
    return f"understood_{act.value}"


def _existing_library(place: LibraryPlace | None) -> Library | None:
    if place is None or not exists(Path(place.folder)):
        return None
    return Library(open_vault(Path(place.folder), _passphrase(place, "Passphrase of the library: ")))


def _guide(invitation: Invitation | None, library: Library | None) -> Guide | None:
    if invitation is None:
        return None
    return Guide(invitation, library.handed(tag(invitation.keyring.branch)) if library else None)


def _passphrase(place: LibraryPlace, prompt: str) -> str:
    file = Path(place.passphrase_file) if place.passphrase_file else None
    return terminal.read_passphrase(file, prompt).decode()


def _countries(given: Sequence[str] | None) -> frozenset[str] | None:
    if not given:
        return None
    codes = frozenset(code for each in given for code in each.split(",") if code)
    return frozenset() if codes == {"none"} else codes


def _system_language() -> str:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        tag = os.environ.get(name, "").partition(".")[0].partition("@")[0].replace("_", "-")
        if tag:
            return tag if configs.is_language(tag) else "en"
    return "en"
