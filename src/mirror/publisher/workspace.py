"""A publication's folder: what is in it, read strictly and written atomically by one process.

::

    publication.toml                what the publication is (``config``)
    notices.toml                    which notices are turned on, and who is responsible
    keys/NAME.key  keys/NAME.pub    sealed signing keys; public halves, for names in ``status``
    articles/CHANNEL/ID.json        what the channels say, one canonical file for each article
    images/AA/SHA256                pieces of their pictures
    state/metadata/                 the signed metadata, as a generation: the one truth of versions
    state/pending/                  a release that waits for signatures from elsewhere
    state/lock                      held by whoever writes
    tree/                           what mirrors serve

Rules:

1. A command that changes anything holds the lock; two of them never run at once.
2. A file is replaced whole. A killed process leaves at most files named ``.NAME.part``.
3. Pictures are written before the article that names them, pieces before the metadata that names
   them, the metadata of ``state`` before that of ``tree``: a crash leaves something too much, never
   something missing.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mirror.bundle import edition, piece
from mirror.errors import ConfigError, FormatError, SourceError, StorageError
from mirror.limits import MAX_ARTICLE_FILE, MAX_CONFIG, MAX_KEY_FILE, MAX_NOTICE_FILE, MAX_PIECE
from mirror.model import ARTICLE_ID, Article
from mirror.publisher import articlefile
from mirror.publisher.config import PublicationConfig, Signing, parse
from mirror.store import atomic
from mirror.store.generations import DiskGenerations
from mirror.store.tree import Tree
from mirror.trust.keys import PublicKey, public_key_from_pem
from mirror.trust.publication import Holders, Publication

CONFIG: Final = "publication.toml"
NOTICES: Final = "notices.toml"
_PRIVATE: Final = 0o600
_PART: Final = ".part"


@dataclass(frozen=True, slots=True)
class Workspace:
    """An opened folder and its configuration. Nothing is cached: each call reads the disk."""

    folder: Path
    config: PublicationConfig

    @property
    def tree(self) -> Tree:
        """What mirrors serve."""
        return Tree(self.folder / "tree")

    @property
    def metadata(self) -> DiskGenerations:
        """The signed metadata, kept."""
        return DiskGenerations(self.folder / "state" / "metadata")

    @property
    def pending(self) -> DiskGenerations:
        """The release that waits for signatures, if any."""
        return DiskGenerations(self.folder / "state" / "pending")

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Be the only one who writes.

        Raises:
            StorageError: ``store-locked``.
        """
        atomic.make_folder(self.folder / "state", mode=0o700)
        with atomic.locked(self.folder / "state" / "lock", mode=_PRIVATE):
            yield

    # --- metadata ---

    def publication(self) -> Publication:
        """The newest signed metadata.

        Raises:
            StorageError: ``not-initialized``: ``init`` has not ended here; or the disk refused.
            FormatError: ``metadata``: it is damaged.
        """
        stored = self.metadata.load()
        if stored is None:
            raise StorageError(
                "This publication has no keys and no metadata yet: run `mirror publish init`.",
                code="not-initialized",
            )
        return Publication.from_files(stored.files)

    def keep(self, publication: Publication) -> None:
        """Make ``publication`` the newest: from here on its versions are spent."""
        before = self.metadata.load()
        self.metadata.commit(publication.to_files(), after=before.number if before else 0)

    def drop_pending(self) -> bool:
        """Forget the release that waits for signatures; False when there was none."""
        folder = self.folder / "state" / "pending"
        with atomic.told():
            if not folder.exists():
                return False
            shutil.rmtree(folder)
        return True

    # --- articles ---

    def articles(self, channel: str) -> dict[str, Article]:
        """The articles of ``channel`` by id, sorted.

        Raises:
            SourceError: ``article-file``: a file is damaged, misnamed or of another channel; its
                path inside the folder is told, for the editor.
        """
        folder = self.folder / "articles" / channel
        found: dict[str, Article] = {}
        with atomic.told():
            paths = sorted(folder.glob("*.json")) if folder.is_dir() else []
        for path in paths:
            if not path.name.startswith("."):
                article = self._read_article(path)
                found[article.id] = article
        return found

    def article(self, channel: str, article_id: str) -> Article | None:
        """One article; None where the channel has none of that id."""
        if not ARTICLE_ID.fullmatch(article_id):  # it may come from a command line, and becomes a path
            return None
        path = self._article_path(channel, article_id)
        return self._read_article(path) if path.is_file() else None

    def put_article(self, article: Article) -> None:
        """Write or replace one article; its pictures were put before (rule 3)."""
        place(self._article_path(article.channel, article.id), articlefile.encode(article))

    def _article_path(self, channel: str, article_id: str) -> Path:
        return self.folder / "articles" / channel / f"{article_id}.json"

    def _read_article(self, path: Path) -> Article:
        where = path.relative_to(self.folder).as_posix()
        try:
            article = articlefile.decode(bounded(path, MAX_ARTICLE_FILE, where))
        except SourceError as error:
            raise SourceError(f"{where}: {error}.", code=error.code) from error
        if self._article_path(article.channel, article.id) != path:
            raise SourceError(f"{where}: the article has another id or channel.", code=articlefile.DAMAGED)
        return article

    # --- pictures ---

    def put_images(self, pieces: Mapping[str, bytes]) -> None:
        """Write pieces of pictures, those that are not there yet."""
        for digest, data in pieces.items():
            path = self._image_path(digest)
            if not path.is_file():
                place(path, data)

    def image(self, digest: str) -> bytes:
        """One piece of a picture.

        Raises:
            StorageError: ``image-missing``: it is not there, or damaged.
        """
        try:
            return piece.check(digest, bounded(self._image_path(digest), MAX_PIECE, "a picture"))
        except (FormatError, SourceError) as error:
            raise StorageError(
                "A picture's piece in `images` is missing or damaged: add its article again.",
                code="image-missing",
            ) from error

    def sweep_images(self) -> int:
        """Remove pieces of pictures that no article shows any more; how many."""
        used = {
            digest
            for channel in self.config.channels
            for digest in edition.image_pieces(self.articles(channel.id).values())
        }
        with atomic.told():
            paths = [path for path in (self.folder / "images").glob("*/*") if path.name not in used]
        return sum(atomic.remove(path) for path in paths)

    def _image_path(self, digest: str) -> Path:
        return self.folder / "images" / digest[:2] / digest

    # --- keys and notices ---

    def key_file(self, name: str) -> Path:
        """Where the sealed key of that name lies, unless its holder took it away."""
        return self.folder / "keys" / f"{name}.key"

    def public_keys(self) -> tuple[PublicKey, ...]:
        """The public halves that were kept here, sorted by name.

        Raises:
            FormatError: ``key-damaged``.
        """
        with atomic.told():
            paths = sorted((self.folder / "keys").glob("*.pub"))
        return tuple(
            public_key_from_pem(bounded(path, MAX_KEY_FILE, "a public key"), path.stem) for path in paths
        )

    def held(self, signing: Signing) -> Holders:
        """Who ``signing`` names, with the public halves that were kept here.

        Raises:
            ConfigError: ``key-missing``.
            FormatError: ``key-damaged``.
        """
        known = {each.name: each for each in self.public_keys()}
        if missing := [name for name in signing.holders if name not in known]:
            raise ConfigError(
                f"keys/{missing[0]}.pub is missing: make the key with `mirror publish key`.",
                code="key-missing",
            )
        return Holders(tuple(known[name] for name in signing.holders), signing.threshold)

    def notices_text(self) -> str:
        """The text of ``notices.toml``.

        Raises:
            ConfigError: It is missing, too large or not UTF-8.
        """
        try:
            return bounded(self.folder / NOTICES, MAX_NOTICE_FILE * 4, NOTICES).decode()
        except SourceError as error:
            raise ConfigError(str(error), code="missing-file") from error
        except UnicodeDecodeError as error:
            raise ConfigError(f"{NOTICES} is not UTF-8.", code="not-utf-8") from error


