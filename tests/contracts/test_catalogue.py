"""Every event has a reader or a reason, and the catalogue tells what the services really do."""

import importlib
from pathlib import Path

import pytest
import yaml

from shared.contracts.catalogue import READERS, UNREAD, published, rows, table
from shared.contracts.generation.readme import BEGIN, README, readme_differs
from tests.contracts.checked_in import ROOT

SUBSCRIBERS = sorted(path.parent.name for path in (ROOT / "services").glob("*/subscriptions.py"))


def test_every_event_has_a_reader_or_a_reason() -> None:
    facts = set(published().values())
    assert READERS.keys() | UNREAD.keys() == facts
    assert not READERS.keys() & UNREAD.keys()
    assert all(READERS.values())
    assert all(UNREAD.values())


def test_no_service_reads_its_own_events() -> None:
    assert not [fact for fact, readers in READERS.items() if fact.producer in readers]


def test_every_producer_and_reader_is_a_service() -> None:
    services = {path.name for path in (ROOT / "services").iterdir() if (path / "domain").is_dir()}
    if len(services) < 4:
        pytest.skip(f"only {sorted(services)} stand yet")
    named = {row.producer for row in rows()} | {reader for row in rows() for reader in row.consumers}
    assert named <= services


@pytest.mark.parametrize("service", SUBSCRIBERS)
def test_the_catalogue_names_what_a_service_subscribes_to(service: str) -> None:
    module = importlib.import_module(f"services.{service}.subscriptions")
    named = {fact for fact, readers in READERS.items() if service in readers}
    assert set(module.SUBSCRIPTIONS) == named


def test_every_service_named_as_a_reader_subscribes() -> None:
    readers = {reader for found in READERS.values() for reader in found}
    standing = {path.name for path in (ROOT / "services").iterdir() if (path / "app.py").is_file()}
    assert readers & standing <= set(SUBSCRIBERS)


def test_the_table_has_one_line_per_event() -> None:
    lines = table().splitlines()
    assert len(lines) == 2 + len(published())
    assert all(line.count("|") == lines[0].count("|") for line in lines)
    row = "| `linli.register` | `linli.issues.place-registered.v1` | issues | place | notify, parking, vol"
    assert row in table()


def test_the_readme_shows_the_table() -> None:
    if not README.is_file() or BEGIN not in README.read_text(encoding="utf-8"):
        pytest.skip("the root README has no marks for the event table yet")
    assert not readme_differs()


def test_every_contract_module_is_exported() -> None:
    package = ROOT / "shared" / "contracts"
    aggregates = {path for path in package.glob("*/*.py") if path.stem != "__init__"}
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in aggregates
        if path.parent.name != "generation"
    }
    assert modules == {fact.__module__ for fact in published().values()}


def test_the_topics_file_has_every_topic_of_the_contracts() -> None:
    file = ROOT / "deploy" / "kafka" / "topics.yaml"
    if not Path(file).is_file():
        pytest.skip("deploy/kafka/topics.yaml does not stand yet")
    declared = yaml.safe_dump(yaml.safe_load(file.read_text(encoding="utf-8")))
    assert not [row.topic for row in rows() if row.topic not in declared]
