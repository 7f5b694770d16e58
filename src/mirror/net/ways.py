"""Ways out of a network: through which proxy, asking whom for names, looking like what. Pure.

``WAYS.md`` says what each protects against, and what not.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit

from mirror.errors import ConfigError
from mirror.limits import MAX_LINK

_SCHEMES: Final = frozenset({"socks5", "socks5h"})
_NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,253}[A-Za-z0-9])?|[0-9A-Fa-f:.]+")
_ESCAPED: Final = re.compile(r"([A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*")
_MAX_SECRET: Final = 255  # RFC 1929 section 2: one byte tells the length


class Look(StrEnum):
    """What the TLS handshake looks like to whoever watches."""

    PLAIN = "plain"  # this program's
    BROWSER = "browser"  # that of a common browser


@dataclass(frozen=True, slots=True)
class Proxy:
    """A SOCKS5 proxy. ``repr`` hides it. ``user`` and ``password`` are both empty or both not."""

    host: str = field(repr=False)
    port: int = field(repr=False)
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Ways:
    """How to leave the network. The default is: directly, with the system's names, as what we are.

    ``resolver`` is the address of a resolver over HTTPS, or empty. With a proxy it is asked through
    the proxy; with a proxy and no resolver, names go to the proxy. ``repr`` hides addresses.
    """

    proxy: Proxy | None = None
    resolver: str = field(default="", repr=False)
    look: Look = Look.PLAIN


DIRECT: Final = Ways()
KEYS: Final = ("proxy", "resolver", "look")  # of a configuration; the options are called the same


def ways(texts: Mapping[str, str], wrong: Callable[[str, str], ConfigError], base: Ways = DIRECT) -> Ways:
    """The ways that ``texts`` name under ``KEYS``; what is missing or empty there is as in ``base``.

    Raises:
        ConfigError: What ``wrong(key, why)`` makes of the first key that is wrong. ``why`` has no value.
    """
    proxy, resolver, look = (texts.get(key, "") for key in KEYS)
    through = proxy_of(proxy) if proxy else base.proxy
    if proxy and through is None:
        raise wrong("proxy", "is not socks5://HOST:PORT or socks5://USER:PASSWORD@HOST:PORT")
    if resolver and not is_resolver(resolver):
        raise wrong("resolver", "is not an https address of a resolver")
    if look and look not in set(Look):
        raise wrong("look", 'is neither "plain" nor "browser"')
    return Ways(through, resolver or base.resolver, Look(look) if look else base.look)


def proxy_of(text: str) -> Proxy | None:
    """The proxy at ``text``, or None when that is no address of one.

    ``socks5h`` means the same as ``socks5``: names always go to the proxy. The port must be said.
    """
    parts = _split(text, _SCHEMES)
    if parts is None or not parts.port or parts.path:
        return None
    user, mark, password = parts.netloc.rpartition("@")[0].partition(":")
    secrets = [_unescaped(user), _unescaped(password)]
    if "@" in parts.netloc and not (mark and all(secrets)):
        return None
    return Proxy(parts.host, parts.port, *(each or "" for each in secrets))


def is_resolver(text: str) -> bool:
    """True for an ``https`` address without user name, query or fragment."""
    parts = _split(text, frozenset({"https"}))
    return parts is not None and "@" not in parts.netloc


@dataclass(frozen=True, slots=True)
class _Parts:
    netloc: str = field(repr=False)
    host: str = field(repr=False)
    port: int | None = field(repr=False)
    path: str = field(repr=False)


def _split(text: str, schemes: frozenset[str]) -> _Parts | None:
    if len(text) > MAX_LINK or not text.isascii() or not text.isprintable() or set(text) & set(" ?#\\"):
        return None
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in schemes or not host or not _NAME.fullmatch(host):
        return None
    return _Parts(parts.netloc, host, port, parts.path)


def _unescaped(text: str) -> str:
    """``text`` without percent-encoding; empty when it is none that RFC 1929 and a proxy can take."""
    if not _ESCAPED.fullmatch(text):
        return ""
    data = unquote_to_bytes(text)
    return data.decode("ascii") if data.isascii() and len(data) <= _MAX_SECRET else ""
