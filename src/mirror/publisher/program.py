"""The browser's reader as this publication signs it: the built files of this program, and a few facts.

The built files lie in ``mirror/reader/web/built/page``; ``make setup``, or the build of the package, puts
them there. They are data here: nothing of them is run or read. Without them releases have no page.
"""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

from mirror.bundle import parcel, program
from mirror.bundle.parcel import Parcel
from mirror.client import page
from mirror.errors import StorageError
from mirror.publisher.config import PublicationConfig
from mirror.publisher.published import current_edition, current_notices, current_program
from mirror.store.tree import Tree
from mirror.trust.publication import Publication

_BUILT: Final = Path(__file__).parents[1] / "reader" / "web" / "built" / "page"


def built_files(folder: Path = _BUILT) -> dict[str, bytes]:
    """The files of the page by name; nothing where the program was not built.

    Raises:
        StorageError: They cannot be read.
    """
    try:
        return {path.name: path.read_bytes() for path in sorted(folder.glob("[a-z]*")) if path.is_file()}
    except OSError as error:
        raise StorageError("The files of the browser's reader cannot be read.") from error


def make_program(config: PublicationConfig, first_root: bytes) -> Parcel | None:
    """The program for readers of this publication, ready to be signed.

    None where it was not built, or where the publication wants none.
    """
    files = built_files() if config.page.carry else {}
    if not files:
        return None
    channels = {each.id: (each.language, each.title) for each in config.channels}
    root = sha256(first_root).hexdigest()
    files[program.FACTS] = program.facts(root, config.name, channels, config.page.mirrors)
    return parcel.seal(program.encode(files))


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
