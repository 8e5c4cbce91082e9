"""What every story is played with: people who act, phones that ring, and business time that moves on."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from deploy.demo.access import Access
from deploy.demo.day.phones import Expected, Phones
from deploy.demo.failures import DemoFailed
from deploy.demo.town.layout import ZONE
from deploy.demo.town.making import Town
from shared.runtime.clock import RECHECK_SECONDS, JumpingClock, jump

SECONDS_TO_RING: Final = 30.0
MORNING: Final = 9
Say = Callable[[str], None]


@dataclass(slots=True)
class Stage:
    """`places` are ids by code; `times` collects the seconds from each act to each phone."""

    access: Access
    town: Town
    phones: Phones
    clock: Path
    places: dict[str, str]
    say: Say
    times: list[float] = field(default_factory=list)
    began: datetime = field(default_factory=lambda: datetime.now(UTC))

    async def asks(self, person: str, method: str, url: str, **content: Any) -> Any:
        """One request of somebody; its answer's content. Raises DemoFailed."""
        self.began = datetime.now(UTC)
        key = f"demo-{uuid4()}" if method == "POST" else None
        answer = await self.access.send(person, method, url, key=key, **content)
        return answer.json() if answer.content else None

    async def rings(self, template: str, *persons: str) -> None:
        """Each of them hears, in the words of this template, of what was last done."""
        contacts = [contact for person in dict.fromkeys(persons) if (contact := self.town.contact(person))]
        expected = [Expected(contact, template) for contact in contacts]
        for each in await self.phones.await_ringing(expected, self.began, SECONDS_TO_RING):
            way = "SMS to" if each.channel == "sms" else "push to"
            self.say(f"      {each.after:5.2f} s  {who(each.person)}, {way} {each.address}: {each.text}")
            self.times.append(each.after)

    def now(self) -> datetime:
        """Business time, as the community's clocks show it."""
        return JumpingClock(self.clock).now().astimezone(ZoneInfo(ZONE))

    async def morning(self) -> None:
        """Begin at nine, today if it is not so late yet: nobody is told of ordinary things at night."""
        now = self.now()
        start = now.replace(hour=MORNING, minute=0, second=0, microsecond=0)
        await self._jump(start if now <= start else start + timedelta(days=1))

    async def later(self, **how: float) -> None:
        """Let business time pass, and with it whatever falls due meanwhile."""
        await self._jump(self.now() + timedelta(**how))

    async def _jump(self, to: datetime) -> None:
        jump(self.clock, to)
        # Until no process believes in the time before, none of them may be asked anything.
        await asyncio.sleep(RECHECK_SECONDS * 1.5)
        self.began = datetime.now(UTC)
        self.say(f"      — it is {to:%A, %d %b %H:%M} —")

    async def until(self, what: str, look: Callable[[], Any]) -> Any:
        """Look again and again, until there is something.

        Raises:
            DemoFailed: there was nothing for 30 s.
        """
        for _ in range(int(SECONDS_TO_RING / 0.05)):
            if found := await look():
                return found
            await asyncio.sleep(0.05)
        raise DemoFailed(f"waiting for {what}", "nothing came of it within 30 s", "see the services' logs")


def who(person: str) -> str:
    """A resident's id says nothing by itself."""
    return f"resident {person}" if person.startswith("r-") else person


def clock_of(moment: str | None) -> str:
    """A time as the community's clocks show it, and the messages too."""
    if moment is None:
        return "whenever"
    return datetime.fromisoformat(moment).astimezone(ZoneInfo(ZONE)).strftime("%d %b %H:%M")
