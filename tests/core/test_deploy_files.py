"""The files in ``deploy`` say what they must, agree with one another, and with the program they start."""

import json
import re
import shlex
from pathlib import Path

import pytest

from mirror.cli import node as program
from mirror.errors import ConfigError
from mirror.node import config as configs
from mirror.node.answers import content
from mirror.store.names import Kind

DEPLOY = Path(__file__).parents[2] / "deploy"
TREE = "/var/lib/mirror/tree"
Unit = dict[str, dict[str, list[str]]]

# What keeps a hostile peer inside, should it ever run code in the process.
SHUT_IN = {
    "CapabilityBoundingSet": [""],
    "DevicePolicy": ["closed"],
    "DynamicUser": ["yes"],
    "KeyringMode": ["private"],
    "LimitCORE": ["0"],
    "LockPersonality": ["yes"],
    "MemoryDenyWriteExecute": ["yes"],
    "NoNewPrivileges": ["yes"],
    "PrivateDevices": ["yes"],
    "PrivateIPC": ["yes"],
    "PrivateTmp": ["yes"],
    "PrivateUsers": ["yes"],
    "ProcSubset": ["pid"],
    "ProtectClock": ["yes"],
    "ProtectControlGroups": ["yes"],
    "ProtectHome": ["yes"],
    "ProtectHostname": ["yes"],
    "ProtectKernelLogs": ["yes"],
    "ProtectKernelModules": ["yes"],
    "ProtectKernelTunables": ["yes"],
    "ProtectProc": ["invisible"],
    "ProtectSystem": ["strict"],
    "RemoveIPC": ["yes"],
    "RestrictAddressFamilies": ["AF_INET AF_INET6"],
    "RestrictNamespaces": ["yes"],
    "RestrictRealtime": ["yes"],
    "RestrictSUIDSGID": ["yes"],
    "StandardInput": ["null"],
    "StateDirectory": ["mirror"],
    "SystemCallArchitectures": ["native"],
    "SystemCallErrorNumber": ["EPERM"],
    "SystemCallFilter": ["@system-service", "~@privileged @resources @keyring @memlock @obsolete"],
    "User": ["mirror"],
}
# What belongs to each service alone.
OWN = {
    "mirror-node.service": set(
        "Type ExecStartPre ExecStart ExecReload Restart RestartSec TimeoutStopSec StateDirectoryMode UMask "
        "ReadOnlyPaths StandardOutput StandardError SyslogLevel LogLevelMax MemoryMax TasksMax "
        "LimitNOFILE".split()
    ),
    "mirror-sync.service": set(
        "Type ExecStart TimeoutStartSec StateDirectoryMode UMask StandardOutput StandardError Nice "
        "IOSchedulingClass MemoryMax TasksMax SocketBindDeny".split()
    ),
}
OPTION = re.compile(r"(?m)^#(?=[A-Za-z\[])")


def read(name: str) -> str:
    return (DEPLOY / name).read_text()


def parse(text: str) -> Unit:
    """A unit file, taken strictly: sections, ``Key=value`` lines and comments, nothing else."""
    unit: Unit = {}
    section: dict[str, list[str]] | None = None
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        if heading := re.fullmatch(r"\[([A-Z][a-z]+)\]", line):
            assert heading[1] not in unit, "a section twice"
            section = unit[heading[1]] = {}
            continue
        pair = re.fullmatch(r"([A-Z][A-Za-z]+)=(\S.*\S|\S?)", line)
        assert pair is not None, line
        assert section is not None, line
        section.setdefault(pair[1], []).append(pair[2])
    return unit


@pytest.mark.parametrize("name", OWN)
def test_a_service_is_shut_in(name: str) -> None:
    service = parse(read(name))["Service"]
    assert {key: service.get(key) for key in SHUT_IN} == SHUT_IN
    assert service.keys() - SHUT_IN.keys() == OWN[name]
    # Given twice, a value would be added to the first or win over it.
    assert [key for key, values in service.items() if len(values) > 1] == ["SystemCallFilter"]


