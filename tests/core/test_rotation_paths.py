"""Epochs and the paths derived from them, and clocks that are wrong."""

import base64
import hashlib
import hmac
from functools import partial
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.rotation import entrances
from helpers.steps import steps
from mirror.limits import MAX_EPOCH, MAX_SEATS
from mirror.net import address
from mirror.rotation import epochs, paths
from mirror.rotation.epochs import DAY, Calendar
from mirror.rotation.paths import Entrance

SECRET = bytes(range(16))
CALENDAR = Calendar()
instants = st.integers(0, 2**33)


@given(instants, st.integers(600, 30 * DAY))
def test_an_instant_lies_in_its_epoch(now: int, seconds: int) -> None:
    calendar = Calendar(seconds)
    epoch = calendar.epoch(now)
    assert calendar.begins(epoch) <= now < calendar.begins(epoch + 1)
    assert calendar.epoch(now) in calendar.around(now)


@pytest.mark.parametrize("seconds", [0, 599, 30 * DAY + 1])
def test_an_epoch_is_neither_a_moment_nor_a_season(seconds: int) -> None:
    with pytest.raises(ValueError, match="epoch"):
        Calendar(seconds)


def test_time_begins_and_ends() -> None:
    assert CALENDAR.around(5) == (0, 1)
    assert CALENDAR.epoch(-5) == 0
    assert epochs.around(MAX_EPOCH) == (MAX_EPOCH - 1, MAX_EPOCH)


@given(instants, instants)
def test_a_reader_asks_only_for_what_was_made(now: int, issued: int) -> None:
    asked = CALENDAR.to_ask(now, issued)
    assert asked in CALENDAR.published(issued)
    if CALENDAR.epoch(now) in CALENDAR.published(issued):
        assert asked == CALENDAR.epoch(now)


@pytest.mark.parametrize("days", [-3_000, -2, -1, 0, 1, 2, 3_000])
def test_a_clock_that_is_wrong_shuts_nobody_out(days: int) -> None:
    """The publisher signed something today: whatever the device thinks, slips and paths are found."""
    now = 20_780 * DAY + 50_000
    device = now + days * DAY
    assert CALENDAR.to_ask(device, now) in {20_780, 20_781}
    node = paths.accepted(SECRET, 20_780)
    tried = CALENDAR.to_enter(device, [now - 2 * DAY, now])
    assert len(tried) <= 2
    key = paths.path_key(SECRET, 9)
    assert 9 in {node.seat(paths.path(key, epoch)) for epoch in tried}


def test_a_clock_that_is_right_needs_one_try() -> None:
    now = 20_780 * DAY
    assert CALENDAR.to_enter(now, [now - DAY]) == CALENDAR.to_enter(now, []) == (20_780,)
    # A publisher who has been silent for a month: the device may be right.
    assert CALENDAR.to_enter(now, [now - 30 * DAY]) == (20_780, 20_750)


@given(st.integers(0, MAX_SEATS - 1), st.integers(2, MAX_EPOCH - 2), st.integers(-2, 2))
def test_three_epochs_are_accepted_and_no_more(seat: int, epoch: int, skew: int) -> None:
    asked = paths.path(paths.path_key(SECRET, seat), epoch + skew)
    assert paths.accepted(SECRET, epoch).seat(asked) == (seat if abs(skew) <= 1 else None)


@given(st.one_of(st.text(max_size=40), st.from_regex(r"[a-z2-7]{24}", fullmatch=True)))
def test_what_was_not_handed_out_is_not_accepted(segment: str) -> None:
    assert paths.accepted(SECRET, 5).seat(segment) is None


def test_a_path_is_taken_only_as_it_is() -> None:
    node = paths.accepted(SECRET, 5)
    good = paths.path(paths.path_key(SECRET, 3), 5)
    assert node.seat(good) == 3
    for other in (good.upper(), good[:-1], good + "a", good + "=", "", good[:-1] + "\ud800"):
        assert node.seat(other) is None


def test_a_seat_can_be_closed() -> None:
    node = paths.accepted(SECRET, 5, closed={3})
    found = [node.seat(paths.path(paths.path_key(SECRET, seat), 5)) for seat in range(5)]
    assert found == [0, 1, 2, None, 4]
    assert node.paths == paths.accepted(SECRET, 5).paths, "it is compared with all the same"
    mine = {paths.path(paths.path_key(SECRET, 3), epoch) for epoch in (4, 5, 6)}
    assert set(node.taken) == set(node.paths) - mine


