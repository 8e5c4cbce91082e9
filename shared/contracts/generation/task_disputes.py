"""Examples of disputes: a daughter says that nobody came, a guard that the minutes are wrong."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from shared.contracts.fields import About
from shared.contracts.generation.neighbourhood import (
    CASE,
    COMPOUND,
    GUARD,
    MORNING,
    RESIDENT,
    RIDER,
    example,
    made_id,
)
from shared.contracts.generation.record import Example
from shared.contracts.volunteer.dispute import DisputeDecided, TaskDisputed


def task_disputes() -> Iterator[Example]:
    """Two tasks: rice and oil for an elder, and a case that a guard saw to."""
    said, decided = MORNING + timedelta(hours=5), MORNING + timedelta(hours=9)
    rice: dict[str, Any] = {
        "task": made_id("task"),
        "kind": "carry-home",
        "dispute": made_id("dispute"),
        "by": "family",
        "volunteers": (RIDER,),
        "asked_by": RESIDENT,
        "family": (RESIDENT, "p-2be4470d"),
    }
    case: dict[str, Any] = {
        "task": made_id("case task"),
        "kind": "look-after-case",
        "dispute": made_id("guard's dispute"),
        "by": "volunteer",
        "volunteers": (GUARD,),
        "place": COMPOUND,
        "about": About(type="case", id=CASE),
    }
    yield example(
        "A daughter says that nobody came",
        TaskDisputed(reason="not-done", disputed_at=said, **rice),
        sequence=6,
        time=said,
    )
    yield example(
        "A guard says that it took longer",
        TaskDisputed(reason="wrong-hours", disputed_at=said, **case),
        sequence=6,
        time=said,
    )
    yield example(
        "The steward has asked both: the hours are struck",
        DisputeDecided(decision="struck", decided_at=decided, **rice),
        sequence=7,
        time=decided,
    )
    yield example(
        "The minutes are entered anew",
        DisputeDecided(decision="corrected", decided_at=decided, **case),
        sequence=7,
        time=decided,
    )
