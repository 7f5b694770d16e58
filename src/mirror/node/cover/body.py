"""Bodies of requests: nobody wants them, and they are read to their end, as nginx does.

What follows on the connection is the next request. Bytes in, a verdict out; nothing is kept.
"""

import re
from typing import Final

from mirror.node.cover.head import Head, number

_SIZE: Final = re.compile(rb"(?P<size>[0-9A-Fa-f]{1,15})(?:[; \t][^\r\n]*)?\r?\n")
_BEGUN: Final = re.compile(rb"(?:[0-9A-Fa-f]{1,15}(?:[; \t][^\r\n]*)?\r?)?")
_MAX_LINE: Final = 4_096  # bytes of an extension or a trailer that are held at a time


class Body:
    """The body that ``head`` announces.

    ``is_announced``: there is to be one; ``is_done``: all was read; ``is_broken``: what came is none.
    """

    def __init__(self, head: Head) -> None:
        self._is_chunked = b"transfer-encoding" in head.fields
        self._left = 0 if self._is_chunked else number(head.fields.get(b"content-length", b"0")) or 0
        self._state = "size"
        self.is_broken = False
        self.is_announced = self._is_chunked or self._left > 0
        self.is_done = not self.is_announced

    def take(self, data: bytearray) -> None:
        """Remove from ``data`` what belongs to the body."""
        while data and not self.is_done and not self.is_broken:
            before = len(data), self._state
            if self._left:
                gone = min(self._left, len(data))
                del data[:gone]
                self._left -= gone
                self.is_done = not self._is_chunked and self._left == 0
            elif self._state == "size":
                self._size(data)
            elif self._state == "end":
                self._end(data)
            else:
                self._trailer(data)
            if before == (len(data), self._state):
                return

    def _size(self, data: bytearray) -> None:
        line = bytes(data[:_MAX_LINE])
        if match := _SIZE.match(line):
            del data[: match.end()]
            self._left = int(match["size"], 16)
            self._state = "end" if self._left else "trailer"
        else:
            self.is_broken = _BEGUN.fullmatch(line) is None or len(line) == _MAX_LINE

    def _end(self, data: bytearray) -> None:
        """The end of line after a chunk."""
        found = re.match(rb"\r?\n", data)
        if found:
            del data[: found.end()]
            self._state = "size"
        else:
            self.is_broken = bytes(data) != b"\r"

    def _trailer(self, data: bytearray) -> None:
        end = data.find(b"\n", 0, _MAX_LINE) + 1
        if not end:
            self.is_broken = len(data) >= _MAX_LINE
            return
        self.is_done = bytes(data[:end]) in {b"\r\n", b"\n"}
        del data[:end]
