"""Move your car: a camera sees it, its owner is told and told again, a guard is asked, a second look ends it.

parking, volunteer and notify at work on the real servers, with phones; the register speaks as issues would.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import anyio
import pytest

from services.notify.app import SERVICE as NOTIFY
from services.parking.app import SERVICE as PARKING
from services.volunteer.app import SERVICE as VOLUNTEER
from shared.contracts import Event, Fact, HouseholdRegistered, PlaceRegistered, RoleGranted
from shared.identifiers import new_id
from shared.messaging.envelope import to_record
from shared.messaging.settings import KafkaSettings
from shared.runtime.clock import jump
from shared.runtime.running import Running, running
from tests.fixtures.bus import Bus
from tests.fixtures.identity import Issuer
from tests.fixtures.ledger import address_of, words_of
from tests.fixtures.services import MakeSettings
from tests.notify.stage import PHONE_KEYS
from tests.parking.conftest import Parking
from tests.parking.gates import Compound
from tests.simulators.conftest import KEY, SECRET, Phones, free_port, running_phones
from tests.volunteer.conftest import Volunteering

pytestmark = pytest.mark.anyio

PLATE, PHONE, DEVICE, GUARDS_DEVICE = "浙L12345", "+8613900012345", "device-li", "device-gu"
MORNING = datetime.now(UTC).replace(hour=2, minute=0, second=0, microsecond=0)


@dataclass
class Town:
    """One community with a compound, a household with a car, and a guard."""

    parking: Parking
    volunteer: Volunteering
    notify: Running
    bus: Bus
    phones: Phones
    clock: Path
    compound: Compound

    @property
    def community(self) -> UUID:
        return self.compound.community

    async def tell(self, *facts: Fact) -> None:
        """Say something on the register's topic."""
        for fact in facts:
            event = Event(new_id(), "/linli/issues", MORNING, self.community, 1, fact)
            await anyio.to_thread.run_sync(self._produce, event)

    def _produce(self, event: Event[Fact]) -> None:
        record = to_record(event)
        self.bus.produce("linli.register", record.value, key=record.key, headers=record.headers)

    async def ask(self, service: Running, person: str, role: str, method: str, path: str, body: Any) -> Any:
        """One request of somebody; what a refusal says fails the test."""
        async with Parking(service, self.parking.issuer).client(person, self.community, role) as client:
            answer = await client.request(method, path, json=body)
        assert answer.status_code < 300, f"{path}: {answer.text}"
        return answer.json() if answer.content else None

    @asynccontextmanager
    async def following(self, person: str, role: str) -> AsyncIterator[dict[str, dict[str, Any]]]:
        """What facts of parking somebody sees as they happen, by event id."""
        followed: dict[str, dict[str, Any]] = {}

        async def read(lines: AsyncIterator[str]) -> None:
            async for line in lines:
                event = json.loads(line[6:]) if line.startswith("data: {") else {}
                if "type" in event:
                    followed[event["id"]] = {"is": event["type"].split(".")[2], **event["data"]}

        async with (
            self.parking.client(person, self.community, role) as client,
            client.stream("GET", "/events", timeout=None) as answer,
        ):
            lines = answer.aiter_lines()
            await anext(lines)
            reading = asyncio.create_task(read(lines))
            yield followed
            reading.cancel()
            await asyncio.wait([reading])

    async def rings(self, address: str, template: str, seconds: float = 20) -> None:
        """Wait until a phone has rung for a message."""

        async def rung() -> bool:
            lines = await anyio.to_thread.run_sync(self.phones.ledger)
            return any((address_of(line), line["template"]) == (address, template) for line in lines)

        await found(rung, seconds)

    async def said(self) -> str:
        """All words at all phones."""
        return " ".join(words_of(line) for line in await anyio.to_thread.run_sync(self.phones.ledger))

    async def later(self, **how: float) -> None:
        """Let business time pass."""
        jump(self.clock, self.parking.service.context.clock.now() + timedelta(**how))
        await asyncio.sleep(0.03)  # the clock looks fifty times a second


async def found(look: Callable[[], Awaitable[Any]], seconds: float = 20) -> Any:
    """Look again and again until something true is found."""
    deadline = time.monotonic() + seconds
    answer = await look()
    while not answer and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
        answer = await look()
    assert answer, f"not within {seconds:g} s"
    return answer


@pytest.fixture
async def town(
    service_settings: MakeSettings,
    kafka_settings: KafkaSettings,
    issuer: Issuer,
    tmp_path: Path,
) -> AsyncIterator[Town]:
    clock, port = tmp_path / "clock.json", free_port()
    jump(clock, MORNING)
    async with AsyncExitStack() as stack:
        phones = stack.enter_context(running_phones(tmp_path / "phones.jsonl"))
        telling = telling_by(phones, port)
        notify = await stack.enter_async_context(
            running(NOTIFY, service_settings("notify", clock_file=clock, **telling))
        )
        at_work = await stack.enter_async_context(
            running(PARKING, service_settings("parking", clock_file=clock))
        )
        helping = await stack.enter_async_context(
            running(VOLUNTEER, service_settings("volunteer", clock_file=clock))
        )
        parking, volunteer = Parking(at_work, issuer), Volunteering(helping, issuer, clock)
        bus = Bus(kafka_settings.bootstrap_servers, kafka_settings.topic_prefix)
        compound = Compound(parking, new_id(), new_id(), MORNING)
        yield await settled(Town(parking, volunteer, notify, bus, phones, clock, compound))


