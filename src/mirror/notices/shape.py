"""One strict reader and one writer for the notice data, driven by the types of ``model``.

The catalogue (TOML, written by people) and the signed set (JSON, carried by mirrors) hold the same
frozen dataclasses, so one walk over their annotations reads both. Rules:

1. A key that the class does not have is refused; so is a key without default that is absent.
2. A value has exactly the annotated type. ``true`` is no number, a date with a time is no date.
3. ``Annotated[..., Must(...)]`` bounds a value; the bound is checked where the value is read.
4. A tuple or table holds at most ``limits.MAX_NOTICE_ITEMS`` entries.
5. What is written leaves out what equals its default: one value has one spelling.

A refusal names the place and the key, never the value.
"""

import re
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any, Final, TypeVar

from mirror.limits import MAX_NOTICE_ITEMS

T = TypeVar("T")

_ISO_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Must:
    """A bound: ``claim(value)`` holds, or the value is refused with ``says`` under ``code``."""

    claim: Callable[[Any], bool]
    says: str
    code: str = "bad-value"


@dataclass(frozen=True, slots=True)
class Absent:
    """The code under which the absence of a required key is refused (else ``missing-key``)."""

    code: str


_PARTIAL: Final = re.compile(r"[12][0-9]{3}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?", re.ASCII)


def _is_partial_date(text: str) -> bool:
    if not _PARTIAL.fullmatch(text):
        return False
    try:
        date.fromisoformat((text + "-01-01")[:10])
    except ValueError:
        return False
    return True


PARTIAL_DATE: Final = Must(_is_partial_date, "YYYY, YYYY-MM or YYYY-MM-DD")


class Refused(Exception):  # noqa: N818 - never leaves the notices package; the edges translate it
    """A value that does not have the shape of its class: where, why, and the code of the rule."""

    def __init__(self, where: str, says: str, code: str) -> None:
        super().__init__(f"{where} {says}")
        self.where, self.says, self.code = where, says, code


def read(kind: type[T], value: object, where: str, *, native_dates: bool) -> T:
    """Return ``value`` (as TOML or JSON gives it) as an instance of the dataclass ``kind``.

    With ``native_dates`` (TOML) a date is a ``date``; without (JSON) it is ``YYYY-MM-DD``.

    Raises:
        Refused: One of the rules of this module is broken; ``where`` is the path of the key.
    """
    return typing.cast(T, _Reader(native_dates).take(kind, value, where))


def write(value: object) -> Any:
    """Return ``value`` as what ``json.dumps`` takes, without what equals its default."""
    if is_dataclass(value):
        return {
            field.name: write(item)
            for field in fields(value)
            if (item := getattr(value, field.name)) != _default(field)
        }
    if isinstance(value, Mapping):
        return {str(key): write(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [write(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    return value.value if isinstance(value, StrEnum) else value


class _Reader:
    def __init__(self, native_dates: bool) -> None:
        self._native_dates = native_dates

    def take(self, kind: Any, value: object, where: str) -> Any:
        origin = typing.get_origin(kind)
        arguments = typing.get_args(kind)
        if origin is typing.Annotated:
            return self._bounded(arguments, value, where)
        if origin in (types.UnionType, typing.Union):  # only ever ``X | None``, and absent is None
            return self.take(arguments[0], value, where)
        if origin is tuple:
            entries = _table_or_list(value, list, where, "must be a list")
            return tuple(self.take(arguments[0], item, f"{where}[{n}]") for n, item in enumerate(entries, 1))
        if origin is Mapping:
            return self._mapping(arguments, value, where)
        if is_dataclass(kind):
            return self._record(kind, value, where)
        return self._plain(kind, value, where)

    def _bounded(self, arguments: tuple[Any, ...], value: object, where: str) -> Any:
        if PARTIAL_DATE in arguments and self._native_dates and type(value) is date:
            value = value.isoformat()  # in TOML, 2024-08-02 and "2024-08" are both natural
        taken = self.take(arguments[0], value, where)
        for bound in arguments[1:]:
            if isinstance(bound, Must) and not bound.claim(taken):
                raise Refused(where, f"must be {bound.says}", bound.code)
        return taken

    def _mapping(self, arguments: tuple[Any, ...], value: object, where: str) -> Mapping[Any, Any]:
        table = _table_or_list(value, dict, where, "must be a table")
        taken = {}
        for number, (key, item) in enumerate(table.items(), 1):
            known = self.take(arguments[0], key, f"{where}: key {number}")
            taken[known] = self.take(arguments[1], item, f"{where}.{known}")
        return MappingProxyType(taken)

    def _record(self, kind: Any, value: object, where: str) -> Any:
        table = _table_or_list(value, dict, where, "must be a table")
        known = {field.name: field for field in fields(kind)}
        if unknown := sorted(table.keys() - known.keys()):
            # A key's name is not a value, but a mirror may have written it: bound what is repeated.
            name = unknown[0] if re.fullmatch(r"[\w-]{1,40}", unknown[0], re.ASCII) else "(unprintable)"
            raise Refused(where, f"has an unknown key {name}", "unknown-key")
        hints = _hints(kind)
        taken = {}
        for name, field in known.items():
            if name in table:
                taken[name] = self.take(hints[name], table[name], f"{where}.{name}")
            elif _default(field) is MISSING:
                codes = [bound.code for bound in typing.get_args(hints[name]) if isinstance(bound, Absent)]
                raise Refused(where, f"lacks the key {name}", codes[0] if codes else "missing-key")
        return kind(**taken)

    def _plain(self, kind: Any, value: object, where: str) -> Any:
        if isinstance(kind, type) and issubclass(kind, StrEnum):
            if value not in list(kind):
                raise Refused(where, f"must be one of {', '.join(kind)}", f"unknown-{kind.__name__.lower()}")
            return kind(str(value))
        if kind is date and not self._native_dates:
            return _iso_date(value, where)
        if type(value) is not kind or isinstance(value, datetime):
            raise Refused(where, f"must be of type {kind.__name__}", "wrong-type")
        return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind, include_extras=True)


def _default(field: "Field[Any]") -> object:
    return field.default if field.default_factory is MISSING else field.default_factory()


def _table_or_list(value: object, kind: type, where: str, says: str) -> Any:
    if type(value) is not kind:
        raise Refused(where, says, "wrong-type")
    if len(value) > MAX_NOTICE_ITEMS:  # type: ignore[arg-type]
        raise Refused(where, "has too many entries", "too-many")
    return value


def _iso_date(value: object, where: str) -> date:
    if type(value) is not str or not _ISO_DATE.fullmatch(value):
        raise Refused(where, "must be a date", "wrong-type")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise Refused(where, "must be a date of the calendar", "bad-value") from error
