"""Hand due messages of one lane to its provider: an attempt is on record before a byte leaves.

Three steps, none of which holds a database connection across the network: claim and write the attempts down,
call, record. A process that dies in between leaves a lease that runs out; what it may have sent is sent again
with the same token, which an idempotent provider answers without a second message.
"""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from prometheus_client import Counter

from services.notify.channels.provider import Answer, Outgoing, Provider, Result
from services.notify.domain.contacts import Channel
from services.notify.domain.intents import token_of
from services.notify.domain.messages import NO_CONTACT, QUIET_HOURS, SEALED
from services.notify.domain.preferences import NO_WAIT, Wait, spared_from
from services.notify.domain.retrying import next_delay
from services.notify.domain.states import State
from services.notify.domain.urgency import Urgency
from services.notify.store import sending
from services.notify.store.phones import Phones, UnknownKey
from services.notify.store.sending import Address, Answered, Claimed, Settlement
from services.notify.usecases.tell_outcome import tell_failed
from services.notify.usecases.withdraw_messages import withdraw_returned
from shared.database.work import Work, Works
from shared.faults import crash_point

_ATTEMPTS = Counter("linli_message_attempts_total", "Attempts by what they came to", ["provider", "result"])
_ACTOR = "/linli/notify/sender"

_AFTER = {
    Result.ACCEPTED: State.ACCEPTED,
    Result.REJECTED: State.REJECTED,
    Result.THROTTLED: State.READY,
    Result.NOT_SENT: State.READY,
    Result.UNKNOWN: State.UNKNOWN,
}


class Lane:
    """One provider and what its senders know in common: how long it wants to be left alone.

    Each provider has its own, so that one which is slow or away holds up no other. `lease` is in seconds and
    longer than a call may take.
    """

    def __init__(self, provider: Provider, phones: Phones, *, lease: float) -> None:
        self.provider = provider
        self.phones = phones
        self.lease = timedelta(seconds=lease)
        self._rests_until = 0.0
        self._rest = 0.0

    @property
    def resting(self) -> bool:
        return time.monotonic() < self._rests_until

    def heard(self, answers: Sequence[Answer]) -> None:
        """Leave a provider alone that turns us away, longer each time; one that answers has us back."""
        if any(answer.result in (Result.ACCEPTED, Result.REJECTED) for answer in answers):
            self._rests_until = self._rest = 0.0
            return
        self._rest = min(10.0, next_delay(self._rest, random.random()))  # noqa: S311  (no secret)
        named = max((answer.retry_after or 0.0 for answer in answers), default=0.0)
        self._rests_until = time.monotonic() + max(named, self._rest)


