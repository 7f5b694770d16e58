"""Published ways to hand out endpoints, as we read them; written anew from the papers' descriptions.

Each is simplified to what its paper says of who gets which endpoint; names end in "-like" where the
paper leaves room. None is told who informs. What a paper does besides (credentials, payment, proofs)
does not change who holds what and is left out. SIMULATION.md says where we had to choose.
"""

from typing import Final

import numpy as np

from mirror.rotation.policy_tree import Tree
from mirror.simulate.engine import NONE, Morning
from mirror.simulate.worlds import Bools, Ints, World

_SLOTS: Final = 3  # endpoints of a reader, where the paper gives several


class Peer:
    """What all of them keep: who is there, what works as far as is known, and who holds what."""

    slots = _SLOTS

    def __init__(self, world: World, random: np.random.Generator) -> None:
        setting = world.setting
        readers = len(world.inviter)
        self.world = world
        self.random = random
        self.day = 0
        self.there = np.zeros(readers, dtype=np.bool_)
        self.alive = np.zeros(setting.stock + int(setting.supply * setting.days) + 2, dtype=np.bool_)
        self.holds = np.full((readers, self.slots), NONE, dtype=np.int64)
        self.load = np.zeros(len(self.alive), dtype=np.int64)

    def step(self, morning: Morning) -> Ints:
        """Take note of the morning and hand out."""
        self.day = morning.day
        self.there[morning.joined] = True
        self.alive[morning.added] = True
        # Before they are forgotten: a strategy may punish those who held them.
        self.note(morning.blocked)
        self.alive[morning.lost] = self.alive[morning.blocked] = False
        self.holds[~self.alive[self.holds]] = NONE
        self.hand_out(morning)
        return self.holds

    def note(self, blocked: Ints) -> None:
        """What the blocks say of the readers; nothing here."""

    def hand_out(self, morning: Morning) -> None:
        """Fill ``holds``."""
        raise NotImplementedError

    def free(self) -> Ints:
        """Working endpoints that nobody holds."""
        self.load = np.bincount(self.holds[self.holds != NONE], minlength=len(self.alive))
        return np.flatnonzero(self.alive & (self.load == 0))


class Random(Peer):
    """Three at random of all that work; what is blocked is replaced at once. The floor."""

    def hand_out(self, morning: Morning) -> None:
        """Draw for every empty slot."""
        works = np.flatnonzero(self.alive)
        who, slot = np.nonzero((self.holds == NONE) & self.there[:, None])
        if len(works):
            self.holds[who, slot] = works[self.random.integers(len(works), size=len(who))]


class Rendezvous(Peer):
    """The three with the highest hash of reader and endpoint (Thaler and Ravishankar, 1998)."""

    def __init__(self, world: World, random: np.random.Generator) -> None:
        super().__init__(world, random)
        self.score = random.random((len(self.there), len(self.alive)), dtype=np.float32)

    def hand_out(self, morning: Morning) -> None:
        """Rank anew for whom something changed."""
        works = np.flatnonzero(self.alive)
        if len(works) < self.slots:
            who, slot = np.nonzero((self.holds == NONE) & self.there[:, None])
            if len(works):
                self.holds[who, slot] = works[slot % len(works)]
            return
        held = np.where(self.holds == NONE, -1.0, np.take_along_axis(self.score, self.holds, 1)).min(axis=1)
        better = np.zeros(len(held), dtype=np.bool_)
        if len(morning.added):
            better = (self.score[:, morning.added] > held[:, None]).any(axis=1)
        who = np.flatnonzero(self.there & (better | (self.holds == NONE).any(axis=1)))
        ranked = np.argpartition(-self.score[np.ix_(who, works)], self.slots - 1, axis=1)
        self.holds[who] = works[ranked[:, : self.slots]]


class Rdsys(Peer):
    """Endpoints and readers hashed to five distributors and to places on their rings (as Tor's rdsys).

    Informers choose distributors unevenly (40, 30, 20, 9 and 1 %), everybody else evenly.
    """

    def __init__(self, world: World, random: np.random.Generator) -> None:
        super().__init__(world, random)
        count = len(self.there)
        uneven = random.choice(5, size=count, p=[0.4, 0.3, 0.2, 0.09, 0.01])
        self.distributor = np.where(world.is_informer, uneven, random.integers(5, size=count))
        self.ring = random.integers(5, size=len(self.alive))
        self.place = random.random(len(self.alive))
        self.at = random.random(count)

    def hand_out(self, morning: Morning) -> None:
        """The next three on the ring from each reader's place."""
        for number in range(5):
            ring = np.flatnonzero(self.alive & (self.ring == number))
            who = np.flatnonzero(self.there & (self.distributor == number))
            ring = ring[np.argsort(self.place[ring])]
            if len(ring):
                first = np.searchsorted(self.place[ring], self.at[who])
                self.holds[who] = ring[(first[:, None] + np.arange(self.slots)) % len(ring)]
            else:
                self.holds[who] = NONE


