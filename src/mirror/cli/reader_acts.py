"""The reader's commands that do something: save and share, which pass the gate first, and wipe."""

import argparse
import asyncio
from pathlib import Path
from typing import Final

from mirror.cli.invitations import is_file
from mirror.cli.reader_facts import article_lines, find
from mirror.cli.reader_run import Run, config_of, say, warn
from mirror.cli.terminal import print_json, progress, safe
from mirror.errors import ConfigError, SourceError
from mirror.model import Article, State
from mirror.notices import Act
from mirror.reader import words
from mirror.reader.saving import export_edition, save_article, save_edition, write_file
from mirror.reader.wipe import LIMITS, Wiped, wipe_file, wipe_library

SHARES: Final = {"public": Act.SHARE_PUBLIC, "private": Act.SHARE_PRIVATE, "link": Act.COPY_LINK}
_COLUMNS: Final = 80  # of a saved text
_BUNDLE: Final = ".mirror.zip"


async def save(run: Run) -> int:
    """``save``: an article or the edition, into the library or a file; after the gate."""
    options = run.options
    target = Path(options.to) if options.to else None
    _check_save(run, target)
    run.pass_gate(Act.SAVE)
    # A file that other programs open is an export besides; asked only where that says more.
    if target is not None and run.gate(Act.EXPORT).level > run.gate(Act.SAVE).level:
        run.pass_gate(Act.EXPORT)
    if options.edition:
        await _save_edition(run, target)
    else:
        await _save_article(run, target)
    cost = run.session.ledger.cost()
    if options.json:
        print_json({"saved": options.article or "edition", "fetched_bytes": cost.total})
    else:
        say(f"Saved. {words.cost_words(cost)}")
    return 0


async def share(run: Run) -> int:
    """``share``: a text to pass on, after the gate. It never holds an address of a mirror."""
    article = _still_there((await find(run, run.options.article)).article)
    publication = (await run.session.edition()).manifest.name
    text = shared_text(article, publication, run.options.how)
    run.pass_gate(SHARES[run.options.how])
    if run.options.json:
        print_json({"text": text})
    else:
        say(text)
    return 0


def wipe(options: argparse.Namespace) -> int:
    """``wipe``: the library and, if asked, the configuration; at once and without questions."""
    files = [Path(each) for each in (options.passphrase_file, options.config) if each]
    if options.invitation and is_file(options.invitation):
        files.append(Path(options.invitation))
    folder = Path(options.library) if options.library else None
    if options.config:
        config = config_of(options)
        if config.invitation and not options.invitation:
            files.append(Path(config.invitation))
        if folder is None and config.library:
            folder = Path(config.library.folder)
            if config.library.passphrase_file and not options.passphrase_file:
                files.append(Path(config.library.passphrase_file))
    wiped = wipe_library(folder) if folder is not None else Wiped(0, is_folder_gone=True)
    gone = sum(map(wipe_file, files)) if options.config_too else 0
    if options.json:
        print_json({"files": wiped.files + gone, "folder_gone": wiped.is_folder_gone})
        return 0
    if folder is None:
        say("No library was named: --library, or --config with one.")
    else:
        say(f"{wiped.files} files of the library are gone.")
    if not wiped.is_folder_gone:
        say("The folder stays: files in it are not the library's.")
    if options.config_too:
        say(f"{gone} other files are gone: the configuration, the files of passphrase and invitation.")
    elif files:
        say("The configuration stays: --config-too removes it and the files of passphrase and invitation.")
    say(LIMITS)
    return 0


def shared_text(article: Article, publication: str, how: str) -> str:
    """What is passed on: title, summary, publication and day; or the publisher's own address of it.

    Raises:
        SourceError: ``no-link``: the publisher gave no address.
    """
    if how == "link":
        if not article.source:
            raise SourceError("The publisher gave no public address of this article.", code="no-link")
        return article.source
    summary = f"{article.summary}\n" if article.summary else ""
    return f"{article.title}\n{summary}{publication}, {words.day_words(article.published)}"


def _check_save(run: Run, target: Path | None) -> None:
    """Refuse what could not be done, before anything is asked."""
    options = run.options
    if bool(options.article) == options.edition:
        raise ConfigError("save wants an article, or --edition.")
    if target is None and run.config.library is None:
        raise ConfigError(
            "Say where to keep it: --library, --to, or [library] in the configuration.", code="library"
        )
    if target is not None and options.edition and not target.name.endswith(_BUNDLE):
        raise ConfigError(f"An edition is written to a file whose name ends in {_BUNDLE}.")


async def _save_edition(run: Run, target: Path | None) -> None:
    with progress("Saving the edition") as tell:
        if target is not None:
            await export_edition(run.session, target, pictures=run.options.pictures, progress=tell)
            return
        await save_edition(run.session, run.library_to_write(), pictures=run.options.pictures, progress=tell)


async def _save_article(run: Run, target: Path | None) -> None:
    found = await find(run, run.options.article)
    article = _still_there(found.article)
    if target is None:
        await save_article(run.session, run.library_to_write(), article)
        return
    text = safe("\n".join(article_lines(article, _COLUMNS))) + "\n"
    await asyncio.to_thread(write_file, target, text.encode())


def _still_there(article: Article) -> Article:
    if article.state in (State.WITHDRAWN, State.REMOVED):
        warn("The publisher took this article back.")
        raise SourceError("What was withdrawn is neither saved nor passed on.", code="withdrawn")
    return article
