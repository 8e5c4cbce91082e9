"""Disputes of completions: raised by those concerned, decided by staff whom it does not concern."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field
from starlette.responses import Response

from services.volunteer.api.access import STAFF, In, own
from services.volunteer.domain.claim import Claim, ClaimState
from services.volunteer.domain.dispute import Decision, Dispute, DisputedBy, Ruling
from services.volunteer.store import claims, disputes, tasks
from services.volunteer.usecases.decide_dispute import decide_dispute
from services.volunteer.usecases.dispute_task import dispute_task, role_in
from shared.contracts.fields import Code
from shared.database.work import Work
from shared.errors import NotFound
from shared.http.call import Requested, answered
from shared.http.paging import Page, Paged
from shared.http.routing import router
from shared.security.policy import allow, members
from shared.security.roles import Role

routes = router("/disputes", "disputes")
of_task = router("/tasks/{task_id}", "disputes")


class DisputeIn(In):
    """Why, as a code."""

    reason: Code = Field(examples=["not-done"])


class RightMinutes(In):
    """The right minutes of one claim."""

    claim: UUID
    minutes: Annotated[int, Field(ge=0, le=1440)]


class DecideIn(In):
    """What staff decide; minutes are named where they are corrected, and only there."""

    decision: Decision
    minutes: list[RightMinutes] = Field([], max_length=64)

    def ruling(self) -> Ruling:
        """The decision as the domain knows it."""
        return Ruling(self.decision, {each.claim: each.minutes for each in self.minutes})


class DisputeView(BaseModel):
    """A dispute; who raised it is not said, only in what role."""

    id: UUID
    task: UUID
    by: DisputedBy
    reason: str
    disputed_at: datetime
    decision: Decision | None
    decided_at: datetime | None

    @classmethod
    def of(cls, dispute: Dispute) -> Self:
        """Show a dispute."""
        return cls(
            id=dispute.id,
            task=dispute.task,
            by=dispute.by,
            reason=dispute.reason,
            disputed_at=dispute.disputed_at,
            decision=dispute.decision,
            decided_at=dispute.decided_at,
        )


class ReportView(BaseModel):
    """What one volunteer reported of a task, with references to photos."""

    claim: UUID
    volunteer: UUID
    state: ClaimState
    outcome: str | None
    reported_at: datetime | None
    note: str | None
    evidence: list[str]

    @classmethod
    def of(cls, claim: Claim) -> Self:
        """Show a report."""
        return cls(
            claim=claim.id,
            volunteer=claim.volunteer,
            state=claim.state,
            outcome=claim.outcome,
            reported_at=claim.reported_at,
            note=claim.note,
            evidence=list(claim.evidence),
        )


class AccountView(BaseModel):
    """What was reported of a task, and what was disputed of that."""

    reports: list[ReportView]
    disputes: list[DisputeView]


@of_task.post("/dispute", status_code=201, response_model=DisputeView)
@members()
async def dispute(task_id: UUID, body: DisputeIn, call: Requested) -> Response:
    """Dispute how a task ended: who was helped, the family, who did it, staff; publishes `task-disputed`."""
    staff = not STAFF.isdisjoint(call.roles)
    return await call.write(
        lambda work: dispute_task(work, call.community, task_id, call.actor.person, body.reason, staff=staff),
        DisputeView.of,
        status=201,
    )


@of_task.get("/reports", response_model=AccountView)
@members()
async def read_reports(task_id: UUID, call: Requested) -> Response:
    """Read what was reported and disputed: who was helped, the family, who did it, staff."""

    async def use_case(work: Work) -> AccountView:
        task = await tasks.find(work.connection, call.community, task_id)
        staff = own(call) is None
        if task is None or await role_in(work, task, call.actor.person, staff=staff) is None:
            raise NotFound("no such task")
        about = await claims.accountable(work.connection, call.community, task_id)
        disputed = await disputes.of_task(work.connection, call.community, task_id)
        return AccountView(
            reports=[ReportView.of(claim) for claim in about],
            disputes=[DisputeView.of(each) for each in disputed],
        )

    return answered(await call.read(use_case))


@routes.get("", response_model=Page[DisputeView])
@allow(Role.steward, Role.operator)
async def list_disputes(call: Requested, paging: Paged, undecided: bool = True) -> Page[DisputeView]:
    """List disputes, the newest first; those to be decided unless all are asked for."""
    after = paging.after(UUID)
    found = await call.read(
        lambda work: disputes.list_newest(
            work.connection,
            call.community,
            undecided=undecided,
            before=after[0] if after else None,
            most=paging.limit + 1,
        )
    )
    return paging.page(found, DisputeView.of, lambda each: (each.id,))


@routes.post("/{dispute_id}/decide", response_model=DisputeView)
@allow(Role.steward, Role.operator)
async def decide(dispute_id: UUID, body: DecideIn, call: Requested) -> Response:
    """Decide a dispute that does not concern oneself; publishes `dispute-decided`, and `hours-credited`."""
    return await call.write(
        lambda work: decide_dispute(work, call.community, dispute_id, body.ruling()), DisputeView.of
    )
