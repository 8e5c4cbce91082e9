"""Plays the day and prints it as it happens."""

from pathlib import Path

from deploy.demo.access import Access
from deploy.demo.day import morning_reports, move_your_car, rice_and_oil, seen_on_the_road, two_hours
from deploy.demo.day.phones import Phones
from deploy.demo.day.stage import Say, Stage
from deploy.demo.loading import OPERATOR
from deploy.demo.town.making import Town

STORIES = (morning_reports, rice_and_oil, two_hours, move_your_car, seen_on_the_road)


async def play_day(access: Access, town: Town, clock: Path, say: Say) -> list[float]:
    """All stories, one after another; the seconds from each act to each phone."""
    phones = Phones(access.client, access.addresses.phones)
    await phones.skip()
    stage = Stage(access, town, phones, clock, await _place_ids(access), say)
    await stage.morning()
    for number, story in enumerate(STORIES, start=1):
        say(f"[{number}/{len(STORIES)}] {story.TITLE}")
        await story.play(stage)
    return stage.times


async def _place_ids(access: Access) -> dict[str, str]:
    """Compounds and buildings by code; fewer than a page of each."""
    ids: dict[str, str] = {}
    for kind in ("compound", "building"):
        url = f"{access.addresses.issues}/places"
        listed = await access.send(OPERATOR, "GET", url, params={"kind": kind, "limit": 100})
        ids |= {place["code"]: place["id"] for place in listed.json()["items"]}
    return ids
