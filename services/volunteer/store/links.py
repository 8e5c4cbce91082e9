"""Relatives' links, found by the digests of their secrets."""

from datetime import datetime
from uuid import UUID

import asyncpg

from services.volunteer.domain.link import Link, LinkAnswer
from shared.database.work import Connection

_COLUMNS = "id, community_id, task_id, made_at, made_by, expires_at, answer"
_ADD = f"INSERT INTO links ({_COLUMNS}, digest) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"  # noqa: S608
_COMMUNITY = "SELECT community_id FROM links WHERE digest = $1 AND expires_at > $2"
_FIND = f"""
SELECT {_COLUMNS} FROM links WHERE community_id = $1 AND digest = $2 AND expires_at > $3
"""  # noqa: S608
_ANSWER = "UPDATE links SET answer = $3, answered_at = $4 WHERE community_id = $1 AND id = $2"
_COUNT = "SELECT count(*) FROM links WHERE community_id = $1 AND task_id = $2"
_FORGET = """
DELETE FROM links WHERE id IN (SELECT id FROM links WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)
"""


async def add(connection: Connection, link: Link, digest: bytes) -> None:
    """Stores a link."""
    await connection.execute(
        _ADD,
        *(link.id, link.community, link.task, link.made_at, link.made_by, link.expires_at),
        *(link.answer and link.answer.value, digest),
    )


async def community_of(connection: Connection, digest: bytes, now: datetime) -> UUID | None:
    """In which community a link works; None when there is none, or none any more."""
    found: UUID | None = await connection.fetchval(_COMMUNITY, digest, now)
    return found


async def find(
    connection: Connection, community: UUID, digest: bytes, now: datetime, *, lock: bool = False
) -> Link | None:
    """A link that has not expired; `lock` holds it until the transaction ends."""
    row = await connection.fetchrow(_FIND + (" FOR UPDATE" if lock else ""), community, digest, now)
    return None if row is None else _link(row)


async def count(connection: Connection, community: UUID, task: UUID) -> int:
    """How many links a task has."""
    found: int = await connection.fetchval(_COUNT, community, task)
    return found


async def answer(connection: Connection, link: Link, now: datetime) -> None:
    """Stores a link's answer."""
    await connection.execute(_ANSWER, link.community, link.id, link.answer and link.answer.value, now)


async def forget(connection: Connection, before: datetime, most: int) -> int:
    """Forgets links that have expired; gives how many."""
    status = await connection.execute(_FORGET, before, most)
    return int(status.rpartition(" ")[2])


def _link(row: "asyncpg.Record") -> Link:
    return Link(
        id=row["id"],
        community=row["community_id"],
        task=row["task_id"],
        made_at=row["made_at"],
        made_by=row["made_by"],
        expires_at=row["expires_at"],
        answer=LinkAnswer(row["answer"]) if row["answer"] else None,
    )
