"""The front page: what a newcomer reads from the first piece.

As many headlines as are useful, then as many whole stories as the head piece still takes, top
stories first. Found by packing: compression tells what fits.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from mirror.bundle import manifest as manifests
from mirror.bundle import piece
from mirror.bundle.manifest import Front, Manifest
from mirror.limits import MAX_PIECE
from mirror.model import Article

HEADLINES: Final = 24
# Fewer are not worth a story more.
_FEWEST_HEADLINES: Final = 4
_SUMMARY: Final = 200  # characters; a summary on the front page tells whether to read on
# A story longer than this never fits beside headlines; trying it costs a compression.
_LONGEST_STORY: Final = 32_000
_TRIES: Final = 12
# Room that headlines leave, so that at least one usual story fits.
_STORY_ROOM: Final = 4_096


def fit_front(manifest: Manifest, readable: Sequence[Article], top: Sequence[str] = ()) -> Front:
    """The fullest front page that lets ``manifest`` fit one piece.

    ``readable`` are the articles to be read, newest first; ``top`` the ids of stories to tell
    first, the newest otherwise. Headlines give way until one story fits.
    """
    by_id = {article.id: article for article in readable}
    tops = {name: by_id[name] for name in top if name in by_id}
    newest = [article for article in readable[: HEADLINES + len(tops)] if article.id not in tops]
    ordered = [*tops.values(), *newest][:HEADLINES]
    while len(ordered) > 0 and _size(manifest, _headlines(ordered)) > MAX_PIECE - _STORY_ROOM:
        ordered = ordered[: len(ordered) * 3 // 4]
    front = _with_stories(manifest, _headlines(ordered))
    while not front.stories and len(ordered) > _FEWEST_HEADLINES:
        ordered = ordered[: len(ordered) // 2]
        front = _with_stories(manifest, _headlines(ordered))
    return front


def summary_of(article: Article) -> str:
    """The article's summary on one line, cut at a word."""
    line = " ".join(article.summary.split())
    if len(line) <= _SUMMARY:
        return line
    return line[: _SUMMARY - 1].rsplit(" ", 1)[0] + "…"


def _with_stories(manifest: Manifest, front: Front) -> Front:
    likely = [article for article in front.listed if len(article.body.encode()) <= _LONGEST_STORY]
    for story in likely[:_TRIES]:
        fuller = replace(front, stories=(*front.stories, story))
        if _size(manifest, fuller) <= MAX_PIECE:
            front = fuller
    return front


def _headlines(articles: Sequence[Article]) -> Front:
    return Front(tuple(articles), tuple(map(summary_of, articles)), ())


def _size(manifest: Manifest, front: Front) -> int:
    raw = manifests.encode(replace(manifest, front=front))
    return len(piece.pad(piece.compress(raw)))
