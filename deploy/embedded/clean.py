"""`make clean`: forget the data and logs of this checkout's suite; downloads stay."""

import shutil
import sys

from deploy.embedded.accounts import reachable_folder, server_account
from deploy.embedded.failures import StartFailed
from deploy.embedded.folders import CACHE, STATE, only_user


def main() -> int:
    """Remove everything but the cache; refuses while the suite runs."""
    if not STATE.exists():
        return 0
    try:
        with only_user(STATE):
            # The data of a PostgreSQL that root started may lie elsewhere, see accounts.py.
            shutil.rmtree(reachable_folder(server_account(), STATE / "postgres"), ignore_errors=True)
            for path in STATE.iterdir():
                if path != CACHE:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
    except StartFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    print("The suite's data is gone: the next `make run` starts with a new neighbourhood.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