@dataclass(frozen=True)
class Sender:
    """One of a lane's senders; `least_urgent` keeps one of them free for what cannot wait."""

    lane: Lane
    least_urgent: Urgency = Urgency.ORDINARY

    async def __call__(self, works: Works) -> int:
        """Send one batch; answers how many messages it dealt with."""
        if self.lane.resting:
            return 0
        async with works.for_system(_ACTOR) as work:
            taken, claimed, outgoing = await self._claim(work)
        if outgoing:
            crash_point("sender.attempted")
            answers = await self.lane.provider.submit(outgoing)
            crash_point("sender.sent")
            self.lane.heard(answers)
            async with works.for_system(_ACTOR) as work:
                await self._record(work, claimed, answers)
        return taken

    async def _claim(self, work: Work) -> tuple[int, list[Claimed], list[Outgoing]]:
        now = datetime.now(UTC)
        provider = self.lane.provider
        taken = await sending.claim(
            work.connection, provider.channel, now, now + self.lane.lease, provider.most, self.least_urgent
        )
        if not taken:
            return 0, [], []
        addresses = await sending.addresses(
            work.connection, {(each.subject.community, each.subject.person) for each in taken}
        )
        claimed: list[Claimed] = []
        outgoing: list[Outgoing] = []
        waiting: list[tuple[UUID, State, datetime]] = []
        ended: list[tuple[Claimed, State, str]] = []
        for each in taken:
            wait = _wait(each, work.now)
            if each.deadline <= work.now or wait.lost:
                reason = "expired" if each.deadline <= work.now else QUIET_HOURS
                ended.append((each, State.EXPIRED, _expiry(each, reason)))
                continue
            if wait.until is not None:
                # What may have left already stays unknown: only what has not can be taken back.
                state = State.HELD if each.was is State.READY else State.UNKNOWN
                waiting.append((each.subject.id, state, wait.until))
                continue
            try:
                address = self._open(each, addresses.get((each.subject.community, each.subject.person)))
            except UnknownKey:
                # One number that no key opens must not keep all others from being sent.
                ended.append((each, State.SUPPRESSED, SEALED))
                continue
            if address is None:
                ended.append((each, State.SUPPRESSED, NO_CONTACT))
            else:
                claimed.append(each)
                outgoing.append(_outgoing(each, address))
        await _end(work, ended, now)
        await sending.hold(work.connection, waiting)
        await sending.begin_attempts(work.connection, claimed, provider.name, now)
        return len(taken), claimed, outgoing

    def _open(self, message: Claimed, address: Address | None) -> str | None:
        if address is None or self.lane.provider.channel is Channel.PUSH:
            return address.push_token if address else None
        if address.phone_sealed is None or address.phone_key is None:
            return None
        subject = message.subject
        return self.lane.phones.open(
            address.phone_key, address.phone_sealed, subject.community, subject.person
        )

    async def _record(self, work: Work, claimed: Sequence[Claimed], answers: Sequence[Answer]) -> None:
        now = datetime.now(UTC)
        pairs = list(zip(claimed, answers, strict=True))
        await sending.end_attempts(
            work.connection,
            [Answered(m.subject.id, m.number, a.result, a.code, a.provider_id) for m, a in pairs],
            now,
        )
        settlements = [_settlement(m, a, now) for m, a in pairs]
        changed = await sending.settle(work.connection, settlements)
        back = [each.id for each in settlements if each.state is State.READY and each.id in changed]
        if back:
            await withdraw_returned(work, back)
        for message, answer in pairs:
            _ATTEMPTS.labels(self.lane.provider.name, answer.result).inc()
            version = changed.get(message.subject.id)
            if version is not None and answer.result is Result.REJECTED:
                tell_failed(work, message.subject, version, "rejected", message.traceparent)


async def _end(work: Work, ended: Sequence[tuple[Claimed, State, str]], now: datetime) -> None:
    """Settle what will not be sent any more: its deadline has passed, or nobody is there to send it to."""
    if not ended:
        return
    settlements = [Settlement(m.subject.id, m.number, state, now, reason) for m, state, reason in ended]
    changed = await sending.settle(work.connection, settlements)
    for message, _, reason in ended:
        version = changed.get(message.subject.id)
        if version is not None:
            tell_failed(work, message.subject, version, reason, message.traceparent)


def _wait(message: Claimed, now: datetime) -> Wait:
    if message.quiet_hours is None:
        return NO_WAIT
    return spared_from(message.quiet_hours).wait(now, message.deadline)


def _expiry(message: Claimed, reason: str) -> str:
    # A message of which no answer ever came may have arrived; whoever reads the trace should know.
    return reason if message.was is State.READY else "expired-unknown"


def _outgoing(message: Claimed, address: str) -> Outgoing:
    return Outgoing(
        token_of(message.subject.id),
        address,
        dict(message.content),
        message.template,
        message.language,
        message.number,
        message.traceparent,
    )


def _settlement(message: Claimed, answer: Answer, now: datetime) -> Settlement:
    """Say what follows from an answer: an end, or when to try again."""
    delay = next_delay(message.delay, random.random())  # noqa: S311  (no secret)
    # A time that the provider names is the least: many tries that each wait a second bring nothing either.
    pause = max(answer.retry_after or 0.0, delay)
    state = _AFTER[answer.result]
    # An earlier attempt that may have arrived keeps the message unknown, whatever this one says of itself.
    if state is State.READY and message.was is not State.READY:
        state = State.UNKNOWN
    reason = answer.code if state is not State.ACCEPTED else None
    return Settlement(
        message.subject.id, message.number, state, now + timedelta(seconds=pause), reason, delay
    )
