"""Claims: one winner for each place under any storm, no promise twice, the list in its order."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from services.volunteer.store import claims
from tests.volunteer.conftest import HERE, Volunteering

pytestmark = pytest.mark.anyio


async def many(quiet: Volunteering, count: int) -> dict[str, str]:
    """Volunteers who were vetted, made in the database: a hundred sign-ups are another test's matter."""
    async with quiet.works.for_system("test") as work:
        rows = await work.connection.fetch(
            """
            INSERT INTO volunteers (id, community_id, person, kind, state, consent_text, consented_at,
                                    registered_at, changed_at, version)
            SELECT gen_random_uuid(), $1, 'rider-' || n, 'rider', 'active', '1', now(), now(), now(), 2
            FROM generate_series(1, $2::integer) AS n RETURNING person, id
            """,
            HERE,
            count,
        )
    return {row["person"]: str(row["id"]) for row in rows}


async def test_a_storm_has_one_winner_for_each_place(quiet: Volunteering) -> None:
    places, riders = 3, await many(quiet, 30)
    tasks = [await quiet.asked(places=places) for _ in range(3)]
    clients = {person: quiet.client(person, "rider") for person in riders}
    attempts = [
        clients[person].post(f"/tasks/{task}/claim", json={"volunteer": entry})
        for task in tasks
        for person, entry in riders.items()
        for _ in range(2)  # everybody is impatient and asks twice
    ]
    answers = await asyncio.gather(*attempts)
    for client in clients.values():
        await client.aclose()
    assert {answer.status_code for answer in answers} == {200, 409}
    won = {answer.json()["id"]: answer.json() for answer in answers if answer.status_code == 200}
    seats = [(claim["task"], claim["number"]) for claim in won.values()]
    assert sorted(seats) == sorted((task, number + 1) for task in tasks for number in range(places))
    said = await quiet.said("task-claimed")
    assert sorted(fact["claim"] for fact in said) == sorted(won)
    assert len({fact["person"] for fact in said}) == len(said)  # nobody promised one time twice
    async with quiet.works.for_system("test") as work:
        assert await work.connection.fetchval("SELECT count(*) FROM claims") == len(won)
    for task in tasks:
        sequences = [fact["sequence"] for fact in said if fact["task"] == task]
        assert sequences == [2, 3, 4]


async def test_the_winner_may_ask_again_and_no_one_else(quiet: Volunteering) -> None:
    task, riders = await quiet.asked(), await many(quiet, 2)
    first = await quiet.claim("rider-1", riders["rider-1"], task)
    again = await quiet.claim("rider-1", riders["rider-1"], task)
    assert (first.status_code, first.json()) == (200, again.json())
    late = await quiet.claim("rider-2", riders["rider-2"], task)
    assert late.json()["type"].endswith("no-place")
    borrowed = await quiet.claim("rider-2", riders["rider-1"], task)
    assert borrowed.status_code == 409  # not even by the winner's entry
    assert len(await quiet.said("task-claimed")) == 1


