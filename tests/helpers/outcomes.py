"""What a call gave: its value, or the code of the error it refused with."""

from collections.abc import Callable
from typing import TypeVar

from mirror.errors import MirrorError

T = TypeVar("T")


class Refused(str):
    """The code of one of our own errors."""

    __slots__ = ()


def outcome(call: Callable[[], T]) -> T | Refused:
    """The value of ``call``, or the code of the ``MirrorError`` it raised; any other error is raised."""
    try:
        return call()
    except MirrorError as error:
        return Refused(error.code)
