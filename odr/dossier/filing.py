"""What people write down for the file: who filed it, particulars of parties, authorities of agents, inquiries."""

import hashlib
import json

from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.audit import service as audit
from odr.cases import service as cases
from odr.cases.codes import Channel
from odr.core import clock
from odr.dossier import access
from odr.dossier.models import Filing, Inquiry, Mandate, Particulars
from odr.dossier.schemas import FilingIn, InquiryIn, MandateIn, ParticularsIn


async def file(session: AsyncSession, actor: Actor, case_pid: str, wanted: FilingIn) -> Filing:
    """立卷: who, when, for how long. Again: changed. Raises NotFound, Forbidden, Conflict once archived."""
    view = await access.for_handling(session, actor, case_pid)
    case = await access.hold(session, view)
    row = await session.get(Filing, case.id)
    if row is None:
        row = Filing(case_id=case.id, filed_by=actor.person_id, filed_on=wanted.filed_on, retention=wanted.retention)
        session.add(row)
    row.filed_by, row.filed_on, row.retention = actor.person_id, wanted.filed_on, wanted.retention.value
    row.remark, row.note, row.updated_at = wanted.remark, wanted.note, clock.now()
    await session.flush()
    await cases.event(
        session, actor, case, "dossier:filing:recorded", role=view.role, audience="staff",
        note="登记了立卷。", detail={"retention": row.retention, "filed_on": row.filed_on.isoformat()},
    )  # fmt: skip
    return row


async def describe(
    session: AsyncSession, actor: Actor, case_pid: str, party_pid: str, wanted: ParticularsIn
) -> Particulars:
    """Ethnicity, occupation, registered home: by the party's own side, or by staff from the paper they saw.

    Raises NotFound, Conflict once archived."""
    view = await access.of_case(session, actor, case_pid)
    party = await access.party_of(session, view, party_pid)
    case = await access.hold(session, view)
    row = await session.get(Particulars, party.id)
    if row is None:
        row = Particulars(party_id=party.id, by_person_id=actor.person_id)
        session.add(row)
    row.ethnicity, row.occupation, row.domicile = wanted.ethnicity, wanted.occupation, wanted.domicile or None
    row.by_person_id, row.updated_at = actor.person_id, clock.now()
    await session.flush()
    await cases.event(
        session, actor, case, "party:particulars:written", role=view.role, audience=party.side,
        note="填写了当事人的基本情况。", detail={"party": party.pid},
    )  # fmt: skip
    return row


async def mandate(session: AsyncSession, actor: Actor, case_pid: str, agent_pid: str, wanted: MandateIn) -> Mandate:
    """授权委托书 of one agent. Who may concede stays as the party gave it (`may_settle`); the paper cannot widen it.

    Raises NotFound, Invalid, Conflict once archived."""
    view = await access.of_case(session, actor, case_pid)
    agent = await access.agent_of(session, view, agent_pid)
    case = await access.hold(session, view)
    wanted.check(agent.may_settle)
    row = await session.get(Mandate, agent.id)
    if row is None:
        row = Mandate(party_id=agent.id, kind=wanted.kind.value, signed_on=wanted.signed_on, by_person_id=0)
        session.add(row)
    row.kind, row.licence_no, row.employer = wanted.kind.value, wanted.licence_no, wanted.employer
    row.scopes = [scope.value for scope in type(wanted.scopes[0]) if scope in wanted.scopes]
    row.other, row.signed_on, row.ends_on = wanted.other, wanted.signed_on, wanted.ends_on
    row.by_person_id, row.updated_at = actor.person_id, clock.now()
    await session.flush()
    await cases.event(
        session, actor, case, "party:mandate:written", role=view.role, audience=agent.side,
        note="登记了授权委托书。", detail={"party": agent.pid, "scopes": row.scopes},
    )  # fmt: skip
    return row


async def inquire(
    session: AsyncSession, actor: Actor, case_pid: str, wanted: InquiryIn, pid: str | None = None
) -> Inquiry:
    """调查记录: written by the mediator; `pid` names one that is corrected. The ledger keeps the digest of each state.

    Raises NotFound, Forbidden, Conflict once archived."""
    view = await access.for_handling(session, actor, case_pid)
    access.need_mediator(view)
    row = (await access.inquiry(session, actor, case_pid, pid))[1] if pid is not None else None
    case = await access.hold(session, view)
    talk = json.dumps([[one.q, one.a] for one in wanted.talk], ensure_ascii=False)
    if row is None:
        row = Inquiry(case_id=case.id, by_person_id=actor.person_id, held_at=wanted.held_at, talk=talk)
        session.add(row)
    for name in ("held_at", "place", "matter", "asked", "about", "present", "writer", "shared"):
        setattr(row, name, getattr(wanted, name))
    row.talk, row.side, row.updated_at = talk, wanted.side.value if wanted.side else None, clock.now()
    await session.flush()
    # That somebody was asked is the staff's until the record is opened to a side.
    audience = "all" if row.shared else row.side or "staff"
    await cases.event(
        session, actor, case, "inquiry:record:written", role=view.role, channel=Channel.ONSITE, audience=audience,
        note="写好了一份调查记录。", detail={"inquiry": row.pid},
    )  # fmt: skip
    digest = hashlib.sha256(talk.encode()).hexdigest()
    await audit.record(session, actor, "inquiry:text:kept", "inquiry", row.pid, {"case": case.pid, "sha256": digest})
    return row


def talk_of(row: Inquiry) -> list[tuple[str, str]]:
    """Questions with their answers."""
    return [(q, a) for q, a in json.loads(row.talk)]
