"""Names and doors: how much is shown at which stage, and that staff's looks leave their trace."""

from datetime import timedelta
from itertools import product

import pytest

from services.volunteer.domain.claim import Claim, ClaimState
from services.volunteer.domain.disclosure import BANDED, SHOWN, Stage, stage_of, stage_of_offer
from services.volunteer.domain.kind import KindRules
from services.volunteer.domain.offer import Offer, OfferState
from services.volunteer.domain.task import Effort, Outcome, Task, TaskState
from shared.identifiers import new_id
from tests.volunteer.conftest import ELDER, Volunteering
from tests.volunteer.test_volunteer_states import TIME


def task_in(state: TaskState = TaskState.open, *, two_persons: bool = False) -> Task:
    return Task(
        *(new_id(), new_id(), "carry", KindRules(("rider",)), Effort(20)),
        starts_at=TIME,
        ends_at=TIME + timedelta(hours=4),
        places=1,
        two_persons=two_persons,
        opened_at=TIME,
        look_at=None,
        state=state,
        outcome=Outcome.done if state is not TaskState.open else None,
    )


def claim_in(state: ClaimState) -> Claim:
    return Claim(
        *(new_id(), new_id(), new_id(), 1, new_id(), "rider-1"),
        *(TIME, TIME + timedelta(minutes=20), TIME),
        state=state,
    )


@pytest.mark.parametrize("task_state", TaskState)
@pytest.mark.parametrize("claim_state", ClaimState)
def test_the_stage_is_what_promise_presence_and_time_allow(
    task_state: TaskState, claim_state: ClaimState
) -> None:
    claim = claim_in(claim_state)
    for hours, active, alone in product((1, 4.9, 5, 27.9, 28), (True, False), (True, False)):
        task = task_in(task_state, two_persons=alone)
        stage = stage_of(task, claim, [claim], TIME + timedelta(hours=hours), active=active)
        allowed = task_state is TaskState.open and active and not alone
        expected = Stage.board
        if allowed and claim_state is ClaimState.claimed and hours < 5:
            expected = Stage.claimed
        if allowed and claim_state is ClaimState.checked_in and hours < 28:
            expected = Stage.checked_in
        assert stage is expected, (hours, active, alone)


def test_with_two_the_door_opens_and_without_a_claim_never() -> None:
    task, one, other = task_in(two_persons=True), claim_in(ClaimState.claimed), claim_in(ClaimState.claimed)
    assert stage_of(task, one, [one, other], TIME, active=True) is Stage.claimed
    assert stage_of(task_in(), None, [one], TIME, active=True) is Stage.board
    assert not SHOWN[Stage.board]
    assert SHOWN[Stage.claimed] < SHOWN[Stage.checked_in]


def test_who_is_asked_sees_how_far_it_is_while_the_offer_is_open_and_nothing_else() -> None:
    asked = Offer(
        *(new_id(), new_id(), new_id(), new_id(), "rider-1", 412),
        offered_at=TIME,
        expires_at=TIME + timedelta(minutes=2),
    )
    soon, late = TIME + timedelta(seconds=119), TIME + timedelta(seconds=120)
    assert stage_of_offer(task_in(), asked, soon) is Stage.offered
    assert stage_of_offer(task_in(), asked, late) is Stage.board
    for state in OfferState:
        shown = stage_of_offer(task_in(), asked.ended(state, TIME), soon)
        assert (shown is Stage.offered) == (state is OfferState.offered)
    assert stage_of_offer(task_in(TaskState.completed), asked, soon) is Stage.board
    assert SHOWN[Stage.offered] == frozenset()
    assert {Stage.offered} == BANDED


@pytest.mark.anyio
async def test_staff_see_all_and_leave_a_trace(quiet: Volunteering) -> None:
    elder = await quiet.elder()
    seen = await quiet.read("zhang", "steward", f"/beneficiaries/{elder}")
    assert seen["door"] == ELDER["door"]
    (look,) = (await quiet.read("elder-1", "resident", f"/beneficiaries/{elder}/looks"))["items"]
    assert (look["person"], look["stage"]) == ("zhang", "staff")
    path = f"/beneficiaries/{elder}"
    async with quiet.client("zhang", "steward") as client:
        body = ELDER | {"door": "6单元1904"}
        assert (await client.put(path, json=body)).status_code == 428
        changed = await client.put(path, json=body, headers={"If-Match": '"1"'})
        assert changed.json() == {"id": elder, "version": 2}
        assert (await client.put(path, json=body, headers={"If-Match": '"1"'})).status_code == 412


@pytest.mark.anyio
async def test_a_skill_that_has_expired_shows_nothing_any_more(quiet: Volunteering) -> None:
    rules = {"who": ["rider"], "confirmation": "code", "skills": ["home-visit"]}
    await quiet.made("ola", "operator", "/task-kinds", {"code": "visit", "rules": rules})
    made = await quiet.made(
        "zhang", "steward", "/tasks", {"kind": "visit", "beneficiary": await quiet.elder()}
    )
    task, rider = made["id"], await quiet.active("rider-7")
    until = (quiet.service.context.clock.now() + timedelta(minutes=40)).isoformat()
    skill = {"code": "home-visit", "valid_until": until}
    await quiet.made("zhang", "steward", f"/volunteers/{rider}/skills", skill)
    assert (await quiet.claim("rider-7", rider, task)).status_code == 200
    await quiet.read("rider-7", "rider", f"/tasks/{task}/beneficiary")
    await quiet.later(minutes=41)
    seen = await quiet.ask("rider-7", "rider", "GET", f"/tasks/{task}/beneficiary")
    assert seen.status_code == 403
