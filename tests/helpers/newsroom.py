"""An in-memory publisher and mirrors for tests: real keys, real metadata, no disk, no network."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from securesystemslib.signer import Signer

from mirror.trust import ceremony, changes
from mirror.trust.keys import PublicKey, signer_of
from mirror.trust.publication import DAY, DEFAULT_LIFETIMES, Draft, Holders, Lifetimes, Publication, tree
from mirror.trust.session import Ask, MetadataSession
from mirror.trust.state import Stored
from mirror.trust.verified import Verified

NOW = 1_800_000_000  # January 2027


def signer(name: str) -> Signer:
    return signer_of(hashlib.sha256(name.encode()).digest())


def public(name: str) -> PublicKey:
    return PublicKey(name, signer(name).public_key)


def holders(*names: str, threshold: int = 1) -> Holders:
    return Holders(tuple(public(name) for name in names), threshold)


def target(content: bytes) -> tuple[int, str]:
    return len(content), hashlib.sha256(content).hexdigest()


ROOT = holders("ann", "bob", "cem", threshold=2)
ROLES = {
    "root": ROOT,
    "targets": ROOT,
    "snapshot": holders("snap"),
    "timestamp": holders("stamp"),
    "notices": holders("lawyer"),
}
CHANNELS = {"ru": holders("rita"), "en": holders("eve")}
OFFLINE = ("ann", "bob", "cem", "lawyer", "rita", "eve")
ONLINE = ("snap", "stamp")


def authorised(draft: Draft, names: Iterable[str]) -> list[Signer]:
    """Those of ``names`` who hold a role of ``draft``."""
    known = [public(name) for name in names]
    wanted = {name for each in ceremony.status(draft, known) for name in (*each.signed, *each.missing)}
    return [signer(name) for name in names if name in wanted]


@dataclass
class Newsroom:
    """A publisher with a clock of his own. ``files`` is ``m/`` with all that was ever published."""

    now: int = NOW
    lifetimes: Lifetimes = DEFAULT_LIFETIMES
    online: tuple[str, ...] = ONLINE
    offline: tuple[str, ...] = OFFLINE
    publication: Publication = field(init=False)
    files: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.publish(
            changes.new_publication(**ROLES, channels=CHANNELS, now=self.now, lifetimes=self.lifetimes)
        )

    def publish(self, draft: Draft) -> "Newsroom":
        signed = ceremony.sign(draft, *authorised(draft, self.offline)) if draft.roles else draft
        self.publication = ceremony.commit(
            signed, [signer(name) for name in self.online], now=self.now, lifetimes=self.lifetimes
        )
        self.files.update(tree(self.publication))
        return self

    def later(self, seconds: int = DAY) -> "Newsroom":
        self.now += seconds
        return self

    def heartbeat(self) -> "Newsroom":
        return self.publish(Draft(self.publication, {}))

    def release(self, *channels: str, content: bytes = b"news") -> "Newsroom":
        """Release ``content`` as the head of each channel, and of the notices when named."""
        said = {name: {f"{name}/head": target(content)} for name in channels or ("ru",)}
        return self.publish(changes.release(self.publication, said, now=self.now, lifetimes=self.lifetimes))

    def rotate(self, **who: Holders) -> "Newsroom":
        return self.publish(
            changes.rotate_root(self.publication, now=self.now, lifetimes=self.lifetimes, **who)
        )

    def newcomer(self) -> Stored:
        """What an invitation gives: the first root."""
        return Stored(self.publication.roots[0])


@dataclass
class Mirror:
    """A mirror of ``m/``: what it holds, and what it does with a request instead."""

    files: Mapping[str, bytes]
    tamper: Callable[[str, bytes | str], bytes | str] = lambda _path, answer: answer
    asked: list[str] = field(default_factory=list)

    def answer(self, path: str) -> bytes | str:
        self.asked.append(path)
        return self.tamper(path, self.files.get(path, "absent"))


def copy_of(room: Newsroom) -> Mirror:
    """A mirror that holds what is published now and does not sync any more."""
    return Mirror(dict(room.files))


def withholding(files: Mapping[str, bytes], *parts: str) -> Mirror:
    """A mirror that denies having any file whose name contains one of ``parts``."""
    return Mirror(files, lambda path, answer: "absent" if any(p in path for p in parts) else answer)


def silent() -> Mirror:
    return Mirror({}, lambda _path, _answer: "silent")


def garbling(files: Mapping[str, bytes], *parts: str) -> Mirror:
    """A mirror that flips one bit in the middle of the files whose name contains one of ``parts``."""

    def flip(path: str, answer: bytes | str) -> bytes | str:
        if isinstance(answer, str) or not any(part in path for part in parts):
            return answer
        middle = len(answer) // 2
        return answer[:middle] + bytes([answer[middle] ^ 1]) + answer[middle + 1 :]

    return Mirror(files, flip)


def drive(
    session: MetadataSession,
    mirrors: Mapping[str, Mirror],
    choose: Callable[[tuple[Ask, ...]], int] = lambda _asks: 0,
) -> Verified:
    """Answer what ``session`` asks until it ends; ``choose`` says which open request comes next."""
    while asks := session.requests():
        ask = asks[choose(asks) % len(asks)]
        answer = mirrors[ask.source].answer(ask.path)
        if isinstance(answer, bytes):
            session.received(ask, answer)
        else:
            session.failed(ask, answer)
    return session.result()


def refresh(
    stored: Stored,
    mirrors: Mapping[str, Mirror],
    *,
    now: int = NOW,
    wanted: tuple[str, ...] = ("ru/head", "notices/head"),
    head: str | None = "ru",
) -> Verified:
    """One whole refresh over ``mirrors``."""
    return drive(MetadataSession(stored, list(mirrors), now=now, wanted=wanted, head=head), mirrors)
