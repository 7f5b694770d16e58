"""What the browser's reader makes of bytes is what Python makes of them: good ones, damaged ones, garbage."""

import random
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.test_bundle_archive import SMALL, trees, written
from core.test_bundle_codebook import MIXED, TRAINED, codebook_strategy
from core.test_bundle_manifest import any_manifest, bare, tables
from helpers.bundle_vectors import packed
from helpers.editions import CHANNEL, many, piece_lists, texts
from helpers.node import Node, Refused, running
from helpers.web_bundle import agreed, by_python, damage, maybe_damaged
from mirror.bundle import dictionary as dictionaries
from mirror.bundle import manifest as manifests
from mirror.bundle import page as pages
from mirror.bundle import parcel, piece
from mirror.bundle.codebook import Codebook
from mirror.bundle.dictionary import Dictionary
from mirror.bundle.page import Cluster, Page
from mirror.bundle.wire import Writer
from mirror.limits import MAX_CLUSTER_RAW, MAX_PIECE
from mirror.model import Article


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with running() as process:
        yield process


# --- fields ----------------------------------------------------------------------------------------

numbers = st.sampled_from([0, 1, 127, 128, 2**31, 2**32, 2**49, 2**53 - 1]) | st.integers(0, 2**53 - 1)
bounds = st.integers(0, 40) | numbers
reads = st.one_of(
    st.just("number"),
    st.just("signed"),
    st.builds("number:{}".format, bounds),
    st.builds("{}:{}".format, st.sampled_from(["raw", "data", "text", "line"]), st.integers(0, 9)),
    st.just("piece_list:1000000"),
)


@st.composite
def field(draw: st.DrawFn) -> tuple[str, bytes]:
    """A read, and bytes for it: often too many for its bound."""
    writer = Writer()
    match kind := draw(st.sampled_from(["number", "signed", "data", "text", "line", "piece_list"])):
        case "number":
            writer.number(draw(numbers))
        case "signed":
            writer.signed(draw(st.integers(-(2**52), 2**52 - 1)))
        case "piece_list":
            writer.piece_list(draw(piece_lists(1_000_001)))
        case "data":
            writer.data(draw(st.binary(max_size=9)))
        case _:
            writer.text(draw(st.text(max_size=9)))
    most = {"number": draw(bounds), "piece_list": 1_000_000}.get(kind, draw(st.integers(0, 9)))
    return (kind if kind == "signed" else f"{kind}:{most}"), writer.bytes()


@given(fields=st.lists(field(), max_size=4), data=st.data())
def test_fields_are_read_as_in_python(
    node: Node, fields: Sequence[tuple[str, bytes]], data: st.DataObject
) -> None:
    whole = data.draw(maybe_damaged(b"".join(each for _, each in fields)))
    agreed(node, "wire", {"bytes": packed(whole), "reads": [read for read, _ in fields]})


@given(data=st.binary(max_size=40), some=st.lists(reads, max_size=4))
def test_garbage_has_the_fields_that_it_has_in_python(node: Node, data: bytes, some: Sequence[str]) -> None:
    agreed(node, "wire", {"bytes": packed(data), "reads": some})


# --- pieces ----------------------------------------------------------------------------------------


@given(raw=st.binary(min_size=1, max_size=30_000), content=st.binary(max_size=300), data=st.data())
@settings(max_examples=50)
def test_pieces_are_those_of_their_list(node: Node, raw: bytes, content: bytes, data: st.DataObject) -> None:
    sealed = piece.seal(raw, content)
    held, last_size, digests = list(sealed.data), sealed.pieces.last_size, list(sealed.pieces.digests)
    place = data.draw(st.integers(0, len(held) - 1))
    match data.draw(
        st.sampled_from(["whole", "byte", "cut", "one less", "one more", "swap", "size", "name", "length"])
    ):
        case "byte":
            held[place] = data.draw(damage(held[place]))
        case "cut":
            held[place] = held[place][: data.draw(st.sampled_from([0, 2_560, 5_120, 7_680]))]
        case "one less":
            held.pop()
        case "one more":
            held.append(held[-1])
        case "swap":
            held.reverse()
        case "size":
            last_size = data.draw(st.sampled_from([2_560, 5_120, 7_680, 10_240]))
        case "name":
            digests[place] = piece.name_of(b"another")
        case "length":
            raw += b"-"
        case _:
            pass
    listed = {"raw_length": len(raw), "digests": digests, "last_size": last_size}
    given = {"list": listed, "pieces": [packed(each) for each in held], "content": packed(content)}
    agreed(node, "pieces", given)


