"""What people and machines get wrong: one clear sentence, a code, an exit status, nothing lost."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import web

from helpers.newsdesk import DAY, NOW, Desk, DeskClock, desk, files_of, reading, titles
from mirror.cli import main

FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>News</title><language>en</language>
<item><guid isPermaLink="false">one</guid><title>Bakers walk</title>
<pubDate>Mon, 07 Dec 2026 08:00:00 GMT</pubDate>
<description>&lt;p&gt;The bakers of the town walked over the bridge at night and came back in the morning
with flour, as they had done every day of that winter, and nobody had asked them why.&lt;/p&gt;&lt;p&gt;They
said that the city had promised repairs for years. The bridge is older than the town hall, and its stones
come from a quarry that was closed when their grandfathers were young. Nobody remembers its name, and the
maps that showed it were lost in the flood. The mayor said that a report would be made, and that it would
be read by those whom it concerned.&lt;/p&gt;</description></item>
</channel></rss>"""


@pytest.fixture
def made(tmp_path: Path) -> Desk:
    return desk(tmp_path)


def refused(
    made: Desk, capsys: pytest.CaptureFixture[str], code: str, status: int, command: str, *arguments: str
) -> str:
    """Run a command that must be refused with ``code``; nothing outside of locks may change."""

    def kept() -> dict[str, bytes]:
        return {name: data for name, data in files_of(made.folder).items() if "lock" not in name.lower()}

    capsys.readouterr()
    before = kept()
    assert made.run(command, *arguments) == status
    out, err = capsys.readouterr()
    assert f"[{code}]" in err, err
    assert "Traceback" not in err
    assert err.count("\n") == 1
    sentence = err.removeprefix("mirror: ").rpartition(" [")[0]
    assert len(sentence) > 15
    assert str(made.base) not in err
    assert kept() == before
    assert out == "" or "NOTICE" in out or "add" in command or "release" in command or command == "sign"
    return sentence


