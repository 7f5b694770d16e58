"""What a person at the command line hears of a proxy, a resolver and an onion address."""

from copy import deepcopy
from functools import cache
from pathlib import Path

import pytest

from helpers.memory import failing
from helpers.publication import Press, article
from helpers.reading import CHEAP, Reader, SetClock
from mirror.cli import main, reader
from mirror.cli.reader_run import Tools
from mirror.net import doh, socks
from mirror.net.anyhow import Trouble

NOBODY = "socks5://127.0.0.1:1"
TROUBLES: list[Trouble] = [*socks.Trouble, *doh.Trouble]


@cache
def paper() -> Press:
    return Press().release("ru", [article(number) for number in range(3)])


@pytest.fixture
def at_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Reader:
    return Reader(deepcopy(paper()), capsys, monkeypatch, tmp_path)


def really(at_terminal: Reader, *arguments: str) -> tuple[int, str]:
    """The exit status of ``mirror reader headlines`` on real sockets, and what it told."""
    at_terminal.patch.setattr(reader, "Tools", lambda: Tools(clock=SetClock(), kdf=CHEAP, built=0))
    options = ["--root", str(at_terminal.root), "--channel", "ru", "--language", "en"]
    status = main(["reader", "headlines", *options, *arguments])
    return status, at_terminal.capture.readouterr().err


def test_a_proxy_that_does_not_answer_is_blamed_and_no_mirror(at_terminal: Reader) -> None:
    status, told = really(at_terminal, "--mirror", "http://one.invalid/", "--proxy", NOBODY)
    assert status == 6
    assert "The proxy does not answer" in told
    assert "[proxy-unreachable]" in told
    assert "mirror 1" not in told
    assert "127.0.0.1" not in told


def test_a_mirror_on_this_machine_needs_no_proxy(at_terminal: Reader) -> None:
    for path, data in at_terminal.press.tree.items():
        (at_terminal.folder / "tree" / path).parent.mkdir(parents=True, exist_ok=True)
        (at_terminal.folder / "tree" / path).write_bytes(data)
    here = (at_terminal.folder / "tree").as_uri()
    status, told = really(at_terminal, "--mirror", here, "--mirror", "http://one.invalid/", "--proxy", NOBODY)
    assert status == 0
    assert "[proxy-unreachable]" in told


def test_the_configuration_s_proxy_is_used(at_terminal: Reader) -> None:
    config = at_terminal.folder / "reader.toml"
    config.write_text(f'proxy = "{NOBODY}"\nmirrors = ["http://one.invalid/"]\n')
    status, told = really(at_terminal, "--config", str(config))
    assert (status, "[proxy-unreachable]" in told) == (6, True)


def test_an_onion_address_without_a_proxy_is_told_of(at_terminal: Reader) -> None:
    status, told = really(at_terminal, "--mirror", f"http://{'a' * 56}.onion/")
    assert (status, "--proxy" in told, "onion" in told) == (6, True, True)
    assert "a" * 56 not in told


@pytest.mark.parametrize("trouble", TROUBLES)
def test_each_trouble_is_told_with_its_code(at_terminal: Reader, trouble: Trouble) -> None:
    at_terminal.mirrors("one", one=failing("unreachable"))
    at_terminal.transport.trouble = trouble
    assert at_terminal.run("headlines") == 6
    assert f"[{trouble.value}]" in at_terminal.told
    assert "mirror 1" not in at_terminal.told


def test_trouble_that_comes_later_is_told_too(at_terminal: Reader) -> None:
    at_terminal.mirrors("one", one=failing("absent", "p/"))
    at_terminal.transport.trouble = socks.Trouble.SILENT
    assert at_terminal.run("show", "1") == 6
    assert at_terminal.told.splitlines()[-1].endswith("[proxy-silent]")
    assert at_terminal.told.count("[proxy-silent]") == 1, "said as a warning, and again as the error"


def test_a_lie_is_not_blamed_on_the_proxy(at_terminal: Reader) -> None:
    # Other bytes are the mirror's, whatever became of the proxy since.
    at_terminal.mirrors("one", one=lambda _path, _answer: b"another page")
    at_terminal.transport.trouble = socks.Trouble.REFUSED
    at_terminal.run("headlines")
    assert "[proxy-refused]" not in at_terminal.told.splitlines()[-1]


def test_without_trouble_the_mirrors_are_told_of(at_terminal: Reader) -> None:
    at_terminal.mirrors("one", one=failing("unreachable"))
    assert at_terminal.run("headlines") == 6
    assert "mirror 1" in at_terminal.told
    assert "proxy" not in at_terminal.told
