"""The life of a message: one recipient by one channel, and which state may follow which."""

from enum import StrEnum


class State(StrEnum):
    """Where a message stands. `unknown` is a state: the bytes left and no answer came."""

    HELD = "held"
    READY = "ready"
    SUBMITTING = "submitting"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    UNDELIVERABLE = "undeliverable"
    DELIVERED = "delivered"
    # The fallback from push to SMS will add `superseded` (2), acknowledgements on the phone `read` (6).


OPEN = 0
"""The rank of every state in which a sender has something to do; those may follow each other freely."""

RANK: dict[State, int] = {
    State.HELD: -1,
    State.READY: OPEN,
    State.SUBMITTING: OPEN,
    State.UNKNOWN: OPEN,
    State.ACCEPTED: 1,
    State.SUPPRESSED: 2,
    State.EXPIRED: 2,
    State.CANCELLED: 2,
    State.REJECTED: 3,
    State.UNDELIVERABLE: 4,
    State.DELIVERED: 5,
}
"""A settled message only moves to a higher rank, so receipts in any order end in the same state.

What is unknown when quiet hours begin waits with what is held, at its rank.
"""

UNSENT = (State.HELD, State.READY)
"""Where a message certainly has not left: only from here it can be taken back."""

UNHEARD = (State.SUPPRESSED, State.EXPIRED, State.CANCELLED, State.REJECTED, State.UNDELIVERABLE)
"""What nobody has heard, nor will."""

RECEIPT_STATES: dict[str, State] = {"delivered": State.DELIVERED, "failed": State.UNDELIVERABLE}
"""What a provider's receipt says, as the state it asks for."""


def settled(current: State, said: State) -> State:
    """Give the state after one more piece of news: the higher rank wins, among equals the first."""
    return said if RANK[said] > RANK[current] else current
