"""Making an epoch's pages: all slips sealed and placed, decoys between them, and an index.

Rules (ROTATION.md section 8):

1. The same slips give the same bytes, so making again after one split changes the pages of that
   split and no others; what did not change keeps its bytes, ``issued`` included.
2. A slip lies in the page that one bit of its own key chooses of its anchor's two; where that is
   full, in the other one; where both are full, a slip that lies there moves to its other page.
3. Decoys are the keystream of a key that the publisher holds, so they too are the same each time.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from mirror.errors import LimitError
from mirror.limits import PAGE_RECORDS, SLIP_RECORD
from mirror.rotation.keys import KeyTree, Place
from mirror.rotation.looking import Crowded, look, look_told, page_numbers
from mirror.rotation.pages import (
    BODY_SIZE,
    DIGEST_SIZE,
    HEAD_SIZE,
    PER_INDEX,
    SIGNATURE_SIZE,
    Name,
    Sign,
    digest,
    index_pages,
    seal_page,
    slip_pages,
)
from mirror.rotation.paths import Entrance
from mirror.rotation.slips import Sealer, Slip

_ISSUED_AT: Final = HEAD_SIZE - 4


@dataclass(frozen=True, slots=True)
class Handout:
    """What is to be handed out in one epoch.

    ``slips`` are the endpoints of each place. The places of different cohorts do not overlap.
    ``now_crowded`` are the crowded nodes by which readers look in this epoch, as the slips of the
    epoch before told them; ``next_crowded`` those of the next one. ``until`` as in ``Slip``.
    """

    epoch: int
    slips: Mapping[Place, tuple[Entrance, ...]] = field(repr=False)
    now_crowded: Crowded = field(repr=False)
    next_crowded: Crowded = field(repr=False)
    until: int


@dataclass(frozen=True, slots=True)
class Made:
    """An epoch's pages by path, index included, and which of them are not as they were before."""

    files: Mapping[str, bytes] = field(repr=False)
    changed: frozenset[str]


def make_pages(
    handout: Handout,
    tree: KeyTree,
    bits: int,
    *,
    issued: int,
    sign: Sign,
    before: Mapping[str, bytes] | None = None,
) -> Made:
    """Every page of ``handout.epoch``; ``before`` are those that were made for it last, by path.

    Raises:
        LimitError: ``slips-crowded``: the slips do not fit into the pages that readers will ask
            for; ``slip-too-long``.
    """
    slips, anchors = _all_slips(handout)
    records = {
        place: Sealer(tree.slip_key(place), tree.publication, handout.epoch).seal(slip)
        for place, slip in slips.items()
    }
    choices = {}
    numbers: dict[Place, tuple[int, int]] = {}
    for place, anchor in anchors.items():
        if anchor not in numbers:
            numbers[anchor] = page_numbers(tree.slip_key(anchor), handout.epoch, bits)
        first, second = numbers[anchor]
        # Rule 2: a bit of its own key, so that no other slip's coming or going moves it.
        choices[place] = (second, first) if tree.slip_key(place)[0] & 1 else (first, second)
    filled = _placed(choices)
    old = before or {}
    files: dict[str, bytes] = {}
    for name in slip_pages(handout.epoch, bits):
        body = _body(name, [records[place] for place in filled.get(name.number, ())], tree.decoy_key)
        files[name.path] = _signed(name, body, tree, issued=issued, sign=sign, old=old)
    digests = [digest(data) for data in files.values()]
    for at, name in enumerate(index_pages(handout.epoch, bits)):
        part = b"".join(digests[at * PER_INDEX : (at + 1) * PER_INDEX])
        files[name.path] = _signed(
            name, part.ljust(BODY_SIZE, b"\0"), tree, issued=issued, sign=sign, old=old
        )
    return Made(files, frozenset(path for path, data in files.items() if old.get(path) != data))


def _all_slips(handout: Handout) -> tuple[dict[Place, Slip], dict[Place, Place]]:
    """What each place is told, signposts included, and the anchor under which it lies."""
    slips = {
        place: Slip(entrances, look_told(place, handout.next_crowded), handout.until)
        for place, entrances in handout.slips.items()
    }
    anchors = {place: Place(place.path[: look(place.path, handout.now_crowded)]) for place in slips}
    for path in handout.now_crowded | handout.next_crowded:
        post = Place(path)
        if post not in slips:
            slips[post] = Slip((), look_told(post, handout.next_crowded), handout.until)
            anchors[post] = (
                post if path in handout.now_crowded else Place(path[: look(path, handout.now_crowded)])
            )
    order = sorted(slips)
    return {place: slips[place] for place in order}, {place: anchors[place] for place in order}


def _placed(choices: Mapping[Place, tuple[int, int]]) -> dict[int, list[Place]]:
    """Which places lie in which page (rule 2)."""
    pages: dict[int, list[Place]] = {}
    for place, both in choices.items():
        home = next((page for page in both if len(pages.get(page, ())) < PAGE_RECORDS), None)
        if home is None:
            home = _made_room(both, pages, choices)
        pages.setdefault(home, []).append(place)
    return pages


def _made_room(
    both: tuple[int, int], pages: dict[int, list[Place]], choices: Mapping[Place, tuple[int, int]]
) -> int:
    """One of two full pages, after moving a slip of it to its other page, where need be through others.

    A breadth-first search for the shortest such chain, as in cuckoo hashing (Pagh and Rodler, 2004).
    """
    came: dict[int, tuple[int, Place] | None] = dict.fromkeys(both)
    queue = deque(both)
    while queue:
        page = queue.popleft()
        for place in pages[page]:
            other = sum(choices[place]) - page
            if other in came:
                continue
            came[other] = (page, place)
            if len(pages.get(other, ())) < PAGE_RECORDS:
                return _shift(other, came, pages)
            queue.append(other)
    raise LimitError("The slips do not fit into the pages: more are needed.", code="slips-crowded")


def _shift(free: int, came: Mapping[int, tuple[int, Place] | None], pages: dict[int, list[Place]]) -> int:
    """Move the chain of slips that ends at the page ``free``; return the page where it began."""
    while (step := came[free]) is not None:
        page, place = step
        pages[page].remove(place)
        pages.setdefault(free, []).append(place)
        free = page
    return free


def _body(name: Name, records: list[bytes], decoy_key: bytes) -> bytes:
    """``records`` and decoys, sorted (rule 3)."""
    start = name.epoch.to_bytes(4, "big") + name.number.to_bytes(4, "big") + bytes(8)
    stream = Cipher(AES(decoy_key), CTR(start)).encryptor().update(bytes(BODY_SIZE))
    decoys = [
        stream[at : at + SLIP_RECORD] for at in range(len(records) * SLIP_RECORD, BODY_SIZE, SLIP_RECORD)
    ]
    return b"".join(sorted(records + decoys))


def _signed(
    name: Name, body: bytes, tree: KeyTree, *, issued: int, sign: Sign, old: Mapping[str, bytes]
) -> bytes:
    """The page, or the one from before where nothing in it changed (rule 1)."""
    data = old.get(name.path, b"")
    head = seal_page(name, body, tree.publication, 0, lambda _: bytes(SIGNATURE_SIZE))[:_ISSUED_AT]
    if data[:_ISSUED_AT] == head and data[HEAD_SIZE + SIGNATURE_SIZE :] == body:
        return data
    return seal_page(name, body, tree.publication, issued, sign)


assert PER_INDEX * DIGEST_SIZE == BODY_SIZE
