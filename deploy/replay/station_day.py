"""A day at the station, event by event: business time jumps to whatever comes next."""

import asyncio
import heapq
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, Final

import orjson

from deploy.demo.access import Access
from deploy.demo.failures import DemoFailed
from deploy.replay.helping import Need, degrees_of, minute_of, moment, reaction
from deploy.replay.station import KIND, MINUTES, OPERATOR, Entry
from shared.runtime.clock import RECHECK_SECONDS, TimeRunsForward, jump

POSITIONS_EVERY: Final = 10
LOOK_EVERY: Final = 5
CHECK_IN_AFTER: Final = 8
PATIENCE: Final = 20.0
BEAT: Final = 0.05
OFFERED: Final = "task-offered"
TAKEN: Final = "task-yours"
CREDITED: Final = "hours-credited"
REFUSED: Final = frozenset({409})

Act = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Asked:
    """An offer as a rider's phone and the staff's list show it."""

    id: str
    task: str
    person: str
    at: float
    until: float


@dataclass(slots=True)
class StationDay:
    """Plays a day; afterwards it knows what it did: who was asked, who answered, what was refused."""

    access: Access
    clock: Path
    entries: Sequence[Entry]
    needs: Sequence[Need]
    opened: dict[str, float] = field(default_factory=dict)
    claimed: dict[str, float] = field(default_factory=dict)
    asked: dict[str, Asked] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=lambda: {"accept": 0, "decline": 0, "late": 0})
    waited: list[float] = field(default_factory=list)
    _open: set[str] = field(default_factory=set)
    _seen: dict[str, tuple[int, list[dict[str, Any]]]] = field(default_factory=dict)
    _read: int = 0
    _told: Counter[str] = field(default_factory=Counter)
    _confirmed: set[str] = field(default_factory=set)
    _due: list[tuple[float, int, Act]] = field(default_factory=list)
    _order: "count[int]" = field(default_factory=count)
    _turns: dict[str, int] = field(default_factory=dict)

    async def play(self) -> None:
        """From the first rider's beginning to the end of the last task's window, and whatever comes after."""
        for entry in self.entries:
            self._at(entry.rider.on, self._begin(entry))
        for number, need in enumerate(self.needs):
            self._at(need.minute, self._need(number, need))
        last = max(need.minute for need in self.needs) + 241
        for look in range(0, int(last), LOOK_EVERY):
            self._at(look, self._look(look))
        self._at(last, self._look(0))
        while self._due:
            minute = self._due[0][0]
            # Business time goes on by itself as well: what is due by then is played at once.
            with suppress(TimeRunsForward):
                jump(self.clock, moment(minute))
            await asyncio.sleep(RECHECK_SECONDS * 1.2)
            while self._due and self._due[0][0] <= minute:
                await heapq.heappop(self._due)[2]()
            await self._settled(minute)

    def _at(self, minute: float, act: Act) -> None:
        heapq.heappush(self._due, (minute, next(self._order), act))

    def _begin(self, entry: Entry) -> Act:
        async def act() -> None:
            url = f"{self.access.addresses.volunteer}/volunteers/{entry.volunteer}/duty"
            body = {"ends_at": moment(entry.rider.off).isoformat()}
            await self.access.send(entry.person, "POST", url, key=f"duty-{entry.person}", json=body)
            await self._say_where(entry, entry.rider.on)

        return act

    def _look(self, minute: int) -> Act:
        """Riders on duty say where they are; whoever was not found before may be found now."""

        async def act() -> None:
            if minute % POSITIONS_EVERY == 0:
                there = [one for one in self.entries if one.rider.on <= minute < one.rider.off]
                await asyncio.gather(*(self._say_where(one, minute) for one in there))

        return act

    async def _say_where(self, entry: Entry, minute: float) -> None:
        latitude, longitude = degrees_of(entry.rider.at(minute))
        where = {"latitude": latitude, "longitude": longitude, "datum": "wgs84"}
        url = f"{self.access.addresses.volunteer}/positions"
        await self.access.send(entry.person, "POST", url, json={"volunteer": str(entry.volunteer), **where})

    def _need(self, number: int, need: Need) -> Act:
        async def act() -> None:
            latitude, longitude = degrees_of(need.spot)
            where = {"latitude": latitude, "longitude": longitude, "datum": "wgs84"}
            url = f"{self.access.addresses.volunteer}/tasks"
            body = {"kind": KIND, "position": where}
            made = await self.access.send(OPERATOR, "POST", url, key=f"need-{number}", json=body)
            self.opened[made.json()["id"]] = need.minute
            self._open.add(made.json()["id"])

        return act

    async def _settled(self, minute: float) -> None:
        """Wait until whoever is due to be asked at this minute was asked, and their phones have rung."""
        deadline, quiet = time.monotonic() + PATIENCE, 0
        while quiet < 2:
            if time.monotonic() > deadline:
                raise DemoFailed(
                    f"minute {minute:.1f} of the day",
                    "what was due was not done in time",
                    "read volunteer's and notify's logs",
                )
            read = await self._look_at_offers(minute)
            fresh = [offer for offer in read if offer["id"] not in self.asked]
            for offer in fresh:
                self._note(offer)
            overdue = [offer for offer in read if _overdue(offer, minute)]
            rang = await self._rang()
            quiet = 0 if fresh or overdue or not rang else quiet + 1
            await asyncio.sleep(BEAT)

    async def _look_at_offers(self, minute: float) -> list[dict[str, Any]]:
        """The newest offers of those open tasks where somebody was asked since the last look, or is late.

        Asking somebody changes a task's version, so one look at the board says which these are.
        """
        tasks = f"{self.access.addresses.volunteer}/tasks"
        board = await self.access.send(OPERATOR, "GET", tasks, params={"limit": 100})
        versions = {task["id"]: task["version"] for task in board.json()["items"] if task["id"] in self._open}

        async def of(task: str, version: int) -> list[dict[str, Any]]:
            found = await self.access.send(OPERATOR, "GET", f"{tasks}/{task}/offers", params={"limit": 20})
            offers = [offer | {"task": task} for offer in found.json()["items"]]
            self._seen[task] = version, offers
            return offers

        changed = [
            of(task, version)
            for task, version in sorted(versions.items())
            if (seen := self._seen.get(task)) is None
            or seen[0] != version
            or any(_overdue(offer, minute) for offer in seen[1])
        ]
        return [offer for found in await asyncio.gather(*changed) for offer in found]

    async def _rang(self) -> bool:
        """Whether each rider who was asked, got a task or was credited was told so.

        Whoever is told later, when business time has jumped on, might hear nothing any more before the night.
        """
        url = f"{self.access.addresses.phones}/ledger"
        answer = await self.access.client.get(url, params={"since": self._read})
        for line in map(orjson.loads, answer.raise_for_status().content.splitlines()):
            self._read = line["position"]
            self._told[line["template"]] += 1
        said = ((OFFERED, self.asked), (TAKEN, self.claimed), (CREDITED, self._confirmed))
        return all(self._told[template] >= len(those) for template, those in said)

    def _note(self, offer: dict[str, Any]) -> None:
        """Let the rider react to a new offer, if they do."""
        at, until = minute_of(datetime.fromisoformat(offer["offered_at"])), _until(offer)
        one = Asked(offer["id"], offer["task"], offer["person"], at, until)
        self.asked[one.id] = one
        rider = next(entry.rider for entry in self.entries if entry.person == one.person)
        turn = self._turns[one.person] = self._turns.get(one.person, 0) + 1
        answer = reaction(rider, at, until, turn)
        if answer is not None:
            self._at(answer.minute, self._answer(one, answer.minute, accepts=answer.accepts))
        # The clock ends it then, and the next one is asked.
        self._at(until, self._nothing)

    async def _nothing(self) -> None:
        """Business time alone acts."""

    def _answer(self, one: Asked, minute: float, *, accepts: bool) -> Act:
        async def act() -> None:
            verb = "accept" if accepts else "decline"
            if accepts:
                # Who is asked at this same minute hears of it before the task is taken.
                await self._settled(minute)
            url = f"{self.access.addresses.volunteer}/offers/{one.id}/{verb}"
            body: dict[str, Any] = {"json": {}} if accepts else {}
            answer = await self.access.send(
                one.person, "POST", url, key=f"{verb}-{one.id}", accept=REFUSED, **body
            )
            if answer.status_code in REFUSED:
                self.answers["late"] += 1
                return
            self.answers[verb] += 1
            if accepts:
                self.claimed[one.task] = minute
                self._open.discard(one.task)
                self._at(minute + CHECK_IN_AFTER, self._step(one, "check-in", {}))
                self._at(minute + MINUTES - 1, self._done(one))

        return act

    def _step(self, one: Asked, verb: str, body: dict[str, Any]) -> Act:
        async def act() -> None:
            url = f"{self.access.addresses.volunteer}/tasks/{one.task}/{verb}"
            await self.access.send(one.person, "POST", url, key=f"{verb}-{one.task}", json=body)

        return act

    def _done(self, one: Asked) -> Act:
        async def act() -> None:
            await self._step(one, "report", {"outcome": "done"})()
            url = f"{self.access.addresses.volunteer}/tasks/{one.task}/confirm"
            await self.access.send(OPERATOR, "POST", url, key=f"confirm-{one.task}", json={})
            self._confirmed.add(one.task)

        return act


def _overdue(offer: dict[str, Any], minute: float) -> bool:
    return bool(offer["state"] == "offered" and _until(offer) <= minute)


def _until(offer: dict[str, Any]) -> float:
    return minute_of(datetime.fromisoformat(offer["expires_at"]))


def eligible_hours(entries: Iterable[Entry]) -> float:
    """For how many hours riders could be asked: those of their duty."""
    return sum(entry.rider.off - entry.rider.on for entry in entries) / 60
