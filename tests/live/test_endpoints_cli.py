"""``mirror endpoints`` and ``mirror invite`` as a publisher runs them, and what readers find."""

import json
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from helpers.newsdesk import DAY, files_of
from helpers.rotating import RotatingDesk, code_of, host, rotating
from mirror.cli import endpoints
from mirror.cli.publish_tools import Tools
from mirror.errors import ConfigError, MirrorError, StorageError, TrustError
from mirror.publisher import inviting
from mirror.publisher.inviting import Wish
from mirror.publisher.placing import Part, homes, state_of
from mirror.publisher.roster import Pool
from mirror.publisher.rotation import database_file, signed_settings
from mirror.rotation.invitation import parse
from mirror.rotation.keys import Keyring
from mirror.rotation.paths import Entrance


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> RotatingDesk:
    made = rotating(tmp_path_factory.mktemp("rotating"))
    made.release()
    return made


@pytest.fixture
def made(whole: RotatingDesk, tmp_path: Path) -> RotatingDesk:
    return RotatingDesk(whole.desk.copy(tmp_path / "publication"))


def said(capsys: pytest.CaptureFixture[str]) -> str:
    found = capsys.readouterr()
    return found.out + found.err


def test_the_invited_find_their_slip_and_friends_of_theirs_too(made: RotatingDesk) -> None:
    anna = made.invite("anna")
    boris = made.invite("boris", "--under=anna")
    friend = boris.child(3, made.desk.clock.at).child(0, made.desk.clock.at)
    made.heartbeat(1)
    for invitation in (anna, boris, friend):
        for ahead in (0, 1):
            slip = made.slip(invitation, ahead)
            assert slip is not None
            [entrance] = slip.entrances
            assert entrance.text in {host(number) for number in range(1, 7)}
            assert len(entrance.key) == 16
    stranger = Keyring(bytes(16), (anna.keyring.ancestors[0],))
    assert made.slip(type(anna)(anna.publication, "en", stranger, anna.entrances, anna.created)) is None


def test_an_invitation_is_a_picture_that_can_be_read(made: RotatingDesk, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("i.txt", "i.png", "i.svg")]
    text, png, svg = files
    made.call("invite new", "--label=Anna", "--channel=en", f"--out={text}", f"--png={png}", f"--svg={svg}")
    [code] = zxingcpp.read_barcodes(Image.open(png))
    assert code.text == text.read_text().strip()
    assert svg.read_bytes().startswith(b"<?xml")
    assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}
    assert parse(code.text).keyring.depth == 1


