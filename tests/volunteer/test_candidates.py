"""Who may be asked: what the cells find is what a look at everybody finds."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import cos, radians, sin
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.volunteer.domain.kind import KindRules
from services.volunteer.domain.offer import RADII, Candidate, chosen, to_ask
from services.volunteer.domain.position import Point, metres_between
from services.volunteer.store import candidates
from services.volunteer.store.candidates import Search
from services.volunteer.store.cells import cell_of, cells_within
from shared.identifiers import new_id
from tests.volunteer.conftest import HERE, THERE, Volunteering

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 1, 16, tzinfo=UTC)
TOWN = Point(30.0162, 122.1068)


def moved(point: Point, metres: float, bearing: float) -> Point:
    north, east = metres * cos(bearing) / 111_195, metres * sin(bearing) / 111_195
    return Point(point.latitude + north, point.longitude + east / cos(radians(point.latitude)))


@settings(max_examples=100, deadline=None)
@given(
    st.floats(18, 53), st.floats(74, 135), st.sampled_from(RADII), st.floats(0, 1), st.floats(0, 6.3)
)  # fmt: skip
def test_the_cells_hold_every_point_of_the_circle(
    latitude: float, longitude: float, metres: float, share: float, bearing: float
) -> None:
    middle = Point(latitude, longitude)
    other = moved(middle, metres * share * 0.999, bearing)
    assert cell_of(other) in cells_within(middle, metres)


@dataclass
class Person:
    """Somebody as the test has made them up; what the brute force looks at."""

    id: UUID
    name: str
    community: UUID
    kind: str
    state: str
    point: Point | None
    seen_at: datetime
    duty: tuple[datetime, datetime, str] | None
    skill_until: datetime | None
    busy: tuple[datetime, datetime, str] | None
    asked: list[tuple[datetime, str, bool]]

    def may(self, search: Search) -> bool:
        """The rule, condition by condition, in plain Python."""
        start, end = search.promise
        duty = self.duty is not None and self.duty[2] == "on" and self.duty[0] <= NOW < self.duty[1]
        skilled = not search.skills or (self.skill_until is not None and self.skill_until >= end)
        busy = self.busy is not None and self.busy[2] != "released"
        away = self.busy is not None and self.busy[0] < end and self.busy[1] > start
        away = away and self.busy is not None and self.busy[2] == "claimed"
        lately = sum(at > NOW - timedelta(hours=1) for at, _, _ in self.asked)
        again = any(
            about and at >= search.opened_at and (state == "declined" or at > NOW - search.again)
            for at, state, about in self.asked
        )
        return (
            (self.community, self.state) == (search.community, "active")
            and self.kind in search.who
            and duty
            and skilled
            and not (busy and away)
            and all(state != "offered" for _, state, _ in self.asked)
            and lately < search.offers_an_hour
            and not again
        )

    def load(self) -> int:
        if self.busy is None or self.busy[2] == "released" or self.busy[0] < MIDNIGHT:
            return 0
        return int((self.busy[1] - self.busy[0]).total_seconds() // 60)


def made_up(chance: random.Random, number: int) -> Person:
    def ago(minutes: float) -> datetime:
        return NOW - timedelta(minutes=minutes)

    def maybe(share: float, value: Any) -> Any:
        return value if chance.random() < share else None

    begun, busy_from = chance.uniform(-60, 300), chance.uniform(-120, 900)
    states = ["declined", "expired", "superseded", "accepted"]
    asked = [
        (ago(chance.uniform(0, 180)), chance.choice(states), chance.random() < 0.5)
        for _ in range(chance.choice([0, 0, 0, 1, 2, 4]))
    ]
    if chance.random() < 0.1:
        asked.append((ago(1), "offered", False))
    return Person(
        id=new_id(),
        name=f"person-{number}",
        community=HERE if chance.random() < 0.9 else THERE,
        kind=chance.choice(["rider", "rider", "resident", "guard"]),
        state=chance.choice(["active"] * 5 + ["applied", "suspended"]),
        point=maybe(0.95, moved(TOWN, 6000 * chance.random() ** 0.5, chance.uniform(0, 6.28))),
        seen_at=ago(chance.choice([0, 5, 14, 15, 16, 600])),
        duty=maybe(0.85, (ago(begun), ago(begun) + timedelta(hours=5), chance.choice(["on"] * 5 + ["over"]))),
        skill_until=maybe(0.5, NOW + timedelta(minutes=chance.choice([-60, 10, 50]))),
        busy=maybe(
            0.3,
            (
                *(ago(busy_from), ago(busy_from) + timedelta(minutes=chance.choice([20, 90]))),
                chance.choice(["claimed", "confirmed", "released"]),
            ),
        ),
        asked=asked,
    )


async def stored(connection: Any, people: list[Person], task: UUID, other: UUID) -> None:
    await connection.executemany(
        """INSERT INTO volunteers (id, community_id, person, kind, state, consent_text, consented_at,
                                   registered_at, changed_at, version)
           VALUES ($1, $2, $3, $4, $5, '1', $6, $6, $6, 1)""",
        [(one.id, one.community, one.name, one.kind, one.state, NOW) for one in people],
    )
    await connection.executemany(
        "INSERT INTO positions (volunteer_id, community_id, latitude, longitude, at, cell, on_call) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)",
        [
            (
                *(one.id, one.community, one.point.latitude, one.point.longitude, one.seen_at),
                *(cell_of(one.point), one.duty is not None and one.duty[2] == "on"),
            )
            for one in people
            if one.point
        ],
    )
    await connection.executemany(
        "INSERT INTO duties VALUES (gen_random_uuid(), $1, $2, $3, $4, $5, $6, $7, 1)",
        [(one.community, one.id, one.name, one.kind, *one.duty) for one in people if one.duty],
    )
    await connection.executemany(
        "INSERT INTO skills VALUES ($1, 'first-aid', $2, $3, $4, 'zhang')",
        [(one.id, one.community, one.skill_until, NOW) for one in people if one.skill_until],
    )
    await connection.executemany(
        """INSERT INTO claims (id, community_id, task_id, number, volunteer_id, person, starts_at, ends_at,
                               claimed_at, state, at_place, late)
           VALUES (gen_random_uuid(), $1, $2, $3, $4, $5, $6, $7, $6, $8, false, false)""",
        [
            (one.community, other, number, one.id, one.name, *one.busy)
            for number, one in enumerate(people)
            if one.busy
        ],
    )
    await connection.executemany(
        """INSERT INTO offers (id, community_id, task_id, volunteer_id, person, state, offered_at, expires_at)
           VALUES (gen_random_uuid(), $1, $2, $3, $4, $5, $6, $6::timestamptz + interval '2 minutes')""",
        [
            (one.community, task if about else other, one.id, one.name, state, at)
            for one in people
            for at, state, about in one.asked
        ],
    )


@pytest.mark.anyio
async def test_the_candidates_are_those_that_brute_force_finds(quiet: Volunteering) -> None:
    chance = random.Random(6)
    people = [made_up(chance, number) for number in range(700)]
    task, other = UUID(await quiet.asked()), UUID(await quiet.asked())
    found_any = 0
    async with quiet.works.for_system("test") as work:
        await stored(work.connection, people, task, other)
        for turn in range(25):
            search = Search(
                *(HERE, task, NOW, chance.choice([["rider"], ["rider", "guard", "resident"]])),
                skills=chance.choice([[], [], ["first-aid"]]),
                promise=(
                    start := NOW + timedelta(minutes=chance.choice([0, 30])),
                    start + timedelta(minutes=20),
                ),
                midnight=MIDNIGHT,
                opened_at=NOW - timedelta(hours=chance.choice([1, 4])),
                again=timedelta(minutes=chance.choice([30, 60])),
                offers_an_hour=chance.choice([1, 2, 4]),
            )
            point = moved(TOWN, chance.uniform(0, 5000), chance.uniform(0, 6.28))
            metres = chance.choice(RADII)
            expected = {
                one.id: one.load()
                for one in people
                if one.point is not None
                and one.seen_at > NOW - timedelta(minutes=15)
                and metres_between(point, one.point) <= metres
                and one.may(search)
            }
            found = await candidates.within(work.connection, search, point, metres)
            assert {one.volunteer: one.load_minutes for one in found} == expected
            assert len(found) == len(expected)
            found_any += len(expected)
            if turn % 5 == 0:
                circles = [await candidates.within(work.connection, search, point, far) for far in RADII]
                first = next((circle for circle in circles if len(circle) >= 8), circles[-1])
                assert await candidates.near(work.connection, search, point, 8) == first
    assert found_any > 150


def test_who_is_nearer_or_has_done_less_today_is_asked_first_and_each_person_once() -> None:
    ids = sorted(new_id() for _ in range(4))
    near, rested, tired = (
        Candidate(ids[0], "a", 500),
        Candidate(ids[1], "b", 800),
        Candidate(ids[2], "c", 450, 20),
    )
    twice = Candidate(ids[3], "a", 100)
    assert chosen([tired, rested, near], 2) == [near, rested]
    assert chosen([tired, rested, near, twice], 3) == [twice, rested, tired]
    rules = KindRules(("rider",), ask=3)
    assert (to_ask(rules, 2, 1), to_ask(rules, 0, 0), to_ask(rules, 1, 5)) == (5, 0, 0)
