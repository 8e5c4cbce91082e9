"""Offers: the nearest are asked, then the next ones; one takes it, and each offer ends in exactly one way."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from services.volunteer.usecases.offer_tasks import offer_tasks
from services.volunteer.usecases.project_places import project_places
from shared.contracts import Event, PlaceRegistered
from shared.identifiers import new_id
from tests.volunteer.conftest import HERE, SHRINE, Volunteering

pytestmark = pytest.mark.anyio

RULES = {"ask": 2, "answer_seconds": 60, "again_minutes": 30, "offers_an_hour": 3, "minutes": 20}


def north(metres: float) -> dict[str, float]:
    return SHRINE | {"latitude": SHRINE["latitude"] + metres / 111_195}


async def at(quiet: Volunteering, *metres: float) -> dict[str, str]:
    """Riders on duty at these distances from the shrine: person and entry."""
    made = {}
    for number, distance in enumerate(metres, start=1):
        person = f"rider-{number}"
        made[person] = await quiet.active(person)
        await quiet.on_duty(person, made[person], at=north(distance))
    return made


async def task_at_the_shrine(quiet: Volunteering, **rules: Any) -> str:
    return await quiet.asked(rules=RULES | rules, position={**SHRINE, "datum": "wgs84"})


async def open_offer(quiet: Volunteering, person: str) -> str | None:
    found = (await quiet.read(person, "rider", "/offers/mine"))["items"]
    return next((offer["id"] for offer in found if offer["state"] == "offered"), None)


async def asked_of(quiet: Volunteering, task: str) -> dict[str, str]:
    """The newest state of each who was asked."""
    found = (await quiet.read("zhang", "steward", f"/tasks/{task}/offers"))["items"]
    return {offer["person"]: offer["state"] for offer in reversed(found)}


async def answer(quiet: Volunteering, person: str, verb: str, offer: str | None) -> Any:
    body: Any = {} if verb == "accept" else None
    return await quiet.ask(person, "rider", "POST", f"/offers/{offer}/{verb}", body)


async def test_the_nearest_are_asked_then_the_next_and_one_takes_it(quiet: Volunteering) -> None:
    await at(quiet, 900, 200, 2500, 100, 6000)
    task = await task_at_the_shrine(quiet)
    assert await offer_tasks(quiet.works) == 1
    assert await offer_tasks(quiet.works) == 0
    assert await asked_of(quiet, task) == {"rider-4": "offered", "rider-2": "offered"}
    near, declined = await open_offer(quiet, "rider-4"), await open_offer(quiet, "rider-2")
    for _ in range(2):
        assert (await answer(quiet, "rider-2", "decline", declined)).json()["state"] == "declined"
    assert (await answer(quiet, "rider-2", "accept", declined)).json()["type"].endswith("offer-over")
    assert (await answer(quiet, "rider-1", "accept", near)).status_code == 404  # nobody's but the asked one's
    await offer_tasks(quiet.works)
    assert (await asked_of(quiet, task))["rider-1"] == "offered"
    await quiet.later(seconds=61)
    late = await answer(quiet, "rider-4", "accept", near)  # by time alone, before the clock has looked
    assert late.json()["type"].endswith("offer-over")
    await offer_tasks(quiet.works)
    expired = {"rider-4": "expired", "rider-2": "declined", "rider-1": "expired", "rider-3": "offered"}
    assert await asked_of(quiet, task) == expired  # nobody asks who is six kilometres away
    taken = await open_offer(quiet, "rider-3")
    claim = await answer(quiet, "rider-3", "accept", taken)
    assert (claim.status_code, claim.json()["state"]) == (200, "claimed")
    assert (await answer(quiet, "rider-3", "accept", taken)).json() == claim.json()
    assert Counter((await asked_of(quiet, task)).values()) == {"expired": 2, "declined": 1, "accepted": 1}
    facts = [fact for noun in ("task-offered", "task-claimed") for fact in await quiet.said(noun)]
    assert sorted(fact["sequence"] for fact in facts) == [2, 3, 4, 5, 6]
    assert await offer_tasks(quiet.works) == 0  # full: nobody else is asked


async def test_the_others_offers_are_superseded_and_who_gives_back_is_replaced(quiet: Volunteering) -> None:
    riders = await at(quiet, 100, 200, 300)
    task = await task_at_the_shrine(quiet)
    await offer_tasks(quiet.works)
    mine, theirs = await open_offer(quiet, "rider-1"), await open_offer(quiet, "rider-2")
    assert (await quiet.claim("rider-1", riders["rider-1"], task)).status_code == 200  # from the board
    assert await asked_of(quiet, task) == {"rider-1": "accepted", "rider-2": "superseded"}
    slow = await answer(quiet, "rider-2", "accept", theirs)
    assert slow.json()["type"].endswith("offer-over")
    assert "thank you" in slow.json()["detail"]
    await quiet.made("rider-1", "rider", f"/tasks/{task}/release")
    await offer_tasks(quiet.works)
    assert (await asked_of(quiet, task))["rider-3"] == "offered"
    assert (await answer(quiet, "rider-1", "accept", mine)).status_code == 409
    await quiet.made("zhang", "steward", f"/volunteers/{riders['rider-3']}/suspend")
    assert (await asked_of(quiet, task))["rider-3"] == "superseded"
    await quiet.made("zhang", "steward", f"/tasks/{task}/cancel")
    assert "offered" not in (await asked_of(quiet, task)).values()


async def test_nobody_is_asked_two_things_at_once_nor_too_often_nor_again_at_once(
    quiet: Volunteering,
) -> None:
    await at(quiet, 100)
    tasks = [await task_at_the_shrine(quiet) for _ in range(5)]
    counts = []
    for _ in range(7):
        await offer_tasks(quiet.works)
        async with quiet.works.for_system("test") as work:
            assert await work.connection.fetchval("SELECT count(*) FROM offers WHERE state = 'offered'") <= 1
            counts.append(await work.connection.fetchval("SELECT count(*) FROM offers"))
        await quiet.later(seconds=62)
    assert counts == [1, 2, 3, 3, 3, 3, 3]  # three an hour, one after the other
    found = (await quiet.read("rider-1", "rider", "/offers/mine"))["items"]
    assert len({offer["task"]["id"] for offer in found}) == 3 <= len(tasks)


async def test_without_a_fresh_position_home_counts_and_duty_always_does(quiet: Volunteering) -> None:
    compound, building, elsewhere = new_id(), new_id(), new_id()
    registered = [
        PlaceRegistered(place=building, kind="building", parent=compound),
        PlaceRegistered(place=compound, kind="compound", parent=HERE),
        PlaceRegistered(place=elsewhere, kind="compound", parent=HERE),
    ]
    now = quiet.service.context.clock.now()
    events: list[Event[Any]] = [Event(new_id(), "/linli/issues", now, HERE, 1, fact) for fact in registered]
    async with quiet.works.for_system("test") as work:
        await project_places(work, [*events, events[0]])
    homes = {"rider-1": building, "rider-2": elsewhere, "rider-3": compound}
    for person, home in homes.items():
        body = {"kind": "rider", "consent": True, "consent_text": "1", "person": person}
        entry = await quiet.made("zhang", "steward", "/volunteers", body | {"home_place": str(home)})
        await quiet.made("zhang", "steward", f"/volunteers/{entry['id']}/vet")
        if person != "rider-3":
            until = (now + timedelta(hours=3)).isoformat()
            await quiet.made(person, "rider", f"/volunteers/{entry['id']}/duty", {"ends_at": until})
    rules = RULES | {"ask": 1}
    here = await quiet.asked(rules=rules, place=str(compound), position={**SHRINE, "datum": "wgs84"})
    somewhere = await quiet.asked(rules=rules)
    await offer_tasks(quiet.works)
    assert await asked_of(quiet, here) == {"rider-1": "offered"}  # not who is off duty
    assert await asked_of(quiet, somewhere) == {"rider-2": "offered"}  # no place known: whoever is on duty