def test_of_the_node_only_its_own_lines_are_kept_and_it_cannot_change_its_tree() -> None:
    service = parse(read("mirror-node.service"))["Service"]
    assert service["StandardOutput"] == ["null"]
    assert service["SyslogLevel"] == service["LogLevelMax"] == ["notice"]
    # Under a dynamic user this is where the state folder really is: the link to it is not followed.
    assert service["ReadOnlyPaths"] == [f"-{TREE.replace('/mirror/', '/private/mirror/')}"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mirror-node.service", ["run", "--config"]),
        ("mirror-node.service", ["--check-config"]),
        ("mirror-sync.service", ["sync", "--config"]),
    ],
)
def test_the_commands_are_the_programs_own(name: str, expected: list[str]) -> None:
    service = parse(read(name))["Service"]
    commands = [shlex.split(line) for key in ("ExecStartPre", "ExecStart") for line in service.get(key, [])]
    arguments = next(words[2:] for words in commands if words[2:-1] == expected)
    assert all(words[:2] == ["/opt/mirror/bin/mirror", "node"] for words in commands)
    assert arguments[-1] == "/etc/mirror/node.toml"
    # The arguments are understood: what lacks is the file.
    with pytest.raises(ConfigError, match="cannot be read"):
        program.run([*arguments[:-1], "/nowhere/node.toml"])


def test_units_fit_together() -> None:
    names = ("node.service", "sync.service", "sync.timer")
    node, sync, timer = (parse(read(f"mirror-{name}")) for name in names)
    assert sync["Service"]["Type"] == ["oneshot"]
    assert "Install" not in sync, "the timer starts it"
    assert node["Install"] == {"WantedBy": ["multi-user.target"]}
    assert timer["Install"] == {"WantedBy": ["timers.target"]}
    # One user, one folder; what one writes the other may read.
    for key in ("User", "StateDirectory", "StateDirectoryMode"):
        assert node["Service"][key] == sync["Service"][key]
    assert sync["Service"]["UMask"] == ["0022"], "nginx and Caddy are other users"
    assert re.fullmatch("[1-9][0-9]*min", timer["Timer"]["RandomizedDelaySec"][0]), "mirrors march in step"
    assert {"OnBootSec", "OnUnitInactiveSec"} <= timer["Timer"].keys()


def test_options_of_the_units_are_lines_of_units() -> None:
    for name in OWN:
        text = read(name)
        assert OPTION.search(text)
        with_options = parse(OPTION.sub("", text))
        assert with_options.keys() == parse(text).keys()
    service = parse(OPTION.sub("", read("mirror-node.service")))["Service"]
    assert service["AmbientCapabilities"] == ["CAP_NET_BIND_SERVICE"]
    assert service["CapabilityBoundingSet"] == ["CAP_NET_BIND_SERVICE", ""]
    assert service["IPAddressDeny"] == ["any"]
    keys = [value.split(":")[0] for value in service["LoadCredential"]]
    assert keys == ["certificate.pem", "key.pem"]


# --- servers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["nginx.conf", "Caddyfile"])
def test_a_server_knows_the_tree_and_every_type_of_page(name: str) -> None:
    text = read(name)
    assert re.findall(r"(?m)^\s*root (?:\* )?(\S+?);?$", text) == [TREE]
    flat = " ".join(text.replace('"', "").split())
    for suffix in "css html js json png svg txt wasm webmanifest woff2".split():
        head = content(f"r/x.{suffix}", Kind.PAGE, b"").head.decode()
        media_type = head.partition("Content-Type: ")[2].partition("\r\n")[0]
        assert f" {media_type} {suffix};" in flat or f" ~\\.{suffix}$ {media_type} " in flat


def test_servers_keep_nothing() -> None:
    nginx = read("nginx.conf")
    assert re.findall(r"(?m)^\s*(?:access|error)_log .*$", nginx) == [
        "error_log /dev/null emerg;",
        # In the server too, for those who take it into a configuration of their own.
        "        access_log off;",
        "        error_log /dev/null emerg;",
    ]
    caddy = read("Caddyfile")
    assert re.findall(r"(?m)^\s*(?:log|output) ?.*$", caddy) == ["\tlog default {", "\t\toutput discard"]
    assert re.search(r"(?m)^\tadmin off$", caddy)


