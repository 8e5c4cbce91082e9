"""Phones in a process of their own, so that a test can kill them, and in this one, for the rest."""

import asyncio
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from deploy.simulators.phones.running import run_phones
from shared.security.signatures import sign

KEY = "the-gateway-key"
SECRET = "the-receipt-secret"
# One client for all: making one costs more than a request. No kept connection may outlive killed phones.
HTTP = httpx.Client(trust_env=False, verify=False, limits=httpx.Limits(max_keepalive_connections=0))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Phones:
    """A client of phones that run somewhere, and their state file."""

    state: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait(self, alive: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while alive() and time.monotonic() < deadline:
            try:
                if HTTP.get(f"{self.url}/health/ready").is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.02)
        raise TimeoutError("the phones did not start")

    def post(self, *messages: dict[str, Any], channel: str = "sms", **headers: str) -> httpx.Response:
        return HTTP.post(
            f"{self.url}/{channel}/messages",
            content=orjson.dumps({"messages": messages}),
            headers={"authorization": f"Bearer {KEY}", **headers},
        )

    def results(
        self, *messages: dict[str, Any], channel: str = "sms", **headers: str
    ) -> list[dict[str, Any]]:
        answer = self.post(*messages, channel=channel, **headers)
        assert answer.status_code == 200, answer.text
        results: list[dict[str, Any]] = answer.json()["results"]
        return results

    def ledger(self, **query: str | int) -> list[dict[str, Any]]:
        answer = HTTP.get(f"{self.url}/ledger", params=query)
        return [orjson.loads(line) for line in answer.content.splitlines()]

    def fault(self, **script: str | float) -> None:
        assert HTTP.put(f"{self.url}/faults", json=script).status_code == 200


@dataclass
class MortalPhones(Phones):
    """One life after another of phones in a process of their own, over one state file."""

    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        command = [sys.executable, "-m", "deploy.simulators", "phones", "--port", str(self.port)]
        options = ["--state", str(self.state), "--key", KEY, "--receipt-delay", "0.05"]
        self.process = subprocess.Popen([*command, *options])
        try:
            self.wait(lambda: self.process is not None and self.process.poll() is None)
        except TimeoutError:
            self.kill()
            raise

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None


@contextmanager
def running_phones(state: Path) -> Iterator[Phones]:
    """Phones in a thread of this process."""
    started = Phones(state, free_port())
    loop = asyncio.new_event_loop()
    signing = partial(sign, key_id="one", secret=SECRET)
    serving = loop.create_task(
        run_phones(started.port, state, KEY, signing, receipt_delay=0.05, signals=False)
    )
    thread = threading.Thread(target=_until_done, args=(loop, serving))
    thread.start()
    try:
        started.wait(thread.is_alive)
        yield started
    finally:
        loop.call_soon_threadsafe(serving.cancel)
        thread.join(10)
        assert not thread.is_alive()


def _until_done(loop: asyncio.AbstractEventLoop, serving: "asyncio.Task[None]") -> None:
    with closing(loop), suppress(asyncio.CancelledError):
        loop.run_until_complete(serving)


@pytest.fixture
def phones(tmp_path: Path) -> Iterator[Phones]:
    """Running phones with an empty ledger."""
    with running_phones(tmp_path / "phones.jsonl") as started:
        yield started


@pytest.fixture
def mortal_phones(tmp_path: Path) -> Iterator[MortalPhones]:
    """Running phones with an empty ledger, which a test may kill and start again."""
    started = MortalPhones(tmp_path / "phones.jsonl", free_port())
    started.start()
    try:
        yield started
    finally:
        if started.process is not None:
            started.process.terminate()
            assert started.process.wait(10) == 0


Sms = Callable[..., dict[str, Any]]


@pytest.fixture
def sms() -> Sms:
    """A message that a gateway takes, with what the test changes."""

    def message(token: str = "rung-1", **changes: Any) -> dict[str, Any]:
        said = {"text": "您的报告已受理。", "language": "zh"}
        return {"token": token, "to": "+8613900000001", **said, **changes}

    return message
