"""Pictures: clean, bounded, the same each time; and hostile ones refused."""

import struct
import time
import zlib
from contextlib import suppress
from io import BytesIO
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageCms

from mirror.bundle import piece
from mirror.errors import SourceError
from mirror.limits import MAX_IMAGE, MAX_IMAGE_FILE, MAX_PIECE
from mirror.model import PieceList
from mirror.publisher.images import FORMATS, Prepared, prepare

CANARY = b"CANARY-51.5074N"


def slope(width: int = 700, height: int = 500) -> Pillow.Image:
    return Pillow.linear_gradient("L").resize((width, height)).convert("RGB")


def noise(side: int) -> Pillow.Image:
    return Pillow.frombytes("RGB", (side, side), Random(1).randbytes(side * side * 3))


def saved(image: Pillow.Image, kind: str = "PNG", **options: object) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def raw(prepared: Prepared, tier: PieceList) -> bytes:
    return piece.unseal(tier, [prepared.pieces[digest] for digest in tier.digests])


def opened(prepared: Prepared, tier: PieceList | None = None) -> Pillow.Image:
    image = Pillow.open(BytesIO(raw(prepared, tier or prepared.image.thumbnail)), formats=["AVIF"])
    image.load()
    return image


def code(data: bytes) -> str:
    with pytest.raises(SourceError) as caught:
        prepare(data)
    return caught.value.code


@pytest.mark.parametrize("kind", FORMATS)
def test_each_format_becomes_a_thumbnail_of_one_piece_and_a_larger_tier(kind: str) -> None:
    made = prepare(saved(slope(), kind), alt="A slope", credit="Somebody")
    image = made.image
    assert (image.media_type, image.alt, image.credit) == ("image/avif", "A slope", "Somebody")
    assert len(image.thumbnail.digests) == 1
    assert max(opened(made).size) == 400
    assert image.full is not None
    assert opened(made, image.full).size == (image.width, image.height) == (700, 500)
    assert made.pieces.keys() == {*image.thumbnail.digests, *image.full.digests}
    for digest, data in made.pieces.items():
        piece.check(digest, data)


def test_nothing_of_the_source_but_its_pixels_is_carried() -> None:
    exif = Pillow.Exif()
    exif[0x010E] = CANARY.decode()
    exif.get_ifd(0x8825)[29] = CANARY.decode()
    for kind, options in (
        ("JPEG", {"exif": exif, "comment": CANARY, "xmp": b"<x:xmpmeta>" + CANARY}),
        ("PNG", {"exif": exif}),
        ("WEBP", {"exif": exif, "xmp": CANARY}),
        ("AVIF", {"exif": exif, "xmp": CANARY}),
        ("GIF", {"comment": CANARY}),
    ):
        data = saved(slope(), kind, **options)
        assert CANARY in data, "the canary does not sing"
        made = prepare(data)
        for tier in (made.image.thumbnail, made.image.full):
            assert tier is not None
            assert CANARY not in raw(made, tier)
            shown = opened(made, tier)
            assert not {"exif", "xmp", "icc_profile", "comment"} & shown.info.keys()
            assert len(shown.getexif()) == 0


def test_a_colour_profile_is_applied_and_not_carried() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for carried in (profile, profile + CANARY, CANARY):
        data = saved(slope(), "JPEG", icc_profile=carried)
        assert carried in data
        made = prepare(data)
        assert "icc_profile" not in opened(made).info
        assert CANARY not in raw(made, made.image.thumbnail)
    # A profile that swaps red and blue: what is shown is swapped, once.
    swapped = saved(Pillow.new("RGB", (64, 64), "red"), "PNG", icc_profile=bgr(profile))
    pixel = opened(prepare(swapped)).getpixel((32, 32))
    assert isinstance(pixel, tuple)
    assert pixel[2] > 200
    assert pixel[0] < 60


def bgr(profile: bytes) -> bytes:
    """The same profile with the primaries of red and blue exchanged."""
    return profile.replace(b"rXYZ", b"tXYZ").replace(b"bXYZ", b"rXYZ").replace(b"tXYZ", b"bXYZ")


