"""Ways out of a network: through which proxy, asking whom for names, looking like what. Pure.

``WAYS.md`` says what each protects against, and what not.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import unquote_to_bytes

from mirror.errors import ConfigError
from mirror.limits import MAX_LINK
from mirror.net import address

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
    """The ways that ``texts`` name under ``KEYS``; what is missing there is as in ``base``.

    An empty text is wrong: whoever meant a proxy must not leave without one.

    Raises:
        ConfigError: What ``wrong(key, why)`` makes of the first key that is wrong. ``why`` has no value.
    """
    proxy, resolver, look = (texts.get(key) for key in KEYS)
    through = base.proxy if proxy is None else proxy_of(proxy)
    if proxy is not None and through is None:
        raise wrong("proxy", "is not socks5://HOST:PORT or socks5://USER:PASSWORD@HOST:PORT")
    if resolver is not None and address.resolver(resolver) is None:
        raise wrong("resolver", "is not an https address with an IP address as its host or after #connect=")
    if look is not None and look not in set(Look):
        raise wrong("look", 'is neither "plain" nor "browser"')
    return Ways(through, resolver or base.resolver, Look(look or base.look))


def proxy_of(text: str) -> Proxy | None:
    """The proxy at ``text``, or None when that is no address of one.

    ``socks5h`` means the same as ``socks5``: names always go to the proxy. The port must be said.
    """
    scheme, mark, rest = text.partition("://")
    if len(text) > MAX_LINK or scheme not in {"socks5", "socks5h"} or not mark:
        return None
    given, at, place = rest.rpartition("@")
    where = address.split_place(place)
    if where is None or where[1] is None:
        return None
    user, _, password = given.partition(":")
    secrets = _unescaped(user), _unescaped(password)
    return Proxy(where[0], where[1], *secrets) if all(secrets) or not at else None


def _unescaped(text: str) -> str:
    """``text`` without percent-encoding; empty when it is none that RFC 1929 and a proxy can take."""
    if not _ESCAPED.fullmatch(text):
        return ""
    data = unquote_to_bytes(text)
    return data.decode("ascii") if data.isascii() and len(data) <= _MAX_SECRET else ""
