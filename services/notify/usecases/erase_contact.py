"""Forget how a person can be reached: what is planned and not yet sent finds no address any more."""

from uuid import UUID

from services.notify.store import contacts
from shared.database.work import Work
from shared.errors import NotFound, StaleVersion


async def erase_contact(work: Work, community: UUID, person: str, *, seen: int) -> None:
    """Delete a contact for good.

    Raises:
        NotFound: there is none.
        StaleVersion: it has changed since the caller saw it.
    """
    row = await contacts.find(work.connection, community, person, changing=True)
    if row is None:
        raise NotFound("this person has no contact here")
    if row.version != seen:
        raise StaleVersion("the contact is not at the version in If-Match; read it again")
    await contacts.erase(work.connection, community, person)
