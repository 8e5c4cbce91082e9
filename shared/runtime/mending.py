"""What an operator does about records that could not be taken in: look, put back, give one up."""

from collections.abc import Iterator
from uuid import UUID

from shared.messaging.dead_letters import DeadLetter, list_dead_letters
from shared.messaging.redeliver import Redelivered, Redelivery
from shared.runtime.parts import Service
from shared.runtime.running import working
from shared.runtime.settings import ServiceSettings


async def tell_dead_letters(service: Service, settings: ServiceSettings, most: int) -> list[str]:
    """The oldest dead letters as lines of text, the number of them last."""
    async with working(service, settings) as (context, _):
        letters = await list_dead_letters(context.works, service.name, most)
    return [*(line for letter in letters for line in _told(letter)), f"{len(letters)} dead letters"]


async def redeliver(service: Service, settings: ServiceSettings, letter: UUID | None) -> Redelivered:
    """Puts one dead letter back, or all, with what waits behind; raises NotFound."""
    async with working(service, settings) as (context, parts):
        redelivery = Redelivery.of(service.name, context.works, parts.subscriptions, service.errors)
        return await redelivery.redeliver(letter)


async def discard(service: Service, settings: ServiceSettings, letter: UUID) -> Redelivered:
    """Gives one dead letter up and puts back what waits behind it; raises NotFound."""
    async with working(service, settings) as (context, parts):
        redelivery = Redelivery.of(service.name, context.works, parts.subscriptions, service.errors)
        return await redelivery.discard(letter)


def _told(letter: DeadLetter) -> Iterator[str]:
    behind = f" ({letter.parked} parked behind it)" if letter.parked else ""
    place = f"{letter.topic}/{letter.partition}/{letter.offset}"
    yield f"{letter.id}  {letter.dead_at:%Y-%m-%d %H:%M:%S}Z  {place}  {letter.type or '(no type)'}{behind}"
    yield f"    {letter.reason}: {letter.detail}"
