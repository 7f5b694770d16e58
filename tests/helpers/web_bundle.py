"""The bundle in Python and in the browser's core: the same question to both, the same answer from both."""

from hypothesis import strategies as st

from helpers.bundle_vectors import RUNNERS, Case, digest_of
from helpers.node import Node, Refused
from mirror.errors import FormatError


def by_python(kind: str, given: Case) -> str | Refused:
    """The ``released_sha256`` of what Python decodes, or how it refuses."""
    try:
        return digest_of(RUNNERS[kind](given))
    except FormatError as error:
        return Refused(type(error).__name__, error.code)


def agreed(node: Node, kind: str, given: Case) -> str | Refused:
    """What both say; an ``AssertionError`` where they differ."""
    expected = by_python(kind, given)
    found = node.ask(f"bundle-{kind}", given)
    assert found == expected, f"{kind}: {found} in the browser, {expected} in Python"
    return expected


@st.composite
def damage(draw: st.DrawFn, whole: bytes) -> bytes:
    """``whole`` with one defect: a byte changed, put in or left out, cut off, or with bytes behind it."""
    at = draw(st.integers(0, len(whole) - 1))
    # The bytes at which a format's branches part, and any other.
    byte = draw(
        st.sampled_from(b"\x00\x01\x0b\x0e\x1d\x1e\x1f\x20\x7f\x80\xc2\xe0\xed\xf0\xff") | st.integers(0, 255)
    )
    match draw(st.sampled_from(["change", "insert", "leave out", "cut", "follow"])):
        case "change":
            return whole[:at] + bytes([byte]) + whole[at + 1 :]
        case "insert":
            return whole[:at] + bytes([byte]) + whole[at:]
        case "leave out":
            return whole[:at] + whole[at + 1 :]
        case "cut":
            return whole[:at]
        case _:
            return whole + bytes([byte])


def maybe_damaged(whole: bytes) -> st.SearchStrategy[bytes]:
    """``whole``, or ``whole`` with one defect."""
    return st.just(whole) | damage(whole) if whole else st.just(whole)
