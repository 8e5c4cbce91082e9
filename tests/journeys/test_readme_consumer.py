"""The README's consumer for another system does what it says, run as it stands there."""

import os
import re
import sys
from pathlib import Path

from deploy.embedded.processes import Child
from tests.fixtures.deployment import Deployment
from tests.fixtures.folders import REPOSITORY
from tests.fixtures.neighbourhood import CATEGORY, Neighbourhood

_EXAMPLE = re.compile(r"<!-- example consumer: tests run it -->\s*```python\n(.*?)```", re.DOTALL)


def test_the_readmes_consumer_prints_an_assigned_case_once(
    deployment: Deployment, here: Neighbourhood, tmp_path: Path
) -> None:
    program = tmp_path / "consumer.py"
    found = _EXAMPLE.search((REPOSITORY / "README.md").read_text("utf-8"))
    assert found, "the README has no example consumer"
    program.write_text(found[1], "utf-8")
    assert len(found[1].splitlines()) <= 30
    kafka = {
        "KAFKA_BOOTSTRAP_SERVERS": deployment.suite.wiring.kafka()["KAFKA_BOOTSTRAP_SERVERS"],
        "KAFKA_TOPIC_PREFIX": deployment.bus.prefix,
    }
    # Others have poisoned this topic before; a bare example may stumble over that, but not over nulls.
    deployment.bus.skip("my-system", "linli.issues")
    deployment.bus.produce("linli.issues", None, headers={"ce_type": "linli.issues.issue-assigned.v1"})
    deployment.bus.produce("linli.issues", b"{}", headers={"ce_type": None})
    deployment.bus.wait_consumed("notify", "linli.issues")
    before = here.reported(here.resident)
    deployment.bus.wait_for_key("linli.issues", before)
    command = [sys.executable, "-W", "error", str(program)]
    printed = tmp_path / "printed"
    reader = Child("reader", command, log=printed, environment=dict(os.environ) | kafka)
    reader.start()
    try:
        after = here.reported(here.rider)
        deployment.bus.wait_for_key("linli.issues", after)
        for record in deployment.bus.records("linli.issues"):
            if record.key == after.encode():
                deployment.bus.repeat("linli.issues", record)
        deployment.bus.wait_read("my-system", "linli.issues")
    finally:
        reader.kill()
    lines = [line for line in printed.read_text().splitlines() if before in line or after in line]
    assert sorted(line.split(" ")[1] for line in lines) == sorted([before, after]), reader.tail()
    assert all(f"'category': '{CATEGORY}'" in line for line in lines)
