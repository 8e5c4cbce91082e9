"""The AsyncAPI document holds what the contracts say, and the reference parser finds no error in it."""

import fcntl
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.contracts.catalogue import published, rows
from tests.contracts.checked_in import CONTRACTS, ROOT, Json, load

HERE = Path(__file__).parent / "asyncapi"
INSTALLED = ROOT / ".linli" / "node"
INSTALLATION_SECONDS = 75


@pytest.fixture(scope="module")
def document() -> Json:
    text = (CONTRACTS / "asyncapi.yaml").read_text(encoding="utf-8")
    loaded: Json = yaml.load(text, Loader=yaml.CSafeLoader)
    return loaded


def pointed(document: Json, reference: str) -> Any:
    """What a local reference names."""
    found: Any = document
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [found for part in node for found in references(part)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
    return own + [found for part in node.values() for found in references(part)]


def test_every_reference_leads_somewhere(document: Json) -> None:
    found = references(document)
    assert found
    assert all(pointed(document, reference) for reference in found)


def test_every_event_is_sent_by_its_owner_and_received_by_its_readers(document: Json) -> None:
    told = set()
    for name, operation in document["operations"].items():
        for message in operation["messages"]:
            told.add((name.split(".")[0], operation["action"], message["$ref"].rsplit("/", 1)[1]))
    sent = {(row.producer, "send", row.type) for row in rows()}
    received = {(reader, "receive", row.type) for row in rows() for reader in row.consumers}
    assert told == sent | received


def test_every_message_lies_on_its_topic_with_its_examples(document: Json) -> None:
    on_channels = {name: channel["address"] for channel in document["channels"].values()
                   for name in channel["messages"]}  # fmt: skip
    assert on_channels == {name: f"{{prefix}}{fact.topic}" for name, fact in published().items()}
    for name in published():
        shown = document["components"]["messages"][name]["examples"]
        assert [one["payload"] for one in shown] == [one["value"] for one in load("examples", name)]


# -- the reference parser -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def installed() -> Path:
    """The folder with the parser, installed once; skips where that cannot be."""
    if shutil.which("node") is None:
        pytest.skip("node is absent, and the AsyncAPI parser runs on it")
    wanted = json.loads((HERE / "package.json").read_text(encoding="utf-8"))["dependencies"][
        "@asyncapi/parser"
    ]
    INSTALLED.mkdir(parents=True, exist_ok=True)
    with (INSTALLED / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _installed_version() != wanted:
            _install()
    if _installed_version() != wanted:
        pytest.skip(f"@asyncapi/parser {wanted} could not be installed with npm")
    return INSTALLED


def _installed_version() -> str | None:
    package = INSTALLED / "node_modules" / "@asyncapi" / "parser" / "package.json"
    if not package.is_file():
        return None
    version: str = json.loads(package.read_text(encoding="utf-8"))["version"]
    return version


def _install() -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is absent, and the AsyncAPI parser is not installed")
    shutil.copy(HERE / "package.json", INSTALLED / "package.json")
    quiet = ["--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        subprocess.run(
            [npm, "install", *quiet],
            cwd=INSTALLED,
            capture_output=True,
            check=False,
            timeout=INSTALLATION_SECONDS,
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm did not install the AsyncAPI parser within {INSTALLATION_SECONDS} s")


def diagnose(installed: Path, file: Path) -> Json:
    command = ["node", str(HERE / "diagnose.js"), str(installed), str(file)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    found: Json = json.loads(answer.stdout)
    return found


def test_the_parser_finds_no_error(installed: Path) -> None:
    found = diagnose(installed, CONTRACTS / "asyncapi.yaml")
    assert [finding for finding in found["findings"] if finding["severity"] <= 1] == []
    assert found["counts"]["messages"] == len(published())


def test_the_parser_finds_an_error_where_there_is_one(
    installed: Path, document: Json, tmp_path: Path
) -> None:
    name, topic = "linli.notify.message-failed.v1", "notify"
    wrong = json.loads(json.dumps(document))
    # One channel of it is enough, and many times as quick.
    wrong["channels"] = {topic: wrong["channels"][topic]}
    operations = wrong["operations"].items()
    wrong["operations"] = {key: told for key, told in operations if key == "notify.publishes.notify"}
    for kind in ("messages", "schemas"):
        parts = wrong["components"][kind]
        wrong["components"][kind] = {key: part for key, part in parts.items() if ".notify." in key}
    wrong["components"]["schemas"][name]["properties"]["message"]["type"] = "uuid"
    del wrong["channels"][topic]["messages"][name]
    file = tmp_path / "asyncapi.yaml"
    file.write_text(yaml.dump(wrong, Dumper=yaml.CSafeDumper), encoding="utf-8")
    found = diagnose(installed, file)
    assert [finding for finding in found["findings"] if finding["severity"] == 0]
