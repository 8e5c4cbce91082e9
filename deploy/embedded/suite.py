"""The whole suite on one machine: servers, simulators and services as child processes of this one.

with Suite(folder, services=["issues", "notify"]) as suite:
    suite.url("issues")
    suite.kill("notify")
    suite.start("notify", LINLI_CRASH_AT="sender.sent:3")
"""

import json
import signal
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from confluent_kafka import KafkaException

from deploy.embedded.databases import (
    DatabaseUrls,
    blocking,
    create_databases,
    create_roles,
    migrate,
    migrated_services,
)
from deploy.embedded.failures import StartFailed
from deploy.embedded.folders import CACHE, REPOSITORY, only_user
from deploy.embedded.kafka import Kafka
from deploy.embedded.leftovers import end_leftovers, note_processes
from deploy.embedded.ports import free_port
from deploy.embedded.postgres import Postgres
from deploy.embedded.processes import Child
from deploy.embedded.progress import Progress, Silent
from deploy.embedded.readiness import is_ready
from deploy.embedded.topology import (
    RELAY,
    SIMULATORS,
    External,
    Wiring,
    all_services,
    make_secrets,
    service_command,
    simulator_command,
)
from deploy.kafka.topics import apply_topics, client_settings, declared_topics, reason_of

DRAIN_SECONDS = 10.5
ENDING_SECONDS = 14.0
_READY_SECONDS = 60.0


