"""The ceremony: who signed, who is missing, and nothing leaves below its threshold."""

import json
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from securesystemslib.signer import CryptoSigner

from helpers.newsroom import (
    CHANNELS,
    NOW,
    OFFLINE,
    ONLINE,
    ROLES,
    Mirror,
    Newsroom,
    holders,
    public,
    refresh,
    signer,
    target,
)
from mirror.errors import FormatError, TrustError
from mirror.trust import ceremony, changes
from mirror.trust import lint as lint_module
from mirror.trust.keys import PublicKey
from mirror.trust.lint import lint
from mirror.trust.metadata import content
from mirror.trust.publication import DAY, Draft, Holders, Lifetimes, Publication, tree
from mirror.trust.state import State, Stored

ONLINE_ROLES = ("snapshot", "timestamp")
KNOWN = [public(name) for name in OFFLINE]
SIGNERS = [signer(name) for name in ONLINE]


def canonical(fields: dict[str, object]) -> bytes:
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def first_draft(**roles: Holders) -> Draft:
    everything = {**ROLES, **roles}
    return changes.new_publication(**everything, channels=CHANNELS, now=NOW, lifetimes=Lifetimes())


def ru_draft(room: Newsroom) -> Draft:
    return changes.release(room.publication, {"ru": {"ru/head": target(b"x")}}, now=room.now)


def status_of(draft: Draft, role: str) -> list[tuple[str, tuple[str, ...], tuple[str, ...], bool]]:
    return [
        (each.by, each.signed, each.missing, each.is_complete)
        for each in ceremony.status(draft, KNOWN)
        if each.role == role
    ]


def test_status_says_by_name_who_signed_and_who_is_missing() -> None:
    draft = first_draft()
    assert status_of(draft, "root") == [("root", (), ("ann", "bob", "cem"), False)]
    draft = ceremony.sign(draft, signer("bob"))
    assert status_of(draft, "root") == [("root", ("bob",), ("ann", "cem"), False)]
    assert status_of(draft, "channel-ru") == [("targets", (), ("rita",), False)]
    draft = ceremony.sign(draft, signer("cem"))
    assert status_of(draft, "root") == [("root", ("bob", "cem"), ("ann",), True)]
    unknown = {name for each in ceremony.status(draft) for name in (*each.signed, *each.missing)}
    assert public("ann").keyid[:8] in unknown


@given(st.sets(st.sampled_from(OFFLINE)))
def test_nothing_leaves_below_its_threshold(names: set[str]) -> None:
    draft = ceremony.sign(first_draft(), *(signer(name) for name in names))
    enough = len(names & {"ann", "bob", "cem"}) >= 2 and names >= {"lawyer", "rita", "eve"}
    assert all(each.is_complete for each in ceremony.status(draft)) == enough
    if enough:
        assert ceremony.commit(draft, SIGNERS, now=NOW).version("snapshot") == 1
        return
    with pytest.raises(TrustError) as refused:
        ceremony.commit(draft, SIGNERS, now=NOW)
    assert refused.value.code == "below-threshold"
    assert "of the" in str(refused.value)


def test_signing_twice_counts_once() -> None:
    draft = ceremony.sign(first_draft(), signer("ann"), signer("ann"))
    assert status_of(draft, "root") == [("root", ("ann",), ("bob", "cem"), False)]


@pytest.mark.parametrize("online", [(), ("snap",), ("stamp",), ("ann", "bob")])
def test_without_the_online_keys_there_is_no_release(online: tuple[str, ...]) -> None:
    room = Newsroom()
    draft = ceremony.sign(ru_draft(room), signer("rita"))
    with pytest.raises(TrustError) as refused:
        ceremony.commit(draft, [signer(name) for name in online], now=room.now)
    assert refused.value.code == "below-threshold"


def test_the_online_keys_alone_cannot_say_anything_new() -> None:
    """Design §1: who steals the publisher's online key cannot add, alter or remove an article."""
    room = Newsroom()
    with pytest.raises(TrustError) as refused:
        ceremony.sign(ru_draft(room), *SIGNERS)
    assert refused.value.code == "not-a-holder"
    with pytest.raises(TrustError) as refused:
        ceremony.commit(ru_draft(room), SIGNERS, now=room.now)
    assert refused.value.code == "below-threshold"


# --- detached ------------------------------------------------------------------------------------


