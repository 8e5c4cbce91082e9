"""Hours: a statement for each volunteer, and corrections."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field
from starlette.responses import Response

from services.volunteer.api.access import In, own
from services.volunteer.domain.hours import Entry, Grade
from services.volunteer.store import hours, volunteers
from services.volunteer.usecases.correct_hours import counter_entry
from shared.contracts.fields import Code
from shared.database.work import Work
from shared.errors import NotFound
from shared.http.call import Requested
from shared.http.paging import Page, Paged
from shared.http.routing import router
from shared.security.policy import allow, members
from shared.security.roles import Role

routes = router("/hours", "hours")
statements = router("/volunteers/{volunteer_id}/hours", "hours")


class CounterIn(In):
    """Why an entry is taken back."""

    reason: Code = Field(examples=["somebody-else-came"])


class EntryView(BaseModel):
    """One line of the ledger."""

    id: UUID
    minutes: int
    reason: str
    grade: Grade | None = Field(
        description="How good the evidence is: A two sides and the place … D one side"
    )
    task: UUID | None
    corrects: UUID | None
    made_at: datetime
    made_by: str

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """Show a line."""
        return cls(
            id=entry.id,
            minutes=entry.minutes,
            reason=entry.reason,
            grade=entry.grade,
            task=entry.task,
            corrects=entry.corrects,
            made_at=entry.made_at,
            made_by=entry.made_by,
        )


class StatementView(Page[EntryView]):
    """A page of the ledger, with the sum of all of it."""

    total_minutes: int
    total_hours: str = Field(description="As on a certificate: hours to a tenth, rounded down")


@statements.get("", response_model=StatementView)
@members()
async def statement(volunteer_id: UUID, call: Requested, paging: Paged) -> StatementView:
    """Read a volunteer's hours, the newest first: for themselves and for staff."""
    after = paging.after(UUID)

    async def use_case(work: Work) -> StatementView:
        found = await volunteers.find(work.connection, call.community, volunteer_id)
        if found is None or own(call) not in {None, found.person}:
            raise NotFound("no such volunteer")
        before = after[0] if after else None
        lines = await hours.of_volunteer(
            work.connection, call.community, volunteer_id, before, paging.limit + 1
        )
        total = await hours.total(work.connection, call.community, volunteer_id)
        page = paging.page(lines, EntryView.of, lambda entry: (entry.id,))
        tenths = total // 6
        return StatementView(
            items=page.items,
            next=page.next,
            total_minutes=total,
            total_hours=f"{tenths // 10}.{tenths % 10}",
        )

    return await call.read(use_case)


@routes.post("/{entry_id}/counter", status_code=201, response_model=EntryView)
@allow(Role.operator)
async def counter(entry_id: UUID, body: CounterIn, call: Requested) -> Response:
    """Take an entry back by a counter-entry, once; nothing is ever changed. Publishes `hours-credited`."""
    return await call.write(
        lambda work: counter_entry(work, call.community, entry_id, body.reason), EntryView.of, status=201
    )
