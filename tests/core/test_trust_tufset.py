"""The contract with python-tuf's private state machine: what we rely on, and what we add."""

import inspect
import json
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from securesystemslib.signer import CryptoSigner, SSlibKey
from tuf.api.metadata import Metadata, MetaFile, Timestamp
from tuf.ngclient._internal.trusted_metadata_set import TrustedMetadataSet
from tuf.ngclient.config import EnvelopeType

from helpers.newsroom import NOW, Newsroom, holders, signer
from mirror.errors import FormatError, MirrorError, TrustError
from mirror.trust import changes
from mirror.trust.metadata import (
    content,
    instant,
    issued_of,
    key_material,
    moment,
    pack,
    parse,
    read,
)
from mirror.trust.publication import DAY, Publication
from mirror.trust.tufset import PINNED, TrustedSet

ROOM = Newsroom().later().release("ru", "notices")
PUBLICATION = ROOM.publication


def loaded(publication: Publication = PUBLICATION, reference: int | None = PINNED) -> TrustedSet:
    trusted = TrustedSet(publication.roots[0], reference)
    for root in publication.roots[1:]:
        trusted.add_root(root)
    trusted.add_timestamp(publication.roles["timestamp"])
    trusted.add_snapshot(publication.roles["snapshot"])
    trusted.add_targets(publication.roles["targets"], "targets", "root")
    return trusted


# --- what we rely on -----------------------------------------------------------------------------


def test_it_is_the_version_we_know() -> None:
    """Another one may be fine: run these tests against it, read its changes, then move the pin."""
    assert version("tuf") == "7.0.1"


def test_the_private_interface_is_as_we_use_it() -> None:
    assert list(inspect.signature(TrustedMetadataSet).parameters) == ["root_data", "envelope_type"]
    expected = {
        "update_root": ["self", "data"],
        "update_timestamp": ["self", "data"],
        "update_snapshot": ["self", "data", "trusted"],
        "update_delegated_targets": ["self", "data", "role_name", "delegator_name"],
    }
    for name, parameters in expected.items():
        assert list(inspect.signature(getattr(TrustedMetadataSet, name)).parameters) == parameters


def test_the_reference_time_is_ours_to_set() -> None:
    raw = TrustedMetadataSet(PUBLICATION.roots[0], EnvelopeType.METADATA)
    assert isinstance(raw.reference_time, datetime)
    assert raw.reference_time.tzinfo is UTC
    raw.reference_time = moment(NOW + 20 * 365 * DAY)
    with pytest.raises(Exception, match="expired"):
        raw.update_timestamp(PUBLICATION.roles["timestamp"])


def test_python_tuf_still_takes_a_wrong_snapshot_for_its_rollback_check() -> None:
    """Why R4 exists: the day this fails, the check of ours may go."""
    room = Newsroom()
    first = room.publication
    second = room.later().release("ru").publication
    raw = TrustedMetadataSet(first.roots[0], EnvelopeType.METADATA)
    raw.reference_time = moment(NOW)
    hashless = json.loads(first.roles["timestamp"])
    del hashless["signed"]["meta"]["snapshot.json"]["hashes"]
    del hashless["signed"]["meta"]["snapshot.json"]["length"]
    hashless["signatures"] = []
    timestamp = parse(json.dumps(hashless).encode()).signed
    raw.update_timestamp(pack(timestamp, {s.keyid: s for s in [signer("stamp").sign(canonical(timestamp))]}))
    with pytest.raises(Exception, match="version"):
        raw.update_snapshot(second.roles["snapshot"])
    with pytest.raises(Exception, match="version"):
        raw.update_snapshot(first.roles["snapshot"])


def canonical(signed: Any) -> bytes:
    return bytes(Metadata[Any](signed).signed_bytes)


# --- what it gives us ----------------------------------------------------------------------------


def test_all_of_a_publication_is_accepted() -> None:
    trusted = loaded()
    trusted.add_targets(PUBLICATION.roles["channel-ru"], "channel-ru", "targets")
    assert list(trusted.roles) == [("targets", "root"), ("channel-ru", "targets")]
    assert trusted.role("channel-ru").version == 2
    with pytest.raises(IndexError):
        trusted.role("notices")


def test_expiry_is_judged_at_our_instant_or_not_at_all() -> None:
    late = ROOM.now + 14 * DAY
    loaded(reference=late - 1)
    with pytest.raises(TrustError) as refused:
        loaded(reference=late)
    assert refused.value.code == "expired"
    loaded(reference=PINNED)
    with pytest.raises(TrustError) as refused:
        TrustedSet(PUBLICATION.roots[0], 10**15).add_timestamp(PUBLICATION.roles["timestamp"])
    assert refused.value.code == "expired"


