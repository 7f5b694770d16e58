"""Fetching editions over several mirrors, in memory: failover, evidence, bytes, and what is asked."""

from collections.abc import Mapping

import pytest

from helpers import virtual
from helpers.memory import Behaviour, MemoryTransport, altering, failing
from helpers.newsroom import NOW
from helpers.publication import Press, article, corrected, press, withdrawn
from mirror.bundle.edition import text_pieces
from mirror.bundle.piece import name_of, path_of
from mirror.client.edition import RemoteEdition, fetch_notices, wanted
from mirror.client.fetch import MemoryHoldings, Pieces
from mirror.client.lines import Lines
from mirror.client.refresh import refresh
from mirror.client.report import Ledger, Part, Verdict
from mirror.errors import FormatError, TrustError, UnreachableError
from mirror.limits import MAX_PIECE
from mirror.model import State
from mirror.notices import decode
from mirror.trust.session import MetadataSession
from mirror.trust.verified import Verified

THREE = ("m1", "m2", "m3")


class Run:
    """One reader's run over mirrors of a press."""

    def __init__(
        self,
        press: Press,
        names: tuple[str, ...] = THREE,
        behaviours: Mapping[str, Behaviour] | None = None,
        holdings: MemoryHoldings | None = None,
    ) -> None:
        self.press = press
        self.transport = MemoryTransport(dict.fromkeys(names, press.tree), behaviours or {})
        self.ledger = Ledger(names)
        self.holdings = holdings or MemoryHoldings()
        mirrors = self.transport.mirrors
        self.lines = Lines(mirrors, self.transport)
        self.pieces = Pieces(mirrors, self.transport, self.holdings, self.ledger, self.lines)

    async def verified(self, channel: str = "ru") -> Verified:
        names = [mirror.name for mirror in self.transport.mirrors]
        session = MetadataSession(
            self.press.newcomer(), names, now=self.press.room.now, wanted=wanted(channel), head=channel
        )
        verified = await refresh(session, self.lines, self.ledger, everyone=True)
        self.ledger.observed(verified.observations)
        return verified

    async def edition(self, channel: str = "ru") -> RemoteEdition:
        return await RemoteEdition.open(await self.verified(channel), channel, self.pieces)

    def verdicts(self) -> dict[str, Verdict]:
        return {each.name: each.verdict for each in self.ledger.report()}

    def pieces_asked(self) -> list[str]:
        return [path for _, path in self.transport.asked if path.startswith("p/")]


@pytest.fixture(scope="module")
def small() -> Press:
    return press(6)


@pytest.fixture(scope="module")
def large() -> Press:
    """Two days, several pages, articles that no front page can hold, a codebook."""
    made = Press()
    stories = [
        article(number, words=700, published=NOW - number * 43_200, updated=NOW - number * 43_200)
        for number in range(60)
    ]
    return made.release("ru", stories)


def test_a_newcomer_reads_a_top_story_from_one_piece(small: Press) -> None:
    async def story() -> None:
        run = Run(small)
        edition = await run.edition()
        read = await edition.article("ru-story-5")
        assert read == article(5)
        assert len(run.pieces_asked()) == 1
        assert run.ledger.cost().fetched.keys() == {Part.METADATA, Part.HEAD}

    virtual.play(story())


def test_any_article_is_complete_and_its_whole_page_is_fetched(large: Press) -> None:
    async def story() -> None:
        edition = large.editions["ru"]
        assert len(edition.pages) > 1
        for opened in edition.pages:
            for wanted_article in opened.articles[::9]:
                run = Run(large)
                remote = await run.edition()
                if wanted_article.id in {story.id for story in remote.manifest.front.stories}:
                    continue
                before = len(run.pieces_asked())
                assert await remote.article(wanted_article.id) == wanted_article
                asked = set(run.pieces_asked()[before:])
                clusters = {path_of(d) for c in opened.page.clusters for d in c.pieces.digests}
                assert clusters <= asked
                others = [p for p in edition.pages if p is not opened]
                strange = {path_of(d) for p in others for c in p.page.clusters for d in c.pieces.digests}
                assert not strange & asked

    virtual.play(story())


