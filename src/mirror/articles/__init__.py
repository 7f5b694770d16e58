"""Articles as publishers' sources give them, made safe and regular: bytes in, values out.

``read_folder``, ``take_file``, ``read_feed`` and ``read_page`` give drafts; ``Draft.to_article`` gives the
``model.Article`` of a channel. The subset of HTML, the sources, the rules for boilerplate and what was
measured stand in ARTICLES.md.
"""

from mirror.articles.blocks import DraftImage
from mirror.articles.designation import DesignationFound
from mirror.articles.designation import Kind as DesignationKind
from mirror.articles.draft import Draft, Problem, Taken
from mirror.articles.encoding import Decoded, decode
from mirror.articles.feed import read_feed
from mirror.articles.folder import join, read_folder, take_file
from mirror.articles.html_page import read_page
from mirror.articles.identity import article_id
from mirror.articles.language import canonical as canonical_language
from mirror.articles.language import direction
from mirror.articles.sanitize import ALLOWED_TAGS, Clean, keep_images, sanitize, to_text
from mirror.articles.written_file import read_markdown, read_plain

__all__ = [
    "ALLOWED_TAGS",
    "Clean",
    "Decoded",
    "DesignationFound",
    "DesignationKind",
    "Draft",
    "DraftImage",
    "Problem",
    "Taken",
    "article_id",
    "canonical_language",
    "decode",
    "direction",
    "join",
    "keep_images",
    "read_feed",
    "read_folder",
    "read_markdown",
    "read_page",
    "read_plain",
    "sanitize",
    "take_file",
    "to_text",
]
