"""Keys of the machines that feed matters in (12345, 110) or say what a court decided: shown once, ended at once."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.models import ApiKey
from odr.audit import service as audit
from odr.audit.who import Who
from odr.core import clock, crypto
from odr.core.errors import Invalid, NotFound
from odr.core.i18n import _
from odr.core.ids import new_token

# What a machine may do with its key.
SCOPES = ("hotline", "court")


async def create_key(session: AsyncSession, who: Who, name: str, scope: str) -> tuple[ApiKey, str]:
    """A key for a machine; its text is shown once and stored nowhere."""
    if scope not in SCOPES:
        raise Invalid({"scope": _("请从给出的选项里选一个。")})
    text = f"odr_{new_token()}"
    key = ApiKey(name=name, scope=scope, key_hash=crypto.token_hash(text))
    session.add(key)
    await session.flush()
    await audit.record(session, who, "api_key:key:created", "api_key", key.pid, {"scope": scope})
    return key, text


async def end_key(session: AsyncSession, who: Who, pid: str) -> None:
    """A key stops working at once. Raises NotFound."""
    key = await session.scalar(select(ApiKey).where(ApiKey.pid == pid, ApiKey.ended_at.is_(None)).with_for_update())
    if key is None:
        raise NotFound()
    key.ended_at = clock.now()
    await audit.record(session, who, "api_key:key:ended", "api_key", key.pid)


async def keys(session: AsyncSession) -> Sequence[ApiKey]:
    return (await session.scalars(select(ApiKey).order_by(ApiKey.ended_at.is_not(None), ApiKey.id.desc()))).all()


async def check_api_key(session: AsyncSession, key: str, scope: str) -> ApiKey:
    """The key a machine sent, when it lives and may do this. Raises NotFound otherwise (absent and forbidden alike)."""
    found = await session.scalar(
        select(ApiKey).where(
            ApiKey.key_hash == crypto.token_hash(key), ApiKey.scope == scope, ApiKey.ended_at.is_(None)
        )
    )
    if found is None:
        raise NotFound()
    return found
