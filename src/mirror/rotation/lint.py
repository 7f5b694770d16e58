"""Diversity lint: what a censor, a seizure or a bankruptcy would take away together.

Rules (ROTATION.md section 11):

1. A name or an address is what gets blocked. Each endpoint of a list has its own: the same address
   twice is refused, and so is one that no reader elsewhere could reach.
2. Of the endpoints handed out together, at most so many share a registrable domain, a provider, a
   network (/24 of IPv4, /48 of IPv6) or a jurisdiction, as the policy says.
3. The registrable domain is what is bought under a registry's suffix. What a company lets its
   customers name (``a.pages.example``, ``b.pages.example``) counts as that company's one domain:
   one rule blocks it all.
4. Two domains that look alike, or one that looks like the publication's own, are reported: a mirror
   that readers mistake for the newsroom's site is a gift to whoever runs it.

The list of suffixes is the one shipped with the library; nothing is fetched.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from publicsuffixlist import PublicSuffixList

from mirror.errors import LimitError
from mirror.limits import MAX_ENDPOINTS
from mirror.model import Endpoint
from mirror.rotation.lookalike import is_mixed, skeleton

# RFC 6761, 6762, 8375, 9476 and what routers call a home: names that mean something to one machine or
# house only. Examples (RFC 2606) never answer.
_LOCAL: Final = frozenset("alt home internal invalid lan local localdomain localhost test example".split())
_LOCAL_UNDER: Final = (".home.arpa",)
# What a name never ends in, and the system's resolver reads as an address: "127.1", "0x7f.1" (WHATWG, URL).
_NUMBER: Final = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")
_NAT64: Final = IPv6Network("64:ff9b::/96")
# First bytes of all blocks of IPv4 that are not for everyone (IANA, Special-Purpose Address Registry):
# the library's full search, 14 microseconds, is spared for the rest.
_SPECIAL_IPV4: Final = frozenset((0, 10, 100, 127, 169, 172, 192, 198, 203, *range(224, 256)))
_WARNINGS: Final = frozenset({"endpoint-same-host", "endpoint-mixed-script"})

Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Listed:
    """An endpoint as its operator declares it; empty where nothing was declared.

    ``addresses`` are what its name is known to stand for, ``provider`` and ``jurisdiction`` names
    that are compared without regard to case (``jurisdiction`` an ISO 3166 code).
    """

    endpoint: Endpoint
    provider: str = ""
    jurisdiction: str = ""
    addresses: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Policy:
    """How many of the endpoints handed out together may share each."""

    domain: int = 1
    provider: int = 1
    network: int = 1
    jurisdiction: int = 2


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with the endpoint at ``number`` of the list; ``other`` is the one it collides with."""

    number: int
    code: str
    other: int | None = None

    @property
    def is_fatal(self) -> bool:
        """True when the list, or the set, is refused; otherwise a person should look."""
        return self.code not in _WARNINGS


DEFAULT_POLICY: Final = Policy()


def lint_list(
    listed: Sequence[Listed], brands: Collection[str] = (), *, is_local_allowed: bool = False
) -> list[Fault]:
    """Every fault of a list of endpoints, each by itself and between them, in order.

    ``brands`` are the publication's own domains. ``is_local_allowed`` is for trying things out on
    one machine.

    Raises:
        LimitError: ``endpoints-too-many``: more than any publication has.
    """
    if len(listed) > MAX_ENDPOINTS:
        raise LimitError("More endpoints than a list may have.", code="endpoints-too-many")
    faults: list[Fault] = []
    addresses: dict[tuple[str, str, str], int] = {}
    hosts: dict[tuple[str, str], int] = {}
    looks: dict[str, tuple[str, int | None]] = {}
    for brand in brands:
        looks[skeleton(registrable(brand))] = (registrable(brand), None)
    for number, each in enumerate(listed):
        host = host_of(each.endpoint)
        if not host or _is_odd(host):
            faults.append(Fault(number, "endpoint-address"))
            continue
        if not is_local_allowed and any(map(_is_local, _places(each, host))):
            faults.append(Fault(number, "endpoint-private"))
        address = (each.endpoint.url, each.endpoint.connect, each.endpoint.sni)
        place = (host, each.endpoint.connect)
        if (twin := addresses.setdefault(address, number)) != number:
            faults.append(Fault(number, "endpoint-duplicate", twin))
        elif (neighbour := hosts.setdefault(place, number)) != number:
            faults.append(Fault(number, "endpoint-same-host", neighbour))
        domain = registrable(host)
        known, first = looks.setdefault(skeleton(domain), (domain, number))
        if known != domain:
            faults.append(Fault(number, "endpoint-look-alike", first))
        if is_mixed(domain):
            faults.append(Fault(number, "endpoint-mixed-script"))
    return faults


