"""Somebody on foot, or in the command room, says that they saw a car, or saw it gone."""

from dataclasses import replace
from uuid import UUID

from services.parking.domain.compounds import UnknownZoneError, open_compound
from services.parking.domain.violation import Says
from services.parking.domain.violation_kind import enabled_kind, kinds_at
from services.parking.store import compounds, violation_kinds, zones
from services.parking.usecases.take_looks import Look, take_looks
from shared.database.work import Work


async def report_sighting(work: Work, look: Look) -> UUID | None:
    """Take one person's look; gives the violation it opened, added to or ended, if any.

    A time that is still to come is now.

    Raises UnknownCompoundError, ClosedCompoundError, UnknownKindError, UnknownZoneError, OwnCarError.
    """
    await compounds.lock(work.connection, [look.compound])
    found = await compounds.find(work.connection, look.community, look.compound)
    open_compound(None if found is None else found.closed)
    if look.zone is not None:
        named = await zones.find(work.connection, look.community, look.compound, look.zone)
        if named is None:
            raise UnknownZoneError("the compound has no such zone")
    if look.says is Says.there and look.kind is not None:
        versions = await violation_kinds.versions_of(work.connection, [look.compound])
        enabled_kind(kinds_at(versions[look.compound], work.now), look.kind)
    (concerned,) = await take_looks(work, [replace(look, seen_at=min(look.seen_at, work.now))])
    return concerned
