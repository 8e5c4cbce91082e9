"""A recorded day of riders: where each is at any minute, and when they have time between two orders.

The record does not say who brought which order. The nearest rider who is free when it is ready has brought
it, at the record's own speed and times of service. Minutes of the day, metres on a plane.
"""

import io
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import dist
from pathlib import Path
from typing import Final

from deploy.replay.recorded import Row

Spot = tuple[float, float]

LEAST_GAP: Final = 10.0
"""Minutes that a gap must still have for a rider to answer in it."""


@dataclass(frozen=True, slots=True)
class Leg:
    """From the moment a rider has an order until it is handed over, by way of the restaurant."""

    begins: float
    ends: float
    start: Spot
    end: Spot


@dataclass(slots=True)
class Rider:
    """One rider with their window of duty, half open, and what they brought in it, in order of time."""

    name: str
    on: float
    off: float
    home: Spot
    legs: list[Leg] = field(default_factory=list)

    def at(self, minute: float) -> Spot:
        """Where they are, on the straight way of an order or where the last one ended."""
        where = self.home
        for leg in self.legs:
            if minute < leg.begins:
                break
            share = min(1.0, (minute - leg.begins) / (leg.ends - leg.begins))
            where = (
                leg.start[0] + share * (leg.end[0] - leg.start[0]),
                leg.start[1] + share * (leg.end[1] - leg.start[1]),
            )
        return where

    def gap_from(self, minute: float) -> tuple[float, float] | None:
        """The first stretch without an order, then or later, that lasts long enough; None when none does."""
        begins = max(minute, self.on)
        for leg in self.legs:
            if leg.ends <= begins:
                continue
            if leg.begins - begins >= LEAST_GAP:
                return begins, leg.begins
            begins = max(begins, leg.ends)
        return (begins, self.off) if self.off - begins >= LEAST_GAP else None


@dataclass(frozen=True, slots=True)
class Day:
    """One day: its riders, and the orders' drop-offs with the minute each was asked for."""

    riders: Sequence[Rider]
    drop_offs: Sequence[tuple[float, Spot]]


def read_day(path: Path, number: int) -> Day:
    """Read one of the recorded days and ride it."""
    with tarfile.open(path) as archive:
        found = {
            Path(member.name).name: _table(archive, member)
            for member in archive.getmembers()
            if member.isfile() and Path(member.name).parent.name.startswith(f"{number}o")
        }
    riders = [
        Rider(row["courier"], float(row["on_time"]), float(row["off_time"]), _spot(row))
        for row in found["couriers.txt"]
    ]
    (known,) = found["instance_parameters.txt"]
    restaurants = {row["restaurant"]: _spot(row) for row in found["restaurants.txt"]}
    orders = sorted(found["orders.txt"], key=lambda row: (float(row["ready_time"]), row["order"]))
    speed = float(known["meters_per_minute"])
    service = float(known["pickup service minutes"]) + float(known["dropoff service minutes"])
    for order in orders:
        _bring(riders, restaurants[order["restaurant"]], order, speed, service)
    return Day(riders, [(float(row["placement_time"]), _spot(row)) for row in orders])


def _bring(riders: Sequence[Rider], pick_up: Spot, order: Row, speed: float, service: float) -> None:
    """Give an order to the nearest who is free; one that nobody could bring was brought by others."""
    ready = float(order["ready_time"])
    free = [
        rider
        for rider in riders
        if rider.on <= ready < rider.off and (not rider.legs or rider.legs[-1].ends <= ready)
    ]
    if not free:
        return
    nearest = min(free, key=lambda rider: (dist(rider.at(ready), pick_up), rider.name))
    start, end = nearest.at(ready), _spot(order)
    takes = (dist(start, pick_up) + dist(pick_up, end)) / speed + service
    nearest.legs.append(Leg(ready, ready + takes, start, end))


def _table(archive: tarfile.TarFile, member: tarfile.TarInfo) -> list[Row]:
    file = archive.extractfile(member)
    lines = io.TextIOWrapper(file, "utf-8").read().splitlines() if file else []
    names, *rows = (line.split("\t") for line in lines if line.strip()) if lines else [[]]
    return [dict(zip(names, row, strict=False)) for row in rows]


def _spot(row: Row) -> Spot:
    return float(row["x"]), float(row["y"])
