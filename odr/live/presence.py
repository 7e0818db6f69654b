"""Who of a case is online. Per case, never per room: it must not tell who talks to whom.

One worker knows it from its own sockets. Several share it in Redis, a sorted set per case, each entry with the moment
at which it fades: a worker that dies takes its ghosts with it within a minute. Without Redis for a while everybody
sees those of the own worker.
"""

import asyncio
import contextlib
import secrets
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING

from odr.core import clock
from odr.core.bus import Bus
from odr.core.log import log

if TYPE_CHECKING:
    import redis.asyncio as redis_client

TTL_SECONDS = 45
HEARTBEAT_SECONDS = 12
# A reload is no departure.
GRACE_SECONDS = 3.0
_PATIENCE = 2.0


# One process serves without Redis and does not load its client.
def _connect(url: str) -> "redis_client.Redis":
    import redis.asyncio

    return redis.asyncio.from_url(url)


def _lost() -> tuple[type[Exception], ...]:
    """What a Redis that is gone raises."""
    from redis.exceptions import RedisError

    return RedisError, OSError, TimeoutError


class Presence:
    """Counts the sockets of each person in each case; `on_change(case)` is called when somebody came or went."""

    def __init__(self, bus: Bus, redis_url: str | None, on_change: Callable[[str], None]) -> None:
        self._bus = bus
        self._redis = _connect(redis_url) if redis_url else None
        self._on_change = on_change
        self._me = secrets.token_hex(4)
        self._here: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._elsewhere: dict[str, frozenset[str]] = {}
        self._going: dict[tuple[str, str], asyncio.TimerHandle] = {}
        self._gone: set[tuple[str, str]] = set()
        self._stale: set[str] = set()
        self._told: set[str] = set()
        self._heard = time.monotonic()
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self) -> None:
        if self._redis is not None:
            self._bus.on("presence", self._on_poke)
            self._tasks["beat"] = asyncio.create_task(self._beat(), name="presence")

    async def close(self) -> None:
        for timer in self._going.values():
            timer.cancel()
        for task in list(self._tasks.values()):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if self._redis is not None:
            self._gone |= {(case, person) for case, people in self._here.items() for person in people}
            self._here.clear()
            with contextlib.suppress(*_lost()):
                await self._share({case for case, _ in self._gone})
            await self._redis.aclose()

    def here(self, case: str) -> frozenset[str]:
        """The public ids of everybody who is online in a case, on any worker."""
        return frozenset(self._here.get(case, ())) | self._elsewhere.get(case, frozenset())

    def enter(self, case: str, person: str) -> bool:
        """One more socket of this person looks at the case; True when that was news, and told."""
        timer = self._going.pop((case, person), None)
        if timer is not None:
            timer.cancel()
            return False
        self._here[case][person] += 1
        if self._here[case][person] > 1:
            return False
        self._gone.discard((case, person))
        self._changed(case)
        return True

    def leave(self, case: str, person: str) -> None:
        """One socket less; the last one counts after a moment of grace."""
        if self._here[case][person] > 1:
            self._here[case][person] -= 1
            return
        loop = asyncio.get_running_loop()
        self._going[case, person] = loop.call_later(GRACE_SECONDS, self._went, case, person)

    def _went(self, case: str, person: str) -> None:
        del self._going[case, person]
        del self._here[case][person]
        if not self._here[case]:
            del self._here[case]
            self._elsewhere.pop(case, None)
        self._gone.add((case, person))
        self._changed(case)

    def _changed(self, case: str) -> None:
        self._on_change(case)
        if self._redis is None:
            self._gone.clear()
        else:
            self._told.add(case)
            self._refresh({case})

    # --- several workers ---

    async def _on_poke(self, cases: list[str]) -> None:
        self._refresh(self._here.keys() & set(cases))

    def _refresh(self, cases: set[str]) -> None:
        self._stale |= cases
        if self._stale and "share" not in self._tasks:
            self._tasks["share"] = asyncio.create_task(self._share_stale())

    async def _share_stale(self) -> None:
        try:
            while self._stale:
                cases, self._stale = self._stale, set()
                told, self._told = self._told, set()
                await self._share(cases)
                if told:
                    await self._bus.poke("presence", sorted(told), here=False)
        except _lost() as failure:
            log.warning("presence.not_shared", error=type(failure).__name__)
        finally:
            del self._tasks["share"]

    async def _share(self, cases: set[str]) -> None:
        """Write down who is here, take out who went, read who is elsewhere."""
        if self._redis is None or not cases:
            return
        now = clock.steady_seconds()  # a clock set back must not keep who is gone
        asked, taken = sorted(cases), {one for one in self._gone if one[0] in cases}
        async with asyncio.timeout(_PATIENCE), self._redis.pipeline(transaction=False) as pipe:
            for case in asked:
                gone = [self._entry(person) for where, person in taken if where == case]
                here = {self._entry(person): now + TTL_SECONDS for person in self._here.get(case, ())}
                if gone:
                    pipe.zrem(_key(case), *gone)
                if here:
                    pipe.zadd(_key(case), here)
                pipe.expire(_key(case), TTL_SECONDS * 2)
                pipe.zrangebyscore(_key(case), now, "+inf")
            answers = [answer for answer in await pipe.execute() if isinstance(answer, list)]
        self._heard = time.monotonic()
        self._gone -= taken  # not who has gone meanwhile
        for case, entries in zip(asked, answers, strict=True):
            people = {entry.decode().partition("|")[::2] for entry in entries}
            self._set_elsewhere(case, frozenset(person for person, worker in people if worker != self._me))

    def _entry(self, person: str) -> str:
        return f"{person}|{self._me}"

    def _set_elsewhere(self, case: str, people: frozenset[str]) -> None:
        if case not in self._here:
            self._elsewhere.pop(case, None)
        elif people != self._elsewhere.get(case, frozenset()):
            self._elsewhere[case] = people
            self._on_change(case)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            if time.monotonic() - self._heard > TTL_SECONDS:
                for case in list(self._elsewhere):
                    self._set_elsewhere(case, frozenset())
            self._refresh(set(self._here) | {case for case, _ in self._gone})


def _key(case: str) -> str:
    return f"odr:here:{case}"
