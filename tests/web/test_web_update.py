"""How a kept reader takes a newer program: whole, from any mirror, only what the ``reader`` role signed."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from typing import Any

import pytest
from tuf.api.metadata import Metadata, MetaFile, Snapshot, Targets, Timestamp

from helpers import servers
from helpers.newsroom import holders, signer, target
from helpers.node import Node, running
from helpers.publication import Press, press
from mirror.bundle import parcel, piece, program
from mirror.limits import MAX_PROGRAM
from mirror.reader.session import BUILT
from mirror.trust import changes

TEMPLATE = b'<script id="program">"@program@"</script>@embedded@<a href="@first@.html">'
PROGRAMMERS = holders("eve")


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with running() as process:
        yield process


def release(made: Press, code: bytes, root: str = "", raw: bytes | None = None) -> dict[str, Any]:
    """Sign a program of ``code`` with one part; what a reader is to get, but for its version."""
    part = piece.seal(b"words of another language " + code)
    page = piece.seal(TEMPLATE)
    files = {
        program.FACTS: program.Facts(root or piece.name_of(made.root), "Example News", ()).encode(),
        program.PARTS: program.write_parts({program.TEMPLATE: page.pieces, "text.ru.json": part.pieces}),
        "reader.js": code,
    }
    sealed = parcel.seal(program.encode(files) if raw is None else raw)
    listed = parcel.parse_list(sealed.head, sealed.pieces[sealed.head], MAX_PROGRAM)
    pieces = {name: data for name, data in sealed.pieces.items() if name != sealed.head}
    for each in (page, part):
        pieces |= dict(zip(each.pieces.digests, each.data, strict=True))
    for data in (*pieces.values(), sealed.pieces[sealed.head]):
        made.add_piece(data)
    said = {"reader": {"reader/page": target(sealed.pieces[sealed.head])}}
    made.room.publish(changes.release(made.room.publication, said, now=made.room.now, reader=PROGRAMMERS))
    made.heartbeat()
    index = program.index_page({**files, program.TEMPLATE: TEMPLATE}, listed)
    return {"index": index.hex(), "pieces": {name: data.hex() for name, data in pieces.items()}}


def ask(node: Node, made: Press, mirrors: list[servers.Answer], *steps: str) -> dict[str, Any]:
    """What the steps came to, after a refresh."""

    async def story() -> Any:
        async with AsyncExitStack() as stack:
            found = [await stack.enter_async_context(servers.raw(each)) for each in mirrors]
            asked = {
                "root": piece.name_of(made.root),
                "channel": "ru",
                "now": made.room.now,
                "built": BUILT,
                "steps": ["refresh", *steps],
                "mirrors": [each.endpoint.url for each in found],
            }
            said = await asyncio.to_thread(node.ask, "read", asked)
            return {**said, "paths": [each.paths for each in found]}

    said: dict[str, Any] = asyncio.run(story())
    assert said["refresh"]["ok"]["freshness"]["state"] == "current"
    return said


def honest(tree: Mapping[str, bytes]) -> servers.Answer:
    return servers.tree_of(tree)


def without(tree: Mapping[str, bytes], is_gone: Callable[[str], bool]) -> servers.Answer:
    return servers.tree_of({path: data for path, data in tree.items() if not is_gone(path)})


@pytest.fixture
def made() -> Press:
    return press(2)


def test_a_newer_program_comes_whole_with_its_parts(node: Node, made: Press) -> None:
    expected = release(made, b"1")
    said = ask(node, made, [honest(made.tree)], "program 0", "program 1")
    assert said["program 0"]["ok"] == {"version": 1, **expected}
    assert said["program 1"]["ok"] is None
    expected = release(made.later(), b"2")
    said = ask(node, made, [honest(made.tree)], "program 1", "report")
    assert said["program 1"]["ok"] == {"version": 2, **expected}
    assert [verdict for _, verdict, _ in said["report"]["ok"]] == ["good"]


def test_nobody_is_asked_for_code_before_it_is_wanted(node: Node, made: Press) -> None:
    release(made, b"1")
    said = ask(node, made, [honest(made.tree)], "headlines", "notices")
    assert not [path for path in said["paths"][0] if "reader" in path]
    # Where nothing newer is signed, looking costs three small files and no piece.
    more = ask(node, made, [honest(made.tree)], "headlines", "notices", "program 1")
    extra = list(more["paths"][0])
    for path in said["paths"][0]:
        extra.remove(path)
    assert extra == ["m/2.root.json", "m/timestamp.json", "m/1.reader.json"]


def test_a_publication_without_a_program_has_none(node: Node, made: Press) -> None:
    assert ask(node, made, [honest(made.tree)], "program 0")["program 0"]["ok"] is None


def test_withholding_the_program_holds_back_no_news(node: Node, made: Press) -> None:
    release(made, b"1")
    for gone in ("reader.json", next(iter(release(made, b"2")["pieces"]))):
        mirror = without(made.tree, lambda path, gone=gone: path.endswith(gone))  # type: ignore[misc]
        said = ask(node, made, [mirror], "program 0", "headlines")
        assert said["program 0"].get("ok") is None
        assert len(said["headlines"]["ok"]) == 2


def test_one_mirror_that_has_it_is_enough(node: Node, made: Press) -> None:
    expected = release(made, b"1")
    names = expected["pieces"].keys()
    wanting = without(made.tree, lambda path: path[-64:] in names)
    said = ask(node, made, [wanting, honest(made.tree)], "program 0")
    assert said["program 0"]["ok"] == {"version": 1, **expected}


def test_what_is_shown_as_old_is_not_taken(node: Node, made: Press) -> None:
    release(made, b"1")
    made.room.now += 400 * 86_400  # all has expired; the mirrors still show it
    # The news is read on, with its age; code is not taken from what may be held back.

    async def story() -> Any:
        async with servers.raw(honest(made.tree)) as mirror:
            asked = {
                "root": piece.name_of(made.root),
                "channel": "ru",
                "now": made.room.now,
                "built": BUILT,
                "steps": ["refresh", "headlines", "program 0"],
                "mirrors": [mirror.endpoint.url],
            }
            return await asyncio.to_thread(node.ask, "read", asked)

    said = asyncio.run(story())
    assert said["refresh"]["ok"]["freshness"]["state"] != "current"
    assert len(said["headlines"]["ok"]) == 2
    assert said["program 0"]["ok"] is None


def forged(made: Press, signers: tuple[str, ...]) -> dict[str, bytes]:
    """The tree of whoever holds the online keys and those of ``signers``, and signs ``reader`` with these."""
    room = made.room
    tree = dict(made.tree)
    roles = room.publication.roles
    reader = Metadata[Targets].from_bytes(roles["reader"])
    reader.signed.version += 1
    reader.signatures.clear()
    for name in signers:
        reader.sign(signer(name), append=True)
    snapshot = Metadata[Snapshot].from_bytes(roles["snapshot"])
    snapshot.signed.version += 1
    data = reader.to_bytes()
    snapshot.signed.meta["reader.json"] = MetaFile.from_data(reader.signed.version, data, ["sha256"])
    snapshot.sign(signer("snap"))
    timestamp = Metadata[Timestamp].from_bytes(roles["timestamp"])
    timestamp.signed.version += 1
    whole = snapshot.to_bytes()
    timestamp.signed.snapshot_meta = MetaFile.from_data(snapshot.signed.version, whole, ["sha256"])
    timestamp.sign(signer("stamp"))
    tree[f"m/{reader.signed.version}.reader.json"] = data
    tree[f"m/{snapshot.signed.version}.snapshot.json"] = whole
    tree["m/timestamp.json"] = timestamp.to_bytes()
    for channel in ("ru", "en"):
        tree.pop(f"m/heads/{channel}")
    return tree


@pytest.mark.parametrize(
    ("signers", "version"),
    [(("eve",), 2), (("rita",), None), (("lawyer",), None), (("ann", "bob"), None), ((), None)],
)
def test_only_the_readers_own_role_signs_it(
    node: Node, made: Press, signers: tuple[str, ...], version: int | None
) -> None:
    release(made, b"1")
    said = ask(node, made, [honest(forged(made, signers))], "headlines", "program 1")
    assert len(said["headlines"]["ok"]) == 2
    found = said["program 1"].get("ok")
    assert (found and found["version"]) == version


def test_a_program_of_another_publication_is_refused(node: Node, made: Press) -> None:
    release(made, b"1", root="ab" * 32)
    said = ask(node, made, [honest(made.tree)], "program 0")
    assert said["program 0"]["code"] == "other-publication"


def test_what_is_signed_and_no_program_is_refused(node: Node, made: Press) -> None:
    release(made, b"1", raw=b"mirror-program\x01 and then nothing that fits")
    said = ask(node, made, [honest(made.tree)], "program 0", "headlines")
    assert "ok" not in said["program 0"]
    assert len(said["headlines"]["ok"]) == 2
