"""Where the embedded suite keeps its state, and who may use it: one process at a time.

Standard library only: `make clean` runs on the system's Python.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.embedded.failures import StartFailed

REPOSITORY = Path(__file__).parents[2]
STATE = Path(os.environ.get("LINLI_STATE") or REPOSITORY / ".linli").resolve()
# What is downloaded and made once per machine: Kafka's jars and Java's cache. Tests share it.
CACHE = REPOSITORY / ".linli" / "cache"
# PostgreSQL's, where its account cannot reach the virtual environment.
PROGRAMS = CACHE / "programs"
# In PostgreSQL's folder: where its data really is, see `accounts.reachable_folder`.
NOTE = "data-is-in"


@contextmanager
def only_user(folder: Path) -> Iterator[None]:
    """Hold the folder for this process; raises StartFailed while another one does.

    The kernel lets go of the lock when its holder dies, however it dies.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StartFailed(
                "The suite", f"another process uses {folder} at this moment.", "Stop it with Ctrl-C first."
            ) from error
        yield
