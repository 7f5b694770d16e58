"""A mirror serves the pieces, and a publisher's key may be stolen: what either can make a reader do.

First the mirror: whatever it does to any one piece, the edition is refused with a code and nothing of
it is shown. Then bytes that are signed and hostile: they may be refused or shown, but never cost more
memory or time than honest ones of that size.
"""

import random
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
import zstandard

from helpers.editions import CHANNEL, NOW, Shelf, facts, opened, small_layout, story
from mirror.bundle import codebook as codebooks
from mirror.bundle import dictionary as dictionaries
from mirror.bundle import edition as editions
from mirror.bundle import manifest as manifests
from mirror.bundle import pack, piece
from mirror.bundle import page as pages
from mirror.bundle.codebook import Codebook
from mirror.bundle.dictionary import Dictionary
from mirror.bundle.manifest import Contents, PageRef
from mirror.bundle.page import Cluster
from mirror.bundle.wire import Writer
from mirror.errors import FormatError, LimitError
from mirror.limits import MAX_CLUSTER_RAW, MAX_PIECE
from mirror.model import PieceList


def released() -> pack.Packed:
    words = random.Random(7)
    articles = [
        story(number, language, day=number, body=f"<p>{words.randbytes(300).hex()}</p>")
        for language in ("en", "ru")
        for number in range(60)
    ]
    with small_layout():
        return pack.pack(articles, facts())


PACKED = released()
NAMES = tuple(PACKED.pieces)
FORGED = piece.seal(b"another story " * 150).data[0]


@contextmanager
def bounded(megabytes: int = 32, seconds: float = 10) -> Iterator[None]:
    """Fails where more memory or CPU time was taken; what is claimed inside is a hundred times more."""
    start = time.process_time()
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < megabytes << 20
        assert time.process_time() - start < seconds
    finally:
        tracemalloc.stop()


def test_an_honest_mirror_is_believed() -> None:
    assert len(opened(PACKED).articles()) == 120
    assert len(NAMES) > 15
    assert len({len(data) for data in PACKED.pieces.values()}) > 1


TRICKS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "one-bit-flipped": (lambda data: data[:99] + bytes([data[99] ^ 1]) + data[100:], "piece-digest"),
    "another-piece": (lambda data: FORGED, "piece-digest"),
    "cut-off": (lambda data: data[:-1], "piece-size"),
    "cut-to-another-size": (lambda data: data[:2_560] if len(data) > 2_560 else data + data, "piece-digest"),
    "padded": (lambda data: data + bytes(8), "piece-size"),
    "padded-to-another-size": (
        lambda data: data[:7_680] + bytes(MAX_PIECE - len(data[:7_680])),
        "piece-digest",
    ),
    "too-large": (lambda data: data + bytes(MAX_PIECE), "piece-oversized"),
    "empty": (lambda data: b"", "piece-size"),
    "a-block-page": (lambda data: b"<html>This site is blocked by order of" + bytes(2_522), "piece-digest"),
}


@pytest.mark.parametrize("trick", TRICKS)
def test_whatever_a_mirror_does_to_one_piece_is_seen(trick: str) -> None:
    change, code = TRICKS[trick]
    for name in NAMES:
        if change(PACKED.pieces[name]) == PACKED.pieces[name]:
            continue
        served = {**PACKED.pieces, name: change(PACKED.pieces[name])}
        with pytest.raises(FormatError) as caught:
            editions.open_edition(PACKED.head, served.__getitem__)
        # A piece of the smallest size cannot be cut to another one: it is doubled.
        assert caught.value.code in {code, "piece-oversized"}


def test_pieces_of_another_edition_do_not_mix() -> None:
    """Yesterday's pieces under today's names, and today's head with yesterday's page."""
    shelf = Shelf()
    with small_layout():
        shelf.release([story(number, day=number) for number in range(30)])
        before = dict(shelf.pieces)
        today = shelf.release([story(number, day=number, body="<p>corrected</p>") for number in range(30)])
    fresh = [name for name in shelf.pieces if name not in before]
    assert fresh
    for name in fresh:
        served = {**shelf.pieces, name: next(iter(before.values()))}
        with pytest.raises(FormatError):
            editions.open_edition(today.head, served.__getitem__)


