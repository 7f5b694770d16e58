"""The least time a task can take over a scenario's network: what an oracle needs that wastes nothing.

The oracle knows the best mirror from the start and asks nobody else; it knows no file's name before the
file that names it is there, so a task is a chain of steps::

    ideal = (handshakes + steps) * RTT + bytes / rate

- ``steps``: metadata, head piece, sealed parts of the contents if there are any, pages, and last
  dictionaries with clusters. Everything within a step is asked for at once.
- ``handshakes``: one round trip; where connections freeze or break, one more for each step that the
  connection before cannot carry. The client's start, TLS, names and its own computing cost nothing.
- ``bytes``: the bodies of all files, and the heads of the answers as the server sends them. Requests go
  the other way and are free.
- ``rate``: the reader's link; in a step of ``n`` files not more than ``n`` times what the mirror's way
  gives one connection.

An endpoint that comes and goes counts as there. It is a yardstick and not a bound: a client may let the
waits of two steps overlap, or open connections ahead of need. Others, who are told every name, skip steps.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from bench.network.edition import Published, Step
from net.scenario import Link, Scenario, Way

_REQUEST = "GET /{path} HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: Mozilla/5.0\r\n\r\n"


@dataclass(frozen=True)
class Ideal:
    """``seconds`` of the formula, and its terms. ``wire_bytes`` are ``body_bytes`` and heads."""

    seconds: float
    steps: int
    handshakes: int
    rtt_seconds: float
    body_bytes: int
    wire_bytes: int
    rate: float

    @property
    def formula(self) -> str:
        """With numbers put in."""
        rate = "unlimited" if self.rate == inf else f"{self.rate:,.0f} B/s"
        trips = f"({self.handshakes} + {self.steps}) * {self.rtt_seconds * 1000:.0f} ms"
        return f"{trips} + {self.wire_bytes:,} B / {rate} = {self.seconds:.2f} s"


async def head_sizes(published: Published, address: tuple[str, int]) -> dict[str, int]:
    """The bytes of the head of the server's answer, for each file that a task needs."""
    reader, writer = await asyncio.open_connection(*address)
    sizes = {}
    try:
        for path in sorted({path for task in published.steps for path in published.files(task)}):
            host, port = address
            writer.write(_REQUEST.format(path=path, host=host, port=port).encode())
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200 "):
                raise RuntimeError("the server does not give a file that it should have")
            await reader.readexactly(len(published.tree[path]))
            sizes[path] = len(head)
    finally:
        writer.close()
        await writer.wait_closed()
    return sizes


def ideal(scenario: Scenario, published: Published, heads: Mapping[str, int], task: str) -> Ideal | None:
    """The least time of ``task`` over the best way of ``scenario``; None where no single way can do it."""
    chain = published.steps[task]
    bodies = [[len(published.tree[path]) for path in step] for step in chain]
    wire = [[len(published.tree[path]) + heads[path] for path in step] for step in chain]
    found = [
        made
        for way in dict.fromkeys(scenario.ways)
        if (made := _over(way, scenario.link, chain, bodies, wire)) is not None
    ]
    return min(found, key=lambda each: each.seconds, default=None)


def gives_files(way: Way, largest: int) -> bool:
    """Whether a right file of ``largest`` bytes, head included, comes over ``way`` at least at times."""
    if way.blackhole or way.refuse or way.silent or way.block_page:
        return False
    if way.alter or way.gzip or way.endless or way.wrong_length:
        return False
    return _carries(way) >= largest and (way.truncate_after is None or way.truncate_after >= largest)


def _carries(way: Way) -> float:
    """The bytes that come over one connection."""
    return min(inf if each is None else each for each in (way.freeze_after, way.rst_after))


def _over(
    way: Way, link: Link, chain: Sequence[Step], bodies: list[list[int]], wire: list[list[int]]
) -> Ideal | None:
    largest = max(_flat(wire))
    if not gives_files(way, largest):
        return None
    handshakes, left = 0, 0.0
    for step in wire:
        handshakes += sum(step) > left
        left = (left if sum(step) <= left else _carries(way)) - sum(step)
    rtt = link.rtt_seconds + way.extra_rtt_seconds
    slowest = link.down_bytes_per_second or inf
    rates = [min(slowest, (way.rate or inf) * len(step)) for step in wire]
    moving = sum(sum(step) / rate for step, rate in zip(wire, rates, strict=True))
    seconds = (handshakes + len(chain)) * rtt + moving
    total = sum(_flat(wire))
    mean = total / moving if moving else inf
    return Ideal(seconds, len(chain), handshakes, rtt, sum(_flat(bodies)), total, mean)


def _flat(steps: Iterable[Iterable[int]]) -> list[int]:
    return [size for step in steps for size in step]
