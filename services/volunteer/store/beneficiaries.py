"""The people who are helped, and who looked at their names and doors."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from services.volunteer.domain.beneficiary import Beneficiary
from services.volunteer.domain.position import Point
from shared.database.work import Connection

_COLUMNS = """
id, community_id, person, family, surname, honorific, building, door, care_note, entry_hint, never_alone,
place_id, latitude, longitude, version
"""
_ADD = f"""
INSERT INTO beneficiaries ({_COLUMNS})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
"""  # noqa: S608
_CHANGE = """
UPDATE beneficiaries SET person = $3, family = $4, surname = $5, honorific = $6, building = $7, door = $8,
    care_note = $9, entry_hint = $10, never_alone = $11, place_id = $12, latitude = $13, longitude = $14,
    version = $15
WHERE id = $1 AND community_id = $2
"""
_FIND = f"SELECT {_COLUMNS} FROM beneficiaries WHERE community_id = $1 AND id = $2"  # noqa: S608
_VISITED = """
SELECT EXISTS (SELECT FROM tasks WHERE community_id = $1 AND beneficiary_id = $2 AND outcome = 'done')
"""
_LOOK = """
INSERT INTO looks (id, community_id, beneficiary_id, task_id, claim_id, person, stage, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_SAW = """
SELECT EXISTS (SELECT FROM looks WHERE community_id = $1 AND beneficiary_id = $2 AND task_id = $3
                  AND stage = $4 AND person = ANY($5::text[]))
"""
_LOOKS = """
SELECT id, beneficiary_id, task_id, claim_id, person, stage, at FROM looks
WHERE community_id = $1 AND beneficiary_id = $2 AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $4
"""


@dataclass(frozen=True, slots=True)
class Look:
    """Who saw how much of whom, when, and by which claim."""

    id: UUID
    beneficiary: UUID
    task: UUID | None
    claim: UUID | None
    person: str
    stage: str
    at: datetime


async def add(connection: Connection, someone: Beneficiary) -> None:
    """Stores somebody."""
    await connection.execute(_ADD, *_values(someone))


async def change(connection: Connection, someone: Beneficiary) -> None:
    """Stores what has changed; the row must be held."""
    await connection.execute(_CHANGE, *_values(someone))


async def find(
    connection: Connection, community: UUID, beneficiary: UUID, *, lock: bool = False
) -> Beneficiary | None:
    """Somebody of this community; `lock` holds the row until the transaction ends."""
    row = await connection.fetchrow(_FIND + (" FOR UPDATE" if lock else ""), community, beneficiary)
    return None if row is None else _beneficiary(row)


async def was_visited(connection: Connection, community: UUID, beneficiary: UUID) -> bool:
    """Whether a task for them was ever done."""
    found: bool = await connection.fetchval(_VISITED, community, beneficiary)
    return found


async def record_look(connection: Connection, community: UUID, look: Look) -> None:
    """Writes down who looked."""
    await connection.execute(
        _LOOK,
        *(look.id, community, look.beneficiary, look.task, look.claim, look.person, look.stage, look.at),
    )


async def have_seen(
    connection: Connection, community: UUID, beneficiary: UUID, task: UUID, stage: str, persons: Sequence[str]
) -> bool:
    """Whether one of these persons has seen this of a task."""
    found: bool = await connection.fetchval(_SAW, community, beneficiary, task, stage, list(persons))
    return found


async def looks(
    connection: Connection, community: UUID, beneficiary: UUID, before: UUID | None, most: int
) -> Sequence[Look]:
    """Who looked, the latest first, behind the look called `before`."""
    rows = await connection.fetch(_LOOKS, community, beneficiary, before, most)
    return [
        Look(
            *(row["id"], row["beneficiary_id"], row["task_id"], row["claim_id"]),
            *(row["person"], row["stage"], row["at"]),
        )
        for row in rows
    ]


def _values(someone: Beneficiary) -> tuple[object, ...]:
    return (
        *(someone.id, someone.community, someone.person, list(someone.family)),
        *(someone.surname, someone.honorific, someone.building, someone.door),
        *(someone.care_note, someone.entry_hint, someone.never_alone, someone.place),
        *(someone.point and someone.point.latitude, someone.point and someone.point.longitude),
        someone.version,
    )


def _beneficiary(row: "asyncpg.Record") -> Beneficiary:
    point = None if row["latitude"] is None else Point(row["latitude"], row["longitude"])
    return Beneficiary(
        id=row["id"],
        community=row["community_id"],
        surname=row["surname"],
        honorific=row["honorific"],
        building=row["building"],
        door=row["door"],
        person=row["person"],
        family=tuple(row["family"]),
        care_note=row["care_note"],
        entry_hint=row["entry_hint"],
        never_alone=row["never_alone"],
        place=row["place_id"],
        point=point,
        version=row["version"],
    )
