"""Offers: what one is asked, and one's answer; and for staff, who was asked."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from services.volunteer.api.access import In, Moment
from services.volunteer.api.claims import ClaimView
from services.volunteer.api.tasks import TaskView
from services.volunteer.domain.disclosure import BANDED, stage_of_offer
from services.volunteer.domain.offer import Offer, OfferState, band
from services.volunteer.domain.task import Task
from services.volunteer.store import offers, tasks
from services.volunteer.usecases.answer_offer import accept_offer, decline_offer
from shared.database.work import Work
from shared.errors import NotFound
from shared.http.call import Requested
from shared.http.paging import Page, Paged
from shared.http.routing import router
from shared.security.policy import allow, members
from shared.security.roles import Role

routes = router("/offers", "offers")
asked = router("/tasks/{task_id}/offers", "offers")


class AcceptIn(In):
    """When one would come; none is as soon as can be."""

    at: Moment | None = None


class OfferView(BaseModel):
    """What one is asked, with as much of the task as everybody may know, and how far it is."""

    id: UUID
    state: OfferState
    offered_at: datetime
    expires_at: datetime
    within_metres: int | None = Field(description="The way is no longer than this; none when it is not known")
    task: TaskView

    @classmethod
    def of(cls, offer: Offer, task: Task, now: datetime) -> Self:
        """Show an offer as its stage allows."""
        over = offer.state is OfferState.offered and not offer.open_at(now)
        return cls(
            id=offer.id,
            state=OfferState.expired if over else offer.state,
            offered_at=offer.offered_at,
            expires_at=offer.expires_at,
            within_metres=band(offer.metres) if stage_of_offer(task, offer, now) in BANDED else None,
            task=TaskView.of(task),
        )


class AskedView(BaseModel):
    """Who was asked, when, and what came of it."""

    id: UUID
    volunteer: UUID
    person: str
    state: OfferState
    offered_at: datetime
    expires_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, offer: Offer) -> Self:
        """Show an offer to staff."""
        return cls(
            id=offer.id,
            volunteer=offer.volunteer,
            person=offer.person,
            state=offer.state,
            offered_at=offer.offered_at,
            expires_at=offer.expires_at,
            ended_at=offer.ended_at,
        )


@routes.get("/mine", response_model=Page[OfferView])
@members()
async def list_mine(call: Requested, paging: Paged) -> Page[OfferView]:
    """List what one was asked, the newest first."""
    after = paging.after(datetime, UUID)

    async def use_case(work: Work) -> list[OfferView]:
        before = (after[0], after[1]) if after else None
        found = await offers.of_person(
            work.connection, call.community, call.actor.person, before, paging.limit + 1
        )
        return await _shown(work, call.community, found)

    found = await call.read(use_case)
    return paging.page(found, lambda view: view, lambda view: (view.offered_at, view.id))


@routes.post("/{offer_id}/accept", response_model=ClaimView)
@members()
async def accept(offer_id: UUID, body: AcceptIn, call: Requested) -> Response:
    """Take a place; exactly one wins each, and who has it may ask again. Publishes `task-claimed`."""
    return await call.write(
        lambda work: accept_offer(work, call.community, offer_id, call.actor.person, body.at), ClaimView.of
    )


@routes.post("/{offer_id}/decline", response_model=OfferView)
@members()
async def decline(offer_id: UUID, call: Requested, request: Request) -> Response:
    """Leave it to others: the next one is asked at once."""

    async def use_case(work: Work) -> OfferView:
        offer = await decline_offer(work, call.community, offer_id, call.actor.person)
        work.after_commit(request.app.state.ask)
        return (await _shown(work, call.community, [offer]))[0]

    return await call.write(use_case, lambda view: view)


@asked.get("", response_model=Page[AskedView])
@allow(Role.steward, Role.operator)
async def list_asked(task_id: UUID, call: Requested, paging: Paged) -> Page[AskedView]:
    """List who was asked for a task, the newest first."""
    after = paging.after(UUID)

    async def use_case(work: Work) -> Sequence[Offer]:
        if await tasks.find(work.connection, call.community, task_id) is None:
            raise NotFound("no such task")
        before = after[0] if after else None
        return await offers.of_task(work.connection, call.community, task_id, before, paging.limit + 1)

    return paging.page(await call.read(use_case), AskedView.of, lambda offer: (offer.id,))


async def _shown(work: Work, community: UUID, found: Sequence[Offer]) -> list[OfferView]:
    about = {
        task.id: task
        for task in await tasks.find_all(work.connection, community, {offer.task for offer in found})
    }
    return [OfferView.of(offer, about[offer.task], work.now) for offer in found]
