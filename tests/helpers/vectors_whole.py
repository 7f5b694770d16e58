"""The bundle's vectors for whole editions and archives; ``tests/vectors/make_vectors.py`` writes them."""

from collections.abc import Iterator
from dataclasses import replace
from unittest import mock

from helpers.bundle_vectors import Case, packed
from helpers.editions import facts, small_layout, story
from helpers.vectors_low import case
from helpers.vectors_low import fields as written_fields
from helpers.vectors_pages import sample
from helpers.zipforge import entries, forged
from mirror.bundle import manifest as manifests
from mirror.bundle import pack, piece, program
from mirror.bundle.manifest import Contents
from mirror.limits import MAX_PIECE
from mirror.model import PieceList


def edition() -> Iterator[Case]:
    articles = [story(n, language, day=n) for language in ("en", "ru", "fa") for n in range(36)] + sample()
    distinct = {article.id: article for article in articles}
    with small_layout(), mock.patch.object(pack, "_INLINE_CONTENTS", 2_048):
        made = pack.pack(list(distinct.values()), facts())

    def rewritten(name: str, why: str, expect: str, table: Contents) -> Case:
        sealed = piece.seal(manifests.encode(replace(made.manifest, contents=table)))
        head = sealed.pieces.digests[0]
        return case("edition", name, why, expect, head=head, pieces={**held, head: packed(sealed.data[0])})

    held = {name: packed(data) for name, data in sorted(made.pieces.items())}
    table = made.manifest.contents
    yield case(
        "edition",
        "whole",
        "three dictionaries, several pages, a front page",
        "ok",
        head=made.head,
        pieces=held,
    )
    names = [made.head, table.pages[0].pieces.digests[0]]
    for number, name in enumerate(names):
        data = made.pieces[name]
        spoilt = {**held, name: packed(data[:50] + bytes([data[50] ^ 1]) + data[51:])}
        where = ("head", "page")[number]
        yield case(
            "edition",
            f"{where}-changed",
            f"one bit of the {where} differs",
            "piece-digest",
            head=made.head,
            pieces=spoilt,
        )
    swapped = {**held, names[1]: held[table.pages[1].pieces.digests[0]]}
    yield case(
        "edition",
        "pages-swapped",
        "a page under another's name",
        "piece-digest",
        head=made.head,
        pieces=swapped,
    )
    wrong = replace(
        table, pages=(replace(table.pages[0], articles=table.pages[0].articles + 1), *table.pages[1:])
    )
    yield rewritten("page-with-another-count", "the contents say one article more", "page", wrong)
    wrong = replace(
        table, pages=(replace(table.pages[0], first_day=table.pages[0].first_day - 1), *table.pages[1:])
    )
    yield rewritten("page-with-another-day", "the contents say a day earlier", "page", wrong)
    fewer = replace(table, dictionaries=table.dictionaries[:-1])
    yield rewritten("dictionary-missing", "a page uses one that is not named", "limit", fewer)


def archive() -> Iterator[Case]:
    def one(name: str, why: str, expect: str, data: bytes) -> Case:
        return case("archive", name, why, expect, bytes=packed(data))

    def spoilt(**changed: object) -> bytes:
        first, middle, last = entries()
        return forged([first, replace(middle, **changed), last])  # type: ignore[arg-type]

    yield one("whole", "three entries", "ok", forged(entries()))
    yield one("empty", "no entry", "ok", forged([]))
    yield one("compressed", "an entry with method 8", "archive-form", spoilt(method=8))
    yield one("encrypted", "an entry with flag 0", "archive-form", spoilt(flags=1))
    yield one("sizes-behind", "an entry with flag 3", "archive-form", spoilt(flags=8))
    yield one("link", "a symbolic link", "archive-form", spoilt(attributes=0o120777 << 16))
    yield one("dated", "another date than 1980-01-01", "archive-form", spoilt(date=0x5D6E))
    yield one("extra", "an extra field", "archive-form", spoilt(extra=b"up\5\0\1abcd"))
    yield one(
        "two-names",
        "the local header has another name",
        "archive-form",
        spoilt(local_path=b"m/timestamp.jsoN"),
    )
    yield one("overlap", "two entries with the same data", "archive-form", spoilt(at=0))
    yield one("gap", "bytes between two entries", "archive-form", spoilt(after=b"hidden"))
    yield one("wrong-crc", "the content is another", "archive-crc", spoilt(crc=1))
    yield one("too-large", "a piece of 10,241 bytes", "archive-size", spoilt(data=bytes(MAX_PIECE + 1)))
    yield one("twice", "one path twice", "archive-form", forged(entries(b"m/heads/ru", b"m/heads/ru")))
    yield one("unordered", "paths out of order", "archive-form", forged(entries(b"r/a", b"m/heads/ru")))
    yield one("case", "two paths that differ in case", "archive-path", forged(entries(b"r/A", b"r/a")))
    for name, path in [
        ("absolute", b"/m/timestamp.json"),
        ("upwards", b"m/../timestamp.json"),
        ("backslash", b"m\\timestamp.json"),
        ("drive", b"C:/timestamp.json"),
        ("nul", b"m/timestamp.json\0"),
        ("folder", b"m/heads/"),
        ("elsewhere", b"n/news.exe"),
        ("wrong-shelf", b"p/00/" + b"ab" * 32),
    ]:
        yield one(f"path-{name}", "no path of a mirror's tree", "archive-path", forged(entries(path)))
    yield one(
        "prefix", "a program before the archive", "archive-form", forged(entries(), before=b"#!/bin/sh\n")
    )
    yield one("suffix", "a byte behind the archive", "not-an-archive", forged(entries(), after=b"\0"))
    yield one("comment", "a comment", "not-an-archive", forged(entries(), comment=b"hello"))
    yield one("count", "four entries announced, three there", "archive-form", forged(entries(), count=4))
    yield one("cut-off", "a byte fewer", "not-an-archive", forged(entries())[:-1])


