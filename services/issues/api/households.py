"""Households of the register."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from pydantic import BaseModel, Field

from services.issues.api.fields import Door, In
from services.issues.domain.households import MOST_PERSONS, Household
from services.issues.store.households import list_households
from services.issues.usecases.register_household import (
    dissolve_household,
    look_up_household,
    register_household,
    revise_household,
)
from shared.contracts.fields import PersonId
from shared.database.work import Work
from shared.http.call import Requested, answered
from shared.http.paging import Page, Paged
from shared.http.routing import router
from shared.security.policy import allow
from shared.security.roles import Role

routes = router("/households", "register")
Persons = Annotated[list[PersonId], Field(max_length=MOST_PERSONS)]


class HouseholdIn(In):
    """A new household, by the ids of its persons."""

    code: Door = Field(description="Unique in the community", examples=["12-1-402"])
    unit: UUID
    persons: Persons


class HouseholdChange(In):
    """A household as it is from now on."""

    unit: UUID
    persons: Persons


class HouseholdOut(BaseModel):
    """A household."""

    id: UUID
    code: str
    unit: UUID
    persons: list[str]
    ended_at: datetime | None
    version: int

    @classmethod
    def of(cls, household: Household) -> "HouseholdOut":
        """Show a household."""
        return cls(
            id=household.id,
            code=household.code,
            unit=household.unit,
            persons=list(household.persons),
            ended_at=household.ended_at,
            version=household.version,
        )


@routes.post("", status_code=201, response_model=HouseholdOut)
@allow(Role.operator)
async def register(body: HouseholdIn, call: Requested) -> Response:
    """Register a household in a unit."""
    return await call.write(
        lambda work: register_household(work, body.unit, body.code, body.persons),
        HouseholdOut.of,
        status=201,
        etag=_version,
        location=lambda household: f"/households/{household.id}",
    )


@routes.get("", response_model=Page[HouseholdOut])
@allow(Role.operator, Role.property)
async def listing(
    call: Requested,
    paging: Paged,
    within: Annotated[UUID | None, Query(description="Only those in this place")] = None,
) -> Page[HouseholdOut]:
    """List households, ended ones too."""
    after = paging.after(UUID)

    async def use_case(work: Work) -> list[Household]:
        return await list_households(
            work.connection, call.community, within, after[0] if after else None, paging.limit + 1
        )

    return paging.page(await call.read(use_case), HouseholdOut.of, lambda household: (household.id,))


@routes.get("/{household_id}", response_model=HouseholdOut)
@allow(Role.operator, Role.property)
async def look_up(household_id: UUID, call: Requested) -> Response:
    """Read one household."""
    household = await call.read(lambda work: look_up_household(work, household_id))
    return answered(HouseholdOut.of(household), version=household.version)


@routes.put("/{household_id}", response_model=HouseholdOut)
@allow(Role.operator)
async def revise(household_id: UUID, body: HouseholdChange, call: Requested) -> Response:
    """Move a household or change its persons."""
    expected = call.require_version()
    return await call.write(
        lambda work: revise_household(work, household_id, expected, body.unit, body.persons),
        HouseholdOut.of,
        etag=_version,
    )


@routes.delete("/{household_id}", response_model=HouseholdOut)
@allow(Role.operator)
async def dissolve(household_id: UUID, call: Requested) -> Response:
    """End a household."""
    expected = call.require_version()
    return await call.write(
        lambda work: dissolve_household(work, household_id, expected), HouseholdOut.of, etag=_version
    )


def _version(household: Household) -> int:
    return household.version
