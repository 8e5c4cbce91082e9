"""Kill -9 at every named point of relay, consumer and sender: each intent rings exactly once."""

import signal
import uuid
from collections import Counter
from itertools import cycle

import httpx
import pytest

from tests.fixtures.deployment import Deployment
from tests.fixtures.neighbourhood import Neighbour, Neighbourhood
from tests.fixtures.waiting import eventually

# Of all passings the second one kills: the first shows that passing as such does no harm.
POINTS = {
    "relay.read": "issues",
    "relay.sent": "issues",
    "consumer.effect": "notify",
    "consumer.committed": "notify",
    "sender.attempted": "notify",
    "sender.sent": "notify",
}
MOST_REPORTS = 40


@pytest.mark.parametrize("point", POINTS)
def test_killed_there_and_started_again_every_phone_rings_once(
    deployment: Deployment, here: Neighbourhood, point: str
) -> None:
    service = POINTS[point]
    deployment.suite.kill(service)
    deployment.suite.start(service, LINLI_CRASH_AT=f"{point}:2")
    sent = _report_until_dead(deployment, here, service)
    deployment.suite.start(service)
    cases = [_accepted(here, key, reporter) for key, reporter in sent.items()]
    here.hears_all()
    _assert_it_mattered(deployment, here, point, cases)


def _report_until_dead(deployment: Deployment, here: Neighbourhood, service: str) -> dict[str, Neighbour]:
    """Report until the process is dead; who got no answer keeps the key and asks again later."""
    child, sent = deployment.suite.child(service), dict[str, Neighbour]()
    for reporter in cycle((here.resident, here.rider)):
        if not child.alive or len(sent) == MOST_REPORTS:
            break
        key = uuid.uuid4().hex
        sent[key] = reporter
        try:
            here.report(reporter, key=key)
        except httpx.TransportError:
            break
        child.ended(0.2)
    eventually(lambda: not child.alive, 20, f"{service} reaches the point at which it dies")
    assert child.exit_code == -signal.SIGKILL
    return sent


def _accepted(here: Neighbourhood, key: str, reporter: Neighbour) -> str:
    """Ask with the same key: the first answer, or the first time that it is stored."""
    answer = here.report(reporter, key=key)
    assert answer.status_code == 201, answer.text
    case = str(answer.json()["id"])
    here.tell_of(case, reporter)
    return case


def _assert_it_mattered(deployment: Deployment, here: Neighbourhood, point: str, cases: list[str]) -> None:
    """Where it can be seen from outside, what the crash left half done was half done."""
    if point == "relay.sent":
        community = here.community.encode()
        records = deployment.bus.records("linli.issues")
        ids = Counter(r.headers["ce_id"] for r in records if r.headers.get("ce_community") == community)
        assert max(ids.values()) > 1
    if point == "consumer.committed":
        repeats = ("notify", "linli_events_consumed_total")
        eventually(lambda: deployment.metric(*repeats, outcome="repeat"), 15, "the events come once more")
    if point.startswith("sender."):
        assert any(None in attempts for case in cases for attempts in here.attempts(case))
