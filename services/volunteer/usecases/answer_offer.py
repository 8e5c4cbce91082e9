"""Somebody who was asked answers: by taking a place as everybody does, or by leaving it to others."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.volunteer.domain.claim import Claim
from services.volunteer.domain.offer import Offer, OfferState
from services.volunteer.store import offers, tasks
from services.volunteer.usecases.claim_task import Wish, claim_task
from shared.database.work import Work
from shared.errors import NotFound
from shared.identifiers import new_id


async def accept_offer(
    work: Work, community: UUID, offer_id: UUID, person: str, at: datetime | None
) -> Claim:
    """Claims a place; whoever accepts again gets the same claim.

    Raises NotFound, OfferOverError, and whatever a claim may raise.
    """
    offer = await _theirs(work, community, offer_id, person)
    if offer.state is not OfferState.accepted:
        offer.must_be_open(work.now)
    wish = Wish(new_id(), community, offer.task, offer.volunteer, person, at, offer=offer.id)
    claim = await claim_task(work, wish)
    if claim is None:
        raise NotFound("no such offer")  # never: only who says so waits
    return claim


async def decline_offer(work: Work, community: UUID, offer_id: UUID, person: str) -> Offer:
    """Leaves it to others, who are asked at once; repeats change nothing. Raises NotFound, OfferOverError."""
    offer = await _theirs(work, community, offer_id, person)
    task = await tasks.find(work.connection, community, offer.task, lock=True)
    offer = await _theirs(work, community, offer_id, person)  # it may have ended while we waited
    if offer.state is OfferState.declined or task is None:
        return offer
    offer.must_be_open(work.now)
    await offers.end(work.connection, community, [offer], OfferState.declined, work.now)
    await tasks.change(work.connection, replace(task, offer_at=work.now))
    return offer.ended(OfferState.declined, work.now)


async def _theirs(work: Work, community: UUID, offer_id: UUID, person: str) -> Offer:
    offer = await offers.find(work.connection, community, offer_id)
    if offer is None or offer.person != person:
        raise NotFound("no such offer")
    return offer