def reader_program() -> Iterator[Case]:
    """The program of a browser's reader: files in order, facts and parts in one spelling."""

    def one(name: str, why: str, expect: str, raw: bytes) -> Case:
        return case("program", name, why, expect, bytes=packed(raw))

    def written(*files: tuple[str, bytes], magic: bytes = program.MAGIC) -> bytes:
        parts = [part for name, data in files for part in (name, len(data), data)]
        return written_fields(magic, len(files), *parts)

    channel = program.Channel("ru", "ru", "Новости")
    said = program.Facts("ab" * 32, "Новости </script>", (channel,), ("http://a/",))
    facts = (program.FACTS, said.encode())
    index = (program.TEMPLATE, b'<script>"@program@"</script>')
    listed = {"text.ru.json": PieceList(9, ("ab" * 32, "cd" * 32), 2_560)}
    parts = (program.PARTS, program.write_parts(listed))
    yield one("least", "facts and a page", "ok", written(facts, index))
    yield one("with-parts", "and a part of two pieces", "ok", written(facts, index, parts))
    begun = (program.PARTS, program.write_parts({program.TEMPLATE: PieceList(9, ("ab" * 32,), 2_560)}))
    yield one("page-as-part", "the page is a part", "ok", written(facts, begun))
    yield one("another-magic", "a parcel", "not-a-program", written(facts, index, magic=b"mirror-parcels\1"))
    yield one("newer-version", "version 2", "not-a-program", written(facts, index, magic=b"mirror-program\2"))
    yield one("not-in-order", "the page before the facts", "not-a-program", written(index, facts))
    yield one("twice", "one name twice", "not-a-program", written(facts, facts, index))
    yield one("a-path", "a name with a slash", "not-a-program", written(facts, index, ("r/x", b"")))
    yield one("no-facts", "nobody says whose it is", "not-a-program", written(index))
    yield one("no-page", "nothing to begin with", "not-a-program", written(facts))
    yield one(
        "no-page-among-parts", "nothing to begin with, but words", "not-a-program", written(facts, parts)
    )
    yield one("no-place", "the facts have no place", "not-a-program", written(facts, (index[0], b"<p>")))
    spaced = (facts[0], facts[1].replace(b":", b": ", 1))
    yield one("facts-spelled-otherwise", "a space in the facts", "not-a-program", written(spaced, index))
    longer = (parts[0], parts[1].replace(b'"raw":9', b'"raw":1048577'))
    yield one("part-above-bound", "a part of more than 1 MiB", "not-a-program", written(facts, index, longer))
    upper = (parts[0], parts[1].replace(b"ab", b"AB"))
    yield one("part-misnamed", "a digest in capitals", "not-a-program", written(facts, index, upper))
    yield one("cut-off", "a byte fewer", "truncated", written(facts, index)[:-1])
    yield one("trailing-byte", "a byte after the last file", "trailing", written(facts, index) + b"\0")
    yield one("too-many", "65 files announced", "limit", written_fields(program.MAGIC, 65))
