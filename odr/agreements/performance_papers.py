"""The two papers about performing: that all of it was performed (协议已履行证明), and that something was not, with the
ways that remain (不履行告知书). What they say is kept as data when they are issued; the bytes are made from it."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.accounts.models import Role
from odr.agreements import access, confirming, content, papers, parts, performing, postponing, seals, standing
from odr.agreements import performance_rules as rules
from odr.agreements.models import Agreement, PerformanceItem
from odr.agreements.performance_models import PerformancePaper
from odr.agreements.performance_rules import Matter, Route
from odr.agreements.performance_schemas import CertificateIn
from odr.agreements.rules import capitals
from odr.agreements.schemas import Kind, ReasonIn
from odr.audit import service as audit
from odr.audit.who import SYSTEM
from odr.bodies.models import Body
from odr.cases import service as cases
from odr.cases.access import View, mediated_by
from odr.cases.codes import COURT_NO, CaseRole, Category, CourtOutcome, Side, State
from odr.cases.models import Case, Party
from odr.core import clock, paper
from odr.core.db import Database
from odr.core.errors import Conflict, Forbidden, NotFound, OdrError
from odr.core.i18n import N_, _
from odr.core.log import log
from odr.core.settings import Settings
from odr.core.templating import env, moment
from odr.evidence import access as files
from odr.evidence import genuine
from odr.evidence import service as evidence
from odr.evidence.genuine import Genuine, Stand

CERTIFICATE, BREACH = "certificate", "breach"
TITLES = {CERTIFICATE: N_("协议已履行证明"), BREACH: N_("不履行告知书")}
_SUFFIX = {CERTIFICATE: "证", BREACH: "告"}
_ASKED = "有人申请开具协议已履行证明，请登录工作台查看。"
_ISSUED = "您申请的证明开好了，请登录“我的纠纷”下载。"
_MOST = 50  # on one desk
_AFTER = (State.PERFORMED, State.FOLLOWED_UP, State.CLOSED, State.ARCHIVED)


@dataclass(frozen=True)
class Line:
    """One promise on a paper; days as they are printed."""

    n: int
    obligor: str
    obligee: str
    text: str
    sum: str = ""
    due: str = ""
    postponed: str = ""
    settled: str = ""
    state: str = ""
    paid: str = ""
    left: str = ""


@dataclass(frozen=True)
class Text:
    """Everything a paper says."""

    kind: str
    number: str
    body: str
    title: str
    category: str
    parties: list[list[str]]
    agreement_no: str
    agreement_title: str
    effective: str
    issued: str
    lines: list[Line] = field(default_factory=list)
    routes: list[list[str]] = field(default_factory=list)
    reason: str = ""
    purpose: str = ""
    reference: str = ""
    limitation: list[str] = field(default_factory=list)


# --- what remains ---------------------------------------------------------------------------------------------------


async def remedies(session: AsyncSession, case: Case, item: PerformanceItem | None = None) -> list[Route]:
    """What can be done when a promise is not kept, for this case as it stands today."""
    effect = await standing.in_effect(session, case)
    requests = await confirming.requests_of(session, case)
    valid = next((row for row in requests if row.outcome == CourtOutcome.VALID), None)
    enforce_until = None
    if valid is not None and valid.decided_on is not None:
        begins = max(valid.decided_on, item.due_on) if item is not None and item.due_on else valid.decided_on
        enforce_until = rules.years_on(begins, 2)
    possible = await confirming.hindrance(session, case) is None
    items = [item] if item is not None else await performing.items_of(session, case)
    matter = Matter(
        category=Category(case.category),
        money=any(one.amount_fen is not None for one in items),
        today=clock.today(),
        court_until=effect.court_until if effect is not None and possible else None,
        confirmed=valid is not None,
        refused=confirming.outcome(requests) in COURT_NO,
        broken=True,
        enforce_until=enforce_until,
    )
    return rules.routes(matter)


async def breach(session: AsyncSession, actor: Actor, pid: str, wanted: ReasonIn) -> PerformancePaper:
    """不履行: noted; both sides are told the ways that remain (Art. 31, 32) by a notice that each can keep.

    Raises NotFound, Forbidden, Conflict before the day."""
    view, item = await performing.open_item(session, actor, pid)
    access.need_handler(view)
    if item.due_on is not None and item.due_on >= clock.today():
        raise Conflict(_("这一项还没有到期，不能登记为不履行。可以先督促。"), code="not_due")
    item.state, item.answer_note = "late", wanted.reason
    await session.flush()
    await performing.under_way(session, actor, view.case)
    await cases.breach(session, actor, view.case, "有一项约定没有履行。", breach_noted=True, remedies_told=True)
    await audit.record(session, actor, "performance:item:breached", "performance", item.pid, {"case": view.case.pid})
    row = PerformancePaper(
        case_id=item.case_id, agreement_id=item.agreement_id, item_id=item.id, kind=BREACH, state="issued",
        asked_by=actor.person_id, issued_by=actor.person_id, issued_at=clock.now(),
    )  # fmt: skip
    session.add(row)
    await session.flush()
    row.content = _packed(await _text(session, view.case, row, [item], reason=wanted.reason))
    await session.flush()
    text = "调解员出具了不履行告知书，写明了还可以走的路。各方可以下载。"
    await performing.noted(session, actor, view, item, "performance:notice:issued", text)
    return row


# --- the certificate ------------------------------------------------------------------------------------------------


async def may_certify(session: AsyncSession, case: Case) -> bool:
    """Whether all that was promised is done or waived, and no breach stands."""
    if case.form is None or State(case.state) not in _AFTER:
        return False
    return performing.settled(await performing.items_of(session, case))


async def ask(session: AsyncSession, actor: Actor, case_pid: str, wanted: CertificateIn) -> PerformancePaper:
    """A party, or staff on its word, asks for a certificate. The same wish twice is one. Raises NotFound, Conflict.

    Where a quarrel came before the police, a settlement that was performed may count there (治安管理处罚法, revised, in
    force 2026-01-01, of minor fights and damage): the office and its number go onto the paper. What follows from it is
    for that office to decide.
    """
    view = await access.of_case(session, actor, case_pid)
    case = await access.lock(session, view.case.id)
    if not await may_certify(session, case):
        raise Conflict(_("各项约定还没有全部履行，现在不能开证明。"), code="not_performed")
    agreement = await _agreement(session, case)
    party_id = view.principal.id if view.principal is not None else None
    known = await session.scalar(
        select(PerformancePaper).where(
            PerformancePaper.case_id == case.id, PerformancePaper.kind == CERTIFICATE,
            PerformancePaper.agreement_id == agreement.id, PerformancePaper.party_id == party_id,
            PerformancePaper.purpose == wanted.purpose, PerformancePaper.reference == wanted.reference,
        )
    )  # fmt: skip
    if known is not None:
        return known
    row = PerformancePaper(
        case_id=case.id, agreement_id=agreement.id, party_id=party_id, kind=CERTIFICATE, purpose=wanted.purpose,
        reference=wanted.reference, asked_by=actor.person_id,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    note = f"申请开具协议已履行证明。{wanted.reference}"
    await cases.event(
        session, actor, case, "performance:certificate:asked", role=view.role, audience=view.side or "staff",
        note=note, detail={"paper": row.pid},
    )  # fmt: skip
    await cases.tell_clerks(session, case, "performance:certificate:asked", _ASKED)
    return row


async def issue(database: Database, settings: Settings, actor: Actor, pid: str) -> PerformancePaper:
    """The body's clerk issues it under the seal. Prepare → verify → store, as with an agreement.

    Raises NotFound, Forbidden, Conflict (issued already, no longer performed), NoPrinter, SealFailed.
    """
    async with database.read() as session:
        view, row = await for_reading(session, actor, pid)
        await _need_issuing(session, view, row)
        wanted = await _certificate(session, view.case, row)
        html = html_of(wanted, row.check_code, settings, sealed=True)
    data = await seals.adapter(settings).sign(await paper.pdf(html), wanted.body)
    prepared = await evidence.prepare_bytes(_name(wanted), paper.MIME, data)
    async with database.write() as session:
        view, row = await for_reading(session, actor, pid)
        await access.lock(session, view.case.id)
        await session.refresh(row)
        await _need_issuing(session, view, row)
        if await _certificate(session, view.case, row) != wanted:
            raise Conflict()
        file = await evidence.keep(session, actor, prepared, "performance_paper", row.id)
        row.state, row.issued_by, row.issued_at = "issued", actor.person_id, clock.now()
        row.content, row.file_id, row.sha256 = _packed(wanted), file.id, file.sha256
        await session.flush()
        side = await _side(session, row)
        await cases.event(
            session, actor, view.case, "performance:certificate:issued", role=view.role, audience=side or "staff",
            note="开具了协议已履行证明。", detail={"paper": row.pid, "sha256": file.sha256},
        )  # fmt: skip
        states = [s for s in await cases.party_states(session, view.case) if s.row.id == row.party_id]
        await cases.tell_parties(session, view.case, states, "performance:certificate:issued", _ISSUED)
        return row


async def _need_issuing(session: AsyncSession, view: View, row: PerformancePaper) -> None:
    if CaseRole.BODY_CLERK not in view.roles:
        raise Forbidden(_("证明由调委会工作人员盖章开具。"))
    if row.state != "asked":
        raise Conflict(_("这份证明已经开好了。"), code="issued")
    if not await may_certify(session, view.case):
        raise Conflict(_("各项约定还没有全部履行，现在不能开证明。"), code="not_performed")


async def _agreement(session: AsyncSession, case: Case) -> Agreement:
    effect = await standing.in_effect(session, case)
    if effect is None:
        raise Conflict(_("还没有生效的协议。"), code="no_agreement")
    return effect.agreement


async def keep(database: Database, settings: Settings, pid: str) -> None:
    """Make and keep the bytes of a notice that was issued, after its commit. A failure takes nothing back."""
    try:
        async with database.read() as session:
            row = await session.scalar(select(PerformancePaper).where(PerformancePaper.pid == pid))
            if row is None or row.file_id is not None or row.content is None:
                return
            text = _unpacked(row.content)
            html = html_of(text, row.check_code, settings)
        prepared = await evidence.prepare_bytes(_name(text), paper.MIME, await paper.pdf(html))
        async with database.write() as session:
            row = await session.scalar(select(PerformancePaper).where(PerformancePaper.pid == pid).with_for_update())
            if row is not None and row.file_id is None:
                file = await evidence.keep(session, SYSTEM, prepared, "performance_paper", row.id)
                row.file_id, row.sha256 = file.id, file.sha256
    except OdrError as failure:
        log.warning("agreements.paper_failed", code=failure.code)


@cases.adds_office
async def asked_for(session: AsyncSession, actor: Actor) -> list[dict[str, Any]]:
    """The certificates that wait for the seal of a clerk's body, the oldest first."""
    bodies = actor.bodies(Role.BODY_CLERK)
    return await _asked(session, actor, Case.body_id.in_(bodies)) if bodies else []


