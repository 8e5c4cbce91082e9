"""What a volunteer has promised, as a calendar (RFC 5545): kinds and times, never a name or a door."""

import secrets
from datetime import timedelta
from uuid import UUID

from icalendar import Calendar
from icalendar import Event as Entry

from services.volunteer.domain.link import WrongLinkError, digest_of
from services.volunteer.domain.volunteer import State, Volunteer
from services.volunteer.store import calendars, volunteers
from services.volunteer.store.calendars import PromisedDuty
from shared.database.work import Work, Works
from shared.errors import NotFound

PAST = timedelta(days=31)
MOST = 500
REFRESH = timedelta(minutes=15)
READER = "calendar feed"
"""Who reads by a feed; with its space it is nobody's person id."""


async def own_calendar(work: Work, community: UUID, volunteer_id: UUID) -> bytes:
    """Gives one's own calendar; raises NotFound for an entry that is not one's own."""
    return await _calendar(work, await _own(work, community, volunteer_id))


async def open_feed(work: Work, community: UUID, volunteer_id: UUID) -> str:
    """Opens one's feed, closing the one before, and gives the secret of its address; raises NotFound."""
    volunteer = await _own(work, community, volunteer_id)
    secret = secrets.token_urlsafe(32)
    await calendars.open_feed(work.connection, volunteer, digest_of(secret), work.now)
    return secret


async def close_feed(work: Work, community: UUID, volunteer_id: UUID) -> bool:
    """Closes one's feed at once; False when none was open. Raises NotFound."""
    await _own(work, community, volunteer_id)
    return await calendars.close_feed(work.connection, community, volunteer_id)


async def read_feed(works: Works, secret: str, traceparent: str | None) -> bytes:
    """Gives the calendar of a feed, whose community is found under the system role; raises WrongLinkError."""
    async with works.for_system("/linli/volunteer/calendars") as work:
        found = await calendars.feed_of(work.connection, digest_of(secret))
    if found is None:
        raise WrongLinkError
    community, volunteer_id = found
    async with works.for_request(READER, community, traceparent) as work:
        volunteer = await volunteers.find(work.connection, community, volunteer_id)
        if volunteer is None or volunteer.state is State.left:
            raise WrongLinkError
        return await _calendar(work, volunteer)


async def _own(work: Work, community: UUID, volunteer_id: UUID) -> Volunteer:
    found = await volunteers.find(work.connection, community, volunteer_id)
    if found is None or found.person != work.actor or found.state is State.left:
        raise NotFound("no such volunteer")
    return found


async def _calendar(work: Work, volunteer: Volunteer) -> bytes:
    found = await calendars.duties(work.connection, volunteer, work.now - PAST, MOST)
    written = Calendar()
    written.add("prodid", "-//Linli//Volunteer//EN")
    written.add("version", "2.0")
    written.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    for duty in sorted(found, key=lambda each: (each.starts_at, each.id)):
        written.add_component(_entry(duty))
    content: bytes = written.to_ical()
    return content


def _entry(duty: PromisedDuty) -> Entry:
    entry = Entry()
    entry.add("uid", f"{duty.id}@volunteer.linli")
    entry.add("dtstamp", duty.claimed_at)
    entry.add("dtstart", duty.starts_at)
    entry.add("dtend", duty.ends_at)
    entry.add("summary", duty.kind.replace("-", " "))
    entry.add("class", "PRIVATE")
    return entry
