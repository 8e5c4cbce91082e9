"""Looks at cars, whoever looked; none is ever changed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.parking.domain.violation import Says
from services.parking.store.reads import Car
from services.parking.store.violations import Violation
from shared.database.work import Connection
from shared.identifiers import new_id

_ADD = """
INSERT INTO sightings (id, community_id, compound_id, plate, kind, says, seen_at, received_at, source,
                       source_id, role, evidence, violation_id, zone)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""
# What was said of a kind, and the car's last exit, which holds for all kinds: by the index on a car's reads,
# from its end.
_GONE = """
SELECT compound_id, plate, kind, max(seen_at) AS at,
       max(seen_at) FILTER (WHERE says = 'not-a-violation') AS excused_at
FROM sightings
WHERE (compound_id, plate) IN (SELECT * FROM unnest($1::uuid[], $2::text[])) AND says <> 'there'
GROUP BY 1, 2, 3
UNION ALL
SELECT car.compound_id, car.plate, NULL, left_at.at, NULL
FROM unnest($1::uuid[], $2::text[]) AS car (compound_id, plate)
CROSS JOIN LATERAL (
    SELECT at FROM reads
    WHERE reads.compound_id = car.compound_id AND reads.plate = car.plate
      AND role <> 'patrol' AND role = 'exit'
    ORDER BY at DESC LIMIT 1
) AS left_at
"""
_ZONES = """
SELECT DISTINCT ON (violation_id) violation_id, zone FROM sightings
WHERE violation_id = ANY($1::uuid[]) AND says = 'there' AND zone IS NOT NULL
ORDER BY violation_id, seen_at DESC
"""


class Gone(NamedTuple):
    """When a car was last said to be gone, or not to stand wrongly, and when last the latter."""

    at: datetime
    excused_at: datetime | None


@dataclass(frozen=True, slots=True)
class Sighting:
    """One look; `source_id` is the device and its read, the person, the task and who did it, or the rule."""

    id: UUID
    community: UUID
    compound: UUID
    plate: str
    kind: str
    says: Says
    seen_at: datetime
    received_at: datetime
    source: str
    source_id: str
    role: str | None
    evidence: tuple[str, ...]
    violation: UUID | None
    zone: str | None = None


def at_case(
    violation: Violation,
    says: Says,
    seen_at: datetime,
    now: datetime,
    *,
    source: str,
    source_id: str,
    role: str | None = None,
    evidence: tuple[str, ...] = (),
) -> Sighting:
    """A look at the car of a case."""
    return Sighting(
        id=new_id(),
        community=violation.community,
        compound=violation.compound,
        plate=violation.plate,
        kind=violation.kind,
        says=says,
        seen_at=seen_at,
        received_at=now,
        source=source,
        source_id=source_id,
        role=role,
        evidence=evidence,
        violation=violation.id,
    )


async def add(connection: Connection, sightings: Sequence[Sighting]) -> None:
    """Store looks."""
    await connection.executemany(
        _ADD,
        [
            (
                each.id,
                each.community,
                each.compound,
                each.plate,
                each.kind,
                each.says.value,
                each.seen_at,
                each.received_at,
                each.source,
                each.source_id,
                each.role,
                list(each.evidence),
                each.violation,
                each.zone,
            )
            for each in sightings
        ],
    )


async def last_gone(
    connection: Connection, cars: Collection[Car]
) -> dict[tuple[UUID, str, str | None], Gone]:
    """When cars were last said to be gone: by kind, and under no kind when they were last read leaving."""
    rows = await connection.fetch(_GONE, [car[0] for car in cars], [car[1] for car in cars])
    return {
        (row["compound_id"], row["plate"], row["kind"]): Gone(row["at"], row["excused_at"]) for row in rows
    }


async def zones_of(connection: Connection, violations: Collection[UUID]) -> dict[UUID, str]:
    """In which zone the cars of these violations were last seen, where a look named it."""
    rows = await connection.fetch(_ZONES, list(violations))
    return {row["violation_id"]: row["zone"] for row in rows}
