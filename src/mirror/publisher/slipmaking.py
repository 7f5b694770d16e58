"""Slips made with every release and heartbeat, for the current epoch and the next.

Rules:

1. One epoch ahead, and no more (``rotation.epochs``, rule 2). So a publisher who is silent for up to
   an epoch cuts nobody off; after that, readers go on with the endpoints they have, whose paths they
   derive themselves. More ahead would promise endpoints that a block in between has taken away, and
   hand a censor who holds invitations the addresses of days to come.
2. The policy is asked first, at most once an epoch. Its answer and which nodes are crowded are kept in
   the database before any page is published; then the pages, and the statement with them (``settle``).
   A crash in between leaves decisions that no reader was told of: the next time goes on from them.
3. By which crowded nodes readers look in an epoch is fixed as soon as slips of the epoch before told
   them, while that was current: whoever read those must find the next. Where so many joined at once
   that their slips do not fit there, everyone looks anew, and signposts tell readers who were told
   otherwise: that costs them one refresh.
4. Pages that did not change keep their bytes. What lies in the tree is verified before it is reused.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from mirror.errors import LimitError, MirrorError
from mirror.publisher.placing import ask, carry_out, looks_now, read_crowded, slips, write_crowded
from mirror.publisher.roster import Facts, Pool
from mirror.publisher.rotation import Press, signed_settings
from mirror.rotation.keys import Place
from mirror.rotation.looking import Crowded, crowded
from mirror.rotation.making import Handout, make_pages
from mirror.rotation.pages import Name, index_pages, open_page, slip_pages
from mirror.rotation.paths import Entrance
from mirror.rotation.settings import Settings
from mirror.store.tree import Tree
from mirror.trust.publication import Publication

_AHEAD: Final = 1  # rule 1
# How long a slip's endpoints are promised, in epochs after its own: until the next slip is due, and one
# more for a publisher who is late.
_PROMISED: Final = 2


@dataclass(frozen=True, slots=True)
class Pages:
    """Slip pages that are to be published with a statement: ``changed`` by path.

    ``slips`` counts the slips of the current epoch. ``refused`` is the code of what kept them from
    being made, empty for nothing: news does not wait for slips.
    """

    changed: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    slips: int = 0
    refused: str = ""


def make_slips(press: Press, tree: Tree, publication: Publication, now: int) -> Pages:
    """Ask the policy, and make what is to be published with ``publication`` at ``now``.

    Raises:
        StorageError: The database or the disk refused: nothing was kept.
    """
    settings = signed_settings(publication)
    if settings is None or press.public not in settings.keys:
        return Pages(refused="slips-unsigned")
    try:
        with press.opened.roster.change() as change:
            for pool in Pool:
                answer = ask(change.facts, pool, press.opened.calendar, now)
                if answer is not None:
                    carry_out(change, answer, press.opened.calendar, now)
            facts = change.again().facts
            told = slips(facts)
            epoch = press.opened.calendar.epoch(now)
            looks = _looks(facts, told, epoch)
            try:
                changed = _both(told, looks, press, tree, settings=settings, now=now)
            except LimitError as error:
                if error.code != "slips-crowded":
                    raise
                looks = dict.fromkeys(looks, crowded(told))  # rule 3
                changed = _both(told, looks, press, tree, settings=settings, now=now)
            change.keep_epochs({each: (write_crowded(nodes), each == epoch) for each, nodes in looks.items()})
    except MirrorError as error:
        if error.code not in ("slips-crowded", "slip-too-long"):
            raise
        return Pages(refused=error.code)
    return Pages(changed, len(told))


def _looks(facts: Facts, told: Mapping[Place, tuple[Entrance, ...]], epoch: int) -> dict[int, Crowded]:
    """By which crowded nodes readers look in ``epoch`` and the two after it (rule 3)."""
    fresh = crowded(told)
    kept = facts.epochs
    # After a silence readers look as the last slips said, whatever epoch those were for.
    looks = {epoch: looks_now(facts, epoch)}
    is_told = epoch in kept and kept[epoch][1] and epoch + 1 in kept
    looks[epoch + 1] = read_crowded(kept[epoch + 1][0]) if is_told else fresh
    looks[epoch + 2] = fresh
    return looks


def _both(
    told: Mapping[Place, tuple[Entrance, ...]],
    looks: Mapping[int, Crowded],
    press: Press,
    tree: Tree,
    *,
    settings: Settings,
    now: int,
) -> dict[str, bytes]:
    """The changed pages of every epoch that slips are made for."""
    changed: dict[str, bytes] = {}
    for epoch in sorted(looks)[: 1 + _AHEAD]:
        handout = Handout(epoch, told, looks[epoch], looks[epoch + 1], epoch + _PROMISED)
        changed |= _made(handout, press, settings, tree, now)
    return changed


def _made(handout: Handout, press: Press, settings: Settings, tree: Tree, now: int) -> dict[str, bytes]:
    bits = settings.bits(handout.epoch)
    names = (*slip_pages(handout.epoch, bits), *index_pages(handout.epoch, bits))
    before = {name.path: data for name in names if (data := _lying(name, press, tree)) is not None}
    made = make_pages(handout, press.opened.tree, bits, issued=now, sign=press.sign, before=before)
    return {path: made.files[path] for path in made.changed}


def _lying(name: Name, press: Press, tree: Tree) -> bytes | None:
    """The page as the tree has it, if it is whole and signed by today's key (rule 4)."""
    data = tree.read(name.path)
    if data is None:
        return None
    try:
        open_page(data, name, press.opened.publication, [press.public])
    except MirrorError:
        return None
    return data
