"""The unit of work: one transaction, with business time, the actor, the tenant and the facts it makes true.

Whoever starts it (route, consumer, schedule) opens it with `async with`; the use case runs inside;
nothing else commits. Facts are written last, in the same transaction, through the sink.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from shared.contracts.event import Event
from shared.contracts.fact import Fact
from shared.database.pool import Database
from shared.errors import DATABASE_ERRORS, OutcomeUnknown, Unavailable
from shared.identifiers import new_id
from shared.runtime.clock import Clock

if TYPE_CHECKING:
    Connection = PoolConnectionProxy[asyncpg.Record]
else:
    Connection = PoolConnectionProxy  # generic in its type stubs only


class Sink(Protocol):
    """Where facts go: each is put into words when it is said, and all are written last."""

    def add(self, rows: list[Any], event: Event[Any], /) -> None:
        """Put an event, as it is kept, behind what was said before; raises what it has against it."""
        ...

    async def write(self, connection: Connection, rows: Sequence[Any], /) -> None:
        """Store the rows in their order."""
        ...


# An error PostgreSQL itself reports at COMMIT is a definite rollback, except when it is the session's end.
_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)
_ending: set[asyncio.Task[None]] = set()


@dataclass(slots=True)
class Work:
    """One open transaction; `now` is business time (UTC), `community` None under the system role."""

    connection: Connection
    now: datetime
    actor: str
    community: UUID | None
    traceparent: str | None
    source: str
    sink: Sink
    outgoing: list[Any] = field(default_factory=list)
    _calls: list[Callable[[], None]] = field(default_factory=list)

    def emit(
        self,
        fact: Fact,
        *,
        sequence: int,
        community: UUID | None = None,
        time: datetime | None = None,
        imported: bool = False,
        traceparent: str | None = None,
    ) -> UUID:
        """Queue a fact for the outbox and return its event id; `sequence` is the aggregate's new version.

        Raises:
            ValueError: no community, neither given nor the unit of work's own.
            Exception: what the sink has against the fact, such as its size.
        """
        tenant = community or self.community
        if tenant is None:
            raise ValueError(f"{fact.event_type} needs a community")
        ident, trace = new_id(), traceparent or self.traceparent
        at = time or self.now
        event: Event[Any] = Event(ident, self.source, at, tenant, sequence, fact, imported, trace)
        self.sink.add(self.outgoing, event)
        return ident

    def after_commit(self, call: Callable[[], None]) -> None:
        """Call something cheap once the transaction is committed, such as waking a schedule entry."""
        self._calls.append(call)

    def committed(self) -> None:
        """Run what waited for the commit."""
        for call in self._calls:
            call()


@dataclass(frozen=True)
class Works:
    """Opens units of work; `on_events` is called after each commit that wrote facts (it wakes the relay)."""

    database: Database
    clock: Clock
    sink: Sink
    source: str
    on_events: Callable[[], None] = lambda: None

    @asynccontextmanager
    async def for_request(
        self, actor: str, community: UUID, traceparent: str | None = None
    ) -> AsyncIterator[Work]:
        """Open a unit of work for one tenant under the role that row-level security binds."""
        # One round trip for both; a UUID cannot carry SQL, whatever the caller sent.
        opening = f"BEGIN; SET LOCAL app.community = '{UUID(int=community.int)}'"
        async with self._open(self.database.request, opening, actor, community, traceparent) as work:
            yield work

    @asynccontextmanager
    async def for_system(
        self, actor: str, community: UUID | None = None, traceparent: str | None = None
    ) -> AsyncIterator[Work]:
        """Open a unit of work that may span tenants: relay, schedule, consumer chunks, batch flushes."""
        async with self._open(self.database.system, "BEGIN", actor, community, traceparent) as work:
            yield work

    @asynccontextmanager
    async def _open(
        self,
        pool: "asyncpg.Pool[asyncpg.Record]",
        opening: str,
        actor: str,
        community: UUID | None,
        traceparent: str | None,
    ) -> AsyncIterator[Work]:
        connection = await _acquire(pool)
        work = Work(connection, self.clock.now(), actor, community, traceparent, self.source, self.sink)
        try:
            await connection.execute(opening)
            yield work
            if work.outgoing:
                await self.sink.write(connection, work.outgoing)
            await _commit(connection)
        except BaseException:
            await _abandon(pool, connection)
            raise
        await pool.release(connection)
        work.committed()
        if work.outgoing:
            self.on_events()


async def _acquire(pool: "asyncpg.Pool[asyncpg.Record]") -> Connection:
    try:
        return await pool.acquire(timeout=5)
    except TimeoutError as error:
        raise Unavailable("no database connection became free within 5 s") from error


async def _commit(connection: Connection) -> None:
    try:
        status = await connection.execute("COMMIT")
    except _LOST as error:
        raise OutcomeUnknown("the answer to COMMIT was lost; repeat with the same key") from error
    if status != "COMMIT":
        # PostgreSQL answers ROLLBACK, without an error, to the COMMIT of a transaction that had failed.
        raise RuntimeError("a statement's failure was swallowed: the transaction was rolled back")


async def _abandon(pool: "asyncpg.Pool[asyncpg.Record]", connection: Connection) -> None:
    """Roll back and give the connection back in one shielded task, whatever cancels the caller meanwhile."""
    task = asyncio.create_task(_roll_back(pool, connection))
    _ending.add(task)
    task.add_done_callback(_ending.discard)
    await asyncio.shield(task)


async def _roll_back(pool: "asyncpg.Pool[asyncpg.Record]", connection: Connection) -> None:
    try:
        await connection.execute("ROLLBACK", timeout=5)
    except DATABASE_ERRORS:
        with suppress(asyncpg.InterfaceError):  # a lost connection has left the pool by itself
            connection.terminate()
    finally:
        await pool.release(connection)
