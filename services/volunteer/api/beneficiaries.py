"""The people who are helped: entered and read by staff, and every look is written down."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field
from starlette.responses import Response

from services.volunteer.api.access import STAFF, In, Latitude, Longitude, Text, own
from services.volunteer.domain.beneficiary import Beneficiary
from services.volunteer.domain.position import Datum, read_point
from services.volunteer.store import beneficiaries
from services.volunteer.store.beneficiaries import Look
from services.volunteer.usecases.disclose import look_up
from shared.contracts.fields import PersonId
from shared.database.work import Work
from shared.errors import Forbidden, NotFound
from shared.http.call import Requested, answered
from shared.http.etag import matching
from shared.http.paging import Page, Paged
from shared.http.routing import router
from shared.identifiers import new_id
from shared.security.policy import allow, members
from shared.security.roles import Role

routes = router("/beneficiaries", "beneficiaries")


class PointIn(In):
    """A point, and by which system it is reckoned."""

    latitude: Latitude
    longitude: Longitude
    datum: Datum


class BeneficiaryIn(In):
    """Somebody to be helped."""

    surname: Text = Field(examples=["王"])
    honorific: Text = Field(examples=["奶奶"])
    building: Text = Field(examples=["合源小区12幢"])
    door: Text = Field(examples=["2单元501"])
    person: PersonId | None = Field(None, description="Their id, when they have one")
    family: list[PersonId] = Field([], max_length=8, description="Relatives, who hear of it and may ask")
    care_note: Text | None = Field(None, description="The little a helper must know; nothing of health")
    entry_hint: Text | None = Field(None, description="How to get in; shown at the door only")
    never_alone: bool = Field(False, description="Two volunteers each time")
    place: UUID | None = Field(None, description="Their building in the register")
    position: PointIn | None = None

    def someone(self, ident: UUID, community: UUID, version: int = 1) -> Beneficiary:
        """The person as the domain knows them."""
        at = self.position
        return Beneficiary(
            id=ident,
            community=community,
            surname=self.surname,
            honorific=self.honorific,
            building=self.building,
            door=self.door,
            person=self.person,
            family=tuple(self.family),
            care_note=self.care_note,
            entry_hint=self.entry_hint,
            never_alone=self.never_alone,
            place=self.place,
            point=read_point(at.latitude, at.longitude, at.datum) if at else None,
            version=version,
        )


class EnteredView(BaseModel):
    """The id under which tasks name somebody; what was entered is not repeated."""

    id: UUID
    version: int

    @classmethod
    def of(cls, someone: Beneficiary) -> Self:
        """Show the id only."""
        return cls(id=someone.id, version=someone.version)


class BeneficiaryView(EnteredView):
    """Somebody as staff see them."""

    surname: str
    honorific: str
    building: str
    door: str
    person: str | None
    family: list[str]
    care_note: str | None
    entry_hint: str | None
    never_alone: bool
    place: UUID | None


class LookView(BaseModel):
    """Who saw how much, when, and by which claim."""

    task: UUID | None
    claim: UUID | None
    person: str
    stage: str
    at: datetime


@routes.post("", status_code=201, response_model=EnteredView)
@allow(Role.steward, Role.operator)
async def enter(body: BeneficiaryIn, call: Requested) -> Response:
    """Enter somebody to be helped."""

    async def use_case(work: Work) -> Beneficiary:
        someone = body.someone(new_id(), call.community)
        await beneficiaries.add(work.connection, someone)
        return someone

    return await call.write(use_case, EnteredView.of, status=201, etag=lambda someone: someone.version)


@routes.put("/{beneficiary_id}", response_model=EnteredView)
@allow(Role.steward, Role.operator)
async def correct(beneficiary_id: UUID, body: BeneficiaryIn, call: Requested) -> Response:
    """Correct what is known of somebody; needs `If-Match`."""
    expected = call.require_version()

    async def use_case(work: Work) -> Beneficiary:
        found = await beneficiaries.find(work.connection, call.community, beneficiary_id, lock=True)
        if found is None:
            raise NotFound("no such beneficiary")
        matching(found.version, expected)
        someone = body.someone(found.id, call.community, found.version + 1)
        await beneficiaries.change(work.connection, someone)
        return someone

    return await call.write(use_case, EnteredView.of, etag=lambda someone: someone.version)


@routes.get("/{beneficiary_id}", response_model=BeneficiaryView)
@allow(Role.steward, Role.operator)
async def read(beneficiary_id: UUID, call: Requested) -> Response:
    """Read all that is known of somebody; the look is recorded."""
    if STAFF.isdisjoint(call.roles):
        # The street reads whatever members may, but not names and doors.
        raise Forbidden("only the community's own staff see names and doors")
    someone = await call.read(lambda work: look_up(work, call.community, beneficiary_id))
    view = BeneficiaryView(
        **EnteredView.of(someone).model_dump(),
        surname=someone.surname,
        honorific=someone.honorific,
        building=someone.building,
        door=someone.door,
        person=someone.person,
        family=list(someone.family),
        care_note=someone.care_note,
        entry_hint=someone.entry_hint,
        never_alone=someone.never_alone,
        place=someone.place,
    )
    return answered(view, version=someone.version)


@routes.get("/{beneficiary_id}/looks", response_model=Page[LookView])
@members()
async def list_looks(beneficiary_id: UUID, call: Requested, paging: Paged) -> Page[LookView]:
    """List who looked, the latest first: for the person, their family and staff."""
    after = paging.after(UUID)

    async def use_case(work: Work) -> list[Look]:
        someone = await beneficiaries.find(work.connection, call.community, beneficiary_id)
        if someone is None or own(call) not in {None, *someone.told}:
            raise NotFound("no such beneficiary")
        before = after[0] if after else None
        found = await beneficiaries.looks(
            work.connection, call.community, beneficiary_id, before, paging.limit + 1
        )
        return list(found)

    return paging.page(await call.read(use_case), _look, lambda look: (look.id,))


def _look(look: Look) -> LookView:
    return LookView(task=look.task, claim=look.claim, person=look.person, stage=look.stage, at=look.at)
