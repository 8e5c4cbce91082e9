"""What ends the case of a car that must move, and what those found who were asked to look."""

from dataclasses import dataclass, field
from uuid import UUID

import pytest

from tests.parking.conftest import HERE, THERE, Parking
from tests.parking.gates import Compound
from tests.parking.looks import (
    CLEARED,
    OPENED,
    PHOTO,
    PLATE,
    VISITOR,
    answered,
    make_patrolled,
    names,
    opened,
    owner_of,
    read_as,
    sighted,
    take,
    tick,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def compound(api_alone: Parking) -> Compound:
    return await make_patrolled(api_alone)


@dataclass(frozen=True)
class Answer:
    """How asking a person ended, what that brings at once, and how the course went on to its last step."""

    outcome: str
    brings: tuple[str, ...] = ()
    last: str = "time"
    found: dict[str, tuple[str, ...]] = field(default_factory=dict)


ANSWERS = {
    "gone": Answer("done", (CLEARED,)),
    "gone before": Answer("not-needed", (CLEARED,)),
    "no way": Answer("not-possible", ("street-office",), last="not-possible"),
    "nobody went": Answer("expired"),
    "called off": Answer("not-needed", found={"volunteers": (), "evidence": ()}),
    "unseen": Answer("done", found={"evidence": ()}),
    "their own": Answer("done", found={"volunteers": ("li",)}),
}


async def test_what_those_found_who_were_asked_is_a_look_and_other_ends_leave_the_next_step_its_time(
    compound: Compound,
) -> None:
    await owner_of(compound, "浙B10006", "li", "na")
    cases = {answer: UUID(await opened(compound, plate=f"浙B1000{n}")) for n, answer in enumerate(ANSWERS)}
    await tick(compound, 5)
    await take(compound, 6, *(answered(case, "not-possible", HERE) for case in cases.values()))
    assert len(await names(compound)) == 2 * len(cases)  # nobody was asked yet
    await tick(compound, 10)
    asked = [OPENED, "tell-again", "ask-person"]
    for name, case in cases.items():
        answer = ANSWERS[name]
        event = answered(case, answer.outcome, HERE, 12, **answer.found)
        await take(compound, 12, answered(case, answer.outcome, THERE, 12, **answer.found))
        await take(compound, 12, event, event, answered(case, answer.outcome, HERE, 12, **answer.found))
        assert await names(compound, case) == [*asked, *answer.brings], name
        shown = (await read_as(compound, "guard", "gu", f"/violations/{case}")).json()
        looks = [each for each in shown["looks"] if each["source"] == "task"]
        went = answer.found.get("volunteers", ("gu",))
        if answer.outcome in {"done", "not-needed"} and went:  # whose word it is, and what shows it
            assert (looks[0]["says"], looks[0]["by"]) == ("moved", f"{event.data.task}/{went[0]}")
            assert looks[0]["evidence"] == list(event.data.evidence)
        else:
            assert looks == []
    await tick(compound, 29.9)
    assert [await names(compound, case) for case in cases.values()] == [
        [*asked, *answer.brings] for answer in ANSWERS.values()
    ]
    await tick(compound, 30.1)
    for name, case in cases.items():
        last = CLEARED if CLEARED in ANSWERS[name].brings else "street-office"
        assert await names(compound, case) == [*asked, last], name
        shown = (await read_as(compound, "guard", "gu", f"/violations/{case}")).json()
        assert shown["steps"][-1]["reason"] == ANSWERS[name].last
        await take(compound, 31, answered(case, "not-possible", HERE, 31), answered(case, "done", HERE, 31))
        await take(compound, 32, answered(case, "expired", HERE, 32))
        said = await names(compound, case)
        assert (said[-1], said.count(CLEARED)) == (CLEARED, 1)


async def test_nobody_ends_the_case_of_their_own_car(compound: Compound) -> None:
    await owner_of(compound, PLATE, "li")
    async with compound.client() as client:
        grant = {"compound": str(compound.id), "plate": VISITOR, "contact": "host"}
        assert (await client.post("/passes", json=grant)).status_code == 201
    for plate, person in ((PLATE, "li"), (VISITOR, "host")):
        case = await opened(compound, plate=plate)
        own = await sighted(compound, "volunteer", person, plate=plate, gone=True)
        assert (own.status_code, own.json()["type"].rpartition(":")[2]) == (403, "own-car")
        async with compound.parking.client(person, HERE, "guard") as client:
            word = await client.post(f"/violations/{case}/clear", json={"outcome": "moved", **PHOTO})
        assert word.status_code == 403
        assert await names(compound, UUID(case)) == [OPENED]
        assert (await sighted(compound, "volunteer", "hu", plate=plate, gone=True)).json() == {
            "violation": case
        }
        assert await names(compound, UUID(case)) == [OPENED, CLEARED]
