"""Key files: what was sealed is opened, by its passphrase only, and a hostile file costs nothing."""

import hashlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import example, given
from hypothesis import strategies as st

from mirror.errors import FormatError, LimitError, TrustError
from mirror.limits import MAX_KEY_FILE
from mirror.trust.keys import (
    ARGON2ID,
    SCRYPT,
    Kdf,
    PublicKey,
    open_key,
    public_key,
    public_key_from_pem,
    seal_key,
    signer_of,
    verify,
)

SEED, SALT, NONCE = bytes(range(32)), b"s" * 16, b"n" * 12
CHEAP = Kdf("argon2id", memory=64, passes=1, lanes=1)
CHEAP_SCRYPT = Kdf("scrypt", memory=16, passes=1, lanes=1)
FILE = seal_key(SEED, "correct horse", SALT, NONCE, name="ann-1", kdf=CHEAP)


def changed(data: bytes, **fields: Any) -> bytes:
    """A key file with other fields and a right checksum: as someone who knows the format makes it."""
    body = json.loads(data) | fields
    body.pop("check")
    check = hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    return json.dumps(body | {"check": check}, sort_keys=True, separators=(",", ":")).encode() + b"\n"


@pytest.mark.parametrize("kdf", [CHEAP, CHEAP_SCRYPT])
def test_a_sealed_key_signs_as_the_seed_does(kdf: Kdf) -> None:
    data = seal_key(SEED, "correct horse", SALT, NONCE, name="ann-1", kdf=kdf)
    signer = open_key(data, "correct horse")
    signature = bytes.fromhex(signer.sign(b"payload").signature)
    assert signature == Ed25519PrivateKey.from_private_bytes(SEED).sign(b"payload")
    assert verify(signer.public_key, signature, b"payload")
    assert not verify(signer.public_key, signature, b"payloae")


def test_the_same_input_gives_the_same_file() -> None:
    assert seal_key(SEED, "correct horse", SALT, NONCE, name="ann-1", kdf=CHEAP) == FILE


def test_the_public_half_is_readable_without_a_passphrase() -> None:
    known = public_key(FILE)
    assert known == PublicKey("ann-1", signer_of(SEED).public_key)
    assert known.keyid == open_key(FILE, "correct horse").public_key.keyid


def test_the_seed_is_not_in_the_file() -> None:
    assert SEED.hex().encode() not in FILE
    assert SEED not in FILE


@pytest.mark.parametrize("wrong", ["", "correct hors", "Correct horse", "correct horse "])
def test_another_passphrase_does_not_open(wrong: str) -> None:
    with pytest.raises(TrustError) as refused:
        open_key(FILE, wrong)
    assert refused.value.code == "key-passphrase"


def test_a_passphrase_typed_on_another_system_opens() -> None:
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    data = seal_key(SEED, composed, SALT, NONCE, name="ann", kdf=CHEAP)
    assert open_key(data, decomposed).public_key == signer_of(SEED).public_key


@given(st.integers(0, len(FILE) - 1), st.integers(1, 255))
def test_a_damaged_file_is_called_damaged(at: int, flip: int) -> None:
    damaged = FILE[:at] + bytes([FILE[at] ^ flip]) + FILE[at + 1 :]
    with pytest.raises(FormatError) as refused:
        open_key(damaged, "correct horse")
    assert refused.value.code == "key-damaged"


@given(st.one_of(st.binary(max_size=300), st.text().map(str.encode)))
@example(FILE[:-1])
@example(FILE + b"\n")
@example(b" " + FILE)
@example(FILE.replace(b'"name"', b'"Name"'))
@example(b"[" * 9_000)
@example(b"x" * (MAX_KEY_FILE + 1))
@example(changed(FILE, version=2))
@example(changed(FILE, extra=1))
@example(changed(FILE, name="../x"))
@example(changed(FILE, name=7))
@example(changed(FILE, keyid="00" * 32))
@example(changed(FILE, public="00" * 31))
@example(changed(FILE, public="AB" * 32))
@example(changed(FILE, kdf=[]))
@example(changed(FILE, cipher="none"))
@example(changed(FILE, nonce="00"))
@example(changed(FILE, kdf={"name": "argon2id", "memory": "64", "passes": 1, "lanes": 1, "salt": "00" * 16}))
def test_what_is_no_key_file_raises_only_our_errors(data: bytes) -> None:
    with pytest.raises(FormatError) as refused:
        open_key(data, "x")
    assert refused.value.code == "key-damaged"


