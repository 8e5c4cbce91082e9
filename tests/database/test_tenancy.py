"""Row-level security: the second wall, tried with statements that forget the first."""

from uuid import UUID, uuid4

import asyncpg
import pytest

from shared.database.work import Works

pytestmark = pytest.mark.anyio


async def _write(works: Works, actor: str, community: UUID, tenant: UUID) -> None:
    async with works.for_request(actor, community) as work:
        await work.connection.execute(
            "INSERT INTO notes (id, community_id, body) VALUES ($1, $2, 'mine')", uuid4(), tenant
        )


async def test_a_request_sees_and_changes_its_own_community_only(works: Works) -> None:
    ours, theirs = uuid4(), uuid4()
    await _write(works, "a", ours, ours)
    await _write(works, "b", theirs, theirs)
    async with works.for_request("a", ours) as work:
        assert [row["community_id"] for row in await work.connection.fetch("SELECT * FROM notes")] == [ours]
        assert await work.connection.execute("UPDATE notes SET body = 'changed'") == "UPDATE 1"
        assert await work.connection.execute("DELETE FROM notes") == "DELETE 1"
    async with works.for_system("tests") as work:
        assert await work.connection.fetchval("SELECT array_agg(body) FROM notes") == ["mine"]


async def test_a_request_cannot_write_into_another_community(works: Works) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        await _write(works, "a", uuid4(), uuid4())


async def test_without_a_community_a_request_sees_nothing(works: Works) -> None:
    ours = uuid4()
    await _write(works, "a", ours, ours)
    # The same pooled connection, now outside a unit of work: the setting is '' after a transaction, not NULL.
    assert await works.database.request.fetchval("SELECT count(*) FROM notes") == 0
