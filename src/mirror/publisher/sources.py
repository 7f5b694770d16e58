"""A publisher's source, read: a folder, a file, or the address of a feed or a page.

Rules:

1. A file is refused from its size before it is read. Only regular files are opened: a pipe would
   wait for ever. A symbolic link that leads out of the folder is refused and reported; linked
   folders are not entered.
2. Parsing runs in a thread, file by file, so that progress can be shown and a cancelled command ends.
3. Where a feed has only summaries, the pages are fetched. Where one cannot be, its summary stands
   for the text and that is reported; an entry without either is left out and reported.
4. Pictures that the folder has are read from it; others are fetched. A picture that cannot be had is
   reported, and the article stands without it.
"""

import asyncio
import logging
import os
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import aiofiles

from mirror import limits
from mirror.articles import Draft, Problem, Taken, canonical_language, decode, read_feed, read_page
from mirror.articles.folder import (
    ARTICLE_SUFFIXES,
    FEED_SUFFIXES,
    INDEX_NAME,
    is_hidden,
    join,
    suffix_of,
    take_file,
)
from mirror.articles.identity import article_id
from mirror.errors import LimitError, SourceError
from mirror.publisher.fetching import Fetched, Fetcher, leads_to_public

Progress = Callable[[int, int], None]

_SCHEMES: Final = ("http://", "https://")
_FEED_MARKS: Final = ("<rss", "<feed", "<rdf:rdf")
_SNIFF: Final = 1_000  # bytes at the head of a document that tell a feed from a page

# The extractor warns of every page it cannot read; what matters of that is a Problem or an error.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
logging.getLogger("htmldate").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class SourceResult:
    """What a source gave: drafts that each have a body and a language, and their pictures' bytes.

    ``images`` is keyed by ``DraftImage.reference``; a reference that is missing could not be had,
    and stands in ``problems``.
    """

    drafts: tuple[Draft, ...]
    problems: tuple[Problem, ...] = ()
    images: Mapping[str, bytes] = field(default_factory=dict)


