"""The batch writer: what arrives while a flush is under way is committed as one by the next.

No timer: a lone caller waits for nobody, and the answer comes after COMMIT. One flush is in flight: two of
half the size took a sixth longer for the same reports, since each has round trips and statements of its own.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import asyncpg
from prometheus_client import Histogram

from shared.errors import InProgress, OutcomeUnknown, Unavailable, is_transient

Item = TypeVar("Item")
Result = TypeVar("Result")
Outcomes = Sequence[Result | Exception]

_ROWS = Histogram(
    "linli_batch_rows", "Items committed together", ["batch"], buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500)
)
_REPEATS = 3


class BatchWriter(Generic[Item, Result]):
    """Turns many concurrent `submit` calls into few plural flushes.

    `flush` gets the items in order of arrival and answers with one result, or one exception, for each. It
    must be repeatable: ids are made before `submit`, and an item sent again, at least by itself, is stored
    once, so that a flush whose COMMIT reply was lost can be sent again. `most` items go into one flush; with
    `waiting` items queued, further callers are turned away. After `patience` seconds of a flush its callers
    are answered, though it goes on.
    """

    def __init__(
        self,
        flush: Callable[[Sequence[Item]], Awaitable[Outcomes[Result]]],
        *,
        name: str,
        most: int = 500,
        waiting: int = 5000,
        patience: float = 10.0,
    ) -> None:
        self._flush = flush
        self.name = name
        self._most = most
        self._limit = waiting
        self._patience = patience
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._arrived = asyncio.Event()
        self._closed = False
        self._rows = _ROWS.labels(name)

    async def submit(self, item: Item) -> Result:
        """Wait until the item is committed and return its result.

        Raises:
            Unavailable: too many wait already, or the process is stopping; nothing was stored.
            OutcomeUnknown: the answer to COMMIT was lost repeatedly, or did not come in time.
            Exception: whatever `flush` says of this item alone.
        """
        if self._closed:
            raise Unavailable("stopping; ask another instance")
        if len(self._waiting) >= self._limit:
            raise Unavailable(f"{self._limit} requests are waiting already", retry_after=1)
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        self._arrived.set()
        return await future

    async def run(self) -> None:
        """Flush until cancelled; then turn new callers away and flush what is waiting."""
        try:
            while True:
                await self._arrived.wait()
                await self._write_waiting()
        finally:
            self._closed = True
            while self._waiting:
                await self._write_waiting()

    async def _write_waiting(self) -> None:
        batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        if not self._waiting:
            self._arrived.clear()
        # A caller that went away while it waited wants nothing stored any more.
        batch = [(item, future) for item, future in batch if not future.cancelled()]
        if not batch:
            return
        self._rows.observe(len(batch))
        writing = asyncio.create_task(self._write([item for item, _ in batch]))  # noqa: RUF006  (awaited below)
        try:
            # Not awaited itself: a flush under way is finished, not torn, when the process stops.
            while not (await asyncio.wait({writing}, timeout=self._patience))[0]:
                self._turn_away(batch)
        finally:
            _settle(batch, await writing)

    def _turn_away(self, batch: Sequence[tuple[Item, "asyncio.Future[Result]"]]) -> None:
        """Answer everybody: a database that hangs may do so for longer than anybody waits."""
        _settle(
            batch, [OutcomeUnknown("the database does not answer; repeat with the same key")] * len(batch)
        )
        queued, self._waiting = self._waiting, []
        self._arrived.clear()
        _settle(queued, [Unavailable("the database does not answer; nothing was stored")] * len(queued))

    async def _write(self, items: list[Item]) -> Outcomes[Result]:
        """Write the items together; after a definite rollback one by one: a bad one hurts only its sender."""
        error: Exception | None = None
        for repeat in range(_REPEATS):
            try:
                return await self._flush(items)
            except Exception as caught:  # noqa: BLE001  each item's sender gets it
                error = caught
                if not is_transient(caught):
                    break
                if isinstance(caught, Unavailable | OSError):
                    return [caught] * len(items)
                await asyncio.sleep(0.05 * 2**repeat)
        assert error is not None
        # A row that somebody else holds is one sender's matter as well; a server that is away is everybody's.
        held = isinstance(error, InProgress | asyncpg.LockNotAvailableError)
        if len(items) == 1 or (is_transient(error) and not held):
            return [error] * len(items)
        return [(await self._write([item]))[0] for item in items]


def _settle(batch: Sequence[tuple[Item, "asyncio.Future[Result]"]], outcomes: Outcomes[Result]) -> None:
    for (_, future), outcome in zip(batch, outcomes, strict=True):
        if future.done():
            continue
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
