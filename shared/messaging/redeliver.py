"""Puts dead letters and what is parked behind them back, in the order of their key.

Each record has a transaction of its own under its key's lock, the same that the consumer takes before it
parks: either the consumer sees the key still blocked and parks behind, or redelivery is done with the key and
the consumer goes on. The inbox makes redelivering anything twice safe.
"""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from shared.database.work import Work, Works
from shared.errors import NotFound
from shared.messaging.dead_letters import bury
from shared.messaging.incoming import Incoming, storable, unpack_headers
from shared.messaging.intake import Errors, Intake
from shared.messaging.parked import lock_key
from shared.messaging.sorting import Refused
from shared.messaging.subscription import Subscriptions
from shared.telemetry.logs import log

_LETTER = "SELECT id, topic, key FROM dead_letters WHERE consumer = $1 AND id = $2"
# Also what is parked behind no letter any more: a redelivery was interrupted after it had put that back.
_ALL = """
SELECT id, topic, key FROM dead_letters WHERE consumer = $1
UNION ALL
SELECT DISTINCT NULL::uuid, topic, key FROM parked_events WHERE consumer = $1
"""
_COLUMNS = 'topic, partition, "offset", key, headers, value, recorded_at'
_BY_ID = f"SELECT {_COLUMNS}, true AS dead FROM dead_letters WHERE consumer = $1 AND id = $2 FOR UPDATE"  # noqa: S608
_FIRST_OF_KEY = f"""
SELECT {_COLUMNS}, true AS dead FROM dead_letters WHERE consumer = $1 AND topic = $2 AND key = $3
UNION ALL
SELECT {_COLUMNS}, false FROM parked_events WHERE consumer = $1 AND topic = $2 AND key = $3
ORDER BY partition, "offset" LIMIT 1
"""  # noqa: S608
_PLACE = 'consumer = $1 AND topic = $2 AND partition = $3 AND "offset" = $4'
_UNBURY = f"DELETE FROM dead_letters WHERE {_PLACE}"  # noqa: S608
_UNPARK = f"DELETE FROM parked_events WHERE {_PLACE}"  # noqa: S608
_STILL_DEAD = f"UPDATE dead_letters SET reason = $5, detail = $6, dead_at = now() WHERE {_PLACE}"  # noqa: S608


@dataclass(frozen=True, slots=True)
class Redelivered:
    """How many records were put back, and how many keys (or records without one) are dead still."""

    done: int = 0
    dead: int = 0

    def __add__(self, other: "Redelivered") -> "Redelivered":
        return Redelivered(self.done + other.done, self.dead + other.dead)


@dataclass(frozen=True, slots=True)
class Redelivery:
    """One consumer's redelivery; safe beside the running consumer and beside itself."""

    intake: Intake

    @classmethod
    def of(cls, consumer: str, works: Works, subscriptions: Subscriptions, errors: Errors) -> "Redelivery":
        """Take the same parts as the consumer has."""
        return cls(Intake(consumer, works, subscriptions, errors))

    async def redeliver(self, letter: UUID | None = None) -> Redelivered:
        """Put back one dead letter, or all, each with what is parked behind it.

        Raises:
            NotFound: there is no such letter.
            Exception: a transient error; what was put back until then stays so.
        """
        outcome, keys = Redelivered(), set()
        for row in await self._letters(letter):
            if row["key"] is None:
                outcome += await self._put_back(None, row["id"])
            elif (place := (row["topic"], row["key"])) not in keys:
                keys.add(place)
                outcome += await self._put_back_key(*place)
        return outcome

    async def discard(self, letter: UUID) -> Redelivered:
        """Give up one dead letter and put back what is parked behind it.

        Raises:
            NotFound: there is no such letter.
            Exception: a transient error; what was put back until then stays so.
        """
        (row,) = await self._letters(letter)
        async with self._work() as work:
            if row["key"] is not None:
                await lock_key(work.connection, self.intake.consumer, row["topic"], row["key"])
            found = await work.connection.fetchrow(_BY_ID, self.intake.consumer, letter)
            if found is None:
                raise NotFound("there is no such dead letter any more")
            await self._remove(work, _record(found), dead=True)
        return Redelivered() if row["key"] is None else await self._put_back_key(row["topic"], row["key"])

    async def _letters(self, letter: UUID | None) -> list[asyncpg.Record]:
        async with self._work() as work:
            if letter is None:
                return list(await work.connection.fetch(_ALL, self.intake.consumer))
            rows = list(await work.connection.fetch(_LETTER, self.intake.consumer, letter))
        if not rows:
            raise NotFound("there is no such dead letter")
        return rows

    async def _put_back_key(self, topic: str, key: bytes) -> Redelivered:
        outcome = Redelivered()
        while (step := await self._put_back((topic, key), None)).done:
            outcome += step
        return outcome + step

    async def _put_back(self, place: tuple[str, bytes] | None, letter: UUID | None) -> Redelivered:
        """Put back the first record of a key, or one without; nothing done and none dead means none left."""
        record: Incoming | None = None
        try:
            async with self._work() as work:
                if (row := await self._first(work, place, letter)) is None:
                    return Redelivered()
                record = _record(row)
                if (refused := await self.intake.put_back(work, record)) is not None:
                    await self._stays_dead(work, refused, dead=row["dead"])
                    return Redelivered(dead=1)
                await self._remove(work, record, dead=row["dead"])
        except Exception as error:
            if record is None or self.intake.is_transient(error):
                raise
            log.exception("redelivery_refused", topic=record.topic, offset=record.offset)
            detail = f"{type(error).__name__}: {error}"
            async with self._work() as work:
                if (row := await self._first(work, place, letter)) is not None and _record(row) == record:
                    await self._stays_dead(work, Refused(record, "use-case", detail), dead=row["dead"])
            return Redelivered(dead=1)
        return Redelivered(done=1)

    async def _first(
        self, work: Work, place: tuple[str, bytes] | None, letter: UUID | None
    ) -> asyncpg.Record | None:
        consumer = self.intake.consumer
        if place is None:
            return await work.connection.fetchrow(_BY_ID, consumer, letter)
        await lock_key(work.connection, consumer, *place)
        return await work.connection.fetchrow(_FIRST_OF_KEY, consumer, *place)

    async def _stays_dead(self, work: Work, refused: Refused, *, dead: bool) -> None:
        record = refused.incoming
        if not dead:
            await self._remove(work, record, dead=False)
            await bury(work, self.intake.consumer, refused)
            return
        place = (self.intake.consumer, record.topic, record.partition, record.offset)
        await work.connection.execute(_STILL_DEAD, *place, refused.reason, storable(refused.detail, 2000))

    async def _remove(self, work: Work, record: Incoming, *, dead: bool) -> None:
        place = (self.intake.consumer, record.topic, record.partition, record.offset)
        await work.connection.execute(_UNBURY if dead else _UNPARK, *place)

    def _work(self) -> AbstractAsyncContextManager[Work]:
        return self.intake.works.for_system("redeliver")


def _record(row: asyncpg.Record) -> Incoming:
    return Incoming(
        topic=row["topic"],
        partition=row["partition"],
        offset=row["offset"],
        key=row["key"],
        headers=unpack_headers(row["headers"]),
        value=row["value"],
        timestamp=int(row["recorded_at"].timestamp() * 1000),
    )
