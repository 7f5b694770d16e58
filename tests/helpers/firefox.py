"""The distribution's Firefox, driven over WebDriver BiDi, which its own remote agent speaks.

1. What decides how a page is treated stays as the distribution ships it: files, storage, pop-ups, the
   sandbox. The remote agent would relax some of it, the policy for files too (``remote.prefs.recommended``),
   and is told not to.
2. What the browser does by itself is off, and whatever is not on this machine is asked of a proxy that a test
   gives: nothing can reach the internet, and what would have is seen.
"""

import asyncio
import json
import os
import queue
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from aiohttp import ClientSession

from helpers.bidi import SECONDS, BidiError, Firefox

_READY: Final = "WebDriver BiDi listening on "
_PRINTER: Final = "print.printer_Mozilla_Save_to_PDF"

Pref = str | int | bool
_QUIET: Final[Mapping[str, Pref]] = {
    "remote.prefs.recommended": False,  # rule 1
    # Rule 2: telemetry, portals, lists of bad sites, settings from afar, updates, what is fetched in advance.
    "app.normandy.enabled": False,
    "app.update.auto": False,
    "app.update.disabledForTesting": True,
    "browser.discovery.enabled": False,
    "browser.newtabpage.enabled": False,
    "browser.region.network.url": "",
    "browser.region.update.enabled": False,
    "browser.safebrowsing.blockedURIs.enabled": False,
    "browser.safebrowsing.downloads.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.safebrowsing.provider.google4.updateURL": "",
    "browser.safebrowsing.provider.google5.updateURL": "",
    "browser.safebrowsing.provider.mozilla.updateURL": "",
    "browser.safebrowsing.update.enabled": False,
    "browser.search.update": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "browser.startup.page": 0,
    "browser.topsites.contile.enabled": False,
    "datareporting.healthreport.uploadEnabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "datareporting.usage.uploadEnabled": False,
    "dom.push.connection.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "extensions.systemAddon.update.enabled": False,
    "extensions.update.enabled": False,
    "media.gmp-manager.updateEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.dns.disablePrefetch": True,
    "network.http.speculative-parallel-limit": 0,
    "network.predictor.enabled": False,
    "network.prefetch-next": False,
    "network.trr.mode": 5,  # names over HTTPS: off by choice
    "security.remote_settings.crlite_filters.enabled": False,
    "security.remote_settings.intermediates.enabled": False,
    "services.settings.server": "data:,#none",  # heeded with _SURROUNDINGS only
    "startup.homepage_welcome_url": "about:blank",
    "termsofuse.bypassNotification": True,
    "toolkit.telemetry.enabled": False,
    "toolkit.telemetry.server": "data:,none",
    "toolkit.telemetry.unified": False,
    # Nobody sits before it: its window counts as the one in front, and it saves and prints unasked.
    "focusmanager.testmode": True,
    "browser.download.alwaysOpenPanel": False,
    "browser.download.folderList": 2,
    "print.always_print_silent": True,
    "print_printer": "Mozilla Save to PDF",
    f"{_PRINTER}.print_to_file": True,
}

_SURROUNDINGS: Final = {"MOZ_CRASHREPORTER_DISABLE": "1", "MOZ_REMOTE_SETTINGS_DEVTOOLS": "1"}


def found() -> str | None:
    """Its program; None where there is none."""
    return shutil.which("firefox-esr")


@contextmanager
def launched(folder: Path, proxy: int, prefs: Mapping[str, Pref] | None = None) -> Iterator[Firefox]:
    """A Firefox with a new profile in ``folder``; ``proxy`` is a port of this machine (rule 2)."""
    program = found()
    assert program is not None
    profile = folder / "profile"
    profile.mkdir(parents=True)
    (folder / "downloads").mkdir()
    ways: dict[str, Pref] = {
        "network.proxy.type": 1,
        "browser.download.dir": str(folder / "downloads"),
        f"{_PRINTER}.print_to_filename": str(folder / "printed.pdf"),
    }
    for kind in ("http", "ssl"):
        ways |= {f"network.proxy.{kind}": "127.0.0.1", f"network.proxy.{kind}_port": proxy}
    lines = [
        f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
        for name, value in {**_QUIET, **ways, **(prefs or {})}.items()
    ]
    (profile / "user.js").write_text("".join(lines), "utf-8")
    command = [program, "--headless", "--no-remote", "--remote-debugging-port=0", "--profile", str(profile)]
    # A home of its own: it writes beside its profile too.
    surroundings = {**os.environ, "HOME": str(folder), **_SURROUNDINGS}
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=surroundings
    ) as process:
        try:
            with asyncio.Runner() as runner:
                opened, firefox = runner.run(_connected(_address(process), runner, folder))
                try:
                    firefox.call("session.new", capabilities={})
                    firefox.call("session.subscribe", events=["network.beforeRequestSent"])
                    yield firefox
                    with suppress(BidiError):
                        firefox.call("browser.close")
                finally:
                    runner.run(_closed(opened, firefox))
            process.wait(SECONDS)
        finally:
            process.kill()


async def _connected(address: str, runner: asyncio.Runner, folder: Path) -> tuple[ClientSession, Firefox]:
    opened = ClientSession()
    socket = await opened.ws_connect(f"{address}/session", max_msg_size=0)
    return opened, Firefox(socket, runner.run, folder)


async def _closed(opened: ClientSession, firefox: Firefox) -> None:
    await firefox.socket.close()
    await opened.close()


def _address(process: subprocess.Popen[str]) -> str:
    """Where the browser listens; what it says besides is read, and dropped, as long as it runs."""
    said: queue.SimpleQueue[str] = queue.SimpleQueue()

    def listen() -> None:
        assert process.stderr is not None
        with suppress(ValueError):  # it was closed meanwhile
            for line in process.stderr:
                if line.startswith(_READY):
                    said.put(line.removeprefix(_READY).strip())

    threading.Thread(target=listen, daemon=True).start()
    return said.get(timeout=3 * SECONDS)
