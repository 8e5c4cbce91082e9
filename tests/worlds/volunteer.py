"""A community of volunteer: an elder, a rider on duty, and a task through each of its ways."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.volunteer.usecases.offer_tasks import offer_tasks
from tests.volunteer.conftest import ELDER, SHRINE
from tests.worlds.recording import Person, World

KIND = {"who": ["rider"], "confirmation": "code", "minutes": 20, "places": 1}
ERRAND = {"who": ["rider"], "confirmation": "staff", "minutes": 20, "places": 1, "ask": 1}
POINT = {**SHRINE, "datum": "wgs84"}


async def furnish(world: World) -> None:
    """Call every route once."""
    room, rider = world.by("olive", "operator", "steward"), world.by("rick", "rider")
    elder, (entry, duty) = await _enter(room), await _sign_up(room, rider)
    await room.post("/task-kinds", {"code": "carry", "rules": KIND})
    await room.get("/task-kinds")

    async def ask() -> str:
        made = await room.post("/tasks", {"kind": "carry", "beneficiary": elder})
        return f"/tasks/{made['id']}"

    await _help(world, rider, await ask(), entry)
    await _offer(world, room, rider)
    await _dispute(world, rider, await ask(), entry)
    await rider.get(f"/volunteers/{entry}/calendar.ics")
    await rider.post(f"/volunteers/{entry}/calendar")
    await rider.post(f"/volunteers/{entry}/calendar/close")
    await _recur(world.by("elder-1", "resident"), elder)
    statement = await rider.get(f"/volunteers/{entry}/hours")
    await room.post(f"/hours/{statement['items'][0]['id']}/counter", {"reason": "somebody-else-came"})
    task = await ask()
    await rider.post(f"{task}/claim", {"volunteer": entry})
    await rider.post(f"{task}/release")
    await rider.post(f"{task}/claim", {"volunteer": entry})
    await rider.post(f"{task}/check-in", {})
    await rider.post(f"{task}/report", {"outcome": "not-possible"})
    await room.post(f"{await ask()}/cancel")
    await room.get("/tasks")
    await rider.get(task)
    await rider.get("/claims")
    await world.by("elder-1", "resident").get(f"/beneficiaries/{elder}/looks")
    await rider.post(f"/volunteers/{entry}/duty/{duty}/end")
    await room.post(f"/volunteers/{entry}/suspend")
    await room.post(f"/volunteers/{entry}/resume")
    await rider.post(f"/volunteers/{entry}/leave")


async def _enter(room: Person) -> str:
    body = ELDER | {"position": POINT}
    elder = str((await room.post("/beneficiaries", body))["id"])
    await room.get(f"/beneficiaries/{elder}")
    await room.put(f"/beneficiaries/{elder}", body | {"door": "1单元101"}, if_match='"1"')
    return elder


async def _sign_up(room: Person, rider: Person) -> tuple[str, str]:
    """A rider on duty: the entry, and the duty."""
    body: dict[str, Any] = {"kind": "rider", "consent": True, "consent_text": "2026-01"}
    entry = str((await rider.post("/volunteers", body))["id"])
    await room.post(f"/volunteers/{entry}/vet")
    await rider.get(f"/volunteers/{entry}")
    await room.get("/volunteers")
    ends = datetime.now(UTC) + timedelta(hours=4)
    duty = await rider.post(f"/volunteers/{entry}/duty", {"ends_at": ends.isoformat()})
    await rider.get(f"/volunteers/{entry}/duty")
    await rider.post("/positions", {"volunteer": entry, **POINT})
    await rider.get(f"/volunteers/{entry}/position")
    await room.post(f"/volunteers/{entry}/skills", {"code": "first-aid"})
    await rider.get(f"/volunteers/{entry}/skills")
    await room.post(f"/volunteers/{entry}/skills/first-aid/withdraw")
    return entry, str(duty["id"])


async def _help(world: World, rider: Person, task: str, entry: str) -> None:
    await rider.post(f"{task}/claim", {"volunteer": entry})
    await rider.get(f"{task}/beneficiary")
    await rider.post(f"{task}/check-in", {"position": POINT})
    code = (await world.by("elder-1", "resident").get(f"{task}/code"))["code"]
    await rider.post(f"{task}/confirm", {"code": code})


async def _offer(world: World, room: Person, rider: Person) -> None:
    """Two errands at the shrine: one is declined, the other accepted."""
    works = world.service.context.works
    await room.post("/task-kinds", {"code": "errand", "rules": ERRAND})
    for answer, body in (("decline", None), ("accept", {})):
        made = await room.post("/tasks", {"kind": "errand", "position": POINT})
        await offer_tasks(works)
        offer = (await rider.get("/offers/mine"))["items"][0]["id"]
        await rider.post(f"/offers/{offer}/{answer}", body)
        await room.get(f"/tasks/{made['id']}/offers")
        await room.post(f"/tasks/{made['id']}/cancel")


async def _dispute(world: World, rider: Person, task: str, entry: str) -> None:
    """A task that is reported with a photo, linked, disputed, and decided by somebody it does not concern."""
    elder, room = world.by("elder-1", "resident"), world.by("olive", "operator", "steward")
    await rider.post(f"{task}/claim", {"volunteer": entry})
    await rider.post(f"{task}/check-in", {})
    await rider.post(f"{task}/report", {"outcome": "done", "evidence": ["photo:91bb02aa"]})
    await elder.post(f"{task}/links")
    made = await elder.post(f"{task}/dispute", {"reason": "not-done"})
    await elder.get(f"{task}/reports")
    await room.get("/disputes")
    await room.post(f"/disputes/{made['id']}/decide", {"decision": "stands"})


async def _recur(elder: Person, beneficiary: str) -> None:
    first = datetime.now(UTC).replace(microsecond=0) + timedelta(days=20)
    body = {"kind": "carry", "beneficiary": beneficiary, "starts_at": first.isoformat(), "rule": "FREQ=DAILY"}
    made = await elder.post("/recurring-tasks", body)
    series = f"/recurring-tasks/{made['id']}"
    await elder.get("/recurring-tasks")
    await elder.get(series)
    await elder.post(f"{series}/exceptions", {"starts_at": made["upcoming"][1]})
    await elder.post(f"{series}/end")
