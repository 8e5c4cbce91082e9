"""Follow duty: keep who may be called upon now, and tell whom a community's rules name of it."""

from collections.abc import Sequence
from typing import Any

from services.notify.store import duties
from services.notify.usecases.plan_messages import plan_messages
from shared.contracts import Event
from shared.database.work import Work


async def follow_duty(work: Work, events: Sequence[Event[Any]]) -> None:
    """Apply facts of duty, each guarded by its sequence, and plan what rules say of them."""
    await duties.put(work.connection, events)
    await plan_messages(work, events)
