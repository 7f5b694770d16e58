#!/usr/bin/env python3
"""The command line that the TUF conformance suite drives, around our own metadata session.

::

    tuf_client.py --metadata-dir D init ROOT
    tuf_client.py --metadata-url U --metadata-dir D refresh
    tuf_client.py --metadata-url U --metadata-dir D --target-name T [--target-name T2 ...]
                  --target-dir TD --target-base-url B download

Exit status 0, or 1 when any part failed. What was verified stands in D, byte for byte as it came,
under names without versions, also when a later step failed. One source, plain TUF, in the order of
the specification: no heads, the limits other clients have, and expired means refused.
"""

import argparse
import asyncio
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

from mirror.clock import SystemClock
from mirror.errors import EndpointError, MirrorError, TrustError
from mirror.model import Endpoint
from mirror.net.http import HttpTransport
from mirror.store import atomic
from mirror.trust.session import MetadataSession
from mirror.trust.state import STANDARD_LIMITS, Stored, TargetInfo
from mirror.trust.verified import Verified

ROOT = "root.json"
SOURCE = "repository"


def endpoint(url: str) -> Endpoint:
    return Endpoint(SOURCE, url if url.endswith("/") else url + "/")


def write(path: Path, data: bytes) -> None:
    """Replace ``path`` in one step."""
    unfinished = path.with_name(path.name + ".tmp")
    atomic.remove(unfinished)
    atomic.write_new(unfinished, data)
    atomic.rename(unfinished, path)


def initialise(folder: Path, root: Path) -> None:
    atomic.make_folder(folder)
    write(folder / ROOT, root.read_bytes())


def open_session(folder: Path, wanted: Sequence[str]) -> MetadataSession:
    files = {path.name: path.read_bytes() for path in folder.glob("*.json")}
    if ROOT not in files:
        raise TrustError("there is no trusted root: init first", code="no-root")
    return MetadataSession(
        Stored(root=files.pop(ROOT), files=files),
        [SOURCE],
        now=SystemClock().now(),
        wanted=wanted,
        limits=STANDARD_LIMITS,
        is_strict=True,
    )


async def refresh(session: MetadataSession, folder: Path, url: str, transport: HttpTransport) -> Verified:
    try:
        while asks := session.requests():
            for ask in asks:
                try:
                    body = await transport.get(endpoint(url), ask.path, limit=ask.limit)
                except EndpointError as error:
                    session.failed(ask, error.code)
                else:
                    session.received(ask, body)
        return session.result()
    finally:
        for name, data in session.accepted.items():
            write(folder / name, data)


def target_url_path(target: TargetInfo, *, has_prefix: bool) -> str:
    """Where a target lies below the base; a target path is a URL's path by definition, almost."""
    folder, slash, name = target.path.rpartition("/")
    digest = target.hashes.get("sha256") or next(iter(target.hashes.values()), "")
    path = f"{folder}{slash}{digest}.{name}" if has_prefix else target.path
    return quote(re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", path), safe="!#$%&'()*+,/:;=?@~")


async def download(
    verified: Verified, target: TargetInfo, base: str, folder: Path, transport: HttpTransport
) -> None:
    path = folder / quote(target.path, safe="")
    if path.is_file():
        try:
            target.verify(path.read_bytes())
        except MirrorError:
            pass
        else:
            return
    where = target_url_path(target, has_prefix=verified.is_consistent)
    data = await transport.get(endpoint(base), where, limit=target.length)
    target.verify(data)
    atomic.make_folder(folder)
    write(path, data)


async def run(arguments: argparse.Namespace) -> None:
    folder = Path(arguments.metadata_dir)
    wanted = arguments.target_name if arguments.command == "download" else []
    async with HttpTransport() as transport:
        session = open_session(folder, wanted)
        verified = await refresh(session, folder, arguments.metadata_url, transport)
        for name in wanted:
            target = verified.target(name)
            if target is None:
                raise TrustError("the publisher signed no such target", code="no-target")
            await download(verified, target, arguments.target_base_url, Path(arguments.target_dir), transport)


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--metadata-dir", required=True)
    parser.add_argument("--metadata-url")
    parser.add_argument("--target-name", action="append", default=[])
    parser.add_argument("--target-dir")
    parser.add_argument("--target-base-url")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("init").add_argument("root")
    commands.add_parser("refresh")
    commands.add_parser("download")
    arguments = parser.parse_args(argv)
    try:
        if arguments.command == "init":
            initialise(Path(arguments.metadata_dir), Path(arguments.root))
        else:
            asyncio.run(run(arguments))
    except (MirrorError, OSError) as error:
        print(f"{arguments.command}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
