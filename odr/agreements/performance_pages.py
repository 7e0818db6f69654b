"""After signing: the calendar of promises, one promise with what can be done about it, and the papers."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import HTMLResponse, Response

from odr.accounts.access import Actor, SignedIn
from odr.agreements import (
    access,
    confirming,
    documents,
    performance_papers,
    performing,
    schedule,
    service,
    standing,
)
from odr.agreements import performance_rules as rules
from odr.agreements.board_pages import UPLOAD_CEILING, errors_of
from odr.agreements.performance_schemas import CertificateIn, PartAnswerIn, PostponeAnswerIn, PostponeIn
from odr.agreements.schemas import ClaimIn, ReasonIn, RecordIn, SettleIn, UrgeIn
from odr.cases.codes import COURT_NO, Channel
from odr.core import clock, forms, ics, paper, web
from odr.core.errors import Conflict, Invalid, NotFound, OdrError
from odr.core.forms import Form
from odr.core.i18n import N_, _
from odr.core.templating import render
from odr.evidence import service as evidence

router = APIRouter(include_in_schema=False)

STATES = {
    "pending": (N_("等待履行"), "brand"),
    "part": (N_("履行了一部分"), "attention"),
    "claimed": (N_("等对方确认"), "attention"),
    "done": (N_("已履行"), "done"),
    "late": (N_("已过期"), "danger"),
    "disputed": (N_("有争议"), "danger"),
    "waived": (N_("对方放弃"), "neutral"),
    "replaced": (N_("由新协议代替"), "neutral"),
}
BY_HAND = (Channel.PHONE, Channel.VISIT, Channel.COUNTER, Channel.ONSITE, Channel.WECHAT)
# So many promises are shown whole; of a longer plan only what is next, the others in the calendar.
_WHOLE = 4
_NEXT = 2


async def _shown(
    request: Request,
    actor: Actor,
    pid: str,
    only: str | None = None,
    error: OdrError | None = None,
    values: dict[str, str] | None = None,
) -> HTMLResponse:
    """The calendar with what is next; or, `only`, one promise."""
    async with web.read(request) as session:
        view = await access.of_case(session, actor, pid)
        effect = await standing.in_effect(session, view.case)
        promises = await documents.promises(session, view)
        before = await documents.replaced(session, view)
        chosen = _chosen(only, promises, before) if only is not None else []
        breached = await performing.breached(session, view.case)
        context: dict[str, Any] = {
            "case": view.case,
            "at": f"/cases/{pid}/performance",
            "wide": view.is_staff,
            "count": len(promises),
            "items": chosen if only is not None else _next(promises, whole=view.handles),
            "before": before if only is None else [],
            "months": schedule.months(promises) if only is None and len(promises) > 1 else [],
            "totals": _totals(promises),
            "states": {state: (_(words), tone) for state, (words, tone) in STATES.items()},
            "interrupts": _(rules.INTERRUPTS),
            "handles": view.handles,
            "is_party": view.is_party,
            "settles": access.may_settle(view),
            "open": await performing.open_now(session, view.case) and not any(one["replaced"] for one in chosen),
            "may_complete": view.handles and view.state in performing.PERFORMING[:2],
            "court_why": await confirming.hindrance(session, view.case),
            "breached": breached,
            "said_no": await confirming.outcome_of(session, view.case) in COURT_NO,
            "anew": view.state in performing.ANEW,
            "remedies": await service.remedies(session, view.case) if breached else [],
            "effective_at": effect.effective_at if effect is not None else None,
            "court_until": effect.court_until if effect is not None else None,
            "papers": await performance_papers.shown(session, view) if only is None else [],
            "may_certify": only is None and await performance_papers.may_certify(session, view.case),
            "today": clock.today(),
            "channels": [(c.value, c.label) for c in BY_HAND],
            "upload_max": web.odr(request).settings.upload_max_bytes,
        }
    name = "agreements/promise.html" if only is not None else "agreements/performance.html"
    status = error.status if error is not None else 200
    return render(request, name, status=status, errors=errors_of(error), values=values or {}, **context)


def _chosen(only: str, promises: list[dict[str, Any]], before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One promise: of the agreement in effect, or of one that was replaced. Raises NotFound."""
    old = [one | {"replaced": True} for row in before for one in row["promises"]]
    found = [one for one in [*(one | {"replaced": False} for one in promises), *old] if one["id"] == only]
    if not found:
        raise NotFound()
    return found


def _next(promises: list[dict[str, Any]], *, whole: bool) -> list[dict[str, Any]]:
    """What to show whole: a short list all of it, of a long one what waits for this viewer or is next."""
    if len(promises) <= _WHOLE:
        return promises
    open_ones = [one for one in promises if one["state"] not in performing.SETTLED and not one["lasting"]]
    waits = [
        one
        for one in open_ones
        if (one["mine"] and one["days_late"])
        or (one["for_me"] and (one["state"] == "claimed" or any(part["my_turn"] for part in one["parts"])))
        or any(row["my_turn"] for row in one["postponements"])
        or (whole and (one["days_late"] or one["state"] == "disputed"))
    ]
    found = waits[: _WHOLE - 1]
    found += [one for one in open_ones if one not in found][: max(0, _NEXT - len(found))]
    return sorted(found, key=promises.index)


