"""Conditions on an event's fields, and whom selectors find."""

from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.audience import Audiences, Place, Selector, SelectorKind, Wanted, wanted
from services.notify.domain.conditions import Scalar, condition
from shared.contracts import Assignee


@dataclass(frozen=True)
class Data:
    state: Scalar = None
    flags: tuple[str, ...] = ()
    assignee: Assignee | None = None
    place: UUID | None = None
    reporter: str | None = None
    household: UUID | None = None


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 2), st.sampled_from(["", "1", "urgent", "True"])
)


@given(SCALARS, st.lists(SCALARS, min_size=1, max_size=4))
def test_membership_is_equality_with_one_of_them_and_knows_types(value: Scalar, values: list[Scalar]) -> None:
    expected = any(type(value) is type(other) and value == other for other in values)
    assert condition("state", values).holds(Data(state=value)) == expected


@given(st.lists(st.sampled_from("abc"), max_size=3), st.lists(st.sampled_from("abc"), min_size=1, max_size=3))
def test_a_list_holds_when_one_of_its_members_does(flags: list[str], values: list[str]) -> None:
    assert condition("flags", values).holds(Data(flags=tuple(flags))) == bool(set(flags) & set(values))


def test_a_path_leads_inside_and_an_absent_step_counts_as_null() -> None:
    given_to = Data(assignee=Assignee(role="guard"))
    assert condition("assignee.role", ["guard"]).holds(given_to)
    assert condition("assignee.person", [None]).holds(given_to)
    assert condition("assignee.role", [None]).holds(Data())
    assert not condition("assignee.role", ["guard"]).holds(Data())


COMMUNITY, COMPOUND, BUILDING, UNIT = (uuid4() for _ in range(4))
PATH = (
    Place(UNIT),
    Place(BUILDING, "合源小区12幢"),
    Place(COMPOUND, "合源小区"),
    Place(COMMUNITY, "临城社区"),
)


ASSIGNEE = SelectorKind.ASSIGNEE
STEWARD, AT_DOOR = Assignee(role="steward"), Assignee(role="steward", place=BUILDING)


def audiences(**holders: str) -> Audiences:
    places = {"unit": UNIT, "building": BUILDING, "compound": COMPOUND, "community": COMMUNITY}
    return Audiences(
        paths={(COMMUNITY, UNIT): PATH},
        holders={(COMMUNITY, "guard", places[where]): (person,) for where, person in holders.items()},
        households={(COMMUNITY, UNIT): ("a", "b")},
    )


@pytest.mark.parametrize(
    ("holders", "told"),
    [
        ({"building": "near", "compound": "far", "community": "farthest"}, ("near",)),
        ({"compound": "far", "community": "farthest"}, ("far",)),
        ({"community": "farthest"}, ("farthest",)),
        ({}, ()),
    ],
)
def test_a_role_is_found_in_the_nearest_enclosing_place(
    holders: dict[str, str], told: tuple[str, ...]
) -> None:
    assert audiences(**holders).persons(COMMUNITY, Wanted(role="guard", place=UNIT)) == told


def test_while_the_way_up_is_unknown_the_community_answers() -> None:
    assert audiences(community="x").persons(COMMUNITY, Wanted(role="guard", place=uuid4())) == ("x",)
    assert audiences(community="x").persons(COMMUNITY, Wanted(role="guard")) == ("x",)


def test_no_holder_of_another_community_is_found() -> None:
    assert audiences(community="x").persons(uuid4(), Wanted(role="guard", place=COMMUNITY)) == ()


def test_a_place_is_named_once_from_the_outside_in() -> None:
    assert audiences().place_name(COMMUNITY, UNIT) == "合源小区12幢"
    assert audiences().place_name(COMMUNITY, None) == ""


@pytest.mark.parametrize(
    ("kind", "path", "data", "expected"),
    [
        (SelectorKind.PERSON, "reporter", Data(reporter="p"), Wanted(persons=("p",))),
        (SelectorKind.PERSON, "reporter", Data(), Wanted()),
        (SelectorKind.HOUSEHOLD, "household", Data(household=UNIT), Wanted(household=UNIT)),
        (SelectorKind.ROLE, "place", Data(place=UNIT), Wanted(role="guard", place=UNIT)),
        (SelectorKind.ROLE, "place", Data(), Wanted(role="guard")),
        (ASSIGNEE, "assignee", Data(assignee=Assignee(person="p")), Wanted(persons=("p",))),
        (ASSIGNEE, "assignee", Data(assignee=STEWARD, place=UNIT), Wanted(role="steward", place=UNIT)),
        (ASSIGNEE, "assignee", Data(assignee=AT_DOOR, place=UNIT), Wanted(role="steward", place=BUILDING)),
        (ASSIGNEE, "assignee", Data(assignee=Assignee(volunteers=True)), Wanted()),
    ],
)  # fmt: skip
def test_what_a_selector_asks_for(kind: SelectorKind, path: str, data: Data, expected: Wanted) -> None:
    assert wanted(Selector(kind, (path,), "guard"), data) == expected
