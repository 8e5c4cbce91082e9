"""Roles granted to persons in places."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from pydantic import BaseModel, Field

from services.issues.api.fields import In
from services.issues.domain.grants import Grant
from services.issues.store.grants import list_grants
from services.issues.usecases.grant_role import grant_role, look_up_grant, revoke_role
from shared.contracts.fields import Code, PersonId
from shared.database.work import Work
from shared.http.call import Requested, answered
from shared.http.paging import Page, Paged
from shared.http.routing import router
from shared.security.policy import allow
from shared.security.roles import Role

routes = router("/roles", "register")


class GrantIn(In):
    """A role for a person in a place."""

    person: PersonId = Field(examples=["u-5f1c"])
    role: Code = Field(examples=["guard"])
    place: UUID | None = Field(None, description="Where; none is the whole community")


class GrantOut(BaseModel):
    """A grant; revoking it keeps it on file."""

    id: UUID
    person: str
    role: str
    place: UUID
    granted_at: datetime
    revoked_at: datetime | None
    version: int

    @classmethod
    def of(cls, grant: Grant) -> "GrantOut":
        """Show a grant."""
        return cls(
            id=grant.id,
            person=grant.person,
            role=grant.role,
            place=grant.place,
            granted_at=grant.granted_at,
            revoked_at=grant.revoked_at,
            version=grant.version,
        )


@routes.post("", status_code=201, response_model=GrantOut)
@allow(Role.operator, Role.platform)
async def grant(body: GrantIn, call: Requested) -> Response:
    """Grant a role in a place."""
    return await call.write(
        lambda work: grant_role(work, body.person, body.role, body.place),
        GrantOut.of,
        status=201,
        etag=_version,
        location=lambda granted: f"/roles/{granted.id}",
    )


@routes.get("", response_model=Page[GrantOut])
@allow(Role.operator, Role.dispatcher)
async def listing(
    call: Requested,
    paging: Paged,
    within: Annotated[UUID | None, Query(description="Only those in this place's subtree")] = None,
    role: Annotated[str | None, Query(max_length=64)] = None,
    person: Annotated[str | None, Query(max_length=128)] = None,
) -> Page[GrantOut]:
    """List the roles that are held."""
    after = paging.after(UUID)

    async def use_case(work: Work) -> list[Grant]:
        return await list_grants(
            work.connection,
            call.community,
            within,
            role,
            person,
            after[0] if after else None,
            paging.limit + 1,
        )

    return paging.page(await call.read(use_case), GrantOut.of, lambda granted: (granted.id,))


@routes.get("/{grant_id}", response_model=GrantOut)
@allow(Role.operator, Role.dispatcher)
async def look_up(grant_id: UUID, call: Requested) -> Response:
    """Read one grant."""
    found = await call.read(lambda work: look_up_grant(work, grant_id))
    return answered(GrantOut.of(found), version=found.version)


@routes.delete("/{grant_id}", response_model=GrantOut)
@allow(Role.operator)
async def revoke(grant_id: UUID, call: Requested) -> Response:
    """Revoke a grant."""
    expected = call.require_version()
    return await call.write(lambda work: revoke_role(work, grant_id, expected), GrantOut.of, etag=_version)


def _version(granted: Grant) -> int:
    return granted.version
