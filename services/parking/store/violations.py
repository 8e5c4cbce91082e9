"""Violations and the steps taken for them; whoever changes one holds its row."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import orjson

from services.parking.domain.violation import Course, Says
from services.parking.domain.violation_kind import steps_data, steps_from
from services.parking.store.reads import Car
from shared.database.work import Connection

_BUT_STEPS = """
id, community_id, compound_id, plate, kind, kind_version, household_id, contact, opened_at, version,
step, stepped_at, asked_until, next_at, last_seen_at, outcome, cleared_at
"""
COLUMNS = f"{_BUT_STEPS}, steps"
# In the order of their ids, so that two who take several never wait for each other in a ring.
_LOCK_OPEN = f"""
SELECT {COLUMNS} FROM violations
WHERE outcome IS NULL AND (compound_id, plate) IN (SELECT * FROM unnest($1::uuid[], $2::text[]))
ORDER BY id FOR NO KEY UPDATE
"""  # noqa: S608
_OPEN_CARS = """
SELECT DISTINCT compound_id, plate FROM violations WHERE outcome IS NULL AND compound_id = ANY($1::uuid[])
"""
_LOCK = f"SELECT {COLUMNS} FROM violations WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"  # noqa: S608
# A row that is being cleared is left out, and looked at again by the next run: then it is no longer due.
CLAIM_DUE = f"""
SELECT {COLUMNS} FROM violations WHERE next_at <= $1
ORDER BY next_at LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED
"""  # noqa: S608
# Steps travel as text: a list of lists would be taken for an array of two dimensions.
_PUT = f"""
INSERT INTO violations ({COLUMNS})
SELECT {_BUT_STEPS}, steps::jsonb
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::integer[], $7::uuid[],
            $8::text[], $9::timestamptz[], $10::bigint[], $11::smallint[], $12::timestamptz[],
            $13::timestamptz[], $14::timestamptz[], $15::timestamptz[], $16::text[], $17::timestamptz[],
            $18::text[]) AS row ({COLUMNS})
ON CONFLICT (id) DO UPDATE
SET version = excluded.version, step = excluded.step, stepped_at = excluded.stepped_at,
    asked_until = excluded.asked_until, next_at = excluded.next_at, last_seen_at = excluded.last_seen_at,
    outcome = excluded.outcome, cleared_at = excluded.cleared_at
"""  # noqa: S608
_ADD_STEPS = """
INSERT INTO violation_steps (violation_id, step, community_id, action, reason, taken_at, due_at)
SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::uuid[], $4::text[], $5::text[], $6::timestamptz[],
                     $7::timestamptz[])
"""
_PUT_HELPERS = """
INSERT INTO violation_helpers AS known (violation_id, person, community_id, asked_at, goes, sequence)
SELECT $1, person, $2, $3, goes, $4 FROM unnest($5::text[], $6::boolean[]) AS row (person, goes)
ON CONFLICT (violation_id, person) DO UPDATE SET goes = excluded.goes, sequence = excluded.sequence
WHERE known.sequence < excluded.sequence
"""


@dataclass(frozen=True, slots=True)
class Violation:
    """A violation: which car, where, what; whose car it was found to be when it opened; how it goes."""

    id: UUID
    community: UUID
    compound: UUID
    plate: str
    kind: str
    kind_version: int
    household: UUID | None
    contact: str | None
    opened_at: datetime
    version: int
    course: Course


@dataclass(frozen=True, slots=True)
class TakenStep:
    """A step as it was taken; `reason` is why then: its time, or how asking a person ended."""

    violation: Violation
    reason: str
    taken_at: datetime


async def open_cars(connection: Connection, compounds: Collection[UUID]) -> set[Car]:
    """Which cars in these compounds must move."""
    return {(row[0], row[1]) for row in await connection.fetch(_OPEN_CARS, list(compounds))}


async def lock_open(connection: Connection, cars: Collection[Car]) -> list[Violation]:
    """Take the open violations of these cars: nobody else changes them until this transaction ends."""
    rows = await connection.fetch(_LOCK_OPEN, [car[0] for car in cars], [car[1] for car in cars])
    return [violation_of(row) for row in rows]


async def lock(connection: Connection, wanted: Collection[UUID]) -> list[Violation]:
    """Take these violations, open or not."""
    return [violation_of(row) for row in await connection.fetch(_LOCK, list(wanted))]


async def claim_due(connection: Connection, now: datetime, most: int) -> list[Violation]:
    """Take violations whose next step is due; those that others hold at this moment are left out."""
    return [violation_of(row) for row in await connection.fetch(CLAIM_DUE, now, most)]


async def put(connection: Connection, violations: Sequence[Violation]) -> None:
    """Store violations, new or changed."""
    courses = [each.course for each in violations]
    await connection.execute(
        _PUT,
        [each.id for each in violations],
        [each.community for each in violations],
        [each.compound for each in violations],
        [each.plate for each in violations],
        [each.kind for each in violations],
        [each.kind_version for each in violations],
        [each.household for each in violations],
        [each.contact for each in violations],
        [each.opened_at for each in violations],
        [each.version for each in violations],
        [course.step for course in courses],
        [course.stepped_at for course in courses],
        [course.asked_until for course in courses],
        [course.next_at for course in courses],
        [course.last_seen_at for course in courses],
        [None if course.outcome is None else course.outcome.value for course in courses],
        [course.cleared_at for course in courses],
        [orjson.dumps(steps_data(course.steps)).decode() for course in courses],
    )


async def add_steps(connection: Connection, taken: Sequence[TakenStep]) -> None:
    """Store steps as taken; the key refuses one that was taken before."""
    await connection.execute(
        _ADD_STEPS,
        [each.violation.id for each in taken],
        [each.violation.course.step for each in taken],
        [each.violation.community for each in taken],
        [each.violation.course.action.value for each in taken],
        [each.reason for each in taken],
        [each.taken_at for each in taken],
        [each.violation.course.asked_until for each in taken],
    )


async def put_helpers(
    connection: Connection, violation: Violation, goes: Mapping[str, bool], sequence: int, now: datetime
) -> None:
    """Note who goes to look, and may see which car it is, and who does not; older news changes nothing."""
    persons = list(goes)
    ident = violation.id, violation.community
    await connection.execute(_PUT_HELPERS, *ident, now, sequence, persons, [goes[each] for each in persons])


def violation_of(row: "asyncpg.Record") -> Violation:
    """Make a violation of a row of `COLUMNS`."""
    course = Course(
        steps=steps_from(row["steps"]),
        step=row["step"],
        stepped_at=row["stepped_at"],
        asked_until=row["asked_until"],
        next_at=row["next_at"],
        last_seen_at=row["last_seen_at"],
        outcome=None if row["outcome"] is None else Says(row["outcome"]),
        cleared_at=row["cleared_at"],
    )
    return Violation(
        id=row["id"],
        community=row["community_id"],
        compound=row["compound_id"],
        plate=row["plate"],
        kind=row["kind"],
        kind_version=row["kind_version"],
        household=row["household_id"],
        contact=row["contact"],
        opened_at=row["opened_at"],
        version=row["version"],
        course=course,
    )
