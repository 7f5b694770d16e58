"""Where a slip lies: under which key, and so in which two pages, to look for it.

Rules (ROTATION.md section 7):

1. A reader has a key for every node above it, and cannot know for which of them its slip is sealed.
   So slips are not looked for under the key they are sealed with, but under the SUBTREE key of one
   node on the way: the *anchor*. Every record found there is tried with every key.
2. A node with more than ``MAX_ANCHORED`` slips at or below it is crowded. The anchor of a reader, and
   of a slip, is the first node on its way from the root that is not crowded, at the latest itself.
3. The depth of the anchor is called ``look``. Each slip says the one of the next epoch, so that
   readers move down before a branch that was split overflows.
4. A reader who was away too long looks one step deeper with each refresh, and begins again at the
   root after its own depth. A *signpost* lies at each crowded node, where it looked in vain: a slip
   without endpoints that says to look deeper.
5. An anchor's slips lie in two pages, which change with the epoch. Readers always ask for both.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from mirror.limits import MAX_ANCHORED, MAX_DEPTH, MAX_PAGE_BITS, MIN_PAGE_BITS, PAGE_RECORDS
from mirror.rotation.keys import NodePath, Place, derive

# Of a page's records, how many are slips when pages are chosen. Two choices and moving what can move
# fill nine tenths; the rest leaves room for splits until the number of pages is signed anew.
_LOAD: Final = 0.7

Crowded = frozenset[NodePath]
"""The crowded nodes of one epoch; the publisher keeps them, as readers were told of them."""


def crowded(places: Iterable[Place]) -> Crowded:
    """The nodes with more than ``MAX_ANCHORED`` of ``places`` at or below them (rule 2)."""
    counts = Counter(each.path[:depth] for each in places for depth in range(len(each.path) + 1))
    return frozenset(path for path, count in counts.items() if count > MAX_ANCHORED)


def look(path: NodePath, nodes: Crowded) -> int:
    """The depth of the anchor of the reader at ``path`` (rule 2)."""
    return next((depth for depth in range(len(path)) if path[:depth] not in nodes), len(path))


def look_told(place: Place, nodes: Crowded) -> int:
    """The ``look`` that a slip for ``place`` tells all who open it (rule 3).

    Where the node itself is crowded, those below it look further down, each in its own branch.
    """
    depth = look(place.path, nodes)
    is_below = place.is_subtree and place.path in nodes
    return min(depth + 1, MAX_DEPTH) if is_below else depth


def look_next(told: int | None, looked: int, depth: int) -> int:
    """Where a reader at ``depth`` looks with its next refresh (rules 3 and 4).

    ``told`` is the ``look`` of the slip that it found at ``looked``, with or without endpoints; None
    when both pages came and held none.
    """
    if told is not None:
        return min(told, depth)
    return 0 if looked >= depth else looked + 1


def page_numbers(anchor_key: bytes, epoch: int, bits: int) -> tuple[int, int]:
    """The two different pages of an anchor, given its SUBTREE key; of ``2**bits`` pages (rule 5)."""
    if not MIN_PAGE_BITS <= bits <= MAX_PAGE_BITS:
        raise ValueError("a number of pages out of bounds")
    digest = derive(anchor_key, b"mirror/1/page" + epoch.to_bytes(4, "big"), 16)
    count = 1 << bits
    first = int.from_bytes(digest[:8], "big") % count
    step = 1 + int.from_bytes(digest[8:], "big") % (count - 1)
    return first, (first + step) % count


def bits_for(records: int) -> int:
    """The least number of pages, as a power of two, in which ``records`` lie with room to split.

    Raises:
        ValueError: There are more than the largest number of pages holds.
    """
    for bits in range(MIN_PAGE_BITS, MAX_PAGE_BITS + 1):
        if records <= _LOAD * PAGE_RECORDS * (1 << bits):
            return bits
    raise ValueError("too many slips")
