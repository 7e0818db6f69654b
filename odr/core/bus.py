"""Wake-ups between workers, without content: a lost or forged one can neither lose nor leak a message.

Topics are short words, payloads are lists of public or internal ids. In one process the bus is a set of
callbacks; with Redis (`redis_bus`) it is one pub/sub channel, supervised and reconnected for ever.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Protocol

from odr.core.log import log

Handler = Callable[[list[str]], Awaitable[None]]


class Bus(Protocol):
    """`poke` tells every worker, this one too unless `here` is False; `on` registers who listens to a topic."""

    def on(self, topic: str, handler: Handler) -> None: ...
    async def poke(self, topic: str, ids: list[str], *, here: bool = True) -> None: ...
    async def start(self) -> None: ...
    async def close(self) -> None: ...
    def listener_age(self) -> float:
        """Seconds since the listener was last known to hear; 0 for the bus in memory."""
        ...


class MemoryBus:
    """One process: a poke calls its handlers at once."""

    def __init__(self) -> None:
        self._handlers: dict[str, list[Handler]] = defaultdict(list)

    def on(self, topic: str, handler: Handler) -> None:
        self._handlers[topic].append(handler)

    async def poke(self, topic: str, ids: list[str], *, here: bool = True) -> None:
        if here:
            await self._call(topic, ids)

    async def _call(self, topic: str, ids: list[str]) -> None:
        for handler in self._handlers.get(topic, ()):
            try:
                await handler(ids)
            except Exception:
                log.exception("bus.handler_failed", topic=topic)

    async def start(self) -> None:
        return None

    async def close(self) -> None:
        return None

    def listener_age(self) -> float:
        return 0.0
