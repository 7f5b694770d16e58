"""The files of ``r/``: the browser's reader, and a front page for each channel that needs no script.

Made by the publisher from what he signed, and by a node from what it verified: the same bytes.

Rules:

1. Nobody who verifies believes what is here. ``index.html`` is made from a signed parcel, a front page from a
   signed edition; but a browser that opens either has only the mirror's word for it. Both say so.
2. A front page loads nothing: no script, no picture, no address that could be opened by mistake.
3. It is one piece as transferred: the notice, headlines, then as many whole stories as fit.
"""

import html
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

from mirror.bundle import parcel, piece, program
from mirror.bundle.manifest import Manifest
from mirror.bundle.parcel import Parcel
from mirror.errors import StorageError
from mirror.limits import MAX_PIECE
from mirror.model import Article, PieceList
from mirror.notices import Act, NoticeSet, ReaderContext, gate
from mirror.notices.gate import Block

_FOLDER: Final = "r/"
_BUILT: Final = Path(__file__).parents[1] / "reader" / "web" / "built" / "page"
PARTS: Final = _BUILT.with_name("parts")
INDEX: Final = _FOLDER + program.TEMPLATE
FRONT: Final = _FOLDER + "front/"
_STYLE: Final = (
    "body{max-width:42em;margin:2em auto;padding:0 1em;font:1.05em/1.6 Georgia,serif;color:#1c1c1c;"
    "background:#fff}"
    "header p,aside,time,footer{font-size:.9em;color:#444}aside{border-inline-start:4px solid #a15c00;"
    "padding:.2em 1em;margin:1.5em 0}h1{font-size:1.5em}h2{font-size:1.2em;margin-bottom:.2em}"
    "article{border-top:1px solid #ccc;padding-top:.5em}time{display:block}"
    "@media(prefers-color-scheme:dark){body{color:#e6e6e6;background:#161616}"
    "header p,aside,time,footer{color:#aaa}}"
)
_UNCHECKED: Final = (
    "This page was made for browsers without scripts. Nothing on it was checked by your device: "
    "whoever runs this mirror could have changed it."
)


def sealed_program(facts: program.Facts) -> tuple[Parcel, dict[str, bytes]] | None:
    """The reader that came with this program, for a publication: the parcel, and all pieces with its parts'.

    None where it was not built. Raises as ``built_files``.
    """
    files, parts = built_files(_BUILT), built_files(PARTS)
    if not files:
        return None
    sealed = {name: piece.seal(data) for name, data in parts.items()}
    files[program.FACTS] = facts.encode()
    if sealed:
        files[program.PARTS] = program.write_parts({name: each.pieces for name, each in sealed.items()})
    made = parcel.seal(program.encode(files))
    pieces = dict(made.pieces)
    for each in sealed.values():
        pieces |= zip(each.pieces.digests, each.data, strict=True)
    return made, pieces


def built_files(folder: Path = _BUILT) -> dict[str, bytes]:
    """The files of the browser's reader that came with this program, by name; nothing where it was not built.

    ``make setup``, or the build of the package, puts them there. They are data here: nothing of them is run.

    Raises:
        StorageError: They cannot be read.
    """
    try:
        return {path.name: path.read_bytes() for path in sorted(folder.glob("[a-z]*")) if path.is_file()}
    except OSError as error:
        raise StorageError("The files of the browser's reader cannot be read.") from error


def page_files(
    signed: Mapping[str, bytes],
    pieces: PieceList,
    manifests: Iterable[Manifest],
    notices: NoticeSet | None,
) -> dict[str, bytes]:
    """All that lies in ``r/``, by path.

    ``signed`` are the files of the program (``program.with_page``) and ``pieces`` what carries it;
    ``manifests`` are the editions whose front pages are to be there, ``notices`` those in force.
    """
    named = {_FOLDER + name: signed[name] for name in program.SERVED if name in signed}
    languages = {each.id: each.language for each in program.read_facts(signed).channels}
    # In one order for everybody, whichever channels somebody carries first.
    shown = [
        (each, languages.get(each.channel, "en")) for each in sorted(manifests, key=lambda each: each.channel)
    ]
    links = [
        f'<a href="{each.channel}.html" lang="{html.escape(tag)}">{each.channel}</a>' for each, tag in shown
    ]
    others = " · ".join(links) if len(links) > 1 else ""
    fronts = {f"{FRONT}{each.channel}.html": _front_page(each, tag, notices, others) for each, tag in shown}
    return {**named, **fronts, INDEX: program.index_page(signed, pieces)}


def _front_page(manifest: Manifest, language: str, notices: NoticeSet | None, others: str) -> bytes:
    warned = gate(notices, ReaderContext(), Act.READ, language, manifest.created)
    told = [_block(each) for each in (*warned.labels, *warned.blocks, *warned.beside)]
    head = (
        f'<!doctype html><html lang="{html.escape(language)}" dir="auto"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="referrer" content="no-referrer">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none';style-src 'unsafe-inline'\">"
        f"<title>{html.escape(manifest.name)}</title><style>{_STYLE}</style>"
        f"<header><h1>{html.escape(manifest.name)}</h1><p>{_day(manifest.created)}</p><nav>{others}</nav>"
        f'<p lang="en" dir="ltr">{_UNCHECKED}</p></header><aside>{"".join(told)}</aside><main>'
    )
    end = "</main></html>"
    room = MAX_PIECE - len(head.encode()) - len(end.encode())
    stories = {story.id: story for story in manifest.front.stories}
    listed = list(zip(manifest.front.listed, manifest.front.summaries, strict=True))
    short = [_headline(article, summary) for article, summary in listed]
    room -= sum(len(each.encode()) for each in short)
    while room < 0 and short:
        room += len(short.pop().encode())
    for place, (article, _) in enumerate(listed[: len(short)]):
        if article.id in stories:
            whole = _story(stories[article.id])
            more = len(whole.encode()) - len(short[place].encode())
            if more <= room:
                short[place] = whole
                room -= more
    return f"{head}{''.join(short)}{end}".encode()


def _block(block: Block) -> str:
    text = html.escape(block.text).replace("\n", "<br>")
    return f'<p lang="{html.escape(block.language)}" dir="{html.escape(block.direction)}">{text}</p>'


def _headline(article: Article, summary: str) -> str:
    told = f"<p>{html.escape(summary)}</p>" if summary else ""
    return f"{_opening(article)}{told}</article>"


def _story(article: Article) -> str:
    return f"{_opening(article)}{_Plain.of(article.body)}</article>"


def _opening(article: Article) -> str:
    tag = html.escape(article.language)
    return (
        f'<article lang="{tag}" dir="auto"><h2>{html.escape(article.title)}</h2>'
        f"<time>{_day(article.published)}</time>"
    )


def _day(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()


class _Plain(HTMLParser):
    """A body of the closed subset without its pictures and its links; their texts stay."""

    _KEPT: Final = frozenset(
        "p h2 h3 h4 ul ol li blockquote pre table thead tbody tr td th figcaption code em strong sub sup br"
        " hr".split()
    )

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[str] = []

    @classmethod
    def of(cls, body: str) -> str:
        parser = cls()
        parser.feed(body)
        parser.close()
        return "".join(parser._parts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the element without any attribute."""
        if tag in self._KEPT:
            self._parts.append(f"<{tag}>")

    def handle_endtag(self, tag: str) -> None:
        """Keep the end of what was kept."""
        if tag in self._KEPT and tag not in ("br", "hr"):
            self._parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self._parts.append(html.escape(data))
