"""Syncing a tree on disk from mirrors in memory: what is fetched, kept, dropped and repaired."""

import asyncio
import errno
from collections.abc import Iterable
from pathlib import Path

import pytest

from helpers.faults import disk
from helpers.memory import Behaviour, MemoryTransport, altering, failing
from helpers.newsroom import Newsroom, holders
from helpers.publication import Press, article, corrected, withdrawn
from helpers.syncing import At, Place, place, press
from mirror.bundle import edition as editions
from mirror.bundle.piece import path_of
from mirror.client.report import Verdict
from mirror.errors import ConfigError, FormatError, MirrorError, StorageError, TrustError, UnreachableError
from mirror.model import Image, State
from mirror.node.config import Sync
from mirror.node.sync import keep_syncing, sync
from mirror.store.tree import Writer
from mirror.trust.state import State as Freshness


def pieces(paths: Iterable[str]) -> set[str]:
    return {path for path in paths if path.startswith("p/")}


def test_a_first_sync_gives_the_publishers_tree_byte_for_byte(tmp_path: Path) -> None:
    made = press(6, ("ru", "en"))
    node = place(tmp_path, made, "ru", "en")
    done = node.sync(made)
    # Only what an edition before this one had is not there.
    assert node.files().items() <= made.tree.items()
    statements = {path for path in made.tree if path.startswith("m/heads") or path == "m/timestamp.json"}
    assert statements <= node.files().keys()
    assert done.is_changed
    assert done.editions == {"ru": 1, "en": 1}
    assert done.freshness.state is Freshness.CURRENT
    assert done.added == len(pieces(node.files())) == len(node.pieces_asked())
    assert [(mirror.name, mirror.verdict) for mirror in done.mirrors] == [("mirror 1", Verdict.GOOD)]
    assert done.cost.total > sum(len(data) for path, data in node.files().items() if path[0] == "p")


def test_a_mirror_of_a_mirror_is_the_same_mirror(tmp_path: Path) -> None:
    made = press()
    first, second = place(tmp_path / "1", made), place(tmp_path / "2", made)
    (tmp_path / "1").mkdir()
    (tmp_path / "2").mkdir()
    first.sync(made)
    second.sync({"mirror 1": first.files()}, now=made.room.now)
    assert second.files() == first.files()


def test_a_second_sync_fetches_no_piece_and_changes_nothing(tmp_path: Path) -> None:
    made = press()
    node = place(tmp_path, made)
    node.sync(made)
    stamp, files = node.tree.stamp(), node.files()
    done = node.sync(made)
    assert not done.is_changed
    assert (node.pieces_asked(), node.tree.stamp(), node.files()) == ([], stamp, files)
    assert sum(done.cost.held.values()) == sum(len(data) for path, data in files.items() if path[0] == "p")


def test_a_heartbeat_changes_statements_only(tmp_path: Path) -> None:
    made = press()
    node = place(tmp_path, made)
    node.sync(made)
    before = node.files()
    done = node.sync(made.later(3_600).heartbeat())
    assert done.is_changed
    assert node.pieces_asked() == []
    assert pieces(node.files()) == pieces(before)
    assert node.files()["m/timestamp.json"] == made.tree["m/timestamp.json"] != before["m/timestamp.json"]
    assert node.files()["m/heads/ru"] == made.tree["m/heads/ru"]


def test_an_update_fetches_what_is_new_and_keeps_the_last_edition_once_more(tmp_path: Path) -> None:
    made = press(12)
    node = place(tmp_path, made)
    node.sync(made)
    first = node.files()
    made.later().release("ru", [article(100)])
    done = node.sync(made)
    assert done.editions == {"ru": 2}
    assert 0 < len(node.pieces_asked()) == done.added
    assert not set(node.pieces_asked()) & first.keys()
    # Whoever is in the middle of the first edition can go on.
    assert {path: data for path, data in first.items() if path[0] == "p"}.items() <= node.files().items()
    second = node.files()
    made.later().release("ru", [article(101)])
    node.sync(made)
    third = node.files()
    needed = set(map(path_of, editions.text_pieces(made.editions["ru"])))
    assert needed <= third.keys()
    gone = second.keys() - third.keys()
    assert gone, "what two editions ago needed is still there"
    assert not gone & needed
    assert not any(path.endswith(".root.json") for path in gone)


