"""``*.html``: the browser's reader with a text edition inside, to be opened from a disk without any network.

The edition is a ``.mirror.zip`` like any other, written and proved by ``export`` and then put into the page,
which verifies it as if a mirror had sent it. Nothing can verify the page itself: whoever passes the file on
could have changed it, and it says so.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Final

from mirror.bundle import program
from mirror.errors import LimitError, MirrorError, SourceError
from mirror.limits import MAX_EMBEDDED
from mirror.publisher.export import SUFFIX as ARCHIVE
from mirror.publisher.export import Exported, export
from mirror.publisher.published import current_program, pieces_of
from mirror.publisher.workspace import Workspace, place
from mirror.store import atomic

SUFFIX: Final = ".html"


def export_html(
    workspace: Workspace,
    out: Path,
    *,
    now: int,
    channels: Sequence[str] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Exported:
    """Write the text of the editions in force to the file ``out``, whose name ends in ``.html``.

    As ``export`` without pictures. The same release gives the same bytes.

    Raises:
        SourceError: ``export-name``; ``nothing-released``; ``no-page``: no reader's program is signed.
        LimitError: ``page-too-large``: export fewer channels, or a bundle.
        ConfigError, StorageError: As ``export``. ``out`` is as it was.
    """
    if not out.name.endswith(SUFFIX) or out.name == SUFFIX:
        raise SourceError(f"A page's name ends in {SUFFIX}.", code="export-name")
    signed = current_program(workspace.tree, workspace.publication())
    if signed is None:
        raise SourceError(
            "No program of a browser's reader is signed: release with [page] carry = true first.",
            code="no-page",
        )
    files, listed = signed
    part = out.with_name(f".{out.name}{ARCHIVE}")
    try:
        made = export(
            workspace, part, now=now, channels=channels, with_images=False, with_page=False, progress=progress
        )
        if made.bytes > MAX_EMBEDDED:
            raise LimitError(
                "The edition is too large for one page: export fewer channels, or a .mirror.zip.",
                code="page-too-large",
            )
        with atomic.told():
            archive = part.read_bytes()
    finally:
        with suppress(MirrorError):
            atomic.remove(part)
    get = pieces_of(workspace.tree)
    parts = chain.from_iterable(part.digests for part in program.read_parts(files).values())
    embedded = {
        "pieces": b"".join(map(get, listed.digests)),
        "parts": b"".join(map(get, parts)),
        "archive": archive,
    }
    page = program.index_page(files, listed, "file", embedded)
    place(out, page)
    return replace(made, bytes=len(page))
