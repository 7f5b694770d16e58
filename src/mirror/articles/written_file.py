"""Markdown and plain text files as drafts: what somebody wrote for us, with the facts on top.

Both may begin with front matter. Markdown is CommonMark with tables and strikethrough; HTML in it goes
through the same sanitizer as all HTML. Where the front matter has no title, the first heading (in
Markdown) or the first line that is one (in plain text) is the title.
"""

from dataclasses import replace
from typing import Final

from markdown_it import MarkdownIt

from mirror import limits
from mirror.articles import plaintext
from mirror.articles.assemble import assemble
from mirror.articles.blocks import Block
from mirror.articles.boilerplate import strip
from mirror.articles.dates import instant
from mirror.articles.draft import Draft, Problem, line
from mirror.articles.encoding import Decoded
from mirror.articles.front_matter import FrontMatter, split_front_matter
from mirror.articles.identity import declared_id
from mirror.articles.language import canonical
from mirror.articles.links import web_address
from mirror.articles.sanitize import to_blocks
from mirror.errors import SourceError

# Below this depth markdown-it drops text without a word; people do not write deeper quotations.
_DEEPEST: Final = 80
_MARGIN: Final = 4  # levels that one list item adds
_MARKDOWN: Final = MarkdownIt("commonmark", {"html": True, "maxNesting": _DEEPEST}).enable(
    ["table", "strikethrough"]
)


def read_markdown(decoded: Decoded, *, ident: str, where: str = "") -> Draft:
    """The draft of a Markdown file.

    Raises:
        SourceError: ``front-matter``, ``article-id``, ``language-unknown``, ``article-empty``,
            ``article-size``, ``html-nesting``.
    """
    head = split_front_matter(decoded.text)
    tokens = _MARKDOWN.parse(head.text)
    if any(token.level >= _DEEPEST - _MARGIN for token in tokens):
        raise SourceError("quotations or lists in a file are nested too deeply", code="html-nesting")
    blocks = to_blocks(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))
    title = head.get("title")
    if not title and blocks and blocks[0].tag in ("h2", "h3", "h4"):
        title = blocks[0].text
        blocks = blocks[1:]
    removed: tuple[str, ...] = ()
    if not title:
        title, blocks, removed = plaintext.take_title(blocks)
    draft = _draft(head, blocks, title, decoded, ident=ident, where=where)
    return replace(draft, removed=(*removed, *draft.removed))


def read_plain(decoded: Decoded, *, ident: str, where: str = "") -> Draft:
    """The draft of a plain text file; raises as ``read_markdown`` does."""
    head = split_front_matter(decoded.text)
    if title := head.get("title"):
        blocks = plaintext.to_blocks(plaintext.split(head.text))
        return _draft(head, blocks, title, decoded, ident=ident, where=where)
    lines = plaintext.read(head.text)
    draft = _draft(head, list(lines.blocks), lines.title, decoded, ident=ident, where=where)
    published = lines.published if draft.published is None else draft.published
    return replace(draft, published=published, removed=(*lines.removed, *draft.removed))


def _draft(
    head: FrontMatter, blocks: list[Block], title: str, decoded: Decoded, *, ident: str, where: str
) -> Draft:
    language = canonical(head.get("lang")) if head.get("lang") else None
    draft = assemble(
        strip(blocks),
        ident=declared_id(head.get("id")) if head.get("id") else ident,
        title=title,
        language=language,
        where=where,
        guessed=decoded.guessed,
    )
    unread = [name for name in ("date", "updated") if head.get(name) and instant(head.get(name)) is None]
    problems = [Problem("date-unreadable", "a date in the front matter is not one", where) for _ in unread]
    return replace(
        draft,
        summary=line(head.get("summary"), limits.MAX_SUMMARY),
        byline=line(head.get("byline")) or draft.byline,
        section=line(head.get("section")),
        published=instant(head.get("date")),
        updated=instant(head.get("updated")),
        source=web_address(head.get("source")),
        credits=(*(line(text) for text in head.facts.get("credits", ())), *draft.credits),
        problems=(*draft.problems, *problems),
    )
