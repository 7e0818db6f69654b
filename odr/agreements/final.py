"""The frozen version: exact bytes made outside the transaction, checked against the rows before they are stored."""

from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.agreements import (
    access,
    board,
    carrying,
    checks,
    content,
    drafting,
    effect,
    instalments,
    oral,
    papers,
    rules,
    standing,
    verification,
)
from odr.agreements.access import Place
from odr.agreements.content import Content
from odr.agreements.models import Agreement, OralRegister
from odr.audit import service as audit
from odr.cases import service as cases
from odr.cases.codes import State
from odr.core import clock, db, paper
from odr.core.db import Database
from odr.core.errors import Conflict, Invalid
from odr.core.i18n import _
from odr.evidence import service as evidence


async def finalise(database: Database, actor: Actor, pid: str, *, base_url: str = "") -> Agreement:
    """定稿: freeze the text as exact PDF bytes; a written one goes to signing, an oral one is registered.

    Prepare → verify → store: the bytes are made without holding the writer, and nothing is stored when anything in
    the text changed meanwhile (P22). With `base_url` the paper's QR leads to where anybody can check it. Raises
    NotFound, Forbidden, Conflict, Invalid (not all clauses accepted, an oral one that has to be written), Unready (the
    checker found something), NoPrinter.
    """
    async with database.read() as session:
        place = await access.for_reading(session, actor, pid)
        await _need_ready(session, place)
        wanted = await content.gather(session, place.case, place.agreement, clock.today())
        case_no = place.case.case_no or ""
    data = await paper.pdf(papers.html(wanted, papers.mark_of(wanted, base_url) if base_url else None))
    prepared = await evidence.prepare_bytes(papers.file_name(wanted, case_no), paper.MIME, data)
    async with database.write() as session:
        place = await access.for_drafting(session, actor, pid)
        await _need_ready(session, place)
        now = await content.gather(session, place.case, place.agreement, wanted.drawn_up_on)
        if now.digest() != wanted.digest():
            raise Conflict(_("定稿时有人刚好改了内容。请看一遍最新的草案，再定稿一次。"), code="changed")
        return await _freeze(session, actor, place, wanted, prepared)


async def _need_ready(session: AsyncSession, place: Place) -> None:
    access.need_mediator(place.view)
    access.need_drafting(place)
    count, whole = await board.all_accepted(session, place.agreement)
    wrong: dict[str, str] = {}
    if len(place.agreement.facts.strip()) < 5:
        wrong["facts"] = _("请先写明纠纷的主要事实。")
    if count == 0:
        wrong["clauses"] = _("还没有条款。请先写下谁、做什么、什么时候做完。")
    elif place.agreement.form == "written" and not whole:
        wrong["clauses"] = _("还有条款没有得到各方同意，不能定稿。请先逐条确认。")
    if place.agreement.form == "oral" and count:
        if await oral.register_of(session, place.agreement) is None:
            wrong["register"] = _("请先填写登记表：在哪里、哪一天谈成的，有没有当场履行。")
        found = await content.gather(session, place.case, place.agreement, clock.today())
        if (needed := rules.writing_needed(found.matter)) is not None:
            wrong["form"] = _("%(why)s 请点“改为书面协议”。", why=_(needed.why))
    if wrong:
        raise Invalid(wrong)
    await checks.need_clean(session, place)


async def _freeze(
    session: AsyncSession, actor: Actor, place: Place, wanted: Content, prepared: evidence.Prepared
) -> Agreement:
    agreement, case = place.agreement, place.case
    file = await evidence.keep(session, actor, prepared, "agreement", agreement.id)
    agreement.state, agreement.frozen_at = "frozen", clock.now()
    agreement.pdf_file_id, agreement.sha256, agreement.agreement_no = file.id, file.sha256, wanted.number
    agreement.content = wanted.dumped()
    await session.flush()
    if agreement.form == "written":
        await cases.to_signing(session, actor, case)
    else:
        text = "调解员登记了口头协议。请各方读一遍并确认。"
        await cases.announce(session, case, "agreement:oral:registered", text, drafting.link(case))
        db.poke(session, "cases", case.pid)
    clauses = await content.clauses_of(session, agreement)
    text_digest = verification.text_digest(agreement, clauses, await instalments.plans_of(session, clauses))
    detail = {"case": case.pid, "version": agreement.version, "sha256": file.sha256, "text": text_digest}
    await audit.record(session, actor, verification.FROZEN, "agreement", agreement.pid, detail)
    return agreement


async def unfreeze(session: AsyncSession, actor: Actor, pid: str, reason: str) -> Agreement:
    """退回修改: a new version as a draft. Signatures stay on the old one, where they count for nothing any more (R27),
    and who signed is told so.

    Raises Conflict for a version in effect or not frozen.
    """
    place = await access.for_change(session, actor, pid)
    access.need_mediator(place.view)
    old, case = place.agreement, place.case
    effective = (await standing.of(session, old)).effective_at is not None
    if old.state != "frozen" or effective or case.state not in (State.SIGNING, State.MEDIATING):
        raise Conflict(_("这一版现在不能退回修改。已经生效的协议要改，请各方另立新的协议。"), code="not_frozen")
    await effect.say_voided(session, actor, case, old)
    old.state, old.void_reason = "void", reason
    new = Agreement(case_id=case.id, version=old.version + 1, created_by=actor.person_id)
    new.form, new.facts, new.issues, new.paper_only = old.form, old.facts, old.issues, old.paper_only
    session.add(new)
    await session.flush()
    await carrying.clauses(session, actor.person_id, old, new)
    if (held := await oral.register_of(session, old)) is not None:
        asked = ("held_on", "place", "cross_committee", "performed", "written_by", "written_at")
        session.add(OralRegister(agreement_id=new.id, **{name: getattr(held, name) for name in asked}))
    await session.flush()
    if case.state == State.SIGNING:
        await cases.back_to_mediating(session, actor, case, reason)
    else:
        db.poke(session, "cases", case.pid)
    detail = {"case": case.pid, "version": old.version}
    await audit.record(session, actor, "agreement:text:voided", "agreement", old.pid, detail)
    return new
