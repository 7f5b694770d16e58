"""Whole runs of the browser's reader in Node, over real mirrors: what is read, believed, refused and kept."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from helpers import servers
from helpers.handing import handing
from helpers.node import Node, Refused, running
from helpers.publication import DAY, Press, article, corrected, notices, press
from helpers.rotation import entrance
from mirror.model import Image
from mirror.reader.session import BUILT
from mirror.rotation.keys import Place
from mirror.rotation.paths import Entrance


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with running() as process:
        yield process


Tree = Mapping[str, bytes]


@asynccontextmanager
async def serving(answers: Sequence[servers.Answer | Tree | None]) -> AsyncIterator[list[servers.Recorder]]:
    async with AsyncExitStack() as stack:
        found = []
        for answer in answers:
            if answer is None:
                found.append(servers.Recorder(servers.nobody()))
            else:
                how = servers.tree_of(answer) if isinstance(answer, Mapping) else answer
                found.append(await stack.enter_async_context(servers.raw(how)))
        yield found


def run(
    node: Node,
    made: Press,
    mirrors: Sequence[servers.Answer | Tree | None],
    steps: Sequence[str],
    **more: Any,
) -> tuple[Any, list[servers.Recorder]]:
    """What each step came to, and what the mirrors were asked."""
    asked: dict[str, Any] = {
        "root": hashlib.sha256(made.root).hexdigest(),
        "channel": "ru",
        "now": made.room.now,
        "built": BUILT,
        "steps": steps,
    }

    async def story() -> tuple[Any, list[servers.Recorder]]:
        async with serving(mirrors) as found:
            addresses = [each.endpoint.url for each in found]
            said = await asyncio.to_thread(node.ask, "read", asked | {"mirrors": addresses} | more)
            return said, found

    return asyncio.run(story())


def ok(said: Any, step: str) -> Any:
    assert "ok" in said[step], said[step]
    return said[step]["ok"]


# --- reading -------------------------------------------------------------------------------------


def test_headlines_articles_and_the_whole_edition_are_python_s(node: Node) -> None:
    made = press(30)
    edition = made.editions["ru"]
    far = "ru-story-0"
    said, (one, _) = run(
        node,
        made,
        [made.tree, made.tree],
        ["refresh", "headlines", f"article {far}", "listed", "everything", "notices"],
    )
    fresh = ok(said, "refresh")
    assert fresh["freshness"]["state"] == "current"
    assert fresh["freshness"]["isChecked"]
    assert fresh["signers"]["channel-ru"] == 1
    assert ok(said, "headlines") == [each.title for each in edition.manifest.front.listed]
    last = edition.articles()
    assert ok(said, f"article {far}")["body"] == last[far].body
    assert sorted(ok(said, "listed")) == sorted(last)
    assert ok(said, "everything")["bodies"] == {each.id: each.body for each in last.values()}
    assert ok(said, "notices") == {"edition": 1, "error": None}
    assert one.paths[0] == "m/1.root.json"


def test_an_article_shows_its_page_and_no_more(node: Node) -> None:
    """Whoever serves it learns the page, not the article; and that nobody asks twice."""
    made = press(200)
    paths = []
    for number in (0, 1):
        said, (mirror,) = run(node, made, [made.tree], ["refresh", "headlines", f"article ru-story-{number}"])
        assert ok(said, f"article ru-story-{number}")["id"] == f"ru-story-{number}"
        assert len(set(mirror.paths)) == len(mirror.paths)
        paths.append(sorted(path for path in mirror.paths if path.startswith("p/")))
    assert paths[0] == paths[1]


def test_pictures_come_when_asked_for(node: Node) -> None:
    made = Press()
    raw = bytes(range(256)) * 50
    image = Image(made.add_image(raw), None, "image/webp", 10, 10, "a bridge", "")
    made.release("ru", [article(1, images=(image,)), article(2)])
    said, (mirror,) = run(node, made, [made.tree], ["refresh", "article ru-story-1"])
    names = {f"p/{name[:2]}/{name}" for name in image.thumbnail.digests}
    assert not names & set(mirror.paths)
    said, (mirror,) = run(node, made, [made.tree], ["refresh", "image ru-story-1"])
    assert ok(said, "image ru-story-1") == raw.hex()
    assert names <= set(mirror.paths)


def test_no_edition_is_said_so(node: Node) -> None:
    made = press(2)
    said, _ = run(node, made, [made.tree], ["refresh", "headlines"], channel="en")
    assert said["headlines"] == {"code": "no-edition"}


# --- whom to believe -----------------------------------------------------------------------------


def test_a_root_that_is_another_is_not_taken(node: Node) -> None:
    made, other = press(2), press(2)
    forged = dict(made.tree) | {"m/1.root.json": made.tree["m/1.root.json"] + b" "}
    said, _ = run(node, made, [forged], ["refresh", "report"])
    assert said["refresh"] == {"code": "root-unreachable"}
    assert ok(said, "report") == [["mirror 1", "lied", [["wrong-piece", "metadata"]]]]
    said, _ = run(node, other, [forged, other.tree], ["refresh", "report"])
    assert ok(said, "refresh")["freshness"]["state"] == "current"


def test_a_liar_about_metadata_is_not_asked_for_pieces(node: Node) -> None:
    made = press(10)

    def altered(path: str, data: bytes) -> bytes:
        return b"!" + data[1:] if path == "m/timestamp.json" or "heads" in path else data

    liar = servers.tree_of(made.tree, altered)
    said, (one, two) = run(
        node, made, [liar, made.tree], ["refresh everyone", "headlines", "everything", "report"]
    )
    assert ok(said, "refresh everyone")["freshness"]["state"] == "current"
    assert ok(said, "everything")
    assert not [path for path in one.paths if path.startswith("p/")]
    verdicts = {name: verdict for name, verdict, _ in ok(said, "report")}
    assert verdicts == {"mirror 1": "lied", "mirror 2": "good"}
    assert two.paths


def test_wrong_pieces_are_fetched_elsewhere(node: Node) -> None:
    made = press(10)
    liar = servers.tree_of(made.tree, lambda path, data: data if path.startswith("m/") else data[:-1] + b"!")
    said, _ = run(node, made, [liar, made.tree], ["refresh", "everything", "report"])
    assert len(ok(said, "everything")["bodies"]) == 10
    assert [verdict for _, verdict, _ in ok(said, "report")] == ["lied", "good"]


def test_a_block_page_with_status_200_is_no_mirror(node: Node) -> None:
    made = press(3)
    page = servers.saying(servers.response(b"<html>blocked</html>", content_type="text/html"))
    said, _ = run(node, made, [page, page, page, made.tree], ["refresh", "headlines", "report"])
    assert ok(said, "headlines")
    said, _ = run(node, made, [page, page], ["refresh"])
    assert said["refresh"]["code"] in {"root-unreachable", "unreachable", "withheld"}


def test_dead_silent_and_refusing_mirrors_are_passed_over(node: Node) -> None:
    made = press(3)
    refusing = servers.saying(servers.response(status="503 No"))
    mirrors = [None, servers.silent(), refusing, {}, made.tree]
    said, _ = run(node, made, mirrors, ["refresh", "headlines", "everything"])
    assert ok(said, "headlines")
    assert len(ok(said, "everything")["bodies"]) == 3


def test_nobody_at_all(node: Node) -> None:
    made = press(2)
    said, _ = run(node, made, [None, None], ["refresh"])
    assert said["refresh"] == {"code": "root-unreachable"}
    said, _ = run(node, made, [None], ["refresh"], root=made.root.hex())
    assert said["refresh"] == {"code": "unreachable"}


def test_the_few_that_are_behind_are_seen_through(node: Node) -> None:
    made = press(2)
    old = dict(made.tree)
    made.later(60 * DAY).release("ru", [article(9)])
    said, _ = run(node, made, [old, old, old, made.tree], ["refresh", "headlines"])
    assert ok(said, "refresh")["freshness"]["state"] == "current"
    assert article(9).title in ok(said, "headlines")


def test_old_news_is_said_to_be_old(node: Node) -> None:
    made = press(2)
    said, _ = run(node, made, [made.tree], ["refresh", "headlines"], now=made.room.now + 400 * DAY)
    assert ok(said, "refresh")["freshness"]["state"] != "current"
    assert ok(said, "headlines")


def test_no_clock_is_believed_below_the_day_the_program_was_built(node: Node) -> None:
    """A clock set back by years must not make an old statement current."""
    made = press(2)
    later = made.room.now + 400 * DAY
    said, _ = run(node, made, [made.tree], ["refresh"], now=0, built=later)
    assert ok(said, "refresh")["freshness"]["state"] != "current"
    assert ok(said, "refresh")["freshness"]["reference"] >= later


# --- notices -------------------------------------------------------------------------------------


def test_without_notices_there_is_none_and_why(node: Node) -> None:
    made = Press()
    made.release("ru", [article(1)], notices_too=False)
    said, _ = run(node, made, [made.tree], ["refresh", "headlines", "notices", "remember", "save"])
    assert ok(said, "headlines")
    assert ok(said, "notices") == {"edition": None, "error": "notices-missing"}
    assert ok(said, "remember") is None, "nothing is kept without notices"
    assert said["save"] == {"code": "notices-missing"}


def test_notices_that_no_mirror_gives_leave_every_act_closed(node: Node) -> None:
    made = press(2)
    gone = {path: data for path, data in made.tree.items() if made.notices_head not in path}
    said, _ = run(node, made, [gone], ["refresh", "headlines", "notices", "save"])
    assert ok(said, "headlines")
    assert ok(said, "notices") == {"edition": None, "error": "piece-unreachable"}
    assert said["save"] == {"code": "notices-missing"}


def test_notices_older_than_seen_before_are_none(node: Node) -> None:
    made = Press()
    made.release_notices(notices(edition=5))
    made.release("ru", [article(1)])
    said, _ = run(node, made, [made.tree], ["refresh", "notices", "remember"], store="older notices")
    assert ok(said, "notices") == {"edition": 5, "error": None}
    made.later(60).release_notices(notices(edition=4))
    said, _ = run(node, made, [made.tree], ["refresh", "notices"], store="older notices")
    assert ok(said, "notices") == {"edition": None, "error": "notices-older"}


# --- what is kept --------------------------------------------------------------------------------


def test_a_saved_edition_is_read_without_any_mirror(node: Node) -> None:
    made = press(12)
    steps = ["refresh", "headlines", "notices", "save"]
    said, _ = run(node, made, [made.tree], steps, store="saved")
    names = ok(said, "save")
    head = made.packed["ru"].head
    assert head in names
    assert made.notices_head in names
    said, _ = run(node, made, [], ["refresh", "headlines", "everything", "notices", "saved"], store="saved")
    assert ok(said, "refresh")["freshness"]["isChecked"] is False
    assert len(ok(said, "everything")["bodies"]) == 12
    assert ok(said, "notices")["edition"] == 1
    assert ok(said, "saved") is None, "it is the newest that is known"


def test_the_saved_edition_stands_in_for_a_newer_one_that_cannot_be_had(node: Node) -> None:
    made = press(3)
    as_of = made.room.now
    run(node, made, [made.tree], ["refresh", "notices", "save"], store="stands in")
    saved = made.packed["ru"].head
    made.later(DAY).release("ru", [article(40)])
    new = made.packed["ru"].head
    without = {path: data for path, data in made.tree.items() if new not in path}
    steps = ["refresh", "headlines", "saved", "notices", "save"]
    said, _ = run(node, made, [without], steps, store="stands in")
    assert article(40).title not in ok(said, "headlines")
    assert ok(said, "saved") == {"head": saved, "asOf": as_of}
    assert said["save"] == {"code": "piece-unreachable"}, (
        "what is shown in its place is not saved as the newest"
    )


def test_an_update_fetches_only_what_is_new(node: Node) -> None:
    made = press(60)
    run(node, made, [made.tree], ["refresh", "notices", "save"], store="update")
    before = set(made.tree)
    made.later(3_600).release("ru", [corrected(article(3), "a name was wrong", made.room.now)])
    said, (mirror,) = run(node, made, [made.tree], ["refresh", "notices", "save"], store="update")
    assert ok(said, "save")
    asked = {path for path in mirror.paths if path.startswith("p/")}
    assert asked <= set(made.tree) - before
    assert "m/1.root.json" not in mirror.paths


def test_a_roll_back_is_seen_in_the_next_run(node: Node) -> None:
    made = press(2)
    old = dict(made.tree)
    made.later(DAY).release("ru", [article(9)])
    run(node, made, [made.tree], ["refresh", "notices", "remember"], store="rolled back")
    said, _ = run(node, made, [old], ["refresh", "headlines", "report"], store="rolled back")
    assert ok(said, "refresh")["versions"]["channel-ru"] == made.room.publication.version("channel-ru")
    assert ok(said, "report")[0][1] == "behind"
    fresh, _ = run(node, made, [old], ["refresh"])
    assert ok(fresh, "refresh")["versions"]["channel-ru"] < ok(said, "refresh")["versions"]["channel-ru"]


def test_what_is_remembered_already_is_not_written_again_and_another_s_is_not_undone(node: Node) -> None:
    made = press(2)
    run(node, made, [made.tree], ["refresh", "notices", "remember"], store="twice")
    first = node.ask("loaded", "twice")
    assert node.ask("repacked", first) == first
    run(node, made, [made.tree], ["refresh", "notices", "remember"], store="twice")
    assert node.ask("loaded", "twice") == first


def test_a_store_of_another_publication_is_not_used(node: Node) -> None:
    made = press(2)
    run(node, made, [made.tree], ["refresh", "notices", "remember"], store="another's")
    said, _ = run(node, made, [made.tree], ["refresh"], store="another's", root="ab" * 32)
    assert said == Refused("TrustError", "other-publication")


@pytest.mark.parametrize(
    "damage",
    ["", "00", "5b5d0a", "5b5d0a00", "7b7d0a", b'[["a",-1]]\n'.hex(), b"[5]\n".hex()],
)
def test_a_damaged_store_is_said_so(node: Node, damage: str) -> None:
    made = press(2)
    run(node, made, [made.tree], ["refresh", "notices", "remember"], store="damaged")
    node.ask("tamper", ["damaged", damage])
    said, _ = run(node, made, [made.tree], ["refresh"], store="damaged")
    assert said == Refused("FormatError", "stored-trust")


def test_a_run_that_is_closed_asks_nobody(node: Node) -> None:
    made = press(2)
    said, (mirror,) = run(node, made, [made.tree], ["close", "refresh"])
    assert said["refresh"] == {"code": "aborted"}
    assert mirror.paths == []
    said, (mirror,) = run(node, made, [made.tree], ["refresh", "close", "headlines", "notices"])
    assert said["headlines"] == said["notices"] == {"code": "aborted"}
    assert not [path for path in mirror.paths if path.startswith("p/")]


# --- invitations ---------------------------------------------------------------------------------


def test_an_invited_reader_needs_nothing_but_the_invitation_and_moves_on(node: Node) -> None:
    desk = handing()
    made = desk.press

    async def story() -> None:
        async with serving([made.tree, made.tree]) as (first, second):
            mine = (Entrance(second.endpoint.url, b""),)
            desk.hand_out({Place((1,)): mine, Place((2,)): (entrance(9),)})
            invitation = desk.invited((1, 4), (Entrance(first.endpoint.url, b""),)).text()
            steps = ["refresh", "slips", "headlines", "notices", "remember"]
            asked = {"mirrors": [], "invitation": invitation, "now": desk.now, "built": 0, "store": "invited"}
            said = await asyncio.to_thread(node.ask, "read", asked | {"steps": steps})
            assert ok(said, "slips") == {"finding": "moved", "entrances": [second.endpoint.url]}
            slips = [path for path in first.paths + second.paths if path.startswith("s/")]
            assert len(slips) == 2
            assert ok(said, "headlines")
            # The next run begins where it was sent, and leaves the invitation's endpoint alone.
            first.heads.clear()
            said = await asyncio.to_thread(node.ask, "read", asked | {"steps": steps})
            assert ok(said, "slips")["finding"] == "same"
            assert first.heads == []

    asyncio.run(story())


def test_what_one_invitation_was_handed_is_not_another_s(node: Node) -> None:
    desk = handing()

    async def story() -> None:
        async with serving([desk.press.tree, desk.press.tree]) as (first, second):
            desk.hand_out({Place((1,)): (Entrance(first.endpoint.url, b""),)})
            entrances = (Entrance(second.endpoint.url, b""),)
            asked = {"mirrors": [], "now": desk.now, "built": 0, "store": "two invitations"}
            texts = [desk.invited(place, entrances).text() for place in ((1, 4), (2, 3))]
            one, other = (asked | {"invitation": text} for text in texts)
            steps = ["refresh", "slips", "notices", "remember"]
            said = await asyncio.to_thread(node.ask, "read", one | {"steps": steps})
            assert ok(said, "slips")["entrances"] == [first.endpoint.url]
            first.heads.clear()
            said = await asyncio.to_thread(node.ask, "read", other | {"steps": ["refresh"]})
            assert ok(said, "refresh")["freshness"]["isChecked"]
            assert first.heads == []

    asyncio.run(story())


def test_the_invitation_s_endpoints_are_behind_those_of_the_last_slip(node: Node) -> None:
    desk = handing()
    made = desk.press

    async def story() -> None:
        async with serving([made.tree]) as (first,):
            desk.hand_out({Place((1,)): (Entrance(servers.nobody().url, b""),)})
            invitation = desk.invited((1, 4), (Entrance(first.endpoint.url, b""),)).text()
            asked = {"mirrors": [], "invitation": invitation, "now": desk.now, "built": 0, "store": "behind"}
            steps = ["refresh", "slips", "notices", "remember"]
            said = await asyncio.to_thread(node.ask, "read", asked | {"steps": steps})
            assert ok(said, "slips")["finding"] == "moved"
            first.heads.clear()
            said = await asyncio.to_thread(node.ask, "read", asked | {"steps": ["refresh", "slips"]})
            assert ok(said, "refresh")["freshness"]["isChecked"]
            assert first.heads, "nobody answers where the slip sends, so the invitation's own is asked"

    asyncio.run(story())


def test_an_invitation_to_another_publication_is_refused(node: Node) -> None:
    desk = handing()
    invitation = desk.invited((1,), (entrance(1),)).text()
    said = node.ask(
        "read",
        {
            "mirrors": [],
            "invitation": invitation,
            "root": "ab" * 32,
            "now": desk.now,
            "built": 0,
            "steps": [],
        },
    )
    assert said == Refused("TrustError", "invitation-foreign")
    expired = desk.invited((1,), (entrance(1),), expires=desk.now + 9).text()
    asked = {"mirrors": [], "invitation": expired, "now": desk.now + 10, "built": 0, "steps": []}
    assert node.ask("read", asked) == Refused("TrustError", "invitation-expired")