# --- signed, and hostile ---------------------------------------------------------------------------


def frame(raw_length: int, blocks: bytes) -> bytes:
    """A frame with a window of 2 MiB that declares ``raw_length`` and holds ``blocks``."""
    return b"\x28\xb5\x2f\xfd\x80\x58" + raw_length.to_bytes(4, "little") + blocks


def repeated(count: int, size: int = 128 << 10) -> bytes:
    """``count`` blocks of four bytes, each of which stands for ``size``."""
    blocks = [(0 | 1 << 1 | size << 3).to_bytes(3, "little") + b"a" for _ in range(count)]
    return b"".join(blocks[:-1]) + (1 | 1 << 1 | size << 3).to_bytes(3, "little") + b"a"


def signed(padded: bytes, raw_length: int) -> tuple[PieceList, list[bytes]]:
    data = [padded[i : i + MAX_PIECE] for i in range(0, len(padded), MAX_PIECE)]
    return PieceList(raw_length, tuple(map(piece.name_of, data)), len(data[-1])), data


def test_blocks_that_stand_for_more_than_was_declared() -> None:
    """2,500 blocks of 128 KiB in one piece: 320 MB if someone inflated them."""
    bomb = piece.pad(frame(1_000_000, repeated(2_500)))
    assert len(bomb) == MAX_PIECE
    honest = piece.pad(frame(1 << 20, repeated(8)))
    assert piece.unseal(*signed(honest, 1 << 20)) == b"a" * (1 << 20)
    with bounded(4), pytest.raises(FormatError) as caught:
        piece.unseal(*signed(bomb, 1_000_000))
    assert caught.value.code == "frame"


def test_a_head_that_declares_gigabytes() -> None:
    data = piece.pad(frame((1 << 32) - 1, repeated(2_500)))
    with bounded(4), pytest.raises(LimitError) as caught:
        editions.parse_head(piece.name_of(data), data)
    assert caught.value.code == "frame-length"


