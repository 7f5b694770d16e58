"""What the database keeps sealed: addresses, the secrets of endpoints, labels of invitations.

Rules:

1. The key is derived from the secret of the tree of keys (``keys/invitations.key``), which is sealed
   under the online passphrase: whoever copies the database, or its backup, learns numbers and instants.
2. AES-256-GCM with a random nonce. What kind of row it is, and its number, are authenticated with it:
   rows cannot be exchanged.
3. What opens is one JSON object of texts; anything else is damage.
"""

import json
from collections.abc import Callable, Mapping
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mirror.errors import StorageError
from mirror.rotation.keys import derive

_NONCE: Final = 12
_LABEL: Final = b"mirror/1/roster"


class Vault:
    """Seals and opens the rows of one publication; ``secret`` has 32 bytes."""

    def __init__(self, secret: bytes, publication: bytes, randomness: Callable[[int], bytes]) -> None:
        self._cipher = AESGCM(derive(secret, _LABEL + publication, 32))
        self._randomness = randomness

    def seal(self, kind: str, number: int, values: Mapping[str, str]) -> bytes:
        """``values`` for row ``number`` of ``kind``."""
        nonce = self._randomness(_NONCE)
        content = json.dumps(values, sort_keys=True, ensure_ascii=True).encode()
        return nonce + self._cipher.encrypt(nonce, content, _bound(kind, number))

    def open(self, kind: str, number: int, sealed: bytes) -> dict[str, str]:
        """What was sealed.

        Raises:
            StorageError: ``roster-damaged``: of another key or row, or altered.
        """
        try:
            content = self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], _bound(kind, number))
            values = json.loads(content)
        except (InvalidTag, ValueError) as error:
            raise StorageError(
                "The database of endpoints is damaged, or belongs to another keys/invitations.key.",
                code="roster-damaged",
            ) from error
        return {str(name): str(value) for name, value in values.items()}


def _bound(kind: str, number: int) -> bytes:
    return f"{kind} {number}".encode()
