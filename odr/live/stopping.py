"""How a worker ends: not ready, sockets sent home, requests under way finished, what was taken stored, and gone.

uvicorn alone would end the sockets all at once and unanswered, and would leave with the signal instead of with 0.
"""

import asyncio
import contextlib
import os
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from types import FrameType

import uvicorn

from odr.core.log import log
from odr.live.hub import Hub

_REQUESTS_SECONDS = 10.0
_LAST_SECONDS = 6.0
_ALL_SECONDS = 28.0  # whoever started us waits 30 s before it kills
_TICK = 0.05


class Server(uvicorn.Server):
    """uvicorn's server with an orderly end. SIGTERM or SIGINT begins it, a second one hurries it.

    It leans on names inside uvicorn, whose version the lock file holds; `tests/live/test_stopping.py` fails when they
    move.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        hub: Hub,
        *,
        linger: float = 0.0,
        on_started: "Callable[[Server], Awaitable[None]] | None" = None,
    ) -> None:
        super().__init__(config)
        self._hub = hub
        self._linger = linger
        self._on_started = on_started
        self._hurry = asyncio.Event()
        self._retiring = False
        self._loop: asyncio.AbstractEventLoop | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # Not remembered: uvicorn would raise what it captured again at the end.
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.stop)
        else:
            self.should_exit = True

    def stop(self) -> None:
        """Begin the end; called again, hurry it."""
        if self._hub.stopping:
            self._hurry.set()
            return
        self._hub.stopping = self.should_exit = True
        last = threading.Timer(_ALL_SECONDS + self._linger, _give_up)
        last.daemon = True
        last.start()

    def retire(self) -> None:
        """End as `stop` does, with another worker standing ready: it takes all new connections from now on."""
        self._retiring = True
        self.stop()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        if self._on_started is not None and not self.should_exit:
            await self._on_started(self)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """The end, in order. Nothing in it waits for a peer without a bound."""
        self._hub.stopping = True
        began = time.monotonic()
        log.info("server.stopping", sockets=self._hub.sockets, retiring=self._retiring)
        if self._retiring:
            self._close_doors(sockets)
        else:
            await self._pause(self._linger)
        await self._hub.send_home(self._hurry)
        self._close_doors(sockets)
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await self._wait_for_requests()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_SECONDS):
                await self.lifespan.shutdown()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        log.info("server.stopped", seconds=round(time.monotonic() - began, 1))

    def _close_doors(self, sockets: list[socket.socket] | None) -> None:
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()

    async def _pause(self, seconds: float) -> None:
        if seconds > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), seconds)

    async def _wait_for_requests(self) -> None:
        state = self.server_state
        until = time.monotonic() + _REQUESTS_SECONDS
        while (state.connections or state.tasks) and not self._hurry.is_set() and time.monotonic() < until:  # noqa: ASYNC110
            await asyncio.sleep(_TICK)
        left = [task for task in state.tasks if not task.done()]
        if left:
            log.warning("server.requests_cut", tasks=len(left))
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=1.0)


def _give_up() -> None:
    """A thread that hangs in the database or on a disk would keep the process for ever. What is not stored was never
    acknowledged, so its client sends it again."""
    log.error("server.gave_up", after=_ALL_SECONDS)
    os._exit(1)


class Lifeline:
    """The worker's end of the line to its supervisor: it says when it is ready and that it lives, and hears when to
    retire. A line that breaks means that the supervisor is gone; then the worker goes too."""

    READY, BEAT, RETIRE = b"r", b"b", b"q"
    BEAT_SECONDS = 2.0

    def __init__(self, line: socket.socket, is_ready: Callable[[], Awaitable[bool]]) -> None:
        self._line = line
        self._is_ready = is_ready
        self._tasks: list[asyncio.Task[None]] = []

    async def hold(self, server: Server) -> None:
        """Begin, in the server's loop."""
        reader, writer = await asyncio.open_connection(sock=self._line)
        self._tasks = [
            asyncio.create_task(self._speak(writer), name="lifeline-out"),
            asyncio.create_task(self._listen(reader, server), name="lifeline-in"),
        ]

    async def _speak(self, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            told = False
            while True:
                told = told or await self._is_ready()
                writer.write(self.READY if told else self.BEAT)
                await writer.drain()
                await asyncio.sleep(self.BEAT_SECONDS if told else 0.1)

    async def _listen(self, reader: asyncio.StreamReader, server: Server) -> None:
        with contextlib.suppress(OSError):
            while order := await reader.read(1):
                if order == self.RETIRE:
                    server.retire()
        if not server.should_exit:
            log.warning("server.supervisor_gone")
            server.stop()
