"""The batch writer: many callers, few flushes, and a bad item that hurts only its sender."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.database.batch import BatchWriter
from shared.errors import OutcomeUnknown, Unavailable

pytestmark = pytest.mark.anyio

Flush = Callable[[Sequence[int]], Awaitable[Sequence[int | Exception]]]


@asynccontextmanager
async def _running(flush: Flush, **limits: Any) -> AsyncIterator[BatchWriter[int, int]]:
    writer: BatchWriter[int, int] = BatchWriter(flush, name="tests", **limits)
    task = asyncio.create_task(writer.run())
    try:
        yield writer
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_what_arrives_during_a_flush_is_the_next_flush() -> None:
    sizes: list[int] = []

    async def flush(items: Sequence[int]) -> Sequence[int]:
        sizes.append(len(items))
        await asyncio.sleep(0.02)
        return [item * 2 for item in items]

    async with _running(flush, most=50) as writer:
        first = asyncio.create_task(writer.submit(1))
        await asyncio.sleep(0.005)
        answers = await asyncio.gather(first, *(writer.submit(item) for item in range(2, 102)))
    assert answers == [item * 2 for item in range(1, 102)]
    assert sizes == [1, 50, 50]


@given(bad=st.sets(st.integers(0, 19), max_size=6))
def test_a_bad_item_hurts_only_its_sender(bad: set[int]) -> None:
    stored: Counter[int] = Counter()

    async def flush(items: Sequence[int]) -> Sequence[int]:
        await asyncio.sleep(0)
        if bad & set(items):
            raise asyncpg.CheckViolationError("bad item")
        stored.update(items)
        return list(items)

    async def submit_all() -> list[int | BaseException]:
        async with _running(flush) as writer:
            return await asyncio.gather(*(writer.submit(item) for item in range(20)), return_exceptions=True)

    answers = asyncio.run(submit_all())
    assert {
        item for item, answer in enumerate(answers) if isinstance(answer, asyncpg.CheckViolationError)
    } == bad
    assert stored == Counter(set(range(20)) - bad)


async def test_a_lost_commit_reply_is_answered_by_sending_the_flush_again() -> None:
    calls: list[list[int]] = []

    async def flush(items: Sequence[int]) -> Sequence[int]:
        calls.append(list(items))
        if len(calls) == 1:
            raise OutcomeUnknown
        return list(items)

    async with _running(flush) as writer:
        assert await writer.submit(7) == 7
    assert calls == [[7], [7]]


async def test_an_item_may_have_an_exception_of_its_own() -> None:
    async def flush(items: Sequence[int]) -> Sequence[int | Exception]:
        return [KeyError(item) if item == 2 else item for item in items]

    async with _running(flush) as writer:
        answers = await asyncio.gather(*(writer.submit(item) for item in range(4)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [int, int, KeyError, int]


async def test_with_the_database_away_everybody_hears_so_at_once() -> None:
    async def flush(items: Sequence[int]) -> Sequence[int]:
        raise ConnectionRefusedError(len(items))

    async with _running(flush) as writer:
        answers = await asyncio.gather(*(writer.submit(item) for item in range(3)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [ConnectionRefusedError] * 3


async def test_too_many_waiting_are_turned_away_and_stopping_drains() -> None:
    release = asyncio.Event()

    async def flush(items: Sequence[int]) -> Sequence[int]:
        await release.wait()
        return list(items)

    async with _running(flush, waiting=3) as writer:
        taken = [asyncio.create_task(writer.submit(item)) for item in range(1)]
        await asyncio.sleep(0.01)
        taken += [asyncio.create_task(writer.submit(item)) for item in range(1, 4)]
        await asyncio.sleep(0.01)
        with pytest.raises(Unavailable, match="waiting already"):
            await writer.submit(9)
        asyncio.get_running_loop().call_later(0.05, release.set)
    assert await asyncio.gather(*taken) == [0, 1, 2, 3]
    with pytest.raises(Unavailable, match="stopping"):
        await writer.submit(10)


async def test_no_flush_has_more_than_it_may_and_none_is_torn_at_the_end() -> None:
    sizes: list[int] = []

    async def flush(items: Sequence[int]) -> Sequence[int]:
        await asyncio.sleep(0.02)
        sizes.append(len(items))
        return list(items)

    async with _running(flush, most=10) as writer:
        submitted = [asyncio.create_task(writer.submit(item)) for item in range(35)]
        await asyncio.sleep(0.005)
    assert sizes == [10, 10, 10, 5]
    assert await asyncio.gather(*submitted) == list(range(35))


async def test_a_database_that_hangs_keeps_nobody_waiting() -> None:
    release = asyncio.Event()

    async def flush(items: Sequence[int]) -> Sequence[int]:
        await release.wait()
        return list(items)

    async with _running(flush, patience=0.1) as writer:
        first = asyncio.create_task(writer.submit(1))
        await asyncio.sleep(0.01)
        second = asyncio.create_task(writer.submit(2))
        answers = await asyncio.gather(first, second, return_exceptions=True)
        assert [type(answer) for answer in answers] == [OutcomeUnknown, Unavailable]
        release.set()
        assert await writer.submit(3) == 3


async def test_a_row_that_somebody_holds_is_its_senders_matter() -> None:
    async def flush(items: Sequence[int]) -> Sequence[int]:
        if 2 in items:
            raise asyncpg.LockNotAvailableError("held")
        return list(items)

    async with _running(flush) as writer:
        answers = await asyncio.gather(*(writer.submit(item) for item in range(4)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [int, int, asyncpg.LockNotAvailableError, int]
