"""A TUF repository of any kind for the conformance tests, and a server that notes every request.

It is not ours: other key types, no heads, odd role names, whatever a test bends. ``publish`` signs
the named roles in order and keeps every version that was ever published.
"""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Signed,
    Snapshot,
    SuccinctRoles,
    TargetFile,
    Targets,
    Timestamp,
)

from conformance import tuf_client
from helpers.node import node, program
from mirror.net.http import HttpTransport, system_tls

TOP = ("root", "timestamp", "snapshot", "targets")
NOW = datetime(2027, 1, 15, tzinfo=UTC)


@cache
def key(number: int, kind: str = "ed25519", scheme: str = "") -> CryptoSigner:
    """A signer, made once for all tests."""
    if kind == "rsa":
        return CryptoSigner.generate_rsa(scheme=scheme or "rsassa-pss-sha256")
    return CryptoSigner.generate_ecdsa() if kind == "ecdsa" else CryptoSigner.generate_ed25519()


_tls = cache(system_tls)


@dataclass
class Repo:
    """``roles`` may be changed at will; ``signers`` sign them, whether they should or not."""

    with_hashes: bool = False
    roles: dict[str, Signed] = field(default_factory=dict)
    signers: dict[str, list[CryptoSigner]] = field(default_factory=dict)
    published: dict[str, list[bytes]] = field(default_factory=dict)
    artifacts: dict[str, bytes] = field(default_factory=dict)
    log: list[tuple[str, int | None]] = field(default_factory=list)
    downloads: list[str] = field(default_factory=list)
    answers: dict[str, bytes] = field(default_factory=dict)  # request path → what is served whatever else

    def __post_init__(self) -> None:
        safe = NOW + timedelta(days=30)
        self.roles = {
            "targets": Targets(expires=safe),
            "snapshot": Snapshot(expires=safe),
            "timestamp": Timestamp(expires=safe),
            "root": Root(expires=safe),
        }
        for number, role in enumerate(self.roles):
            self.set_keys(role, [number])
        self.publish("targets", "snapshot", "timestamp", "root")

    @property
    def root(self) -> Root:
        signed = self.roles["root"]
        assert isinstance(signed, Root)
        return signed

    @property
    def timestamp(self) -> Timestamp:
        signed = self.roles["timestamp"]
        assert isinstance(signed, Timestamp)
        return signed

    @property
    def snapshot(self) -> Snapshot:
        signed = self.roles["snapshot"]
        assert isinstance(signed, Snapshot)
        return signed

    def targets(self, role: str = "targets") -> Targets:
        signed = self.roles[role]
        assert isinstance(signed, Targets)
        return signed

    def set_keys(self, role: str, keys: list[int], threshold: int = 1, sigs: list[int] | None = None) -> None:
        """Let ``keys`` hold a top-level role, and ``sigs`` (the same by default) sign it."""
        self.root.roles[role].keyids.clear()
        self.root.roles[role].threshold = threshold
        for number in keys:
            self.root.add_key(key(number).public_key, role)
        self.signers[role] = [key(number) for number in (keys if sigs is None else sigs)]

    def delegate(
        self,
        parent: str,
        child: str,
        *,
        paths: list[str] | None = None,
        prefixes: list[str] | None = None,
        terminating: bool = False,
        number: int = 8,
    ) -> None:
        """Let ``parent`` delegate to ``child``, which is made if it is new."""
        targets = self.targets(parent)
        if targets.delegations is None:
            targets.delegations = Delegations({}, {})
        assert targets.delegations.roles is not None
        if paths is None and prefixes is None:
            paths = ["*"]
        targets.delegations.roles[child] = DelegatedRole(child, [], 1, terminating, paths, prefixes)
        targets.add_key(key(number).public_key, child)
        if child not in self.roles:
            self.roles[child] = Targets(expires=NOW + timedelta(days=30))
            self.signers[child] = [key(number)]

    def delegate_bins(self, bits: int, prefix: str = "bin") -> None:
        """Let ``targets`` delegate to succinct hash bins."""
        bins = SuccinctRoles([], 1, bits, prefix)
        self.targets().delegations = Delegations({}, None, bins)
        self.targets().add_key(key(8).public_key)
        for name in bins.get_roles():
            self.roles[name] = Targets(expires=NOW + timedelta(days=30))
            self.signers[name] = [key(8)]
            self.publish(name)

    def add(self, role: str, path: str, data: bytes, hashes: list[str] | None = None) -> None:
        """Add an artifact; publish its role afterwards."""
        self.targets(role).targets[path] = TargetFile.from_data(path, data, hashes or ["sha256"])
        self.artifacts[path] = data

    def publish(self, *roles: str, bump: bool = True) -> None:
        """Sign and serve ``roles`` in this order, and note them where they must be named."""
        for role in roles:
            signed = self.roles[role]
            if bump and role in self.published:
                signed.version += 1
            metadata = Metadata[Any](signed)
            for signer in self.signers[role]:
                metadata.sign(signer, append=True)
            self.published.setdefault(role, []).append(metadata.to_bytes())
            self.note(role)

    def note(self, role: str) -> None:
        """Let snapshot or timestamp name the newest published ``role``."""
        data = self.published[role][-1]
        meta = MetaFile(self.roles[role].version)
        if self.with_hashes:
            meta = MetaFile.from_data(self.roles[role].version, data, ["sha256"])
        if role == "snapshot":
            self.timestamp.snapshot_meta = meta
        elif role not in TOP or role == "targets":
            self.snapshot.meta[f"{role}.json"] = meta

    def publish_all(self, *before: str) -> None:
        """Publish ``before``, then all that must follow."""
        self.publish(*before, "snapshot", "timestamp")

    def serve(self, path: str) -> bytes | None:
        """What the server has at ``path``: versions by their place in the order of publishing."""
        if path in self.answers:
            return self.answers[path]
        kind, _, name = path.partition("/")
        if kind == "targets":
            self.downloads.append(name)
            return self._artifact(name)
        stem = name.removesuffix(".json")
        number, _, role = stem.partition(".")
        if stem == "timestamp" or (not self.root.consistent_snapshot and role != "root"):
            number, role = "", stem
        self.log.append((role, int(number) if number else None))
        versions = {quote(each, safe=""): data for each, data in self.published.items()}.get(role, [])
        place = int(number) if number else len(versions)
        return versions[place - 1] if 0 < place <= len(versions) else None

    def _artifact(self, name: str) -> bytes | None:
        for path, data in self.artifacts.items():
            folder, slash, base = path.rpartition("/")
            info = next(
                (
                    t.targets[path]
                    for t in self.roles.values()
                    if isinstance(t, Targets) and path in t.targets
                ),
                None,
            )
            digests = list(info.hashes.values()) if info else []
            wanted = [f"{folder}{slash}{digest}.{base}" for digest in digests]
            # Which letters a client percent-encodes is its own business.
            if unquote(name) in map(unquote, wanted if self.root.consistent_snapshot else [path]):
                return data
        return None


