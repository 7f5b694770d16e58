"""The vectors of reports: as a reader makes them, and what a publisher says to each."""

import hmac
from collections.abc import Callable, Iterator
from dataclasses import replace

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from helpers.rotation import EPOCH, NOW, PUBLICATION, SECRET, entrance
from helpers.vector_forms import Json, case, of_ring, of_slip, ring
from mirror.rotation import hpke, reports, spelling
from mirror.rotation.epochs import Calendar
from mirror.rotation.keys import KeyTree, NodePath
from mirror.rotation.paths import Entrance
from mirror.rotation.reports import Branch
from mirror.rotation.slips import Slip

TREE = KeyTree(SECRET, PUBLICATION)
REPORTER: NodePath = (20, 33, 1)  # invited by the publisher's two, and then by a reader
REPORT_PRIVATE = bytes(range(200, 232))
REPORT_KEY = hpke.public_of(REPORT_PRIVATE)
FRESH = bytes(range(60, 92))


def made_report(given: Json) -> Json:
    keyring, publication = ring(given), bytes.fromhex(given["publication"])
    silent = [Entrance(each["text"], bytes.fromhex(each["key"])) for each in given["silent"]]
    statement = reports.state(keyring, publication, given["epoch"], silent, given["country"])
    public, fresh = bytes.fromhex(given["report-key"]), bytes.fromhex(given["fresh"])
    data = reports.seal(statement, Branch(keyring.branch, publication), publication, public, fresh)
    return {"data": data.hex(), "letters": spelling.letters(data), "line": spelling.line(data)}


def report_text(given: Json) -> Json:
    return {"data": reports.parse(given["text"]).hex()}


def report(given: Json) -> Json:
    publication, secret = bytes.fromhex(given["publication"]), bytes.fromhex(given["secret"])
    unproved = reports.open_report(bytes.fromhex(given["data"]), bytes.fromhex(given["private"]), publication)
    unproved.check_epoch(Calendar(given["seconds"]), given["now"])
    nodes = reports.Nodes(KeyTree(secret, publication), list(map(tuple, given["given"])))
    path_, branch = nodes.find(unproved.unverified_statement.names)
    said = unproved.proved(branch)
    marks = [each.hex() for each in said.marks]
    return {"country": said.country, "epoch": said.epoch, "marks": marks, "path": list(path_)}


RUNNERS: dict[str, Callable[[Json], Json]] = {
    "report-made": made_report,
    "report-text": report_text,
    "report": report,
}


def cases() -> Iterator[Json]:
    ring_ = TREE.keyring(REPORTER)
    silent = [entrance(1), Entrance("http://" + "a" * 56 + ".onion/")]
    base: Json = of_ring(ring_) | {
        "publication": PUBLICATION.hex(),
        "epoch": EPOCH,
        "silent": of_slip(Slip(tuple(silent), 0, 0))["entrances"],
        "country": "",
        "report-key": REPORT_KEY.hex(),
        "fresh": FRESH.hex(),
    }
    many = of_slip(Slip(tuple(map(entrance, range(9))), 0, 0))["entrances"]
    deep = of_ring(TREE.keyring((20, *range(15))))
    yield case("report-made", "plain", "section 10", base)
    yield case("report-made", "country", "one who says where", base | {"country": "BY"})
    yield case("report-made", "longest", "depth 16, nine entrances", base | deep | {"silent": many})
    no_key = base | {"report-key": bytes(32).hex()}
    yield case("report-made", "no-key", "a point of small order", no_key, "rotation-settings")
    data = reported(reports.state(ring_, PUBLICATION, EPOCH, silent))
    line, text = spelling.line(data), spelling.letters(data)
    texts = {
        "line": line,
        "broken-line": f" {line[:76]}\r\n{line[76:]}\n",
        "letters": text,
        "typed": text.lower().replace("-", " "),
    }
    for name, given in texts.items():
        yield case("report-text", name, "whole", {"text": given})
    damaged = {
        "cut-line": line[:-1],
        "longer-line": line + "A",
        "padded-line": line + "=",
        "foreign-letter": text.replace(text[60], "1", 1),
        "cut-letters": text[:-1],
        "nothing": "",
    }
    for name, given in damaged.items():
        yield case("report-text", name, "one defect", {"text": given}, "report-damaged")
    yield from _judged(data, silent)