@pytest.mark.parametrize("field", ["name", "nonce", "sealed", "kdf"])
def test_nothing_in_the_file_can_be_changed_by_who_has_no_passphrase(field: str) -> None:
    """The header is associated data: a thief cannot even rename the key, or cheapen its lock."""
    fields = json.loads(FILE)
    other = {
        "name": "bob",
        "nonce": "00" * 12,
        "sealed": "00" * 48,
        "kdf": fields["kdf"] | {"salt": "00" * 16},
    }[field]
    with pytest.raises(TrustError) as refused:
        open_key(changed(FILE, **{field: other}), "correct horse")
    assert refused.value.code == "key-passphrase"


@pytest.mark.parametrize(
    "cost",
    [
        {"memory": 100 << 20},
        {"memory": (1 << 20) + 1},
        {"memory": 1},
        {"memory": 0},
        {"memory": -1},
        {"passes": 1_000},
        {"passes": 0},
        {"lanes": 17},
        {"lanes": 10**30},
        {"name": "scrypt", "memory": 24},
        {"name": "scrypt", "memory": 16, "passes": 2},
        {"name": "pbkdf2"},
    ],
)
def test_a_hostile_cost_is_refused_before_it_is_paid(cost: dict[str, Any]) -> None:
    fields = json.loads(FILE)
    with pytest.raises(LimitError) as refused:
        open_key(changed(FILE, kdf=fields["kdf"] | cost), "correct horse")
    assert refused.value.code == "key-cost"


def test_the_default_costs_are_within_our_own_bounds_and_not_cheap() -> None:
    assert ARGON2ID.memory >= 64 << 10
    assert SCRYPT.memory * 1_024 >= 64 << 20


def test_a_passphrase_of_a_megabyte_is_refused() -> None:
    with pytest.raises(LimitError) as refused:
        open_key(FILE, "x" * 1_025)
    assert refused.value.code == "key-passphrase"


@pytest.mark.parametrize(
    ("seed", "passphrase", "salt", "nonce", "name"),
    [
        (b"x", "p", SALT, NONCE, "ann"),
        (SEED, "", SALT, NONCE, "ann"),
        (SEED, "p", b"", NONCE, "ann"),
        (SEED, "p", SALT, b"", "ann"),
        (SEED, "p", SALT, NONCE, "Ann B"),
    ],
)
def test_the_callers_own_mistakes_are_value_errors(
    seed: bytes, passphrase: str, salt: bytes, nonce: bytes, name: str
) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        seal_key(seed, passphrase, salt, nonce, name=name, kdf=CHEAP)


def test_a_hardware_key_comes_as_pem() -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    token = public_key_from_pem(pem, "token")
    signature = private.sign(b"payload", ec.ECDSA(SHA256()))
    assert verify(token.key, signature, b"payload")
    assert not verify(token.key, signature, b"other")
    assert not verify(token.key, b"", b"payload")


def test_other_kinds_of_keys_are_not_taken() -> None:
    form = Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    curve = ec.generate_private_key(ec.SECP384R1()).public_key().public_bytes(*form)
    pems = [curve, rsa.generate_private_key(65_537, 2_048).public_key().public_bytes(*form)]
    for pem in (*pems, b"", b"-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n", b"\xff" * 99):
        with pytest.raises(FormatError) as refused:
            public_key_from_pem(pem, "token")
        assert refused.value.code == "key-damaged"