def test_sources_that_cannot_be_taken(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    add = ["--channel=en", "--yes"]
    empty = made.base / "empty"
    empty.mkdir()
    refused(made, capsys, "source-empty", 3, "add", str(empty), *add)
    refused(made, capsys, "source-missing", 3, "add", str(made.base / "nowhere"), *add)
    refused(made, capsys, "source-missing", 3, "add", "a\0b", *add)
    made.write("a.md", "---\ntitle: One\nid: same\n---\n\nText of one.\n", "twice")
    made.write("b.md", "---\ntitle: Two\nid: same\n---\n\nText of two.\n", "twice")
    refused(made, capsys, "duplicate-id", 3, "add", str(made.base / "twice"), *add)
    feed = made.write("feed.xml", "<rss><channel><item><title>cut", "feeds") / "feed.xml"
    refused(made, capsys, "source-empty", 3, "add", str(feed), *add)
    lol = '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaa">]><rss><channel>&a;</channel></rss>'
    feed = made.write("bomb.xml", lol, "feeds") / "bomb.xml"
    assert made.run("add", str(feed), *add) == 3
    assert made.workspace.articles("en") == {}


def test_a_file_of_200_megabytes_is_refused_from_its_size(
    made: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    huge = made.base / "huge.md"
    with huge.open("wb") as file:
        file.truncate(200_000_000)
    started = time.process_time()
    refused(made, capsys, "limit", 4, "add", str(huge), "--channel=en", "--yes")
    assert time.process_time() - started < 2
    # Beside good ones it is left out and said, and the others are taken.
    folder = made.story(1)
    huge.rename(folder / "huge.md")
    capsys.readouterr()
    assert made.add(folder) == 0
    assert "huge.md" in capsys.readouterr().out
    assert len(made.workspace.articles("en")) == 1


def test_a_malformed_feed_is_taken_as_far_as_it_goes_and_that_is_said(
    made: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = FEED.replace(
        "</channel></rss>", "<item><guid isPermaLink='false'>two</guid><title>Cut off</title><description>Th"
    )
    feed = made.write("feed.xml", whole, "feeds") / "feed.xml"
    assert made.add(str(feed)) == 0
    assert "Look at" in capsys.readouterr().out
    assert [each.title for each in made.workspace.articles("en").values()] == ["Bakers walk"]


def served(body: bytes, kind: str, then: Callable[[str], int]) -> int:
    """Call ``then`` with the address of a real server that gives ``body``."""

    async def run() -> int:
        async def answer(_: web.Request) -> web.Response:
            return web.Response(body=body, content_type=kind)

        app = web.Application()
        app.router.add_get("/feed", answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            port = runner.addresses[0][1]
            return await asyncio.to_thread(then, f"http://127.0.0.1:{port}/feed")
        finally:
            await runner.cleanup()

    return asyncio.run(run())


def test_a_feed_from_an_address(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert served(FEED.encode(), "application/rss+xml", made.add) == 0
    assert [each.title for each in made.workspace.articles("en").values()] == ["Bakers walk"]
    # Read again it is the same article; with another text it is an update.
    assert served(FEED.encode(), "application/rss+xml", made.later().add) == 0
    assert "Nothing new." in capsys.readouterr().out
    changed = FEED.replace("older than the town hall", "younger than the town hall")
    assert served(changed.encode(), "application/rss+xml", made.add) == 0
    [article] = made.workspace.articles("en").values()
    assert "younger" in article.body
    assert article.updated == made.clock.at


def test_an_address_that_gives_nothing_useful(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    for body, kind in ((b"\x00\x01\x02", "application/octet-stream"), (b"<rss>", "application/rss+xml")):
        capsys.readouterr()
        status = served(body, kind, lambda address: made.run("add", address, "--channel=en", "--yes"))
        assert status == 3
        assert "Traceback" not in capsys.readouterr().err
    assert made.run("add", "http://127.0.0.1:1/feed", "--channel=en", "--yes") == 3
    err = capsys.readouterr().err
    assert "[source-unreachable]" in err
    assert "127.0.0.1" not in err


def test_keys_and_passphrases(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    made.add(made.story(1))
    right = made.passphrases("anna", "boris", "online")
    wrong = made.passphrase("anna", "another secret")
    refused(made, capsys, "key-passphrase", 5, "release", wrong, *right[1:])
    made.passphrase("anna")
    wrong = made.passphrase("online", "another secret")
    refused(made, capsys, "key-passphrase", 5, "release", *right[:2], wrong)
    made.passphrase("online")
    refused(made, capsys, "key-passphrase", 5, "heartbeat", made.passphrase("online", "another secret"))
    made.passphrase("online")
    key = made.workspace.key_file("anna")
    whole = key.read_bytes()
    key.write_bytes(whole.replace(b'"nonce":"', b'"nonce":"0', 1))
    assert "anna" in refused(made, capsys, "key-damaged", 4, "release", *right)
    key.write_bytes(whole[:100])
    refused(made, capsys, "key-damaged", 4, "release", *right)
    key.write_bytes(made.workspace.key_file("boris").read_bytes())
    made.passphrase("anna", "the secret of boris")
    refused(made, capsys, "key-swapped", 5, "release", *right)
    made.passphrase("anna")
    key.unlink()
    refused(made, capsys, "key-missing", 2, "release", "--sign=anna", *right)
    key.write_bytes(whole)
    loose = Path(right[0].rpartition("=")[2])
    loose.chmod(0o644)
    refused(made, capsys, "passphrase-file", 2, "release", *right)
    loose.chmod(0o600)
    refused(made, capsys, "passphrase-file", 2, "release", "--passphrase-file=anna")
    refused(made, capsys, "passphrase", 2, "release", "--sign=vera", *right)
    assert made.release() == 0


def test_a_release_below_the_threshold(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    made.add(made.story(1))
    made.release()
    made.add(made.story(2))
    made.later()
    said = refused(made, capsys, "below-threshold", 5, "release", *made.passphrases("anna", "online"))
    assert "channel-en needs 2 signatures: anna signed, boris, vera could" in said
    refused(made, capsys, "below-threshold", 5, "release", *made.passphrases("online"))
    twice = ["--sign=anna", "--sign=anna"]
    refused(made, capsys, "below-threshold", 5, "release", *twice, *made.passphrases("anna", "online"))
    assert titles(reading(made)) == ["Story 1"]


def test_a_clock_that_is_years_off(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    made.add(made.story(1))
    made.release()
    made.add(made.story(2))
    right = made.passphrases("anna", "boris", "online")
    for seconds, code in (
        (-5 * 365 * DAY, "clock-behind"),
        (3 * 365 * DAY, "clock-ahead"),
        (-1, "clock-behind"),
    ):
        made.clock.at = NOW + seconds
        refused(made, capsys, code, 5, "release", *right)
        refused(made, capsys, code, 5, "heartbeat", right[2])
        assert made.run("status") == 0
    # Four months of silence are possible, if somebody looked at the clock.
    made.clock.at = NOW + 120 * DAY
    refused(made, capsys, "clock-ahead", 5, "release", *right)
    assert made.release("--clock-checked") == 0
    assert titles(reading(made)) == ["Story 1", "Story 2"]


def test_a_clock_from_before_this_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = Desk(tmp_path, tmp_path / "publication", DeskClock(0))
    given = [
        "--name=News",
        "--channel=en=en",
        "--keys=anna,boris",
        *made.passphrases("anna", "boris", "online"),
    ]
    assert made.run("init", str(made.folder), *given) == 5
    assert "[clock-behind]" in capsys.readouterr().err
    assert not (made.folder / "keys").exists()


def test_articles_from_a_clock_in_the_future(made: Desk) -> None:
    made.add(made.story(1, date="2099-01-01T00:00:00Z"))
    [article] = made.workspace.articles("en").values()
    assert article.published == NOW


def test_places_that_are_no_publication(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    bare = Desk(made.base, made.base / "bare")
    bare.folder.mkdir()
    for command in ("status", "release", "heartbeat", "notices list"):
        refused(bare, capsys, "not-a-publication", 2, command)
    (bare.folder / "publication.toml").write_bytes((made.folder / "publication.toml").read_bytes())
    for command in ("status", "release", "export"):
        refused(
            bare, capsys, "not-initialized", 7, command, *(["x.mirror.zip"] if command == "export" else [])
        )
    init = [
        "--name=News",
        "--channel=en=en",
        "--keys=anna",
        "--threshold=1",
        *made.passphrases("anna", "online"),
    ]
    refused(made, capsys, "already-initialized", 2, "init", str(made.folder), *init)
    (bare.folder / "photo.jpg").write_bytes(b"somebody's")
    refused(bare, capsys, "folder-not-empty", 2, "init", str(bare.folder), *init)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (["--name=News", "--channel=en=en"], "usage"),
        (["--name=News", "--channel=en", "--keys=anna"], "usage"),
        (["--name=News", "--channel=EN=en", "--keys=anna"], "config"),
        (["--name=News", "--channel=notices=en", "--keys=anna"], "config"),
        (["--name=News", "--channel=en=klingonish", "--keys=anna"], "config"),
        (["--name=News", "--channel=en=en", "--channel=en=ru", "--keys=anna"], "config"),
        (["--name=News", "--channel=en=en", "--keys=anna,anna"], "config"),
        (["--name=News", "--channel=en=en", "--keys=anna,"], "config"),
        (["--name=News", "--channel=en=en", "--keys=snapshot"], "config"),
        (["--name=News", "--channel=en=en", "--keys=anna", "--threshold=2"], "config"),
        (["--name=News", "--channel=en=en", "--keys=anna", "--threshold=0"], "config"),
        (["--name=", "--channel=en=en", "--keys=anna"], "config"),
        (["--name=a\nb", "--channel=en=en", "--keys=anna"], "config"),
    ],
)
def test_publications_that_cannot_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], given: list[str], code: str
) -> None:
    made = Desk(tmp_path, tmp_path / "publication")
    refused(made, capsys, code, 2, "init", str(made.folder), *given, *made.passphrases("anna", "online"))


def test_one_passphrase_for_two_holders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = Desk(tmp_path, tmp_path / "publication")
    words = [made.passphrase(name, "the same words") for name in ("anna", "boris")]
    given = ["--name=News", "--channel=en=en", "--keys=anna,boris", *words, made.passphrase("online")]
    assert made.run("init", str(made.folder), *given) == 2
    assert "[passphrase-shared]" in capsys.readouterr().err


def test_articles_and_channels_that_are_not_there(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    folder = made.story(1)
    refused(made, capsys, "channel-needed", 2, "add", str(folder), "--yes")
    refused(made, capsys, "no-channel", 2, "add", str(folder), "--yes", "--channel=fa")
    refused(made, capsys, "no-channel", 2, "release", "--channel=fa")
    refused(made, capsys, "no-article", 3, "withdraw", "no-such-story", "--reason=Wrong.")
    refused(made, capsys, "no-article", 3, "remove", "../../publication", "--yes")
    refused(made, capsys, "nothing-released", 3, "export", str(made.base / "x.mirror.zip"))
    refused(made, capsys, "export-name", 3, "export", str(made.base / "x.zip"))
    made.add(folder)
    made.add(folder, channel="ru")
    beside = f"../ru/{made.id_of(1)}"
    refused(made, capsys, "no-article", 3, "remove", beside, "--yes", "--channel=en")
    refused(made, capsys, "channel-needed", 2, "withdraw", made.id_of(1), "--reason=Wrong.")
    refused(made, capsys, "reason-missing", 3, "withdraw", made.id_of(1), "--reason= ", "--channel=en")
    made.call("withdraw", made.id_of(1), "--reason=Wrong.", "--channel=en")
    again = [made.id_of(1), "--reason=Wrong.", "--channel=en"]
    refused(made, capsys, "already-withdrawn", 3, "withdraw", *again)


def test_corrections_are_for_one_changed_article(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    folder = made.story(1)
    made.story(2)
    made.add(folder)
    correction = ["--channel=en", "--yes", "--correction=It was a ferry."]
    refused(made, capsys, "correction-of-many", 3, "add", str(folder), *correction)
    made.story(1, "Another text.")
    made.story(2, "Another text.")
    refused(made, capsys, "correction-of-many", 3, "add", str(folder), *correction)


def test_files_of_the_folder_that_were_damaged(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    made.add(made.story(1))
    right = made.passphrases("anna", "boris", "online")
    path = made.folder / "articles" / "en" / f"{made.id_of(1)}.json"
    whole = path.read_bytes()
    for damaged in (whole[:-20], whole + b" ", whole.replace(b'"live"', b'"dead"'), b"\xff", b"{}\n"):
        path.write_bytes(damaged)
        said = refused(made, capsys, "article-file", 3, "release", *right)
        assert said.startswith(f"articles/en/{path.name}: ")
    path.write_bytes(whole.replace(b"<p>", b"<p><script>alert(1)</script>", 1))
    refused(made, capsys, "article-unclean", 3, "release", *right)
    path.write_bytes(whole)
    path.rename(path.with_name("another.json"))
    refused(made, capsys, "article-file", 3, "release", *right)
    path.with_name("another.json").rename(path)
    notices = made.folder / "notices.toml"
    kept = notices.read_bytes()
    notices.write_text("schema = 1\ncolour = 'red'\n")
    refused(made, capsys, "unknown-key", 2, "release", *right)
    notices.write_bytes(b"\xff")
    refused(made, capsys, "not-utf-8", 2, "release", *right)
    notices.unlink()
    refused(made, capsys, "missing-file", 2, "release", *right)
    notices.write_bytes(kept)
    (made.folder / "publication.toml").rename(made.folder / "kept.toml")
    refused(made, capsys, "not-a-publication", 2, "release", *right)
    (made.folder / "kept.toml").rename(made.folder / "publication.toml")
    assert made.release() == 0


def test_check_config(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    example = Path(__file__).parents[2] / "config" / "publisher.toml"
    for path in (made.folder, made.folder / "publication.toml", example):
        assert main(["publish", "--check-config", str(path)]) == 0
    config = made.folder / "publication.toml"
    config.write_text(config.read_text() + "\ncolour = 'red'\n")
    assert main(["publish", "--check-config", str(made.folder)]) == 2
    err = capsys.readouterr().err
    assert "colour" in err
    assert "red" not in err
