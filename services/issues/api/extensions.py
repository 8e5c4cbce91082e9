"""More time for cases: asked for by whoever has one, decided by who dispatches."""

from datetime import datetime
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, Field

from services.issues.api.cases import seer_of
from services.issues.api.fields import In, Words
from services.issues.domain.categories import LONGEST_DEADLINE
from services.issues.domain.extension import Decision, Extension
from services.issues.store.extensions import list_extensions
from services.issues.usecases.extend_deadline import ask_for_time, decide_on_time
from shared.database.work import Work
from shared.http.call import Call, Requested
from shared.http.paging import Page, Paged
from shared.http.routing import router
from shared.security.policy import allow, members
from shared.security.roles import Role

routes = router("", "cases")


class AskIn(In):
    """How much more time somebody needs, and why; its reporter does not read the words."""

    minutes: int = Field(
        ge=1, le=LONGEST_DEADLINE, description="Counted from the deadline on, as the category counts"
    )
    reason: Words = Field(examples=["The spare part comes on Thursday"])


class DecideIn(In):
    """What there is to say of the decision."""

    note: Words | None = None


class ExtensionOut(BaseModel):
    """What was asked for; `due_at` is the deadline if it is approved."""

    id: UUID
    case: UUID
    state: Decision
    asked_by: str
    asked_at: datetime
    reason: str
    was_due_at: datetime
    due_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    note: str | None

    @classmethod
    def of(cls, extension: Extension) -> "ExtensionOut":
        """Show what was asked for."""
        return cls.model_validate(extension, from_attributes=True)


@routes.get("/extensions", response_model=Page[ExtensionOut])
@allow(Role.operator, Role.dispatcher)
async def listing(call: Requested, paging: Paged) -> Page[ExtensionOut]:
    """List what is asked for and not decided yet, the longest waiting first."""
    after = paging.after(datetime, UUID)

    async def use_case(work: Work) -> list[Extension]:
        return await list_extensions(
            work.connection, call.community, (after[0], after[1]) if after else None, paging.limit + 1
        )

    return paging.page(
        await call.read(use_case), ExtensionOut.of, lambda extension: (extension.asked_at, extension.id)
    )


@routes.post("/cases/{case_id}/extension", response_model=ExtensionOut)
@members()
async def ask(case_id: UUID, body: AskIn, call: Requested) -> Response:
    """Ask for more time before the deadline: the case's assignee, or an operator."""
    seen, by = _seen(call), seer_of(call)
    return await call.write(
        lambda work: ask_for_time(work, case_id, by, body.minutes, body.reason, seen), ExtensionOut.of
    )


@routes.post("/cases/{case_id}/extension/approve", response_model=ExtensionOut)
@allow(Role.operator, Role.dispatcher)
async def approve(case_id: UUID, body: DecideIn, call: Requested) -> Response:
    """Give the time that is asked for, before the deadline; whoever asked cannot."""
    seen, by = _seen(call), seer_of(call)
    return await call.write(
        lambda work: decide_on_time(work, case_id, by, body.note, seen, approved=True), ExtensionOut.of
    )


@routes.post("/cases/{case_id}/extension/refuse", response_model=ExtensionOut)
@allow(Role.operator, Role.dispatcher)
async def refuse(case_id: UUID, body: DecideIn, call: Requested) -> Response:
    """Leave the deadline as it is; whoever asked cannot."""
    seen, by = _seen(call), seer_of(call)
    return await call.write(
        lambda work: decide_on_time(work, case_id, by, body.note, seen, approved=False), ExtensionOut.of
    )


def _seen(call: Call) -> int | None:
    return None if call.if_match is None else call.require_version()
