"""Stretches of duty."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from services.volunteer.domain.duty import Duty, DutyState
from shared.database.work import Connection

_COLUMNS = "id, community_id, volunteer_id, person, kind, starts_at, ends_at, state, version"
_ADD = f"INSERT INTO duties ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"  # noqa: S608
_CHANGE = """
UPDATE duties SET starts_at = $3, ends_at = $4, state = $5, version = $6 WHERE community_id = $1 AND id = $2
"""
# So that those on duty are found by where they are; the next position says it too, if this one is missed.
_ON_CALL = """
UPDATE positions SET on_call = NOT on_call
WHERE community_id = $1 AND volunteer_id = $2
  AND on_call <> EXISTS (SELECT FROM duties WHERE volunteer_id = $2 AND state = 'on')
"""
_FIND = f"SELECT {_COLUMNS} FROM duties WHERE community_id = $1 AND id = $2 FOR UPDATE"  # noqa: S608
_LIVE = f"""
SELECT {_COLUMNS} FROM duties
WHERE community_id = $1 AND volunteer_id = $2 AND state IN ('planned', 'on')
ORDER BY starts_at LIMIT $3
"""  # noqa: S608
_OVERLAP = """
SELECT EXISTS (SELECT FROM duties WHERE community_id = $1 AND volunteer_id = $2 AND state IN ('planned', 'on')
                  AND starts_at < $4 AND ends_at > $3)
"""
# What one process turns, another leaves alone.
_DUE = f"""
SELECT {_COLUMNS} FROM duties WHERE state = 'planned' AND starts_at <= $1
UNION ALL
SELECT {_COLUMNS} FROM duties WHERE state = 'on' AND ends_at <= $1
"""  # noqa: S608
_TURN = f"""
SELECT {_COLUMNS} FROM duties
WHERE id IN (SELECT id FROM ({_DUE}) AS due LIMIT $2) AND state IN ('planned', 'on')
FOR UPDATE SKIP LOCKED
"""  # noqa: S608


async def add(connection: Connection, duty: Duty) -> None:
    """Stores a stretch of duty."""
    await connection.execute(
        _ADD,
        *(duty.id, duty.community, duty.volunteer, duty.person, duty.kind),
        *(duty.starts_at, duty.ends_at, duty.state.value, duty.version),
    )


async def change(connection: Connection, duty: Duty) -> None:
    """Stores what became of a stretch, whose row must be held."""
    await connection.execute(
        _CHANGE, duty.community, duty.id, duty.starts_at, duty.ends_at, duty.state.value, duty.version
    )
    await connection.execute(_ON_CALL, duty.community, duty.volunteer)


async def find_to_change(connection: Connection, community: UUID, duty: UUID) -> Duty | None:
    """One stretch, held until the transaction ends."""
    row = await connection.fetchrow(_FIND, community, duty)
    return None if row is None else _duty(row)


async def live(connection: Connection, community: UUID, volunteer: UUID, most: int = 100) -> list[Duty]:
    """What a volunteer has now and ahead, the earliest first."""
    return [_duty(row) for row in await connection.fetch(_LIVE, community, volunteer, most)]


async def overlaps(connection: Connection, duty: Duty) -> bool:
    """Whether the volunteer has duty in that time; the volunteer's row must be held."""
    found: bool = await connection.fetchval(
        _OVERLAP, duty.community, duty.volunteer, duty.starts_at, duty.ends_at
    )
    return found


async def to_turn(connection: Connection, now: datetime, most: int) -> Sequence[Duty]:
    """What is to begin or to end by now, held until the transaction ends."""
    return [_duty(row) for row in await connection.fetch(_TURN, now, most)]


def _duty(row: "asyncpg.Record") -> Duty:
    return Duty(
        id=row["id"],
        community=row["community_id"],
        volunteer=row["volunteer_id"],
        person=row["person"],
        kind=row["kind"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        state=DutyState(row["state"]),
        version=row["version"],
    )
