"""Invitations: one spelling, small, and nothing damaged, foreign, newer or older is taken."""

import io
import xml.etree.ElementTree as ET
from base64 import b32encode, urlsafe_b64encode
from collections.abc import Callable

import pytest
import segno
import zxingcpp
from hypothesis import assume, example, given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from helpers.rotation import NOW, PUBLICATION, SECRET, entrance, invitations, invited
from mirror.errors import FormatError, LimitError, MirrorError, TrustError
from mirror.limits import MAX_DEPTH, MAX_FRIENDS, MAX_INVITATION
from mirror.rotation import invitation as module
from mirror.rotation import picture
from mirror.rotation.invitation import Invitation, decode, parse
from mirror.rotation.keys import KeyTree
from mirror.rotation.paths import Entrance

PAGE = "https://news.example.org/r/"
DEEP = invited((7, 1, 0, 3, 2, 15, 9, 4), [entrance(1), entrance(2), entrance(3)], look=3)
FORMS: list[Callable[[Invitation], str]] = [
    Invitation.text,
    Invitation.link,
    lambda given: given.link(PAGE),
]


def code_of(text: str | bytes) -> str:
    with pytest.raises(MirrorError) as caught:
        parse(text) if isinstance(text, str) else decode(text)
    assert isinstance(caught.value, FormatError)
    return caught.value.code


def resealed(data: bytes) -> bytes:
    """``data`` with another body, and the checksum that fits: whole but for one defect."""
    return data[:-4] + module._checksum(data[:-4])


@given(invitations)
def test_every_form_comes_back(given: Invitation) -> None:
    assert decode(given.encode()) == given
    for form in FORMS:
        assert parse(form(given)) == given


@given(invitations, st.integers(0, 2**20))
def test_no_beginning_of_one_is_one(given: Invitation, where: int) -> None:
    data = given.encode()
    assert code_of(data[: where % len(data)]) == "invitation-damaged"


@given(invitations, st.integers(0, 2**20), st.integers(1, 255))
def test_one_altered_byte_is_seen(given: Invitation, where: int, change: int) -> None:
    data = bytearray(given.encode())
    data[where % len(data)] ^= change
    assert code_of(bytes(data)) in {"invitation-damaged", "invitation-version"}


@given(invitations, st.binary(min_size=1, max_size=8), st.sampled_from(FORMS))
def test_nothing_may_follow(given: Invitation, more: bytes, form: Callable[[Invitation], str]) -> None:
    assert code_of(given.encode() + more) == "invitation-damaged"
    assert code_of(resealed(given.encode() + more)) == "invitation-format"
    text = form(given)
    assert code_of(text + text[-1]) in {"invitation-damaged", "invitation-too-long"}


@given(
    st.one_of(st.binary(max_size=400), invitations.map(Invitation.encode)), st.integers(0, 400), st.binary()
)
def test_garbage_with_a_good_checksum_raises_only_our_errors(data: bytes, at: int, more: bytes) -> None:
    data = resealed(b"\x01" + data[1:at] + more + data[at:] + bytes(4))
    try:
        given = decode(data)
    except FormatError:
        return
    assert given.encode() == data


@given(st.text(max_size=200))
@example("mirror:")
@example(PAGE)
@example(PAGE + "#")
@example("-" * 50)
@example("ſ" * 16)  # upper() makes an S of it
def test_other_text_is_refused(text: str) -> None:
    assert code_of(text).startswith("invitation-")


@pytest.mark.parametrize("version", [0, 2, 255])
def test_an_older_or_newer_form_is_refused_whole_or_not(version: int) -> None:
    data = bytes([version]) + DEEP.encode()[1:]
    assert code_of(data) == code_of(resealed(data)) == "invitation-version"
    text = "mirror:" + urlsafe_b64encode(resealed(data)).decode().rstrip("=")
    assert code_of(text) == "invitation-version"


def test_what_is_typed_may_be_in_any_case_and_spacing() -> None:
    text = DEEP.text()
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567-\n")
    for typed in (text.lower(), text.replace("-", ""), text.replace("-", " \t"), f"\n {text.title()} \n"):
        assert parse(typed) == DEEP


def test_letters_of_other_alphabets_are_none_of_ours() -> None:
    """upper() makes an S of the long s, and an I of the dotless one."""
    text = DEEP.text()
    for letter, odd in (("S", "ſ"), ("I", "ı")):
        assert letter in text
        assert odd.upper() == letter
        assert code_of(text.replace(letter, odd, 1)) == "invitation-damaged"


