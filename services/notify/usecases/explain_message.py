"""Explain one message: which event, by which version of which rule, in which words, with what attempts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.notify.domain.messages import DECLINED, NO_CHANNEL, NO_CONTACT, NO_TEXT, QUIET_HOURS
from services.notify.domain.rulebook import Entry
from services.notify.domain.states import State
from services.notify.domain.withdrawals import Withdrawal
from services.notify.store import messages, rulebook, withdrawals
from services.notify.store.messages import Attempt, Message, Receipt
from shared.database.work import Work
from shared.errors import NotFound


@dataclass(frozen=True, slots=True)
class Trace:
    """All that is on record about one message; `why` says it in sentences."""

    message: Message
    rule: Entry
    template: Entry | None
    attempts: Sequence[Attempt]
    receipts: Sequence[Receipt]
    why: Sequence[str]


async def explain_message(work: Work, community: UUID, message_id: UUID) -> Trace:
    """Read a message's whole story.

    Raises:
        NotFound: there is no such message in this community.
    """
    connection = work.connection
    message = await show_message(work, community, message_id)
    ids = [each for each in (message.rule_entry, message.template_entry) if each]
    entries = await rulebook.entries(connection, ids)
    rule = entries[message.rule_entry]
    template = entries.get(message.template_entry) if message.template_entry else None
    attempts = await messages.attempts_of(connection, community, message_id)
    receipts = await messages.receipts_of(connection, community, message_id)
    withdrawn = await _withdrawn_by(work, community, message, rule.name)
    why = [*_why(message, rule, attempts, receipts), _state(message, withdrawn)]
    return Trace(message, rule, template, attempts, receipts, why)


async def show_message(work: Work, community: UUID, message_id: UUID) -> Message:
    """Read a message.

    Raises:
        NotFound: there is no such message in this community.
    """
    message = await messages.find(work.connection, community, message_id)
    if message is None:
        raise NotFound("there is no such message")
    return message


def _why(
    message: Message, rule: Entry, attempts: Sequence[Attempt], receipts: Sequence[Receipt]
) -> Iterator[str]:
    whose = "the community's own" if rule.community else "the default"
    yield f"{message.event_type} met {whose} rule {rule.name}, version {rule.version}."
    yield _channel(message, rule)
    if message.held_until is not None:
        yield f"In quiet hours it was held until {message.held_until.isoformat()}."
    for attempt in attempts:
        outcome = attempt.result or "no answer is on record: the sender stopped in between"
        code = f" ({attempt.code})" if attempt.code else ""
        yield f"Attempt {attempt.number} by {attempt.provider}: {outcome}{code}."
    for receipt in receipts:
        yield f"The provider reported it {receipt.status}."


def _channel(message: Message, rule: Entry) -> str:
    wanted = ", ".join(rule.content["channels"])
    if message.reason == NO_CONTACT:
        return "Nothing is known of how to reach the person."
    if message.reason == NO_CHANNEL:
        return f"The person has none of the rule's channels: {wanted}."
    if message.reason == NO_TEXT:
        return "The template could not be written for this event."
    if message.reason == DECLINED and message.channel is None:
        return f"The person does not want messages of the category {message.category}."
    return f"Of the rule's channels ({wanted}) the first the person has is {message.channel}."


def _state(message: Message, withdrawn: Withdrawal | None) -> str:
    state, deadline = State(message.state), message.deadline.isoformat()
    if state is State.HELD:
        return f"It waits for the quiet hours to end; its deadline is {deadline}."
    if state in (State.READY, State.SUBMITTING, State.UNKNOWN):
        return f"It is {state} and will be tried until {deadline}."
    if state is State.EXPIRED and message.reason == QUIET_HOURS:
        return f"It was given up in quiet hours: its deadline, {deadline}, came before their end."
    if state is State.EXPIRED:
        return f"It was given up at its deadline, {deadline}."
    if state is State.CANCELLED and withdrawn is not None:
        return (
            f"It was cancelled before it left: {withdrawn.event_type} ({withdrawn.event_id}) made it untrue, "
            f"by the rule {withdrawn.rule}."
        )
    return f"It is {state}{f' ({message.reason})' if message.reason else ''}."


async def _withdrawn_by(work: Work, community: UUID, message: Message, rule: str) -> Withdrawal | None:
    """Find what made a cancelled message untrue; None once that is forgotten."""
    if message.state != State.CANCELLED or message.about_id is None:
        return None
    found = await withdrawals.of_things(work.connection, [(community, message.about_id)])
    later = (each for each in found if rule in each.withdraws and each.sequence > message.event_sequence)
    return min(later, key=lambda each: each.sequence, default=None)
