"""Compounds' rules and cars' passes; each change has the stays it touches looked at anew."""

from dataclasses import replace
from uuid import UUID

from services.parking.domain.compounds import open_compound
from services.parking.domain.limits import LimitRule, check_period, check_rule
from services.parking.store import compounds, limit_rules, limits, passes, vehicles, zones
from services.parking.store.passes import Pass
from shared.contracts import RulesChanged
from shared.database.work import Work
from shared.errors import Conflict


async def define_rule(work: Work, community: UUID, compound: UUID, asked: LimitRule) -> LimitRule:
    """Put the next version of a compound's rule into force; its number is given here.

    Raises WrongLimitError, WrongHoursError, UnknownCompoundError, ClosedCompoundError.
    """
    # Vehicles' changes write the same cars' rechecks in another order: one of the two at a time.
    await vehicles.one_at_a_time(work.connection, community)
    # Locked, so that no stay begins unseen between its fold by the old rules and this one's list of cars.
    await compounds.lock(work.connection, [compound])
    found = await compounds.find(work.connection, community, compound)
    open_compound(None if found is None else found.closed)
    laid_out = await zones.of_compound(work.connection, community, compound)
    check_rule(asked, [zone.code for zone in laid_out if not zone.closed])
    version = await limit_rules.add(work.connection, community, compound, asked, work.actor, work.now)
    await limits.recheck_compound(work.connection, community, compound, asked.effective_from)
    rule = replace(asked, version=version)
    fact = RulesChanged(
        place=compound,
        version=version,
        effective_from=rule.effective_from,
        free_minutes=rule.free_minutes,
    )
    work.emit(fact, sequence=version)
    return rule


async def grant_pass(work: Work, asked: Pass) -> Pass:
    """Let a car stay; raises WrongLimitError, UnknownCompoundError, ClosedCompoundError."""
    check_period(asked.valid_from, asked.valid_until)
    found = await compounds.find(work.connection, asked.community, asked.compound)
    open_compound(None if found is None else found.closed)
    await passes.add(work.connection, asked)
    await _recheck(work, asked)
    return asked


async def end_pass(work: Work, community: UUID, wanted: UUID) -> Pass:
    """Let a pass end now; raises Conflict when it is not there or has ended."""
    ended = await passes.end(work.connection, community, wanted, work.now)
    if ended is None:
        raise Conflict("no such pass, or it has ended")
    await _recheck(work, ended)
    return ended


async def _recheck(work: Work, granted: Pass) -> None:
    car = (granted.compound, granted.plate)
    await limits.recheck_car(work.connection, granted.community, car, granted.valid_from)
