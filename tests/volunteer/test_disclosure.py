"""Names and doors: canaries that no route, role, event, log or metric may let out before their stage."""

import json
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from services.volunteer.api.access import STAFF
from services.volunteer.app import SERVICE
from services.volunteer.domain.claim import Claim, ClaimState
from services.volunteer.domain.disclosure import BANDED, SHOWN, Stage, stage_of, stage_of_offer
from services.volunteer.domain.kind import KindRules
from services.volunteer.domain.offer import Offer, OfferState
from services.volunteer.domain.task import Effort, Outcome, Task, TaskState
from services.volunteer.usecases.offer_tasks import offer_tasks
from shared.identifiers import new_id
from shared.runtime.running import application_of
from shared.security.roles import Role
from tests.volunteer.conftest import CANARIES, COMPOUND, ELDER, HERE, THERE, Volunteering
from tests.volunteer.test_volunteer_states import TIME

OUTBOX = "convert_from(value, 'UTF8') AS value, headers, convert_from(key, 'UTF8') AS key"
BODIES: Mapping[str, Any] = {
    "claim": {"volunteer": None},
    "check-in": {},
    "report": {"outcome": "done"},
    "confirm": {"code": "0000"},
    "accept": {},
}


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


class Crawl:
    """Everything the service says to whoever asks, in search of a canary."""

    def __init__(self, volunteering: Volunteering, ids: dict[str, str]) -> None:
        self.volunteering = volunteering
        self.ids = ids
        self.asked = 0

    async def leaks(self, routes: list[tuple[str, str]], who: list[tuple[str, str, Any]]) -> set[str]:
        """Ask every route as everybody; give who got a canary where."""
        found = set()
        for person, role, community in who:
            async with self.volunteering.client(person, role, community=community) as client:
                for verb, path in routes:
                    body = BODIES.get(path.rsplit("/", 1)[-1], {})
                    if "volunteer" in body:
                        body = {"volunteer": self.ids["volunteer_id"]}
                    url = path.format(**self.ids)
                    answer = await client.request(verb, url, json=None if verb == "GET" else body)
                    self.asked += 1
                    text = answer.text + json.dumps(dict(answer.headers))
                    if any(canary in text for canary in CANARIES):
                        found.add(f"{role} {verb} {path}")
        return found


async def described_routes() -> list[tuple[str, str]]:
    async with AsyncExitStack() as stack:
        paths = (await application_of(stack, SERVICE)).openapi()["paths"]
    return [
        (verb.upper(), path)
        for path, verbs in paths.items()
        for verb in verbs
        # A stream has no end; what it can say is what lies in the outbox, which is searched below.
        if not path.startswith(("/docs", "/events"))
    ]


@pytest.mark.anyio
async def test_no_canary_leaves_before_its_stage(
    quiet: Volunteering, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = {"who": ["rider"], "confirmation": "code"}
    await quiet.made("ola", "operator", "/task-kinds", {"code": "carry", "rules": rules})
    elder = await quiet.elder()
    made = await quiet.made("zhang", "steward", "/tasks", {"kind": "carry", "beneficiary": elder})
    rider, other = await quiet.active("rider-7"), await quiet.active("rider-8")
    await quiet.on_duty("rider-7", rider)
    assert await offer_tasks(quiet.works) == 1
    (offer,) = (await quiet.read("rider-7", "rider", "/offers/mine"))["items"]
    assert (offer["state"], offer["within_metres"]) == ("offered", 800)
    ids = {
        "offer_id": offer["id"],
        "task_id": made["id"],
        "beneficiary_id": elder,
        "volunteer_id": other,
        **dict.fromkeys(("duty_id", "entry_id", "dispute_id", "series_id"), str(new_id())),
        "code": "first-aid",
    }
    crawl, routes = Crawl(quiet, ids), await described_routes()
    reading = [route for route in routes if route[0] == "GET"]
    # The verbs that end a task are left out here: what they answer is crawled below, when it is over.
    ending = ("/leave", "/cancel", "/suspend", "/claim", "/confirm", "/accept", "/decline")
    harmless = [route for route in routes if not route[1].endswith(ending)]
    strangers = [(f"some-{role}", role.value, HERE) for role in Role if role not in STAFF]
    abroad = [("zhao", role, THERE) for role in ("operator", "steward", "rider")]

    board = await crawl.leaks(harmless, [*abroad[:1], ("rider-7", "rider", HERE)])
    assert board == set()

    await quiet.made("rider-7", "rider", f"/offers/{offer['id']}/accept", {})
    assert await crawl.leaks(reading, [*abroad[:1], ("rider-8", "rider", HERE)]) == set()
    own = {"rider GET /tasks/{task_id}/beneficiary"}
    assert await crawl.leaks(reading, [("rider-7", "rider", HERE)]) == own
    seen = await quiet.read("rider-7", "rider", f"/tasks/{made['id']}/beneficiary")
    assert seen["entry_hint"] is None

    await quiet.made("rider-7", "rider", f"/tasks/{made['id']}/check-in", {})
    assert await crawl.leaks(reading, [*strangers, *abroad, ("rider-8", "rider", HERE)]) == set()
    assert await crawl.leaks(reading, [("rider-7", "rider", HERE)]) == own
    code = (await quiet.read("elder-1", "resident", f"/tasks/{made['id']}/code"))["code"]
    await quiet.made("rider-7", "rider", f"/tasks/{made['id']}/confirm", {"code": code})
    over = [*abroad[:1], ("rider-7", "rider", HERE), ("elder-1", "resident", HERE)]
    assert await crawl.leaks(routes, over) == set()
    assert crawl.asked > 400

    # notify and the streams know of a task what its facts say: the compound, before and after the claim.
    for noun in ("task-opened", "task-offered", "task-claimed", "task-completed"):
        assert {fact["place"] for fact in await quiet.said(noun)} == {str(COMPOUND)}, noun
    async with quiet.works.for_system("test") as work:
        for table in ("outbox", "claims", "tasks", "hours", "looks", "offers", "duties", "positions"):
            kept = await work.connection.fetch(f"SELECT {'*' if table != 'outbox' else OUTBOX} FROM {table}")
            assert kept, table
            assert not [canary for canary in CANARIES if canary in str(kept)], table
        stages = await work.connection.fetch("SELECT person, stage FROM looks ORDER BY id")
    looked = {(row["person"], row["stage"]) for row in stages}
    assert looked == {("rider-7", "claimed"), ("rider-7", "checked-in"), ("elder-1", "code")}
    logged = capsys.readouterr()
    assert "/tasks/" in logged.out + logged.err
    assert not [canary for canary in CANARIES if canary in logged.out + logged.err]


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
