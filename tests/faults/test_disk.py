"""A full disk: nobody is told that a line is kept which is not, reading goes on, and it mends itself."""

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from odr.core.settings import Settings
from tests.conftest import SECRET
from tests.faults.conftest import opened_site
from tests.faults.service import SECONDS, Nursery, Site
from tests.plugins.faults import Trial

_SIZE = 64 * 1024 * 1024
pytestmark = pytest.mark.sqlite


@pytest.fixture
def small_disk(tmp_path: Path, sqlite_template: Path) -> Iterator[Path]:
    """A disk of 64 MB. Mounting needs root, which the machines that run these tests give."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_SIZE}", "odr-faults", str(disk)], check=True)
    shutil.copy(sqlite_template, disk / "odr.sqlite3")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def _fill(disk: Path) -> None:
    """Until not one byte fits any more."""
    with (disk / "ballast").open("wb", buffering=0) as file:
        for size in (1024 * 1024, 4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue


async def test_a_full_disk_is_said_and_nothing_is_lost(nursery: Nursery, trial: Trial, small_disk: Path) -> None:
    settings = Settings(var=small_disk, secret_key=SECRET)
    log = small_disk.parent / "workers.log"
    async with opened_site(nursery, settings, trial, workers=1, log=log) as site:
        worker = site.workers[0]
        async with site.talking(body=lambda: "满" * 200) as phones:
            for _ in range(trial.size(2, 20)):
                await asyncio.sleep(0.3)
                assert (await worker.ready())[0] == 200
                _fill(small_disk)
                refused = [len(phone.errors) for phone in phones]
                for phone, before in zip(phones, refused, strict=True):
                    await phone.until(lambda phone=phone, before=before: len(phone.errors) > before, SECONDS)
                    assert {error["code"] for error in phone.errors[before:]} == {"busy"}
                trial.counts["full"] += 1
                status, said = await worker.ready()
                assert status == 503
                assert said["database"] == "the disk is full"
                await _everything_acknowledged_can_be_read(site)
                (small_disk / "ballast").unlink()
                async with asyncio.timeout(10):
                    for phone in phones:
                        acked = len(site.history.acked)
                        await phone.until(lambda acked=acked: len(site.history.acked) > acked, 10)
                assert (await worker.ready())[0] == 200
        assert await site.verdict() == []


async def _everything_acknowledged_can_be_read(site: Site) -> None:
    acked = {(id, room) for _, id, room, _ in site.history.acked}
    await site.read_all()
    assert acked <= {(line.id, room) for room, lines in site.history.final.items() for line in lines}
