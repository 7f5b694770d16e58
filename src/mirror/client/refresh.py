"""Refreshing the metadata: an asynchronous shell around ``trust.session``. It decides nothing.

Every request has a deadline. Where several mirrors are asked the same at once, the slow ones get a
grace after the first good answer and no more, so that a silent mirror costs seconds, not minutes.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from mirror.clock import Clock
from mirror.errors import EndpointError, StorageError
from mirror.limits import READ_SECONDS
from mirror.model import Endpoint
from mirror.net import SILENT, Transport
from mirror.store.generations import CHANGED, GenerationStore
from mirror.trust.session import Ask, MetadataSession
from mirror.trust.state import SessionLimits, Stored
from mirror.trust.verified import Verified

__all__ = ["DEFAULT_PATIENCE", "Patience", "refresh", "update"]

FOLDER: Final = "m/"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait: for one request at most, and for the others once one of them succeeded."""

    request_seconds: float = READ_SECONDS
    grace_seconds: float = 3.0  # a mirror within reach answers 10 kB in that time, or is of little use


DEFAULT_PATIENCE: Final = Patience()


async def refresh(
    session: MetadataSession,
    mirrors: Sequence[Endpoint],
    transport: Transport,
    clock: Clock,
    *,
    patience: Patience = DEFAULT_PATIENCE,
) -> Verified:
    """Drive ``session`` over ``mirrors`` (named as its sources) until it ends, and return its result.

    Raises:
        UnreachableError, TrustError, FormatError: As ``MetadataSession.result``.
    """
    endpoints = {mirror.name: mirror for mirror in mirrors}
    if len(endpoints) < len(mirrors):
        raise ValueError("two mirrors with one name")
    while asks := session.requests():
        answers = {ask: partial(_get, ask, endpoints[ask.source], transport) for ask in asks}
        await _answer_all(session, answers, clock, patience)
    return session.result()


async def update(
    store: GenerationStore,
    first_root: bytes,
    mirrors: Sequence[Endpoint],
    transport: Transport,
    clock: Clock,
    *,
    wanted: Sequence[str],
    head: str | None,
    limits: SessionLimits | None = None,
    patience: Patience = DEFAULT_PATIENCE,
) -> Verified:
    """Refresh from what ``store`` holds (or from ``first_root``), and store what was learnt.

    Also stores when the result is not current: that a newer statement was seen, and how late it is,
    must not be forgotten. Without any mirror this only judges what is stored.

    Raises:
        UnreachableError, TrustError: Nothing complete is stored and the mirrors did not give it.
        StorageError: The store cannot be read or written. ``store-damaged``: what was stored is
            lost, and with it the memory of the newest version seen; the caller decides.
        FormatError: ``stored-trust``: the same, of our own part of it.
    """
    generation = await asyncio.to_thread(store.load)
    stored = Stored(root=first_root) if generation is None else Stored.from_files(generation.files)
    session = MetadataSession(
        stored,
        [mirror.name for mirror in mirrors],
        now=clock.now(),
        wanted=wanted,
        head=head,
        limits=limits,
    )
    verified = await refresh(session, mirrors, transport, clock, patience=patience)
    if verified.stored != stored:
        after = 0 if generation is None else generation.number
        try:
            await asyncio.to_thread(store.commit, verified.stored.to_files(), after=after)
        except StorageError as error:
            if error.code != CHANGED:  # another process refreshed at the same time: as good as ours
                raise
    return verified


async def _answer_all(
    session: MetadataSession,
    asks: Mapping[Ask, Callable[[], Coroutine[None, None, bytes | str]]],
    clock: Clock,
    patience: Patience,
) -> None:
    """Ask all of ``asks`` at once; every one is answered to the session before this returns."""
    async with asyncio.TaskGroup() as group:
        timers = {group.create_task(clock.sleep(patience.request_seconds))}
        waiting = {group.create_task(get()): ask for ask, get in asks.items()}
        while waiting and not any(timer.done() for timer in timers):
            await asyncio.wait({*waiting, *timers}, return_when=asyncio.FIRST_COMPLETED)
            for task in [task for task in waiting if task.done()]:
                ask, answer = waiting.pop(task), task.result()
                if isinstance(answer, str):
                    session.failed(ask, answer)
                    continue
                session.received(ask, answer)
                if waiting and len(timers) == 1:
                    timers.add(group.create_task(clock.sleep(patience.grace_seconds)))
        for late in (*waiting, *timers):
            late.cancel()
        for ask in waiting.values():
            session.failed(ask, SILENT)


async def _get(ask: Ask, endpoint: Endpoint, transport: Transport) -> bytes | str:
    try:
        return await transport.get(endpoint, FOLDER + ask.path, limit=ask.limit)
    except EndpointError as error:
        return error.code