@contextmanager
def served(repo: Repo) -> Iterator[str]:
    """The address at which ``repo`` is served while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = repo.serve(self.path.removeprefix("/"))
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Client:
    """A client under test, through its command line; ``at`` is the clock it sees.

    ``kind`` is ``python`` or ``browser``: the core of the browser's reader, in Node.
    """

    def __init__(self, folder: Path, url: str, patch: pytest.MonkeyPatch, kind: str = "python") -> None:
        self.metadata = folder / "metadata"
        self.targets = folder / "targets"
        self.url = url
        self.at = NOW
        self._kind = kind
        patch.setattr(tuf_client, "SystemClock", lambda: self)
        # Reading the system's certificates takes longer than a refresh, and nothing here is TLS.
        patch.setattr(tuf_client, "HttpTransport", partial(HttpTransport, tls=_tls()))

    def now(self) -> int:
        return int(self.at.timestamp())

    def init(self, root: bytes) -> int:
        path = self.metadata.parent / "first.json"
        path.write_bytes(root)
        return self._run("--metadata-dir", str(self.metadata), "init", str(path))

    def refresh(self) -> int:
        return self._run(
            "--metadata-url", f"{self.url}metadata", "--metadata-dir", str(self.metadata), "refresh"
        )

    def download(self, *names: str) -> int:
        arguments = ["--metadata-url", f"{self.url}metadata/", "--metadata-dir", str(self.metadata)]
        arguments += [part for name in names for part in ("--target-name", name)]
        arguments += ["--target-dir", str(self.targets), "--target-base-url", f"{self.url}targets/"]
        return self._run(*arguments, "download")

    def _run(self, *arguments: str) -> int:
        if self._kind == "python":
            return tuf_client.main(arguments)
        clock = f"data:text/javascript,Date.now=()=>{self.now() * 1_000}"
        command = [node(), "--import", clock, str(program("conformance")), *arguments]
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert "    at " not in ran.stderr, ran.stderr  # a traceback is a fault, not a refusal
        return ran.returncode

    def trusted(self) -> dict[str, int]:
        """The versions in the metadata folder, by file name."""
        return {
            path.name.removesuffix(".json"): Metadata.from_bytes(path.read_bytes()).signed.version
            for path in sorted(self.metadata.glob("*.json"))
        }

    def holds(self, role: str) -> bytes:
        return (self.metadata / f"{role}.json").read_bytes()

    def downloaded(self) -> list[bytes]:
        return sorted(path.read_bytes() for path in self.targets.glob("**/*") if path.is_file())
