"""Writing and checking the ledger."""

from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.audit.models import LedgerHead, LedgerRow
from odr.audit.who import Who
from odr.core import chain, clock


def _fields(row: LedgerRow) -> dict[str, Any]:
    return {
        "alg": "sha256",
        "seq": row.seq,
        "at": clock.to_us(row.at),
        "tag": row.tag,
        "thing": row.thing,
        "thing_pid": row.thing_pid,
        "person": row.person_id,
        "on_behalf_of": row.on_behalf_of,
        "login": row.login_id,
        "ip": row.ip,
        "device": row.device,
        "detail": row.detail,
    }


async def record(
    session: AsyncSession, who: Who, tag: str, thing: str, thing_pid: str, detail: dict[str, Any] | None = None
) -> LedgerRow:
    """Add one act to the ledger, in the caller's transaction. `tag` reads `thing:aspect:done`.

    `detail` holds ids, states and counts, never a body, a phone or an id number.
    """
    locked = select(LedgerHead).where(LedgerHead.id == 1).with_for_update().execution_options(populate_existing=True)
    head = (await session.scalars(locked)).one()
    row = LedgerRow(
        seq=head.seq + 1,
        at=clock.now(),
        tag=tag,
        thing=thing,
        thing_pid=thing_pid,
        person_id=who.person_id,
        on_behalf_of=who.on_behalf_of,
        login_id=who.login_id,
        ip=who.ip,
        device=who.device[:120],
        detail=detail or {},
        prev=head.leaf,
    )
    row.leaf = chain.leaf(_fields(row), head.leaf)
    head.seq, head.leaf = row.seq, row.leaf
    session.add(row)
    await session.flush()
    return row


async def faults(session: AsyncSession) -> AsyncIterator[str]:
    """Each way in which the ledger is not what was written, naming the row."""
    prev, seq = chain.ZERO, 0
    rows = await session.stream_scalars(select(LedgerRow).order_by(LedgerRow.seq).execution_options(yield_per=500))
    async for row in rows:
        seq += 1
        if row.seq != seq:
            yield f"ledger: row {seq} is missing (found {row.seq})"
            seq = row.seq
        elif row.prev != prev:
            yield f"ledger: row {row.seq} does not follow the row before it"
        if chain.leaf(_fields(row), row.prev) != row.leaf:
            yield f"ledger: row {row.seq} was altered"
        prev = row.leaf
    head = await session.get_one(LedgerHead, 1)
    if (head.seq, head.leaf) != (seq, prev):
        yield f"ledger: the head says {head.seq} rows, found {seq}"
