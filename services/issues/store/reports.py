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
from shared.database.rows import as_json
from shared.database.work import Connection
from shared.identifiers import plain
from shared.messaging.draft import Draft

# Stored only while the routing that decided is the current one: asked here, it is no question of its own.
#
# The rows travel as JSON: arrays for unnest cost asyncpg three times as much in this process, and the server
# gains nothing by them. What dispatch decided is the same for many, so it travels once and is joined.
_INSERT = """
INSERT INTO cases (id, community_id, category, place_id, latitude, longitude, priority, state, reporter,
                   filed_by, description, reported_at, device_reported_at, due_at, escalates_at,
                   assignee_person, assignee_role, assignee_place, assignee_volunteers, dispatched, version)
SELECT id, community_id, category, place_id, latitude, longitude, priority, state, reporter,
       filed_by, description, reported_at, device_reported_at, due_at, due_at,
       person, role, place, volunteers, dispatched, decision.version
FROM json_to_recordset(convert_from($1, 'UTF8')::json) AS report (
    id uuid, number int, place_id uuid, latitude float8, longitude float8, reporter text, filed_by text,
    description text, reported_at timestamptz, device_reported_at timestamptz, due_at timestamptz)
JOIN ROWS FROM (json_to_recordset(convert_from($2, 'UTF8')::json) AS (
    community_id uuid, routing bigint, category text, priority text, state text, version int,
    person text, role text, place uuid, volunteers bool, dispatched jsonb)) WITH ORDINALITY AS decision (
    community_id, routing, category, priority, state, version, person, role, place, volunteers, dispatched,
    number) USING (number)
JOIN routings USING (community_id)
WHERE routings.version = routing
"""
# That every row might be there already costs one in twenty of all that is done for it.
_INSERT_ONE = f"{_INSERT} ON CONFLICT (id) DO NOTHING"


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """What dispatch decides for all reports of a category and place, at one version of the routing.

    `row` is how it travels to the database, `answer` is the JSON that the answers to all share, and `said`
    is what is said of each.
    """

    community: UUID
    deadline_minutes: int
    calendar: Calendar
    etag: str
    row: bytes
    answer: bytes
    said: Draft


def row_of(
    community: UUID,
    routing: int,
    category: Category,
    state: State,
    version: int,
    assignee: Assignee | None,
    dispatched: dict[str, Any] | None,
) -> bytes:
    """Write what was decided as it travels; `dispatched` is what the history says of the assigning."""
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
        "dispatched": dispatched,
    }
    return orjson.dumps(columns, plain)


@dataclass(frozen=True, slots=True)
class Key:
    """An idempotency key with whose it is and what tells its request from others."""

    actor: str
    key: str
    fingerprint: bytes


class Report(NamedTuple):
    """What somebody reports; id and time were given to it on arrival, so that storing it can be repeated.

    `reporter` and `filed_by` are None when it is anonymous. A named tuple is made in a third of a frozen
    dataclass's time.
    """

    id: UUID
    community: UUID
    category: str
    place: UUID | None
    latitude: float | None
    longitude: float | None
    reporter: str | None
    filed_by: str | None
    description: str
    reported_at: datetime
    device_reported_at: datetime | None
    traceparent: str | None
    key: Key | None = None


class NewCase(NamedTuple):
    """A case that has just been reported, and as a rule dispatched."""

    report: Report
    decision: Decision
    due_at: datetime


async def insert_reported(connection: Connection, cases: Sequence[NewCase]) -> bool:
    """Store cases, each with how its history begins; False says that the only one was there before.

    Raises:
        asyncpg.SerializationError: the routing that decided about one of them has changed since.
        asyncpg.UniqueViolationError: one of several is there already (the answer to COMMIT was lost, and they
            are sent again): to be stored one by one.
    """
    numbers: dict[Decision, int] = {}
    rows = [
        {
            "id": report.id,
            "number": numbers.setdefault(decision, len(numbers) + 1),
            "place_id": report.place,
            "latitude": report.latitude,
            "longitude": report.longitude,
            "reporter": report.reporter,
            "filed_by": report.filed_by,
            "description": report.description,
            "reported_at": report.reported_at,
            "device_reported_at": report.device_reported_at,
            "due_at": due_at,
        }
        for report, decision, due_at in cases
    ]
    decisions = b"[" + b",".join(decision.row for decision in numbers) + b"]"
    only = cases[0].report if len(cases) == 1 else None
    status: str = await connection.execute(_INSERT if only is None else _INSERT_ONE, as_json(rows), decisions)
    if status == f"INSERT 0 {len(cases)}":
        return True
    if only is not None and await connection.fetchval("SELECT true FROM cases WHERE id = $1", only.id):
        return False
    raise asyncpg.SerializationError("categories or rules changed while reports were stored")
