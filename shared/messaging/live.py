"""One reader of a service's own topics for all who watch: it keeps the latest events and hands each on.

A watcher that comes back says how far it was and is given the rest from memory; whoever was away for longer
than that, or reads too slowly, begins anew. So watchers cost the broker nothing.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from uuid import UUID

from aiokafka.errors import KafkaError
from prometheus_client import Counter, Gauge

from shared.contracts import Event
from shared.errors import TooManyRequests, Unavailable
from shared.messaging.settings import KafkaSettings
from shared.messaging.tail import CursorExpired, Opened, Place, Tailed, cursor_of, offsets_of, tail
from shared.telemetry.logs import log
from shared.telemetry.metrics import TASK_ERRORS

REMEMBERED = 4000
"""Events kept for those who come back."""
WAITING = 500
"""Events that may wait for one watcher before it is told to begin anew."""
WATCHERS = 2000
"""The most watchers of one process."""
OF_ONE_PERSON = 20
_OPEN_SECONDS = 5.0
_PAUSE_SECONDS = 1.0

WATCHING = Gauge("linli_events_watchers", "Streams of events that are open")
RESETS = Counter("linli_events_resets_total", "Watchers told to begin anew", ["reason"])

Sees = Callable[[Event[Any]], bool]


class WatchOver(Exception):
    """Nothing more will come: the process stops, or the watcher was too slow."""


@dataclass(slots=True)
class Seen:
    """One event for all its watchers; `texts` are what the first of them made of it, for the others.

    By the fields that they may not see, which are mostly none.
    """

    event: Event[Any]
    place: Place
    offset: int
    offsets: Mapping[Place, int]
    texts: dict[frozenset[str], bytes] = field(default_factory=dict)

    @property
    def cursor(self) -> str:
        """The place after this event."""
        return cursor_of(self.offsets)


@dataclass(frozen=True, slots=True)
class Reset:
    """What was watched so far is no basis any more: load anew, and go on from this cursor."""

    reason: Literal["expired", "slow"]
    cursor: str


class Watcher:
    """What one stream still has to be given."""

    def __init__(self, community: UUID, person: str, sees: Sees, since: dict[Place, int]) -> None:
        self.community = community
        self.person = person
        self.since = since
        self._sees = sees
        self._waiting: deque[Seen | Reset] = deque()
        self._news = asyncio.Event()
        self._over = False

    async def take(self, seconds: float) -> list[Seen | Reset]:
        """Wait for what comes next and take all of it; nothing when nothing came in time.

        Raises:
            WatchOver: see there.
        """
        if not self._waiting and not self._over:
            try:
                async with asyncio.timeout(seconds):
                    await self._news.wait()
            except TimeoutError:
                return []
        self._news.clear()
        taken = list(self._waiting)
        self._waiting.clear()
        if not taken and self._over:
            raise WatchOver
        return taken

    def offer(self, seen: Seen) -> bool:
        """Hand on what is new to this watcher and may be seen by it; False when it has too much already."""
        if seen.offset < self.since.get(seen.place, 0) or not self._sees(seen.event):
            return True
        self._waiting.append(seen)
        self._news.set()
        return len(self._waiting) <= WAITING

    def reset(self, reset: Reset) -> None:
        """Forget what waits and say so."""
        RESETS.labels(reset.reason).inc()
        self._waiting.clear()
        self._waiting.append(reset)
        self._news.set()

    def end(self) -> None:
        """Let it take what waits, and nothing more."""
        self._over = True
        self._news.set()


class Tails(Protocol):
    """`tail` of a broker's topics, or what stands for it in a test."""

    def __call__(
        self, *, start: str, before_end: int, opened: Callable[[Opened], None]
    ) -> AsyncGenerator[Tailed, None]: ...


