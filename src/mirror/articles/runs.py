"""White space in a run of leaves, as a browser shows it, and the one way we write it.

1. White space (not no-break spaces) is collapsed to one space, across the borders of elements too,
   and goes at the edges and around line breaks.
2. A space that stands between two elements belongs to what both have in common.
3. Neighbours inside the same elements are one leaf.
4. In preformatted text only the blank lines before and the white space after go, because a browser
   drops the first newline after ``<pre>`` and nobody sees the rest.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from mirror.articles.blocks import BREAK, Leaf, is_blank, shared_prefix

_SPACES: Final = re.compile(r"[ \t\n\r\f]+")
_BLANK_LINES: Final = re.compile(r"(?:[ \t]*\n)*")


def paragraphs(run: Sequence[Leaf]) -> list[tuple[Leaf, ...]]:
    """The visible lines of ``run``, parted where two or more line breaks stand together."""
    parts: list[list[Leaf]] = [[]]
    breaks: list[Leaf] = []
    for leaf in _collapsed(run):
        if leaf.is_break:
            breaks.append(leaf)
            continue
        if len(breaks) > 1:
            parts.append([])
        elif breaks and parts[-1]:
            parts[-1].extend(breaks)
        breaks = []
        parts[-1].append(leaf)
    return [_settled(part) for part in parts if _is_seen(part)]


def joined(lines: Sequence[Sequence[Leaf]]) -> tuple[Leaf, ...]:
    """Several lines as one run with a line break between them."""
    run: list[Leaf] = []
    for line in lines:
        run.extend([Leaf(BREAK), *line] if run else line)
    return _settled(run)


def preformatted(run: Sequence[Leaf]) -> tuple[Leaf, ...]:
    """The run with its white space, but for blank lines before and white space after."""
    text = "".join(leaf.text for leaf in run)
    blank = _BLANK_LINES.match(text)
    start, end = (blank.end() if blank else 0), len(text.rstrip(" \t\n\r\f"))
    kept: list[Leaf] = []
    at = 0
    for leaf in run:
        piece = leaf.text[max(0, start - at) : max(0, end - at)]
        at += len(leaf.text)
        if piece:
            kept.append(replace(leaf, text=piece))
    return tuple(_merged(kept)) if _is_seen(kept) else ()


def _is_seen(run: Sequence[Leaf]) -> bool:
    return any(leaf.image is not None or not is_blank(leaf.text) for leaf in run)


def _collapsed(run: Sequence[Leaf]) -> list[Leaf]:
    out: list[Leaf] = []
    after_space = True
    for leaf in run:
        if leaf.image is not None:
            out.append(leaf)
            after_space = False
        elif leaf.is_break:
            _trim_end(out)
            out.append(leaf)
            after_space = True
        else:
            text = _SPACES.sub(" ", leaf.text)
            if after_space:
                text = text.removeprefix(" ")
            if text:
                out.append(replace(leaf, text=text))
                after_space = text.endswith(" ")
    _trim_end(out)
    return out


def _trim_end(out: list[Leaf]) -> None:
    """Take the one space at the end away; a break or an image ends the line as it is."""
    if out and out[-1].image is None and not out[-1].is_break and out[-1].text.endswith(" "):
        text = out[-1].text[:-1]
        out[-1:] = [replace(out[-1], text=text)] if text else []


def _settled(run: Sequence[Leaf]) -> tuple[Leaf, ...]:
    """The run with lone spaces and breaks moved out of elements that end or begin beside them."""
    placed: list[Leaf] = []
    for index, leaf in enumerate(run):
        if leaf.image is None and leaf.text in (" ", BREAK):
            before = placed[-1].path if placed else ()
            after = next((later.path for later in run[index + 1 :] if later.text not in (" ", BREAK)), ())
            shared = before[: shared_prefix(before, after)]
            placed.append(replace(leaf, path=shared))
        else:
            placed.append(leaf)
    return tuple(_merged(placed))


def _merged(run: Sequence[Leaf]) -> list[Leaf]:
    out: list[Leaf] = []
    for leaf in run:
        last = out[-1] if out else None
        mergeable = last is not None and last.image is None and leaf.image is None and last.path == leaf.path
        if last is not None and mergeable and not last.is_break and not leaf.is_break:
            out[-1] = replace(last, text=last.text + leaf.text)
        else:
            out.append(leaf)
    return out
