"""The front page of an edition for browsers without scripts: a newspaper's, in one piece.

Rules:

1. It says, in its own language, that nothing on it was checked.
2. It loads nothing: no script, no picture, no address that could be opened by mistake; its only links are to
   the other channels' front pages, beside it.
3. It is one piece as transferred: the notice, headlines, then as many whole stories as fit.
4. What the publisher corrected or withdrew says so. What he removed for harm is not named.
"""

import html
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Final

from mirror.bundle.manifest import Manifest
from mirror.limits import MAX_PIECE
from mirror.model import Article, State
from mirror.notices import Act, NoticeSet, ReaderContext, gate
from mirror.notices.gate import Block, Kind
from mirror.notices.text import find

_STYLE: Final = (
    ":root{color-scheme:light dark;--paper:#fcfbf8;--ink:#1d1c1a;--dim:#5f5b53;--line:#d9d5cb;"
    "--link:#17506b;--warn:#8a2d16}"
    "@media(prefers-color-scheme:dark){:root{--paper:#17181a;--ink:#e8e5de;--dim:#aaa59b;"
    "--line:#3b3d41;--link:#93c7df;--warn:#f0a58f}}"
    "body{max-width:40rem;margin:0 auto;padding:1.5rem 1rem 4rem;overflow-wrap:break-word;"
    "background:var(--paper);color:var(--ink);font:1.1rem/1.6 Charter,'Iowan Old Style',Georgia,"
    "'Noto Serif',serif}"
    "body:lang(fa){font-family:Vazirmatn,'Noto Naskh Arabic','Noto Sans Arabic',Tahoma,sans-serif}"
    "header{border-bottom:3px double var(--line);margin-bottom:1rem}"
    "h1{font-size:2rem;line-height:1.2;margin:0}"
    "header p,nav,.kind,aside{font:.875rem/1.5 system-ui,'Segoe UI','Noto Sans',sans-serif}"
    "header p,nav,.kind,aside{color:var(--dim)}header p{margin:.3rem 0}"
    "nav{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;padding-bottom:.6rem}nav b{color:var(--ink)}"
    "a{color:var(--link)}"
    "aside{border-inline-start:3px solid var(--warn);padding-inline-start:1rem;margin:1rem 0}"
    "aside p{margin:.4rem 0}.own{color:var(--ink)}"
    "article{border-top:1px solid var(--line);padding:1rem 0 .4rem}article:first-child{border:0}"
    "h2{font-size:1.35rem;line-height:1.25;margin:0 0 .2rem}"
    "h3,h4{font-size:1.1rem;margin:1.2rem 0 .3rem}p{margin:.6rem 0}.kind b{color:var(--warn)}"
    "blockquote{margin-inline:0;padding-inline-start:1rem;border-inline-start:3px solid var(--line)}"
    "pre,table{overflow:auto;display:block}"
    ".tale{border-inline-start:3px solid var(--line);padding-inline-start:1rem}"
)


@dataclass(frozen=True, slots=True)
class _Words:
    """What the page says itself, in one language, and what that calls itself."""

    name: str
    unchecked: str
    corrected: str
    withdrawn: str


# In the order of the reader's own languages; the words for what was withdrawn are those of its texts.
_WORDS: Final[Mapping[str, _Words]] = {
    "en": _Words(
        "English",
        "This page was made for browsers without scripts. Nothing on it was checked by your device: whoever "
        "runs this mirror could have changed it.",
        "Corrected",
        "The publisher withdrew this text. Do not rely on copies of it.",
    ),
    "ru": _Words(
        "Русский",
        "Эта страница сделана для браузеров без скриптов. Ваше устройство ничего на ней не проверяло: "
        "владелец зеркала мог её изменить.",
        "Исправлено",
        "Издатель отозвал этот текст. Не полагайтесь на его копии.",
    ),
    "uk": _Words(
        "Українська",
        "Цю сторінку зроблено для браузерів без скриптів. Ваш пристрій нічого на ній не перевіряв: власник "
        "дзеркала міг її змінити.",
        "Виправлено",
        "Видавець відкликав цей текст. Не покладайтеся на його копії.",
    ),
    "be": _Words(
        "Беларуская",
        "Гэтая старонка зроблена для браўзераў без скрыптоў. Ваша прылада нічога на ёй не правярала: "
        "уладальнік люстэрка мог яе змяніць.",
        "Выпраўлена",
        "Выдавец адклікаў гэты тэкст. Не спадзявайцеся на яго копіі.",
    ),
    "fa": _Words(
        "فارسی",
        "این صفحه برای مرورگرهای بدون اسکریپت ساخته شده است. دستگاه شما هیچ چیز آن را بررسی نکرده است: "
        "هر که این آینه را می‌گرداند ممکن است آن را تغییر داده باشد.",
        "تصحیح‌شده",
        "ناشر این متن را پس گرفته است. به نسخه‌های آن تکیه نکنید.",
    ),
    "tr": _Words(
        "Türkçe",
        "Bu sayfa betiksiz tarayıcılar için yapıldı. Cihazınız üzerindeki hiçbir şeyi denetlemedi: bu aynayı "
        "işleten onu değiştirmiş olabilir.",
        "Düzeltildi",
        "Yayıncı bu metni geri çekti. Kopyalarına güvenmeyin.",
    ),
    "zh": _Words(
        "中文",
        "本页是为不运行脚本的浏览器制作的。您的设备没有核对其中任何内容：运营此镜像的人可能改过它。",
        "已更正",
        "发布者撤回了此文。请不要依赖它的副本。",
    ),
}
# What leads on, or asks: here nothing can be opened, and reading asks nothing.
_ELSEWHERE: Final = frozenset({Kind.INFO, Kind.QUESTION, Kind.BUTTON})
_FROM_THE_RIGHT: Final = frozenset({"ar", "ckb", "fa", "he", "ps", "ug", "ur"})