def test_a_checked_piece_stands_only_in_its_own_place(node: Node) -> None:
    """Two of one size, each what its name says, as a store would give them that mixed them up."""
    sealed = piece.seal(random.Random(1).randbytes(2 * MAX_PIECE - 100))
    assert [len(each) for each in sealed.data] == [MAX_PIECE, MAX_PIECE]
    listed = {
        "raw_length": sealed.pieces.raw_length,
        "digests": sealed.pieces.digests,
        "last_size": MAX_PIECE,
    }
    for held in (sealed.data, sealed.data[::-1]):
        given = {"list": listed, "pieces": [packed(each) for each in held], "content": []}
        assert node.ask("bundle-pieces-misplaced", given) == by_python("pieces", given)


@given(raw=st.binary(min_size=1, max_size=12_000), most=st.integers(1, 13_000), data=st.data())
@settings(max_examples=50)
def test_parcels_and_single_pieces(node: Node, raw: bytes, most: int, data: st.DataObject) -> None:
    made = parcel.seal(raw)
    held = made.pieces[made.head]
    given = {"digest": made.head, "piece": packed(data.draw(maybe_damaged(held))), "most": most}
    agreed(node, "parcel", given)
    agreed(node, "single", given)
    # A piece of another kind, rightly named: what it holds decides.
    frame = piece.seal(data.draw(maybe_damaged(parcel.MAGIC + raw[:50])) or b"-")
    [digest] = frame.pieces.digests
    agreed(node, "parcel", {"digest": digest, "piece": packed(frame.data[0]), "most": most})


# --- codes -----------------------------------------------------------------------------------------


@given(codebook=codebook_strategy, text=texts | st.just(MIXED), data=st.data())
def test_codes_stand_for_the_same_text(
    node: Node, codebook: Codebook, text: str, data: st.DataObject
) -> None:
    coded = data.draw(maybe_damaged(codebook.encode(text)))
    agreed(node, "coded", {"strings": codebook.strings, "bytes": packed(coded)})


@given(
    data=st.binary(max_size=60),
    garbled=st.lists(st.sampled_from(b"\x0e\x80\xbf\xc1\xc2\xe0\xed\xf0\xf4\xf8\xff a")),
)
def test_garbled_codes(node: Node, data: bytes, garbled: list[int]) -> None:
    for coded in (data, bytes(garbled)):
        agreed(node, "coded", {"strings": TRAINED.strings, "bytes": packed(coded)})


def test_the_length_of_a_text_is_counted_in_characters(node: Node) -> None:
    """Longest string, most expanding code: one character more than allowed, in as few bytes as can be."""
    for string in ("x" * 48, "\u0434" * 24, "\U0001f9f6" * 12):
        codes, rest = divmod(MAX_CLUSTER_RAW, len(string))
        whole = b"\x80" * codes + b"x" * rest
        given = {"strings": [string], "bytes": packed(whole)}
        assert isinstance(agreed(node, "coded", given), str)
        assert agreed(node, "coded", given | {"bytes": packed(whole + b"x")}) == Refused(
            "LimitError", "text-length"
        )


@given(codebook=codebook_strategy, content=st.binary(max_size=40), data=st.data())
def test_dictionaries_are_read_as_in_python(
    node: Node, codebook: Codebook, content: bytes, data: st.DataObject
) -> None:
    whole = dictionaries.encode(Dictionary(codebook, content))
    agreed(node, "dictionary", {"bytes": packed(data.draw(maybe_damaged(whole)))})


# --- pages and heads -------------------------------------------------------------------------------


@st.composite
def page_of(draw: st.DrawFn) -> tuple[Page, Sequence[Article]]:
    """A page, and its articles as its clusters have them."""
    articles = draw(many(1, 5))
    first = draw(st.integers(1, len(articles)))
    counts = [first, len(articles) - first] if first < len(articles) else [first]
    clusters = [Cluster(draw(piece_lists(1 << 20)), draw(st.integers(0, 3)), count) for count in counts]
    return Page(tuple(map(bare, articles)), tuple(clusters)), articles


@given(made=page_of(), data=st.data())
def test_pages_are_read_as_in_python(
    node: Node, made: tuple[Page, Sequence[Article]], data: st.DataObject
) -> None:
    whole = data.draw(maybe_damaged(pages.encode(made[0])))
    agreed(
        node,
        "page",
        {"bytes": packed(whole), "channel": CHANNEL, "dictionaries": data.draw(st.integers(2, 3))},
    )


