"""Storing new cases, many at once: the hot path."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from services.issues.domain.categories import Priority
from services.issues.domain.deadline import Calendar
from services.issues.domain.dispatch import Assignee
from services.issues.store.cases import NOBODY
from shared.database.rows import as_json
from shared.database.work import Connection

# One statement stores the cases and the entries each begins its history with: two when it is dispatched, one
# when somebody looks at it first. A case that is there already (its flush is being repeated, because the
# answer to COMMIT was lost) gets nothing twice.
#
# The rows travel as JSON: arrays for unnest cost asyncpg three times as much in this process, and the server
# gains nothing by them. What dispatch decided is the same for many, so it travels once and is joined.
_INSERT = """
WITH given AS MATERIALIZED (
    SELECT * FROM json_to_recordset($1::json) AS row (
        id uuid, community_id uuid, decision int, place_id uuid, latitude float8, longitude float8,
        reporter text, filed_by text, description text, reported_at timestamptz,
        device_reported_at timestamptz, due_at timestamptz)
), decisions AS MATERIALIZED (
    SELECT * FROM json_to_recordset($2::json) AS row (
        number int, category text, priority text, state text, version int, person text, role text,
        place uuid, volunteers bool, entry jsonb)
), stored AS (
    INSERT INTO cases (id, community_id, category, place_id, latitude, longitude, priority, state, reporter,
                       description, reported_at, device_reported_at, due_at, escalates_at, assignee_person,
                       assignee_role, assignee_place, assignee_volunteers, version)
    SELECT id, community_id, category, place_id, latitude, longitude, priority, state, reporter,
           description, reported_at, device_reported_at, due_at, due_at, person, role, place,
           volunteers, version
    FROM given JOIN decisions ON number = decision
    ON CONFLICT (id) DO NOTHING
    RETURNING id
), reported AS (
    INSERT INTO case_entries (case_id, version, community_id, at, actor, change)
    SELECT id, 1, community_id, reported_at, filed_by, 'reported'
    FROM given WHERE id IN (SELECT id FROM stored)
), assigned AS (
    INSERT INTO case_entries (case_id, version, community_id, at, actor, change, detail)
    SELECT id, 2, community_id, reported_at, 'dispatch', 'assigned', entry
    FROM given JOIN decisions ON number = decision
    WHERE state = 'assigned' AND id IN (SELECT id FROM stored)
)
SELECT id FROM given WHERE id NOT IN (SELECT id FROM stored)
"""


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """What dispatch decides for all reports of a category and place; `assignee_json` is for answers.

    `entry_json` is the detail of the history entry. Where a `screener` looks at the reports first, nobody is
    the assignee yet.
    """

    category: str
    priority: Priority
    deadline_minutes: int
    assignee: Assignee | None
    assignee_json: bytes
    entry_json: bytes
    calendar: Calendar
    screener: Assignee | None
    state: str
    version: int
    etag: str


class NewCase(NamedTuple):
    """A case that has just been reported, and as a rule dispatched.

    `filed_by` sent it and is None when anonymous. A named tuple, since one is made for each report: a third
    of a frozen dataclass's time.
    """

    id: UUID
    community: UUID
    decision: Decision
    place: UUID | None
    latitude: float | None
    longitude: float | None
    reporter: str | None
    filed_by: str | None
    description: str
    reported_at: datetime
    device_reported_at: datetime | None
    due_at: datetime


async def insert_reported(connection: Connection, cases: Sequence[NewCase]) -> set[UUID]:
    """Store cases with the first entries of their histories; returns which were there before."""
    numbers: dict[Decision, int] = {}
    rows = [
        {
            "id": case.id,
            "community_id": case.community,
            "decision": numbers.setdefault(case.decision, len(numbers)),
            "place_id": case.place,
            "latitude": case.latitude,
            "longitude": case.longitude,
            "reporter": case.reporter,
            "filed_by": case.filed_by,
            "description": case.description,
            "reported_at": case.reported_at,
            "device_reported_at": case.device_reported_at,
            "due_at": case.due_at,
        }
        for case in cases
    ]
    decisions = [_decision(decision, number) for decision, number in numbers.items()]
    there = await connection.fetch(_INSERT, as_json(rows), as_json(decisions))
    return {row["id"] for row in there}


def _decision(decision: Decision, number: int) -> dict[str, Any]:
    assignee = decision.assignee or NOBODY
    return {
        "number": number,
        "category": decision.category,
        "priority": decision.priority,
        "state": decision.state,
        "version": decision.version,
        "person": assignee.person,
        "role": assignee.role,
        "place": assignee.place,
        "volunteers": assignee.volunteers,
        "entry": orjson.Fragment(decision.entry_json),
    }
