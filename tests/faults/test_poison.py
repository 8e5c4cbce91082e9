"""Poison on notify's input topics: kept with its reason, counted, in the way of nothing but its own key."""

import subprocess
import sys
import uuid
from typing import Any

import orjson
import pytest

from tests.fixtures.deployment import Deployment
from tests.fixtures.foreign import assigned_event
from tests.fixtures.neighbourhood import Neighbourhood
from tests.fixtures.waiting import eventually

TOPICS = ("linli.issues", "linli.register")
# Whether it has an envelope, and its value.
POISON: dict[str, tuple[bool, bytes | None]] = {
    "no-envelope": (False, b'{"hello": 1}'),
    "broken-json": (True, b'{"case": '),
    "null-value": (True, None),
    "oversize": (True, b'"' + b"x" * 3_000_000 + b'"'),
}


@pytest.mark.parametrize("reason", POISON)
def test_poison_is_a_dead_letter_and_the_next_good_record_rings(
    deployment: Deployment, here: Neighbourhood, reason: str
) -> None:
    bus, (envelope, value) = deployment.bus, POISON[reason]
    before = deployment.metric("notify", "linli_dead_letters_total", reason=reason)
    written = []
    for topic in TOPICS:
        # A compacted topic takes no record without a key.
        key = None if topic == "linli.issues" else reason.encode()
        case = str(uuid.uuid4())
        good = assigned_event(here, case)
        partition, offset = bus.produce(topic, value, key=key, headers=good.headers if envelope else {})
        # Right behind it, in the same partition.
        bus.produce(topic, good.value, key=good.key, headers=good.headers, partition=partition)
        here.tell_of(case, None)
        here.hears_all()
        written.append({"topic": topic, "partition": partition, "offset": offset, "reason": reason})
    assert deployment.metric("notify", "linli_dead_letters_total", reason=reason) == before + len(written)
    eventually(lambda: _announced(deployment, written), 10, f"{written} in the dead topic")


def test_what_nobody_knows_is_skipped_and_counted(deployment: Deployment, here: Neighbourhood) -> None:
    def skipped() -> float:
        return deployment.metric("notify", "linli_events_consumed_total", type="unknown", outcome="skipped")

    before, case = skipped(), str(uuid.uuid4())
    good = assigned_event(here, case)
    for unknown in ("linli.issues.issue-praised.v1", "linli.issues.issue-assigned.v2", "org.example.hello"):
        headers = {**good.headers, "ce_type": unknown, "ce_id": uuid.uuid4().hex}
        deployment.bus.produce("linli.issues", good.value, key=good.key, headers=headers)
    deployment.bus.produce("linli.issues", good.value, key=good.key, headers=good.headers)
    here.tell_of(case, None)
    here.hears_all()
    assert skipped() == before + 3


def test_what_waits_behind_poison_rings_when_an_operator_gives_the_poison_up(
    deployment: Deployment, here: Neighbourhood
) -> None:
    case = str(uuid.uuid4())
    good = assigned_event(here, case)
    place = deployment.bus.produce("linli.issues", b"{", key=good.key, headers=good.headers)
    deployment.bus.produce("linli.issues", good.value, key=good.key, headers=good.headers)
    here.reported(here.resident)
    here.hears_all()
    deployment.bus.wait_consumed("notify", "linli.issues")
    letter = _letter(_command(deployment, "dead-letters"), *place)
    here.hears_all(0)
    here.tell_of(case, None)
    assert _command(deployment, "redeliver", letter, "--discard") == "1 put back, 0 dead still\n"
    here.hears_all()


def _command(deployment: Deployment, *arguments: str) -> str:
    """What a command of notify prints, run as an operator would beside the running service."""
    environment = deployment.suite.service_environment("notify")
    command = [sys.executable, "-m", "services.notify", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _letter(listed: str, partition: int, offset: int) -> str:
    """The id of the dead letter of one record, which has one record parked behind it."""
    place = f" linli.issues/{partition}/{offset} "
    (line,) = [line for line in listed.splitlines() if place in line]
    assert "(1 parked behind it)" in line
    return line.split(" ")[0]


def _announced(deployment: Deployment, written: list[dict[str, Any]]) -> bool:
    """Whether the dead topic names these records, each with its reason and none with its content."""
    dead = [orjson.loads(record.value or b"") for record in deployment.bus.records("linli.notify.dead")]
    assert all(set(letter).isdisjoint({"key", "value"}) for letter in dead)
    return all(any(said.items() <= letter.items() for letter in dead) for said in written)
