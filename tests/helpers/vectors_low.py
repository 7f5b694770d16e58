"""The bundle's vectors, from numbers to codes; ``tests/vectors/make_vectors.py`` writes them."""

import sys
from collections.abc import Iterator

from helpers.bundle_vectors import Case, packed, run
from helpers.editions import story
from mirror.bundle import codebook as codebooks
from mirror.bundle import dictionary as dictionaries
from mirror.bundle import parcel, piece
from mirror.bundle.dictionary import Dictionary
from mirror.bundle.wire import Writer
from mirror.limits import MAX_PIECE

TEXT = "The bridge was closed at night. Мост закрыли ночью. پل شب بسته شد. 桥夜里关闭了。 ".encode()


def case(kind: str, name: str, why: str, expect: str, **given: object) -> Case:
    """One vector; stops where our code does not do what is expected."""
    made: Case = {"kind": kind, "name": name, "why": why, "input": given, "expect": expect}
    became, digest = run(made)
    if became != expect:
        sys.exit(f"{kind}/{name}: expected {expect}, and it became {became}")
    return {**made, "released_sha256": digest}


def fields(*values: int | bytes | str) -> bytes:
    """Numbers, data and strings as the wire has them."""
    writer = Writer()
    for value in values:
        match value:
            case int():
                writer.number(value)
            case bytes():
                writer.raw(value)
            case str():
                writer.text(value)
    return writer.bytes()


def wire() -> Iterator[Case]:
    def one(name: str, why: str, expect: str, data: bytes, *reads: str) -> Case:
        return case("wire", name, why, expect, bytes=packed(data), reads=list(reads))

    yield one("numbers", "one, two and eight bytes", "ok", fields(0, 127, 128, 2**53 - 1), *["number"] * 4)
    yield one("signed", "zigzag: 0, -1, 1, -64, 64", "ok", fields(0, 1, 2, 127, 128), *["signed"] * 5)
    yield one("text", "two-byte, three-byte and astral characters", "ok", fields("яبé字😀"), "text:100")
    yield one("empty-text", "a length of nothing", "ok", fields(""), "text:0")
    yield one(
        "list", "two pieces, the last of 5,120 bytes", "ok", fields(9, 2, 1, bytes(range(64))), "piece_list:9"
    )
    yield one("number-not-shortest", "0 in two bytes", "number", b"\x80\x00", "number")
    yield one("number-too-long", "nine bytes", "number", b"\x80" * 8 + b"\x01", "number")
    yield one("number-too-large", "2**53", "limit", b"\xff" * 7 + b"\x10", "number")
    yield one("number-cut-off", "a byte says that another follows", "truncated", b"\x80", "number")
    yield one("text-cut-off", "five bytes announced, four there", "truncated", b"\x05abcd", "text:9")
    yield one("text-above-bound", "more bytes announced than asked for", "limit", fields("abcdef"), "text:5")
    yield one("line-above-bound", "more characters than asked for", "limit", fields("abcdef"), "line:5")
    yield one("line-of-wide-characters", "a bound in characters", "ok", fields("😀" * 5), "line:5")
    yield one("not-utf8", "a byte that begins no character", "utf-8", b"\x01\xff", "text:9")
    yield one("overlong-utf8", "U+0000 in two bytes", "utf-8", b"\x02\xc0\x80", "text:9")
    yield one("surrogate", "U+D800 in UTF-8", "utf-8", b"\x03\xed\xa0\x80", "text:9")
    for name, character in [
        ("escape", "\x1b"),
        ("c1", "\x9b"),
        ("line-break", "\n"),
        ("separator", "\u2028"),
    ]:
        yield one(f"line-with-{name}", "no line", "control-character", fields(f"a{character}b"), "line:9")
    yield one("trailing-byte", "a byte after the last field", "trailing", b"\x01\x00", "number")
    yield one(
        "list-of-nothing", "a raw length of 0", "piece-list", fields(0, 1, 0, bytes(32)), "piece_list:9"
    )
    yield one("list-without-pieces", "a count of 0", "piece-list", fields(9, 0, 0), "piece_list:9")
    yield one("list-too-long", "257 pieces announced", "limit", fields(9, 257, 0), "piece_list:9")
    yield one(
        "list-of-odd-size",
        "a last size that does not exist",
        "limit",
        fields(9, 1, 4, bytes(32)),
        "piece_list:9",
    )
    yield one(
        "list-above-bound",
        "a raw length above the bound",
        "limit",
        fields(10, 1, 0, bytes(32)),
        "piece_list:9",
    )
    yield one("list-cut-off", "31 bytes of a digest", "truncated", fields(9, 1, 0, bytes(31)), "piece_list:9")


