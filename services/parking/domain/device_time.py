"""When a device saw what it saw: its own clock, corrected by what its sending says of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

TOLERANCE = timedelta(seconds=120)
"""A difference this small may as well be the way of the request; such a clock is believed as it stands."""

_NONE = timedelta(0)


@dataclass(frozen=True, slots=True)
class DeviceClock:
    """One sending: `sent_at` by the device's clock, and by how much that clock is ahead of ours."""

    sent_at: datetime
    skew: timedelta

    def believed(self, captured_at: datetime) -> datetime:
        """Our time for a time of the device's, however old; what lies after the sending is clamped to it."""
        return min(captured_at, self.sent_at) - self.skew

    def clamps(self, captured_at: datetime) -> bool:
        """Whether a time lies after the sending, which no read can."""
        return captured_at > self.sent_at


def device_clock(sent_at: datetime, received_at: datetime) -> DeviceClock:
    """Estimate a device's skew from when it says it sent, never from how old its reads are.

    Both are business time.
    """
    difference = sent_at - received_at
    return DeviceClock(sent_at, _NONE if abs(difference) <= TOLERANCE else difference)
