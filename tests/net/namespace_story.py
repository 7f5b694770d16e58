"""Fetches pieces with the real client in a network that drops SYNs; prints what came of it as JSON.

A program: ``python namespace_story.py FOLDER COUNT DROPPED...``, run by ``net.namespaces.inside``.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random

from mirror.bundle import piece
from mirror.client.fetch import MemoryHoldings, Pieces
from mirror.client.report import Ledger, Part
from mirror.errors import EndpointError
from mirror.limits import MAX_PIECE
from mirror.model import Endpoint
from mirror.net.http import HttpTransport
from net.namespaces import mirrors

PIECES = 24


def written(folder: Path) -> list[str]:
    """The names of pieces that now lie in ``folder``, as a mirror has them."""
    sealed = piece.seal(Random(3).randbytes(PIECES * 9_000))
    for name, data in zip(sealed.pieces.digests, sealed.data, strict=True):
        file = folder / piece.path_of(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return list(sealed.pieces.digests)


async def fetched(names: Sequence[str], endpoints: Sequence[Endpoint]) -> dict[str, object]:
    """What one run of the client got, and what a single request to each endpoint came to."""
    ledger = Ledger([endpoint.name for endpoint in endpoints])
    async with HttpTransport(connect_seconds=2) as transport:
        got = await Pieces(endpoints, transport, MemoryHoldings(), ledger).get(names, Part.CLUSTERS)
        one = piece.path_of(names[0])
        asked = await asyncio.gather(*(outcome(transport, endpoint, one) for endpoint in endpoints))
    return {"pieces": sum(name in got for name in names), "wanted": len(names), "outcomes": asked}


async def outcome(transport: HttpTransport, endpoint: Endpoint, path: str) -> str:
    """``came``, or why not."""
    try:
        await transport.get(endpoint, path, limit=MAX_PIECE)
    except EndpointError as error:
        return error.code
    return "came"


def main(folder: Path, count: int, dropped: Sequence[int]) -> None:
    """The whole story."""
    names = written(folder)
    with mirrors(folder, count, dropped) as served:
        endpoints = [Endpoint(f"mirror {number}", url) for number, url in enumerate(served.urls, 1)]
        result = asyncio.run(fetched(names, endpoints))
    sys.stdout.write(json.dumps(result | {"dropped": served.dropped}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), [int(number) for number in sys.argv[3:]])
