"""Photos of a case, before and after: who may add one, how many there may be, and what a category demands."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.issues.domain.case import (
    ENDED,
    SETTLE_ALL,
    Case,
    NotTheirs,
    Seer,
    State,
    WrongState,
    has,
    may_see,
)

LARGEST_UPLOAD = 12 * 1024 * 1024
"""Bytes."""
MOST_PIXELS = 50_000_000
LONGEST_SIDE = 2560
SMALL_SIDE = 320
MOST_OF_A_KIND = 12


_SETTLED = frozenset({State.resolved, State.checked, State.closed})


class PhotoKind(StrEnum):
    """What a photo shows: the problem, or that it is gone."""

    before = "before"
    after = "after"


class NotAPhoto(Exception):
    """What was sent is no JPEG, PNG or WebP picture that can be read."""


class TooManyPixels(Exception):
    """The picture is too large to be unpacked safely."""


class TooManyPhotos(Exception):
    """The case has as many photos of this kind as it may have."""


class PhotosMissing(Exception):
    """The category demands photos that the case does not have."""


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo as kept; `uploaded` is the digest of what was sent, `added_by` None an anonymous reporter."""

    id: UUID
    case: UUID
    kind: PhotoKind
    uploaded: bytes
    size: int
    width: int
    height: int
    added_by: str | None
    added_at: datetime
    public: bool = False


def _works_there(case: Case, seer: Seer) -> bool:
    """Tell whether somebody may be the volunteer at work: the task is theirs, the case they do not see."""
    return case.assignee is not None and case.assignee.volunteers and "volunteer" in seer.roles


def may_add(case: Case, seer: Seer) -> bool:
    """Tell whether somebody may add photos at all."""
    return may_see(case, seer) or _works_there(case, seer)


def check_adding(case: Case, seer: Seer, kind: PhotoKind, there: int) -> None:
    """Let those who see a case show the problem, and those who handle it that it is gone.

    Raises:
        WrongState: the case is over.
        NotTheirs: only its handler shows that the problem is gone.
        TooManyPhotos: there are enough.
    """
    if case.state in ENDED:
        raise WrongState(f"a case that is {case.state} takes no photos")
    if kind is PhotoKind.after and not (
        has(case, seer) or _works_there(case, seer) or seer.roles & SETTLE_ALL
    ):
        raise NotTheirs("only whoever handles the case shows that the problem is gone")
    if there >= MOST_OF_A_KIND:
        raise TooManyPhotos(f"a case has {MOST_OF_A_KIND} photos of a kind at most")


def check_removing(case: Case, photo: Photo, seer: Seer) -> None:
    """Let who moderates take a photo away, and who added it until the case is called settled by it.

    Raises:
        NotTheirs: somebody else added it.
        WrongState: it shows what was settled.
    """
    if seer.roles & SETTLE_ALL:
        return
    if photo.added_by != seer.person:
        raise NotTheirs("only who added a photo, or an operator, takes it away")
    if case.state in _SETTLED:
        raise WrongState(f"of a case that is {case.state} an operator takes photos away")
