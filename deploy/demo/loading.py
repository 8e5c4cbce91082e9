"""Loads the town, and finds it loaded the next time: every step says what is so, not what to add."""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import NAMESPACE_DNS, uuid5

from deploy.demo.access import PATIENCE, Access, roles_in
from deploy.demo.failures import DemoFailed
from deploy.demo.town.catalogue import CATEGORIES, LEVELS, RULES
from deploy.demo.town.layout import COMMUNITY_CODE, COMMUNITY_NAME, ZONE
from deploy.demo.town.making import Town, contacts_csv, households_csv, places_csv, roles_csv

PLATFORM: Final = "platform"
OPERATOR: Final = "operator-1"
COMMUNITY: Final = uuid5(NAMESPACE_DNS, "demo.linli.invalid")
RANK: Final = 100

Say = Callable[[str], None]


async def load_town(access: Access, town: Town, say: Say) -> None:
    """Brings the suite to where the whole town is known; what is there already stays as it is."""
    steps: list[tuple[str, Callable[[], Awaitable[str]]]] = [
        ("community", lambda: register_community(access)),
        ("roles of the operator", lambda: operator_known(access)),
        ("places", lambda: load_file(access, "places", places_csv(town))),
        ("households", lambda: load_file(access, "households", households_csv(town))),
        ("roles", lambda: load_file(access, "roles", roles_csv(town))),
        ("categories", lambda: put_categories(access)),
        ("dispatch rules", lambda: put_rules(access)),
        ("escalation", lambda: put_escalation(access)),
        ("contacts", lambda: load_contacts(access, town)),
        ("words", lambda: put_words(access)),
        ("everyone's roles", lambda: everyone_known(access, town)),
    ]
    for name, step in steps:
        began = time.monotonic()
        done = await _told(name, step(), say)
        say(f"  {name:<22} {done:<44} {time.monotonic() - began:5.2f} s")


async def _told(name: str, step: Awaitable[str], say: Say, every: int = 3) -> str:
    """Says every few seconds that a long step is still at it."""
    doing = asyncio.ensure_future(step)
    seconds = 0
    while not (await asyncio.wait([doing], timeout=every))[0]:
        seconds += every
        say(f"  {name:<22} … {seconds} s")
    return doing.result()


async def register_community(access: Access) -> str:
    """The platform registers the community with its first operator."""
    body = {"id": str(COMMUNITY), "code": COMMUNITY_CODE, "name": COMMUNITY_NAME, "zone": ZONE}
    answer = await access.send(
        PLATFORM,
        "POST",
        f"{access.addresses.issues}/communities",
        key=f"demo-community-{COMMUNITY}",
        everywhere=True,
        accept=frozenset({409}),
        json={**body, "operators": [OPERATOR]},
    )
    known = answer.status_code == 409 or "idempotency-replayed" in answer.headers
    return f"{COMMUNITY_NAME} {'known' if known else 'registered'}"


async def operator_known(access: Access) -> str:
    """The identity learns of roles from the register's topic: that is soon, not at once."""
    deadline = time.monotonic() + PATIENCE
    while "operator" not in roles_in(await access.token(OPERATOR, fresh=True), COMMUNITY):
        if time.monotonic() > deadline:
            raise _late(f"{OPERATOR} is no operator yet")
        await asyncio.sleep(0.05)
    return "in the token"


async def everyone_known(access: Access, town: Town) -> str:
    """The identity has read the last of the register's facts too."""
    persons = {person for household in town.households for person in household.persons}
    expected = len(persons | {grant.person for grant in town.grants})
    deadline = time.monotonic() + PATIENCE
    while (known := await _persons_known(access)) < expected:
        if time.monotonic() > deadline:
            raise _late(f"{known} of {expected} persons have their roles")
        await asyncio.sleep(0.1)
    return f"{known} persons in the identity"


async def load_file(access: Access, kind: str, file: bytes) -> str:
    """One CSV file of the register."""
    answer = await access.send(
        OPERATOR,
        "POST",
        f"{access.addresses.issues}/{kind}/import",
        key=_key(kind, file),
        content=file,
        headers={"content-type": "text/csv"},
    )
    return _counts(answer.headers, answer.json())


