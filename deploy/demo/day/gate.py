"""The demo's cameras: they sign what they deliver."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import orjson

from deploy.demo.day.stage import Stage
from deploy.demo.loading import OPERATOR
from shared.security.signatures import sign


@dataclass(frozen=True, slots=True)
class Camera:
    """A device of a compound with its key."""

    stage: Stage
    key: str
    secret: str

    async def reads(self, *plates: str, **more: Any) -> None:
        """Deliver what it sees now, and say that this is all; no plate at all is a heartbeat."""
        now = self.stage.now()
        seen = [
            {"id": uuid4().hex, "captured_at": now - timedelta(milliseconds=100), "plate": plate, **more}
            for plate in plates
        ]
        body = orjson.dumps({"sent_at": now, "delivered_up_to": now, "reads": seen})
        headers = sign(body, key_id=self.key, secret=self.secret) | {"content-type": "application/json"}
        await self.stage.access.deliver(f"{self.stage.access.addresses.parking}/reads", body, headers)


async def install(stage: Stage, compound: str, roles: dict[str, str]) -> dict[str, Camera]:
    """Cameras by lane; those of an earlier day are taken down, since a secret is shown once only."""
    parking, place = stage.access.addresses.parking, stage.places[compound]
    there = await stage.asks(OPERATOR, "GET", f"{parking}/devices", params={"compound": place})
    for device in there["items"]:
        if device["retired_at"] is None:
            await stage.asks(OPERATOR, "POST", f"{parking}/devices/{device['id']}/retire")
    made: dict[str, Camera] = {}
    for lane, role in roles.items():
        body = {"compound": place, "lane": lane, "role": role}
        device = await stage.asks(OPERATOR, "POST", f"{parking}/devices", json=body)
        made[lane] = Camera(stage, device["key"]["id"], device["key"]["secret"])
    return made
