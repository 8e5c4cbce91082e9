"""Reads and heartbeats of gates and cameras: signed, answered after the commit, never with a command."""

from datetime import datetime
from typing import Annotated

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from services.parking.api.fields import In, Moment, SeenPlate
from services.parking.domain.plate import UnreadablePlateError, seen_plate
from services.parking.store.devices import Signer
from services.parking.usecases.known_devices import KnownDevices
from services.parking.usecases.record_reads import PATROL, Delivery, Sighting, Taken
from shared.contracts.fields import Code, EvidenceRef
from shared.errors import Invalid
from shared.http.body import declared_body, read_body
from shared.http.problem import field_problem
from shared.http.routing import router
from shared.security.policy import signed
from shared.security.signatures import KEY_ID, verify

routes = router("/reads", "reads")

LARGEST_BODY = 1024 * 1024
"""A thousand reads of a patrol whose every field is as long as it may be."""

EvidenceOfCamera = Annotated[tuple[EvidenceRef, ...], Field(max_length=4)]

ReadId = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[!-~]+$")]


class ReadIn(In):
    """One car as a camera saw it; the same id is the same read, however often it comes."""

    id: ReadId = Field(description="Unique within the device.")
    captured_at: Moment = Field(description="When it was seen, by the device's clock; believed however old.")
    plate: SeenPlate = Field(
        description="As the camera read it; nothing, or `_无_`, of a car without one, which begins no stay."
    )
    confidence: float | None = Field(None, ge=0, le=1, allow_inf_nan=False)
    kind: Code | None = Field(
        None, description="Of a patrol: what is wrong, such as `fire-lane`; the car must move, or has."
    )
    gone: bool = Field(False, description="Of a patrol: the second look found the car gone.")
    zone: Code | None = Field(None, description="Of a patrol: in which zone of its compound it stood.")
    evidence: EvidenceOfCamera = Field(
        (), description="References to pictures, kept elsewhere; at least one where something is wrong."
    )


class ReadsIn(In):
    """What a device delivers at once; no reads at all is a heartbeat."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "sent_at": "2026-03-02T08:16:02+08:00",
                "delivered_up_to": "2026-03-02T08:16:00+08:00",
                "reads": [{"id": "17", "captured_at": "2026-03-02T08:15:30+08:00", "plate": "浙B·A1668"}],
            }
        },
    )

    sent_at: Moment = Field(description="The device's clock while it sends: by this its skew is estimated.")
    delivered_up_to: Moment | None = Field(
        None,
        description="Every read up to this time, this one included, has been delivered with this request.",
    )
    reads: list[ReadIn] = Field([], max_length=1000)


class TakenOut(BaseModel):
    """What became of a delivery."""

    stored: int = Field(description="Reads that were new.")
    repeated: int = Field(description="Reads that were known already and changed nothing.")


@routes.post("", response_model=TakenOut, max_body_size=LARGEST_BODY, openapi_extra=declared_body(ReadsIn))
@signed()
async def deliver(request: Request) -> Response:
    """Deliver up to a thousand reads, or a heartbeat; the answer comes when they are stored for good."""
    state = request.app.state
    body = await request.body()
    signer = await _signer(request, state.devices, body)
    given = await read_body(request, ReadsIn)
    traceparent: str | None = request.scope.get("linli.traceparent")
    delivery = _delivery(given, signer, state.clock.now(), traceparent)
    taken: Taken = await state.deliveries.of(signer.compound).submit(delivery)
    answer = TakenOut(stored=taken.stored, repeated=taken.repeated)
    return Response(answer.model_dump_json(), media_type="application/json")


async def _signer(request: Request, devices: KnownDevices, body: bytes) -> Signer:
    key = request.headers.get(KEY_ID, "")
    signer = await devices.signer(key)
    verify(request.headers, body, secrets={} if signer is None else {key: signer.secret})
    if signer is None:
        raise AssertionError("an unknown key signs nothing")
    return signer


def _delivery(given: ReadsIn, signer: Signer, now: datetime, traceparent: str | None) -> Delivery:
    """Read the plates.

    Raises:
        Invalid: what can be no plate, one id for two reads, or a look that is none.
    """
    problems = []
    sightings: dict[str, Sighting] = {}
    for number, read in enumerate(given.reads):
        try:
            seen = _seen(read)
        except UnreadablePlateError as error:
            problems.append(field_problem("body", ("reads", number, "plate"), "unreadable-plate", str(error)))
            continue
        if (wrong := _wrong_look(read, signer)) is not None:
            problems.append(field_problem("body", ("reads", number, wrong[0]), *wrong[1:]))
        if sightings.setdefault(read.id, seen) != seen:
            problems.append(
                field_problem("body", ("reads", number, "id"), "ambiguous-id", "one id, two different reads")
            )
    if problems:
        raise Invalid("nothing was stored: some reads are not valid", errors=problems)
    return Delivery(signer, given.sent_at, now, given.delivered_up_to, list(sightings.values()), traceparent)


def _seen(read: ReadIn) -> Sighting:
    return Sighting(
        read.id,
        seen_plate(read.plate),
        read.captured_at,
        read.confidence,
        read.kind,
        read.gone,
        read.evidence,
        read.zone,
    )


def _wrong_look(read: ReadIn, signer: Signer) -> tuple[str, str, str] | None:
    """Why what a read says beyond its plate cannot be taken: the field, a code, and words."""
    if read.kind is None:
        said = read.gone or read.evidence or read.zone
        return ("kind", "missing", "say what is wrong, or was") if said else None
    if signer.role != PATROL:
        return "kind", "not-a-patrol", "a gate sees no violation"
    if not read.gone and not read.evidence:
        return "evidence", "no-evidence", "say by which picture it can be checked that a car stands there"
    return None