def listing(data: list[bytes], raw_length: int) -> Case:
    return {
        "raw_length": raw_length,
        "digests": [piece.name_of(each) for each in data],
        "last_size": len(data[-1]),
    }


def cut(padded: bytes) -> list[bytes]:
    return [padded[at : at + MAX_PIECE] for at in range(0, len(padded), MAX_PIECE)]


def frame(header: bytes, *blocks: bytes) -> bytes:
    return b"\x28\xb5\x2f\xfd" + header + b"".join(blocks)


def block(kind: int, size: int, content: bytes, *, last: bool = True) -> bytes:
    return (last | kind << 1 | size << 3).to_bytes(3, "little") + content


def noise(length: int) -> bytes:
    """Bytes that do not compress, the same everywhere."""
    made, state = bytearray(), 1
    for _ in range(length):
        state = state * 1_103_515_245 + 12_345 & 0x7FFFFFFF
        made.append(state >> 16 & 0xFF)
    return bytes(made)


def pieces() -> Iterator[Case]:
    def one(name: str, why: str, expect: str, data: list[bytes], raw_length: int, **changed: object) -> Case:
        content = changed.pop("content", b"")
        assert isinstance(content, bytes)
        return case(
            "pieces",
            name,
            why,
            expect,
            list={**listing(data, raw_length), **changed},
            pieces=[packed(each) for each in data],
            content=packed(content),
        )

    whole, size = piece.compress(TEXT), len(TEXT)
    padded = piece.pad(whole)
    two = list(piece.seal(noise(11_000)).data)
    content = TEXT * 3
    hello = block(0, 5, b"hello")
    yield one("one", "a frame and its padding", "ok", [padded], size)
    yield one("two", "the first one full, the last one smaller", "ok", two, 11_000)
    yield one(
        "with-content",
        "after the content of a dictionary",
        "ok",
        [piece.pad(piece.compress(TEXT, content))],
        size,
        content=content,
    )
    yield one("raw-block", "stored, not compressed", "ok", [piece.pad(frame(b"\x20\x05", hello))], 5)
    yield one(
        "repeated-byte",
        "a block of one byte that stands for five",
        "ok",
        [piece.pad(frame(b"\x20\x05", block(1, 5, b"a")))],
        5,
    )
    yield one("no-padding-needed", "a frame of exactly 2,560 bytes", "ok", [exact(2_560)], 2_550)
    yield one(
        "gap-too-small",
        "2,553 bytes leave no room for padding: the next size is taken",
        "ok",
        [piece.pad(exact(2_553))],
        2_543,
    )
    yield one(
        "another-digest",
        "one bit of the name differs",
        "piece-digest",
        [padded],
        size,
        digests=["00" + piece.name_of(padded)[2:]],
    )
    changed = padded[:40] + bytes([padded[40] ^ 1]) + padded[41:]
    yield one(
        "one-bit-changed",
        "the piece is not the one that was signed",
        "piece-digest",
        [changed],
        size,
        digests=[piece.name_of(padded)],
    )
    yield one("swapped", "two pieces in the wrong order", "piece-size", two[::-1], 11_000, last_size=2_560)
    yield one(
        "missing",
        "one of two pieces",
        "piece-missing",
        two[:1],
        11_000,
        digests=[piece.name_of(each) for each in two],
    )
    yield one(
        "one-too-many",
        "a piece more than the list names",
        "piece-missing",
        [*two, padded],
        11_000,
        digests=[piece.name_of(each) for each in two],
    )
    yield one("cut-off", "a byte fewer", "piece-size", [padded[:-1]], size, last_size=2_560)
    yield one("longer", "a byte more", "piece-size", [padded + b"\0"], size, last_size=2_560)
    yield one(
        "oversized",
        "larger than any piece",
        "piece-oversized",
        [padded + bytes(MAX_PIECE)],
        size,
        last_size=2_560,
    )
    yield one(
        "another-size",
        "a size of pieces, but not the signed one",
        "piece-size",
        [padded],
        size,
        last_size=5_120,
    )
    yield one("first-not-full", "only the last piece may be shorter", "piece-size", [padded, padded], size)
    yield one(
        "raw-length-larger", "the list says a byte more than the frame", "frame-length", [padded], size + 1
    )
    yield one(
        "raw-length-smaller", "the list says a byte less than the frame", "frame-length", [padded], size - 1
    )
    yield one(
        "declares-more", "declared 6 bytes, holds 5", "frame", [piece.pad(frame(b"\x20\x06", hello))], 6
    )
    yield one(
        "declares-less", "declared 4 bytes, holds 5", "frame", [piece.pad(frame(b"\x20\x04", hello))], 4
    )
    bomb = frame(
        b"\x80\x58\xa0\x86\x01\0", *[block(1, 128 << 10, b"a", last=n == 600) for n in range(1, 601)]
    )
    yield one("bomb", "declared 100,000 bytes, holds 75 MiB", "frame", [piece.pad(bomb)], 100_000)
    yield one(
        "no-content-size", "the header declares no size", "frame", [piece.pad(frame(b"\x00\x58", hello))], 5
    )
    yield one(
        "window-too-large",
        "needs a window of 4 MiB",
        "frame",
        [piece.pad(frame(b"\x80\x60\x05\0\0\0", hello))],
        5,
    )
    yield one("checksum", "with a checksum", "frame", [piece.pad(frame(b"\x24\x05", hello, bytes(4)))], 5)
    yield one("dictionary-id", "names a dictionary", "frame", [piece.pad(frame(b"\x21\x07\x05", hello))], 5)
    yield one(
        "reserved-block",
        "a block of no known kind",
        "frame",
        [piece.pad(frame(b"\x20\x05", block(3, 5, b"hello")))],
        5,
    )
    yield one(
        "block-beyond-the-end",
        "a block longer than the piece",
        "frame",
        [piece.pad(frame(b"\x20\x05", block(0, 9_000, b"hello")))],
        5,
    )
    yield one("no-frame", "not zstd", "frame", [b"<html>blocked</html>".ljust(2_560)], size)
    skippable = b"\x50\x2a\x4d\x18" + (2_552).to_bytes(4, "little") + bytes(2_552)
    yield one("only-padding", "a skippable frame and no other", "frame", [skippable], 2_552)
    yield one("second-frame", "a second frame behind the first", "padding", [piece.pad(whole + whole)], size)
    yield one("padding-not-zero", "the last byte is 1", "padding", [padded[:-1] + b"\1"], size)
    yield one(
        "padding-without-frame",
        "zeros that no skippable frame holds",
        "padding",
        [whole.ljust(2_560, b"\0")],
        size,
    )
    yield one(
        "padding-in-two",
        "two skippable frames",
        "padding",
        [piece.pad(whole + b"\x50\x2a\x4d\x18\1\0\0\0\0")],
        size,
    )
    yield one(
        "padding-of-another-kind",
        "skippable magic number 0x184D2A51",
        "padding",
        [padded.replace(b"\x50\x2a\x4d\x18", b"\x51\x2a\x4d\x18")],
        size,
    )
    larger = (
        whole + b"\x50\x2a\x4d\x18" + (5_112 - len(whole)).to_bytes(4, "little") + bytes(5_112 - len(whole))
    )
    yield one("padding-too-long", "5,120 bytes where 2,560 are enough", "padding", [larger], size)


