"""Duty, skills and positions through the API."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.volunteer.domain.position import (
    Datum,
    Point,
    blurred,
    metres_between,
    read_point,
    to_gcj02,
)
from services.volunteer.usecases.duty import turn_duties
from services.volunteer.usecases.positions import forget_positions
from shared.runtime.clock import jump
from tests.volunteer.conftest import THERE, Volunteering

anywhere = st.builds(Point, st.floats(18, 53), st.floats(74, 135))
SHRINE = Point(30.0162, 122.1068)


def hence(**how: float) -> str:
    return (datetime.now(UTC) + timedelta(**how)).isoformat()


@given(anywhere)
def test_a_shifted_point_comes_back(point: Point) -> None:
    shifted = to_gcj02(point)
    assert metres_between(point, shifted) < 2000
    back = read_point(shifted.latitude, shifted.longitude, Datum.gcj02)
    assert metres_between(back, point) < 0.5


def test_a_known_point_is_shifted_as_phones_do_it() -> None:
    # Tiananmen, by the published transformation: about 500 m to the north-east.
    shifted = to_gcj02(Point(39.908, 116.397))
    assert shifted.latitude == pytest.approx(39.9094, abs=2e-4)
    assert shifted.longitude == pytest.approx(116.40324, abs=2e-4)
    assert to_gcj02(Point(48.85, 2.35)) == Point(48.85, 2.35)


@given(anywhere)
def test_a_blurred_point_tells_an_area_only(point: Point) -> None:
    shown = blurred(point)
    assert metres_between(shown, point) < 250
    assert blurred(shown) == shown


@pytest.mark.anyio
async def test_duty_is_switched_on_and_off_and_told(quiet: Volunteering) -> None:
    rider = await quiet.active("rider-7")
    path = f"/volunteers/{rider}/duty"
    on = await quiet.made("rider-7", "rider", path, {"ends_at": hence(hours=4)})
    assert on["state"] == "on"
    again = await quiet.ask("rider-7", "rider", "POST", path, {"ends_at": hence(hours=1)})
    assert again.status_code == 409
    assert (await quiet.ask("li", "resident", "POST", f"{path}/{on['id']}/end")).status_code == 404
    assert (await quiet.made("rider-7", "rider", f"{path}/{on['id']}/end"))["state"] == "over"
    assert (await quiet.ask("rider-7", "rider", "POST", f"{path}/{on['id']}/end")).status_code == 409
    (started,) = await quiet.said("duty-started")
    (ended,) = await quiet.said("duty-ended")
    assert (started["person"], started["kind"]) == ("rider-7", "rider")
    assert (started["sequence"], ended["sequence"]) == (2, 3)


@pytest.mark.anyio
async def test_planned_duty_begins_and_ends_by_the_clock(quiet: Volunteering) -> None:
    rider = await quiet.active("rider-7")
    path = f"/volunteers/{rider}/duty"
    times: dict[str, Any] = {"starts_at": hence(hours=2), "ends_at": hence(hours=4)}
    await quiet.made("rider-7", "rider", path, times)
    # Half open: the next stretch may begin where this one ends.
    await quiet.made("rider-7", "rider", path, {"starts_at": times["ends_at"], "ends_at": hence(hours=5)})
    assert await turn_duties(quiet.works) == 0
    jump(quiet.clock, datetime.now(UTC) + timedelta(hours=3))
    await asyncio.sleep(0.03)
    assert await turn_duties(quiet.works) == 1
    assert [each["state"] for each in (await quiet.read("rider-7", "rider", path))["items"]] == [
        "on",
        "planned",
    ]
    jump(quiet.clock, datetime.now(UTC) + timedelta(hours=6))
    await asyncio.sleep(0.03)
    while await turn_duties(quiet.works):
        pass
    assert len(await quiet.said("duty-started")) == len(await quiet.said("duty-ended")) == 2


@pytest.mark.anyio
async def test_who_is_suspended_is_off_duty_and_stays_so(quiet: Volunteering) -> None:
    rider = await quiet.active("rider-7")
    path = f"/volunteers/{rider}/duty"
    await quiet.made("rider-7", "rider", path, {"ends_at": hence(hours=4)})
    await quiet.made("zhang", "steward", f"/volunteers/{rider}/suspend")
    assert (await quiet.read("rider-7", "rider", path))["items"] == []
    assert len(await quiet.said("duty-ended")) == 1
    refused = await quiet.ask("rider-7", "rider", "POST", path, {"ends_at": hence(hours=4)})
    assert refused.status_code == 409


@pytest.mark.anyio
async def test_a_skill_counts_until_it_expires(quiet: Volunteering) -> None:
    rider = await quiet.active("rider-7")
    path = f"/volunteers/{rider}/skills"
    body = {"code": "first-aid", "valid_until": hence(days=1)}
    assert (await quiet.ask("rider-7", "rider", "POST", path, body)).status_code == 403
    assert (await quiet.made("zhang", "steward", path, body))["holds"]
    past = await quiet.made("zhang", "steward", path, body | {"valid_until": hence(days=-1)})
    assert not past["holds"]
    await quiet.made("zhang", "steward", f"{path}/first-aid/withdraw")
    assert (await quiet.read("rider-7", "rider", path))["items"] == []


@pytest.mark.anyio
async def test_the_newest_position_is_kept_for_a_day(quiet: Volunteering) -> None:
    rider = await quiet.active("rider-7")
    shifted = to_gcj02(SHRINE)
    here = {
        "volunteer": rider,
        "latitude": shifted.latitude,
        "longitude": shifted.longitude,
        "datum": "gcj02",
    }
    await quiet.made("rider-7", "rider", "/positions", here | {"at": hence(minutes=-5)})
    older = {"volunteer": rider, "latitude": 1, "longitude": 1, "datum": "wgs84", "at": hence(minutes=-9)}
    await quiet.made("rider-7", "rider", "/positions", older)
    found = await quiet.read("zhang", "steward", f"/volunteers/{rider}/position")
    assert metres_between(Point(found["latitude"], found["longitude"]), SHRINE) < 1
    assert 300 <= found["age_seconds"] < 330
    for person, community in (("li", None), ("rider-7", THERE)):
        client = quiet.client(person, "rider", **({"community": community} if community else {}))
        async with client:
            assert (await client.post("/positions", json=here)).status_code == 404
            assert (await client.get(f"/volunteers/{rider}/position")).status_code == 404
    assert await forget_positions(quiet.works) == 0
    jump(quiet.clock, datetime.now(UTC) + timedelta(hours=24))
    await asyncio.sleep(0.03)
    assert await forget_positions(quiet.works) == 1
