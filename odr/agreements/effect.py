"""What a signature brings about: it is stored and said, and the last one brings the agreement into effect; a change of
the text voids them all."""

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.agreements import content, court_clock, drafting, performing, standing
from odr.agreements.access import Place
from odr.agreements.models import Agreement, Signature
from odr.agreements.standing import Standing
from odr.audit import service as audit
from odr.audit.who import Who
from odr.cases import service as cases
from odr.cases.codes import Channel
from odr.cases.models import Case
from odr.core import db

_LINES: Mapping[str, str] = {
    "party": "{who}签了名。",
    "mediator": "调解员签了名。",
    "body_seal": "调委会盖了章。",
    "oral_confirmation": "{who}确认了口头协议。",
}
_VOIDED = "您签过名的文书退回修改了，原来的签名不再算数。改好以后要请您重新看、重新签，请登录查看。"


async def add(
    session: AsyncSession, actor: Actor, place: Place, rows: Sequence[Signature], channel: Channel
) -> Standing:
    """Store signatures, say so, and let the agreement take effect when these were the last."""
    agreement, case = place.agreement, place.case
    session.add_all(rows)
    await session.flush()
    parties = {party.id: party for party in await content.principals(session, case)}
    names = {party_id: drafting.who_is(party) for party_id, party in parties.items()}
    texts = [_LINES[row.kind].format(who=names.get(row.party_id or 0, "")) for row in rows]
    # Room lines first, the ledger after them: that is the order of locks.
    for row, text in zip(rows, texts, strict=True):
        await cases.announce(session, case, f"agreement:{row.kind}:done", text, drafting.link(case))
    for row, text in zip(rows, texts, strict=True):
        tag = f"agreement:{row.kind}:done"
        await cases.event(session, actor, case, tag, role=place.view.role, channel=channel, note=text)
        detail = {"case": case.pid, "kind": row.kind, "method": row.method, "sha256": row.sha256}
        if row.channel:
            detail["channel"] = row.channel
        await audit.record(session, actor, "agreement:signature:added", "agreement", agreement.pid, detail)
    now = await standing.of(session, agreement)
    if now.effective_at is not None:
        await _take_effect(session, actor, case, now)
    db.poke(session, "cases", case.pid)
    return now


async def _take_effect(session: AsyncSession, who: Who, case: Case, now: Standing) -> None:
    """The case moves, what an earlier agreement left open ends, each clause becomes a promise with its reminders."""
    await cases.settle_effective(session, who, case, now.agreement.form)
    await performing.replaced(session, case, now.agreement)
    await performing.begin(session, who, case, now.agreement)
    await court_clock.begin(session, now)


async def say_voided(session: AsyncSession, actor: Actor, case: Case, agreement: Agreement) -> None:
    """The text goes back to be changed: everybody reads whose signatures are void, and who signed is told alone."""
    stands = await standing.of(session, agreement)
    signed = {slot.party.id: slot.party for slot in stands.slots if slot.row is not None and slot.party is not None}
    if not signed:
        return
    names = "、".join(drafting.who_is(party) for party in signed.values())
    text = f"第 {agreement.version} 版退回修改，{names}在这一版上的签名或确认作废。改好以后请重新看、重新签。"
    await cases.announce(session, case, "agreement:signature:voided", text, drafting.link(case))
    states = [state for state in await cases.party_states(session, case) if state.row.id in signed]
    await cases.tell_parties(session, case, states, "agreement:signature:voided", _VOIDED, but=actor.person_id)