def test_it_is_turned_upright_before_the_note_of_it_goes() -> None:
    exif = Pillow.Exif()
    exif[0x0112] = 6  # rotate by 90 degrees to show
    made = prepare(saved(slope(600, 300), "JPEG", exif=exif))
    assert (made.image.width, made.image.height) == (300, 600)


def test_transparency_stays_and_other_modes_become_rgb() -> None:
    clear = slope().convert("RGBA")
    clear.putalpha(Pillow.linear_gradient("L").resize(clear.size))
    assert opened(prepare(saved(clear))).mode == "RGBA"
    for mode in ("1", "L", "LA", "P", "I;16"):
        assert opened(prepare(saved(slope().convert("L").convert(mode)))).mode in ("RGB", "RGBA")
    assert opened(prepare(saved(slope().convert("CMYK"), "JPEG"))).mode == "RGB"


def test_an_animation_becomes_its_first_frame() -> None:
    frames = [Pillow.new("RGB", (64, 64), colour) for colour in ("red", "blue")]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    pixel = opened(prepare(data)).getpixel((32, 32))
    assert isinstance(pixel, tuple)
    assert pixel[0] > 200
    assert pixel[2] < 50


def test_the_larger_tier_is_there_only_where_it_shows_more() -> None:
    assert prepare(saved(slope(300, 200))).image.full is None
    assert prepare(saved(slope(900, 200)), longest_side=0).image.full is None
    made = prepare(saved(slope(3_000, 2_000)), longest_side=1_280)
    assert (made.image.width, made.image.height) == (1_280, 853)


def test_even_noise_fits() -> None:
    made = prepare(saved(noise(1_000)))
    assert len(made.image.thumbnail.digests) == 1
    assert made.image.full is not None
    assert made.image.full.raw_length <= MAX_IMAGE
    assert max(map(len, made.pieces.values())) <= MAX_PIECE


def test_the_same_bytes_give_the_same_pieces() -> None:
    data = saved(noise(500), "JPEG")
    assert prepare(data) == prepare(data)


def bomb(width: int, height: int) -> bytes:
    """A PNG that declares many pixels and holds none."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1_000_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "sides", [(8_001, 8_000), (10_000, 10_000), (50_000, 50_000), (2**31 - 1, 2**31 - 1)]
)
def test_a_bomb_is_refused_from_its_header(sides: tuple[int, int]) -> None:
    started = time.process_time()
    assert code(bomb(*sides)) == "image-too-large"
    assert time.process_time() - started < 0.5


def test_a_file_too_large_is_not_opened() -> None:
    assert code(bytes(MAX_IMAGE_FILE + 1)) == "image-too-large"


def test_what_is_no_picture_is_refused() -> None:
    postscript = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"
    for data in (
        b"",
        b"GIF89a",
        b"\x89PNG\r\n\x1a\n",
        b"<svg/>",
        postscript,
        saved(slope(), "BMP"),
        saved(slope(), "TIFF"),
    ):
        assert code(data) == "image-unreadable"
    assert code(bomb(100, 100_000)[:90]) == "image-unreadable"


@pytest.mark.parametrize("kind", FORMATS)
def test_a_picture_cut_off_is_refused_or_shown(kind: str) -> None:
    data = saved(slope(64, 48), kind)
    for end in range(0, len(data), max(1, len(data) // 40)):
        with suppress(SourceError):
            prepare(data[:end])
    assert code(data[: len(data) // 2]) == "image-unreadable"


SMALL = {kind: saved(slope(48, 32), kind) for kind in FORMATS}


@settings(max_examples=150)
@given(
    st.sampled_from(FORMATS),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=4)), min_size=1, max_size=6),
)
def test_damage_raises_only_our_error(kind: str, changes: list[tuple[float, bytes]]) -> None:
    data = SMALL[kind]
    for place, change in changes:
        at = int(place * len(data))
        data = data[:at] + change + data[at + max(1, len(change)) :]
    with suppress(SourceError):
        prepare(data)
