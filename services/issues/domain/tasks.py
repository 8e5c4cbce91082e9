"""What the end of a volunteers' task means for the case that it is about."""

from datetime import datetime

from services.issues.domain.case import CHANGES, Case, Change

DONE = "done"


def is_present(case: Case, asked_version: int | None, ended_at: datetime, assigned_at: datetime) -> bool:
    """Tell whether a task that has ended is the one that the case now waits for; others change nothing.

    A case that went from the volunteers to somebody else and back has had several tasks. `asked_version` is
    the version of the case at which this one was asked for; who does not say it is believed by the time.
    """
    if case.assignee is None or not case.assignee.volunteers or case.state not in CHANGES[Change.resolved]:
        return False
    if asked_version is not None:
        return asked_version == case.assigned_version
    return ended_at >= assigned_at
