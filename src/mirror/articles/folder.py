"""A folder's files as drafts: bytes in, no disk.

1. A file's kind is its suffix; a feed's entries are drafts of their own. Pictures, and files and folders
   whose name begins with a dot, are passed over; other kinds are reported.
2. An article's id comes from its path in the folder, unless its front matter gives one.
3. An ``index.json`` (a list of objects with ``file`` and any of ``lang``, ``title``, ``date``) gives facts
   for the files beside it, and beats what they say themselves.
4. A file that cannot be taken is a problem, and the others are taken. Two articles with one id, a path
   that leads outside, and a folder without any article are errors.
"""

import json
import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import unquote, urlsplit

from mirror import limits
from mirror.articles.dates import instant
from mirror.articles.draft import Draft, Problem, Taken, line
from mirror.articles.encoding import decode
from mirror.articles.feed import read_feed
from mirror.articles.html_page import read_page
from mirror.articles.identity import article_id
from mirror.articles.language import declared
from mirror.articles.sanitize import keep_images
from mirror.articles.written_file import read_markdown, read_plain
from mirror.errors import LimitError, MirrorError, SourceError

HTML_SUFFIXES: Final = frozenset({".html", ".htm", ".xhtml"})
MARKDOWN_SUFFIXES: Final = frozenset({".md", ".markdown"})
TEXT_SUFFIXES: Final = frozenset({".txt", ".text"})
FEED_SUFFIXES: Final = frozenset({".xml", ".rss", ".atom"})
IMAGE_SUFFIXES: Final = frozenset({".avif", ".gif", ".jpeg", ".jpg", ".png", ".svg", ".webp"})
ARTICLE_SUFFIXES: Final = HTML_SUFFIXES | MARKDOWN_SUFFIXES | TEXT_SUFFIXES | FEED_SUFFIXES
INDEX_NAME: Final = "index.json"
_HTML: Final = re.compile(r"\s*<(?:!doctype html|html)\b", re.IGNORECASE)
_NAMED: Final = 10  # files that an error names


def read_folder(files: Iterable[tuple[str, bytes]]) -> Taken:
    """The drafts of all articles in a folder, in the order of their paths.

    Args:
        files: Paths relative to the folder, with ``/``, and what the files hold.

    Raises:
        SourceError: ``source-empty``, ``duplicate-id``, ``path-outside``; or, where the only article
            cannot be taken, the reason.
        LimitError: More than ``limits.MAX_SOURCE_FILES`` files.
    """
    parts: list[tuple[str, Taken]] = []
    indexes: list[tuple[str, bytes]] = []
    for count, (path, data) in enumerate(files):
        if count >= limits.MAX_SOURCE_FILES:
            raise LimitError("a folder has more files than one source may have")
        if posixpath.basename(path) == INDEX_NAME:
            indexes.append((path, data))
        elif not is_hidden(path):
            parts.append((path, take_file(path, data)))
    return join(parts, indexes)


def is_hidden(path: str) -> bool:
    """Whether a file is not meant as a source: a name with a dot before it, or an archiver's leavings."""
    return any((part.startswith(".") and part != "..") or part == "__MACOSX" for part in path.split("/"))


def suffix_of(path: str) -> str:
    """The suffix of a path, in lower case."""
    return posixpath.splitext(path)[1].lower()


def take_file(path: str, data: bytes) -> Taken:
    """What one file gives: a draft, a feed's drafts, or the reason why nothing.

    Raises:
        SourceError: ``path-outside``; the path is absolute or leads out of its folder.
    """
    if path.startswith("/") or "\\" in path or "\x00" in path or ".." in path.split("/"):
        raise SourceError("a path leads out of the folder", code="path-outside")
    suffix = suffix_of(path)
    if suffix in IMAGE_SUFFIXES:
        return Taken(())
    if suffix not in ARTICLE_SUFFIXES:
        return Taken((), (Problem("file-unknown", "a file is of no kind that holds an article", path),))
    try:
        return _take(path, data, suffix)
    except (SourceError, LimitError) as error:
        return Taken((), (Problem(error.code, str(error), path),))


def _take(path: str, data: bytes, suffix: str) -> Taken:
    if suffix in FEED_SUFFIXES:
        taken = read_feed(data)
        problems = (replace(one, where=f"{path} {one.where}".strip()) for one in taken.problems)
        return Taken(taken.drafts, tuple(problems))
    if len(data) > limits.MAX_SOURCE_FILE:
        raise LimitError("a file is larger than one article's source may be")
    decoded = decode(data)
    ident = article_id("path", path)
    if suffix in MARKDOWN_SUFFIXES:
        draft = read_markdown(decoded, ident=ident, where=path)
    elif suffix in TEXT_SUFFIXES and not _HTML.match(decoded.text):
        draft = read_plain(decoded, ident=ident, where=path)
    else:
        draft = read_page(decoded, ident=ident, where=path)
    return Taken((_localized(draft, path),))


