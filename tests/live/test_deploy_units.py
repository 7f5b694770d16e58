"""The units for systemd and the Dockerfile: what can be said of them without running them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.syncing import press
from mirror.node.config import parse

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = ("mirror-node.service", "mirror-sync.service", "mirror-sync.timer")
SERVICES = UNITS[:2]
# What a service may not lack, whatever else changes.
NEEDED = {
    "CapabilityBoundingSet": "",
    "DynamicUser": "yes",
    "LimitCORE": "0",
    "MemoryDenyWriteExecute": "yes",
    "NoNewPrivileges": "yes",
    "PrivateDevices": "yes",
    "ProtectHome": "yes",
    "ProtectSystem": "strict",
    "RestrictNamespaces": "yes",
}
# systemd's own measure, 0 to 10. The network alone is 0.8.
MOST_EXPOSURE = 1.5


def directives(unit: str) -> list[tuple[str, str]]:
    """What a unit says, in order; comments are prose."""
    lines = (DEPLOY / unit).read_text("utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if line and line[0] not in "#[")
    return [(key, value) for key, _, value in pairs]


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units with a program that is there on this machine."""
    for name in UNITS:
        text = (DEPLOY / name).read_text("utf-8")
        (tmp_path / name).write_text(text.replace("/opt/mirror/bin/mirror", sys.executable))
    return tmp_path


def systemd_analyze(*arguments: str) -> "subprocess.CompletedProcess[str]":
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", UNITS)
def test_systemd_understands_every_line(units: Path, name: str) -> None:
    done = systemd_analyze("verify", "--man=no", str(units / name))
    ours = [line for line in (done.stdout + done.stderr).splitlines() if str(units) in line]
    assert (done.returncode, ours) == (0, [])
    with (units / name).open("a") as file:
        file.write("\n[Service]\nProtectSytem=strict\n" if "service" in name else "\n[Timer]\nOnBoot=1\n")
    done = systemd_analyze("verify", "--man=no", str(units / name))
    assert "Unknown key" in done.stdout + done.stderr, "a misspelt line is not seen"


@pytest.mark.parametrize("name", SERVICES)
def test_services_are_shut_in(units: Path, name: str) -> None:
    said = dict(directives(name))
    assert {key: said.get(key) for key in NEEDED} == NEEDED
    line = systemd_analyze("security", "--offline=true", "--no-pager", str(units / name)).stdout
    overall = re.search(r"Overall exposure level for \S+: ([0-9.]+)", line)
    assert overall
    assert float(overall[1]) <= MOST_EXPOSURE


def test_both_services_have_the_same_walls() -> None:
    node, sync = (directives(name) for name in SERVICES)
    start = node.index(("CapabilityBoundingSet", ""))
    own = {"LimitNOFILE", "MemoryMax", "SystemCallFilter", "WantedBy"}
    assert {pair for pair in node[start:] if pair[0] not in own} <= set(sync)
    assert ("StandardOutput", "null") in node, "what a node prints has no place in a journal"
    assert any(key == "LogLevelMax" for key, _ in node)


PR_SET_MDWE, REFUSE_EXEC_GAIN = 65, 1  # Linux 6.3; an older kernel refuses, and nothing is shown
SHUT_IN = f"""
import ctypes, runpy, sys
ctypes.CDLL(None).prctl({PR_SET_MDWE}, {REFUSE_EXEC_GAIN}, 0, 0, 0)
sys.argv[0] = "mirror"
runpy.run_module("mirror", run_name="__main__")
"""


