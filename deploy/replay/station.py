"""The pretended riders' station of the recorded days: a community, its riders with phones, a kind of task."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import NAMESPACE_DNS, UUID, uuid5

from deploy.demo.access import Access
from deploy.replay.preparing import load_csv, wait_for_roles
from deploy.replay.riders import Rider

COMMUNITY: Final = uuid5(NAMESPACE_DNS, "riders.replay.linli.invalid")
OPERATOR: Final = "station-operator"
KIND: Final = "carry"
MINUTES: Final = 20
AT_ONCE: Final = 16
# An answer is waited for until the next gap between two orders, as for what is carried home.
RULES: Final = {
    "who": ["rider"],
    "confirmation": "staff",
    "minutes": MINUTES,
    "window_minutes": 240,
    "ask": 5,
    "answer_seconds": 600,
    "again_minutes": 20,
    "offers_an_hour": 6,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A rider as the suite knows them: person, entry, telephone."""

    rider: Rider
    person: str
    volunteer: UUID
    phone: str


async def prepare_station(access: Access, riders: Iterable[Rider]) -> list[Entry]:
    """Make the riders known: register, phones, entries that were vetted, and the kind of task."""
    issues = access.addresses.issues
    body = {"id": str(COMMUNITY), "code": "RIDERS", "name": "骑手回放", "zone": "Asia/Shanghai"}
    await access.send(
        "platform",
        "POST",
        f"{issues}/communities",
        key="replay-riders",
        everywhere=True,
        json=body | {"operators": [OPERATOR]},
    )
    await wait_for_roles(access, {OPERATOR: "operator"})
    people = [(rider, f"rider-{rider.name}", f"+86195{n:08d}") for n, rider in enumerate(riders)]
    roles = [(person, "rider", "") for _, person, _ in people]
    await load_csv(access, OPERATOR, "issues", "roles", ("person", "role", "place"), roles)
    phones = [(person, phone, "en", "") for _, person, phone in people]
    contact = ("person", "phone", "language", "push_token")
    await load_csv(access, OPERATOR, "notify", "contacts", contact, phones)
    await wait_for_roles(access, {person: "rider" for _, person, _ in people})
    kinds = f"{access.addresses.volunteer}/task-kinds"
    await access.send(OPERATOR, "POST", kinds, key="replay-kind", json={"code": KIND, "rules": RULES})
    gate = asyncio.Semaphore(AT_ONCE)

    async def enter(rider: Rider, person: str, phone: str) -> Entry:
        async with gate:
            return Entry(rider, person, await _vetted(access, person), phone)

    return list(await asyncio.gather(*(enter(*one) for one in people)))


async def _vetted(access: Access, person: str) -> UUID:
    volunteers = f"{access.addresses.volunteer}/volunteers"
    body = {"kind": "rider", "consent": True, "consent_text": "2026-01"}
    made = await access.send(person, "POST", volunteers, key=f"enter-{person}", json=body)
    entry = UUID(made.json()["id"])
    await access.send(OPERATOR, "POST", f"{volunteers}/{entry}/vet", key=f"vet-{person}")
    return entry
