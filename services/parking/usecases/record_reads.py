"""Devices deliver reads and heartbeats: the hot path, so it takes many deliveries at once."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from services.parking.domain.device_time import DeviceClock, believed
from services.parking.domain.plate import Plate, PlateKind
from services.parking.domain.stays import GateRead
from services.parking.domain.violation import Says
from services.parking.store import devices, reads, violations
from services.parking.store.devices import Signer
from services.parking.store.reads import Car, Read
from services.parking.usecases.settle_cars import Arrival, settle_arrivals
from services.parking.usecases.take_looks import GATE, Look, take_looks
from shared.database.work import Work

PATROL, EXIT = "patrol", "exit"


class Sighting(NamedTuple):
    """One read as the device states it; a patrol may say what is wrong, or that it is `gone`."""

    id: str
    plate: Plate
    captured_at: datetime
    confidence: float | None
    kind: str | None = None
    gone: bool = False
    evidence: tuple[str, ...] = ()
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one request brings; without sightings it is a heartbeat. `received_at` is business time."""

    signer: Signer
    sent_at: datetime
    received_at: datetime
    delivered_up_to: datetime | None
    sightings: Sequence[Sighting]
    traceparent: str | None


@dataclass(frozen=True, slots=True)
class Taken:
    """How many reads of a delivery were new, and how many were known already."""

    stored: int
    repeated: int


async def record_reads(work: Work, deliveries: Sequence[Delivery]) -> list[Taken]:
    """Store deliveries of any communities and bring the stays of their cars up to date; one answer each.

    Runs under the system role: each device was resolved to its community by its own key. Reads that are known
    change nothing, so that a delivery may come again, also while the first one is under way.
    """
    wall = datetime.now(UTC)
    clocks = await devices.take(work.connection, {each.signer.device for each in deliveries})
    skews = [_heard(clocks, each, wall) for each in deliveries]
    received = [_received(each, skew) for each, skew in zip(deliveries, skews, strict=True)]
    new = await reads.add(work.connection, [read for found in received for read in found])
    await devices.heard(work.connection, clocks, _stated(deliveries, skews), wall)
    arrivals: dict[UUID, dict[str, Arrival]] = {}
    taken: list[Taken] = []
    taken_up: list[tuple[Delivery, list[Read]]] = []
    for delivery, found in zip(deliveries, received, strict=True):
        added = new.get(delivery.signer.device, set())
        fresh = [read for read in found if read.id in added]
        added.difference_update([read.id for read in fresh])
        taken.append(Taken(len(fresh), len(found) - len(fresh)))
        taken_up.append((delivery, fresh))
        if fresh and delivery.signer.role != PATROL:
            _arrive(arrivals.setdefault(delivery.signer.compound, {}), delivery, fresh)
    if arrivals:
        await settle_arrivals(work, arrivals)
    must_move = await _must_move(work, taken_up)
    looks = [look for delivery, fresh in taken_up for look in _looks(delivery, fresh, must_move)]
    if looks:
        await take_looks(work, looks)
    return taken


def _arrive(cars: dict[str, Arrival], delivery: Delivery, fresh: Sequence[Read]) -> None:
    outwards, trace = delivery.signer.role == EXIT, delivery.traceparent
    for read in fresh:
        if read.plate.kind is PlateKind.none:
            continue  # of which car it is, nobody can tell: what comes in and what leaves are not paired
        plate, seen = read.plate.text, GateRead(read.at, outwards, read.device, read.id)
        before = cars.get(plate)
        cars[plate] = Arrival([seen] if before is None else [*before.reads, seen], trace)


async def _must_move(work: Work, taken_up: Sequence[tuple[Delivery, list[Read]]]) -> set[Car]:
    """Which cars that leave now had to: few, so that most exits need no second thought."""
    exits = {
        delivery.signer.compound for delivery, fresh in taken_up if fresh and delivery.signer.role == EXIT
    }
    seen = {
        (read.compound, read.plate.text)
        for delivery, fresh in taken_up
        if delivery.signer.role == PATROL
        for read in fresh
    }
    return seen | await violations.open_cars(work.connection, exits) if exits else seen


def _looks(delivery: Delivery, fresh: Sequence[Read], must_move: Container[Car]) -> list[Look]:
    """What new reads say of cars that must move: patrols that name a kind, gates that read one leaving."""
    if delivery.signer.role not in {PATROL, EXIT} or not must_move:
        return []
    patrol = delivery.signer.role == PATROL
    stated = {seen.id: seen for seen in delivery.sightings}
    return [
        Look(
            community=read.community,
            compound=read.compound,
            plate=read.plate.text,
            kind=stated[read.id].kind,
            says=Says.there if patrol and not stated[read.id].gone else Says.moved,
            seen_at=min(read.at, read.received_at),
            source="camera" if patrol else GATE,
            source_id=f"{read.device}/{read.id}",
            evidence=stated[read.id].evidence,
            zone=stated[read.id].zone,
            traceparent=delivery.traceparent,
        )
        for read in fresh
        if (stated[read.id].kind is not None if patrol else _is_among(read, must_move))
    ]


def _is_among(read: Read, cars: Container[Car]) -> bool:
    return read.plate.kind is not PlateKind.none and (read.compound, read.plate.text) in cars


def _heard(clocks: dict[UUID, DeviceClock], delivery: Delivery, wall: datetime) -> timedelta:
    """Let a device's clock be judged by this sending as well, and give what its times are corrected by."""
    device = delivery.signer.device
    clocks[device] = clocks[device].heard(delivery.sent_at, delivery.received_at, wall)
    return clocks[device].skew


def _received(delivery: Delivery, skew: timedelta) -> list[Read]:
    signer, sent_at = delivery.signer, delivery.sent_at
    return [
        Read(
            signer.device,
            seen.id,
            signer.community,
            signer.compound,
            signer.role,
            seen.plate,
            seen.confidence,
            seen.captured_at,
            sent_at,
            delivery.received_at,
            believed(seen.captured_at, sent_at, skew),
            seen.captured_at > sent_at,
        )
        for seen in delivery.sightings
    ]


def _stated(deliveries: Sequence[Delivery], skews: Sequence[timedelta]) -> dict[UUID, datetime]:
    """Give the latest time up to which each device says that all is delivered, if it says so."""
    stated: dict[UUID, datetime] = {}
    for delivery, skew in zip(deliveries, skews, strict=True):
        if delivery.delivered_up_to is not None:
            device, up_to = delivery.signer.device, believed(delivery.delivered_up_to, delivery.sent_at, skew)
            stated[device] = max(up_to, stated.get(device, up_to))
    return stated
