"""The play of the parking stays: gates in order and shuffled, also under kill -9, judged by the phones."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import httpx
import orjson

from deploy.demo.access import Access, Addresses
from deploy.embedded.suite import Suite
from deploy.kafka.topics import client_settings
from deploy.replay.cars import BLOCK, Block, blocks, charged, gate_reads, too_long
from deploy.replay.findings import Findings
from deploy.replay.gates import Gates
from deploy.replay.issue_play import SETTLING, unpublished
from deploy.replay.kills import Executioner, planned_kills
from deploy.replay.lots import COMMUNITY, OVERSTAYED, RETRACTED, Lot, phone, prepare_lots
from deploy.replay.recorded import Row, rows_of
from deploy.replay.topics import behind, said

CHARGED: Final = 107
OVER_TWO_HOURS: Final = 848
KILLS: Final = 20
KILL_SEED: Final = 107848
TARGETS: Final = ("parking", "parking-relay", "notify")
TOPIC: Final = "linli.parking"
RELAY: Final = "parking-relay"
RAISED: Final = f"linli.parking.{OVERSTAYED}.v1"
TAKEN_BACK: Final = f"linli.parking.{RETRACTED}.v1"


@dataclass(frozen=True, slots=True)
class Told:
    """What was said of one compound's stays: raised and retracted, per stay, on the bus and at the phone."""

    raised: Counter[str]
    retracted: Counter[str]
    entries: Counter[datetime]


async def play_parking_stays(suite: Suite, hands: ThreadPoolExecutor, path: Path, findings: Findings) -> None:
    """Play the whole file in six compounds at once, with nobody in the way, and note every figure."""
    await _play(suite, hands, path, findings, 0)


async def play_under_kills(suite: Suite, hands: ThreadPoolExecutor, path: Path, findings: Findings) -> None:
    """The same while parking, its relay and notify are killed."""
    await _play(suite, hands, path, findings, KILLS)


async def _play(
    suite: Suite, hands: ThreadPoolExecutor, path: Path, findings: Findings, many_kills: int
) -> None:
    rows = rows_of(path)
    reads = gate_reads(rows)
    hours = list(blocks(reads))
    addresses = Addresses(*(suite.url(name) for name in ("identity", "issues", "notify", "phones")))
    limits = httpx.Limits(max_connections=32)
    async with httpx.AsyncClient(trust_env=False, timeout=30.0, limits=limits) as client:
        access = Access(client, addresses, COMMUNITY)
        findings.say("Preparing six compounds: register, guards, gates, rules")
        lots = await prepare_lots(access, suite.url("parking"), reads[0].at)
        executioner = Executioner(suite, hands, lambda: 0, lambda: unpublished(access, suite, RELAY))
        kills = planned_kills(len(reads), many_kills, KILL_SEED, TARGETS) if many_kills else []
        clock = suite.folder / "clock.json"

        async def reach(position: int) -> None:
            await executioner.reach(position, kills)

        gates = Gates(client, clock, lots, reach, executioner.all_restarted)
        executioner.unanswered = lambda: gates.unanswered
        findings.say(f"{len(reads)} reads in {len(hours)} hours, twice in order and four times shuffled")
        began = time.monotonic()
        await _deliver(gates, hours)
        await executioner.all_restarted()
        findings.count("seconds, deliveries", f"{time.monotonic() - began:.0f}, {gates.deliveries}")
        await _settled(access, suite)
        await _judge(access, suite, lots, rows, findings)
        if kills:
            _print_kills(executioner, findings)


async def _deliver(gates: Gates, hours: Sequence[Block]) -> None:
    for _, found in groupby(hours, key=lambda block: block.last.date()):
        await gates.day(list(found))
    for lot in gates.lots:
        await gates.heartbeat(lot, hours[-1].last + BLOCK)