class Suite:
    """One deployment in one folder; its data is kept there and found again by the next one.

    Start it from a thread that lives as long as it shall: the processes end with that thread.
    """

    def __init__(
        self,
        folder: Path,
        *,
        services: Sequence[str] | None = None,
        separate_relays: bool = False,
        external: Mapping[str, str] | None = None,
        environment: Mapping[str, Mapping[str, str]] | None = None,
        wanted_ports: Mapping[str, int] | None = None,
        durable: bool = True,
        progress: Progress | None = None,
    ) -> None:
        """`external` holds variables that replace embedded pieces (`topology.External`); `environment`
        adds variables per service; `wanted_ports` (see `topology.PORTS`) are taken where free; with
        `separate_relays` each service's relay is a process of its own, `issues-relay`."""
        self.folder = folder.resolve()
        self.services = list(services) if services is not None else all_services()
        self.relays = [f"{name}{RELAY}" for name in self.services] if separate_relays else []
        self.external = External(external or {})
        self.progress = progress or Silent()
        self._environment = environment or {}
        self._wanted = dict(wanted_ports or {})
        self._durable = durable
        self._children: dict[str, Child] = {}
        self._held = ExitStack()
        self.postgres: Postgres | None = None
        self.kafka: Kafka | None = None
        self.wiring: Wiring

    def __enter__(self) -> Self:
        self._held.enter_context(only_user(self.folder))
        try:
            self._start_all()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def url(self, name: str) -> str:
        """The base URL of a service or simulator."""
        return self.wiring.url(name)

    def log(self, name: str) -> Path:
        return self.folder / "log" / f"{name}.log"

    def child(self, name: str) -> Child:
        """The process of a piece: a service, a simulator, "postgres" or "kafka"."""
        return self._children[name]

    @property
    def pieces(self) -> list[str]:
        """What runs here, in the order of starting."""
        return list(self._children)

    def start(self, name: str, **environment: str) -> None:
        """Start a piece that was stopped or killed, and wait until it is ready.

        `environment` is added for this life of a service or simulator.
        """
        self.launch(name, **environment)
        self._await(name)

    def launch(self, name: str, **environment: str) -> None:
        """The first half of `start`: returns while the piece is still coming up."""
        server = self._server(name)
        if server is not None:
            server.launch()
        else:
            child = self._children[name] = self._child(name, environment)
            child.start()
        self._note()

    def stop(self, name: str) -> bool:
        """SIGTERM, then SIGKILL when the drain takes too long; True when it ended by itself."""
        return self._children[name].stop(DRAIN_SECONDS)

    def kill(self, name: str) -> None:
        """kill -9."""
        self._children[name].kill()

    def database(self, service: str) -> DatabaseUrls:
        return self.wiring.databases[service]

    def service_environment(self, service: str) -> dict[str, str]:
        """What the service's own commands (`redeliver`, `dead-letters`) need to find everything."""
        return self.wiring.service(service) | dict(self._environment.get(service, {}))

    def close(self) -> None:
        """Stop everything within 15 s: services drain first, what they drain into ends after them."""
        draining = {*self.services, *self.relays}
        services = [self._children[name] for name in self._children if name in draining]
        others = [child for name, child in self._children.items() if name not in draining]
        began = time.monotonic()
        with self.progress.step("Stopping the services"):
            _end(services, DRAIN_SECONDS)
        with self.progress.step("Stopping simulators, Kafka and PostgreSQL"):
            _end(others, ENDING_SECONDS - (time.monotonic() - began))
        self._children.clear()
        self._held.close()

    def hurry(self) -> None:
        """kill -9 of everything, for whoever does not want to wait for `close`."""
        for child in self._children.values():
            child.kill()

    def _start_all(self) -> None:
        end_leftovers(self._noted)
        self.folder.joinpath("log").mkdir(parents=True, exist_ok=True)
        given = {name: urls for name in self.services if (urls := self.external.database(name))}
        first = "" if CACHE.exists() else " (the first time fetches Kafka, about 30 s)"
        with self.progress.step(f"Starting PostgreSQL and Kafka{first}"):
            self._start_servers(embedded_databases=len(given) < len(self.services))
        self.wiring = self._wire(given)
        with self.progress.step("Migrating the databases"):
            self._migrate(given)
        with self.progress.step("Applying Kafka's topics"):
            self._apply_topics()
        replaced = {"identity": bool(self.external.issuer), "phones": self.external.providers}
        names = [name for name in SIMULATORS if not replaced[name]] + self.services + self.relays
        for name in names:
            self._children[name] = self._child(name)
            self._children[name].start()
        self._note()
        for name in names:
            with self.progress.step(f"Waiting for {name}"):
                self._await(name)

    def _start_servers(self, *, embedded_databases: bool) -> None:
        """Both come up at the same time; which are needed, the environment decides."""
        if embedded_databases:
            self.postgres = Postgres(
                self.folder / "postgres", port=self._wish("postgres"), durable=self._durable
            )
            self._children["postgres"] = self.postgres.child
            self.postgres.launch()
        if not self.external.kafka:
            self.kafka = Kafka(self.folder / "kafka", CACHE, port=self._wish("kafka"))
            self._children["kafka"] = self.kafka.child
            self.kafka.launch()
        if self.postgres:
            self.postgres.wait()
        if self.kafka:
            self.kafka.wait()

    def _wire(self, given: Mapping[str, DatabaseUrls]) -> Wiring:
        ports: dict[str, int] = {}
        for name in (*SIMULATORS, *self.services, *self.relays):
            ports[name] = free_port(self._wish(name), taken=ports.values())
        databases = dict(given)
        if self.postgres:
            server = self.postgres.url()
            own = {name: DatabaseUrls.on(server, f"linli_{name}") for name in self.services}
            databases = own | databases
            ports["postgres"] = self.postgres.port or 0
        if self.kafka:
            ports["kafka"] = self.kafka.port or 0
        self._kept("ports.json").write_text(json.dumps(ports))
        servers = self.kafka.bootstrap_servers if self.kafka else ""
        return Wiring(self.folder, self.external, ports, servers, databases, self._secrets())

    def _migrate(self, given: Mapping[str, DatabaseUrls]) -> None:
        if self.postgres:
            blocking(create_roles(self.postgres.url()))
            own = [f"linli_{name}" for name in self.services if name not in given]
            blocking(create_databases(self.postgres.url(), own))
        for name in self.services:
            if name not in migrated_services():
                continue
            try:
                blocking(migrate(name, self.wiring.databases[name].owner_url))
            except Exception as error:
                remedy = "`make clean` starts with empty data; a database of your own needs roles.sql first."
                raise StartFailed(
                    f"The database of {name} could not be migrated", str(error), remedy
                ) from error

    def _apply_topics(self) -> None:
        settings = client_settings(self.wiring.kafka())
        topics = declared_topics(self.wiring.kafka().get("KAFKA_TOPIC_PREFIX", ""))
        try:
            apply_topics(settings, topics)
        except KafkaException as error:
            remedy = "Check KAFKA_BOOTSTRAP_SERVERS and its security settings."
            raise StartFailed("Kafka's topics could not be applied", reason_of(error), remedy) from error

    def _child(self, name: str, added: Mapping[str, str] | None = None) -> Child:
        if name in SIMULATORS:
            command = simulator_command(name, self.wiring.ports[name], self.folder)
            environment = self.wiring.simulator()
        else:
            service = name.removesuffix(RELAY)
            only = ("relay" if name in self.relays else "api,consumer,schedule") if self.relays else None
            command = service_command(service, only)
            environment = self.service_environment(service) | {"PORT": str(self.wiring.ports[name])}
        return Child(
            name, command, log=self.log(name), environment=environment | dict(added or {}), folder=REPOSITORY
        )

    def _server(self, name: str) -> Postgres | Kafka | None:
        return {"postgres": self.postgres, "kafka": self.kafka}.get(name)

    def _await(self, name: str) -> None:
        server = self._server(name)
        if server is not None:
            server.wait()
            return
        port = self.wiring.ports[name]
        self._children[name].wait_until(
            lambda: is_ready(port), _READY_SECONDS, f"The whole log of {name} is in {self.log(name)}."
        )

    def _wish(self, name: str) -> int | None:
        """The port this piece had last time in this folder, else the wanted one."""
        try:
            last: dict[str, int] = json.loads(self._kept("ports.json").read_text())
        except (OSError, ValueError):
            last = {}
        return last.get(name, self._wanted.get(name))

    def _secrets(self) -> dict[str, str]:
        file = self._kept("secrets.json")
        kept: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
        complete = make_secrets() | kept
        file.touch(mode=0o600)
        file.write_text(json.dumps(complete))
        return complete

    @property
    def _noted(self) -> Path:
        return self._kept("processes.json")

    def _note(self) -> None:
        note_processes(self._noted, [child.pid for child in self._children.values()])

    def _kept(self, name: str) -> Path:
        return self.folder / name


def _end(children: Iterable[Child], seconds: float) -> None:
    """Ask all at once, wait together, kill who is left."""
    asked = [child for child in children if child.alive]
    for child in asked:
        # PostgreSQL's SIGTERM would wait for its clients; SIGINT rolls them back.
        child.ask(signal.SIGINT if child.name == "postgres" else signal.SIGTERM)
    deadline = time.monotonic() + seconds
    for child in asked:
        if not child.ended(deadline - time.monotonic()):
            child.kill()
