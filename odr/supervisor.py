"""`odr serve --workers N`: one process that starts N workers, keeps them alive and replaces them one by one.

All workers take connections from one listening socket that the supervisor opened, so none is refused while one of
them ends: what waits on the socket is taken by the others. (With SO_REUSEPORT each worker has a queue of its own, and
what waits in it dies with it.) Each worker also answers alone on a loopback port of its own, for probes and metrics.

Workers are started anew from the code on disk and not forked: a rolling restart takes a new version in.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from odr.core.log import log
from odr.core.settings import Settings
from odr.live.stopping import Lifeline

_READY_SECONDS = 60.0
_END_SECONDS = 30.0
_SILENT_BEATS = 30  # of the supervisor's own clock: a machine that slept wakes with all of them alive
_BACK_OFF = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_STEADY_SECONDS = 60.0


@dataclass(eq=False)
class Worker:
    """One process. `number` is its place; two have the same only while one replaces the other."""

    number: int
    process: asyncio.subprocess.Process
    writer: asyncio.StreamWriter
    began: float = field(default_factory=time.monotonic)
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    silent: int = 0
    retired: bool = False


class Supervisor:
    """Starts, watches, replaces and ends the workers. `command` starts one; the rest is handed over by descriptors."""

    def __init__(
        self, settings: Settings, command: Sequence[str], doors: Sequence[socket.socket], own: Sequence[socket.socket]
    ) -> None:
        self._settings = settings
        self._command = list(command)
        self._doors, self._own = list(doors), list(own)
        self._workers: dict[int, Worker] = {}
        self._all: set[Worker] = set()
        self._watches: set[asyncio.Task[None]] = set()
        self._deaths: dict[int, int] = {}
        self._was_ready = False
        self._ending = asyncio.Event()
        self._roll: asyncio.Task[None] | None = None
        self._code = 0

    async def run(self) -> int:
        """Until SIGTERM or SIGINT. Returns the exit code: 0 when every worker ended in order."""
        loop = asyncio.get_running_loop()
        for sig in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sig, self._end)
        loop.add_signal_handler(signal.SIGHUP, self._replace_all)
        beats = asyncio.create_task(self._count_beats())
        for number in range(1, self._settings.workers + 1):
            await self._start(number)
        await self._ending.wait()
        beats.cancel()
        if self._roll is not None:
            self._roll.cancel()
        for listener in (*self._doors, *self._own):
            listener.close()
        await self._wait_for_all()
        return self._code

    def _end(self) -> None:
        """Pass the signal on; a second one hurries the workers as well."""
        self._ending.set()
        for worker in list(self._all):
            _send(worker, signal.SIGTERM)

    async def _wait_for_all(self) -> None:
        until = time.monotonic() + _END_SECONDS + self._settings.linger_seconds
        while self._watches:
            await asyncio.wait(self._watches, timeout=max(0.0, until - time.monotonic()))
            if self._all and time.monotonic() >= until:
                self._code = 1
                for worker in list(self._all):
                    log.error("supervisor.killed", number=worker.number)
                    _send(worker, signal.SIGKILL)
                until += _END_SECONDS

    async def _start(self, number: int) -> Worker:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        listeners = [*self._doors, self._own[number - 1]]
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                ",".join(str(one.fileno()) for one in listeners), str(theirs.fileno()),
                pass_fds=[theirs.fileno(), *(one.fileno() for one in listeners)],
                env=os.environ | {"ODR_WORKER": str(number), "ODR_WORKERS": str(self._settings.workers)},
                # Ctrl+C in a terminal reaches the whole group; the workers are told by us, once.
                process_group=0,
            )  # fmt: skip
        reader, writer = await asyncio.open_connection(sock=ours)
        worker = Worker(number, process, writer)
        self._workers[number] = worker
        self._all.add(worker)
        for work in (self._watch(worker), self._hear(worker, reader)):
            task = asyncio.create_task(work)
            self._watches.add(task)
            task.add_done_callback(self._watches.discard)
        log.info("supervisor.started", number=number, pid=process.pid)
        if self._ending.is_set():
            _send(worker, signal.SIGTERM)
        return worker

    async def _hear(self, worker: Worker, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(OSError):
            while said := await reader.read(64):
                worker.silent = 0
                if Lifeline.READY in said and not worker.ready.is_set():
                    worker.ready.set()
                    self._was_ready = True
                    log.info("supervisor.ready", number=worker.number, pid=worker.process.pid)

    async def _watch(self, worker: Worker) -> None:
        """Wait for its end; one that was not asked to end is started again, later each time."""
        code = await worker.process.wait()
        self._all.discard(worker)
        worker.writer.close()
        if self._ending.is_set() or worker.retired:
            self._code = self._code or (1 if code else 0)
            return
        if self._workers.get(worker.number) is not worker:
            return  # it was to replace another and never became ready
        log.error("supervisor.worker_died", number=worker.number, pid=worker.process.pid, status=code)
        if not self._was_ready:
            # What stops the very first workers is the configuration; it would stop each of them for ever.
            self._code = code if code > 0 else 1
            self._end()
            return
        steady = time.monotonic() - worker.began > _STEADY_SECONDS
        deaths = self._deaths[worker.number] = 0 if steady else self._deaths.get(worker.number, -1) + 1
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), _BACK_OFF[min(deaths, len(_BACK_OFF) - 1)])
        if not self._ending.is_set() and self._workers.get(worker.number) is worker:
            await self._start(worker.number)

    def _replace_all(self) -> None:
        if self._roll is None or self._roll.done():
            self._roll = asyncio.create_task(self._replace_one_by_one())

    async def _replace_one_by_one(self) -> None:
        """The new one is ready before the old one goes; when it does not become ready, everything stays as it was."""
        for number, old in sorted(self._workers.items()):
            new = await self._start(number)
            if not await self._becomes_ready(new):
                log.error("supervisor.replacement_failed", number=number)
                self._workers[number] = old
                _send(new, signal.SIGKILL)
                if old.process.returncode is not None:  # it died meanwhile, and nobody started it again
                    await self._start(number)
                return
            old.retired = True
            with contextlib.suppress(OSError):
                old.writer.write(Lifeline.RETIRE)
            try:
                async with asyncio.timeout(_END_SECONDS):
                    await old.process.wait()
            except TimeoutError:
                log.error("supervisor.killed", number=number)
                _send(old, signal.SIGKILL)
        log.info("supervisor.replaced_all")

    async def _becomes_ready(self, worker: Worker) -> bool:
        ready, gone = asyncio.create_task(worker.ready.wait()), asyncio.create_task(worker.process.wait())
        await asyncio.wait([ready, gone], timeout=_READY_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for task in (ready, gone):
            task.cancel()
        return worker.ready.is_set() and worker.process.returncode is None

    async def _count_beats(self) -> None:
        """A worker whose loop hangs is alive to the system and dead to everybody else."""
        while True:
            await asyncio.sleep(Lifeline.BEAT_SECONDS)
            for worker in list(self._all):
                worker.silent += 1
                if worker.ready.is_set() and worker.silent > _SILENT_BEATS:
                    log.error("supervisor.worker_hangs", number=worker.number, pid=worker.process.pid)
                    _send(worker, signal.SIGKILL)


def _send(worker: Worker, sig: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        worker.process.send_signal(sig)


def opened(host: str, port: int) -> socket.socket:
    """A listening socket that children can inherit. Raises OSError when the address is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=4096)


def supervise(settings: Settings) -> int:
    """Serve with `settings.workers` processes until told to end. Returns the exit code; raises OSError naming the port
    that is taken."""
    doors: list[socket.socket] = []
    own: list[socket.socket] = []
    for port in (settings.port, *(settings.first_worker_port + n for n in range(settings.workers))):
        host = settings.host if port == settings.port else settings.metrics_host
        try:
            (own if doors else doors).append(opened(host, port))
        except OSError as failure:
            raise OSError(failure.errno, f"{host}:{port}: {failure.strerror}") from None
    command = [sys.executable, "-m", "odr.cli", "worker"]
    return asyncio.run(Supervisor(settings, command, doors, own).run())
