"""Hours are corrected: by an entry that takes another back, never by a change."""

from uuid import UUID

from services.volunteer.domain.hours import Entry
from services.volunteer.store import hours
from services.volunteer.usecases.end_task import tell_credited
from shared.database.work import Work
from shared.errors import NotFound
from shared.identifiers import new_id


async def counter_entry(work: Work, community: UUID, entry_id: UUID, reason: str) -> Entry:
    """Takes an entry back, once; raises NotFound, AlreadyCorrectedError."""
    found = await hours.find(work.connection, community, entry_id)
    if found is None:
        raise NotFound("no such entry")
    entry = found.counter(new_id(), reason, work.now, work.actor)
    await hours.add(work.connection, entry)
    tell_credited(work, entry)
    return entry
