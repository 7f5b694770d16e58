"""The vectors of rotation: how to run one, as another implementation must, and what they are made of.

A vector is an object with ``kind``, ``name``, ``why``, ``input``, ``expect`` ("ok" or an error code) and
``output``, which is null where it is refused. Bytes are hex. A page is given as ``page``, a key of the
file's ``pages``, with ``edits``: pairs of an offset and the byte that stands there instead.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator

from helpers import report_vectors
from helpers.report_vectors import REPORT_KEY
from helpers.rotation import EPOCH, KEY, NOW, PUBLICATION, SECRET, SIGNER, World, entrance, invited
from helpers.vector_forms import Json, case, of_ring, of_slip, ring
from mirror.errors import MirrorError
from mirror.rotation import invitation, keys, looking, pages, paths, settings
from mirror.rotation.epochs import Calendar
from mirror.rotation.keys import KeyTree, NodePath, Place
from mirror.rotation.pages import Name
from mirror.rotation.paths import Entrance
from mirror.rotation.slips import Sealer, Slip

WORLD = World(
    {
        Place((1,)): (entrance(1), Entrance("http://" + "a" * 56 + ".onion/")),
        Place((2, 0), is_subtree=False): (Entrance("https://b.example/#connect=192.0.2.7:8443", bytes(16)),),
        Place((3,)): (),
    },
    bits=1,
)
FILES = WORLD.made().files
PAGES = {path: data.hex() for path, data in FILES.items()}


def node(given: Json) -> Json:
    tree = KeyTree(bytes.fromhex(given["secret"]), bytes.fromhex(given["publication"]))
    path = tuple(given["path"])
    slip_keys = [tree.slip_key(Place(path, is_subtree)).hex() for is_subtree in (False, True)]
    return of_ring(tree.keyring(path)) | {
        "own": slip_keys[0],
        "subtree": slip_keys[1],
        "tag": keys.tag(tree.branch(path)),
    }


def child(given: Json) -> Json:
    return of_ring(ring(given).child(given["index"]))


def path(given: Json) -> Json:
    key = paths.path_key(bytes.fromhex(given["secret"]), given["seat"])
    address = Entrance(given["text"], key).address(given["epoch"])
    return {"address": address, "key": key.hex(), "path": paths.path(key, given["epoch"])}


def calendar(given: Json) -> Json:
    found = Calendar(given["seconds"])
    return {
        "ask": found.to_ask(given["now"], given["issued"]),
        "enter": list(found.to_enter(given["now"], [given["issued"]])),
        "epoch": found.epoch(given["now"]),
    }


def parsed(given: Json) -> Json:
    found = invitation.parse(given["text"])
    slip = of_slip(Slip(found.entrances, found.look, 0))
    return of_ring(found.keyring) | {
        "channel": found.channel,
        "created": found.created,
        "entrances": slip["entrances"],
        "epoch-seconds": found.epoch_seconds,
        "expires": found.expires,
        "look": found.look,
        "publication": found.publication.hex(),
    }


def slip(given: Json) -> Json:
    key, publication = bytes.fromhex(given["key"]), bytes.fromhex(given["publication"])
    return of_slip(Sealer(key, publication, given["epoch"]).open(bytes.fromhex(given["record"])))


def look(given: Json) -> Json:
    names = pages.pages_of(ring(given), given["look"], given["epoch"], given["bits"])
    return [name.path for name in names]


def page(given: Json) -> Json:
    data = bytearray.fromhex(PAGES[given["page"]])
    for at, value in given["edits"]:
        data[at] = value
    name = Name(given["epoch"], given["number"], given["bits"])
    signers = [bytes.fromhex(key) for key in given["keys"]]
    size = given.get("size", len(data))
    publication = bytes.fromhex(given["publication"])
    return {
        "issued": pages.open_page(bytes(data[:size]), name, publication, signers, given["not-before"]).issued
    }


def find(given: Json) -> Json:
    keyring, publication = ring(given), bytes.fromhex(given["publication"])
    names = pages.pages_of(keyring, given["look"], given["epoch"], given["bits"])
    opened = [pages.open_page(bytes.fromhex(PAGES[each.path]), each, publication, [KEY]) for each in names]
    return of_slip(pages.find_slip(opened, keyring, publication))


def signed(given: Json) -> Json:
    found = settings.Settings.from_json(given["value"])
    return [found.bits(epoch) for epoch in given["epochs"]]


RUNNERS: dict[str, Callable[[Json], Json]] = {
    "node": node,
    "child": child,
    "path": path,
    "calendar": calendar,
    "invitation": parsed,
    "slip": slip,
    "look": look,
    "page": page,
    "find": find,
    "settings": signed,
}
RUNNERS |= report_vectors.RUNNERS


def run(case: Json) -> tuple[str, Json]:
    """The outcome of a vector: "ok" or a code, and the output."""
    try:
        return "ok", RUNNERS[case["kind"]](case["input"])
    except MirrorError as error:
        return error.code, None


# --- what they are made of ------------------------------------------------------------------------


def made() -> dict[str, Json]:
    """The files by name; raises where the code does not do what is expected."""
    files: dict[str, Json] = {
        "rotation_keys.json": list(map(complete, [*_keys(), *_paths()])),
        "rotation_invitations.json": list(map(complete, _invitations())),
        "rotation_reports.json": list(map(complete, report_vectors.cases())),
        "rotation_slips.json": {"cases": list(map(complete, [*_slips(), *_pages()])), "pages": PAGES},
    }
    return files


def complete(made_: Json) -> Json:
    outcome, output = run(made_)
    if outcome != made_["expect"]:
        raise ValueError(f"{made_['kind']} {made_['name']}: {outcome}")
    return made_ | {"output": output}


def _keys() -> Iterator[Json]:
    base: Json = {"publication": PUBLICATION.hex(), "secret": SECRET.hex()}
    path_: list[int]
    for path_ in ([], [0], [1], [0, 0], [65_535], [7, 1, 0, 3, 2, 15, 9, 4]):
        yield case("node", "-".join(map(str, path_)) or "root", "section 2", base | {"path": path_})
    tree = KeyTree(SECRET, PUBLICATION)
    yield case("child", "friend", "below one's own node", of_ring(tree.keyring((1, 2))) | {"index": 15})


def _paths() -> Iterator[Json]:
    base = {"secret": bytes(range(16)).hex(), "epoch": EPOCH, "seat": 0}
    plain, full = "https://a.example/", "https://a.example/b/#connect=192.0.2.1&sni=c.example"
    yield case("path", "first-seat", "section 4", base | {"text": plain})
    yield case("path", "last-seat", "a fragment stays behind the path", base | {"text": full, "seat": 63})
    yield case("path", "next-epoch", "another path each epoch", base | {"text": plain, "epoch": EPOCH + 1})
    for days in (-400, -2, -1, 0, 1, 2, 400):
        given = {"seconds": 86_400, "now": NOW + days * 86_400, "issued": NOW}
        yield case("calendar", f"clock-off-by-{days}", "slips are asked for where they exist", given)
    whole: dict[str, Json] = {"epoch-seconds": 86_400, "keys": [KEY.hex()], "pages": [[0, 1], [20_790, 3]]}
    epochs = [0, 20_789, 20_790, 30_000]
    yield case("settings", "growing", "more pages from an epoch on", {"value": whole, "epochs": epochs})
    reporting = whole | {"report-key": REPORT_KEY.hex()}
    yield case("settings", "takes-reports", "one more field", {"value": reporting, "epochs": epochs})
    defects: dict[str, Json] = {
        "empty-report-key": whole | {"report-key": ""},
        "short-report-key": whole | {"report-key": REPORT_KEY.hex()[2:]},
        "upper-case-report-key": whole | {"report-key": REPORT_KEY.hex().upper()},
        "report-key-no-text": whole | {"report-key": 1},
        "unknown-field": whole | {"more": 1},
        "upper-case-key": whole | {"keys": [KEY.hex().upper()]},
        "short-key": whole | {"keys": [KEY.hex()[2:]]},
        "key-twice": whole | {"keys": [KEY.hex()] * 2},
        "no-key": whole | {"keys": []},
        "order": whole | {"pages": [[5, 1], [0, 1]]},
        "no-pages": whole | {"pages": []},
        "too-many-pages": whole | {"pages": [[0, 17]]},
        "true-for-one": whole | {"pages": [[0, True]]},
        "short-epoch": whole | {"epoch-seconds": 599},
        "text-for-number": whole | {"epoch-seconds": "86400"},
        "not-an-object": [whole],
    }
    for name, value in defects.items():
        yield case("settings", name, "one defect", {"value": value, "epochs": []}, "rotation-settings")


def _invitations() -> Iterator[Json]:
    deep = invited((7, 1, 0, 3, 2, 15, 9, 4), map(entrance, (1, 2, 3)), look=3)
    plain = invited((), [Entrance("http://" + "a" * 56 + ".onion/")], channel="zh-hans", expires=NOW + 99)
    link, text = deep.link("https://news.example.org/r/"), deep.text()
    fragment = link.partition("#")[2]
    for name, given in (
        ("link", link),
        ("mirror-scheme", deep.link()),
        ("text", text),
        ("plain", plain.link()),
    ):
        yield case("invitation", name, "whole", {"text": given})
    typed = " " + text.lower().replace("-", " ").replace("\n", " - ")
    yield case(
        "invitation", "typed", "case, spaces and hyphens do not matter in the text form", {"text": typed}
    )
    damaged = {
        "truncated-link": link[:-1],
        "truncated-text": text[:-1],
        "longer-link": link + "A",
        "padded": link + "=",
        "lower-case-link": link.lower(),
        "space-in-link": link[:60] + " " + link[60:],
        "no-scheme": fragment,
        "wrong-letter": text.replace(text[60], "1", 1),
        "another-letter": text[:99] + ("B" if text[99] != "B" else "C") + text[100:],
        "no-fragment": "https://news.example.org/r/",
        "nothing": "",
    }
    for name, given in damaged.items():
        yield case("invitation", name, "one defect", {"text": given}, "invitation-damaged")
    body = deep.encode()[:-4]
    start = 48 + 2 + 16 * 9
    others = {
        "newer": (b"\x02" + body[1:], "invitation-version"),
        "downgraded": (b"\x00" + body[1:], "invitation-version"),
        "trailing-byte": (body + b"\0", "invitation-format"),
        "too-deep": (body[:1] + b"\x11" + body[2:], "invitation-format"),
        "looks-below-itself": (body[:2] + b"\x09" + body[3:], "invitation-format"),
        "no-endpoint": (body[:start] + b"\0", "invitation-format"),
        "four-endpoints": (body[:start] + b"\x04" + b"\x00\x04a.b/" * 4, "invitation-format"),
        "unknown-flag": (body[: start + 1] + b"\x05" + body[start + 2 :], "invitation-format"),
        "not-ascii": (body[: start + 3] + b"\xff" + body[start + 4 :], "invitation-format"),
        "too-long": (body + bytes(400), "invitation-too-long"),
    }
    for name, (data, code) in others.items():
        whole = data + invitation._checksum(data)
        uri = "mirror:" + urlsafe_b64encode(whole).decode().rstrip("=")
        yield case("invitation", name, "one defect, with the checksum that fits", {"text": uri}, code)


def _slips() -> Iterator[Json]:
    key = WORLD.tree.slip_key(Place((1,)))
    sealer = Sealer(key, PUBLICATION, EPOCH)
    record = sealer.seal(Slip((entrance(1), entrance(2)), 4, EPOCH + 9))
    base = {"key": key.hex(), "publication": PUBLICATION.hex(), "epoch": EPOCH, "record": record.hex()}
    yield case("slip", "whole", "section 6", base)
    other = WORLD.tree.slip_key(Place((2,))).hex()
    for name, change in (
        ("older-epoch", {"epoch": EPOCH + 1}),
        ("another-publication", {"publication": bytes(32).hex()}),
        ("sibling", {"key": other}),
        ("altered", {"record": record[:-1].hex() + f"{record[-1] ^ 1:02x}"}),
    ):
        yield case("slip", name, "does not open: null", base | change)
    content = Slip((), 0, 0).encode()
    nonce = sealer._nonce(content)
    forged = {
        "nonce-not-of-the-content": (bytes(12), content, "slip-format"),
        "newer": (None, b"\x02" + content[1:], "slip-version"),
        "not-zero-at-the-end": (None, content[:-1] + b"\x01", "slip-format"),
        "look-too-deep": (None, content[:1] + b"\x11" + content[2:], "slip-format"),
        "four-entrances": (None, content[:6] + b"\x04" + content[7:], "slip-format"),
    }
    for name, (used, inner, code) in forged.items():
        nonce = sealer._nonce(inner) if used is None else used
        sealed = nonce + sealer._cipher.encrypt(nonce, inner, sealer._bound)
        yield case("slip", name, "rightly sealed, one defect", base | {"record": sealed.hex()}, code)


def _pages() -> Iterator[Json]:
    tree = WORLD.tree
    path_: NodePath
    for path_, look_, bits in (((), 0, 1), ((1, 6), 0, 7), ((1, 6), 1, 7), ((1, 6), 2, 16), ((1, 6), 9, 16)):
        given = of_ring(tree.keyring(path_)) | {"look": look_, "epoch": EPOCH, "bits": bits}
        yield case("look", f"depth-{len(path_)}-look-{look_}-bits-{bits}", "the two pages", given)
    path_zero = f"s/{EPOCH}/0"
    base: Json = {
        "page": path_zero,
        "edits": [],
        "epoch": EPOCH,
        "number": 0,
        "bits": 1,
        "publication": PUBLICATION.hex(),
        "keys": [KEY.hex()],
        "not-before": 0,
    }
    stranger = bytes(range(32)).hex()
    data = FILES[path_zero]
    yield case("page", "whole", "section 8", base)
    yield case("page", "second-key", "any of the keys", base | {"keys": [stranger, KEY.hex()]})
    yield case("page", "index", "kind 1", base | {"page": f"s/{EPOCH}/2", "number": 2})
    refused: dict[str, tuple[Json, str]] = {
        "short": ({"size": 10_239}, "slip-page"),
        "empty": ({"size": 0}, "slip-page"),
        "newer": ({"edits": [[0, 2]]}, "slip-version"),
        "older-epoch": ({"epoch": EPOCH + 1}, "slip-page-other"),
        "swapped": ({"number": 1}, "slip-page-other"),
        "other-number-of-pages": ({"bits": 2}, "slip-page-other"),
        "renamed": ({"number": 1, "edits": [[11, 1]]}, "slip-signature"),
        "issued-later": ({"edits": [[15, data[15] ^ 1]]}, "slip-signature"),
        "altered-record": ({"edits": [[5_000, data[5_000] ^ 1]]}, "slip-signature"),
        "altered-signature": ({"edits": [[79, data[79] ^ 1]]}, "slip-signature"),
        "wrong-publisher": ({"keys": [stranger]}, "slip-signature"),
        "another-publication": ({"publication": bytes(32).hex()}, "slip-signature"),
        "made-again-since": ({"not-before": NOW + 1}, "slip-page-older"),
    }
    for name, (change, code) in refused.items():
        yield case("page", name, "one defect", base | change, code)
    found = {"publication": PUBLICATION.hex(), "epoch": EPOCH, "bits": 1, "look": 0}
    readers = {(1,): "branch", (1, 3, 3): "below", (2, 0): "own", (2, 0, 0): "below-own", (3, 1): "waiting"}
    for path_, name in (readers | {(): "root", (9,): "stranger"}).items():
        yield case("find", name, "what this reader finds", found | of_ring(tree.keyring(path_)))


assert SIGNER.public_key().public_bytes_raw() == KEY
assert looking.bits_for(4) == 1
