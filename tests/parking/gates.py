"""Gates for tests: a compound with lanes that sign what they deliver, and what parking then says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import orjson

from services.parking.usecases.judge_overstays import judge_overstays, recheck_cars
from services.parking.usecases.project_compounds import project_compounds
from shared.contracts import Event, PlaceRegistered
from shared.identifiers import new_id
from shared.security.signatures import sign
from tests.fixtures.outbox import WAITING, facts_in
from tests.parking.conftest import HERE, Parking

JSON = {"content-type": "application/json"}


@dataclass
class Gate:
    """One device with its live keys."""

    id: UUID
    keys: list[tuple[str, str]]


@dataclass
class Compound:
    """One compound with a way in and a way out; times are given in minutes from `start`."""

    parking: Parking
    community: UUID
    id: UUID
    start: datetime
    gates: dict[str, Gate] = field(default_factory=dict)

    def at(self, minutes: float) -> datetime:
        return self.start + timedelta(minutes=minutes)

    def client(self, *roles: str) -> httpx.AsyncClient:
        return self.parking.client("wang", self.community, *roles)

    async def add_gate(self, name: str, role: str) -> Gate:
        async with self.client() as client:
            asked = {"compound": str(self.id), "lane": name, "role": role}
            made = await client.post("/devices", json=asked)
        assert made.status_code == 201, made.text
        gate = Gate(UUID(made.json()["id"]), [(made.json()["key"]["id"], made.json()["key"]["secret"])])
        self.gates[name] = gate
        return gate

    async def rule(self, free_minutes: int | None, since: float = -1000, **more: Any) -> None:
        async with self.client() as client:
            body = {"free_minutes": free_minutes, "effective_from": self.at(since).isoformat(), **more}
            made = await client.post(f"/compounds/{self.id}/rules", json=body)
        assert made.status_code == 201, made.text

    def read(self, minute: float, plate: str = "浙B12345", name: str | None = None) -> dict[str, Any]:
        name = name or f"{plate.encode().hex()[-14:]}-{minute}"
        return {"id": name, "captured_at": self.at(minute).isoformat(), "plate": plate}

    async def deliver(
        self, gate: str, *reads: dict[str, Any], up_to: float | None = None, **more: Any
    ) -> httpx.Response:
        body: dict[str, Any] = {"sent_at": datetime.now(UTC).isoformat(), "reads": list(reads), **more}
        if up_to is not None:
            body["delivered_up_to"] = self.at(up_to).isoformat()
        return await self.send(gate, orjson.dumps(body))

    async def send(
        self, gate: str, body: bytes, headers: Mapping[str, str] | None = None, **signing: Any
    ) -> httpx.Response:
        key, secret = self.gates[gate].keys[-1]
        signed = sign(body, **{"key_id": key, "secret": secret} | signing)
        async with httpx.AsyncClient(
            base_url=self.parking.service.url, trust_env=False, verify=False
        ) as client:
            return await client.post("/reads", content=body, headers={**JSON, **signed, **(headers or {})})

    async def settled(self) -> None:
        """Let the schedule do what it has to."""
        works = self.parking.service.context.works
        while await recheck_cars(works) + await judge_overstays(works):
            pass

    async def said(self, *types: str) -> list[dict[str, Any]]:
        """What waits in the outbox, as data with its short type; of cars, unless others are named."""
        rows = await self.parking.service.context.database.system.fetch(WAITING)
        found = [(headers["ce_type"].split(".")[2], data) for headers, data in facts_in(rows)]
        return [
            {"type": name, **value}
            for name, value in found
            if value.get("place") == str(self.id) and (name in types if types else name != "rules-changed")
        ]


async def make_compound(parking: Parking, community: UUID = HERE, *, gates: bool = True) -> Compound:
    """A compound that the register tells of, an hour-long history behind it, free for sixty minutes."""
    start = (datetime.now(UTC) - timedelta(hours=12)).replace(microsecond=0)
    compound = Compound(parking, community, new_id(), start)
    fact = PlaceRegistered(place=compound.id, kind="compound", parent=community, name="合源小区", code="HY")
    event = Event(new_id(), "/linli/issues", datetime.now(UTC), community, 1, fact)
    async with parking.service.context.works.for_system("test") as work:
        await project_compounds(work, [event])
    if gates:
        await compound.add_gate("in", "entry")
        await compound.add_gate("out", "exit")
    await compound.rule(60)
    return compound
