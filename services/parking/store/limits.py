"""What stays are held to besides rules: passes, vehicles, gates' states; and cars to look at anew."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.parking.domain.limits import Cover
from services.parking.domain.watermark import Lane, Watermark, watermark
from services.parking.store.reads import Car
from shared.database.work import Connection

# What had ended before the stay is not read, in the words of the index: a daily van has a pass for each day.
_COVERS = """
SELECT car.compound_id, car.plate, valid_from, valid_until, true AS by_pass, contact, NULL::uuid AS vehicle_id
FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::timestamptz[])
     AS car (compound_id, plate, community_id, entered_at)
JOIN passes ON passes.compound_id = car.compound_id AND passes.plate = car.plate
           AND passes.community_id = car.community_id AND valid_until IS DISTINCT FROM valid_from
           AND coalesce(valid_until, 'infinity') > car.entered_at
UNION ALL
SELECT car.compound_id, car.plate, since, until, false, NULL, vehicle_id
FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::timestamptz[])
     AS car (compound_id, plate, community_id, entered_at)
JOIN vehicle_plates had ON had.community_id = car.community_id AND had.plate = car.plate
                       AND until IS DISTINCT FROM since AND (until IS NULL OR until > car.entered_at)
"""
_LANES = """
SELECT compounds.id, compounds.community_id, lateness_seconds, silent_seconds,
       lane.delivered_up_to, lane.advanced_at
FROM compounds LEFT JOIN devices lane
  ON lane.compound_id = compounds.id AND lane.role <> 'patrol' AND lane.retired_at IS NULL
WHERE compounds.id = ANY($1::uuid[])
"""
# When a compound's next stay must be looked at is one probe of the partial index, however many are open.
_PENDING = """
SELECT compounds.id, compounds.community_id, lateness_seconds, silent_seconds,
       lane.delivered_up_to, lane.advanced_at, pending.judge_at
FROM compounds
CROSS JOIN LATERAL (
    SELECT judge_at FROM stays WHERE stays.compound_id = compounds.id AND judge_at IS NOT NULL
    ORDER BY judge_at LIMIT 1
) AS pending
LEFT JOIN devices lane
  ON lane.compound_id = compounds.id AND lane.role <> 'patrol' AND lane.retired_at IS NULL
