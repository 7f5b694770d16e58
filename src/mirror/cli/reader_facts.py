"""The reader's commands that show something: headlines, an article, the state of everything, notices."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from mirror.bundle.edition import current
from mirror.cli.reader_run import MORE, Run, say, warn, width
from mirror.cli.terminal import print_json, progress
from mirror.client.edition import RemoteEdition
from mirror.errors import ConfigError, MirrorError, SourceError, UnreachableError
from mirror.model import Article, State
from mirror.notices import Act, info_page, plain
from mirror.reader import words
from mirror.reader.library import SavedArticle
from mirror.reader.session import ReaderSession
from mirror.reader.text import body_lines, plain_body, state_words
from mirror.reader.wrapping import apart, wrap, wrap_lists

_INDENT = "     "
_MARKS = {State.CORRECTED: " (corrected)", State.WITHDRAWN: " (withdrawn)", State.REMOVED: " (removed)"}


@dataclass(frozen=True, slots=True)
class Found:
    """An article; ``saved`` is the library's copy that stands in for one that cannot be had."""

    article: Article
    saved: SavedArticle | None = None


async def headlines(run: Run) -> int:
    """``headlines``: the front page, or with ``--all`` everything that is to be read."""
    edition = await run.session.edition()
    listed = await numbered(edition, everything=run.options.all or bool(run.options.section))
    if run.options.section:
        listed = {number: each for number, each in listed.items() if each.section == run.options.section}
    front = edition.manifest.front
    summaries = dict(zip((each.id for each in front.listed), front.summaries, strict=True))
    if run.options.json:
        await run.take_notices()
        shown = [_listed_facts(number, each, summaries.get(each.id, "")) for number, each in listed.items()]
        print_json(_facts(run, edition) | {"headlines": shown})
        return 0
    _say_edition(run, edition)
    for number, each in listed.items():
        title = each.title + _MARKS.get(each.state, "")
        say()
        say("\n".join(wrap(title, width(), f"{number:>3}  ", _INDENT, is_apart=True)))
        say(_INDENT + " · ".join(_apart(words.day_words(each.published), each.section)))
        if summary := summaries.get(each.id):
            say("\n".join(wrap(summary, width(), _INDENT, _INDENT, is_apart=True)))
    await _say_notice(run)
    return 0


async def show(run: Run) -> int:
    """``show``: one article."""
    found = await find(run, run.options.article)
    if run.options.json:
        await run.take_notices()
        copied = {"saved_as_of": found.saved.as_of if found.saved else None}
        print_json(_facts(run, None) | copied | {"article": article_facts(found.article)})
        return 0
    say("\n".join(article_lines(found.article, width())))
    say()
    if found.saved is not None:
        say(f"The newest word on this cannot be had: your copy as of {words.time_words(found.saved.as_of)}.")
    say("\n".join(wrap(words.freshness_words(run.session.verified.freshness), width())))
    await _say_notice(run)
    return 0


async def status(run: Run) -> int:
    """``status``: who signed, when, how old, what each mirror did and what it cost."""
    session = run.session
    edition: RemoteEdition | None = None
    missing: MirrorError | None = None
    try:
        edition = await session.edition()
    except MirrorError as error:
        missing = error
    if run.options.json:
        facts = {"edition_error": missing.code if missing else None}
        print_json(_facts(run, edition) | facts | _status_facts(run))
        return 0
    if edition is not None:
        _say_edition(run, edition)
    else:
        say(f"{session.channel}: {missing}")
        say("\n".join(wrap(words.freshness_words(session.verified.freshness), width())))
    if skew := words.skew_words(session.verified.freshness):
        say(skew)
    say(f"Valid until {words.time_words(session.verified.freshness.expires)}.")
    _say_section("Who signed", words.signer_words(session.verified))
    _say_section("Notices", [_notices_words(session)])
    _say_section("Mirrors", (line for each in session.ledger.report() for line in words.mirror_words(each)))
    if session.guide is not None and session.guide.finding is not None:
        _say_section("Endpoints", [words.slip_words(session.guide.finding)])
    say("\n" + words.cost_words(session.ledger.cost()))
    if run.library is None:
        say("Nothing is kept on this device.")
    else:
        say(f"Library: {len(run.library.editions)} editions, {len(list(run.library.articles()))} articles.")
    return 0


async def notice(run: Run) -> int:
    """``notice``: the notices' own pages, or the list of them."""
    notices = run.session.notices
    if notices is None:
        say(plain(run.gate(Act.READ)))
        return 0
    known = [each.id for each in notices.catalogue.designations]
    if not run.options.designation:
        for each in known:
            say(f"{each}: {apart(info_page(notices, each, run.config.language).title.text)}")
        return 0
    if run.options.designation not in known:
        raise ConfigError(
            "There is no notice of that name; without a name they are listed.", code="no-notice"
        )
    say(plain(info_page(notices, run.options.designation, run.config.language)))
    return 0


async def numbered(edition: RemoteEdition, *, everything: bool) -> dict[int, Article]:
    """The headlines by number: the front page's first, then all others, newest first."""
    front = list(edition.manifest.front.listed)
    if everything:
        with progress("Fetching headlines") as tell:
            listed = await edition.listed(tell)
        told = {each.id for each in front}
        withdrawn = [each for each in listed if each.state is State.WITHDRAWN]
        front += [each for each in (*current(listed), *withdrawn) if each.id not in told]
    return dict(enumerate(front, 1))


