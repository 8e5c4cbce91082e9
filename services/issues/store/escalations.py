"""Late cases and the levels that they have reached, in the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.issues.domain.case import Case
from services.issues.store.cases import COLUMNS, case_of
from shared.database.work import Connection

# Word for word the condition of the partial indexes: only then the planner knows that they hold the answer.
OPEN = "state IN ('reported', 'accepted', 'assigned', 'in-progress')"

# First a case is looked at when it is due, then at a moment of its own. Each is a probe of an index of open
# cases; one index for both would cost every report, and what is due is in one anyhow.
LATE = tuple(
    f"SELECT {COLUMNS}, escalated FROM cases WHERE {when} AND {OPEN} LIMIT $3 FOR UPDATE SKIP LOCKED"  # noqa: S608
    for when in (
        """
        community_id = ANY(ARRAY(SELECT community_id FROM routings))
        AND due_at >= $1 AND due_at < $2 AND escalates_at = due_at
        """,
        "escalates_at >= $1 AND escalates_at < $2 AND escalates_at <> due_at",
    )
)

# The primary key of escalations is the promise that no level is said twice; nothing here passes over it.
_RECORD = """
WITH given AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS row (
        id uuid, community_id uuid, levels int, escalates_at timestamptz)
), told AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset($2::jsonb) AS row (
        id uuid, community_id uuid, version bigint, level int, due_at timestamptz, told jsonb)
), changed AS (
    UPDATE cases SET version = cases.version + given.levels, escalated = escalated + given.levels,
                     escalates_at = given.escalates_at
    FROM given WHERE cases.id = given.id AND cases.community_id = given.community_id
), reached AS (
    INSERT INTO escalations (case_id, level, community_id, due_at, escalated_at, told)
    SELECT id, level, community_id, due_at, $3, told FROM told
)
INSERT INTO case_entries (case_id, version, community_id, at, actor, change, detail)
SELECT id, version, community_id, $3, $4, 'overdue',
       jsonb_build_object('level', level, 'told', told, 'due_at', due_at)
FROM told
"""


@dataclass(frozen=True, slots=True)
class LateCase:
    """A case to look at, held until the transaction ends, and how many levels it has reached."""

    case: Case
    reached: int


@dataclass(frozen=True, slots=True)
class Reached:
    """What a case has come to: the levels with their moments and who is told, and when to look again."""

    case: Case
    told: tuple[tuple[int, datetime, dict[str, Any]], ...]
    again: datetime | None


async def late_cases(connection: Connection, since: datetime, now: datetime, most: int) -> list[LateCase]:
    """Take open cases that are to be looked at since then and before now."""
    late: list[LateCase] = []
    for statement in LATE:
        rows = await connection.fetch(statement, since, now, most - len(late))
        late += [LateCase(case_of(row), row["escalated"]) for row in rows]
    return late


async def look_again_by(connection: Connection, community: UUID, category: str | None) -> None:
    """Have a ladder that has changed looked at anew: for the open cases of its category, or of all without.

    Imported cases never escalate; levels that a case has reached are not said again.
    """
    await connection.execute(
        f"""
        UPDATE cases SET escalates_at = due_at
        WHERE community_id = $1 AND source IS NULL AND {OPEN} AND escalates_at IS DISTINCT FROM due_at
          AND CASE WHEN $2::text IS NULL THEN NOT EXISTS (
              SELECT FROM escalation_ladders AS own
              WHERE own.community_id = $1 AND own.category = cases.category
          ) ELSE category = $2 END
        """,  # noqa: S608
        community,
        category,
    )


async def look_again_at(connection: Connection, case: Case) -> None:
    """Have a case that is open again looked at: its ladder may have changed while it was not."""
    await connection.execute(
        "UPDATE cases SET escalates_at = due_at WHERE community_id = $1 AND id = $2 AND source IS NULL",
        case.community,
        case.id,
    )


async def record_reached(
    connection: Connection, reached: Sequence[Reached], *, at: datetime, actor: str
) -> None:
    """Store the levels that cases have reached, each with its entry in the history."""
    cases = [
        {
            "id": str(one.case.id),
            "community_id": str(one.case.community),
            "levels": len(one.told),
            "escalates_at": None if one.again is None else one.again.isoformat(),
        }
        for one in reached
    ]
    told = [
        {
            "id": str(one.case.id),
            "community_id": str(one.case.community),
            "version": one.case.version + number,
            "level": level,
            "due_at": due_at.isoformat(),
            "told": who,
        }
        for one in reached
        for number, (level, due_at, who) in enumerate(one.told, start=1)
    ]
    await connection.execute(_RECORD, cases, told, at, actor)
