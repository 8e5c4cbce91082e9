"""Disputes, and the hours they are about."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from services.volunteer.domain.dispute import Decision, Dispute, DisputedBy, WrongDisputeError
from shared.database.work import Connection

_COLUMNS = """
id, community_id, task_id, by_role, person, reason, disputed_at, decision, decided_at, decided_by
"""
_ADD = f"""
INSERT INTO disputes ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT DO NOTHING RETURNING id
"""  # noqa: S608
_DECIDE = """
UPDATE disputes SET decision = $3, decided_at = $4, decided_by = $5 WHERE community_id = $1 AND id = $2
"""
_FIND = f"SELECT {_COLUMNS} FROM disputes WHERE community_id = $1 AND id = $2"  # noqa: S608
_OPEN = """
SELECT EXISTS (SELECT FROM disputes WHERE community_id = $1 AND task_id = $2 AND decision IS NULL)
"""
_OF_TASK = f"""
SELECT {_COLUMNS} FROM disputes WHERE community_id = $1 AND task_id = $2 ORDER BY id
"""  # noqa: S608
_LIST = f"""
SELECT {_COLUMNS} FROM disputes
WHERE community_id = $1 AND (NOT $2 OR decision IS NULL) AND ($3::uuid IS NULL OR id < $3)
ORDER BY id DESC LIMIT $4
"""  # noqa: S608


async def add(connection: Connection, dispute: Dispute) -> None:
    """Stores a dispute; raises WrongDisputeError when one is open, or this role has had its own."""
    added = await connection.fetchval(_ADD, *_values(dispute))
    if added is None:
        raise WrongDisputeError("this is disputed already, or was")


async def decide(connection: Connection, dispute: Dispute) -> None:
    """Stores what was decided; the task's row must be held."""
    await connection.execute(
        _DECIDE,
        *(dispute.community, dispute.id, dispute.decision and dispute.decision.value),
        *(dispute.decided_at, dispute.decided_by),
    )


async def find(connection: Connection, community: UUID, dispute: UUID) -> Dispute | None:
    """One dispute."""
    row = await connection.fetchrow(_FIND, community, dispute)
    return None if row is None else _dispute(row)


async def is_open(connection: Connection, community: UUID, task: UUID) -> bool:
    """Whether a task is disputed and that is not decided."""
    found: bool = await connection.fetchval(_OPEN, community, task)
    return found


async def of_task(connection: Connection, community: UUID, task: UUID) -> Sequence[Dispute]:
    """A task's disputes, the first one first."""
    return [_dispute(row) for row in await connection.fetch(_OF_TASK, community, task)]


async def list_newest(
    connection: Connection, community: UUID, *, undecided: bool, before: UUID | None, most: int
) -> Sequence[Dispute]:
    """Disputes behind the one called `before`, the newest first; those to be decided, or all."""
    rows = await connection.fetch(_LIST, community, undecided, before, most)
    return [_dispute(row) for row in rows]


def _values(dispute: Dispute) -> tuple[object, ...]:
    return (
        *(dispute.id, dispute.community, dispute.task, dispute.by.value, dispute.person, dispute.reason),
        *(dispute.disputed_at, dispute.decision and dispute.decision.value),
        *(dispute.decided_at, dispute.decided_by),
    )


def _dispute(row: "asyncpg.Record") -> Dispute:
    return Dispute(
        id=row["id"],
        community=row["community_id"],
        task=row["task_id"],
        by=DisputedBy(row["by_role"]),
        person=row["person"],
        reason=row["reason"],
        disputed_at=row["disputed_at"],
        decision=Decision(row["decision"]) if row["decision"] else None,
        decided_at=row["decided_at"],
        decided_by=row["decided_by"],
    )