class Live:
    """Reads from the first watcher on, as one task; all else is called from its event loop."""

    def __init__(self, tails: Tails, partitions_guess: int = 12) -> None:
        self._tails = tails
        self._before_end = REMEMBERED // partitions_guess
        self._wanted = asyncio.Event()
        self._ready = asyncio.Event()
        self._kept: deque[Seen] = deque()
        self._from: dict[Place, int] = {}  # what is kept begins here
        self._read: Mapping[Place, int] = {}
        self._ends: Mapping[Place, int] = {}  # of the topics, when they were opened
        self._watchers: dict[UUID, set[Watcher]] = {}
        self._task: asyncio.Task[None] | None = None
        self._over = False

    async def run(self) -> None:
        """Read until stopped; a broker that is away is waited for."""
        self._task = asyncio.current_task()
        await self._wanted.wait()
        while not self._over:
            try:
                await self._follow()
            except CursorExpired:
                self._forget()
            except (KafkaError, OSError, TimeoutError) as error:
                TASK_ERRORS.labels("events", type(error).__name__).inc()
                log.warning("the service's own events cannot be read, trying again", error=repr(error))
            await asyncio.sleep(_PAUSE_SECONDS)

    def stop(self) -> None:
        """Let every stream end at once, then the reading."""
        self._over = True
        for watcher in self._all():
            watcher.end()
        self._wanted.set()
        if self._task is not None:
            self._task.cancel()

    async def opened(self, person: str) -> None:
        """Begin to read if nobody watched before.

        Raises:
            TooManyRequests: the person watches too often already.
            Unavailable: the broker does not answer, or there are too many watchers.
        """
        self._wanted.set()
        watchers = self._all()
        if len(watchers) >= WATCHERS:
            raise Unavailable("too many are watching")
        if sum(watcher.person == person for watcher in watchers) >= OF_ONE_PERSON:
            raise TooManyRequests(f"one person may have {OF_ONE_PERSON} streams of events")
        try:
            async with asyncio.timeout(_OPEN_SECONDS):
                await self._ready.wait()
        except TimeoutError:
            raise Unavailable("the events cannot be read at present") from None

    @contextmanager
    def watched(self, community: UUID, person: str, sees: Sees, cursor: str | None) -> Iterator[Watcher]:
        """Watch a community from now on, or from a cursor on."""
        since, known = self._since(cursor)
        watcher = Watcher(community, person, sees, since)
        kept = (seen for seen in self._kept if seen.event.community == community)
        if not known or not all(_offer(watcher, seen) for seen in kept):
            watcher.since = self._now()
            watcher.reset(Reset("expired", cursor_of(watcher.since)))
        if self._over:
            watcher.end()
        self._watchers.setdefault(community, set()).add(watcher)
        WATCHING.inc()
        try:
            yield watcher
        finally:
            WATCHING.dec()
            self._leave(watcher)

    def cursor(self, watcher: Watcher) -> str:
        """How far a watcher is that has taken all that waited for it."""
        return cursor_of(_furthest(watcher.since, self._read))

    def _since(self, cursor: str | None) -> tuple[dict[Place, int], bool]:
        """Where a watcher goes on, and whether all that is behind that is kept."""
        now = self._now()
        if cursor is None:
            return now, True
        try:
            asked = offsets_of(cursor)
        except CursorExpired:
            return now, False
        return asked, asked.keys() <= now.keys() and all(
            self._from.get(place, 0) <= asked.get(place, 0) <= end for place, end in now.items()
        )

    def _now(self) -> dict[Place, int]:
        return _furthest(self._ends, self._read)

    async def _follow(self) -> None:
        start = cursor_of(self._read) if self._read else "end"
        tailing = self._tails(start=start, before_end=self._before_end, opened=self._open)
        async with aclosing(tailing):
            async for tailed in tailing:
                self._take(tailed)

    def _open(self, opened: Opened) -> None:
        self._ends = opened.last
        if not self._read:
            self._from = dict(opened.first)
            self._read = opened.first
            for watcher in self._all():
                watcher.since = self._now()
                watcher.reset(Reset("expired", cursor_of(watcher.since)))
        self._ready.set()

    def _forget(self) -> None:
        """What is kept and what comes next do not meet any more: the next opening begins anew."""
        self._ready.clear()
        self._kept.clear()
        self._read = {}

    def _take(self, tailed: Tailed) -> None:
        self._read = tailed.offsets
        seen = Seen(tailed.event, tailed.place, tailed.offset, tailed.offsets)
        self._kept.append(seen)
        if len(self._kept) > REMEMBERED:
            gone = self._kept.popleft()
            self._from[gone.place] = gone.offset + 1
        for watcher in tuple(self._watchers.get(seen.event.community, ())):
            if not _offer(watcher, seen):
                watcher.reset(Reset("slow", self.cursor(watcher)))
                watcher.end()
                self._leave(watcher)

    def _leave(self, watcher: Watcher) -> None:
        there = self._watchers.get(watcher.community, set())
        there.discard(watcher)
        if not there:
            self._watchers.pop(watcher.community, None)

    def _all(self) -> list[Watcher]:
        return [watcher for there in self._watchers.values() for watcher in there]


def live_of(kafka: KafkaSettings, topics: Iterable[str]) -> Live:
    """Make the reader of these topics."""
    named = sorted(topics)

    def tails(
        *, start: str, before_end: int, opened: Callable[[Opened], None]
    ) -> AsyncGenerator[Tailed, None]:
        return tail(kafka, named, start=start, before_end=before_end, opened=opened)

    return Live(tails)


def _offer(watcher: Watcher, seen: Seen) -> bool:
    try:
        return watcher.offer(seen)
    except Exception as error:  # noqa: BLE001  a rule of who may see that fails lets nobody see
        TASK_ERRORS.labels("events", type(error).__name__).inc()
        log.error("who may see an event cannot be told", type=seen.event.type, exc_info=error)
        return True


def _furthest(one: Mapping[Place, int], other: Mapping[Place, int]) -> dict[Place, int]:
    return {place: max(one.get(place, 0), other.get(place, 0)) for place in one.keys() | other.keys()}
