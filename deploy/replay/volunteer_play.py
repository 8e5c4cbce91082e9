"""The play of a riders' day: help is needed, riders are asked in their gaps, business time jumps."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import httpx

from deploy.demo.access import Access, Addresses
from deploy.embedded.suite import Suite
from deploy.replay.findings import Findings
from deploy.replay.helping import TASKS, moment, needs
from deploy.replay.riders import Day, read_day
from deploy.replay.station import COMMUNITY, prepare_station
from deploy.replay.station_day import StationDay
from deploy.replay.station_judge import judge
from shared.runtime.clock import jump

DAY: Final = 0


async def play_riders_day(suite: Suite, _hands: ThreadPoolExecutor, path: Path, findings: Findings) -> None:
    """Play one recorded day and note every figure."""
    day: Day = await asyncio.to_thread(read_day, path, DAY)
    addresses = Addresses(
        identity=suite.url("identity"),
        issues=suite.url("issues"),
        notify=suite.url("notify"),
        phones=suite.url("phones"),
        volunteer=suite.url("volunteer"),
    )
    limits = httpx.Limits(max_connections=32)
    async with httpx.AsyncClient(trust_env=False, timeout=30.0, limits=limits) as client:
        access = Access(client, addresses, COMMUNITY)
        findings.say(f"Preparing a station of {len(day.riders)} riders")
        entries = await prepare_station(access, day.riders)
        findings.say(f"{TASKS} tasks at drop-offs of {len(day.drop_offs)} orders")
        played = StationDay(access, suite.folder / "clock.json", entries, needs(day))
        await played.play()
        await judge(access, suite, played, findings)


def begin_in_the_morning(_path: Path, folder: Path) -> None:
    """Let the suite's business time start half an hour before the record's day, to prepare it in."""
    jump(folder / "clock.json", moment(-30))
