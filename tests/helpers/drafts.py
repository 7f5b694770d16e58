"""What every draft is, whatever it came from, and a page to make one of."""

from helpers.markup import JUDGE
from mirror import limits
from mirror.articles import Draft, sanitize
from mirror.model import ARTICLE_ID

NOW = 1_800_000_000
TEXT = "<p>The council met on Friday and put off its vote until autumn, because two members were ill.</p>"


def page_of(title: str) -> bytes:
    return f"<article><h1>{title}</h1>{TEXT}</article>".encode()


def assert_sound(draft: Draft) -> None:
    """What every draft is, whatever it came from."""
    assert ARTICLE_ID.fullmatch(draft.id)
    assert draft.title == " ".join(draft.title.split(" "))
    assert 0 < len(draft.title) <= limits.MAX_TITLE
    assert "\n" not in draft.title + draft.byline + draft.section
    assert sanitize(draft.body, language=draft.language).body == draft.body
    assert JUDGE.clean(draft.body).replace("&nbsp;", "\xa0") == draft.body
    if draft.page:
        return
    article = draft.to_article("main", "en", NOW)
    assert article.published <= article.updated <= NOW + 3 * 86_400
    # What the publisher checks before it signs.
    again = sanitize(article.body, language=article.language)
    assert again.body == article.body
    assert len(again.images) == len(draft.images)