def front_page(manifest: Manifest, languages: Mapping[str, str], notices: NoticeSet | None) -> bytes:
    """The page of ``manifest``; ``languages`` has the tag of each channel that has one, this one's too."""
    tag = languages[manifest.channel]
    words = _words(tag)
    own = "en" if words is _WORDS["en"] else tag
    head = (
        f'<!doctype html><html lang="{html.escape(tag)}" dir="{_direction(tag)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="referrer" content="no-referrer"><meta name="robots" content="noindex">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none';style-src 'unsafe-inline'\">"
        f"<title>{html.escape(manifest.name)}</title><style>{_STYLE}</style></head><body>"
        f"<header><h1>{html.escape(manifest.name)}</h1><p>{_day(manifest.created)}</p>"
        f"{_others(manifest.channel, languages)}</header>"
        f'<aside><p class="own" lang="{html.escape(own)}" dir="{_direction(own)}">{words.unchecked}</p>'
        f"{_warnings(notices, tag, manifest.created)}</aside><main>"
    )
    end = "</main></body></html>"
    room = MAX_PIECE - len(head.encode()) - len(end.encode())
    stories = {story.id: story for story in manifest.front.stories}
    pairs = zip(manifest.front.listed, manifest.front.summaries, strict=True)
    listed = [(article, summary) for article, summary in pairs if article.state is not State.REMOVED]
    short = [_headline(article, summary, words) for article, summary in listed]
    room -= sum(len(each.encode()) for each in short)
    while room < 0 and short:
        room += len(short.pop().encode())
    for place, (article, _) in enumerate(listed[: len(short)]):
        if article.id in stories:
            whole = _story(stories[article.id], words)
            more = len(whole.encode()) - len(short[place].encode())
            if more <= room:
                short[place] = whole
                room -= more
    return f"{head}{''.join(short)}{end}".encode()


def _warnings(notices: NoticeSet | None, tag: str, at: int) -> str:
    """What stands over reading, without what leads on to other pages: there are none here."""
    warned = gate(notices, ReaderContext(), Act.READ, tag, at)
    more = find(notices, "ui.more", tag)
    leading = {each.text for each in (more.shown, more.beside) if each is not None}
    beside = [each for each in warned.beside[1:] if each.kind is not Kind.HEADING]
    told = (*warned.labels, *warned.blocks, *warned.beside[:1], *beside)
    return "".join(_block(each) for each in told if each.kind not in _ELSEWHERE and each.text not in leading)


def _words(tag: str) -> _Words:
    return _WORDS.get(tag.partition("-")[0].lower(), _WORDS["en"])


def _direction(tag: str) -> str:
    return "rtl" if tag.partition("-")[0].lower() in _FROM_THE_RIGHT else "ltr"


def _others(channel: str, languages: Mapping[str, str]) -> str:
    """The channels by their languages' own names; by their ids where that does not tell them apart."""
    if len(languages) < 2:
        return ""
    names = {each: _words(tag).name if _knows(tag) else each for each, tag in languages.items()}
    parts = []
    for each, tag in languages.items():
        name = html.escape(names[each] if list(names.values()).count(names[each]) == 1 else each)
        attributes = f'lang="{html.escape(tag)}" dir="{_direction(tag)}"'
        parts.append(
            f'<b aria-current="page" {attributes}>{name}</b>'
            if each == channel
            else f'<a href="{each}.html" {attributes}>{name}</a>'
        )
    return f"<nav>{''.join(parts)}</nav>"


def _knows(tag: str) -> bool:
    return tag.partition("-")[0].lower() in _WORDS


def _block(block: Block) -> str:
    text = html.escape(block.text).replace("\n", "<br>")
    return f'<p lang="{html.escape(block.language)}" dir="{html.escape(block.direction)}">{text}</p>'


def _headline(article: Article, summary: str, words: _Words) -> str:
    is_told = summary and article.state is not State.WITHDRAWN
    told = f"<p>{html.escape(summary)}</p>" if is_told else ""
    return f"{_opening(article, words)}{told}</article>"


def _story(article: Article, words: _Words) -> str:
    byline = f'<p class="kind">{html.escape(article.byline)}</p>' if article.byline else ""
    corrections = "".join(
        f'<p class="tale">{words.corrected}, {_day(each.at)}: {html.escape(each.text)}</p>'
        for each in article.corrections
    )
    return f"{_opening(article, words)}{byline}{_Plain.of(article.body)}{corrections}</article>"


def _opening(article: Article, words: _Words) -> str:
    tag = html.escape(article.language)
    said = {State.CORRECTED: words.corrected, State.WITHDRAWN: words.withdrawn}.get(article.state, "")
    state = f" · <b>{said}</b>" if said else ""
    section = f" · {html.escape(article.section)}" if article.section else ""
    return (
        f'<article lang="{tag}" dir="{_direction(article.language)}"><h2>{html.escape(article.title)}</h2>'
        f'<div class="kind">{_day(article.published)}{section}{state}</div>'
    )


def _day(at: int) -> str:
    day = datetime.fromtimestamp(at, UTC).date().isoformat()
    return f'<time datetime="{day}">{day}</time>'


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
