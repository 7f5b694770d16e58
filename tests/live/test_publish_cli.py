"""``mirror publish`` from an empty folder to what a stranger reads and verifies."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import pytest
from PIL import Image as Pillow

from helpers.newsdesk import DAY, NOW, Desk, DeskClock, desk, json_of, reading, titles
from mirror.bundle.archive import open_archive, write_archive
from mirror.cli import publish, publish_tools
from mirror.errors import GateError, StorageError
from mirror.model import State
from mirror.publisher.workspace import open_workspace

SEED = """Accessibility links
Example Broadcaster
{title}
The bridge was closed on Monday for what the city said were repairs, and the bakers walked.
They said that the flour would be late until the end of the week, and that nobody had asked them.
With reporting by Reuters, AP, and AFP
Example Broadcaster has been declared an "undesirable organization" by the Russian government.
If you are in Russia and hold a Russian passport, please note that you could face fines or imprisonment for \
sharing, liking, commenting on, or saving our content, or for contacting us.
"""


@pytest.fixture
def made(tmp_path: Path) -> Desk:
    return desk(tmp_path)


def picture(side: int = 900, colour: str = "teal") -> bytes:
    out = BytesIO()
    Pillow.linear_gradient("L").resize((side, side)).convert("RGB").save(out, "JPEG", comment=b"CANARY-PLACE")
    return out.getvalue()


def test_from_an_empty_folder_to_a_verified_edition(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert made.add(made.story(1)) == 0
    made.write("новость.md", "---\ntitle: Мост закрыт\nlang: ru\n---\n\nПекари пошли пешком.\n", "ru")
    assert made.add(made.base / "ru", channel="ru") == 0
    assert titles(reading(made)) == []
    capsys.readouterr()
    assert made.release("--json") == 0
    said = json_of(capsys.readouterr().out)
    assert [(each["channel"], each["number"], each["articles"]) for each in said["channels"]] == [
        ("ru", 1, 1),
        ("en", 1, 1),
    ]
    found = reading(made)
    assert titles(found) == ["Story 1"]
    assert titles(found, "ru") == ["Мост закрыт"]
    assert found.verified.freshness.state.value == "current"
    assert found.notices is not None
    assert found.notices.edition == 1
    assert found.notices.publisher == "example"
    opened = found.editions["en"]
    assert opened is not None
    assert opened.manifest.name == "Example News"
    assert opened.manifest.notices != ""
    # Two of three signed what needs people; the online keys signed what needs none.
    signers = {role: (len(each.keyids), each.threshold) for role, each in found.verified.signers.items()}
    assert signers["channel-en"] == (2, 2)
    assert signers["root"] == (3, 2)
    assert signers["timestamp"] == (1, 1)


def test_a_second_release_is_an_update_and_nothing_new_is_none(
    made: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    made.add(made.story(1))
    made.release()
    capsys.readouterr()
    before = (made.folder / "tree" / "m" / "timestamp.json").read_bytes()
    assert made.later().release() == 0
    assert capsys.readouterr().out == "Nothing has changed since the last release.\n"
    assert (made.folder / "tree" / "m" / "timestamp.json").read_bytes() == before
    made.add(made.story(2))
    made.release("--json")
    [change] = json_of(capsys.readouterr().out.partition("Taken")[2].partition("\n")[2])["channels"]
    assert (change["channel"], change["number"], change["added"]) == ("en", 2, 1)
    assert titles(reading(made)) == ["Story 1", "Story 2"]


def test_a_correction_is_shown_and_a_silent_edit_is_not(made: Desk) -> None:
    made.add(made.story(1))
    made.release()
    made.later()
    made.add(made.story(1, "The bakers took the ferry, not the bridge."), "--correction=It was a ferry.")
    made.release()
    opened = reading(made).editions["en"]
    assert opened is not None
    [article] = opened.articles().values()
    assert article.state is State.CORRECTED
    assert [(each.at, each.text) for each in article.corrections] == [(NOW + DAY, "It was a ferry.")]
    assert "ferry" in article.body
    made.later()
    made.add(made.story(1, "The bakers took the small ferry."))
    made.release()
    opened = reading(made).editions["en"]
    assert opened is not None
    [again] = opened.articles().values()
    assert "small ferry" in again.body
    assert (again.state, again.corrections) == (State.CORRECTED, article.corrections)
    assert again.updated == made.clock.at
    assert again.published == article.published


def test_a_withdrawal_reaches_readers_and_a_feed_does_not_bring_it_back(
    made: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    source = made.story(1)
    made.add(source)
    made.release()
    made.later()
    assert made.call("withdraw", made.id_of(1), "--reason=The source had lied.") == 0
    made.add(source)
    made.release()
    opened = reading(made).editions["en"]
    assert opened is not None
    [article] = opened.articles().values()
    assert (article.state, article.body, article.title) == (State.WITHDRAWN, "", "Story 1")
    assert article.corrections[-1].text == "The source had lied."
    assert "withdrawn-stays" in capsys.readouterr().out
    made.add(source, "--restore")
    made.release()
    opened = reading(made).editions["en"]
    assert opened is not None
    [article] = opened.articles().values()
    assert article.state is State.LIVE
    assert "bakers" in article.body


def test_preview_needs_no_publication(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = Desk(tmp_path, tmp_path / "none")
    made.write("page.txt", SEED.format(title="Bakers Walk Over A Closed Bridge"))
    assert made.run("preview", str(tmp_path / "source"), "--json") == 0
    out, err = capsys.readouterr()
    [taken] = json.loads(out)
    assert err == ""
    assert taken["title"] == "Bakers Walk Over A Closed Bridge"
    assert taken["language"] == "en"
    assert taken["credits"] == ["With reporting by Reuters, AP, and AFP"]
    assert "undesirable" not in taken["body_text"]
    [designation] = taken["designations"]
    assert (designation["kind"], designation["jurisdiction"]) == ("undesirable-organization", "RU")
    assert "declared" in designation["text"]
    assert made.run("preview", str(tmp_path / "source")) == 0
    assert "NOTICE TO REVIEW" in capsys.readouterr().out


def test_a_designation_without_a_notice_is_a_warning_until_somebody_answers_for_one(
    made: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    made.write("page.txt", SEED.format(title="Bakers Walk Over A Closed Bridge"))
    made.add(made.base / "source")
    assert "NOTICE TO REVIEW" in capsys.readouterr().out
    made.call("status", "--json")
    told = json_of(capsys.readouterr().out)
    assert [each["covered"] for each in told["designations"]] == [False]
    assert any("no notice of it is on" in each for each in told["warnings"])
    reviewers = ["--reviewed-by=editor:a-1", "--reviewed-by=counsel:b-1"]
    assert made.run("notices on", "ru-undesirable", *reviewers) == 3
    assert "[on-without-responsible]" in capsys.readouterr().err
    assert made.run("notices on", "ru-undesirable", "--responsible=Example News") == 3
    assert "[on-without-reviewers]" in capsys.readouterr().err
    made.call("status", "--json")
    assert json_of(capsys.readouterr().out)["notices"]["on"] == []
    assert made.call("notices on", "ru-undesirable", "--responsible=Example News", *reviewers) == 0
    capsys.readouterr()
    made.call("status", "--json")
    told = json_of(capsys.readouterr().out)
    assert told["notices"]["on"] == ["ru-undesirable"]
    assert [each["covered"] for each in told["designations"]] == [True]
    assert not any("no notice of it is on" in each for each in told["warnings"])
    made.release()
    notices = reading(made).notices
    assert notices is not None
    assert [each.id for each in notices.catalogue.designations] == ["generic", "ru-undesirable"]
    made.later()
    assert made.call("notices off", "ru-undesirable") == 0
    made.release()
    notices = reading(made).notices
    assert notices is not None
    assert [each.id for each in notices.catalogue.designations] == ["generic"]
    assert notices.edition == 2


def test_overdue_reviews_are_told(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    reviewers = ["--reviewed-by=editor:a-1", "--reviewed-by=counsel:b-1", "--responsible=Example News"]
    made.call("notices on", "ru-undesirable", *reviewers, "--next-review=2027-03-01")
    made.later(80 * DAY)
    capsys.readouterr()
    made.call("status", "--json")
    assert json_of(capsys.readouterr().out)["notices"]["overdue"] == ["ru-undesirable"]


def test_pictures_travel_without_what_they_say_of_their_maker(made: Desk) -> None:
    folder = made.story(1, "Before.\n\n![A bridge at night](bridge.jpg)\n\n![Lost](lost.jpg)\n\nAfter.")
    (folder / "bridge.jpg").write_bytes(picture())
    made.add(folder)
    made.release()
    opened = reading(made).editions["en"]
    assert opened is not None
    [article] = opened.articles().values()
    [image] = article.images
    assert image.alt == "A bridge at night"
    assert image.full is not None
    assert '<img src="image:0"' in article.body
    assert "[Lost]" in article.body
    tree = made.tree
    for digest in (*image.thumbnail.digests, *image.full.digests):
        data = tree.read(f"p/{digest[:2]}/{digest}")
        assert data is not None
        assert b"CANARY" not in data
    # The picture goes from everywhere with the article that showed it.
    made.later()
    made.call("remove", made.id_of(1), "--yes")
    assert list((made.folder / "images").glob("*/*")) == []
    made.release()
    assert tree.read(f"p/{image.thumbnail.digests[0][:2]}/{image.thumbnail.digests[0]}") is None


def test_the_same_picture_is_prepared_once(made: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = made.story(1, "Before.\n\n![A bridge](bridge.jpg)\n\nAfter.")
    (folder / "bridge.jpg").write_bytes(picture())
    made.add(folder)
    before = made.workspace.article("en", made.id_of(1))
    monkeypatch.setattr("mirror.publisher.pictures.prepare", None)
    assert made.later().add(folder) == 0
    assert made.workspace.article("en", made.id_of(1)) == before


def test_an_export_opens_as_a_bundle_and_holds_the_channels_it_was_asked_for(
    made: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    made.add(made.story(1))
    made.add(made.story(2, folder="other"), channel="ru")
    made.release()
    out = made.base / "all.mirror.zip"
    assert made.call("export", str(out)) == 0
    with out.open("rb") as file:
        names = set(open_archive(file).names())
    assert names == {path for path in made.tree.paths() if not path.startswith(("m/1.", "m/2."))} | {
        path for path in names if path.startswith(("m/", "r/"))
    }
    assert {"r/index.html", "r/sw.js", "r/front/en.html", "r/front/ru.html"} <= names
    first = out.read_bytes()
    assert made.call("export", str(out)) == 0
    assert out.read_bytes() == first
    capsys.readouterr()
    assert made.call("export", str(made.base / "en.mirror.zip"), "--channel=en", "--json") == 0
    assert json_of(capsys.readouterr().out)["editions"] == {"en": 1}
    with (made.base / "en.mirror.zip").open("rb") as file:
        names = set(open_archive(file).names())
    assert "m/heads/en" in names
    assert not {name for name in names if "ru" in name.partition("p/")[0]}


def test_an_export_that_does_not_verify_is_thrown_away(made: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = made.story(1, "Before.\n\n![A bridge](bridge.jpg)\n\nAfter.")
    (folder / "bridge.jpg").write_bytes(picture(300))
    made.add(folder)
    made.release()
    out = made.base / "all.mirror.zip"
    out.write_bytes(b"an older bundle")

    def lossy(at: int) -> Callable[[BinaryIO, Iterable[tuple[str, bytes]]], None]:
        def write(file: BinaryIO, entries: Iterable[tuple[str, bytes]]) -> None:
            whole = list(entries)
            write_archive(file, whole[:at] + whole[at + 1 :])

        return write

    made.call("export", str(made.base / "whole.mirror.zip"))
    with (made.base / "whole.mirror.zip").open("rb") as file:
        count = len(list(open_archive(file).names()))
    assert count > 10
    for at in range(count):
        monkeypatch.setattr("mirror.publisher.export.write_archive", lossy(at))
        with pytest.raises(StorageError) as caught:
            made.call("export", str(out))
        assert caught.value.code == "export-unproved"
    assert out.read_bytes() == b"an older bundle"
    assert not list(made.base.glob(".*.part"))


def test_a_heartbeat_needs_the_online_keys_alone(made: Desk) -> None:
    made.add(made.story(1))
    made.release()
    before = reading(made).verified
    for name in ("anna", "boris", "vera"):
        made.workspace.key_file(name).unlink()
    made.later(10 * DAY)
    assert made.call("heartbeat", made.passphrase("online")) == 0
    after = reading(made).verified
    assert after.versions["timestamp"] == before.versions["timestamp"] + 1
    assert after.freshness.as_of == made.clock.at
    assert titles(reading(made)) == ["Story 1"]
    pieces = [path for path in made.tree.paths() if path.startswith("p/")]
    made.later(10 * DAY)
    made.call("heartbeat", made.passphrase("online"))
    assert sorted(path for path in made.tree.paths() if path.startswith("p/")) == sorted(pieces)


def test_status_says_who_signed_and_what_to_do(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    made.add(made.story(1))
    made.release()
    made.add(made.story(2))
    capsys.readouterr()
    made.later(11 * DAY).call("status", "--json")
    told = json_of(capsys.readouterr().out)
    roles = {each["role"]: each for each in told["roles"]}
    assert roles["channel-en"]["signed"] == ["anna", "boris"]
    assert roles["channel-en"]["missing"] == ["vera"]
    assert roles["timestamp"]["expires_in_words"] == "in 3 days"
    channels = {each["id"]: each for each in told["channels"]}
    assert (channels["en"]["edition"], channels["en"]["articles"], channels["en"]["unreleased"]) == (1, 1, 1)
    assert channels["ru"]["edition"] == 0
    assert any("mirror publish heartbeat" in each for each in told["warnings"])
    assert any("lie on this machine" in each for each in told["warnings"])
    made.later(340 * DAY).call("status")
    said = capsys.readouterr().out
    assert "timestamp has expired" in said
    assert "targets expires in 14 days: run `mirror publish release --renew`" in said


def test_renewing_signs_everything_again(made: Desk) -> None:
    made.add(made.story(1))
    made.release()
    before = reading(made).verified
    made.later(80 * DAY)
    assert made.release("--renew") == 0
    after = reading(made).verified
    for role in ("root", "targets", "channel-en", "notices", "snapshot", "timestamp"):
        assert after.versions[role] == before.versions[role] + 1
    assert titles(reading(made)) == ["Story 1"]


def test_old_days_leave_an_edition_with_a_window_and_withdrawals_stay(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = Desk(tmp_path, tmp_path / "publication", DeskClock(1_798_000_000)).init()  # 23 December 2026
    config = made.folder / "publication.toml"
    config.write_text(config.read_text().replace("window_days = 0", "window_days = 30"))
    for numbers in ((1, 2), (20,)):
        for number in numbers:
            made.add(made.story(number))
        made.release()
    assert titles(reading(made)) == ["Story 1", "Story 2", "Story 20"]
    made.later(10 * DAY)
    made.call("withdraw", made.id_of(2), "--reason=Wrong.")
    made.release()
    made.later(15 * DAY)
    made.release()
    opened = reading(made).editions["en"]
    assert opened is not None
    assert {each.title: each.state for each in opened.articles().values()} == {
        "Story 2": State.WITHDRAWN,
        "Story 20": State.LIVE,
    }
    capsys.readouterr()
    made.release()
    assert capsys.readouterr().out == "Nothing has changed since the last release.\n"


def test_a_new_channel_and_a_new_holder(made: Desk) -> None:
    config = made.folder / "publication.toml"
    desk_of = '\n[[channel]]\nid = "fa"\nlanguage = "fa"\ntitle = "News"\nholders = ["omid"]\nthreshold = 1\n'
    config.write_text(config.read_text() + desk_of)
    assert made.run("release", *made.passphrases()) == 2
    assert made.run("channel", "fa", *made.passphrases()) == 2
    assert made.call("key", "omid", made.passphrase("omid")) == 0
    assert made.call("channel", "fa", *made.passphrases("anna", "boris", "omid", "online")) == 0
    made.write("a.md", "---\ntitle: پل\n---\n\nنانواها پیاده رفتند.\n", "fa")
    made.add(made.base / "fa", channel="fa")
    # The desk signs alone, once there are notices; they need the newsroom.
    assert made.run("release", "--channel=fa", *made.passphrases("omid", "online")) == 5
    assert made.release("--channel=fa", made.passphrase("omid")) == 0
    made.write("b.md", "---\ntitle: رود\n---\n\nرود آرام بود.\n", "fa")
    made.add(made.base / "fa", channel="fa")
    assert made.call("release", "--channel=fa", *made.passphrases("omid", "online")) == 0


def test_questions_are_asked_and_nobody_is_taken_as_no(
    made: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(GateError):
        made.call("add", str(made.story(1)), "--channel=en")
    assert made.workspace.articles("en") == {}
    made.add(made.base / "source")
    with pytest.raises(GateError):
        made.call("remove", made.id_of(1))
    assert made.workspace.articles("en")[made.id_of(1)].state is State.LIVE


def test_what_a_source_says_cannot_steer_the_terminal(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    folder = made.story(1, title='"A\\e[2J title\\x07"')
    made.add(folder)
    made.call("preview", str(folder))
    # The source's reader drops such characters; whatever else prints does not rely on that.
    publish_tools.say("A\x1b[2J title\x07")
    publish_tools.warn(["A\x1b[2J title\x07"])
    out, err = capsys.readouterr()
    assert "title" in out
    assert "title" in err
    assert not {"\x1b", "\x07"} & set(out + err)


def test_as_a_process_with_passphrases_from_files(tmp_path: Path) -> None:
    """The whole of it as a shell would run it: real clock, real randomness, real cost of a key."""
    made = Desk(tmp_path, tmp_path / "publication")
    made.story(1)
    keys = ["--keys=anna", "--threshold=1", *made.passphrases("anna", "online")]

    def process(*arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        run = subprocess.run(
            [sys.executable, "-m", "mirror", "publish", *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert (run.returncode, "Traceback" in run.stderr) == (status, False), run.stderr
        return run

    folder = str(made.folder)
    process("init", folder, "--name=News", "--channel=en=en", *keys)
    where = f"--publication={folder}"
    process("add", str(tmp_path / "source"), where, "--yes")
    process("release", where, *made.passphrases("anna", "online"))
    assert process("release", where, "--channel=none", status=2).stderr.endswith("[no-channel]\n")
    told = json.loads(process("status", where, "--json").stdout)
    assert told["channels"][0]["edition"] == 1
    workspace = open_workspace(made.folder)
    assert workspace.key_file("anna").stat().st_mode & 0o777 == 0o600


def test_usage_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, status in ((["frobnicate"], 2), ([], 2), (["--help"], 0), (["release", "--help"], 0)):
        with pytest.raises(SystemExit) as end:
            publish.run(arguments)
        assert end.value.code == status
    assert "usage: mirror publish" in capsys.readouterr().out
