"""Kill -9 at seeded row positions: who dies where is decided before the first row is sent."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from deploy.embedded.suite import Suite

SEED: Final = 20171231
IN_THE_AIR: Final = 0.02
TARGETS: Final = ("issues", "issues-relay", "notify", "notify-relay")


@dataclass(frozen=True, slots=True)
class Kill:
    """Before the row of this position (from 0) is sent, this process is killed."""

    position: int
    target: str


@dataclass(frozen=True, slots=True)
class Killed:
    """What was in the air when it happened."""

    kill: Kill
    unanswered: int
    unpublished: int


def planned_kills(rows: int, many: int, seed: int = SEED, targets: Sequence[str] = TARGETS) -> list[Kill]:
    """Draw positions spread over the rows and a target for each, the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311  (repeatable, not secret)
    width = rows // many
    return [
        Kill(number * width + chance.randrange(width), targets[(number + chance.randrange(2)) % len(targets)])
        for number in range(many)
    ]


@dataclass(slots=True)
class Executioner:
    """Kills and restarts processes of the suite while rows are being sent.

    The suite's processes end with the thread that starts them, so `hands` is the thread it was begun in.
    """

    suite: Suite
    hands: ThreadPoolExecutor
    unanswered: Callable[[], int]
    unpublished: Callable[[], Awaitable[int]]
    done: list[Killed] = field(default_factory=list)
    _reached: set[Kill] = field(default_factory=set)
    _restarts: set["asyncio.Task[None]"] = field(default_factory=set)
    _gate: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def reach(self, position: int, plan: Sequence[Kill]) -> None:
        """Carry out what is planned for this position; the restart goes on by itself.

        Rows wait here until whoever was killed before is back, so that each kill meets rows on their way.
        """
        async with self._gate:
            due = [kill for kill in plan if kill.position == position and kill not in self._reached]
            self._reached.update(due)
            if due:
                await self.all_restarted()
        for kill in due:
            await asyncio.sleep(IN_THE_AIR)
            self.done.append(Killed(kill, self.unanswered(), await self.unpublished()))
            self.suite.kill(kill.target)
            restart = asyncio.create_task(self._restart(kill.target))
            self._restarts.add(restart)
            restart.add_done_callback(self._restarts.discard)

    async def all_restarted(self) -> None:
        """Wait until whoever was killed is ready again."""
        while self._restarts:
            await asyncio.gather(*self._restarts)

    async def _restart(self, target: str) -> None:
        await asyncio.get_running_loop().run_in_executor(self.hands, self.suite.start, target)