def test_a_frame_of_nothing_but_block_headers() -> None:
    """64 pieces of empty blocks: 218,000 of them are walked over, and none is decoded."""
    empty = bytes(3) * (64 * MAX_PIECE // 3 - 4)
    padded = piece.pad(frame(1_000, empty + b"\1\0\0"))
    with bounded(8), pytest.raises(FormatError):
        piece.unseal(*signed(padded[: 64 * MAX_PIECE], 1_000))


def test_codes_that_stand_for_a_hundred_times_their_size() -> None:
    """2 MiB of codes, each for a string of 48 bytes with an astral character: 400 MB of text."""
    codebook = Codebook(("x" * 44 + "\U00010348",))
    with bounded(100), pytest.raises(LimitError) as caught:
        codebook.decode(b"\x80" * MAX_CLUSTER_RAW)
    assert caught.value.code == "text-length"


def claims(*numbers: int) -> bytes:
    writer = Writer()
    for number in numbers:
        writer.number(number)
    return writer.bytes()


@pytest.mark.parametrize(
    "parse",
    [
        pytest.param(lambda raw: pages.parse(raw, CHANNEL, 9), id="clusters"),
        pytest.param(lambda raw: pages.parse(b"\0" + raw, CHANNEL, 9), id="articles"),
        pytest.param(lambda raw: pages.parse(b"\0\1" + raw, CHANNEL, 9), id="languages"),
        pytest.param(manifests.parse_contents, id="dictionaries"),
        pytest.param(lambda raw: manifests.parse_contents(b"\0" + raw), id="pages"),
        pytest.param(dictionaries.parse, id="strings"),
        pytest.param(lambda raw: dictionaries.parse(b"\0" + raw), id="content"),
    ],
)
@pytest.mark.parametrize("claim", [1 << 50, 100_001, 90_000, 1_000])
def test_a_count_without_its_things(parse: Callable[[bytes], object], claim: int) -> None:
    with bounded(8, 2), pytest.raises(FormatError):
        parse(claims(claim))


def test_one_page_named_a_thousand_times() -> None:
    """Each naming would cost the decoding of all its clusters."""
    shelf = Shelf()
    edition = shelf.release([story(1)])
    [ref] = edition.contents().pages
    again = tuple(replace(ref, first_day=ref.first_day - n) for n in range(1_000))
    manifest = replace(edition.manifest, contents=Contents((), again))
    sealed = piece.seal(manifests.encode(manifest))
    served = {**shelf.pieces, sealed.pieces.digests[0]: sealed.data[0]}
    with pytest.raises(FormatError) as caught:
        editions.open_edition(sealed.pieces.digests[0], served.__getitem__)
    assert caught.value.code == "contents"


def test_the_most_that_one_page_can_hold_is_parsed_in_seconds() -> None:
    """100,000 headlines of a byte: the most numbers that one page may hold."""
    count = 100_000
    one = story(1, title="x")
    writer = Writer()
    writer.number(1)
    writer.piece_list(PieceList(9, ("ab" * 32,), 2_560))
    raw = writer.bytes() + claims(0, count, count, 1) + b"\2en" + claims(1) + b"\0"
    raw += b"".join(b"\5%05x" % number for number in range(count)) + b"\1x" * count
    raw += claims(2 * one.published) + bytes(5 * count - 1)
    start = time.process_time()
    listed = pages.parse(raw, CHANNEL, 0).listed
    assert time.process_time() - start < 10
    assert len(listed) == count
    assert listed[-1] == replace(one, id=f"{count - 1:05x}", body="", summary="")


def test_a_cluster_after_another_dictionary_than_its_own() -> None:
    """A page names a dictionary by its number; a wrong number never gives the text of another article."""
    articles = [story(number, words=200) for number in range(40)]
    text = pages.cluster_text(articles)
    texts = [pages.cluster_text([article]) for article in articles]
    own = Dictionary(codebooks.train(texts, 10), text.encode()[:3_000])
    other = Dictionary(
        codebooks.train([story(n, "ru").body for n in range(40)], 10), text.encode()[3_000:6_000]
    )
    sealed = piece.seal(own.codebook.encode(text), own.content)
    pieces = dict(zip(sealed.pieces.digests, sealed.data, strict=True))
    cluster = Cluster(sealed.pieces, 1, len(articles))
    assert editions.open_cluster(cluster, tuple(articles), (own,), pieces.__getitem__) == tuple(articles)
    with pytest.raises(FormatError):
        editions.open_cluster(cluster, tuple(articles), (other,), pieces.__getitem__)
    with pytest.raises(FormatError):
        editions.open_cluster(replace(cluster, dictionary=0), tuple(articles), (), pieces.__getitem__)


def test_a_table_that_points_outside_is_refused_before_anything_is_asked() -> None:
    """A digest has 32 bytes: nothing but a piece can be named, and its name is its path."""
    asked: list[str] = []

    def get(name: str) -> bytes:
        asked.append(name)
        raise KeyError(name)

    outside = PieceList(1_000, ("00" * 32,), 2_560)
    manifest = manifests.Manifest(
        CHANNEL, "x", 1, NOW, "", "", (), Contents((), (PageRef(outside, 1, 1, 1),)), manifests.Front()
    )
    with pytest.raises(KeyError):
        editions.open_page(manifest, manifest.contents, manifest.contents.pages[0], get)
    assert [piece.path_of(name) for name in asked] == ["p/00/" + "00" * 32]


def test_a_frame_made_for_another_dictionary_id() -> None:
    """zstd's own dictionary ids are refused: decoders in browsers ignore them silently."""
    trained = zstandard.ZstdCompressionDict(b"\x37\xa4\x30\xec" + bytes(4) + b"x" * 100, dict_type=1)
    made = zstandard.ZstdCompressor(dict_data=trained, write_checksum=False).compress(b"hello " * 9)
    with_id = made[:4] + bytes([made[4] | 1]) + b"\x07" + made[5:]
    with pytest.raises(FormatError) as caught:
        piece.unseal(*signed(piece.pad(with_id), 54))
    assert caught.value.code == "frame"
