"""Violations as the API shows them: one with its steps and looks, lists, and all that are open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.parking.domain.violation import PUNCTUAL
from services.parking.store.violations import COLUMNS, Violation, violation_of
from shared.database.work import Connection

_FIND = f"SELECT {COLUMNS} FROM violations WHERE community_id = $1 AND id = $2"  # noqa: S608
# Whom a case concerns: the household whose car it is, a visitor's host, whoever said they saw it.
_CONCERNED = """
(household_id IN (SELECT id FROM households WHERE community_id = $1 AND persons @> ARRAY[$2] AND NOT ended)
 OR (household_id IS NULL AND contact = $2)
 OR EXISTS (SELECT 1 FROM sightings WHERE violation_id = violations.id AND source = 'person'
                                      AND source_id = $2)
 OR EXISTS (SELECT 1 FROM violation_helpers
            WHERE violation_id = violations.id AND person = $2 AND goes))
"""
_CONCERNS = f"""
SELECT EXISTS (SELECT 1 FROM violations WHERE community_id = $1 AND id = $3 AND {_CONCERNED}),
       EXISTS (SELECT 1 FROM violation_helpers
               WHERE community_id = $1 AND violation_id = $3 AND person = $2 AND goes)
"""  # noqa: S608
_LIST = f"""
SELECT {COLUMNS} FROM violations
WHERE community_id = $1 AND ($2::text IS NULL OR {_CONCERNED})
  AND ($3::uuid IS NULL OR compound_id = $3)
  AND ($4::text IS NULL OR kind = $4)
  AND %s
  AND ($6::boolean IS NULL OR (outcome IS NULL) = $6)
  AND ($7::timestamptz IS NULL OR (opened_at, id) < ($7, $8::uuid))
ORDER BY opened_at DESC, id DESC LIMIT $9
"""  # noqa: S608
# Each with a plan of its own: a plate is looked up, and all else is read in order.
_NEWEST, _OF_PLATE = _LIST % "$5::text IS NULL", _LIST % "plate = $5"
# What `domain.violation.late` says, for all that is open at once.
_LATE = "coalesce(asked_until < $2, next_at + $3 < $2, true)"
_OPEN = f"""
SELECT {COLUMNS} FROM violations WHERE community_id = $1 AND outcome IS NULL
ORDER BY {_LATE} DESC, stepped_at, id LIMIT $4
"""  # noqa: S608
_STANDING = f"""
SELECT kind, step, CASE step WHEN 0 THEN 'tell' ELSE steps -> (step - 1) ->> 'action' END AS action,
       count(*), count(*) FILTER (WHERE {_LATE}), min(stepped_at)
FROM violations WHERE community_id = $1 AND outcome IS NULL
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""  # noqa: S608
_STEPS = """
SELECT step, action, reason, taken_at, due_at FROM violation_steps
WHERE community_id = $1 AND violation_id = $2 ORDER BY step
"""
_LOOKS = """
SELECT says, seen_at, received_at, source, source_id, role, evidence, zone FROM sightings
WHERE community_id = $1 AND violation_id = $2 ORDER BY seen_at, id LIMIT 200
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which violations are asked for; `person`: only those that concern them, `plate` in its normal form."""

    person: str | None = None
    compound: UUID | None = None
    kind: str | None = None
    plate: str | None = None
    standing: bool | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How many open cases of a kind stand at one step, how many of them late, and the oldest since when."""

    kind: str
    step: int
    action: str
    cases: int
    late: int
    since: datetime


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A step as it was taken; `due_at` is by when a person should have looked."""

    step: int
    action: str
    reason: str
    taken_at: datetime
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class ShownLook:
    """One look, as it was taken; `source_id` as in `sightings.Sighting`."""

    says: str
    seen_at: datetime
    received_at: datetime
    source: str
    source_id: str
    role: str | None
    evidence: Sequence[str]
    zone: str | None


async def find(connection: Connection, community: UUID, violation: UUID) -> Violation | None:
    """One violation of a community."""
    row = await connection.fetchrow(_FIND, community, violation)
    return None if row is None else violation_of(row)


async def concerns(
    connection: Connection, community: UUID, person: str, violation: UUID
) -> tuple[bool, bool]:
    """Tell whether a violation concerns somebody, and whether they took the task to go and look."""
    ((concerned, goes),) = await connection.fetch(_CONCERNS, community, person, violation)
    return concerned, goes


async def list_newest(
    connection: Connection,
    community: UUID,
    wanted: Wanted,
    *,
    before: tuple[datetime, UUID] | None,
    most: int,
) -> Sequence[Violation]:
    """A community's violations, the newest first."""
    at, last = before or (None, None)
    rows = await connection.fetch(
        _NEWEST if wanted.plate is None else _OF_PLATE,
        community,
        wanted.person,
        wanted.compound,
        wanted.kind,
        wanted.plate,
        wanted.standing,
        at,
        last,
        most,
    )
    return [violation_of(row) for row in rows]


async def list_open(connection: Connection, community: UUID, now: datetime, most: int) -> list[Violation]:
    """What is open in a community: late ones first, then the longest in their step."""
    rows = await connection.fetch(_OPEN, community, now, PUNCTUAL, most)
    return [violation_of(row) for row in rows]


async def standing(connection: Connection, community: UUID, now: datetime) -> list[Standing]:
    """How all that is open in a community stands."""
    return [Standing(*row) for row in await connection.fetch(_STANDING, community, now, PUNCTUAL)]


async def steps_of(connection: Connection, community: UUID, violation: UUID) -> list[ShownStep]:
    """The steps taken for a violation, in order; the first is number 0, the notice."""
    return [ShownStep(*row) for row in await connection.fetch(_STEPS, community, violation)]


async def looks_at(connection: Connection, community: UUID, violation: UUID) -> list[ShownLook]:
    """The looks that a violation arose from, the oldest first, 200 at most."""
    rows = await connection.fetch(_LOOKS, community, violation)
    return [ShownLook(*row) for row in rows]
