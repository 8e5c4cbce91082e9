"""Repeated, delayed and reordered events: what has been told is told once, what is too late not at all."""

import uuid
from datetime import timedelta

from tests.fixtures.bus import Bus, Kept
from tests.fixtures.deployment import Deployment
from tests.fixtures.foreign import assigned_event
from tests.fixtures.neighbourhood import Neighbourhood
from tests.fixtures.waiting import eventually


def test_recorded_events_come_again_backwards_and_in_other_partitions(
    deployment: Deployment, here: Neighbourhood
) -> None:
    bus = deployment.bus
    cases = [here.reported(here.resident), here.reported(here.rider)]
    here.resolved(here.guard, cases[0], here.resident)
    here.hears_all()
    recorded = _of(bus, "linli.issues", here)
    assert len(recorded) == 5
    for record in reversed(recorded):
        bus.repeat("linli.issues", record)
    for record in recorded:
        bus.repeat("linli.issues", record, partition=(record.partition + 1) % len(bus.ends("linli.issues")))
    bus.wait_consumed("notify", "linli.issues")
    here.reported(here.resident)
    here.hears_all()
    # Not even the provider saw them again: the inbox kept them from being planned.
    assert all(line["repeats"] == 0 for line in here.ledger.lines(here.addresses))


def test_the_register_read_backwards_leaves_the_audience_as_it_was(
    deployment: Deployment, here: Neighbourhood
) -> None:
    bus = deployment.bus
    here.revoke(here.guard)
    here.wait_for_audience()
    recorded = _of(bus, "linli.register", here)
    assert sum(record.type == "linli.issues.role-revoked.v1" for record in recorded) == 1
    for record in reversed(recorded):
        bus.repeat("linli.register", record)
    bus.wait_consumed("notify", "linli.register")
    case = here.reported(here.resident)
    here.hears_all()
    assert here.guard.hears("case-assigned", case) not in here.told


def test_a_strangers_event_is_told_late_but_not_after_its_deadline(
    deployment: Deployment, here: Neighbourhood
) -> None:
    """An assignment may be told for a day: one of 23 hours ago is, one of 25 hours ago is not."""
    in_time, too_late = str(uuid.uuid4()), str(uuid.uuid4())
    for case, hours in ((too_late, 25), (in_time, 23)):
        event = assigned_event(here, case, timedelta(hours=hours))
        deployment.bus.produce("linli.issues", event.value, key=event.key, headers=event.headers)
    here.tell_of(in_time, None)
    here.hears_all()

    def ended() -> bool:
        listed = here.send(here.operator, "GET", "notify", "/messages", params={"about": too_late}).json()
        return [message["state"] for message in listed["items"]] == ["expired", "expired"]

    eventually(ended, 10, "both messages that are too late are given up")
    here.hears_all(0)


def _of(bus: Bus, topic: str, here: Neighbourhood) -> list[Kept]:
    community = here.community.encode()
    return [record for record in bus.records(topic) if record.headers.get("ce_community") == community]
