"""When somebody took a report down offline: by the device's clock, corrected by when it says it sent."""

from datetime import datetime, timedelta

TOLERANCE = timedelta(seconds=120)
"""A difference this small may as well be the way of the request; such a clock is believed as it stands."""


def skew_of(sent_at: datetime, received_at: datetime) -> timedelta:
    """Estimate by how much a device's clock is ahead: from when it says it sent, not from how old things are.

    Both are business time.
    """
    difference = sent_at - received_at
    return timedelta(0) if abs(difference) <= TOLERANCE else difference


def believed(observed_at: datetime, sent_at: datetime, skew: timedelta) -> datetime:
    """Our time for a time of the device's, however old; what lies after the sending is clamped to it."""
    return min(observed_at, sent_at) - skew
