"""`serve` as a process: it says where it listens, ends in order or with an error, and always in time."""

import signal
import threading
import time
from collections.abc import Callable

import httpx
import pytest

from shared.runtime.listening import bind
from shared.runtime.settings import ServiceSettings
from tests.fixtures.services import MakeSettings
from tests.runtime.processes import started

PROBE = "tests.runtime.probe"
AWAY = "127.0.0.1:1"

MakeProbe = Callable[..., ServiceSettings]


@pytest.fixture
def probe(service_settings: MakeSettings) -> MakeProbe:
    """Settings of the misbehaving service, on parking's tables."""
    return lambda **overrides: service_settings("parking", **overrides)


def test_a_signal_ends_it_in_order_and_what_was_asked_is_answered(probe: MakeProbe) -> None:
    with started(PROBE, probe()) as process:
        line = process.until("listening")
        assert line["does"] == ["api", "consumer", "relay", "schedule"]
        answers: list[int] = []
        asking = threading.Thread(
            target=lambda: answers.append(httpx.get(f"{line['url']}/slow?seconds=1", timeout=10).status_code)
        )
        asking.start()
        process.until("slow request began")
        process.child.send_signal(signal.SIGTERM)
        code, took = process.ends(10)
        asking.join()
        assert answers == [200]
        assert code == 0
        assert took < 6
        assert process.said()[-1] == "stopped"
        assert "the process ends with tasks left behind" not in process.said()


def test_an_endless_request_is_cut_off_in_time(probe: MakeProbe) -> None:
    with started(PROBE, probe()) as process:
        url = process.until("listening")["url"]

        answers: list[int] = []

        def ask() -> None:
            try:
                answers.append(httpx.get(f"{url}/slow?seconds=100", timeout=30).status_code)
            except httpx.TransportError:
                answers.append(0)

        asking = threading.Thread(target=ask)
        asking.start()
        process.until("slow request began")
        process.child.send_signal(signal.SIGINT)
        code, took = process.ends(10)
        asking.join()
        assert (code, took < 10) == (0, True)
        assert answers != [200]


def test_with_broker_and_database_away_it_is_live_and_ends_in_time(probe: MakeProbe) -> None:
    away = {
        "database_url": f"postgresql://linli_request:x@{AWAY}/linli_parking",
        "database_system_url": f"postgresql://linli_system:x@{AWAY}/linli_parking",
        "kafka_bootstrap_servers": AWAY,
    }
    with started("services.parking", probe(**away)) as process:
        url = process.until("listening")["url"]
        assert httpx.get(f"{url}/health/live").status_code == 204
        ready = httpx.get(f"{url}/health/ready")
        assert ready.status_code == 503
        assert "the database cannot be used" in ready.json()["detail"]
        time.sleep(2)
        assert process.child.poll() is None
        process.child.send_signal(signal.SIGTERM)
        code, took = process.ends(10)
        assert (code, took < 10) == (0, True)


def test_a_task_that_ends_ends_the_process_with_an_error(probe: MakeProbe) -> None:
    with started(PROBE, probe(), PROBE="dying") as process:
        code, _ = process.ends(40)
        assert code == 1
        line = next(line for line in process.seen if line["event"] == "a task ended, so the process ends")
        assert (line["task"], line["level"]) == ("batch dying", "critical")
        assert "ZeroDivisionError: a bug" in line["exception"]


def test_a_task_that_cannot_be_cut_off_does_not_hold_the_process(probe: MakeProbe) -> None:
    with started(PROBE, probe(), PROBE="uncancellable", PROBE_PATIENCE="1") as process:
        process.until("listening")
        process.child.send_signal(signal.SIGTERM)
        code, took = process.ends(10)
        assert (code, took < 10) == (0, True)
        assert "a task cannot be cut off and is left behind" in process.said()


def test_a_loop_that_no_longer_turns_does_not_hold_the_process(probe: MakeProbe) -> None:
    with started(PROBE, probe(), PROBE="blocking", PROBE_DEADLINE="2") as process:
        process.until("listening")
        process.child.send_signal(signal.SIGTERM)
        code, took = process.ends(5)
        assert (code, took < 3) == (3, True)
        assert "probe.py" in process.errors()  # the line that blocks is named


def test_a_second_signal_ends_it_at_once(probe: MakeProbe) -> None:
    with started(PROBE, probe(), PROBE="uncancellable", PROBE_PATIENCE="1") as process:
        process.until("listening")
        process.child.send_signal(signal.SIGINT)
        process.until("stopping")
        process.child.send_signal(signal.SIGINT)
        code, took = process.ends(5)
        assert (code, took < 1) == (130, True)


def test_a_port_in_use_is_said_in_one_sentence(probe: MakeProbe) -> None:
    taken = bind("127.0.0.1", 0)
    with started(PROBE, probe(port=taken.getsockname()[1])) as process:
        code, _ = process.ends(30)
        said = process.errors()
    taken.close()
    assert code == 2
    assert "is in use by another process" in said
    assert "Traceback" not in said
