"""What a list of cases can be asked for, read from the query at once: singly it took longer than the list."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.issues.api.fields import Moment
from services.issues.domain.case import State
from services.issues.domain.categories import LONGEST_DEADLINE
from services.issues.store.case_list import Box, Filters
from shared.errors import Invalid
from shared.http.paging import MOST
from shared.http.problem import field_problem

_COMPONENTS = "#/components/schemas/{model}"


class CaseQuery(BaseModel):
    """The query of `GET /cases`."""

    model_config = ConfigDict(hide_input_in_errors=True)

    state: State | None = None
    category: str | None = Field(None, max_length=64)
    place: UUID | None = Field(None, description="Only in this place's subtree")
    role: str | None = Field(None, max_length=64, description="Assigned to this role")
    person: str | None = Field(None, max_length=128, description="Assigned to this person")
    since: Moment | None = Field(None, description="Reported then or later")
    until: Moment | None = Field(None, description="Reported before then")
    bbox: str | None = Field(None, description="west,south,east,north in WGS84 degrees")
    mine: bool = Field(False, description="What one has in person, or by a role held there")
    open: bool = Field(False, description="What somebody has to do yet")
    late: bool = Field(False, description="Open, and past the deadline")
    due_within_minutes: int | None = Field(
        None, ge=1, le=LONGEST_DEADLINE, description="Open, and due within that time"
    )
    number: str | None = Field(
        None,
        pattern=r"^[0-9a-fA-F]{6}$",
        description="By which messages name a case; among what is not closed, or in `state`",
    )
    limit: int = Field(50, ge=1, le=MOST, description="The most items to answer with")
    cursor: str | None = Field(None, max_length=512, description="`next` of the page before")

    def filters(self) -> Filters:
        """Say which cases to list.

        Raises:
            Invalid: the box is none.
        """
        minutes = self.due_within_minutes
        return Filters(
            self.state,
            self.category,
            self.place,
            self.role,
            self.person,
            self.since,
            self.until,
            box_of(self.bbox),
            self.mine,
            self.open,
            self.late,
            None if minutes is None else timedelta(minutes=minutes),
            None if self.number is None else self.number.lower(),
        )


def read_query(request: Request) -> CaseQuery:
    """Read what is asked for.

    Raises:
        RequestValidationError: a parameter is not valid.
    """
    try:
        return CaseQuery.model_validate(dict(request.query_params))
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        raise RequestValidationError([{**each, "loc": ("query", *each["loc"])} for each in found]) from error


def declared_query() -> dict[str, Any]:
    """Make the `openapi_extra` of the route."""
    properties = CaseQuery.model_json_schema(ref_template=_COMPONENTS)["properties"]
    return {
        "parameters": [
            {"name": name, "in": "query", "required": False, "schema": schema}
            | ({"description": schema["description"]} if "description" in schema else {})
            for name, schema in properties.items()
        ]
    }


def box_of(text: str | None) -> Box | None:
    """Read a box from a query.

    Raises:
        Invalid: it is none.
    """
    if text is None:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        west, south, east, north = 1.0, 1.0, 0.0, 0.0
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        message = "four numbers, west,south,east,north, in WGS84 degrees"
        raise Invalid(
            "one or more fields are not valid", errors=[field_problem("query", ["bbox"], "bbox", message)]
        )
    return west, south, east, north
