"""Lists of endpoints in the public formats, taken whole or refused with every reason. Pure.

JSON, as news mirror programmes publish theirs:

- an object: the address of each newsroom's site, and the list of its mirrors; a mirror is a host name
  or an ``https`` address;
- a list of such mirrors, or of objects with ``url`` and, where known, ``provider``, ``jurisdiction``,
  ``addresses``.

Metalink 4 (RFC 5854): the ``url`` elements of its files. The file's own path at the end of each
address is cut off, so that an endpoint is what lies above it; ``location`` is its jurisdiction.

A list is data from elsewhere. Nothing is guessed and nothing left out: an unknown key, an address that
is none, one that is no ``https``, or anything that ``rotation.lint`` calls fatal refuses all of it.
"""

import json
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from mirror.errors import LimitError, SourceError
from mirror.limits import MAX_ENDPOINT_LIST, MAX_ENDPOINTS, MAX_LINE
from mirror.net.address import endpoint as parse_address
from mirror.net.address import is_ipv4, split_place, text_of
from mirror.publisher.roster import Declared, Pool
from mirror.rotation.lint import Listed, host_of, lint_list
from mirror.rotation.paths import is_address

_METALINK: Final = "{urn:ietf:params:xml:ns:metalink}"
_KEYS: Final = frozenset({"url", "provider", "jurisdiction", "addresses"})
_COUNTRY: Final = re.compile("[A-Za-z]{2}")
_UNREADABLE: Final = "list-unreadable"
# Of a Metalink file what may stand beside the addresses (RFC 5854 section 4.2); all of it is passed over.
_PASSED_OVER: Final = frozenset(
    "copyright description hash identity language logo os pieces publisher signature size version metaurl "
    "generator origin published updated".split()
)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a list is refused. ``number`` is the place of the entry, from 1; 0: the list itself."""

    number: int
    code: str
    other: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """What a list holds, and every reason to refuse it; ``warnings`` are for a person to look at."""

    declared: tuple[Declared, ...] = field(repr=False)
    reasons: tuple[Reason, ...]
    warnings: tuple[Reason, ...] = ()


def read_list(
    data: bytes,
    *,
    origin: str = "",
    pool: Pool = Pool.INVITED,
    known: Sequence[Listed] = (),
    brands: Collection[str] = (),
) -> Taken:
    """The endpoints in ``data``.

    Args:
        data: JSON or Metalink 4.
        origin: In a list of several newsrooms, the address of the one whose mirrors are meant.
        pool: For whom they are.
        known: The endpoints that are there already: the new ones are compared with them too.
        brands: The publication's own domains.

    Raises:
        SourceError: ``list-unreadable``: neither of the formats; ``list-origin``: it is of several
            newsrooms, and ``origin`` is none of them.
        LimitError: ``endpoints-too-many``.
    """
    if len(data) > MAX_ENDPOINT_LIST:
        raise LimitError("The list is too long to be one of endpoints.", code="endpoints-too-many")
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    entries = _metalink(data) if start.startswith(b"<") else _json(data, origin)
    if len(entries) > MAX_ENDPOINTS:
        raise LimitError("More endpoints than a list may have.", code="endpoints-too-many")
    declared: list[Declared] = []
    numbers: list[int] = []
    reasons: list[Reason] = []
    for number, entry in enumerate(entries, 1):
        found = _declared(entry, pool)
        if isinstance(found, Declared):
            declared.append(found)
            numbers.append(number)
        else:
            reasons += [Reason(number, code) for code in found]
    if not entries:
        reasons.append(Reason(0, "list-empty"))
    faults = lint_declared(declared, known, brands)
    mapped = [
        (Reason(numbers[each.number - 1], each.code, _mapped(each.other, numbers)), fatal)
        for each, fatal in faults
    ]
    reasons += [reason for reason, is_fatal in mapped if is_fatal]
    warnings = tuple(reason for reason, is_fatal in mapped if not is_fatal)
    return Taken(tuple(declared), tuple(sorted(reasons, key=lambda each: (each.number, each.code))), warnings)


def lint_declared(
    declared: Sequence[Declared],
    known: Sequence[Listed],
    brands: Collection[str],
    *,
    is_local_allowed: bool = False,
) -> list[tuple[Reason, bool]]:
    """The faults of new endpoints, by themselves and beside ``known``, and whether each is fatal.

    ``other`` is negative for one of ``known``: its place there, from 1. ``is_local_allowed`` is for
    trying things out on one machine; so it is for ``declare``.
    """
    listed = [*known, *(_listed(each) for each in declared)]
    found = []
    for fault in lint_list(listed, brands, is_local_allowed=is_local_allowed):
        if fault.number < len(known):
            continue  # it was there before
        other = 0 if fault.other is None else fault.other - len(known) + 1
        if fault.other is not None and fault.other < len(known):
            other = -(fault.other + 1)
        found.append((Reason(fault.number - len(known) + 1, fault.code, other), fault.is_fatal))
    return found


def declare(entry: object, pool: Pool, *, is_local_allowed: bool = False) -> Declared:
    """One endpoint as a command line gives it; raises ``SourceError`` with the first reason's code."""
    found = _declared(entry, pool, is_local_allowed=is_local_allowed)
    if isinstance(found, Declared):
        return found
    raise SourceError(f"This endpoint was not added: {SENTENCES[found[0]]}.", code=found[0])


