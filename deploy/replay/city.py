"""The pretended city behind the recorded reports: its districts and its people, all invented."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from uuid import NAMESPACE_DNS, UUID, uuid5

from deploy.replay.recorded import Row

COMMUNITY: Final = uuid5(NAMESPACE_DNS, "replay.linli.invalid")
OPERATOR: Final = "replay-operator"
DISTRICTS: Final = tuple(str(number) for number in range(1, 16))

# What the city calls it -> our category's code, and the role that handles it in the district.
CATEGORIES: Final = {
    "Bulky Items": ("bulky-items", "handler"),
    "Graffiti Removal": ("graffiti-removal", "steward"),
    "Illegal Dumping Pickup": ("illegal-dumping", "handler"),
    "Metal/Household Appliances": ("appliances", "handler"),
    "Electronic Waste": ("electronic-waste", "handler"),
    "Homeless Encampment": ("homeless-encampment", "guard"),
    "Dead Animal Removal": ("dead-animal", "handler"),
    "Other": ("other", "operator"),
    "Single Streetlight Issue": ("streetlight", "property"),
    "Multiple Streetlight Issue": ("streetlights", "property"),
    "Report Water Waste": ("water-waste", "property"),
    "Feedback": ("feedback", "operator"),
}
# Of each category, how long it may take and which minutes of that count.
DEADLINES: Final = {
    "bulky-items": ("working-days", 3 * 1440),
    "graffiti-removal": ("working-hours", 16 * 60),
    "illegal-dumping": ("working-hours", 20 * 60 + 30),
    "appliances": ("working-days", 5 * 1440),
    "electronic-waste": ("working-days", 5 * 1440),
    "homeless-encampment": ("round-the-clock", 3 * 1440),
    "dead-animal": ("round-the-clock", 48 * 60),
    "other": ("round-the-clock", 5 * 1440),
    "streetlight": ("working-hours", 24 * 60),
    "streetlights": ("working-days", 2 * 1440),
    "water-waste": ("working-hours", 8 * 60),
    "feedback": ("working-days", 10 * 1440),
}
# Who hears of a delay: minutes after the deadline, which of them count, and the role in the whole city.
LEVELS: Final = (
    (0, "round-the-clock", "operator"),
    (90, "working-hours", "steward"),
    (1440, "round-the-clock", "guard"),
)
ROLES: Final = ("handler", "steward", "guard", "property")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a phone; `push_token` only where the app is installed."""

    person: str
    phone: str
    language: str
    push_token: str = ""


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who holds a role in a district, or in the whole city (district "")."""

    role: str
    district: str
    person: Person


def district_code(district: str) -> str:
    """The place code of a council district."""
    return f"CD-{district}"


def holders() -> list[Holder]:
    """Two for each role in odd districts; even ones have nobody of their own and turn to the city's one."""
    made: list[Holder] = []
    for place in ("", *DISTRICTS):
        many = 1 if place == "" else 2 * (int(place) % 2)
        for role in ROLES:
            for number in range(many):
                made.append(Holder(role, place, _staff(len(made), f"{role}-{place or 'city'}-{number + 1}")))
    return made


def _staff(number: int, name: str) -> Person:
    push = f"device-{name}" if number % 3 == 0 else ""
    return Person(name, f"+86190{number:08d}", "en" if number % 2 else "zh", push)


def operator() -> Person:
    """The command room's operator, who also gets what has no better owner."""
    return Person(OPERATOR, "+8619100000000", "en")


def caller(number: int, row: Row) -> Person | None:
    """Who reported the row of this number (from 0); None for an anonymous one.

    Every seventeenth has left no number: a person without a contact.
    """
    if row["Anonymous"] == "Y":
        return None
    phone = "" if number % 17 == 0 else f"+86192{number:08d}"
    push = f"device-caller-{number}" if number % 5 == 0 and phone else ""
    return Person(f"caller-{row['SRNumber']}", phone, "zh" if number % 3 == 0 else "en", push)


def callers(rows: list[Row]) -> Iterator[Person]:
    """Give everybody who reported one of these rows."""
    for number, row in enumerate(rows):
        if (person := caller(number, row)) is not None:
            yield person


def community() -> UUID:
    """The city's community."""
    return COMMUNITY
