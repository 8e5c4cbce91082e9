"""Rice and oil: an elder cannot carry them upstairs, and riders come by in their next gap between orders."""

from typing import Any

from deploy.demo.day.on_duty import offered, on_duty
from deploy.demo.day.stage import Stage, who
from deploy.demo.loading import OPERATOR

TITLE = "Rice and oil (J1)"
BUILDING = "DL-03"
DOOR = {"latitude": 30.0162, "longitude": 122.1068}
RIDERS = ("rider-1", "rider-2", "rider-3", "rider-4")
BUSY = RIDERS[0]
STEP = 0.001
"""Degrees between one rider and the next: about a hundred metres."""


async def play(stage: Stage) -> None:
    """Asked, offered, claimed, seen, delivered, confirmed, counted."""
    base = stage.access.addresses.volunteer
    elder, daughter = _family(stage)
    entries = {
        rider: await on_duty(stage, rider, "rider", DOOR | {"latitude": DOOR["latitude"] + number * STEP})
        for number, rider in enumerate(RIDERS, start=1)
    }
    helped = await _known(stage, elder, daughter)
    stage.say(f"    {who(daughter)} asks: ten kilograms of rice and a can of oil, up to the fifth floor")
    wish = {"kind": "carry-home", "beneficiary": helped, "weight_kg": 15, "floor": 5, "lift": False}
    task = await stage.asks(daughter, "POST", f"{base}/tasks", json=wish)
    await stage.rings("task-asked", daughter)
    helping = await _taken(stage, task)
    for rider in helping:
        await _goes_up(stage, task["id"], rider)
    await stage.later(minutes=14)
    code = (await stage.asks(elder, "GET", f"{base}/tasks/{task['id']}/code"))["code"]
    stage.say(f"      The elder says the four digits to {helping[0]}")
    url = f"{base}/tasks/{task['id']}/confirm"
    await stage.asks(helping[0], "POST", url, json={"code": code})
    await stage.rings("task-done", elder, daughter)
    await stage.rings("hours-credited", *helping)
    for rider in helping:
        hours = await stage.asks(rider, "GET", f"{base}/volunteers/{entries[rider]}/hours")
        stage.say(f"      {rider} has given {hours['total_minutes']} minutes so far")


async def _taken(stage: Stage, task: dict[str, Any]) -> list[str]:
    """The nearest are asked; one of them is busy, the others come, two on a first visit."""
    base = stage.access.addresses.volunteer
    nearest = RIDERS[:3]
    await stage.rings("task-offered", *nearest)
    busy = await offered(stage, BUSY, task["id"])
    stage.say(f"      {BUSY} has a hot meal on the bike and declines")
    await stage.asks(BUSY, "POST", f"{base}/offers/{busy['id']}/decline")
    helping = [rider for rider in nearest if rider != BUSY][: task["places"]]
    for rider in helping:
        offer = await offered(stage, rider, task["id"])
        await stage.asks(rider, "POST", f"{base}/offers/{offer['id']}/accept", json={})
        stage.say(f"      {rider} comes, at most {offer['within_metres']} m away")
        await stage.rings("task-yours", rider)
    return helping


async def _goes_up(stage: Stage, task: str, rider: str) -> None:
    base = stage.access.addresses.volunteer
    seen = await stage.asks(rider, "GET", f"{base}/tasks/{task}/beneficiary")
    stage.say(f"      {rider} may now see the door: {seen['surname']}{seen['honorific']}, {seen['door']}")
    where = {"position": DOOR | {"datum": "wgs84"}}
    await stage.asks(rider, "POST", f"{base}/tasks/{task}/check-in", json=where)


def _family(stage: Stage) -> tuple[str, str]:
    """Two adults of one household of the building, each day of the next one."""
    families = [
        (household.persons[0], household.persons[1])
        for household in stage.town.households
        if household.building == BUILDING and household.adults >= 2
    ]
    return families[stage.now().toordinal() % len(families)]


async def _known(stage: Stage, elder: str, daughter: str) -> str:
    """The elder's entry, made by the command room; the same request is the same entry."""
    body = {
        "surname": "欧阳",
        "honorific": "奶奶",
        "building": "东篱里3幢",
        "door": "2单元501",
        "person": elder,
        "family": [daughter],
        "care_note": "听力不好，请大声",
        "entry_hint": "门铃坏了，请敲门",
        "place": stage.places[BUILDING],
        "position": DOOR | {"datum": "wgs84"},
    }
    url = f"{stage.access.addresses.volunteer}/beneficiaries"
    made = await stage.access.send(OPERATOR, "POST", url, key=f"demo-{elder}", json=body)
    return str(made.json()["id"])
