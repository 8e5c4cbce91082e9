"""Categories of cases: what they are called, how urgent they are and how long they may take."""

from dataclasses import dataclass
from enum import StrEnum

from services.issues.domain.deadline import Counted
from services.issues.domain.working_time import MINUTES_A_DAY

LONGEST_DEADLINE = 366 * 24 * 60


class Priority(StrEnum):
    """How urgent a case is: urgent ones reach people at night as well."""

    ordinary = "ordinary"
    urgent = "urgent"


class WrongCategory(ValueError):
    """A category's data do not make sense."""


@dataclass(frozen=True, slots=True)
class Category:
    """One category; `code` is our word for it, `standard_code` its number in the catalogue `standard`.

    A bare number means nothing: the catalogues of 2013 and 2026 (`GB/T 47678.5-2026`) number the same
    matters differently. What is in neither, such as lifts or leaks, is of the standard `local`. Which minutes
    of the deadline count is `counted`. What it wants of a closing is None where the community's word holds.
    Whoever dispatches looks at the cases of a `screened` one before anybody gets them.
    """

    code: str
    standard: str
    standard_version: str
    standard_code: str
    name_zh: str
    name_en: str
    priority: Priority
    deadline_minutes: int
    version: int = 1
    counted: Counted = Counted.round_the_clock
    check_needed: bool | None = None
    reopen_days: int | None = None
    screened: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.deadline_minutes <= LONGEST_DEADLINE:
            raise WrongCategory(f"a deadline is 1 to {LONGEST_DEADLINE} minutes")
        if self.counted is Counted.working_days and self.deadline_minutes % MINUTES_A_DAY:
            raise WrongCategory(f"working days are whole ones, {MINUTES_A_DAY} minutes each")
        if not self.name_zh.strip() or not self.name_en.strip():
            raise WrongCategory("a category has a Chinese and an English name")