def test_pictures_are_carried_or_not(tmp_path: Path) -> None:
    made = Press()
    thumbnail, full = made.add_image(b"thumbnail" * 99), made.add_image(bytes(range(256)) * 99)
    image = Image(thumbnail, full, "image/webp", 640, 480, "a bridge", "A. Photographer")
    made.release("ru", [article(1, images=(image,)), article(2)])
    names = set(map(path_of, (*thumbnail.digests, *full.digests)))
    (tmp_path / "all").mkdir()
    (tmp_path / "text").mkdir()
    with_them, without = place(tmp_path / "all", made), place(tmp_path / "text", made)
    without.with_images = False
    with_them.sync(made)
    without.sync(made)
    assert names <= with_them.files().keys()
    assert not names & without.files().keys()
    # A correction without the picture: after one more edition it is gone.
    made.later().release("ru", [corrected(article(1), "no picture", made.room.now)])
    with_them.sync(made)
    made.later().release("ru", [article(3)])
    with_them.sync(made)
    assert not names & with_them.files().keys()


@pytest.mark.parametrize("is_lost", [False, True])
def test_what_was_removed_for_harm_is_gone_at_once(tmp_path: Path, is_lost: bool) -> None:
    made = Press()
    portrait = made.add_image(b"a witness" * 999)
    image = Image(portrait, None, "image/webp", 64, 48, "a witness", "")
    harmful = article(3, images=(image,))
    made.release("ru", [article(1), article(2), harmful])
    node = place(tmp_path, made)
    node.sync(made)
    assert path_of(portrait.digests[0]) in node.files()
    made.later().release("ru", [withdrawn(harmful, "for harm", made.room.now, State.REMOVED)])
    told = set(map(path_of, made.packed["ru"].purged))
    assert told & node.files().keys()
    if is_lost:
        (node.tree.private / "last").unlink()
    done = node.sync(made)
    assert done.is_purged
    assert not (told | {path_of(portrait.digests[0])}) & node.files().keys()
    needed = set(map(path_of, editions.text_pieces(made.editions["ru"])))
    notices = pieces(node.files()) - needed
    assert needed <= node.files().keys()
    assert all(path in made.tree for path in notices)
    # Only once: a later edition again keeps the one before it.
    before = pieces(node.files())
    assert not node.sync(made.later().release("ru", [article(9)])).is_purged
    assert before <= node.files().keys()


def test_a_damaged_tree_is_repaired(tmp_path: Path) -> None:
    made = press(8, ("ru", "en"))
    node = place(tmp_path, made, "ru", "en")
    node.sync(made)
    whole = node.files()
    damaged = sorted(pieces(whole))[:4]
    folder = node.tree.folder
    for path, data in zip(
        damaged, (b"", whole[damaged[1]][:-1], bytes(len(whole[damaged[2]])), None), strict=True
    ):
        if data is None:
            (folder / path).unlink()
        else:
            (folder / path).write_bytes(data)
    for path in ("m/heads/en", "m/1.root.json", max(p for p in whole if "snapshot" in p)):
        (folder / path).write_bytes(whole[path][:-1])
    (folder / "m/timestamp.json").unlink()
    stamp = node.tree.stamp()
    done = node.sync(made)
    assert sorted(node.pieces_asked()) == damaged
    assert done.added == 4
    assert node.files() == whole
    assert node.tree.stamp() != stamp, "a server would go on giving out what it holds in memory"


def test_a_repaired_piece_is_news_for_a_server(tmp_path: Path) -> None:
    made = press()
    node = place(tmp_path, made)
    node.sync(made)
    stamp, damaged = node.tree.stamp(), min(pieces(node.files()))
    (node.tree.folder / damaged).write_bytes(b"")
    assert node.sync(made).added == 1
    assert node.tree.stamp() != stamp, "a server would go on giving out what it holds in memory"


