"""Storing new cases, many at once: the hot path."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import orjson

from services.issues.domain.case import State
from services.issues.domain.categories import Category
from services.issues.domain.deadline import Calendar
from services.issues.domain.dispatch import Assignee
from services.issues.store.cases import NOBODY
from shared.contracts.draft import Draft
from shared.database.rows import as_json
from shared.database.work import Connection
from shared.identifiers import plain

# One statement stores the cases and the entries each begins its history with: two when it is dispatched, one
# when somebody looks at it first. A case that is there already (its flush is being repeated, because the
# answer to COMMIT was lost) gets nothing twice.
#
# The rows travel as JSON: arrays for unnest cost asyncpg three times as much in this process, and the server
# gains nothing by them. What dispatch decided is the same for many, so it travels once and is joined.
# Whether its routing is still the current one is asked here, which saves every flush a question.
_INSERT = """
WITH decisions AS MATERIALIZED (
    SELECT row.*, routings.version IS NOT DISTINCT FROM row.routing AS holds
    FROM ROWS FROM (json_to_recordset(convert_from($2, 'UTF8')::json) AS (
        community_id uuid, routing bigint, category text, priority text, state text, version int,
        person text, role text, place uuid, volunteers bool, entry jsonb)) WITH ORDINALITY AS row (
        community_id, routing, category, priority, state, version, person, role, place, volunteers, entry,
        number)
    LEFT JOIN routings ON routings.community_id = row.community_id
), given AS MATERIALIZED (
    SELECT row.*, decisions.* FROM json_to_recordset(convert_from($1, 'UTF8')::json) AS row (
        id uuid, decision int, place_id uuid, latitude float8, longitude float8,
        reporter text, filed_by text, description text, reported_at timestamptz,
        device_reported_at timestamptz, due_at timestamptz)
    JOIN decisions ON number = decision
), stored AS (
    INSERT INTO cases (id, community_id, category, place_id, latitude, longitude, priority, state, reporter,
                       description, reported_at, device_reported_at, due_at, escalates_at, assignee_person,
                       assignee_role, assignee_place, assignee_volunteers, version)
    SELECT id, community_id, category, place_id, latitude, longitude, priority, state, reporter,
           description, reported_at, device_reported_at, due_at, due_at, person, role, place,
           volunteers, version
    FROM given
    ON CONFLICT (id) DO NOTHING
    RETURNING id
), entries AS (
    INSERT INTO case_entries (case_id, version, community_id, at, actor, change, detail)
    SELECT id, entries.version, community_id, reported_at, actor, change, detail
    FROM given CROSS JOIN LATERAL (
        VALUES (1, filed_by, 'reported', NULL), (2, 'dispatch', 'assigned', entry)
    ) AS entries (version, actor, change, detail)
    WHERE entries.version <= given.version AND id IN (SELECT id FROM stored)
)
SELECT id, holds FROM given WHERE NOT holds OR id NOT IN (SELECT id FROM stored)
"""


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """What dispatch decides for all reports of a category and place, at one version of the routing.

    `row` is how it travels to the database, `answer` is the JSON that the answers to all share, and
    `reported` and `assigned` are said of each; nothing is assigned where somebody looks at them first.
    """

    community: UUID
    deadline_minutes: int
    calendar: Calendar
    etag: str
    row: bytes
    answer: bytes
    reported: Draft
    assigned: Draft | None


def row_of(
    community: UUID,
    routing: int,
    category: Category,
    state: State,
    version: int,
    assignee: Assignee | None,
    entry: dict[str, Any] | None,
) -> bytes:
    """Write what was decided as it travels; `entry` is what the history keeps of the assigning."""
    given = assignee or NOBODY
    columns = {
        "community_id": community,
        "routing": routing,
        "category": category.code,
        "priority": category.priority.value,
        "state": state.value,
        "version": version,
        "person": given.person,
        "role": given.role,
        "place": given.place,
        "volunteers": given.volunteers,
        "entry": entry,
    }
    return orjson.dumps(columns, plain)


class NewCase(NamedTuple):
    """A case that has just been reported, and as a rule dispatched.

    `filed_by` sent it and is None when anonymous. A named tuple, since one is made for each report: a third
    of a frozen dataclass's time.
    """

    id: UUID
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
    """Store cases with the first entries of their histories; returns which were there before.

    Raises:
        asyncpg.SerializationError: the routing that decided about one of them has changed since.
    """
    numbers: dict[Decision, int] = {}
    rows = [
        {
            "id": case.id,
            "decision": numbers.setdefault(case.decision, len(numbers) + 1),
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
    decisions = b"[" + b",".join(decision.row for decision in numbers) + b"]"
    found = await connection.fetch(_INSERT, as_json(rows), decisions)
    if not all(row["holds"] for row in found):
        raise asyncpg.SerializationError("categories or rules changed while reports were stored")
    return {row["id"] for row in found}