def test_the_programs_run_where_memory_is_never_written_and_run(tmp_path: Path) -> None:
    """What MemoryDenyWriteExecute does, by the kernel's own means."""
    made = press()
    upstream = made.write_to(tmp_path / "upstream")
    (tmp_path / "root.json").write_bytes(made.root)
    tree = ["--tree", str(tmp_path / "tree")]
    source = ["--root", str(tmp_path / "root.json"), "--channel", "ru", "--mirror", upstream.as_uri()]
    program = [sys.executable, "-c", SHUT_IN, "node"]
    environment = {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [*program, "sync", *tree, *source], capture_output=True, text=True, check=False, env=environment
    )
    assert (done.returncode, done.stderr) == (0, "")
    serving = subprocess.Popen(
        [*program, "run", *tree, "--listen", "127.0.0.1:0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert serving.stdout is not None
    assert serving.stdout.readline().startswith("serving on")
    serving.terminate()
    assert serving.communicate(timeout=20) == ("", "serving\nstopped\n")


# --- the Dockerfile -------------------------------------------------------------------------------


def instructions(text: str) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile in order, without comments, lines joined."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    pairs = (line.strip().partition(" ") for line in "\n".join(lines).replace("\\\n", " ").split("\n"))
    return [(name.upper(), rest.strip()) for name, _, rest in pairs]


def docker_faults(text: str) -> list[str]:
    """What is wrong with a Dockerfile, as sentences."""
    found = instructions(text)
    arguments = dict(rest.split("=", 1) for name, rest in found if name == "ARG" and "=" in rest)
    stages = [rest for name, rest in found if name == "FROM"]
    faults = []
    for stage in stages:
        image = re.sub(r"\$\{?(\w+)\}?", lambda match: arguments.get(match[1], ""), stage.split()[0])
        if not re.fullmatch(r"[a-z]+:[0-9]+\.[0-9]+[\w.-]*", image):
            faults.append("an image without a version")
    names = {stage.split()[-1] for stage in stages if " AS " in stage}
    for name, rest in found:
        words = [word for word in rest.split() if not word.startswith("--")]
        source = re.search(r"--from=(\S+)", rest)
        if name == "ADD" or re.search(r"https?://|\b(curl|wget)\b", rest):
            faults.append("something fetched from an address")
        if source and source[1] not in names:
            faults.append("a stage that does not exist")
        if name == "COPY" and not source and not all((ROOT / word).exists() for word in words[:-1]):
            faults.append("a file that is not in the checkout")
        if name == "RUN" and "install" in rest and "-r" in rest and "--require-hashes" not in rest:
            faults.append("packages without hashes")
        if re.search(r"index-url|trusted-host|extra-index", rest):
            faults.append("a place where packages come from")
    last = max((at for at, (name, _) in enumerate(found) if name == "FROM"), default=0)
    users = [rest for name, rest in found[last:] if name == "USER"]
    if not users or not re.fullmatch(r"[1-9][0-9]*(:[1-9][0-9]*)?", users[-1]):
        faults.append("root, or a user by name")
    if len(stages) < 2:
        faults.append("one stage")
    return faults


def test_the_dockerfile_is_pinned_and_without_rights() -> None:
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    assert docker_faults(text) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("python:3.13-slim-bookworm", "python:latest", "an image without a version"),
        ("python:3.13-slim-bookworm", "python", "an image without a version"),
        ("USER 10001:10001", "", "root, or a user by name"),
        ("USER 10001:10001", "USER 0", "root, or a user by name"),
        ("COPY src src", "ADD https://x.example/src src", "something fetched from an address"),
        ("--from=build", "--from=other", "a stage that does not exist"),
        ("COPY src src", "COPY nowhere src", "a file that is not in the checkout"),
        ("--require-hashes", "", "packages without hashes"),
    ],
)
def test_a_fault_of_a_dockerfile_is_seen(old: str, new: str, fault: str) -> None:
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    assert old in text
    assert fault in docker_faults(text.replace(old, new))


def test_the_container_has_a_configuration_that_can_be_read() -> None:
    config = parse((DEPLOY / "container.toml").read_bytes(), Path("/etc/mirror"))
    assert config.tree == Path("/var/lib/mirror/tree")
    assert config.serve.metrics is not None
    assert config.serve.metrics.is_loopback
