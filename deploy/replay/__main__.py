"""`python -m deploy.replay FOLDER [PLAY…]`: recorded reports, stays and riders' days, played and judged."""

import asyncio
import shutil
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.demo.failures import DemoFailed
from deploy.embedded.failures import StartFailed
from deploy.embedded.folders import STATE
from deploy.embedded.suite import Suite
from deploy.replay.cars import gate_reads
from deploy.replay.findings import Findings
from deploy.replay.issue_play import play_issue_reports
from deploy.replay.parking_play import play_parking_stays, play_under_kills
from deploy.replay.recorded import ISSUE_REPORTS, PARKING_STAYS, RIDER_DAYS, DataMissing, recorded, rows_of
from deploy.replay.volunteer_play import begin_in_the_morning, play_riders_day
from shared.runtime.clock import jump

FOLDER = STATE / "replay"


@dataclass(frozen=True, slots=True)
class Play:
    """One play: its file, the services it needs, how it is played, and within how many minutes."""

    file: str
    services: Sequence[str]
    act: Callable[[Suite, ThreadPoolExecutor, Path, Findings], Awaitable[None]]
    minutes: int
    before: Callable[[Path, Path], None] = lambda _path, _folder: None


def begin_with_the_first_read(path: Path, folder: Path) -> None:
    """Let the suite's business time start when the first car comes in."""
    jump(folder / "clock.json", gate_reads(rows_of(path))[0].at)


PLAYS: Final = {
    "issues": Play(ISSUE_REPORTS, ("issues", "notify"), play_issue_reports, 15),
    "parking": Play(
        PARKING_STAYS,
        ("issues", "notify", "parking"),
        play_parking_stays,
        15,
        begin_with_the_first_read,
    ),
    "parking-kills": Play(
        PARKING_STAYS,
        ("issues", "notify", "parking"),
        play_under_kills,
        15,
        begin_with_the_first_read,
    ),
    "volunteer": Play(
        RIDER_DAYS,
        ("issues", "notify", "volunteer"),
        play_riders_day,
        15,
        begin_in_the_morning,
    ),
}


def main(folder: str, names: Sequence[str]) -> int:
    """Play everything recorded there is a play for, or those named; 0 when each figure is as it must be."""
    findings = Findings(lambda line: print(line, flush=True))
    try:
        for name in names or PLAYS:
            run(PLAYS[name], recorded(Path(folder), PLAYS[name].file), FOLDER / name, findings)
    except (DataMissing, StartFailed, DemoFailed) as failure:
        print(failure, file=sys.stderr)
        return 2
    if findings.wrong:
        print(f"\nNOT as it must be: {'; '.join(findings.wrong)}. The logs are in {FOLDER}/*/log.")
        return 1
    print("\nAll figures are as they must be.")
    return 0


def run(play: Play, path: Path, folder: Path, findings: Findings) -> None:
    """Play one in a suite of its own, begun anew."""
    findings.say(f"\n== {play.file}")
    began = time.monotonic()
    shutil.rmtree(folder, ignore_errors=True)
    play.before(path, folder)
    # The suite's processes end with the thread that starts them.
    with ThreadPoolExecutor(1, "suite") as hands:
        suite = Suite(folder, services=play.services, separate_relays=True)
        hands.submit(suite.__enter__).result()
        try:
            asyncio.run(_acted(play, suite, hands, path, findings))
        finally:
            hands.submit(suite.close).result()
    findings.at_most("minutes in all", (time.monotonic() - began) / 60, play.minutes)


async def _acted(play: Play, suite: Suite, hands: ThreadPoolExecutor, path: Path, findings: Findings) -> None:
    await play.act(suite, hands, path, findings)


if __name__ == "__main__":
    if len(sys.argv) < 2 or not set(sys.argv[2:]) <= set(PLAYS):
        sys.exit(f"usage: python -m deploy.replay FOLDER (of the recorded files) [{'] ['.join(PLAYS)}]")
    sys.exit(main(sys.argv[1], sys.argv[2:]))
