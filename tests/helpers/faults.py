"""A disk that dies, fills up or is cut off at the n-th operation; and the operations done."""

import errno
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

OPERATIONS = ("mkdir", "open", "write", "fsync", "replace", "unlink")


class Crash(BaseException):
    """The process is gone: nothing after this runs, not even a ``finally`` that touches the disk."""


class Kill(Crash):
    """The same, with the real signal."""


class Disk:
    """Notes the operations that change a disk; ``at`` is the first that fails (0: none does)."""

    def __init__(self, at: int, failure: type[Crash] | int) -> None:
        self.at = at
        self.failure = failure
        self.names: list[str] = []

    def fail(self, name: str, arguments: tuple[object, ...]) -> None:
        """Do to this operation what the disk does to it."""
        self.names.append(name)
        if not self.at or len(self.names) < self.at:
            return
        if isinstance(self.failure, int):
            if name in {"mkdir", "write"} or (name == "fsync" and self.failure == errno.EIO):
                raise OSError(self.failure, os.strerror(self.failure))
            return
        if name == "write" and len(self.names) == self.at:
            descriptor, data = arguments
            assert isinstance(descriptor, int)
            assert isinstance(data, memoryview)
            REAL["write"](descriptor, data[: len(data) // 2])
        if self.failure is Kill:
            os.kill(os.getpid(), signal.SIGKILL)
        raise self.failure


REAL = {name: getattr(os, name) for name in OPERATIONS}


@contextmanager
def disk(at: int = 0, failure: type[Crash] | int = Crash) -> Iterator[Disk]:
    """Run the block on such a disk."""
    faulty = Disk(at, failure)

    def wrapped(name: str) -> object:
        def call(*arguments: object, **named: object) -> object:
            if name != "open" or _writes(arguments):
                faulty.fail(name, arguments)
            return REAL[name](*arguments, **named)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in OPERATIONS:
            patch.setattr(os, name, wrapped(name))
        yield faulty


def _writes(arguments: tuple[object, ...]) -> bool:
    return len(arguments) > 1 and isinstance(arguments[1], int) and bool(arguments[1] & os.O_CREAT)
