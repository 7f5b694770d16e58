"""A publisher with a tree of readers, for the tests of rotation: everything in memory, nothing random."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import strategies as st

from mirror.limits import MAX_ENTRANCES, MAX_INDEX
from mirror.rotation.epochs import DAY
from mirror.rotation.invitation import Invitation
from mirror.rotation.keys import KeyTree, NodePath, Place
from mirror.rotation.looking import Crowded, bits_for, crowded, look
from mirror.rotation.making import Handout, Made, make_pages
from mirror.rotation.pages import Page, find_slip, open_page, pages_of
from mirror.rotation.paths import Entrance
from mirror.rotation.slips import Slip

PUBLICATION = bytes(range(32))
SECRET = bytes(range(100, 132))
EPOCH = 20_780
NOW = EPOCH * DAY + 5_000
SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(50, 82)))
KEY = SIGNER.public_key().public_bytes_raw()


def entrance(number: int) -> Entrance:
    """An endpoint as readers are told of it."""
    return Entrance(f"https://mirror{number}.example.net/", number.to_bytes(16, "big"))


def invited(path: NodePath, entrances: Iterable[Entrance] = (), **changes: object) -> Invitation:
    """The invitation of the node at ``path``."""
    values: dict[str, object] = {
        "publication": PUBLICATION,
        "channel": "en",
        "keyring": KeyTree(SECRET, PUBLICATION).keyring(path),
        "entrances": tuple(entrances) or (entrance(1), entrance(2)),
        "created": NOW,
    }
    return Invitation(**(values | changes))  # type: ignore[arg-type]


@dataclass
class World:
    """A publisher who hands out ``slips``; what it makes, and what a reader finds in it."""

    slips: Mapping[Place, tuple[Entrance, ...]]
    epoch: int = EPOCH
    publication: bytes = PUBLICATION
    bits: int | None = None
    now_crowded: Crowded | None = None
    issued: int = NOW
    signer: Ed25519PrivateKey = SIGNER
    tree: KeyTree = field(init=False)

    def __post_init__(self) -> None:
        self.tree = KeyTree(SECRET, self.publication)
        self.next_crowded = crowded(self.slips)
        if self.now_crowded is None:
            self.now_crowded = self.next_crowded
        if self.bits is None:
            self.bits = bits_for(len(self.slips) + len(self.now_crowded))

    def made(self, before: Mapping[str, bytes] | None = None) -> Made:
        """The pages of the epoch."""
        assert self.now_crowded is not None
        assert self.bits is not None
        handout = Handout(self.epoch, self.slips, self.now_crowded, self.next_crowded, self.epoch + 1)
        return make_pages(
            handout, self.tree, self.bits, issued=self.issued, sign=self.signer.sign, before=before
        )

    def pages(self, path: NodePath, files: Mapping[str, bytes], depth: int | None = None) -> list[Page]:
        """The two pages that the reader at ``path`` asks for, opened."""
        assert self.bits is not None
        names = pages_of(self.tree.keyring(path), self.looked(path, depth), self.epoch, self.bits)
        return [open_page(files[name.path], name, self.publication, [KEY]) for name in names]

    def looked(self, path: NodePath, depth: int | None = None) -> int:
        """Where the reader at ``path`` looks, unless at ``depth``."""
        assert self.now_crowded is not None
        return look(path, self.now_crowded) if depth is None else depth

    def slip(self, path: NodePath, files: Mapping[str, bytes], depth: int | None = None) -> Slip | None:
        """What the reader at ``path`` finds."""
        return find_slip(self.pages(path, files, depth), self.tree.keyring(path), self.publication)


node_paths = st.lists(st.integers(0, MAX_INDEX), max_size=6).map(tuple)
few_paths = st.lists(st.integers(0, 2), max_size=5).map(tuple)

_hosts = st.from_regex(r"[a-z]{1,12}(\.[a-z]{2,8}){1,2}", fullmatch=True)
entrances = st.builds(
    lambda scheme, host, fragment, key: Entrance(f"{scheme}://{host}/{fragment}", key),
    st.sampled_from(["https", "http"]),
    _hosts,
    st.sampled_from(["", "base/", "#connect=192.0.2.1", "a/#connect=192.0.2.1:8443"]),
    st.one_of(st.just(b""), st.binary(min_size=16, max_size=16)),
)
entrances |= st.just(Entrance("https://a.example/#connect=[2001:db8::1]&sni=b.example", bytes(16)))
entrance_lists = st.lists(entrances, min_size=1, max_size=MAX_ENTRANCES).map(tuple)
invitations = st.builds(
    lambda path, listed, channel, created, span, seconds, low: invited(
        path,
        listed,
        channel=channel,
        created=created,
        expires=created + span if span else 0,
        epoch_seconds=seconds,
        look=min(low, len(path)),
    ),
    node_paths,
    entrance_lists,
    st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True),
    st.integers(0, 2**31),
    st.integers(0, 2**30),
    st.integers(600, 30 * DAY),
    st.integers(0, 6),
)
