"""An HTTP load generator: N keep-alive connections, each sending its next request when it has its answer.

It runs in a process of its own and measures both sides of a comparison alike. It needs a
fraction of a core for what a Python server answers, so that it is the server that is measured.

    python -m tests.benchmarks.load http://127.0.0.1:8000/reports --connections 128 --seconds 10 \
        --header "Authorization: Bearer …" --header "Idempotency-Key: @unique@" --bodies reports.jsonl

`@unique@` in a header or body becomes a text that no other request of the run has.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import count, cycle
from pathlib import Path
from secrets import token_hex
from typing import cast
from urllib.parse import urlsplit

import uvloop

UNIQUE = b"@unique@"
_DRAIN_SECONDS = 5.0


@dataclass(frozen=True)
class Plan:
    """What to send where; `warm_up` and `seconds` in seconds, bodies are sent in turn.

    `more` holds further headers of each body, such as its signature.
    """

    url: str
    method: str = "POST"
    headers: dict[str, str] = field(default_factory=dict)
    bodies: Sequence[str] = ("",)
    connections: int = 128
    seconds: float = 10.0
    warm_up: float = 1.0
    more: Sequence[dict[str, str]] = ()


@dataclass(frozen=True)
class Load:
    """What came back within the measured time; `lost` counts connections that ended without an answer."""

    requests: int
    seconds: float
    per_second: float
    p50_ms: float
    p90_ms: float
    p99_ms: float
    worst_ms: float
    statuses: dict[str, int]
    lost: int


def run_apart(plan: Plan) -> Load:
    """Run the load in a process of its own and wait for it."""
    command = [sys.executable, "-m", "tests.benchmarks.load", "--plan", "-"]
    done = subprocess.run(
        command,
        input=json.dumps(asdict(plan)),
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    if done.returncode:
        raise RuntimeError(f"the load generator failed:\n{done.stderr}")
    return Load(**json.loads(done.stdout))


async def run(plan: Plan) -> Load:
    """Run the load in this process's loop."""
    target = urlsplit(plan.url)
    tally = _Tally()
    requests = _requests(plan)
    loop = asyncio.get_running_loop()
    host, port = target.hostname or "127.0.0.1", target.port or 80

    async def keep_connected() -> None:
        while not tally.over:
            _, connection = await loop.create_connection(lambda: _Connection(requests, tally), host, port)
            await connection.ended

    tasks = [asyncio.create_task(keep_connected()) for _ in range(plan.connections)]
    await asyncio.sleep(plan.warm_up)
    _raise_first(tasks)
    tally.start()
    await asyncio.sleep(plan.seconds)
    elapsed = tally.stop()
    await asyncio.wait(tasks, timeout=_DRAIN_SECONDS)
    _raise_first(tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return tally.result(elapsed)


class _Tally:
    def __init__(self) -> None:
        self.over = False
        self._counting = False
        self._began = 0.0
        self._times: list[float] = []
        self._statuses: Counter[str] = Counter()
        self._lost = 0

    def start(self) -> None:
        self._counting, self._began = True, time.perf_counter()

    def stop(self) -> float:
        self._counting, self.over = False, True
        return time.perf_counter() - self._began

    def answered(self, status: str, seconds: float) -> None:
        if self._counting:
            self._times.append(seconds)
            self._statuses[status] += 1

    def lost(self) -> None:
        if self._counting:
            self._lost += 1

    def result(self, elapsed: float) -> Load:
        times = sorted(self._times) or [0.0]
        p50, p90, p99 = (
            round(times[min(len(times) - 1, int(len(times) * share))] * 1000, 2) for share in (0.5, 0.9, 0.99)
        )
        return Load(
            requests=len(self._times),
            seconds=round(elapsed, 3),
            per_second=round(len(self._times) / elapsed, 1),
            p50_ms=p50,
            p90_ms=p90,
            p99_ms=p99,
            worst_ms=round(times[-1] * 1000, 2),
            statuses=dict(self._statuses),
            lost=self._lost,
        )


class _Connection(asyncio.Protocol):
    """One connection; knows just enough of HTTP/1.1 to find where an answer with Content-Length ends."""

    def __init__(self, requests: Iterator[bytes], tally: _Tally) -> None:
        self._requests = requests
        self._tally = tally
        self._buffer = b""
        self._missing = -1
        self._status = ""
        self._waiting = False
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        self._send()

    def data_received(self, data: bytes) -> None:
        if self._missing >= 0:
            self._missing -= len(data)
        else:
            self._buffer += data
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            self._read_head(self._buffer[:end])
            self._missing -= len(self._buffer) - end - 4
            self._buffer = b""
        if self._missing == 0 and self._status != "100":
            self._tally.answered(self._status, time.perf_counter() - self._sent)
            self._waiting = False
            self._send()

    def connection_lost(self, _error: Exception | None) -> None:
        if self._waiting:
            self._tally.lost()
        if not self.ended.done():
            self.ended.set_result(None)

    def _read_head(self, head: bytes) -> None:
        self._status = head[9:12].decode()
        lowered = head.lower()
        at = lowered.find(b"\r\ncontent-length:")
        if at >= 0:
            self._missing = int(lowered[at + 17 :].split(b"\r\n", 1)[0])
        elif self._status in {"204", "304"}:
            self._missing = 0
        else:
            raise RuntimeError(f"an answer without Content-Length cannot be measured: {head!r}")

    def _send(self) -> None:
        if self._tally.over:
            self._transport.close()
            return
        self._missing = -1
        self._waiting = True
        self._sent = time.perf_counter()
        self._transport.write(next(self._requests))


def _requests(plan: Plan) -> Iterator[bytes]:
    """Requests ready to be written; only the unique texts are put in at the last moment."""
    run_, numbers = token_hex(6).encode(), count(10**9)
    more = plan.more or [{}] * len(plan.bodies)
    made = [_request(plan, *each).split(UNIQUE) for each in zip(plan.bodies, more, strict=True)]
    for before, *after in cycle(made):
        if not after:
            yield before
            continue
        unique = b"%s-%d" % (run_, next(numbers))
        yield unique.join((before, *after))


def _request(plan: Plan, body: str, more: dict[str, str]) -> bytes:
    target = urlsplit(plan.url)
    content = body.encode()
    # The unique text has 23 bytes wherever it stands: the length is known beforehand.
    length = len(content) + content.count(UNIQUE) * (23 - len(UNIQUE))
    headers = {"Host": target.netloc, "Content-Type": "application/json", "Content-Length": str(length)}
    path = (target.path or "/") + (f"?{target.query}" if target.query else "")
    lines = [
        f"{plan.method} {path} HTTP/1.1",
        *(f"{k}: {v}" for k, v in (headers | plan.headers | more).items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def _raise_first(tasks: Sequence["asyncio.Task[None]"]) -> None:
    for task in tasks:
        if task.done() and (error := task.exception()) is not None:
            raise error


def _arguments() -> Plan:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.load", description=__doc__)
    parser.add_argument("url", nargs="?", default="")
    parser.add_argument("--plan", help="a Plan as JSON in a file, - for the standard input")
    parser.add_argument("--method", default="POST")
    parser.add_argument("--header", action="append", default=[], metavar="NAME: VALUE")
    parser.add_argument("--bodies", help="a file with one body a line", type=Path)
    parser.add_argument("--connections", type=int, default=128)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--warm-up", type=float, default=1.0)
    given = parser.parse_args()
    if given.plan:
        text = sys.stdin.read() if given.plan == "-" else Path(given.plan).read_text("utf-8")
        return Plan(**json.loads(text))
    if not given.url:
        parser.error("say which URL")
    headers = dict(header.split(": ", 1) for header in given.header)
    bodies = given.bodies.read_text("utf-8").splitlines() if given.bodies else [""]
    return Plan(given.url, given.method, headers, bodies, given.connections, given.seconds, given.warm_up)


def main() -> None:
    """Run what the arguments say and print the result as one JSON object."""
    print(json.dumps(asdict(uvloop.run(run(_arguments())))))  # noqa: T201


if __name__ == "__main__":
    main()
