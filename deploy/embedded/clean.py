"""`make clean`: forget the data and logs of this checkout's suite; downloads stay, but with `--all`."""

import shutil
import sys
from pathlib import Path

from deploy.embedded.accounts import reachable_folder, server_account
from deploy.embedded.failures import StartFailed
from deploy.embedded.folders import CACHE, NOTE, PROGRAMS, STATE, only_user


def forget(folder: Path) -> None:
    """Remove a suite's folder, and its PostgreSQL data where root had to keep that elsewhere."""
    # All are found first: where a folder can be reached, its note names the folder that it lies in.
    for note in list(folder.rglob(NOTE)):
        shutil.rmtree(Path(note.read_text()).parent, ignore_errors=True)
    for path in folder.iterdir() if folder.is_dir() else ():
        if path != CACHE:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def main() -> int:
    """Forget this checkout's suite; refuses while it runs."""
    if not STATE.exists():
        return 0
    try:
        with only_user(STATE):
            forget(STATE)
            if "--all" in sys.argv:
                shutil.rmtree(reachable_folder(server_account(), PROGRAMS), ignore_errors=True)
                shutil.rmtree(CACHE, ignore_errors=True)
    except StartFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    print("The suite's data is gone: the next `make run` starts with a new neighbourhood.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
