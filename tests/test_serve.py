"""`odr serve`: what it refuses, several workers at one address, and a worker that dies."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from odr.core.settings import Settings
from tests.processes import environment, serving


def _refused(settings: Settings, *words: str, **more: str) -> str:
    command = [sys.executable, "-m", "odr.cli", "serve", *words]
    env = environment(settings, COLUMNS="300", **more)
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2, done.stderr
    return done.stderr


@pytest.mark.sqlite
def test_several_workers_are_refused_where_they_would_not_be_one_service(tmp_path: Path) -> None:
    on_sqlite = Settings(var=tmp_path)
    said = _refused(on_sqlite, "--workers", "2")
    assert "SQLite takes one process" in said
    assert "ODR_DATABASE_URL=postgresql://" in said
    assert "SQLite takes one process" in _refused(on_sqlite, ODR_WORKERS="3")
    without_redis = Settings(var=tmp_path, database_url="postgresql://odr@127.0.0.1:1/odr")
    assert "ODR_REDIS_URL=redis://" in _refused(without_redis, "--workers", "2")


@pytest.mark.postgres
@pytest.mark.redis
def test_several_workers_are_one_service_and_each_answers_for_itself(
    postgres_settings: Settings, redis_url: str
) -> None:
    settings = postgres_settings.model_copy(update={"redis_url": redis_url})
    with serving(settings, workers=2) as served:
        first, second = served.own
        assert served.get("/readyz")[0] == 200
        assert served.get("/metrics") == (404, f"Each worker counts for itself: ask the ports {first} to {second}.\n")
        for number, port in enumerate(served.own, 1):
            status, text = served.get("/metrics", port)
            assert status == 200
            assert f'odr_worker_info{{version="0.1.0",worker="{number}"}} 1.0' in text
        taken = _refused(settings, "--workers", "2", ODR_PORT=str(served.port))
        assert f"127.0.0.1:{served.port}" in taken
        assert "ODR_PORT" in taken

        # The socket is everybody's: what waits on it when one of them is killed is taken by the other.
        pids = {one["number"]: one["pid"] for one in served.events("supervisor.ready")}
        os.kill(pids[1], signal.SIGKILL)
        for _ in range(20):
            assert served.get("/healthz")[0] == 200
        served.wait_for_event("supervisor.ready", 3)
        assert served.events("supervisor.worker_died")[0]["status"] == -signal.SIGKILL
        assert served.get("/readyz", first)[0] == 200

        served.send(signal.SIGTERM)
        assert served.process.wait(30) == 0


@pytest.mark.postgres
@pytest.mark.redis
def test_workers_end_when_their_supervisor_is_killed(postgres_settings: Settings, redis_url: str) -> None:
    settings = postgres_settings.model_copy(update={"redis_url": redis_url})
    with serving(settings, workers=2) as served:
        served.process.kill()
        served.process.wait(10)
        stopped = 0
        while stopped < 2:
            stopped = len(served.events("server.stopped"))
        assert len(served.events("server.supervisor_gone")) == 2
