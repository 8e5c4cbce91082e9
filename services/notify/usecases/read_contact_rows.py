"""Read contacts from CSV: all rows or none, and every mistake by its row and column, never by its value."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from services.notify.domain.contacts import Language
from services.notify.store.phones import InvalidPhone, normalised
from services.notify.usecases.put_contacts import GivenContact
from shared.errors import Invalid
from shared.identifiers import new_id

COLUMNS = ("person", "phone", "push_token", "language")
PERSON = r"^[!-~]{1,128}$"
PUSH_TOKEN = r"^[A-Za-z0-9._:-]{1,256}$"  # noqa: S105  (a pattern)
MOST_ROWS = 20_000
_MOST_ERRORS = 100


@dataclass(frozen=True, slots=True)
class Read:
    """The contacts of a file, and the ids made for persons that had none, by line."""

    contacts: list[GivenContact]
    made: dict[int, str]


def read_contact_rows(text: str) -> Read:
    """Read a file with the columns person, phone, push_token, language (all but one of the ways optional).

    Raises:
        Invalid: some rows are wrong; `errors` names up to a hundred of them.
    """
    read = Read([], {})
    errors: list[dict[str, object]] = []
    persons: set[str] = set()
    for number, values in _rows(text):
        contact, wrong = _contact(number, values)
        if contact.person in persons:
            wrong.append(_error(number, "person", "repeated"))
        persons.add(contact.person)
        errors.extend(wrong)
        read.contacts.append(contact)
        if not values.get("person"):
            read.made[number] = contact.person
    if errors:
        raise Invalid(f"{len(errors)} mistakes in the file; nothing was stored", errors=errors[:_MOST_ERRORS])
    return read


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    number = 1
    try:
        # Line ends within quotes are the field's own; an open quote would otherwise swallow the rest.
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        if unknown := set(reader.fieldnames or ()) - set(COLUMNS):
            errors = [_error(1, name, "unknown") for name in unknown]
            raise Invalid("the file has unknown columns", errors=errors)
        number = 2
        for row in reader:
            if number > MOST_ROWS + 1:
                raise Invalid(f"the file has more than {MOST_ROWS} rows")
            yield number, {name: (value or "").strip() for name, value in row.items() if name in COLUMNS}
            number += 1
    except csv.Error as error:
        errors = [{"row": number, "detail": str(error)}]
        raise Invalid("the file cannot be read as CSV; nothing was stored", errors=errors) from None


def _contact(number: int, row: dict[str, str]) -> tuple[GivenContact, list[dict[str, object]]]:
    errors = []
    person = row.get("person") or str(new_id())
    if not re.fullmatch(PERSON, person):
        errors.append(_error(number, "person", "must be 1 to 128 visible ASCII characters"))
    phone = None
    if row.get("phone"):
        try:
            phone = normalised(row["phone"])
        except InvalidPhone as error:
            errors.append(_error(number, "phone", str(error)))
    push_token = row.get("push_token") or None
    if push_token and not re.fullmatch(PUSH_TOKEN, push_token):
        errors.append(_error(number, "push_token", "must be 1 to 256 of letters, digits and . _ : -"))
    language = row.get("language") or Language.ZH
    if language not in tuple(Language):
        errors.append(_error(number, "language", "must be zh or en"))
        language = Language.ZH
    if not row.get("phone") and not push_token:
        errors.append(_error(number, "phone", "a phone or a push_token is needed"))
    return GivenContact(person, Language(language), phone, push_token), errors


def _error(row: int, column: str, detail: str) -> dict[str, object]:
    return {"row": row, "column": column, "detail": detail}
