"""Whether a stay is an overstay: at its exit, or as soon as the watermark says no exit can come."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from services.parking.domain.stays import Stay, StayState


class Verdict(StrEnum):
    """`pending`: nothing new can be said yet; what was said before stands."""

    overstayed = "overstayed"
    within = "within"
    pending = "pending"


class Judgement(NamedTuple):
    """The verdict, and at which watermark the stay must be looked at again, if at all."""

    verdict: Verdict
    again_at: datetime | None = None


def judge(stay: Stay, due_at: datetime | None, watermark: datetime | None) -> Judgement:
    """Judge one stay; a stay of exactly the free time is within it.

    A missed exit is judged only when the watermark has passed the entry that ended the stay: until then the
    true exit may still come.
    """
    if due_at is None or stay.state is StayState.entry_missed:
        return Judgement(Verdict.within)
    if stay.exited_at is None:
        if watermark is not None and due_at <= watermark:
            return Judgement(Verdict.overstayed)
        return Judgement(Verdict.pending, due_at)
    if due_at >= stay.exited_at:
        return Judgement(Verdict.within)
    if stay.state is StayState.exited or (watermark is not None and stay.exited_at <= watermark):
        return Judgement(Verdict.overstayed)
    return Judgement(Verdict.pending, stay.exited_at)


class Change(StrEnum):
    """What must be said of a threshold."""

    raised = "raised"
    retracted = "retracted"


def change_of(*, standing: bool, same_due: bool, verdict: Verdict) -> Change | None:
    """Compare a verdict with what was said before, in `standing` terms.

    An alarm that is pending again stands (a lane came back with an older state), unless what it was raised
    for has changed: `same_due` tells whether the due time is still that of the alarm.
    """
    if verdict is Verdict.overstayed:
        return None if standing else Change.raised
    if standing and (verdict is Verdict.within or not same_due):
        return Change.retracted
    return None
