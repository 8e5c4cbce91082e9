"""Schemas and examples stand up to validators that are not ours, and broken examples fall."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from shared.contracts.attributes import MOST_VALUE_BYTES
from shared.contracts.catalogue import published
from shared.contracts.generation.examples import examples
from shared.contracts.generation.record import Example, headers_of
from shared.messaging.envelope import VALUE_LIMIT, read_record, to_record
from tests.contracts.checked_in import CONTRACTS, Json, load, records, types, validator

every_record = pytest.mark.parametrize(
    "record", list(records()), ids=lambda record: f"{record['headers']['ce_type']}: {record['summary']}"
)
every_example = pytest.mark.parametrize(
    "example",
    [example for found in examples().values() for example in found],
    ids=lambda example: f"{example.event.type}: {example.summary}",
)


def test_every_event_has_a_schema_and_an_example() -> None:
    assert types() == sorted(published())
    assert {path.stem for path in (CONTRACTS / "schemas").glob("*.json")} == {*published(), "attributes"}
    assert all(load("examples", name) for name in types())


@every_record
def test_an_example_is_valid(record: Json) -> None:
    assert [
        error.message for error in validator(record["headers"]["ce_type"]).iter_errors(record["value"])
    ] == []
    assert [error.message for error in validator("attributes").iter_errors(record["headers"])] == []


@every_record
def test_key_subject_and_field_are_one(record: Json) -> None:
    about = load("schemas", record["headers"]["ce_type"])["x-linli"]
    assert record["topic"] == about["topic"]
    assert record["key"] == record["value"][about["subject"]]
    assert record["headers"]["ce_subject"] == record["headers"]["ce_partitionkey"] == record["key"]


@every_record
def test_an_example_without_a_required_field_is_refused(record: Json) -> None:
    schema = validator(record["headers"]["ce_type"])
    for name in schema.schema["required"]:
        assert not schema.is_valid({key: value for key, value in record["value"].items() if key != name})
    for name in load("schemas", "attributes")["required"]:
        headers = {key: value for key, value in record["headers"].items() if key != name}
        assert not validator("attributes").is_valid(headers)


@every_record
def test_an_example_with_a_wrong_field_is_refused(record: Json) -> None:
    schema = validator(record["headers"]["ce_type"])
    for name in record["value"]:
        assert not schema.is_valid(record["value"] | {name: {"wrong": "kind"}}), name


BROKEN: list[tuple[str, Json]] = [
    ("linli.issues.place-registered.v1", {"kind": "unit", "name": "12幢301室"}),
    ("linli.issues.place-registered.v1", {"kind": "street"}),
    ("linli.issues.issue-reported.v1", {"reported_at": "2026-03-02T08:15:30+08:00"}),
    ("linli.issues.issue-reported.v1", {"category": "A lamp is broken"}),
    ("linli.issues.issue-reported.v1", {"case": "17"}),
    ("linli.issues.issue-assigned.v1", {"assignee": {"place": None}}),
    ("linli.parking.vehicle-registered.v1", {"masked_plate": "浙L12123"}),
    ("linli.parking.vehicle-registered.v1", {"index": 0}),
]


@pytest.mark.parametrize(("name", "change"), BROKEN, ids=lambda value: json.dumps(value, ensure_ascii=False))
def test_a_broken_example_is_refused(name: str, change: Json) -> None:
    assert not validator(name).is_valid(load("examples", name)[0]["value"] | change)


def check_jsonschema(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_the_schemas_are_valid_draft_07() -> None:
    files = sorted((CONTRACTS / "schemas").glob("*.json"))
    assert all(
        load("schemas", path.stem)["$schema"] == "http://json-schema.org/draft-07/schema#" for path in files
    )
    checked = check_jsonschema("--check-metaschema", *files)
    assert checked.returncode == 0, checked.stdout


def test_the_command_that_others_use_agrees(tmp_path: Path) -> None:
    name = "linli.issues.issue-assigned.v1"
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    value = load("examples", name)[0]["value"]
    good.write_text(json.dumps(value), encoding="utf-8")
    bad.write_text(json.dumps(value | {"priority": "whenever"}), encoding="utf-8")
    schema = CONTRACTS / "schemas" / f"{name}.json"
    assert check_jsonschema("--schemafile", schema, good).returncode == 0
    refused = check_jsonschema("--schemafile", schema, bad)
    assert refused.returncode == 1
    assert "whenever" in refused.stdout


# -- our own envelope and a foreign one ---------------------------------------------------------------------


@every_example
def test_an_example_is_what_goes_to_kafka(example: Example) -> None:
    record = to_record(example.event)
    assert record.headers == headers_of(example.event)
    assert (record.topic, record.key) == (example.event.topic, example.event.subject.encode())


@every_example
def test_an_example_is_read_back_as_the_same_event(example: Example) -> None:
    record = to_record(example.event)
    headers = [(name, text.encode()) for name, text in record.headers.items()]
    assert read_record(headers, record.value, timestamp=0) == example.event


def test_the_value_limit_is_the_contracts() -> None:
    assert VALUE_LIMIT == MOST_VALUE_BYTES


@every_record
def test_a_foreign_reader_understands_an_example(record: Json) -> None:
    headers: dict[str, Any] = {name: text.encode() for name, text in record["headers"].items()}
    value = json.dumps(record["value"]).encode()
    event = from_binary(KafkaMessage(headers, record["key"].encode(), value), JSONFormat(), CloudEvent)
    assert event.get_id() == record["headers"]["ce_id"]
    assert event.get_type() in published()
    assert event.get_source().startswith("/linli/")
    assert event.get_specversion() == "1.0"
    assert event.get_datacontenttype() == "application/json"
    assert event.get_subject() == event.get_extension("partitionkey") == record["key"]
    assert event.get_data() == record["value"]
    time = event.get_time()
    assert time is not None
    assert time.tzinfo is not None
    assert int(event.get_extension("sequence")) >= 1
