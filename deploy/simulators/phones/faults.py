"""Misbehaviour on demand: a script says what goes wrong, and for how many requests."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Mode(StrEnum):
    """What a gateway can be told to do wrong."""

    none = "none"
    drop_answer = "drop-answer"  # takes the messages, then cuts the connection without an answer
    error_after_accept = "error-after-accept"  # takes the messages, then answers 500
    refuse = "refuse"  # answers that the number is dead: final for this token
    throttle = "throttle"  # takes nothing, answers 429 with Retry-After
    unavailable = "unavailable"  # takes nothing, answers 503
    slow = "slow"  # takes the messages, then answers late
    delay_receipts = "delay-receipts"
    repeat_receipts = "repeat-receipts"  # every receipt is posted a second time
    fail_delivery = "fail-delivery"  # the receipt says that the message did not reach the phone


OF_RECEIPTS = frozenset({Mode.delay_receipts, Mode.repeat_receipts, Mode.fail_delivery})


class InvalidFault(Exception):
    """A script that is not understood."""


@dataclass(slots=True)
class Fault:
    """One script: `count` requests (for receipts: messages), or until it is replaced."""

    mode: Mode = Mode.none
    count: int | None = None
    seconds: float = 1.0
    channel: str | None = None

    def described(self) -> dict[str, Any]:
        return {"mode": self.mode, "count": self.count, "seconds": self.seconds, "channel": self.channel}


class Faults:
    """The script in force; a new one replaces it."""

    def __init__(self) -> None:
        self.current = Fault()

    def strike(self, channel: str, *, receipts: bool = False) -> Fault:
        """What goes wrong with this request or message, counted down; `Mode.none` when nothing does."""
        fault = self.current
        struck = fault.mode is not Mode.none and (fault.mode in OF_RECEIPTS) == receipts
        if not struck or fault.channel not in (None, channel) or fault.count == 0:
            return Fault()
        if fault.count is not None:
            fault.count -= 1
        return fault


def fault_of(raw: object) -> Fault:
    """Reads a script; raises InvalidFault."""
    if not isinstance(raw, dict) or unknown_names(raw):
        raise InvalidFault("a fault is an object of mode, count, seconds and channel")
    try:
        mode = Mode(raw.get("mode", ""))
    except ValueError as error:
        raise InvalidFault(f"mode must be one of {', '.join(Mode)}") from error
    count, seconds, channel = raw.get("count"), raw.get("seconds", 1.0), raw.get("channel")
    if count is not None and (not isinstance(count, int) or isinstance(count, bool) or count < 1):
        raise InvalidFault("count must be a whole number above 0, or absent for no end")
    if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not 0 <= seconds <= 600:
        raise InvalidFault("seconds must be a number from 0 to 600")
    if channel not in (None, "sms", "push"):
        raise InvalidFault("channel must be sms or push, or absent for both")
    return Fault(mode, count, float(seconds), channel)


def unknown_names(raw: dict[str, Any]) -> set[str]:
    """Names that a script does not have."""
    return set(raw) - {"mode", "count", "seconds", "channel"}