@cases.adds_work
async def asked_for_in_own_cases(session: AsyncSession, actor: Actor) -> list[dict[str, Any]]:
    """The same in a mediator's cases: who handled it knows whether all was kept."""
    if not actor.has_role(Role.MEDIATOR):
        return []
    return await _asked(session, actor, Case.id.in_(mediated_by(actor)))


async def _asked(session: AsyncSession, actor: Actor, theirs: ColumnElement[bool]) -> list[dict[str, Any]]:
    own = select(Party.case_id).where(Party.person_id == actor.person_id, Party.ended_at.is_(None))
    query = (
        select(PerformancePaper, Case)
        .join(Case, Case.id == PerformancePaper.case_id)
        .where(PerformancePaper.kind == CERTIFICATE, PerformancePaper.state == "asked", theirs, Case.id.not_in(own))
        .order_by(PerformancePaper.id)
        .limit(_MOST)
    )
    return [
        {
            "text": _("协议已履行证明：%(title)s", title=case.title),
            "note": _("%(when)s申请", when=moment(row.asked_at)),
            "href": f"/cases/{case.pid}/performance#papers",
            "icon": "paper",
            "badge": _("等盖章"),
            "tone": "attention",
        }
        for row, case in (await session.execute(query)).all()
    ]


# --- doors ----------------------------------------------------------------------------------------------------------


