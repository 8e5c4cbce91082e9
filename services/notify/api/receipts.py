"""Receipts: what providers say of messages afterwards, signed by them."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import JSONResponse, Response

from services.notify.domain.intents import message_of
from services.notify.store.receipts import Said
from services.notify.usecases.record_receipts import record_receipts
from shared.database.work import Works
from shared.http.body import declared_body, read_body
from shared.http.routing import router
from shared.security.policy import signed
from shared.security.signatures import verify

routes = router("/receipts", "receipts")

Word = Annotated[str, StringConstraints(max_length=128, pattern=r"^[ -~]*$")]
Moment = Annotated[
    AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC))
]


class ReceiptBody(BaseModel):
    """What became of one message; the same may be said again, in any order."""

    model_config = ConfigDict(hide_input_in_errors=True)

    token: Word
    provider_id: Word
    status: Literal["delivered", "failed"]
    code: Word | None = None
    at: Moment


class Receipts(BaseModel):
    """Up to a thousand receipts."""

    model_config = ConfigDict(
        hide_input_in_errors=True,
        json_schema_extra={
            "example": {
                "receipts": [
                    {
                        "token": "dgxkxzuo2na7tmjlwqm6ymhqsm",
                        "provider_id": "p-1",
                        "status": "delivered",
                        "code": None,
                        "at": "2026-03-02T00:15:33Z",
                    }
                ]
            }
        },
    )

    receipts: list[ReceiptBody] = Field(min_length=1, max_length=1000)


class Taken(BaseModel):
    """How many receipts speak of messages of ours; the others are ignored."""

    taken: int


@routes.post("/sms", response_model=Taken, openapi_extra=declared_body(Receipts))
@signed()
async def of_sms(request: Request) -> Response:
    """Take in the SMS provider's receipts."""
    return await _taken(request)


@routes.post("/push", response_model=Taken, openapi_extra=declared_body(Receipts))
@signed()
async def of_push(request: Request) -> Response:
    """Take in the push provider's receipts."""
    return await _taken(request)


async def _taken(request: Request) -> Response:
    body = await request.body()
    provider = verify(request.headers, body, secrets=request.app.state.receipt_secrets)
    given = await read_body(request, Receipts)
    works: Works = request.app.state.works
    async with works.for_system(f"/linli/notify/receipts/{provider}") as work:
        taken = await record_receipts(work, list(_said(given)))
    return JSONResponse({"taken": taken})


def _said(given: Receipts) -> list[Said]:
    """Read the receipts whose token is of our making; a stranger's may not stop the others."""
    found = ((message_of(each.token), each) for each in given.receipts)
    return [
        Said(message, each.provider_id, each.status, each.code, each.at)
        for message, each in found
        if message is not None
    ]
