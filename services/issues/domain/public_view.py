"""What a community shows everybody of its open cases: where about, what kind, how far; never by whom."""

import math
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from services.issues.domain.case import State

DECIMALS = 3
"""Of degrees in coordinates: a hundred metres, a place where many are."""
_HAIR = 1e-6
"""What binary fractions may be off."""
SHOWN_STATES = (State.accepted, State.assigned, State.in_progress)
"""Not what was only reported: where a category is screened, somebody looks at it before everybody does."""


class ShownText(StrEnum):
    """Whether the words of a report are shown."""

    none = "none"
    masked = "masked"


@dataclass(frozen=True, slots=True)
class PublicView:
    """What one community decided; version 0 is the default that holds where it decided nothing.

    No text by default: names cannot be masked for certain, and who reports has not agreed to be read by all.
    """

    community: UUID
    shown: bool = True
    text: ShownText = ShownText.none
    hidden_categories: frozenset[str] = frozenset()
    version: int = 0

    def shows(self, category: str) -> bool:
        """Tell whether open cases of a category are shown."""
        return self.shown and category not in self.hidden_categories


def blurred_range(low: float, high: float) -> tuple[float, float]:
    """Give the half-open range of exact degrees whose blurred ones lie from `low` to `high`.

    By the exact ones themselves ever smaller boxes would find where something is.
    """
    steps = 10**DECIMALS
    first, last = math.ceil(low * steps - _HAIR), math.floor(high * steps + _HAIR)
    return (first - 0.5) / steps, (last + 0.5) / steps
