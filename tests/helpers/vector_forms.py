"""How the vectors of rotation write things down as JSON: bytes are hex."""

from typing import Any

from mirror.rotation.keys import Keyring
from mirror.rotation.slips import Slip

Json = Any


def of_slip(slip: Slip | None) -> Json:
    if slip is None:
        return None
    entrances = [{"key": each.key.hex(), "text": each.text} for each in slip.entrances]
    return {"entrances": entrances, "look": slip.look, "until": slip.until}


def ring(given: Json) -> Keyring:
    return Keyring(bytes.fromhex(given["branch"]), tuple(map(bytes.fromhex, given["ancestors"])))


def of_ring(given: Keyring) -> Json:
    return {"ancestors": [key.hex() for key in given.ancestors], "branch": given.branch.hex()}


def case(kind: str, name: str, why: str, given: Json, expect: str = "ok") -> Json:
    return {"kind": kind, "name": name, "why": why, "input": given, "expect": expect}
