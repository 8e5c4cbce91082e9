"""A case: who sees it, what the table of changes leads to, and that it keeps to the contract's words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.issues.domain.case import (
    CHANGES,
    ENDED,
    Case,
    Change,
    NotTheirs,
    Seer,
    State,
    may_see,
)
from services.issues.domain.categories import Priority
from services.issues.domain.dispatch import Assignee
from services.issues.domain.life import assign, must_handle
from shared.contracts.issues.case import CaseState

TOWN = UUID(int=1)
START = datetime(2026, 1, 1, tzinfo=UTC)
CASE = Case(
    id=UUID(int=9),
    community=TOWN,
    category="van",
    place=None,
    priority=Priority.ordinary,
    state=State.reported,
    reporter="rita",
    assignee=None,
    reported_at=START,
    due_at=START + timedelta(hours=2),
)
assignees = st.one_of(
    st.builds(Assignee, person=st.sampled_from(["ann", "bob"])),
    st.builds(Assignee, role=st.sampled_from(["guard", "handler"]), place=st.just(TOWN)),
    st.just(Assignee(volunteers=True, place=TOWN)),
)
seers = st.builds(
    Seer,
    st.sampled_from(["ann", "bob", "rita", "zoe"]),
    st.frozensets(
        st.sampled_from(["guard", "handler", "volunteer", "operator", "dispatcher", "street", "resident"])
    ),
)


@given(seers, assignees)
def test_who_settles_may_also_see(seer: Seer, assignee: Assignee) -> None:
    case = assign(CASE, assignee)
    try:
        must_handle(case, seer, Change.resolved)
    except NotTheirs:
        assert "operator" not in seer.roles
        return
    assert may_see(case, seer)


@pytest.mark.parametrize(
    ("person", "roles", "sees"),
    [
        ("rita", {"resident"}, True),
        ("ann", {"resident"}, False),
        ("ann", {"guard"}, True),
        ("ann", {"handler"}, False),
        ("ann", {"operator"}, True),
        ("ann", {"dispatcher"}, True),
        ("ann", {"street"}, True),
        ("ann", {"volunteer"}, False),
    ],
)
def test_who_sees_a_case_of_the_guards(person: str, roles: set[str], sees: bool) -> None:
    case = assign(CASE, Assignee(role="guard", place=TOWN))
    assert may_see(case, Seer(person, frozenset(roles))) is sees


def test_an_anonymous_case_is_nobodys_own() -> None:
    anonymous = replace(CASE, reporter=None)
    assert not may_see(anonymous, Seer("rita", frozenset({"resident"})))


def test_the_states_are_those_of_the_contract() -> None:
    assert {state.value for state in State} == set(CaseState.__args__)  # type: ignore[attr-defined]


def test_what_is_over_stays_over_but_for_what_was_closed() -> None:
    leads = {(before, after) for change in CHANGES.values() for before, after in change.items()}
    assert {pair for pair in leads if pair[0] in ENDED} == {
        (State.closed, State.closed),
        (State.closed, State.assigned),
    }
    reached = {State.reported}
    while new := {after for before, after in leads if before in reached} - reached:
        reached |= new
    assert set(State) - reached == {State.suspended, State.cancelled, State.referred}
