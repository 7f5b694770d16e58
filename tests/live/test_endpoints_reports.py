"""``mirror endpoints reports``: what is taken of what readers say, what is refused, and what is kept."""

import io
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from helpers.newsdesk import DAY
from helpers.reporting import handed, report, sealed, statement, written
from helpers.rotating import RotatingDesk, code_of, rotating
from mirror.client.diagnosis import Finding
from mirror.publisher import rotation
from mirror.publisher.judging import note_of
from mirror.publisher.reporting import silences
from mirror.publisher.roster import Event, Happened, Pool
from mirror.publisher.rotation import database_file, signed_settings
from mirror.rotation import spelling
from mirror.rotation.paths import Entrance, path_key


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> RotatingDesk:
    made = rotating(tmp_path_factory.mktemp("reports"))
    made.call("endpoints reports", "--take")
    made.release()
    for number in range(4):
        made.invite(f"reader{number}")
    made.heartbeat(1)
    return made


@pytest.fixture
def made(whole: RotatingDesk, tmp_path: Path) -> RotatingDesk:
    return RotatingDesk(whole.desk.copy(tmp_path / "publication"))


class Mailbox:
    """What a desk takes, by the line."""

    def __init__(self, made: RotatingDesk, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.made, self.folder, self.capsys = made, folder, capsys

    def take(self, *lines: str) -> dict[str, Any]:
        """What ``reports --json`` says."""
        self.capsys.readouterr()
        assert self.made.call("endpoints reports", "--json", written(self.folder, *lines)) == 0
        value: dict[str, Any] = json.loads(self.capsys.readouterr().out)
        return value

    def refused(self, *lines: str) -> dict[str, int]:
        """Why, where all of them were."""
        said = self.take(*lines)
        assert said["noted"] == 0
        refused: dict[str, int] = said["refused"]
        return refused


@pytest.fixture
def mailbox(made: RotatingDesk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Mailbox:
    return Mailbox(made, tmp_path, capsys)


def noted(made: RotatingDesk) -> list[Happened]:
    return [each for each in made.facts().events if each.kind is Event.REPORTED]


def home(made: RotatingDesk, entrance: Entrance) -> int:
    return next(
        number for number, each in made.facts().endpoints.items() if each.declared.text == entrance.text
    )


def test_the_key_is_signed_offline_and_readers_find_it(made: RotatingDesk, tmp_path: Path) -> None:
    settings = signed_settings(made.desk.workspace.publication())
    assert settings is not None
    assert settings.report_key == rotation.report_key(made.desk.workspace)
    assert len(settings.report_key) == 32
    keys = made.desk.folder / "keys"
    assert stat.S_IMODE((keys / "reports.key").stat().st_mode) == 0o600
    before = rotation.report_key(made.desk.workspace)
    made.call("endpoints reports", "--take")
    assert rotation.report_key(made.desk.workspace) == before, "it is made once"
    (keys / "reports.public").unlink()
    made.release()
    after = signed_settings(made.desk.workspace.publication())
    assert after is not None
    assert after.report_key == b""
    assert after.keys == settings.keys
    assert code_of(made, "endpoints reports", written(tmp_path, "x")) == "no-reports"
    made.call("endpoints reports", "--take")
    assert rotation.report_key(made.desk.workspace) == before


def test_a_publication_that_takes_none_signs_what_it_signed_before(tmp_path: Path) -> None:
    made = rotating(tmp_path, 1)
    made.release()
    settings = signed_settings(made.desk.workspace.publication())
    assert settings is not None
    assert set(settings.to_json()) == {"epoch-seconds", "keys", "pages"}
    assert code_of(made, "endpoints reports", written(tmp_path, "x")) == "no-reports"


def test_what_a_reader_says_is_noted_and_asks_for_a_probe(made: RotatingDesk, mailbox: Mailbox) -> None:
    anna = made.invite("anna", "--under=reader0")
    made.heartbeat(1)
    [entrance] = handed(made, anna)
    number = home(made, entrance)
    said = mailbox.take(report(made, anna, country="BY"))
    assert said["noted"] == said["read"] == 1
    [silent] = said["silent"]
    assert (silent["endpoint"], silent["voices"], silent["countries"]) == (number, 1, {"BY": 1})
    assert silent["sent"] >= 1
    assert made.facts().endpoints[number].is_live
    made.call("endpoints status")
    assert f"endpoint {number}: 1 invitation(s) report silence (BY 1)" in mailbox.capsys.readouterr().out
    with made.opened().roster.change() as change:
        note = note_of("here", Finding.WORKS)
        change.note([Happened(0, made.desk.clock.at, Event.PROBED, Pool.INVITED, number, note=note)])
    assert silences(made.facts(), made.desk.clock.at) == {}, "a probe answers"
    assert mailbox.take(report(made, anna, ahead=1))["silent"] != [], "and somebody may say it again"
    assert silences(made.facts(), made.desk.clock.at + 8 * DAY) == {}, "but not for ever"


def test_the_second_one_counts_nothing(made: RotatingDesk, mailbox: Mailbox) -> None:
    anna = made.invite("anna")
    made.heartbeat(1)
    line = report(made, anna)
    assert mailbox.take(line)["noted"] == 1
    assert mailbox.refused(line, line) == {"report-repeated": 2}
    assert mailbox.refused(report(made, anna)) == {"report-repeated": 1}, "in another envelope"
    assert mailbox.refused(report(made, anna, country="BY")) == {"report-repeated": 1}
    assert len(noted(made)) == 1
    made.heartbeat(1)
    assert mailbox.refused(line) == {"report-repeated": 1}, "in another epoch"
    assert mailbox.take(report(made, anna))["silent"][0]["voices"] == 1, "one voice, whatever it says when"
    made.desk.later(7 * DAY)
    assert mailbox.refused(line) == {"report-old": 1}


def test_whoever_invents_friends_has_one_voice(made: RotatingDesk, mailbox: Mailbox) -> None:
    """One invitation, and 16 + 256 that its holder made below it."""
    anna = made.invite("anna")
    made.heartbeat(1)
    silent = handed(made, anna)
    friends = [anna.child(index, made.desk.clock.at) for index in range(16)]
    friends += [each.child(index, made.desk.clock.at) for each in friends for index in range(16)]
    said = mailbox.take(*(report(made, each, silent) for each in (anna, *friends)))
    assert said["noted"] == 1
    assert said["refused"] == {"report-repeated": 272}
    assert said["silent"][0]["voices"] == 1


def test_friends_who_are_sent_elsewhere_are_heard_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = rotating(tmp_path, 4)
    made.call("endpoints reports", "--take")
    made.release()
    lone = made.invite("lone")
    friend = lone.child(5, made.desk.clock.at)
    for days in (1, 1, 9):
        made.heartbeat(days)
    made.call("endpoints remove", str(home(made, handed(made, lone)[0])), "--blocked", "--yes")
    made.heartbeat(1)
    apart = {home(made, handed(made, each)[0]) for each in (lone, friend)}
    assert len(apart) == 2, "the branch was divided"
    said = Mailbox(made, tmp_path, capsys).take(report(made, lone), report(made, friend))
    assert said["noted"] == 2
    assert {each["endpoint"]: each["voices"] for each in said["silent"]} == dict.fromkeys(apart, 1)
    assert {each["sent"] for each in said["silent"]} == {1}


def test_forged_ones_are_refused(made: RotatingDesk, mailbox: Mailbox) -> None:
    anna, boris = made.invite("anna"), made.invite("boris")
    made.heartbeat(1)
    said = statement(made, anna, handed(made, anna))
    by_sibling = sealed(made, anna, said, prover=boris.keyring)
    by_friend = sealed(made, anna, said, prover=anna.keyring.child(0))
    stranger = type(anna.keyring)(bytes(16), anna.keyring.ancestors)
    nobody = type(anna)(anna.publication, "en", stranger, anna.entrances, anna.created)
    by_nobody = report(made, nobody, handed(made, anna))
    assert mailbox.refused(by_sibling, by_friend, by_nobody) == {"report-forged": 3}
    by_publisher = sealed(made, anna, said)
    assert mailbox.take(by_publisher)["noted"] == 1


def test_foreign_and_altered_ones_are_refused(made: RotatingDesk, mailbox: Mailbox) -> None:
    anna = made.invite("anna")
    made.heartbeat(1)
    said = statement(made, anna, handed(made, anna))
    foreign = sealed(made, anna, said, publication=bytes(32))
    other_key = sealed(made, anna, said, public=bytes([9]) + bytes(31))
    data = spelling.from_line(sealed(made, anna, said))
    altered = [spelling.line(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]) for at in (1, 150, 299)]
    assert mailbox.refused(foreign, other_key, *altered) == {"report-unreadable": 5}
    assert mailbox.refused(spelling.line(b"\x02" + data[1:])) == {"report-version": 1}
    assert mailbox.refused(spelling.letters(data[:-5])) == {"report-size": 1}
    assert mailbox.refused(spelling.line(data)[:-1], "", "hi!", "", "hello") == {
        "report-damaged": 2,
        "report-size": 1,
    }
    future = report(made, anna, ahead=2)
    assert mailbox.refused(future) == {"report-ahead": 1}
    assert mailbox.take(report(made, anna, ahead=1))["noted"] == 1


def test_what_was_never_handed_to_a_place_is_refused(made: RotatingDesk, mailbox: Mailbox) -> None:
    anna = made.invite("anna", "--under=reader0")
    made.heartbeat(1)
    mine = handed(made, anna)
    facts = made.facts()
    others = [each for each in facts.endpoints.values() if each.declared.text != mine[0].text]
    bare = [Entrance(each.declared.text) for each in others]
    seats = [Entrance(each.declared.text, path_key(each.declared.secret, 0)) for each in others]
    seats = [each for each in seats if home(made, each) != 99 and each not in doorways(made)]
    assert len(seats) > 1
    for entrance in (*bare, *seats[:3], Entrance("https://elsewhere.example/"), Entrance(mine[0].text)):
        assert mailbox.refused(report(made, anna, [entrance])) == {"report-endpoint": 1}
    both = report(made, anna, [*mine, seats[0]])
    assert mailbox.take(both)["noted"] == 1
    assert {each.endpoint for each in noted(made)} == {home(made, mine[0])}, "what is not theirs is left out"


def doorways(made: RotatingDesk) -> list[Entrance]:
    facts = made.facts()
    return [
        Entrance(facts.endpoints[each.endpoint].declared.text, path_key(secret, each.seat))
        for each in facts.seats
        if each.cohort == -1 and (secret := facts.endpoints[each.endpoint].declared.secret)
    ]


def test_the_endpoints_of_an_invitation_were_handed_out_too(made: RotatingDesk, mailbox: Mailbox) -> None:
    anna = made.invite("anna")
    made.heartbeat(1)
    assert set(anna.entrances) == set(doorways(made))
    said = mailbox.take(report(made, anna, [*anna.entrances, *handed(made, anna)]))
    assert said["noted"] == 1
    assert {each["endpoint"] for each in said["silent"]} == {
        home(made, each) for each in (*anna.entrances, *handed(made, anna))
    }


def test_static_hosts_are_known_by_what_was_decided(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = rotating(tmp_path, 0)
    for word in ("one", "two"):
        made.call("endpoints add", f"https://{word}.{word}host.org/")
    made.call("endpoints reports", "--take")
    made.release()
    anna = made.invite("anna")
    made.heartbeat(1)
    [entrance] = handed(made, anna)
    assert entrance.key == b""
    other = next(
        each for each in ("https://one.onehost.org/", "https://two.twohost.org/") if each != entrance.text
    )
    box = Mailbox(made, tmp_path, capsys)
    assert box.refused(report(made, anna, [Entrance(other)])) == {"report-endpoint": 1}
    assert box.take(report(made, anna))["noted"] == 1


def test_what_was_handed_out_before_a_split_counts_while_it_is_used(
    made: RotatingDesk, mailbox: Mailbox
) -> None:
    readers = [made.invite(f"member{number}") for number in range(6)]
    made.heartbeat(1)
    before = {each.keyring.branch: handed(made, each) for each in readers}
    number = home(made, before[readers[0].keyring.branch][0])
    made.desk.later(3 * DAY)
    made.heartbeat(1)
    made.call("endpoints remove", str(number), "--blocked", "--yes")
    made.heartbeat(1)
    moved = next(each for each in readers if home(made, before[each.keyring.branch][0]) == number)
    assert home(made, handed(made, moved)[0]) != number
    old = before[moved.keyring.branch]
    assert mailbox.refused(report(made, moved, old)) == {"report-known": 1}
    elsewhere = next(each for each in readers if handed(made, each) != handed(made, moved))
    told = handed(made, elsewhere)
    assert mailbox.refused(report(made, moved, told)) == {"report-endpoint": 1}, "what another cohort got"
    assert mailbox.take(report(made, moved, [*old, *told, *handed(made, moved)]))["noted"] == 1
    assert {each.endpoint for each in noted(made)} == {home(made, handed(made, moved)[0])}
    assert number not in {each.endpoint for each in noted(made)}


def test_who_was_revoked_is_not_heard(made: RotatingDesk, mailbox: Mailbox) -> None:
    anna = made.invite("anna")
    made.heartbeat(1)
    line = report(made, anna)
    friend = report(made, anna.child(3, made.desk.clock.at), handed(made, anna))
    made.call("invite revoke", "anna", "--yes")
    assert mailbox.refused(line, friend) == {"report-revoked": 2}


def test_nothing_that_a_report_holds_is_shown_or_kept(made: RotatingDesk, mailbox: Mailbox) -> None:
    anna = made.invite("Anna Petrovna")
    made.heartbeat(1)
    said = statement(made, anna, handed(made, anna))
    line = sealed(made, anna, said)
    mailbox.capsys.readouterr()
    assert made.run("endpoints reports", written(mailbox.folder, line, "x" * 400, "junk")) == 0
    shown = "".join(mailbox.capsys.readouterr())
    assert "Reports: 3 read, 1 noted." in shown
    assert "[report-damaged]" in shown
    [event] = noted(made)
    assert event.reader == -1, "which invitation it was cannot be read from a copy of the database"
    data = database_file(made.desk.workspace).read_bytes()
    texts = [line, said.names[-1].hex(), said.marks[0].hex(), handed(made, anna)[0].text, "Anna Petrovna"]
    assert [text for text in texts if text in shown or text.encode() in data] == []
    assert [each for each in (*said.names, *said.marks) if each in data] == []


def test_they_come_in_letters_on_standard_input_and_in_many_files(
    made: RotatingDesk, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers = [made.invite(name) for name in ("anna", "boris", "vera")]
    made.heartbeat(1)
    lines = [report(made, each) for each in readers]
    typed = spelling.letters(spelling.from_line(lines[0])).lower().replace("-", " ")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(f"{typed}\n\n{lines[1]}\n".encode())))
    mailbox.capsys.readouterr()
    made.call("endpoints reports", "--json", "-", written(mailbox.folder, lines[2]))
    assert json.loads(mailbox.capsys.readouterr().out)["noted"] == 3


def test_what_cannot_be_asked(made: RotatingDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert code_of(made, "endpoints reports") == "usage"
    assert code_of(made, "endpoints reports", "--take", "file") == "usage"
    assert code_of(made, "endpoints reports", str(tmp_path / "none")) == "missing-file"
    large = tmp_path / "large"
    large.write_bytes(bytes((8 << 20) + 1))
    assert code_of(made, "endpoints reports", str(large)) == "too-large"
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(large.read_bytes())))
    assert code_of(made, "endpoints reports", "-") == "too-large"
    public = made.desk.folder / "keys" / "reports.public"
    public.write_text("00" * 32)
    assert code_of(made, "endpoints reports", str(large)) == "key-swapped"
    for text in ("zz", "00" * 31):
        public.write_text(text)
        assert code_of(made, "endpoints reports", str(large)) == "key-damaged"


def test_it_is_said_while_the_key_is_not_signed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = rotating(tmp_path, 1)
    made.release()
    made.call("endpoints reports", "--take")
    made.call("endpoints reports", written(tmp_path, "x"))
    assert "must sign their key first" in capsys.readouterr().err
    made.release()
    made.call("endpoints reports", written(tmp_path, "x"))
    assert "must sign" not in capsys.readouterr().err
