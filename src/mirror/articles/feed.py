"""RSS and Atom as drafts.

1. An entry's id comes from its guid, else from its address. The same feed read again gives the same ids.
2. The text is the entry's content. A description counts as the text where it is long and not cut
   short; otherwise the draft says at which address the text lies (``Draft.page``).
3. A feed that is not well-formed is read as far as it goes, and that is reported; where its end is
   missing, the last entry is left out, because its text may be cut.
4. No entry is lost in silence: each that cannot be taken is a problem with its number.
5. Entities are not expanded: a feed that declares its own is refused.
"""

import calendar
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import unescape
from typing import Any, Final

import feedparser

from mirror import limits
from mirror.articles import phrases, plaintext
from mirror.articles.assemble import assemble
from mirror.articles.blocks import Block, DraftImage, Leaf
from mirror.articles.boilerplate import Stripped, strip
from mirror.articles.characters import clean_text
from mirror.articles.draft import Draft, Problem, Taken, line
from mirror.articles.encoding import decode
from mirror.articles.identity import article_id
from mirror.articles.language import declared
from mirror.articles.links import web_address
from mirror.articles.sanitize import blocks_to_text, to_blocks
from mirror.errors import LimitError, SourceError

_ENTITY: Final = re.compile(r"<!ENTITY\b", re.IGNORECASE)
_END: Final = re.compile(r"</(?:\w+:)?(?:rss|feed|rdf)\s*>\s*(?:<!--.*?-->\s*)*\Z", re.IGNORECASE | re.DOTALL)
_OPEN: Final = re.compile(r"<(?:\w+:)?(?:item|entry)[\s>]", re.IGNORECASE)
_TAG: Final = re.compile(r"<[a-zA-Z/!]")
_BLOCK_TAG: Final = re.compile(
    r"<(?:p|div|br|h[1-6]|ul|ol|li|table|blockquote|pre|section|article|figure)\b", re.IGNORECASE
)
_BLANK_LINE: Final = re.compile(r"\n[ \t]*\n\s*")
_ADDRESS: Final = re.compile(r"[^\s@<>()]+@[^\s@<>()]+")
_TAIL: Final = 2_000  # characters at the end of a feed in which its closing tag must stand
_FULL: Final = 1_200  # characters of a description that is the whole text by its length alone
_FULL_PARTED: Final = 500  # the same for one of several paragraphs
# Benign for us: we decode before feedparser sees anything.
_BENIGN: Final = (feedparser.CharacterEncodingOverride, feedparser.NonXMLContentType)
_Entry = Mapping[str, Any]  # feedparser's own dictionaries, untyped


def read_feed(data: bytes, *, base: str = "", charset: str | None = None) -> Taken:
    """The entries of a feed as drafts.

    Args:
        data: The document.
        base: The feed's own address, or ``""``.
        charset: What the transport says of the encoding.

    Raises:
        SourceError: ``feed-unknown`` (neither RSS nor Atom), ``feed-malformed`` (and nothing can be
            read), ``feed-entities``, ``feed-empty``, ``encoding``.
        LimitError: Larger than ``limits.MAX_FEED``, or more than ``limits.MAX_FEED_ENTRIES`` entries.
    """
    if len(data) > limits.MAX_FEED:
        raise LimitError("a feed is larger than a feed may be")
    decoded = decode(data, charset)
    text = clean_text(decoded.text)
    if _ENTITY.search(text):
        raise SourceError("a feed declares entities of its own", code="feed-entities")
    parsed = _parse(text, base)
    entries: Sequence[_Entry] = parsed.entries
    broken = parsed.bozo and not isinstance(parsed.bozo_exception, _BENIGN)
    problems = _feed_problems(
        text, len(entries), parsed.bozo_exception if broken else None, guessed=decoded.guessed
    )
    _refuse(parsed, entries, broken=broken)
    if broken and not _END.search(text[-_TAIL:]):
        problems.append(Problem("entry-cut", "the end of the feed is missing; its last entry was left out"))
        entries = entries[:-1]
    drafts: dict[str, Draft] = {}
    for number, entry in enumerate(entries, 1):
        where = f"entry {number}"
        try:
            draft = _draft(entry, parsed.feed, where, base)
        except SourceError as error:
            problems.append(Problem(error.code, str(error), where))
            continue
        if draft.id in drafts:
            problems.append(
                Problem("duplicate-id", "an earlier entry has the same id; this one was left out", where)
            )
        else:
            drafts[draft.id] = draft
    return Taken(tuple(drafts.values()), tuple(problems))


