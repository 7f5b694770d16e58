"""The files of ``r/``: the browser's reader, and a front page for each channel that needs no script.

Made by the publisher from what he signed, and by a node from what it verified: the same bytes.

Rules:

1. Nobody who verifies believes what is here. ``index.html`` is made from a signed parcel, a front page from a
   signed edition (``front.py``); but a browser that opens either has only the mirror's word for it. Both
   say so.
2. Each file is one piece as transferred, at most.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from mirror.bundle import parcel, piece, program
from mirror.bundle.manifest import Manifest
from mirror.bundle.parcel import Parcel
from mirror.client.front import front_page
from mirror.errors import StorageError
from mirror.model import PieceList
from mirror.notices import NoticeSet

_FOLDER: Final = "r/"
_BUILT: Final = Path(__file__).parents[1] / "reader" / "web" / "built" / "page"
PARTS: Final = _BUILT.with_name("parts")
INDEX: Final = _FOLDER + program.TEMPLATE
FRONT: Final = _FOLDER + "front/"


def sealed_program(facts: program.Facts) -> tuple[Parcel, dict[str, bytes]] | None:
    """The reader that came with this program, for a publication: the parcel, and all pieces with its parts'.

    None where it was not built. Raises as ``built_files``.
    """
    files, parts = built_files(), built_files(PARTS)
    if not files:
        return None
    sealed = {name: piece.seal(data) for name, data in parts.items()}
    files[program.FACTS] = facts.encode()
    if sealed:
        files[program.PARTS] = program.write_parts({name: each.pieces for name, each in sealed.items()})
    made = parcel.seal(program.encode(files))
    pieces = dict(made.pieces)
    for each in sealed.values():
        pieces |= zip(each.pieces.digests, each.data, strict=True)
    return made, pieces


def built_files(folder: Path = _BUILT) -> dict[str, bytes]:
    """The files of the browser's reader that came with this program, by name; nothing where it was not built.

    ``make setup``, or the build of the package, puts them there. They are data here: nothing of them is run.

    Raises:
        StorageError: They cannot be read.
    """
    try:
        return {path.name: path.read_bytes() for path in sorted(folder.glob("[a-z]*")) if path.is_file()}
    except OSError as error:
        raise StorageError("The files of the browser's reader cannot be read.") from error


def page_files(
    signed: Mapping[str, bytes],
    pieces: PieceList,
    manifests: Iterable[Manifest],
    notices: NoticeSet | None,
) -> dict[str, bytes]:
    """All that lies in ``r/``, by path.

    ``signed`` are the files of the program (``program.with_page``) and ``pieces`` what carries it;
    ``manifests`` are the editions whose front pages are to be there, ``notices`` those in force.
    """
    named = {_FOLDER + name: signed[name] for name in program.SERVED if name in signed}
    languages = {each.id: each.language for each in program.read_facts(signed).channels}
    # In one order for everybody, whichever channels somebody carries first.
    shown = sorted(manifests, key=lambda each: each.channel)
    tags = {each.channel: languages.get(each.channel, "en") for each in shown}
    fronts = {f"{FRONT}{each.channel}.html": front_page(each, tags, notices) for each in shown}
    return {**named, **fronts, INDEX: program.index_page(signed, pieces)}
