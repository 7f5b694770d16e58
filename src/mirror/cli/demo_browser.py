"""The demonstration in a browser: an invitation, a page, and mirrors that go away while somebody reads.

At a terminal, or with ``mirror demo --browser``, the mirrors stay until the person there has seen it.
Elsewhere it is only told, and seen that the page is there.
"""

import http.client
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from mirror.cli.demo_hosts import Hosts, hosting
from mirror.cli.demo_telling import Telling
from mirror.client.page import INDEX
from mirror.rotation.invitation import parse

_SECONDS: Final = 5
# What is asked of the person, and how many mirrors go when he has done it.
_ACTS: Final = (
    ("Open the link, and read. Then press Enter here: the mirror that the page came from is stopped.", 1),
    (
        (
            "Go on reading: other articles, search, another text size. Try to share one, or to print. Keep "
            "an edition, if you like, with a passphrase. Then press Enter: no mirror is left."
        ),
        2,
    ),
    (
        (
            "What you kept opens again, also after a reload; leave at once with Shift three times; wipe, and "
            "nothing is left. Press Enter to end."
        ),
        0,
    ),
)

Wait = Callable[[str], object]


def tell(telling: Telling, publication: Path, passphrases: Sequence[str], wait: Wait | None) -> None:
    """Tell it, about the newsroom in the folder ``publication``; ``wait`` asks the person to go on."""
    here = "--publication", publication, *passphrases
    with hosting() as hosts:
        page, *others = hosts.serve(publication / "tree", 3)
        telling.step(
            "In a browser",
            "All that somebody needs is a link. The page comes from a mirror, in pieces as all else; then it "
            "verifies what any mirror gives, and nothing is kept on the device.",
        )
        numbers = [_added(telling, address, here) for address in others]
        telling.calendar.days += 1
        telling.quietly("publish", "heartbeat", *here)
        hosts.hear()
        file = telling.folder / "you.invitation"
        via = [word for number in numbers for word in ("--via", number)]
        given = ("invite", "new", "--label", "you", "--channel", "en", *via, "--out", file, *here)
        telling.command(*given, show=1)
        _see(f"{page}{INDEX}")
        telling.lines(parse(file.read_text()).link(page + INDEX))
        if wait is None:
            telling.say("`mirror demo --browser` keeps the mirrors until you have opened it.")
            return
        telling.say("(It will say that this device's clock is slow: in this story days have passed.)")
        _keep(telling, hosts, [page, *others], wait)


def _keep(telling: Telling, hosts: Hosts, addresses: list[str], wait: Wait) -> None:
    for text, count in _ACTS:
        telling.say(text)
        wait("   ")
        for address in addresses[:count]:
            hosts.block(address)
        del addresses[:count]


def _added(telling: Telling, address: str, here: Sequence[object]) -> int:
    """The number of the endpoint ``address``, a static host, that newcomers begin at."""
    said = telling.quietly("endpoints", "add", address, "--pool", "open", *here)
    number = re.search(r"endpoint (\d+)", said)
    if number is None:
        raise RuntimeError("the demonstration expected an endpoint to be added")
    return int(number[1])


def _see(address: str) -> None:
    """See that a browser would get the page there."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=_SECONDS)
    try:
        connection.request("GET", parts.path)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    if answer.status != 200 or b'id="program"' not in body:
        raise RuntimeError("the demonstration expected a page")
