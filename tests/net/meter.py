"""What the reader sent, got, and opened, endpoint by endpoint. Exact: counted where it enters the sockets."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(slots=True)
class Count:
    """Payload bytes of TCP (with TLS: its records) and connections, as the reader sees them.

    ``dropped`` came down the link for connections that the reader had closed: it used the link for nothing.
    SYNs that nobody answered and connections that were refused are not counted: no process sees them.
    """

    down: int = 0
    up: int = 0
    connections: int = 0
    dropped: int = 0


class Meter:
    """The counts of a bed: ``endpoints`` in the order of its ways, and their ``total``."""

    def __init__(self, endpoints: int) -> None:
        self.endpoints = tuple(Count() for _ in range(endpoints))

    @property
    def total(self) -> Count:
        """The sum, as of now."""
        return added(self.endpoints)

    @property
    def down(self) -> int:
        """Bytes that the reader got."""
        return self.total.down

    @property
    def up(self) -> int:
        """Bytes that the reader sent."""
        return self.total.up

    @property
    def connections(self) -> int:
        """Connections that were accepted."""
        return self.total.connections

    def reset(self) -> None:
        """Begin at zero again; connections that are open stay open and are not counted anew."""
        for count in self.endpoints:
            count.down = count.up = count.connections = count.dropped = 0


def added(counts: Iterable[Count]) -> Count:
    """The sum of ``counts``."""
    total = Count()
    for count in counts:
        total.down += count.down
        total.up += count.up
        total.connections += count.connections
        total.dropped += count.dropped
    return total
