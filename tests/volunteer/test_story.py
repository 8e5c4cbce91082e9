"""Rice and oil: asked, claimed, seen, delivered, confirmed, counted; and the ways it can end otherwise."""

import pytest

from services.volunteer.usecases.end_task import expire_tasks
from tests.volunteer.conftest import ELDER, SHRINE, Volunteering

pytestmark = pytest.mark.anyio

ALONE = {"who": ["rider"], "confirmation": "code", "minutes": 20}


async def carried(quiet: Volunteering, **rules: object) -> str:
    """A task that the elder's daughter asked for, for which one rider is enough."""
    await quiet.made("ola", "operator", "/task-kinds", {"code": "carry", "rules": ALONE | rules})
    elder = await quiet.elder()
    made = await quiet.made(
        "daughter-1",
        "resident",
        "/tasks",
        {"kind": "carry", "beneficiary": elder, "weight_kg": 15, "floor": 6},
    )
    return str(made["id"])


async def test_rice_and_oil(quiet: Volunteering) -> None:
    task, rider = await carried(quiet), await quiet.active("rider-7")
    (opened,) = await quiet.said("task-opened")
    assert (opened["asked_by"], opened["family"]) == ("daughter-1", ["elder-1", "daughter-1"])
    (shown,) = (await quiet.read("rider-7", "rider", "/tasks"))["items"]
    assert (shown["id"], shown["free"], shown["weight_kg"], shown["floor"]) == (task, 1, 15, 6)
    assert (await quiet.claim("rider-7", rider, task)).json()["state"] == "claimed"
    seen = await quiet.read("rider-7", "rider", f"/tasks/{task}/beneficiary")
    assert (seen["surname"], seen["door"], seen["entry_hint"]) == (ELDER["surname"], ELDER["door"], None)
    await quiet.later(minutes=9)
    where = {"position": {**SHRINE, "datum": "wgs84"}}
    await quiet.made("rider-7", "rider", f"/tasks/{task}/check-in", where)
    seen = await quiet.read("rider-7", "rider", f"/tasks/{task}/beneficiary")
    assert seen["entry_hint"] == ELDER["entry_hint"]
    await quiet.later(minutes=11, seconds=30)
    code = (await quiet.read("elder-1", "resident", f"/tasks/{task}/code"))["code"]
    assert (await quiet.ask("rider-7", "rider", "GET", f"/tasks/{task}/code")).status_code == 404
    done = await quiet.made("rider-7", "rider", f"/tasks/{task}/confirm", {"code": code})
    assert done == {"state": "completed", "outcome": "done", "confirmed": True, "tries_left": None}
    (completed,) = await quiet.said("task-completed")
    (credited,) = await quiet.said("hours-credited")
    assert (completed["outcome"], completed["volunteers"]) == ("done", ["rider-7"])
    assert (credited["person"], credited["minutes"]) == ("rider-7", 12)
    statement = await quiet.read("rider-7", "rider", f"/volunteers/{rider}/hours")
    assert (statement["total_minutes"], statement["total_hours"]) == (12, "0.2")
    assert statement["items"][0]["grade"] == "A"
    looks = (await quiet.read("daughter-1", "resident", await looks_path(quiet, task)))["items"]
    assert [(look["person"], look["stage"]) for look in looks] == [
        ("elder-1", "code"),
        ("rider-7", "checked-in"),
        ("rider-7", "claimed"),
    ]


async def looks_path(quiet: Volunteering, task: str) -> str:
    async with quiet.works.for_system("test") as work:
        found = await work.connection.fetchval(f"SELECT beneficiary_id FROM tasks WHERE id = '{task}'")
    return f"/beneficiaries/{found}/looks"