def _judged(data: bytes, silent: list[Entrance]) -> Iterator[Json]:
    """What a publisher says to reports."""
    base: Json = {
        "data": data.hex(),
        "private": REPORT_PRIVATE.hex(),
        "publication": PUBLICATION.hex(),
        "secret": SECRET.hex(),
        "given": [[20], list(REPORTER[:2])],
        "now": NOW,
        "seconds": 86_400,
    }

    def judged(name: str, why: str, change: Json, expect: str = "ok") -> Json:
        return case("report", name, why, base | change, expect)

    said = reports.state(TREE.keyring(REPORTER), PUBLICATION, EPOCH, silent, "BY")
    friend = reports.state(TREE.keyring((*REPORTER, 15, 0)), PUBLICATION, EPOCH, silent)
    yield judged("whole", "section 10", {"data": reported(said).hex()})
    yield judged("friend", "of whom the publisher never heard", {"data": reported(friend, 15, 0).hex()})
    ahead = reports.state(TREE.keyring(REPORTER), PUBLICATION, EPOCH + 1, silent)
    yield judged("the-next-epoch", "of a clock that is a little fast", {"data": reported(ahead).hex()})
    yield judged("a-week-later", "carried by hand", {"now": NOW + 7 * 86_400})
    for name, now, code in (
        ("an-old-epoch", (EPOCH + 8) * 86_400, "report-old"),
        ("an-epoch-to-come", (EPOCH - 1) * 86_400 - 1, "report-ahead"),
    ):
        yield judged(name, "replayed at another time", {"now": now}, code)
    flipped = {f"altered-{at}": data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :] for at in (1, 33, 299)}
    flipped["altered-top-bit"] = data[:32] + bytes([data[32] ^ 0x80]) + data[33:]
    flipped["small-order"] = small_order(data)
    unreadable: Json = {name: {"data": each.hex()} for name, each in flipped.items()}
    unreadable["another-publication"] = {"publication": bytes(32).hex()}
    unreadable["another-key"] = {"private": bytes(range(32)).hex()}
    for name, change in unreadable.items():
        yield judged(name, "one defect", change, "report-unreadable")
    for name, sized in (("truncated", data[:-1]), ("longer", data + b"\0"), ("empty", b"")):
        yield judged(name, "one defect", {"data": sized.hex()}, "report-size")
    for version in (0, 2):
        newer = bytes([version]) + data[1:]
        yield judged(f"version-{version}", "another form", {"data": newer.hex()}, "report-version")
    ours, sibling = Branch(TREE.branch(REPORTER), PUBLICATION), Branch(TREE.branch((20, 2)), PUBLICATION)
    elsewhere = replace(said, names=(*said.names[:-1], bytes(8)))
    forged = {
        "sibling": (said, sibling.proof(said)),
        "no-key": (said, bytes(16)),
        "no-such-node": (elsewhere, ours.proof(elsewhere)),
        "another-epoch": (replace(said, epoch=EPOCH + 1), ours.proof(said)),
        "another-country": (replace(said, country="RU"), ours.proof(said)),
        "one-more-entrance": (replace(said, marks=(*said.marks, b"\xff" * 8)), ours.proof(said)),
        "proved-to-another-publication": (said, Branch(TREE.branch(REPORTER), bytes(32)).proof(said)),
    }
    for name, (statement, proof) in forged.items():
        sealed = sealed_content(statement.encode() + proof)
        yield judged(name, "rightly sealed, wrongly proved", {"data": sealed.hex()}, "report-forged")
    body = said.encode()
    names = 7 + 8 * len(said.names)
    contents = {
        "country-in-small-letters": body[:4] + b"by" + body[6:],
        "country-of-one-letter": body[:4] + b"B\0" + body[6:],
        "too-deep": body[:6] + bytes([17]) + body[7:names] + bytes(8 * 15) + body[names:],
        "no-entrance": body[:names] + b"\0",
        "ten-entrances": body[:names] + bytes([10]) + b"".join(each.to_bytes(8, "big") for each in range(10)),
        "entrances-out-of-order": body[:-16] + body[-8:] + body[-16:-8],
        "entrance-twice": body[:-16] + body[-8:] * 2,
    }
    for name, inner in contents.items():
        proof = hmac_of(ours, inner)
        yield judged(name, "one defect", {"data": sealed_content(inner + proof).hex()}, "report-format")
    trailing = (body + ours.proof(said)).ljust(reports.CONTENT_SIZE - 1, b"\0") + b"\x01"
    yield judged(
        "not-zero-at-the-end", "one defect", {"data": sealed_content(trailing).hex()}, "report-format"
    )


def reported(statement: reports.Statement, *below: int) -> bytes:
    """``statement`` of the reporter, or of a friend ``below`` it, as a report."""
    branch = Branch(TREE.branch((*REPORTER, *below)), PUBLICATION)
    return reports.seal(statement, branch, PUBLICATION, REPORT_KEY, FRESH)


def sealed_content(content: bytes) -> bytes:
    """What a report would be with any content."""
    padded = content.ljust(reports.CONTENT_SIZE, b"\0")
    return bytes([reports.VERSION]) + hpke.seal(padded, REPORT_KEY, b"mirror/1/report" + PUBLICATION, FRESH)


def small_order(data: bytes) -> bytes:
    """``data`` sealed under a secret that everybody knows: that of the point 0."""
    info = b"mirror/1/report" + PUBLICATION
    key, nonce = hpke._schedule(bytes(32), bytes(32) + REPORT_KEY, info)
    content = hpke.open_sealed(data[1:], REPORT_PRIVATE, info)
    assert content is not None
    return data[:1] + bytes(32) + AESGCM(key).encrypt(nonce, content, None)


def hmac_of(branch: Branch, content: bytes) -> bytes:
    """The proof of a content that no ``Statement`` can have."""
    return hmac.digest(branch._proof_key, branch._bound + content, "sha256")[:16]
