"""Gateways that misbehave: every message rings exactly once, or its end is told."""

import uuid
from collections.abc import Iterator
from datetime import timedelta

import orjson
import pytest

from shared.runtime.clock import jump
from tests.fixtures.deployment import Deployment
from tests.fixtures.foreign import assigned_event
from tests.fixtures.neighbourhood import Neighbourhood
from tests.fixtures.waiting import eventually

SCRIPTS: dict[str, dict[str, float]] = {
    # Taken, but the answer was lost, or was an error, or came late.
    "drop-answer": {"count": 1},
    "error-after-accept": {"count": 2},
    "slow": {"count": 1, "seconds": 1.5},
    # Turned away.
    "throttle": {"count": 2, "seconds": 1},
    "unavailable": {"count": 2},
}
WENT_WRONG = {
    "drop-answer": "unknown",
    "error-after-accept": "unknown",
    "slow": "accepted",
    "throttle": "throttled",
    "unavailable": "unknown",
}


@pytest.fixture(autouse=True)
def _well_again(here: Neighbourhood) -> Iterator[None]:
    yield
    here.ledger.fault("none")


@pytest.mark.parametrize("mode", SCRIPTS)
def test_each_message_rings_once(here: Neighbourhood, mode: str) -> None:
    here.ledger.fault(mode, channel="sms", **SCRIPTS[mode])
    case = here.reported(here.resident)
    here.hears_all()
    # The first attempt went wrong as scripted; a receipt or a further attempt has settled it.
    first = {attempts[0] for attempts in here.attempts(case) if attempts}
    assert WENT_WRONG[mode] in first, first


def test_a_number_that_is_refused_does_not_ring_and_that_is_told(
    deployment: Deployment, here: Neighbourhood
) -> None:
    here.ledger.fault("refuse", channel="push", count=1)
    case = here.reported(here.resident)
    refused = here.guard.hears("case-assigned", case)
    here.told.remove(refused)
    here.hears_all()
    eventually(lambda: bool(here.ledger.lines([here.guard.address])), 10, "the refused message in the ledger")
    assert [line["status"] for line in here.ledger.lines([here.guard.address])] == ["rejected"]
    eventually(lambda: _failures(deployment, here) == {(here.guard.person, "rejected")}, 10, "message-failed")


def test_until_its_deadline_a_message_is_tried_and_then_given_up(
    deployment: Deployment, here: Neighbourhood
) -> None:
    here.ledger.fault("throttle", channel="push", seconds=1)
    # Not one of ours, which would be overdue tomorrow: others would hear of that.
    case = str(uuid.uuid4())
    event = assigned_event(here, case)
    deployment.bus.produce("linli.issues", event.value, key=event.key, headers=event.headers)
    here.told.append(here.deputy.hears("case-assigned", case))
    here.hears_all()
    eventually(lambda: ["throttled"] * 2 in here.attempts(case), 20, "a second attempt")
    jump(here.clock, here.now + timedelta(days=1, minutes=1))
    expired = {(here.guard.person, "expired")}
    eventually(lambda: _failures(deployment, here) == expired, 20, "message-failed")
    here.ledger.fault("none")
    here.reported(here.rider)
    here.hears_all()


def _failures(deployment: Deployment, here: Neighbourhood) -> set[tuple[str, str]]:
    """Who was not told, and why, as notify says on the bus."""
    community = here.community.encode()
    records = deployment.bus.records("linli.notify")
    said = [
        orjson.loads(record.value or b"")
        for record in records
        if record.type.endswith("message-failed.v1") and record.headers["ce_community"] == community
    ]
    return {(each["person"], each["reason"]) for each in said}