def _mapped(other: int, numbers: Sequence[int]) -> int:
    return numbers[other - 1] if other > 0 else other


def _listed(declared: Declared) -> Listed:
    endpoint = parse_address(declared.text, 0)
    assert endpoint is not None
    return Listed(endpoint, declared.provider, declared.jurisdiction, declared.addresses)


def _json(data: bytes, origin: str) -> list[object]:
    try:
        value = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise SourceError("The list is neither JSON nor Metalink 4.", code=_UNREADABLE) from error
    match value:
        case list():
            return value
        case dict() if value and all(isinstance(each, list) for each in value.values()):
            if not origin and len(value) == 1:
                return list(*value.values())
            found = [each for site, each in value.items() if site.rstrip("/") == origin.rstrip("/")]
            if not origin or not found:
                raise SourceError(
                    "The list is of several newsrooms: name yours as it does with --origin.",
                    code="list-origin",
                )
            return [each for mirrors in found for each in mirrors]
        case _:
            raise SourceError("The list is JSON of another form.", code=_UNREADABLE)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a key twice")
    return dict(pairs)


def _metalink(data: bytes) -> list[object]:
    try:
        root = fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise SourceError("The list is neither JSON nor Metalink 4.", code=_UNREADABLE) from error
    if root.tag != f"{_METALINK}metalink":
        raise SourceError("The list is XML, and no Metalink 4.", code=_UNREADABLE)
    entries: list[object] = []
    for file in root:
        name = file.tag.removeprefix(_METALINK)
        if name in _PASSED_OVER:
            continue
        if name != "file":
            entries.append({"unknown": name})
            continue
        for each in file:
            part = each.tag.removeprefix(_METALINK)
            if part == "url":
                entries.append(_metalink_url(each.text or "", each.attrib, file.get("name", "")))
            elif part not in _PASSED_OVER:
                entries.append({"unknown": part})
    return entries


def _metalink_url(text: str, attributes: dict[str, str], name: str) -> dict[str, object]:
    if unknown := attributes.keys() - {"location", "priority"}:
        return {"unknown": sorted(unknown)}
    address = text.strip()
    base = address.removesuffix(name) if name and address.endswith("/" + name) else address
    entry: dict[str, object] = {"url": base}
    return entry | ({"jurisdiction": attributes["location"]} if "location" in attributes else {})


