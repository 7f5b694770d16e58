"""An article endangers someone and is removed for harm. Then nobody finds it, in whole or in part.

Whoever seizes a mirror that obeys (it destroys what ``purged`` names) finds neither the text nor a
passage of it: not in clusters, pages and front pages, not in the dictionary that was trained on it.
And what left an edition because of its age never makes an older text valid again.
"""

from dataclasses import replace
from unittest import mock

import pytest
import zstandard

from helpers.editions import DAY, NOW, Shelf, small_layout, story
from mirror.bundle import dictionary as dictionaries
from mirror.bundle import edition as editions
from mirror.bundle import layout, pack, piece
from mirror.bundle import manifest as manifests
from mirror.bundle.edition import Edition
from mirror.model import Article, State

NAME = "Свидетелева"
PASSAGE = " ".join(f"{NAME} видела {n} ящиков с архивом суда у склада" for n in range(60))


def witness(**changed: object) -> Article:
    said = {"title": f"{NAME} рассказала", "summary": f"{NAME} говорит", "body": f"<p>{PASSAGE}</p>"}
    return replace(story(777, "ru", day=5), **{**said, **changed})  # type: ignore[arg-type]


def removed() -> Article:
    said = witness(state=State.CORRECTED)
    return replace(said, title="Материал удалён", summary="", body="", state=State.REMOVED, updated=NOW)


def everything_told(shelf: Shelf, heads: list[str]) -> str:
    """All text that somebody who holds the shelf's pieces can get out of them."""
    told: list[str] = []
    for data in shelf.pieces.values():
        frame = data[: piece.frame_end(data)] if data.startswith(b"\x28\xb5\x2f\xfd") else b""
        try:
            told.append(zstandard.ZstdDecompressor().decompress(frame).decode("utf-8", "replace"))
        except zstandard.ZstdError:  # needs a dictionary, or goes on in another piece
            continue
    for head in heads:
        if head not in shelf.pieces:
            continue
        edition = editions.open_edition(head, shelf.pieces.__getitem__)
        told += [f"{a.title} {a.summary} {a.body}" for page in edition.pages for a in page.articles]
        told += [f"{a.title} {a.body}" for a in edition.manifest.front.stories]
        for dictionary in edition.dictionaries:
            told += dictionary.codebook.strings
            told.append(in_words(dictionary))
    return "\n".join(told)


def in_words(dictionary: dictionaries.Dictionary) -> str:
    """What the content says, from both places where a code of two bytes may begin."""
    known = dict(dictionary.codebook._texts)
    said = []
    for begin in (0, 1):
        content, at = dictionary.content.decode("latin-1"), begin
        while at < len(content):
            two, one = content[at : at + 2], content[at]
            said.append(known.get(two) or known.get(one) or (one if one.isascii() else "?"))
            at += 2 if two in known else 1
    return "".join(said)


def last_samples(samples: list[bytes]) -> bytes:
    """A training that values most what stands last, by id: the witness."""
    return b"".join(samples)[-4_096:]


