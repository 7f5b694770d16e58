"""The vectors of rotation: this code does what they say, and they say what ROTATION.md says."""

import hashlib
import hmac
import json
import re
import runpy
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from helpers.report_vectors import REPORT_PRIVATE
from helpers.rotation_vectors import PAGES, RUNNERS, run

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "vectors"
FILES: dict[str, Any] = {
    path.name: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("rotation_*.json"))
}
CASES: list[Any] = [
    case for value in FILES.values() for case in (value if isinstance(value, list) else value["cases"])
]


def hkdf(key: bytes, info: bytes, size: int) -> bytes:
    """RFC 5869 written down, so that the vectors do not rest on one library alone."""
    secret = hmac.digest(bytes(32), key, hashlib.sha256)
    output = block = b""
    while len(output) < size:
        block = hmac.digest(secret, block + info + bytes([len(output) // 32 + 1]), hashlib.sha256)
        output += block
    return output[:size]


@pytest.mark.parametrize("case", [pytest.param(each, id=f"{each['kind']}-{each['name']}") for each in CASES])
def test_a_vector_becomes_what_it_says(case: Any) -> None:
    assert run(case) == (case["expect"], case["output"])


def test_the_files_are_what_is_made() -> None:
    made = runpy.run_path(str(FOLDER / "make_rotation_vectors.py"))["files"]()
    assert made == {name: (FOLDER / name).read_text("utf-8") for name in FILES}
    assert FILES["rotation_slips.json"]["pages"] == PAGES


def test_there_are_good_ones_and_bad_ones() -> None:
    assert len({(each["kind"], each["name"]) for each in CASES}) == len(CASES) > 80
    assert {each["kind"] for each in CASES} == set(RUNNERS)
    refusing = {each["kind"] for each in CASES if each["expect"] != "ok"}
    reports = {"report", "report-text", "report-made"}
    assert refusing == {"invitation", "slip", "page", "settings"} | reports
    assert all((each["output"] is None) or each["expect"] == "ok" for each in CASES)


def test_every_code_that_a_reader_can_meet_has_a_vector() -> None:
    text = (ROOT / "src" / "mirror" / "rotation" / "ROTATION.md").read_text("utf-8")
    table = dict(
        re.findall(r"^\| `([a-z-]+)` \| (?:Format|Limit|Trust)Error \| (.*) \|$", text, re.MULTILINE)
    )
    unmet = {"invitation-foreign", "invitation-expired", "invitation-too-deep", "slip-too-long"}
    unmet |= {"slips-crowded", "endpoints-too-many"}
    # Pictures are no vectors: what is in them is (test_rotation_scanning.py).
    unmet |= {f"invitation-{each}" for each in ("picture-large", "picture-unreadable", "no-code")}
    unmet |= {"invitation-codes", "invitation-code-other"}
    assert unmet < set(table)
    assert {each["expect"] for each in CASES} - {"ok"} == set(table) - unmet


def test_the_derivations_are_the_documents() -> None:
    """From ROTATION.md sections 2 and 7 alone."""
    for case in (each for each in CASES if each["kind"] == "node"):
        given, output = case["input"], case["output"]
        publication, secret = bytes.fromhex(given["publication"]), bytes.fromhex(given["secret"])
        branch = hkdf(secret, b"mirror/1/root" + publication, 16)
        ancestors = []
        for index in given["path"]:
            ancestors.append(hkdf(branch, b"mirror/1/subtree", 16).hex())
            branch = hkdf(branch, b"mirror/1/child" + index.to_bytes(2, "big"), 16)
        assert output == {
            "ancestors": ancestors,
            "branch": branch.hex(),
            "own": hkdf(branch, b"mirror/1/own", 16).hex(),
            "subtree": hkdf(branch, b"mirror/1/subtree", 16).hex(),
            "tag": hkdf(branch, b"mirror/1/tag", 8).hex(),
        }
    for case in (each for each in CASES if each["kind"] == "look"):
        given = case["input"]
        own = hkdf(bytes.fromhex(given["branch"]), b"mirror/1/subtree", 16).hex()
        anchor = [*given["ancestors"], own][min(given["look"], len(given["ancestors"]))]
        info = b"mirror/1/page" + given["epoch"].to_bytes(4, "big")
        digest, count = hkdf(bytes.fromhex(anchor), info, 16), 2 ** given["bits"]
        first = int.from_bytes(digest[:8], "big") % count
        second = (first + 1 + int.from_bytes(digest[8:], "big") % (count - 1)) % count
        assert case["output"] == [f"s/{given['epoch']}/{number}" for number in sorted((first, second))]


def test_a_record_is_the_documents() -> None:
    """From ROTATION.md section 6 alone, but for AES itself: keys, nonce and what is bound."""
    given = next(each for each in CASES if each["kind"] == "slip" and each["name"] == "whole")["input"]
    number = given["epoch"].to_bytes(4, "big")
    both = hkdf(bytes.fromhex(given["key"]), b"mirror/1/seal" + number, 64)
    bound = b"mirror/1/slip" + bytes.fromhex(given["publication"]) + number
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    record = bytes.fromhex(given["record"])
    content = AESGCM(both[:32]).decrypt(record[:12], record[12:], bound)
    assert len(content) == 480
    assert record[:12] == hmac.digest(both[32:], bound + content, hashlib.sha256)[:12]


def test_a_report_is_the_documents() -> None:
    """From ROTATION.md section 10 alone, but for HPKE, which is the library's here."""
    case = next(each for each in CASES if each["kind"] == "report-made" and each["name"] == "country")
    given, publication = case["input"], bytes.fromhex(case["input"]["publication"])
    data = bytes.fromhex(case["output"]["data"])
    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    private = X25519PrivateKey.from_private_bytes(REPORT_PRIVATE)
    content = suite.decrypt(data[1:], private, info=b"mirror/1/report" + publication)
    assert (len(data), data[0], len(content)) == (300, 1, 251)
    branch = bytes.fromhex(given["branch"])
    nodes = [*map(bytes.fromhex, given["ancestors"][1:]), hkdf(branch, b"mirror/1/subtree", 16)]
    both = hkdf(branch, b"mirror/1/report-keys", 64)
    marks = []
    for each in given["silent"]:
        scheme, _, rest = each["text"].partition("://")
        key = bytes.fromhex(each["key"])
        flags = (1 if key else 0) + (2 if scheme == "http" else 0)
        text = bytes([flags, len(rest)]) + rest.encode() + key
        marks.append(hmac.digest(both[32:], b"mirror/1/mark" + text, hashlib.sha256)[:8])
    said = given["epoch"].to_bytes(4, "big") + b"BY" + bytes([len(nodes)])
    said += b"".join(hkdf(each, b"mirror/1/name", 8) for each in nodes)
    said += bytes([len(marks)]) + b"".join(sorted(marks))
    proof = hmac.digest(both[:32], b"mirror/1/report" + publication + said, hashlib.sha256)[:16]
    assert content == (said + proof).ljust(251, b"\0")
    assert case["output"]["line"] == urlsafe_b64encode(data).decode()
