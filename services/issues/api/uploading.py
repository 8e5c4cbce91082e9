"""Reading an uploaded photo: the body itself, or the part `photo` of a form."""

from typing import Any

from fastapi import Request
from python_multipart.exceptions import FormParserError
from starlette.datastructures import UploadFile

from services.issues.domain.photos import LARGEST_UPLOAD
from shared.errors import Invalid, Malformed, UnsupportedMedia
from shared.http.problem import field_problem

TYPES = ("image/jpeg", "image/png", "image/webp")
UPLOAD_LIMIT = LARGEST_UPLOAD + 64 * 1024
"""Bytes of a request: the photo and what a form says around it."""
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_FORM = {
    "schema": {
        "type": "object",
        "required": ["photo"],
        "properties": {"photo": {"type": "string", "format": "binary"}},
    }
}
UPLOAD: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {**dict.fromkeys(TYPES, _BINARY), "multipart/form-data": _FORM},
    }
}
"""What OpenAPI says of the body of such a route."""


async def uploaded_photo(request: Request) -> bytes:
    """Read the photo; what it is its content tells, not its name or type.

    Raises:
        UnsupportedMedia: neither a picture nor a form by its own account.
        Malformed, Invalid: the form is broken or has no such part, or nothing was sent.
    """
    kind = request.headers.get("content-type", "").split(";", 1)[0].strip().lower()
    if kind == "multipart/form-data":
        return await _part(request)
    if kind not in (*TYPES, "application/octet-stream"):
        raise UnsupportedMedia(f"send {', '.join(TYPES)}, or multipart/form-data with the part photo")
    data = await request.body()
    if not data:
        raise _missing()
    return data


async def _part(request: Request) -> bytes:
    try:
        async with request.form(max_files=1, max_fields=4) as form:
            part = form.get("photo")
            data = await part.read() if isinstance(part, UploadFile) else b""
    except FormParserError as error:
        raise Malformed("the form cannot be read") from error
    if not data:
        raise _missing()
    return data


def _missing() -> Invalid:
    message = "a photo is needed"
    return Invalid(message, errors=[field_problem("body", ["photo"], "missing", message)])