async def test_five_wrong_codes_and_only_staff_confirm(quiet: Volunteering) -> None:
    task, rider = await carried(quiet), await quiet.active("rider-7")
    await quiet.claim("rider-7", rider, task)
    early = await quiet.ask("rider-7", "rider", "POST", f"/tasks/{task}/confirm", {"code": "0000"})
    assert early.status_code == 404  # who was not there has nothing to confirm
    await quiet.made("rider-7", "rider", f"/tasks/{task}/check-in", {})
    code = (await quiet.read("elder-1", "resident", f"/tasks/{task}/code"))["code"]
    wrong = f"{(int(code) + 1) % 10000:04}"
    for left in (4, 3, 2, 1, 0):
        said = await quiet.made("rider-7", "rider", f"/tasks/{task}/confirm", {"code": wrong})
        assert (said["confirmed"], said["tries_left"]) == (False, left)
    assert not (await quiet.made("rider-7", "rider", f"/tasks/{task}/confirm", {"code": code}))["confirmed"]
    assert (await quiet.ask("rider-7", "rider", "POST", f"/tasks/{task}/confirm", {})).status_code == 403
    own = await quiet.ask("rider-7", "operator", "POST", f"/tasks/{task}/confirm", {})
    assert own.status_code == 403
    assert (await quiet.made("zhang", "steward", f"/tasks/{task}/confirm", {}))["confirmed"]
    assert len(await quiet.said("task-completed")) == len(await quiet.said("hours-credited")) == 1


async def test_a_code_that_the_helper_has_read_proves_nothing(quiet: Volunteering) -> None:
    await quiet.made(
        "ola", "operator", "/task-kinds", {"code": "carry", "rules": ALONE | {"who": ["steward"]}}
    )
    elder, steward = await quiet.elder(), await quiet.active("zhou", "steward")
    made = await quiet.made("zhou", "steward", "/tasks", {"kind": "carry", "beneficiary": elder})
    path = f"/tasks/{made['id']}"
    code = (await quiet.read("zhou", "steward", f"{path}/code"))["code"]
    await quiet.made("zhou", "steward", f"{path}/claim", {"volunteer": steward})
    await quiet.made("zhou", "steward", f"{path}/check-in", {})
    assert (await quiet.ask("zhou", "steward", "POST", f"{path}/confirm", {"code": code})).status_code == 403
    assert (await quiet.ask("zhou", "steward", "POST", f"{path}/confirm", {})).status_code == 403
    assert (await quiet.made("zhang", "steward", f"{path}/confirm", {}))["confirmed"]


async def test_what_nobody_takes_expires_and_is_told(quiet: Volunteering) -> None:
    task = await carried(quiet)
    await quiet.later(minutes=230)
    assert await expire_tasks(quiet.works) == 0
    await quiet.later(minutes=11)
    assert await expire_tasks(quiet.works) == 1
    assert await expire_tasks(quiet.works) == 0
    (expired,) = await quiet.said("task-expired")
    assert (expired["outcome"], expired["asked_by"], expired["taken"]) == ("expired", "daughter-1", False)
    assert (await quiet.read("zhang", "steward", f"/tasks/{task}"))["state"] == "expired"


async def test_who_never_comes_has_missed_it(quiet: Volunteering) -> None:
    task, rider = await carried(quiet), await quiet.active("rider-7")
    await quiet.claim("rider-7", rider, task)
    await quiet.later(minutes=250)
    assert await expire_tasks(quiet.works) == 0  # an hour's grace
    await quiet.later(minutes=60)
    seen = await quiet.ask("rider-7", "rider", "GET", f"/tasks/{task}/beneficiary")
    assert seen.status_code == 403  # time alone closes the door, before anybody has looked
    assert await expire_tasks(quiet.works) == 1
    (expired,) = await quiet.said("task-expired")
    assert (expired["taken"], expired["released"]) == (True, ["rider-7"])
    assert (await quiet.read("rider-7", "rider", "/claims"))["items"][0]["state"] == "missed"
    assert await quiet.said("hours-credited") == []


