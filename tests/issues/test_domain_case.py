"""The life of a case: no state but those of the table is reachable, and its clock never starts anew."""

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
    WrongState,
    assign,
    may_see,
    resolve,
)
from services.issues.domain.categories import Priority
from services.issues.domain.dispatch import Assignee
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
steps = st.lists(st.one_of(assignees, seers), max_size=12)


@given(steps, st.sampled_from(State))
def test_only_listed_changes_happen(taken: list[Assignee | Seer], start: State) -> None:
    case, moment = replace(CASE, state=start), START
    for step in taken:
        moment += timedelta(minutes=1)
        change = Change.assigned if isinstance(step, Assignee) else Change.resolved
        before, after = CHANGES[change]
        try:
            new = assign(case, step) if isinstance(step, Assignee) else resolve(case, step, moment)
        except WrongState:
            assert case.state not in before
            continue
        except NotTheirs:
            assert case.state in before
            continue
        assert case.state in before
        assert (new.state, new.version) == (after, case.version + 1)
        assert (new.reported_at, new.due_at, new.reporter) == (case.reported_at, case.due_at, case.reporter)
        case = new
    if start in ENDED:
        assert case.state is start


@given(seers, assignees)
def test_who_settles_may_also_see(seer: Seer, assignee: Assignee) -> None:
    case = assign(CASE, assignee)
    try:
        resolve(case, seer, START)
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
