"""What the doctor says, in plain words. Pure; every sentence stands in one of the tables below.

Words are for a person who is worried and not at home in networks: what happens, and what may be the
reason. The network is never accused of what a mirror may have done itself: it "seems". In the tables
``{}`` is the one value that a sentence has.
"""

from typing import Final

from mirror.client.advice import Advice, Clues, Conclusion, Pattern
from mirror.client.diagnosis import Diagnosis, Finding
from mirror.reader.words import age_words, size_words

# A word or two, and a sentence. The value is the speed, or for FREEZES what a connection carried.
FINDINGS: Final = {
    Finding.WORKS: ("works", "Gives what it must{}."),
    Finding.WORKS_SLOWLY: ("slow", "Gives what it must, slowly{}."),
    Finding.THROTTLED: ("throttled", "Begins fast and is then slowed down{}."),
    Finding.FREEZES: ("freezes", "A connection stops after {}. A fresh one goes on, so it can be used."),
    Finding.BEHIND: ("behind", "What it has is genuine, and older than what another mirror has."),
    Finding.LACKS_FILES: ("lacks files", "Says it does not have what it must. Some blocks answer so too."),
    Finding.REFUSES: ("refuses", "Answers with an error, or sends elsewhere."),
    Finding.STALLS: ("stalls", "Begins to answer and stops, or sends only a trickle."),
    Finding.BROKEN_OFF: ("broken off", "Begins to answer and breaks off, or not in the form it must."),
    Finding.SILENT: ("silent", "Takes the request and says nothing."),
    Finding.RESET_AT_REQUEST: ("cut off", "The connection is there, and is cut when something is asked."),
    Finding.RESET_AT_HELLO: (
        "cut off",
        "The connection is there, and is cut when TLS begins: filters do so.",
    ),
    Finding.SILENT_AT_HELLO: (
        "muted",
        "The connection is there, and nothing comes when TLS begins: filters do so.",
    ),
    Finding.UNTRUSTED: ("not itself", "Somebody answers who cannot show that he is this mirror."),
    Finding.BLOCK_PAGE: ("other page", "A page comes instead: a block page, or a network's sign-in page."),
    Finding.ALTERED: ("ALTERED", "What comes is not what was signed. It was thrown away."),
    Finding.NOBODY_ANSWERS: ("no answer", "Nobody answers: its host is gone, or the way there is cut."),
    Finding.CONNECTION_REFUSED: (
        "turned away",
        "Turned away at once: nothing is there, or it is closed off.",
    ),
    Finding.NO_NAME: ("no name", "Its name leads nowhere: it is gone, or names are filtered."),
    Finding.NO_PROXY: ("no proxy", "The proxy is not there, or leads to no connection."),
    Finding.NO_WAY: ("no way", "Nothing here leads to such an address. Those of Tor need --proxy."),
    Finding.NO_FILE: ("no file", "The folder or bundle cannot be opened, or is damaged."),
    Finding.NOT_EXAMINED: ("unknown", "It was not examined."),
}

# The value is how wrong the clock is, or the names of mirrors.
PATTERNS: Final = {
    Pattern.WRONG_CLOCK: "This device's clock seems to be wrong: at least {} slow. Connections fail then.",
    Pattern.PAST_DATE: "What the mirrors have is genuine and past its date: nothing newer was published, "
    "or it is kept from you, or this device's clock is fast.",
    Pattern.CUT_OFF: "No mirror was reached: this device is not connected, or the network closes the way "
    "to each of them.",
    Pattern.PROXY_FAILS: "The proxy seems not to lead anywhere.",
    Pattern.PAGES: "The network seems to put pages of its own in the place of what was asked for.",
    Pattern.NAMES: "The network seems not to answer for the names of mirrors.",
    Pattern.INTERCEPTED: "Somebody else seems to answer in the place of mirrors. None of it was believed.",
    Pattern.HELLOS: "The network seems to watch for whom a connection is, and to cut it.",
    Pattern.ADDRESSES: "The network seems to close the way to some hosts; or they are gone.",
    Pattern.SILENCE: "Answers do not come, or stop midway: the network seems to swallow them, or the "
    "mirrors have too much to do.",
    Pattern.FREEZES: "The network seems to stop each connection after some bytes. The program knows that: "
    "it takes a fresh one for each piece.",
    Pattern.SLOWS: "All that works is slow: this link is, or the network slows it down.",
    Pattern.LIARS: "Altered bytes came from {}: it alters them, or somebody on the way does.",
    Pattern.SINGLE: "What fails here tells little about the network: a mirror can fail by itself.",
    Pattern.CLEAR: "Nothing stands in the way.",
}

# The value is the names of mirrors.
ADVICE: Final = {
    Advice.SET_CLOCK: "Compare this device's date and time with another clock, and set them right.",
    Advice.CHECK_CONNECTION: "See whether this device is online: Wi-Fi or mobile data on, flight mode off.",
    Advice.SIGN_IN: "In a hotel, a café or a train the network may want a sign-in in the browser first.",
    Advice.CHECK_PROXY: "See whether the proxy runs, and whether --proxy has its port (Tor's is 9050).",
    Advice.READ_ON: "Read on: the program takes what works and gets along with the rest.",
    Advice.TEXT_FIRST: "Read on, with patience. Text is small; leave pictures out (--pictures).",
    Advice.LEAVE_OUT: "Leave {} out of your list.",
    Advice.LATER: "Try again later: blocks and faults come and go.",
    Advice.OTHER_RESOLVER: "Have names looked up elsewhere: --resolver, with one that you trust.",
    Advice.OTHER_LOOK: "Let connections look like a browser's: --camouflage, where it is installed.",
    Advice.OTHER_WAY: "Ask through a proxy that you have and trust, such as Tor: --proxy.",
    Advice.OTHER_MIRRORS: "Use other mirrors of this publication, on other hosts, if you know some.",
    Advice.BUNDLE_FILE: "Read from a bundle file, which needs no network: --mirror file:///... with one "
    "that you have, or that somebody you trust gives you.",
}
CAUTION: Final = (
    "Ways around a block, and files passed on, may be watched and in some places punished. Nothing here "
    "has to be tried: weigh first what it can cost you."
)
COUNT: Final = "Mirrors that work here: {} of {}."
CLOSING: Final = "Nothing was written down."


def finding_words(diagnosis: Diagnosis) -> tuple[str, str]:
    """What happens at one endpoint: a word or two, and a sentence."""
    word, sentence = FINDINGS[diagnosis.finding]
    if diagnosis.finding is Finding.FREEZES:
        return word, sentence.format(f"about {_kilobytes(diagnosis.freezes_after or 0)}")
    speed = diagnosis.bytes_per_second
    return word, sentence.format("" if speed is None else f", about {_kilobytes(speed)} a second")


def pattern_words(pattern: Pattern, conclusion: Conclusion, clues: Clues) -> str:
    """What one pattern means."""
    is_clock = pattern is Pattern.WRONG_CLOCK
    value = age_words(clues.clock_slow_seconds) if is_clock else ", ".join(conclusion.liars)
    return PATTERNS[pattern].format(value)


def advice_words(advice: Advice, conclusion: Conclusion) -> str:
    """One thing to try."""
    return ADVICE[advice].format(", ".join(conclusion.liars))


def _kilobytes(size: int) -> str:
    """``size`` in two digits: what some 24 kB show is not more exact."""
    if size < 10_000:
        return f"{size / 1_000:.1f} kB"
    unit = 10 ** (len(str(size)) - 2)
    return size_words(round(size / unit) * unit)
