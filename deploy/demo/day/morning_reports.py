"""The morning's reports: whoever is responsible hears, settles it, and the reporter hears of that."""

from collections.abc import Sequence
from typing import Any

from deploy.demo.day.scenes import Scene, scenes
from deploy.demo.day.stage import Stage, clock_of, who
from deploy.demo.failures import DemoFailed

TITLE = "Six reports"
DISPATCHER = "dispatcher-1"


async def play(stage: Stage) -> None:
    """All scenes one after another."""
    for scene in scenes(stage.town):
        await _report_and_settle(stage, scene)


async def _report_and_settle(stage: Stage, scene: Scene) -> None:
    stage.say(f"    {who(scene.reporter)} reports {_what(scene)}: “{scene.words}”")
    case = await reported(stage, scene.reporter, scene.category.code, scene.place, scene.words)
    _check_dispatch(case, scene)
    stage.say(f"      → {scene.role} ({_named(scene.handlers)}), due {clock_of(case['due_at'])}")
    await stage.rings("case-assigned", *scene.handlers)
    await stage.rings("case-handed-over", scene.reporter)
    if scene.outcome is not None:
        handler = scene.handlers[0]
        stage.say(f"      {who(handler)} has settled it: “{scene.outcome}”")
        url = f"{stage.access.addresses.issues}/cases/{case['id']}/resolve"
        await stage.asks(handler, "POST", url, json={"outcome": scene.outcome})
        await stage.rings("case-resolved", scene.reporter)
        await stage.rings("case-to-check", DISPATCHER)


async def reported(stage: Stage, person: str, category: str, place: str, words: str) -> dict[str, Any]:
    """Somebody reports; the case as it was answered."""
    body = {"category": category, "description": words, "place": stage.places[place]}
    url = f"{stage.access.addresses.issues}/reports"
    case: dict[str, Any] = await stage.asks(person, "POST", url, json=body)
    return case


def _check_dispatch(case: dict[str, Any], scene: Scene) -> None:
    if case["assignee"]["role"] != scene.role:
        raise DemoFailed(
            f"dispatching {scene.category.code}",
            f"it went to {case['assignee']}, not to {scene.role}",
            "the dispatch rules were changed since the demo was loaded: `make clean` starts anew",
        )


def _named(persons: Sequence[str]) -> str:
    return ", ".join(map(who, persons))


def _what(scene: Scene) -> str:
    return f"{scene.category.name_zh} ({scene.category.name_en.lower()}) at {scene.place_name}"