def shelf_with_witness() -> tuple[Shelf, Edition]:
    shelf = Shelf()
    articles = [*(story(number, "ru", day=number // 4) for number in range(60)), witness()]
    with small_layout(), mock.patch.object(dictionaries, "_train_content", last_samples):
        return shelf, shelf.release(articles)


def test_the_text_is_found_before() -> None:
    """The twin: the search that finds nothing below finds it here, also in the dictionary."""
    shelf, edition = shelf_with_witness()
    assert NAME in everything_told(shelf, [edition.head])
    [dictionary] = edition.dictionaries
    assert f" {NAME}" in dictionary.codebook.strings
    assert dictionary.content
    assert NAME in in_words(dictionary)


def test_nothing_of_a_removed_text_is_left() -> None:
    shelf, before = shelf_with_witness()
    with small_layout():
        after = shelf.release([removed()])
    assert after.articles()["ru-777"] == removed()
    assert len(after.articles()) == 61
    told = everything_told(shelf, [before.head, after.head])
    assert "мост" in told
    assert NAME not in told
    assert "архивом" not in told
    assert shelf.packed is not None
    assert before.head in shelf.packed.purged


def test_a_codebook_that_tells_a_name_keeps_all_other_pages() -> None:
    """Without content there is nothing to train anew: the name's code is retired, and the rest stays."""
    shelf = Shelf()
    with small_layout(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(dictionaries, "LEAST_TEXT_FOR_CONTENT", 1 << 30)
        patch.setattr(layout, "TAIL_PAGES", 99)
        before = shelf.release([*(story(number, "ru", day=number * 2) for number in range(60)), witness()])
        assert f" {NAME}" in before.dictionaries[0].codebook.strings
        after = shelf.release([removed()])
    assert NAME not in everything_told(shelf, [before.head, after.head])
    kept = {page.ref for page in before.pages} & {page.ref for page in after.pages}
    assert len(kept) >= len(before.pages) - 1
    assert after.articles() == {**before.articles(), "ru-777": removed()}


def test_every_edition_that_told_it_is_forgotten() -> None:
    """It was told, corrected, corrected again, and withdrawn before it was removed."""
    shelf, first = shelf_with_witness()
    heads = [first.head]
    with small_layout():
        for said in (
            witness(body=f"<p>{PASSAGE} и ещё раз</p>", state=State.CORRECTED),
            witness(body=f"<p>Поправка: {PASSAGE}</p>", state=State.CORRECTED),
            replace(witness(), body="", summary="", state=State.WITHDRAWN),
            removed(),
        ):
            heads.append(shelf.release([said]).head)
            shelf.release([story(900 + len(heads), "ru", day=60 + len(heads))])
    assert NAME not in everything_told(shelf, heads)


def test_what_left_the_edition_long_ago_is_not_remembered_either() -> None:
    """Its days are over and no page tells it; then somebody asks that it be destroyed."""
    shelf, first = shelf_with_witness()
    first_day = (NOW - 100 * DAY) // DAY
    with small_layout():
        later = shelf.release([story(801, "ru", day=20)], drop_before=first_day + 7)
        assert "ru-777" not in later.articles()
        assert NAME in everything_told(shelf, [later.head])
        last = shelf.release([removed()], drop_before=first_day + 7)
    assert last.articles()["ru-777"] == removed()
    assert NAME not in everything_told(shelf, [first.head, later.head, last.head])


def test_a_title_that_named_someone_can_be_removed_later() -> None:
    shelf, _ = shelf_with_witness()
    with small_layout():
        edition = shelf.release([replace(removed(), title=f"{NAME}: удалено")])
        assert NAME in everything_told(shelf, [edition.head])
        edition = shelf.release([removed()])
    assert NAME not in everything_told(shelf, [edition.head])


def test_a_correction_is_not_undone_by_forgetting_it() -> None:
    """The page of the correction leaves with its days; the page of the wrong text is still in time."""
    shelf = Shelf()
    wrong = story(1, day=10)
    right = replace(wrong, body="<p>Corrected.</p>", state=State.CORRECTED)
    with small_layout():
        shelf.release([wrong, *(story(number, day=number) for number in range(10, 16))])
        shelf.release([right])
        first_day = (NOW - 100 * DAY) // DAY
        edition = shelf.release([story(99, day=40)], drop_before=first_day + 12)
    assert edition.articles()["en-1"] == right


def test_a_withdrawal_outlives_the_days_of_its_article() -> None:
    """Whoever kept a copy learns of it for a whole window, however old the article is."""
    shelf = Shelf()
    first_day = (NOW - 100 * DAY) // DAY
    with small_layout():
        shelf.release([story(1, day=0), story(2, day=50)])
        gone = replace(story(1, day=0), body="", summary="", state=State.REMOVED, updated=NOW)
        edition = shelf.release([gone, story(3, day=99)], drop_before=first_day + 60)
        assert edition.articles()["en-1"] == gone
        again = shelf.release([story(4, day=99)], drop_before=first_day + 61)
        assert again.articles()["en-1"] == gone


def test_a_front_page_never_leads_to_what_left() -> None:
    shelf = Shelf()
    first_day = (NOW - 100 * DAY) // DAY
    with small_layout():
        shelf.release([story(number, day=number) for number in range(30)])
        edition = shelf.release([], drop_before=first_day + 28)
    listed = {article.id for article in edition.manifest.front.listed}
    assert listed
    assert listed <= edition.articles().keys()
    assert manifests.parse(manifests.encode(edition.manifest)) == edition.manifest
    assert isinstance(shelf.packed, pack.Packed)
