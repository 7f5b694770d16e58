"""What becomes of a draft: new, changed, corrected, unchanged, kept out."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from mirror.articles import DesignationFound, DesignationKind, Draft, DraftImage
from mirror.errors import SourceError
from mirror.model import State
from mirror.publisher import intake, retract
from mirror.publisher.config import Channel, Images, PublicationConfig, Signing
from mirror.publisher.intake import Intake, Kind
from mirror.publisher.sources import SourceResult
from mirror.publisher.workspace import Workspace

NOW = 1_800_000_000
DAY = 86_400
CONFIG = PublicationConfig("news", "News", (Channel("en", "en", "News"),), Signing(("anna",), 1))
DRAFT = Draft("one", "One", "<p>Text.</p>", language="en", published=NOW - DAY, updated=NOW - DAY)
FOUND = DesignationFound(DesignationKind.UNDESIRABLE, "The office declared us undesirable.", "RU")


@pytest.fixture
def room(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path, CONFIG)


def take(
    room: Workspace, *drafts: Draft, now: int = NOW, images: dict[str, bytes] | None = None, **how: object
) -> Intake:
    planned = intake.plan(room, "en", SourceResult(drafts, images=images or {}), now=now, **how)  # type: ignore[arg-type]
    intake.store(room, planned)
    return planned


def kinds(planned: Intake) -> list[Kind]:
    return [entry.kind for entry in planned.entries]


def codes(planned: Intake) -> list[str]:
    return [problem.code for entry in planned.entries for problem in entry.problems]


def picture(colour: str = "teal") -> bytes:
    out = BytesIO()
    Pillow.new("RGB", (40, 30), colour).save(out, "PNG")
    return out.getvalue()


def test_the_same_again_is_no_change_whatever_its_dates_say(room: Workspace) -> None:
    assert kinds(take(room, DRAFT)) == [Kind.NEW]
    before = room.articles("en")
    for again in (DRAFT, replace(DRAFT, updated=NOW), replace(DRAFT, published=None, updated=None)):
        assert kinds(take(room, again, now=NOW + DAY)) == [Kind.UNCHANGED]
    assert room.articles("en") == before


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Another"},
        {"body": "<p>Another.</p>"},
        {"language": "ru"},
        {"summary": "S"},
        {"byline": "B"},
        {"section": "S"},
        {"source": "https://news.example/1"},
        {"credits": ("Agency",)},
    ],
)
def test_whatever_is_said_otherwise_is_a_change(room: Workspace, change: dict[str, object]) -> None:
    take(room, DRAFT)
    changed = replace(DRAFT, **change)  # type: ignore[arg-type]
    assert kinds(take(room, changed, now=NOW + DAY)) == [Kind.CHANGED]
    article = room.articles("en")["one"]
    assert (article.published, article.updated, article.state) == (NOW - DAY, NOW + DAY, State.LIVE)


def test_a_source_that_dates_its_change_is_believed(room: Workspace) -> None:
    take(room, DRAFT)
    take(room, replace(DRAFT, title="Another", updated=NOW - 5), now=NOW + DAY)
    assert room.articles("en")["one"].updated == NOW - 5


def test_an_article_without_a_date_keeps_the_first_it_got(room: Workspace) -> None:
    undated = replace(DRAFT, published=None, updated=None)
    take(room, undated)
    take(room, replace(undated, title="Another"), now=NOW + DAY)
    assert room.articles("en")["one"].published == NOW


@given(st.lists(st.sampled_from(["as it was", "another", "third"]), min_size=1, max_size=6), st.booleans())
def test_time_never_goes_back_for_an_article(texts: list[str], is_dated: bool) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        room = Workspace(Path(folder), CONFIG)
        last = 0
        for number, text in enumerate(texts):
            draft = replace(DRAFT, body=f"<p>{text}</p>", updated=NOW - number if is_dated else None)
            take(room, draft, now=NOW + number)
            article = room.articles("en")["one"]
            assert article.updated >= max(last, article.published)
            last = article.updated


def test_a_correction_stands_on_exactly_one(room: Workspace) -> None:
    two = replace(DRAFT, id="two")
    take(room, DRAFT, two)
    one, other = replace(DRAFT, title="Another"), replace(two, title="Another")
    for drafts in ((DRAFT, two), (one, other), (replace(DRAFT, id="three"),)):
        with pytest.raises(SourceError, match="correction"):
            take(room, *drafts, correction="It was another.")
    assert kinds(take(room, one, two, correction="It was another.")) == [Kind.CORRECTED, Kind.UNCHANGED]
    article = room.articles("en")["one"]
    assert article.state is State.CORRECTED
    assert [each.text for each in article.corrections] == ["It was another."]


def test_what_was_taken_back_stays_away(room: Workspace) -> None:
    take(room, DRAFT, replace(DRAFT, id="two"))
    retract.withdraw(room, "one", "It was wrong.", now=NOW)
    retract.remove(room, "two", now=NOW)
    drafts = [replace(DRAFT, title="Back"), replace(DRAFT, id="two", title="Back")]
    assert codes(take(room, *drafts)) == ["withdrawn-stays", "removed-stays"]
    planned = take(room, *drafts, restore=True)
    assert kinds(planned) == [Kind.CHANGED, Kind.KEPT_OUT]
    assert room.articles("en")["one"].state is State.LIVE
    assert room.articles("en")["two"].title == retract.REMOVED_TITLE


def test_drafts_that_cannot_be_articles_are_kept_out_and_said(room: Workspace) -> None:
    planned = take(room, replace(DRAFT, body=""), replace(DRAFT, id="two"))
    assert kinds(planned) == [Kind.KEPT_OUT, Kind.NEW]
    assert codes(planned) == ["article-empty"]
    only = Draft(
        "three", "Three", '<figure><img src="image:0" alt=""></figure>', images=(DraftImage("gone.png"),)
    )
    assert codes(take(room, only)) == ["article-empty"]


def test_ids_twice_are_refused_before_anything_is_written(room: Workspace) -> None:
    with pytest.raises(SourceError) as caught:
        take(room, DRAFT, replace(DRAFT, title="Another"))
    assert caught.value.code == "duplicate-id"
    assert room.articles("en") == {}


ILLUSTRATED = replace(
    DRAFT,
    body='<p>A</p><figure><img src="image:0" alt="First"></figure><p>B <img src="image:1" alt="Second"></p>',
    images=(DraftImage("a.png", "First"), DraftImage("b.png", "Second", "Somebody")),
)


def test_pictures_that_cannot_be_had_leave_their_words(room: Workspace) -> None:
    planned = take(room, ILLUSTRATED, images={"a.png": b"no picture", "b.png": picture()})
    article = room.articles("en")["one"]
    assert article.body == '<p>A</p><p><em>[First]</em></p><p>B <img src="image:0" alt="Second"></p>'
    assert [(each.alt, each.credit) for each in article.images] == [("Second", "Somebody")]
    assert codes(planned) == ["image-unreadable"]
    assert room.image(article.images[0].thumbnail.digests[0])
    take(room, ILLUSTRATED)
    article = room.articles("en")["one"]
    assert article.body == "<p>A</p><p><em>[First]</em></p><p>B <em>[Second]</em></p>"
    assert article.images == ()


def test_another_picture_is_a_change_and_the_old_one_can_be_swept(room: Workspace) -> None:
    take(room, ILLUSTRATED, images={"b.png": picture()})
    assert kinds(take(room, ILLUSTRATED, images={"b.png": picture()})) == [Kind.UNCHANGED]
    assert kinds(take(room, ILLUSTRATED, images={"b.png": picture("red")})) == [Kind.CHANGED]
    assert room.sweep_images() == 1
    for digest in room.articles("en")["one"].images[0].thumbnail.digests:
        room.image(digest)


def test_a_publication_without_pictures_takes_none(tmp_path: Path) -> None:
    room = Workspace(tmp_path, replace(CONFIG, images=Images(carry=False)))
    assert codes(take(room, ILLUSTRATED, images={"a.png": picture(), "b.png": picture()})) == []
    assert room.articles("en")["one"].images == ()


def test_a_prepared_picture_whose_pieces_are_gone_is_prepared_again(room: Workspace) -> None:
    take(room, ILLUSTRATED, images={"b.png": picture()})
    [piece] = (room.folder / "images").glob("*/*")
    piece.unlink()
    planned = take(room, replace(ILLUSTRATED, title="Another"), images={"b.png": picture()})
    assert kinds(planned) == [Kind.CHANGED]
    assert piece.is_file()


def test_designations_are_remembered_until_their_article_goes(room: Workspace) -> None:
    take(room, replace(DRAFT, designations=(FOUND,)), replace(DRAFT, id="two"))
    assert intake.designations(room) == {"en/one": (FOUND,)}
    take(room, replace(DRAFT, id="two", title="Another"))
    assert intake.designations(room) == {"en/one": (FOUND,)}
    retract.remove(room, "one", now=NOW)
    assert intake.designations(room) == {}
    (room.folder / "state" / "designations.json").write_text("[1]")
    with pytest.raises(SourceError, match="damaged"):
        intake.designations(room)


def test_removing_for_harm_leaves_nothing_but_the_id(room: Workspace) -> None:
    telling = replace(
        DRAFT, summary="S", byline="B", section="S", source="https://news.example/name", credits=("C",)
    )
    take(room, telling)
    article = retract.remove(room, "one", now=NOW + 5)
    assert article == room.articles("en")["one"]
    said = (article.title, article.body, article.summary, article.byline, article.section, article.source)
    assert said == ("[removed]", "", "", "", "", "")
    assert (article.credits, article.corrections, article.updated) == ((), (), NOW + 5)