def test_an_invitation_is_shown_nowhere_else(made: RotatingDesk, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    before = len(made.facts().invitations)
    assert code_of(made, "invite new", "--label=Anna", "--channel=en") == "invitation-not-shown"
    assert len(made.facts().invitations) == before
    anna = made.invite("Anna")
    printed = said(capsys)
    link = anna.link()
    assert link not in printed
    assert link.partition(":")[2][:24] not in printed
    stored = b"".join(files_of(made.desk.folder).values())
    assert anna.keyring.branch not in stored
    assert link.encode() not in stored
    assert code_of(made, "invite new", "--label=New", "--channel=en", f"--out={__file__}") == "file-exists"


def test_at_a_terminal_it_is_shown_once(
    made: RotatingDesk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    made.call("invite new", "--label=Anna", "--channel=en")
    out = capsys.readouterr().out
    [link] = [line for line in out.splitlines() if line.startswith("mirror:")]
    assert "█" in out
    anna = parse(link)
    assert anna.text().splitlines()[0] in out


def test_the_database_tells_nobody_who_runs_what(made: RotatingDesk) -> None:
    made.invite("Anna Petrovna")
    file = database_file(made.desk.workspace)
    data = file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    for secret in (host(1), "Anna Petrovna", (made.desk.base / "passphrases").name):
        assert secret.encode() not in data
    [key] = [each for each in files_of(made.desk.folder) if each == "keys/invitations.key"]
    assert stat.S_IMODE((made.desk.folder / key).stat().st_mode) == 0o600


def test_a_blocked_endpoint_splits_its_cohort(made: RotatingDesk, capsys: pytest.CaptureFixture[str]) -> None:
    readers = [made.invite(f"reader {number}") for number in range(8)]
    made.heartbeat(1)
    first = {made.slip(each).entrances[0].text for each in readers if made.slip(each)}  # type: ignore[union-attr]
    assert len(first) < 8
    gone = next(
        number for number in homes(state_of(made.facts(), Pool.INVITED)).values() if host(number) in first
    )
    made.desk.later(3 * DAY)
    made.heartbeat(1)
    made.call("endpoints remove", str(gone), "--blocked", "--yes")
    capsys.readouterr()
    made.call("endpoints split", "--yes", "--json")
    done = json.loads(capsys.readouterr().out)
    assert done["done"]
    assert {each["what"] for each in done["decisions"]} >= {"made", "assigned", "retired"}
    made.heartbeat(1)
    after = [made.slip(each) for each in readers]
    assert all(slip is not None and slip.entrances[0].text != host(gone) for slip in after)
    assert len({slip.entrances[0].text for slip in after if slip}) > 1


def test_a_lone_reader_is_divided_from_its_friends(made: RotatingDesk) -> None:
    lone = made.invite("lone")
    friend = lone.child(5, made.desk.clock.at)
    made.heartbeat(1)
    made.heartbeat(1)
    parts = [each.part for each in made.facts().readers[Pool.INVITED]]
    assert parts == [Part.OWN, Part.FRIENDS]
    made.desk.later(9 * DAY)
    made.heartbeat(1)
    endpoint = next(iter(homes(state_of(made.facts(), Pool.INVITED)).values()))
    made.call("endpoints remove", str(endpoint), "--blocked", "--yes")
    made.heartbeat(1)
    own, below = made.slip(lone), made.slip(friend)
    assert own is not None
    assert below is not None
    assert own.entrances != below.entrances


def test_a_revoked_branch_gets_no_slip_and_the_rest_does(made: RotatingDesk) -> None:
    anna, boris = made.invite("anna"), made.invite("boris", "--under=anna")
    vera = made.invite("vera", "--under=boris")
    made.heartbeat(1)
    assert all(made.slip(each) for each in (anna, boris, vera))
    made.call("invite revoke", "boris", "--yes")
    made.heartbeat()
    assert made.slip(anna)
    for each in (boris, vera, vera.child(0, made.desk.clock.at)):
        assert made.slip(each) is None
    assert code_of(made, "invite new", "--label=new", "--under=vera", "--channel=en", "--out=x") == (
        "invitation-revoked"
    )


def test_the_policy_counts_a_revoked_branch_no_more(made: RotatingDesk) -> None:
    readers = [made.invite("anna"), made.invite("boris", "--under=anna"), made.invite("vera")]
    made.heartbeat(1)
    before = state_of(made.facts(), Pool.INVITED)
    made.call("invite revoke", "anna", "--yes")
    made.heartbeat(1)
    after = state_of(made.facts(), Pool.INVITED)
    cohorts = [after.cohorts[number] for number in after.cohort_of[:3]]
    assert [each.is_quarantined for each in cohorts] == [True, True, False]
    assert sum(len(each.members) for each in after.cohorts.values() if each.endpoint >= 0) == 1
    assert cohorts[2].burns == 0
    assert after.gone == before.gone
    assert after.located == set()
    found = [made.slip(each) for each in readers]
    assert found[:2] == [None, None]
    assert found[2] is not None
    assert found[2].entrances


def test_a_newcomer_begins_where_little_is_lost(made: RotatingDesk) -> None:
    anna = made.invite("anna")
    assert [each.text for each in anna.entrances] == [host(99)]
    made.heartbeat(1)
    below = made.invite("below", "--under=anna")
    [entrance] = below.entrances
    slip = made.slip(anna)
    assert slip is not None
    assert slip.entrances == (entrance,)
    via = made.invite("via", "--via=2")
    assert via.entrances[0].text == host(2)
    made.call("endpoints remove", "7", "--yes")
    assert code_of(made, "invite new", "--label=x", "--channel=en", "--out=x") == "invitation-no-entrance"
    assert code_of(made, "invite new", "--label=x", "--channel=en", "--out=x", "--via=7") == "no-endpoint"


def test_a_publisher_who_says_no_more_leaves_the_next_epoch(made: RotatingDesk) -> None:
    anna = made.invite("anna")
    made.heartbeat(1)
    assert made.slip(anna, 1)
    assert made.slip(anna, 2) is None
    made.heartbeat(5)
    epochs = {path.split("/")[1] for path in made.desk.tree.paths() if path.startswith("s/")}
    now = made.desk.clock.at // DAY
    assert epochs == {str(now), str(now + 1)}
    made.heartbeat(1)
    epochs = {path.split("/")[1] for path in made.desk.tree.paths() if path.startswith("s/")}
    assert epochs == {str(now), str(now + 1), str(now + 2)}


def test_only_changed_pages_are_made_again(made: RotatingDesk, capsys: pytest.CaptureFixture[str]) -> None:
    made.invite("anna")
    made.heartbeat(1)
    before = {path: made.desk.tree.read(path) for path in made.desk.tree.paths() if path[0] == "s"}
    capsys.readouterr()
    made.desk.later(60)
    made.heartbeat()
    assert "Slips" not in capsys.readouterr().out
    assert {path: made.desk.tree.read(path) for path in before} == before
    # A page that the disk damaged is made anew, whatever part of it was hit.
    path = next(iter(before))
    data = before[path]
    assert data is not None
    (made.desk.folder / "tree" / path).write_bytes(data[:20] + bytes([data[20] ^ 1]) + data[21:])
    made.heartbeat()
    assert made.desk.tree.read(path) != data[:20] + bytes([data[20] ^ 1]) + data[21:]


def test_status_lint_and_tree_are_facts(made: RotatingDesk, capsys: pytest.CaptureFixture[str]) -> None:
    made.invite("Anna")
    made.call("endpoints remove", "3", "--yes")
    made.call("endpoints remove", "4", "--blocked", "--yes")
    made.heartbeat(1)
    capsys.readouterr()
    made.call("endpoints status", "--json")
    found = json.loads(capsys.readouterr().out)
    assert found["sums"] == {"burned": 1, "in use": 1, "lost": 1, "spare": 4}
    made.call("endpoints status")
    table = capsys.readouterr().out
    assert "endpoint 4" in table
    assert "https" not in table
    made.call("endpoints status", "--show-addresses")
    assert host(1) in capsys.readouterr().out
    made.call("invite tree", "--json")
    [anna] = json.loads(capsys.readouterr().out)["invitations"]
    assert (anna["label"], anna["depth"], anna["revoked"]) == ("Anna", 1, False)
    made.call("endpoints add", host(1) + "path/")
    assert "endpoint-same-host" in capsys.readouterr().err
    made.call("endpoints lint", "--json")
    assert "endpoint-same-host" in {each["code"] for each in json.loads(capsys.readouterr().out)["findings"]}


def test_a_list_is_taken_whole_or_not(made: RotatingDesk, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = made.desk.base / "good.json", made.desk.base / "bad.json"
    good.write_text(json.dumps(["fresh.alphabet.net", "fresh.wonder.net"]))
    bad.write_text(json.dumps(["fresh.summer.net", "http://x.winter.net", host(1), "10.1.1.1"]))
    count = len(made.facts().endpoints)
    capsys.readouterr()
    assert made.run("endpoints import", str(bad)) == 3
    err = capsys.readouterr().err
    for code in ("endpoint-not-https", "endpoint-duplicate", "endpoint-private", "endpoints-refused"):
        assert f"[{code}]" in err
    assert "winter" not in err
    assert len(made.facts().endpoints) == count
    made.call("endpoints import", str(good), "--pool=open")
    assert len(made.facts().endpoints) == count + 2


def test_without_signed_settings_news_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = rotating(tmp_path, 1)
    made.invite("anna")
    assert made.heartbeat(1) == 0
    assert "slips-unsigned" in capsys.readouterr().err
    assert not [path for path in made.desk.tree.paths() if path[0] == "s"]
    made.release()
    assert [path for path in made.desk.tree.paths() if path[0] == "s"]


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("http://127.0.0.1:8080/", "endpoint-not-https"),
        ("https://127.0.0.1:8080/", "endpoints-refused"),
        ("http://localhost/", "endpoint-not-https"),
        ("https://fine.house.net/#connect=127.0.0.1:8080", "endpoints-refused"),
    ],
)
def test_endpoints_on_this_machine_are_for_the_demonstration_alone(
    made: RotatingDesk, address: str, code: str
) -> None:
    before = made.facts()
    assert not Tools().is_local_allowed
    assert code_of(made, "endpoints add", address) == code
    assert made.facts() == before
    if "127.0.0.1" in address:
        allowed = replace(made.desk.tools, is_local_allowed=True)
        where = [f"--publication={made.desk.folder}", made.desk.passphrase("online")]
        assert endpoints.run(["add", *where, address], allowed) == 0


def test_an_endpoint_has_a_secret_of_its_own(made: RotatingDesk, tmp_path: Path) -> None:
    """Else who was sent to one could ask another under the same path, and know it for a mirror."""
    secret = f"--secret-file={tmp_path / 'fine.secret'}"
    made.call("endpoints add", "https://fine.house.net/", secret)
    made.call("endpoints remove", str(max(made.facts().endpoints)), "--yes")
    before = made.facts()
    assert code_of(made, "endpoints add", "https://moved.garden.net/", secret) == "secret-used"
    assert made.facts() == before


BAD: list[tuple[list[str], type[MirrorError], str]] = [
    (["endpoints add", "http://plain.org/"], MirrorError, "endpoint-not-https"),
    (["endpoints add", "nonsense://"], MirrorError, "endpoint-address"),
    (["endpoints add", host(1)], MirrorError, "endpoints-refused"),
    (
        ["endpoints add", "https://fine.house.net/", "--jurisdiction=Germany"],
        MirrorError,
        "list-jurisdiction",
    ),
    (["endpoints add", "https://fine.house.net/", "--ip=300.1.1.1"], MirrorError, "list-addresses"),
    (["endpoints add", "https://fine.house.net/", "--secret-file=/"], ConfigError, "secret-file"),
    (["endpoints remove", "55", "--yes"], ConfigError, "no-endpoint"),
    (["endpoints probe", "55", "--channel=en"], ConfigError, "no-endpoint"),
    (["endpoints probe", "--channel=en", "--from=A B"], ConfigError, "usage"),
    (["endpoints probe", "--channel=en", "--proxy=nonsense"], ConfigError, "config"),
    (["endpoints import", "/nowhere"], MirrorError, "missing-file"),
    (["invite revoke", "nobody", "--yes"], ConfigError, "no-invitation"),
    (["invite new", "--label= x", "--channel=en", "--out=/nowhere/x"], ConfigError, "invitation-label"),
    (["invite new", "--label=x", "--out=/nowhere/x"], ConfigError, "channel-needed"),
    (["invite new", "--label=x", "--channel=en", "--days=-1", "--out=/nowhere/x"], ConfigError, "usage"),
    (["invite new", "--label=x", "--channel=en", "--days=0", "--out=/nowhere/x"], ConfigError, "usage"),
    (
        ["invite new", "--label=x", "--channel=en", "--under=y", "--out=/nowhere/x"],
        ConfigError,
        "no-invitation",
    ),
]


@pytest.mark.parametrize(("command", "kind", "code"), BAD, ids=lambda each: str(each)[:40])
def test_bad_input_is_a_sentence_and_changes_nothing(
    made: RotatingDesk, command: list[str], kind: type[MirrorError], code: str
) -> None:
    before = made.facts()
    with pytest.raises(kind) as caught:
        made.call(*command)
    assert caught.value.code == code
    assert "://" not in str(caught.value).replace("socks5://", "")
    assert made.facts() == before


def test_another_passphrase_or_database_is_refused(made: RotatingDesk, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("another")
    wrong.chmod(0o600)
    where = f"--publication={made.desk.folder}"
    with pytest.raises(TrustError) as caught:
        endpoints.run(["status", where, f"--passphrase-file=online={wrong}"], made.desk.tools)
    assert caught.value.code == "key-passphrase"
    file = database_file(made.desk.workspace)
    file.write_bytes(b"no database" * 500)
    with pytest.raises(StorageError) as refused:
        made.facts()
    assert refused.value.code == "roster"


def test_a_teams_database_is_named_in_a_private_file(made: RotatingDesk, tmp_path: Path) -> None:
    named = made.desk.folder / "database"
    text = (made.desk.folder / "publication.toml").read_text()
    (made.desk.folder / "publication.toml").write_text(text + '\n[rotation]\ndatabase = "database"\n')
    for content, mode in (
        ("nonsense", 0o600),
        (f"sqlite:///{tmp_path}/team.db", 0o644),
        ("foo://x/y", 0o600),
    ):
        named.write_text(content)
        named.chmod(mode)
        assert code_of(made, "endpoints status") == "database-file"
    named.write_text(f"sqlite:///{tmp_path}/team.db")
    named.chmod(0o600)
    made.add(1)
    assert len(made.facts().endpoints) == 1
    assert os.path.exists(tmp_path / "team.db")


def test_an_epoch_cannot_change_its_length(made: RotatingDesk) -> None:
    path = made.desk.folder / "publication.toml"
    path.write_text(path.read_text() + "\n[rotation]\nepoch_hours = 12\n")
    assert code_of(made, "endpoints status") == "epoch-changed"


def test_a_static_host_has_no_paths(made: RotatingDesk) -> None:
    for number in range(1, 7):
        made.call("endpoints remove", str(number), "--yes")
    made.call("endpoints add", "https://static.lantern.net/x/")
    anna = made.invite("anna")
    made.heartbeat(1)
    slip = made.slip(anna)
    assert slip is not None
    assert slip.entrances == (Entrance("https://static.lantern.net/x/"),)


def test_a_stolen_key_of_slips_is_replaced(made: RotatingDesk, capsys: pytest.CaptureFixture[str]) -> None:
    anna = made.invite("anna")
    made.heartbeat(1)
    before = signed_settings(made.desk.workspace.publication())
    (made.desk.folder / "keys" / "slips.key").unlink()
    (made.desk.folder / "keys" / "slips.pub").unlink()
    assert made.desk.run("heartbeat", made.desk.passphrase("online")) == 2
    assert "key-missing" in capsys.readouterr().err
    made.call("endpoints add", "https://fresh.alphabet.net/")
    made.desk.later(60)
    assert made.heartbeat() == 0
    assert "slips-unsigned" in capsys.readouterr().err
    made.release()
    after = signed_settings(made.desk.workspace.publication())
    assert before is not None
    assert after is not None
    assert not set(before.keys) & set(after.keys)
    assert made.slip(anna)


def test_many_slips_get_more_pages_signed_ahead(made: RotatingDesk) -> None:
    first = made.invite("first")
    made.heartbeat(1)
    # Far more than two pages hold, under one place and in one day: signposts lead everybody on.
    opened = made.opened()
    invited = [first]
    with opened.roster.change() as change:
        for number in range(120):
            wish = Wish(f"reader {number}", "en")
            _, invitation = inviting.invite(change.again(), opened, wish, made.desk.clock.at)
            invited.append(invitation)
    made.release()
    settings = signed_settings(made.desk.workspace.publication())
    assert settings is not None
    made.heartbeat(1)
    made.release()
    grown = signed_settings(made.desk.workspace.publication())
    assert grown is not None
    now = made.desk.clock.at // DAY
    assert grown.bits(now + 1) == settings.bits(now)
    assert grown.bits(now + 2) > settings.bits(now)
    for days in (0, 1, 1):
        made.heartbeat(days)
        for ahead in (0, 1):
            slips = [made.slip(each, ahead) for each in invited]
            assert all(slip is not None and slip.entrances for slip in slips)