def sees(view: View, row: PerformancePaper) -> bool:
    """A notice of breach is for everybody in the case; a certificate for who asked for it, and staff."""
    if view.handles or row.kind == BREACH:
        return True
    return view.principal is not None and view.principal.id == row.party_id


async def for_reading(session: AsyncSession, actor: Actor, pid: str) -> tuple[View, PerformancePaper]:
    """One paper. Raises NotFound."""
    found = (
        await session.execute(
            select(PerformancePaper, Case.pid)
            .join(Case, Case.id == PerformancePaper.case_id)
            .where(PerformancePaper.pid == pid)
        )
    ).first()
    if found is None:
        raise NotFound()
    row, case_pid = found
    view = await access.of_case(session, actor, case_pid)
    if not sees(view, row):
        raise NotFound()
    return view, row


async def papers_of(session: AsyncSession, view: View) -> list[PerformancePaper]:
    """Those this viewer may see, oldest first."""
    query = select(PerformancePaper).where(PerformancePaper.case_id == view.case.id).order_by(PerformancePaper.id)
    return [row for row in await session.scalars(query) if sees(view, row)]


async def shown(session: AsyncSession, view: View) -> list[dict[str, Any]]:
    """The certificates and notices of breach this viewer may see."""
    found = []
    for row in await papers_of(session, view):
        found.append(
            {
                "id": row.pid,
                "kind": row.kind,
                "kind_label": _(TITLES[row.kind]),
                "state": row.state,
                "purpose": row.purpose,
                "reference": row.reference,
                "asked_at": clock.iso(row.asked_at),
                "issued_at": clock.iso(row.issued_at),
                "when": moment(row.issued_at or row.asked_at),
                "check_code": genuine.grouped(row.check_code) if row.state == "issued" else None,
                "sha256": row.sha256,
                "href": f"/cases/{view.case.pid}/performance/papers/{row.pid}" if row.state == "issued" else None,
                "may_issue": row.state == "asked" and CaseRole.BODY_CLERK in view.roles,
            }
        )
    return found


