"""A worker that is told to stop: sockets are sent away with a code that brings them back, and nothing is lost."""

import asyncio
import contextlib
import socket
import time

from odr.live import protocol
from tests.faults.service import Site
from tests.plugins.faults import Trial


async def test_a_rolling_restart_under_load_loses_nothing(site: Site, trial: Trial) -> None:
    restarts = trial.size(4, 40)
    async with site.talking() as phones:
        for n in range(restarts):
            worker = site.workers[n % len(site.workers)]
            await worker.stop(30)
            await worker.start()
            await asyncio.sleep(trial.dice.uniform(0.1, 0.4))
            trial.counts["restarts"] += 1
            trial.progress(n + 1, restarts)
    codes = {code for phone in phones for code in phone.closes}
    assert protocol.RESTART in codes
    # None: never opened, because nobody listened; 1006: the handshake was under way when the listener closed.
    assert codes <= {protocol.RESTART, None, 1006}
    assert await site.verdict() == []


async def test_a_stop_waits_for_nobody_who_never_answers(site: Site, trial: Trial) -> None:
    """A phone in a tunnel does not answer the close. Half a request is waited for longer: it may be an upload."""
    worker = site.workers[0]
    async with site.talking(per_second=20):
        with contextlib.ExitStack() as stack:
            mute = stack.enter_context(socket.create_connection(("127.0.0.1", worker.port)))
            mute.sendall(_handshake(site))
            await asyncio.to_thread(mute.recv, 100)
            if trial.is_long:
                half = stack.enter_context(socket.create_connection(("127.0.0.1", worker.port)))
                half.sendall(b"POST /api/v1/rooms/x/lines HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
            began = time.monotonic()
            await worker.stop(30)
            assert time.monotonic() - began < trial.size(10, 30)
        await worker.start()
    assert await site.verdict() == []


def _handshake(site: Site) -> bytes:
    return (
        "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: odr.v1\r\n"
        f"Authorization: Bearer {site.people[0].token}\r\n\r\n"
    ).encode()
