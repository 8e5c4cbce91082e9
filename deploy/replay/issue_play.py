"""The play of the issue reports: history by import, twice; the first thousand rows live; a week's delay."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import orjson

from deploy.demo.access import Access, Addresses
from deploy.embedded.suite import Suite
from deploy.kafka.topics import client_settings
from deploy.replay.app import CITY_ZONE, App
from deploy.replay.city import COMMUNITY, OPERATOR
from deploy.replay.escalating import play_a_week
from deploy.replay.expected import Shown, expected_messages
from deploy.replay.findings import Findings
from deploy.replay.history import Importer
from deploy.replay.kills import Executioner, Kill, planned_kills
from deploy.replay.lateness import FIGURES, figures
from deploy.replay.preparing import prepare_city
from deploy.replay.recorded import Row, rows_of
from deploy.replay.topics import TopicCount, behind, count_events
from shared.runtime.clock import RECHECK_SECONDS, JumpingClock, jump

LIVE_ROWS: Final = 1000
KILLS_EACH: Final = 10
ISSUE_REPORTED: Final = "linli.issues.issue-reported.v1"
TOPIC: Final = "linli.issues"
SETTLING: Final = 90.0


@dataclass(frozen=True, slots=True)
class Stage:
    """What the acts of the play share."""

    suite: Suite
    access: Access
    path: Path
    rows: Sequence[Row]
    executioner: Executioner
    findings: Findings

    def count_reported(self) -> TopicCount:
        """Count what stands in Kafka of reported issues."""
        return count_events(self.kafka(), TOPIC, ISSUE_REPORTED)

    def kafka(self) -> dict[str, str]:
        """Give the bus's settings as a foreign client takes them."""
        settings: dict[str, str] = client_settings(self.suite.wiring.kafka())
        return settings

    async def ledger(self) -> list[dict[str, Any]]:
        """Read everything that the phones show."""
        answer = await self.access.client.get(f"{self.access.addresses.phones}/ledger")
        return [orjson.loads(line) for line in answer.raise_for_status().content.splitlines()]


async def play_issue_reports(suite: Suite, hands: ThreadPoolExecutor, path: Path, findings: Findings) -> None:
    """Play the whole file and note every figure."""
    rows = rows_of(path)
    addresses = Addresses(*(suite.url(name) for name in ("identity", "issues", "notify", "phones")))
    limits = httpx.Limits(max_connections=32)
    async with httpx.AsyncClient(trust_env=False, timeout=60.0, limits=limits) as client:
        access = Access(client, addresses, COMMUNITY)
        executioner = Executioner(suite, hands, lambda: 0, lambda: unpublished(access, suite))
        stage = Stage(suite, access, path, rows, executioner, findings)
        findings.say("Preparing the city: register, people, rules, words")
        districts = await prepare_city(access, rows[:LIVE_ROWS])
        await _caught_up(stage, "linli.register")
        await _import(stage, planned_kills(len(rows), KILLS_EACH))
        await _compare_ages(stage)
        await _import_again(stage)
        app = App(access, districts, lambda position: executioner.reach(position, live_kills))
        live_kills = planned_kills(LIVE_ROWS, KILLS_EACH, seed=311)
        await _morning(suite.folder / "clock.json")
        answers = await _live(stage, app)
        await play_a_week(suite, hands, stage.kafka, answers, findings)
    _print_kills(executioner, findings)


async def _import(stage: Stage, kills: Sequence[Kill]) -> None:
    findings, executioner = stage.findings, stage.executioner
    findings.say(f"\nHistory: {len(stage.rows)} rows by streaming import, killed at {len(kills)} rows")
    importer = Importer(stage.access, stage.path, lambda position: executioner.reach(position, kills))
    executioner.unanswered = lambda: importer.unanswered
    began = time.monotonic()
    told = await importer.load()
    await executioner.all_restarted()
    findings.count("seconds, uploads", f"{time.monotonic() - began:.1f}, {importer.uploads}")
    _compare_import(stage, told)
    await _until(lambda: _published(stage, len(stage.rows)))
    topic = stage.count_reported()
    findings.equal("distinct issue-reported ids in Kafka", len(topic.ids), len(stage.rows))
    findings.equal("of them marked as imported (with repeats)", topic.imported, topic.ids.total())
    findings.count("repeats in Kafka (the inbox drops them)", topic.repeats)


def _compare_import(stage: Stage, told: dict[str, Any]) -> None:
    """Compare the answer with what the file itself says."""
    findings = stage.findings
    statuses = Counter(row["Status"] for row in stage.rows)
    findings.equal("rows that are cases", told["created"] + told["unchanged"], len(stage.rows))
    findings.equal("rejected", told["rejected"], 0)
    for status, state in (("Closed", "closed"), ("Cancelled", "cancelled"), ("Referred Out", "referred")):
        findings.equal(f"state {state}", told["states"].get(state, 0), statuses[status])
    findings.equal("state reported (Open)", told["states"].get("reported", 0), statuses["Open"])
    without = sum(not row["Latitude"] for row in stage.rows)
    findings.equal("without coordinates", told["flags"].get("no-coordinates", 0), without)
    findings.equal("closed before creation", told["flags"].get("closed-before-created", 0), 12)


