"""What a day at the station came to: tables by the API, the topic and the phones must say the same."""

import asyncio
import time
from collections import Counter
from statistics import median
from typing import Any, Final

import orjson

from deploy.demo.access import Access
from deploy.embedded.suite import Suite
from deploy.kafka.topics import client_settings
from deploy.replay.findings import Findings
from deploy.replay.issue_play import SETTLING, unpublished
from deploy.replay.station import OPERATOR
from deploy.replay.station_day import CREDITED, OFFERED, TAKEN, StationDay, eligible_hours
from deploy.replay.topics import behind, said

TOPIC: Final = "linli.volunteer"
RELAY: Final = "volunteer-relay"
CLAIMED_AT_LEAST: Final = 0.6
HEARD: Final = {
    "volunteer-registered": "volunteer-registered",
    "task-offered": OFFERED,
    "task-claimed": TAKEN,
    "hours-credited": CREDITED,
}
"""Which message each fact becomes at the phone of the rider it names."""


async def judge(access: Access, suite: Suite, played: StationDay, findings: Findings) -> None:
    """Compare the three books and note every figure."""
    await _settled(access, suite)
    asked = await _asked(access, played)
    tasks = await _tasks(access, played)
    claims = await _claims(access, played)
    events = await asyncio.to_thread(said, client_settings(suite.wiring.kafka()), TOPIC)
    facts = Counter(kind.split(".")[2] for kind, _ in events.values())
    states, ends = Counter(asked.values()), Counter(tasks.values())
    _offers(states, played, facts, findings)
    _tasks_of_the_day(ends, played, facts, findings)
    _claims_of_the_day(claims, played, facts, findings)
    answer = await access.client.get(f"{access.addresses.phones}/ledger")
    ledger = [orjson.loads(line) for line in answer.raise_for_status().content.splitlines()]
    _phones(ledger, played, events, findings)


def _offers(states: Counter[str], played: StationDay, facts: Counter[str], findings: Findings) -> None:
    findings.say("\nOffers")
    ended = sum(states[state] for state in ("accepted", "declined", "expired", "superseded"))
    shown = " + ".join(f"{states[state]} {state}" for state in sorted(states))
    findings.equal(f"offered = {shown}", states.total(), ended)
    findings.equal("offered, by the staff's lists as it happened", len(played.asked), states.total())
    findings.equal("offered, on the topic", facts["task-offered"], states.total())
    findings.equal("accepted, as riders did", states["accepted"], played.answers["accept"])
    findings.equal("declined, as riders did", states["declined"], played.answers["decline"])
    findings.count("answers that came too late for a place", played.answers["late"])
    findings.count("alerts per task", f"{states.total() / len(played.opened):.1f}")
    hours = eligible_hours(played.entries)
    findings.count("offers per rider and eligible hour", f"{states.total() / hours:.2f} of {hours:.0f} hours")


def _tasks_of_the_day(
    ends: Counter[str], played: StationDay, facts: Counter[str], findings: Findings
) -> None:
    findings.say("\nTasks")
    findings.equal("opened, on the topic", facts["task-opened"], len(played.opened))
    findings.equal("completed", ends["completed"], len(played.claimed))
    findings.equal("completed, on the topic", facts["task-completed"], ends["completed"])
    findings.equal("hours credited, on the topic", facts["hours-credited"], ends["completed"])
    findings.equal("expired", ends["expired"], len(played.opened) - len(played.claimed))
    findings.equal("expired, on the topic", facts["task-expired"], ends["expired"])
    waits = sorted(minute - played.opened[task] for task, minute in played.claimed.items())
    late = waits[int(len(waits) * 0.95)]
    findings.count("minutes to the claim: median, 95 %", f"{median(waits):.1f}, {late:.1f}")


def _claims_of_the_day(
    claims: dict[str, tuple[str, str]], played: StationDay, facts: Counter[str], findings: Findings
) -> None:
    findings.say("\nClaims")
    findings.equal("claimed, by the riders' own lists", len(claims), len(played.claimed))
    findings.equal("claimed, on the topic", facts["task-claimed"], len(claims))
    tasks = {task for task, _ in claims.values()}
    findings.equal("tasks claimed otherwise than riders did", len(tasks ^ played.claimed.keys()), 0)
    findings.equal(
        "confirmed of them", sum(state == "confirmed" for _, state in claims.values()), len(claims)
    )
    findings.at_least("share claimed", len(tasks) / len(played.opened), CLAIMED_AT_LEAST)


def _phones(
    ledger: list[dict[str, Any]],
    played: StationDay,
    events: dict[str, tuple[str, dict[str, Any]]],
    findings: Findings,
) -> None:
    """Each rider hears of their entry, and each offer, claim and credit, and nobody of anything else."""
    findings.say("\nPhones")
    phone = {entry.person: entry.phone for entry in played.entries}
    expected = Counter(
        (HEARD[noun], phone[data["person"]])
        for kind, data in events.values()
        if (noun := kind.split(".")[2]) in HEARD
    )
    found = Counter((line["template"], line["to"]) for line in ledger)
    for template in sorted({template for template, _ in found | expected}):
        rang, said_so = (
            sum(many for (name, _), many in book.items() if name == template) for book in (found, expected)
        )
        findings.equal(f"{template}, as on the topic", rang, said_so)
    findings.equal("phones with one too many or too few", len(found - expected) + len(expected - found), 0)


async def _asked(access: Access, played: StationDay) -> dict[str, str]:
    """The state of each offer, by the lists of all tasks."""
    found: dict[str, str] = {}
    for task in played.opened:
        cursor: str | None = ""
        while cursor is not None:
            url = f"{access.addresses.volunteer}/tasks/{task}/offers"
            params = {"limit": "100"} | ({"cursor": cursor} if cursor else {})
            page = (await access.send(OPERATOR, "GET", url, params=params)).json()
            found |= {offer["id"]: offer["state"] for offer in page["items"]}
            cursor = page.get("next")
    return found


async def _tasks(access: Access, played: StationDay) -> dict[str, str]:
    url = f"{access.addresses.volunteer}/tasks"
    read = [access.send(OPERATOR, "GET", f"{url}/{task}") for task in played.opened]
    return {answer.json()["id"]: answer.json()["state"] for answer in await asyncio.gather(*read)}


async def _claims(access: Access, played: StationDay) -> dict[str, tuple[str, str]]:
    """The task and state of each claim, by the riders' own lists."""
    url = f"{access.addresses.volunteer}/claims"
    read = [access.send(entry.person, "GET", url, params={"limit": "100"}) for entry in played.entries]
    answers = await asyncio.gather(*read)
    return {one["id"]: (one["task"], one["state"]) for found in answers for one in found.json()["items"]}


async def _settled(access: Access, suite: Suite) -> None:
    """Wait until tasks have expired, and what volunteer said was read and sent."""
    kafka = client_settings(suite.wiring.kafka())
    deadline, before = time.monotonic() + SETTLING, -1
    await asyncio.sleep(6)  # the clock looks for expired tasks every five seconds
    while time.monotonic() < deadline:
        await asyncio.sleep(2)
        answer = await access.client.get(f"{access.addresses.phones}/ledger")
        many = len(answer.content.splitlines())
        waiting = await unpublished(access, suite, RELAY)
        waiting += await asyncio.to_thread(behind, kafka, "linli.notify", TOPIC)
        if waiting == 0 and many == before:
            return
        before = many