def test_detached_signatures_are_as_good_as_those_at_hand() -> None:
    draft = by_hand = first_draft()
    for role, names in {
        "root": ("ann", "cem"),
        "targets": ("cem", "bob"),
        "channel-ru": ("rita",),
        "channel-en": ("eve",),
        "notices": ("lawyer",),
    }.items():
        payload = ceremony.export_payload(draft, role)
        for name in names:
            draft = ceremony.merge_signature(draft, ceremony.detached_sign(payload, signer(name)))
    for name in OFFLINE:
        by_hand = ceremony.sign(by_hand, signer(name))
    assert all(each.is_complete for each in ceremony.status(draft))
    made = ceremony.commit(draft, SIGNERS, now=NOW)
    other = ceremony.commit(by_hand, SIGNERS, now=NOW)
    assert {role: content(data) for role, data in made.roles.items() if role not in ONLINE_ROLES} == {
        role: content(data) for role, data in other.roles.items() if role not in ONLINE_ROLES
    }


def test_a_payload_says_what_is_signed() -> None:
    room = Newsroom()
    facts = ceremony.facts_of(ceremony.export_payload(ru_draft(room), "channel-ru"))
    assert (facts.role, facts.version, facts.issued, facts.expires) == ("channel-ru", 2, NOW, NOW + 365 * DAY)
    assert facts.targets == {"ru/head": 1}
    facts = ceremony.facts_of(ceremony.export_payload(first_draft(), "root"))
    assert facts.thresholds == {"root": (2, 3), "targets": (2, 3), "snapshot": (1, 1), "timestamp": (1, 1)}
    facts = ceremony.facts_of(ceremony.export_payload(first_draft(), "targets"))
    assert facts.thresholds == {"notices": (1, 1), "channel-ru": (1, 1), "channel-en": (1, 1)}


def test_a_hardware_key_takes_part() -> None:
    token = CryptoSigner(ec.generate_private_key(ec.SECP256R1()))
    root = Holders((public("ann"), PublicKey("token", token.public_key)), 2)
    draft = first_draft(root=root)
    signed = ceremony.sign(draft, *(signer(name) for name in OFFLINE))
    signed = ceremony.merge_signature(
        signed, ceremony.detached_sign(ceremony.export_payload(draft, "root"), token)
    )
    publication = ceremony.commit(signed, SIGNERS, now=NOW)
    read = refresh(Stored(publication.roots[0]), {"a": Mirror(tree(publication))})
    assert read.freshness.state is State.CURRENT
    assert len(read.signers["root"].keyids) == 2


def test_a_signature_over_something_else_is_not_merged() -> None:
    room = Newsroom()
    draft = ru_draft(room)
    other = changes.release(room.publication, {"ru": {"ru/head": target(b"other")}}, now=room.now)
    detached = ceremony.detached_sign(ceremony.export_payload(other, "channel-ru"), signer("rita"))
    with pytest.raises(TrustError) as refused:
        ceremony.merge_signature(draft, detached)
    assert refused.value.code == "other-payload"


def test_a_strangers_signature_is_not_merged() -> None:
    draft = ru_draft(Newsroom())
    detached = ceremony.detached_sign(ceremony.export_payload(draft, "channel-ru"), signer("eve"))
    with pytest.raises(TrustError) as refused:
        ceremony.merge_signature(draft, detached)
    assert refused.value.code == "not-a-holder"


def test_a_forged_signature_is_not_merged() -> None:
    draft = ru_draft(Newsroom())
    fields = json.loads(ceremony.detached_sign(ceremony.export_payload(draft, "channel-ru"), signer("rita")))
    fields["sig"] = fields["sig"][:-2] + ("00" if fields["sig"][-2:] != "00" else "01")
    forged = canonical(fields)
    with pytest.raises(TrustError) as refused:
        ceremony.merge_signature(draft, forged)
    assert refused.value.code == "bad-signature"


@given(st.binary(max_size=200))
def test_garbage_is_neither_payload_nor_signature(data: bytes) -> None:
    with pytest.raises(FormatError) as refused:
        ceremony.detached_sign(data, signer("ann"))
    assert refused.value.code == "payload"
    with pytest.raises(FormatError) as refused:
        ceremony.merge_signature(first_draft(), data)
    assert refused.value.code == "signature"