async def load_contacts(access: Access, town: Town) -> str:
    """How everyone is reached; only notify ever sees a number."""
    file = contacts_csv(town)
    answer = await access.send(
        OPERATOR,
        "POST",
        f"{access.addresses.notify}/contacts/import",
        key=_key("contacts", file),
        content=file,
        headers={"content-type": "text/csv"},
    )
    return _counts(answer.headers, answer.json())


async def put_categories(access: Access) -> str:
    """What can be reported."""
    wanted = {
        category.code: {
            "standard": category.standard[0],
            "standard_version": category.standard[1],
            "standard_code": category.number,
            "name_zh": category.name_zh,
            "name_en": category.name_en,
            "priority": category.priority,
            "deadline_minutes": category.deadline_minutes,
        }
        for category in CATEGORIES
    }
    return await _put_missing(access, f"{access.addresses.issues}/categories", wanted)


async def put_rules(access: Access) -> str:
    """Who gets what."""
    wanted = {
        rule.code: {
            "category": rule.category,
            "place": None,
            "rank": RANK,
            "target": {"role": rule.role, "level": rule.level},
        }
        for rule in RULES
    }
    return await _put_missing(access, f"{access.addresses.issues}/dispatch-rules", wanted)


async def put_escalation(access: Access) -> str:
    """Who hears of what is late: the command room at once, the street an hour later."""
    url = f"{access.addresses.issues}/escalation"
    levels = [
        {"after_minutes": minutes, "target": {"role": role, "level": "community"}} for minutes, role in LEVELS
    ]
    shown = await access.send(OPERATOR, "GET", url)
    known = shown.json()["levels"]
    if len(known) == len(levels) and all(map(_says, known, levels)):
        return f"{len(levels)} levels known"
    await access.send(
        OPERATOR, "PUT", url, json={"levels": levels}, headers={"if-match": shown.headers["etag"]}
    )
    return f"{len(levels)} levels put"


async def put_words(access: Access) -> str:
    """What the categories are called in messages, beside what notify has words for already."""
    url = f"{access.addresses.notify}/vocabularies/category"
    shown = await access.send(OPERATOR, "GET", url, accept=frozenset({404}))
    known = shown.json()["words"] if shown.is_success else {}
    wanted = {each.code: {"zh": each.name_zh, "en": each.name_en.lower()} for each in CATEGORIES}
    if known | wanted == known:
        return f"{len(wanted)} known"
    match = {"if-match": shown.headers["etag"]} if shown.is_success else {}
    await access.send(OPERATOR, "PUT", url, json=known | wanted, headers=match)
    return f"{len(wanted)} put"


async def _put_missing(access: Access, url: str, wanted: dict[str, dict[str, Any]]) -> str:
    listed = await access.send(OPERATOR, "GET", url, params={"limit": 100})
    there = {item["code"]: item for item in listed.json()["items"]}
    put = 0
    for code, content in wanted.items():
        known = there.get(code)
        if known is not None and _says(known, content):
            continue
        match = {"if-match": f'"{known["version"]}"'} if known else {}
        await access.send(OPERATOR, "PUT", f"{url}/{code}", json=content, headers=match)
        put += 1
    return f"{put} put, {len(wanted) - put} known"


def _says(known: dict[str, Any], content: dict[str, Any]) -> bool:
    return all(
        _says(known[name], value) if isinstance(value, dict) else known.get(name) == value
        for name, value in content.items()
    )


async def _persons_known(access: Access) -> int:
    answer = await access.client.get(f"{access.addresses.identity}/health/ready")
    return int(answer.raise_for_status().json()["persons"])


def _late(why: str) -> DemoFailed:
    to_do = "see whether issues publishes (linli_outbox_waiting at its /metrics) and the identity's log"
    return DemoFailed("waiting for roles to reach the identity", f"after {PATIENCE:g} s {why}", to_do)


def _key(kind: str, file: bytes) -> str:
    """The same file is the same request, today and tomorrow."""
    return f"demo-{kind}-{hashlib.sha256(file).hexdigest()[:32]}"


def _counts(headers: Any, counts: dict[str, Any]) -> str:
    numbers = {name: count for name, count in counts.items() if isinstance(count, int)}
    if "idempotency-replayed" in headers:
        return f"{sum(numbers.values())} known"
    return ", ".join(f"{count} {name}" for name, count in numbers.items())
