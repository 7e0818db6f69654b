"""The fact sheet as verbs. Each takes the session first, works under the case's lock and never commits."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.audit import service as audit
from odr.cases import service as cases
from odr.cases.access import View
from odr.cases.codes import Channel, Side
from odr.cases.models import Case, Party
from odr.core import clock, db
from odr.core.errors import Conflict, Invalid
from odr.core.i18n import _
from odr.factsheet import access, paper, sheet
from odr.factsheet.models import Fact, FactAnswer, FactRelease, FactVersion
from odr.factsheet.rules import Answer, Kind
from odr.factsheet.schemas import MOST, AnswerIn, ConfirmIn, FactIn, ReleaseIn, SeenFact, VouchIn
from odr.factsheet.sheet import Sheet, agreed_facts, of_case, public, to_hand_over

__all__ = [
    "Sheet",
    "add",
    "agreed_facts",
    "answer",
    "change",
    "confirm",
    "of_case",
    "paper",
    "public",
    "release",
    "remove",
    "to_hand_over",
    "vouch",
]


def link(case: Case) -> str:
    return f"/cases/{case.pid}/facts"


def _who(party: Party | None) -> str:
    """For the stored lines of a room."""
    return f"{Side(party.side).zh}{party.name}" if party is not None else "调解员"


async def add(session: AsyncSession, actor: Actor, case_pid: str, wanted: FactIn) -> Fact:
    """Put a fact on the sheet. Who may speak for a party confirms what that party puts there by putting it. The same
    words once more, as from a form that was sent again because its answer was lost, change nothing.

    Raises NotFound, Forbidden, Conflict (past the talks, or too many), Invalid (it sounds like an offer).
    """
    wanted.check()
    view = await access.for_writing(session, actor, case_pid)
    before = await of_case(session, view.case)
    if (twin := _twin(before, view.principal, wanted)) is not None:
        return twin
    if len(before.facts) >= MOST:
        raise Conflict(_("事实写得太多了，最多 %(n)s 条。请合并几条。", n=MOST), code="too_many")
    party = view.principal
    row = Fact(
        case_id=view.case.id, kind=wanted.kind.value, text=wanted.text,
        by_party_id=party.id if party is not None else None,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    await _keep_version(session, actor, row)
    if party is not None and access.may_confirm(view) and wanted.kind is Kind.AGREED:
        await _store(session, actor, row, party, Answer.CONFIRM)
    words = {Kind.AGREED: "写了一条事实，请各方看看是否属实", Kind.DISPUTED: "记下一条有争议的事实"}
    await _told(session, actor, view.case, f"{_who(party)}{words[wanted.kind]}：{row.text}", "fact:item:proposed", row)
    await _tell_whose_turn(session, actor, view.case, before)
    return row


def _twin(now: Sheet, party: Party | None, wanted: FactIn) -> Fact | None:
    by = party.id if party is not None else None
    said = (wanted.kind.value, wanted.text, by)
    return next((f.row for f in now.facts if (f.row.kind, f.row.text, f.row.by_party_id) == said), None)


async def change(session: AsyncSession, actor: Actor, pid: str, wanted: FactIn) -> Fact:
    """Reword a fact. Its version rises, which voids what was said of it. Raises NotFound, Forbidden, Conflict,
    Invalid."""
    wanted.check()
    place = await access.for_change(session, actor, pid)
    access.need_change(place)
    row, view = place.fact, place.view
    if (row.kind, row.text) == (wanted.kind.value, wanted.text):
        return row
    before = await of_case(session, view.case)
    row.kind, row.text, row.version = wanted.kind.value, wanted.text, row.version + 1
    party = view.principal
    row.by_party_id = party.id if party is not None else row.by_party_id
    await session.flush()
    await _keep_version(session, actor, row)
    if party is not None and access.may_confirm(view) and wanted.kind is Kind.AGREED:
        await _store(session, actor, row, party, Answer.CONFIRM)
    text = f"{_who(party)}改了第 {_n(before, row)} 条事实，请再看看是否属实：{row.text}"
    await _told(session, actor, view.case, text, "fact:item:changed", row)
    await _tell_whose_turn(session, actor, view.case, before)
    return row


async def remove(session: AsyncSession, actor: Actor, pid: str) -> None:
    """Take a fact off the sheet; the row and what was said of it stay. Raises NotFound, Forbidden, Conflict."""
    place = await access.for_change(session, actor, pid)
    access.need_change(place)
    n = _n(await of_case(session, place.view.case), place.fact)
    place.fact.removed_at = clock.now()
    await session.flush()
    text = f"{_who(place.view.principal)}去掉了第 {n} 条事实。"
    await _told(session, actor, place.view.case, text, "fact:item:removed", place.fact)


async def answer(session: AsyncSession, actor: Actor, pid: str, wanted: AnswerIn) -> FactAnswer:
    """A party says that a fact is so, or that it is not and what was instead.

    Raises NotFound, Forbidden (a general agent), Conflict (the fact was reworded since), Invalid.
    """
    wanted.check()
    place = await access.for_change(session, actor, pid)
    party = access.need_confirmer(place.view)
    row = place.fact
    _need_seen(row, wanted.version)
    if wanted.answer is Answer.CONFIRM:
        _need_confirmable(row)
    kept = await _store(session, actor, row, party, wanted.answer, words=wanted.words)
    n = _n(await of_case(session, place.view.case), row)
    said = (
        f"确认第 {n} 条事实属实。" if wanted.answer is Answer.CONFIRM else f"对第 {n} 条事实有不同说法：{wanted.words}"
    )
    await _told(session, actor, place.view.case, _who(party) + said, "fact:item:answered", row)
    return kept


async def confirm(session: AsyncSession, actor: Actor, case_pid: str, wanted: ConfirmIn) -> int:
    """A party confirms facts as they were shown to it. Returns how many were new. Raises NotFound, Forbidden,
    Conflict (one was reworded or removed since: then none is confirmed)."""
    view = await access.of_case(session, actor, case_pid)
    party = access.need_confirmer(view)
    await access.lock(session, view)
    numbers = await _confirm(session, actor, view, party, wanted.facts)
    if numbers:
        text = f"{_who(party)}确认第 {_listed(numbers)} 条事实属实。"
        await _told(session, actor, view.case, text, "fact:sheet:confirmed", None)
    return len(numbers)


async def vouch(session: AsyncSession, actor: Actor, case_pid: str, wanted: VouchIn) -> int:
    """The mediator stands for it that a party confirmed these facts in person or by telephone.

    Raises NotFound, Forbidden, Conflict, Invalid (no such party)."""
    view = await access.of_case(session, actor, case_pid)
    access.need_mediator(view)
    await access.lock(session, view)
    parties = {party.pid: party for party in await cases.parties_of(session, view.case)}
    if (party := parties.get(wanted.party)) is None:
        raise Invalid({"party": _("请从本案的当事人里选一位。")})
    numbers = await _confirm(session, actor, view, party, wanted.facts, channel=wanted.channel, note=wanted.note)
    if numbers:
        how = "当面" if wanted.channel is Channel.ONSITE else "在电话里"
        text = f"{_who(party)}{how}向调解员确认第 {_listed(numbers)} 条事实属实。"
        await _told(session, actor, view.case, text, "fact:sheet:vouched", None)
    return len(numbers)


async def release(session: AsyncSession, actor: Actor, case_pid: str, wanted: ReleaseIn) -> FactRelease:
    """A party allows, or no longer allows, that the agreed facts are handed on when talks fail (R34). Raises NotFound,
    Forbidden, Conflict."""
    view = await access.of_case(session, actor, case_pid)
    party = access.need_confirmer(view)
    await access.lock(session, view)
    row = FactRelease(case_id=view.case.id, party_id=party.id, allowed=wanted.allowed, by_person_id=actor.person_id)
    session.add(row)
    await session.flush()
    said = "同意" if wanted.allowed else "不同意"
    text = f"{_who(party)}{said}在调解不成时，把无争议的事实交给法院或其他处理机关。"
    tag = "fact:sheet:released" if wanted.allowed else "fact:sheet:withheld"
    await _told(session, actor, view.case, text, tag, None)
    return row


# --- pieces ----------------------------------------------------------------------------------------------------------


async def _confirm(
    session: AsyncSession, actor: Actor, view: View, party: Party, seen: Sequence[SeenFact],
    channel: Channel = Channel.WEB, note: str = "",
) -> list[int]:  # fmt: skip
    now = await of_case(session, view.case)
    facts = {fact.row.pid: fact for fact in now.facts}
    numbers = []
    for one in seen:
        fact = facts.get(one.fact)
        if fact is None:
            raise Conflict(_("事实刚才有了变化。请刷新后再看一遍。"), code="changed")
        _need_seen(fact.row, one.version)
        _need_confirmable(fact.row)
        if any(word.party.id == party.id and word.answer is Answer.CONFIRM for word in fact.said):
            continue
        await _store(session, actor, fact.row, party, Answer.CONFIRM, channel=channel, note=note)
        numbers.append(fact.n)
    return numbers


def _need_seen(row: Fact, version: int) -> None:
    if row.version != version:
        raise Conflict(_("这一条刚刚改过。请看新的内容，再回答。"), code="changed")


def _need_confirmable(row: Fact) -> None:
    if row.kind != Kind.AGREED:
        raise Conflict(_("这一条记的是争议，不用确认。您可以写下自己的说法。"), code="disputed")


async def _store(
    session: AsyncSession, actor: Actor, row: Fact, party: Party, given: Answer, *,
    words: str = "", channel: Channel = Channel.WEB, note: str = "",
) -> FactAnswer:  # fmt: skip
    kept = FactAnswer(
        fact_id=row.id, fact_version=row.version, party_id=party.id, answer=given.value, words=words,
        channel=channel.value, note=note, by_person_id=actor.person_id, login_id=actor.login_id,
    )  # fmt: skip
    session.add(kept)
    await session.flush()
    return kept


async def _keep_version(session: AsyncSession, actor: Actor, row: Fact) -> None:
    session.add(
        FactVersion(fact_id=row.id, version=row.version, kind=row.kind, text=row.text, by_person_id=actor.person_id)
    )
    await session.flush()


async def _told(session: AsyncSession, actor: Actor, case: Case, text: str, tag: str, row: Fact | None) -> None:
    """The room's line, the ledger and the screens, in the verb's own transaction."""
    await cases.announce(session, case, tag, text, link(case))
    thing = ("fact", row.pid) if row is not None else ("case", case.pid)
    detail: dict[str, Any] = {"case": case.pid} | ({"version": row.version} if row is not None else {})
    await audit.record(session, actor, tag, *thing, detail)
    db.poke(session, "cases", case.pid)


async def _tell_whose_turn(session: AsyncSession, actor: Actor, case: Case, before: Sheet) -> None:
    """One notice when something begins to wait for a party; not one for each further fact."""
    now = await of_case(session, case)
    fresh = {party.id for party in now.parties if now.open_for(party) and not before.open_for(party)}
    states = [state for state in await cases.party_states(session, case) if state.row.id in fresh]
    tag, text = "fact:item:proposed", "有一条事实请您确认，请登录“我的纠纷”查看。"
    await cases.tell_parties(session, case, states, tag, text, but=actor.person_id, sms=False)


def _n(now: Sheet, row: Fact) -> int:
    return next((fact.n for fact in now.facts if fact.row.id == row.id), 0)


def _listed(numbers: Sequence[int]) -> str:
    return "、".join(str(n) for n in sorted(numbers))


@cases.adds("facts_sheet")
async def _in_case(session: AsyncSession, view: View) -> dict[str, Any] | None:
    """How far the sheet is, for the room's panel and the case."""
    if not (view.is_party or view.handles):
        return None
    found = await of_case(session, view.case)
    if not found.facts:
        return None
    shown = public(view, found)
    return {"counts": shown["counts"], "my_turn": shown["my_turn"], "href": link(view.case)}


@cases.adds_waiting
async def _waiting(_session: AsyncSession, view: View, doc: dict[str, Any]) -> list[dict[str, str]]:
    found = doc.get("facts_sheet")
    return [{"text": _("有事实请您确认"), "href": link(view.case)}] if found is not None and found["my_turn"] else []


@cases.adds("links")
async def _links(session: AsyncSession, view: View) -> list[dict[str, str]]:
    if not (view.is_party or view.handles):
        return []
    if not access.is_open(view) and not (await sheet.of_case(session, view.case)).facts:
        return []
    return [{"text": _("事实清单"), "href": link(view.case), "name": "facts"}]
