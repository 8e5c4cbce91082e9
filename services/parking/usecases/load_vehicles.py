"""Vehicles are loaded from CSV: all rows or none, and rows that say nothing new change nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.parking.domain.vehicle import Vehicle
from services.parking.domain.vehicle_rows import VehicleFile, Wanted, plan_vehicles
from services.parking.store import households, vehicles
from services.parking.usecases.register_vehicle import enter_vehicles
from shared.database.work import Work
from shared.errors import Invalid
from shared.identifiers import new_id

MOST_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many rows were new and how many said what is known."""

    created: int
    unchanged: int


async def load_vehicles(work: Work, community: UUID, file: VehicleFile) -> Loaded:
    """Load a file's vehicles; raises Invalid when some rows are wrong: nothing is stored then."""
    _judge(file.problems)
    connection = work.connection
    await vehicles.one_at_a_time(connection, community)
    wanted = sorted({row.household for row in file.rows})
    earliest = min((row.valid_from or work.now for row in file.rows), default=work.now)
    plan = plan_vehicles(
        file.rows,
        await households.find_all(connection, community, wanted),
        await vehicles.who_had(connection, community, [row.plate.text for row in file.rows]),
        await vehicles.indexes_of(connection, community, wanted, earliest),
        work.now,
    )
    _judge(plan.problems)
    if plan.new:
        await enter_vehicles(work, [_vehicle(work, community, each) for each in plan.new])
    return Loaded(len(plan.new), plan.unchanged)


def _vehicle(work: Work, community: UUID, wanted: Wanted) -> Vehicle:
    return Vehicle(
        id=new_id(),
        community=community,
        household=wanted.household,
        plate=wanted.plate,
        index=wanted.index,
        valid_from=wanted.valid_from,
        registered_at=work.now,
    )


def _judge(problems: Sequence[tuple[int, str]]) -> None:
    if problems:
        raise Invalid(
            f"{len(problems)} rows are wrong; nothing was stored",
            rows=[{"row": row, "reason": reason} for row, reason in problems[:MOST_PROBLEMS]],
        )
