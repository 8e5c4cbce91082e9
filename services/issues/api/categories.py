"""Categories of cases, their priority and deadline."""

from fastapi import Response
from pydantic import Field

from services.issues.api.fields import In
from services.issues.domain.categories import LONGEST_DEADLINE, Category, Priority
from services.issues.domain.closing import MOST_REOPEN_DAYS
from services.issues.domain.deadline import LONGEST_WORKING, Counted
from services.issues.store.routing import category_by_code, list_categories
from services.issues.usecases.route_cases import define_category
from services.issues.usecases.versions import missing
from shared.contracts.fields import Code, PlaceName
from shared.database.work import Work
from shared.http.call import Requested, answered
from shared.http.paging import Page, Paged
from shared.http.routing import router
from shared.security.policy import allow, members
from shared.security.roles import Role

routes = router("/categories", "dispatch")


class CategoryIn(In):
    """A category; `standard_code` is its number in the catalogue `standard`, in that version."""

    standard: PlaceName = Field(examples=["GB/T 47678.5", "local"])
    standard_version: PlaceName = Field(examples=["2026"])
    standard_code: PlaceName = Field(examples=["09012"])
    name_zh: PlaceName = Field(examples=["占用消防通道"])
    name_en: PlaceName = Field(examples=["Blocked fire lane"])
    priority: Priority = Priority.ordinary
    deadline_minutes: int = Field(
        ge=1, le=LONGEST_DEADLINE, description="From the report to the resolution, as `counted` says"
    )
    counted: Counted = Field(
        Counted.round_the_clock,
        description=(
            f"Every minute, the minutes of the community's working hours ({LONGEST_WORKING} at most), or "
            "whole working days, 1440 each: "
            "to the close of business of the last, the day of the report not counted"
        ),
    )
    check_needed: bool | None = Field(
        None, description="Whether a second person checks a case first; none is what the community wants"
    )
    reopen_days: int | None = Field(
        None, ge=0, le=MOST_REOPEN_DAYS, description="For how many days a closed case can be reopened"
    )
    screened: bool = Field(
        False, description="Whether who dispatches looks at a case first: nobody gets it until it is accepted"
    )


class CategoryOut(CategoryIn):
    """A category as it stands."""

    code: str
    version: int

    @classmethod
    def of(cls, category: Category) -> "CategoryOut":
        """Show a category."""
        return cls(
            code=category.code,
            standard=category.standard,
            standard_version=category.standard_version,
            standard_code=category.standard_code,
            name_zh=category.name_zh,
            name_en=category.name_en,
            priority=category.priority,
            deadline_minutes=category.deadline_minutes,
            version=category.version,
            counted=category.counted,
            check_needed=category.check_needed,
            reopen_days=category.reopen_days,
            screened=category.screened,
        )


@routes.put("/{code}", response_model=CategoryOut)
@allow(Role.operator)
async def define(body: CategoryIn, call: Requested, code: Code) -> Response:
    """Define a category, or with `If-Match` redefine it; open cases keep their deadline."""
    expected = None if call.if_match is None else call.require_version()
    category = Category(code=code, **body.model_dump())
    return await call.write(
        lambda work: define_category(work, category, expected),
        CategoryOut.of,
        etag=lambda stored: stored.version,
    )


@routes.get("", response_model=Page[CategoryOut])
@members()
async def listing(call: Requested, paging: Paged) -> Page[CategoryOut]:
    """List the categories."""
    after = paging.after(str)

    async def use_case(work: Work) -> list[Category]:
        return await list_categories(
            work.connection, call.community, after[0] if after else None, paging.limit + 1
        )

    return paging.page(await call.read(use_case), CategoryOut.of, lambda category: (category.code,))


@routes.get("/{code}", response_model=CategoryOut)
@members()
async def look_up(call: Requested, code: Code) -> Response:
    """Read one category."""
    category = await call.read(lambda work: category_by_code(work.connection, call.community, code))
    if category is None:
        raise missing("category")
    return answered(CategoryOut.of(category), version=category.version)
