"""A whole Tor network on loopback, made of real tor processes: three authorities, two more relays, an
onion service and a client. It votes every few seconds; nothing leaves the machine.
"""

import asyncio
import os
import re
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

TOR, GENCERT = shutil.which("tor"), shutil.which("tor-gencert")
_AUTHORITIES: Final = ("authority-1", "authority-2", "authority-3")
_RELAYS: Final = ("relay-1", "relay-2")
_NETWORK: Final = """
TestingTorNetwork 1
AssumeReachable 1
Address 127.0.0.1
Log notice stdout
DataDirectory {folder}
__OwningControllerProcess {owner}
{authorities}
"""
_VOTING: Final = """
V3AuthoritativeDirectory 1
AuthoritativeDirectory 1
ContactInfo nobody@tor.invalid
TestingV3AuthInitialVotingInterval 5
TestingV3AuthInitialVoteDelay 2
TestingV3AuthInitialDistDelay 2
V3AuthVotingInterval 10
V3AuthVoteDelay 2
V3AuthDistDelay 2
TestingDirAuthVoteExit *
TestingDirAuthVoteGuard *
TestingDirAuthVoteHSDir *
TestingMinExitFlagThreshold 0
"""
_RELAYING: Final = """
SocksPort 0
Nickname {nickname}
ORPort 127.0.0.1:{onion_router}
DirPort 127.0.0.1:{directory}
ExitRelay 1
"""


@dataclass
class Tor:
    """One tor process, and where its control port is (0: it has none)."""

    process: asyncio.subprocess.Process
    control: int = 0
    said: list[str] = field(default_factory=list)

    async def until(self, words: str) -> None:
        """Return when it has logged ``words``; fail when it ends before."""
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.said.append(line.decode(errors="replace"))
            if words in self.said[-1]:
                return
        raise AssertionError("tor ended: " + "".join(self.said[-20:]))

    async def drain(self) -> None:
        """Take what it logs, so that it never waits for us."""
        with suppress(AssertionError):
            await self.until("\0")

    @asynccontextmanager
    async def asking(self) -> AsyncIterator["Control"]:
        """A conversation over the control port."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.control)
        made = Control(reader, writer)
        await made.ask("AUTHENTICATE")
        try:
            yield made
        finally:
            writer.close()


@dataclass
class Control:
    """A conversation over tor's control port (control-spec.txt)."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, command: str) -> list[str]:
        """The lines of the answer to ``command``."""
        self.writer.write(command.encode() + b"\r\n")
        lines: list[str] = []
        while True:
            line = (await self.reader.readline()).decode().rstrip()
            assert line, "tor closed its control port"
            lines.append(line)
            if line.startswith("250 "):
                return lines
            assert not re.match("[45][0-9]{2} ", line), line

    async def event(self, words: str) -> None:
        """Return when an event that was asked for by SETEVENTS has ``words``."""
        while words not in (line := (await self.reader.readline()).decode()):
            assert line, "tor closed its control port"


@dataclass
class Network:
    """A running network: the client's SOCKS port, its control port, and the name of the service."""

    socks: int
    client: Tor
    onion: str


@asynccontextmanager
async def tor_network(folder: Path, port: int) -> AsyncIterator[Network]:
    """A network whose onion service leads, by its ports 80 and 81, to ``port`` of loopback.

    Ready when the service can be reached.
    """
    async with AsyncExitStack() as stack:
        made = _Making(folder, stack)
        await made.relays()
        client_socks, client_control, service_control = free_ports(3)
        hidden = folder / "service" / "hidden"
        service = await made.start(
            "service",
            f"SocksPort 0\nHiddenServiceDir {hidden}\n"
            f"HiddenServicePort 80 127.0.0.1:{port}\nHiddenServicePort 81 127.0.0.1:{port}\n"
            f"ControlPort 127.0.0.1:{service_control}\n",
            service_control,
        )
        client = await made.start(
            "client",
            f"SocksPort 127.0.0.1:{client_socks}\nControlPort 127.0.0.1:{client_control}\n",
            client_control,
        )
        async with service.asking() as control:
            await control.ask("SETEVENTS HS_DESC")
            await asyncio.gather(client.until("Bootstrapped 100%"), control.event(" UPLOADED "))
        made.leave(service, client)
        yield Network(client_socks, client, (hidden / "hostname").read_text("ascii").strip())


