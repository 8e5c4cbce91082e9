"""Many watch one reader: each gets its community's events, goes on where it was, or is told to begin anew."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest

from shared.contracts import Event
from shared.errors import TooManyRequests
from shared.messaging import live
from shared.messaging.live import Live, Reset, Seen, Watcher, WatchOver
from shared.messaging.tail import CursorExpired, Opened, Place, Tailed
from tests.messaging.events import event_of, reported

pytestmark = pytest.mark.anyio
ONE: Place = ("linli.issues", 0)
OTHER: Place = ("linli.issues", 1)
COMMUNITY = UUID(int=1)


class Topic:
    """A topic of two partitions in memory, as `tail` gives it."""

    def __init__(self) -> None:
        self.records: list[tuple[Place, int, Event[Any]]] = []
        self.ends = {ONE: 0, OTHER: 0}
        self.first = {ONE: 0, OTHER: 0}
        self.starts: list[str] = []
        self.expires = False
        self._news = asyncio.Event()

    def write(self, place: Place = ONE, count: int = 1) -> list[Event[Any]]:
        written = [event_of(reported(), community=COMMUNITY) for _ in range(count)]
        for event in written:
            self.records.append((place, self.ends[place], event))
            self.ends[place] += 1
        self._news.set()
        return written

    async def tail(
        self, *, start: str, before_end: int, opened: Callable[[Opened], None]
    ) -> AsyncGenerator[Tailed, None]:
        self.starts.append(start)
        at = {place: max(first, self.ends[place] - before_end) for place, first in self.first.items()}
        read = len(self.records) if start != "end" else 0
        opened(Opened(dict(at), dict(self.ends)))
        while True:
            for place, offset, event in self.records[read:]:
                read += 1
                if offset >= at[place]:
                    at[place] = offset + 1
                    yield Tailed(event, place, offset, dict(at))
            self._news.clear()
            await self._news.wait()
            if self.expires:
                self.expires = False
                raise CursorExpired


@asynccontextmanager
async def reading(topic: Topic) -> AsyncIterator[Live]:
    reader = Live(topic.tail, partitions_guess=2)
    task = asyncio.create_task(reader.run())
    await reader.opened("olive")
    yield reader
    reader.stop()
    await asyncio.wait({task}, timeout=1)
    assert task.done()


def everything(_event: Event[Any]) -> bool:
    return True


async def taken(watcher: Watcher, count: int) -> list[Seen | Reset]:
    found: list[Seen | Reset] = []
    async with asyncio.timeout(5):
        while len(found) < count:
            found += await watcher.take(1)
    return found


def events_in(news: list[Seen | Reset]) -> list[Event[Any]]:
    return [each.event for each in news if isinstance(each, Seen)]


async def test_watchers_of_a_community_see_what_comes_and_those_of_others_nothing() -> None:
    topic = Topic()
    topic.write(count=2)
    async with reading(topic) as reader:
        with (
            reader.watched(COMMUNITY, "olive", everything, None) as one,
            reader.watched(COMMUNITY, "rita", lambda event: event.id == after[1].id, None) as picky,
            reader.watched(UUID(int=7), "eve", everything, None) as stranger,
        ):
            after = [*topic.write(OTHER), *topic.write(ONE, 2)]
            assert events_in(await taken(one, 3)) == after
            assert events_in(await taken(picky, 1)) == [after[1]]
            assert await stranger.take(0.01) == await picky.take(0.01) == []
            reader.stop()
            with pytest.raises(WatchOver):
                await one.take(1)


async def test_who_comes_back_goes_on_where_it_was_also_at_another_process() -> None:
    topic = Topic()
    events = [*topic.write(ONE, 3), *topic.write(OTHER, 3)]
    async with reading(topic) as reader:
        with reader.watched(COMMUNITY, "olive", everything, None) as watcher:
            beginning = reader.cursor(watcher)
            events += topic.write(ONE, 2)
            got = await taken(watcher, 2)
    assert isinstance(got[0], Seen)
    events += topic.write(OTHER)
    async with reading(topic) as another:
        for cursor, missed in ((beginning, 3), (got[0].cursor, 2)):
            with another.watched(COMMUNITY, "olive", everything, cursor) as watcher:
                rest = events_in(await taken(watcher, missed))
                assert set(map(id, events[-missed:])) == set(map(id, rest))
                now = another.cursor(watcher)
        with another.watched(COMMUNITY, "olive", everything, now) as watcher:
            assert await watcher.take(0.01) == []


@pytest.mark.parametrize("cursor", ["rubbish", "e30x", "bnVsbA", "eyJsaW5saS5pc3N1ZXMiOnsiMCI6OTk5fX0"])
async def test_a_cursor_that_leads_nowhere_begins_anew(cursor: str) -> None:
    topic = Topic()
    topic.write()
    async with reading(topic) as reader:
        with reader.watched(COMMUNITY, "olive", everything, cursor) as watcher:
            (reset,) = await taken(watcher, 1)
            assert isinstance(reset, Reset)
            assert reset.reason == "expired"
            after = topic.write()
            assert events_in(await taken(watcher, 1)) == after
        with reader.watched(COMMUNITY, "olive", everything, reset.cursor) as resumed:
            assert events_in(await taken(resumed, 1)) == after


async def test_what_is_no_longer_kept_and_what_is_too_much_begin_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "REMEMBERED", 20)
    monkeypatch.setattr(live, "WAITING", 5)
    topic = Topic()
    topic.write()
    async with reading(topic) as reader:
        with (
            reader.watched(COMMUNITY, "olive", everything, None) as slow,
            reader.watched(COMMUNITY, "olive", lambda _: bool(1 / 0), None) as broken,
        ):
            old = reader.cursor(slow)
            topic.write(count=30)
            await asyncio.sleep(0.01)
            (reset,) = await slow.take(1)
            assert isinstance(reset, Reset)
            assert reset.reason == "slow"
            with pytest.raises(WatchOver):
                await slow.take(1)
            assert await broken.take(0) == []
        for cursor in (old, reset.cursor):
            with reader.watched(COMMUNITY, "olive", everything, cursor) as late:
                (again,) = await taken(late, 1)
                assert isinstance(again, Reset)


async def test_a_reader_that_is_overtaken_tells_everybody_and_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "_PAUSE_SECONDS", 0.0)
    topic = Topic()
    topic.write()
    async with reading(topic) as reader:
        with reader.watched(COMMUNITY, "olive", everything, None) as watcher:
            topic.expires = True
            topic.write()
            (reset,) = await taken(watcher, 1)
            assert isinstance(reset, Reset)
            after = topic.write()
            assert events_in(await taken(watcher, 1)) == after
    assert topic.starts == ["end", "end"]


async def test_nobody_takes_all_the_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "OF_ONE_PERSON", 1)
    topic = Topic()
    async with reading(topic) as reader:
        with reader.watched(UUID(int=1), "olive", everything, None):
            await reader.opened("rita")
            with pytest.raises(TooManyRequests):
                await reader.opened("olive")
        await reader.opened("olive")
