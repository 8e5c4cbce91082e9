"""`make bench`: every benchmark in turn, each in a process and on servers of its own; ratios within one run.

Name some to run only those: `python -m tests.benchmarks relay ingest`.
"""

import subprocess
import sys
from pathlib import Path

BENCHMARKS = {
    "relay": "Relay beside one row per send and acknowledgement",
    "planning": "notify's planning beside one event per transaction",
    "ingest": "POST /reports beside a plain FastAPI and asyncpg service",
    "reads": "Gates' deliveries beside a plain FastAPI and asyncpg service",
    "due": "The clock at a million open stays, and ten thousand that fall due at once",
    "case_list": "Listing an area at 500,000 cases, 50 clients, beside the same SQL alone",
    "deadline_tick": "Late cases taken beside 1,000 and 1,000,000 open ones, and when nothing is due",
    "footprint": "Start and memory beside the same third-party imports",
    "claims": "A storm of claims, 500 claimants for each place",
    "match": "volunteer's match at 100,000 beside a scan, and while positions pour in",
}


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all; 1 when one of them could not be run."""
    unknown = set(names) - BENCHMARKS.keys()
    if unknown:
        sys.exit(f"no benchmark is called {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    failed = []
    for name in names or BENCHMARKS:
        print(f"\n{BENCHMARKS[name]}", flush=True)  # noqa: T201
        command = [sys.executable, "-m", f"tests.benchmarks.{name}"]
        if subprocess.run(command, cwd=Path(__file__).parents[2], check=False).returncode:
            failed.append(name)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
