"""Nothing but the tree's own names exists."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.bundle.piece import name_of, path_of
from mirror.store.names import MAX_PATH, Kind, kind_of

DIGEST = name_of(b"x")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (path_of(DIGEST), Kind.PIECE),
        ("m/timestamp.json", Kind.STATEMENT),
        ("m/heads/ru", Kind.STATEMENT),
        ("m/heads/" + "a" * 32, Kind.STATEMENT),
        ("m/1.root.json", Kind.METADATA),
        ("m/4294967295.channel-ru.json", Kind.METADATA),
        ("s/0/0", Kind.SLIP),
        ("s/1234567/42", Kind.SLIP),
        ("r/index.html", Kind.PAGE),
        ("r/js/core.v2/mirror-1.js", Kind.PAGE),
    ],
)
def test_a_tree_has(path: str, kind: Kind) -> None:
    assert kind_of(path) is kind


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        ".",
        "..",
        "m",
        "m/",
        "m/timestamp.json/",
        "m/timestamp.json\n",
        "m/timestamp.json\0",
        "/m/timestamp.json",
        "m//timestamp.json",
        "m/./timestamp.json",
        "m/../m/timestamp.json",
        "m/timestamp.json?x",
        "m/timestamp.json#x",
        "m%2ftimestamp.json",
        "m\\timestamp.json",
        "M/timestamp.json",
        "m/Timestamp.json",
        "m/timestamp.json.tmp",
        "m/root.json",
        "m/0.root.json",
        "m/01.root.json",
        "m/1.root.json.old",
        "m/1..json",
        "m/１.root.json",
        "m/1.root/x.json",
        "m/heads/",
        "m/heads/../timestamp.json",
        "m/heads/.ru",
        "m/heads/ru-",
        "m/heads/" + "a" * 33,
        ".mirror/lock",
        "m/.mirror/lock",
        f"p/{DIGEST}",
        f"p/00/{DIGEST}",
        f"p/{DIGEST[:2]}/{DIGEST.upper()}",
        f"p/{DIGEST[:2]}/{DIGEST[:-1]}",
        f"p/{DIGEST[:2]}/{DIGEST}0",
        f"p/{DIGEST[:2]}/../{DIGEST[:2]}/{DIGEST}",
        "s/00/1",
        "s/1",
        "s/1/2/3",
        "s/-1/2",
        "r/",
        "r/.htaccess",
        "r/..",
        "r/a/../b",
        "r/a..b",
        "r/a.",
        "r/a./b",
        "r/a/b/c/d",
        "r/a%2e",
        "r/" + "a" * MAX_PATH,
    ],
)
def test_a_tree_has_not(path: str) -> None:
    assert kind_of(path) is None


@given(st.text(max_size=80) | st.from_regex(r"[mpsr]/[a-z0-9./%-]{0,40}", fullmatch=True))
def test_whatever_is_named_stays_inside(path: str) -> None:
    if kind_of(path) is not None:
        assert path.isascii()
        assert path[:2] in {"m/", "p/", "s/", "r/"}
        assert all(part.strip(".") == part and part for part in path.split("/"))