async def find(run: Run, name: str) -> Found:
    """The article of that number or id; the library's copy where the edition's cannot be had.

    A copy of what was removed for harm is destroyed when that is seen.

    Raises:
        SourceError: ``no-article``: there is none.
        UnreachableError: It cannot be had, and there is no copy.
    """
    channel = run.session.channel
    try:
        article = await _newest(run.session, name)
    except UnreachableError:
        saved = run.library.article(channel, name) if run.library else None
        if saved is None:
            raise
        return Found(saved.article, saved)
    if article is None:
        raise SourceError("There is no such article in this edition.", code="no-article")
    if article.state is State.REMOVED and run.library is not None:
        run.library.drop_articles(channel, [article.id])
    return Found(article)


async def _newest(session: ReaderSession, name: str) -> Article | None:
    edition = await session.edition()
    article_id = name
    if name.isascii() and name.isdigit():
        number = int(name[:9])
        listed = await numbered(edition, everything=number > len(edition.manifest.front.listed))
        article_id = listed[number].id if number in listed else ""
    with progress("Fetching the article") as tell:
        return await edition.article(article_id, tell) if article_id else None


def article_lines(article: Article, columns: int) -> list[str]:
    """The whole article as lines."""
    lines = wrap(article.title, columns, is_apart=True)
    lines.append(" · ".join(_apart(words.time_words(article.published), article.section, article.byline)))
    if article.updated > article.published:
        lines.append(f"Updated {words.time_words(article.updated)}.")
    if said := state_words(article):
        lines += ["", *wrap(said, columns)]
    if article.summary:
        lines += ["", *wrap(article.summary, columns)]
    if article.body:
        lines += ["", *body_lines(article, columns)]
    if article.credits:
        lines += ["", " · ".join(_apart(*article.credits))]
    for each in article.corrections:
        lines += ["", f"Correction, {words.day_words(each.at)}:", *wrap(each.text, columns, is_apart=True)]
    return [*lines, "", article.id]


def article_facts(article: Article) -> dict[str, Any]:
    """An article as a value for JSON."""
    facts = _listed_facts(None, article, article.summary)
    return facts | {
        "byline": article.byline,
        "source": article.source,
        "credits": list(article.credits),
        "body_html": article.body,
        "body_text": plain_body(article),
        "images": [
            {"alt": each.alt, "credit": each.credit, "width": each.width, "height": each.height}
            for each in article.images
        ],
        "corrections": [asdict(each) for each in article.corrections],
    }


def _listed_facts(number: int | None, article: Article, summary: str) -> dict[str, Any]:
    return ({} if number is None else {"number": number}) | {
        "id": article.id,
        "title": article.title,
        "summary": summary,
        "language": article.language,
        "section": article.section,
        "published": article.published,
        "updated": article.updated,
        "state": article.state.value,
    }


def _facts(run: Run, edition: RemoteEdition | None) -> dict[str, Any]:
    session = run.session
    notice = run.gate(Act.READ)
    return {
        "publication": edition.manifest.name if edition else None,
        "channel": session.channel,
        "edition": edition.manifest.number if edition else None,
        "is_saved_copy": session.saved is not None,
        "freshness": asdict(session.verified.freshness),
        "notice": plain(notice) if notice.blocks else "",
        "lied": words.liars(session.ledger.report()),
    }


def _status_facts(run: Run) -> dict[str, Any]:
    session = run.session
    cost = session.ledger.cost()
    return {
        "signers": {
            role: {
                "version": session.verified.versions[role],
                "keys": list(signers.keyids),
                "threshold": signers.threshold,
                "holders": signers.holders,
            }
            for role, signers in session.verified.signers.items()
        },
        "notices": {
            "edition": session.notices.edition if session.notices else None,
            "error": session.notices_error.code if session.notices_error else None,
        },
        "mirrors": [asdict(report) for report in session.ledger.report()],
        "slips": session.guide.finding.value if session.guide and session.guide.finding else None,
        "cost": asdict(cost) | {"total": cost.total},
        "library": None if run.library is None else [asdict(each) for each in run.library.editions],
    }


def _apart(*texts: str) -> Iterator[str]:
    return (apart(text) for text in texts if text)


def _say_edition(run: Run, edition: RemoteEdition) -> None:
    session = run.session
    manifest = edition.manifest
    say(f"{apart(manifest.name)} · {manifest.channel} · edition {manifest.number}")
    say("\n".join(wrap(words.freshness_words(session.verified.freshness), width())))
    if session.saved is not None:
        since = words.time_words(session.saved.as_of)
        say(f"The newest edition cannot be had: this is your copy, saved as of {since}.")
    for name in words.liars(session.ledger.report()):
        say(f"{name} lied and is not asked any more; status says more.")


def _say_section(title: str, lines: Iterable[str]) -> None:
    say(f"\n{title}:")
    for line in lines:
        say(f"  {line}")


async def _say_notice(run: Run) -> None:
    sys.stdout.flush()  # what is above can be read while the notices come
    await run.take_notices()
    text = run.gate(Act.READ)
    if text.blocks:
        say("\n" + wrap_lists(plain(text).rstrip("\n"), width()))
        say(MORE if text.more else "")
    if run.session.notices_error is not None:
        warn(f"Notices: {_notices_words(run.session)}")


def _notices_words(session: ReaderSession) -> str:
    if session.notices is None:
        error = session.notices_error
        return (
            f"none in force, so that every act but reading is closed. {error} [{error.code if error else ''}]"
        )
    return (
        f"edition {session.notices.edition} of {words.day_words(session.notices.issued)}, signed and whole."
    )
