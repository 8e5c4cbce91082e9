"""When a device saw what it saw: its own clock, corrected by what its sendings say of it.

A sending that is late makes its device look behind, and nothing makes one look more ahead than it is. So a
clock is judged by the least late of the recent sendings, and one that comes again says nothing new.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

TOLERANCE = timedelta(seconds=5)
"""So little may as well be the way of the request; such a clock is believed as it stands."""

RECENT = timedelta(minutes=5)
LATEST = timedelta(minutes=10)
"""No sending is later: its signature would be refused, even of a clock that is five minutes ahead."""

_NONE = timedelta(0)


class DeviceClock(NamedTuple):
    """By how much a clock is ahead of ours, by the least late sending `lately` and in the time `before`.

    `since` is wall time, from which on is lately. A new device is taken to be right.
    """

    lately: timedelta
    before: timedelta
    since: datetime

    @property
    def skew(self) -> timedelta:
        """What its times are corrected by."""
        ahead = max(self.lately, self.before)
        return _NONE if abs(ahead) <= TOLERANCE else ahead

    def heard(self, sent_at: datetime, received_at: datetime, wall: datetime) -> "DeviceClock":
        """Take up when the device says it sent, never how old its reads are; both are business time."""
        ahead = sent_at - received_at
        lately, before, since = self
        if wall - since > RECENT:
            lately, before, since = ahead, lately, wall
        # What no lateness explains is over: the clock was set back, or never was as a new one is taken to be.
        lately, before = (ahead if each > ahead + LATEST else each for each in (lately, before))
        return DeviceClock(max(ahead, lately), before, since)


def believed(captured_at: datetime, sent_at: datetime, skew: timedelta) -> datetime:
    """Our time for a time of a device's, however old; what lies after the sending is clamped to it."""
    return min(captured_at, sent_at) - skew
