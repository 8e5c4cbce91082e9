"""The register from CSV files: all rows of a file or none, and a file can be sent again.

UTF-8, with or without a byte order mark; columns by name, in any order. A 422 lists wrong rows in `rows`.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel

from services.issues.domain.register_rows import GRANT_COLUMNS, HOUSEHOLD_COLUMNS, PLACE_COLUMNS
from services.issues.usecases.load_register import Loaded, load_grants, load_households, load_places
from shared.database.work import Work
from shared.errors import UnsupportedMedia
from shared.http.call import Call
from shared.http.routing import router
from shared.security.policy import allow
from shared.security.roles import Role

routes = router("", "register")
LARGEST_FILE = 16 * 1024 * 1024


class LoadedOut(BaseModel):
    """What a file did."""

    created: int
    changed: int
    unchanged: int


def csv_body(columns: tuple[str, ...], example: str) -> dict[str, Any]:
    """Describe a CSV body in OpenAPI."""
    header = ",".join(columns)
    content = {"text/csv": {"schema": {"type": "string"}, "example": f"{header}\n{example}\n"}}
    return {"requestBody": {"required": True, "content": content}}


@routes.post(
    "/places/import",
    response_model=LoadedOut,
    max_body_size=LARGEST_FILE,
    openapi_extra=csv_body(PLACE_COLUMNS, "unit,HY-1-101,HY-1,,88.25"),
)
@allow(Role.operator)
async def places(request: Request) -> Response:
    """Load places by code: `kind` compound, building or unit; `parent` by code, empty for the community.

    Parents may stand anywhere in the same file. `floor_area_m2` is of units only; a unit's name may be empty.
    """
    return await _load(request, load_places)


@routes.post(
    "/households/import",
    response_model=LoadedOut,
    max_body_size=LARGEST_FILE,
    openapi_extra=csv_body(HOUSEHOLD_COLUMNS, "H-0001,HY-1-101,person-1;person-2"),
)
@allow(Role.operator)
async def households(request: Request) -> Response:
    """Load households by code: `unit` by its code, `persons` by id, separated by semicolons."""
    return await _load(request, load_households)


@routes.post(
    "/roles/import",
    response_model=LoadedOut,
    max_body_size=LARGEST_FILE,
    openapi_extra=csv_body(GRANT_COLUMNS, "person-7,guard,HY"),
)
@allow(Role.operator)
async def grants(request: Request) -> Response:
    """Load granted roles: `place` by code, empty for the community. Rows that are missing revoke nothing."""
    return await _load(request, load_grants)


def check_csv(call: Call) -> None:
    """Turn away what does not call itself CSV.

    Raises:
        UnsupportedMedia: another media type, or none.
    """
    kind = call.headers.get(b"content-type", b"").split(b";", 1)[0].strip().lower()
    if kind != b"text/csv":
        raise UnsupportedMedia("the body must be text/csv")


async def _load(request: Request, use_case: Callable[[Work, bytes], Awaitable[Loaded]]) -> Response:
    call: Call = request.state.call
    check_csv(call)
    if call.headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise UnsupportedMedia("the body must not be compressed here")
    data = await request.body()
    return await call.write(
        lambda work: use_case(work, data),
        lambda loaded: LoadedOut(created=loaded.created, changed=loaded.changed, unchanged=loaded.unchanged),
    )
