"""Preferences: of what people want to hear and when, and what holds for those who have said nothing."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from services.notify.api import versions
from services.notify.api.contacts import Person, own_or_staff
from services.notify.api.versions import STRICT, Published, Slug, published
from services.notify.domain.preferences import QuietHours, Wishes, hours_from
from services.notify.domain.rulebook import CUSTOMS, Entry, Kind
from services.notify.usecases.change_preferences import Preferences, change_preferences, show_preferences
from shared.http.call import Requested, answered
from shared.http.routing import router
from shared.security.policy import allow, members
from shared.security.roles import Role

routes = router("/contacts", "preferences")
community_routes = router("/preferences", "preferences")

Clock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class Hours(BaseModel):
    """From when until when, by the community's clocks; equal times mean never."""

    model_config = STRICT | {"json_schema_extra": {"example": {"starts": "22:00", "ends": "07:00"}}}

    starts: Clock
    ends: Clock


class Wish(BaseModel):
    """What is wished of one category."""

    model_config = STRICT

    told: bool = Field(True, description="False: no messages of this category, except in an emergency")
    any_time: bool = Field(False, description="True: also in quiet hours")


class PreferencesBody(BaseModel):
    """All that a person wishes; a category that is not named is told, and respects quiet hours."""

    model_config = STRICT | {
        "json_schema_extra": {
            "example": {
                "quiet_hours": {"starts": "21:00", "ends": "08:00"},
                "categories": {"volunteering": {"told": False}, "parking": {"any_time": True}},
            }
        }
    }

    quiet_hours: Hours | None = Field(None, description="Null: the community's")
    categories: Annotated[dict[Slug, Wish], Field(max_length=100)] = {}


class CategoryView(BaseModel):
    """A category of messages, and what of it reaches the person."""

    category: str
    names: dict[str, str] = Field(description="What it is called, by language", examples=[{"en": "Parking"}])
    told: bool
    any_time: bool
    can_decline: bool


class PreferencesView(BaseModel):
    """What a person wishes, of every category there is."""

    person: str
    quiet_hours: Hours | None = Field(description="The person's own, if they have set any")
    community_quiet_hours: Hours
    categories: list[CategoryView]
    version: int


class CustomsBody(BaseModel):
    """What holds in a community where a person has said nothing else."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "quiet_hours": {"starts": "22:00", "ends": "07:00"},
                "any_time": ["task-offers"],
                "always_told": ["emergency", "case-work"],
            }
        },
    )

    quiet_hours: Hours
    any_time: list[Slug] = Field(default=[], max_length=100, description="Categories that ignore quiet hours")
    always_told: list[Slug] = Field(
        default=[], max_length=100, description="Categories that nobody can decline"
    )


class CustomsView(Published):
    """A version of what holds in a community."""

    preferences: CustomsBody


class CustomsVersions(BaseModel):
    """All versions, the community's own first."""

    items: list[CustomsView]


@routes.get("/{person}/preferences", response_model=PreferencesView)
@members()
async def show(person: Person, call: Requested) -> Response:
    """Read what somebody wishes to hear: oneself, or anybody for the staff."""
    own_or_staff(call, person)
    found = await call.read(lambda work: show_preferences(work, call.community, person))
    return answered(_view(found), version=found.version)


@routes.put("/{person}/preferences", response_model=PreferencesView)
@members()
async def change(person: Person, body: PreferencesBody, call: Requested) -> Response:
    """Say what one wishes to hear, or for somebody as the staff; the first time needs no If-Match."""
    own_or_staff(call, person)
    seen = call.require_version() if call.if_match is not None else None
    wishes = Wishes(
        hours_from(body.quiet_hours.model_dump()) if body.quiet_hours else None,
        frozenset(name for name, wish in body.categories.items() if not wish.told),
        frozenset(name for name, wish in body.categories.items() if wish.any_time),
    )
    return await call.write(
        lambda work: change_preferences(work, call.community, person, wishes, seen=seen),
        _view,
        etag=lambda found: found.version,
    )


@community_routes.get("", response_model=CustomsView)
@members()
async def show_customs(call: Requested) -> Response:
    """Read the community's quiet hours, and what nobody can decline."""
    return await versions.show(call, Kind.POLICY, CUSTOMS, _customs)


@community_routes.get("/versions", response_model=CustomsVersions)
@allow(Role.operator)
async def list_versions(call: Requested) -> Response:
    """List the versions, the community's own first."""
    entries = await versions.versions(call, Kind.POLICY, CUSTOMS)
    return answered(CustomsVersions(items=[_customs(entry) for entry in entries]))


@community_routes.put("", response_model=CustomsView)
@allow(Role.operator)
async def publish_customs(body: CustomsBody, call: Requested) -> Response:
    """Publish the community's own; messages planned from now on follow it."""
    return await versions.publish(call, Kind.POLICY, CUSTOMS, body, _customs)


def _view(found: Preferences) -> PreferencesView:
    wishes, customs = found.wishes, found.customs
    return PreferencesView(
        person=found.person,
        quiet_hours=_hours(wishes.quiet) if wishes.quiet else None,
        community_quiet_hours=_hours(customs.quiet),
        categories=[
            CategoryView(
                category=name,
                names=dict(found.names.get(name, {})),
                told=name in customs.always_told or name not in wishes.declined,
                any_time=name in customs.any_time or name in wishes.any_time,
                can_decline=name not in customs.always_told,
            )
            for name in found.categories
        ],
        version=found.version,
    )


def _hours(quiet: QuietHours) -> Hours:
    return Hours(starts=f"{quiet.start:%H:%M}", ends=f"{quiet.end:%H:%M}")


def _customs(entry: Entry) -> CustomsView:
    return CustomsView(**published(entry).model_dump(), preferences=CustomsBody.model_validate(entry.content))
