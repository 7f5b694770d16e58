"""Metadata sessions in both languages: what Python is told is told to the browser's core as well.

``twins(node)`` watches every session that runs inside of it. When one ends, the same beginning and the
same answers, in the same order, go to a session in Node, which must have asked the same before each
answer, and must end the same.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from types import ModuleType
from typing import Any, Final
from weakref import WeakKeyDictionary

import pytest

from helpers.node import Node, Refused, running
from mirror.errors import MirrorError
from mirror.trust.session import Ask, MetadataSession
from mirror.trust.state import SessionLimits, Stored
from mirror.trust.verified import Verified

_FRESHNESS: Final = {
    "asOf": "as_of",
    "expires": "expires",
    "isChecked": "is_checked",
    "oldSince": "old_since",
    "reference": "reference",
    "skewSeconds": "skew_seconds",
    "state": "state",
}


def retold(module: ModuleType) -> dict[str, object]:
    """The stories of ``module`` for another module's ``globals()``, with every session watched."""
    kept = {
        name: value
        for name, value in vars(module).items()
        if name.startswith("test_") or name in ("room", "stored")
    }
    return kept | {"compared": compared, "counted": counted, "test_the_twins_met": the_twins_met}


@dataclass(slots=True)
class _Meeting:
    """How many answers each session had that was compared, and how many stories this process told."""

    answers: list[int]
    stories: int = 0


@pytest.fixture(autouse=True, scope="module")
def compared() -> Iterator[_Meeting]:
    """What the stories of one module came to."""
    with running() as node, twins(node) as answers:
        yield _Meeting(answers)


@pytest.fixture(autouse=True)
def counted(compared: _Meeting) -> None:
    """One story more."""
    compared.stories += 1


def the_twins_met(compared: _Meeting) -> None:
    """Runs last: had nothing been compared, all stories would pass just the same.

    Where several processes share the module, each answers for the stories that it told.
    """
    assert compared.stories < 5 or sum(compared.answers) > compared.stories // 2


@dataclass(slots=True)
class _Record:
    """What was given to one session, and what it said."""

    begun: dict[str, Any]
    events: list[dict[str, Any]] = field(default_factory=list)
    told: list[Any] = field(default_factory=list)
    is_compared: bool = False


@contextmanager
def twins(node: Node) -> Iterator[list[int]]:
    """Watch the sessions that run meanwhile; gives, for each that was compared, its number of answers."""
    records: WeakKeyDictionary[MetadataSession, _Record] = WeakKeyDictionary()
    compared: list[int] = []
    begin, received, failed, genuine, result = (
        MetadataSession.__init__,
        MetadataSession.received,
        MetadataSession.failed,
        MetadataSession.may_be_genuine,
        MetadataSession.result,
    )

    def watched_begin(self: MetadataSession, stored: Stored, sources: Any, **options: Any) -> None:
        given = _begun(stored, sources, **options)
        try:
            begin(self, stored, sources, **options)
        except MirrorError as error:
            refused = Refused(type(error).__name__, error.code)
            if node.ask("session", {**given, "events": []}) != refused:
                raise AssertionError("Node did not refuse the beginning as Python did") from error
            compared.append(0)
            raise
        records[self] = _Record(given)

    def note(self: MetadataSession, ask: Ask, **what: str) -> None:
        open_asks = self.requests()
        if ask in open_asks:  # otherwise it is misuse, and raises
            records[self].told.append(_asked(self))
            records[self].events.append({"ask": open_asks.index(ask), **what})

    def watched_received(self: MetadataSession, ask: Ask, body: bytes) -> None:
        note(self, ask, do="received", body=body.hex())
        received(self, ask, body)

    def watched_failed(self: MetadataSession, ask: Ask, code: str) -> None:
        note(self, ask, do="failed", code=code)
        failed(self, ask, code)

    def watched_genuine(self: MetadataSession, ask: Ask, body: bytes) -> bool:
        note(self, ask, do="may-be-genuine", body=body.hex())
        answer = genuine(self, ask, body)
        if ask in self.requests():
            records[self].told.append(answer)
        return answer

    def watched_result(self: MetadataSession) -> Verified:
        record = records[self]
        if not record.is_compared and not self.requests():
            record.is_compared = True
            compared.append(len(record.events))
            _compare(self, record, node, result)
        return result(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MetadataSession, "__init__", watched_begin)
        patch.setattr(MetadataSession, "received", watched_received)
        patch.setattr(MetadataSession, "failed", watched_failed)
        patch.setattr(MetadataSession, "may_be_genuine", watched_genuine)
        patch.setattr(MetadataSession, "result", watched_result)
        yield compared


def _compare(session: MetadataSession, record: _Record, node: Node, result: Any) -> None:
    got = node.ask("session", {**record.begun, "events": record.events})
    assert not isinstance(got, Refused), got
    expected = {
        "told": [*record.told, []],
        "observations": [[note.source, note.kind, note.file] for note in session.observations],
        "accepted": _hexed(session.accepted),
        "outcome": _outcome(session, record.begun["wanted"], result),
    }
    for name, value in expected.items():
        assert got[name] == value, f"{name}: the browser has {got[name]}, Python {value}"


def _begun(
    stored: Stored,
    sources: Any,
    *,
    now: int,
    wanted: Any = (),
    head: str | None = None,
    candidates: Mapping[str, Mapping[str, bytes]] | None = None,
    limits: SessionLimits | None = None,
    is_strict: bool = False,
) -> dict[str, Any]:
    bounds = asdict(limits or SessionLimits())
    bounds["rotations"] = bounds.pop("root_rotations")
    return {
        "stored": _hexed(stored.to_files()),
        "sources": list(sources),
        "now": now,
        "wanted": list(wanted),
        "head": head,
        "candidates": {name: _hexed(files) for name, files in (candidates or {}).items()},
        "limits": bounds,
        "isStrict": is_strict,
    }


def _asked(session: MetadataSession) -> list[list[str | int]]:
    return [[ask.source, ask.path, ask.limit] for ask in session.requests()]


def _hexed(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: data.hex() for name, data in files.items()}


def _outcome(session: MetadataSession, wanted: list[str], result: Any) -> dict[str, Any] | str:
    try:
        verified: Verified = result(session)
    except MirrorError as error:
        return error.code
    return {
        "files": _hexed(verified.files),
        "versions": dict(verified.versions),
        "signers": {
            role: [*signers.keyids, signers.threshold, signers.holders]
            for role, signers in verified.signers.items()
        },
        "freshness": {name: getattr(verified.freshness, twin) for name, twin in _FRESHNESS.items()},
        "showed": dict(verified.showed),
        "stored": _hexed(verified.stored.to_files()),
        "isConsistent": verified.is_consistent,
        "targets": [_target(verified, path) for path in wanted],
    }


def _target(verified: Verified, path: str) -> object:
    try:
        found = verified.target(path)
    except MirrorError as error:
        return error.code
    return None if found is None else [found.length, dict(found.hashes)]
