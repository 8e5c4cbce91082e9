"""`python -m deploy.replay FOLDER`: recorded issue reports as history and as live reports, under kill -9."""

import asyncio
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploy.demo.failures import DemoFailed
from deploy.embedded.clean import forget
from deploy.embedded.failures import StartFailed
from deploy.embedded.folders import STATE
from deploy.embedded.suite import Suite
from deploy.replay.findings import Findings
from deploy.replay.issue_play import play_issue_reports
from deploy.replay.recorded import DataMissing, issue_reports

FOLDER = STATE / "replay"


def main(folder: str) -> int:
    """Play everything recorded there is a play for; 0 when each figure is what it must be."""
    findings = Findings(lambda line: print(line, flush=True))
    began = time.monotonic()
    try:
        path = issue_reports(Path(folder))
        forget(FOLDER)
        # The suite's processes end with the thread that starts them.
        with ThreadPoolExecutor(1, "suite") as hands:
            suite = Suite(FOLDER, services=["issues", "notify"], separate_relays=True)
            hands.submit(suite.__enter__).result()
            try:
                asyncio.run(play_issue_reports(suite, hands, path, findings))
            finally:
                hands.submit(suite.close).result()
    except (DataMissing, StartFailed, DemoFailed) as failure:
        print(failure, file=sys.stderr)
        return 2
    findings.at_most("minutes in all", (time.monotonic() - began) / 60, 15)
    if findings.wrong:
        print(f"\nNOT as it must be: {'; '.join(findings.wrong)}. The logs are in {FOLDER / 'log'}.")
        return 1
    print("\nAll figures are as they must be.")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m deploy.replay FOLDER (of the recorded files); or make replay DATA=FOLDER")
    sys.exit(main(sys.argv[1]))