def _totals(promises: list[dict[str, Any]]) -> dict[str, int] | None:
    money = [one for one in promises if one["amount_fen"] is not None and one["state"] not in ("waived", "replaced")]
    if len(money) < 2:
        return None
    return {
        "total": sum(one["amount_fen"] for one in money),
        "paid": sum(one["paid_fen"] for one in money),
        "open": sum(one["open_fen"] for one in money),
    }


@router.get("/cases/{pid}/performance")
async def performance(request: Request, actor: SignedIn, pid: str) -> HTMLResponse:
    return await _shown(request, actor, pid)


@router.get("/cases/{pid}/performance.ics")
async def calendar_file(request: Request, actor: SignedIn, pid: str) -> Response:
    """My own days for the phone's calendar."""
    async with web.read(request) as session:
        view = await access.of_case(session, actor, pid)
        found = await service.calendar_entries(session, view, web.odr(request).settings.base_url)
    return ics.answer(found, _("约定的日期"))


@router.get("/cases/{pid}/performance/{item}")
async def promise(request: Request, actor: SignedIn, pid: str, item: str) -> HTMLResponse:
    """One promise: how far it is kept, and what can be done about it."""
    return await _shown(request, actor, pid, item)


# --- acts -----------------------------------------------------------------------------------------------------------

Step = Callable[[AsyncSession, Form], Awaitable[object]]


async def _of_case(request: Request, actor: Actor, pid: str, item: str) -> None:
    """The promise belongs to the case of the address. Raises NotFound."""
    async with web.read(request) as session:
        view, _row = await access.for_item(session, actor, item)
        if view.case.pid != pid:
            raise NotFound()


async def _act(
    request: Request, actor: Actor, pid: str, item: str, step: Step, form: Form | None = None, mark: str = ""
) -> Response:
    """One act about one promise; the page holds several forms, so errors are tied to the fields of this one."""
    await _of_case(request, actor, pid, item)
    form = form or await forms.read(request)
    mark = mark or item
    try:
        async with web.write(request) as session:
            await step(session, form)
    except Invalid as error:
        return await _again(request, actor, pid, item, mark, form, error)
    except Conflict as error:
        return await _shown(request, actor, pid, item, _with_words(error, form), form.values)
    return web.see_other(f"/cases/{pid}/performance/{item}")


def _with_words(error: Conflict, form: Form) -> Conflict:
    """A promise that moved on has the form no longer; what was written comes back in the sentence."""
    words = (form.values.get("note") or form.values.get("reason") or "").strip()
    if not words:
        return error
    return Conflict(error.say + _("您写的是：%(words)s", words=words), code=error.code)


async def _again(
    request: Request, actor: Actor, pid: str, item: str, mark: str, form: Form, error: Invalid
) -> HTMLResponse:
    named = Invalid({f"{name}-{mark}": words for name, words in error.fields.items()})
    values = form.values | {f"{name}-{mark}": value for name, value in form.values.items()}
    return await _shown(request, actor, pid, item, named, values)


async def _proof(request: Request, form: Form) -> evidence.Prepared | None:
    """The proof that was chosen. Raises Invalid naming its field."""
    chosen = form.files("proof")
    if not chosen:
        return None
    try:
        return await evidence.prepare(chosen[0], web.odr(request).settings, allow=evidence.PAPERS)
    except OdrError as error:
        words = next(iter(error.fields.values())) if isinstance(error, Invalid) and error.fields else error.say
        raise Invalid({"proof": words}) from None


@router.post("/cases/{pid}/performance/{item}/claims", max_body_size=UPLOAD_CEILING)
async def claim(request: Request, actor: SignedIn, pid: str, item: str) -> Response:
    """ "I have done it", all or a part."""
    await _of_case(request, actor, pid, item)
    form = await forms.read(request)
    try:
        wanted = form.parse(ClaimIn)
        proof = await _proof(request, form)
    except Invalid as error:
        return await _again(request, actor, pid, item, item, form, error)

    async def step(session: AsyncSession, _form: Form) -> None:
        await service.claim(session, actor, item, wanted, proof)

    return await _act(request, actor, pid, item, step, form)


@router.post("/cases/{pid}/performance/{item}/answers")
async def settle(request: Request, actor: SignedIn, pid: str, item: str) -> Response:
    form = await forms.read(request)

    async def step(session: AsyncSession, form: Form) -> None:
        await service.settle(session, actor, item, form.parse(SettleIn))

    mark = f"{form.values.get('answer', '')}-{item}"
    return await _act(request, actor, pid, item, step, form, mark)


