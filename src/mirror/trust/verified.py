"""What a session verified, and the search for a target among delegated roles."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field

from tuf.api.metadata import Root, TargetFile, Targets

from mirror.errors import TrustError
from mirror.trust.state import Freshness, Observation, Stored, TargetInfo

Search = Generator[tuple[str, str], Targets, TargetInfo | None]


@dataclass(frozen=True, slots=True)
class Signers:
    """Who signed one role: the ids of different keys, out of ``holders``, where ``threshold`` must."""

    keyids: tuple[str, ...]
    threshold: int
    holders: int


@dataclass(frozen=True, slots=True)
class Verified:
    """A complete set of verified metadata; nothing in it came unverified from a mirror.

    ``files`` are the exact bytes, by name without version. ``stored`` is what to keep for the next
    session (commit it even when ``freshness`` is not current: it remembers what was seen).
    ``showed`` is the version of the genuine timestamp each source showed.
    """

    files: Mapping[str, bytes]
    versions: Mapping[str, int]
    signers: Mapping[str, Signers]
    freshness: Freshness
    observations: tuple[Observation, ...]
    showed: Mapping[str, int]
    stored: Stored
    is_consistent: bool
    delegation_limit: int
    roles: Mapping[tuple[str, str], Targets] = field(repr=False)

    def target(self, path: str) -> TargetInfo | None:
        """What was signed of the target ``path``; None when the publisher signed no such target.

        Raises:
            TrustError: ``not-loaded``: the answer lies in a role this session was not asked for, or
                could not obtain.
        """
        walk = search(path, self.delegation_limit)
        pair = next(walk)
        while True:
            role = self.roles.get(pair)
            if role is None:
                raise TrustError("the role that would sign this was not obtained", code="not-loaded")
            try:
                pair = walk.send(role)
            except StopIteration as end:
                return _found(end.value)


def _found(value: object) -> TargetInfo | None:
    assert value is None or isinstance(value, TargetInfo)
    return value


def search(path: str, limit: int) -> Search:
    """Look for target ``path``: yields (role, delegating role), is sent that role's metadata.

    Preorder, depth first, in the order of appearance; a terminating delegation that matches ends
    the search outside of it; a role is entered once; at most ``limit`` roles besides the first.

    Source: TUF specification 1.0.34, 5.6.7.
    """
    todo = [(Targets.type, Root.type)]
    seen: set[str] = set()
    while todo and len(seen) <= limit:
        role, parent = todo.pop()
        if role in seen:
            continue
        metadata = yield role, parent
        found = metadata.targets.get(path)
        if found is not None:
            return _info(found)
        seen.add(role)
        if metadata.delegations is None:
            continue
        children: list[tuple[str, str]] = []
        for child, is_terminating in metadata.delegations.get_roles_for_target(path):
            children.append((child, role))
            if is_terminating:
                todo.clear()
                break
        todo.extend(reversed(children))
    return None


def _info(target: TargetFile) -> TargetInfo:
    return TargetInfo(target.path, target.length, dict(target.hashes))
