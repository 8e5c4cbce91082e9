"""The roles of a token are a function of the set of register facts."""

import random
from datetime import UTC, datetime
from uuid import UUID

from deploy.simulators.identity.register import Register
from shared.contracts.event import Event
from shared.contracts.fact import Fact
from shared.contracts.issues.case import IssueResolved
from shared.contracts.issues.register import (
    HouseholdEnded,
    HouseholdRegistered,
    PlaceClosed,
    PlaceRegistered,
    RoleGranted,
    RoleRevoked,
)
from shared.identifiers import new_id

NOW = datetime(2026, 3, 1, tzinfo=UTC)
COMMUNITY, COMPOUND, BUILDING, UNIT = (UUID(int=number) for number in range(1, 5))
HOUSEHOLD, GRANT = UUID(int=11), UUID(int=12)


def event(fact: Fact, sequence: int = 1, community: UUID = COMMUNITY) -> Event[Fact]:
    return Event(new_id(), "/linli/issues", NOW, community, sequence, fact)


def places() -> list[Event[Fact]]:
    return [
        event(PlaceRegistered(place=COMMUNITY, kind="community", parent=None, zone="Asia/Shanghai")),
        event(PlaceRegistered(place=COMPOUND, kind="compound", parent=COMMUNITY)),
        event(PlaceRegistered(place=BUILDING, kind="building", parent=COMPOUND)),
        event(PlaceRegistered(place=UNIT, kind="unit", parent=BUILDING, floor_area_cm2=880_000)),
    ]


def folded(*events: Event[Fact]) -> Register:
    register = Register()
    for one in events:
        register.apply(one)
    return register


def test_a_grant_and_a_household_give_roles_in_the_places_community() -> None:
    register = folded(
        *places(),
        event(HouseholdRegistered(household=HOUSEHOLD, unit=UNIT, persons=("anna", "bo"))),
        event(RoleGranted(grant=GRANT, person="anna", role="representative", place=BUILDING)),
    )
    assert register.roles_of("anna") == {COMMUNITY: {"resident", "representative"}}
    assert register.roles_of("bo") == {COMMUNITY: {"resident"}}
    assert register.roles_of("nobody") == {}
    assert list(register.communities()) == [COMMUNITY]


def test_revoked_ended_and_moved_out_persons_lose_their_roles() -> None:
    register = folded(
        *places(),
        event(RoleGranted(grant=GRANT, person="anna", role="guard", place=COMPOUND)),
        event(HouseholdRegistered(household=HOUSEHOLD, unit=UNIT, persons=("anna", "bo"))),
        event(HouseholdRegistered(household=HOUSEHOLD, unit=UNIT, persons=("bo",)), 2),
        event(RoleRevoked(grant=GRANT, person="anna", role="guard", place=COMPOUND), 2),
    )
    assert register.roles_of("anna") == {}
    assert register.roles_of("bo") == {COMMUNITY: {"resident"}}
    register.apply(event(HouseholdEnded(household=HOUSEHOLD), 3))
    assert register.roles_of("bo") == {}
    assert register.persons == 0


def test_a_role_in_a_closed_place_or_under_one_counts_no_more() -> None:
    register = folded(
        *places(),
        event(RoleGranted(grant=GRANT, person="anna", role="representative", place=BUILDING)),
        event(PlaceClosed(place=COMPOUND), 2),
    )
    assert register.roles_of("anna") == {}


def test_a_place_still_on_its_way_counts_by_the_envelopes_community() -> None:
    register = folded(event(RoleGranted(grant=GRANT, person="anna", role="guard", place=COMPOUND)))
    assert register.roles_of("anna") == {COMMUNITY: {"guard"}}


def test_any_order_and_any_repetition_of_facts_gives_the_same_roles() -> None:
    facts = [
        *places(),
        event(HouseholdRegistered(household=HOUSEHOLD, unit=UNIT, persons=("anna",))),
        event(HouseholdRegistered(household=HOUSEHOLD, unit=UNIT, persons=("bo",)), 2),
        event(RoleGranted(grant=GRANT, person="bo", role="steward", place=COMPOUND), 1),
        event(RoleRevoked(grant=GRANT, person="bo", role="steward", place=COMPOUND), 2),
        event(RoleGranted(grant=GRANT, person="bo", role="steward", place=COMPOUND), 3),
    ]
    for seed in range(200):
        order = random.Random(seed)
        shuffled = facts + order.choices(facts, k=5)
        order.shuffle(shuffled)
        register = folded(*shuffled)
        assert register.roles_of("bo") == {COMMUNITY: {"resident", "steward"}}
        assert register.roles_of("anna") == {}


def test_other_facts_are_passed_over() -> None:
    resolved = IssueResolved(
        case=UUID(int=20),
        category="blocked-fire-lane",
        place=None,
        reporter=None,
        resolver="anna",
        resolved_at=NOW,
    )
    assert Register().apply(event(resolved)) is False
