"""Acknowledged means synced: shown by the order of system calls, and by a disk that fails to sync."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from odr.core import ids
from tests.faults.durability import Ack, acks
from tests.faults.service import SECONDS, Site, Worker
from tests.faults.test_resends import send_all
from tests.plugins.faults import Trial

pytestmark = pytest.mark.sqlite

_ID = "a" * 22
_WRITE = '7 pwrite64(12</d/odr.sqlite3-wal>, "..."..., 4096, 32) = 4096'
_SYNC_BEGINS = "7 fdatasync(12</d/odr.sqlite3-wal> <unfinished ...>"
_SYNC_ENDS = "7 <... fdatasync resumed>) = 0"
_SYNC = "7 fdatasync(12</d/odr.sqlite3-wal>) = 0"
_ACK = (
    '9 write(20<socket:[1]>, "\\201~\\0{\\"t\\":\\"said\\",\\"room\\":\\"r\\",\\"id\\":\\"'
    + _ID
    + '\\",\\"seq\\":1}", 90) = 90'
)


@pytest.mark.parametrize(
    ("trace", "is_covered"),
    [
        ([_WRITE, _SYNC, _ACK], True),
        ([_WRITE, _SYNC_BEGINS, _SYNC_ENDS, _ACK], True),
        ([_WRITE, _ACK, _SYNC], False),
        ([_WRITE, _ACK], False),
        ([_ACK], False),
        ([_SYNC, _WRITE, _ACK], False),
        ([_WRITE, _SYNC, _WRITE, _ACK], False),
        (
            [_WRITE, _SYNC_BEGINS, _ACK, _SYNC_ENDS],
            False,
        ),
        ([_WRITE, "7 fdatasync(12</d/odr.sqlite3-wal>) = -1 EIO (Input/output error)", _ACK], False),
        ([_WRITE, "7 fdatasync(13</d/odr.sqlite3>) = 0", _ACK], False),
    ],
)
def test_the_reader_of_traces_is_not_fooled(trace: list[str], is_covered: bool) -> None:
    assert list(acks(trace)) == [Ack(_ID, is_covered)]


@contextlib.asynccontextmanager
async def traced(worker: Worker, *options: str) -> AsyncIterator[None]:
    """strace attached to all threads of a worker."""
    tracer = await asyncio.create_subprocess_exec(
        "strace", "-f", "-y", "-qq", *options, "-p", str(worker.pid), stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(SECONDS):
            status = Path(f"/proc/{worker.pid}/status")
            while "TracerPid:\t0\n" in status.read_text():  # noqa: ASYNC110, ASYNC240
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.3)  # the threads follow
        yield
    finally:
        tracer.send_signal(signal.SIGINT)
        await tracer.wait()


async def test_the_log_is_synced_before_the_acknowledgement_leaves(
    small_site: Site, trial: Trial, tmp_path: Path
) -> None:
    site, person, room = small_site, small_site.people[0], small_site.rooms[0]
    trace = tmp_path / "trace"
    calls = "trace=fsync,fdatasync,pwrite64,write,writev,sendto,sendmsg"
    many = trial.size(30, 300)
    sent = []
    async with traced(site.workers[0], "-e", calls, "-s", "400", "-o", str(trace)):
        for n in range(many):
            id = ids.new_pid()
            sent.append(id)
            site.history.sent.append((person.pid, id, room, f"第{n}句"))
            _, answers = await send_all(site, person, [{"t": "say", "room": room, "id": id, "text": f"第{n}句"}])
            assert answers[0]["t"] == "said"
            site.history.acked.append((person.pid, id, room, answers[0]["seq"]))
    found = list(acks(trace.read_text(errors="replace").splitlines()))
    assert found == [Ack(id, True) for id in sent]
    trial.counts["traced acks"] += many
    site.count()
    assert await site.verdict() == []


async def test_a_disk_that_fails_to_sync_acknowledges_nothing(small_site: Site, trial: Trial) -> None:
    worker = small_site.workers[0]
    async with small_site.talking() as phones:
        options = ("-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO", "-o", "/dev/null")
        async with traced(worker, *options):
            await asyncio.sleep(0.2)  # what was under way is done
            acked = len(small_site.history.acked)
            for phone in phones:
                before = len(phone.errors)
                phone.say(phone.rooms[0])
                await phone.until(lambda phone=phone, before=before: len(phone.errors) > before, SECONDS)
            assert len(small_site.history.acked) == acked
            status, said = await worker.ready()
            assert (status, "database" in said) == (503, True)
        await phones[0].until(lambda: len(small_site.history.acked) > acked, 10)
    assert await small_site.verdict() == []
