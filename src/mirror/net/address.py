"""What may be the address of a mirror, as configurations, command lines and invitations give it.

The text form is a URL. Its fragment, which is never sent, may say where to connect and which name to
say in TLS: ``https://news.example/base/#connect=203.0.113.5:8443&sni=cdn.example``.
"""

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final
from urllib.parse import urlsplit

from mirror.limits import MAX_LINK
from mirror.model import Endpoint

# RFC 1123 section 2.1. Lower case: a name in mixed case would be a mark that follows a reader.
_LABEL: Final = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_NAME: Final = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})*")
# A name that ends so is read as an IPv4 address in one of its odd spellings ("127.1", "0x7f000001").
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PORT: Final = re.compile(r"[1-9][0-9]{0,4}")
_SETTINGS: Final = frozenset({"connect", "sni"})


def endpoint(text: str, number: int) -> Endpoint | None:
    """The mirror at ``text``, named by its place in a list ("mirror 1"); None when it is no address.

    An ``http(s)`` base, or a ``file:`` URL of a folder or of a ``.zip``. Without user name and query:
    each could tell one reader from another. A fragment holds ``connect``, ``sni`` or both, once each,
    and nothing else (see ``model.Endpoint``); ``sni`` only with ``https``, neither with ``file``.
    """
    base, mark, fragment = text.partition("#")
    try:
        parts = urlsplit(base)
        _ = parts.port
    except ValueError:
        return None
    is_remote = parts.scheme in {"http", "https"}
    has_place = parts.hostname if is_remote else parts.path.startswith("/")
    if parts.scheme not in {"http", "https", "file"} or not has_place or len(text) > MAX_LINK:
        return None
    if set(base) & set("?@") or not text.isascii() or not text.isprintable() or " " in text:
        return None
    settings = _settings(fragment) if mark else {}
    if settings is None or (settings and not is_remote) or ("sni" in settings and parts.scheme != "https"):
        return None
    is_archive = parts.scheme == "file" and base.endswith(".zip")
    return Endpoint(f"mirror {number}", base if base.endswith("/") or is_archive else base + "/", **settings)


def resolver(text: str) -> Endpoint | None:
    """The resolver of names at ``text``, or None when that is none.

    An ``https`` address as above, path included as it is, that needs no lookup itself: its host, or
    the one it says to connect to, is an IP address.
    """
    found = endpoint(text, 0)
    if found is None or not found.url.startswith("https://"):
        return None
    url = text.partition("#")[0]
    place = split_place(found.connect or urlsplit(url).netloc)
    is_known = place is not None and (":" in place[0] or is_ipv4(place[0]))
    return Endpoint("resolver", url, found.connect, found.sni) if is_known else None


def text_of(mirror: Endpoint) -> str:
    """The text that ``endpoint`` reads ``mirror`` from."""
    settings = [f"{key}={value}" for key in sorted(_SETTINGS) if (value := getattr(mirror, key))]
    return mirror.url + ("#" + "&".join(settings) if settings else "")


def split_place(place: str) -> tuple[str, int | None] | None:
    """Host (an IPv6 address without its brackets) and port of ``host[:port]``; None when it is neither."""
    host, port = place, None
    # The colons inside of brackets are the address's own.
    if ":" in place.rpartition("]")[2]:
        host, _, digits = place.rpartition(":")
        if not _PORT.fullmatch(digits) or int(digits) > 65_535:
            return None
        port = int(digits)
    if host.startswith("[") and host.endswith("]"):
        return (host[1:-1], port) if _is_ipv6(host[1:-1]) else None
    return (host, port) if is_ipv4(host) or is_name(host) else None


def is_name(text: str) -> bool:
    """True for the name of a host in lower case: what is sent in TLS, and looked up."""
    return _NAME.fullmatch(text) is not None and not _NUMBER.fullmatch(text.rpartition(".")[2])


def is_ipv4(text: str) -> bool:
    """True for an IPv4 address in its usual spelling."""
    try:
        return str(IPv4Address(text)) == text
    except AddressValueError:
        return False


def _is_ipv6(text: str) -> bool:
    try:
        # An address with a zone ("fe80::1%eth0") means something on one machine only.
        return "%" not in text and str(IPv6Address(text)) == text
    except AddressValueError:
        return False


def _settings(fragment: str) -> dict[str, str] | None:
    """What a fragment says; None for anything unknown, double, empty or malformed."""
    found: dict[str, str] = {}
    for part in fragment.split("&"):
        key, _, value = part.partition("=")
        is_good = split_place(value) is not None if key == "connect" else is_name(value)
        if key not in _SETTINGS or key in found or not is_good:
            return None
        found[key] = value
    return found
