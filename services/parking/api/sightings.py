"""What people say they saw: a car that must move, or that it is gone."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.parking.api.fields import In, Moment, PlateText
from services.parking.domain.plate import read_plate
from services.parking.domain.violation import Says
from services.parking.usecases.report_sighting import report_sighting
from services.parking.usecases.take_looks import PERSON, Look
from shared.contracts.fields import Code, EvidenceRef
from shared.database.work import Work
from shared.http.call import Requested
from shared.http.routing import router
from shared.security.policy import allow
from shared.security.roles import Role

routes = router("/sightings", "violations")

SPOTTERS = (Role.operator, Role.property, Role.guard, Role.steward, Role.volunteer)

Evidence = Annotated[list[EvidenceRef], Field(min_length=1, max_length=8)]


class SightingBody(In):
    """One look at a car."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "compound": "019f1c3e-6c1d-7a10-8000-0000000000c1",
                "plate": "浙L·D12345",
                "kind": "fire-lane",
                "evidence": ["photo:7f3a19c2"],
            }
        },
    )

    compound: UUID
    plate: PlateText
    kind: Code = Field(description="What is wrong, or was: fire-lane, exit-blocked, two-bays, quiet-zone, …")
    gone: bool = Field(False, description="The second look: it stands there no more.")
    zone: Code | None = Field(
        None,
        description="In which zone it stood; of a `quiet-zone` the rule says whether it might just then.",
    )
    seen_at: Moment | None = Field(None, description="Without it now.")
    evidence: Evidence = Field(description="References to pictures or notes, kept elsewhere.")


class SightingView(BaseModel):
    """What became of a look."""

    violation: UUID | None = Field(
        description="Which it opened, added to or ended; none when it was too old, when the zone need not be "
        "free at that time, when those in charge said that it is no violation, or when nothing was open."
    )


@routes.post("", status_code=201, response_model=SightingView)
@allow(*SPOTTERS)
async def report(body: SightingBody, call: Requested) -> Response:
    """Say that a car stands where it must not, or that it has gone; its owner hears at once.

    That it has gone those cannot say whose car it is.
    """
    plate = read_plate(body.plate).text
    role = next(role for role in SPOTTERS if role in call.roles)

    async def use_case(work: Work) -> UUID | None:
        return await report_sighting(work, _look(body, call.community, plate, role, work.now, work.actor))

    return await call.write(use_case, lambda found: SightingView(violation=found), status=201)


def _look(body: SightingBody, community: UUID, plate: str, role: Role, now: datetime, person: str) -> Look:
    return Look(
        community=community,
        compound=body.compound,
        plate=plate,
        kind=body.kind,
        says=Says.moved if body.gone else Says.there,
        seen_at=body.seen_at or now,
        source=PERSON,
        source_id=person,
        role=role.value,
        evidence=tuple(body.evidence),
        zone=body.zone,
    )
