"""A category may demand photos: without them a case of it cannot be called settled."""

from services.issues.domain.case import Case
from services.issues.domain.photos import PhotoKind, PhotosMissing
from services.issues.store.photo_demands import Demand, demand_of, put_demand
from services.issues.store.photos import kinds_shown
from services.issues.store.routing import category_by_code
from services.issues.usecases.versions import missing, next_version, tenant
from shared.database.work import Work


async def check_demanded(work: Work, case: Case) -> None:
    """Let a case be resolved only with the photos that its category demands.

    Raises:
        PhotosMissing: some are missing.
    """
    demand = await demand_of(work.connection, case.community, case.category)
    if demand is None or not demand.kinds:
        return
    lacking = demand.kinds - await kinds_shown(work.connection, case.community, case.id)
    if lacking:
        raise PhotosMissing(f"the category demands photos: {', '.join(sorted(lacking))}")


async def demand_photos(
    work: Work, category: str, kinds: frozenset[PhotoKind], expected: int | None
) -> Demand:
    """Say which photos a category demands; it holds for cases that are open already.

    Raises:
        NotFound: no such category.
        PreconditionRequired, StaleVersion: see `next_version`.
    """
    if await category_by_code(work.connection, tenant(work), category) is None:
        raise missing("category")
    before = await demand_of(work.connection, tenant(work), category, lock=True)
    demand = Demand(category, kinds, next_version(before.version if before else None, expected))
    await put_demand(work.connection, tenant(work), demand)
    return demand