def _declared(entry: object, pool: Pool, *, is_local_allowed: bool = False) -> Declared | list[str]:
    """The endpoint that an entry names, or the codes of all that is wrong with it."""
    match entry:
        case str():
            values: dict[str, object] = {"url": entry}
        case dict():
            values = entry
        case _:
            return ["list-entry"]
    reasons = ["list-key"] if values.keys() - _KEYS else []
    text = _address(values.get("url"), reasons, is_local_allowed=is_local_allowed)
    provider, jurisdiction = values.get("provider", ""), values.get("jurisdiction", "")
    if not isinstance(provider, str) or len(provider) > MAX_LINE or not (provider + "x").isprintable():
        reasons.append("list-provider")
    if not isinstance(jurisdiction, str) or (jurisdiction and not _COUNTRY.fullmatch(jurisdiction)):
        reasons.append("list-jurisdiction")
    addresses = values.get("addresses", [])
    known = [str(each) for each in addresses if _is_ip(each)] if isinstance(addresses, list) else []
    if not isinstance(addresses, list) or len(known) < len(addresses):
        reasons.append("list-addresses")
    if reasons or text is None:
        return reasons
    return Declared(text, b"", str(provider), str(jurisdiction).upper(), tuple(known), pool)


def _address(value: object, reasons: list[str], *, is_local_allowed: bool) -> str | None:
    """The address in its one spelling; None with a reason otherwise."""
    if not isinstance(value, str):
        reasons.append("endpoint-address")
        return None
    text = value.strip()
    if "://" not in text:
        text = f"https://{text}"
    found = parse_address(text, 0)
    if found is None or found.url.startswith("file:"):
        reasons.append("endpoint-address")
        return None
    host = host_of(found)
    may_be_plain = host.endswith(".onion") or (is_local_allowed and host == "127.0.0.1")
    if not found.url.startswith("https://") and not may_be_plain:
        reasons.append("endpoint-not-https")
        return None
    spelled = _spelled(text_of(found))
    if spelled is None or not is_address(spelled):
        reasons.append("endpoint-address")
        return None
    return spelled


def _spelled(text: str) -> str | None:
    """An address with its host in lower case and without the usual port; None: its host is none."""
    scheme, _, rest = text.partition("://")
    authority, _, below = rest.partition("/")
    place = authority.lower().removesuffix(":443" if scheme == "https" else ":80")
    return f"{scheme}://{place}/{below}" if split_place(place) is not None else None


def _is_ip(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        return str(ip_address(value)) == value or is_ipv4(value)
    except ValueError:
        return False


def words(reasons: Sequence[Reason], names: Sequence[str] = ()) -> Iterator[str]:
    """The reasons as lines, without an address; ``names`` are those of the known endpoints."""
    for each in reasons:
        where = f"entry {each.number}" if each.number else "the list"
        other = ""
        if each.other > 0:
            other = f" (see entry {each.other})"
        elif each.other < 0 and names:
            other = f" (see {names[-each.other - 1]})"
        yield f"{where}: {SENTENCES[each.code]}{other} [{each.code}]"


SENTENCES: Final = {
    "endpoint-address": "no address of an endpoint",
    "endpoint-not-https": "not https, and no onion service",
    "endpoint-private": "an address that nobody elsewhere can reach",
    "endpoint-duplicate": "the same address again",
    "endpoint-same-host": "another path of the same host",
    "endpoint-look-alike": "a domain that looks like another",
    "endpoint-mixed-script": "a domain that mixes alphabets",
    "list-addresses": "addresses that are no IP addresses",
    "list-empty": "no endpoint in it",
    "list-entry": "neither a text nor an object",
    "list-jurisdiction": "a jurisdiction that is no country code of two letters",
    "list-key": "a key that is not known",
    "list-provider": "a provider that is no plain line",
    "shared-domain": "shares its registrable domain",
    "shared-provider": "shares its provider",
    "shared-network": "shares its network",
    "shared-jurisdiction": "shares its jurisdiction",
}
