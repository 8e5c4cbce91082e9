"""Two hours: a car stays too long, the guard's phone rings; its exit comes late, the same phone is told so.

parking and notify at work on the real servers, with phones; the register speaks as issues would.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from services.notify.app import SERVICE as NOTIFY
from services.parking.app import SERVICE as PARKING
from shared.contracts import Event, PlaceRegistered, RoleGranted
from shared.identifiers import new_id
from shared.messaging.envelope import to_record
from shared.messaging.settings import KafkaSettings
from shared.runtime.clock import jump
from shared.runtime.running import running
from shared.telemetry import traces
from tests.fixtures.bus import Bus
from tests.fixtures.identity import Issuer
from tests.fixtures.ledger import address_of, words_of
from tests.fixtures.services import MakeSettings
from tests.journeys.test_move_your_car import found, telling_by
from tests.parking.conftest import Parking
from tests.parking.gates import Compound
from tests.simulators.conftest import Phones, free_port, running_phones

pytestmark = pytest.mark.anyio

PLATE, GUARDS_DEVICE = "浙B12345", "device-gu"
MORNING = datetime.now(UTC).replace(hour=2, minute=0, second=0, microsecond=0)


@dataclass
class Gated:
    """A compound with a way in and a way out, where cars from outside may stay for two hours."""

    compound: Compound
    phones: Phones
    clock: Path

    async def at(self, minute: float, gate: str, *read: float, up_to: float) -> None:
        """Let a gate deliver, at this minute, what it read of the car, or only that it is there."""
        if minute:
            jump(self.clock, self.compound.at(minute))
            await anyio.sleep(0.03)  # the clock looks fifty times a second
        now = self.compound.parking.service.context.clock.now()
        reads = [self.compound.read(each, PLATE) for each in read]
        answer = await self.compound.deliver(gate, *reads, up_to=up_to, sent_at=now.isoformat())
        assert answer.status_code == 200, answer.text

    async def rung(self) -> list[tuple[str, str]]:
        """What the guard's phone has shown so far: which message, in which words."""
        lines = await anyio.to_thread.run_sync(self.phones.ledger)
        return [(line["template"], words_of(line)) for line in lines if address_of(line) == GUARDS_DEVICE]

    async def rings(self, template: str) -> None:
        """Wait until it rings for a message."""

        async def rung() -> bool:
            return template in [name for name, _ in await self.rung()]

        await found(rung)


@pytest.fixture
async def gated(
    service_settings: MakeSettings, kafka_settings: KafkaSettings, issuer: Issuer, tmp_path: Path
) -> AsyncIterator[Gated]:
    clock = tmp_path / "clock.json"
    jump(clock, MORNING)
    async with AsyncExitStack() as stack:
        phones = stack.enter_context(running_phones(tmp_path / "phones.jsonl"))
        telling = service_settings("notify", clock_file=clock, **telling_by(phones, free_port()))
        notify = await stack.enter_async_context(running(NOTIFY, telling))
        at_work = await stack.enter_async_context(
            running(PARKING, service_settings("parking", clock_file=clock))
        )
        compound = Compound(Parking(at_work, issuer), new_id(), new_id(), MORNING)
        bus = Bus(kafka_settings.bootstrap_servers, kafka_settings.topic_prefix)
        await anyio.to_thread.run_sync(register, bus, compound)
        await settled(compound, Parking(notify, issuer))
        await anyio.to_thread.run_sync(lambda: bus.wait_consumed("notify", "linli.register"))
        yield Gated(compound, phones, clock)


def register(bus: Bus, compound: Compound) -> None:
    """Tell of the compound and its guard."""
    place = PlaceRegistered(
        place=compound.id, kind="compound", parent=compound.community, name="合源小区", code="HY"
    )
    guard = RoleGranted(grant=new_id(), person="gu", role="guard", place=compound.id)
    for fact in (place, guard):
        record = to_record(Event(new_id(), "/linli/issues", MORNING, compound.community, 1, fact))
        bus.produce("linli.register", record.value, key=record.key, headers=record.headers)


async def settled(compound: Compound, notify: Parking) -> None:
    """Make the gates, the rule, and a phone for the guard."""
    async with notify.client("op", compound.community, "operator") as client:
        body = {"push_token": GUARDS_DEVICE, "language": "zh"}
        assert (await client.put("/contacts/gu", json=body)).status_code < 300

    async def known() -> bool:
        async with compound.client() as client:
            return (await client.get(f"/compounds/{compound.id}")).status_code == 200

    await found(known)
    for name, role in (("in", "entry"), ("out", "exit")):
        await compound.add_gate(name, role)
    await compound.rule(120)


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """All spans of both services."""
    exported, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exported))
    monkeypatch.setattr(traces._Tracing, "tracer", provider.get_tracer("test"))
    return exported


async def test_the_guard_hears_and_the_correction_comes_to_the_same_phone(
    gated: Gated, spans: InMemorySpanExporter
) -> None:
    await gated.at(0, "in", 0, up_to=0)
    # Five minutes is how late a read may come: nobody hears before the watermark has passed the two hours.
    for minute in (124, 126):
        await gated.at(minute, "in", up_to=minute)
        await gated.at(minute + 0.2, "out", up_to=minute)
        if minute == 124:
            await anyio.sleep(0.5)  # each delivery wakes the judge
            assert await gated.rung() == []
    await gated.rings("vehicle-overstayed")
    await gated.at(130, "out", 119, up_to=130)
    await gated.rings("overstay-retracted")
    rung = await gated.rung()
    assert [name for name, _ in rung] == ["vehicle-overstayed", "overstay-retracted"]
    assert all(PLATE not in words and "浙B·**345" in words for _, words in rung)
    async with gated.compound.client() as client:
        (said,) = (await client.get("/overstays")).json()["items"]
    assert said["retracted_at"] is not None
    assert datetime.fromisoformat(said["exited_at"]) == MORNING + timedelta(minutes=119)
    assert kinds_of_one_trace(spans, "linli.parking.overstay-retracted.v1") == {
        "POST /reads": SpanKind.SERVER,
        "publish linli.parking.overstay-retracted.v1": SpanKind.PRODUCER,
        "process linli.parking.overstay-retracted.v1": SpanKind.CONSUMER,
        "submit messages": SpanKind.CLIENT,
    }


def kinds_of_one_trace(spans: InMemorySpanExporter, event: str) -> dict[str, SpanKind]:
    """The steps of the trace in which an event was taken in, but for what else came of its request."""
    written = [each for each in spans.get_finished_spans() if each.context is not None]
    (taken,) = [each for each in written if each.name == f"process {event}"]
    steps = [each for each in written if each.context.trace_id == taken.context.trace_id]
    (request,) = [each for each in steps if each.kind is SpanKind.SERVER]
    above = {each.parent and each.parent.span_id for each in steps if each is not request}
    assert above == {request.context.span_id}
    return {each.name: each.kind for each in steps if "linli" not in each.name or event in each.name}