def open_workspace(folder: Path) -> Workspace:
    """The publication in ``folder``.

    Raises:
        ConfigError: ``not-a-publication``; or its configuration is wrong.
        StorageError: The folder cannot be read.
    """
    return Workspace(folder, read_config(folder / CONFIG))


def read_config(path: Path) -> PublicationConfig:
    """The configuration in the file ``path``; raises as ``open_workspace``."""
    with atomic.told():
        if not path.is_file():
            raise ConfigError(
                f"There is no {CONFIG} here: name a publication's folder with --publication.",
                code="not-a-publication",
            )
        with path.open("rb") as file:
            return parse(file.read(MAX_CONFIG + 1))


def place(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Replace the file ``path`` (rule 2); folders above it are made where they are missing.

    Raises:
        StorageError: ``path`` is as it was.
    """
    part = path.with_name(f".{path.name}{_PART}")
    atomic.make_folder(path.parent)
    atomic.remove(part)
    atomic.write_new(part, data, mode=mode)
    atomic.rename(part, path)
    atomic.flush_folder(path.parent)


def bounded(path: Path, limit: int, what: str) -> bytes:
    """The bytes of the file ``path``, never more than ``limit``.

    Raises:
        SourceError: ``too-large``, from the file's size; or ``missing-file``.
        StorageError: It cannot be read.
    """
    with atomic.told():
        if not path.is_file():
            raise SourceError(f"{what} is missing.", code="missing-file")
        with path.open("rb") as file:
            data = file.read(limit + 1)
    if len(data) > limit:
        raise SourceError(f"{what} is too large.", code="too-large")
    return data