async def _may_open(session: AsyncSession, actor: Actor, paper_id: int) -> bool:
    pid = await session.scalar(select(PerformancePaper.pid).where(PerformancePaper.id == paper_id))
    try:
        return pid is not None and bool(await for_reading(session, actor, pid))
    except NotFound:
        return False


files.register("performance_paper", _may_open)


async def _side(session: AsyncSession, row: PerformancePaper) -> str | None:
    found: str | None = await session.scalar(select(Party.side).where(Party.id == (row.party_id or 0)))
    return found


@genuine.finds
async def genuine_paper(session: AsyncSession, check: str) -> Genuine | None:
    """For anyone who holds one of these papers."""
    row = await session.scalar(
        select(PerformancePaper).where(PerformancePaper.check_code == check, PerformancePaper.state == "issued")
    )
    if row is None or row.issued_at is None:
        return None
    body = await session.scalar(select(Body.name).join(Case, Case.body_id == Body.id).where(Case.id == row.case_id))
    stand, say = Stand.IN_FORCE, _("这份文书是真的。")
    # That a promise was not kept says nothing any more once another agreement has taken its place.
    if row.kind == BREACH and row.agreement_id in await _replaced(session, row.case_id):
        stand, say = Stand.REPLACED, _("这份文书是真的。它说的那份协议，后来已经由新的协议代替。")
    named = [(row.sha256, _("文书文件"))] if row.sha256 is not None else []
    return Genuine(
        check=check,
        kind=_(TITLES[row.kind]),
        stand=stand,
        say=say,
        body=body or "",
        version=1,
        moments=((_("出具时间"), row.issued_at),),
        files=tuple(named),
    )


async def _replaced(session: AsyncSession, case_id: int) -> set[int]:
    case = await session.get_one(Case, case_id)
    return {one.agreement.id for one in await standing.earlier(session, case)}


# --- what they say --------------------------------------------------------------------------------------------------


async def _certificate(session: AsyncSession, case: Case, row: PerformancePaper) -> Text:
    items = await performing.items_of(session, case)
    return await _text(session, case, row, items, purpose=row.purpose, reference=row.reference)


