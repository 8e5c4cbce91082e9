"""A relative's link: a secret that shows one task to somebody without an account, and takes one answer."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.volunteer.domain.task import Task, TaskState

MOST_LINKS = 8
"""So many links of one task at most."""


class LinkAnswer(StrEnum):
    """What was answered by a link."""

    confirmed = "confirmed"
    disputed = "disputed"


class WrongLinkError(ValueError):
    """The link opens nothing, or nothing any more; which of both is not said."""

    def __init__(self) -> None:
        super().__init__("the link opens nothing")


class LinkUsedError(ValueError):
    """The link has taken its one answer."""


@dataclass(frozen=True, slots=True)
class Link:
    """One link; its secret is known to who made it, and to whom they gave it."""

    id: UUID
    community: UUID
    task: UUID
    made_at: datetime
    made_by: str
    expires_at: datetime
    answer: LinkAnswer | None = None

    def answered(self, answer: LinkAnswer) -> "Link":
        """The link with its answer; raises LinkUsedError when it has another one."""
        if self.answer not in {None, answer}:
            raise LinkUsedError("the link has been answered otherwise")
        return replace(self, answer=answer)


def digest_of(secret: str) -> bytes:
    """All that is kept of a secret; it is random and long, so nobody finds it by trying."""
    return hashlib.sha256(secret.encode()).digest()


def answer_until(task: Task) -> datetime:
    """Until when, exclusive, a completion is disputed or confirmed by a link; of an open task the least."""
    over = task.ended_at if task.state is not TaskState.open and task.ended_at else task.ends_at
    return over + timedelta(hours=task.rules.dispute_hours)