async def _judge(
    access: Access, suite: Suite, lots: Sequence[Lot], rows: Sequence[Row], findings: Findings
) -> None:
    events = await _told_of(suite)
    answer = await access.client.get(f"{access.addresses.phones}/ledger")
    ledger = [orjson.loads(line) for line in answer.raise_for_status().content.splitlines()]
    findings.equal("stays the operator took money for", charged(rows).total(), CHARGED)
    findings.equal("which are exactly those over 4 hours", charged(rows) == too_long(rows, 240), True)
    findings.equal("stays over 2 hours", too_long(rows, 120).total(), OVER_TWO_HOURS)
    for number, lot in enumerate(lots):
        findings.say(f"\n{lot.manner}, {lot.lateness_minutes} minutes late at most, {lot.free_minutes} free")
        expected = too_long(rows, lot.free_minutes)
        told = _told(lot, events)
        standing = told.raised - told.retracted
        findings.equal("overstays that stand", standing.total(), expected.total())
        findings.equal("which are exactly those of the record", told.entries == expected, True)
        findings.equal("none of them twice", max(standing.values()), 1)
        if lot.manner == "shuffled" and lot.lateness_minutes < BLOCK.total_seconds() / 60:
            findings.at_least("alarms that were surplus and taken back", told.retracted.total(), 1)
        else:
            findings.equal("retractions", told.retracted.total(), 0)
        texts = [line["text"] for line in ledger if line["to"] == phone(number)]
        at_phone = Counter(text.split("】")[1].split(",")[0].rstrip(".") for text in texts)
        on_bus = Counter({f"Too long: {stay}": many for stay, many in told.raised.items()})
        on_bus += Counter({f"Not too long after all: {stay}": many for stay, many in told.retracted.items()})
        findings.equal("messages at the guard's phone", at_phone.total(), on_bus.total())
        findings.equal("missing, surplus", _apart(at_phone, on_bus), (0, 0))


def _apart(found: Counter[str], expected: Counter[str]) -> tuple[int, int]:
    return (expected - found).total(), (found - expected).total()


def _told(lot: Lot, events: Sequence[tuple[str, dict[str, Any]]]) -> Told:
    told = Told(Counter(), Counter(), Counter())
    for kind, data in events:
        if data.get("place") != str(lot.place):
            continue
        if kind == RAISED:
            told.raised[data["stay"]] += 1
            told.entries[_moment(data)] += 1
        if kind == TAKEN_BACK:
            told.retracted[data["stay"]] += 1
            told.entries[_moment(data)] -= 1
    return Told(told.raised, told.retracted, +told.entries)


def _moment(data: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(data["entered_at"])


async def _settled(access: Access, suite: Suite) -> None:
    """Wait until what parking said has been read and sent; what was not reached shows in the figures.

    A message whose sender was killed is tried again when its lease ends, so that quiet phones prove nothing.
    """
    kafka = client_settings(suite.wiring.kafka())
    deadline, before = time.monotonic() + SETTLING, -1
    while time.monotonic() < deadline:
        await asyncio.sleep(3)
        answer = await access.client.get(f"{access.addresses.phones}/ledger")
        many = len(answer.content.splitlines())
        waiting = await unpublished(access, suite, RELAY)
        waiting += await asyncio.to_thread(behind, kafka, "linli.notify", TOPIC)
        if waiting == 0 and many == before and many >= len(await _told_of(suite)):
            return
        before = many


async def _told_of(suite: Suite) -> list[tuple[str, dict[str, Any]]]:
    """Read what the bus holds that a guard is told of, each once."""
    events = await asyncio.to_thread(said, client_settings(suite.wiring.kafka()), TOPIC)
    return [(kind, data) for kind, data in events.values() if kind in (RAISED, TAKEN_BACK)]


def _print_kills(executioner: Executioner, findings: Findings) -> None:
    findings.say("\nKilled with -9 at read positions, with deliveries unanswered and outbox rows unpublished")
    for one in executioner.done:
        air = f"{one.unanswered} unanswered, {one.unpublished} unpublished"
        findings.count(f"read {one.kill.position}: {one.kill.target}", air)
    findings.equal("kills", len(executioner.done), KILLS)
    findings.at_least(
        "of them with unpublished rows", sum(one.unpublished > 0 for one in executioner.done), 10
    )