async def _text(
    session: AsyncSession, case: Case, row: PerformancePaper, items: list[PerformanceItem], **more: Any
) -> Text:
    agreement = await session.get_one(Agreement, row.agreement_id)
    stands = await standing.of(session, agreement)
    parties = await content.principals(session, case)
    names = {party.id: party.name for party in parties}
    body = await session.get(Body, case.body_id) if case.body_id is not None else None
    done, moved = await parts.parts_of(session, items), await postponing.postponements_of(session, items)
    if row.kind == BREACH:
        more["routes"] = [[one.zh, one.source] for one in await remedies(session, case, items[0])]
        acts = postponing.interruptions(done[items[0].id], moved[items[0].id])
        more["limitation"] = [f"{papers.cn_date(one.on)}：{one.what}" for one in acts if one.sure]
    number = content.number_of(case, agreement.version)
    return Text(
        kind=row.kind,
        number=f"{number}-{_SUFFIX[row.kind]}{await _ordinal(session, row)}",
        body=body.name if body is not None else "",
        title=case.title,
        category=Category(case.category).zh,
        parties=[[Side(party.side).zh, party.name] for party in parties],
        agreement_no=number,
        agreement_title=papers.TITLES[agreement.form],
        effective=papers.cn_date(clock.local(stands.effective_at).date()) if stands.effective_at is not None else "",
        issued=papers.cn_date(clock.today()),
        lines=[_line(n, item, names, done, moved) for n, item in enumerate(items, start=1)],
        **more,
    )


async def _ordinal(session: AsyncSession, row: PerformancePaper) -> int:
    query = select(PerformancePaper.id).where(
        PerformancePaper.case_id == row.case_id, PerformancePaper.kind == row.kind
    )
    return sum(one <= row.id for one in await session.scalars(query))


def _line(n: int, item: PerformanceItem, names: dict[int, str], done: Any, moved: Any) -> Line:
    sums = parts.sums_of(item, done[item.id])
    original = postponing.original_day(item, moved[item.id])
    agreed = [row.to_on for row in moved[item.id] if row.state == "agreed"]
    return Line(
        n=n,
        obligor=names.get(item.obligor_id or 0, ""),
        obligee=names.get(item.obligee_id or 0, "") or "其他各方",
        text=item.text,
        sum=_sum(item.amount_fen),
        due=papers.cn_date(original) if original is not None else "长期",
        postponed=papers.cn_date(agreed[-1]) if agreed else "",
        settled=papers.cn_date(clock.local(item.settled_at).date()) if item.settled_at is not None else "",
        state={"done": "已经履行", "waived": "接受的一方不再要求履行"}.get(
            item.state, "长期遵守" if item.kind == Kind.REFRAIN else "没有履行完"
        ),
        paid=_sum(sums.received) if sums is not None and sums.received else "",
        left=_sum(sums.open) if sums is not None and sums.open else "",
    )


def _sum(fen: int | None) -> str:
    return f"人民币{capitals(fen)}（{papers.yuan(fen)}）" if fen else ""


def _packed(text: Text) -> str:
    return json.dumps(asdict(text), ensure_ascii=False, sort_keys=True)


def _unpacked(stored: str) -> Text:
    given = json.loads(stored)
    return Text(**given | {"lines": [Line(**line) for line in given["lines"]]})


def _name(text: Text) -> str:
    return f"{TITLES[text.kind]}-{text.number}.pdf"


def html_of(text: Text, check: str, settings: Settings, *, sealed: bool = False) -> str:
    """The paper. The same text gives the same bytes."""
    mark = papers.Mark(check, settings.base_url)
    seal = seals.adapter(settings).picture(text.body) if sealed else None
    shown = {"t": text, "title": TITLES[text.kind], "mark": mark, "seal": seal, "footer_text": _foot(text, check)}
    return env.get_template(f"agreements/{text.kind}_paper.html").render(shown)


def _foot(text: Text, check: str) -> str:
    return f"{text.number}　核对码 {genuine.grouped(check)}"


def page_of(row: PerformancePaper, settings: Settings) -> str:
    """An issued paper as HTML, for a machine that cannot make PDFs. Raises NotFound for one that is only asked for."""
    if row.content is None:
        raise NotFound()
    return html_of(_unpacked(row.content), row.check_code, settings, sealed=row.kind == CERTIFICATE)