async def _compare_ages(stage: Stage) -> None:
    """Compare ages and lateness by category with what the file itself says."""
    findings, at = stage.findings, datetime.now(UTC).replace(microsecond=0)
    findings.say(f"\nAges and lateness by category, as of {at.isoformat()}")
    url = f"{stage.access.addresses.issues}/cases/statistics"
    answer = await stage.access.send(OPERATOR, "GET", url, params={"at": at.isoformat()})
    told = {each.pop("category"): each for each in answer.json()["categories"]}
    expected = figures(stage.rows, at)
    findings.equal("categories", sorted(told), sorted(expected))
    for category, wanted in sorted(expected.items()):
        shown = [told[category][name] for name in FIGURES]
        findings.equal(category, shown, [wanted[name] for name in FIGURES])


async def _import_again(stage: Stage) -> None:
    findings = stage.findings
    findings.say("\nThe same file again")
    before = stage.count_reported()
    told = await Importer(stage.access, stage.path, _nothing).load()
    findings.equal("created", told["created"], 0)
    findings.equal("unchanged", told["unchanged"], len(stage.rows))
    await _caught_up(stage, TOPIC)
    findings.equal("new ids in Kafka", len(stage.count_reported().ids) - len(before.ids), 0)
    findings.equal("messages at the phones", len(await stage.ledger()), 0)


async def _morning(clock: Path) -> None:
    """Jump to the city's next morning: at night nobody is told of ordinary things."""
    now = JumpingClock(clock).now().astimezone(CITY_ZONE)
    nine = now.replace(hour=9, minute=0, second=0, microsecond=0)
    jump(clock, nine if now <= nine else nine + timedelta(days=1))
    await asyncio.sleep(RECHECK_SECONDS * 1.5)  # until no process believes in the night any more


async def _live(stage: Stage, app: App) -> list[dict[str, Any]]:
    findings, executioner = stage.findings, stage.executioner
    findings.say(f"\nLive: the first {LIVE_ROWS} rows by an app, killed at {KILLS_EACH} rows")
    executioner.unanswered = lambda: app.unanswered
    rows = list(stage.rows[:LIVE_ROWS])
    answers = await app.report(rows)
    await executioner.all_restarted()
    cases = [answer["id"] for answer in answers]
    findings.equal("distinct cases", len(set(cases)), LIVE_ROWS)
    expected = expected_messages(rows, cases)
    found = await _settled(stage, expected.total())
    findings.equal("messages at the phones", found.total(), expected.total())
    findings.equal("missing", (expected - found).total(), 0)
    findings.equal("surplus", (found - expected).total(), 0)
    topic = stage.count_reported()
    findings.equal("distinct issue-reported ids in Kafka", len(topic.ids), len(stage.rows) + LIVE_ROWS)
    findings.count("repeats in Kafka", topic.repeats)
    lines = await stage.ledger()
    findings.count("repeats the phones' provider dropped", sum(line["repeats"] for line in lines))
    return answers


async def _settled(stage: Stage, many: int) -> Counter[Shown]:
    """Wait for as many messages and for all topics to be read; then nothing more can be under way."""

    async def arrived() -> bool:
        return len(await stage.ledger()) >= many

    await _until(arrived)
    await _caught_up(stage, TOPIC)
    await asyncio.sleep(3)
    return Counter(_shown(line) for line in await stage.ledger())


def _shown(line: dict[str, Any]) -> Shown:
    if line["channel"] == "sms":
        return Shown("sms", line["to"], line["text"])
    return Shown("push", line["device"], line["body"])


async def _published(stage: Stage, many: int) -> bool:
    return len((await asyncio.to_thread(stage.count_reported)).ids) >= many


async def _caught_up(stage: Stage, topic: str) -> None:
    """Wait until notify has taken everything there is in a topic."""

    async def done() -> bool:
        return await unpublished(stage.access, stage.suite) == 0 and not await asyncio.to_thread(
            behind, stage.kafka(), "linli.notify", topic
        )

    await _until(done)


async def _until(done: Callable[[], Any]) -> None:
    """Wait for something with an end; what was not reached shows in the figures."""
    deadline = time.monotonic() + SETTLING
    while not await done() and time.monotonic() < deadline:  # noqa: ASYNC110  (others' state is polled)
        await asyncio.sleep(0.5)


async def unpublished(access: Access, suite: Suite, relay: str = "issues-relay") -> int:
    """Read from a relay's own metrics how many outbox rows wait; -1 while it cannot say."""
    try:
        answer = await access.client.get(f"{suite.url(relay)}/metrics", timeout=2)
    except httpx.TransportError:
        return -1
    for line in answer.text.splitlines():
        if line.startswith("linli_outbox_waiting "):
            return int(float(line.split()[1]))
    return -1


async def _nothing(_position: int) -> None:
    """Kill nobody."""


def _print_kills(executioner: Executioner, findings: Findings) -> None:
    findings.say("\nKilled with -9 at row positions, with requests unanswered and outbox rows unpublished")
    for one in executioner.done:
        air = f"{one.unanswered} unanswered, {one.unpublished} unpublished"
        findings.count(f"row {one.kill.position}: {one.kill.target}", air)
    loaded = sum(one.unanswered > 0 or one.unpublished > 0 for one in executioner.done)
    findings.equal("kills", len(executioner.done), 2 * KILLS_EACH)
    findings.at_least("of them with something in the air", loaded, 10)
