"""Presence between workers, with a stand-in for Redis that answers when the test says so."""

import asyncio
from types import TracebackType
from typing import Any

import pytest

from odr.core.bus import MemoryBus
from odr.live import presence as presence_module
from odr.live.presence import Presence
from tests.live.server import eventually


class _Pipe:
    def __init__(self, redis: "_Redis") -> None:
        self._redis = redis
        self._reads = 0

    async def __aenter__(self) -> "_Pipe":
        return self

    async def __aexit__(self, kind: type | None, error: Exception | None, trace: TracebackType | None) -> None:
        return None

    def zrem(self, _key: str, *entries: str) -> None:
        self._redis.entries -= set(entries)

    def zadd(self, _key: str, entries: dict[str, float]) -> None:
        self._redis.entries |= set(entries)

    def expire(self, _key: str, _seconds: int) -> None:
        return None

    def zrangebyscore(self, *_: Any) -> None:
        self._reads += 1

    async def execute(self) -> list[Any]:
        self._redis.asked.set()
        await self._redis.answers.wait()
        return [[entry.encode() for entry in self._redis.entries]] * self._reads


class _Redis:
    def __init__(self) -> None:
        self.entries: set[str] = set()
        self.asked, self.answers = asyncio.Event(), asyncio.Event()

    def pipeline(self, *, transaction: bool) -> _Pipe:
        return _Pipe(self)


async def test_who_goes_while_it_is_written_down_is_taken_out_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence_module, "GRACE_SECONDS", 0.0)
    redis = _Redis()
    presence = Presence(MemoryBus(), None, lambda _: None)
    presence._redis = redis  # type: ignore[assignment]  # as much of it as presence uses
    for person in ("a", "b"):
        presence.enter("case", person)
    await redis.asked.wait()
    presence.leave("case", "b")

    async def is_alone() -> bool:
        return presence.here("case") == {"a"}

    async def is_shared() -> bool:
        return not presence._tasks

    await eventually(is_alone)
    redis.answers.set()
    await eventually(is_shared)
    assert redis.entries == {f"a|{presence._me}"}