def test_a_link_is_taken_as_it_is() -> None:
    link = DEEP.link(PAGE)
    page, fragment = link.split("#")
    assert parse(f" {link}\n") == DEEP
    for changed in (
        f"{page}#{fragment.lower()}",
        f"{page}#{fragment[:9]} {fragment[9:]}",
        f"{page}#{fragment[:9]}-{fragment[9:]}",
        f"{page}#{fragment}=",
        f"{page}#{fragment[:-1]}",
        f"{page}?{fragment}",
        f"{page}{fragment}",
        f"MIRROR:{fragment}",
        fragment,
    ):
        assert code_of(changed) == "invitation-damaged", changed
    assert code_of("https://a.example/" + "a" * 300 + "#" + fragment) == "invitation-damaged"


def test_bits_that_no_letter_needs_are_zero() -> None:
    data = DEEP.encode()
    for encode, form in ((b32encode, "{}"), (urlsafe_b64encode, "mirror:{}")):
        text = encode(data).decode().rstrip("=")
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" if form == "{}" else None
        letters = alphabet or "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        twin = text[:-1] + letters[letters.index(text[-1]) + 1]
        assert parse(form.format(text)) == DEEP
        assert code_of(form.format(twin)) == "invitation-damaged"


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (1, 17),  # deeper than any
        (2, 9),  # looks below itself
        (43, 0),  # an epoch of 2 seconds
        (47, 0),  # no channel
        (47, 200),  # a channel beyond the end
        (48, ord("/")),  # a channel that is no channel
    ],
)
def test_a_field_out_of_bounds_is_refused(at: int, value: int) -> None:
    data = bytearray(DEEP.encode())
    data[at] = value
    if at == 43:
        data[43:47] = (2).to_bytes(4, "big")
    assert code_of(resealed(bytes(data))) == "invitation-format"


def test_a_whole_invitation_that_is_too_deep_is_refused() -> None:
    deepest = invited((0,) * MAX_DEPTH).encode()
    keys = 48 + 2 + 16
    body = deepest[:1] + bytes([MAX_DEPTH + 1]) + deepest[2:keys] + bytes(16) + deepest[keys:]
    assert code_of(resealed(body)) == "invitation-format"
    assert decode(resealed(deepest)).keyring.depth == MAX_DEPTH


GOOD = b"\x00\x04a.b/"


@pytest.mark.parametrize(
    "odd",
    [
        b"\x00",
        b"\x04" + GOOD * 4,
        b"\x02" + GOOD,
        b"\x01\x04" + GOOD[1:],
        b"\x01\x00\x00",
        b"\x01\x00\x03a.b",
        b"\x01\x00\x04a\xff./",
        b"\x01\x01" + GOOD[1:] + bytes(15),
        b"\x01" + GOOD + b"\x00",
    ],
)
def test_a_list_of_endpoints_is_strict(odd: bytes) -> None:
    body = DEEP.encode()[:-4]
    start = 48 + 2 + 16 * 9
    assert body[start] == 3
    assert decode(resealed(body[:start] + b"\x01" + GOOD + bytes(4))).entrances == (Entrance("https://a.b/"),)
    assert code_of(resealed(body[:start] + odd + bytes(4))) == "invitation-format"


def test_another_publications_invitation_is_refused() -> None:
    DEEP.check(None, NOW)
    DEEP.check(PUBLICATION, NOW)
    with pytest.raises(TrustError) as caught:
        DEEP.check(bytes(32), NOW)
    assert caught.value.code == "invitation-foreign"


def test_an_expired_invitation_is_refused() -> None:
    given = invited((1,), expires=NOW + 10)
    given.check(None, NOW + 9)
    with pytest.raises(TrustError) as caught:
        given.check(None, NOW + 10)
    assert caught.value.code == "invitation-expired"


@given(invitations, st.integers(0, MAX_FRIENDS - 1))
def test_a_friends_invitation_is_the_one_the_publisher_would_make(given: Invitation, index: int) -> None:
    child = given.child(index, given.created)
    assert child.keyring == given.keyring.child(index)
    assert child.keyring.ancestors[:-1] == given.keyring.ancestors
    assert given.keyring.branch not in (child.keyring.branch, *child.keyring.ancestors)
    assert (child.publication, child.channel, child.look) == (given.publication, given.channel, given.look)
    assert parse(child.link()) == child


