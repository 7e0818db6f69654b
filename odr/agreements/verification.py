"""Checking that a frozen agreement is what was frozen: its rows, its bytes, and what was signed."""

import hashlib
from collections.abc import AsyncIterator, Sequence

import orjson
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.agreements.models import Agreement, Clause, Signature
from odr.audit.models import LedgerRow
from odr.evidence.models import File

FROZEN = "agreement:text:frozen"


def text_digest(agreement: Agreement, clauses: Sequence[Clause]) -> str:
    """SHA-256 over the rows a version consists of. It goes into the chained ledger when the text is frozen."""
    rows: list[list[object]] = []
    for c in clauses:
        row = [
            c.pid,
            c.ordinal,
            c.version,
            c.kind,
            c.obligor_id,
            c.obligee_id,
            c.text,
            c.amount_fen,
            c.due_on,
            c.manner,
        ]
        more = [c.place, c.begins_on, c.recurring, c.account]
        rows.append(row + more if any(more) else row)  # texts frozen before there were these keep their digest
    head = [agreement.pid, agreement.version, agreement.form, agreement.facts, agreement.issues]
    return hashlib.sha256(orjson.dumps([head, rows])).hexdigest()


async def faults(session: AsyncSession) -> AsyncIterator[str]:
    """Each frozen version whose rows, PDF or signatures are not those of the moment it was frozen."""
    frozen = {
        row.thing_pid: row.detail for row in await session.scalars(select(LedgerRow).where(LedgerRow.tag == FROZEN))
    }
    agreements = list(await session.scalars(select(Agreement).where(Agreement.frozen_at.is_not(None))))
    clauses: dict[int, list[Clause]] = {}
    for clause in await session.scalars(
        select(Clause).where(Clause.removed_at.is_(None)).order_by(Clause.agreement_id, Clause.ordinal)
    ):
        clauses.setdefault(clause.agreement_id, []).append(clause)
    signatures: dict[int, list[Signature]] = {}
    for signature in await session.scalars(select(Signature)):
        signatures.setdefault(signature.agreement_id, []).append(signature)
    files = {file.id: file for file in await session.scalars(select(File).where(File.holder == "agreement"))}
    for agreement in agreements:
        kept = frozen.get(agreement.pid)
        if kept is None:
            yield f"agreement {agreement.pid}: the ledger knows of no freezing"
            continue
        if kept.get("sha256") != agreement.sha256:
            yield f"agreement {agreement.pid}: its digest was altered"
        if kept.get("text") != text_digest(agreement, clauses.get(agreement.id, [])):
            yield f"agreement {agreement.pid}: its facts or clauses were altered after freezing"
        paper = files.get(agreement.pdf_file_id or 0)
        if paper is None or paper.sha256 != agreement.sha256:
            yield f"agreement {agreement.pid}: its paper is not the one that was frozen"
        for signature in signatures.get(agreement.id, []):
            if signature.sha256 != agreement.sha256:
                yield f"signature #{signature.id}: it is on another text than agreement {agreement.pid}"
