"""The inbox tells repeats from news, also between two members at once, and forgets what is old."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from shared.database.work import Works
from shared.identifiers import new_id
from shared.messaging import inbox

pytestmark = pytest.mark.anyio


async def claim(works: Works, consumer: str, ids: list[UUID], *, hold: float = 0) -> set[UUID]:
    async with works.for_system("tester") as work:
        fresh = await inbox.claim(work.connection, consumer, ids)
        await asyncio.sleep(hold)
    return fresh


async def test_an_event_is_new_once_to_each_consumer(works: Works) -> None:
    ids = [new_id() for _ in range(10)] + [uuid4()]
    assert await claim(works, "notify", [*ids, ids[0]]) == set(ids)
    assert await claim(works, "notify", [*ids, one := new_id()]) == {one}
    assert await claim(works, "parking", ids) == set(ids)
    assert await claim(works, "notify", []) == set()


async def test_of_two_members_with_the_same_events_each_event_is_new_to_one(works: Works) -> None:
    ids = [new_id() for _ in range(200)]
    found = await asyncio.gather(
        claim(works, "notify", ids, hold=0.2), claim(works, "notify", ids[::-1], hold=0.2)
    )
    assert found[0] | found[1] == set(ids)
    assert not found[0] & found[1]


async def test_an_event_whose_effect_was_rolled_back_is_new_again(works: Works) -> None:
    ids = [new_id()]
    with pytest.raises(RuntimeError):
        async with works.for_system("tester") as work:
            assert await inbox.claim(work.connection, "notify", ids) == set(ids)
            raise RuntimeError
    assert await claim(works, "notify", ids) == set(ids)


async def test_what_kafka_cannot_repeat_any_more_is_forgotten_in_portions(works: Works) -> None:
    old, young = [new_id() for _ in range(12)], [new_id() for _ in range(3)]
    await claim(works, "notify", old)
    async with works.for_system("tester") as work:
        await work.connection.execute("DELETE FROM inbox")
        await work.connection.execute(
            "INSERT INTO inbox SELECT 'notify', id, now() - interval '22 days' FROM unnest($1::uuid[]) AS id",
            old,
        )
    await claim(works, "notify", young)
    portions = [await inbox.forget_old(works, most=5) for _ in range(4)]
    assert portions == [5, 5, 2, 0]
    assert await claim(works, "notify", [*old, *young]) == set(old)
    assert await inbox.forget_old(works, timedelta(0)) == 15
