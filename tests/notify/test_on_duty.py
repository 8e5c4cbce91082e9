"""Who is on duty is told first: a projection that bears repeats and any order, and whom rules reach by it."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.audience import Audiences, OnDuty, Place, Wanted
from services.notify.usecases.follow_duty import follow_duty
from shared.contracts import (
    Assignee,
    DutyEnded,
    DutyStarted,
    Event,
    OverstayRetracted,
    PlaceRegistered,
    RoleGranted,
    VehicleOverstayed,
)
from tests.notify.stage import COMPOUND, MORNING, Handsets, Lanes, Stage, assigned, number

pytestmark = pytest.mark.anyio

GUARDS = ("guard-1", "guard-2", "guard-3")
HOUR = timedelta(hours=1)


def duty(stage: Stage, person: str, hours: int, ident: UUID | None = None) -> Event[Any]:
    return stage.event(
        DutyStarted(
            duty=ident or uuid4(), volunteer=uuid4(), person=person, kind="guard", starts_at=MORNING,
            ends_at=MORNING + hours * HOUR,
        )
    )  # fmt: skip


def ended(stage: Stage, person: str, ident: UUID) -> Event[Any]:
    fact = DutyEnded(duty=ident, volunteer=uuid4(), person=person, kind="guard", ended_at=MORNING + HOUR)
    return stage.event(fact, 2)


async def follow(stage: Stage, *events: Event[Any]) -> None:
    async with stage.works.for_system("test") as work:
        await follow_duty(work, events)


STAY: dict[str, Any] = {
    "threshold": 1,
    "place": COMPOUND,
    "masked_plate": "浙B·**668",
    "entered_at": MORNING,
    "told": Assignee(role="guard", place=COMPOUND),
}


def overstayed(stage: Stage, stay: UUID) -> Event[Any]:
    return stage.event(VehicleOverstayed(stay=stay, due_at=MORNING, free_minutes=120, **STAY), 1)


def retracted(stage: Stage, stay: UUID) -> Event[Any]:
    return stage.event(OverstayRetracted(stay=stay, **STAY), 2)


async def told(stage: Stage, event: Event[Any] | None = None) -> list[str]:
    """Whom an overstay, or another event, reaches now."""
    event = event or overstayed(stage, uuid4())
    await stage.plan(event)
    return sorted(row["person"] for row in await stage.messages() if row["event_id"] == event.id)


async def guards(stage: Stage) -> None:
    place = PlaceRegistered(place=COMPOUND, kind="compound", parent=stage.community, name="合源", code="HY")
    await stage.register(stage.event(place))
    for index, person in enumerate(GUARDS):
        granted = RoleGranted(grant=uuid4(), person=person, role="guard", place=COMPOUND)
        await stage.register(stage.event(granted))
        await stage.contact(person, number(index))


async def test_a_correction_comes_to_whoever_heard_the_alarm_and_to_nobody_else(
    stage: Stage, lanes: Lanes, handsets: Handsets
) -> None:
    """The shift has changed in between; an alarm that has not left is taken back, and nothing corrected."""
    await guards(stage)
    rings, waits, late, elsewhere = (uuid4() for _ in range(4))
    await follow(stage, duty(stage, "guard-1", 2))
    await stage.plan(overstayed(stage, rings), overstayed(stage, elsewhere))
    await lanes.send_all(stage.works)
    stage.clock.time = MORNING + 3 * HOUR
    await follow(stage, duty(stage, "guard-2", 8))
    await stage.plan(overstayed(stage, waits))
    assert await told(stage, retracted(stage, rings)) == ["guard-1"]
    assert await told(stage, retracted(stage, waits)) == []
    # The correction is read first, and then the alarm; or both at once.
    assert await told(stage, retracted(stage, late)) == []
    await stage.plan(overstayed(stage, late))
    both = uuid4()
    await stage.plan(retracted(stage, both), overstayed(stage, both))
    await lanes.send_all(stage.works)
    heard = [(line["to"], line["template"]) for line in await handsets.ledger()]
    assert heard == [(number(0), "vehicle-overstayed")] * 2 + [(number(0), "overstay-retracted")]
    # Nobody knows whether one has left: it may ring yet, and its correction comes too.
    unknown = uuid4()
    await stage.plan(overstayed(stage, unknown))
    await stage.database.system.execute("UPDATE messages SET state = 'unknown' WHERE state = 'ready'")
    assert await told(stage, retracted(stage, unknown)) == ["guard-2"]


async def test_who_has_a_case_no_more_hears_so_unless_they_have_it_by_their_role(stage: Stage) -> None:
    await guards(stage)
    await stage.contact("first", number(7))
    role, first, guard = Assignee(role="guard"), Assignee(person="first"), Assignee(person="guard-2")

    async def heard(now: Assignee, before: Assignee | None) -> dict[str, str]:
        event = stage.event(assigned(uuid4(), now, None, was_assigned_to=before, place=COMPOUND))
        await stage.plan(event)
        rows = await stage.rows(
            """SELECT person, name FROM messages JOIN rulebook ON rulebook.id = rule_entry
               WHERE event_id = $1""",
            event.id,
        )
        assert len({row["person"] for row in rows}) == len(rows)
        return {row["person"]: row["name"].removeprefix("case-") for row in rows}

    assert await heard(first, None) == {"first": "assigned"}
    assert await heard(guard, first) == {"guard-2": "assigned", "first": "not-yours"}
    others = {"guard-1": "not-yours", "guard-3": "not-yours"}
    assert await heard(guard, role) == {"guard-2": "assigned", **others}
    assert await heard(role, guard) == dict.fromkeys(GUARDS, "assigned")


async def test_the_guards_on_duty_are_told_and_all_of_them_when_nobody_is(stage: Stage) -> None:
    await guards(stage)
    assert await told(stage) == list(GUARDS)
    first, second = uuid4(), uuid4()
    await follow(stage, duty(stage, "guard-1", 2, first), duty(stage, "guard-2", 8, second))
    assert await told(stage) == ["guard-1", "guard-2"]
    stage.clock.time = MORNING + 2 * HOUR
    assert await told(stage) == ["guard-2"]
    # The end comes first, then the beginning, late and twice.
    third = uuid4()
    await follow(stage, ended(stage, "guard-2", second), ended(stage, "guard-3", third))
    await follow(stage, *[duty(stage, "guard-3", 8, third), duty(stage, "guard-2", 8, second)] * 2)
    assert await told(stage) == list(GUARDS)


PERSONS = st.lists(st.sampled_from("abcd"), max_size=3, unique=True)


@given(PERSONS, PERSONS, st.frozensets(st.sampled_from("abcd")), st.sampled_from([None, *OnDuty]))
def test_the_nearest_place_with_somebody_on_duty_is_told(
    near: list[str], far: list[str], awake: frozenset[str], how: OnDuty | None
) -> None:
    community, inner = UUID(int=1), UUID(int=2)
    audiences = Audiences(
        {(community, inner): (Place(inner), Place(community))},
        {(community, "guard", inner): near, (community, "guard", community): far},
        on_duty={(community, person) for person in awake},
    )
    found = list(audiences.persons(community, Wanted(role="guard", place=inner, on_duty=how)))
    on_duty = [person for person in near if person in awake] or [person for person in far if person in awake]
    everybody = near or far
    if how is None:
        assert found == everybody
    else:
        assert found == (on_duty or (everybody if how is OnDuty.PREFER else []))