"""
_RECHECK_CAR = """
INSERT INTO rechecks AS waiting (compound_id, plate, community_id, since) VALUES ($1, $2, $3, $4)
ON CONFLICT (compound_id, plate) DO UPDATE SET since = least(waiting.since, excluded.since)
"""
# Whether the car is in one of them is not asked: its read may be under way.
_RECHECK_PLATES = """
INSERT INTO rechecks AS waiting (compound_id, plate, community_id, since)
SELECT id, plate, community_id, since
FROM compounds CROSS JOIN unnest($2::text[], $3::timestamptz[]) AS car (plate, since)
WHERE community_id = $1 AND NOT closed
ON CONFLICT (compound_id, plate) DO UPDATE SET since = least(waiting.since, excluded.since)
"""
_RECHECK_COMPOUND = """
INSERT INTO rechecks AS waiting (compound_id, plate, community_id, since)
SELECT compound_id, plate, community_id, min(begins_at) FROM stays
WHERE community_id = $1 AND compound_id = $2 AND begins_at >= $3
GROUP BY 1, 2, 3
ON CONFLICT (compound_id, plate) DO UPDATE SET since = least(waiting.since, excluded.since)
"""
_WITH_RECHECKS = """
SELECT id FROM compounds WHERE EXISTS (SELECT 1 FROM rechecks WHERE rechecks.compound_id = compounds.id)
"""
_TAKE_RECHECKS = """
DELETE FROM rechecks WHERE (compound_id, plate) IN (
    SELECT compound_id, plate FROM rechecks WHERE compound_id = ANY($1::uuid[])
    ORDER BY compound_id, plate LIMIT $2 FOR UPDATE SKIP LOCKED
) RETURNING compound_id, plate, since
"""


@dataclass(frozen=True, slots=True)
class Marked:
    """A compound with its community and its watermark."""

    compound: UUID
    community: UUID
    watermark: Watermark


async def covers_of(
    connection: Connection, cars: Sequence[tuple[UUID, str, UUID, datetime]]
) -> dict[UUID, dict[str, list[Cover]]]:
    """Passes and households' vehicles of cars, each given by compound, plate, community and first entry.

    By compound and plate, where there are any that had not ended when the car came in.
    """
    columns = [list(column) for column in zip(*cars, strict=True)] or [[], [], [], []]
    found: dict[UUID, dict[str, list[Cover]]] = {}
    for compound, plate, *cover in await connection.fetch(_COVERS, *columns):
        found.setdefault(compound, {}).setdefault(plate, []).append(Cover(*cover))
    return found


async def watermarks(
    connection: Connection, compounds: Collection[UUID], now: datetime, wall: datetime
) -> dict[UUID, Marked]:
    """The watermarks of these compounds."""
    return _marked(await connection.fetch(_LANES, list(compounds)), now, wall)


async def with_due(connection: Connection, now: datetime, wall: datetime) -> list[UUID]:
    """Tell which compounds have a stay to be judged at their watermark."""
    rows = await connection.fetch(_PENDING)
    next_at = {row["id"]: row["judge_at"] for row in rows}
    marks = _marked([tuple(row)[:-1] for row in rows], now, wall).values()
    return [
        mark.compound
        for mark in marks
        if mark.watermark.at is not None and next_at[mark.compound] <= mark.watermark.at
    ]


def _marked(rows: Iterable[Iterable[Any]], now: datetime, wall: datetime) -> dict[UUID, Marked]:
    lanes: dict[tuple[UUID, UUID, int, int], list[Lane]] = {}
    for *compound, delivered_up_to, advanced_at in rows:
        of_compound = lanes.setdefault((compound[0], compound[1], compound[2], compound[3]), [])
        if advanced_at is not None:
            of_compound.append(Lane(delivered_up_to, advanced_at))
    return {
        compound: Marked(
            compound,
            community,
            watermark(
                found,
                lateness=timedelta(seconds=lateness),
                silent_after=timedelta(seconds=silent),
                now=now,
                wall=wall,
            ),
        )
        for (compound, community, lateness, silent), found in lanes.items()
    }


async def recheck_car(connection: Connection, community: UUID, car: Car, since: datetime) -> None:
    """Have one car's stays looked at anew."""
    await connection.execute(_RECHECK_CAR, *car, community, since)


async def recheck_plates(connection: Connection, community: UUID, since: Mapping[str, datetime]) -> None:
    """Have plates' stays of these times and later looked at anew, in all compounds of the community."""
    await connection.execute(_RECHECK_PLATES, community, list(since), list(since.values()))


async def recheck_compound(connection: Connection, community: UUID, compound: UUID, since: datetime) -> None:
    """Have all stays of a compound that began at `since` or later looked at anew."""
    await connection.execute(_RECHECK_COMPOUND, community, compound, since)


async def with_rechecks(connection: Connection) -> list[UUID]:
    """Tell which compounds have cars to be looked at anew."""
    return [row["id"] for row in await connection.fetch(_WITH_RECHECKS)]


async def take_rechecks(
    connection: Connection, compounds: Collection[UUID], most: int
) -> dict[Car, datetime]:
    """Claim cars of these compounds, which must be locked, to be looked at anew, with the time from which on.

    Locked first: whoever defines a rule holds its compound while waiting for these rows.
    """
    rows: Sequence[tuple[UUID, str, datetime]] = [
        tuple(row) for row in await connection.fetch(_TAKE_RECHECKS, list(compounds), most)
    ]
    return {(compound, plate): since for compound, plate, since in rows}
