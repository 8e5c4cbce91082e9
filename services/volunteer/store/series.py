"""Series of tasks, and what became of each of their times."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from services.volunteer.domain.position import Point
from services.volunteer.domain.series import Series
from shared.database.work import Connection

_COLUMNS = """
id, community_id, kind, beneficiary_id, place_id, latitude, longitude, minutes, weight_kg, floor, lift,
window_minutes, rule, zone, first_local, ahead_hours, asked_by, made_at, next_at, ended_at, version,
by_staff
"""
_ADD = f"""
INSERT INTO series ({_COLUMNS}, open_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
        $23)
"""  # noqa: S608
_CHANGE = """
UPDATE series SET next_at = $3, open_at = $4, ended_at = $5, version = $6 WHERE community_id = $1 AND id = $2
"""
_FIND = f"SELECT {_COLUMNS} FROM series WHERE community_id = $1 AND id = $2"  # noqa: S608
_LIST = f"""
SELECT {_COLUMNS} FROM series
WHERE community_id = $1 AND ($2::text IS NULL OR asked_by = $2) AND ($3::uuid IS NULL OR id < $3)
ORDER BY id DESC LIMIT $4
"""  # noqa: S608
_DUE = f"""
SELECT {_COLUMNS} FROM series WHERE open_at <= $1 ORDER BY open_at LIMIT 1 FOR UPDATE SKIP LOCKED
"""  # noqa: S608
# Whatever has a row has become a task, or never will.
_TAKE = """
INSERT INTO occurrences (series_id, starts_at, community_id, task_id, excepted_by, excepted_at)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING starts_at
"""
_EXCEPT = """
UPDATE occurrences SET excepted_by = $4, excepted_at = $5, task_id = $6
WHERE community_id = $1 AND series_id = $2 AND starts_at = $3
"""
_OCCURRENCES = """
SELECT starts_at, task_id, excepted_at IS NOT NULL AS excepted FROM occurrences
WHERE community_id = $1 AND series_id = $2 AND starts_at >= $3 ORDER BY starts_at
"""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """What became of one time: a task, an exception, or a task that was then not needed."""

    starts_at: datetime
    task: UUID | None
    excepted: bool


async def add(connection: Connection, series: Series) -> None:
    """Stores a series."""
    point = series.point
    await connection.execute(
        _ADD,
        *(series.id, series.community, series.kind, series.beneficiary, series.place),
        *(point and point.latitude, point and point.longitude),
        *(series.minutes, series.weight_kg, series.floor, series.lift),
        *(series.window // timedelta(minutes=1), series.rule, series.zone, series.first_local),
        *(series.ahead // timedelta(hours=1), series.asked_by, series.made_at, series.next_at),
        *(series.ended_at, series.version, series.by_staff, series.open_at),
    )


async def change(connection: Connection, series: Series) -> None:
    """Stores what can change of a series; its row must be held."""
    await connection.execute(
        _CHANGE,
        *(series.community, series.id, series.next_at, series.open_at, series.ended_at, series.version),
    )


async def find(connection: Connection, community: UUID, series: UUID, *, lock: bool = False) -> Series | None:
    """One series; `lock` lets nobody else change it, or open its tasks, until the transaction ends."""
    row = await connection.fetchrow(_FIND + (" FOR UPDATE" if lock else ""), community, series)
    return None if row is None else _series(row)


async def list_newest(
    connection: Connection, community: UUID, *, asked_by: str | None, before: UUID | None, most: int
) -> Sequence[Series]:
    """Series behind the one called `before`, the newest first; somebody's own, or all."""
    rows = await connection.fetch(_LIST, community, asked_by, before, most)
    return [_series(row) for row in rows]


async def to_open(connection: Connection, now: datetime) -> Series | None:
    """The series that has waited longest for a task to be opened, held; others' are left to them."""
    row = await connection.fetchrow(_DUE, now)
    return None if row is None else _series(row)


async def take(connection: Connection, series: Series, starts_at: datetime, task: UUID) -> bool:
    """Gives a time to a task; False when it has become one before, or is an exception."""
    values = (series.id, starts_at, series.community, task, None, None)
    return await connection.fetchval(_TAKE, *values) is not None


async def make_exception(
    connection: Connection, series: Series, starts_at: datetime, actor: str, now: datetime
) -> bool:
    """Makes a time an exception; False when it has a row already, which `mark_exception` marks."""
    values = (series.id, starts_at, series.community, None, actor, now)
    return await connection.fetchval(_TAKE, *values) is not None


async def mark_exception(
    connection: Connection,
    series: Series,
    starts_at: datetime,
    actor: str,
    now: datetime,
    *,
    task: UUID | None,
) -> None:
    """Marks a time that was taken as an exception; `task` is the one that it has become, if it has."""
    await connection.execute(_EXCEPT, series.community, series.id, starts_at, actor, now, task)


async def occurrences(
    connection: Connection, community: UUID, series: UUID, since: datetime
) -> Sequence[Occurrence]:
    """What became of a series' times from then on."""
    rows = await connection.fetch(_OCCURRENCES, community, series, since)
    return [Occurrence(row["starts_at"], row["task_id"], row["excepted"]) for row in rows]


def _series(row: "asyncpg.Record") -> Series:
    return Series(
        id=row["id"],
        community=row["community_id"],
        kind=row["kind"],
        window=timedelta(minutes=row["window_minutes"]),
        rule=row["rule"],
        zone=row["zone"],
        first_local=row["first_local"],
        ahead=timedelta(hours=row["ahead_hours"]),
        asked_by=row["asked_by"],
        made_at=row["made_at"],
        beneficiary=row["beneficiary_id"],
        place=row["place_id"],
        point=None if row["latitude"] is None else Point(row["latitude"], row["longitude"]),
        minutes=row["minutes"],
        weight_kg=row["weight_kg"],
        floor=row["floor"],
        lift=row["lift"],
        next_at=row["next_at"],
        ended_at=row["ended_at"],
        version=row["version"],
        by_staff=row["by_staff"],
    )
