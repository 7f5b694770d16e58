"""Every error the project raises on purpose, by who must act on it.

::

    MirrorError
    ├── ConfigError        the person who wrote a configuration file
    ├── SourceError        the publisher: an article, a feed or a folder cannot be taken
    ├── FormatError        bytes that break the format: try another mirror
    │   └── LimitError     bytes that are larger than the signed or fixed bound
    ├── TrustError         bytes that are not authentic, or not fresh: never show them
    ├── EndpointError      this one mirror did not answer as a mirror would
    ├── UnreachableError   no mirror answered
    ├── StorageError       the disk of this machine: full, read-only, locked
    └── GateError          the reader did not confirm an act: nothing was done

``code`` is stable and is the key of the localized message; ``str(error)`` is a sentence for the
person who must act and holds no address, URL, article, invitation or other value a mirror sent.
A caller's own mistake stays ``ValueError`` or ``RuntimeError``.
"""

from typing import ClassVar


class MirrorError(Exception):
    """The root: a sentence, and a stable code in ``kebab-case``."""

    default_code: ClassVar[str] = "error"
    exit_status: ClassVar[int] = 1

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.code = self.default_code if code is None else code


class ConfigError(MirrorError):
    """A configuration is wrong; names the key, never its value."""

    default_code = "config"
    exit_status = 2


class SourceError(MirrorError):
    """A publisher's source (feed, folder, page, catalogue) cannot be taken as it is."""

    default_code = "source"
    exit_status = 3


class FormatError(MirrorError):
    """Bytes that break our format. The mirror lied or the copy is damaged: try another."""

    default_code = "format"
    exit_status = 4


class LimitError(FormatError):
    """Bytes larger than a bound of ``limits.py`` or than what was signed."""

    default_code = "limit"


class TrustError(MirrorError):
    """Not signed by whom it must be, rolled back, or not fresh."""

    default_code = "trust"
    exit_status = 5


class EndpointError(MirrorError):
    """One endpoint refused, was silent, broke off, or has no such file."""

    default_code = "endpoint"
    exit_status = 6


class UnreachableError(MirrorError):
    """No endpoint gave what was asked; the stored generation stays readable."""

    default_code = "unreachable"
    exit_status = 6


class StorageError(MirrorError):
    """This machine could not write; what was there before is whole."""

    default_code = "storage"
    exit_status = 7


class GateError(MirrorError):
    """An act was not confirmed, or is not offered; nothing was done."""

    default_code = "gate"
    exit_status = 8
