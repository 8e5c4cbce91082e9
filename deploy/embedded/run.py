"""`make run`: the suite, the demo day, and then whatever happens, until Ctrl-C."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy.embedded.failures import StartFailed
from deploy.embedded.folders import REPOSITORY, STATE
from deploy.embedded.follow import follow, kafka_settings
from deploy.embedded.processes import Child
from deploy.embedded.progress import Terminal
from deploy.embedded.suite import Suite
from deploy.embedded.topology import PORTS, SIMULATORS

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
DEMO = REPOSITORY / "deploy" / "demo" / "__main__.py"
ASYNCAPI = REPOSITORY / "shared" / "contracts" / "asyncapi.yaml"
# A piece that dies twice within this many seconds is broken, not unlucky.
_UNLUCKY_SECONDS = 30.0


def main() -> int:
    """Run until told to stop; 0 when everything came up and went down, 1 with the reason otherwise."""
    console = Console()
    suite = Suite(STATE, external=os.environ, wanted_ports=PORTS, progress=Terminal(console))
    _on_signal(_interrupt)
    began = time.monotonic()
    try:
        with suite:
            console.print(f"The suite is up after {time.monotonic() - began:.1f} s.")
            _demo(console, suite)
            console.print(_addresses(suite))
            asyncio.run(_until_told(console, suite))
            _on_signal(lambda *_: suite.hurry())
            console.print("Stopping (Ctrl-C again: at once).")
    except StartFailed as failure:
        console.print(f"[red bold]{escape(failure.what)}[/]: {escape(failure.why)}", highlight=False)
        console.print(escape(failure.remedy), highlight=False)
        return 1
    except KeyboardInterrupt:
        console.print("Stopped before everything was up.")
        return 130
    return 0


def _demo(console: Console, suite: Suite) -> None:
    """The demo community and its day, as a user of the suite: it gets addresses and nothing else."""
    if suite.external.issuer:
        console.print("A real OIDC_ISSUER is given: the demo, which invents people, stays away.")
        return
    if not DEMO.exists():
        return
    for act in ("load", "day"):
        command = [sys.executable, "-m", "deploy.demo", act]
        _run_to_end(console, suite, Child("demo", command, log=None, environment=suite.wiring.user()))


def _run_to_end(console: Console, suite: Suite, demo: Child) -> None:
    deaths: dict[str, float] = {}
    demo.start()
    try:
        while not demo.ended(0.5):
            _revive(console, suite, deaths)
    finally:
        demo.stop(2.0)
    if demo.exit_code != 0:
        raise StartFailed(
            "The demo", f"it ended with code {demo.exit_code}.", f"Logs: {suite.folder / 'log'}"
        )


async def _until_told(console: Console, suite: Suite) -> None:
    """Follow events and mind the processes until a signal; raises StartFailed when one is beyond help."""
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    for each in SIGNALS:
        loop.add_signal_handler(each, told.set)
    topics = [f"linli.{name}" for name in suite.services]
    following = asyncio.create_task(follow(console, kafka_settings(suite.wiring.kafka()), topics))
    minding = asyncio.create_task(_mind(console, suite))
    waiting = asyncio.create_task(told.wait())
    tasks: list[asyncio.Task[Any]] = [following, minding, waiting]
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def _mind(console: Console, suite: Suite) -> None:
    deaths: dict[str, float] = {}
    while True:
        await asyncio.sleep(0.5)
        _revive(console, suite, deaths)


def _revive(console: Console, suite: Suite, deaths: dict[str, float]) -> None:
    """Start again what died; raises StartFailed when it died just before as well."""
    for name in suite.pieces:
        child = suite.child(name)
        if child.alive:
            continue
        why = f"it ended with code {child.exit_code}.\n{child.tail()}"
        if time.monotonic() - deaths.get(name, float("-inf")) < _UNLUCKY_SECONDS:
            raise StartFailed(name, why, "It died twice in a row, so the suite stops.")
        deaths[name] = time.monotonic()
        console.print(f"[red]{name}[/red]: {escape(why)}\nStarting it again.", highlight=False)
        suite.launch(name)


def _addresses(suite: Suite) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name in suite.services:
        table.add_row(f"{name} API", f"{suite.url(name)}/docs")
    for name in SIMULATORS:
        if name in suite.pieces:
            table.add_row("the phones" if name == "phones" else "identity (development)", suite.url(name))
    table.add_row("AsyncAPI", _shown(ASYNCAPI))
    if suite.kafka:
        table.add_row("Kafka", suite.kafka.bootstrap_servers)
    if suite.postgres:
        table.add_row("PostgreSQL", f"127.0.0.1:{suite.postgres.port} (role and password linli_owner)")
    table.add_row("logs", _shown(suite.folder / "log"))
    return table


def _shown(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _on_signal(do: Callable[[int, object], object]) -> None:
    for each in SIGNALS:
        signal.signal(each, do)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
