"""Seen on the road: reported, dispatched, late, escalated, fixed by volunteers, checked, and told."""

import io
from typing import Any

from deploy.demo.day.morning_reports import DISPATCHER, reported
from deploy.demo.day.on_duty import offered, on_duty
from deploy.demo.day.stage import Stage, clock_of, who
from deploy.demo.loading import OPERATOR

TITLE = "Seen on the road (J5)"
RIDER, CATEGORY, PLACE = "rider-7", "blocked-fire-lane", "SF-02"
GUARDS = ("guard-sf-1", "guard-sf-2")
OPERATORS = ("operator-1", "operator-2", "operator-3")
STEWARD = "steward-sf-1"
YARD = {"latitude": 30.0151, "longitude": 122.1043}
WORDS = "三轮车和旧沙发把消防通道堵死了，消防车进不来。"


async def play(stage: Stage) -> None:
    """Nobody acts before the deadline; then the street's neighbours do."""
    issues = stage.access.addresses.issues
    stage.say(f"    {RIDER} reports, with a photo: “{WORDS}”")
    case = await reported(stage, RIDER, CATEGORY, PLACE, WORDS)
    url = f"{issues}/cases/{case['id']}"
    await stage.rings("case-assigned", *GUARDS)
    await stage.rings("case-handed-over", RIDER)
    photo = {"content": _photo(), "headers": {"content-type": "image/jpeg"}}
    await stage.asks(RIDER, "POST", f"{url}/photos", **photo)
    stage.say(f"      due {clock_of(case['due_at'])}, and nobody comes")
    await stage.later(hours=2, seconds=5)
    await stage.rings("case-late", *GUARDS)
    await stage.rings("case-overdue", *OPERATORS)
    await _given_to_volunteers(stage, url, case)
    await stage.rings("case-to-check", DISPATCHER)
    stage.say(f"      {DISPATCHER} goes and looks: it is free; {OPERATOR} closes the case")
    await stage.asks(DISPATCHER, "POST", f"{url}/check", json={"fixed": True})
    await stage.rings("case-to-close", DISPATCHER)
    await stage.asks(OPERATOR, "POST", f"{url}/close", json={})
    await stage.rings("case-closed", RIDER)
    await stage.asks(RIDER, "POST", f"{url}/rate", json={"stars": 4})
    history = await stage.asks(RIDER, "GET", f"{url}/history")
    stage.say("      Its history: " + ", ".join(entry["change"] for entry in history["items"]))


async def _given_to_volunteers(stage: Stage, url: str, case: dict[str, Any]) -> None:
    """The command room asks the volunteers; what their task comes to settles the case."""
    await on_duty(stage, STEWARD, "steward", YARD)
    stage.say(f"      {OPERATOR} gives it to the volunteers of the compound")
    asked = {"volunteers": True, "place": stage.places[PLACE.partition("-")[0]]}
    await stage.asks(OPERATOR, "POST", f"{url}/assign", json={"assignee": asked})
    await stage.rings("case-not-yours", *GUARDS)
    await stage.rings("case-handed-over", RIDER)
    await stage.rings("task-offered", STEWARD)
    base = stage.access.addresses.volunteer
    offer = await offered(stage, STEWARD, case["id"])
    await stage.asks(STEWARD, "POST", f"{base}/offers/{offer['id']}/accept", json={})
    await stage.rings("task-yours", STEWARD)
    stage.say(f"      {who(STEWARD)} takes it and clears the lane with the neighbours")
    task = f"{base}/tasks/{offer['task']['id']}"
    await stage.asks(STEWARD, "POST", f"{task}/check-in", json={})
    await stage.asks(STEWARD, "POST", f"{task}/report", json={"outcome": "done"})
    await stage.rings("case-resolved", RIDER)


def _photo() -> bytes:
    """Something brown in something grey."""
    from PIL import Image

    picture, content = Image.new("RGB", (640, 480), "grey"), io.BytesIO()
    picture.paste("saddlebrown", (120, 200, 520, 420))
    picture.save(content, "JPEG")
    return content.getvalue()