def test_a_later_root_in_the_configuration_leaves_the_earlier_ones(tmp_path: Path) -> None:
    made = press()
    node = place(tmp_path, made)
    node.sync(made)
    made.room.rotate(timestamp=holders("stamp"))
    node.sync(made.later().heartbeat())
    node.root = made.tree["m/2.root.json"]
    for number in (8, 9):
        node.sync(made.later().release("ru", [article(number)]))
    assert {"m/1.root.json", "m/2.root.json"} <= node.files().keys()


def test_roots_are_all_there_for_whoever_was_away_for_long(tmp_path: Path) -> None:
    made = press()
    node = place(tmp_path, made)
    node.sync(made)
    made.room.rotate(timestamp=holders("stamp"))
    made.later().heartbeat()
    made.room.rotate(snapshot=holders("snap"))
    made.later().heartbeat()
    (node.folder / "root.json").unlink()
    node.sync(made)
    roots = {path: data for path, data in made.tree.items() if path.endswith(".root.json")}
    assert len(roots) == 3
    assert roots.items() <= node.files().items()
    # Also when the session that walked them had no chance to write them down.
    late = Place(tmp_path / "late", made.root)
    late.sync(made)
    (late.tree.folder / "m/2.root.json").unlink()
    trees = {"liar": made.tree, "lacking": made.tree, "honest": made.tree}
    behaviours = {"liar": altering("2.root"), "lacking": failing("absent", "2.root")}
    done = late.sync(trees, behaviours, now=made.room.now)
    assert late.files()["m/2.root.json"] == roots["m/2.root.json"]
    assert {m.name: m.verdict for m in done.mirrors}["liar"] is Verdict.LIED
    (late.tree.folder / "m/2.root.json").unlink()
    with pytest.raises(TrustError) as caught:
        late.sync({"liar": made.tree}, {"liar": altering("2.root")}, now=made.room.now)
    assert caught.value.code == "roots-missing"


def test_a_channel_without_an_edition_does_not_stop_the_others(tmp_path: Path) -> None:
    made = press(3, ("ru",))
    node = place(tmp_path, made, "ru", "en")
    assert node.sync(made).editions == {"ru": 1, "en": 0}
    assert "m/heads/en" in node.files()
    unknown = place(tmp_path, made, "ru", "nowhere")
    assert unknown.sync(made).editions == {"ru": 1, "nowhere": 0}
    assert "m/heads/nowhere" not in unknown.files()


def test_a_dropped_channel_leaves(tmp_path: Path) -> None:
    made = press(3, ("ru", "en"))
    place(tmp_path, made, "ru", "en").sync(made)
    node = place(tmp_path, made, "ru")
    node.sync(made)
    assert "m/heads/en" not in node.files()
    node.sync(made.later().release("ru", [article(9)]))
    english = set(map(path_of, editions.text_pieces(made.editions["en"])))
    assert not english & node.files().keys()


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (failing("unreachable"), UnreachableError),
        (failing("silent"), UnreachableError),
        (failing("absent"), UnreachableError),
        (altering("m/"), UnreachableError),
        (failing("absent", "p/"), UnreachableError),
        (altering("p/"), UnreachableError),
        (failing("too-long", "p/"), UnreachableError),
    ],
)
def test_at_any_failure_the_old_edition_stays(
    tmp_path: Path, behaviour: Behaviour, error: type[MirrorError]
) -> None:
    made = press()
    node = place(tmp_path, made)
    node.sync(made)
    before, stamp = node.files(), node.tree.stamp()
    made.later().release("ru", [article(50)])
    with pytest.raises(error):
        node.sync({"mirror 1": made.tree}, {"mirror 1": behaviour}, now=made.room.now)
    assert {path: node.files()[path] for path in before} == before
    assert node.tree.stamp() == stamp
    node.sync(made)
    assert node.files()["m/timestamp.json"] == made.tree["m/timestamp.json"]


