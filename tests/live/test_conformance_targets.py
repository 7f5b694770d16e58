"""What the TUF conformance suite asks of targets and delegations, and some that it does not."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from tuf.api.metadata import Targets

from conformance import tuf_client
from helpers.newsroom import NOW as OUR_NOW
from helpers.newsroom import Newsroom
from helpers.node import node, program
from helpers.tufrepo import NOW, Client, Repo, key, served

DATA = b"an artifact"


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


def delegated_only(repo: Repo) -> list[str]:
    """Which delegated roles were asked for, in order."""
    return [role for role, _ in repo.log if role not in ("root", "timestamp", "snapshot", "targets")]


# --- files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_consistent", [True, False])
@pytest.mark.parametrize(
    "path", ["file.txt", "path/to/a/file.txt", "a b", "статья", "a%20b", "100%", "a+b(c)!'*", ".x", "-"]
)
def test_a_target_is_downloaded(repo: Repo, client: Client, path: str, is_consistent: bool) -> None:
    repo.root.consistent_snapshot = is_consistent
    repo.add("targets", path, DATA)
    repo.publish("root", "targets", "snapshot", "timestamp")
    assert client.download(path) == 0
    assert client.downloaded() == [DATA]
    assert all(entry.is_file() for entry in client.targets.iterdir()), "no folder is made from a path"


def test_several_targets_at_once(repo: Repo, client: Client) -> None:
    for number in range(3):
        repo.add("targets", f"file-{number}", b"%d" % number)
    repo.publish_all("targets")
    assert client.download("file-0", "file-2") == 0
    assert client.downloaded() == [b"0", b"2"]
    assert client.download("file-1", "file-3") == 1


def test_a_target_that_is_here_is_not_asked_for_again(repo: Repo, client: Client) -> None:
    repo.add("targets", "file", DATA)
    repo.publish_all("targets")
    assert client.download("file") == 0
    assert client.download("file") == 0
    assert len(repo.downloads) == 1


def test_a_target_changes_in_place_and_lies_are_not_stored(repo: Repo, client: Client) -> None:
    contents = []
    for number in range(3):
        data = b"%d" % number
        repo.add("targets", "file", data)
        repo.add("targets", f"new-{number}", data * 2)
        repo.publish_all("targets")
        assert client.download("file") == 0
        assert client.download(f"new-{number}") == 0
        contents.append(data * 2)
        repo.artifacts["file"] = b"malicious"
        repo.targets().targets["file"].unrecognized_fields["custom"] = number
        repo.publish_all("targets")
        client.download("file")
        assert client.downloaded() == sorted([data, *contents])


@pytest.mark.parametrize("wrong", [b"an artifacX", b"an artifac", b"an artifact!", b""])
def test_a_target_that_is_not_what_was_signed_is_refused(repo: Repo, client: Client, wrong: bytes) -> None:
    repo.add("targets", "file", DATA)
    repo.publish_all("targets")
    repo.artifacts["file"] = wrong
    assert client.download("file") == 1
    assert client.downloaded() == []


@pytest.mark.parametrize("hashes", [["sha256"], ["sha512"], ["sha256", "sha512"], ["sha512", "sha256"]])
def test_any_of_the_digests_names_the_file(repo: Repo, client: Client, hashes: list[str]) -> None:
    repo.add("targets", "file", DATA, hashes)
    repo.publish_all("targets")
    assert client.download("file") == 0
    assert len(repo.downloads) == 1


@pytest.mark.parametrize("hashes", [{"md4": "00"}, {"sha512": "11" * 64}])
def test_every_digest_must_match(repo: Repo, client: Client, hashes: dict[str, str]) -> None:
    repo.add("targets", "file", DATA)
    repo.targets().targets["file"].hashes |= hashes
    repo.publish_all("targets")
    assert client.download("file") == 1
    assert client.downloaded() == []


# --- delegations ---------------------------------------------------------------------------------

# (delegating role, role, terminating, paths); and the roles asked for, in order
GRAPHS: dict[str, tuple[list[tuple[str, str, bool, list[str]]], list[str]]] = {
    "one": ([("targets", "A", False, ["*"])], ["A"]),
    "two": ([("targets", "A", False, ["*"]), ("targets", "B", False, ["*"])], ["A", "B"]),
    "two levels": (
        [("targets", "A", False, ["*"]), ("targets", "B", False, ["*"]), ("B", "C", False, ["*"])],
        ["A", "B", "C"],
    ),
    "depth first": (
        [
            ("targets", "A", False, ["*"]),
            ("targets", "B", False, ["*"]),
            ("A", "C", False, ["*"]),
            ("A", "D", False, ["*"]),
        ],
        ["A", "C", "D", "B"],
    ),
    "three levels": (
        [
            ("targets", "A", False, ["*"]),
            ("targets", "B", False, ["*"]),
            ("A", "C", False, ["*"]),
            ("C", "D", False, ["*"]),
        ],
        ["A", "C", "D", "B"],
    ),
    "terminating": (
        [
            ("targets", "A", False, ["*"]),
            ("targets", "B", False, ["*"]),
            ("A", "C", True, ["*"]),
            ("A", "D", False, ["*"]),
        ],
        ["A", "C"],
    ),
    "terminating, with a child": (
        [
            ("targets", "A", False, ["*"]),
            ("targets", "B", False, ["*"]),
            ("A", "C", True, ["*"]),
            ("C", "D", False, ["*"]),
        ],
        ["A", "C", "D"],
    ),
    "a terminating role of other paths": (
        [("targets", "A", True, ["*.py"]), ("targets", "B", False, ["*"])],
        ["B"],
    ),
    "other paths": (
        [("targets", "A", False, ["*.py"]), ("targets", "B", False, ["*"]), ("A", "C", False, ["*"])],
        ["B"],
    ),
    "a circle": (
        [
            ("targets", "A", False, ["*"]),
            ("targets", "B", False, ["*"]),
            ("B", "C", False, ["*"]),
            ("C", "D", False, ["*"]),
            ("D", "B", False, ["*"]),
        ],
        ["A", "B", "C", "D"],
    ),
    "itself": ([("targets", "A", False, ["*"]), ("A", "A", False, ["*"])], ["A"]),
    "two ways to one role": (
        [
            ("targets", "A", False, ["*"]),
            ("targets", "B", False, ["*"]),
            ("B", "C", False, ["*"]),
            ("A", "C", False, ["*"]),
        ],
        ["A", "C", "B"],
    ),
    "two ways, one does not match": (
        [
            ("targets", "A", False, ["*"]),
            ("targets", "B", False, ["*"]),
            ("B", "C", False, ["*"]),
            ("A", "C", False, ["*.py"]),
        ],
        ["A", "B", "C"],
    ),
}


@pytest.mark.parametrize(("graph", "order"), GRAPHS.values(), ids=GRAPHS)
def test_delegations_are_searched_in_order(
    repo: Repo, client: Client, graph: list[tuple[str, str, bool, list[str]]], order: list[str]
) -> None:
    for parent, child, terminating, paths in graph:
        repo.delegate(parent, child, paths=paths, terminating=terminating)
    repo.publish_all(*(role for role in repo.roles if len(role) == 1), "targets")
    assert client.download("missing") == 1
    assert delegated_only(repo) == order


@pytest.mark.parametrize(
    ("path", "role", "order"),
    [
        ("plain", "targets", []),
        ("README.md", "A", ["A"]),
        ("releases/x/x_v1", "C", ["B", "C"]),
        ("releases/y/y_v1.zip", "D", ["B", "D"]),
        ("releases/z/z_v1.zip", None, ["B"]),
        ("releases/x/deep/x_v1", None, []),
    ],
)
def test_paths_decide_who_may_say_what(
    repo: Repo, client: Client, path: str, role: str | None, order: list[str]
) -> None:
    repo.delegate("targets", "A", paths=["*.doc", "*.md"])
    repo.delegate("targets", "B", paths=["releases/*/*"])
    repo.delegate("B", "C", paths=["releases/x/*"])
    repo.delegate("B", "D", paths=["releases/y/*.zip"])
    repo.add("D", "releases/z/z_v1.zip", b"out of its place")
    repo.add("C", "releases/x/deep/x_v1", b"out of its place")
    if role is not None:
        repo.add(role, path, DATA)
    repo.publish_all("A", "B", "C", "D", "targets")
    assert client.download(path) == (1 if role is None else 0)
    assert client.downloaded() == ([] if role is None else [DATA])
    assert delegated_only(repo) == order


def test_one_role_with_other_keys_on_the_second_way_is_verified_again(repo: Repo, client: Client) -> None:
    """C is A's by a key it is not signed with, and B's by the right one: A may not vouch for it."""
    repo.delegate("targets", "A")
    repo.delegate("A", "C", number=9)
    repo.signers["C"] = [key(8)]
    repo.add("C", "file", DATA)
    repo.publish_all("C", "A", "targets")
    assert client.download("file") == 1


BINS = [(1, "boo", "bin-0"), (2, "too", "bin-2"), (8, "bar", "bin-fc")]


@pytest.mark.parametrize(("bits", "path", "name"), BINS)
def test_bins_are_found_by_digest(repo: Repo, client: Client, bits: int, path: str, name: str) -> None:
    repo.delegate_bins(bits)
    repo.publish_all("targets")
    assert client.refresh() == 0
    repo.log.clear()
    assert client.download(path) == 1
    assert repo.log == [("root", 2), ("timestamp", None), (name, 1)]
    assert client.holds(name) == repo.published[name][0]


def test_path_hash_prefixes_are_followed(repo: Repo, client: Client) -> None:
    digest = hashlib.sha256(b"file").hexdigest()
    repo.delegate("targets", "other", prefixes=[f"{int(digest[0], 16) ^ 1:x}"])
    repo.delegate("targets", "right", prefixes=["zz", digest[:2]])
    repo.add("right", "file", DATA)
    repo.publish_all("other", "right", "targets")
    assert client.download("file") == 0
    assert delegated_only(repo) == ["right"]


@pytest.mark.parametrize("role", ["?", "#", "/role", "../role", "ролі", "a b", "%2e", "..", "role.json"])
def test_odd_role_names_stay_names(repo: Repo, client: Client, role: str) -> None:
    repo.delegate("targets", role)
    repo.publish_all(role, "targets")
    assert client.download("missing") == 1
    assert (quote(role, safe=""), 1) in repo.log
    assert len(client.trusted()) == 5
    assert {path.name for path in client.metadata.parent.iterdir()} == {"metadata", "first.json"}


@pytest.mark.parametrize("name", ["timestamp", "snapshot", "root"])
def test_a_role_cannot_be_delegated_under_a_top_name(repo: Repo, client: Client, name: str) -> None:
    """Beyond the suite: it would take the place of the real one in the state machine and on disk."""
    assert client.refresh() == 0
    before = {role: client.holds(role) for role in ("timestamp", "snapshot", "root")}
    repo.delegate("targets", "A")
    targets = repo.targets("A")
    repo.roles["evil"] = Targets(expires=NOW + timedelta(days=30))
    repo.signers["evil"] = [key(8)]
    repo.delegate("A", "evil")
    assert targets.delegations is not None
    assert targets.delegations.roles is not None
    targets.delegations.roles = {name: targets.delegations.roles.pop("evil")}
    targets.delegations.roles[name].name = name
    repo.add("evil", "file", DATA)
    repo.publish("evil")
    repo.snapshot.meta[f"{name}.json"] = repo.snapshot.meta.pop("evil.json")
    repo.publish_all("A", "targets")
    repo.answers[f"metadata/1.{name}.json"] = repo.published["evil"][0]
    assert client.download("file") == 1
    assert client.downloaded() == []
    assert client.holds("root") == before["root"]
    assert client.holds("timestamp") == repo.published["timestamp"][-1]
    assert client.holds("snapshot") == repo.published["snapshot"][-1]


def test_an_expired_delegated_role_is_not_used_and_a_newer_one_is(repo: Repo, client: Client) -> None:
    repo.delegate("targets", "A")
    repo.roles["A"].expires = NOW + timedelta(days=7)
    repo.add("A", "first", b"1")
    repo.add("A", "second", b"2")
    repo.publish_all("A", "targets")
    assert client.download("first") == 0
    client.at = NOW + timedelta(days=18)
    assert client.download("second") == 1
    assert client.downloaded() == [b"1"]
    repo.roles["A"].expires = NOW + timedelta(days=21)
    repo.publish_all("A")
    assert client.download("second") == 0
    assert client.trusted()["A"] == 2


def test_a_delegated_role_expired_from_the_start_is_not_trusted(repo: Repo, client: Client) -> None:
    repo.delegate("targets", "A")
    repo.roles["A"].expires = NOW - timedelta(days=1)
    repo.add("A", "file", DATA)
    repo.publish_all("A", "targets")
    assert client.refresh() == 0
    assert client.download("file") == 1
    assert "A" not in client.trusted()


def test_a_delegated_role_below_its_threshold_is_refused(repo: Repo, client: Client) -> None:
    repo.delegate("targets", "A")
    repo.add("A", "file", DATA)
    repo.signers["A"] = [key(9)]
    repo.publish_all("A", "targets")
    assert client.download("file") == 1
    assert "A" not in client.trusted()


def test_a_delegated_role_does_not_go_back(repo: Repo, client: Client) -> None:
    repo.delegate("targets", "A")
    repo.publish_all("A", "targets")
    repo.add("A", "file", DATA)
    repo.publish_all("A")
    assert client.download("file") == 0
    repo.snapshot.meta["A.json"].version = 1
    repo.publish_all()
    assert client.refresh() == 1
    assert client.trusted()["A"] == 2


def test_a_role_that_the_snapshot_does_not_name_is_refused(repo: Repo, client: Client) -> None:
    repo.delegate("targets", "A")
    repo.add("A", "file", DATA)
    repo.publish("A")
    repo.snapshot.meta.pop("A.json")
    repo.publish_all("targets")
    assert client.download("file") == 1
    assert delegated_only(repo) == []


def test_the_search_ends_after_so_many_roles(repo: Repo, client: Client) -> None:
    for number in range(40):
        repo.delegate("targets", f"r{number}")
    repo.add("r39", "file", DATA)
    repo.publish_all(*(f"r{number}" for number in range(40)), "targets")
    assert client.download("file") == 1
    assert len(delegated_only(repo)) == 32


# --- beyond the suite ----------------------------------------------------------------------------


def test_one_public_key_under_two_ids_counts_once(repo: Repo, client: Client) -> None:
    """Beyond the suite: python-tuf itself would meet a threshold of two with one key here."""
    repo.root.add_key(key(5).public_key, "targets")
    twin = json.loads(json.dumps(key(5).public_key.to_dict()))
    root = repo.root.to_dict()
    other = "ab" * 32
    root["keys"][other] = twin
    root["roles"]["targets"] = {"keyids": [key(5).public_key.keyid, other], "threshold": 2}
    repo.roles["root"] = type(repo.root).from_dict(root)
    repo.publish("root")
    repo.signers["targets"] = [key(5)]
    repo.publish("targets")
    file = json.loads(repo.published["targets"].pop())
    file["signatures"].append({"keyid": other, "sig": file["signatures"][0]["sig"]})
    repo.published["targets"].append(json.dumps(file).encode())
    repo.publish_all()
    assert client.refresh() == 1
    assert "targets" not in client.trusted()


@pytest.mark.parametrize("kind", ["python", "browser"])
def test_our_own_publication_is_plain_tuf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """A generic client can follow what our publisher makes, by its plain names."""
    room = Newsroom()
    room.later().release("ru", "notices", content=DATA)
    room.heartbeat()
    digest = hashlib.sha256(DATA).hexdigest()
    repo = Repo()
    repo.published.clear()
    repo.answers = {f"metadata/{name}": data for name, data in room.files.items()}
    repo.answers[f"targets/ru/{digest}.head"] = DATA
    with served(repo) as url:
        client = Client(tmp_path, url, monkeypatch, kind)
        monkeypatch.setattr(client, "now", lambda: OUR_NOW)
        client.init(room.publication.roots[0])
        assert client.download("ru/head") == 0
        assert client.downloaded() == [DATA]
        assert client.trusted() == {"root": 1, "timestamp": 3, "snapshot": 2, "targets": 1, "channel-ru": 2}


@pytest.mark.parametrize("kind", ["python", "browser"])
def test_the_program_itself_exits_with_0_or_1(tmp_path: Path, kind: str) -> None:
    """As the suite starts it: another process, the real clock, no path of ours."""
    repo = Repo()
    for role in repo.roles.values():
        role.expires = NOW.replace(year=2099)
    repo.published.clear()
    for role in repo.roles.values():
        role.version = 1
    repo.publish("targets", "snapshot", "timestamp", "root")
    root = tmp_path / "root.json"
    root.write_bytes(repo.published["root"][0])
    started = [sys.executable, tuf_client.__file__] if kind == "python" else [node(), program("conformance")]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def run(*arguments: str) -> int:
        command = [*started, "--metadata-dir", str(tmp_path / "m"), *arguments]
        ran = subprocess.run(command, env=environment, cwd=tmp_path, check=False, capture_output=True)
        return ran.returncode

    with served(repo) as url:
        assert run("--metadata-url", f"{url}metadata/", "refresh") == 1
        assert run("init", str(root)) == 0
        assert run("--metadata-url", f"{url}metadata/", "refresh") == 0
        repo.published["timestamp"] = []
        assert run("--metadata-url", f"{url}metadata/", "refresh") == 1
    assert sorted(path.name for path in (tmp_path / "m").iterdir()) == [
        "root.json",
        "snapshot.json",
        "targets.json",
        "timestamp.json",
    ]
