"""What no strategy can beat, or need not spend; with the sources. Printed beside the results."""

from math import ceil, comb, log2

from mirror.simulate.worlds import Setting


def most_served(setting: Setting) -> float:
    """Bound B1: the largest mean share of honest readers served, against the aggressive censor.

    Informers are drawn evenly and nothing else is known of anybody, whatever is tried: then at most
    (N + r t) / k are served at the end of day t. Flip one served honest reader to an informer:
    the run is the same up to his first endpoint that was not blocked, which now is, because of him
    alone. Each blocked endpoint has at most one sole culprit. With a tree k becomes about the number
    of attack edges, which is what we put in.
    """
    culprits = setting.edges or round(setting.informers * setting.readers)
    if not culprits:
        return 1.0
    days = range(setting.days)
    return sum(min(1.0, (setting.stock + setting.supply * day) / culprits) for day in days) / setting.days


def least_burned(setting: Setting) -> float:
    """Bound B2: endpoints blocked for each informer when all honest readers are served for certain.

    One for each who is drawn evenly: each must be told apart by a block of his own. With a tree one
    for each attack edge, since whoever is below an informer is one.
    """
    informers = round(setting.informers * setting.readers)
    return min(1.0, (setting.edges or informers) / max(1, informers))


def halving_burned(readers: int, informers: int) -> int:
    """Mahdian (FUN 2010, Theorem 3): endpoints enough to serve everybody, always, by halving."""
    return informers * (1 + ceil(log2(readers / informers)))


def entropy_burned(readers: int, informers: int) -> int:
    """Mahdian (FUN 2010, before Theorem 6): fewer endpoints cannot tell the informers apart, nobody waiting.

    The least l with l log2 l >= log2 C(n, k).
    """
    needed = log2(comb(readers, informers))
    least = 1
    while least * log2(max(2, least)) < needed:
        least += 1
    return least
