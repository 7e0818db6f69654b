"""Rate limits by the `limits` library: in memory for one process, in Redis for several."""

import asyncio
import time
from dataclasses import dataclass

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage, Storage, memory
from limits.aio.storage.redis import redispy
from limits.aio.strategies import MovingWindowRateLimiter

from odr.core import clock
from odr.core.errors import TooMany
from odr.core.i18n import _
from odr.core.log import log

# A store that does not answer costs one caller this long; then nobody asks it for a while.
_PATIENCE = 0.5
_LEFT_ALONE = 5.0


class _Steady:
    """What the library takes for the module `time`: a clock that is set back keeps no window closed for as long."""

    time = staticmethod(clock.steady_seconds)


memory.time = redispy.time = _Steady  # type: ignore[assignment,attr-defined]  # it takes a clock in no other way


def _storage(redis_url: str | None) -> Storage:
    return RedisStorage(f"async+{redis_url}", implementation="redispy") if redis_url else MemoryStorage()


@dataclass(frozen=True)
class Rule:
    """So many times per so long, e.g. `Rule("sms:phone", "5/hour", N_("…"))`, and the sentence for who went over."""

    name: str
    rate: str
    say: str


class Limiter:
    """Counts hits. When its store is gone it lets people in: a dead Redis must not lock a city out."""

    def __init__(self, redis_url: str | None = None) -> None:
        self._window = MovingWindowRateLimiter(_storage(redis_url))
        self._items: dict[str, RateLimitItem] = {}
        self._alone_until = 0.0

    async def hit(self, rule: Rule, *key: str) -> None:
        """Count one use of `rule` by `key`. Raises TooMany with the seconds to wait."""
        item = self._items.setdefault(rule.rate, parse(rule.rate))
        if time.monotonic() < self._alone_until:
            return
        try:
            async with asyncio.timeout(_PATIENCE):
                if await self._window.hit(item, rule.name, *key):
                    return
                stats = await self._window.get_window_stats(item, rule.name, *key)
        except Exception as failure:
            self._leave_alone(rule, failure)
            return
        raise TooMany(_(rule.say), retry=max(1, int(stats.reset_time - clock.steady_seconds())))

    async def forget(self, rule: Rule, *key: str) -> None:
        """Take back what `key` has used of `rule`: only failures shall count."""
        item = self._items.setdefault(rule.rate, parse(rule.rate))
        if time.monotonic() < self._alone_until:
            return
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._window.clear(item, rule.name, *key)
        except Exception as failure:
            self._leave_alone(rule, failure)

    def _leave_alone(self, rule: Rule, failure: Exception) -> None:
        self._alone_until = time.monotonic() + _LEFT_ALONE
        log.warning("limits.store_failed", rule=rule.name, error=type(failure).__name__)
