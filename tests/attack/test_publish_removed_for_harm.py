"""A text that endangers someone is gone from all that the publisher serves, once it was removed.

The story: it is published with a picture, corrected (so that an older edition tells it too), removed,
and released. Then every file of the tree is opened as far as it opens, and searched.
"""

from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest
import zstandard
from PIL import Image as Pillow

from helpers.newsdesk import Desk, desk, files_of, reading, titles
from mirror.model import State
from mirror.publisher import published

# Rare words, so that no codebook or dictionary has them by chance.
NAME = "Zyxquentin Vorrhalb"
WORDS = NAME.encode()


def told(data: bytes) -> Iterator[bytes]:
    """What a file holds: as it is, and decompressed where it is compressed."""
    yield data
    with suppress(zstandard.ZstdError):
        yield zstandard.ZstdDecompressor().decompressobj().decompress(data)


def tells(folder: Path) -> list[str]:
    """The files below ``folder`` that hold the name, in full or in part."""
    parts = WORDS.split()
    return [
        name
        for name, data in files_of(folder).items()
        if any(part in content for content in told(data) for part in parts)
    ]


@pytest.fixture
def made(tmp_path: Path) -> Desk:
    made = desk(tmp_path)
    for number in range(2, 6):
        made.story(number)
    folder = made.story(1, f"The witness is called {NAME}.\n\n![{NAME}](face.png)", title=f"{NAME} speaks")
    out = BytesIO()
    Pillow.linear_gradient("L").resize((700, 700)).save(out, "PNG")
    (folder / "face.png").write_bytes(out.getvalue())
    made.add(folder)
    made.release()
    assert tells(made.folder / "tree") != []
    return made


def test_nothing_of_it_is_served_any_more(made: Desk) -> None:
    article = made.workspace.articles("en")[made.id_of(1)]
    made.later()
    made.add(made.story(1, f"The witness is called {NAME}, we repeat.", title=f"{NAME} speaks"))
    made.release()
    before = set(made.tree.paths())
    made.later()
    made.call("remove", made.id_of(1), "--yes")
    assert tells(made.folder / "articles") == []
    assert tells(made.folder / "tree") != []
    made.release()
    opened = reading(made).editions["en"]
    assert opened is not None
    gone = opened.articles()[article.id]
    assert (gone.state, gone.title, gone.body, gone.images) == (State.REMOVED, "[removed]", "", ())
    assert len(titles(reading(made))) == 5
    assert tells(made.folder) == []
    assert len(article.images) == 1
    for image in article.images:
        for digest in image.thumbnail.digests:
            assert f"p/{digest[:2]}/{digest}" in before
            assert made.tree.read(f"p/{digest[:2]}/{digest}") is None
    # And it does not come back with the next reading of the source.
    made.later().add(made.base / "source")
    made.release()
    assert tells(made.folder) == []
    out = made.base / "all.mirror.zip"
    made.call("export", str(out))
    assert WORDS.split()[0] not in out.read_bytes()


def test_the_edition_before_would_have_told(made: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: were the edition before kept as after any other release, this search would find it."""
    monkeypatch.setattr(published, "_tells_removed", lambda _before, _now: False)
    made.later().call("remove", made.id_of(1), "--yes")
    made.release()
    assert tells(made.folder / "tree") != []
