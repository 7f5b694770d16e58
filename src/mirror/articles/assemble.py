"""The last step of every source: from stripped blocks to a draft, with what must be looked at."""

from collections.abc import Iterable

from mirror import limits
from mirror.articles.blocks import Block
from mirror.articles.boilerplate import Stripped
from mirror.articles.draft import Draft, Problem, line
from mirror.articles.extract import repeats, text_key
from mirror.articles.fold import without_stray_rules
from mirror.articles.plaintext import headline
from mirror.articles.sanitize import Clean, keep_images, written
from mirror.errors import SourceError

_LEAD = 3  # blocks among which the title may be repeated


def assemble(
    stripped: Stripped,
    *,
    ident: str,
    title: str,
    language: str | None = None,
    where: str = "",
    guessed: bool = False,
) -> Draft:
    """A draft of what a source gave.

    A missing title is made of the text's first words, and that is reported; a title that the body
    repeats goes from the body.

    Args:
        stripped: The body without boilerplate, and what was found in it.
        ident: The draft's id.
        title: The title, or ``""``.
        language: The language that the source declares.
        where: Which source this is, for problems.
        guessed: Whether the encoding of the source was guessed.

    Raises:
        SourceError: ``article-empty``; ``article-size``.
    """
    problems: list[Problem] = []
    title = line(title, limits.MAX_TITLE)
    blocks = without_stray_rules(without_title(stripped.blocks, title))
    if not title:
        title = headline(blocks)
        problems.append(
            Problem("title-missing", "the text has no title; its first words stand for it", where)
        )
    clean = written(blocks, language=language)
    if not clean.body or not title:
        raise SourceError("an article has no body", code="article-empty")
    if len(clean.body.encode()) > limits.MAX_ARTICLE_BODY:
        raise SourceError("an article is larger than one article may be", code="article-size")
    if guessed:
        message = "the encoding was guessed, because none was declared or the declared one is wrong"
        problems.append(Problem("encoding-guessed", message, where))
    if len(clean.images) > limits.MAX_ARTICLE_IMAGES:
        body, _ = keep_images(clean.body, range(limits.MAX_ARTICLE_IMAGES))
        clean = Clean(body, clean.images[: limits.MAX_ARTICLE_IMAGES])
        message = "an article has more pictures than one article may have; the last ones were left out"
        problems.append(Problem("images-many", message, where))
    if any(one.in_body for one in stripped.designations):
        message = "the text says that somebody was designated, and it was left in the body: it may be news"
        problems.append(Problem("designation-in-body", message, where))
    return Draft(
        id=ident,
        title=title,
        body=clean.body,
        language=language,
        byline=stripped.byline,
        credits=stripped.credits,
        images=clean.images,
        designations=stripped.designations,
        removed=stripped.removed,
        problems=tuple(problems),
    )


def without_title(blocks: Iterable[Block], title: str) -> list[Block]:
    """The blocks without a first heading or paragraph that only repeats the title."""
    names = {text_key(title)} - {""}
    kept = list(blocks)
    lead = [block for block in kept[:_LEAD] if not repeats(block, names)]
    return [*lead, *kept[_LEAD:]] if any(block.text for block in (*lead, *kept[_LEAD:])) else kept
