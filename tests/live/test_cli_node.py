"""The command line of a node: what it prints, refuses and exits with."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.publication import Press, article
from helpers.serving import ask
from helpers.syncing import At, press
from mirror.bundle.archive import write_archive
from mirror.cli import main
from mirror.cli import node as cli
from mirror.errors import UnreachableError
from mirror.node.config import address
from mirror.store.names import kind_of
from mirror.store.tree import Tree


@pytest.fixture
def made(tmp_path: Path) -> Press:
    made = press()
    made.write_to(tmp_path / "upstream")
    (tmp_path / "root.json").write_bytes(made.root)
    (tmp_path / "node.toml").write_text(
        f'tree = "tree"\n[sync]\nroot = "root.json"\nmirrors = ["{(tmp_path / "upstream").as_uri()}"]\n'
        'channels = ["ru"]\n'
    )
    return made


def bundle(made: Press, path: Path) -> Path:
    """A ``*.mirror.zip`` of the publication."""
    with path.open("wb") as file:
        write_archive(file, sorted((name, data) for name, data in made.tree.items() if kind_of(name)))
    return path


def options(folder: Path) -> list[str]:
    return ["--tree", str(folder / "tree"), "--root", str(folder / "root.json"), "--channel", "ru"]


def test_sync_says_what_it_did(made: Press, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["sync", "--config", str(tmp_path / "node.toml")]
    assert cli.run(arguments, At(made.room.now)) == 0
    out = capsys.readouterr().out
    assert "ru: edition 1\n" in out
    assert "The edition is current.\n" in out
    assert re.search(r"^Fetched [0-9,]+ bytes; 0 bytes were here", out, re.MULTILINE)
    assert re.search(r"^mirror 1 gave what was asked \([0-9,]+ bytes\)$", out, re.MULTILINE)
    assert str(tmp_path) not in out
    assert cli.run(arguments, At(made.room.now)) == 0
    assert "The tree did not change.\n" in capsys.readouterr().out


def test_sync_names_the_mirror_that_lied(
    made: Press, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    liar = tmp_path / "liar"
    made.write_to(liar)
    for piece in (liar / "p").rglob("*"):
        if piece.is_file():
            piece.write_bytes(bytes(len(piece.read_bytes())))
    mirrors = [each for name in ("liar", "upstream") for each in ("--mirror", (tmp_path / name).as_uri())]
    assert cli.run(["sync", *options(tmp_path), *mirrors, "--json"], At(made.room.now)) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["editions"] == {"ru": 1}
    assert [mirror["verdict"] for mirror in facts["mirrors"]] == ["lied", "good"]
    assert facts["bytes"]["wasted"] > 0
    assert facts["bytes"]["total"] == facts["bytes"]["wasted"] + sum(facts["bytes"]["fetched"].values())
    assert facts["pieces_added"] == len(list((tmp_path / "tree" / "p").rglob("*/*")))


def test_sync_blames_a_proxy_that_does_not_answer(made: Press, tmp_path: Path) -> None:
    mirror = ["--mirror", "http://one.invalid/", "--proxy", "socks5://127.0.0.1:1"]
    with pytest.raises(UnreachableError) as caught:
        cli.run(["sync", *options(tmp_path), *mirror], At(made.room.now))
    assert caught.value.code == "proxy-unreachable"


def test_import_brings_an_edition_from_a_file(
    made: Press, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = bundle(made, tmp_path / "one.mirror.zip")
    assert cli.run(["import", str(file), *options(tmp_path)], At(made.room.now)) == 0
    assert "bundle gave what was asked" in capsys.readouterr().out
    with zipfile.ZipFile(file) as opened:
        opened.extractall(tmp_path / "unpacked")
    second = ["--tree", str(tmp_path / "second"), *options(tmp_path)[2:]]
    assert cli.run(["import", str(tmp_path / "unpacked"), *second], At(made.room.now)) == 0
    trees = [Tree(tmp_path / name) for name in ("tree", "second")]
    assert len({frozenset((path, tree.read(path)) for path in tree.paths()) for tree in trees}) == 1


def damage(which: str, made: Press, folder: Path) -> Path:
    """A file of the newest edition that is no honest bundle."""
    file = folder / f"{which}.mirror.zip"
    match which:
        case "cut off":
            file.write_bytes(bundle(made, file).read_bytes()[:-100])
        case "text":
            file.write_bytes(b"no archive")
        case "strange":
            with zipfile.ZipFile(file, "w") as opened:
                opened.writestr("../../etc/passwd", b"x")
        case "altered":
            for path, data in made.tree.items():
                if path.startswith("p/"):
                    made.tree[path] = bytes(len(data))
            bundle(made, file)
        case "named otherwise":
            return bundle(made, folder / "edition.bin")
        case _:
            assert which == "absent"
    return file


@pytest.mark.parametrize(
    ("which", "fails"),
    [
        ("cut off", (4, "not-an-archive")),
        ("text", (4, "not-an-archive")),
        ("strange", (4, "archive-path")),
        ("altered", (6, "piece-unreachable")),
        ("absent", (3, "bundle")),
        ("named otherwise", (3, "bundle")),
    ],
)
def test_a_bundle_that_cannot_be_believed_changes_nothing(
    which: str,
    fails: tuple[int, str],
    made: Press,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.run(["sync", "--config", str(tmp_path / "node.toml")], At(made.room.now)) == 0
    capsys.readouterr()
    tree = Tree(tmp_path / "tree")
    before = {path: tree.read(path) for path in tree.paths()}
    made.later().release("ru", [article(50)])
    file = damage(which, made, tmp_path)
    assert main(["node", "import", str(file), *options(tmp_path)]) == fails[0]
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith(f"[{fails[1]}]\n")
    assert err.count("\n") == 1
    assert str(tmp_path) not in err
    assert {path: tree.read(path) for path in tree.paths()} == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sync", "--config", "absent.toml"], "cannot be read"),
        (["sync", "--tree", "x"], "--root"),
        (["sync", "--tree", "x", "--root", "root.json"], "sync.mirrors"),
        (["sync", "--tree", "x", "--root", "root.json", "--mirror", "secret"], "sync.mirrors"),
        (["sync", "--tree", "x", "--root", "root.json", "--mirror", "http://x/"], "sync.channels"),
        (["run", "--tree", "x", "--listen", "secret"], "--listen"),
        (["--check-config", "absent.toml"], "cannot be read"),
    ],
)
def test_wrong_arguments_are_named(
    arguments: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["node", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert "secret" not in err
    assert list(tmp_path.iterdir()) == []


def test_check_config_also_looks_at_what_is_named(
    made: Press, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "node.toml"
    assert main(["node", "--check-config", str(config)]) == 0
    assert capsys.readouterr().out == "The configuration can be used.\n"
    whole = config.read_text()
    for text, said in (
        (whole.replace("root.json", "none.json"), "sync.root cannot be read"),
        (whole.replace("root.json", "upstream/m/timestamp.json"), "sync.root is not a root"),
        (whole + '[serve]\ncertificate = "none"\nkey = "none"\n', "serve.certificate"),
        (whole + "[serve]\nport = 80\n", "serve.port"),
        (whole + "[serve\n", "not TOML"),
    ):
        config.write_text(text)
        assert main(["node", "--check-config", str(config)]) == 2
        assert said in capsys.readouterr().err


@pytest.fixture
def running(made: Press, tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    arguments = ["--tree", str(tmp_path / "upstream"), *["--listen", "127.0.0.1:0"] * 2]
    process = subprocess.Popen(
        [sys.executable, "-m", "mirror", "node", "run", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    yield process
    process.kill()
    process.communicate()


def test_run_says_where_and_stops_when_told(made: Press, running: "subprocess.Popen[str]") -> None:
    assert running.stdout is not None
    for _ in range(2):
        match = re.fullmatch(r"serving on http://(127\.0\.0\.1:[1-9][0-9]*)/\n", running.stdout.readline())
        assert match
        place = address(match[1])
        assert place is not None
        reply = asyncio.run(ask(place, "/m/timestamp.json"))
        assert reply.body == made.tree["m/timestamp.json"]
    running.send_signal(signal.SIGTERM)
    assert running.communicate(timeout=20) == ("", "serving\nstopped\n")
    assert running.returncode == 0


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.run(["--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert all(name in out for name in ("run", "sync", "import", "--check-config"))
    with pytest.raises(SystemExit) as ended:
        cli.run([])
    assert ended.value.code == 2
