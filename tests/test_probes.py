"""Probes and metrics: what is wrong is named, and nobody else may look."""

from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import text

from odr import schema
from odr.core import metrics
from odr.core.settings import Settings
from odr.core.web import Odr
from odr.live import protocol


def _service(app: FastAPI) -> Odr:
    found: Odr = app.state.odr
    return found


async def _ready(client: httpx2.AsyncClient) -> tuple[int, dict[str, object]]:
    answer = await client.get("/readyz")
    return answer.status_code, answer.json()


async def test_readiness_names_what_is_missing(
    app: FastAPI, client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = _service(app)
    assert await _ready(client) == (200, {"status": "ready"})

    monkeypatch.setattr(service.bus, "listener_age", lambda: 31.4)
    status, said = await _ready(client)
    assert (status, said["status"]) == (200, "degraded")
    assert str(said["bus"]).startswith("Redis has not been heard for 31 s")
    monkeypatch.undo()

    async with service.db.connection() as connection:
        newest = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one()
        await connection.execute(text("UPDATE alembic_version SET version_num = 'from_a_newer_odr'"))
    assert await _ready(client) == (200, {"status": "ready"})
    async with service.db.connection() as connection:
        await connection.execute(text("DELETE FROM alembic_version"))
    assert await _ready(client) == (503, {"status": "not ready", "migrations": "missing; run `odr migrate`"})
    async with service.db.connection() as connection:
        await connection.execute(text("INSERT INTO alembic_version VALUES (:newest)"), {"newest": newest})
        await connection.execute(text(_drop_one(sqlite=service.db.is_sqlite)))
    status, said = await _ready(client)
    assert (status, said["status"]) == (503, "not ready")
    assert str(said["triggers"]).startswith("['append_only_messages")
    async with service.db.connection() as connection:
        await connection.run_sync(schema.create_triggers)

    folder = service.settings.var
    service.settings.var = folder / "a file"
    service.settings.var.touch()
    status, said = await _ready(client)
    assert status == 503
    assert str(said["files"]).startswith("ODR_VAR takes no writes")
    service.settings.var = folder

    service.hub.stopping = True
    assert await _ready(client) == (503, {"status": "not ready", "worker": "stopping"})
    assert (await client.get("/healthz")).json() == {"status": "ok"}


def _drop_one(*, sqlite: bool) -> str:
    if sqlite:
        return "DROP TRIGGER append_only_messages_update"
    return "DROP TRIGGER append_only_messages ON messages"


async def test_metrics_are_for_this_machine_or_for_who_has_the_token(app: FastAPI, client: httpx2.AsyncClient) -> None:
    answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    # What a proxy on this machine passes on may come from anywhere, whatever address it is said to have.
    assert (await client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"})).status_code == 404
    far = httpx2.ASGITransport(app=app, client=("192.0.2.7", 5000))
    async with httpx2.AsyncClient(transport=far, base_url=str(client.base_url)) as stranger:
        assert (await stranger.get("/metrics")).status_code == 404
        _service(app).settings.metrics_token = SecretStr("of the watchman")
        for wrong in ({}, {"Authorization": "Bearer of a thief"}, {"Authorization": "Basic of the watchman"}):
            assert (await stranger.get("/metrics", headers=wrong)).status_code == 404
        assert (await client.get("/metrics")).status_code == 404
        right = {"Authorization": "Bearer of the watchman"}
        assert (await stranger.get("/metrics", headers=right)).status_code == 200


async def test_metrics_have_every_name_of_the_docs_and_no_ids(app: FastAPI, client: httpx2.AsyncClient) -> None:
    await client.get("/cases/aaaaaaaaaaaaaaaaaaaaaa")
    await client.get("/nothing/of/ours")
    protocol.error("busy", "…")
    said = (await client.get("/metrics")).text
    for name in (
        "odr_ack_seconds_bucket", "odr_commit_seconds_bucket", "odr_commit_lines_bucket", "odr_fanout_seconds_bucket",
        "odr_journal_waiting 0.0", "odr_sockets 0.0", "odr_rooms_live 0.0", 'odr_joins_total{kind="fresh"}',
        'odr_joins_total{kind="resume"}', 'odr_joins_total{kind="resync"}', "odr_consumers_dropped_total",
        'odr_refusals_total{code="busy"}', "odr_bus_listener_age_seconds", "odr_jobs_due 0.0",
        "odr_outbox_waiting 0.0", "process_resident_memory_bytes",
    ):  # fmt: skip
        assert name in said, name
    # The page of a case, whose it is not; and an address that no route takes.
    assert 'odr_http_seconds_count{route="none",status="4xx"}' in said
    assert "aaaaaaaaaaaaaaaaaaaaaa" not in said
    assert "nothing" not in said


def test_the_page_for_operators_has_every_setting_and_every_metric() -> None:
    page = (Path(__file__).parents[1] / "docs" / "operations.md").read_text()
    for setting in Settings.model_fields:
        assert f"`ODR_{setting.upper()}`" in page, setting
    for metric in metrics.REGISTRY.collect():
        name = f"{metric.name}_total" if metric.type == "counter" else metric.name
        assert f"`{name}" in page or name.startswith("process_"), name
