"""A compound is laid out in zones."""

from services.parking.domain.compounds import open_compound
from services.parking.store import compounds, zones
from services.parking.store.zones import Zone
from shared.database.work import Work
from shared.errors import Conflict, NotFound, StaleVersion

MOST = 200
"""Zones of one compound."""


async def add_zone(work: Work, zone: Zone) -> Zone:
    """Add a zone; raises UnknownCompoundError, ClosedCompoundError, Conflict."""
    await compounds.lock(work.connection, [zone.compound])
    found = await compounds.find(work.connection, zone.community, zone.compound)
    open_compound(None if found is None else found.closed)
    if len(await zones.of_compound(work.connection, zone.community, zone.compound)) >= MOST:
        raise Conflict(f"a compound has {MOST} zones at most")
    added = await zones.add(work.connection, zone)
    if added is None:
        raise Conflict("the compound has a zone of this code already")
    return added


async def change_zone(work: Work, zone: Zone) -> Zone:
    """Change a zone of the version it was read in; raises NotFound, StaleVersion."""
    changed = await zones.change(work.connection, zone)
    if changed is None:
        if await zones.find(work.connection, zone.community, zone.compound, zone.code) is None:
            raise NotFound("no such zone")
        raise StaleVersion("the zone has changed since it was read")
    return changed
