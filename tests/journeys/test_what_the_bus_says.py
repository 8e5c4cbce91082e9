"""All that a story puts on the bus, read by a foreign library, valid by the schemas, silent about persons."""

import uuid

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from tests.contracts.checked_in import validator
from tests.fixtures.bus import Kept
from tests.fixtures.deployment import Deployment
from tests.fixtures.neighbourhood import Neighbourhood
from tests.fixtures.waiting import eventually

TOPICS = ("linli.register", "linli.issues", "linli.notify")
DOOR, WORDS = "HY-12-301室", "张阿姨家门口"
STORY = {
    "linli.issues.place-registered.v1",
    "linli.issues.household-registered.v1",
    "linli.issues.household-ended.v1",
    "linli.issues.role-granted.v1",
    "linli.issues.role-revoked.v1",
    "linli.issues.issue-reported.v1",
    "linli.issues.issue-assigned.v1",
    "linli.issues.issue-resolved.v1",
    "linli.notify.message-delivered.v1",
}


@pytest.fixture(scope="module")
def here(deployment: Deployment) -> Neighbourhood:
    """One community whose story all tests here read."""
    return deployment.neighbourhood()


@pytest.fixture(scope="module")
def said(deployment: Deployment, here: Neighbourhood) -> list[Kept]:
    """What a community said from its founding to a resolved case, once all of it is out."""
    _move_in_and_out(here)
    case = here.reported(here.resident, description=WORDS, position={"latitude": 30.0, "longitude": 122.1})
    here.resolved(here.guard, case, here.resident)
    here.hears_all()
    here.revoke(here.deputy)
    community = here.community.encode()

    def complete() -> list[Kept]:
        records = [record for topic in TOPICS for record in deployment.bus.records(topic)]
        own = [record for record in records if record.headers.get("ce_community") == community]
        delivered = [record for record in own if record.type.endswith("message-delivered.v1")]
        return own if {record.type for record in own} >= STORY and len(delivered) == len(here.told) else []

    return eventually(complete, 20, "everything that happened, on the bus")


def test_it_is_what_its_schemas_promise(said: list[Kept]) -> None:
    for record in said:
        event = _read(record)
        assert [error.message for error in validator(event.get_type()).iter_errors(event.get_data())] == []
        headers = {name: value.decode() for name, value in record.headers.items()}
        assert [error.message for error in validator("attributes").iter_errors(headers)] == []
        assert event.get_subject() == (record.key or b"").decode()


def test_a_things_events_lie_in_one_partition_in_the_order_of_their_sequence(said: list[Kept]) -> None:
    by_key: dict[bytes | None, list[Kept]] = {}
    for record in said:
        by_key.setdefault(record.key, []).append(record)
    for records in by_key.values():
        sequences = [int(record.headers["ce_sequence"]) for record in records]
        assert sequences == sorted(sequences)
        assert len({record.partition for record in records}) == 1


def test_nothing_tells_a_number_a_door_or_a_word(said: list[Kept], here: Neighbourhood) -> None:
    everything = b"".join((record.value or b"") + repr(record.headers).encode() for record in said).decode()
    secrets = [neighbour.address for neighbour in here.people] + [here.resident.address.removeprefix("+86")]
    assert not [secret for secret in (*secrets, DOOR, WORDS, "122.1") if secret in everything]


def _move_in_and_out(here: Neighbourhood) -> None:
    building = {"kind": "building", "parent": here.compound, "code": "HY-12", "name": "12幢"}
    parent = here.send(here.operator, "POST", "issues", "/places", status=201, json=building).json()["id"]
    unit = {"kind": "unit", "parent": parent, "code": DOOR, "name": DOOR, "floor_area_cm2": 882_500}
    home = here.send(here.operator, "POST", "issues", "/places", status=201, json=unit).json()["id"]
    household = {"code": f"H-{uuid.uuid4().hex[:6]}", "unit": home, "persons": [here.resident.person]}
    entered = here.send(here.operator, "POST", "issues", "/households", status=201, json=household).json()
    path = f"/households/{entered['id']}"
    here.send(here.operator, "DELETE", "issues", path, status=200, headers={"if-match": '"1"'})


def _read(record: Kept) -> CloudEvent:
    read = from_binary(KafkaMessage(dict(record.headers), record.key, record.value or b""), JSONFormat())
    assert isinstance(read, CloudEvent)
    return read
