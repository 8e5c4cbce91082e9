"""Messages: what was said to whom, and why."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from services.notify.domain.contacts import Channel, Language
from services.notify.domain.rulebook import Entry
from services.notify.domain.states import State
from services.notify.domain.urgency import Urgency
from services.notify.store import messages
from services.notify.store.messages import Filter, Message
from services.notify.usecases.explain_message import Trace, explain_message, show_message
from services.notify.usecases.read_contact_rows import PERSON
from shared.contracts import About
from shared.errors import NotFound
from shared.http.call import Call, Requested, answered
from shared.http.paging import Page, Paged
from shared.http.routing import router
from shared.security.policy import members
from shared.security.roles import Role

routes = router("/messages", "messages")

_SEE_ALL = frozenset({Role.operator, Role.street})


class MessageView(BaseModel):
    """A message as it stands."""

    id: UUID
    person: str
    state: State
    reason: str | None
    channel: Channel | None
    language: Language | None
    category: str
    urgency: str
    text: dict[str, str] | None = Field(description="The words, by the channel's parts")
    segments: int | None = Field(description="SMS parts, of an SMS only")
    encoding: str | None
    attempts: int
    about: About | None
    planned_at: datetime
    held_until: datetime | None = Field(description="Until when quiet hours held it, by business time")
    deadline: datetime


class EventView(BaseModel):
    """The event that led to a message."""

    id: UUID
    source: str
    type: str
    time: datetime


class EntryView(BaseModel):
    """The version of a rule or template that was used."""

    name: str
    version: int
    origin: str


class AttemptView(BaseModel):
    """One try; without a result the sender stopped before it had one."""

    number: int
    provider: str
    started_at: datetime
    answered_at: datetime | None
    result: str | None
    code: str | None
    provider_id: str | None


class ReceiptView(BaseModel):
    """What the provider said afterwards."""

    provider_id: str
    status: str
    code: str | None
    at: datetime
    received_at: datetime


class TraceView(BaseModel):
    """The whole story of a message."""

    why: list[str] = Field(description="The same in sentences")
    trace_id: str | None
    event: EventView
    rule: EntryView
    template: EntryView | None
    intent: UUID
    message: MessageView
    attempts: list[AttemptView]
    receipts: list[ReceiptView]


@routes.get("", response_model=Page[MessageView])
@members()
async def list_newest(
    call: Requested,
    paging: Paged,
    person: Annotated[str | None, Query(pattern=PERSON)] = None,
    state: State | None = None,
    about: Annotated[UUID | None, Query(description="The id of the case or other thing it is about")] = None,
) -> Response:
    """List messages, the newest first: all of them for operators, one's own for everybody else."""
    wanted = Filter(person if _sees_all(call) else call.actor.person, state, about)
    if person not in (None, wanted.person):
        raise NotFound("no such person")
    after = paging.after(datetime, UUID)
    position = (after[0], after[1]) if after else None
    found = await call.read(
        lambda work: messages.page(work.connection, call.community, wanted, position, paging.limit + 1)
    )
    return answered(paging.page(found, _view, lambda message: (message.planned_at, message.id)))


@routes.get("/{message_id}", response_model=MessageView)
@members()
async def show(message_id: UUID, call: Requested) -> Response:
    """Read one message: any for operators, one's own for everybody else."""
    found = await call.read(lambda work: show_message(work, call.community, message_id))
    _own(call, found)
    return answered(_view(found), version=found.version)


@routes.get("/{message_id}/trace", response_model=TraceView)
@members()
async def trace(message_id: UUID, call: Requested) -> Response:
    """Explain a message: event, rule, words, attempts, receipts, and why."""
    found = await call.read(lambda work: explain_message(work, call.community, message_id))
    _own(call, found.message)
    return answered(_trace_view(found))


def _sees_all(call: Call) -> bool:
    return not call.roles.isdisjoint(_SEE_ALL)


def _own(call: Call, message: Message) -> None:
    if message.person != call.actor.person and not _sees_all(call):
        raise NotFound("there is no such message")


def _view(message: Message) -> MessageView:
    about = None
    if message.about_type and message.about_id:
        about = About(type=message.about_type, id=message.about_id)
    return MessageView(
        id=message.id,
        person=message.person,
        state=State(message.state),
        reason=message.reason,
        channel=Channel(message.channel) if message.channel else None,
        language=Language(message.language) if message.language else None,
        category=message.category,
        urgency=Urgency(message.urgency).name.lower(),
        text=message.content,
        segments=message.segments,
        encoding=message.encoding,
        attempts=message.attempts,
        about=about,
        planned_at=message.planned_at,
        held_until=message.held_until,
        deadline=message.deadline,
    )


def _trace_view(found: Trace) -> TraceView:
    message = found.message
    return TraceView(
        why=list(found.why),
        trace_id=message.traceparent.split("-")[1] if message.traceparent else None,
        event=EventView(
            id=message.event_id, source=message.event_source, type=message.event_type, time=message.event_time
        ),
        rule=_entry(found.rule),
        template=_entry(found.template) if found.template else None,
        intent=message.intent,
        message=_view(message),
        attempts=[AttemptView.model_validate(each, from_attributes=True) for each in found.attempts],
        receipts=[ReceiptView.model_validate(each, from_attributes=True) for each in found.receipts],
    )


def _entry(entry: Entry) -> EntryView:
    origin = "community" if entry.community else "default"
    return EntryView(name=entry.name, version=entry.version, origin=origin)
