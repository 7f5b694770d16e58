"""The node's own certificate, taken anew when its files change.

Rules:

1. No session tickets and no session cache: whoever comes back is a stranger again.
2. New files are tried in a context of their own first. While they do not fit together (a renewal
   is half written), the old ones stay in use.
3. Records: an answer of one piece is written at once and is one record. A curtain that falls after
   15 kB lets all of it pass, and less than all of it is of no use, so smaller ones gain nothing.
"""

import ssl
from pathlib import Path

from mirror.errors import ConfigError
from mirror.node.log import emit

_Facts = tuple[tuple[int, int, int], ...]


class Certificate:
    """A TLS context of the two files, PEM, the key without a passphrase.

    Raises:
        ConfigError: They cannot be read, or do not belong together.
    """

    def __init__(self, certificate: Path, key: Path) -> None:
        self._files = certificate, key
        self.context = _context()
        self._facts = self._look()
        self._is_refused = False
        try:
            self.context.load_cert_chain(*self._files, password=_no_passphrase)
        except (OSError, ValueError) as error:
            raise _wrong() from error

    def refresh(self) -> None:
        """Load the files again if they changed; connections that stand are not touched."""
        try:
            facts = self._look()
            if facts == self._facts and not self._is_refused:
                return
            _context().load_cert_chain(*self._files, password=_no_passphrase)
            self.context.load_cert_chain(*self._files, password=_no_passphrase)
        except (ConfigError, OSError, ValueError):
            if not self._is_refused:
                emit("certificate-refused")
            self._is_refused = True
            return
        self._facts, self._is_refused = facts, False
        emit("certificate-loaded")

    def _look(self) -> _Facts:
        try:
            found = [path.stat() for path in self._files]
        except OSError as error:
            raise _wrong() from error
        return tuple((facts.st_ino, facts.st_mtime_ns, facts.st_size) for facts in found)


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_COMPRESSION
    context.num_tickets = 0
    context.set_alpn_protocols(["http/1.1"])
    return context


def _no_passphrase() -> str:
    """OpenSSL would ask on the terminal, and a service has none."""
    raise ValueError("a key with a passphrase")


def _wrong() -> ConfigError:
    return ConfigError("serve.certificate and serve.key cannot be read, or do not belong together.")
