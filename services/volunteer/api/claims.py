"""A volunteer's way through a task: claimed, seen, checked in, reported, confirmed; or given back."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from services.volunteer.api.access import STAFF, In, Moment, Text
from services.volunteer.api.beneficiaries import PointIn
from services.volunteer.domain.claim import Claim
from services.volunteer.domain.disclosure import SHOWN, Stage
from services.volunteer.domain.position import read_point
from services.volunteer.domain.task import Outcome, TaskState
from services.volunteer.store import claims
from services.volunteer.usecases.claim_task import Wish, claim_task
from services.volunteer.usecases.disclose import Disclosed, disclose
from services.volunteer.usecases.end_task import (
    Confirmed,
    check_in,
    confirm_by_code,
    confirm_by_staff,
    report_end,
)
from services.volunteer.usecases.release_claim import release_claim
from shared.contracts.fields import EvidenceRef
from shared.database.work import Work
from shared.errors import Forbidden
from shared.http.call import Requested, answered
from shared.http.paging import Page, Paged
from shared.http.routing import router
from shared.identifiers import new_id
from shared.security.policy import members

routes = router("/tasks/{task_id}", "claims")
mine = router("/claims", "claims")


class ShownState(StrEnum):
    """Where somebody stands with a task."""

    waiting = "waiting"
    claimed = "claimed"
    checked_in = "checked-in"
    reported = "reported"
    confirmed = "confirmed"
    released = "released"
    missed = "missed"
    refuted = "refuted"


class ClaimIn(In):
    """Which of one's entries takes it, when one would come, and whether one would wait for a place."""

    volunteer: UUID
    at: Moment | None = Field(None, description="The promised time; none is as soon as can be")
    wait: bool = False


class CheckInIn(In):
    """Where one is, if one wants that to count."""

    position: PointIn | None = None


class ReportIn(In):
    """How it went."""

    outcome: Literal["done", "not-needed", "not-possible"]
    note: Text | None = None
    evidence: list[EvidenceRef] = Field(
        [],
        max_length=8,
        description="References to photos, kept elsewhere. That a car has moved counts only with one.",
    )


class ConfirmIn(In):
    """The code that the one who was helped has said; staff need none."""

    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}$")] | None = Field(None, examples=["0417"])


class ClaimView(BaseModel):
    """One's hold on a place, or on the waiting list."""

    task: UUID
    state: ShownState
    id: UUID | None = None
    number: int | None = None
    starts_at: datetime | None = Field(None, description="The promised time")
    ends_at: datetime | None = None

    @classmethod
    def of(cls, claim: Claim) -> Self:
        """Show a claim."""
        return cls(
            task=claim.task,
            state=ShownState(claim.state.value),
            id=claim.id,
            number=claim.number,
            starts_at=claim.starts_at,
            ends_at=claim.ends_at,
        )


class DisclosedView(BaseModel):
    """What this stage shows of the one to be helped; what it does not show is null."""

    stage: Stage
    surname: str | None = None
    honorific: str | None = None
    building: str | None = None
    door: str | None = None
    care_note: str | None = None
    entry_hint: str | None = None

    @classmethod
    def of(cls, found: Disclosed) -> Self:
        """Show the fields of the stage and no others."""
        shown = {name: getattr(found.someone, name) for name in SHOWN[found.stage]}
        return cls(stage=found.stage, **shown)


class ConfirmedView(BaseModel):
    """Whether it was confirmed; after too many wrong codes only staff can."""

    state: TaskState
    outcome: Outcome | None
    confirmed: bool
    tries_left: int | None

    @classmethod
    def of(cls, found: Confirmed) -> Self:
        """Show what came of it."""
        return cls(
            state=found.task.state,
            outcome=found.task.outcome,
            confirmed=found.confirmed,
            tries_left=found.tries_left,
        )


@routes.post("/claim", response_model=ClaimView)
@members()
async def claim(task_id: UUID, body: ClaimIn, call: Requested, request: Request) -> Response:
    """Take a place; exactly one wins each, and the winner may ask again. Publishes `task-claimed`."""
    if not body.wait:
        # The losers of a storm are answered together, without a transaction of their own.
        await request.app.state.places.submit((call.community, task_id, call.actor.person, call.key))
    wish = Wish(
        *(new_id(), call.community, task_id, body.volunteer, call.actor.person), at=body.at, wait=body.wait
    )

    def answer(taken: Claim | None) -> ClaimView:
        return ClaimView.of(taken) if taken else ClaimView(task=task_id, state=ShownState.waiting)

    return await call.write(lambda work: claim_task(work, wish), answer)


@routes.post("/release", response_model=ClaimView)
@members()
async def release(task_id: UUID, call: Requested, request: Request) -> Response:
    """Give one's place back, or leave the waiting list; who waits moves up at once."""

    def answer(given: Claim | None) -> ClaimView:
        return ClaimView.of(given) if given else ClaimView(task=task_id, state=ShownState.released)

    async def use_case(work: Work) -> Claim | None:
        work.after_commit(request.app.state.ask)
        return await release_claim(work, call.community, task_id, call.actor.person)

    return await call.write(use_case, answer)


@routes.get("/beneficiary", response_model=DisclosedView)
@members()
async def see_beneficiary(task_id: UUID, call: Requested) -> Response:
    """See whom one helps, and where: for claimants, until it is done; every look is recorded."""
    found = await call.read(lambda work: disclose(work, call.community, task_id, call.actor.person))
    return answered(DisclosedView.of(found))


@routes.post("/check-in", response_model=ClaimView)
@members()
async def arrive(task_id: UUID, body: CheckInIn, call: Requested) -> Response:
    """Say that one is there."""
    at = body.position
    where = read_point(at.latitude, at.longitude, at.datum) if at else None
    return await call.write(
        lambda work: check_in(work, call.community, task_id, call.actor.person, where), ClaimView.of
    )


@routes.post("/report", response_model=ClaimView)
@members()
async def report(task_id: UUID, body: ReportIn, call: Requested) -> Response:
    """Say how it went; somebody else confirms it, where the kind of task asks for that."""
    outcome = Outcome(body.outcome)
    return await call.write(
        lambda work: report_end(
            work,
            call.community,
            task_id,
            call.actor.person,
            outcome=outcome,
            note=body.note,
            evidence=tuple(body.evidence),
        ),
        ClaimView.of,
    )


@routes.post("/confirm", response_model=ConfirmedView)
@members()
async def confirm(task_id: UUID, body: ConfirmIn, call: Requested) -> Response:
    """Confirm that it was done, by the code, or as staff without; publishes `task-completed`."""
    code = body.code
    if code is not None:
        return await call.write(
            lambda work: confirm_by_code(work, call.community, task_id, call.actor.person, code),
            ConfirmedView.of,
        )
    if STAFF.isdisjoint(call.roles):
        raise Forbidden("without the code only stewards and operators confirm")
    return await call.write(lambda work: confirm_by_staff(work, call.community, task_id), ConfirmedView.of)


@mine.get("", response_model=Page[ClaimView])
@members()
async def list_mine(call: Requested, paging: Paged) -> Page[ClaimView]:
    """List all one has claimed, the newest first."""
    after = paging.after(UUID)
    found = await call.read(
        lambda work: claims.of_person(
            work.connection,
            call.community,
            call.actor.person,
            after[0] if after else None,
            paging.limit + 1,
        )
    )
    return paging.page(found, ClaimView.of, lambda claim: (claim.id,))