class Salmon(Peer):
    """Groups of at most ``group`` readers of one level of trust; after a block suspicion, at 1/3 out.

    Douglas, Rorshach, Pan, Caesar, PETS 2016. A block of an endpoint of g readers multiplies their
    innocence by 1 - 1/g. A level is earned in 2 ** (level + 1) days without a block, up to 6, and lost
    with a block. With ``by_tree`` those who need an endpoint are grouped as they stand in the
    invitation tree (its recommendation trees), else by chance.
    """

    slots = 1

    def __init__(
        self, world: World, random: np.random.Generator, group: int = 10, *, by_tree: bool = False
    ) -> None:
        super().__init__(world, random)
        count = len(self.there)
        self.group = group
        self.innocence = np.ones(count)
        self.level = np.zeros(count, dtype=np.int64)
        self.since = np.zeros(count, dtype=np.int64)
        self.level_of = np.full(len(self.alive), NONE, dtype=np.int64)
        self.rank = positions(world.inviter)
        self.by_tree = by_tree

    def note(self, blocked: Ints) -> None:
        """Suspect all who held what was blocked."""
        for endpoint in blocked:
            who = np.flatnonzero(self.holds[:, 0] == endpoint)
            if len(who):
                self.innocence[who] *= 1 - 1 / len(who)
                self.level[who] = np.maximum(0, self.level[who] - 1)
                self.since[who] = self.day

    def given_up(self) -> Bools:
        """Who is banned."""
        return self.innocence < 2 / 3

    def hand_out(self, morning: Morning) -> None:
        """Raise levels; join groups of the same level that are not full; open groups on fresh ones."""
        self.since[morning.joined] = self.day
        up = self.there & (self.level < 6) & (self.day - self.since >= 2 ** (self.level + 1))
        self.level[up] += 1
        self.since[up] = self.day
        needy = np.flatnonzero(self.there & (self.holds[:, 0] == NONE) & ~self.given_up())
        fresh = list(self.free())
        fresh_at = 0
        for level in range(6, -1, -1):
            who = needy[self.level[needy] == level]
            # Without a tree in a new order each day: else burned groups would meet again.
            who = who[np.argsort(self.rank[who])] if self.by_tree else self.random.permutation(who)
            room = np.flatnonzero(
                self.alive & (self.load > 0) & (self.load < self.group) & (self.level_of == level)
            )
            places = np.repeat(room, self.group - self.load[room])[: len(who)]
            self.holds[who[: len(places)], 0] = places
            who = who[len(places) :]
            while len(who) and fresh_at < len(fresh):
                endpoint, fresh_at = fresh[fresh_at], fresh_at + 1
                self.level_of[endpoint] = level
                self.holds[who[: self.group], 0] = endpoint
                who = who[self.group :]


class RBridge(Peer):
    """Three endpoints each, credits for each day that one works, 42 of them buy a replacement.

    Wang, Lin, Borisov, Hopper, NDSS 2013. An endpoint has at most ``most`` readers and earns its
    reader a credit a day for at most 350 days.
    """

    def __init__(
        self, world: World, random: np.random.Generator, most: int = 40, price: float = 42.0
    ) -> None:
        super().__init__(world, random)
        self.most = most
        self.price = price
        self.credit = np.zeros(len(self.there))
        self.is_new = np.ones(len(self.there), dtype=np.bool_)

    def hand_out(self, morning: Morning) -> None:
        """Newcomers get three for nothing, others pay."""
        self.credit += (self.holds != NONE).sum(axis=1)
        self.free()
        for slot in range(self.slots):
            empty = self.there & (self.holds[:, slot] == NONE)
            who = np.flatnonzero(empty & (self.is_new | (self.credit >= self.price)))
            room = np.flatnonzero(self.alive & (self.load < self.most))
            # The emptiest first: an even spread, as a draw among those with room gives.
            places = np.repeat(room, self.most - self.load[room])
            self.random.shuffle(places)
            places = places[: len(who)]
            who = who[: len(places)]
            self.holds[who, slot] = places
            self.load += np.bincount(places, minlength=len(self.alive))
            self.credit[who] -= np.where(self.is_new[who], 0.0, self.price)
        self.is_new &= (self.holds == NONE).all(axis=1)


