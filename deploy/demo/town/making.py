"""The whole town from one seed, and its files as a user would upload them."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from deploy.demo.town.people import Contact, Directory, Household, households
from deploy.demo.town.places import PlaceRow, place_rows
from deploy.demo.town.roles import Grant, offices, staff

SEED: Final = 827


@dataclass(frozen=True, slots=True)
class Town:
    """Everything that the demo loads, in the order in which it is loaded."""

    places: Sequence[PlaceRow]
    households: Sequence[Household]
    grants: Sequence[Grant]
    contacts: Sequence[Contact]

    def holders(self, role: str, place: str) -> list[str]:
        """Who holds a role at exactly this place."""
        return [grant.person for grant in self.grants if (grant.role, grant.place) == (role, place)]

    def contact(self, person: str) -> Contact | None:
        """How a person is reached; children are not."""
        return next((contact for contact in self.contacts if contact.person == person), None)


def make_town(seed: int = SEED) -> Town:
    """The same seed makes the same town, to the last floor area."""
    # Each part has its own stream of chance, so that a change of one leaves the others as they are.
    living = households(_chance(seed, "households"), seed)
    posts = staff()
    adults = [person for household in living for person in household.persons[: household.adults]]
    directory = Directory(_chance(seed, "contacts"))
    return Town(
        places=list(place_rows(_chance(seed, "places"))),
        households=living,
        grants=[*posts, *offices(living, _chance(seed, "roles"))],
        contacts=directory.contacts([*(post.person for post in posts), *adults]),
    )


def _chance(seed: int, part: str) -> Random:
    return Random(f"{seed}/{part}")  # noqa: S311 - a town must come out the same, not be hard to guess


def places_csv(town: Town) -> bytes:
    """The places file."""
    rows = (
        (
            row.kind,
            row.code,
            row.parent,
            row.name,
            "" if row.floor_area_m2 is None else str(row.floor_area_m2),
        )
        for row in town.places
    )
    return _csv(("kind", "code", "parent", "name", "floor_area_m2"), rows)


def households_csv(town: Town) -> bytes:
    """The households file."""
    rows = ((row.code, row.unit, ";".join(row.persons)) for row in town.households)
    return _csv(("code", "unit", "persons"), rows)


def roles_csv(town: Town) -> bytes:
    """The roles file."""
    return _csv(
        ("person", "role", "place"), ((grant.person, grant.role, grant.place) for grant in town.grants)
    )


def contacts_csv(town: Town) -> bytes:
    """The contacts file."""
    rows = ((row.person, row.phone, row.language, row.push_token or "") for row in town.contacts)
    return _csv(("person", "phone", "language", "push_token"), rows)


def _csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()
