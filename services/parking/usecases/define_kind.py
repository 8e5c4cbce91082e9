"""A compound makes a kind of violation its own: other steps, or none of it at all."""

from dataclasses import replace
from uuid import UUID

from services.parking.domain.compounds import open_compound
from services.parking.domain.violation_kind import Kind, check_steps
from services.parking.store import compounds, violation_kinds
from shared.database.work import Work


async def define_kind(work: Work, community: UUID, compound: UUID, asked: Kind) -> Kind:
    """Put the next version of a kind into force; violations that are open keep the steps they have.

    Raises WrongStepsError, UnknownCompoundError, ClosedCompoundError.
    """
    check_steps(asked.steps)
    await compounds.lock(work.connection, [compound])
    found = await compounds.find(work.connection, community, compound)
    open_compound(None if found is None else found.closed)
    kind = replace(asked, effective_from=asked.effective_from or work.now)
    version = await violation_kinds.add(work.connection, community, compound, kind, work.actor, work.now)
    return replace(kind, version=version)
