"""The end of the play of the issue reports: nobody does anything for a week, and issues is killed."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, Final

from deploy.embedded.suite import Suite
from deploy.replay.findings import Findings
from deploy.replay.lateness import Escalation, escalations
from deploy.replay.topics import said_at
from shared.runtime.clock import JumpingClock, jump

A_WEEK: Final = timedelta(days=7)
KILLS: Final = 5
OVERDUE: Final = "linli.issues.issue-overdue.v1"
TOPIC: Final = "linli.issues"
PATIENCE: Final = 60


async def play_a_week(
    suite: Suite,
    hands: ThreadPoolExecutor,
    settings: Callable[[], Mapping[str, str]],
    answers: Sequence[Mapping[str, Any]],
    findings: Findings,
) -> None:
    """Jump business time by a week, kill issues while it escalates, and count the levels in Kafka."""
    findings.say(f"\nA week passes: levels of {len(answers)} live cases, issues killed {KILLS} times")
    clock = suite.folder / "clock.json"
    now = jump(clock, JumpingClock(clock).now() + A_WEEK)
    for _ in range(KILLS):
        await asyncio.sleep(0.4)
        suite.kill("issues")
        await asyncio.get_running_loop().run_in_executor(hands, suite.start, "issues")
    expected = escalations(answers, now)
    found = await _heard(settings, expected.total())
    until = JumpingClock(clock).now()
    surplus = found - escalations(answers, until)
    findings.equal("levels in Kafka that must be there and are not", (expected - found).total(), 0)
    findings.equal("levels in Kafka that must not be there", surplus.total(), 0)
    findings.at_least("levels of live cases, each once", found.total(), len(answers))
    for level in sorted({level for _, level, _ in found}):
        cases = sum(many for (_, number, _), many in found.items() if number == level)
        findings.count(f"cases that came to level {level}", cases)


async def _heard(settings: Callable[[], Mapping[str, str]], many: int) -> Counter[Escalation]:
    """Read what was said until it is as much as must be; what was not reached shows in the figures."""
    found: Counter[Escalation] = Counter()
    for _ in range(PATIENCE):
        events = await asyncio.to_thread(said_at, settings(), TOPIC, OVERDUE)
        found = Counter(
            (str(data["case"]), int(data["level"]), datetime.fromisoformat(when))
            for when, data in events.values()
        )
        if found.total() >= many:
            break
        await asyncio.sleep(1)
    return found
