"""A hotline's machine: its key and what it sends."""

from collections.abc import Mapping
from typing import Any

import httpx2
from fastapi import FastAPI

from odr.accounts import service as accounts
from odr.core.db import Database
from tests.cast import COMMUNITY, Cast
from tests.intake.words import STORY

AT = "/api/v1/intake/hotline"
ORDER: Mapping[str, Any] = {
    "source": "hotline_12345",
    "order_no": "20261126-000188",
    "received_at": "2026-11-24T08:30:00+08:00",
    "caller": "王女士",
    "phone": "13904739001",
    "address": "德顺大厦 3 号楼",
    "division_code": COMMUNITY,
    "category_text": "供气",
    "content": STORY,
    "urgency": "normal",
    "consent_to_transfer": True,
}


async def new_key(db: Database, cast: Cast, name: str = "12345 热线平台") -> tuple[str, str]:
    """The public id and the text of a fresh key."""
    async with db.write() as session:
        key, text = await accounts.create_key(session, cast.system_admin.actor, name, "hotline")
    return key.pid, text


class Machine:
    """Feeds orders in with one key and reads what became of them."""

    def __init__(self, app: FastAPI, key: str | None) -> None:
        base = app.state.odr.settings.base_url
        headers = {} if key is None else {b"X-API-Key": key.encode()}
        self._line = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=base, headers=headers)

    async def feed(self, order: Mapping[str, Any] = ORDER, **changes: Any) -> tuple[int, dict[str, Any]]:
        answer = await self._line.post(AT, json=dict(order) | changes)
        return answer.status_code, answer.json()

    async def ask(self, order_no: str = ORDER["order_no"], source: str = ORDER["source"]) -> tuple[int, dict[str, Any]]:
        answer = await self._line.get(f"{AT}/{source}/{order_no}")
        return answer.status_code, answer.json()
