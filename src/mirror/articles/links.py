"""Addresses that may stand in an article: http, https and mailto, and nothing that hides its target.

A link goes (its text stays) when it has another scheme, no host, a user name before the host (which
shows one site and opens another), or does not parse. Relative addresses are resolved where the
source's own address is known.
"""

import re
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

from mirror import limits

# What a browser removes from an address before it reads it; "java\\nscript:" is one of its tricks.
_REMOVED: Final = re.compile(r"[\t\n\r]")
_EDGES: Final = "".join(map(chr, range(0x21)))
# Never raw in an address: quotes and brackets, and characters that do not show or reorder.
_ESCAPED: Final = re.compile(
    '[\\s"<>\\\\^`{|}\x00-\x20\x7f-\xa0\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff]'
)
_HOST: Final = re.compile(r"[^\s\"'<>\\^`{|}@%/?#]+")
_MAIL: Final = re.compile(
    r"mailto:([A-Za-z0-9.!#$%&'*+/=_~-]{1,64}@[A-Za-z0-9.-]{1,255})(?:\?.*)?", re.DOTALL | re.IGNORECASE
)


def clean_link(address: str, base: str = "") -> str:
    """The address as it may be carried, or ``""`` where it may not."""
    address = _REMOVED.sub("", address).strip(_EDGES)
    if mail := _MAIL.fullmatch(address):
        return f"mailto:{mail.group(1)}"
    return web_address(address, base)


def web_address(address: str, base: str = "") -> str:
    """An absolute http or https address, resolved against ``base``, or ``""``."""
    if not address or address.startswith("#"):
        return ""
    try:
        if base:
            address = urljoin(base, address)
        elif address.startswith("//"):
            address = f"https:{address}"
        parts = urlsplit(address)
        port = parts.port  # raises where it is no number or out of range
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        return ""
    if not _HOST.fullmatch(parts.netloc) or ("[" in parts.netloc and not parts.netloc.startswith("[")):
        return ""
    safe = _ESCAPED.sub(
        lambda found: quote(found.group()), parts._replace(scheme=parts.scheme.lower()).geturl()
    )
    return safe if len(safe) <= limits.MAX_LINK else ""
