"""What a node may write: words and numbers from a list, nothing that could be a person."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.node.log import emit


def test_an_event_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    emit("synced", pieces=3, bytes=10_240, code="disk-full")
    assert capsys.readouterr() == ("", "synced bytes=10240 code=disk-full pieces=3\n")


@pytest.mark.parametrize(
    ("event", "fields"),
    [
        ("request", {"address": 1}),
        ("request", {"path": "x"}),
        ("request", {"agent": "x"}),
        ("request", {"code": "203.0.113.7"}),
        ("request", {"code": "2001:db8::7"}),
        ("request", {"code": "news.example"}),
        ("request", {"code": "/p/aa"}),
        ("request", {"code": "a b"}),
        ("request", {"code": "a\nb"}),
        ("request", {"code": "A"}),
        ("request", {"code": "а"}),
        ("request", {"code": "a" * 41}),
        ("request", {"code": ""}),
        ("203.0.113.7", {}),
        ("a b", {}),
    ],
)
def test_what_is_not_loggable_is_refused_and_not_repeated(
    event: str, fields: dict[str, str | int], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ValueError, match="not loggable") as caught:
        emit(event, **fields)
    assert capsys.readouterr() == ("", "")
    assert all(str(value) not in str(caught.value) for value in fields.values() if len(str(value)) > 2)


@given(st.ip_addresses() | st.emails() | st.from_regex(r"[0-9a-f]{64}", fullmatch=True))
def test_no_address_is_a_word(value: object) -> None:
    with pytest.raises(ValueError, match="not loggable"):
        emit("request", code=str(value))