def test_a_friend_gets_the_endpoints_that_work_now() -> None:
    child = DEEP.child(0, NOW + 5, (entrance(9),))
    assert (child.entrances, child.created) == ((entrance(9),), NOW + 5)


def test_nobody_is_invited_too_deep_or_out_of_the_publishers_sight() -> None:
    with pytest.raises(LimitError) as caught:
        invited((0,) * MAX_DEPTH).child(0, NOW)
    assert caught.value.code == "invitation-too-deep"
    with pytest.raises(ValueError, match="index"):
        DEEP.child(MAX_FRIENDS, NOW)


def test_the_longest_and_the_deepest_invitation() -> None:
    long = [Entrance(f"https://{'a' * 60}.example/{number}/", bytes(16)) for number in range(3)]
    assert len(invited((0,) * MAX_DEPTH, long, channel="a" * 32).encode()) <= MAX_INVITATION
    longer = [Entrance(f"https://{'a' * 140}.example/", bytes(16))] * 3
    with pytest.raises(LimitError) as caught:
        invited((0,) * MAX_DEPTH, longer).encode()
    assert caught.value.code == "invitation-too-long"
    assert code_of("A" * 5_000) == code_of(bytes(MAX_INVITATION + 1)) == "invitation-too-long"


def test_nothing_of_an_invitation_is_shown() -> None:
    assert repr(DEEP) == "Invitation()"
    with pytest.raises(FormatError) as caught:
        parse(DEEP.link()[:-1])
    assert DEEP.link()[20:40] not in str(caught.value)


# --- the picture ----------------------------------------------------------------------------------


def seen(image: Image.Image) -> list[str]:
    return [each.text for each in zxingcpp.read_barcodes(image.convert("L"))]


def test_at_depth_eight_a_link_is_short_and_a_camera_reads_its_code() -> None:
    link = DEEP.link(PAGE)
    assert DEEP.keyring.depth == 8
    assert len(link) <= 600
    drawn = Image.open(io.BytesIO(picture.png(link)))
    assert drawn.width <= 600
    assert seen(drawn) == [link]
    # As a camera has it: turned, not quite sharp, dark, and within something larger.
    tilted = (
        drawn.convert("L").rotate(7, expand=True, fillcolor=255).resize((520, 520)).point(lambda v: v // 2)
    )
    photo = Image.new("L", (900, 700), 90)
    photo.paste(tilted, (200, 100))
    assert seen(photo) == [link]


def test_the_longest_link_still_fits_a_code() -> None:
    long = [Entrance(f"https://{'a' * 60}.example/{number}/", bytes(16)) for number in range(3)]
    link = invited((0,) * MAX_DEPTH, long, channel="a" * 32).link(PAGE)
    assert seen(Image.open(io.BytesIO(picture.png(link)))) == [link]
    assert segno.make_qr(link, error="l").symbol_size(border=0)[0] <= 101
    with pytest.raises(ValueError, match="link"):
        picture.png("a" * 1_200)


def test_the_terminals_code_can_be_read() -> None:
    link = DEEP.link(PAGE)
    lines = picture.terminal(link).split("\n")
    image = Image.new("L", (len(lines[0]) * 4, len(lines) * 8), 0)
    draw = ImageDraw.Draw(image)
    for y, line in enumerate(lines):
        for x, block in enumerate(line):
            if block in "█▀":
                draw.rectangle((x * 4, y * 8, x * 4 + 3, y * 8 + 3), 255)
            if block in "█▄":
                draw.rectangle((x * 4, y * 8 + 4, x * 4 + 3, y * 8 + 7), 255)
    assert seen(image) == [link]


def test_the_drawing_is_a_document_of_its_own() -> None:
    drawing = ET.fromstring(picture.svg(DEEP.link(PAGE)))
    assert drawing.tag == "{http://www.w3.org/2000/svg}svg"
    assert picture.svg(DEEP.link(PAGE)) == picture.svg(DEEP.link(PAGE))


@given(invitations)
def test_keys_of_others_are_not_in_an_invitation(given: Invitation) -> None:
    assume(given.keyring.depth)
    data, tree = given.encode(), KeyTree(SECRET, PUBLICATION)
    assert tree.branch(()) not in data
    assert SECRET not in data
