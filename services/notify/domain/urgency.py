"""Which message goes first, and which spares nobody."""

from enum import IntEnum


class Urgency(IntEnum):
    """Which message goes first; quiet hours spare people the ordinary ones only."""

    ORDINARY = 0
    URGENT = 1
    EMERGENCY = 2


URGENCY_NAMES = {urgency.name.lower(): urgency for urgency in Urgency}
