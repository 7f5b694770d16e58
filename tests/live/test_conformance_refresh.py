"""What the TUF conformance suite asks of a refresh, through our command line and a real server."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tuf.api.metadata import Metadata, MetaFile, Root

from helpers.tufrepo import NOW, TOP, Client, Repo, key, served

REFRESH = [("root", 2), ("timestamp", None), ("snapshot", 1), ("targets", 1)]
PAST = NOW - timedelta(days=1)
Change = Callable[[Repo], None]


@pytest.fixture
def repo() -> Repo:
    return Repo()


@pytest.fixture(params=["python", "browser"])
def client(
    request: pytest.FixtureRequest, repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Client]:
    with served(repo) as url:
        made = Client(tmp_path, url, monkeypatch, request.param)
        assert made.init(repo.published["root"][0]) == 0
        yield made


def test_a_refresh_asks_in_order_and_keeps_the_bytes(repo: Repo, client: Client) -> None:
    repo.published["timestamp"][-1] += b" \n"
    assert client.refresh() == 0
    assert repo.log == REFRESH
    assert {role: client.holds(role) for role in TOP} == {role: repo.published[role][-1] for role in TOP}


def test_a_second_refresh_asks_only_what_may_have_changed(repo: Repo, client: Client) -> None:
    client.refresh()
    repo.log.clear()
    assert client.refresh() == 0
    assert repo.log == REFRESH[:2]


def test_a_download_refreshes_first(repo: Repo, client: Client) -> None:
    assert client.download("no such artifact") == 1
    assert repo.log == REFRESH
    assert client.trusted() == dict.fromkeys(TOP, 1)


@pytest.mark.parametrize("harm", ["no version", "bad signature", "not json", "empty"])
def test_nothing_is_asked_with_a_bad_first_root(repo: Repo, client: Client, harm: str) -> None:
    root = json.loads(repo.published["root"][0])
    if harm == "no version":
        del root["signed"]["version"]
    else:
        root["signatures"][0]["sig"] = "00" * 64
    data = {"not json": b"{", "empty": b""}.get(harm, json.dumps(root).encode())
    client.init(data)
    assert client.refresh() == 1
    assert repo.log == []


@pytest.mark.parametrize(
    ("role", "left"),
    [
        ("root", {"root": 1}),
        ("timestamp", {"root": 2}),
        ("snapshot", {"root": 2, "timestamp": 2}),
        ("targets", {"root": 2, "timestamp": 2, "snapshot": 2}),
    ],
)
@pytest.mark.parametrize("harm", ["unsigned", "flipped", "other version", "other type"])
def test_a_bad_role_stops_the_refresh_there(
    repo: Repo, client: Client, role: str, left: dict[str, int], harm: str
) -> None:
    if harm == "unsigned":
        repo.signers[role] = []
    if (harm, role) == ("other version", "timestamp"):
        return  # a timestamp's name has no version
    if harm == "other version":
        repo.roles[role].version += 1
    repo.publish("root", "targets", "snapshot", "timestamp")
    if harm == "other version":
        meta = repo.timestamp.snapshot_meta if role == "snapshot" else repo.snapshot.meta["targets.json"]
        meta.version = 2
        repo.published.pop("timestamp")
        if role == "targets":
            repo.published["snapshot"].pop()
            repo.publish("snapshot", bump=False)
        repo.publish("timestamp")
    elif harm == "flipped":
        data = repo.published[role][-1]
        at = data.index(b'"sig":"') + 20
        repo.published[role][-1] = data[:at] + (b"0" if data[at : at + 1] != b"0" else b"1") + data[at + 1 :]
    elif harm == "other type":
        other = "targets" if role != "targets" else "snapshot"
        repo.published[role][-1] = repo.published[other][-1]
    assert client.refresh() == 1
    assert client.trusted() == left


def test_a_type_is_checked_although_all_else_is_right(repo: Repo, client: Client) -> None:
    repo.root.add_key(key(2).public_key, "snapshot")
    repo.signers["snapshot"].append(key(2))
    repo.snapshot.meta = {"snapshot.json": MetaFile(1)}
    repo.publish("root", "snapshot")
    repo.published["timestamp"].append(repo.published["snapshot"].pop())
    assert client.refresh() == 1
    assert client.trusted() == {"root": 2}


def test_a_timestamp_of_the_same_version_is_not_taken(repo: Repo, client: Client) -> None:
    client.refresh()
    repo.timestamp.snapshot_meta.version = 100
    repo.publish("timestamp", bump=False)
    assert client.refresh() == 0
    assert repo.log[-1] == ("timestamp", None)
    assert client.holds("timestamp") == repo.published["timestamp"][0]


@pytest.mark.parametrize(
    ("role", "left"),
    [
        ("timestamp", {"root": 1, "snapshot": 1, "targets": 1, "timestamp": 1}),
        ("snapshot", {"root": 1, "snapshot": 1, "targets": 1, "timestamp": 2}),
        ("targets", {"root": 1, "snapshot": 2, "targets": 1, "timestamp": 2}),
    ],
)
def test_a_file_that_is_missing_ends_the_refresh(
    repo: Repo, client: Client, role: str, left: dict[str, int]
) -> None:
    assert client.refresh() == 0
    repo.publish("targets", "snapshot", "timestamp")
    repo.published[role] = [] if role == "timestamp" else repo.published[role][:1]
    assert client.refresh() == 1
    assert repo.log[-1] == (role, None if role == "timestamp" else 2)
    assert client.trusted() == left


def test_hashes_are_checked(repo: Repo, client: Client) -> None:
    repo.with_hashes = True
    repo.publish("targets", "snapshot", "timestamp")
    assert client.refresh() == 0
    repo.publish("targets")
    repo.snapshot.meta["targets.json"].hashes = {"sha256": "46" * 32}
    repo.publish("snapshot", "timestamp")
    assert client.refresh() == 1
    assert client.trusted() == {"root": 1, "timestamp": 3, "snapshot": 3, "targets": 2}


def test_the_hash_of_a_snapshot_is_checked_although_it_is_signed(repo: Repo, client: Client) -> None:
    repo.with_hashes = True
    repo.publish("snapshot")
    repo.timestamp.snapshot_meta.hashes = {"sha256": "46" * 32}
    repo.publish("timestamp")
    assert client.refresh() == 1
    assert client.trusted() == {"root": 1, "timestamp": 2}


def test_unknown_fields_are_signed_like_all_else(repo: Repo, client: Client) -> None:
    repo.root.unrecognized_fields["custom-field"] = "value"
    repo.root.roles["root"].unrecognized_fields["another"] = {"a": 1, "b": [2]}
    repo.root.keys[key(0).public_key.keyid].unrecognized_fields["keyid_hash_algorithms"] = "md5"
    repo.publish("root")
    assert client.refresh() == 0
    assert client.trusted()["root"] == 2


# --- rollback ------------------------------------------------------------------------------------


def test_an_older_timestamp_is_refused(repo: Repo, client: Client) -> None:
    repo.publish("timestamp")
    assert client.refresh() == 0
    repo.published["timestamp"].pop()
    assert client.refresh() == 1
    assert client.trusted()["timestamp"] == 2
    assert repo.log[-1] == ("timestamp", None)


@pytest.mark.parametrize("with_hashes", [False, True])
def test_a_new_timestamp_with_an_older_snapshot_is_refused(
    repo: Repo, client: Client, with_hashes: bool
) -> None:
    repo.with_hashes = with_hashes
    repo.publish("snapshot", "timestamp")
    assert client.refresh() == 0
    repo.timestamp.snapshot_meta.version = 1
    repo.publish("timestamp")
    assert client.refresh() == 1
    assert client.trusted()["timestamp"] == 2
    assert repo.log[-1] == ("timestamp", None)


@pytest.mark.parametrize("with_hashes", [False, True])
@pytest.mark.parametrize("is_removed", [False, True])
def test_a_new_snapshot_with_older_targets_is_refused(
    repo: Repo, client: Client, with_hashes: bool, is_removed: bool
) -> None:
    repo.with_hashes = with_hashes
    repo.publish("targets", "snapshot", "timestamp")
    assert client.refresh() == 0
    repo.roles["targets"].version = 1
    repo.publish("targets", bump=False)
    if is_removed:
        repo.snapshot.meta = {"other.json": MetaFile(1)}
    repo.publish("snapshot", "timestamp")
    assert client.refresh() == 1
    assert client.trusted() == {"root": 1, "timestamp": 3, "snapshot": 2, "targets": 2}


@pytest.mark.parametrize(
    ("role", "rotated"),
    [("timestamp", ["timestamp"]), ("snapshot", ["snapshot", "timestamp"]), ("targets", ["snapshot"])],
)
def test_after_a_fast_forward_new_keys_bring_low_versions_back(
    repo: Repo, client: Client, role: str, rotated: list[str]
) -> None:
    for _ in range(9):
        repo.publish(role)
    repo.publish(*{"targets": ["snapshot", "timestamp"], "snapshot": ["timestamp"], "timestamp": []}[role])
    assert client.refresh() == 0
    assert client.trusted()[role] == 10
    for each in rotated:
        repo.set_keys(each, [5])
    repo.publish("root")
    repo.roles[role].version = 1
    repo.published[role] = []
    repo.publish(role, bump=False)
    if role != "timestamp":
        repo.publish(*(["snapshot"] if role == "targets" else []), "timestamp")
    assert client.refresh() == 0
    assert client.trusted()[role] == 1


# --- expiry --------------------------------------------------------------------------------------


def test_an_expired_root_is_kept_and_nothing_after_it(repo: Repo, client: Client) -> None:
    assert client.refresh() == 0
    repo.root.expires = PAST
    repo.publish("root", "targets", "snapshot", "timestamp")
    assert client.refresh() == 1
    assert client.trusted() == {"root": 2, "timestamp": 1, "snapshot": 1, "targets": 1}


def test_an_expired_root_on_the_way_to_a_valid_one_is_no_matter(repo: Repo, client: Client) -> None:
    repo.root.expires = PAST
    repo.publish("root")
    repo.root.expires = NOW + timedelta(days=9)
    repo.publish("root")
    assert client.refresh() == 0
    assert client.trusted()["root"] == 3


@pytest.mark.parametrize(
    ("role", "left"),
    [
        ("timestamp", {"timestamp": 1, "snapshot": 1, "targets": 1}),
        ("snapshot", {"timestamp": 2, "snapshot": 1, "targets": 1}),
        ("targets", {"timestamp": 2, "snapshot": 2, "targets": 1}),
    ],
)
def test_an_expired_role_is_not_taken(repo: Repo, client: Client, role: str, left: dict[str, int]) -> None:
    assert client.refresh() == 0
    repo.roles[role].expires = PAST
    repo.publish("targets", "snapshot", "timestamp")
    assert client.refresh() == 1
    assert client.trusted() == {"root": 1, **left}


def test_what_expired_here_can_be_followed_by_what_is_valid(repo: Repo, client: Client) -> None:
    for role in TOP:
        repo.roles[role].expires = NOW + timedelta(days=7)
    repo.publish("root", "targets", "snapshot", "timestamp")
    assert client.refresh() == 0
    for role in TOP:
        repo.roles[role].expires = NOW + timedelta(days=21)
    repo.publish("root", "targets", "snapshot", "timestamp")
    client.at = NOW + timedelta(days=18)
    assert client.refresh() == 0
    assert client.trusted() == dict.fromkeys(TOP, 3)


def test_an_unchanged_timestamp_does_not_stay_valid(repo: Repo, client: Client) -> None:
    """Beyond the suite: some clients take the same bytes for ever."""
    assert client.refresh() == 0
    client.at = NOW + timedelta(days=31)
    assert client.refresh() == 1


# --- keys ----------------------------------------------------------------------------------------


def test_too_few_signatures_are_refused(repo: Repo, client: Client) -> None:
    repo.set_keys("snapshot", [5, 6, 7], threshold=3)
    repo.publish("root")
    repo.publish_all()
    assert client.refresh() == 0
    repo.signers["snapshot"].pop()
    repo.publish_all("targets")
    assert client.refresh() == 1
    assert client.trusted()["snapshot"] == 2


def test_a_threshold_above_the_number_of_keys_cannot_be_met(repo: Repo, client: Client) -> None:
    repo.set_keys("snapshot", [5, 6], threshold=3)
    repo.publish("root")
    repo.publish_all()
    assert client.refresh() == 1
    assert client.trusted() == {"root": 2, "timestamp": 2}


def test_one_signature_counts_once(repo: Repo, client: Client) -> None:
    repo.set_keys("snapshot", [5, 6], threshold=2, sigs=[5])
    repo.publish("root")
    repo.publish_all()
    file = json.loads(repo.published["snapshot"].pop())
    file["signatures"] *= 3
    repo.published["snapshot"].append(json.dumps(file).encode())
    assert client.refresh() == 1
    assert "snapshot" not in client.trusted()


def test_a_key_id_may_sign_once_only(repo: Repo, client: Client) -> None:
    file = json.loads(repo.published["snapshot"].pop())
    file["signatures"] *= 2
    repo.published["snapshot"].append(json.dumps(file).encode())
    assert client.refresh() == 1
    assert "snapshot" not in client.trusted()


KINDS = [
    ("rsa", "rsassa-pss-sha256", "b1" * 384),
    ("rsa", "rsa-pkcs1v15-sha256", "b1" * 384),
    ("ecdsa", "", "3006020101020101"),
    ("ed25519", "", "b6" * 64),
]


@pytest.mark.parametrize(("kind", "scheme", "bad"), KINDS)
def test_every_kind_of_key_in_the_specification_is_verified(
    repo: Repo, client: Client, kind: str, scheme: str, bad: str
) -> None:
    signer = key(9, kind, scheme)
    repo.root.add_key(signer.public_key, "root")
    repo.root.roles["root"].threshold = 2
    repo.signers["root"].append(signer)
    repo.publish("root")
    assert client.refresh() == 0
    repo.publish("root")
    root = Metadata[Root].from_bytes(repo.published["root"].pop())
    root.signatures[signer.public_key.keyid].signature = bad
    repo.published["root"].append(root.to_bytes())
    assert client.refresh() == 1
    assert client.trusted()["root"] == 2


@pytest.mark.parametrize("signature", ["00" * 64, "", "no hex"])
def test_a_wrong_signature_beside_enough_right_ones_does_no_harm(
    repo: Repo, client: Client, signature: str
) -> None:
    repo.set_keys("timestamp", [5, 6])
    repo.publish("root", "timestamp")
    file = json.loads(repo.published["timestamp"].pop())
    file["signatures"][0]["sig"] = signature
    repo.published["timestamp"].append(json.dumps(file).encode())
    assert client.refresh() == 0


# Each root: who holds it, how many of them must sign, who signed. The last says whether it is taken.
ROOTS = {
    "rotated": (True, [([1], 1, [1]), ([2], 1, [2, 1]), ([2], 1, [2])]),
    "strangers sign too": (True, [([1], 1, [3, 1, 4]), ([2], 1, [3, 2, 1, 4]), ([2], 1, [3, 2, 4])]),
    "any three of five": (
        True,
        [([0, 1, 2, 3, 4], 3, s) for s in ([0, 2, 4], [0, 4, 1], [0, 1, 3], [0, 1, 3])],
    ),
    "one of five replaced": (True, [([0, 1, 2, 3, 4], 3, [0, 2, 4]), ([0, 1, 3, 4, 5], 3, [0, 4, 1])]),
    "one replaced in two steps": (
        True,
        [
            ([0, 1, 2, 3, 4], 3, [0, 2, 4]),
            ([0, 1, 3, 4, 5], 3, [0, 2, 4, 5]),
            ([0, 1, 3, 4, 5], 3, [0, 4, 5]),
        ],
    ),
    "all replaced": (
        True,
        [
            ([0, 1, 2, 3, 4], 3, [0, 2, 4]),
            ([5, 6, 7, 8, 9], 3, [0, 2, 4, 5, 6, 7]),
            ([5, 6, 7, 8, 9], 3, [5, 6, 7]),
        ],
    ),
    "threshold raised": (True, [([1, 2, 3], 1, [1]), ([1, 2, 3], 2, [1, 2])]),
    "threshold lowered": (True, [([1, 2, 3], 2, [1, 2]), ([1, 2, 3], 1, [1, 2]), ([1, 2, 3], 1, [1])]),
    "key added": (True, [([1], 1, [1]), ([1, 2], 2, [1, 2])]),
    "old key missing": (False, [([1], 1, [1]), ([2], 1, [2, 3, 4])]),
    "new key missing": (False, [([1], 1, [1]), ([2], 1, [1, 3, 4])]),
    "too few new": (False, [([0, 1, 2, 3, 4], 3, [0, 2, 4]), ([0, 1, 3, 4, 5], 3, [0, 2, 4])]),
    "too few old": (False, [([0, 1, 2, 3, 4], 3, [0, 2, 4]), ([0, 1, 3, 4, 5], 3, [0, 4, 5])]),
    "raised threshold not met": (False, [([1, 2, 3], 1, [1]), ([1, 2, 3], 2, [2])]),
    "lowered threshold, old not met": (False, [([1, 2, 3], 2, [1, 2]), ([1, 2, 3], 1, [1])]),
}


@pytest.mark.parametrize(("is_good", "roots"), ROOTS.values(), ids=ROOTS)
def test_roots_follow_each_other(
    repo: Repo, client: Client, is_good: bool, roots: list[tuple[list[int], int, list[int]]]
) -> None:
    repo.published["root"] = []
    repo.root.version = 0
    for keys, threshold, signed_by in roots:
        repo.set_keys("root", keys, threshold, signed_by)
        repo.publish("root")
    client.init(repo.published["root"][0])
    assert client.refresh() == (0 if is_good else 1)
    assert client.holds("root") == repo.published["root"][-1 if is_good else -2]


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
@pytest.mark.parametrize(
    ("is_good", "given"),
    [
        (True, ([2], 1, [2])),
        (True, ([1], 1, [3, 1, 4])),
        (False, ([2], 1, [1, 3, 4])),
        (False, ([0, 1, 3, 4, 5], 3, [0, 2, 4])),
        (False, ([0, 1, 3, 4, 5], 3, [0, 4])),
        (True, ([0, 1, 2, 3, 4], 3, [0, 2, 4])),
        (True, ([0, 1, 2, 3, 4], 3, [2, 3, 4])),
    ],
)
def test_roles_follow_their_keys(
    repo: Repo, client: Client, role: str, is_good: bool, given: tuple[list[int], int, list[int]]
) -> None:
    repo.set_keys(role, *given)
    repo.publish("root")
    repo.publish(role)
    repo.publish_all()
    assert client.refresh() == (0 if is_good else 1)
    assert (client.trusted().get(role) is not None) == is_good


def test_a_hundred_roots_are_followed_and_only_so_many(repo: Repo, client: Client) -> None:
    for _ in range(300):
        repo.publish("root")
    assert client.refresh() == 0
    assert client.trusted()["root"] == 257
    assert client.refresh() == 0
    assert client.trusted()["root"] == 301


@pytest.mark.parametrize(
    ("role", "limit"), [("root", 512_000), ("timestamp", 16_384), ("snapshot", 2_000_000)]
)
def test_a_file_of_any_length_is_not_read_to_its_end(
    repo: Repo, client: Client, role: str, limit: int
) -> None:
    repo.publish("root", "targets", "snapshot", "timestamp")
    data = repo.published[role][-1]
    repo.published[role][-1] = data + b" " * (limit - len(data))
    assert client.refresh() == 0
    repo.publish("root", "targets", "snapshot", "timestamp")
    data = repo.published[role][-1]
    repo.published[role][-1] = data + b" " * (limit + 1 - len(data))
    assert client.refresh() == 1


def test_a_declared_length_is_the_limit(repo: Repo, client: Client) -> None:
    repo.with_hashes = True
    repo.publish("targets", "snapshot", "timestamp")
    repo.published["snapshot"][-1] += b" "
    assert client.refresh() == 1
    assert "snapshot" not in client.trusted()
