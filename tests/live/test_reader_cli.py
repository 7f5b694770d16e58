"""``mirror reader`` as a person meets it: what is printed, what is asked, and how it ends."""

import hashlib
import json
from copy import deepcopy
from functools import cache
from pathlib import Path

import pytest

from helpers.memory import altering, failing
from helpers.newsroom import NOW, holders, signer
from helpers.publication import DAY, Press, article, corrected, withdrawn
from helpers.reading import Reader
from mirror.cli import main
from mirror.model import Article, Image, State
from mirror.store.atomic import locked
from mirror.trust import ceremony, changes


def story(number: int) -> Article:
    """Long enough that the front page cannot hold all thirty."""
    return article(number, words=300)


@cache
def paper() -> Press:
    made = Press()
    return made.release("ru", [story(number) for number in range(30)], top=["ru-story-7"])


@pytest.fixture
def reader(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Reader:
    return Reader(deepcopy(paper()), capsys, monkeypatch, tmp_path)


def library(folder: Path) -> list[str]:
    file = folder / "passphrase"
    if not file.exists():
        file.write_text("a passphrase\n")
        file.chmod(0o600)
    return ["--library", str(folder / "books"), "--passphrase-file", str(file)]


def test_headlines_number_the_front_page_top_story_first(reader: Reader) -> None:
    assert reader.run("headlines") == 0
    lines = reader.said.splitlines()
    assert "Example News" in lines[0]
    assert "edition 1" in lines[0]
    assert lines[1].startswith("Current: ")
    [first] = [line for line in lines if line.startswith("  1  ")]
    assert article(7).title in first
    assert "2026-12" in reader.said
    assert "City" in reader.said


def test_headlines_as_facts(reader: Reader) -> None:
    facts = reader.facts("headlines")
    assert [each["number"] for each in facts["headlines"]] == list(range(1, 25))
    assert facts["headlines"][0]["id"] == "ru-story-7"
    assert (facts["publication"], facts["edition"], facts["lied"]) == ("Example News", 1, [])
    assert facts["freshness"]["state"] == "current"


def test_all_headlines_go_on_counting_after_the_front_page(reader: Reader) -> None:
    front = reader.facts("headlines")["headlines"]
    everything = reader.facts("headlines", "--all")["headlines"]
    assert everything[: len(front)] == front
    assert sorted(each["id"] for each in everything) == sorted(f"ru-story-{n}" for n in range(30))
    assert reader.facts("show", "30")["article"]["id"] == everything[29]["id"]


def test_only_one_section(reader: Reader) -> None:
    reader.press.later().release("ru", [article(50, section="Sport")])
    reader.clock.at = reader.press.room.now
    assert [each["id"] for each in reader.facts("headlines", "--section", "Sport")["headlines"]] == [
        "ru-story-50"
    ]


def test_an_article_by_number_and_by_id_is_the_same_and_whole(reader: Reader) -> None:
    assert reader.run("show", "1") == 0
    by_number = reader.said
    assert reader.run("show", "ru-story-7") == 0
    assert reader.said == by_number
    told = story(7)
    for part in (told.title, told.byline, told.credits[0], told.id, "Current: "):
        assert part in by_number
    text = " ".join(by_number.split())
    assert told.body.split("<p>")[1].removesuffix("</p>") in text


def test_an_article_as_facts(reader: Reader) -> None:
    facts = reader.facts("show", "ru-story-3")["article"]
    told = story(3)
    assert facts["body_html"] == told.body
    assert "<" not in facts["body_text"]
    assert (facts["id"], facts["title"], facts["source"]) == (told.id, told.title, told.source)


@pytest.mark.parametrize("name", ["0", "31", "999999999999", "ru-story-99", "../../etc/passwd", "-", "١"])
def test_there_is_no_such_article(reader: Reader, name: str) -> None:
    assert reader.run("show", "--", name) == 3
    assert "[no-article]" in reader.told


def test_the_notice_for_reading_stands_below_and_names_no_reader(reader: Reader) -> None:
    reader.run("headlines", "--located", "RU")
    told = reader.said
    assert "undesirable" in told
    reader.run("headlines", "--located", "FR", "--citizen", "RU")
    assert reader.said == told


def test_corrections_and_withdrawals_are_shown(reader: Reader) -> None:
    later = reader.press.later().room.now
    changed = corrected(story(7), "The day was wrong.", later)
    gone = withdrawn(story(3), "It did not happen.", later)
    reader.press.release("ru", [changed, gone], top=["ru-story-7"])
    reader.clock.at = later
    assert reader.run("show", "1") == 0
    assert "Corrected after it appeared" in reader.said
    assert "The day was wrong." in reader.said
    assert reader.run("show", gone.id) == 0
    assert "Withdrawn by the publisher" in reader.said
    assert "It did not happen." in reader.said
    assert reader.run("headlines", "--all") == 0
    assert "(corrected)" in reader.said
    assert "(withdrawn)" in reader.said


def test_what_was_removed_for_harm_is_not_listed(reader: Reader) -> None:
    later = reader.press.later().room.now
    reader.press.release("ru", [withdrawn(story(3), "It endangers someone.", later, State.REMOVED)])
    reader.clock.at = later
    assert "ru-story-3" not in [each["id"] for each in reader.facts("headlines", "--all")["headlines"]]
    assert reader.run("show", "ru-story-3") == 0
    assert "destroy copies" in reader.said


def test_pictures_are_listed_by_what_is_said_of_them(reader: Reader) -> None:
    tier = reader.press.add_image(b"picture")
    image = Image(tier, None, "image/avif", 20, 10, "A bridge", "A. Photographer")
    body = '<p>x</p><figure><img src="image:0" alt="A bridge"></figure>'
    reader.press.later().release("ru", [article(60, body=body, images=(image,))])
    reader.clock.at = reader.press.room.now
    reader.run("show", "ru-story-60")
    assert "[picture: A bridge · A. Photographer]" in reader.said


def test_status_says_who_signed_when_and_what_each_mirror_did(reader: Reader) -> None:
    reader.mirrors("good", "liar", "dead", liar=altering("p/"), dead=failing("unreachable"))
    reader.press.later()
    reader.clock.at = NOW + 2 * DAY
    assert reader.run("status") == 0
    for said in (
        "root, version 1: signed by 3 of 3 holders, 2 needed",
        "channel-ru",
        "2 days old",
        "mirror 3: did not answer",
        "no connection",
        "Fetched ",
        "metadata",
        "edition 1 of 2027",
        "Nothing is kept on this device.",
    ):
        assert said in reader.said, said


def test_status_names_the_liar(reader: Reader) -> None:
    reader.mirrors("good", "liar", liar=altering("p/"))
    facts = reader.facts("status")
    assert facts["lied"] == ["mirror 2"]
    good, liar = facts["mirrors"]
    assert (liar["verdict"], good["verdict"]) == ("lied", "good")
    assert liar["evidence"][0]["code"] == "wrong-piece"
    assert facts["cost"]["wasted"] > 0
    assert facts["signers"]["targets"]["threshold"] == 2
    reader.run("headlines")
    assert "mirror 2 lied" in reader.said


def test_a_mirror_that_lied_about_metadata_is_asked_for_no_piece(reader: Reader) -> None:
    reader.mirrors("liar", "poor", liar=altering("timestamp", "heads"), poor=failing("absent", "p/"))
    assert reader.run("headlines") == 6
    assert {name for name, path in reader.transport.asked if path.startswith("p/")} == {"mirror 2"}


def test_an_old_statement_is_shown_as_old_and_a_slow_clock_is_told(reader: Reader) -> None:
    reader.clock.at = NOW + 400 * DAY
    assert reader.run("status") == 0
    assert "held back" in reader.said  # it expired, and yet mirrors answer
    reader.clock.at = NOW - 30 * DAY
    assert reader.run("status") == 0
    assert "30 days slow" in reader.said


def test_when_no_mirror_answers_each_is_named(reader: Reader) -> None:
    reader.mirrors("dead", "silent", dead=failing("unreachable"), silent=failing("silent"))
    assert reader.run("headlines") == 6
    assert "mirror 1: did not answer" in reader.told
    assert "mirror 2: did not answer" in reader.told
    assert "[unreachable]" in reader.told


def test_the_root_may_be_a_digest(reader: Reader) -> None:
    digest = hashlib.sha256(reader.press.root).hexdigest()
    reader.mirrors("liar", "good", liar=altering("root"))
    assert reader.run("headlines", "--root", digest) == 0
    assert "mirror 1 lied" in reader.said
    assert reader.run("headlines", "--root", "0" * 64) == 6
    assert "[root-unreachable]" in reader.told


def test_another_publication_s_root_shows_nothing(reader: Reader) -> None:
    strangers, online = holders("xi"), holders("yo")
    other = changes.new_publication(
        root=strangers,
        targets=strangers,
        snapshot=online,
        timestamp=online,
        notices=strangers,
        channels={"ru": strangers},
        now=NOW,
    )
    signed = ceremony.sign(other, signer("xi"))
    reader.root.write_bytes(ceremony.commit(signed, [signer("yo")], now=NOW).roots[0])
    assert reader.run("headlines") == 5
    assert reader.said == ""
    assert "mirror 1: LIED" in reader.told


# --- the acts -------------------------------------------------------------------------------------


def test_sharing_is_stopped_by_the_gate(reader: Reader) -> None:
    assert reader.run("share", "1") == 8
    assert reader.said == ""
    assert "Safer:" in reader.told
    assert "[not-confirmed]" in reader.told


@pytest.mark.parametrize(("how", "flag"), [("public", "share"), ("private", "send"), ("link", "copy")])
def test_each_way_of_sharing_has_its_own_flag(reader: Reader, how: str, flag: str) -> None:
    for other in {"share", "send", "copy"} - {flag}:
        assert reader.run("share", "1", "--how", how, f"--i-understand-{other}") == 8
    assert reader.run("share", "1", "--how", how, f"--i-understand-{flag}") == 0
    if how == "link":
        assert reader.said == f"{story(7).source}\n"
    else:
        assert story(7).title in reader.said
        assert "Example News" in reader.said
    assert not [mirror for mirror in reader.transport.mirrors if mirror.url.strip("/") in reader.said]


def test_saving_without_confirmation_leaves_no_file(reader: Reader, tmp_path: Path) -> None:
    options = library(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    assert reader.run("save", "--edition", *options) == 8
    assert reader.run("save", "1", *options) == 8
    assert reader.run("save", "1", "--to", str(tmp_path / "story.txt")) == 8
    assert reader.run("save", "--edition", "--to", str(tmp_path / "x.mirror.zip")) == 8
    assert sorted(tmp_path.rglob("*")) == before


def test_a_saved_edition_is_read_without_any_mirror(reader: Reader, tmp_path: Path) -> None:
    options = library(tmp_path)
    assert reader.run("save", "--edition", "--i-understand-save", *options) == 0
    assert "Saved." in reader.said
    online = reader.facts("headlines", "--all", *options)
    reader.mirrors("dead", "dead", dead=failing("unreachable"))
    offline = reader.facts("headlines", "--all", *options)
    assert offline["headlines"] == online["headlines"]
    assert not offline["freshness"]["is_checked"]
    assert reader.facts("show", "20", *options)["article"]["body_text"]
    assert reader.run("headlines", *options, mirrors=False) == 0
    assert "No mirror was heard" in reader.said
    # and the gate stands there too: the notices were kept with it
    assert reader.run("share", "1", *options, mirrors=False) == 8
    assert "Safer:" in reader.told


def test_an_update_costs_what_is_new(reader: Reader, tmp_path: Path) -> None:
    options = library(tmp_path)
    first = json.loads(run_json(reader, "save", "--edition", "--i-understand-save", *options))
    reader.press.later().release("ru", [article(40, words=100)])
    reader.clock.at = reader.press.room.now
    second = json.loads(run_json(reader, "save", "--edition", "--i-understand-save", *options))
    new = sum(map(len, reader.press.packed["ru"].pieces.values()))
    assert second["fetched_bytes"] < first["fetched_bytes"] / 2
    assert second["fetched_bytes"] < new + 12_000  # and the metadata


def run_json(reader: Reader, *arguments: str) -> str:
    assert reader.run(*arguments, "--json") == 0, reader.told
    return reader.said


def test_a_saved_article_stays_readable_when_the_edition_is_gone(reader: Reader, tmp_path: Path) -> None:
    options = library(tmp_path)
    assert reader.run("save", "ru-story-3", "--i-understand-save", *options) == 0
    reader.mirrors("dead", "dead", dead=failing("unreachable"))
    assert reader.run("show", "ru-story-3", *options) == 0
    assert "your copy as of" in reader.said
    assert reader.run("show", "ru-story-4", *options) == 6


def test_a_copy_of_what_was_removed_for_harm_is_destroyed(reader: Reader, tmp_path: Path) -> None:
    options = library(tmp_path)
    assert reader.run("save", "ru-story-3", "--i-understand-save", *options) == 0
    count = len(list((tmp_path / "books").iterdir()))
    reader.press.later().release(
        "ru", [withdrawn(story(3), "For harm.", reader.press.room.now, State.REMOVED)]
    )
    reader.clock.at = reader.press.room.now
    assert reader.run("show", "ru-story-3", *options) == 0
    assert len(list((tmp_path / "books").iterdir())) == count - 1
    reader.mirrors("dead", "dead", dead=failing("unreachable"))
    assert reader.run("show", "ru-story-3", *options) == 6


def test_what_was_withdrawn_is_neither_saved_nor_shared(reader: Reader, tmp_path: Path) -> None:
    reader.press.later().release("ru", [withdrawn(story(3), "No.", reader.press.room.now)])
    reader.clock.at = reader.press.room.now
    options = library(tmp_path)
    assert reader.run("save", "ru-story-3", "--i-understand-save", *options) == 3
    assert reader.run("share", "ru-story-3", "--i-understand-share") == 3
    assert "[withdrawn]" in reader.told


def test_an_exported_edition_is_a_mirror(reader: Reader, tmp_path: Path) -> None:
    bundle = tmp_path / "news.mirror.zip"
    assert reader.run("save", "--edition", "--to", str(bundle), "--i-understand-save") == 0
    assert bundle.stat().st_mode & 0o777 == 0o600
    online = reader.facts("headlines", "--all")["headlines"]
    reader.patch.undo()
    arguments = ["--root", str(reader.root), "--channel", "ru", "--mirror", bundle.as_uri(), "--json"]
    assert main(["reader", "headlines", "--all", *arguments]) == 0
    assert json.loads(reader.capture.readouterr().out)["headlines"] == online


def test_an_export_of_a_publication_with_new_keys_proves_itself_from_the_first_root(
    reader: Reader, tmp_path: Path
) -> None:
    reader.press.room.rotate(timestamp=holders("stamp", "snap"))
    reader.press.heartbeat()
    bundle = tmp_path / "news.mirror.zip"
    assert reader.run("save", "--edition", "--to", str(bundle), "--i-understand-save") == 0
    reader.patch.undo()
    arguments = ["--root", str(reader.root), "--channel", "ru", "--mirror", bundle.as_uri(), "--json"]
    assert main(["reader", "status", *arguments]) == 0
    assert json.loads(reader.capture.readouterr().out)["signers"]["root"]["version"] == 2


def test_a_saved_text_is_plain_and_private(reader: Reader, tmp_path: Path) -> None:
    file = tmp_path / "story.txt"
    assert reader.run("save", "1", "--to", str(file), "--i-understand-save") == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert article(7).title in file.read_text("utf-8")


def test_wipe_removes_library_configuration_and_passphrase_file(reader: Reader, tmp_path: Path) -> None:
    reader.run("save", "1", "--i-understand-save", *library(tmp_path))
    config = tmp_path / "reader.toml"
    config.write_text('[library]\nfolder = "books"\npassphrase_file = "passphrase"\n')
    assert reader.run("wipe", "--config", str(config)) == 0
    assert "flash memory" in reader.said
    assert not (tmp_path / "books").exists()
    assert config.exists()
    assert reader.run("wipe", "--config", str(config), "--config-too") == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["root.json"]


def test_a_library_of_another_publication_is_refused(reader: Reader, tmp_path: Path) -> None:
    options = library(tmp_path)
    reader.run("save", "1", "--i-understand-save", *options)
    assert reader.run("headlines", "--root", "ab" * 32, *options) == 2
    assert "[other-publication]" in reader.told


def test_a_wrong_passphrase_is_a_sentence(reader: Reader, tmp_path: Path) -> None:
    options = library(tmp_path)
    reader.run("save", "1", "--i-understand-save", *options)
    (tmp_path / "passphrase").write_text("another\n")
    assert reader.run("headlines", *options) == 5
    assert "[library-passphrase]" in reader.told


def test_what_was_seen_is_remembered_and_an_older_mirror_is_named(reader: Reader, tmp_path: Path) -> None:
    options = library(tmp_path)
    old = dict(reader.press.tree)
    reader.press.later().release("ru", [article(41)])
    reader.clock.at = reader.press.room.now
    assert reader.run("save", "1", "--i-understand-save", *options) == 0
    reader.transport.trees = dict.fromkeys(reader.transport.trees, old)
    facts = reader.facts("status", *options)
    assert {each["verdict"] for each in facts["mirrors"]} == {"behind"}
    assert facts["freshness"]["is_checked"]
    reader.clock.at = NOW - 100 * DAY  # and a clock set back does not help them
    assert reader.facts("status", *options)["freshness"]["reference"] >= NOW + DAY


def test_what_is_remembered_already_is_not_written_again(reader: Reader, tmp_path: Path) -> None:
    options = library(tmp_path)
    reader.run("save", "1", "--i-understand-save", *options)
    before = {path: path.stat().st_ino for path in (tmp_path / "books").iterdir()}
    assert reader.run("headlines", *options) == 0
    assert {path: path.stat().st_ino for path in (tmp_path / "books").iterdir()} == before
    reader.press.later().heartbeat()
    assert reader.run("headlines", *options) == 0
    assert {path: path.stat().st_ino for path in (tmp_path / "books").iterdir()} != before


def test_a_library_that_cannot_be_written_can_be_read(reader: Reader, tmp_path: Path) -> None:
    options = library(tmp_path)
    reader.run("save", "1", "--i-understand-save", *options)
    reader.press.later().heartbeat()
    with locked(tmp_path / "books" / "LOCK"):
        assert reader.run("headlines", *options) == 0
        assert "[store-locked]" in reader.told
        assert reader.run("save", "1", "--i-understand-save", *options) == 7


# --- notices --------------------------------------------------------------------------------------


def test_the_notices_own_pages(reader: Reader) -> None:
    assert reader.run("notice") == 0
    assert "ru-undesirable: " in reader.said
    assert reader.run("notice", "ru-undesirable") == 0
    assert "20.33" in reader.said
    assert "As of" in reader.said
    assert reader.run("notice", "nothing") == 2


def test_the_reader_s_language_is_the_system_s_when_nothing_else_is_said(reader: Reader) -> None:
    reader.patch.setenv("LC_ALL", "ru_RU.UTF-8")
    arguments = ["--root", str(reader.root), "--channel", "ru", "--mirror", "http://0.example/"]
    reader.transport.trees = {"mirror 1": reader.press.tree}
    assert reader.plain("share", "1", *arguments) == 8
    assert "Безопаснее" in reader.told


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        (["headlines"], 2, "incomplete"),
        (
            ["headlines", "--root", "nowhere.json", "--channel", "ru", "--mirror", "http://x.example/"],
            2,
            "root-file",
        ),
        (["headlines", "--mirror", "gopher://x.example/"], 2, "config"),
        (["headlines", "--channel", "../x"], 2, "config"),
        (["headlines", "--language", "!"], 2, "config"),
        (["headlines", "--config", "nowhere.toml"], 2, "config"),
        (["headlines", "--root", "ab" * 32, "--channel", "ru"], 2, "incomplete"),
        (["headlines", "--located", "Russia"], 2, "context"),
        (["headlines", "--citizen", "ru"], 2, "context"),
        (["save"], 2, "config"),
        (["save", "1", "--edition"], 2, "config"),
        (["save", "1"], 2, "library"),
        (["save", "--edition", "--to", "x.zip"], 2, "config"),
        (["--check-config", "nowhere.toml"], 2, "config"),
    ],
)
def test_bad_input_is_a_sentence_with_a_code(
    reader: Reader, arguments: list[str], status: int, code: str
) -> None:
    run = reader.run if arguments[0] == "save" or code == "context" else reader.plain
    assert run(*arguments) == status
    assert f"[{code}]" in reader.told
    assert "Traceback" not in reader.told
    assert reader.told.startswith("mirror: ")


def test_a_configuration_can_be_checked(reader: Reader) -> None:
    example = Path(__file__).parents[2] / "config" / "reader.toml"
    assert reader.plain("--check-config", str(example)) == 0


def test_a_configuration_says_what_the_command_line_would(reader: Reader, tmp_path: Path) -> None:
    config = tmp_path / "reader.toml"
    config.write_text('root = "root.json"\nchannel = "ru"\nmirrors = ["http://0.example/"]\n')
    reader.transport.trees = {"mirror 1": reader.press.tree}
    assert reader.plain("headlines", "--config", str(config)) == 0