def lint_set(listed: Sequence[Listed], policy: Policy = DEFAULT_POLICY) -> list[Fault]:
    """Where the endpoints that are handed out together share more than ``policy`` allows (rule 2).

    What was not declared is not compared. Each fault names the first endpoint that shares.
    """
    return [
        *_shared(listed, "shared-domain", policy.domain, _domains),
        *_shared(listed, "shared-provider", policy.provider, lambda each: {each.provider.casefold()}),
        *_shared(listed, "shared-network", policy.network, networks),
        *_shared(
            listed, "shared-jurisdiction", policy.jurisdiction, lambda each: {each.jurisdiction.casefold()}
        ),
    ]


def host_of(endpoint: Endpoint) -> str:
    """The host of an endpoint's URL, without brackets; empty where it is no URL of a host."""
    scheme, _, rest = endpoint.url.partition("://")
    authority = rest.partition("/")[0]
    # A name before "@" is no part of any address of ours, and hides which host is meant.
    return _host(authority) if scheme in {"http", "https"} and "@" not in authority else ""


def registrable(host: str) -> str:
    """The registrable domain of ``host`` (rule 3); ``host`` itself where it has none."""
    if _address(host) is not None:
        return host
    return _suffixes().privatesuffix(host) or host


def networks(listed: Listed) -> set[str]:
    """The networks that the endpoint is known to be in."""
    found = (_address(place) for place in _places(listed, host_of(listed.endpoint)))
    return {str(ip_network((each, 24 if each.version == 4 else 48), strict=False)) for each in found if each}


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(only_icann=True)


def _domains(listed: Listed) -> set[str]:
    host = host_of(listed.endpoint)
    names = {host, listed.endpoint.sni} | ({_host(listed.endpoint.connect)} - {""})
    return {registrable(name) for name in names if name and _address(name) is None}


def _shared(
    listed: Sequence[Listed], code: str, most: int, attributes: Callable[[Listed], Iterable[str]]
) -> Iterator[Fault]:
    holders: dict[str, list[int]] = defaultdict(list)
    for number, each in enumerate(listed):
        for attribute in attributes(each):
            if attribute:
                holders[attribute].append(number)
    for numbers in holders.values():
        for number in numbers[most:]:
            yield Fault(number, code, numbers[0])


def _places(listed: Listed, host: str) -> tuple[str, ...]:
    return (host, *filter(None, [_host(listed.endpoint.connect)]), *listed.addresses)


def _host(place: str) -> str:
    """The host of ``host[:port]``, without brackets."""
    if place.startswith("["):
        return place[1:].partition("]")[0]
    return place.partition(":")[0]


def _address(text: str) -> Address | None:
    # Far cheaper than the exception: nearly all are names.
    if not (text and text[-1] in "0123456789abcdef:." and (":" in text or text[-1].isdigit())):
        return None
    try:
        return ip_address(text)
    except ValueError:
        return None


def _is_odd(host: str) -> bool:
    """True for an IPv4 address in another than its usual spelling."""
    return _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]) is not None and _address(host) is None


def _is_local(place: str) -> bool:
    """True for what a reader elsewhere cannot reach."""
    address = _address(place)
    if address is None:
        name = place.rstrip(".")
        return "." not in name or name.rpartition(".")[2] in _LOCAL or name.endswith(_LOCAL_UNDER)
    return any(
        (each.version == 6 or each.packed[0] in _SPECIAL_IPV4) and (not each.is_global or each.is_multicast)
        for each in _meant(address)
    )


def _meant(address: Address) -> Iterator[Address]:
    """``address``, or the IPv4 address that it carries to some gateway or to this machine."""
    if isinstance(address, IPv6Address):
        inner = [address.ipv4_mapped, address.sixtofour, address.teredo and address.teredo[1]]
        if address in _NAT64:
            inner.append(IPv4Address(int(address) & 0xFFFFFFFF))
        found = [each for each in inner if each is not None]
        if found:
            yield from found
            return
    yield address
