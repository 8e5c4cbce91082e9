"""Volunteer at work in this process, on the run's real servers, with two communities that must never meet."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.volunteer.app import SERVICE
from services.volunteer.usecases.project_places import project_places
from shared.contracts import Event, PlaceRegistered
from shared.identifiers import new_id
from shared.runtime.clock import jump
from shared.runtime.running import Activity, Running, running
from tests.fixtures.identity import Issuer
from tests.fixtures.outbox import WAITING, facts_in
from tests.fixtures.services import MakeSettings

HERE, THERE = new_id(), new_id()
COMPOUND, BUILDING = new_id(), new_id()
SHRINE = {"latitude": 30.0162, "longitude": 122.1068}
ELDER = {
    "surname": "欧阳",
    "honorific": "奶奶",
    "building": "松鹤里97幢",
    "door": "6单元1903",
    "care_note": "听力不好请大声",
    "entry_hint": "钥匙盒在门垫右侧",
    "person": "elder-1",
    "family": ["daughter-1"],
}
CANARIES = [str(ELDER[name]) for name in ("surname", "building", "door", "care_note", "entry_hint")]
CANARIES.append(str(BUILDING))


@dataclass(frozen=True)
class Volunteering:
    """A running service with what a test needs to use it as a stranger would."""

    service: Running
    issuer: Issuer
    clock: Path

    def client(self, person: str, *roles: str, community: UUID = HERE) -> httpx.AsyncClient:
        headers = self.issuer.headers(person, {community: roles})
        return httpx.AsyncClient(base_url=self.service.url, headers=headers, timeout=20, verify=False)

    async def ask(
        self, person: str, role: str, method: str, path: str, body: Any = None, *, community: UUID = HERE
    ) -> httpx.Response:
        """One request of somebody."""
        async with self.client(person, role, community=community) as client:
            return await client.request(method, path, json=body)

    async def made(
        self, person: str, role: str, path: str, body: Any = None, *, community: UUID = HERE
    ) -> Any:
        """What a POST that must succeed answers."""
        answer = await self.ask(person, role, "POST", path, body, community=community)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    async def read(self, person: str, role: str, path: str) -> Any:
        """What a GET that must succeed answers."""
        answer = await self.ask(person, role, "GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def active(self, person: str, kind: str = "rider", community: UUID = HERE) -> str:
        """The entry of a new volunteer who was vetted."""
        body = {"kind": kind, "consent": True, "consent_text": "2026-01", "person": person}
        made = await self.made("zhang", "steward", "/volunteers", body, community=community)
        await self.made("zhang", "steward", f"/volunteers/{made['id']}/vet", community=community)
        return str(made["id"])

    async def on_duty(self, person: str, entry: str, role: str = "rider", *, at: Any = None) -> None:
        """Let a volunteer begin four hours of duty and say where they are: at the shrine if not told."""
        until = self.service.context.clock.now() + timedelta(hours=4)
        await self.made(person, role, f"/volunteers/{entry}/duty", {"ends_at": until.isoformat()})
        await self.made(person, role, "/positions", {"volunteer": entry, "datum": "wgs84", **(at or SHRINE)})

    async def elder(self, community: UUID = HERE, **more: Any) -> str:
        """Somebody to be helped, whose building is known."""
        registered = [
            PlaceRegistered(place=BUILDING, kind="building", parent=COMPOUND),
            PlaceRegistered(place=COMPOUND, kind="compound", parent=HERE),
        ]
        now = self.service.context.clock.now()
        async with self.works.for_system("test") as work:
            told: list[Event[Any]] = [Event(new_id(), "/linli/issues", now, HERE, 1, it) for it in registered]
            await project_places(work, told)
        body = ELDER | {"place": str(BUILDING), "position": {**SHRINE, "datum": "wgs84"}} | more
        made = await self.made("zhang", "steward", "/beneficiaries", body, community=community)
        return str(made["id"])

    async def asked(self, *, places: int = 1, kind: str = "errand", **more: Any) -> str:
        """An open task of a kind without a code, or of the kind that is named."""
        if kind == "errand":
            rules = {"who": ["rider", "resident"], "places": places, "confirmation": "staff"} | more.pop(
                "rules", {}
            )
            await self.made("ola", "operator", "/task-kinds", {"code": kind, "rules": rules})
        made = await self.made("zhang", "steward", "/tasks", {"kind": kind, **more})
        return str(made["id"])

    async def claim(self, person: str, entry: str, task: str, **more: Any) -> httpx.Response:
        """One attempt of somebody at a place."""
        return await self.ask(person, "rider", "POST", f"/tasks/{task}/claim", {"volunteer": entry, **more})

    async def later(self, **how: float) -> None:
        """Let business time pass."""
        jump(self.clock, self.service.context.clock.now() + timedelta(**how))
        await asyncio.sleep(0.03)  # the clock looks fifty times a second

    @property
    def works(self) -> Any:
        return self.service.context.works

    async def said(self, noun: str) -> list[dict[str, Any]]:
        """The facts of one kind that wait in the outbox, in their order; only without a relay."""
        async with self.works.for_system("test") as work:
            rows = await work.connection.fetch(WAITING)
        return [
            {"type": head["ce_type"], "sequence": int(head["ce_sequence"]), **data}
            for head, data in facts_in(rows)
            if f".{noun}." in head["ce_type"]
        ]


@pytest.fixture
async def volunteering(
    service_settings: MakeSettings, issuer: Issuer, tmp_path: Path
) -> AsyncIterator[Volunteering]:
    """Its API and relay."""
    only = (Activity.api, Activity.relay)
    clock = tmp_path / "clock.json"
    async with running(SERVICE, service_settings("volunteer", only, clock_file=clock), only) as service:
        yield Volunteering(service, issuer, clock)


@pytest.fixture
async def quiet(
    service_settings: MakeSettings, issuer: Issuer, tmp_path: Path
) -> AsyncIterator[Volunteering]:
    """Its API alone: what it says waits in the outbox, and tests turn the schedule themselves."""
    clock = tmp_path / "clock.json"
    only = (Activity.api,)
    async with running(SERVICE, service_settings("volunteer", only, clock_file=clock), only) as service:
        yield Volunteering(service, issuer, clock)