@pytest.fixture(scope="module")
def clustered() -> Press:
    """A page of several clusters, as a busy day has."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mirror.bundle.layout.CLUSTER_TEXT", 20_000)
        made = Press().release(
            "ru", [article(n, words=2_000, published=NOW - n, updated=NOW) for n in range(9)]
        )
    assert max(len(opened.page.clusters) for opened in made.editions["ru"].pages) > 1
    return made


def test_all_clusters_of_a_page_are_fetched_for_one_article(clustered: Press) -> None:
    async def story() -> None:
        edition = clustered.editions["ru"]
        opened = max(edition.pages, key=lambda opened: len(opened.page.clusters))
        told = {story.id for story in edition.manifest.front.stories}
        chosen = next(each for each in opened.articles if each.id not in told)
        run = Run(clustered)
        assert await (await run.edition()).article(chosen.id) == chosen
        clusters = {path_of(name) for each in opened.page.clusters for name in each.pieces.digests}
        assert clusters <= set(run.pieces_asked())

    virtual.play(story())


def test_two_articles_of_one_page_look_the_same_to_a_mirror(large: Press) -> None:
    async def asked_for(article_id: str) -> list[str]:
        run = Run(large, ("m1",))
        assert await (await run.edition()).article(article_id) is not None
        return sorted(run.pieces_asked())

    page = max(large.editions["ru"].pages, key=lambda page: len(page.articles))
    told = {story.id for story in large.editions["ru"].manifest.front.stories}
    ids = [each.id for each in page.articles if each.id not in told][:3]
    assert len(ids) > 1
    assert len({tuple(virtual.play(asked_for(each))) for each in ids}) == 1


def test_the_last_word_on_an_article_is_found(large: Press) -> None:
    async def story() -> None:
        made = Press()
        first = [article(n, words=2_000, published=NOW - n * 86_400, updated=NOW) for n in range(12)]
        made.release("ru", first)
        changed = corrected(first[11], "The date was wrong.", NOW + 60)
        gone = withdrawn(first[10], "It was not so.", NOW + 60)
        made.later().release("ru", [changed, gone])
        run = Run(made)
        edition = await run.edition()
        assert await edition.article(changed.id) == changed
        assert await edition.article(gone.id) == gone
        assert await edition.article("ru-story-404") is None
        listed = {each.id: each.state for each in await edition.listed()}
        assert (listed[changed.id], listed[gone.id]) == (State.CORRECTED, State.WITHDRAWN)
        assert len(listed) == 12

    virtual.play(story())


def test_everything_is_the_edition_as_it_was_packed(large: Press) -> None:
    async def story() -> None:
        run = Run(large)
        got = await (await run.edition()).everything()
        assert got == large.editions["ru"]
        assert sorted(run.pieces_asked()) == sorted({path_of(name) for name in text_pieces(got)})

    virtual.play(story())


def test_an_update_fetches_only_what_is_new_and_counts_it(large: Press) -> None:
    async def story() -> None:
        made = Press()
        made.release(
            "ru", [article(n, words=2_000, published=NOW - n * 86_400, updated=NOW) for n in range(20)]
        )
        first = Run(made)
        await (await first.edition()).everything()
        made.later().release("ru", [article(30, words=300, published=NOW + 3_600, updated=NOW + 3_600)])
        second = Run(made, holdings=MemoryHoldings(first.holdings))
        got = await (await second.edition()).everything()
        assert got == made.editions["ru"]
        cost = second.ledger.cost()
        news = sum(len(data) for data in second.holdings.pieces.values())
        assert sum(size for part, size in cost.fetched.items() if part is not Part.METADATA) == news
        assert second.holdings.pieces == made.packed["ru"].pieces
        assert cost.held[Part.CLUSTERS] > 0
        assert cost.total == news + cost.fetched[Part.METADATA]

    virtual.play(story())


@pytest.mark.parametrize("code", ["absent", "broken", "refused", "silent", "unreachable"])
def test_what_one_mirror_does_not_give_another_does(large: Press, code: str) -> None:
    async def story() -> None:
        run = Run(large, behaviours={"m1": failing(code, "p/")})
        assert await (await run.edition()).everything() == large.editions["ru"]
        verdicts = run.verdicts()
        assert verdicts["m1"] is (Verdict.WITHHELD if code == "absent" else Verdict.GOOD)
        assert {verdicts["m2"], verdicts["m3"]} == {Verdict.GOOD}

    virtual.play(story())


def test_wrong_bytes_name_the_liar_who_is_not_asked_again(large: Press) -> None:
    """The second mirror is asked for pieces first: the first one's connection brought the head already."""

    async def story() -> None:
        run = Run(large, behaviours={"m2": altering("p/")})
        assert await (await run.edition()).everything() == large.editions["ru"]
        assert run.verdicts() == {"m1": Verdict.GOOD, "m2": Verdict.LIED, "m3": Verdict.GOOD}
        assert [name for name, path in run.transport.asked if path.startswith("p/")].count("m2") == 1
        assert run.ledger.cost().wasted == len(large.get(large.editions["ru"].head))

    virtual.play(story())


@pytest.mark.parametrize("size", [1, 2_559, 2_560, MAX_PIECE, MAX_PIECE + 1, 1 << 20])
def test_a_block_page_of_any_size_is_a_wrong_piece(small: Press, size: int) -> None:
    async def story() -> None:
        page = b"<html>blocked</html>".ljust(size)[:size]
        run = Run(small, behaviours={"m2": lambda path, answer: page if path.startswith("p/") else answer})
        assert (await run.edition()).manifest.number == 1
        assert run.verdicts()["m2"] is Verdict.LIED
        [evidence] = next(each.evidence for each in run.ledger.report() if each.name == "m2")
        assert evidence.code == ("oversized-piece" if size > MAX_PIECE else "wrong-piece")
        assert evidence.about == Part.HEAD

    virtual.play(story())


