"""An invitation out of a picture: what is read, and what a picture may not do."""

import io
import struct
import sys
import tracemalloc
import zlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from helpers.rotation import entrance, invited
from mirror.errors import ConfigError, MirrorError
from mirror.limits import MAX_CODE_FILE, MAX_CODE_PIXELS
from mirror.rotation.picture import png
from mirror.rotation.scanning import scan

ONE = invited((1, 2))
OTHER = replace(ONE, channel="ru")


def saved(picture: Image.Image, kind: str, **more: object) -> bytes:
    output = io.BytesIO()
    picture.save(output, kind, **more)
    return output.getvalue()


def drawn(link: str) -> Image.Image:
    return Image.open(io.BytesIO(png(link))).convert("L")


def beside(*links: str) -> Image.Image:
    codes = [drawn(link) for link in links]
    both = Image.new("L", (sum(each.width for each in codes), max(each.height for each in codes)), 255)
    at = 0
    for each in codes:
        both.paste(each, (at, 0))
        at += each.width
    return both


def code_of(data: bytes) -> str:
    with pytest.raises(MirrorError) as caught:
        scan(data)
    assert "example" not in str(caught.value)
    return caught.value.code


@pytest.mark.parametrize("link", [ONE.link(), ONE.link("https://reader.example/")])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_what_we_draw_is_read_in_every_kind(link: str, kind: str) -> None:
    assert scan(saved(drawn(link), kind)) == ONE


def test_the_deepest_invitation_with_three_entrances_is_read() -> None:
    deep = invited(tuple(range(8)), map(entrance, (1, 2, 3)))
    assert scan(png(deep.link())) == deep


@pytest.mark.parametrize(
    "seen",
    [
        lambda code: code.rotate(17, expand=True, fillcolor=255),
        lambda code: code.resize((code.width * 5 // 4, code.height * 5 // 4)),
        lambda code: code.transpose(Image.Transpose.ROTATE_90),
        lambda code: code.point(lambda value: 60 + value // 2),
    ],
    ids=["crooked", "scaled", "turned", "pale"],
)
def test_a_photograph_is_not_straight(seen: Callable[[Image.Image], Image.Image]) -> None:
    assert scan(saved(seen(drawn(ONE.link())), "JPEG", quality=80)) == ONE


def test_a_clear_ground_is_white() -> None:
    code = drawn(ONE.link())
    clear = Image.new("RGBA", code.size, (0, 0, 0, 0))
    clear.paste((0, 0, 0, 255), mask=code.point(lambda value: 255 - value))
    assert scan(saved(clear, "PNG")) == ONE


def test_other_codes_and_the_same_twice_do_not_matter() -> None:
    assert scan(saved(beside("https://news.example/", ONE.link(), ONE.link()), "PNG")) == ONE
    assert scan(saved(beside("mirror:damaged", ONE.link()), "PNG")) == ONE


@pytest.mark.parametrize(
    ("picture", "code"),
    [
        (lambda: beside(ONE.link(), OTHER.link()), "invitation-codes"),
        (lambda: Image.new("L", (300, 300), 255), "invitation-no-code"),
        (lambda: beside("https://news.example/"), "invitation-code-other"),
        (lambda: beside("https://news.example/#chapter"), "invitation-code-other"),
        (lambda: beside("WIFI:S:home;T:WPA;P:example;;"), "invitation-code-other"),
        (lambda: beside(ONE.link()[:-1]), "invitation-damaged"),
        (lambda: beside(ONE.link() + "A" * 700), "invitation-too-long"),
    ],
    ids=["two", "none", "link", "fragment", "wifi", "damaged", "long"],
)
def test_what_is_not_one_invitation_is_said(picture: Callable[[], Image.Image], code: str) -> None:
    assert code_of(saved(picture(), "PNG")) == code


def bomb(width: int, height: int) -> bytes:
    """A PNG that says it is that large, in a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(99)))
        + chunk(b"IEND", b"")
    )


def webp(kind: bytes, head: bytes) -> bytes:
    body = b"WEBP" + kind + struct.pack("<I", len(head)) + head + bytes(64)
    return b"RIFF" + struct.pack("<I", len(body)) + body


SIDE = 16_000
BOMBS = {
    "png": bomb(SIDE, SIDE),
    "png-narrow": bomb(2**31 - 1, 1),
    "png-just-above": bomb(MAX_CODE_PIXELS // 1_000 + 1, 1_000),
    "webp-extended": webp(b"VP8X", bytes(4) + (SIDE - 1).to_bytes(3, "little") * 2),
    "webp-lossless": webp(b"VP8L", b"\x2f" + ((SIDE - 1) | (SIDE - 1) << 14).to_bytes(4, "little")),
    "webp-lossy": webp(b"VP8 ", b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", SIDE, SIDE)),
    "file": b"\x89PNG" + bytes(MAX_CODE_FILE),
}


@pytest.mark.parametrize("data", BOMBS.values(), ids=BOMBS.keys())
def test_a_picture_too_large_is_refused_before_it_is_decoded(
    data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image.Image, "convert", lambda *_: pytest.fail("decoded"))
    if data.startswith(b"RIFF"):
        monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("opened"))
    tracemalloc.start()
    assert code_of(data) == "invitation-picture-large"
    assert tracemalloc.get_traced_memory()[1] < 2 << 20
    tracemalloc.stop()


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF"])
def test_other_kinds_are_not_opened(kind: str) -> None:
    assert code_of(saved(drawn(ONE.link()), kind)) == "invitation-picture-unreadable"


@settings(max_examples=150)
@given(st.sampled_from(["PNG", "JPEG", "WEBP"]), st.integers(0, 2_000), st.binary(max_size=30))
def test_damage_is_a_sentence_or_does_not_matter(kind: str, at: int, by: bytes) -> None:
    whole = SAVED[kind]
    at %= len(whole)
    for data in (whole[:at], whole[:at] + by + whole[at + len(by) :], whole[:12] + by):
        try:
            found = scan(data)
        except MirrorError:
            continue
        assert found == ONE


SAVED = {kind: saved(drawn(ONE.link()), kind) for kind in ("PNG", "JPEG", "WEBP")}


def test_without_the_decoder_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zxingcpp", None)
    with pytest.raises(ConfigError, match=r"mirror\[qr\]") as caught:
        scan(png(ONE.link()))
    assert caught.value.code == "invitation-picture"
