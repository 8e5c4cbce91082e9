"""Read of register, duty and messages what one chunk of asks needs, in a handful of statements."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.notify.domain.audience import Audiences, climb
from services.notify.store import duties, messages, register
from services.notify.usecases.find_asks import Ask
from shared.database.work import Connection


async def find_audiences(connection: Connection, asks: Sequence[Ask], now: datetime) -> Audiences:
    """Read all that these asks need; `now` is the business time at which somebody is on duty or not."""
    pairs: set[tuple[UUID, UUID]] = set()
    households: set[tuple[UUID, UUID]] = set()
    roles: list[tuple[UUID, str, UUID]] = []
    about: set[tuple[UUID, UUID, str]] = set()
    awake = False
    for ask in asks:
        community = ask.event.community
        pairs.add((community, community))
        # Not getattr: a model without the field takes long to say so.
        if place := ask.event.data.__dict__.get("place"):
            pairs.add((community, place))
        for whom in (*ask.whom, *ask.spared):
            if whom.household is not None:
                households.add((community, whom.household))
            if whom.about is not None:
                about.add((community, whom.about, whom.rule or ""))
            if whom.role is not None:
                pairs.add((community, whom.place or community))
                roles.append((community, whom.role, whom.place or community))
                awake = awake or whom.on_duty is not None
    paths, zones = await register.paths(connection, pairs)
    climbed = {
        (community, role, step)
        for community, role, place in roles
        for step in climb(community, paths.get((community, place), ()))
    }
    holders = await register.holders(connection, climbed) if climbed else {}
    members = await register.members(connection, households) if households else {}
    holding = {(key[0], person) for key, persons in holders.items() for person in persons} if awake else set()
    on_duty = await duties.on_duty(connection, holding, now) if holding else frozenset()
    told = await messages.told(connection, about) if about else {}
    return Audiences(paths, holders, members, zones, on_duty, told)
