"""The browser's reader as this publication signs it: the files that came with the program, and some facts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256

from mirror.bundle import program
from mirror.client import page
from mirror.publisher.config import PublicationConfig
from mirror.publisher.published import current_edition, current_notices, current_program
from mirror.store.tree import Tree
from mirror.trust.publication import Publication


@dataclass(frozen=True, slots=True)
class Program:
    """The program ready to be signed: ``head`` names its list, ``pieces`` are all, its parts' too."""

    head: str
    pieces: Mapping[str, bytes]


def make_program(config: PublicationConfig, first_root: bytes, told: Collection[str]) -> Program | None:
    """The program for readers of this publication; ``told`` are the channels that have an edition.

    Those come first: what opens for somebody without scripts, or in a language that has no channel, is there.
    None where it was not built, or where the publication wants none.
    """
    ordered = sorted(config.channels, key=lambda each: each.id not in told)
    channels = tuple(program.Channel(each.id, each.language, each.title) for each in ordered)
    facts = program.Facts(sha256(first_root).hexdigest(), config.name, channels, config.page.mirrors)
    sealed = page.sealed_program(facts) if config.page.carry else None
    return None if sealed is None else Program(sealed[0].head, sealed[1])


def page_files(tree: Tree, publication: Publication) -> Mapping[str, bytes]:
    """All that lies in ``r/`` of ``tree`` while ``publication`` is in force, by path.

    Without a signed program it is nothing.

    Raises:
        StorageError: ``tree-damaged``.
    """
    signed = current_program(tree, publication)
    if signed is None:
        return {}
    editions = (current_edition(tree, publication, channel) for channel in publication.channels)
    manifests = [edition.manifest for edition in editions if edition is not None]
    return page.page_files(*signed, manifests, current_notices(tree, publication))