def test_instants_far_outside_are_held_within_what_a_date_can_say() -> None:
    assert instant(moment(-5)) == 0
    assert instant(moment(10**18)) == 253_402_300_799
    assert instant(moment(NOW)) == NOW


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (lambda t: t.add_root(PUBLICATION.roots[0]), "wrong-version"),
        (lambda t: t.add_timestamp(PUBLICATION.roles["snapshot"]), "metadata"),
        (lambda t: t.add_timestamp(b""), "metadata"),
        (lambda t: t.add_timestamp(forged("timestamp")), "bad-signature"),
        (lambda t: t.add_timestamp(older().roles["timestamp"]), "rolled-back"),
        (lambda t: t.add_timestamp(PUBLICATION.roles["timestamp"]), "equal-version"),
        (lambda t: t.add_snapshot(older().roles["snapshot"]), "wrong-version"),
        (lambda t: t.add_snapshot(forged("snapshot")), "bad-signature"),
        (lambda t: t.add_snapshot(PUBLICATION.roles["snapshot"] + b" "), "not-as-signed"),
    ],
)
def test_each_refusal_has_its_code(step: Callable[[TrustedSet], object], code: str) -> None:
    trusted = TrustedSet(PUBLICATION.roots[0], PINNED)
    trusted.add_timestamp(PUBLICATION.roles["timestamp"])
    with pytest.raises(MirrorError) as refused:
        step(trusted)
    assert refused.value.code == code
    trusted.add_snapshot(PUBLICATION.roles["snapshot"])  # and the right one is still welcome


@pytest.mark.parametrize(
    ("role", "data", "code"),
    [
        ("channel-ru", lambda: older().roles["channel-ru"], "wrong-version"),
        ("channel-ru", lambda: PUBLICATION.roles["channel-ru"] + b" ", "not-as-signed"),
        ("channel-ru", lambda: PUBLICATION.roles["channel-en"], "wrong-role"),
        ("channel-ru", lambda: PUBLICATION.roles["snapshot"], "metadata"),
        ("channel-xx", lambda: b'{"signatures":[],"signed":' + ghost() + b"}", "not-named"),
        ("timestamp", lambda: PUBLICATION.roles["channel-ru"], "wrong-role"),
        ("targets", lambda: PUBLICATION.roles["targets"], "wrong-role"),
    ],
)
def test_each_refusal_of_a_role_has_its_code(role: str, data: Callable[[], bytes], code: str) -> None:
    trusted = loaded()
    with pytest.raises(MirrorError) as refused:
        trusted.add_targets(data(), role, "targets")
    assert refused.value.code == code
    trusted.add_targets(PUBLICATION.roles["channel-ru"], "channel-ru", "targets")


def older() -> Publication:
    return Newsroom().publication


def ghost() -> bytes:
    signed = json.loads(PUBLICATION.roles["channel-ru"])["signed"]
    del signed["x-mirror"]
    return json.dumps(signed).encode()


def forged(role: str) -> bytes:
    """Whole but for the last digit of its signature."""
    file = json.loads(PUBLICATION.roles[role])
    sig = file["signatures"][0]["sig"]
    file["signatures"][0]["sig"] = sig[:-1] + ("0" if sig[-1] != "0" else "1")
    return json.dumps(file).encode()


# --- what we add ---------------------------------------------------------------------------------


def test_a_file_signed_for_one_channel_does_not_pass_for_another() -> None:
    """R5: both channels have the same holder, and the snapshot (its key was stolen) says so too."""
    room = Newsroom()
    room.publish(changes.rekey(room.publication, "channel-en", holders("rita"), now=room.now))
    room.release("ru").release("ru")
    roles = room.publication.roles
    lying = json.loads(roles["snapshot"])
    lying["signed"]["meta"]["channel-en.json"] = lying["signed"]["meta"]["channel-ru.json"]
    snapshot = content(json.dumps(lying).encode())
    signature = signer("snap").sign(canonical(snapshot))
    data = pack(snapshot, {signature.keyid: signature})
    timestamp = content(roles["timestamp"])
    assert isinstance(timestamp, Timestamp)
    timestamp.snapshot_meta = MetaFile(snapshot.version)
    stamped = signer("stamp").sign(canonical(timestamp))
    trusted = TrustedSet(room.publication.roots[0], PINNED)
    trusted.add_timestamp(pack(timestamp, {stamped.keyid: stamped}))
    trusted.add_snapshot(data)
    trusted.add_targets(roles["targets"], "targets", "root")
    with pytest.raises(TrustError) as refused:
        trusted.add_targets(roles["channel-ru"], "channel-en", "targets")
    assert refused.value.code == "wrong-role"
    trusted.add_targets(roles["channel-ru"], "channel-ru", "targets")


