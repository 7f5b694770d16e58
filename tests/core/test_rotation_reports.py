"""Reports: one size, opened by the publisher alone, and said by nobody but who was invited."""

from collections import Counter
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from hypothesis import given
from hypothesis import strategies as st

from helpers.rotation import EPOCH, NOW, PUBLICATION, SECRET, entrance, entrances, few_paths
from mirror.errors import FormatError, MirrorError, TrustError
from mirror.limits import MAX_FRIENDS, REPORT_SIZE
from mirror.rotation import hpke, reports, spelling
from mirror.rotation.epochs import DAY, Calendar
from mirror.rotation.keys import KeyTree, NodePath
from mirror.rotation.paths import Entrance
from mirror.rotation.reports import Branch, Nodes, Statement, apart, open_report, parse

TREE = KeyTree(SECRET, PUBLICATION)
PRIVATE = bytes(range(200, 232))
PUBLIC = hpke.public_of(PRIVATE)
SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
secrets = st.binary(min_size=32, max_size=32)
countries = st.from_regex("([A-Z]{2})?", fullmatch=True)
silences = st.lists(entrances, min_size=1, max_size=9)


def made(
    path: NodePath = (20, 3), silent: list[Entrance] | None = None, epoch: int = EPOCH, country: str = ""
) -> tuple[Statement, bytes]:
    """What the reader at ``path`` says, and the report."""
    said = reports.state(TREE.keyring(path), PUBLICATION, epoch, silent or [entrance(1)], country)
    return said, sealed(said, path)


def sealed(said: Statement, path: NodePath = (20, 3), fresh: bytes = bytes(range(32))) -> bytes:
    """``said`` as the reader at ``path`` would say it."""
    return reports.seal(said, Branch(TREE.branch(path), PUBLICATION), PUBLICATION, PUBLIC, fresh)


def taken(data: bytes, *given: NodePath, publication: bytes = PUBLICATION) -> tuple[NodePath, Statement]:
    """What the publisher takes from a report; it gave the ``given`` nodes away."""
    unproved = open_report(data, PRIVATE, publication)
    path, branch = Nodes(KeyTree(SECRET, publication), given).find(unproved.unverified_statement.names)
    return path, unproved.proved(branch)


def code_of(data: bytes, *given: NodePath, publication: bytes = PUBLICATION) -> str:
    """Why the publisher refuses it; empty when it does not."""
    try:
        taken(data, *given, publication=publication)
    except MirrorError as error:
        return error.code
    return ""


@given(st.binary(max_size=400), secrets, secrets, st.binary(max_size=80))
def test_sealing_is_the_standard_s(message: bytes, private: bytes, fresh: bytes, info: bytes) -> None:
    key = X25519PrivateKey.from_private_bytes(private)
    public = hpke.public_of(private)
    assert SUITE.decrypt(hpke.seal(message, public, info, fresh), key, info=info) == message
    theirs = SUITE.encrypt(message, X25519PublicKey.from_public_bytes(public), info=info)
    assert hpke.open_sealed(theirs, private, info) == message
    assert hpke.open_sealed(theirs, private, info + b"x") is None


@given(few_paths, st.integers(0, 2**32 - 1), silences, countries, secrets)
def test_what_a_reader_says_is_what_the_publisher_takes(
    path: NodePath, epoch: int, silent: list[Entrance], country: str, fresh: bytes
) -> None:
    said = reports.state(TREE.keyring(path), PUBLICATION, epoch, silent, country)
    data = sealed(said, path, fresh)
    assert len(data) == REPORT_SIZE
    assert taken(data) == (path, said)
    branch = Branch(TREE.branch(path), PUBLICATION)
    assert set(said.marks) == set(map(branch.mark, silent))
    assert parse(spelling.line(data)) == parse(spelling.letters(data)) == data


def test_the_longest_fits_and_looks_like_the_shortest() -> None:
    path = (65_535, *range(15))
    _, longest = made(path, [entrance(number) for number in range(9)], country="BY")
    _, shortest = made((20,))
    assert len(longest) == len(shortest) == REPORT_SIZE
    assert taken(longest, path[:1])[0] == path
    with pytest.raises(ValueError, match="marks"):
        made(silent=[entrance(number) for number in range(10)])
    with pytest.raises(ValueError, match="country"):
        made(country="by")


@given(st.integers(0, REPORT_SIZE - 1), st.integers(1, 255))
def test_no_byte_can_be_altered(at: int, how: int) -> None:
    _, data = made()
    assert code_of(data, (20,)) == ""
    altered = bytearray(data)
    altered[at] ^= how
    assert code_of(bytes(altered), (20,)) == ("report-unreadable" if at else "report-version")


@given(st.binary(max_size=2 * REPORT_SIZE) | st.binary(min_size=REPORT_SIZE, max_size=REPORT_SIZE))
def test_garbage_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(FormatError, match=r"^A report"):
        open_report(data, PRIVATE, PUBLICATION)


