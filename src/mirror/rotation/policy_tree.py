"""The invitation tree, laid out so that every branch is a range. Pure.

Readers are numbered in the order they joined, so an inviter's number is always smaller than those he
invited. In the layout a reader stands directly before all whom he, and those he invited, brought: a
branch is a range, and whoever was brought by one informer stands together. All of it takes a few
passes over the readers; nothing is searched.
"""

from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from typing import Final

NOBODY: Final = -1  # the inviter of those whom the publisher invited


class Tree:
    """The layout of one day's tree.

    ``order`` is all readers as they stand; ``position`` is where each stands in it; ``size`` counts a
    reader's branch, himself included; ``depth`` is 0 for whom the publisher invited.
    """

    __slots__ = ("depth", "inviter", "order", "position", "size")

    def __init__(self, inviter: Sequence[int]) -> None:
        self.inviter = inviter
        count = len(inviter)
        self.size = size = [1] * count
        for reader in range(count - 1, -1, -1):
            above = inviter[reader]
            if above != NOBODY:
                size[above] += size[reader]
        self.depth = depth = [0] * count
        self.position = position = [0] * count
        behind = [0] * count  # where the next branch below this reader goes
        top = 0
        for reader, above in enumerate(inviter):
            if above == NOBODY:
                at, top = top, top + size[reader]
            else:
                at = behind[above]
                behind[above] += size[reader]
                depth[reader] = depth[above] + 1
            position[reader] = at
            behind[reader] = at + 1
        self.order = order = [0] * count
        for reader, at in enumerate(position):
            order[at] = reader

    def branch(self, top: int) -> list[int]:
        """``top`` and everybody below him."""
        at = self.position[top]
        return self.order[at : at + self.size[top]]

    def tops(self, members: Collection[int]) -> tuple[int, ...]:
        """Those of ``members`` whose inviter is not one, by number: the branches they are made of."""
        inside = set(members)
        return tuple(sorted(reader for reader in inside if self.inviter[reader] not in inside))

    def cut(self, members: Iterable[int], parts: int) -> list[list[int]]:
        """``members`` in at most ``parts`` parts of about one size, each a range of the layout.

        A cut may move by a quarter of a part to where the tree is shallowest: there it falls between
        large branches, and divides no informer's following if it can be helped.
        """
        laid = sorted(members, key=self.position.__getitem__)
        count = len(laid)
        parts = min(parts, count)
        ends = [0]
        for number in range(1, parts):
            ideal = number * count / parts
            slack = count / parts / 4
            lowest = max(ends[-1] + 1, int(ideal - slack))
            highest = max(lowest, min(count - parts + number, int(ideal + slack)))
            ends.append(
                min(range(lowest, highest + 1), key=lambda at: (self.depth[laid[at]], abs(at - ideal), at))
            )
        ends.append(count)
        return [laid[start:end] for start, end in pairwise(ends)]