def exact(length: int) -> bytes:
    """A frame of ``length`` bytes."""
    made = piece.compress(noise(length - 10))
    assert len(made) == length
    return made


def single() -> Iterator[Case]:
    def one(name: str, why: str, expect: str, data: bytes, most: int) -> Case:
        return case("single", name, why, expect, digest=piece.name_of(data), piece=packed(data), most=most)

    padded = piece.pad(piece.compress(TEXT))
    yield one("within-bound", "exactly as long as allowed", "ok", padded, len(TEXT))
    yield one("above-bound", "a byte longer than allowed", "frame-length", padded, len(TEXT) - 1)
    huge = piece.pad(frame(b"\x80\x58" + ((1 << 32) - 1).to_bytes(4, "little"), block(1, 5, b"a")))
    yield one("four-gigabytes", "declares 4 GiB", "frame-length", huge, 1 << 20)
    cut_off = piece.seal(noise(11_000)).data[0]
    yield one("part-of-a-frame", "the frame goes on in another piece", "frame", cut_off, 1 << 20)


def parcels() -> Iterator[Case]:
    def one(name: str, why: str, expect: str, raw: bytes, most: int = 1 << 20) -> Case:
        data = piece.seal(raw).data[0]
        return case("parcel", name, why, expect, digest=piece.name_of(data), piece=packed(data), most=most)

    made = parcel.seal(TEXT * 9)
    raw = piece.open_single(made.pieces[made.head], 1 << 20)
    yield one("whole", "the list of one parcel", "ok", raw)
    yield one("another-magic", "not a list of pieces", "not-a-parcel", b"mirror-parcels" + raw[14:])
    yield one("newer-version", "version 2", "not-a-parcel", raw.replace(b"parcel\1", b"parcel\2"))
    yield one("above-bound", "longer than asked for", "limit", raw, len(TEXT) * 9 - 1)
    yield one("trailing-byte", "a byte after the list", "trailing", raw + b"\0")
    yield one("cut-off", "a byte fewer", "truncated", raw[:-1])


