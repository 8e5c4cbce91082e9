"""Cases and their history in the database."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from services.issues.domain.case import Case, Change, State
from services.issues.domain.categories import Priority
from services.issues.domain.dispatch import Assignee
from shared.database.work import Connection

COLUMNS = """
    id, community_id, category, place_id, latitude, longitude, priority, state, reporter, description,
    reported_at, device_reported_at, due_at, resolved_at, closed_at, assignee_person, assignee_role,
    assignee_place, assignee_volunteers, outcome, source, external_id, flags, version, accepted_at,
    assigned_version, resolvers, closings, reopen_until
"""


@dataclass(frozen=True, slots=True)
class Told:
    """What was said of a case and decides nothing."""

    description: str
    latitude: float | None
    longitude: float | None
    device_reported_at: datetime | None
    outcome: str | None
    source: str | None
    external_id: str | None
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a case's history: who (None: anonymous or another system), when, what and why."""

    version: int
    at: datetime
    actor: str | None
    change: str
    note: str | None
    detail: dict[str, Any] | None


async def case_by_id(
    connection: Connection, community: UUID, case_id: UUID, *, lock: bool = False
) -> tuple[Case, Told] | None:
    """Find one case; `lock` keeps others from changing it until the transaction ends."""
    row = await connection.fetchrow(
        f"SELECT {COLUMNS} FROM cases WHERE community_id = $1 AND id = $2"  # noqa: S608
        + (" FOR UPDATE" if lock else ""),
        community,
        case_id,
    )
    return None if row is None else (case_of(row), told_of(row))


async def history_of(
    connection: Connection, community: UUID, case_id: UUID, after: int = 0, limit: int | None = None
) -> list[Entry]:
    """Read a case's history in its order, behind the version `after`."""
    rows = await connection.fetch(
        """
        SELECT version, at, actor, change, note, detail FROM case_history
        WHERE community_id = $1 AND case_id = $2 AND version > $3 ORDER BY version LIMIT $4
        """,
        community,
        case_id,
        after,
        limit,
    )
    return [Entry(**row) for row in rows]


async def entered_at(connection: Connection, case: Case, version: int) -> datetime | None:
    """Tell when an entry of a case's history was made."""
    at: datetime | None = await connection.fetchval(
        "SELECT at FROM case_history WHERE community_id = $1 AND case_id = $2 AND version = $3",
        case.community,
        case.id,
        version,
    )
    return at


async def update_case(
    connection: Connection, case: Case, outcome: str | None = None, *, forget_outcome: bool = False
) -> None:
    """Store what can change of a case; without an `outcome` the one before stays, or is forgotten."""
    assignee = case.assignee or NOBODY
    await connection.execute(
        """
        UPDATE cases SET state = $3, assignee_person = $4, assignee_role = $5, assignee_place = $6,
                         assignee_volunteers = $7, resolved_at = $8, closed_at = $9,
                         outcome = CASE WHEN $17 THEN NULL ELSE coalesce($10, outcome) END,
                         version = $11, accepted_at = $12,
                         assigned_version = $13, resolvers = $14, closings = $15, reopen_until = $16
        WHERE community_id = $1 AND id = $2
        """,
        case.community,
        case.id,
        case.state,
        assignee.person,
        assignee.role,
        assignee.place,
        assignee.volunteers,
        case.resolved_at,
        case.closed_at,
        outcome,
        case.version,
        case.accepted_at,
        case.assigned_version,
        case.resolvers,
        case.closings,
        case.reopen_until,
        forget_outcome,
    )


async def add_entry(
    connection: Connection,
    case: Case,
    change: Change,
    *,
    at: datetime,
    actor: str,
    note: str | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Add an entry to a case's history, under the version that the change made."""
    await connection.execute(
        """
        INSERT INTO case_entries (case_id, version, community_id, at, actor, change, note, detail)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        case.id,
        case.version,
        case.community,
        at,
        actor,
        change,
        note,
        detail,
    )


@dataclass(frozen=True, slots=True)
class _Nobody:
    person: str | None = None
    role: str | None = None
    place: UUID | None = None
    volunteers: bool = False


NOBODY = _Nobody()
"""What the columns of an assignee hold while there is none."""


def case_of(row: asyncpg.Record) -> Case:
    """Read a case from its columns."""
    assignee = None
    if row["assignee_person"] is not None or row["assignee_role"] is not None or row["assignee_volunteers"]:
        assignee = Assignee(
            row["assignee_person"], row["assignee_role"], row["assignee_place"], row["assignee_volunteers"]
        )
    return Case(
        id=row["id"],
        community=row["community_id"],
        category=row["category"],
        place=row["place_id"],
        priority=Priority(row["priority"]),
        state=State(row["state"]),
        reporter=row["reporter"],
        assignee=assignee,
        reported_at=row["reported_at"],
        due_at=row["due_at"],
        resolved_at=row["resolved_at"],
        closed_at=row["closed_at"],
        version=row["version"],
        accepted_at=row["accepted_at"],
        assigned_version=row["assigned_version"],
        resolvers=tuple(row["resolvers"]),
        closings=row["closings"],
        reopen_until=row["reopen_until"],
    )


def told_of(row: asyncpg.Record) -> Told:
    """Read what was said of a case from its columns."""
    return Told(
        description=row["description"],
        latitude=row["latitude"],
        longitude=row["longitude"],
        device_reported_at=row["device_reported_at"],
        outcome=row["outcome"],
        source=row["source"],
        external_id=row["external_id"],
        flags=tuple(row["flags"]),
    )
