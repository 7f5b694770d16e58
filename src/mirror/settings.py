"""Configurations: TOML taken strictly, one table at a time. Pure: text in, values out.

Every program parses its own file into its own frozen dataclass with the help of this. What is wrong
is named by its key and never by its value: a configuration holds addresses.
"""

import tomllib
from collections.abc import Mapping
from typing import TypeVar

from mirror.errors import ConfigError
from mirror.limits import MAX_CONFIG

T = TypeVar("T")


class Table:
    """One table of a configuration: each key is taken once, ``end`` refuses what nobody took.

    ::

        top = read(text)
        serve = top.table("serve")
        listen = serve.texts("listen", default=("127.0.0.1:8080",))
        serve.end()
        top.end()
    """

    def __init__(self, values: Mapping[str, object], name: str = "") -> None:
        self._values = dict(values)
        self._name = name

    def name(self, key: str) -> str:
        """The full name of ``key``, as messages show it."""
        return f"{self._name}.{key}" if self._name else key

    def has(self, key: str) -> bool:
        """True when ``key`` is there and nobody took it yet."""
        return key in self._values

    def table(self, key: str) -> "Table":
        """The table ``key``; empty where there is none."""
        return Table(self._take(key, dict, {}, "a table"), self.name(key))

    def tables(self, key: str) -> tuple["Table", ...]:
        """The tables of the array ``key``; none where it is missing."""
        values = self._list(key, dict, (), "tables")
        return tuple(Table(value, f"{self.name(key)}[{place}]") for place, value in enumerate(values, 1))

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is not empty, or ``default``; required where there is none."""
        value = self._take(key, str, default, "a text")
        if not value.strip() and value != default:
            raise self.wrong(key, "is empty")
        return value

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """A list of different texts that are not empty."""
        values = self._list(key, str, default, "texts")
        if any(not value.strip() for value in values) or len(set(values)) != len(values):
            raise self.wrong(key, "holds an empty or a repeated text")
        return values

    def number(self, key: str, default: int | None = None, *, least: int, most: int) -> int:
        """A whole number from ``least`` to ``most``."""
        value = self._take(key, int, default, "a whole number")
        if not least <= value <= most:
            raise self.wrong(key, f"is not between {least} and {most}")
        return value

    def numbers(self, key: str, *, least: int, most: int) -> tuple[int, ...]:
        """A list of different whole numbers from ``least`` to ``most``; none where it is missing."""
        values = self._list(key, int, (), "whole numbers")
        if any(isinstance(value, bool) or not least <= value <= most for value in values):
            raise self.wrong(key, f"holds what is not a whole number between {least} and {most}")
        if len(set(values)) != len(values):
            raise self.wrong(key, "holds a number twice")
        return values

    def flag(self, key: str, default: bool | None = None) -> bool:
        """True or false."""
        return self._take(key, bool, default, "true or false")

    def end(self) -> None:
        """Refuse the keys that nobody took.

        Raises:
            ConfigError: Names the first of them.
        """
        for key in sorted(self._values):
            raise ConfigError(f"The configuration has an unknown key: {printable(self.name(key))}.")

    def wrong(self, key: str, why: str) -> ConfigError:
        """The error that says ``why`` the value of ``key`` cannot be taken."""
        return ConfigError(f"In the configuration, {self.name(key)} {why}.")

    def _take(self, key: str, kind: type[T], default: T | None, what: str) -> T:
        if key not in self._values:
            if default is None:
                raise ConfigError(f"The configuration lacks {self.name(key)}.")
            return default
        value = self._values.pop(key)
        # True is an int to Python, and not to whoever wrote the file.
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.wrong(key, f"is not {what}")
        return value

    def _list(self, key: str, kind: type[T], default: tuple[T, ...] | None, what: str) -> tuple[T, ...]:
        if not self.has(key) and default is not None:
            return default
        values: list[object] = self._take(key, list, None, f"a list of {what}")
        taken = tuple(value for value in values if isinstance(value, kind))
        if len(taken) != len(values):
            raise self.wrong(key, f"is not a list of {what}")
        return taken


def read(data: bytes) -> Table:
    """The top table of the configuration ``data``.

    Raises:
        ConfigError: Too long, not UTF-8, or not TOML; names the line where it can.
    """
    if len(data) > MAX_CONFIG:
        raise ConfigError("The configuration is too long to be one.")
    try:
        return Table(tomllib.loads(data.decode("utf-8")))
    except UnicodeDecodeError as error:
        raise ConfigError("The configuration is not UTF-8.") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"The configuration is not TOML{_place(error)}.") from error


def printable(text: str) -> str:
    """``text`` cut short and without control characters, for a message."""
    return "".join(character if character.isprintable() else "?" for character in text)[:80]


def _place(error: Exception) -> str:
    """Where in the file, without the offending text that some messages quote."""
    text = str(error)
    start = text.rfind("(at ")
    return f" {text[start:]}" if start >= 0 and text.endswith(")") else ""