def dictionary() -> Iterator[Case]:
    def one(name: str, why: str, expect: str, raw: bytes) -> Case:
        return case("dictionary", name, why, expect, bytes=packed(raw))

    trained = codebooks.train([story(number, "ru").body for number in range(30)], 20)
    yield one("trained", "a codebook of Russian", "ok", dictionaries.encode(Dictionary(trained, b"content")))
    yield one("empty", "no strings, no content", "ok", fields(0, 0))
    yield one("retired", "an empty string between others", "ok", fields(3, "a", "", "b", 0))
    yield one("retired-twice", "two empty strings", "ok", fields(3, "", "", "b", 0))
    yield one("repeated", "one string twice", "codebook", fields(2, "a", "a", 0))
    yield one("control-character", "a separator of records in a string", "codebook", fields(1, "a\x1eb", 0))
    yield one("too-many", "8,289 strings announced", "limit", fields(8_289))
    yield one("string-too-long", "49 bytes", "limit", fields(1, "x" * 49, 0))
    yield one("not-utf8", "half a character", "utf-8", fields(1) + b"\1\xd1" + fields(0))
    yield one("content-too-long", "a byte above 1 MiB announced", "limit", fields(0, (1 << 20) + 1))
    yield one("content-cut-off", "five bytes announced, four there", "truncated", fields(0, 5) + b"abcd")
    yield one("trailing-byte", "a byte after the content", "trailing", fields(0, 0, 0))


def coded() -> Iterator[Case]:
    def one(name: str, why: str, expect: str, data: bytes, *strings: str) -> Case:
        return case("coded", name, why, expect, strings=list(strings), bytes=packed(data))

    many = tuple(f"w{number}" for number in range(360))
    yield one(
        "places",
        "first and last codes of one byte and of two",
        "ok",
        b"\x80\xdf\xe0\x00\xe0\xff\xe1\x00\xe1\x07",
        *many,
    )
    yield one(
        "ascii", "every byte below 0x80 but the escape", "ok", bytes(b for b in range(128) if b != 0x0E)
    )
    yield one(
        "escaped",
        "characters of two, three and four bytes",
        "ok",
        b"\x0e\xd1\x8f\x0e\xe5\xad\x97\x0e\xf0\x9f\x98\x80",
    )
    yield one("escaped-though-coded", "an escape where a code exists: accepted", "ok", b"\x0e\xd1\x8f", "я")
    text = story(3, "ru").body
    trained = codebooks.train([story(number, "ru").body for number in range(30)], 20)
    yield one("russian", "a story in trained codes", "ok", trained.encode(text), *trained.strings)
    yield one("unknown-code", "code 3 of 3", "codebook", b"a\x83", "x", "y", "z")
    yield one("unknown-long-code", "code 96 of 3", "codebook", b"\xe0\x00", "x", "y", "z")
    yield one("half-a-code", "the second byte is missing", "codebook", b"a\xe0", *many)
    yield one("retired-code", "the string is empty", "codebook", b"\x81", "x", "", "z")
    yield one("lone-escape", "an escape at the end", "codebook", b"a\x0e")
    yield one("escaped-ascii", "an escape before ASCII", "codebook", b"\x0eA")
    yield one("escaped-overlong", "U+0040 in two bytes", "codebook", b"\x0e\xc1\x80")
    yield one("escaped-surrogate", "U+D800", "codebook", b"\x0e\xed\xa0\x80")
    yield one("escaped-beyond", "above U+10FFFF", "codebook", b"\x0e\xf4\x90\x80\x80")
    yield one(
        "too-long",
        "43,691 codes of 48 characters: 2 MiB and 16",
        "text-length",
        b"\0" * 0 + b"\x80" * 43_691,
        "x" * 48,
    )
