"""The newest moment this service has seen, kept in the database: after a restart `clock.steady` goes on from there.

It is written at most every three quarters of a minute, so a login lives at most a minute of real time longer than it
may, however often the clock is set back and the service killed. When it is the mark that is wrong, because the clock
once stood far ahead, `odr clock --accept` lowers it (`odr/clock_accepting.py`); until then nobody is locked out, as
what is given and what is asked go by the same time.
"""

import asyncio
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from odr.core import clock
from odr.core.db import Base, Database, UTCDateTime
from odr.core.errands import Errands
from odr.core.log import log

_EVERY = 15.0
_STEP = timedelta(seconds=45)
WORTH_SAYING = 60.0


class ClockMark(Base):
    """One row: a moment that has been."""

    __tablename__ = "clock_mark"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)


async def learn(database: Database) -> datetime | None:
    """The mark as it is kept, which the clock knows from now on."""
    async with database.read() as session:
        kept = await session.scalar(select(ClockMark.at).where(ClockMark.id == 1))
    if kept is not None:
        clock.not_before(kept)
    return kept


async def keep(database: Database) -> None:
    """Learn the mark, and raise it when it is older than its step."""
    kept = await learn(database)
    reached = datetime.fromtimestamp(clock.steady_seconds(), UTC)
    if kept is None or reached - kept >= _STEP:
        try:
            async with database.connection() as connection:
                if kept is None:
                    await connection.execute(insert(ClockMark).values(id=1, at=reached))
                else:
                    newer = update(ClockMark).where(ClockMark.id == 1, ClockMark.at < reached).values(at=reached)
                    await connection.execute(newer)
        except IntegrityError:
            pass  # another worker was born at the same moment


class Keeper:
    """The loop of one worker. A database that does not answer has alarms of its own; the mark waits."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._was_behind = False
        self._errands = Errands()

    async def start(self) -> None:
        """Learn the mark before the first login is looked at."""
        await self._look()
        self._errands.run("clock-mark", self._loop)

    async def close(self) -> None:
        await self._errands.close()

    async def _loop(self) -> None:
        while True:
            await asyncio.sleep(_EVERY)
            await self._look()

    async def _look(self) -> None:
        try:
            await keep(self._database)
        except Exception as failure:
            log.warning("clock.mark_failed", error=type(failure).__name__)
        is_behind = clock.behind() > WORTH_SAYING
        if is_behind and not self._was_behind:
            log.error("clock.behind", seconds=round(clock.behind()))
        self._was_behind = is_behind