@router.post("/cases/{pid}/performance/{item}/parts/{part}")
async def answer_part(request: Request, actor: SignedIn, pid: str, item: str, part: str) -> Response:
    """The other side's word on one payment."""

    async def step(session: AsyncSession, form: Form) -> None:
        await service.answer_part(session, actor, part, form.parse(PartAnswerIn))

    return await _act(request, actor, pid, item, step, mark=part)


@router.post("/cases/{pid}/performance/{item}/postponements")
async def postpone(request: Request, actor: SignedIn, pid: str, item: str) -> Response:
    """我要晚几天."""

    async def step(session: AsyncSession, form: Form) -> None:
        await service.postpone(session, actor, item, form.parse(PostponeIn))

    return await _act(request, actor, pid, item, step, mark=f"late-{item}")


@router.post("/cases/{pid}/performance/{item}/postponements/{postponement}")
async def answer_postponement(request: Request, actor: SignedIn, pid: str, item: str, postponement: str) -> Response:
    """agree, refuse, or (who asked) withdraw."""

    async def step(session: AsyncSession, form: Form) -> None:
        if form.values.get("answer") == "withdraw":
            await service.withdraw_postponement(session, actor, postponement)
        else:
            await service.answer_postponement(session, actor, postponement, form.parse(PostponeAnswerIn))

    return await _act(request, actor, pid, item, step, mark=postponement)


@router.post("/cases/{pid}/performance/{item}/records", max_body_size=UPLOAD_CEILING)
async def record(request: Request, actor: SignedIn, pid: str, item: str) -> Response:
    """What the mediator notes about a promise: an urging, what the obligee said, or a breach."""
    await _of_case(request, actor, pid, item)
    form = await forms.read(request)
    outcome = form.values.get("outcome", "")
    issued: list[str] = []
    mark = f"staff-{item}"
    try:
        proof = await _proof(request, form)
    except Invalid as error:
        return await _again(request, actor, pid, item, mark, form, error)

    async def step(session: AsyncSession, form: Form) -> None:
        if outcome == "urge":
            await service.urge(session, actor, item, form.parse(UrgeIn))
        elif outcome == "breach":
            try:
                wanted = forms.parse(ReasonIn, {"reason": form.values.get("note", "")})
            except Invalid as error:
                raise Invalid({"note": error.fields["reason"]}) from None
            issued.append((await service.breach(session, actor, item, wanted)).pid)
        elif outcome == "part":
            await service.record_part(session, actor, item, form.parse(RecordIn), proof)
        else:
            await service.record(session, actor, item, form.parse(RecordIn))

    answer = await _act(request, actor, pid, item, step, form, mark)
    part = web.odr(request)
    for paper_pid in issued:
        await service.keep_performance_paper(part.db, part.settings, paper_pid)
    return answer


@router.post("/cases/{pid}/performance/completion")
async def complete(request: Request, actor: SignedIn, pid: str) -> Response:
    await forms.read(request)
    try:
        async with web.write(request) as session:
            await service.complete(session, actor, pid)
    except Conflict as error:
        return await _shown(request, actor, pid, error=error)
    return web.see_other(f"/cases/{pid}/visits")


# --- papers ---------------------------------------------------------------------------------------------------------


@router.post("/cases/{pid}/performance/certificates")
async def ask_certificate(request: Request, actor: SignedIn, pid: str) -> Response:
    form = await forms.read(request)
    try:
        wanted = form.parse(CertificateIn)
        async with web.write(request) as session:
            await service.ask_certificate(session, actor, pid, wanted)
    except (Invalid, Conflict) as error:
        return await _shown(request, actor, pid, error=error, values=form.values)
    return web.see_other(f"/cases/{pid}/performance#papers")


@router.post("/cases/{pid}/performance/papers/{notice}")
async def issue_certificate(request: Request, actor: SignedIn, pid: str, notice: str) -> Response:
    """The clerk seals the certificate that was asked for."""
    await forms.read(request)
    part = web.odr(request)
    try:
        await service.issue_certificate(part.db, part.settings, actor, notice)
    except Conflict as error:
        return await _shown(request, actor, pid, error=error)
    return web.see_other(f"/cases/{pid}/performance#papers")


@router.get("/cases/{pid}/performance/papers/{notice}")
async def open_paper(request: Request, actor: SignedIn, pid: str, notice: str) -> Response:
    """The kept PDF, made now if it could not be when the paper was issued; where that still fails, the same words as a
    page to print."""
    part = web.odr(request)
    async with web.read(request) as session:
        _view, found = await performance_papers.for_reading(session, actor, notice)
    if found.file_id is None:
        await service.keep_performance_paper(part.db, part.settings, notice)
    async with web.read(request) as session:
        _view, found = await performance_papers.for_reading(session, actor, notice)
        address = await documents.file_address(session, found.file_id)
        html = performance_papers.page_of(found, part.settings)
    return web.see_other(address) if address is not None else paper.page(request, html)
