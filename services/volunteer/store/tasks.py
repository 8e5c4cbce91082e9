"""Tasks and their places."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from services.volunteer.domain.kind import rules_from, rules_written
from services.volunteer.domain.position import Point
from services.volunteer.domain.task import Effort, Outcome, Task, TaskState
from shared.database.work import Connection

_COLUMNS = """
id, community_id, kind, rules, minutes, weight_kg, floor, lift, starts_at, ends_at, places, two_persons,
opened_at, look_at, beneficiary_id, family, asked_by, about_type, about_id, place_id, latitude, longitude,
code, code_failures, state, outcome, ended_at, version, offer_at,
about_version
"""
_ADD = f"""
INSERT INTO tasks ({_COLUMNS}, source_event)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
        $23, $24, $25, $26, $27, $28, $29, $30, $31)
ON CONFLICT (source_event) DO NOTHING RETURNING id
"""  # noqa: S608
_PLACES = """
INSERT INTO task_places (task_id, community_id, number)
SELECT $1, $2, number FROM generate_series(1, $3::integer) AS number
"""
_CHANGE = """
UPDATE tasks SET state = $3, outcome = $4, ended_at = $5, look_at = $6, code = $7, code_failures = $8,
                 version = $9, offer_at = $10
WHERE community_id = $1 AND id = $2
"""
_FIND = f"SELECT {_COLUMNS} FROM tasks WHERE community_id = $1 AND id = $2"  # noqa: S608
_FIND_ALL = f"SELECT {_COLUMNS} FROM tasks WHERE community_id = $1 AND id = ANY($2::uuid[])"  # noqa: S608
_LIST = f"""
SELECT {_COLUMNS} FROM tasks
WHERE community_id = $1 AND ($2::text IS NULL OR state = $2) AND ($3::text IS NULL OR kind = $3)
  AND ($4::uuid IS NULL OR id < $4)
ORDER BY id DESC LIMIT $5
"""  # noqa: S608
_FREE = """
SELECT task_id, count(*) FILTER (WHERE claim_id IS NULL) AS free FROM task_places
WHERE community_id = $1 AND task_id = ANY($2::uuid[]) GROUP BY task_id
"""
_TAKEN_BY_OTHERS = """
SELECT asked.number
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[])
    WITH ORDINALITY AS asked (community, task, person, key, number)
CROSS JOIN LATERAL (
    SELECT count(*) AS places, count(claims.id) AS taken,
           count(*) FILTER (WHERE claims.person = asked.person) AS own
    FROM task_places LEFT JOIN claims ON claims.id = task_places.claim_id
    WHERE task_places.task_id = asked.task AND task_places.community_id = asked.community
) AS found
WHERE found.places > 0 AND found.taken = found.places AND found.own = 0
  AND NOT EXISTS (SELECT FROM idempotency_keys AS answered WHERE answered.community_id = asked.community
                     AND answered.actor = asked.person AND answered.key = asked.key)
"""
# The task's row is held, so nobody else takes one now; the condition on claim_id holds without that too.
_TAKE = """
UPDATE task_places SET claim_id = $3
WHERE community_id = $1 AND task_id = $2 AND claim_id IS NULL
  AND number = (SELECT min(number) FROM task_places
                WHERE community_id = $1 AND task_id = $2 AND claim_id IS NULL)
