"""Move your car: seen by a camera, its owner told and told again, a guard asked, ended by a second look."""

from datetime import timedelta
from typing import Any

from deploy.demo.day.gate import install
from deploy.demo.day.on_duty import offered, on_duty
from deploy.demo.day.stage import Stage, who
from deploy.demo.loading import OPERATOR
from deploy.demo.town.people import Household

TITLE = "Move your car (J2)"
COMPOUND, NAME, GUARD = "HY", "合苑小区", "guard-hy-1"
PLATE = "浙L27E65"
GATEHOUSE = {"latitude": 30.0175, "longitude": 122.1085}
AGAIN_MINUTES = GUARD_MINUTES = 5


async def play(stage: Stage) -> None:
    """Seen, told, told again, asked, looked after, over."""
    parking = stage.access.addresses.parking
    household = _owners(stage)
    await _registered(stage, household)
    await on_duty(stage, GUARD, "guard", GATEHOUSE)
    eye = (await install(stage, COMPOUND, {"north": "patrol"}))["north"]
    stage.say(f"    A camera of {NAME} sees a car in the fire lane")
    await eye.reads(PLATE, kind="fire-lane", evidence=["frame:27"])
    owners = [person for person in household.persons[: household.adults] if stage.town.contact(person)]
    await stage.rings("violation-notice", *owners)
    mine = await stage.asks(owners[0], "GET", f"{parking}/violations")
    violation = mine["items"][0]
    stage.say(f"      The owner may follow it: {violation['kind']}, {violation['masked_plate']}")
    await stage.later(minutes=AGAIN_MINUTES, seconds=1)
    await stage.rings("violation-notice-again", *owners)
    await stage.later(minutes=GUARD_MINUTES, seconds=1)
    await stage.rings("task-offered", GUARD)
    await _looked_after(stage, violation)
    await stage.rings("violation-over", *owners)
    board = await stage.asks(OPERATOR, "GET", f"{parking}/board")
    stage.say(f"      The command room's board: {board['open']} open, {board['late']} late")


async def _looked_after(stage: Stage, violation: dict[str, Any]) -> None:
    """The guard takes the task, goes there, and finds the car gone."""
    base = stage.access.addresses.volunteer
    offer = await offered(stage, GUARD, violation["id"])
    await stage.asks(GUARD, "POST", f"{base}/offers/{offer['id']}/accept", json={})
    await stage.rings("task-yours", GUARD)
    stage.say(f"      {who(GUARD)} takes it, rings at the door, sees the car drive away, and takes a picture")
    task = f"{base}/tasks/{offer['task']['id']}"
    await stage.asks(GUARD, "POST", f"{task}/check-in", json={})
    await stage.asks(GUARD, "POST", f"{task}/report", json={"outcome": "done", "evidence": ["photo:27"]})


def _owners(stage: Stage) -> Household:
    """A household of the compound that can be pushed to, and called by SMS."""
    pushed = {each.person for each in stage.town.contacts if each.push_token}
    return next(
        household
        for household in stage.town.households
        if household.compound == COMPOUND and household.adults == 1 and household.persons[0] in pushed
    )


async def _registered(stage: Stage, household: Household) -> None:
    """The car is theirs, since the first day."""
    parking, issues = stage.access.addresses.parking, stage.access.addresses.issues
    known = await stage.asks(OPERATOR, "GET", f"{parking}/vehicles", params={"plate": PLATE})
    if known["items"]:
        return
    within = {"within": stage.places[household.building], "limit": 100}
    listed = await stage.asks(OPERATOR, "GET", f"{issues}/households", params=within)
    ids = {each["code"]: each["id"] for each in listed["items"]}
    since = (stage.now() - timedelta(days=1)).isoformat()
    body = {"household": ids[household.code], "plate": PLATE, "valid_from": since}
    await stage.asks(OPERATOR, "POST", f"{parking}/vehicles", json=body)
    await stage.rings("vehicle-registered", household.persons[0])
