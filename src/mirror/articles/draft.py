"""What a source gives: drafts of articles, and what the publisher must look at.

A ``Draft`` is what one source says of one article, sanitized but not yet in a channel. Nothing a
source said is lost in silence: text taken out of the body as boilerplate stands in ``removed``, a
statement that someone was designated in ``designations``, and every doubt in ``problems``.
"""

from dataclasses import dataclass, replace
from typing import Final

from mirror import limits
from mirror.articles.blocks import DraftImage
from mirror.articles.characters import one_line
from mirror.articles.designation import DesignationFound
from mirror.articles.language import canonical
from mirror.articles.sanitize import sanitize, to_text
from mirror.errors import SourceError
from mirror.model import Article

# A clock or a time zone may be wrong by a day; an article dated later was dated wrongly.
_AHEAD_SECONDS: Final = 2 * 86_400


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about a source that a person should look at.

    ``code`` is stable, ``message`` a sentence without values, ``where`` the file's path in its folder
    or the number of the entry in its feed.
    """

    code: str
    message: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """One article as a source gives it.

    ``body`` is canonical HTML of the subset; its ``image:N`` is ``images[N]``. ``language`` is what
    the source declares, or None; instants are Unix seconds, or None where the source has none.
    ``page`` is not empty where the source has only a summary and the full text lies at that address:
    the shell fetches it and calls ``completed``.
    """

    id: str
    title: str
    body: str
    language: str | None = None
    summary: str = ""
    byline: str = ""
    section: str = ""
    published: int | None = None
    updated: int | None = None
    source: str = ""
    credits: tuple[str, ...] = ()
    images: tuple[DraftImage, ...] = ()
    designations: tuple[DesignationFound, ...] = ()
    removed: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    page: str = ""

    @property
    def body_text(self) -> str:
        """The body as plain text (see ``to_text``)."""
        return to_text(self.body)

    def to_article(self, channel: str, default_language: str, now: int) -> Article:
        """The article of ``channel`` at the instant ``now``, still without its images.

        A missing or impossible date becomes ``now``; ``updated`` is never before ``published``. The
        body still names its images; the publisher adds them, or takes them out of the body
        (``keep_images``).

        Raises:
            SourceError: ``language-unknown``; ``article-empty`` (no body); ``article-size`` (a body
                above ``limits.MAX_ARTICLE_BODY``).
        """
        language = self.language or canonical(default_language)
        body = self.body
        if ' lang="' in body or ' dir="' in body:
            body = sanitize(body, language=language).body
        if not body:
            raise SourceError("an article has no body", code="article-empty")
        if len(body.encode()) > limits.MAX_ARTICLE_BODY:
            raise SourceError("an article is larger than one article may be", code="article-size")
        published = self.published
        if published is None or published > now + _AHEAD_SECONDS:
            published = now
        updated = max(published, min(self.updated or published, now + _AHEAD_SECONDS))
        return Article(
            id=self.id,
            channel=channel,
            language=language,
            title=self.title,
            body=body,
            published=published,
            updated=updated,
            summary=self.summary,
            byline=self.byline,
            section=self.section,
            source=self.source,
            credits=self.credits,
        )

    def completed(self, page: "Draft") -> "Draft":
        """This entry of a feed with the full text that its page gave.

        What the feed says of the article stands; the page fills what the feed leaves out.
        """
        return replace(
            page,
            id=self.id,
            title=self.title,
            language=self.language or page.language,
            summary=self.summary or page.summary,
            byline=self.byline or page.byline,
            section=self.section or page.section,
            published=page.published if self.published is None else self.published,
            updated=page.updated if self.updated is None else self.updated,
            source=self.source or page.source,
            credits=tuple(dict.fromkeys((*self.credits, *page.credits))),
            designations=tuple(dict.fromkeys((*self.designations, *page.designations))),
            problems=(*self.problems, *page.problems),
            page="",
        )


@dataclass(frozen=True, slots=True)
class Taken:
    """All that was taken from one source: drafts in the source's order, and what to look at."""

    drafts: tuple[Draft, ...]
    problems: tuple[Problem, ...] = ()


def line(text: str | None, limit: int = limits.MAX_LINE) -> str:
    """A title, byline, section or summary from a source, on one line and within its bound."""
    return one_line(text or "", limit)
