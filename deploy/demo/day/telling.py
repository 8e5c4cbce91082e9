"""Plays the day and prints it as it happens."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from deploy.demo.access import Access
from deploy.demo.day.phones import Phones, Rung
from deploy.demo.day.scenes import Scene, scenes
from deploy.demo.failures import DemoFailed
from deploy.demo.loading import OPERATOR
from deploy.demo.town.layout import ZONE
from deploy.demo.town.making import Town
from deploy.demo.town.people import Contact

Say = Callable[[str], None]
SECONDS_TO_RING: Final = 30.0


async def play_day(access: Access, town: Town, say: Say) -> list[float]:
    """All scenes one after another; the seconds from each report or resolution to each phone."""
    phones = Phones(access.client, access.addresses.phones)
    await phones.skip()
    places = await _place_ids(access)
    times: list[float] = []
    story = scenes(town)
    for number, scene in enumerate(story, start=1):
        say(f"[{number}/{len(story)}] {_who(scene.reporter)} reports {_what(scene)}: “{scene.words}”")
        times += await _report_and_settle(access, town, phones, scene, places[scene.place], say)
    return times


async def _report_and_settle(
    access: Access, town: Town, phones: Phones, scene: Scene, place: str, say: Say
) -> list[float]:
    began = datetime.now(UTC)
    case = await _report(access, scene, place)
    say(f"      case {case['id']} → {scene.role} ({', '.join(scene.handlers)}), due {_clock(case['due_at'])}")
    told = _contacts(town, [*scene.handlers, scene.reporter])
    rung = await phones.await_ringing(told, began, SECONDS_TO_RING)
    _tell(rung, say)
    if scene.outcome is not None:
        handler = scene.handlers[0]
        say(f"      {_who(handler)} has settled it: “{scene.outcome}”")
        began = datetime.now(UTC)
        url = f"{access.addresses.issues}/cases/{case['id']}/resolve"
        await access.send(handler, "POST", url, key=f"demo-{uuid4()}", json={"outcome": scene.outcome})
        heard = await phones.await_ringing(_contacts(town, [scene.reporter]), began, SECONDS_TO_RING)
        _tell(heard, say)
        rung += heard
    return [each.after for each in rung]


async def _report(access: Access, scene: Scene, place: str) -> dict[str, Any]:
    body = {"category": scene.category.code, "description": scene.words, "place": place}
    url = f"{access.addresses.issues}/reports"
    answer = await access.send(scene.reporter, "POST", url, key=f"demo-{uuid4()}", json=body)
    case: dict[str, Any] = answer.json()
    if case["assignee"]["role"] != scene.role:
        raise DemoFailed(
            f"dispatching {scene.category.code}",
            f"it went to {case['assignee']}, not to {scene.role}",
            "the dispatch rules were changed since the demo was loaded: `make clean` starts anew",
        )
    return case


async def _place_ids(access: Access) -> dict[str, str]:
    """Compounds and buildings by code; fewer than a page of each."""
    ids: dict[str, str] = {}
    for kind in ("compound", "building"):
        url = f"{access.addresses.issues}/places"
        listed = await access.send(OPERATOR, "GET", url, params={"kind": kind, "limit": 100})
        ids |= {place["code"]: place["id"] for place in listed.json()["items"]}
    return ids


def _contacts(town: Town, persons: Sequence[str]) -> list[Contact]:
    return [contact for person in dict.fromkeys(persons) if (contact := town.contact(person))]


def _tell(rung: Sequence[Rung], say: Say) -> None:
    for each in rung:
        way = "SMS to" if each.channel == "sms" else "push to"
        say(f"      {each.after:5.2f} s  {_who(each.person)}, {way} {each.address}: {each.text}")


def _who(person: str) -> str:
    return f"resident {person}" if person.startswith("r-") else person


def _what(scene: Scene) -> str:
    return f"{scene.category.name_zh} ({scene.category.name_en.lower()}) at {scene.place_name}"


def _clock(moment: str | None) -> str:
    """As the community's clocks show it, and the messages too."""
    if moment is None:
        return "whenever"
    return datetime.fromisoformat(moment).astimezone(ZoneInfo(ZONE)).strftime("%d %b %H:%M")