def test_all_channels_change_together(tmp_path: Path) -> None:
    made = press(3, ("ru", "en"))
    node = place(tmp_path, made, "ru", "en")
    node.sync(made)
    before = node.files()
    made.later().release("ru", [article(50, "ru")]).release("en", [article(50, "en")])
    english = path_of(made.packed["en"].head)
    with pytest.raises(UnreachableError):
        node.sync({"m": made.tree}, {"m": failing("absent", english)}, now=made.room.now)
    metadata = {path: data for path, data in node.files().items() if path[0] == "m"}
    assert metadata == {path: data for path, data in before.items() if path[0] == "m"}


def test_a_newer_statement_once_seen_is_not_forgotten(tmp_path: Path) -> None:
    made = press()
    node = place(tmp_path, made)
    node.sync(made)
    old = dict(made.tree)
    made.later().release("ru", [article(50)])
    withholding = {"m": failing("absent", "p/")}
    with pytest.raises(UnreachableError):
        node.sync({"m": made.tree}, withholding, now=made.room.now)
    # The next time only an old mirror answers: the old edition is not taken for the newest.
    with pytest.raises(UnreachableError):
        node.sync({"m": old}, now=made.room.now)
    assert node.sync({"old": old, "new": made.tree}, now=made.room.now).editions == {"ru": 2}


def test_a_root_of_another_publication_is_refused(tmp_path: Path) -> None:
    made, other = press(), Newsroom(online=("snap", "stamp", "kay"))
    other.rotate(timestamp=holders("kay"))
    node = Place(tmp_path / "node", other.publication.roots[-1])
    with pytest.raises((TrustError, UnreachableError)):
        node.sync(made)
    assert node.files() == {}
    (tmp_path / "node" / "root.json").write_bytes(b"{}")
    node.root = b"{}"
    with pytest.raises(FormatError):
        node.sync(made)
    (tmp_path / "node" / "root.json").unlink()
    settings = Sync(tmp_path / "none", (), ("ru",))
    with pytest.raises(ConfigError, match=r"sync\.root"):
        asyncio.run(sync(node.tree, settings, MemoryTransport({}), At(0)))


def test_a_full_disk_is_our_error_and_leaves_the_old_edition(tmp_path: Path) -> None:
    made = press()
    node = place(tmp_path, made)
    node.sync(made)
    before = node.files()
    made.later().release("ru", [article(number) for number in range(50, 60)])
    for at in (2, 5, 9, 14, 20, 30, 40):
        with disk(at, errno.ENOSPC) as counted:
            try:
                node.sync(made)
            except StorageError as error:
                caught = error
            else:
                assert len(counted.names) < at
                break
        assert caught.code == "disk-full"
        assert before.items() <= node.files().items() or "m/timestamp.json" in node.files()
    node.sync(made)
    assert node.files()["m/heads/ru"] == made.tree["m/heads/ru"]


def test_a_disk_that_is_full_at_a_piece_is_our_error_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pieces are fetched side by side, and what goes wrong there comes in groups."""
    made = press()
    node = place(tmp_path, made)

    def full(*_: object) -> None:
        raise StorageError("The disk is full.", code="disk-full")

    monkeypatch.setattr(Writer, "put", full)
    with pytest.raises(StorageError, match="full"):
        node.sync(made)


def test_two_syncs_do_not_meet(tmp_path: Path) -> None:
    made = press()
    node = place(tmp_path, made)
    with node.tree.writing(), pytest.raises(StorageError) as caught:
        node.sync(made)
    assert caught.value.code == "store-locked"


def test_pauses_between_syncs_are_spread() -> None:
    clock = At(0)
    chances = iter([0.0, 0.5, 1.0])

    async def once() -> None:
        if len(clock.slept) == 3:
            raise StopAsyncIteration

    with pytest.raises((StopAsyncIteration, RuntimeError)):
        asyncio.run(keep_syncing(once, 1_000, clock, lambda: next(chances)))
    assert clock.slept == [750, 1_000, 1_250]