class Halving(Peer):
    """A blocked cohort becomes two on fresh endpoints, in the order of arrival (Mahdian, FUN 2010).

    With ``by_tree`` cohorts are cut along the invitation tree, and the invited join their inviter's.
    """

    slots = 1

    def __init__(self, world: World, random: np.random.Generator, *, by_tree: bool = False) -> None:
        super().__init__(world, random)
        self.rank = positions(world.inviter) if by_tree else np.arange(len(self.there))
        self.by_tree = by_tree
        self.queue: list[Ints] = []
        self.opened = False
        self.dead = np.zeros(len(self.there), dtype=np.bool_)

    def note(self, blocked: Ints) -> None:
        """Halve; one reader alone is out."""
        for endpoint in blocked:
            who = np.flatnonzero(self.holds[:, 0] == endpoint)
            who = who[np.argsort(self.rank[who], kind="stable")]
            if len(who) == 1:
                self.dead[who] = True
            elif len(who):
                self.queue += [who[: len(who) // 2], who[len(who) // 2 :]]

    def hand_out(self, morning: Morning) -> None:
        """Open with half of the stock; newcomers join a cohort; halves get fresh endpoints, large first."""
        free = list(self.free())
        joined = morning.joined
        if not self.opened and len(joined):
            ordered = joined[np.argsort(self.rank[joined], kind="stable")]
            self.queue += list(np.array_split(ordered, max(1, len(free) // 2)))
            self.opened = True
        elif len(joined):
            self._admit(joined)
        self.queue.sort(key=len, reverse=True)
        while self.queue and free:
            self.holds[self.queue.pop(0), 0] = free.pop(0)

    def _admit(self, joined: Ints) -> None:
        """Newcomers share their inviter's lot, or without a tree join the smallest cohorts."""
        if self.by_tree:
            for reader in joined.tolist():
                above = self.world.inviter[reader]
                self.holds[reader] = self.holds[above]
                self.dead[reader] = self.dead[above]
                for number, waiting in enumerate(self.queue):
                    if above in waiting:
                        self.queue[number] = np.append(waiting, reader)
        else:
            used = np.flatnonzero(self.alive & (self.load > 0))
            if len(used):
                self.holds[joined, 0] = used[np.argsort(self.load[used])][np.arange(len(joined)) % len(used)]
            else:
                self.queue.append(joined)

    def given_up(self) -> Bools:
        """Who was alone on a blocked endpoint."""
        return self.dead


class Enemy(Peer):
    """Endpoints prefer readers with long use and few blocks; those below a threshold get nothing.

    After Nasr, Farhang, Houmansadr, Grossklags, NDSS 2019, *blind*: a distributor cannot see that
    informers use their endpoints less, as published simulators let it. Utility is a point for each
    day of use, less ``penalty`` for each block among what one held; at most ``most`` readers an endpoint.
    """

    slots = 1

    def __init__(
        self, world: World, random: np.random.Generator, most: int = 40, penalty: float = 100.0
    ) -> None:
        super().__init__(world, random)
        self.most = most
        self.penalty = penalty
        self.utility = np.zeros(len(self.there))

    def note(self, blocked: Ints) -> None:
        """Lower the utility of those who held what was blocked."""
        self.utility[np.isin(self.holds[:, 0], blocked)] -= self.penalty

    def hand_out(self, morning: Morning) -> None:
        """Match: the best readers first, to the places that are left; like stands with like."""
        self.utility[self.holds[:, 0] != NONE] += 1
        needy = np.flatnonzero(self.there & (self.holds[:, 0] == NONE) & (self.utility > -500))
        # Alike in a new order each day: else the same informer would sit with the same readers again.
        needy = needy[np.lexsort((self.random.random(len(needy)), -self.utility[needy]))]
        fresh = self.free()
        room = np.flatnonzero(self.alive & (self.load > 0) & (self.load < self.most))
        places = np.concatenate((np.repeat(room, self.most - self.load[room]), np.repeat(fresh, self.most)))
        places = places[: len(needy)]
        self.holds[needy[: len(places)], 0] = places


def positions(inviter: Ints) -> Ints:
    """Where each reader stands when the tree is laid out with every branch as a range."""
    return np.array(Tree(inviter.tolist()).position, dtype=np.int64)
