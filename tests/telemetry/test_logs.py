"""A log line is JSON, tells service and trace, quotes no personal data, and libraries cannot flood it."""

import json
import subprocess
import sys

import pytest
from pydantic import BaseModel, ValidationError

from shared.telemetry.discretion import masked, told

START = """
import asyncio, logging, warnings, threading
from shared.telemetry.logs import configure_logs, log, watch_loop
from shared.telemetry.traces import span
configure_logs("parking", "INFO")
"""


def lines_of(body: str) -> list[dict[str, object]]:
    """Runs a small process that logs, and reads what it wrote to stdout."""
    done = subprocess.run([sys.executable, "-c", START + body], capture_output=True, text=True, check=False)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_line_names_service_level_time_and_trace() -> None:
    (line,) = lines_of(
        """
with span("read", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"):
    log.info("read", count=3)
"""
    )
    time = line.pop("time")
    assert isinstance(time, str)
    assert time.endswith("+00:00")
    assert line == {
        "event": "read",
        "count": 3,
        "level": "info",
        "service": "parking",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    }


def test_a_library_that_repeats_itself_is_written_once() -> None:
    lines = lines_of('for n in range(300): logging.getLogger("aiokafka.conn").error("broker %d away", n)')
    assert [line["event"] for line in lines] == ["broker 0 away"]


def test_an_error_nobody_awaited_leaves_a_line() -> None:
    lines = lines_of(
        """
async def main():
    watch_loop(asyncio.get_running_loop())
    asyncio.get_running_loop().call_soon(lambda: 1 / 0)
    await asyncio.sleep(0.05)
asyncio.run(main())
"""
    )
    assert [line["event"] for line in lines] == ["unhandled error"]
    assert "ZeroDivisionError" in str(lines[0]["exception"])


def test_an_error_that_ends_the_process_leaves_a_line() -> None:
    lines = lines_of('raise RuntimeError("call 13800138000")')
    assert [(line["event"], line["level"]) for line in lines] == [
        ("the process ends by an error", "critical")
    ]
    assert "builtins.RuntimeError: call ***" in str(lines[0]["exception"])


def test_an_error_in_a_thread_leaves_a_line() -> None:
    lines = lines_of("t = threading.Thread(target=lambda: 1 / 0); t.start(); t.join()")
    assert [line["event"] for line in lines] == ["a thread ended by an error"]


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("call 13800138000 now", "call *** now"),
        ("+8613800138000", "***"),
        ("+86 138 0013 8000", "***"),
        ("019f1c3e-13800138000a-7c3e", "019f1c3e-13800138000a-7c3e"),
        ("offset 138001380001", "offset 138001380001"),
        ("0000-0000-13800138000", "0000-0000-13800138000"),
    ],
)
def test_mobile_numbers_are_masked_and_ids_are_not(said: str, written: str) -> None:
    assert masked(said) == written


def test_a_validation_error_is_told_without_its_input() -> None:
    class Contact(BaseModel):
        age: int

    given = {"age": "Wang Xiaoming"}
    with pytest.raises(ValidationError) as caught:
        Contact.model_validate(given)
    text = told(caught.value)
    assert "age: int_parsing" in text
    assert "Wang" not in text


def test_causes_are_told_in_the_order_they_happened() -> None:
    second = RuntimeError("second")
    second.__cause__ = KeyError("first")
    text = told(second)
    assert text.index("first") < text.index("which led to") < text.index("second")