@given(st.binary(max_size=reports.CONTENT_SIZE))
def test_whatever_somebody_seals_is_refused(content: bytes) -> None:
    """The key that reports are sealed for is public."""
    padded = content.ljust(reports.CONTENT_SIZE, b"\0")
    data = b"\x01" + hpke.seal(padded, PUBLIC, b"mirror/1/report" + PUBLICATION, bytes(range(32)))
    assert code_of(data, (20,)) in {"report-format", "report-forged"}


def test_nobody_speaks_for_a_branch_that_is_not_theirs() -> None:
    said, _ = made((20, 3))
    for other in ((20, 4), (21, 3), (20, 3, 0), (20, 3, 15), (21,)):
        assert code_of(sealed(said, other), (20,), (21,)) == "report-forged", other
    # Whoever invited a reader can make all that this reader can, and so can the publisher.
    assert code_of(sealed(said, (20, 3)), (20,)) == ""


def test_what_was_proved_cannot_be_moved() -> None:
    """With the proof of a report that somebody opened, who holds no key of the branch."""
    said, data = made()
    kept = open_report(data, PRIVATE, PUBLICATION)
    branch = Branch(TREE.branch((20, 3)), PUBLICATION)
    assert kept.proved(branch) == said
    for changed in (
        replace(said, epoch=EPOCH + 1),
        replace(said, country="RU"),
        replace(said, marks=(b"\0" * 8, *said.marks)),
        replace(said, names=said.names[:1]),
    ):
        with pytest.raises(TrustError) as caught:
            replace(kept, unverified_statement=changed).proved(branch)
        assert caught.value.code == "report-forged"
    with pytest.raises(TrustError):
        kept.proved(Branch(TREE.branch((20, 3)), bytes(32)))


def test_another_publication_opens_nothing() -> None:
    _, data = made()
    assert code_of(data, publication=bytes(32)) == "report-unreadable"


def test_a_report_counts_for_a_week() -> None:
    _, data = made()
    unproved = open_report(data, PRIVATE, PUBLICATION)
    calendar = Calendar()
    for now in (NOW - DAY, NOW, (EPOCH + 8) * DAY - 1):
        unproved.check_epoch(calendar, now)
    for now, code in (((EPOCH + 8) * DAY, "report-old"), ((EPOCH - 1) * DAY - 1, "report-ahead")):
        with pytest.raises(TrustError) as caught:
            unproved.check_epoch(calendar, now)
        assert caught.value.code == code


def test_the_same_word_looks_different_each_time() -> None:
    said, data = made()
    again = sealed(said, fresh=bytes(range(1, 33)))
    same = sum(a == b for a, b in zip(data[1:], again[1:], strict=True))
    assert same < 12, "one byte in 256 by chance"
    assert taken(again, (20,))[1] == said


def test_marks_tell_nothing_without_the_branch() -> None:
    marks = Counter(Branch(TREE.branch((20, index)), PUBLICATION).mark(entrance(1)) for index in range(50))
    assert len(marks) == 50
    branch = Branch(TREE.branch((20,)), PUBLICATION)
    other_key = Entrance(entrance(1).text, bytes(16))
    assert branch.mark(entrance(1)) != branch.mark(other_key)


def test_friends_of_friends_are_found_and_strangers_are_not() -> None:
    path = (20, MAX_FRIENDS - 1, 0, 7)
    assert taken(made(path)[1], (20,))[0] == path
    beyond = (20, MAX_FRIENDS, 0)  # the publisher gives these, and did not
    assert code_of(made(beyond)[1], (20,)) == "report-forged"
    assert taken(made(beyond)[1], (20,), beyond[:2])[0] == beyond


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from(("line", "letters", "wrapped"))), max_size=6))
def test_many_reports_in_one_text(which: list[tuple[int, str]]) -> None:
    datas = [sealed(made()[0], fresh=bytes([number] * 32)) for number in range(1, 11)]
    parts = []
    for number, form in which:
        line = spelling.line(datas[number])
        wrapped = "\r\n".join(line[at : at + 76] for at in range(0, len(line), 76))
        parts.append({"line": line, "letters": spelling.letters(datas[number]), "wrapped": wrapped}[form])
    assert list(map(parse, apart("\n\n".join(parts)))) == [datas[number] for number, _ in which]


def test_whole_lines_need_nothing_between_them() -> None:
    lines = [spelling.line(sealed(made()[0], fresh=bytes([number] * 32))) for number in (1, 2)]
    assert apart("\n".join(lines)) == lines
    assert apart("a word\n" + lines[0] + "\nmore\n\n") == ["a word", lines[0], "more"]
    assert apart("") == []


@given(st.text(max_size=500))
def test_any_text_is_a_report_or_refused(text: str) -> None:
    for each in apart(text):
        with pytest.raises(FormatError):
            open_report(parse(each), PRIVATE, PUBLICATION)
