"""A role is granted in a place, or revoked."""

from collections.abc import Iterable
from uuid import UUID

from services.issues.domain.grants import Grant, new_grant, revoke
from services.issues.store.grants import grant_by_id, insert_grants, update_grant
from services.issues.store.places import lock_register
from services.issues.store.routing import touch_routing
from services.issues.usecases.register_facts import emit_grant
from services.issues.usecases.register_place import look_up_place
from services.issues.usecases.versions import missing, tenant
from shared.database.work import Work
from shared.http.etag import matching
from shared.identifiers import new_id


async def grant_role(work: Work, person: str, role: str, place_id: UUID | None) -> Grant:
    """Grant a person a role in a place; no place means the whole community.

    Raises:
        NotFound: no such place.
        UnknownRole, PlaceClosed, WrongWord, AlreadyGranted: the domain refuses it.
    """
    await lock_register(work.connection, tenant(work))
    place = await look_up_place(work, place_id or tenant(work))
    grant = new_grant(new_id(), person, role, place, work.now)
    await insert_grants(work.connection, [grant])
    await touch_dispatchers(work, [grant])
    emit_grant(work, grant)
    return grant


async def revoke_role(work: Work, grant_id: UUID, expected: int) -> Grant:
    """Revoke a grant.

    Raises:
        NotFound, StaleVersion: see there.
    """
    await lock_register(work.connection, tenant(work))
    before = await look_up_grant(work, grant_id)
    matching(before.version, expected)
    after = revoke(before, work.now)
    if after is not before:
        await update_grant(work.connection, after)
        await touch_dispatchers(work, [after])
        emit_grant(work, after)
    return after


async def touch_dispatchers(work: Work, changed: Iterable[Grant]) -> None:
    """Let the routing be read anew when it may be others who look at cases first."""
    if any(grant.role == "dispatcher" for grant in changed):
        await touch_routing(work.connection, tenant(work))


async def look_up_grant(work: Work, grant_id: UUID) -> Grant:
    """Find a grant of the community.

    Raises:
        NotFound: there is none.
    """
    grant = await grant_by_id(work.connection, tenant(work), grant_id)
    if grant is None:
        raise missing("grant")
    return grant