class _Count:
    """Tells progress: done so far, and the total as far as it is known."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._done = 0
        self._total = 0

    def expect(self, more: int) -> None:
        self._total += more
        self._tell()

    def step(self) -> None:
        self._done += 1
        self._tell()

    def _tell(self) -> None:
        if self._progress is not None:
            self._progress(self._done, self._total)


async def read_source(
    source: str, *, default_language: str, progress: Progress | None = None, with_images: bool = True
) -> SourceResult:
    """All articles of a source.

    Args:
        source: A folder, a file (``.html .md .txt .xml .rss .atom`` and their kin), or the http(s)
            address of a feed or a page.
        default_language: The language of what declares none.
        progress: Told how many files, pages and pictures are done, and how many there are so far.
        with_images: Whether to read and fetch pictures too.

    Raises:
        SourceError: The source is not there, holds no article, or its only article cannot be taken;
            ``code`` says which.
        LimitError: A single file or a whole source is larger than it may be.
    """
    language = canonical_language(default_language)
    count = _Count(progress)
    if source.lower().startswith(_SCHEMES):
        public = await leads_to_public(source)
        async with Fetcher(public_only=public) as fetcher:
            taken = await _from_address(source, fetcher, count)
            return await _completed(taken, None, language, fetcher, count, with_images=with_images)
    path = Path(source)
    taken, root = await _from_disk(path, count)
    async with Fetcher(public_only=False) as fetcher:
        return await _completed(taken, root, language, fetcher, count, with_images=with_images)


# --- addresses ---------------------------------------------------------------------------------------


async def _from_address(address: str, fetcher: Fetcher, count: _Count) -> Taken:
    count.expect(1)
    fetched = await fetcher.get(address, limit=limits.MAX_FEED)
    if _is_feed(fetched):
        taken = await asyncio.to_thread(
            read_feed, fetched.data, base=fetched.address, charset=fetched.charset
        )
    else:
        draft = await asyncio.to_thread(_page, fetched, article_id("url", address), "")
        taken = Taken((draft,))
    count.step()
    return taken


def _is_feed(fetched: Fetched) -> bool:
    head = fetched.data[:_SNIFF].replace(b"\0", b"").decode("ascii", "ignore").lower()
    if "<!doctype html" in head or "<html" in head:
        return False
    kind = fetched.media_type
    return any(mark in head for mark in _FEED_MARKS) or (
        kind.endswith("xml") and kind != "application/xhtml+xml"
    )


def _page(fetched: Fetched, ident: str, where: str) -> Draft:
    if len(fetched.data) > limits.MAX_SOURCE_FILE:
        raise LimitError("a page is larger than one article's source may be")
    decoded = decode(fetched.data, fetched.charset)
    return read_page(decoded, ident=ident, base=fetched.address, where=where)


# --- the disk ----------------------------------------------------------------------------------------


async def _from_disk(path: Path, count: _Count) -> tuple[Taken, Path]:
    kind = await asyncio.to_thread(_kind, path)
    if kind == "folder":
        return await _from_folder(path, count), path
    if suffix_of(path.name) not in ARTICLE_SUFFIXES:
        raise SourceError("a file of this kind holds no article", code="file-unknown")
    count.expect(1)
    data = await _read(path, _limit_of(path.name))
    taken = await asyncio.to_thread(take_file, path.name, data)
    count.step()
    return join([(path.name, taken)]), path.parent


def _kind(path: Path) -> str:
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        raise SourceError("a source is not there, or may not be read", code="source-missing") from error
    if stat.S_ISDIR(mode):
        return "folder"
    if stat.S_ISREG(mode):
        return "file"
    raise SourceError("a source is neither a folder nor a file", code="source-missing")


async def _from_folder(root: Path, count: _Count) -> Taken:
    names, problems = await asyncio.to_thread(_walk, root)
    count.expect(len(names))
    parts: list[tuple[str, Taken]] = []
    indexes: list[tuple[str, bytes]] = []
    for name in names:
        try:
            if Path(name).name == INDEX_NAME:
                indexes.append((name, await _read(root / name, limits.MAX_SOURCE_FILE)))
            elif suffix_of(name) in ARTICLE_SUFFIXES:
                data = await _read(root / name, _limit_of(name))
                parts.append((name, await asyncio.to_thread(take_file, name, data)))
            else:
                parts.append((name, take_file(name, b"")))
        except (SourceError, LimitError) as error:
            parts.append((name, Taken((), (Problem(error.code, str(error), name),))))
        count.step()
    taken = join(parts, indexes)
    return replace(taken, problems=(*problems, *taken.problems))


def _limit_of(name: str) -> int:
    return limits.MAX_FEED if suffix_of(name) in FEED_SUFFIXES else limits.MAX_SOURCE_FILE


def _walk(root: Path) -> tuple[list[str], list[Problem]]:
    """The regular files below ``root`` by their path in it, sorted, and what was refused (rule 1)."""
    names: list[str] = []
    problems: list[Problem] = []
    inside = root.resolve()
    pending = [""]
    while pending:
        folder = pending.pop()
        try:
            entries = sorted(os.scandir(root / folder), key=lambda entry: entry.name)
        except OSError:
            problems.append(Problem("source-missing", "a folder may not be read", folder))
            continue
        for entry in entries:
            name = f"{folder}/{entry.name}" if folder else entry.name
            if is_hidden(name):
                continue
            if not entry.name.isprintable() or "\\" in entry.name:
                problems.append(
                    Problem("path-outside", "a file's name holds characters that no path may hold", folder)
                )
            elif entry.is_symlink() and (reason := _refused_link(Path(entry.path), inside)):
                problems.append(Problem("symlink-refused", reason, name))
            elif entry.is_dir(follow_symlinks=False):
                pending.append(name)
            else:
                names.append(name)
            if len(names) > limits.MAX_SOURCE_FILES:
                raise LimitError("a folder has more files than one source may have")
    return sorted(names), problems


def _refused_link(link: Path, inside: Path) -> str:
    """Why a symbolic link is not followed, or ``""``."""
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):
        return "a symbolic link leads nowhere"
    if not target.is_relative_to(inside):
        return "a symbolic link leads out of the folder"
    return "" if target.is_file() else "a symbolic link leads to a folder, or to no file"


async def _read(path: Path, limit: int) -> bytes:
    """A regular file of at most ``limit`` bytes, refused from its size before it is read."""
    try:
        facts = await asyncio.to_thread(os.stat, path)
        if not stat.S_ISREG(facts.st_mode):
            raise SourceError("a file is no regular file", code="source-missing")
        if facts.st_size > limit:
            raise LimitError("a file is larger than its kind may be")
        async with aiofiles.open(path, "rb") as file:
            data: bytes = await file.read(limit + 1)
    except (OSError, ValueError) as error:
        raise SourceError("a file is not there, or may not be read", code="source-missing") from error
    if len(data) > limit:
        raise LimitError("a file is larger than its kind may be")
    return data


# --- what the drafts still lack ----------------------------------------------------------------------


async def _completed(
    taken: Taken,
    root: Path | None,
    language: str,
    fetcher: Fetcher,
    count: _Count,
    *,
    with_images: bool,
) -> SourceResult:
    problems = list(taken.problems)
    count.expect(sum(bool(draft.page) for draft in taken.drafts))
    full = await asyncio.gather(*(_with_page(draft, fetcher, count) for draft in taken.drafts))
    drafts: list[Draft] = []
    for draft, problem in full:
        if problem is not None:
            problems.append(problem)
        if draft is not None:
            drafts.append(replace(draft, language=draft.language or language))
    if not drafts:
        raise SourceError("no article of the source could be read whole", code="source-empty")
    images: dict[str, bytes] = {}
    if with_images:
        images, missing = await _images(drafts, root, fetcher, count)
        problems.extend(missing)
    return SourceResult(tuple(drafts), tuple(problems), images)


async def _with_page(draft: Draft, fetcher: Fetcher, count: _Count) -> tuple[Draft | None, Problem | None]:
    """The draft with its full text, or with its summary for it, or nothing; and what went wrong (rule 3)."""
    if not draft.page:
        return draft, None
    try:
        fetched = await fetcher.get(draft.page, limit=limits.MAX_SOURCE_FILE)
        page = await asyncio.to_thread(_page, fetched, draft.id, draft.id)
        return draft.completed(page), None
    except (SourceError, LimitError) as error:
        if draft.body:
            message = f"the page with the full text could not be read, its summary stands for it: {error}"
            return replace(draft, page=""), Problem("summary-only", message, draft.id)
        return None, Problem(
            error.code, f"an entry has no text, and its page could not be read: {error}", draft.id
        )
    finally:
        count.step()


async def _images(
    drafts: Sequence[Draft], root: Path | None, fetcher: Fetcher, count: _Count
) -> tuple[dict[str, bytes], list[Problem]]:
    wanted: dict[str, str] = {}
    for draft in drafts:
        for image in draft.images:
            wanted.setdefault(image.reference, draft.id)
    count.expect(len(wanted))
    found: dict[str, bytes] = {}
    problems: list[Problem] = []
    room = limits.MAX_SOURCE_PICTURES
    for batch in _batches(list(wanted.items()), limits.MAX_SOURCE_FETCHES):
        read = await asyncio.gather(*(_image(reference, root, fetcher, count) for reference, _ in batch))
        for (reference, where), data in zip(batch, read, strict=True):
            if isinstance(data, Problem):
                problems.append(replace(data, where=where))
            elif len(data) > room:
                problems.append(Problem("images-many", "the source's pictures are too large together", where))
            else:
                found[reference] = data
                room -= len(data)
    return found, problems


def _batches(items: Sequence[tuple[str, str]], size: int) -> Iterable[Sequence[tuple[str, str]]]:
    return (items[start : start + size] for start in range(0, len(items), size))


async def _image(reference: str, root: Path | None, fetcher: Fetcher, count: _Count) -> bytes | Problem:
    try:
        if reference.startswith(_SCHEMES):
            return (await fetcher.get(reference, limit=limits.MAX_IMAGE_FILE)).data
        if root is None:
            raise SourceError("a picture has no web address", code="image-unusable")
        path = root / reference
        inside = await asyncio.to_thread(_stays_inside, path, root)
        if not inside:
            raise SourceError("a picture lies outside the folder", code="image-unusable")
        return await _read(path, limits.MAX_IMAGE_FILE)
    except (SourceError, LimitError) as error:
        return Problem(error.code, f"a picture could not be had: {error}")
    finally:
        count.step()


def _stays_inside(path: Path, root: Path) -> bool:
    try:
        return path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError, ValueError):
        return False