RETURNING number
"""
_GIVE_BACK = """
UPDATE task_places SET claim_id = NULL WHERE community_id = $1 AND task_id = $2 AND claim_id = $3
"""
_ABOUT = f"""
SELECT {_COLUMNS} FROM tasks
WHERE community_id = $1 AND state = 'open' AND about_type = $2 AND about_id = $3 ORDER BY id FOR UPDATE
"""  # noqa: S608
_DUE = f"""
SELECT {_COLUMNS} FROM tasks WHERE state = 'open' AND look_at <= $1
ORDER BY look_at LIMIT $2 FOR UPDATE SKIP LOCKED
"""  # noqa: S608
_TO_OFFER = f"""
SELECT {_COLUMNS} FROM tasks WHERE state = 'open' AND offer_at <= $1
ORDER BY offer_at LIMIT 1 FOR UPDATE SKIP LOCKED
"""  # noqa: S608


async def add(connection: Connection, task: Task, source_event: UUID | None = None) -> bool:
    """Stores a task with its places; False when this event has become a task already."""
    point = task.point
    added = await connection.fetchval(
        _ADD,
        *(task.id, task.community, task.kind, rules_written(task.rules), task.effort.minutes),
        *(task.effort.weight_kg, task.effort.floor, task.effort.lift, task.starts_at, task.ends_at),
        *(task.places, task.two_persons, task.opened_at, task.look_at, task.beneficiary, list(task.family)),
        *(task.asked_by, task.about_type, task.about_id, task.place),
        *(point and point.latitude, point and point.longitude, task.code, task.code_failures),
        *(task.state.value, task.outcome and task.outcome.value, task.ended_at, task.version),
        *(task.offer_at, task.about_version, source_event),
    )
    if added is None:
        return False
    await connection.execute(_PLACES, task.id, task.community, task.places)
    return True


async def change(connection: Connection, task: Task) -> None:
    """Stores what can change of a task; its row must be held."""
    await connection.execute(
        _CHANGE,
        *(task.community, task.id, task.state.value, task.outcome and task.outcome.value, task.ended_at),
        *(task.look_at, task.code, task.code_failures, task.version, task.offer_at),
    )


async def find(connection: Connection, community: UUID, task: UUID, *, lock: bool = False) -> Task | None:
    """A task of this community; `lock` lets nobody else change it until the transaction ends."""
    row = await connection.fetchrow(_FIND + (" FOR UPDATE" if lock else ""), community, task)
    return None if row is None else _task(row)


async def find_all(connection: Connection, community: UUID, wanted: Collection[UUID]) -> Sequence[Task]:
    """Several tasks of this community, in any order."""
    return [_task(row) for row in await connection.fetch(_FIND_ALL, community, list(wanted))]


async def list_newest(
    connection: Connection,
    community: UUID,
    *,
    state: TaskState | None,
    kind: str | None,
    before: UUID | None,
    most: int,
) -> Sequence[Task]:
    """Tasks behind the one called `before`, the newest first."""
    rows = await connection.fetch(_LIST, community, state and state.value, kind, before, most)
    return [_task(row) for row in rows]


async def free_places(connection: Connection, community: UUID, tasks: Sequence[UUID]) -> dict[UUID, int]:
    """How many places of each task nobody has taken."""
    rows = await connection.fetch(_FREE, community, list(tasks))
    return {row["task_id"]: row["free"] for row in rows}


Question = tuple[UUID, UUID, str, str | None]
"""Community, task, person, and the key under which they may have been answered before."""


async def taken_by_others(connection: Connection, asked: Sequence[Question]) -> set[int]:
    """The numbers, from 0, of the questions whose task has all places taken, by others, and is new."""
    rows = await connection.fetch(
        _TAKEN_BY_OTHERS,
        [community for community, _, _, _ in asked],
        [task for _, task, _, _ in asked],
        [person for _, _, person, _ in asked],
        [key for _, _, _, key in asked],
    )
    return {row["number"] - 1 for row in rows}


async def take_place(connection: Connection, task: Task, claim: UUID) -> int | None:
    """Gives the first free place to a claim; None when there is none."""
    number: int | None = await connection.fetchval(_TAKE, task.community, task.id, claim)
    return number


async def give_back_place(connection: Connection, task: Task, claim: UUID) -> None:
    """Frees the place that a claim had."""
    await connection.execute(_GIVE_BACK, task.community, task.id, claim)


async def open_about(connection: Connection, community: UUID, kind: str, thing: UUID) -> Sequence[Task]:
    """The open tasks that arose from another service's thing, held."""
    return [_task(row) for row in await connection.fetch(_ABOUT, community, kind, thing)]


async def to_look_at(connection: Connection, now: datetime, most: int) -> Sequence[Task]:
    """Open tasks whose time to be looked at has come, held; what others hold is left to them."""
    return [_task(row) for row in await connection.fetch(_DUE, now, most)]


async def to_offer(connection: Connection, now: datetime) -> Task | None:
    """The open task that has waited longest for somebody to be asked, held; others' are left to them."""
    row = await connection.fetchrow(_TO_OFFER, now)
    return None if row is None else _task(row)


def _task(row: "asyncpg.Record") -> Task:
    return Task(
        id=row["id"],
        community=row["community_id"],
        kind=row["kind"],
        rules=rules_from(row["rules"]),
        effort=Effort(row["minutes"], row["weight_kg"], row["floor"], row["lift"]),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        places=row["places"],
        two_persons=row["two_persons"],
        opened_at=row["opened_at"],
        look_at=row["look_at"],
        beneficiary=row["beneficiary_id"],
        family=tuple(row["family"]),
        asked_by=row["asked_by"],
        about_type=row["about_type"],
        about_id=row["about_id"],
        place=row["place_id"],
        point=None if row["latitude"] is None else Point(row["latitude"], row["longitude"]),
        code=row["code"],
        code_failures=row["code_failures"],
        state=TaskState(row["state"]),
        outcome=Outcome(row["outcome"]) if row["outcome"] else None,
        ended_at=row["ended_at"],
        version=row["version"],
        offer_at=row["offer_at"],
        about_version=row["about_version"],
    )
