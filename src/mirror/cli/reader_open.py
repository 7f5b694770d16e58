"""``mirror reader open``: the browser's reader on loopback, over this program's ways to mirrors."""

import asyncio
import signal
import webbrowser

from mirror.cli.reader_run import Run, say, warn
from mirror.errors import MirrorError
from mirror.reader.local_page import LocalPage

HELP = "read in a browser on this machine, over the ways that this program has"
_ABOUT = (
    "The page is for this machine alone and for whoever has its address, which is another one each time. "
    "Your browser may remember that address. Nothing of what you read is written here; close the tab, then "
    "end this with Ctrl+C."
)


async def open_page(run: Run) -> int:
    """Serve until the command is interrupted."""
    name, language = await _facts(run)
    async with LocalPage(run.session, name, language, run.tools.randomness, run.options.port) as page:
        say(page.address)
        warn(_ABOUT)
        if run.options.browser:
            await asyncio.to_thread(webbrowser.open, page.address)
        await _interrupted()
    return 0


async def _facts(run: Run) -> tuple[str, str]:
    """The publication's name, and the language that most of its headlines are in."""
    try:
        manifest = (await run.session.edition()).manifest
    except MirrorError:
        return "", run.config.language
    tags = [article.language for article in manifest.front.listed]
    return manifest.name, max(tags, key=tags.count, default=run.config.language)


async def _interrupted() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop.set)
    await stop.wait()
