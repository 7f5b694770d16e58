"""Ways out on the command line: the options, and what a person must hear of a proxy or a resolver."""

import argparse
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from mirror.client.diagnosis import Way
from mirror.client.waiting import Patience
from mirror.errors import ConfigError, UnreachableError
from mirror.limits import DOCTOR_SILENT_SECONDS, DOCTOR_WHOLE_SECONDS, PROXIED_CONNECT_SECONDS
from mirror.model import Endpoint
from mirror.net import doh, socks
from mirror.net.anyhow import Trouble, WayOut, needs_tor
from mirror.net.ways import Look, Ways, ways

_SENTENCES: Final[dict[Trouble, str]] = {
    socks.Trouble.UNREACHABLE: "The proxy does not answer, and nothing goes past it: no mirror was asked. "
    "Is it running, and is its address right? Tor's port is 9050, Tor Browser's 9150.",
    socks.Trouble.REFUSED: "The proxy answers but lets nothing through: no mirror was asked. "
    "Does it speak SOCKS5, and does it want another user name and password?",
    socks.Trouble.SILENT: "Nothing came through the proxy in time, from no mirror. "
    "Is its address right? Tor and the like need a minute after they start: then try again.",
    doh.Trouble.UNREACHABLE: "The resolver of names does not answer, and no other is asked in its place. "
    "Another may: --resolver, or resolver in the configuration.",
    doh.Trouble.UNTRUSTED: "Somebody else answers in the place of the resolver of names. "
    "It was told nothing: try another, or a proxy.",
    doh.Trouble.BROKEN: "What answers in the place of the resolver of names is none. "
    "Is its address right, with its path?",
}
# Of whoever examines: each byte goes through three more hosts, and a circuit may have to be built first.
_THROUGH_PROXY: Final = Patience(
    connect=PROXIED_CONNECT_SECONDS, silent=2 * DOCTOR_SILENT_SECONDS, whole=2 * DOCTOR_WHOLE_SECONDS
)


def add_ways(parser: argparse.ArgumentParser) -> None:
    """Add the options that ``ways_of`` reads."""
    group = parser.add_argument_group("ways out")
    group.add_argument("--proxy", metavar="URL", help="a SOCKS5 proxy, such as Tor: socks5://127.0.0.1:9050")
    group.add_argument("--resolver", metavar="URL", help="whom to ask for names over HTTPS: https://...")
    group.add_argument(
        "--camouflage", action="store_true", help="TLS that looks like a browser's; needs mirror[camouflage]"
    )


def ways_of(options: argparse.Namespace, base: Ways) -> Ways:
    """What ``options`` say, and ``base`` where they say nothing.

    Raises:
        ConfigError: Names the option, never its value.
    """
    look = Look.BROWSER if options.camouflage else None
    given = {"proxy": options.proxy, "resolver": options.resolver, "look": look}
    texts = {key: value for key, value in given.items() if value is not None}
    return ways(texts, lambda key, why: ConfigError(f"--{key} {why}."), base)


def way_of(chosen: Ways) -> tuple[Way, Patience]:
    """How endpoints are examined over ``chosen``: what can be told of them, and how long to wait."""
    way = Way(
        is_proxied=chosen.proxy is not None,
        has_resolver=bool(chosen.resolver),
        is_camouflaged=chosen.look is Look.BROWSER,
    )
    return way, _THROUGH_PROXY if way.is_proxied else Patience()


def way_error(transport: WayOut) -> UnreachableError | None:
    """What is wrong with the way out, for the person; None when nothing is known to be."""
    trouble = transport.trouble
    return UnreachableError(_SENTENCES[trouble], code=trouble.value) if trouble else None


@contextmanager
def blaming_way(transport: WayOut) -> Iterator[None]:
    """Where no mirror answers inside because of the way out, say so instead.

    Raises:
        UnreachableError: With the code of a ``Trouble``.
    """
    try:
        yield
    except (UnreachableError, BaseExceptionGroup) as error:
        trouble = way_error(transport)
        if trouble is None or not _is_unreachable(error):
            raise
        raise trouble from error


def onion_warning(mirrors: Iterable[Endpoint], chosen: Ways) -> str:
    """What to say where a mirror can be reached through Tor only and nothing leads there; else empty."""
    if chosen.proxy is not None or not any(map(needs_tor, mirrors)):
        return ""
    return (
        "A mirror's address ends in .onion: it is reached through Tor only. Say --proxy socks5://HOST:PORT."
    )


def _is_unreachable(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return error.subgroup(UnreachableError) is not None
    return isinstance(error, UnreachableError)
