"""Positions: phones in China report them shifted (GCJ-02); here all is WGS84, and blurred for strangers."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import asin, cos, degrees, floor, pi, radians, sin, sqrt

KEPT = timedelta(hours=24)
EARTH_RADIUS = 6_371_000.0
AREA_DEGREES = 0.003
"""Edge of the cells in which strangers see a place: about 0.1 square kilometres in the latitudes of China."""

_AXIS = 6_378_245.0
_ECCENTRICITY = 0.006_693_421_622_965_943


class Datum(StrEnum):
    """In which system a device reports its position."""

    wgs84 = "wgs84"
    gcj02 = "gcj02"


@dataclass(frozen=True, slots=True)
class Point:
    """A point in WGS84 degrees."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Position:
    """Where a volunteer was, and when (business time)."""

    point: Point
    at: datetime

    def age(self, now: datetime) -> timedelta:
        """How old it is."""
        return now - self.at


def read_point(latitude: float, longitude: float, datum: Datum) -> Point:
    """Read a point as a device reports it; outside of China the two systems are one.

    GCJ-02 is inverted by iteration, to less than a centimetre.
    """
    if datum is Datum.wgs84 or not _shifted_there(latitude, longitude):
        return Point(latitude, longitude)
    found = Point(latitude, longitude)
    for _ in range(6):
        there = to_gcj02(found)
        found = Point(
            found.latitude + latitude - there.latitude, found.longitude + longitude - there.longitude
        )
    return found


def to_gcj02(point: Point) -> Point:
    """The point as a phone in China reports it."""
    latitude, longitude = point.latitude, point.longitude
    if not _shifted_there(latitude, longitude):
        return point
    x, y = longitude - 105.0, latitude - 35.0
    waves = (20 * sin(6 * x * pi) + 20 * sin(2 * x * pi)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + waves
    north += (20 * sin(y * pi) + 40 * sin(y / 3 * pi)) * 2 / 3
    north += (160 * sin(y / 12 * pi) + 320 * sin(y * pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + waves
    east += (20 * sin(x * pi) + 40 * sin(x / 3 * pi)) * 2 / 3
    east += (150 * sin(x / 12 * pi) + 300 * sin(x / 30 * pi)) * 2 / 3
    angle = radians(latitude)
    flat = 1 - _ECCENTRICITY * sin(angle) ** 2
    return Point(
        latitude + north * 180 / (_AXIS * (1 - _ECCENTRICITY) / (flat * sqrt(flat)) * pi),
        longitude + east * 180 / (_AXIS / sqrt(flat) * cos(angle) * pi),
    )


def metres_between(one: Point, other: Point) -> float:
    """The distance along the ground, in metres."""
    north = radians(other.latitude - one.latitude)
    east = radians(other.longitude - one.longitude)
    chord = sin(north / 2) ** 2
    chord += cos(radians(one.latitude)) * cos(radians(other.latitude)) * sin(east / 2) ** 2
    return 2 * EARTH_RADIUS * asin(sqrt(min(1.0, chord)))


def box_round(point: Point, metres: float) -> tuple[Point, Point]:
    """The south-western and the north-eastern corner of a box that holds the circle, save near the poles."""
    north = degrees(metres / EARTH_RADIUS)
    east = north / cos(radians(min(89.0, abs(point.latitude) + north)))
    return (
        Point(point.latitude - north, point.longitude - east),
        Point(point.latitude + north, point.longitude + east),
    )


def blurred(point: Point) -> Point:
    """The middle of the cell in which a point lies: what may be said of it to everybody."""
    return Point(_middle(point.latitude), _middle(point.longitude))


def _middle(angle: float) -> float:
    return round((floor(angle / AREA_DEGREES) + 0.5) * AREA_DEGREES, 6)


def _shifted_there(latitude: float, longitude: float) -> bool:
    return 0.8293 <= latitude <= 55.8271 and 72.004 <= longitude <= 137.8347
