"""What was verified, as the tree of a mirror: for a bundle file that proves itself to whoever gets it."""

from collections.abc import Iterable, Sequence
from typing import Final

from mirror.bundle.piece import path_of
from mirror.client.fetch import Pieces
from mirror.client.report import Part
from mirror.errors import MirrorError, UnreachableError
from mirror.limits import MAX_METADATA
from mirror.model import Endpoint
from mirror.net import Transport
from mirror.trust.publication import Publication, tree
from mirror.trust.state import file_of
from mirror.trust.tufset import PINNED, TrustedSet
from mirror.trust.verified import Verified

_ROOT: Final = "root"


async def fetch_roots(
    verified: Verified, trusted: bytes, mirrors: Sequence[Endpoint], transport: Transport
) -> tuple[bytes, ...]:
    """Every root from the first to the verified one, so that also readers who know the first can check.

    Each mirror is asked for the whole chain, until one leads through ``trusted``, signature by
    signature, to the verified root.

    Raises:
        UnreachableError: ``root-unreachable``: no mirror gave such a chain.
    """
    newest, count = verified.files[file_of(_ROOT)], verified.versions[_ROOT]
    if count == 1:
        return (newest,)
    for mirror in mirrors:
        try:
            names = [f"m/{file_of(_ROOT, version)}" for version in range(1, count)]
            roots = [await transport.get(mirror, name, limit=MAX_METADATA) for name in names] + [newest]
            chain = TrustedSet(roots[0], PINNED)
            for root in roots[1:]:
                chain.add_root(root)
        except MirrorError:
            continue
        if trusted in roots:
            return tuple(roots)
    raise UnreachableError("No mirror gave every root of this publication.", code="root-unreachable")


async def mirror_tree(
    verified: Verified, roots: tuple[bytes, ...], names: Iterable[str], fetcher: Pieces
) -> dict[str, bytes]:
    """The files of a mirror that holds ``verified`` and the pieces ``names``, by path, in order."""
    roles = {name.removesuffix(".json"): data for name, data in verified.files.items()}
    del roles[_ROOT]
    files = {f"m/{name}": data for name, data in tree(Publication(roots, roles)).items()}
    pieces = await fetcher.get(names, Part.CLUSTERS)
    return dict(sorted({**files, **{path_of(name): data for name, data in pieces.items()}}.items()))
