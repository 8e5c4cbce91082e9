"""What a volunteer may know of the one they help: more at each stage, and nothing again at the end."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from services.volunteer.domain.claim import Claim, ClaimState
from services.volunteer.domain.offer import Offer
from services.volunteer.domain.task import GRACE, LONGEST_AT_THE_DOOR, Task, TaskState


class Stage(StrEnum):
    """How much is shown; of the board's stage everybody may know."""

    board = "board"
    offered = "offered"
    claimed = "claimed"
    checked_in = "checked-in"


SHOWN: dict[Stage, frozenset[str]] = {
    Stage.board: frozenset(),
    Stage.offered: frozenset(),
    Stage.claimed: frozenset({"surname", "honorific", "building", "door", "care_note"}),
    Stage.checked_in: frozenset({"surname", "honorific", "building", "door", "care_note", "entry_hint"}),
}
"""The fields of a beneficiary that each stage shows; family, person and position are in none."""

BANDED = frozenset({Stage.offered})
"""In these stages the way there is shown, within so many metres; of the one to be helped still nothing."""


class NotDisclosedError(ValueError):
    """At this stage nothing is shown."""


def stage_of_offer(task: Task, offer: Offer, now: datetime) -> Stage:
    """How much who is asked may see now: back to the board's as soon as the offer is over."""
    asked = task.state is TaskState.open and offer.open_at(now)
    return Stage.offered if asked else Stage.board


def stage_of(
    task: Task, claim: Claim | None, all_claims: Collection[Claim], now: datetime, *, active: bool
) -> Stage:
    """How much the holder of a claim may see now.

    Nobody sees a door alone where nobody may go alone, nor once the task is over, the report is made, the
    time is long past, or the volunteer is suspended.
    """
    if claim is None or task.state is not TaskState.open or not active:
        return Stage.board
    if task.two_persons and sum(each.live for each in all_claims) < 2:
        return Stage.board
    if claim.state is ClaimState.claimed and now < task.ends_at + GRACE:
        return Stage.claimed
    if claim.state is ClaimState.checked_in and now < task.ends_at + LONGEST_AT_THE_DOOR:
        return Stage.checked_in
    return Stage.board
