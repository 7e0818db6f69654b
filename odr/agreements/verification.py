"""Checking that a frozen agreement is what was frozen: its rows, its bytes, and what was signed."""

import hashlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

import orjson
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.agreements import instalments
from odr.agreements.instalments import Plan
from odr.agreements.models import Agreement, Clause, Signature
from odr.audit.models import LedgerRow
from odr.evidence.models import File

FROZEN = "agreement:text:frozen"
_AT_ONCE = 5000  # ids in one question; SQLite takes 32,766


def text_digest(agreement: Agreement, clauses: Sequence[Clause], plans: Mapping[int, Plan]) -> str:
    """SHA-256 over the rows a version consists of: head, clauses, and the instalments of each (by clause id). It goes
    into the chained ledger when the text is frozen."""
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
        row = row + more if any(more) else row  # texts frozen before there were these keep their digest
        if (plan := plans.get(c.id)) is not None:
            default = plan.default.key if plan.default is not None else ""
            row = [*row, [default, *([one.n, one.amount_fen, one.due_on] for one in plan.dues)]]
        rows.append(row)
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
    plans: dict[int, Plan] = {}
    every = [clause for rows in clauses.values() for clause in rows]
    for start in range(0, len(every), _AT_ONCE):
        plans |= await instalments.plans_of(session, every[start : start + _AT_ONCE])
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
        rows = clauses.get(agreement.id, [])
        altered = list(_altered_instalments(agreement, rows, plans))
        for n, each in altered:
            yield f"agreement {agreement.pid}: instalment {each} of clause {n} was altered after freezing"
        # Texts frozen before the digest held the instalments have it without; their plan is in the kept content.
        known = (text_digest(agreement, rows, plans), text_digest(agreement, rows, {}))
        if kept.get("text") not in known and not altered:
            yield f"agreement {agreement.pid}: its facts or clauses were altered after freezing"
        paper = files.get(agreement.pdf_file_id or 0)
        if paper is None or paper.sha256 != agreement.sha256:
            yield f"agreement {agreement.pid}: its paper is not the one that was frozen"
        for signature in signatures.get(agreement.id, []):
            if signature.sha256 != agreement.sha256:
                yield f"signature #{signature.id}: it is on another text than agreement {agreement.pid}"


def _altered_instalments(
    agreement: Agreement, clauses: Sequence[Clause], plans: Mapping[int, Plan]
) -> Iterator[tuple[int, int]]:
    """Clause and instalment, by their numbers on the paper, where the rows are not what was frozen."""
    said = orjson.loads(agreement.content)["clauses"] if agreement.content is not None else []
    frozen = {
        (clause["n"], one["n"]): (one["amount_fen"], one["due_on"]) for clause in said for one in clause["instalments"]
    }
    held = {
        (n, one.n): (one.amount_fen, one.due_on.isoformat())
        for n, clause in enumerate(clauses, start=1)
        if clause.id in plans
        for one in plans[clause.id].dues
    }
    yield from sorted(key for key in frozen | held if frozen.get(key) != held.get(key))
