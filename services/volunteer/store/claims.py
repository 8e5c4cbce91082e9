"""Claims, and who waits for a place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from services.volunteer.domain.claim import Claim, ClaimState, OverlapError
from shared.database.work import Connection

_COLUMNS = """
id, community_id, task_id, number, volunteer_id, person, starts_at, ends_at, claimed_at, state,
checked_in_at, at_place, reported_at, outcome, note, ended_at, late, evidence
"""
_ADD = f"""
INSERT INTO claims ({_COLUMNS})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
"""  # noqa: S608
_CHANGE = """
UPDATE claims SET state = $3, checked_in_at = $4, at_place = $5, reported_at = $6, outcome = $7, note = $8,
                  ended_at = $9, late = $10, evidence = $11
WHERE community_id = $1 AND id = $2
"""
_OF_TASK = f"""
SELECT {_COLUMNS} FROM claims
WHERE community_id = $1 AND task_id = $2 AND state IN ('claimed', 'checked-in', 'reported', 'confirmed')
ORDER BY number
"""  # noqa: S608
_ACCOUNTABLE = f"""
SELECT {_COLUMNS} FROM claims
WHERE community_id = $1 AND task_id = $2 AND state IN ('reported', 'confirmed', 'refuted') ORDER BY number, id
"""  # noqa: S608
_OF_PERSON = f"""
SELECT {_COLUMNS} FROM claims
WHERE community_id = $1 AND person = $2 AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $4
"""  # noqa: S608
_HELD = """
SELECT task_id FROM claims
WHERE community_id = $1 AND volunteer_id = $2 AND state IN ('claimed', 'checked-in') ORDER BY task_id
"""
_OVERLAP = """
SELECT EXISTS (SELECT FROM claims WHERE community_id = $1 AND person = $2
                  AND state IN ('claimed', 'checked-in') AND starts_at < $4 AND ends_at > $3)
"""
_WAIT = """
INSERT INTO waiting (community_id, task_id, volunteer_id, person, at, joined_at)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (task_id, person) DO NOTHING
"""
_WAITING = """
SELECT volunteer_id, person, at FROM waiting WHERE community_id = $1 AND task_id = $2 ORDER BY position
"""
_LEAVE = """
DELETE FROM waiting WHERE community_id = $1 AND task_id = $2 AND person = $3 RETURNING person
"""

_DISMISS = """
WITH gone AS (DELETE FROM waiting WHERE community_id = $1 AND task_id = $2 RETURNING position, person)
SELECT person FROM gone ORDER BY position
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody who takes a place as soon as one is free, at this time if it is still to come."""

    volunteer: UUID
    person: str
    at: datetime | None


async def add(connection: Connection, claim: Claim) -> None:
    """Stores a claim; raises OverlapError when the person has promised that time to another task."""
    try:
        await connection.execute(
            _ADD,
            *(claim.id, claim.community, claim.task, claim.number, claim.volunteer, claim.person),
            *(claim.starts_at, claim.ends_at, claim.claimed_at, claim.state.value, claim.checked_in_at),
            *(claim.at_place, claim.reported_at, claim.outcome, claim.note, claim.ended_at, claim.late),
            list(claim.evidence),
        )
    except asyncpg.ExclusionViolationError as error:
        raise OverlapError("you have promised to be elsewhere in that time") from error


async def change(connection: Connection, claim: Claim) -> None:
    """Stores what became of a claim; the task's row must be held."""
    await connection.execute(
        _CHANGE,
        *(claim.community, claim.id, claim.state.value, claim.checked_in_at, claim.at_place),
        *(claim.reported_at, claim.outcome, claim.note, claim.ended_at, claim.late),
        list(claim.evidence),
    )


async def of_task(connection: Connection, community: UUID, task: UUID) -> list[Claim]:
    """The claims that take up places of a task."""
    return [_claim(row) for row in await connection.fetch(_OF_TASK, community, task)]


async def accountable(connection: Connection, community: UUID, task: UUID) -> list[Claim]:
    """The claims of a task on which something was reported or confirmed, struck ones too."""
    return [_claim(row) for row in await connection.fetch(_ACCOUNTABLE, community, task)]


async def of_person(
    connection: Connection, community: UUID, person: str, before: UUID | None, most: int
) -> Sequence[Claim]:
    """Everything somebody has claimed, the newest first, behind the claim called `before`."""
    return [_claim(row) for row in await connection.fetch(_OF_PERSON, community, person, before, most)]


async def tasks_held(connection: Connection, community: UUID, volunteer: UUID) -> list[UUID]:
    """The tasks at which a volunteer is expected."""
    return [row["task_id"] for row in await connection.fetch(_HELD, community, volunteer)]


async def overlaps(
    connection: Connection, community: UUID, person: str, promise: tuple[datetime, datetime]
) -> bool:
    """Whether somebody has promised that time already."""
    found: bool = await connection.fetchval(_OVERLAP, community, person, *promise)
    return found


async def wait(connection: Connection, task: UUID, community: UUID, who: Waiting, now: datetime) -> None:
    """Puts somebody at the end of the waiting list, once."""
    await connection.execute(_WAIT, community, task, who.volunteer, who.person, who.at, now)


async def waiting(connection: Connection, community: UUID, task: UUID) -> list[Waiting]:
    """Who waits, in their order."""
    rows = await connection.fetch(_WAITING, community, task)
    return [Waiting(row["volunteer_id"], row["person"], row["at"]) for row in rows]


async def leave(connection: Connection, community: UUID, task: UUID, person: str) -> bool:
    """Takes somebody off the waiting list; False when they were not on it."""
    return bool(await connection.fetch(_LEAVE, community, task, person))


async def dismiss(connection: Connection, community: UUID, task: UUID) -> list[str]:
    """Takes everybody off the waiting list, and gives them in their order."""
    return [row["person"] for row in await connection.fetch(_DISMISS, community, task)]


def _claim(row: "asyncpg.Record") -> Claim:
    return Claim(
        id=row["id"],
        community=row["community_id"],
        task=row["task_id"],
        number=row["number"],
        volunteer=row["volunteer_id"],
        person=row["person"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        claimed_at=row["claimed_at"],
        state=ClaimState(row["state"]),
        checked_in_at=row["checked_in_at"],
        at_place=row["at_place"],
        reported_at=row["reported_at"],
        outcome=row["outcome"],
        note=row["note"],
        ended_at=row["ended_at"],
        late=row["late"],
        evidence=tuple(row["evidence"]),
    )
