"""Looks at cars in tests: who sees what, what the clock and volunteer then do, what parking says of it."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

from services.parking.usecases.escalate_violations import escalate_violations
from services.parking.usecases.follow_tasks import follow_tasks
from shared.contracts import About, Event, HouseholdRegistered, TaskCompleted, TaskExpired
from shared.database.work import Works
from shared.identifiers import new_id
from shared.messaging import outbox
from tests.parking.conftest import Parking
from tests.parking.gates import Compound, make_compound

PLATE, VISITOR = "浙L12345", "浙B54321"
OPENED, ESCALATED, CLEARED = "violation-opened", "violation-escalated", "violation-cleared"
PHOTO: dict[str, Any] = {"evidence": ["photo:7f3a"]}


@dataclass(frozen=True)
class Ahead:
    """Business time, some minutes from now."""

    minutes: float

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(minutes=self.minutes)


async def make_patrolled(parking: Parking) -> Compound:
    made = await make_compound(parking)
    await made.add_gate("eye", "patrol")
    return made


async def owner_of(compound: Compound, plate: str, *persons: str) -> UUID:
    household = new_id()
    fact = HouseholdRegistered(household=household, unit=new_id(), persons=persons)
    await compound.parking.tell(
        Event(new_id(), "/linli/issues", datetime.now(UTC), compound.community, 1, fact)
    )
    async with compound.client() as client:
        made = await client.post("/vehicles", json={"household": str(household), "plate": plate})
    assert made.status_code == 201, made.text
    return household


async def sighted(
    compound: Compound, role: str = "guard", person: str = "gu", plate: str = PLATE, **said: Any
) -> httpx.Response:
    body = {"compound": str(compound.id), "plate": plate, "kind": "fire-lane", **PHOTO, **said}
    async with compound.parking.client(person, compound.community, role) as client:
        return await client.post("/sightings", json=body)


async def opened(compound: Compound, **said: Any) -> str:
    answer = await sighted(compound, **said)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["violation"])


def works_at(compound: Compound, minutes: float) -> Works:
    return replace(compound.parking.service.context.works, clock=Ahead(minutes))


class Dying:
    """A process that dies after a step, before its commit."""

    add = staticmethod(outbox.add)

    async def write(self, _connection: Any, _rows: Any) -> None:
        raise ConnectionResetError


async def tick(compound: Compound, minutes: float) -> None:
    while await escalate_violations(works_at(compound, minutes)):
        pass


async def camera(compound: Compound, plate: str = PLATE, ago: float = 0, **said: Any) -> httpx.Response:
    seen_at = datetime.now(UTC) - timedelta(minutes=ago)
    read = {"id": str(new_id()), "captured_at": seen_at.isoformat(), "plate": plate}
    picture = {"evidence": ["frame:1"]} if "kind" in said and not said.get("gone") else {}
    return await compound.deliver("eye", read | picture | said)


async def read_as(compound: Compound, role: str, person: str, path: str) -> httpx.Response:
    async with compound.parking.client(person, compound.community, role) as client:
        return await client.get(path)


async def names(compound: Compound, of: UUID | None = None) -> list[str]:
    """What was said of violations, in the order of the outbox: of all, or of one."""
    said = await compound.said(OPENED, ESCALATED, CLEARED)
    return [each.get("action", each["type"]) for each in said if of is None or each["violation"] == str(of)]


def answered(violation: UUID, outcome: Any, community: UUID, minutes: float = 0, **found: Any) -> Event[Any]:
    ended_at = datetime.now(UTC) + timedelta(minutes=minutes)
    task: dict[str, Any] = {
        "task": new_id(),
        "kind": "move-car",
        "about": About(type="violation", id=violation),
    }
    fact: TaskCompleted | TaskExpired
    if outcome == "expired":
        fact = TaskExpired(outcome="expired", expired_at=ended_at, taken=False, **task)
    else:
        found = {"volunteers": ("gu",), "evidence": ("photo:gone",)} | found
        fact = TaskCompleted(outcome=outcome, completed_at=ended_at, **found, **task)
    return Event(new_id(), "/linli/volunteer", ended_at, community, 2, fact)


async def take(compound: Compound, minutes: float, *events: Event[Any]) -> None:
    async with works_at(compound, minutes).for_system("test") as work:
        await follow_tasks(work, events)
