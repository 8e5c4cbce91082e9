"""What a service costs to have: start to listening, and memory after a thousand reports.

Beside it stands a process that imports the same third-party modules and nothing of ours; no goal is set.
Run by itself: `python -m tests.benchmarks.footprint`.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

from deploy.embedded.databases import DatabaseUrls, create_databases, create_roles, drop_database, migrate
from deploy.embedded.ports import free_port
from deploy.embedded.postgres import Postgres
from tests.benchmarks.ingest import Town, found_town
from tests.fixtures.identity import Issuer

ROUNDS = 5
REQUESTS = 1000
REPOSITORY = Path(__file__).parents[2]
# What a service's modules bring in from outside, by name; the standard library comes along by itself.
_LIST = """
import json, sys
import services.issues.app, shared.runtime.running, shared.runtime.command_line, shared.messaging.consumer
import uvicorn.protocols.http.httptools_impl, uvloop
files = {name: str(getattr(module, "__file__", "")) for name, module in sys.modules.items()}
foreign = sorted(name for name, file in files.items() if "site-packages" in file)
print(json.dumps(foreign))
"""
_IMPORT = """
import importlib, json, sys
for name in json.loads(sys.argv[1]):
    try:
        importlib.import_module(name)
    except ImportError:
        pass
print("there", flush=True)
sys.stdin.read()
"""


@dataclass
class Cost:
    """Seconds until it is there, and proportional set size in MiB, each round's."""

    seconds: list[float] = field(default_factory=list)
    mebibytes: list[float] = field(default_factory=list)

    def line(self, label: str) -> str:
        """Say the medians."""
        seconds, memory = statistics.median(self.seconds), statistics.median(self.mebibytes)
        return f"{label:<28} {seconds:6.2f} s   {memory:6.1f} MiB PSS"


def run(superuser_url: str) -> tuple[Cost, Cost]:
    """Measure a whole `issues` and the bare imports in turn, on a database of its own."""
    name = f"bench_footprint_{uuid.uuid4().hex[:8]}"
    uvloop.run(create_roles(superuser_url))
    uvloop.run(create_databases(superuser_url, [name]))
    urls = DatabaseUrls.on(superuser_url, name)
    uvloop.run(migrate("issues", urls.owner_url))
    modules = subprocess.run(
        [sys.executable, "-c", _LIST], cwd=REPOSITORY, check=True, capture_output=True, text=True
    ).stdout
    ours, bare, issuer = Cost(), Cost(), Issuer()
    try:
        town = uvloop.run(found_town(urls))
        for _ in range(ROUNDS):
            _measure_service(urls, issuer, town, ours)
            _measure_imports(modules, bare)
    finally:
        issuer.close()
        uvloop.run(drop_database(superuser_url, name))
    return ours, bare


def _measure_service(urls: DatabaseUrls, issuer: Issuer, town: Town, cost: Cost) -> None:
    port = free_port()
    environment = os.environ | {
        "DATABASE_URL": urls.url,
        "DATABASE_SYSTEM_URL": urls.system_url,
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9",
        "OIDC_ISSUER": issuer.url,
        "OIDC_JWKS_URL": issuer.jwks_url,
        "PORT": str(port),
    }
    began = time.perf_counter()
    with _process([sys.executable, "-m", "services.issues", "serve"], environment) as process:
        while b'"listening"' not in process.stdout.readline():  # type: ignore[union-attr]
            if process.poll() is not None:
                raise RuntimeError(f"issues ended with {process.returncode}")
        cost.seconds.append(time.perf_counter() - began)
        # A line is logged for each report: unread, they would fill the pipe and stop the service.
        threading.Thread(target=process.stdout.read, daemon=True).start()  # type: ignore[union-attr]
        _report(f"http://127.0.0.1:{port}/reports", issuer, town)
        cost.mebibytes.append(_pss(process.pid))


def _report(url: str, issuer: Issuer, town: Town) -> None:
    token = issuer.token("person-1", {town.id: ["resident"]})
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    bodies = [json.dumps(body).encode() for body in town.bodies()]
    for number in range(REQUESTS):
        request = urllib.request.Request(url, bodies[number % len(bodies)], headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 201


def _measure_imports(modules: str, cost: Cost) -> None:
    began = time.perf_counter()
    with _process([sys.executable, "-c", _IMPORT, modules], dict(os.environ)) as process:
        assert process.stdout is not None
        if process.stdout.readline() != b"there\n":
            raise RuntimeError("the bare imports failed")
        cost.seconds.append(time.perf_counter() - began)
        cost.mebibytes.append(_pss(process.pid))


@contextmanager
def _process(command: list[str], environment: dict[str, str]) -> "Iterator[subprocess.Popen[bytes]]":
    process = subprocess.Popen(
        command, env=environment, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _pss(process: int) -> float:
    """Read the proportional set size: a page that n processes share counts 1/n (proc(5), smaps_rollup)."""
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the kernel tells no proportional set size")


def main() -> None:
    """Start a server, measure, and print the medians."""
    with tempfile.TemporaryDirectory(prefix="linli-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        postgres = Postgres(folder / "postgres")
        try:
            postgres.start()
            ours, bare = run(postgres.url())
        finally:
            postgres.kill()
    print(ours.line(f"issues, {REQUESTS} reports"))  # noqa: T201
    print(bare.line("same third-party imports"))  # noqa: T201


if __name__ == "__main__":
    main()
