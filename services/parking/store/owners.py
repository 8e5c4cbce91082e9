"""Whose car it is: a household's vehicle, or a visitor's for whom somebody answers."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from services.parking.store.reads import Car
from shared.database.work import Connection

_OWNERS = """
SELECT car.compound_id, car.plate, owner.household_id, visitor.contact
FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::timestamptz[])
     AS car (compound_id, plate, community_id, at)
LEFT JOIN LATERAL (
    SELECT vehicles.household_id FROM vehicle_plates had
    JOIN vehicles ON vehicles.id = had.vehicle_id AND vehicles.community_id = had.community_id
    JOIN households ON households.id = vehicles.household_id
                   AND households.community_id = vehicles.community_id AND NOT households.ended
    WHERE had.community_id = car.community_id AND had.plate = car.plate
      AND had.since <= car.at AND (had.until IS NULL OR had.until > car.at)
    ORDER BY had.since DESC LIMIT 1
) AS owner ON true
LEFT JOIN LATERAL (
    SELECT contact FROM passes
    WHERE passes.compound_id = car.compound_id AND passes.plate = car.plate
      AND passes.community_id = car.community_id AND contact IS NOT NULL
      AND valid_from <= car.at AND (valid_until IS NULL OR valid_until > car.at)
    ORDER BY valid_from DESC LIMIT 1
) AS visitor ON true
"""


async def owners_of(
    connection: Connection, seen: Mapping[Car, tuple[UUID, datetime]]
) -> dict[Car, tuple[UUID | None, str | None]]:
    """Whose household had each car when it was seen, and its pass's contact, in the car's own community."""
    rows = await connection.fetch(
        _OWNERS,
        [car[0] for car in seen],
        [car[1] for car in seen],
        [community for community, _ in seen.values()],
        [at for _, at in seen.values()],
    )
    return {(row["compound_id"], row["plate"]): (row["household_id"], row["contact"]) for row in rows}
