"""Reading an uploaded photo: the body itself, or the part `photo` of a form."""

import asyncio
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
SECONDS = 60
_FORM_TYPE = "multipart/form-data"
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
        "content": {**dict.fromkeys(TYPES, _BINARY), _FORM_TYPE: _FORM},
    }
}
"""What OpenAPI says of the body of such a route."""


async def uploaded_photo(request: Request) -> bytes:
    """Read the photo; what it is its content tells, not its name or type.

    Raises:
        UnsupportedMedia: neither a picture nor a form by its own account.
        Malformed, Invalid: the form is broken or has no such part, or nothing was sent.
        TimeoutError: it took longer than a minute.
    """
    kind = request.headers.get("content-type", "").split(";", 1)[0].strip().lower()
    if kind not in (*TYPES, _FORM_TYPE, "application/octet-stream"):
        raise UnsupportedMedia(f"send {', '.join(TYPES)}, or {_FORM_TYPE} with the part photo")
    # Whoever sends slower than this keeps others from sending at all.
    async with asyncio.timeout(SECONDS):
        data = await (_part(request) if kind == _FORM_TYPE else request.body())
    if not data:
        message = "a photo is needed"
        raise Invalid(message, errors=[field_problem("body", ["photo"], "missing", message)])
    return data


async def _part(request: Request) -> bytes:
    try:
        async with request.form(max_files=1, max_fields=4) as form:
            part = form.get("photo")
            return await part.read() if isinstance(part, UploadFile) else b""
    except FormParserError as error:
        raise Malformed("the form cannot be read") from error
