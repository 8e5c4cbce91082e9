"""Whose car it is: a household's vehicle, or a visitor's for whom somebody answers."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from services.parking.store.reads import Car
from shared.database.work import Connection

_OWNERS = """
SELECT car.compound_id, car.plate, owner.household_id, visitor.contact
FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS car (compound_id, plate, community_id)
LEFT JOIN LATERAL (
    SELECT vehicles.household_id FROM vehicles
    JOIN households ON households.id = vehicles.household_id
                   AND households.community_id = vehicles.community_id AND NOT households.ended
    WHERE vehicles.community_id = car.community_id AND vehicles.plate = car.plate
      AND (vehicles.valid_until IS NULL OR vehicles.valid_until > $4)
    ORDER BY vehicles.valid_from DESC LIMIT 1
) AS owner ON true
LEFT JOIN LATERAL (
    SELECT contact FROM passes
    WHERE passes.compound_id = car.compound_id AND passes.plate = car.plate
      AND passes.community_id = car.community_id AND contact IS NOT NULL
      AND valid_from <= $4 AND (valid_until IS NULL OR valid_until > $4)
    ORDER BY valid_from DESC LIMIT 1
) AS visitor ON true
"""


async def owners_of(
    connection: Connection, cars: Mapping[Car, UUID], now: datetime
) -> dict[Car, tuple[UUID | None, str | None]]:
    """The household of each car and the contact of its pass, each in the car's own community."""
    rows = await connection.fetch(
        _OWNERS, [car[0] for car in cars], [car[1] for car in cars], list(cars.values()), now
    )
    return {(row["compound_id"], row["plate"]): (row["household_id"], row["contact"]) for row in rows}