@pytest.mark.parametrize("value", [None, -1, 1.5, "1", True, 10**20])
def test_an_issued_instant_that_is_none_counts_as_unsaid(value: object) -> None:
    file = json.loads(PUBLICATION.roles["timestamp"])
    file["signed"]["x-mirror"]["issued"] = value
    assert issued_of(parse(json.dumps(file).encode()).signed) == 0
    file["signed"]["x-mirror"] = value
    assert issued_of(parse(json.dumps(file).encode()).signed) == 0


def test_an_issued_instant_after_the_expiry_is_none() -> None:
    """R11."""
    file = json.loads(PUBLICATION.roles["timestamp"])
    end = ROOM.now + 14 * DAY
    for value, issued in ((end, end), (end + 1, 0)):
        file["signed"]["x-mirror"]["issued"] = value
        assert issued_of(parse(json.dumps(file).encode()).signed) == issued


def test_one_key_has_one_material_however_it_is_spelled() -> None:
    ed = CryptoSigner.generate_ed25519().public_key
    ec = CryptoSigner.generate_ecdsa().public_key
    assert isinstance(ed, SSlibKey)
    assert isinstance(ec, SSlibKey)
    upper = SSlibKey("aa", ed.keytype, ed.scheme, {"public": ed.keyval["public"].upper()})
    loose = SSlibKey("bb", ec.keytype, ec.scheme, {"public": "\n" + ec.keyval["public"] + "\n\n"})
    old = SSlibKey("cc", "ecdsa-sha2-nistp256", ec.scheme, dict(ec.keyval))
    assert key_material(upper) == key_material(ed)
    assert key_material(loose) == key_material(old) == key_material(ec)
    assert key_material(ed) != key_material(ec)
    broken = SSlibKey("dd", "ecdsa", ec.scheme, {"public": "no pem"})
    assert key_material(broken) == key_material(broken) != key_material(ec)


FILES = [PUBLICATION.roots[0], *PUBLICATION.roles.values()]


@given(
    st.one_of(
        st.binary(max_size=60),
        st.tuples(st.sampled_from(FILES), st.integers(0, 400), st.binary(max_size=3)).map(
            lambda t: t[0][: t[1]] + t[2] + t[0][t[1] + len(t[2]) :]
        ),
    )
)
@example(b'{"signatures":[],"signed":' + b"[" * 5_000)
@example(b'{"signatures":[],"signed":{"_type":"timestamp"}}')
@example(b"\xff\xfe")
@example(PUBLICATION.roles["timestamp"].replace(b'"version":2', b'"version":"2"'))
@example(PUBLICATION.roles["timestamp"].replace(b'"version":2', b'"version":2.0'))
@example(PUBLICATION.roles["timestamp"].replace(b'"version":2', b'"version":true'))
@example(PUBLICATION.roles["timestamp"].replace(b'"version":2', b'"version":' + b"9" * 4_000))
@example(PUBLICATION.roles["timestamp"].replace(b'"version":2', b'"version":null'))
@example(PUBLICATION.roles["timestamp"].replace(b'"sig":"', b'"sig":"zz'))
@example(PUBLICATION.roles["timestamp"].replace(b'"x-mirror":{', b'"x-mirror":{"\\ud800":0,'))
def test_garbage_raises_only_our_errors(data: bytes) -> None:
    """And what is accepted after all (a changed space) says what was signed, to the letter."""
    steps: list[Callable[[], object]] = [
        lambda: TrustedSet(data, PINNED),
        lambda: TrustedSet(PUBLICATION.roots[0], PINNED).add_root(data),
        lambda: TrustedSet(PUBLICATION.roots[0], PINNED).add_timestamp(data),
    ]
    for step in steps:
        try:
            step()
        except MirrorError:
            continue
        assert parse(data).signed_bytes in [parse(file).signed_bytes for file in FILES]


def test_reading_another_kind_is_refused() -> None:
    with pytest.raises(FormatError):
        read(PUBLICATION.roles["timestamp"], type(PUBLICATION.root))