def test_all_paths_of_an_endpoint_are_different_and_hidden() -> None:
    node = paths.accepted(SECRET, 5)
    assert len(set(node.paths)) == 3 * MAX_SEATS
    assert node.paths[0] not in repr(node)
    assert paths.accepted(bytes(16), 5).seat(node.paths[0]) is None


@pytest.mark.parametrize("closed", [(), (0, 9, 63)])
def test_every_path_is_compared_with_all_paths_in_the_same_steps(
    closed: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it is right, nearly right at its beginning or its end, or not at all: nothing ends early."""
    node = paths.accepted(SECRET, 5, closed)
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, two: bytes) -> bool:
        compared.append((one, two))
        return hmac.compare_digest(one, two)

    monkeypatch.setattr(paths, "hmac", SimpleNamespace(compare_digest=compare, digest=hmac.digest))
    asked = ["a" * 24]
    for known in (node.paths[0], node.paths[len(node.paths) // 2], node.paths[-1]):
        asked += [known[:at] + ("b" if known[at] == "a" else "a") + known[at + 1 :] for at in (0, 11, 23)]
        asked.append(known)
    asked += [paths.path(paths.path_key(SECRET, 3), epoch) for epoch in (0, 3, 7)]
    for segment in asked:
        compared.clear()
        node.seat(segment)
        assert compared == [(segment.encode(), each.encode()) for each in node.paths]
    # By now the interpreter has specialized all that it will.
    work = [steps(partial(node.seat, segment)) for segment in asked]
    assert len(work[0]) > 10 * len(node.paths)
    wrong = [each for segment, each in zip(asked, work, strict=True) if segment not in node.paths]
    assert len(wrong) > 10
    assert all(each == wrong[0] for each in wrong)
    # Of a right one the last step alone differs, which says what was found.
    assert all(each[: len(wrong[0]) - 3] == wrong[0][:-3] for each in work)


def test_the_derivation_is_the_documents() -> None:
    key = hmac.new(SECRET, b"mirror/1/seat\x07", hashlib.sha256).digest()[:16]
    assert paths.path_key(SECRET, 7) == key
    digest = hmac.new(key, b"mirror/1/path\x00\x00\x51\x2c", hashlib.sha256).digest()
    assert paths.path(key, 20_780) == base64.b32encode(digest).decode().lower()[:24]


@given(entrances, st.integers(0, MAX_EPOCH))
def test_an_entrance_gives_an_address_that_the_network_takes(entrance: Entrance, epoch: int) -> None:
    text = entrance.address(epoch)
    found = address.endpoint(text, 1)
    assert found is not None
    assert address.text_of(found) == text
    known = address.endpoint(entrance.text, 1)
    assert known is not None
    assert (found.connect, found.sni) == (known.connect, known.sni)
    assert found.url == known.url + (paths.path(entrance.key, epoch) + "/" if entrance.key else "")
    assert entrance.text not in repr(entrance)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://",
        "https:///",
        "https://a.example",
        "ftp://a.example/",
        "file:///a/",
        "https://a.example/?q/",
        "https://u@a.example/",
        "https://a.example/#",
        "https://a b.example/",
        "https://ä.example/",
        "https://a.example/\n/",
        "https://" + "a" * 200 + "/",
    ],
)
def test_what_is_no_address_is_no_entrance(text: str) -> None:
    with pytest.raises(ValueError, match="address"):
        Entrance(text)


@pytest.mark.parametrize(("secret", "seat"), [(bytes(15), 0), (bytes(16), -1), (bytes(16), MAX_SEATS)])
def test_secrets_and_seats_have_bounds(secret: bytes, seat: int) -> None:
    with pytest.raises(ValueError, match="secret"):
        paths.path_key(secret, seat)


@pytest.mark.parametrize("epoch", [-1, MAX_EPOCH + 1])
def test_epochs_have_bounds(epoch: int) -> None:
    with pytest.raises(ValueError, match="epoch"):
        paths.path(SECRET, epoch)