# --- the container --------------------------------------------------------------------------------


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions and what follows them, comments gone and lines joined."""
    text = re.sub(r"(?m)^#.*\n", "", read("Dockerfile")).replace("\\\n", "")
    lines = [line.split(None, 1) for line in text.splitlines() if line]
    assert all(len(line) == 2 for line in lines)
    return [(word, rest) for word, rest in lines]


def test_the_image_is_built_from_locked_packages_and_one_base() -> None:
    said = instructions()
    words = [word for word, _ in said]
    assert words.count("FROM") == 2, "what builds is not in what runs"
    assert "ADD" not in words, "it can fetch what nobody checks"
    (base,) = [rest for word, rest in said if word == "ARG"]
    # An image of the ordinary library, named without a host, and by a tag that names a version.
    assert re.fullmatch(r"BASE=[a-z]+:[0-9]+\.[0-9]+[a-z0-9.-]+", base)
    assert [rest.split()[0] for word, rest in said if word == "FROM"] == ["${BASE}", "${BASE}"]
    assert not re.search(
        r"https?:|index-url|find-links|curl|wget|apt", json.dumps(said).replace("http.client", "")
    )
    installs = [
        part for word, rest in said if word == "RUN" for part in rest.split("&&") if " install " in part
    ]
    from_locks = [part for part in installs if "requirements" in part]
    assert len(from_locks) == 2
    assert all({"--require-hashes", "--only-binary"} <= set(part.split()) for part in from_locks)
    (own,) = [part for part in installs if "pip" in part and part not in from_locks]
    assert {"--no-deps", "--no-index"} <= set(own.split())


def test_the_image_runs_without_rights() -> None:
    said = instructions()
    last = said[max(index for index, (word, _) in enumerate(said) if word == "FROM") :]
    given = dict(last)
    assert re.fullmatch("[1-9][0-9]{3,}:[1-9][0-9]{3,}", given["USER"]), (
        "by number: it has no name to look up"
    )
    after = [word for word, _ in last[[word for word, _ in last].index("USER") :]]
    assert not {"RUN", "COPY"} & set(after)
    assert given["VOLUME"] == str(Path(TREE).parent)
    words = json.loads(given["ENTRYPOINT"]) + json.loads(given["CMD"])
    assert words == ["/opt/mirror/bin/mirror", "node", "run", "--config", "/etc/mirror/node.toml"]
    usage = read("Dockerfile")
    runs = re.findall(r"docker run (?:.*\\\n)*.*", usage)
    assert len(runs) == 2
    for run in runs:
        for protection in ("--read-only", "--cap-drop ALL", "no-new-privileges", "--ulimit core=0"):
            assert protection in run


def test_what_the_image_copies_is_sent_to_the_builder() -> None:
    copied = {
        name
        for word, rest in instructions()
        if word == "COPY" and "--from" not in rest
        for name in rest.split()[:-1]
    }
    sent = {line[1:] for line in read("Dockerfile.dockerignore").splitlines() if line.startswith("!")}
    assert sent == copied
    assert all((DEPLOY.parent / name).exists() for name in copied)


@pytest.mark.parametrize("with_options", [False, True])
def test_the_containers_configuration_can_be_used(with_options: bool) -> None:
    text = read("container.toml")
    config = configs.parse((OPTION.sub("", text) if with_options else text).encode(), Path("/etc/mirror"))
    assert str(config.tree) == TREE
    assert (config.sync is not None) is with_options
    (listen,) = config.serve.listen
    assert ("EXPOSE", str(listen.port)) in instructions()
    assert config.serve.metrics is not None
    check = dict(instructions())["HEALTHCHECK"]
    assert f"'{config.serve.metrics.host}', {config.serve.metrics.port}," in check


def test_the_configuration_that_units_name_is_explained() -> None:
    """What operators are told to write down is what the program takes."""
    example = (
        (DEPLOY.parent / "config" / "node.toml").read_text().replace('tree = "tree"', f'tree = "{TREE}"')
    )
    assert str(configs.parse(example.encode(), Path("/etc/mirror")).tree) == TREE
    assert TREE in read("mirror-node.service")
