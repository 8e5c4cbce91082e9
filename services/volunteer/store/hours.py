"""The ledger of hours: lines are added, none is ever changed."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from services.volunteer.domain.hours import AlreadyCorrectedError, Entry, Grade
from shared.database.work import Connection

_COLUMNS = """
id, community_id, volunteer_id, person, minutes, reason, made_at, made_by, grade, task_id, claim_id, corrects
"""
# A claim is credited once, whoever asks again.
_ADD = f"""
INSERT INTO hours ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (claim_id) DO NOTHING RETURNING id
"""  # noqa: S608
_FIND = f"SELECT {_COLUMNS} FROM hours WHERE community_id = $1 AND id = $2"  # noqa: S608
_LIST = f"""
SELECT {_COLUMNS} FROM hours
WHERE community_id = $1 AND volunteer_id = $2 AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $4
"""  # noqa: S608
# What counts for a task: neither counter-entries, nor what they took back.
_CREDITED = f"""
SELECT {_COLUMNS} FROM hours AS line
WHERE community_id = $1 AND task_id = $2 AND corrects IS NULL
  AND NOT EXISTS (SELECT FROM hours AS back WHERE back.corrects = line.id)
"""  # noqa: S608
_TOTAL = """
SELECT coalesce(sum(minutes), 0)::bigint FROM hours WHERE community_id = $1 AND volunteer_id = $2
"""


async def add(connection: Connection, entry: Entry) -> bool:
    """Adds a line; False when its claim was credited before. Raises AlreadyCorrectedError."""
    try:
        added = await connection.fetchval(
            _ADD,
            *(entry.id, entry.community, entry.volunteer, entry.person, entry.minutes, entry.reason),
            *(entry.made_at, entry.made_by, entry.grade and entry.grade.value),
            *(entry.task, entry.claim, entry.corrects),
        )
    except asyncpg.UniqueViolationError as error:
        raise AlreadyCorrectedError("this entry was corrected before") from error
    return added is not None


async def find(connection: Connection, community: UUID, entry: UUID) -> Entry | None:
    """One line."""
    row = await connection.fetchrow(_FIND, community, entry)
    return None if row is None else _entry(row)


async def of_volunteer(
    connection: Connection, community: UUID, volunteer: UUID, before: UUID | None, most: int
) -> Sequence[Entry]:
    """A volunteer's lines, the newest first, behind the one called `before`."""
    return [_entry(row) for row in await connection.fetch(_LIST, community, volunteer, before, most)]


async def credited(connection: Connection, community: UUID, task: UUID) -> dict[str, Entry]:
    """What counts for a task now, by person."""
    rows = await connection.fetch(_CREDITED, community, task)
    return {row["person"]: _entry(row) for row in rows}


async def total(connection: Connection, community: UUID, volunteer: UUID) -> int:
    """All minutes of a volunteer."""
    minutes: int = await connection.fetchval(_TOTAL, community, volunteer)
    return minutes


def _entry(row: "asyncpg.Record") -> Entry:
    return Entry(
        id=row["id"],
        community=row["community_id"],
        volunteer=row["volunteer_id"],
        person=row["person"],
        minutes=row["minutes"],
        reason=row["reason"],
        made_at=row["made_at"],
        made_by=row["made_by"],
        grade=Grade(row["grade"]) if row["grade"] else None,
        task=row["task_id"],
        claim=row["claim_id"],
        corrects=row["corrects"],
    )
