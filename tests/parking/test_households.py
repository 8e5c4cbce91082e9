"""The projection of households: any order and repetition of the register's events ends in the same state."""

import random
from uuid import UUID

import pytest

from services.parking.store import households
from shared.contracts import Event, Fact
from shared.identifiers import new_id
from tests.parking.conftest import HERE, THERE, Parking, household_ended, household_registered

pytestmark = pytest.mark.anyio


async def ended(parking: Parking, household: UUID) -> bool | None:
    async with parking.service.context.works.for_system("test") as work:
        found = await households.find(work.connection, HERE, household)
    return None if found is None else found.ended


@pytest.mark.parametrize("seed", range(5))
async def test_any_order_and_repetition_ends_in_the_latest_state(parking: Parking, seed: int) -> None:
    chance = random.Random(seed)
    stays, leaves, returns = new_id(), new_id(), new_id()
    events: list[Event[Fact]] = [
        household_registered(stays, 1),
        household_registered(stays, 2),
        household_registered(leaves, 1),
        household_ended(leaves, 2),
        household_registered(returns, 1),
        household_ended(returns, 2),
        household_registered(returns, 3),
    ]
    told = events + chance.sample(events, 3)
    chance.shuffle(told)
    while told:
        size = chance.randint(1, 4)
        await parking.tell(*told[:size])
        told = told[size:]
    assert [await ended(parking, each) for each in (stays, leaves, returns)] == [False, True, False]


async def test_a_compacted_topic_may_tell_of_an_ending_alone(parking: Parking) -> None:
    gone = new_id()
    await parking.tell(household_ended(gone, 5))
    assert await ended(parking, gone) is True


async def test_no_event_moves_a_household_to_another_community(parking: Parking, household: UUID) -> None:
    await parking.tell(household_ended(household, 9, THERE))
    assert await ended(parking, household) is False
