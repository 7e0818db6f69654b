"""The bus between several workers. Loaded where Redis is configured and nowhere else."""

import asyncio
import time

import orjson
import redis.asyncio as redis_client
from redis.exceptions import RedisError

from odr.core.bus import MemoryBus
from odr.core.errands import Errands
from odr.core.log import log

_CHANNEL = "odr:pokes"
_DEAF_AFTER = 8.0


class RedisBus(MemoryBus):
    """Several workers: local handlers are called at once, the others through Redis.

    When Redis is gone a poke is dropped: the head check of every worker finds what was missed.
    """

    def __init__(self, client: "redis_client.Redis") -> None:
        super().__init__()
        self._redis = client
        self._me = f"{id(self):x}{time.monotonic_ns():x}"
        self._errands = Errands()
        self._heard = time.monotonic()
        self._mute = False

    async def poke(self, topic: str, ids: list[str], *, here: bool = True) -> None:
        if here:
            await self._call(topic, ids)
        try:
            async with asyncio.timeout(1):
                await self._redis.publish(_CHANNEL, orjson.dumps([self._me, topic, ids]))
            self._mute = False
        except (RedisError, OSError, TimeoutError):
            if not self._mute:
                log.warning("bus.pokes_are_lost", topic=topic)
            self._mute = True

    async def start(self) -> None:
        self._errands.run("bus-listener", self._listen)

    async def close(self) -> None:
        await self._errands.close()
        await self._redis.aclose()

    def listener_age(self) -> float:
        return time.monotonic() - self._heard

    async def _listen(self) -> None:
        wait = 0.2
        while True:
            try:
                async with self._redis.pubsub() as pubsub:
                    await pubsub.subscribe(_CHANNEL)
                    wait = 0.2
                    last = time.monotonic()
                    while True:
                        # A silent listener asks; only an answer makes it young again (its age is on /readyz).
                        message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=2)
                        if message is None:
                            if time.monotonic() - last > _DEAF_AFTER:
                                raise OSError("Redis does not answer")
                            await pubsub.ping()
                            continue
                        last = self._heard = time.monotonic()
                        poke = _poke_of(message["data"]) if message["type"] == "message" else None
                        if poke is not None and poke[0] != self._me:
                            await self._call(poke[1], poke[2])
            except (RedisError, OSError, ValueError):
                log.warning("bus.listener_lost", retry_in=wait)
                await asyncio.sleep(wait)
                wait = min(wait * 2, 5)


def _poke_of(data: bytes) -> tuple[str, str, list[str]] | None:
    """Who pokes, about what, which ids; None for what somebody else has published on our channel."""
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    match found:
        case [str(sender), str(topic), [*ids]] if all(isinstance(one, str) for one in ids):
            return sender, topic, ids
    return None