def _localized(draft: Draft, path: str) -> Draft:
    """The draft with its pictures named by their path in the folder; those outside it go."""
    images = [replace(image, reference=_local(image.reference, path)) for image in draft.images]
    keep = {number for number, image in enumerate(images) if image.reference}
    if len(keep) == len(images):
        return replace(draft, images=tuple(images))
    body, numbers = keep_images(draft.body, keep)
    problem = Problem("image-unusable", "a picture is not a file in the folder and has no web address", path)
    kept = tuple(images[number] for number in numbers)
    return replace(draft, body=body, images=kept, problems=(*draft.problems, problem))


def _local(reference: str, path: str) -> str:
    try:
        parts = urlsplit(reference)
    except ValueError:
        return ""
    if parts.scheme in ("http", "https"):
        return reference
    if parts.scheme or parts.netloc or not parts.path:
        return ""
    name = unquote(parts.path)
    joined = posixpath.normpath(
        posixpath.join(posixpath.dirname(path), name) if name[0] != "/" else name.lstrip("/")
    )
    return "" if joined.startswith("..") or "\x00" in joined or "\\" in joined else joined


def join(parts: Sequence[tuple[str, Taken]], indexes: Iterable[tuple[str, bytes]] = ()) -> Taken:
    """All that the files of one folder gave, as one.

    Args:
        parts: For each file its path and what ``take_file`` gave.
        indexes: The paths and contents of the ``index.json`` files.

    Raises:
        SourceError: ``source-empty``, ``duplicate-id``; or, where the only article cannot be taken,
            the reason.
    """
    problems: list[Problem] = []
    facts: dict[str, Mapping[str, object]] = {}
    for path, data in indexes:
        try:
            facts.update(_index(path, data))
        except SourceError as error:
            problems.append(Problem(error.code, str(error), path))
    drafts: list[Draft] = []
    names: dict[str, list[str]] = defaultdict(list)
    for path, taken in sorted(parts, key=lambda part: part[0]):
        problems.extend(taken.problems)
        for draft in taken.drafts:
            known = facts.get(path)
            drafts.append(draft if known is None else _informed(draft, known, path))
            names[draft.id].append(path)
    missing = facts.keys() - {path for path, _ in parts}
    problems.extend(
        Problem("index-missing", "a file that the index names is not there", path) for path in sorted(missing)
    )
    _refuse(drafts, names, problems)
    return Taken(tuple(drafts), tuple(problems))


def _refuse(drafts: Sequence[Draft], names: Mapping[str, Sequence[str]], problems: Sequence[Problem]) -> None:
    twice = [path for paths in names.values() if len(paths) > 1 for path in paths]
    if twice:
        listed = ", ".join(twice[:_NAMED]) + (
            f" and {len(twice) - _NAMED} more" if len(twice) > _NAMED else ""
        )
        raise SourceError(f"articles have the same id: {listed}", code="duplicate-id")
    if drafts:
        return
    reasons = [one for one in problems if one.code not in ("file-unknown", "index-missing")]
    if len(reasons) == 1:
        raise SourceError(reasons[0].message, code=reasons[0].code)
    if reasons:
        message = f"none of {len(reasons)} files could be taken; the first: {reasons[0].message}"
        raise SourceError(message, code="source-empty")
    raise SourceError("a folder holds no article", code="source-empty")


def _index(path: str, data: bytes) -> dict[str, Mapping[str, object]]:
    """The facts of an index by the paths of the files it names."""
    try:
        entries = json.loads(decode(data).text)
    except (ValueError, RecursionError, MirrorError) as error:
        raise SourceError("an index is not JSON", code="index-unreadable") from error
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise SourceError("an index is not a list of objects", code="index-unreadable")
    beside = posixpath.dirname(path)
    return {
        posixpath.join(beside, entry["file"]): entry
        for entry in entries
        if isinstance(entry.get("file"), str)
    }


def _informed(draft: Draft, facts: Mapping[str, object], path: str) -> Draft:
    """The draft with what the index says of it."""

    def fact(name: str) -> str:
        value = facts.get(name)
        return value if isinstance(value, str) else ""

    language, published = declared(fact("lang")), instant(fact("date"))
    problems = list(draft.problems)
    if fact("lang") and language is None:
        problems.append(Problem("language-unknown", "the index names a language that is none", path))
    if fact("date") and published is None:
        problems.append(Problem("date-unreadable", "the index gives a date that is none", path))
    return replace(
        draft,
        title=line(fact("title"), limits.MAX_TITLE) or draft.title,
        language=language or draft.language,
        published=draft.published if published is None else published,
        problems=tuple(problems),
    )
