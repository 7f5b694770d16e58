"""A network namespace of one's own where every packet is seen, and a reader's command inside of it.

Run as a program inside ``unshare --map-root-user --net --mount``: prints what left the reader, as JSON.
The only network there is loopback. Names are asked of 127.0.0.1, where nobody answers, but the
packets that ask are caught on the wire: whichever way a program looks a name up, it is seen.
"""

import asyncio
import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import dns.message
import dns.rrset

from helpers import servers
from helpers.publication import Press, article
from helpers.resolving import Resolving, resolving
from helpers.socks import Manners, SocksServer, socks_server
from helpers.tls import Hosts

PLAIN, SECURE = "plain.test", "secure.test"
_UP, _SET_FLAGS = 1, 0x8914  # IFF_UP, SIOCSIFFLAGS
_EVERY_PROTOCOL = 3  # ETH_P_ALL
_OUTGOING = 4  # PACKET_OUTGOING; on loopback each packet is also seen coming in
_DNS = 53


def loopback_up() -> None:
    """A new namespace's loopback is down."""
    with socket.socket() as made:
        fcntl.ioctl(made, _SET_FLAGS, struct.pack("16sh22x", b"lo", _UP))


@dataclass
class Caught:
    """Packets that ask for names: every datagram, and whatever goes to TCP port 53."""

    packets: list[bytes] = field(default_factory=list)

    def listen(self) -> socket.socket:
        """Begin; the socket is read by ``take``, and closed by the caller."""
        wire = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_EVERY_PROTOCOL))
        wire.bind(("lo", _EVERY_PROTOCOL))
        wire.setblocking(False)
        return wire

    def take(self, wire: socket.socket) -> None:
        """Read what crossed the wire so far."""
        while True:
            try:
                packet, source = wire.recvfrom(1 << 16)
            except BlockingIOError:
                return
            if source[2] == _OUTGOING and is_lookup(packet):
                self.packets.append(packet)


def is_lookup(packet: bytes) -> bool:
    """True for UDP and for TCP to port 53, over IPv4 or IPv6."""
    if packet[0] >> 4 == 6:
        protocol, start = packet[6], 40
    else:
        protocol, start = packet[9], (packet[0] & 15) * 4
    port = int.from_bytes(packet[start + 2 : start + 4], "big")
    return protocol == socket.IPPROTO_UDP or (protocol == socket.IPPROTO_TCP and port == _DNS)


@dataclass
class Scene:
    """Two mirrors, a proxy that knows their names, and a resolver over HTTPS that does too."""

    folder: Path
    mirrors: tuple[str, str] = ("", "")
    root: Path = Path()
    resolver: Resolving = field(default_factory=Resolving)
    proxy: SocksServer | None = None
    certificates: Path = Path()

    async def build(self, stack: AsyncExitStack) -> None:
        """Start everything."""
        press = Press().release("ru", [article(number) for number in range(5)])
        self.root = self.folder / "root.json"
        self.root.write_bytes(press.root)
        hosts = Hosts(self.folder)
        plain = await stack.enter_async_context(servers.honest(press.tree))
        secure = await stack.enter_async_context(
            servers.raw(servers.tree_of(press.tree), tls=hosts.server(SECURE))
        )
        ports = [each.url.rstrip("/").rpartition(":")[2] for each in (plain, secure.endpoint)]
        self.mirrors = (f"http://{PLAIN}:{ports[0]}/", f"https://{SECURE}:{ports[1]}/")
        names = {PLAIN: int(ports[0]), SECURE: int(ports[1])}
        self.proxy = await stack.enter_async_context(socks_server(Manners(names=names)))
        self.resolver = await stack.enter_async_context(resolving(hosts, _loopback))
        self.certificates = self.folder / "certificates.pem"
        self.certificates.write_bytes(
            b"".join(certificate.read_bytes() for certificate, _ in hosts.written.values())
        )

    async def read(self, *options: str) -> dict[str, object]:
        """What ``mirror reader show`` did with ``options``, and what was asked of whom."""
        assert self.proxy is not None
        self.proxy.asked.clear()
        self.resolver.asked.clear()
        caught = Caught()
        with caught.listen() as wire:
            asyncio.get_running_loop().add_reader(wire, caught.take, wire)
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "mirror", "reader", "show", "1", "--channel", "ru", "--language", "en"),
                *(f"--root={self.root}", *(f"--mirror={each}" for each in self.mirrors)),
                *options,
                env={**os.environ, "SSL_CERT_FILE": str(self.certificates)},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
            _, told = await process.communicate()
            caught.take(wire)
            asyncio.get_running_loop().remove_reader(wire)
        return {
            "status": process.returncode,
            "told": told.decode(),
            "lookups": len(caught.packets),
            "names": [
                name for name in (PLAIN, SECURE) if any(_wire_name(name) in each for each in caught.packets)
            ],
            "proxied": sorted({f"{each.host}:{each.port}" for each in self.proxy.asked}),
            "resolved": sorted(self.resolver.names),
        }


def _wire_name(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))


def _loopback(body: bytes) -> bytes:
    """127.0.0.1, whatever is asked."""
    query = dns.message.from_wire(body)
    answer = dns.message.make_response(query)
    asked = query.question[0]
    if asked.rdtype == dns.rdatatype.A:
        answer.answer.append(dns.rrset.from_text(asked.name, 60, "IN", "A", "127.0.0.1"))
    return answer.to_wire()


async def _main() -> None:
    loopback_up()
    with tempfile.TemporaryDirectory() as folder:
        async with AsyncExitStack() as stack:
            scene = Scene(Path(folder))
            await scene.build(stack)
            assert scene.proxy is not None
            proxy = f"--proxy=socks5://127.0.0.1:{scene.proxy.proxy.port}"
            sys.stdout.write(
                json.dumps(
                    {
                        "mirrors": scene.mirrors,
                        "resolver": f"127.0.0.1:{scene.resolver.port}",
                        "direct": await scene.read(),
                        "proxy": await scene.read(proxy),
                        "both": await scene.read(proxy, f"--resolver={scene.resolver.address}"),
                        "resolved": await scene.read(f"--resolver={scene.resolver.address}"),
                        "browser": await scene.read("--camouflage"),
                        "browser proxy": await scene.read("--camouflage", proxy),
                        "browser both": await scene.read(
                            "--camouflage", proxy, f"--resolver={scene.resolver.address}"
                        ),
                        "browser resolved": await scene.read(
                            "--camouflage", f"--resolver={scene.resolver.address}"
                        ),
                    }
                )
            )


if __name__ == "__main__":
    asyncio.run(_main())
