"""A small real publication for tests: signed metadata, packed editions, notices; a whole mirror's tree.

Everything is made in memory and in a fraction of a second. ``tree`` maps the paths of a mirror's
tree to bytes and keeps what earlier releases put there, as an honest mirror would.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from random import Random

from helpers.newsroom import NOW, Newsroom, target
from mirror.bundle import pack, parcel, piece
from mirror.bundle.edition import Edition, open_edition
from mirror.model import Article, Correction, PieceList, State
from mirror.notices import NoticeSet, encode
from mirror.notices.load import load_library, load_publication_notices
from mirror.notices.render import publish
from mirror.publisher.catalogue import read_catalogue
from mirror.trust import changes
from mirror.trust.state import NOTICES_ROLE, Stored

NAME = "Example News"
PUBLISHER = "example"
DAY = 86_400
_WORDS = {
    "en": "the bridge over the river was closed at night and the bakers walked to the other bank",
    "ru": "мост через реку закрыли на ночь и пекари пошли пешком на другой берег за мукой",
    "fa": "پل روی رودخانه شب بسته شد و نانواها پیاده به سوی دیگر رفتند",
}
_CHOICE = """
schema = 1
responsible = "Example News, legal desk"
languages = ["en", "fa", "ru"]
"""
_TURNED_ON = """
[[on]]
template = "ru-undesirable"
reviewed_by = ["editor:a-1", "counsel:b-1"]
reviewed = 2026-11-01
next_review = 2028-11-01
"""


def article(number: int, channel: str = "ru", *, words: int = 60, **changed: object) -> Article:
    """An article of its own text; the higher the number, the newer. ``changed`` replaces fields."""
    language = str(changed.get("language", channel if channel in _WORDS else "en"))
    stock = _WORDS[language.partition("-")[0]].split()
    chance = Random(f"{channel} {number}")
    text = " ".join(chance.choice(stock) + chance.choice(stock)[:3] for _ in range(words))
    made = Article(
        id=f"{channel}-story-{number}",
        channel=channel,
        language=language,
        title=f"{stock[1].capitalize()} {number}: {' '.join(stock[2:6])}",
        body=f"<p>{text} {number}.</p><p>{text[: len(text) // 2]}</p>",
        published=NOW - 30 * DAY + number * 3_600,
        updated=NOW - 30 * DAY + number * 3_600,
        summary=f"{' '.join(stock[:5])} {number}",
        byline="A. Reporter",
        section="City",
        source=f"https://news.example/{channel}/{number}",
        credits=("Example Agency",),
    )
    return replace(made, **changed)  # type: ignore[arg-type]


def corrected(old: Article, text: str, at: int) -> Article:
    """``old`` with a correction and another body."""
    return replace(
        old,
        body=old.body + "<p>corrected</p>",
        updated=at,
        state=State.CORRECTED,
        corrections=(Correction(at, text),),
    )


def withdrawn(old: Article, text: str, at: int, state: State = State.WITHDRAWN) -> Article:
    """``old`` without its body; ``state`` says why."""
    return replace(
        old, body="", summary="", images=(), updated=at, state=state, corrections=(Correction(at, text),)
    )


@cache
def notices(edition: int = 1, issued: int = NOW, *, named: bool = True) -> NoticeSet:
    """The generic notice and, if ``named``, the Russian designation; English, Persian, Russian."""
    library = load_library(read_catalogue())
    choice = load_publication_notices(_CHOICE + (_TURNED_ON if named else ""), library)
    return publish(choice, library, publisher=PUBLISHER, edition=edition, issued=issued)[0]


@dataclass
class Press:
    """A publication that releases editions; ``room`` holds its keys and its clock.

    ::

        press = Press()
        press.release("ru", [article(1), article(2)])
        press.tree["m/timestamp.json"]
    """

    room: Newsroom = field(default_factory=Newsroom)
    tree: dict[str, bytes] = field(default_factory=dict)
    editions: dict[str, Edition] = field(default_factory=dict)
    packed: dict[str, pack.Packed] = field(default_factory=dict)
    notices_head: str = ""

    def __post_init__(self) -> None:
        self._keep({})

    def release(
        self, channel: str, articles: Sequence[Article], *, top: Iterable[str] = (), notices_too: bool = True
    ) -> "Press":
        """Pack, sign and put into ``tree`` the next edition of ``channel``.

        The first release signs ``notices()`` too, unless told not to.
        """
        if notices_too and not self.notices_head:
            self.release_notices(notices(issued=self.room.now))
        before = self.editions.get(channel)
        facts = pack.Facts(
            channel,
            NAME,
            before.manifest.number + 1 if before else 1,
            self.room.now,
            self.notices_head,
            top=tuple(top),
        )
        packed = pack.pack(articles, facts, before)
        self._keep(packed.pieces)
        self.packed[channel] = packed
        self.editions[channel] = open_edition(packed.head, self.get)
        return self.sign({channel: {f"{channel}/head": target(self.get(packed.head))}})

    def release_notices(self, said: NoticeSet) -> "Press":
        """Sign ``said`` as the notices in force."""
        return self.release_raw_notices(encode(said))

    def release_raw_notices(self, raw: bytes) -> "Press":
        """Sign any bytes as the notices in force: a publisher's mistake, or a thief of that one key."""
        sealed = parcel.seal(raw)
        self.notices_head = sealed.head
        self._keep(sealed.pieces)
        return self.sign({NOTICES_ROLE: {"notices/set": target(sealed.pieces[sealed.head])}})

    def sign(self, targets: Mapping[str, Mapping[str, tuple[int, str]]]) -> "Press":
        """Release ``targets`` as they are, whatever they name."""
        self.room.publish(changes.release(self.room.publication, targets, now=self.room.now))
        return self._keep({})

    def later(self, seconds: int = DAY) -> "Press":
        """Let time pass for the publisher."""
        self.room.later(seconds)
        return self

    def heartbeat(self) -> "Press":
        """Sign the timestamp again."""
        self.room.heartbeat()
        return self._keep({})

    def add_piece(self, data: bytes) -> str:
        """Put a piece (such as of a picture) into the tree; its name."""
        self._keep({piece.name_of(data): data})
        return piece.name_of(data)

    def add_image(self, raw: bytes) -> PieceList:
        """Put ``raw`` (bytes of a picture) into the tree, sealed."""
        sealed = piece.seal(raw)
        self._keep(dict(zip(sealed.pieces.digests, sealed.data, strict=True)))
        return sealed.pieces

    def get(self, digest: str) -> bytes:
        """The piece of that name."""
        return self.tree[piece.path_of(digest)]

    @property
    def root(self) -> bytes:
        """The first root, which a reader is told to trust."""
        return self.room.publication.roots[0]

    def newcomer(self) -> Stored:
        """What a reader who just heard of this publication has."""
        return self.room.newcomer()

    def write_to(self, folder: Path) -> Path:
        """Write the tree below ``folder``, as a static host would have it."""
        for path, data in self.tree.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        return folder

    def _keep(self, pieces: Mapping[str, bytes]) -> "Press":
        self.tree.update({piece.path_of(name): data for name, data in pieces.items()})
        self.tree.update({f"m/{name}": data for name, data in self.room.files.items()})
        return self


def press(count: int = 6, channels: Sequence[str] = ("ru",)) -> Press:
    """A publication with one edition of ``count`` articles in each channel."""
    made = Press()
    for channel in channels:
        made.release(channel, [article(number, channel) for number in range(count)])
    return made
