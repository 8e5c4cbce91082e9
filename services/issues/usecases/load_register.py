"""The register is loaded from CSV: all rows or none, and rows that say nothing new change nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.issues.domain.csv_blocks import whole
from services.issues.domain.register_rows import Plan, plan_grants, plan_households, plan_places
from services.issues.store.grants import insert_grants, open_grants
from services.issues.store.households import households_by_code, insert_households, update_households
from services.issues.store.places import insert_places, lock_register, places_by_code, update_places
from services.issues.usecases.grant_role import touch_dispatchers
from services.issues.usecases.register_facts import emit_grant, emit_household, emit_place
from services.issues.usecases.register_place import look_up_place
from services.issues.usecases.versions import tenant
from shared.database.work import Work
from shared.errors import Invalid
from shared.identifiers import new_id

MOST_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many rows were new, how many changed something and how many said what is known."""

    created: int
    changed: int
    unchanged: int


async def load_places(work: Work, data: bytes) -> Loaded:
    """Load places.

    Raises:
        BadCsv: not the right CSV at all.
        Invalid: some rows are wrong; nothing is stored.
        CodeTaken: see there.
    """
    table = whole(data)
    await lock_register(work.connection, tenant(work))
    community = await look_up_place(work, tenant(work))
    codes = _column(table, "code") | _column(table, "parent")
    known = await places_by_code(work.connection, community.id, sorted(codes))
    plan = plan_places(table, known, community, new_id)
    loaded = _judged(plan)
    await insert_places(work.connection, plan.new)
    await update_places(work.connection, plan.changed)
    for place in (*plan.new, *plan.changed):
        emit_place(work, place)
    return loaded


async def load_households(work: Work, data: bytes) -> Loaded:
    """Load households.

    Raises:
        BadCsv, Invalid, CodeTaken: as for places.
    """
    table = whole(data)
    await lock_register(work.connection, tenant(work))
    units = await places_by_code(work.connection, tenant(work), sorted(_column(table, "unit")))
    known = await households_by_code(work.connection, tenant(work), sorted(_column(table, "code")))
    plan = plan_households(table, known, units, new_id)
    loaded = _judged(plan)
    await insert_households(work.connection, plan.new)
    await update_households(work.connection, plan.changed)
    for household in (*plan.new, *plan.changed):
        emit_household(work, household)
    return loaded


async def load_grants(work: Work, data: bytes) -> Loaded:
    """Load granted roles.

    Raises:
        BadCsv, Invalid: as for places.
    """
    table = whole(data)
    await lock_register(work.connection, tenant(work))
    codes = sorted(_column(table, "place"))
    places = await places_by_code(work.connection, tenant(work), codes, also=tenant(work))
    known = await open_grants(work.connection, tenant(work), sorted(_column(table, "person")))
    plan = plan_grants(table, known, places, new_id, work.now)
    loaded = _judged(plan)
    await insert_grants(work.connection, plan.new)
    await touch_dispatchers(work, plan.new)
    for grant in plan.new:
        emit_grant(work, grant)
    return loaded


def _column(table: Sequence[Sequence[str]], name: str) -> set[str]:
    """Collect what a column says, without judging it yet."""
    names = [column.strip() for column in table[0]] if table else []
    if name not in names:
        return set()
    number = names.index(name)
    return {row[number].strip() for row in table[1:] if len(row) > number}


def _judged(plan: Plan) -> Loaded:  # type: ignore[type-arg]
    if plan.problems:
        raise Invalid(
            f"{len(plan.problems)} rows are wrong; nothing was stored",
            rows=[{"row": row, "reason": reason} for row, reason in plan.problems[:MOST_PROBLEMS]],
        )
    return Loaded(len(plan.new), len(plan.changed), plan.unchanged)