def test_a_piece_under_another_s_name_is_refused(large: Press) -> None:
    async def story() -> None:
        names = [path for path in large.tree if path.startswith("p/")]
        swapped = {name: large.tree[names[i - 1]] for i, name in enumerate(names)}
        run = Run(large, behaviours={"m1": swapped.get})
        assert await (await run.edition()).everything() == large.editions["ru"]
        assert run.verdicts()["m1"] is Verdict.LIED

    virtual.play(story())


def test_when_all_lie_nothing_is_shown_and_all_are_named(small: Press) -> None:
    async def story() -> None:
        run = Run(small, behaviours={name: altering("p/") for name in THREE})
        with pytest.raises(UnreachableError) as caught:
            await run.edition()
        assert caught.value.code == "piece-unreachable"
        assert set(run.verdicts().values()) == {Verdict.LIED}
        assert run.holdings.pieces == {}

    virtual.play(story())


def test_what_came_before_the_loss_is_held_for_the_next_try(large: Press) -> None:
    async def story() -> None:
        [*_, last] = text_pieces(large.editions["ru"])
        run = Run(large, behaviours={name: failing("absent", last) for name in THREE})
        with pytest.raises(UnreachableError):
            await (await run.edition()).everything()
        held = dict(run.holdings.pieces)
        assert last not in held
        again = Run(large, holdings=MemoryHoldings(run.holdings))
        assert await (await again.edition()).everything() == large.editions["ru"]
        assert set(again.pieces_asked()) == {path_of(last)} | (
            {path_of(name) for name in text_pieces(large.editions["ru"])} - {path_of(name) for name in held}
        )

    virtual.play(story())


def test_a_damaged_holding_is_fetched_again(small: Press) -> None:
    class Rotten(MemoryHoldings):
        async def piece(self, name: str) -> bytes | None:
            data = small.tree.get(path_of(name))
            return data and data[:-1] + b"x"

    async def story() -> None:
        run = Run(small, holdings=Rotten())
        assert (await run.edition()).manifest.number == 1
        assert len(run.pieces_asked()) == 1

    virtual.play(story())


def test_notices_are_fetched_whole_and_equal(small: Press) -> None:
    async def story() -> None:
        run = Run(small)
        fetched = await fetch_notices(await run.verified(), run.pieces)
        assert decode(fetched.raw).publisher == "example"
        assert set(fetched.pieces) == set(run.holdings.pieces)
        assert run.ledger.cost().fetched[Part.NOTICES] > 0

    virtual.play(story())


def test_missing_notices_are_told_from_unreachable_ones() -> None:
    async def story() -> None:
        bare = Press().release("ru", [article(1)], notices_too=False)
        run = Run(bare)
        with pytest.raises(TrustError) as caught:
            await fetch_notices(await run.verified(), run.pieces)
        assert caught.value.code == "notices-missing"
        made = press(2)
        head = path_of(made.notices_head)
        run = Run(made, behaviours={name: failing("absent", head) for name in THREE})
        with pytest.raises(UnreachableError):
            await fetch_notices(await run.verified(), run.pieces)

    virtual.play(story())


def test_a_channel_that_was_never_released_is_said_to_be_so(small: Press) -> None:
    async def story() -> None:
        for channel in ("en", "nothing"):
            with pytest.raises(TrustError) as caught:
                await Run(small).edition(channel)
            assert caught.value.code == "no-edition"

    virtual.play(story())


def test_an_edition_signed_for_another_channel_is_refused() -> None:
    async def story() -> None:
        made = press(2)
        head = made.editions["ru"].head
        data = made.get(head)
        made.sign({"en": {"en/head": (len(data), name_of(data))}})
        with pytest.raises(FormatError) as caught:
            await Run(made).edition("en")
        assert caught.value.code == "other-channel"

    virtual.play(story())


def test_pictures_are_fetched_only_when_asked_for() -> None:
    async def story() -> None:
        made = Press()
        raw = bytes(range(256)) * 100
        tier = made.add_image(raw)
        run = Run(made.release("ru", [article(1)]))
        edition = await run.edition()
        await edition.everything()
        assert not {path_of(name) for name in tier.digests} & set(run.pieces_asked())
        assert await edition.image(tier) == raw

    virtual.play(story())


def test_a_stale_mirror_without_the_new_pieces_is_behind_and_not_a_liar() -> None:
    async def story() -> None:
        made = press(3)
        old = dict(made.tree)
        made.later().release("ru", [article(9)])
        run = Run(made)
        run.transport.trees = {"m1": old, "m2": made.tree, "m3": made.tree}
        assert (await run.edition()).manifest.number == 2
        assert run.verdicts()["m1"] is Verdict.BEHIND

    virtual.play(story())
