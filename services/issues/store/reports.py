"""Storing new cases, many at once: the hot path."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.issues.domain.categories import Priority
from services.issues.domain.dispatch import Assignee
from shared.database.work import Connection

# One statement stores the cases and the two entries each begins its history with. A case that is there
# already (its flush is being repeated, because the answer to COMMIT was lost) gets nothing twice.
_INSERT = """
WITH given AS (
    SELECT * FROM unnest(
        $1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::float8[], $6::float8[], $7::text[], $8::text[],
        $9::text[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::text[], $14::text[],
        $15::uuid[], $16::bool[], $17::text[], $18::text[]
    ) AS row (id, community_id, category, place_id, latitude, longitude, priority, reporter,
              description, reported_at, device_reported_at, due_at, assignee_person, assignee_role,
              assignee_place, assignee_volunteers, filed_by, dispatched)
), stored AS (
    INSERT INTO cases (id, community_id, category, place_id, latitude, longitude, priority, state, reporter,
                       description, reported_at, device_reported_at, due_at, assignee_person, assignee_role,
                       assignee_place, assignee_volunteers, version)
    SELECT id, community_id, category, place_id, latitude, longitude, priority, 'assigned', reporter,
           description, reported_at, device_reported_at, due_at, assignee_person, assignee_role,
           assignee_place, assignee_volunteers, 2
    FROM given
    ON CONFLICT (id) DO NOTHING
    RETURNING id
), entered AS (
    INSERT INTO case_entries (case_id, version, community_id, at, actor, change, detail)
    SELECT id, entry.version, community_id, reported_at,
           CASE entry.version WHEN 1 THEN filed_by ELSE 'dispatch' END, entry.change,
           CASE entry.version WHEN 2 THEN dispatched::jsonb END
    FROM stored JOIN given USING (id)
    CROSS JOIN (VALUES (1, 'reported'), (2, 'assigned')) AS entry (version, change)
)
SELECT id FROM stored
"""


@dataclass(frozen=True, slots=True)
class NewCase:
    """A case that has just been reported and dispatched; `filed_by` sent it and is None when anonymous.

    `dispatched` is the JSON of its second history entry.
    """

    id: UUID
    community: UUID
    category: str
    place: UUID | None
    latitude: float | None
    longitude: float | None
    priority: Priority
    reporter: str | None
    filed_by: str | None
    description: str
    reported_at: datetime
    device_reported_at: datetime | None
    due_at: datetime
    assignee: Assignee
    dispatched: str


async def insert_reported(connection: Connection, cases: Sequence[NewCase]) -> set[UUID]:
    """Store cases with their first two history entries; returns which were not there before."""
    rows = await connection.fetch(
        _INSERT,
        [case.id for case in cases],
        [case.community for case in cases],
        [case.category for case in cases],
        [case.place for case in cases],
        [case.latitude for case in cases],
        [case.longitude for case in cases],
        [case.priority for case in cases],
        [case.reporter for case in cases],
        [case.description for case in cases],
        [case.reported_at for case in cases],
        [case.device_reported_at for case in cases],
        [case.due_at for case in cases],
        [case.assignee.person for case in cases],
        [case.assignee.role for case in cases],
        [case.assignee.place for case in cases],
        [case.assignee.volunteers for case in cases],
        [case.filed_by for case in cases],
        [case.dispatched for case in cases],
    )
    return {row["id"] for row in rows}
