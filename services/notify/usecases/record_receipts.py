"""Take in what providers say of messages afterwards: any order, any repetition, the same final state."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from prometheus_client import Counter

from services.notify.domain.states import RANK, RECEIPT_STATES, State, settled
from services.notify.store import receipts
from services.notify.store.receipts import Known, Said
from services.notify.usecases.tell_outcome import tell_delivered, tell_failed
from shared.database.work import Work

_RECEIPTS = Counter("linli_receipts_total", "Receipts by what they say", ["channel", "status"])


async def record_receipts(work: Work, said: Sequence[Said]) -> int:
    """Keep receipts and settle their messages; answers how many speak of a message that exists."""
    known = await receipts.lock(work.connection, sorted({each.message for each in said}))
    ours = [each for each in said if each.message in known]
    if not ours:
        return 0
    await receipts.add(work.connection, ours, known, datetime.now(UTC))
    states: dict[UUID, tuple[State, str | None]] = {}
    for each in ours:
        message = known[each.message]
        _RECEIPTS.labels(message.subject.channel, each.status).inc()
        before = states.get(each.message, (message.state, None))[0]
        after = settled(before, RECEIPT_STATES[each.status])
        if after is not before:
            states[each.message] = (after, each.code)
    changed = await receipts.raise_states(work.connection, states)
    for message_id, version in changed.items():
        _tell(work, known[message_id], states[message_id][0], version)
    return len(ours)


def _tell(work: Work, message: Known, state: State, version: int) -> None:
    if RANK[state] == RANK[State.DELIVERED]:
        tell_delivered(work, message.subject, version, message.traceparent)
    else:
        tell_failed(work, message.subject, version, "unreachable", message.traceparent)
