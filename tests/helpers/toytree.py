"""Two toy editions, and what it means that one is whole: for tests of the disk, not of trust."""

from mirror.bundle.piece import name_of, path_of
from mirror.store.names import TIMESTAMP
from mirror.store.tree import Tree, Writer

HARMFUL = b"the address of a witness".ljust(2_560)


def edition(number: int, *texts: bytes) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Pieces and metadata of a toy edition: the statements name the metadata, which names the pieces."""
    pieces = {path_of(name_of(text)): text for text in texts}
    listed = "\n".join(sorted(pieces)).encode()
    statement = f"m/{number}.snapshot.json".encode()
    files = {TIMESTAMP: statement, "m/heads/ru": statement, f"m/{number}.snapshot.json": listed}
    return pieces, files


def told_by(tree: Tree, statement: str) -> int:
    """The number of the edition that ``statement`` leads to, which must be whole."""
    snapshot = tree.read(statement)
    assert snapshot is not None
    listed = tree.read(snapshot.decode())
    assert listed is not None, "a statement names metadata that is not there"
    for path in listed.decode().split("\n"):
        piece = tree.read(path)
        assert piece is not None, "an edition names a piece that is not there"
        assert name_of(piece) == path.split("/")[2]
    return int(snapshot.decode().split("/")[1].split(".")[0])


OLD = edition(1, b"a" * 2_560, HARMFUL)
NEW = edition(2, b"a" * 2_560, b"c" * 5_120)
DROP = {path for part in OLD for path in part} - {path for part in NEW for path in part}


def publish(writer: Writer, number: int) -> None:
    pieces, files = OLD if number == 1 else NEW
    writer.put(pieces)
    writer.commit(files, () if number == 1 else DROP)