async def test_not_possible_is_told_at_once_and_hours_wait_for_staff(quiet: Volunteering) -> None:
    task, rider = await carried(quiet), await quiet.active("rider-7")
    await quiet.claim("rider-7", rider, task)
    too_early = await quiet.ask("rider-7", "rider", "POST", f"/tasks/{task}/report", {"outcome": "done"})
    assert too_early.status_code == 409
    await quiet.made("rider-7", "rider", f"/tasks/{task}/check-in", {})
    await quiet.made("rider-7", "rider", f"/tasks/{task}/report", {"outcome": "not-possible"})
    (ended,) = await quiet.said("task-completed")
    assert ended["outcome"] == "not-possible"
    assert await quiet.said("hours-credited") == []
    for _ in range(2):
        await quiet.ask("zhang", "steward", "POST", f"/tasks/{task}/confirm", {})
    (entry,) = (await quiet.read("zhang", "steward", f"/volunteers/{rider}/hours"))["items"]
    assert (entry["minutes"], entry["grade"]) == (1, "C")
    assert len(await quiet.said("task-completed")) == 1


async def test_cancelled_is_not_needed_and_nobody_is_to_blame(quiet: Volunteering) -> None:
    task, rider = await carried(quiet), await quiet.active("rider-7")
    await quiet.claim("rider-7", rider, task)
    await quiet.claim("rider-8", await quiet.active("rider-8"), task, wait=True)
    assert (await quiet.ask("rider-7", "rider", "POST", f"/tasks/{task}/cancel")).status_code == 404
    assert (await quiet.made("elder-1", "resident", f"/tasks/{task}/cancel"))["outcome"] == "not-needed"
    assert (await quiet.read("rider-7", "rider", "/claims"))["items"][0]["state"] == "released"
    (ended,) = await quiet.said("task-completed")
    assert (ended["volunteers"], ended["released"]) == ([], ["rider-7", "rider-8"])
    assert (await quiet.ask("elder-1", "resident", "POST", f"/tasks/{task}/cancel")).status_code == 409


async def test_hours_are_taken_back_by_an_entry_of_their_own(quiet: Volunteering) -> None:
    task, rider = await carried(quiet), await quiet.active("rider-7")
    await quiet.claim("rider-7", rider, task)
    await quiet.made("rider-7", "rider", f"/tasks/{task}/check-in", {})
    await quiet.made("zhang", "steward", f"/tasks/{task}/confirm", {})
    (entry,) = (await quiet.read("zhang", "steward", f"/volunteers/{rider}/hours"))["items"]
    path, body = f"/hours/{entry['id']}/counter", {"reason": "somebody-else-came"}
    assert (await quiet.ask("rider-7", "rider", "POST", path, body)).status_code == 403
    back = await quiet.made("ola", "operator", path, body)
    assert (back["minutes"], back["corrects"]) == (-entry["minutes"], entry["id"])
    assert (await quiet.ask("ola", "operator", "POST", path, body)).status_code == 409
    again = await quiet.ask("ola", "operator", "POST", f"/hours/{back['id']}/counter", body)
    assert again.status_code == 409
    assert (await quiet.read("rider-7", "rider", f"/volunteers/{rider}/hours"))["total_minutes"] == 0
    async with quiet.works.for_system("test") as work:
        with pytest.raises(Exception, match="counter-entries"):
            await work.connection.execute("UPDATE hours SET minutes = 1")
        await work.connection.execute("ROLLBACK; BEGIN")


async def test_strangers_ask_for_nobody_and_a_first_visit_needs_two(quiet: Volunteering) -> None:
    elder = await quiet.elder()
    body = {"kind": "carry-home", "beneficiary": elder}
    assert (await quiet.ask("li", "resident", "POST", "/tasks", body)).status_code == 404
    assert (await quiet.ask("li", "resident", "POST", "/tasks", {"kind": "station-duty"})).status_code == 403
    assert (await quiet.ask("zhang", "steward", "POST", "/tasks", {"kind": "none"})).status_code == 422
    made = await quiet.made("zhang", "steward", "/tasks", body | {"minutes": 5})
    assert (made["places"], made["two_persons"]) == (2, True)
