"""A household is registered, changed or ended."""

from collections.abc import Sequence
from uuid import UUID

from services.issues.domain.households import Household, change_household, end_household, new_household
from services.issues.store.households import household_by_id, insert_households, update_households
from services.issues.store.places import lock_register
from services.issues.usecases.register_facts import emit_household
from services.issues.usecases.register_place import look_up_place
from services.issues.usecases.versions import missing, tenant
from shared.database.work import Work
from shared.http.etag import matching
from shared.identifiers import new_id


async def register_household(work: Work, unit_id: UUID, code: str, persons: Sequence[str]) -> Household:
    """Let a household live in a unit.

    Raises:
        NotFound: no such unit.
        NotAUnit, PlaceClosed, WrongPersons, WrongWord, CodeTaken: the domain refuses it.
    """
    await lock_register(work.connection, tenant(work))
    household = new_household(new_id(), await look_up_place(work, unit_id), code, persons)
    await insert_households(work.connection, [household])
    emit_household(work, household)
    return household


async def revise_household(
    work: Work, household_id: UUID, expected: int, unit_id: UUID, persons: Sequence[str]
) -> Household:
    """Move a household or change its persons.

    Raises:
        NotFound, StaleVersion, HouseholdEnded, NotAUnit, PlaceClosed, WrongPersons, WrongWord: see there.
    """
    await lock_register(work.connection, tenant(work))
    before = await look_up_household(work, household_id)
    matching(before.version, expected)
    unit = await look_up_place(work, unit_id)
    return await _store(work, before, change_household(before, unit, persons))


async def dissolve_household(work: Work, household_id: UUID, expected: int) -> Household:
    """End a household.

    Raises:
        NotFound, StaleVersion: see there.
    """
    await lock_register(work.connection, tenant(work))
    before = await look_up_household(work, household_id)
    matching(before.version, expected)
    return await _store(work, before, end_household(before, work.now))


async def look_up_household(work: Work, household_id: UUID) -> Household:
    """Find a household of the community.

    Raises:
        NotFound: there is none.
    """
    household = await household_by_id(work.connection, tenant(work), household_id)
    if household is None:
        raise missing("household")
    return household


async def _store(work: Work, before: Household, after: Household) -> Household:
    if after is not before:
        await update_households(work.connection, [after])
        emit_household(work, after)
    return after
