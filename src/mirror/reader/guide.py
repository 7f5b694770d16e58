"""Where an invited reader asks: the endpoints of the last slip, and those of the invitation behind them."""

from collections.abc import Iterable

from mirror.client.fetch import Pieces
from mirror.client.handing import refresh_slips
from mirror.client.slips import Finding, Handed, addresses, begin, friend, settings_of
from mirror.limits import MAX_MIRRORS
from mirror.model import Endpoint
from mirror.net.address import endpoint, text_of
from mirror.rotation.epochs import Calendar
from mirror.rotation.invitation import Invitation
from mirror.rotation.paths import Entrance
from mirror.trust.verified import Verified


class Guide:
    """One reader's invitation and what was handed out for it. ``handed``: as a library remembers it.

    ``finding`` is None until ``refresh`` was called. ``doors`` are all addresses that were given out here, in
    the text form of ``net.address``, with the entrance that each of them is of.
    """

    def __init__(self, invitation: Invitation, handed: Handed | None = None) -> None:
        self.invitation = invitation
        self.handed = handed or begin(invitation)
        self.finding: Finding | None = None
        self.doors: dict[str, Entrance] = {}

    def mirrors(self, now: int, more: Iterable[Endpoint] = ()) -> tuple[Endpoint, ...]:
        """Whom to ask first: the endpoints that were handed out last, then ``more``.

        ``now`` is the device's instant, held to the day the program was built.
        """
        handed = self._addresses(now, (self.invitation.created,), self.handed)
        return endpoints((*handed, *map(text_of, more)))

    def reserve(self, now: int) -> tuple[str, ...]:
        """Where to ask when none of ``mirrors`` answers: the endpoints of the invitation.

        Not before: they may be what a censor watches since this reader was moved away from them.
        """
        return self._addresses(now, (self.invitation.created,), begin(self.invitation))

    async def refresh(self, verified: Verified, fetcher: Pieces, now: int) -> tuple[str, ...]:
        """Look for this reader's slip; where to ask from now on."""
        self.handed, self.finding = await refresh_slips(self.invitation, self.handed, verified, fetcher, now)
        settings = settings_of(verified)
        calendar = settings.calendar if settings else self.invitation.calendar
        return self._addresses(now, (verified.freshness.as_of,), self.handed, calendar)

    def friend(self, index: int, created: int) -> Invitation:
        """The invitation of friend ``index``.

        Raises:
            ValueError, LimitError: As ``Invitation.child``.
        """
        return friend(self.invitation, self.handed, index, created)

    def _addresses(
        self, now: int, instants: tuple[int, ...], handed: Handed, calendar: Calendar | None = None
    ) -> tuple[str, ...]:
        calendar = calendar or self.invitation.calendar
        for entrance in handed.entrances:
            for text in addresses((entrance,), calendar, now, instants):
                if (mirror := endpoint(text, 0)) is not None:
                    self.doors[text_of(mirror)] = entrance
        return addresses(handed.entrances, calendar, now, instants)


def endpoints(texts: Iterable[str], first: int = 1) -> tuple[Endpoint, ...]:
    """The mirrors at ``texts``, named by their places from ``first`` on, as many as are ever asked.

    What is no address is left out: the others may do.
    """
    known = (text for text in dict.fromkeys(texts) if endpoint(text, 0) is not None)
    found = (endpoint(text, number) for number, text in enumerate(known, first))
    return tuple(each for each in found if each is not None)[: max(MAX_MIRRORS - first + 1, 0)]
