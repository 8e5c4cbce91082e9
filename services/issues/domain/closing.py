"""How cases are closed: whether somebody has to check them first, and how long they can be reopened."""

from dataclasses import dataclass

MOST_REOPEN_DAYS = 366


class WrongClosingRules(ValueError):
    """Rules of closing make no sense."""


@dataclass(frozen=True, slots=True)
class ClosingRules:
    """What a community wants of its cases; a category may want something else of its own."""

    check_needed: bool = True
    reopen_days: int = 14
    version: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.reopen_days <= MOST_REOPEN_DAYS:
            raise WrongClosingRules(f"a case can be reopened for 0 to {MOST_REOPEN_DAYS} days")

    def of_category(self, check_needed: bool | None, reopen_days: int | None) -> "ClosingRules":
        """The rules for a category; None is what the community wants."""
        return ClosingRules(
            self.check_needed if check_needed is None else check_needed,
            self.reopen_days if reopen_days is None else reopen_days,
            self.version,
        )
