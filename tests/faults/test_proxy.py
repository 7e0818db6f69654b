"""The proxy does what it says, so that a clean run under it means something."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest

from tests.faults.proxy import Weather, proxied


@contextlib.asynccontextmanager
async def echo() -> AsyncIterator[int]:
    """A server that says everything back."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1000):
                writer.write(data)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()


async def test_fair_weather_changes_nothing() -> None:
    async with echo() as port, proxied(lambda: port, Weather(delay=0.01), 1) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        said = bytes(range(256)) * 100
        writer.write(said)
        assert await reader.readexactly(len(said)) == said
        writer.close()
    assert proxy.cuts == 0


async def test_a_cut_after_n_bytes_lets_exactly_n_through() -> None:
    weather = Weather(cut_after_bytes=(700, 700), resets=False)
    async with echo() as port, proxied(lambda: port, weather, 1) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"x" * 2000)
        assert len(await reader.read(-1)) == 700
        writer.close()
    assert proxy.cuts == 1


async def test_cuts_are_resets_and_plain_ends() -> None:
    async with echo() as port, proxied(lambda: port, Weather(cut_after=(0.0, 0.02)), 7) as proxy:

        async def ends() -> str:
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            try:
                return "end" if await reader.read(-1) == b"" else "more"
            except ConnectionResetError:
                return "reset"
            finally:
                writer.close()

        seen = await asyncio.gather(*(ends() for _ in range(40)))
    assert set(seen) == {"end", "reset"}
    assert proxy.cuts == 40


@pytest.mark.parametrize("weather", [Weather(swallow_up=True), Weather(swallow_down=True)])
async def test_a_black_hole_keeps_the_connection_and_tells_nobody(weather: Weather) -> None:
    async with echo() as port, proxied(lambda: port, weather, 1) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"hello?")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await reader.read(1)
        weather.swallow_up = weather.swallow_down = False
        writer.write(b"again")
        assert await reader.readexactly(5) == b"again"
        writer.close()


async def test_the_same_seed_throws_the_same_dice() -> None:
    async with proxied(lambda: 1, Weather(), 5) as one, proxied(lambda: 1, Weather(), 5) as other:
        assert [one.dice.random() for _ in range(5)] == [other.dice.random() for _ in range(5)]


async def test_nobody_behind_is_a_reset_not_a_wait() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        async with proxied(lambda: closed.getsockname()[1], Weather(), 1) as proxy:
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read(1) == b""
            writer.close()
