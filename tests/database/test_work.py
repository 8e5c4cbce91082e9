"""The unit of work: what it commits, what it leaves when it fails, what it says when it cannot know."""

import asyncio
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import asyncpg
import pytest

from deploy.embedded.databases import DatabaseUrls
from shared.contracts import PlaceClosed
from shared.database.pool import Database
from shared.database.work import Work, Works
from shared.errors import OutcomeUnknown, handling_of, is_transient
from tests.database.conftest import Facts, FixedClock

pytestmark = pytest.mark.anyio


async def _note(work: Work, community: UUID, body: str = "a note") -> UUID:
    note = uuid4()
    await work.connection.execute(
        "INSERT INTO notes (id, community_id, body) VALUES ($1, $2, $3)", note, community, body
    )
    return note


async def _count(database: Database, table: str = "notes") -> int:
    counted: int = await database.system.fetchval(f"SELECT count(*) FROM {table}")
    return counted


async def test_facts_are_committed_with_what_made_them_true(
    works: Works, database: Database, community: UUID
) -> None:
    woken: list[str] = []
    waking = Works(works.database, works.clock, works.sink, works.source, lambda: woken.append("relay"))
    async with waking.for_request("person-1", community) as work:
        work.after_commit(lambda: woken.append("sender"))
        await _note(work, community)
        event = work.emit(PlaceClosed(place=uuid4()), sequence=1)
        assert not woken
    assert woken == ["sender", "relay"]
    assert await _count(database) == 1
    assert await database.system.fetchval("SELECT id FROM facts") == event


async def test_a_failure_keeps_nothing_and_gives_the_connection_back(
    works: Works, database: Database, community: UUID
) -> None:
    for _ in range(30):
        with pytest.raises(asyncpg.CheckViolationError):
            async with works.for_request("person-1", community) as work:
                work.emit(PlaceClosed(place=uuid4()), sequence=1)
                await _note(work, community, "bad")
    async with works.for_request("person-1", community) as work:
        await _note(work, community)
    assert (await _count(database), await _count(database, "facts")) == (1, 0)


async def test_a_swallowed_failure_is_not_taken_for_a_commit(
    works: Works, database: Database, community: UUID
) -> None:
    with pytest.raises(RuntimeError, match="rolled back"):
        async with works.for_request("person-1", community) as work:
            with pytest.raises(asyncpg.CheckViolationError):
                await _note(work, community, "bad")
    assert await _count(database) == 0


async def test_cancelled_work_leaves_no_connection_behind(
    works: Works, database: Database, community: UUID
) -> None:
    async def one(delay: float) -> None:
        async with works.for_request("person-1", community) as work:
            await work.connection.execute("SELECT pg_sleep(0.02)")
            await _note(work, community)
            await asyncio.sleep(delay)

    for round_ in range(20):
        tasks = [asyncio.create_task(one(0.01 * place)) for place in range(8)]
        await asyncio.sleep(0.004 * round_)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    # All eight connections of the pool must be usable at once, none within a transaction.
    async with asyncio.timeout(5):
        connections = [await database.request.acquire() for _ in range(8)]
    assert not any(connection.is_in_transaction() for connection in connections)
    for connection in connections:
        await database.request.release(connection)


async def test_a_session_that_ends_at_commit_leaves_the_outcome_unknown(
    works: Works, database: Database, community: UUID, superuser: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    with pytest.raises(OutcomeUnknown):
        async with works.for_request("person-1", community) as work:
            await _note(work, community)
            backend = await work.connection.fetchval("SELECT pg_backend_pid()")
            assert await superuser.fetchval("SELECT pg_terminate_backend($1, 5000)", backend)
    async with works.for_request("person-1", community) as work:
        await _note(work, community)
    assert await _count(database) == 1


async def test_so_does_a_commit_that_meets_a_session_just_ended(
    works: Works, database: Database, community: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def meets_the_end(*_: object, **__: object) -> str:
        raise asyncpg.InternalClientError("cannot switch to state 15; another operation (2) is in progress")

    with pytest.raises(OutcomeUnknown):
        async with works.for_request("person-1", community) as work:
            await _note(work, community)
            monkeypatch.setattr(asyncpg.Connection, "execute", meets_the_end)
    monkeypatch.undo()
    async with works.for_request("person-1", community) as work:
        await _note(work, community)
    assert await _count(database) == 1


async def test_a_database_that_is_away_is_a_transient_error(addresses: DatabaseUrls, community: UUID) -> None:
    port = str(urlsplit(addresses.url).port)
    nowhere = addresses.url.replace(f":{port}/", ":1/")
    async with Database.open(nowhere, nowhere) as away:
        works = Works(away, FixedClock(), Facts(), "/linli/tests")
        with pytest.raises(OSError) as refused:
            async with works.for_request("person-1", community):
                pass
    assert is_transient(refused.value)


def test_the_error_table_knows_what_may_be_repeated() -> None:
    transient = [
        asyncpg.DeadlockDetectedError(""),
        asyncpg.ConnectionDoesNotExistError(""),
        ConnectionResetError(),
        asyncpg.LockNotAvailableError(""),
        asyncpg.AdminShutdownError(""),
        OutcomeUnknown(),
        asyncpg.UndefinedColumnError(""),
    ]
    permanent = [asyncpg.UniqueViolationError(""), ValueError(), asyncpg.exceptions._base.DataError("")]
    assert all(is_transient(error) for error in transient)
    assert not any(is_transient(error) for error in permanent)
    assert handling_of(ValueError()) is None


async def test_emitting_needs_a_community(works: Works) -> None:
    async with works.for_system("tests") as work:
        with pytest.raises(ValueError, match="needs a community"):
            work.emit(PlaceClosed(place=uuid4()), sequence=1)