class _Making:
    def __init__(self, folder: Path, stack: AsyncExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._authorities = ""

    async def relays(self) -> None:
        """Make keys for the authorities, then start them and the other relays."""
        names = (*_AUTHORITIES, *_RELAYS)
        ports = free_ports(2 * len(names))
        places = dict(zip(names, zip(ports[::2], ports[1::2], strict=True), strict=True))
        async with asyncio.TaskGroup() as group:
            lines = [group.create_task(self._authority(name, *places[name])) for name in _AUTHORITIES]
        self._authorities = "\n".join(each.result() for each in lines)
        for name in names:
            more = _VOTING if name in _AUTHORITIES else ""
            made = await self.start(name, _relaying(name, *places[name]) + more)
            self.leave(made)

    async def start(self, name: str, options: str, control: int = 0) -> Tor:
        """Start a tor; with a control port, return when that is open."""
        made = Tor(
            await asyncio.create_subprocess_exec(
                *_command(self._torrc(name, options)), stdout=asyncio.subprocess.PIPE
            ),
            control,
        )
        self._stack.push_async_callback(_stop, made.process)
        if control:
            await made.until("Opened Control listener")
        return made

    def leave(self, *tors: Tor) -> None:
        """Look no more at what these say."""
        for tor in tors:
            task = asyncio.create_task(tor.drain())
            self._stack.callback(task.cancel)

    async def _authority(self, name: str, onion_router: int, directory: int) -> str:
        """Make the keys of an authority; the line that tells the others of it."""
        keys = self._folder / name / "keys"
        keys.mkdir(parents=True, mode=0o700)
        assert GENCERT is not None
        await _run(
            *(GENCERT, "--create-identity-key", "--passphrase-fd", "0", "-m", "1"),
            *("-a", f"127.0.0.1:{directory}", "-i", str(keys / "authority_identity_key")),
            *("-s", str(keys / "authority_signing_key"), "-c", str(keys / "authority_certificate")),
        )
        certificate = (keys / "authority_certificate").read_text("ascii")
        [identity] = re.findall(r"^fingerprint ([0-9A-F]{40})$", certificate, re.MULTILINE)
        torrc = self._folder / name / "torrc"
        torrc.write_text(f"ORPort {onion_router}\nNickname {_nickname(name)}\nDataDirectory {torrc.parent}\n")
        listed = await _run(*_command(torrc), "--list-fingerprint", "--quiet")
        fingerprint = listed.split(maxsplit=1)[1].replace(" ", "").strip()
        return (
            f"DirAuthority {_nickname(name)} orport={onion_router} no-v2 v3ident={identity} "
            f"127.0.0.1:{directory} {fingerprint}"
        )

    def _torrc(self, name: str, options: str) -> Path:
        folder = self._folder / name
        folder.mkdir(mode=0o700, exist_ok=True)
        torrc = folder / "torrc"
        common = _NETWORK.format(folder=folder, owner=os.getpid(), authorities=self._authorities)
        torrc.write_text(common + options)
        return torrc


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on now, all different."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


def _command(torrc: Path) -> tuple[str, ...]:
    assert TOR is not None
    defaults = torrc.with_name("defaults")
    defaults.touch()  # the machine's own configuration has no say
    return TOR, "-f", str(torrc), "--defaults-torrc", str(defaults)


def _relaying(name: str, onion_router: int, directory: int) -> str:
    return _RELAYING.format(nickname=_nickname(name), onion_router=onion_router, directory=directory)


def _nickname(name: str) -> str:
    return name.replace("-", "")


async def _run(*command: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate(b"passphrase\n")
    assert process.returncode == 0, (out + err).decode(errors="replace")
    return out.decode()


async def _stop(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()
    await process.communicate()
