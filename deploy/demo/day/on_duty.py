"""Those who help: entered as volunteers once, on duty for some hours, and somewhere near."""

from datetime import datetime, timedelta
from typing import Any

from deploy.demo.day.stage import Stage
from deploy.demo.loading import OPERATOR

CONSENT = "2026-01"


async def volunteer(stage: Stage, person: str, kind: str) -> str:
    """The entry of somebody who has been vetted."""
    url = f"{stage.access.addresses.volunteer}/volunteers"
    params: dict[str, Any] = {"kind": kind, "state": "active", "limit": 100}
    listed = await stage.asks(OPERATOR, "GET", url, params=params)
    for known in listed["items"]:
        if known["person"] == person:
            return str(known["id"])
    body = {"kind": kind, "consent": True, "consent_text": CONSENT, "person": person}
    made = await stage.asks(OPERATOR, "POST", url, json=body)
    await stage.asks(OPERATOR, "POST", f"{url}/{made['id']}/vet")
    return str(made["id"])


async def on_duty(stage: Stage, person: str, kind: str, position: dict[str, float]) -> str:
    """Let somebody begin four hours of duty, now, at this position; gives their entry."""
    entry = await volunteer(stage, person, kind)
    base = stage.access.addresses.volunteer
    now = stage.now()
    until = {"ends_at": (now + timedelta(hours=4)).isoformat()}

    async def settled() -> dict[str, bool] | None:
        """What is on is from today: yesterday's duty stands until the clock has ended it."""
        there = await stage.asks(person, "GET", f"{base}/volunteers/{entry}/duty")
        on = [duty for duty in there["items"] if duty["state"] == "on"]
        over = any(datetime.fromisoformat(duty["ends_at"]) <= now for duty in on)
        return None if over else {"on": bool(on)}

    duty = await stage.until(f"the end of yesterday's duty of {person}", settled)
    if not duty["on"]:
        await stage.asks(person, "POST", f"{base}/volunteers/{entry}/duty", json=until)
    await stage.asks(
        person, "POST", f"{base}/positions", json={"volunteer": entry, "datum": "wgs84"} | position
    )
    return entry


async def offered(stage: Stage, person: str, about: str) -> dict[str, Any]:
    """The offer that somebody has of a task, or of one that arose from this thing."""

    async def look() -> dict[str, Any] | None:
        url = f"{stage.access.addresses.volunteer}/offers/mine"
        mine = await stage.asks(person, "GET", url)
        return next(
            (
                offer
                for offer in mine["items"]
                if offer["state"] == "offered" and about in {offer["task"]["id"], offer["task"]["about"]}
            ),
            None,
        )

    found: dict[str, Any] = await stage.until(f"an offer to {person}", look)
    return found
