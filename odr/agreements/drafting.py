"""Writing an agreement together: the mediator drafts, each party answers each clause, a change voids its answers."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.agreements import access, anew, board, carrying, clause_words, content, instalments, rules, standing
from odr.agreements.access import Place
from odr.agreements.models import Agreement, Clause, ClauseAnswer
from odr.agreements.schemas import (
    AcceptAllIn,
    Answer,
    AnswerIn,
    ClauseChangeIn,
    ClauseIn,
    ClausesIn,
    DraftIn,
    Kind,
    OrderIn,
    ReleaseIn,
    SheetIn,
)
from odr.audit import service as audit
from odr.cases import service as cases
from odr.cases.codes import Category, Side, State
from odr.cases.models import Case, Party
from odr.core import clock, db
from odr.core.errors import Conflict, Invalid, NotFound
from odr.core.i18n import _
from odr.rooms import service as rooms
from odr.rooms.models import RoomKind

MOST_CLAUSES = 60
MOST_FACTS = 4000


def link(case: Case) -> str:
    return f"/cases/{case.pid}/agreement"


def who_is(party: Party) -> str:
    """申请人王某某, for the stored lines of a room."""
    return f"{Side(party.side).zh}{party.name}"


async def draft(session: AsyncSession, actor: Actor, case_pid: str, wanted: DraftIn) -> Agreement:
    """Start an agreement. A further one beside an agreement in effect (after a relapse, or a court's no) says among its
    facts what became of the first, and may begin with its clauses.

    Raises NotFound, Forbidden (not this case's mediator), Conflict (not mediating, or there is a draft), Invalid (an
    oral agreement where the law wants writing)."""
    view = await access.of_case(session, actor, case_pid)
    access.need_mediator(view)
    case = await access.lock(session, view.case.id)
    if case.state != State.MEDIATING:
        raise Conflict(_("现在不是调解中，不能起草协议。"), code="not_mediating")
    existing = await access.current(session, case)
    if existing is not None and not await _replaceable(session, case, existing):
        raise Conflict(_("已经有一份草案了。请在那一份上修改。"), code="exists")
    if wanted.form == "oral":
        need_oral_allowed(rules.Matter(Category(case.category)))
    effect = await standing.in_effect(session, case)
    known = existing.facts if existing is not None else case.facts
    if effect is not None:
        known = f"{known}\n{await anew.told(session, case, effect)}".strip()[:MOST_FACTS]
    row = Agreement(
        case_id=case.id,
        version=existing.version + 1 if existing is not None else 1,
        form=wanted.form,
        facts=wanted.facts or known,
        issues=wanted.issues or (existing.issues if existing is not None else ""),
        paper_only=paper_reason(case),
        created_by=actor.person_id,
    )
    session.add(row)
    await session.flush()
    if wanted.copied and effect is not None:
        await carrying.clauses(session, actor.person_id, effect.agreement, row)
    words = "登记口头协议" if wanted.form == "oral" else "起草协议"
    await cases.announce(session, case, "agreement:draft:started", f"调解员开始{words}，请逐条看一看。", link(case))
    await _happened(session, actor, case, row, "agreement:draft:started")
    return row


async def _replaceable(session: AsyncSession, case: Case, existing: Agreement) -> bool:
    """Whether a further agreement may be begun beside this one: after a relapse, in the same case."""
    if existing.state == "frozen" and existing.form == "oral":
        return (await standing.of(session, existing)).effective_at is not None
    return existing.state != "drafting"


def need_oral_allowed(matter: rules.Matter) -> None:
    """Raises Invalid with the reason where words alone are not enough (`rules.WRITING`)."""
    if (needed := rules.writing_needed(matter)) is not None:
        raise Invalid({"form": _(needed.why)})


def paper_reason(case: Case) -> str | None:
    """Why this agreement may not be signed electronically (电子签名法 Art. 3), or None."""
    return rules.paper_only(Category(case.category), supply_stop=case.supply_stop)


async def write_down(session: AsyncSession, actor: Actor, pid: str) -> Agreement:
    """Make an oral draft a written one: its clauses stay, and each party answers them. The other way there is none.

    Raises NotFound, Forbidden, Conflict.
    """
    place = await access.for_drafting(session, actor, pid)
    if place.agreement.form == "written":
        return place.agreement
    place.agreement.form = "written"
    text = "这份协议改为书面协议，请逐条看一看、答一答。"
    await cases.announce(session, place.case, "agreement:form:written", text, link(place.case))
    await _happened(session, actor, place.case, place.agreement, "agreement:form:written")
    return place.agreement


async def revise_sheet(session: AsyncSession, actor: Actor, pid: str, wanted: SheetIn) -> Agreement:
    """Change the facts and issues of a draft."""
    place = await access.for_drafting(session, actor, pid)
    place.agreement.facts, place.agreement.issues = wanted.facts, wanted.issues
    await _happened(session, actor, place.case, place.agreement, "agreement:facts:changed")
    return place.agreement


async def add_clause(session: AsyncSession, actor: Actor, pid: str, wanted: ClauseIn) -> Clause:
    """Propose a further clause; the last one said once more is that one. Raises Invalid naming each wrong field."""
    wanted.check()
    place = await access.for_drafting(session, actor, pid)
    before = await _waiting(session, place)
    (clause,), fresh = await _added(session, actor, place, [wanted])
    if not fresh:
        return clause
    await _proposed(session, actor, place, clause)
    await _tell_whose_turn(session, actor, place, before)
    return clause


async def add_clauses(session: AsyncSession, actor: Actor, pid: str, wanted: ClausesIn) -> list[Clause]:
    """Several clauses at once, all or none, with one line in the room. Raises Invalid naming each wrong field with its
    place in the list."""
    wanted.check()
    place = await access.for_drafting(session, actor, pid)
    before = await _waiting(session, place)
    clauses, fresh = await _added(session, actor, place, wanted.clauses, listed=True)
    if not fresh:
        return clauses
    text = f"调解员写下了 {len(clauses)} 条条款，请逐条看一看。"
    await cases.announce(session, place.case, "agreement:clause:proposed", text, link(place.case))
    await _happened(session, actor, place.case, place.agreement, "agreement:clause:proposed")
    await _tell_whose_turn(session, actor, place, before)
    return clauses


async def _added(
    session: AsyncSession, actor: Actor, place: Place, wanted: Sequence[ClauseIn], *, listed: bool = False
) -> tuple[list[Clause], bool]:
    """The clauses, and whether they are new: the last ones said once more, as from a form that was sent again because
    its answer was lost, are those."""
    standing = await content.clauses_of(session, place.agreement)
    if len(standing) + len(wanted) > MOST_CLAUSES:
        raise Conflict(_("条款太多了，最多 %(n)s 条。请合并几条。", n=MOST_CLAUSES), code="too_many")
    last = await session.scalar(select(func.max(Clause.ordinal)).where(Clause.agreement_id == place.agreement.id))
    clauses: list[Clause] = []
    wrong: dict[str, str] = {}
    for n, one in enumerate(wanted):
        clause = Clause(agreement_id=place.agreement.id, ordinal=(last or 0) + 1 + n, kind=one.kind, text=one.text)
        try:
            await _fill(session, place.case, clause, one)
        except Invalid as refused:
            wrong |= {f"clauses.{n}.{name}" if listed else name: words for name, words in refused.fields.items()}
        clauses.append(clause)
    if wrong:
        raise Invalid(wrong)
    newest = standing[-len(clauses) :]
    if [clause_words.fields(clause) for clause in newest] == [clause_words.fields(clause) for clause in clauses]:
        return newest, False
    session.add_all(clauses)
    await session.flush()
    for clause in clauses:
        await clause_words.keep(session, actor.person_id, clause)
    return clauses, True


async def change_clause(session: AsyncSession, actor: Actor, pid: str, clause_pid: str, wanted: ClauseIn) -> Clause:
    """Change a clause. Its version rises, which voids every answer to it."""
    wanted.check()
    place = await access.for_drafting(session, actor, pid)
    clause = await _clause(session, place.agreement, clause_pid)
    if isinstance(wanted, ClauseChangeIn) and wanted.version not in (None, clause.version):
        raise Conflict(_("这一条刚刚在别处改过。请看新的内容，再决定要不要改。"), code="changed")
    said = clause_words.fields(clause)
    await _fill(session, place.case, clause, wanted)
    if clause_words.fields(clause) == said:
        return clause
    await reworded(session, actor, place, clause, await instalments.plan_of(session, clause))
    return clause


async def reworded(
    session: AsyncSession, actor: Actor, place: Place, clause: Clause, plan: instalments.Plan | None
) -> None:
    """The clause says something else from here on: a further version, with these instalments, for which no answer
    stands yet."""
    waiting = await _waiting(session, place)
    clause.version += 1
    await session.flush()
    await instalments.carry(session, actor.person_id, plan, clause)
    await clause_words.keep(session, actor.person_id, clause)
    await _proposed(session, actor, place, clause)
    await _tell_whose_turn(session, actor, place, waiting)


async def remove_clause(session: AsyncSession, actor: Actor, pid: str, clause_pid: str) -> None:
    """Take a clause out. The row and its answers stay."""
    place = await access.for_drafting(session, actor, pid)
    clause = await _clause(session, place.agreement, clause_pid)
    n = await _place_of(session, place.agreement, clause)
    clause.removed_at = clock.now()
    await session.flush()
    await cases.announce(session, place.case, "agreement:clause:removed", f"调解员去掉了第 {n} 条。", link(place.case))
    await _happened(session, actor, place.case, place.agreement, "agreement:clause:removed")


async def reorder(session: AsyncSession, actor: Actor, pid: str, wanted: OrderIn) -> None:
    """Put the clauses into this order. Raises Conflict when the list is not exactly the clauses that stand."""
    place = await access.for_drafting(session, actor, pid)
    clauses = {clause.pid: clause for clause in await content.clauses_of(session, place.agreement)}
    if len(wanted.clauses) != len(clauses) or set(wanted.clauses) != set(clauses):
        raise Conflict(_("条款刚才有了变化。请刷新后再排顺序。"))
    for ordinal, clause_pid in enumerate(wanted.clauses, start=1):
        clauses[clause_pid].ordinal = ordinal
    await session.flush()
    await _happened(session, actor, place.case, place.agreement, "agreement:clauses:reordered")


async def answer(session: AsyncSession, actor: Actor, pid: str, clause_pid: str, wanted: AnswerIn) -> ClauseAnswer:
    """A party accepts one clause as it saw it, asks to change it, or rejects it. Raises Forbidden for a general agent
    (T19), Conflict when the clause has changed since, Invalid for a change or a no without words."""
    wanted.check()
    place, party = await _answering(session, actor, pid)
    clause = await _clause(session, place.agreement, clause_pid)
    row = await _store(session, actor, party, clause, wanted)
    await _answered(session, actor, place, party, clause, wanted)
    return row


async def release_comment(
    session: AsyncSession, actor: Actor, pid: str, clause_pid: str, wanted: ReleaseIn
) -> ClauseAnswer:
    """A party opens to everybody what it wrote for the mediator alone, as a new answer that cannot be taken back.

    Raises NotFound, Forbidden, Conflict when the clause has changed since or there is nothing to open.
    """
    place, party = await _answering(session, actor, pid)
    clause = await _clause(session, place.agreement, clause_pid)
    _need_same(clause, wanted.version)
    given = (await board.answers_in_force(session, [clause])).get((clause.id, party.id))
    if given is None or given.audience != "private":
        raise Conflict(_("这里没有只告诉调解员的话。请刷新页面。"), code="nothing_private")
    row = ClauseAnswer(
        clause_id=clause.id, clause_version=clause.version, party_id=party.id, by_person_id=actor.person_id,
        answer=given.answer, comment=board.private_words(given), released_id=given.id,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    n = await _place_of(session, place.agreement, clause)
    text = f"{who_is(party)}公开了对第 {n} 条的意见：{row.comment}"
    await cases.announce(session, place.case, "agreement:comment:released", text, link(place.case))
    await _happened(session, actor, place.case, place.agreement, "agreement:comment:released")
    return row


async def accept_all(session: AsyncSession, actor: Actor, pid: str, wanted: AcceptAllIn) -> int:
    """Accept every clause as it was shown. Clauses already accepted stay as they are. Returns how many were new."""
    place, party = await _answering(session, actor, pid)
    clauses = {clause.pid: clause for clause in await content.clauses_of(session, place.agreement)}
    if {seen.clause for seen in wanted.clauses} - set(clauses):
        raise Conflict(_("条款刚才有了变化。请刷新后再回答。"))
    given = await board.answers_in_force(session, clauses.values())
    new = []
    for seen in wanted.clauses:
        clause = clauses[seen.clause]
        found = given.get((clause.id, party.id))
        if found is not None and found.answer == Answer.ACCEPT:
            continue
        await _store(session, actor, party, clause, AnswerIn(answer=Answer.ACCEPT, version=seen.version))
        new.append(await _place_of(session, place.agreement, clause))
    if new:
        listed = "、".join(str(n) for n in new)
        await _say_answer(session, place, f"{who_is(party)}同意第 {listed} 条。")
        await _happened(session, actor, place.case, place.agreement, "agreement:clause:answered")
    return len(new)


async def _answering(session: AsyncSession, actor: Actor, pid: str) -> tuple[Place, Party]:
    place = await access.for_change(session, actor, pid)
    party = access.need_settler(place.view)
    access.need_drafting(place)
    return place, party


async def _store(session: AsyncSession, actor: Actor, party: Party, clause: Clause, wanted: AnswerIn) -> ClauseAnswer:
    _need_same(clause, wanted.version)
    private = wanted.audience == "private"
    row = ClauseAnswer(
        clause_id=clause.id, clause_version=clause.version, party_id=party.id, by_person_id=actor.person_id,
        answer=wanted.answer, comment="" if private else wanted.comment, audience=wanted.audience,
        private_comment=wanted.comment if private else None,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    return row


def _need_same(clause: Clause, version: int) -> None:
    if version != clause.version:
        raise Conflict(_("这一条刚刚改过。请看新的内容，再回答。"), code="changed")


async def _answered(
    session: AsyncSession, actor: Actor, place: Place, party: Party, clause: Clause, wanted: AnswerIn
) -> None:
    n = await _place_of(session, place.agreement, clause)
    if wanted.answer is Answer.ACCEPT:
        text = f"{who_is(party)}同意第 {n} 条。"
    else:
        does = "希望修改" if wanted.answer is Answer.CHANGE else "不同意"
        # What was written for the mediator alone leaves no word in the joint room.
        words = f"：{wanted.comment}" if wanted.audience == "joint" else "，请调解员看一看。"
        text = f"{who_is(party)}{does}第 {n} 条{words}"
    await _say_answer(session, place, text)
    await _happened(session, actor, place.case, place.agreement, "agreement:clause:answered")


async def _say_answer(session: AsyncSession, place: Place, text: str) -> None:
    await cases.announce(session, place.case, "agreement:clause:answered", text, link(place.case))
    _n, whole = await board.all_accepted(session, place.agreement)
    if whole:
        await cases.announce(
            session, place.case, "agreement:clauses:accepted", "各方已经同意全部条款。请调解员定稿。", link(place.case)
        )


async def _proposed(session: AsyncSession, actor: Actor, place: Place, clause: Clause) -> None:
    n = await _place_of(session, place.agreement, clause)
    body = {
        "agreement": place.agreement.pid,
        "clause": clause.pid,
        "version": clause.version,
        "text": f"第 {n} 条：{clause.text}",
    }
    # Where there was violence the sides share no room: each reads the proposal in its own.
    found = await rooms.rooms_of(session, place.case.pid)
    joint = [room for room in found if room.kind == RoomKind.JOINT]
    for room in joint or [room for room in found if room.kind == RoomKind.PRIVATE]:
        await rooms.propose(session, room, actor, body)
    await _happened(session, actor, place.case, place.agreement, "agreement:clause:proposed")


async def _happened(session: AsyncSession, actor: Actor, case: Case, agreement: Agreement, tag: str) -> None:
    """Drafting goes to the ledger and wakes the screens; the timeline keeps its few large steps."""
    await audit.record(
        session, actor, tag, "agreement", agreement.pid, {"case": case.pid, "version": agreement.version}
    )
    db.poke(session, "cases", case.pid)


async def _clause(session: AsyncSession, agreement: Agreement, pid: str) -> Clause:
    found = await session.scalar(
        select(Clause).where(Clause.pid == pid, Clause.agreement_id == agreement.id, Clause.removed_at.is_(None))
    )
    if found is None:
        raise NotFound(_("没有找到这一条，可能刚被去掉了。请刷新页面。"))
    return found


async def _place_of(session: AsyncSession, agreement: Agreement, clause: Clause) -> int:
    return [row.id for row in await content.clauses_of(session, agreement)].index(clause.id) + 1


async def _waiting(session: AsyncSession, place: Place) -> set[int]:
    """The parties for whom some clause waits."""
    clauses = await content.clauses_of(session, place.agreement)
    given = await board.answers_in_force(session, clauses)
    parties = await content.principals(session, place.case)
    return {party.id for party in parties if any((clause.id, party.id) not in given for clause in clauses)}


async def _tell_whose_turn(session: AsyncSession, actor: Actor, place: Place, before: set[int]) -> None:
    """One notice when something begins to wait for a party; not one for each further clause."""
    if place.agreement.form != "written":
        return
    fresh = await _waiting(session, place) - before
    states = [state for state in await cases.party_states(session, place.case) if state.row.id in fresh]
    text = "协议草案里有条款请您看一看、答一答，请登录“我的纠纷”查看。"
    await cases.tell_parties(
        session, place.case, states, "agreement:clause:proposed", text, but=actor.person_id, sms=False
    )


async def need_parties(session: AsyncSession, case: Case, wanted: ClauseIn) -> dict[str, Party]:
    """The parties of the case by their ids. Raises Invalid where the clause names somebody who is none."""
    parties = {party.pid: party for party in await content.principals(session, case)}
    wrong: dict[str, str] = {}
    for name, given in (("obligor", wanted.obligor), ("obligee", wanted.obligee)):
        if given is not None and given not in parties:
            wrong[name] = _("请从本案的当事人里选一位。")
    if wrong:
        raise Invalid(wrong)
    return parties


async def _fill(session: AsyncSession, case: Case, clause: Clause, wanted: ClauseIn) -> None:
    parties = await need_parties(session, case, wanted)
    clause.kind, clause.text, clause.manner = Kind(wanted.kind).value, wanted.text, wanted.manner
    clause.place, clause.recurring, clause.account = wanted.place, wanted.recurring, wanted.account or None
    clause.obligor_id = parties[wanted.obligor].id if wanted.obligor else None
    clause.obligee_id = parties[wanted.obligee].id if wanted.obligee else None
    clause.amount_fen, clause.due_on, clause.begins_on = wanted.amount, wanted.due_on, wanted.begins_on