def telling_by(phones: Phones, port: int) -> dict[str, Any]:
    """How notify reaches the phones and they it."""
    return {
        "sms_provider_url": phones.url,
        "push_provider_url": phones.url,
        "sms_provider_key": KEY,
        "push_provider_key": KEY,
        "callback_url": f"http://127.0.0.1:{port}",
        "receipt_keys": f"one:{SECRET}",
        "phone_keys": PHONE_KEYS,
        "port": port,
    }


async def settled(town: Town) -> Town:
    """Register all that must be there, and wait until it is known."""
    compound, household = town.compound, new_id()
    await town.tell(
        PlaceRegistered(
            place=town.community, kind="community", name="临城社区", code="LC", zone="Asia/Shanghai"
        ),
        PlaceRegistered(
            place=compound.id, kind="compound", parent=town.community, name="合源小区", code="HY"
        ),
        HouseholdRegistered(household=household, unit=new_id(), persons=("li",)),
        RoleGranted(grant=new_id(), person="gu", role="guard", place=compound.id),
    )
    contacts = {"li": {"phone": PHONE, "push_token": DEVICE}, "gu": {"push_token": GUARDS_DEVICE}}
    for person, ways in contacts.items():
        path, body = f"/contacts/{person}", ways | {"language": "zh"}
        await town.ask(town.notify, "op", "operator", "PUT", path, body)
    car = {"household": str(household), "plate": PLATE}

    async def registered() -> bool:
        async with compound.client() as client:
            known = (await client.get(f"/compounds/{compound.id}")).status_code == 200
            return known and (await client.post("/vehicles", json=car)).status_code in {201, 409}

    await found(registered)
    await compound.add_gate("eye", "patrol")
    await anyio.to_thread.run_sync(lambda: town.bus.wait_consumed("notify", "linli.register"))
    return town


async def test_told_told_again_a_guard_asked_and_a_second_look_ends_it(town: Town) -> None:
    async with AsyncExitStack() as streams:
        whose = {
            (person, role): await streams.enter_async_context(town.following(person, role))
            for person, role in (("li", "resident"), ("gu", "guard"), ("op", "operator"), ("st", "steward"))
        }
        await told_asked_and_over(town)

        async def ended() -> bool:
            return all("violation-cleared" in kinds_of(seen) for seen in whose.values())

        await found(ended)
    case = ["violation-opened", "violation-escalated", "violation-escalated", "violation-cleared"]
    for (_, role), seen in whose.items():
        assert [each for each in kinds_of(seen) if each.startswith("violation")] == case
        for fact in (each for each in seen.values() if each["is"] in case):
            assert fact["masked_plate"] == "浙L·**345"
            assert {"household", "owners", "told"} & fact.keys() == (
                set() if role == "steward" else {"household", "owners", "told"}
            )


def kinds_of(seen: dict[str, dict[str, Any]]) -> list[str]:
    return [each["is"] for each in seen.values()]


async def told_asked_and_over(town: Town) -> None:
    """The whole story at its places and phones."""
    compound, parking = town.compound, town.parking.service
    looked = {"kind": "fire-lane", "evidence": ["frame:1"]}
    seen = {"id": "1", "captured_at": datetime.now(UTC).isoformat(), "plate": PLATE, **looked}
    assert (await compound.deliver("eye", seen)).status_code == 200
    await town.rings(DEVICE, "violation-notice", seconds=10)
    await town.later(minutes=5, seconds=1)
    await town.rings(PHONE, "violation-notice-again")
    (mine,) = (await town.ask(parking, "li", "resident", "GET", "/violations", None))["items"]
    assert (mine["action"], mine["state"], mine["plate"]) == ("tell-again", "open", None)

    entry = await town.volunteer.active("gu", "guard", town.community)
    await town.later(minutes=5)

    async def asked() -> Any:
        board = await town.ask(town.volunteer.service, "gu", "guard", "GET", "/tasks", None)
        return [task for task in board["items"] if task["about"] == mine["id"]]

    (task,) = await found(asked)
    gone = {"outcome": "done", "evidence": ["photo:91bb02aa"]}
    for step, body in (("claim", {"volunteer": entry}), ("check-in", {}), ("report", gone)):
        path = f"/tasks/{task['id']}/{step}"
        await town.ask(town.volunteer.service, "gu", "guard", "POST", path, body)

    async def cleared() -> Any:
        shown = await town.ask(parking, "gu", "guard", "GET", f"/violations/{mine['id']}", None)
        return shown if shown["state"] == "cleared" else None

    shown = await found(cleared)
    assert [step["action"] for step in shown["steps"]] == ["tell", "tell-again", "ask-person"]
    assert [(look["source"], look["says"]) for look in shown["looks"]] == [
        ("camera", "there"),
        ("task", "moved"),
    ]

    await town.rings(DEVICE, "violation-over")
    await town.later(minutes=30)
    board = await town.ask(parking, "op", "operator", "GET", "/board", None)
    assert (board["open"], board["late"]) == (0, 0)
    words = await town.said()
    assert PLATE not in words
    assert "浙L·**345" in words
