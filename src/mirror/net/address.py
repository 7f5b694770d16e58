"""What may be the address of a mirror, as configurations and command lines give it."""

from urllib.parse import urlsplit

from mirror.limits import MAX_LINK
from mirror.model import Endpoint


def endpoint(text: str, number: int) -> Endpoint | None:
    """The mirror at ``text``, named by its place in a list ("mirror 1"); None when it is no address.

    An ``http(s)`` base, or a ``file:`` URL of a folder or of a ``.zip``. Without user name, query and
    fragment: each could tell one reader from another.
    """
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return None
    has_place = parts.hostname if parts.scheme in {"http", "https"} else parts.path.startswith("/")
    if parts.scheme not in {"http", "https", "file"} or not has_place or len(text) > MAX_LINK:
        return None
    if set(text) & set("?#@") or not text.isascii() or not text.isprintable() or " " in text:
        return None
    is_archive = parts.scheme == "file" and text.endswith(".zip")
    return Endpoint(f"mirror {number}", text if text.endswith("/") or is_archive else text + "/")
