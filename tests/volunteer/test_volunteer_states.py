"""States: only who is vetted may be asked, and leaving is final."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.volunteer.domain.volunteer import (
    Consent,
    ConsentMissingError,
    Kind,
    State,
    Step,
    Volunteer,
    WrongStateError,
    agreed,
)
from shared.identifiers import new_id

TIME = datetime(2026, 3, 1, 8, tzinfo=UTC)


def applicant() -> Volunteer:
    return Volunteer(
        new_id(), new_id(), "rider-7", Kind.rider, State.applied, Consent("2026-01", TIME), TIME, TIME
    )


@given(st.lists(st.sampled_from(Step), max_size=12))
def test_no_path_makes_somebody_active_who_was_not_vetted_or_has_left(steps: list[Step]) -> None:
    volunteer, taken = applicant(), []
    for number, step in enumerate(steps, start=1):
        now = TIME + timedelta(hours=number)
        try:
            changed = volunteer.after(step, now)
        except WrongStateError:
            continue
        assert volunteer.state is not State.left
        assert (changed.version, changed.changed_at) == (volunteer.version + 1, now)
        volunteer = changed
        taken.append(step)
    if volunteer.state is State.active:
        assert Step.vet in taken
        assert Step.leave not in taken
    assert (volunteer.state is State.left) == (Step.leave in taken)


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        ([Step.vet], State.active),
        ([Step.vet, Step.suspend], State.suspended),
        ([Step.vet, Step.suspend, Step.resume], State.active),
        ([Step.leave], State.left),
        ([Step.vet, Step.suspend, Step.leave], State.left),
    ],
)
def test_the_paths_there_are(steps: list[Step], state: State) -> None:
    volunteer = applicant()
    for step in steps:
        volunteer = volunteer.after(step, TIME)
    assert volunteer.state is state


def test_without_consent_nobody_is_entered() -> None:
    with pytest.raises(ConsentMissingError):
        agreed(given=False, text="2026-01", now=TIME)
    assert agreed(given=True, text="2026-01", now=TIME) == Consent("2026-01", TIME)
