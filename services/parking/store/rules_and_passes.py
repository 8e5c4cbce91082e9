"""Rules of compounds and passes of cars, as they are made and shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.parking.domain.limits import LimitRule
from shared.database.work import Connection

_ADD_RULE = """
INSERT INTO limit_rules (compound_id, version, community_id, effective_from, free_minutes, households_exempt,
                         passes_exempt, made_by, made_at)
SELECT $1, coalesce(max(version), 0) + 1, $2, $3, $4, $5, $6, $7, $8
FROM limit_rules WHERE compound_id = $1 AND community_id = $2
RETURNING version
"""
_RULES = """
SELECT version, effective_from, free_minutes, households_exempt, passes_exempt
FROM limit_rules WHERE community_id = $1 AND compound_id = $2 ORDER BY version
"""
_COLUMNS = "id, community_id, compound_id, plate, contact, valid_from, valid_until, made_by, version"
_ADD_PASS = f"INSERT INTO passes ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"  # noqa: S608
_FIND_PASS = f"SELECT {_COLUMNS} FROM passes WHERE community_id = $1 AND id = $2"  # noqa: S608
_LIST_PASSES = f"""
SELECT {_COLUMNS} FROM passes
WHERE community_id = $1 AND ($2::uuid IS NULL OR compound_id = $2) AND ($3::text IS NULL OR plate = $3)
  AND ($4::uuid IS NULL OR id < $4)
ORDER BY id DESC LIMIT $5
"""  # noqa: S608
_END_PASS = f"""
UPDATE passes SET valid_until = greatest(valid_from, $3::timestamptz), version = version + 1
WHERE community_id = $1 AND id = $2 AND (valid_until IS NULL OR valid_until > $3) RETURNING {_COLUMNS}
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Pass:
    """A permission for one plate in one compound; `contact` is whom to tell of the car."""

    id: UUID
    community: UUID
    compound: UUID
    plate: str
    contact: str | None
    valid_from: datetime
    valid_until: datetime | None
    made_by: str
    version: int = 1


async def add_rule(
    connection: Connection, community: UUID, compound: UUID, rule: LimitRule, made_by: str, now: datetime
) -> int:
    """Store the next version of a compound's rule, whose row must be locked; gives its number."""
    version: int = await connection.fetchval(
        _ADD_RULE,
        compound,
        community,
        rule.effective_from,
        rule.free_minutes,
        rule.households_exempt,
        rule.passes_exempt,
        made_by,
        now,
    )
    return version


async def rules_of(connection: Connection, community: UUID, compound: UUID) -> list[LimitRule]:
    """All versions of a compound's rule, the first one first."""
    return [LimitRule(*row) for row in await connection.fetch(_RULES, community, compound)]


async def add_pass(connection: Connection, made: Pass) -> None:
    """Store a new pass."""
    await connection.execute(
        _ADD_PASS,
        made.id,
        made.community,
        made.compound,
        made.plate,
        made.contact,
        made.valid_from,
        made.valid_until,
        made.made_by,
        made.version,
    )


async def find_pass(connection: Connection, community: UUID, wanted: UUID) -> Pass | None:
    """One pass of a community."""
    row = await connection.fetchrow(_FIND_PASS, community, wanted)
    return None if row is None else Pass(*row)


async def list_passes(
    connection: Connection,
    community: UUID,
    *,
    compound: UUID | None,
    plate: str | None,
    before: UUID | None,
    most: int,
) -> Sequence[Pass]:
    """A community's passes behind the one called `before`, newest first; `plate` in its normal form."""
    rows = await connection.fetch(_LIST_PASSES, community, compound, plate, before, most)
    return [Pass(*row) for row in rows]


async def end_pass(connection: Connection, community: UUID, wanted: UUID, now: datetime) -> Pass | None:
    """Let a pass end now; None when it is not there or has ended."""
    row = await connection.fetchrow(_END_PASS, community, wanted, now)
    return None if row is None else Pass(*row)