def test_a_key_signs_nothing_it_cannot_show() -> None:
    """Whole payloads but for one defect: not canonical, more than one thing, not one of ours."""
    payload = ceremony.export_payload(first_draft(), "channel-ru")
    for bad in (
        payload + b" ",
        payload.replace(b'"version":1', b'"version": 1'),
        payload + b',"x":1',
        payload.replace(b'"x-mirror"', b'"y-mirror"'),
        payload.replace(b'"role":"channel-ru"', b'"role":7'),
        payload.replace(b'"version":1', b'"version":1.5'),
        b"",
    ):
        with pytest.raises(FormatError) as refused:
            ceremony.detached_sign(bad, signer("rita"))
        assert refused.value.code == "payload"


def test_a_signature_file_has_one_spelling() -> None:
    draft = ru_draft(Newsroom())
    good = ceremony.detached_sign(ceremony.export_payload(draft, "channel-ru"), signer("rita"))
    fields = json.loads(good)
    spellings = [good[:-1], good + b"\n", b" " + good, json.dumps(fields).encode() + b"\n"]
    wrong = ({"version": 2}, {"_type": "x"}, {"sig": fields["sig"].upper()}, {"keyid": 7}, {"new": ""})
    spellings += [canonical(fields | change) for change in wrong]
    for data in spellings:
        with pytest.raises(FormatError) as refused:
            ceremony.merge_signature(draft, data)
        assert refused.value.code == "signature"
    ceremony.merge_signature(draft, good)


def test_only_changed_roles_have_a_payload() -> None:
    with pytest.raises(TrustError) as refused:
        ceremony.export_payload(ru_draft(Newsroom()), "notices")
    assert refused.value.code == "no-role"


# --- roots ---------------------------------------------------------------------------------------


def test_a_new_root_needs_the_old_threshold_and_its_own() -> None:
    room = Newsroom()
    new = holders("ann", "dan", "eda", threshold=2)
    draft = changes.rotate_root(room.publication, now=room.now, root=new)
    known = [*KNOWN, public("dan"), public("eda")]
    draft = ceremony.sign(draft, signer("ann"), signer("dan"))
    by = {each.by: each.is_complete for each in ceremony.status(draft, known) if each.role == "root"}
    assert by == {"previous root": False, "root": True}
    with pytest.raises(TrustError) as refused:
        ceremony.commit(draft, SIGNERS, now=room.now)
    assert refused.value.code == "below-threshold"
    publication = ceremony.commit(ceremony.sign(draft, signer("bob")), SIGNERS, now=room.now)
    assert publication.version("root") == 2


# --- order ---------------------------------------------------------------------------------------


def test_heartbeats_during_a_ceremony_do_not_make_two_statements_of_one_version() -> None:
    room = Newsroom()
    draft = ru_draft(room)
    room.later().heartbeat()
    room.later().heartbeat()
    signed = ceremony.sign(draft, signer("rita"))
    moved = ceremony.rebase(signed, room.publication)
    published = ceremony.commit(moved, SIGNERS, now=room.now)
    assert published.version("timestamp") == 4
    assert published.version("channel-ru") == 2


def test_a_draft_whose_role_was_changed_meanwhile_is_stale() -> None:
    room = Newsroom()
    draft = ru_draft(room)
    room.later().release("ru")
    with pytest.raises(TrustError) as refused:
        ceremony.rebase(draft, room.publication)
    assert refused.value.code == "stale-draft"
    root = changes.rotate_root(room.publication, now=room.now)
    room.rotate()
    with pytest.raises(TrustError) as refused:
        ceremony.rebase(root, room.publication)
    assert refused.value.code == "stale-draft"


def test_a_publishers_clock_does_not_go_back() -> None:
    room = Newsroom()
    room.later().heartbeat()
    with pytest.raises(TrustError) as refused:
        ceremony.heartbeat(room.publication, SIGNERS, now=room.now - 1)
    assert refused.value.code == "clock-behind"
    ceremony.heartbeat(room.publication, SIGNERS, now=room.now)


# --- lint ----------------------------------------------------------------------------------------


def faults(
    publication: Publication, now: int = NOW, previous: Publication | None = None
) -> set[tuple[str, str]]:
    return {(each.code, each.role) for each in lint(publication, now=now, previous=previous)}


