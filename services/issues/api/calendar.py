"""When a community works: its hours by weekday, and whose holidays it keeps."""

from datetime import date
from typing import Annotated

from fastapi import Response
from pydantic import Field, StringConstraints

from services.issues.api.fields import In
from services.issues.domain.working_time import CommunityTime, Day, Holidays, Hours, Span, WrongHours
from services.issues.store.calendars import community_time
from services.issues.usecases.calendars import KNOWN_YEARS
from services.issues.usecases.define_time import define_time
from shared.http.call import Requested, answered
from shared.http.routing import router
from shared.security.policy import allow, members
from shared.security.roles import Role

routes = router("/calendar", "dispatch")

TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Spans = Annotated[
    list[Annotated[list[TimeOfDay], Field(min_length=2, max_length=2)]],
    Field(max_length=12, examples=[[["09:00", "12:00"], ["13:30", "17:30"]]]),
]


OwnDays = Annotated[list[date], Field(max_length=366, examples=[["2027-01-01"]])]


class HoursFields(In):
    """Working hours of each weekday: from and until, which is not included; none is a day off."""

    monday: Spans
    tuesday: Spans
    wednesday: Spans
    thursday: Spans
    friday: Spans
    saturday: Spans
    sunday: Spans
    make_up: Spans = Field(description="Of the weekends that make up for a holiday")


class CalendarIn(In):
    """When a community works."""

    hours: HoursFields
    holidays: Holidays = Field(description="Whose holidays and make-up workdays are kept")
    days_off: OwnDays = Field(
        default_factory=list, description="Dates on which nobody works, whatever else they are"
    )
    workdays: OwnDays = Field(
        default_factory=list,
        description="Dates on which the hours of `make_up` count, whatever else they are",
    )

    def days(self) -> dict[date, Day]:
        """Say what the community makes of single dates.

        Raises:
            WrongHours: of one both.
        """
        if both := set(self.days_off) & set(self.workdays):
            raise WrongHours(f"{min(both)} is a day off or a workday")
        return dict.fromkeys(self.days_off, Day.holiday) | dict.fromkeys(self.workdays, Day.make_up)


class CalendarOut(CalendarIn):
    """The calendar as it stands; version 0 is what holds until the community says otherwise."""

    zone: str
    holidays_known_from: int | None = Field(description="The first year whose holidays are known here")
    holidays_known_until: int | None = Field(
        description="The last such year; after it Monday to Friday is all that is known"
    )
    version: int

    @classmethod
    def of(cls, time: CommunityTime) -> "CalendarOut":
        """Show a calendar."""
        known = KNOWN_YEARS if time.holidays is Holidays.china else None
        spans = (*time.hours.week, time.hours.make_up)
        return cls(
            hours=HoursFields(**dict(zip(HoursFields.model_fields, map(_shown, spans), strict=True))),
            holidays=time.holidays,
            days_off=[day for day, kind in time.days if kind is Day.holiday],
            workdays=[day for day, kind in time.days if kind is Day.make_up],
            zone=time.zone,
            holidays_known_from=None if known is None else known[0],
            holidays_known_until=None if known is None else known[-1],
            version=time.version,
        )


@routes.get("", response_model=CalendarOut)
@members()
async def look_up(call: Requested) -> Response:
    """Read when the community works."""
    time = await call.read(lambda work: community_time(work.connection, call.community))
    return answered(CalendarOut.of(time), version=time.version)


@routes.put("", response_model=CalendarOut)
@allow(Role.operator)
async def define(body: CalendarIn, call: Requested) -> Response:
    """Say when the community works; cases reported before keep their deadline."""
    expected, hours, days = call.require_version(), _hours(body.hours), body.days()
    return await call.write(
        lambda work: define_time(work, hours, body.holidays, days, expected),
        CalendarOut.of,
        etag=lambda stored: stored.version,
    )


def _hours(fields: HoursFields) -> Hours:
    """Read working hours.

    Raises:
        WrongHours: they make no sense.
    """
    days = [getattr(fields, name) for name in HoursFields.model_fields]
    *week, make_up = (tuple(map(_span, spans)) for spans in days)
    return Hours(tuple(week), make_up)


def _span(texts: list[str]) -> Span:
    first, last = (int(text[:2]) * 60 + int(text[3:]) for text in texts)
    return first, last


def _shown(spans: tuple[Span, ...]) -> list[list[str]]:
    return [[f"{minute // 60:02}:{minute % 60:02}" for minute in span] for span in spans]
