"""Overstays: one row for each stay and threshold, however often it is judged."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.database.work import Connection

THRESHOLD = 1
"""The free time is the first threshold; later ones (a fine, a tow) would count from 2."""

_RAISE = """
INSERT INTO overstays AS said (stay_id, threshold, community_id, compound_id, plate, due_at, provisional,
                               contact, raised_at, told)
SELECT stay_id, $9, community_id, compound_id, plate, due_at, provisional, contact, $8, told
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::boolean[], $7::text[],
            $10::boolean[])
     AS row (stay_id, community_id, compound_id, plate, due_at, provisional, contact, told)
ON CONFLICT (stay_id, threshold) DO UPDATE
SET due_at = excluded.due_at, provisional = excluded.provisional, contact = excluded.contact,
    raised_at = excluded.raised_at, retracted_at = NULL, told = excluded.told
"""
_RETRACT = """
UPDATE overstays SET retracted_at = $2 WHERE stay_id = ANY($1::uuid[]) AND threshold = $3
  AND retracted_at IS NULL
"""
_LIST = """
SELECT said.stay_id, said.threshold, said.compound_id, said.plate, stays.entered_at, said.due_at,
       stays.exited_at, said.provisional, said.contact, said.raised_at, said.retracted_at, said.told
FROM overstays said JOIN stays ON stays.id = said.stay_id AND stays.community_id = said.community_id
WHERE said.community_id = $1 AND %s
  AND ($3::boolean IS NULL OR (said.retracted_at IS NULL) = $3)
  AND ($4::timestamptz IS NULL OR (said.raised_at, said.stay_id) < ($4, $5::uuid))
ORDER BY said.raised_at DESC, said.stay_id DESC LIMIT $6
"""
_NEWEST, _OF_COMPOUND = _LIST % "$2::uuid IS NULL", _LIST % "said.compound_id = $2"


@dataclass(frozen=True, slots=True)
class Raised:
    """A threshold that a stay has passed."""

    stay: UUID
    community: UUID
    compound: UUID
    plate: str
    due_at: datetime
    provisional: bool
    contact: str | None
    told: bool


@dataclass(frozen=True, slots=True)
class Overstay:
    """What was said of a stay, and whether it was taken back."""

    stay: UUID
    threshold: int
    compound: UUID
    plate: str
    entered_at: datetime
    due_at: datetime
    exited_at: datetime | None
    provisional: bool
    contact: str | None
    raised_at: datetime
    retracted_at: datetime | None
    told: bool


async def put_raised(connection: Connection, raised: Sequence[Raised], now: datetime) -> None:
    """Store that these are overstays; one taken back before stands again."""
    await connection.execute(
        _RAISE,
        [each.stay for each in raised],
        [each.community for each in raised],
        [each.compound for each in raised],
        [each.plate for each in raised],
        [each.due_at for each in raised],
        [each.provisional for each in raised],
        [each.contact for each in raised],
        now,
        THRESHOLD,
        [each.told for each in raised],
    )


async def retract(connection: Connection, stays: Sequence[UUID], now: datetime) -> None:
    """Take back what was said of these stays."""
    await connection.execute(_RETRACT, stays, now, THRESHOLD)


async def list_newest(
    connection: Connection,
    community: UUID,
    *,
    compound: UUID | None,
    standing: bool | None,
    before: tuple[datetime, UUID] | None,
    most: int,
) -> list[Overstay]:
    """A community's overstays, the newest first, behind the position `before`."""
    at, stay = before or (None, None)
    statement = _NEWEST if compound is None else _OF_COMPOUND
    rows = await connection.fetch(statement, community, compound, standing, at, stay, most)
    return [Overstay(*row) for row in rows]