@given(
    names=st.lists(st.text(st.sampled_from("a\U0001f9f6\uff5e\ue000\u0434\u00e9"), max_size=3), max_size=5),
    sort=st.booleans(),
)
def test_names_are_sorted_by_their_bytes(node: Node, names: list[str], sort: bool) -> None:
    """UTF-16, the order of JavaScript's strings, sorts the characters above U+FFFF before some others."""
    names = sorted(set(names)) if sort else names
    writer = Writer()
    writer.number(0)
    writer.number(len(names))
    for table in (["en"] if names else [], names):
        writer.number(len(table))
        for name in table:
            writer.line(name)
    for each in range(len(names)):
        writer.line(f"a{each}")
    for _ in names:
        writer.line("t")
    for number in (*[0] * 3 * len(names), *range(len(names)), *[0] * len(names)):
        writer.number(number)
    whole = writer.bytes()
    outcome = agreed(node, "page", {"bytes": packed(whole), "channel": CHANNEL, "dictionaries": 0})
    # Never good: no cluster holds these articles. But where the names are sorted, that is the only fault.
    assert isinstance(outcome, Refused)


@given(made=page_of(), coded=st.booleans(), data=st.data())
def test_records_are_completed_as_in_python(
    node: Node, made: tuple[Page, Sequence[Article]], coded: bool, data: st.DataObject
) -> None:
    page, articles = made
    one = Page(page.listed, (Cluster(page.clusters[0].pieces, 0, len(articles)),))
    text = pages.cluster_text(articles)
    raw = TRAINED.encode(text) if coded else text.encode()
    given = {
        "page": packed(pages.encode(one)),
        "channel": CHANNEL,
        "strings": TRAINED.strings if coded else None,
        "bytes": packed(data.draw(maybe_damaged(raw))),
    }
    agreed(node, "cluster", given)


@given(made=any_manifest, data=st.data())
def test_heads_are_read_as_in_python(node: Node, made: manifests.Manifest, data: st.DataObject) -> None:
    agreed(node, "manifest", {"bytes": packed(data.draw(maybe_damaged(manifests.encode(made))))})


@given(parts=st.lists(tables, max_size=3), repeat=st.booleans(), data=st.data())
def test_contents_are_joined_as_in_python(
    node: Node, parts: list[manifests.Contents], repeat: bool, data: st.DataObject
) -> None:
    encoded = [manifests.encode_contents(part) for part in parts]
    if encoded:
        encoded[0] = data.draw(maybe_damaged(encoded[0]))
    agreed(node, "contents", {"parts": [packed(part) for part in [*encoded, *encoded[: int(repeat)]]]})


@given(data=st.binary(max_size=200))
def test_garbage_is_refused_as_in_python(node: Node, data: bytes) -> None:
    agreed(node, "dictionary", {"bytes": packed(data)})
    agreed(node, "page", {"bytes": packed(data), "channel": CHANNEL, "dictionaries": 1})
    agreed(node, "manifest", {"bytes": packed(manifests.MAGIC + data)})
    agreed(node, "contents", {"parts": [packed(data)]})


# --- archives --------------------------------------------------------------------------------------


@given(tree=trees, data=st.data())
def test_archives_are_read_as_in_python(node: Node, tree: dict[str, bytes], data: st.DataObject) -> None:
    agreed(node, "archive", {"bytes": packed(data.draw(maybe_damaged(written(tree))))})


@given(data=st.binary(max_size=200))
def test_what_is_no_archive(node: Node, data: bytes) -> None:
    for garbage in (data, data + written({}), written(SMALL) + data, written(SMALL)[:-1] + data):
        agreed(node, "archive", {"bytes": packed(garbage)})


def test_an_archive_answers_as_a_mirror(node: Node) -> None:
    whole = written(SMALL)
    at = whole.index(b"head", 40)
    spoilt = whole[:at] + b"dead" + whole[at + 4 :]
    for data, path, limit, answer in (
        (whole, "m/heads/ru", 4, b"head".hex()),
        (whole, "m/heads/ru", 3, Refused("EndpointError", "too-long")),
        (whole, "m/heads/fa", 4, Refused("EndpointError", "absent")),
        (spoilt, "m/heads/ru", 4, Refused("EndpointError", "broken")),
        (spoilt, "m/timestamp.json", 4, SMALL["m/timestamp.json"].hex()),
    ):
        given = {"bytes": packed(data), "path": path, "limit": limit}
        assert node.ask("bundle-archive-asked", given) == answer
