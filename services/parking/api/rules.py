"""Rules of compounds: how long cars from outside may stay, when it counts, and which zones stay free when."""

from datetime import time
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from services.parking.api.fields import In, Moment
from services.parking.domain.hours import Hours
from services.parking.domain.limits import LONGEST_FREE_MINUTES, FreeTime, LimitRule, QuietZone
from services.parking.domain.plate import PlateKind
from services.parking.store import compounds, limit_rules
from services.parking.usecases.set_limits import define_rule
from shared.contracts.fields import Code
from shared.database.work import Work
from shared.errors import NotFound
from shared.http.call import Requested, answered
from shared.http.routing import router
from shared.security.policy import allow
from shared.security.roles import Role

routes = router("/compounds", "compounds")

MOST = 20
ClockTime = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
FreeMinutes = Annotated[int, Field(ge=0, le=LONGEST_FREE_MINUTES)]


class HoursBody(In):
    """Hours of the week by the community's clock; the end is no longer within."""

    days: list[Annotated[int, Field(ge=1, le=7)]] = Field(
        [1, 2, 3, 4, 5, 6, 7], min_length=1, max_length=7, description="On which they begin; Monday is 1."
    )
    begins: ClockTime
    ends: ClockTime = Field(description="On the next day when it is not later than the begin.")

    def hours(self) -> Hours:
        """In the words of the domain."""
        return Hours(frozenset(self.days), time.fromisoformat(self.begins), time.fromisoformat(self.ends))


class FreeTimeBody(HoursBody):
    """Another free time, for stays that begin in these hours."""

    free_minutes: FreeMinutes | None = Field(description="None sets no limit.")


class QuietZoneBody(In):
    """A zone in which nobody may park in these hours, or without any never."""

    zone: Code
    hours: list[HoursBody] = Field([], max_length=MOST)


class RuleBody(In):
    """A rule; it never changes, a later one takes its place."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "free_minutes": 120,
                "free_times": [{"days": [6, 7], "begins": "08:00", "ends": "20:00", "free_minutes": 240}],
                "uncounted": [{"begins": "22:00", "ends": "07:00"}],
            }
        }
    )

    free_minutes: FreeMinutes | None = Field(None, description="How long a car may stay; none sets no limit.")
    effective_from: Moment | None = Field(
        None, description="For stays that begin then or later; without it from now."
    )
    households_exempt: bool = Field(True, description="Vehicles of households may stay.")
    passes_exempt: bool = Field(True, description="Cars with a pass may stay while it holds.")
    exempt_plate_kinds: list[PlateKind] = Field(
        [], max_length=len(PlateKind), description="Such as those of rescue; they may stay."
    )
    free_times: list[FreeTimeBody] = Field([], max_length=MOST)
    uncounted: list[HoursBody] = Field(
        [], max_length=MOST, description="Hours in which the free time does not run, such as the night."
    )
    quiet_zones: list[QuietZoneBody] = Field([], max_length=MOST)


class RuleView(RuleBody):
    """A rule in force or to come."""

    version: int
    effective_from: Moment


class RulesView(BaseModel):
    """All rules a compound ever had, the first one first."""

    items: list[RuleView]


@routes.post("/{compound_id}/rules", status_code=201, response_model=RuleView)
@allow(Role.property, Role.operator)
async def define(compound_id: UUID, body: RuleBody, call: Requested) -> Response:
    """Put a rule into force; stays it concerns are held to it at once."""

    async def use_case(work: Work) -> LimitRule:
        asked = LimitRule(
            version=0,
            effective_from=body.effective_from or work.now,
            free_minutes=body.free_minutes,
            households_exempt=body.households_exempt,
            passes_exempt=body.passes_exempt,
            exempt_kinds=frozenset(body.exempt_plate_kinds),
            free_times=tuple(FreeTime(each.hours(), each.free_minutes) for each in body.free_times),
            uncounted=tuple(each.hours() for each in body.uncounted),
            quiet=tuple(
                QuietZone(each.zone, tuple(hours.hours() for hours in each.hours))
                for each in body.quiet_zones
            ),
        )
        return await define_rule(work, call.community, compound_id, asked)

    return await call.write(use_case, _view, status=201)


@routes.get("/{compound_id}/rules", response_model=RulesView)
@allow(Role.property, Role.operator, Role.guard)
async def list_rules(compound_id: UUID, call: Requested) -> Response:
    """List a compound's rules."""

    async def use_case(work: Work) -> list[LimitRule]:
        if await compounds.find(work.connection, call.community, compound_id) is None:
            raise NotFound("no such compound")
        return await limit_rules.of_compound(work.connection, call.community, compound_id)

    found = await call.read(use_case)
    return answered(RulesView(items=[_view(rule) for rule in found]))


def _view(rule: LimitRule) -> RuleView:
    return RuleView(
        version=rule.version,
        effective_from=rule.effective_from,
        free_minutes=rule.free_minutes,
        households_exempt=rule.households_exempt,
        passes_exempt=rule.passes_exempt,
        exempt_plate_kinds=sorted(rule.exempt_kinds),
        free_times=[
            FreeTimeBody(**_hours(each.hours), free_minutes=each.free_minutes) for each in rule.free_times
        ],
        uncounted=[HoursBody(**_hours(each)) for each in rule.uncounted],
        quiet_zones=[
            QuietZoneBody(zone=each.zone, hours=[HoursBody(**_hours(hours)) for hours in each.hours])
            for each in rule.quiet
        ],
    )


def _hours(hours: Hours) -> dict[str, Any]:
    return {
        "days": sorted(hours.days),
        "begins": hours.begins.isoformat("minutes"),
        "ends": hours.ends.isoformat("minutes"),
    }