async def test_promises_do_not_overlap_and_may_touch(quiet: Volunteering) -> None:
    one, other, third = [await quiet.asked() for _ in range(3)]
    (rider,) = (await many(quiet, 1)).values()
    now = quiet.service.context.clock.now() + timedelta(minutes=30)

    async def at(task: str, minutes: int) -> Any:
        return await quiet.claim("rider-1", rider, task, at=(now + timedelta(minutes=minutes)).isoformat())

    assert (await at(one, 0)).status_code == 200
    assert (await at(other, 29)).json()["type"].endswith("overlap")
    assert (await at(other, 30)).status_code == 200  # half open: back to back is no conflict
    answers = await asyncio.gather(*(at(third, 59) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {409}
    assert (await quiet.read("rider-1", "rider", f"/tasks/{third}"))["free"] == 1  # nothing was lost
    assert (await at(third, 500)).json()["type"].endswith("wrong-time")


async def test_who_gives_back_frees_the_place_at_once(quiet: Volunteering) -> None:
    task, riders = await quiet.asked(), await many(quiet, 2)
    await quiet.claim("rider-1", riders["rider-1"], task)
    await quiet.made("rider-1", "rider", f"/tasks/{task}/release")
    again = await quiet.ask("rider-1", "rider", "POST", f"/tasks/{task}/release")
    assert again.status_code == 409
    opened = await quiet.said("task-opened")
    assert [(fact["reopened"], fact["sequence"]) for fact in opened] == [(False, 1), (True, 3)]
    assert [(fact["left"], fact["released"]) for fact in opened] == [(None, []), ("rider-1", [])]
    assert (await quiet.claim("rider-2", riders["rider-2"], task)).status_code == 200
    async with quiet.works.for_system("test") as work:
        late = await work.connection.fetchval("SELECT late FROM claims WHERE state = 'released'")
    assert late


async def test_the_waiting_move_up_in_order_and_only_who_can_come(quiet: Volunteering) -> None:
    task, elsewhere, riders = await quiet.asked(), await quiet.asked(), await many(quiet, 5)
    await quiet.claim("rider-1", riders["rider-1"], task)
    for number in (3, 2, 4, 5):
        person = f"rider-{number}"
        waits = await quiet.claim(person, riders[person], task, wait=True)
        assert waits.json()["state"] == "waiting"
    await quiet.claim("rider-3", riders["rider-3"], elsewhere)  # busy meanwhile
    await quiet.made("zhang", "steward", f"/volunteers/{riders['rider-2']}/suspend")
    await quiet.made("rider-4", "rider", f"/tasks/{task}/release")  # leaves the list
    await quiet.made("rider-1", "rider", f"/tasks/{task}/release")
    moved = [fact for fact in await quiet.said("task-claimed") if fact["from_waiting"]]
    assert [(fact["person"], fact["left"]) for fact in moved] == [("rider-5", "rider-1")]
    assert [fact["reopened"] for fact in await quiet.said("task-opened")] == [False, False]


async def test_who_is_suspended_loses_what_they_hold(quiet: Volunteering) -> None:
    task, riders = await quiet.asked(), await many(quiet, 2)
    await quiet.claim("rider-1", riders["rider-1"], task)
    await quiet.claim("rider-2", riders["rider-2"], task, wait=True)
    for number, noun in ((1, "task-claimed"), (2, "task-opened")):
        await quiet.made("zhang", "steward", f"/volunteers/{riders[f'rider-{number}']}/suspend")
        assert (await quiet.said(noun))[-1]["released"] == [f"rider-{number}"]
    assert (await quiet.read("zhang", "steward", f"/tasks/{task}"))["free"] == 1
    refused = await quiet.claim("rider-1", riders["rider-1"], task)
    assert refused.json()["type"].endswith("not-eligible")


async def test_only_who_may_takes_it(quiet: Volunteering) -> None:
    skilled = await quiet.asked(rules={"skills": ["first-aid"], "hours": [0, 24]})
    guard, rider = await quiet.active("gu", "guard"), await quiet.active("rider-1")
    assert (await quiet.claim("gu", guard, skilled)).status_code == 403
    assert (await quiet.claim("rider-1", rider, skilled)).status_code == 403
    path, soon = f"/volunteers/{rider}/skills", quiet.service.context.clock.now() + timedelta(minutes=29)
    brief = {"code": "first-aid", "valid_until": soon.isoformat()}
    assert (await quiet.ask("rider-1", "steward", "POST", path, brief)).status_code == 403  # one's own
    await quiet.made("zhang", "steward", path, brief)
    assert (await quiet.claim("rider-1", rider, skilled)).status_code == 403  # it takes thirty minutes
    await quiet.made("zhang", "steward", path, {"code": "first-aid"})
    assert (await quiet.claim("rider-1", rider, skilled)).status_code == 200
    plain, hence = await quiet.asked(), quiet.service.context.clock.now() + timedelta(hours=1)
    assert (await quiet.claim("rider-1", rider, plain, at=hence.isoformat())).status_code == 200
    await quiet.made("zhang", "steward", f"{path}/first-aid/withdraw")
    mine = (await quiet.read("rider-1", "rider", "/claims"))["items"]
    assert {claim["task"]: claim["state"] for claim in mine} == {skilled: "released", plain: "claimed"}
    assert (await quiet.said("task-opened"))[-1]["released"] == ["rider-1"]


async def test_claims_are_found_by_an_index_whatever_their_state(quiet: Volunteering) -> None:
    queries = {"claims_of_task": claims._ACCOUNTABLE, "claims_held": claims._HELD}
    async with quiet.works.for_system("test") as work:
        await work.connection.execute("SET LOCAL enable_seqscan = off")
        for index, query in queries.items():
            plan = str(await work.connection.fetch(f"EXPLAIN {query}", HERE, HERE))
            assert index in plan, plan
