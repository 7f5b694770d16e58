"""A folder as a mirror: its files and nothing else of this machine."""

import asyncio
import os
from pathlib import Path
from urllib.parse import quote

import pytest

from mirror.bundle.archive import write_archive
from mirror.errors import EndpointError
from mirror.model import Endpoint
from mirror.net.local import LocalTransport

SECRET = b"a file of this machine"


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    """A folder with one file, and a secret beside it."""
    (tmp_path / "secret").write_bytes(SECRET)
    folder = tmp_path / "a stick ж"
    (folder / "m" / "heads").mkdir(parents=True)
    (folder / "m" / "timestamp.json").write_bytes(b"statement")
    (folder / "m" / "heads" / "ru").write_bytes(b"head")
    return folder


def get(url: str, path: str, limit: int = 100) -> bytes:
    async def run() -> bytes:
        async with LocalTransport() as transport:
            return await transport.get(Endpoint("stick", url), path, limit=limit)

    return asyncio.run(run())


def code_of(folder: Path, path: str, limit: int = 100) -> str:
    with pytest.raises(EndpointError) as caught:
        get(folder.as_uri() + "/", path, limit)
    assert str(folder) not in str(caught.value)
    return caught.value.code


def test_files_are_given_whatever_the_folder_is_called(stick: Path) -> None:
    assert get(stick.as_uri() + "/", "m/timestamp.json") == b"statement"
    assert get(stick.as_uri(), "m/heads/ru") == b"head"
    assert get("file://localhost" + quote(str(stick)), "m/heads/ru") == b"head"


def test_the_limit_is_exact(stick: Path) -> None:
    assert get(stick.as_uri(), "m/timestamp.json", limit=9) == b"statement"
    assert code_of(stick, "m/timestamp.json", limit=8) == "too-long"


@pytest.mark.parametrize("path", ["m/none.json", "p/aa/bb", "m/timestamp.json/x"])
def test_what_is_not_there_is_absent(stick: Path, path: str) -> None:
    assert code_of(stick, path) == "absent"


@pytest.mark.parametrize(
    "path",
    [
        "../secret",
        "m/../../secret",
        "/etc/passwd",
        "m//timestamp.json",
        "./m/timestamp.json",
        "",
        "m/",
        "m\0",
    ],
)
def test_no_path_leads_out(stick: Path, path: str) -> None:
    assert code_of(stick, path) == "refused"


def test_a_link_to_a_file_is_refused(stick: Path) -> None:
    (stick / "m" / "1.root.json").symlink_to(stick.parent / "secret")
    assert code_of(stick, "m/1.root.json") == "refused"


def test_a_link_to_a_folder_is_not_followed(stick: Path) -> None:
    (stick / "p").symlink_to(stick.parent)
    assert code_of(stick, "p/secret") == "absent"


def test_a_named_pipe_does_not_hold_the_reader(stick: Path) -> None:
    os.mkfifo(stick / "m" / "1.root.json")
    assert code_of(stick, "m/1.root.json") == "refused"


def test_a_folder_is_no_file(stick: Path) -> None:
    assert code_of(stick, "m/heads") == "refused"


def test_another_machine_s_folder_is_not_looked_for_here(stick: Path) -> None:
    with pytest.raises(EndpointError) as caught:
        get("file://otherhost" + quote(str(stick)), "m/heads/ru")
    assert caught.value.code == "unreachable"


@pytest.mark.parametrize(
    "url", ["file://otherhost/x/", "file:relative/", "file:///nowhere-at-all/", "file:///%00/"]
)
def test_what_is_no_folder_of_this_machine_is_unreachable(url: str) -> None:
    with pytest.raises(EndpointError) as caught:
        get(url, "m/timestamp.json")
    assert caught.value.code == "unreachable"


PIECE = "p/ab/ab" + "c" * 62


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """An archive of two files."""
    file = tmp_path / "a news.mirror.zip"
    with file.open("wb") as stream:
        write_archive(stream, [("m/timestamp.json", b"statement"), (PIECE, b"x" * 2_560)])
    return file


def test_an_archive_is_a_mirror(bundle: Path) -> None:
    assert get(bundle.as_uri(), "m/timestamp.json") == b"statement"
    assert get(bundle.as_uri(), PIECE, limit=2_560) == b"x" * 2_560


@pytest.mark.parametrize(
    ("path", "limit", "code"),
    [
        ("m/1.root.json", 100, "absent"),
        ("../a news.mirror.zip", 100, "refused"),
        (PIECE, 2_559, "too-long"),
    ],
)
def test_an_archive_refuses_as_a_folder_does(bundle: Path, path: str, limit: int, code: str) -> None:
    with pytest.raises(EndpointError) as caught:
        get(bundle.as_uri(), path, limit)
    assert caught.value.code == code


def test_a_damaged_archive_is_broken_each_time(bundle: Path) -> None:
    bundle.write_bytes(bundle.read_bytes()[:-1])

    async def run() -> list[str]:
        codes = []
        async with LocalTransport() as transport:
            for _ in range(2):
                with pytest.raises(EndpointError) as caught:
                    await transport.get(Endpoint("stick", bundle.as_uri()), "m/timestamp.json", limit=100)
                codes.append(caught.value.code)
        return codes

    assert asyncio.run(run()) == ["broken", "broken"]


def test_a_damaged_entry_is_broken_and_the_others_are_read(bundle: Path) -> None:
    data = bytearray(bundle.read_bytes())
    data[data.index(b"statement")] ^= 1
    bundle.write_bytes(data)
    with pytest.raises(EndpointError) as caught:
        get(bundle.as_uri(), "m/timestamp.json")
    assert caught.value.code == "broken"
    assert get(bundle.as_uri(), PIECE, limit=2_560) == b"x" * 2_560


def test_what_is_no_archive_is_unreachable(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mirror.zip")
    for name in ("pipe.mirror.zip", "nothing.mirror.zip"):
        with pytest.raises(EndpointError) as caught:
            get((tmp_path / name).as_uri(), "m/timestamp.json")
        assert caught.value.code == "unreachable"


def test_many_ask_an_archive_at_once(bundle: Path) -> None:
    async def run() -> list[bytes]:
        async with LocalTransport() as transport:
            mirror = Endpoint("stick", bundle.as_uri())
            paths = ["m/timestamp.json", PIECE] * 20
            return await asyncio.gather(*(transport.get(mirror, path, limit=2_560) for path in paths))

    assert asyncio.run(run()) == [b"statement", b"x" * 2_560] * 20
