"""Where the shipped notice catalogue lies on this machine, and its files as text.

The one source is ``config/notices``. In a checkout ``mirror/notices/catalogue`` is a link to it; a
built package carries the files there. Where links cannot be checked out, the source itself is read.
"""

from pathlib import Path

from mirror.errors import ConfigError, StorageError
from mirror.limits import MAX_NOTICE_FILE, MAX_NOTICE_ITEMS


def catalogue_path() -> Path:
    """Return the folder of the shipped catalogue.

    Raises:
        StorageError: ``catalogue-missing``: this installation does not have it.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "notices" / "catalogue", package.parent.parent / "config" / "notices"):
        if (folder / "catalogue.toml").is_file():
            return folder
    raise StorageError("this installation lacks the notice catalogue", code="catalogue-missing")


def read_catalogue(*folders: Path) -> dict[str, str]:
    """Return ``{name: text}`` of every TOML and Fluent file, the shipped ones first.

    ``folders`` are a publication's own, with the same layout; a file of the same name replaces the
    shipped one. Names use ``/`` on every system.

    Raises:
        ConfigError: A file is not UTF-8, is too large, or there are too many.
        StorageError: A folder cannot be read.
    """
    files: dict[str, str] = {}
    name = "the notice catalogue"
    for folder in (catalogue_path(), *folders):
        try:
            if not folder.is_dir():
                raise NotADirectoryError
            paths = sorted(path for path in folder.rglob("*") if path.suffix in (".toml", ".ftl"))
            if len(paths) > MAX_NOTICE_ITEMS:
                raise ConfigError("the notice catalogue has too many files", code="too-many")
            for path in paths:
                name = path.relative_to(folder).as_posix()
                if path.stat().st_size > 4 * MAX_NOTICE_FILE:  # bytes; the loader counts characters
                    raise ConfigError(f"{name} is too large", code="too-large")
                files[name] = path.read_text("utf-8")
        except UnicodeDecodeError as error:
            raise ConfigError(f"{name} is not UTF-8", code="not-utf-8") from error
        except OSError as error:
            raise StorageError("a folder of notices cannot be read", code="catalogue-unreadable") from error
    return files
