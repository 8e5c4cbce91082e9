"""Makes the pretended city known to the suite: register, categories, rules, words and phones."""

import asyncio
import csv
import io
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from deploy.demo.access import Access, roles_in
from deploy.demo.failures import DemoFailed
from deploy.replay.city import (
    CATEGORIES,
    COMMUNITY,
    DEADLINES,
    DISTRICTS,
    LEVELS,
    OPERATOR,
    Person,
    callers,
    district_code,
    holders,
    operator,
)
from deploy.replay.expected import WORDS
from deploy.replay.recorded import Row

INTAKE: Final = "system-intake"
IMPORTER: Final = "system-importer"
MAPPING: Final = "la-311"
PATIENCE: Final = 30.0
_MAPPING_FILE: Final = Path(__file__).parent / "la-311-mapping.json"
# Our words hold {case} and {role}; the templates of notify say the same from the event's fields.
_FIELDS: Final = {
    "{case}": "{{ case }}",
    "{category}": "{{ category }}",
    "{role}": "{{ assignee.role }}",
    "{priority}": "{{ priority }}",
}
_TEMPLATES: Final = {"case-handed-over": "handed-over", "case-assigned": "assigned"}


async def prepare_city(access: Access, rows: Sequence[Row]) -> dict[str, UUID]:
    """Load everything that reports need; gives the place of each district.

    Raises:
        DemoFailed: a step was refused or did not take effect in time.
    """
    await _register(access)
    await wait_for_roles(access, {OPERATOR: "operator", INTAKE: "intake", IMPORTER: "importer"})
    columns = ("kind", "code", "parent", "name", "floor_area_m2")
    await load_csv(access, OPERATOR, "issues", "places", columns, _places())
    await load_csv(access, OPERATOR, "issues", "roles", ("person", "role", "place"), _grants())
    people = [operator(), *(holder.person for holder in holders()), *callers(list(rows))]
    contact = ("person", "phone", "language", "push_token")
    await load_csv(access, OPERATOR, "notify", "contacts", contact, _contacts(people))
    for code, role in dict(CATEGORIES.values()).items():
        await _define(access, code, role)
    await _say_who_hears(access)
    fallback = await access.send(OPERATOR, "GET", f"{access.addresses.issues}/dispatch-fallback")
    await access.send(
        OPERATOR,
        "PUT",
        f"{access.addresses.issues}/dispatch-fallback",
        headers={"if-match": fallback.headers["etag"]},
        json={"role": "operator", "level": "community"},
    )
    for template, kind in _TEMPLATES.items():
        await _publish_words(access, template, kind)
    await access.send(
        IMPORTER,
        "PUT",
        f"{access.addresses.issues}/import-mappings/{MAPPING}",
        json=json.loads(_MAPPING_FILE.read_text()),
    )
    return await _district_places(access)


async def _register(access: Access) -> None:
    body = {"id": str(COMMUNITY), "code": "LA", "name": "Los Angeles", "zone": "America/Los_Angeles"}
    await access.send(
        "platform",
        "POST",
        f"{access.addresses.issues}/communities",
        key="replay-community",
        everywhere=True,
        json=body | {"operators": [OPERATOR]},
    )


async def wait_for_roles(access: Access, wanted: Mapping[str, str]) -> None:
    """Wait for persons to have their roles: the identity hears of them from the register, soon, not at once.

    Raises:
        DemoFailed: it did not in time.
    """
    deadline = time.monotonic() + PATIENCE
    for person, role in wanted.items():
        while role not in roles_in(await access.token(person, fresh=True), access.community):
            if time.monotonic() > deadline:
                raise DemoFailed(
                    f"waiting for {person} to be {role}",
                    "the token does not say so",
                    "read the identity's log",
                )
            await asyncio.sleep(0.1)


async def _define(access: Access, code: str, role: str) -> None:
    issues = access.addresses.issues
    category = {
        "standard": "MyLA311",
        "standard_version": "2017",
        "standard_code": code,
        "name_zh": code,
        "name_en": code,
        "counted": DEADLINES[code][0],
        "deadline_minutes": DEADLINES[code][1],
    }
    level = "community" if role == "operator" else "compound"
    rule = {"category": code, "rank": 1, "target": {"role": role, "level": level}}
    await access.send(OPERATOR, "PUT", f"{issues}/categories/{code}", json=category)
    await access.send(OPERATOR, "PUT", f"{issues}/dispatch-rules/{code}", json=rule)


async def _say_who_hears(access: Access) -> None:
    levels = [
        {"after_minutes": minutes, "counted": counted, "target": {"role": role, "level": "community"}}
        for minutes, counted, role in LEVELS
    ]
    address = f"{access.addresses.issues}/escalation"
    current = await access.send(OPERATOR, "GET", address)
    headers = {"if-match": current.headers["etag"]}
    await access.send(OPERATOR, "PUT", address, headers=headers, json={"levels": levels})


async def _publish_words(access: Access, template: str, kind: str) -> None:
    address = f"{access.addresses.notify}/templates/{template}"
    current = await access.send(OPERATOR, "GET", address)
    texts = {language: _texts(WORDS[kind, language]) for language in ("zh", "en")}
    await access.send(
        OPERATOR,
        "PUT",
        address,
        headers={"if-match": current.headers["etag"]},
        json={"event": "linli.issues.issue-assigned.v1", "texts": texts},
    )


def _texts(words: str) -> dict[str, str]:
    for ours, theirs in _FIELDS.items():
        words = words.replace(ours, theirs)
    return {"sms": words, "title": "Linli", "body": words}


async def _district_places(access: Access) -> dict[str, UUID]:
    answer = await access.send(
        OPERATOR, "GET", f"{access.addresses.issues}/places", params={"kind": "compound", "limit": 100}
    )
    by_code = {place["code"]: UUID(place["id"]) for place in answer.json()["items"]}
    return {district: by_code[district_code(district)] for district in DISTRICTS}


async def load_csv(
    access: Access,
    person: str,
    service: str,
    kind: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
) -> None:
    """Load rows of places, roles or contacts as a CSV file."""
    await access.send(
        person,
        "POST",
        f"{getattr(access.addresses, service)}/{kind}/import",
        key=f"replay-{kind}",
        content=_csv(columns, rows),
        headers={"content-type": "text/csv"},
    )


def _places() -> Iterable[Sequence[str]]:
    return [("compound", district_code(name), "", f"Council District {name}", "") for name in DISTRICTS]


def _grants() -> Iterable[Sequence[str]]:
    return [
        (one.person.person, one.role, district_code(one.district) if one.district else "")
        for one in holders()
    ]


def _contacts(people: Iterable[Person]) -> Iterable[Sequence[str]]:
    return [(one.person, one.phone, one.language, one.push_token) for one in people if one.phone]


def _csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()
