"""The pretended compounds of the recorded stays: each with two gates, a rule, and a guard with a phone."""

import asyncio
import time
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import NAMESPACE_DNS, UUID, uuid5

import httpx

from deploy.demo.access import Access
from deploy.replay.preparing import PATIENCE, load_csv, wait_for_roles

COMMUNITY: Final = uuid5(NAMESPACE_DNS, "parking.replay.linli.invalid")
OPERATOR: Final = "lots-operator"
OVERSTAYED: Final = "vehicle-overstayed"
RETRACTED: Final = "overstay-retracted"
# A month of the record is a minute for the suite, which a killed process may well need to catch up.
_TIME_TO_LIVE: Final = 30 * 24 * 60
_WORDS: Final = {
    OVERSTAYED: "【邻里】Too long: {{ stay }}, entered {{ entered_at | local }}.",
    RETRACTED: "【邻里】Not too long after all: {{ stay }}.",
}


@dataclass(frozen=True, slots=True)
class Lot:
    """One compound; `manner` is how its gates deliver: in order, or shuffled."""

    code: str
    free_minutes: int
    lateness_minutes: int
    manner: str
    place: UUID = COMMUNITY
    url: str = ""
    keys: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def guard(self) -> str:
        return f"guard-{self.code}"


def lots() -> list[Lot]:
    """Two compounds for each way of delivering; free for 240 and for 120 minutes."""
    ways = (("ordered", 0), ("shuffled", 60), ("shuffled", 5))
    return [
        Lot(f"{manner}-{lateness}-{free}", free, lateness, manner)
        for manner, lateness in ways
        for free in (240, 120)
    ]


async def prepare_lots(access: Access, parking: str, since: datetime) -> list[Lot]:
    """Make the compounds known: register, guards, words, gates and rules in force since then."""
    issues = access.addresses.issues
    body = {"id": str(COMMUNITY), "code": "LOTS", "name": "停车回放", "zone": "Asia/Shanghai"}
    await access.send(
        "platform",
        "POST",
        f"{issues}/communities",
        key="replay-lots",
        everywhere=True,
        json=body | {"operators": [OPERATOR]},
    )
    await wait_for_roles(access, {OPERATOR: "operator"})
    found = lots()
    places = [("compound", lot.code, "", lot.code, "") for lot in found]
    columns = ("kind", "code", "parent", "name", "floor_area_m2")
    await load_csv(access, OPERATOR, "issues", "places", columns, places)
    roles = [(lot.guard, "guard", lot.code) for lot in found]
    await load_csv(access, OPERATOR, "issues", "roles", ("person", "role", "place"), roles)
    phones = [(lot.guard, phone(number), "zh", "") for number, lot in enumerate(found)]
    contact = ("person", "phone", "language", "push_token")
    await load_csv(access, OPERATOR, "notify", "contacts", contact, phones)
    for name in _WORDS:
        await _publish(access, name)
    answer = await access.send(OPERATOR, "GET", f"{issues}/places", params={"kind": "compound", "limit": 100})
    by_code = {place["code"]: UUID(place["id"]) for place in answer.json()["items"]}
    return [await _open(access, parking, replace(lot, place=by_code[lot.code]), since) for lot in found]


def phone(number: int) -> str:
    """The number of the guard of the lot of this position."""
    return f"+86193{number:08d}"


async def _publish(access: Access, name: str) -> None:
    """Let a message live as long as a month is, and say of which stay it speaks."""
    notify = access.addresses.notify
    for kind in ("templates", "rules"):
        current = await access.send(OPERATOR, "GET", f"{notify}/{kind}/{name}")
        await access.send(
            OPERATOR,
            "PUT",
            f"{notify}/{kind}/{name}",
            headers={"if-match": current.headers["etag"]},
            json=_template(name) if kind == "templates" else _rule(name),
        )


def _template(name: str) -> dict[str, Any]:
    texts = {"sms": _WORDS[name], "title": "Linli", "body": _WORDS[name]}
    return {"event": f"linli.parking.{name}.v1", "texts": {"zh": texts, "en": texts}}


def _rule(name: str) -> dict[str, Any]:
    return {
        "event": f"linli.parking.{name}.v1",
        "recipients": [{"kind": "assignee", "field": "told"}],
        "category": "parking",
        "channels": ["push", "sms"],
        "time_to_live_minutes": _TIME_TO_LIVE,
        "template": name,
    }


async def _projected(access: Access, address: str) -> httpx.Response:
    """Wait until parking has heard of a compound from the register's topic."""
    deadline = time.monotonic() + PATIENCE
    while True:
        unheard = frozenset({404}) if time.monotonic() < deadline else frozenset[int]()
        found = await access.send(OPERATOR, "GET", address, accept=unheard)
        if found.is_success:
            return found
        await asyncio.sleep(0.2)


async def _open(access: Access, parking: str, lot: Lot, since: datetime) -> Lot:
    address = f"{parking}/compounds/{lot.place}"
    found = await _projected(access, address)
    await access.send(
        OPERATOR,
        "PUT",
        address,
        headers={"if-match": found.headers["etag"]},
        json={"lateness_seconds": 60 * lot.lateness_minutes},
    )
    rule = {"free_minutes": lot.free_minutes, "effective_from": (since - timedelta(days=1)).isoformat()}
    await access.send(OPERATOR, "POST", f"{address}/rules", key=f"rule-{lot.code}", json=rule)
    keys: dict[str, tuple[str, str]] = {}
    for role in ("entry", "exit"):
        gate = {"compound": str(lot.place), "lane": role, "role": role}
        made = await access.send(
            OPERATOR, "POST", f"{parking}/devices", key=f"gate-{lot.code}-{role}", json=gate
        )
        key = made.json()["key"]
        if key["secret"] is None:  # the answer that showed it was lost
            again = f"{parking}/devices/{made.json()['id']}/keys"
            key = (await access.send(OPERATOR, "POST", again)).json()
        keys[role] = (key["id"], key["secret"])
    return replace(lot, url=f"{parking}/reads", keys=keys)
