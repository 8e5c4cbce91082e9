"""What more time was asked for, in the database."""

from datetime import datetime
from uuid import UUID

import asyncpg

from services.issues.domain.case import Case
from services.issues.domain.extension import Decision, Extension
from shared.database.work import Connection

_COLUMNS = """
    id, case_id, state, asked_by, asked_at, reason, was_due_at, due_at, decided_by, decided_at, note
"""


async def ask_extension(connection: Connection, community: UUID, extension: Extension) -> None:
    """Store that somebody asks for more time, in the place of what was asked for the case before."""
    await end_asking(connection, community, extension.case)
    await connection.execute(
        """
        INSERT INTO extensions (id, community_id, case_id, state, asked_by, asked_at, reason, was_due_at,
                                due_at)
        VALUES ($1, $2, $3, 'asked', $4, $5, $6, $7, $8)
        """,
        extension.id,
        community,
        extension.case,
        extension.asked_by,
        extension.asked_at,
        extension.reason,
        extension.was_due_at,
        extension.due_at,
    )


async def end_asking(connection: Connection, community: UUID, case_id: UUID) -> None:
    """End what is asked for a case and not decided: its asker has it no more, or asks for other time."""
    await connection.execute(
        "UPDATE extensions SET state = 'replaced' "
        "WHERE community_id = $1 AND case_id = $2 AND state = 'asked'",
        community,
        case_id,
    )


async def extension_asked(connection: Connection, community: UUID, case_id: UUID) -> Extension | None:
    """Find what is asked for a case and not decided yet."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM extensions "  # noqa: S608
        "WHERE community_id = $1 AND case_id = $2 AND state = 'asked'",
        community,
        case_id,
    )
    return None if row is None else _extension(row)


async def decide_extension(connection: Connection, community: UUID, extension: Extension) -> None:
    """Store what was decided."""
    await connection.execute(
        """
        UPDATE extensions SET state = $3, decided_by = $4, decided_at = $5, note = $6
        WHERE community_id = $1 AND id = $2
        """,
        community,
        extension.id,
        extension.state,
        extension.decided_by,
        extension.decided_at,
        extension.note,
    )


async def move_deadline(connection: Connection, case: Case) -> None:
    """Store another deadline; the levels that are still to come go by it."""
    await connection.execute(
        """
        UPDATE cases
        SET due_at = $3, escalates_at = CASE WHEN escalates_at IS NOT NULL THEN $3::timestamptz END
        WHERE community_id = $1 AND id = $2
        """,
        case.community,
        case.id,
        case.due_at,
    )


async def list_extensions(
    connection: Connection, community: UUID, after: tuple[datetime, UUID] | None, limit: int
) -> list[Extension]:
    """List a page of what is asked for and not decided, the longest waiting first."""
    asked_at, extension_id = after or (None, None)
    rows = await connection.fetch(
        f"""
        SELECT {_COLUMNS} FROM extensions
        WHERE community_id = $1 AND state = 'asked'
          AND ($2::timestamptz IS NULL OR (asked_at, id) > ($2, $3::uuid))
        ORDER BY asked_at, id LIMIT $4
        """,  # noqa: S608
        community,
        asked_at,
        extension_id,
        limit,
    )
    return [_extension(row) for row in rows]


def _extension(row: asyncpg.Record) -> Extension:
    return Extension(row["id"], row["case_id"], Decision(row["state"]), *tuple(row)[3:])
