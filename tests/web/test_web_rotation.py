"""The browser's half of rotation: every vector, and no difference from Python in what hypothesis makes."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from helpers import rotation_vectors
from helpers.node import REPOSITORY, Node, Refused, running
from helpers.rotation import (
    EPOCH,
    KEY,
    PUBLICATION,
    SECRET,
    World,
    entrance_lists,
    entrances,
    few_paths,
    invitations,
    invited,
    node_paths,
)
from helpers.vector_forms import of_ring, of_slip
from mirror.errors import FormatError, MirrorError
from mirror.limits import MAX_DEPTH, MAX_EPOCH, MAX_FRIENDS
from mirror.rotation import invitation
from mirror.rotation.epochs import DAY, Calendar
from mirror.rotation.invitation import Invitation
from mirror.rotation.keys import KeyTree, Place
from mirror.rotation.looking import look_next
from mirror.rotation.making import Made
from mirror.rotation.pages import Name, find_slip, open_page, pages_of
from mirror.rotation.paths import Entrance, is_address
from mirror.rotation.slips import Sealer, Slip

Json = Any
FILES: Final[dict[str, Json]] = {
    path.name: json.loads(path.read_text("utf-8"))
    for path in sorted((REPOSITORY / "tests/vectors").glob("rotation_*.json"))
}
# Opening a report is the publisher's act: no browser does it.
PUBLISHERS: Final = frozenset({"report"})
CASES: Final = [
    case
    for file in FILES.values()
    for case in (file if isinstance(file, list) else file["cases"])
    if case["kind"] not in PUBLISHERS
]


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with running() as process:
        yield process


def outcome(make: Callable[[], Json]) -> Json:
    """What Python makes of it, as ``Node.ask`` gives it."""
    try:
        return make()
    except MirrorError as error:
        return Refused(type(error).__name__, error.code)


# --- vectors --------------------------------------------------------------------------------------


def asked(case: Json) -> Json:
    """The input of a vector as the core is asked: pages as bytes."""
    pages, input_ = FILES["rotation_slips.json"]["pages"], case["input"]
    if case["kind"] == "find":
        return input_ | {"files": pages, "key": KEY.hex()}
    if case["kind"] != "page":
        return input_
    data = bytearray.fromhex(pages[input_["page"]])
    for at, value in input_["edits"]:
        data[at] = value
    return input_ | {"data": data[: input_.get("size")].hex(), "notBefore": input_["not-before"]}


@pytest.mark.parametrize("case", [pytest.param(each, id=f"{each['kind']}-{each['name']}") for each in CASES])
def test_every_vector(node: Node, case: Json) -> None:
    expected = outcome(lambda: rotation_vectors.RUNNERS[case["kind"]](case["input"]))
    answer = node.ask(f"rotation-{case['kind']}", asked(case))
    assert answer == expected, "class and code, or output, as Python"
    assert (answer.code if isinstance(answer, Refused) else "ok") == case["expect"]


# --- invitations ----------------------------------------------------------------------------------


def of_invitation(found: Invitation) -> Json:
    return rotation_vectors.parsed({"text": found.link()})


@given(made=invitations)
def test_an_invitation_is_read_and_spelled_as_in_python(node: Node, made: Invitation) -> None:
    page = "https://news.example/r/"
    spelled = [made.encode().hex(), made.text(), made.link(), made.link(page)]
    for text in (made.text(), made.link(), made.link(page), f"\n {made.text().lower()} "):
        assert node.ask("rotation-invitation", {"text": text}) == of_invitation(made)
        assert node.ask("rotation-spelled", {"text": text, "page": page}) == spelled


_PYTHON_SPACE: Final = "".join(chr(code) for code in range(0x10000) if chr(code).isspace())
_odd = st.sampled_from(
    [*_PYTHON_SPACE, "\ufeff", "\u200b", "-", "=", "#", "ſ", "K", "İ", "\U00010400", "1", "A"]
)


@given(made=invitations, form=st.integers(0, 2), data=st.data())
def test_a_damaged_invitation_is_refused_as_in_python(
    node: Node, made: Invitation, form: int, data: st.DataObject
) -> None:
    text = (made.text(), made.link(), made.link("https://news.example/r/"))[form]
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 2))
        text = text[:at] + data.draw(st.text(_odd, max_size=2)) + text[at + cut :]
    assert node.ask("rotation-invitation", {"text": text}) == outcome(
        lambda: of_invitation(invitation.parse(text))
    )


@given(
    text=st.text()
    | st.text("ABCabc234567-_#= \n")
    | st.builds(
        "{}{}{}".format,
        st.sampled_from(["https://a/#", "http://", "mirror:"]),
        st.text("Aa-_#", max_size=9),
        st.text(max_size=2),
    )
    | st.integers(180, 220).map(lambda size: "https://" + "a" * size + "#AQ")
    | st.integers(2_400, 2_600).map(lambda size: "\U00010400" * (size // 2) + "A" * (size - size // 2))
)
def test_what_is_no_invitation_is_refused_as_in_python(node: Node, text: str) -> None:
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert node.ask("rotation-invitation", {"text": text}) == outcome(
        lambda: of_invitation(invitation.parse(text))
    )


@given(
    made=invitations, at=st.floats(0, 1, exclude_max=True), value=st.binary(max_size=3), cut=st.integers(0, 3)
)
def test_fields_are_judged_as_in_python(
    node: Node, made: Invitation, at: float, value: bytes, cut: int
) -> None:
    """Bytes that are altered, with the checksum that fits: whoever makes invitations can make these."""
    body = made.encode()[:-4]
    place = int(at * len(body))
    body = body[:place] + value + body[place + cut :]
    data = body + invitation._checksum(body)
    assert node.ask("rotation-decoded", data.hex()) == outcome(lambda: of_invitation(invitation.decode(data)))


WHOLE: Final[dict[str, Json]] = {
    "depth": 1,
    "look": 0,
    "created": 1_000,
    "expires": 0,
    "seconds": DAY,
    "channel": b"en",
    "address": b"a.example/",
    "flags": 1,
}


def body_of(**changes: int | bytes) -> bytes:
    """An invitation field by field, so that each can be out of its bounds."""
    fields: Json = WHOLE | changes
    numbers = b"".join(fields[name].to_bytes(4, "big") for name in ("created", "expires", "seconds"))
    head = bytes([1, fields["depth"], fields["look"]]) + PUBLICATION + numbers
    channel, address, key = fields["channel"], fields["address"], bytes(16 * (fields["flags"] & 1))
    ring = bytes(16 * (1 + fields["depth"]))
    listed = bytes([1, fields["flags"], len(address)]) + address + key
    return b"".join((head, bytes([len(channel)]), channel, ring, listed))


@pytest.mark.parametrize(
    ("changes", "is_whole"),
    [
        ({}, True),
        ({"depth": 16}, True),
        ({"depth": 17}, False),
        ({"look": 1}, True),
        ({"look": 2}, False),
        ({"expires": 1_001}, True),
        ({"expires": 1_000}, False),
        ({"seconds": 600}, True),
        ({"seconds": 599}, False),
        ({"seconds": 30 * DAY}, True),
        ({"seconds": 30 * DAY + 1}, False),
        ({"channel": b"a" * 32}, True),
        ({"channel": b"a" * 33}, False),
        ({"channel": b"En"}, False),
        ({"channel": b"en\n"}, False),
        ({"channel": b""}, False),
        ({"flags": 3}, True),
        ({"flags": 4}, False),
        ({"address": b"a" * 151 + b"/"}, True),
        ({"address": b"a" * 152 + b"/"}, False),
        ({"address": b"a.example"}, False),
        ({"address": b"/"}, False),
        ({"address": b"a@b.example/"}, False),
        ({"address": b"a.example/?b/"}, False),
        ({"address": b"a.example/ /"}, False),
        ({"address": b"a.example/\n/"}, False),
        ({"address": b"a.example/\xe9/"}, False),
        ({"address": b"a.example/#"}, False),
        ({"address": b"a.example/#connect=192.0.2.1"}, True),
    ],
)
def test_each_field_has_the_bounds_of_python(node: Node, changes: Json, is_whole: bool) -> None:
    body = body_of(**changes)
    data = body + invitation._checksum(body)
    expected = outcome(lambda: of_invitation(invitation.decode(data)))
    assert isinstance(expected, Refused) is not is_whole
    assert node.ask("rotation-decoded", data.hex()) == expected


def test_an_invitation_that_is_cut_off_is_none_even_with_a_checksum(node: Node) -> None:
    body = body_of()
    parts = [body[:size] for size in range(1, len(body))]
    questions = [(part + invitation._checksum(part)).hex() for part in parts]
    refused = Refused("FormatError", "invitation-format")
    assert node.ask_all("rotation-decoded", questions) == [refused] * len(parts)


_LINK: Final = invited(()).link("https://a.example/")
_TEXT: Final = invited(()).text()


@pytest.mark.parametrize(
    ("text", "is_taken"),
    [
        (f"\x1c\x85{_LINK}\u3000", True),
        (f"\ufeff{_LINK}", False),
        (f"{_TEXT}\ufeff", False),
        (_TEXT.replace("A", "\u2003a\x1f"), True),
        (_TEXT.replace("S", "ſ"), False),
        (_LINK.replace("a.example/", "a" * (199 - len("https://"))), True),
        (_LINK.replace("a.example/", "a" * (200 - len("https://"))), False),
        (_LINK.replace("https", "HTTPS"), False),
    ],
)
def test_what_stands_around_an_invitation_is_judged_as_in_python(
    node: Node, text: str, is_taken: bool
) -> None:
    expected = outcome(lambda: of_invitation(invitation.parse(text)))
    assert isinstance(expected, Refused) is not is_taken
    assert node.ask("rotation-invitation", {"text": text}) == expected


@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers(-1, 2**40) | st.just(KEY.hex()) | st.text(max_size=2),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
        max_leaves=4,
    ),
    steps=st.lists(st.tuples(st.integers(0, 4), st.integers(1, 17)).map(list), max_size=5),
    field=st.sampled_from(["epoch-seconds", "keys", "pages", "report-key", "more", "", ""]),
)
@example(value=None, steps=[[5, 1], [5, 2]], field="")
@example(value=KEY.hex(), steps=[[0, 1]], field="report-key")
@example(value=KEY.hex().upper(), steps=[[0, 1]], field="report-key")
@example(value="", steps=[[0, 1]], field="report-key")
def test_what_is_signed_about_rotation_is_judged_as_in_python(
    node: Node, value: Json, steps: list[list[int]], field: str
) -> None:
    given_ = {"epoch-seconds": DAY, "keys": [KEY.hex()], "pages": steps} | ({field: value} if field else {})
    question = {"value": given_, "epochs": [0, 3, 9]}
    assert node.ask("rotation-settings", question) == outcome(lambda: rotation_vectors.signed(question))


@given(
    made=invitations, index=st.integers(0, MAX_FRIENDS - 1), later=st.integers(0, 9), listed=entrance_lists
)
def test_a_friend_gets_what_python_would_give(
    node: Node, made: Invitation, index: int, later: int, listed: tuple[Entrance, ...]
) -> None:
    created = min(made.created + later, made.expires - 1) if made.expires else made.created + later
    for given_ in (listed, ()):
        question = {
            "text": made.link(),
            "index": index,
            "created": created,
            "entrances": [{"text": each.text, "key": each.key.hex()} for each in given_],
        }
        expected = outcome(lambda: made.child(index, created, given_).link())  # noqa: B023 - called at once
        assert node.ask("rotation-invite", question) == expected


def test_nobody_is_invited_below_the_deepest_node(node: Node) -> None:
    deepest = invited((0,) * MAX_DEPTH)
    question = {"text": deepest.link(), "index": 0, "created": deepest.created, "entrances": []}
    assert node.ask("rotation-invite", question) == Refused("LimitError", "invitation-too-deep")


@given(
    made=invitations,
    other=st.none() | st.just(PUBLICATION) | st.binary(min_size=32, max_size=32),
    data=st.data(),
)
def test_what_cannot_be_used_is_refused_as_in_python(
    node: Node, made: Invitation, other: bytes | None, data: st.DataObject
) -> None:
    now = data.draw(st.sampled_from([0, made.created, made.expires - 1, made.expires, made.expires + 1]))
    question = {"text": made.link(), "publication": (other or b"").hex(), "now": now}
    assert node.ask("rotation-check", question) == outcome(lambda: made.check(other, now))


# --- keys, epochs, paths --------------------------------------------------------------------------


@given(
    path=node_paths, index=st.integers(0, 65_535), look=st.integers(0, 20), epoch=st.integers(0, MAX_EPOCH)
)
def test_keys_and_pages_are_pythons(
    node: Node, path: tuple[int, ...], index: int, look: int, epoch: int
) -> None:
    ring = KeyTree(SECRET, PUBLICATION).keyring(path)
    assert node.ask("rotation-keys", of_ring(ring)) == [key.hex() for key in ring.slip_keys()]
    assert node.ask("rotation-child", of_ring(ring) | {"index": index}) == of_ring(ring.child(index))
    for bits in (1, 2, 15, 16):
        expected = [name.path for name in pages_of(ring, look, epoch, bits)]
        assert (
            node.ask("rotation-look", of_ring(ring) | {"look": look, "epoch": epoch, "bits": bits})
            == expected
        )


@given(told=st.none() | st.integers(0, 20), looked=st.integers(0, 20), depth=st.integers(0, 16))
def test_the_next_look_is_pythons(node: Node, told: int | None, looked: int, depth: int) -> None:
    question = {"told": told, "looked": looked, "depth": depth}
    assert node.ask("rotation-look-next", question) == look_next(told, looked, depth)


_instants = st.integers(-(2**40), 2**48) | st.integers(EPOCH * DAY - 3 * DAY, EPOCH * DAY + 3 * DAY)


@given(seconds=st.sampled_from([600, DAY, 30 * DAY]), now=_instants, issued=_instants)
def test_epochs_are_pythons(node: Node, seconds: int, now: int, issued: int) -> None:
    calendar = Calendar(seconds)
    assert node.ask("rotation-calendar", {"seconds": seconds, "now": now, "issued": issued}) == {
        "ask": calendar.to_ask(now, issued),
        "enter": list(calendar.to_enter(now, [issued])),
        "epoch": calendar.epoch(now),
    }


@given(each=entrances, epoch=st.integers(0, MAX_EPOCH))
def test_addresses_are_pythons_and_what_a_browser_cannot_do_is_said(
    node: Node, each: Entrance, epoch: int
) -> None:
    question = {"text": each.text, "key": each.key.hex(), "epoch": epoch}
    assert node.ask("rotation-address", question) == each.address(epoch)
    # With a fragment a browser would go where the name says, and not where the publisher meant.
    assert node.ask("rotation-reachable", question) is ("#" not in each.text)


# --- slips and pages ------------------------------------------------------------------------------

_looks = st.integers(0, MAX_DEPTH)
_slips = st.builds(Slip, st.just(()) | entrance_lists, _looks, st.integers(0, MAX_EPOCH))
_addresses = st.text(st.sampled_from("htps:/a.?#@ \x7fé"), max_size=12) | st.builds(
    "{}{}".format,
    st.sampled_from(["https://", "http://", "https:///", "HTTPS://a"]),
    st.text("a/#?@: ", max_size=6),
)


@given(
    slip=_slips,
    path=few_paths,
    epoch=st.integers(0, MAX_EPOCH),
    edits=st.lists(st.tuples(st.integers(0, 479), st.integers(0, 255)), max_size=2),
)
def test_a_record_is_opened_as_in_python(
    node: Node, slip: Slip, path: tuple[int, ...], epoch: int, edits: list[tuple[int, int]]
) -> None:
    """Also what a reader of the same branch seals, by our rules, with something else in it."""
    key = KeyTree(SECRET, PUBLICATION).slip_key(Place(path))
    sealer = Sealer(key, PUBLICATION, epoch)
    try:
        content = bytearray(slip.encode())
    except FormatError:
        return
    for at, value in edits:
        content[at] = value
    nonce = sealer._nonce(bytes(content))
    record = nonce + sealer._cipher.encrypt(nonce, bytes(content), sealer._bound)
    question = {"key": key.hex(), "publication": PUBLICATION.hex(), "epoch": epoch, "record": record.hex()}
    assert node.ask("rotation-slip", question) == outcome(lambda: of_slip(sealer.open(record)))
    altered = record[:-1] + bytes([record[-1] ^ 1])
    assert node.ask("rotation-slip", question | {"record": altered.hex()}) is None


@given(text=_addresses)
def test_an_address_in_a_slip_is_judged_as_in_python(node: Node, text: str) -> None:
    """A scheme but ``https`` and ``http`` has no spelling in a slip; all else is sealed as it is."""
    scheme, mark, rest = text.partition("://")
    if scheme not in {"https", "http"} or not mark:
        return
    address = rest.encode("latin-1")
    head = bytes([1, 0]) + bytes(4) + bytes([1, 2 if scheme == "http" else 0, len(address)])
    content = (head + address).ljust(480, b"\0")
    key = bytes(16)
    sealer = Sealer(key, PUBLICATION, EPOCH)
    nonce = sealer._nonce(content)
    record = nonce + sealer._cipher.encrypt(nonce, content, sealer._bound)
    question = {"key": key.hex(), "publication": PUBLICATION.hex(), "epoch": EPOCH, "record": record.hex()}
    answer = node.ask("rotation-slip", question)
    assert isinstance(answer, Refused) is not is_address(text)
    assert answer == outcome(lambda: of_slip(sealer.open(record)))


_worlds = st.dictionaries(
    st.builds(Place, few_paths, st.booleans()),
    st.just(()) | entrance_lists.filter(lambda listed: sum(len(each.text) for each in listed) < 300),
    min_size=1,
    max_size=12,
)


@cache
def _made(places: tuple[tuple[Place, tuple[Entrance, ...]], ...]) -> tuple[World, Made]:
    world = World(dict(places))
    return world, world.made()


@settings(max_examples=40)
@given(slips=_worlds, path=few_paths, depth=st.none() | st.integers(0, 5))
def test_a_reader_finds_what_python_finds(
    node: Node, slips: dict[Place, tuple[Entrance, ...]], path: tuple[int, ...], depth: int | None
) -> None:
    world, made = _made(tuple(slips.items()))
    ring = world.tree.keyring(path)
    question = of_ring(ring) | {
        "look": world.looked(path, depth),
        "epoch": world.epoch,
        "bits": world.bits,
        "publication": world.publication.hex(),
        "key": KEY.hex(),
        "files": {name: data.hex() for name, data in made.files.items()},
    }
    pages = world.pages(path, made.files, depth)
    expected = outcome(lambda: of_slip(find_slip(pages, ring, world.publication)))
    assert node.ask("rotation-find", question) == expected


@given(
    edits=st.lists(st.tuples(st.integers(0, 100) | st.integers(0, 10_239), st.integers(0, 255)), max_size=2),
    cut=st.integers(-1, 2),
    number=st.integers(0, 3),
    seen=st.tuples(
        st.integers(0, 2**32), st.lists(st.just(KEY) | st.binary(min_size=31, max_size=33), max_size=3)
    ),
)
def test_a_page_is_judged_as_in_python(
    node: Node, edits: list[tuple[int, int]], cut: int, number: int, seen: tuple[int, list[bytes]]
) -> None:
    not_before, keys = seen
    data = bytearray(rotation_vectors.FILES[f"s/{EPOCH}/0"])
    for at, value in edits:
        data[at] = value
    given_ = bytes(data[: len(data) - cut]) if cut > 0 else bytes(data) + b"\0" * -cut
    name = Name(EPOCH, number, 1)
    question = {
        "epoch": EPOCH,
        "number": number,
        "bits": 1,
        "data": given_.hex(),
        "publication": PUBLICATION.hex(),
        "keys": [key.hex() for key in keys],
        "notBefore": not_before,
    }
    answer = node.ask("rotation-page", question)
    assert answer == outcome(
        lambda: {"issued": open_page(given_, name, PUBLICATION, keys, not_before).issued}
    )


def test_the_link_that_a_browser_sees_is_not_base64_alone(node: Node) -> None:
    """The alphabet of links, not that of mail: ``+`` and ``/`` are letters of neither."""
    data = invited(()).encode()
    text = urlsafe_b64encode(data).decode().rstrip("=").replace("-", "+").replace("_", "/")
    question = {"text": f"mirror:{text}"}
    assert ("+" in text or "/" in text) == isinstance(node.ask("rotation-invitation", question), Refused)