def _parse(text: str, base: str) -> Any:
    headers = {"content-type": "application/xml; charset=utf-8"}
    if base:
        headers["content-location"] = base
    # A stream, never the text itself: feedparser would open what looks like a path or an address.
    stream = io.BytesIO(text.encode("utf-8", "replace"))
    try:
        return feedparser.parse(
            stream, response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    except (ValueError, TypeError, AttributeError, LookupError, AssertionError, RecursionError) as error:
        raise SourceError("a feed could not be read", code="feed-malformed") from error


def _refuse(parsed: Any, entries: Sequence[_Entry], *, broken: bool) -> None:
    if len(entries) > limits.MAX_FEED_ENTRIES:
        raise LimitError("a feed has more entries than a feed may have")
    if entries:
        return
    if not parsed.get("version"):
        raise SourceError("a document is neither RSS nor Atom", code="feed-unknown")
    if broken:
        raise SourceError("a feed is not well-formed XML, and no entry could be read", code="feed-malformed")
    raise SourceError("a feed has no entries", code="feed-empty")


def _feed_problems(text: str, taken: int, error: Exception | None, *, guessed: bool) -> list[Problem]:
    problems: list[Problem] = []
    if guessed:
        problems.append(
            Problem("encoding-guessed", "the feed's encoding was guessed: none was declared, or a wrong one")
        )
    if error is not None:
        get_line = getattr(error, "getLineNumber", None)
        at = f" (line {get_line()})" if get_line is not None else ""
        problems.append(
            Problem("feed-malformed", f"the feed is not well-formed XML{at}; look at its entries")
        )
        announced = len(_OPEN.findall(text))
        if announced > taken:
            message = f"{announced - taken} of {announced} entries could not be read"
            problems.append(Problem("entries-lost", message))
    return problems


def _draft(entry: _Entry, feed: _Entry, where: str, base: str) -> Draft:
    link = web_address(str(entry.get("link", "")), base)
    guid = str(entry.get("id", "")).strip()
    title = _title(entry)
    if not guid and not link and not title:
        raise SourceError("an entry has no guid, no address and no title", code="entry-nameless")
    problems: list[Problem] = []
    if not guid and not link:
        message = "an entry has neither guid nor address; its id comes from its title and changes with it"
        problems.append(Problem("entry-without-id", message, where))
    ident = (
        article_id("guid", guid) if guid else article_id("url", link) if link else article_id("title", title)
    )
    content, is_description = _content(entry)
    blocks = _blocks(content, base=_base(content, entry, link, base))
    stripped = strip(_with_picture(blocks, entry), from_web=True)
    text = blocks_to_text(stripped.blocks)
    needs_page = bool(link) and (not text or (is_description and not _is_whole(text)) or _is_cut(text))
    draft = _assembled(stripped, needs_page, ident, title, where)
    if ("published" in entry or "updated" in entry) and _instant(entry, "published", "updated") is None:
        problems.append(Problem("date-unreadable", "the date of an entry is not one", where))
    summary = "" if is_description and not needs_page else _summary(entry, base)
    return replace(
        draft,
        language=_language(content, entry, feed),
        summary=summary if needs_page or summary != text else "",
        byline=_byline(entry) or draft.byline,
        section=line(next((str(tag.get("term") or "") for tag in entry.get("tags", ())), "")),
        published=_instant(entry, "published", "updated"),
        updated=_instant(entry, "updated"),
        source=link,
        problems=(*problems, *draft.problems),
        page=link if needs_page else "",
    )


def _assembled(stripped: Stripped, needs_page: bool, ident: str, title: str, where: str) -> Draft:
    try:
        return assemble(stripped, ident=ident, title=title, where=where)
    except SourceError as error:
        if needs_page and error.code == "article-empty" and title:
            return Draft(id=ident, title=title, body="", designations=stripped.designations)
        raise


def _content(entry: _Entry) -> tuple[_Entry, bool]:
    """The entry's text with its type, and whether it is only the description."""
    contents = [part for part in entry.get("content", ()) if part.get("value")]
    if contents:
        return max(contents, key=lambda part: len(part["value"])), False
    detail: _Entry = entry.get("summary_detail") or {"value": entry.get("summary", ""), "type": "text/html"}
    return detail, True


def _blocks(content: _Entry, *, base: str) -> list[Block]:
    value = str(content.get("value") or "")
    is_plain = content.get("type") == "text/plain"
    if not _TAG.search(value):
        return plaintext.to_blocks(plaintext.split(value if is_plain else unescape(value)))
    if is_plain and not _BLOCK_TAG.search(value):
        return plaintext.to_blocks(plaintext.split(value))
    if not _BLOCK_TAG.search(value):  # a plain text with links in it
        value = _BLANK_LINE.sub("<br><br>", clean_text(value))
    return to_blocks(value, base=base, image_base=base)


def _base(content: _Entry, entry: _Entry, link: str, base: str) -> str:
    """What relative addresses in an entry refer to: ``xml:base``, else the entry's page."""
    stated = web_address(str(content.get("base") or ""), base)
    return stated if stated and stated != base else link or base


def _with_picture(blocks: list[Block], entry: _Entry) -> list[Block]:
    """The blocks with the entry's own picture above them, where they have none."""
    if not blocks or any(True for block in blocks for _ in block.images()):
        return blocks
    offered = [*entry.get("media_content", ()), *entry.get("enclosures", ())]
    for media in offered:
        kind = str(media.get("type") or media.get("medium") or "")
        address = web_address(str(media.get("url") or media.get("href") or ""))
        if kind.startswith("image") and address:
            credit = next((str(part.get("content") or "") for part in entry.get("media_credit", ())), "")
            image = DraftImage(address, "", line(credit, limits.MAX_ALT))
            return [Block("figure", (Leaf("", (), image),)), *blocks]
    return blocks


def _is_whole(text: str) -> bool:
    return len(text) > _FULL or (len(text) > _FULL_PARTED and text.count("\n\n") > 1)


def _is_cut(text: str) -> bool:
    return bool(phrases.CUT.search(text[-200:]))


def _title(entry: _Entry) -> str:
    detail: _Entry = entry.get("title_detail") or {}
    value = str(entry.get("title") or "")
    if detail.get("type") != "text/plain" and _TAG.search(value):
        value = " ".join(block.text for block in to_blocks(value))
    elif "&" in value and detail.get("type") != "text/plain":
        value = unescape(value)
    return line(value, limits.MAX_TITLE)


def _summary(entry: _Entry, base: str) -> str:
    detail: _Entry = entry.get("summary_detail") or {}
    if detail.get("value") and any(detail["value"] == part.get("value") for part in entry.get("content", ())):
        return ""
    stripped = strip(_blocks(detail, base=base), from_web=True)
    return line(phrases.CUT.sub("", blocks_to_text(stripped.blocks)), limits.MAX_SUMMARY)


def _byline(entry: _Entry) -> str:
    """The authors' names; an address is nobody's byline, and no reader's business."""
    authors = entry.get("authors", ())
    names = [str(author.get("name") or "") for author in authors]
    raw = str(entry.get("author") or "")
    mails = [str(author.get("email") or "") for author in authors]
    if any(mails) and raw != f"{names[-1]} ({mails[-1]})":
        # RSS has names and addresses in one text, and feedparser cuts it at the wrong place.
        names = [raw]
    clean = (_ADDRESS.sub("", name).strip(" \t\n<>()") for name in names)
    return line(", ".join(dict.fromkeys(name for name in clean if name)))


def _language(content: _Entry, entry: _Entry, feed: _Entry) -> str | None:
    stated = (content.get("language"), entry.get("language"), feed.get("language"))
    return next(filter(None, (declared(str(tag)) for tag in stated if tag)), None)


def _instant(entry: _Entry, *names: str) -> int | None:
    for name in names:
        # Asked for first, because feedparser lends "published" to who asks for a missing "updated".
        parsed = entry.get(f"{name}_parsed") if f"{name}_parsed" in entry else None
        if parsed is not None:
            try:
                seconds = calendar.timegm(parsed)
            except (ValueError, OverflowError):
                continue
            if 0 <= seconds <= limits.MAX_INSTANT:
                return seconds
    return None
