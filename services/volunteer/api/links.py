"""Relatives' links: made for a task by the family or staff, opened by whoever has the secret.

The secret travels in a header, which nobody logs; a page would hold it behind the `#` of its address.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel, Field

from services.volunteer.api.access import own
from services.volunteer.domain.link import LinkAnswer
from services.volunteer.domain.task import Outcome, TaskState
from services.volunteer.usecases.relatives_link import (
    NOBODY,
    Opened,
    answer_link,
    community_of_link,
    make_link,
    see_link,
)
from shared.database.work import Works
from shared.http.call import Requested
from shared.http.routing import router
from shared.security.policy import members, public

routes = router("/links", "links")
made = router("/tasks/{task_id}/links", "links")
_NOT_KEPT = {"Cache-Control": "no-store"}
Secret = Annotated[str, Header(alias="Linli-Link", min_length=1, max_length=64)]


class MadeLinkView(BaseModel):
    """A new link; the secret is told now and never again."""

    secret: str
    expires_at: datetime


class LinkView(BaseModel):
    """What a relative may know of the task: what kind, when, and how it stands."""

    kind: str
    state: TaskState
    outcome: Outcome | None
    starts_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    reported: bool = Field(description="Whether a volunteer has said how it went")
    disputed: bool
    answer: LinkAnswer | None = Field(description="What was answered by this link")
    expires_at: datetime

    @classmethod
    def of(cls, found: Opened) -> Self:
        """Show a task by its link."""
        task, link = found.task, found.link
        return cls(
            kind=task.kind,
            state=task.state,
            outcome=task.outcome,
            starts_at=task.starts_at,
            ends_at=task.ends_at,
            ended_at=task.ended_at,
            reported=found.reported,
            disputed=found.disputed,
            answer=link.answer,
            expires_at=link.expires_at,
        )


@dataclass(frozen=True, slots=True)
class Linked:
    """A link that may open something, and in which community."""

    works: Works
    community: UUID
    secret: str
    traceparent: str | None

    async def see(self) -> Opened:
        """Look at its task."""
        async with self.works.for_request(NOBODY, self.community, self.traceparent) as work:
            return await see_link(work, self.community, self.secret)

    async def answer(self, answer: LinkAnswer) -> Opened:
        """Give its one answer."""
        async with self.works.for_request(NOBODY, self.community, self.traceparent) as work:
            return await answer_link(work, self.community, self.secret, answer)


async def linked(request: Request, secret: Secret) -> Linked:
    """Resolve a link to its community; raises WrongLinkError."""
    works: Works = request.app.state.works
    community = await community_of_link(works, secret)
    return Linked(works, community, secret, request.scope.get("linli.traceparent"))


ByLink = Annotated[Linked, Depends(linked)]


@made.post("", status_code=201, response_model=MadeLinkView)
@members()
async def make(task_id: UUID, call: Requested) -> Response:
    """Make a link for a relative without an account: who asked, the family, or staff.

    An `Idempotency-Key` is not used here, since answers are kept under it and secrets are not: who repeats
    the request has another link.
    """
    link, secret = await call.read(lambda work: make_link(work, call.community, task_id, only_of=own(call)))
    view = MadeLinkView(secret=secret, expires_at=link.expires_at)
    return Response(view.model_dump_json(), 201, _NOT_KEPT, "application/json")


@routes.get("", response_model=LinkView)
@public()
async def see(link: ByLink, response: Response) -> LinkView:
    """See how the task stands that the link is for; looking uses nothing up."""
    response.headers.update(_NOT_KEPT)
    return LinkView.of(await link.see())


@routes.post("/confirm", response_model=LinkView)
@public()
async def confirm(link: ByLink, response: Response) -> LinkView:
    """Say that it was done, once; publishes `task-completed`."""
    response.headers.update(_NOT_KEPT)
    return LinkView.of(await link.answer(LinkAnswer.confirmed))


@routes.post("/dispute", response_model=LinkView)
@public()
async def dispute(link: ByLink, response: Response) -> LinkView:
    """Say that it was not done as reported, once; publishes `task-disputed`."""
    response.headers.update(_NOT_KEPT)
    return LinkView.of(await link.answer(LinkAnswer.disputed))
