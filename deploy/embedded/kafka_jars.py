"""Apache Kafka's own jars, fetched by jgo without Maven or Java and checked against known sums."""

import hashlib
from pathlib import Path

from deploy.embedded.failures import StartFailed

VERSION = "4.3.0"
# Without an slf4j binding the broker fails silently.
ENDPOINT = f"org.apache.kafka:kafka_2.13:{VERSION}+org.slf4j:slf4j-simple:1.7.36"
SUMS = Path(__file__).parent / "kafka_jars.sha256"
_REMEDY = "Check the network or proxy, or set KAFKA_BOOTSTRAP_SERVERS to a Kafka of your own."


def kafka_jars(cache: Path) -> list[Path]:
    """The jars of the class path, downloaded at the first call.

    Raises StartFailed when they cannot be fetched or one is not what it was when this was written.
    """
    folder = cache / f"jars-{VERSION}"
    lines = [line.split() for line in SUMS.read_text().splitlines()]
    expected = {name: digest for digest, name in lines}
    if not all((folder / name).exists() for name in expected):
        _download(folder, expected)
    return [folder / name for name in expected]


def _download(folder: Path, expected: dict[str, str]) -> None:
    import jgo

    try:
        # Not `build`: that one would fetch a Java of its own, only to sort the jars.
        found = {path.name: path for path in (artifact.resolve() for artifact in jgo.resolve(ENDPOINT))}
    except Exception as error:  # jgo promises no error classes; all end in one report
        raise StartFailed("Apache Kafka could not be downloaded", str(error), _REMEDY) from error
    folder.mkdir(parents=True, exist_ok=True)
    for name, digest in expected.items():
        jar = found.get(name)
        if jar is None or _digest(jar) != digest:
            why = f"the download lacks {name} or it differs from the file this suite was tested with."
            raise StartFailed("Apache Kafka's jars are not the expected ones", why, _REMEDY)
        _place(jar, folder / name)


def _place(jar: Path, target: Path) -> None:
    """A hard link where the file system allows it; another process may do the same at this moment."""
    try:
        target.hardlink_to(jar.resolve())
    except FileExistsError:
        return
    except OSError:
        unfinished = target.with_suffix(".part")
        unfinished.write_bytes(jar.read_bytes())
        unfinished.replace(target)


def _digest(jar: Path) -> str:
    with jar.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
