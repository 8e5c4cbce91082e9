"""Vehicles from CSV files: all rows of a file or none, and a file can be sent again.

UTF-8, with or without a byte order mark; columns by name, in any order. A 422 lists wrong rows in `rows`.
"""

import codecs

from fastapi import Request, Response
from pydantic import BaseModel

from services.parking.domain.vehicle_rows import BadFileError, VehicleFile
from services.parking.usecases.load_vehicles import load_vehicles
from shared.errors import UnsupportedMedia
from shared.http.call import Call
from shared.http.routing import router
from shared.security.policy import allow
from shared.security.roles import Role

routes = router("/vehicles", "vehicles")

LARGEST_FILE = 4 * 1024 * 1024
_CSV = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {
                "schema": {"type": "string"},
                "example": "household,plate,valid_from\n019f1c3e-6c1d-7a10-8000-0000000000a1,浙L·D12345,\n",
            }
        },
    }
}


class LoadedOut(BaseModel):
    """What a file did."""

    created: int
    unchanged: int


@routes.post("/import", response_model=LoadedOut, max_body_size=LARGEST_FILE, openapi_extra=_CSV)
@allow(Role.property, Role.operator)
async def load(request: Request) -> Response:
    """Load vehicles of households by the register's ids; a household's are numbered in the file's order.

    `valid_from` may be empty or missing: from now on. A plate that its household has already is left alone.
    """
    call: Call = request.state.call
    kind = call.headers.get(b"content-type", b"").split(b";", 1)[0].strip().lower()
    if kind != b"text/csv" or call.headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise UnsupportedMedia("the body must be text/csv, not compressed")
    file = await _read(request)
    return await call.write(
        lambda work: load_vehicles(work, call.community, file),
        lambda loaded: LoadedOut(created=loaded.created, unchanged=loaded.unchanged),
    )


async def _read(request: Request) -> VehicleFile:
    """Take the file as it comes in; raises BadFileError."""
    decoder, file = codecs.getincrementaldecoder("utf-8-sig")(), VehicleFile()
    try:
        async for block in request.stream():
            file.feed(decoder.decode(block))
        file.feed(decoder.decode(b"", final=True))
    except UnicodeDecodeError as error:
        raise BadFileError("not UTF-8") from error
    file.finish()
    return file
