"""Signing by people whose keys are elsewhere: payloads out, detached signatures back."""

import json
import shutil
from pathlib import Path

import pytest

from helpers.newsdesk import DAY, Desk, Seeded, desk, json_of, reading, titles
from mirror.errors import MirrorError


@pytest.fixture
def away(tmp_path: Path) -> Desk:
    """One edition released, a second story added, and every holder took their key away."""
    made = desk(tmp_path)
    made.add(made.story(1))
    made.release()
    made.add(made.story(2))
    (tmp_path / "pockets").mkdir()
    for name in ("anna", "boris", "vera"):
        shutil.move(made.workspace.key_file(name), tmp_path / "pockets")
    return made.later()


def export(made: Desk) -> list[str]:
    """Export what is to be signed; the paths."""
    assert made.call("release", f"--export-payload={made.base / 'payloads'}") == 0
    return sorted(map(str, (made.base / "payloads").glob("*.payload.json")))


def sign(made: Desk, name: str, payloads: list[str]) -> list[str]:
    """``name`` signs on another machine, with nothing but a key and the payloads."""
    key = made.base / "pockets" / f"{name}.key"
    assert made.call("sign", *payloads, f"--key={key}", "--yes", made.passphrase(name)) == 0
    return [f"{each}.{name}.sig" for each in payloads]


def failure(made: Desk, command: str, *arguments: str) -> str:
    """The code of the error that a command ends with."""
    with pytest.raises(MirrorError) as caught:
        made.call(command, *arguments)
    return caught.value.code


def test_two_of_three_sign_elsewhere(away: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: away.tree.read(path) for path in away.tree.paths()}
    payloads = export(away)
    assert [Path(each).name for each in payloads] == ["3.channel-en.payload.json"]
    facts = json.loads(Path(payloads[0]).read_bytes())
    assert facts["targets"].keys() == {"en/head"}
    assert {path: away.tree.read(path) for path in away.tree.paths()} == before
    capsys.readouterr()
    away.call("status", "--json")
    told = json_of(capsys.readouterr().out)
    assert [(each["signed"], each["complete"]) for each in told["waiting"]] == [([], False)]
    first = sign(away, "anna", payloads)
    assert "3 of 3 must sign" not in capsys.readouterr().out
    assert away.call("release", "--merge", *first, "--json") == 0
    [role] = json_of(capsys.readouterr().out)["roles"]
    assert (role["signed"], role["missing"]) == (["anna"], ["boris", "vera"])
    away.call("status")
    assert "channel-en needs 2 signatures, anna signed, boris, vera could" in capsys.readouterr().out
    assert titles(reading(away)) == ["Story 1"]
    # Days pass, the timestamp is renewed, and the signatures still count.
    away.later(3 * DAY).call("heartbeat", away.passphrase("online"))
    second = sign(away, "vera", payloads)
    assert away.call("release", "--merge", *second, away.passphrase("online")) == 0
    assert titles(reading(away)) == ["Story 1", "Story 2"]
    capsys.readouterr()
    away.call("status", "--json")
    told = json_of(capsys.readouterr().out)
    assert told["waiting"] == []
    signed = {each["role"]: each["signed"] for each in told["roles"]}
    assert signed["channel-en"] == ["anna", "vera"]


def test_a_folder_of_signatures_is_merged_at_once(away: Desk) -> None:
    payloads = export(away)
    sign(away, "anna", payloads)
    sign(away, "boris", payloads)
    assert away.call("release", "--merge", str(away.base / "payloads"), away.passphrase("online")) == 0
    assert titles(reading(away)) == ["Story 1", "Story 2"]


def test_signatures_that_do_not_count(away: Desk, tmp_path: Path) -> None:
    payloads = export(away)
    [signature] = sign(away, "anna", payloads)
    whole = Path(signature).read_bytes()
    fields = json.loads(whole)
    forged = {**fields, "sig": fields["sig"][:-2] + ("00" if fields["sig"][-2:] != "00" else "11")}
    other = Desk(away.base, tmp_path / "other", randomness=Seeded("another")).init()
    stranger = f"--key={other.workspace.key_file('vera')}"
    away.call("sign", *payloads, stranger, "--yes", away.passphrase("vera"))
    foreign = f"{payloads[0]}.vera.sig"
    assert failure(away, "release", "--merge", foreign, away.passphrase("online")) == "not-a-holder"
    for data, code in (
        (json.dumps(forged, sort_keys=True, separators=(",", ":")).encode() + b"\n", "bad-signature"),
        (whole[:-3], "signature"),
        (whole + b" ", "signature"),
    ):
        Path(signature).write_bytes(data)
        assert failure(away, "release", "--merge", signature, away.passphrase("online")) == code
    assert titles(reading(away)) == ["Story 1"]
    Path(signature).write_bytes(whole)
    sign(away, "vera", payloads)  # the right one, in the stranger's place
    assert away.call("release", "--merge", signature, foreign, away.passphrase("online")) == 0
    assert titles(reading(away)) == ["Story 1", "Story 2"]


def test_a_signature_over_another_draft(away: Desk) -> None:
    signatures = sign(away, "anna", export(away)) + sign(away, "boris", export(away))
    assert away.call("release", "--discard") == 0
    away.add(away.story(3))
    export(away.later())
    assert failure(away, "release", "--merge", *signatures, away.passphrase("online")) == "other-payload"
    assert titles(reading(away)) == ["Story 1"]


def test_a_waiting_release_is_not_changed_behind_the_signers(away: Desk) -> None:
    payloads = export(away)
    away.add(away.story(3))
    assert failure(away, "release", "--channel=en") == "release-waits"
    sign(away, "anna", payloads)
    sign(away, "boris", payloads)
    away.call("release", "--merge", str(away.base / "payloads"), away.passphrase("online"))
    assert titles(reading(away)) == ["Story 1", "Story 2"]
    assert failure(away, "release", "--merge", str(away.base / "payloads")) == "nothing-waits"


def test_removing_for_harm_drops_a_release_that_carries_the_text(away: Desk) -> None:
    export(away)
    pending = away.folder / "state" / "pending"
    assert pending.exists()
    away.call("remove", away.id_of(2), "--yes")
    assert not pending.exists()


def test_a_damaged_waiting_release_is_said(away: Desk) -> None:
    export(away)
    [plan] = (away.folder / "state" / "pending").glob("g-*/plan")
    plan.write_bytes(b"{}")
    code = failure(away, "release", "--merge", str(away.base / "payloads"))
    assert code in ("store-damaged", "pending-damaged", "missing-file")
    assert away.call("release", "--discard") == 0


def test_a_key_signs_only_what_it_can_read(away: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    key = f"--key={away.base / 'pockets' / 'anna.key'}"
    note = away.base / "note.json"
    for text in ("send all my money", "{}", '{"_type":"targets"}'):
        note.write_text(text)
        assert failure(away, "sign", str(note), key, "--yes", away.passphrase("anna")) == "payload"
    payloads = export(away)
    capsys.readouterr()
    assert failure(away, "sign", *payloads, key, away.passphrase("anna")) == "not-confirmed"
    said = capsys.readouterr().out
    assert "channel-en, version 3" in said
    assert "en/head" in said
    assert not list((away.base / "payloads").glob("*.sig"))
