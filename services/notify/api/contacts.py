"""Contacts: how people can be reached. Nobody reads a clear number, not even its owner."""

import asyncio
from typing import Annotated, Any

from fastapi import Path, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from services.notify.domain.contacts import Contact, Language
from services.notify.store.phones import InvalidPhone, Phones, normalised
from services.notify.usecases.erase_contact import erase_contact
from services.notify.usecases.put_contacts import (
    Change,
    GivenContact,
    change_contact,
    find_contacts,
    put_contacts,
    show_contact,
)
from services.notify.usecases.read_contact_rows import PERSON, PUSH_TOKEN, read_contact_rows
from shared.database.work import Work
from shared.errors import Forbidden, Malformed, UnsupportedMedia
from shared.http.call import Call, Requested, answered, call_of
from shared.http.routing import router
from shared.identifiers import new_id
from shared.security.policy import allow, members
from shared.security.roles import Role

routes = router("/contacts", "contacts")

_IMPORT_LIMIT = 4 * 1024 * 1024
_STAFF = frozenset({Role.operator, Role.property})


def _number(text: str) -> str:
    try:
        return normalised(text)
    except InvalidPhone as error:
        raise ValueError(str(error)) from None


Phone = Annotated[str, StringConstraints(max_length=32), AfterValidator(_number)]
PushToken = Annotated[str, StringConstraints(pattern=PUSH_TOKEN)]
Person = Annotated[str, Path(pattern=PERSON, description="The person's id", examples=["p-7f3a19c2"])]

_INPUT = ConfigDict(extra="forbid", hide_input_in_errors=True)


class NewContact(BaseModel):
    """How to reach somebody who has no account; the answer names the person id made for them."""

    model_config = _INPUT | {
        "json_schema_extra": {"example": {"phone": "138 0013 8000", "language": "zh"}},
    }

    phone: Phone | None = Field(
        None, description="Any usual writing; without a country code a Chinese number"
    )
    push_token: PushToken | None = None
    language: Language = Language.ZH


class ContactChange(BaseModel):
    """What changes; a field that is left out stays as it is, since no number can be read to be sent back."""

    model_config = _INPUT | {"json_schema_extra": {"example": {"language": "en"}}}

    phone: Phone | None = Field(None, description="A new number, or null to remove the one there is")
    push_token: PushToken | None = Field(None, description="A new token, or null to remove the one there is")
    language: Language = Language.ZH


class Lookup(BaseModel):
    """A number whose owners are sought; in a body, because addresses of requests are logged."""

    model_config = _INPUT | {"json_schema_extra": {"example": {"phone": "+86 138 0013 8000"}}}

    phone: Phone


class ContactView(BaseModel):
    """A contact as it may be shown."""

    person: str
    language: Language
    phone: str | None = Field(
        description="Masked; none in the answer to a repeat, which is kept", examples=["+86*******8000"]
    )
    has_push: bool
    version: int


class ContactsFound(BaseModel):
    """Everybody in the community who is reached by the number."""

    contacts: list[ContactView]


class MadePerson(BaseModel):
    """A person id that was made for a row without one."""

    row: int
    person: str


class Imported(BaseModel):
    """What an import did."""

    stored: int
    made: list[MadePerson]


def _phones(request: Request) -> Phones:
    phones: Phones = request.app.state.phones
    return phones


@routes.post("", status_code=201, response_model=ContactView)
@allow(Role.operator, Role.property)
async def make(body: NewContact, request: Request, call: Requested) -> Response:
    """Enter somebody without an account; they are a person of this community from now on."""
    person, phones = str(new_id()), _phones(request)
    given = GivenContact(person, body.language, body.phone, body.push_token)

    async def use_case(work: Work) -> Contact:
        await put_contacts(work, phones, call.community, [given])
        return await show_contact(work, phones, call.community, person)

    return await call.write(
        use_case,
        _view,
        status=201,
        etag=_version,
        location=lambda contact: f"/contacts/{contact.person}",
        repeated=_without_number,
    )


@routes.put("/{person}", response_model=ContactView)
@members()
async def change(person: Person, body: ContactChange, request: Request, call: Requested) -> Response:
    """Change how a person can be reached: one's own, or any for the staff; a first one needs no If-Match."""
    own_or_staff(call, person)
    phones = _phones(request)
    asked = Change(frozenset(body.model_fields_set), body.language, body.phone, body.push_token)
    seen = call.require_version() if call.if_match is not None else None
    return await call.write(
        lambda work: change_contact(work, phones, call.community, person, asked, seen=seen),
        _view,
        etag=_version,
        repeated=_without_number,
    )


@routes.get("/{person}", response_model=ContactView)
@members()
async def show(person: Person, request: Request, call: Requested) -> Response:
    """Read a contact with its number masked: one's own, or any for the staff."""
    own_or_staff(call, person)
    phones = _phones(request)
    found = await call.read(lambda work: show_contact(work, phones, call.community, person))
    return answered(_view(found), version=found.version)


@routes.delete("/{person}", status_code=204)
@members()
async def erase(person: Person, call: Requested) -> Response:
    """Erase a contact: one's own, or any for the staff. Messages hold no number, so nothing of it is left."""
    own_or_staff(call, person)
    seen = call.require_version()
    return await call.write(
        lambda work: erase_contact(work, call.community, person, seen=seen), lambda _: None, status=204
    )


@routes.post("/find", response_model=ContactsFound)
@allow(Role.operator)
async def find(body: Lookup, request: Request, call: Requested) -> Response:
    """Find whose number this is; the answer shows it masked."""
    phones = _phones(request)
    found = await call.read(lambda work: find_contacts(work, phones, call.community, body.phone))
    return answered(ContactsFound(contacts=[_view(contact) for contact in found]))


_CSV: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "Columns: person, phone, push_token, language. A row without person gets a new id.",
        "content": {
            "text/csv": {
                "schema": {"type": "string"},
                "example": "person,phone,language\np-7f3a19c2,13800138000,zh\n",
            }
        },
    }
}


@routes.post("/import", response_model=Imported, max_body_size=_IMPORT_LIMIT, openapi_extra=_CSV)
@allow(Role.operator, Role.property, Role.importer)
async def import_csv(request: Request) -> Response:
    """Store many contacts, all rows or none; mistakes are named by row and column."""
    call = await call_of(request)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "text/csv":
        raise UnsupportedMedia("send the contacts as text/csv")
    try:
        text = (await request.body()).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Malformed("the file is not UTF-8") from None
    # Twenty thousand numbers take a second to check: not on the loop that serves everybody.
    read = await asyncio.to_thread(read_contact_rows, text)
    phones = _phones(request)
    made = [MadePerson(row=row, person=person) for row, person in read.made.items()]
    return await call.write(
        lambda work: put_contacts(work, phones, call.community, read.contacts),
        lambda versions: Imported(stored=len(versions), made=made),
    )


def own_or_staff(call: Call, person: str) -> None:
    """Let through the person themselves and the staff; a street reader has no business with contacts."""
    if person != call.actor.person and call.roles.isdisjoint(_STAFF):
        raise Forbidden("only the person and the community's staff may do this")


def _view(contact: Contact) -> ContactView:
    return ContactView(
        person=contact.person,
        language=contact.language,
        phone=contact.masked_phone,
        has_push=contact.has_push,
        version=contact.version,
    )


def _without_number(contact: Contact) -> ContactView:
    return _view(contact).model_copy(update={"phone": None})


def _version(contact: Contact) -> int:
    return contact.version
