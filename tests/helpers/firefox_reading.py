"""Ways through the reader's page with Firefox, as ``reading_room`` has them with Chromium."""

from helpers.bidi import SECONDS, Tab
from helpers.keeping import IS_CONTROLLED

LINK = "main [role=link]"
DIALOG = "dialog[open]"
PASSPHRASE = "a lantern in the fog"


def front(tab: Tab, address: str, title: str = "First story") -> None:
    """Open the reader at ``address``, and wait for its front page and its notices."""
    tab.goto(address)
    ready(tab, title)


def ready(tab: Tab, title: str = "First story", *, seconds: float = SECONDS) -> None:
    """Wait for the headline, and for the notices: search is offered when they have come."""
    tab.see(LINK, title, seconds=seconds)
    tab.see("nav button", count=3)


def article(tab: Tab, title: str) -> None:
    """Open an article from the front page, and wait for its text."""
    tab.click(LINK, title)
    tab.see("h1", title)
    tab.see(".acts")


def reads(tab: Tab, words: str) -> None:
    """Wait until the frame shows ``words``, with room for them."""
    tab.until(
        """(words) => {
          const frame = document.querySelector("main iframe");
          return frame.contentDocument.body.innerText.includes(words) && frame.clientHeight > 20;
        }""",
        words,
    )


def view(tab: Tab, button: str, heading: str) -> None:
    """Press what leads to another view, and wait for it."""
    tab.click("nav button", button)
    tab.see("h1", heading)


def act(tab: Tab, name: str) -> None:
    """Press an act of the article, and wait for its gate."""
    tab.click(".acts button", name)
    tab.see(DIALOG)
    tab.has_focus(f"{DIALOG} button")


def proceed(tab: Tab) -> None:
    """Go on in a gate."""
    tab.click(f"{DIALOG} .answers .quiet")


def keep_program(tab: Tab) -> None:
    """Choose to have the reader without a network, through its gate, and go back to the news."""
    view(tab, "Settings", "Settings")
    tab.click("main button", "Make it work without a network")
    proceed(tab)
    tab.see("main p", "The reader itself is kept")
    tab.click("main .back")
    tab.until(IS_CONTROLLED)


def keep_edition(tab: Tab) -> None:
    """From an article, keep the edition in a library that is made for it."""
    act(tab, "Keep on this device")
    proceed(tab)
    tab.fill("#passphrase", PASSPHRASE)
    tab.fill("#passphrase-again", PASSPHRASE)
    tab.click(f"{DIALOG} button", "Make the library")
    tab.see("[role=status]", "Kept on this device")


def unlock(tab: Tab, title: str = "First story") -> None:
    """Open the library with its passphrase, and wait for the news."""
    tab.see("[type=password]")
    tab.fill("[type=password]", PASSPHRASE)
    tab.click("main button", "Open it")
    ready(tab, title)
