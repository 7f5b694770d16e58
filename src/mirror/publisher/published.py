"""What the publication says now: its editions and notices, read from its own tree.

The tree is ours, and its bytes are checked all the same: a damaged disk must not end in an edition.
"""

from collections.abc import Iterator
from itertools import chain
from typing import Final

from tuf.api.metadata import Targets

from mirror.bundle import edition, parcel, piece, program
from mirror.bundle.edition import Edition, Get
from mirror.client.edition import NOTICES_TARGET, PROGRAM_TARGET, head_target
from mirror.errors import FormatError, StorageError
from mirror.limits import MAX_NOTICE_SET, MAX_PROGRAM
from mirror.model import PieceList, State
from mirror.notices import NoticeSet, decode
from mirror.store.tree import Tree
from mirror.trust.metadata import read
from mirror.trust.publication import Publication
from mirror.trust.state import NOTICES_ROLE, READER_ROLE, channel_role

DAMAGED: Final = "tree-damaged"


def head_of(publication: Publication, channel: str) -> str | None:
    """The name of the head piece of the channel's edition; None before the first one."""
    return _signed_digest(publication, channel_role(channel), head_target(channel))


def notices_digest(publication: Publication) -> str | None:
    """The name of the list piece of the notices in force; None before the first ones."""
    return _signed_digest(publication, NOTICES_ROLE, NOTICES_TARGET)


def pieces_of(tree: Tree) -> Get:
    """A function that reads a piece of ``tree`` by its name, checked.

    It raises ``StorageError``, code ``tree-damaged``, for one that is not there or not whole.
    """

    def get(digest: str) -> bytes:
        data = tree.read(piece.path_of(digest))
        try:
            return piece.check(digest, data or b"")
        except FormatError as error:
            raise StorageError(
                "The tree lacks a piece of the last release: bring it back from a backup or from a mirror.",
                code=DAMAGED,
            ) from error

    return get


def current_edition(tree: Tree, publication: Publication, channel: str) -> Edition | None:
    """The channel's edition in force, opened; None before the first one."""
    head = head_of(publication, channel)
    return None if head is None else edition.open_edition(head, pieces_of(tree))


def program_digest(publication: Publication) -> str | None:
    """The name of the list piece of the browser's reader in force; None where none is signed."""
    return _signed_digest(publication, READER_ROLE, PROGRAM_TARGET)


def current_program(tree: Tree, publication: Publication) -> tuple[dict[str, bytes], PieceList] | None:
    """The browser's reader in force, as ``program.with_page``, and its list of pieces; None without one."""
    digest = program_digest(publication)
    if digest is None:
        return None
    get = pieces_of(tree)
    listed = parcel.parse_list(digest, get(digest), MAX_PROGRAM)
    files = program.decode(edition.unseal(listed, get))
    return program.with_page(files, lambda part: edition.unseal(part, get)), listed


def program_pieces(tree: Tree, publication: Publication) -> Iterator[str]:
    """The names of all pieces of the browser's reader in force, its parts' too."""
    signed = current_program(tree, publication)
    if signed is not None:
        yield from _parcel_pieces(program_digest(publication), pieces_of(tree), MAX_PROGRAM)
        for part in program.read_parts(signed[0]).values():
            yield from part.digests


def current_notices(tree: Tree, publication: Publication) -> NoticeSet | None:
    """The notices in force; None before the first ones."""
    digest = notices_digest(publication)
    if digest is None:
        return None
    get = pieces_of(tree)
    return decode(edition.unseal(parcel.parse_list(digest, get(digest), MAX_NOTICE_SET), get))


def needed_pieces(tree: Tree, publication: Publication) -> frozenset[str]:
    """The names of all pieces that the tree must hold: of what is in force, and of what was before.

    Whoever is in the middle of the edition before still finds it, unless it tells what the new one
    removed for harm: then not one piece of it is kept that the new one does not need.
    """
    get = pieces_of(tree)
    names = [
        _parcel_pieces(notices_digest(publication), get, MAX_NOTICE_SET),
        program_pieces(tree, publication),
    ]
    for channel in publication.channels:
        now = current_edition(tree, publication, channel)
        if now is None:
            continue
        names.append(_edition_pieces(now))
        if now.manifest.previous:
            before = _open_before(now.manifest.previous, tree)
            if before is not None and not _tells_removed(before, now):
                names.append(_edition_pieces(before))
    return frozenset(chain.from_iterable(names))


def _open_before(head: str, tree: Tree) -> Edition | None:
    """The edition before, if it still lies in the tree whole."""
    try:
        return edition.open_edition(head, pieces_of(tree))
    except StorageError as error:
        if error.code != DAMAGED:
            raise
        return None


def _tells_removed(before: Edition, now: Edition) -> bool:
    removed = {each.id for each in now.articles().values() if each.state is State.REMOVED}
    told = (each for each in before.articles().values() if each.state is not State.REMOVED)
    return any(each.id in removed for each in told)


def _edition_pieces(opened: Edition) -> Iterator[str]:
    yield from edition.text_pieces(opened)
    yield from edition.image_pieces(opened.articles().values())


def _parcel_pieces(digest: str | None, get: Get, most: int) -> Iterator[str]:
    if digest is not None:
        yield digest
        yield from parcel.parse_list(digest, get(digest), most).digests


def _signed_digest(publication: Publication, role: str, path: str) -> str | None:
    if role not in publication.roles:
        return None
    target = read(publication.roles[role], Targets).targets.get(path)
    return None if target is None else target.hashes["sha256"]