def with_root(publication: Publication, change: str) -> Publication:
    """The publication with a root whose bytes were changed after signing: only lint looks at it."""
    root = json.loads(publication.roots[-1])
    signed = root["signed"]
    if change == "twin":
        keyid = signed["roles"]["root"]["keyids"][0]
        signed["keys"]["ab" * 32] = signed["keys"][keyid]
        signed["roles"]["root"]["keyids"].append("ab" * 32)
    elif change == "threshold":
        signed["roles"]["snapshot"]["threshold"] = 2
    elif change == "online":
        signed["roles"]["timestamp"]["keyids"] = signed["roles"]["root"]["keyids"][:1]
    elif change == "single":
        signed["roles"]["root"]["threshold"] = 1
    return Publication((*publication.roots[:-1], json.dumps(root).encode()), publication.roles)


def test_a_sound_publication_has_no_fault() -> None:
    room = Newsroom()
    before = room.publication
    room.later().release("ru")
    assert faults(room.publication, room.now, before) == set()


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("twin", {("duplicate-key", "root")}),
        ("threshold", {("threshold", "snapshot")}),
        ("online", {("online-key", "root"), ("online-key", "targets")}),
        ("single", {("single-holder", "root")}),
    ],
)
def test_faults_of_keys_are_found(change: str, found: set[tuple[str, str]]) -> None:
    assert faults(with_root(Newsroom().publication, change)) == found


def test_a_key_on_a_server_may_not_sign_what_must_stay_offline() -> None:
    draft = first_draft(notices=holders("snap"))
    signed = ceremony.sign(draft, *(signer(name) for name in ("ann", "bob", "rita", "eve", "snap")))
    with pytest.raises(TrustError) as refused:
        ceremony.commit(signed, SIGNERS, now=NOW)
    assert refused.value.code == "online-key"


def test_faults_of_expiry_are_found() -> None:
    publication = Newsroom().publication
    assert faults(publication, NOW + 15 * DAY) == {("expired-role", "timestamp")}
    assert faults(publication, NOW - 4 * 365 * DAY) == {("expiry-too-far", "root")}
    short = Newsroom(lifetimes=Lifetimes(notices=7 * DAY)).publication
    assert faults(short) == {("expires-soon", "notices")}
    room = Newsroom(lifetimes=Lifetimes(notices=7 * DAY)).later(8 * DAY)
    with pytest.raises(TrustError) as refused:
        room.release("ru")
    assert refused.value.code == "expired-role"


def test_faults_of_versions_are_found() -> None:
    room = Newsroom()
    first = room.publication
    second = room.later().release("ru").publication
    assert faults(first, room.now, second) >= {("version-jump", "channel-ru"), ("version-jump", "timestamp")}
    leap = json.loads(second.roles["timestamp"])
    leap["signed"]["version"] = 2_000
    far = Publication(second.roots, {**second.roles, "timestamp": json.dumps(leap).encode()})
    assert faults(far, room.now, first) == {("version-jump", "timestamp")}
    other = Publication(second.roots, {**second.roles, "targets": second.roles["targets"] + b" "})
    assert faults(other, room.now, first) == {("version-jump", "targets")}
    rooted = room.rotate().publication
    assert faults(rooted, room.now, second) == set()
    assert ("version-jump", "root") in faults(second, room.now, rooted)
    twice = Publication((*rooted.roots, rooted.roots[-1]), rooted.roles)
    assert ("version-jump", "root") in faults(twice, room.now, second)


def test_a_file_larger_than_a_piece_is_found() -> None:
    publication = Newsroom().publication
    fat = Publication(
        publication.roots, {**publication.roles, "notices": publication.roles["notices"] + b" " * 10_240}
    )
    assert faults(fat) == {("metadata-too-large", "notices")}


def test_every_statement_says_its_role_and_when_it_was_issued() -> None:
    room = Newsroom().later()
    room.heartbeat()
    for role, data in {"root": room.publication.roots[0], **room.publication.roles}.items():
        issued = room.now if role == "timestamp" else NOW
        assert content(data).unrecognized_fields["x-mirror"] == {"issued": issued, "role": role}


def test_the_rules_name_every_fault() -> None:
    source = Path(lint_module.__file__)
    codes = set(re.findall(r'Fault\(\s*"([a-z-]+)"', source.read_text("utf-8")))
    rules = (source.parent / "RULES.md").read_text("utf-8")
    assert len(codes) == 9
    assert [code for code in codes if f"| `{code}` |" not in rules] == []
