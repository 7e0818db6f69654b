"""The agreement's page while it is made: the clause board, one clause, the facts; and its state once it is frozen."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import HTMLResponse, Response

from odr.accounts.access import Actor, SignedIn
from odr.agreements import (
    access,
    checks,
    confirming,
    content,
    copies,
    documents,
    performing,
    proposal_docs,
    scans,
    service,
)
from odr.agreements.access import Place
from odr.agreements.models import Agreement
from odr.agreements.schemas import (
    AcceptAllIn,
    AnswerIn,
    ClauseChangeIn,
    DraftIn,
    Kind,
    OrderIn,
    PaperIn,
    ReasonIn,
    SheetIn,
    VouchIn,
)
from odr.cases.access import View
from odr.cases.codes import COURT_NO, CaseRole, Side, State
from odr.cases.models import Party
from odr.core import clock, forms, paper, web
from odr.core.errors import Conflict, Expired, Invalid, NotFound, OdrError
from odr.core.forms import Form
from odr.core.i18n import _
from odr.core.templating import render
from odr.factsheet import service as factsheet
from odr.rooms import service as rooms

router = APIRouter(include_in_schema=False)
UPLOAD_CEILING = 64 * 1024 * 1024  # the service's own limit (ODR_UPLOAD_MAX_BYTES) lies below


def errors_of(error: OdrError | None) -> dict[str, str]:
    """The fields of an error for a form; what belongs to no field stands at the top."""
    if error is None:
        return {}
    return dict(error.fields) if isinstance(error, Invalid) and error.fields else {"form": error.say}


async def current_place(session: AsyncSession, actor: Actor, pid: str) -> Place:
    """The newest version of a case's agreement. Raises NotFound."""
    view = await access.of_case(session, actor, pid)
    agreement = await access.current(session, view.case)
    if agreement is None:
        raise NotFound()
    return Place(view, agreement)


async def board(
    request: Request, actor: Actor, pid: str, *, error: OdrError | None = None, values: dict[str, str] | None = None
) -> HTMLResponse:
    """The page of the agreement, again with what was wrong when there is an error."""
    async with web.read(request) as session:
        view = await access.of_case(session, actor, pid)
        agreement = await access.current(session, view.case)
        doc = await documents.document(session, Place(view, agreement)) if agreement is not None else None
        versions, shown = await documents.versions(session, view), agreement.pid if agreement is not None else None
        effective = doc is not None and doc["effective_at"] is not None
        context = _context(view, agreement) | {
            "doc": doc,
            # It is in effect, and another one is talked about: after a relapse, or a court's no.
            "said_no": effective and await confirming.outcome_of(session, view.case) in COURT_NO,
            "court_open": effective and await confirming.hindrance(session, view.case) is None,
            "further": effective and view.state in performing.ANEW,
            "checks": await checks.of_view(session, view, agreement),
            "live": await rooms.follow(session, view.case.pid, actor.person_id),
            "proposals": await proposal_docs.of_view(session, view),
            "older": [row for row in versions if row["state"] == "void"],
            "before": [row for row in versions if row["effective_at"] is not None and row["id"] != shown],
            "parties": [
                (p.pid, f"{Side(p.side).label} {p.name}") for p in await content.principals(session, view.case)
            ],
        }
    name = (
        "agreements/frozen.html" if agreement is not None and agreement.state == "frozen" else "agreements/board.html"
    )
    status = error.status if error is not None else 200
    return render(request, name, status=status, errors=errors_of(error), values=values or {}, **context)


def gone(error: OdrError, values: dict[str, str], *names: str) -> tuple[OdrError, dict[str, str]]:
    """What a form is shown again with. An id in it (`names`) that leads nowhere any more, because the draft was
    replaced or the round ended, must not cost what was typed: it is taken out, so that the page puts the present one
    there. Who may not see that page gets its 404 from the page's own door."""
    if not (isinstance(error, NotFound) or (isinstance(error, Conflict) and error.code == "replaced")):
        return error, values
    say = _("没有找到您打开的那一份，可能刚被换掉了。写下的都还在，请看一看，再保存一次。")
    return Conflict(say, code="replaced"), {name: value for name, value in values.items() if name not in names}


def named(parties: Sequence[Party]) -> list[tuple[str, str]]:
    """The parties as a choice."""
    return [(party.pid, f"{Side(party.side).label} {party.name}") for party in parties]


def _context(view: View, agreement: Agreement | None) -> dict[str, Any]:
    """Which buttons this viewer has: asked of the same doors that guard the steps."""
    mediates = CaseRole.MEDIATOR in view.roles
    mediating = view.state is State.MEDIATING
    return {
        "case": view.case,
        "at": f"/cases/{view.case.pid}/agreement",
        "wide": view.is_staff,
        "mediates": mediates,
        "handles": view.handles,
        "clerk": CaseRole.BODY_CLERK in view.roles,
        "settles": access.may_settle(view),
        "is_party": view.is_party,
        "me": view.principal.pid if view.principal is not None else None,
        "mediating": mediating,
        "signing": view.state is State.SIGNING,
        "may_draft": mediates and mediating,
        "kinds": {kind.value: kind.label for kind in Kind},
    }


async def _post(request: Request, actor: Actor, pid: str, step: Any, form: Form | None = None) -> Response:
    """Run one step of the board in a transaction; show the board again when it is refused."""
    form = form or await forms.read(request)
    try:
        async with web.write(request) as session:
            await step(session, form)
    except (Invalid, Conflict, NotFound) as error:
        # What was pressed may be gone since. The board says so; its own door answers whoever may not see it.
        refused, values = gone(error, form.values)
        return await board(request, actor, pid, error=refused, values=values)
    return web.see_other(f"/cases/{pid}/agreement")


@router.get("/cases/{pid}/agreement")
async def agreement(request: Request, actor: SignedIn, pid: str) -> HTMLResponse:
    return await board(request, actor, pid)


@router.post("/cases/{pid}/agreement")
async def draft(request: Request, actor: SignedIn, pid: str) -> Response:
    """Start a draft."""

    async def step(session: AsyncSession, form: Form) -> None:
        await service.draft(session, actor, pid, form.parse(DraftIn))

    return await _post(request, actor, pid, step)


@router.get("/cases/{pid}/agreement/facts")
async def facts(request: Request, actor: SignedIn, pid: str) -> HTMLResponse:
    """The facts and issues; with `?from=facts` offered as the fact sheet has them, to be looked at before saving."""
    return await _facts_page(request, actor, pid, take=request.query_params.get("from") == "facts")


async def _facts_page(
    request: Request, actor: Actor, pid: str, error: OdrError | None = None, values: dict[str, str] | None = None,
    *, take: bool = False,
) -> HTMLResponse:  # fmt: skip
    async with web.read(request) as session:
        place = await current_place(session, actor, pid)
        access.need_mediator(place.view)
        if error is None:  # what was typed is shown again whatever happened to the draft meanwhile
            access.need_drafting(place)
        agreed = place.agreement
        sheet = await factsheet.of_case(session, place.case)
        given = {"agreement": agreed.pid} | (values or {"facts": agreed.facts, "issues": agreed.issues})
        if take:
            given |= {"facts": sheet.facts_text or agreed.facts, "issues": sheet.issues_text or agreed.issues}
        context: dict[str, Any] = {
            "case": place.case,
            "at": f"/cases/{pid}/agreement",
            "agreement": agreed.pid,
            "from_facts": take,
            "sheet_counts": {"agreed": len(sheet.agreed), "disputed": len(sheet.disputed)},
        }
    status = error.status if error is not None else 200
    return render(request, "agreements/facts.html", status=status, errors=errors_of(error), values=given, **context)


@router.post("/cases/{pid}/agreement/facts")
async def revise_facts(request: Request, actor: SignedIn, pid: str) -> Response:
    form = await forms.read(request)
    try:
        async with web.write(request) as session:
            await service.revise_sheet(session, actor, form.values.get("agreement", ""), form.parse(SheetIn))
    except (Invalid, Conflict, NotFound) as error:
        return await _facts_page(request, actor, pid, *gone(error, form.values, "agreement"))
    return web.see_other(f"/cases/{pid}/agreement")


# --- one clause -----------------------------------------------------------------------------------------------------


async def _clause_page(
    request: Request,
    actor: Actor,
    pid: str,
    clause: str | None,
    error: OdrError | None = None,
    values: dict[str, str] | None = None,
) -> HTMLResponse:
    async with web.read(request) as session:
        place = await current_place(session, actor, pid)
        access.need_mediator(place.view)
        if error is None:  # what was typed is shown again whatever happened to the draft meanwhile
            access.need_drafting(place)
        doc = await documents.document(session, place)
        found = next((row for row in doc["clauses"] if row["id"] == clause), None)
        parties = await content.principals(session, place.case)
        removed = clause is not None and found is None
        if removed:
            if values is None:
                raise NotFound()
            # Taken out, or replaced with its draft, while somebody wrote: the words can become a clause of their own.
            error = Expired(
                _("您正在改的这一条刚被删去了。写下的都还在，可以当作新的一条保存。"), code="clause_removed"
            )
            values = {name: value for name, value in values.items() if name not in ("agreement", "version")}
        context = {
            "case": place.case,
            "at": f"/cases/{pid}/agreement",
            "agreement": place.agreement.pid,
            "clause": found,
            "removed": removed,
            "already": doc["clauses"],
            "kinds": [(kind.value, kind.label) for kind in Kind],
            "parties": named(parties),
        }
    given = values if values is not None else filled(found) if found is not None else _like_last(doc["clauses"])
    status = error.status if error is not None else 200
    return render(request, "agreements/clause.html", status=status, errors=errors_of(error), values=given, **context)


async def clause_again(request: Request, actor: Actor, pid: str, clause: str, values: dict[str, str]) -> HTMLResponse:
    """What was written about a clause that is gone, as a clause of its own."""
    return await _clause_page(request, actor, pid, clause, values=values)


def _like_last(clauses: list[dict[str, Any]]) -> dict[str, str]:
    """The next clause is mostly between the same two, in the same direction."""
    last = filled(clauses[-1]) if clauses else {}
    return {name: last[name] for name in ("kind", "obligor", "obligee") if name in last}


def filled(clause: dict[str, Any]) -> dict[str, str]:
    """A clause or a proposal as its form shows it."""
    fen = clause["amount_fen"]
    return {
        "kind": clause["kind"],
        "obligor": clause["obligor"]["id"] if clause["obligor"] else "",
        "obligee": clause["obligee"]["id"] if clause["obligee"] else "",
        "text": clause["text"],
        "amount": f"{fen // 100}.{fen % 100:02d}" if fen is not None else "",
        "due_on": clause["due_on"] or "",
        "manner": clause["manner"],
        "place": clause["place"],
        "begins_on": clause["begins_on"] or "",
        "recurring": clause["recurring"],
        "account": clause["account"],
        "version": str(clause.get("version", "")),
    }


@router.get("/cases/{pid}/agreement/clauses/new")
async def new_clause(request: Request, actor: SignedIn, pid: str) -> HTMLResponse:
    return await _clause_page(request, actor, pid, None)


@router.get("/cases/{pid}/agreement/clauses/{clause}")
async def edit_clause(request: Request, actor: SignedIn, pid: str, clause: str) -> HTMLResponse:
    return await _clause_page(request, actor, pid, clause)


@router.post("/cases/{pid}/agreement/clauses/new")
async def add_clause(request: Request, actor: SignedIn, pid: str) -> Response:
    return await _save_clause(request, actor, pid, None)


@router.post("/cases/{pid}/agreement/clauses/{clause}")
async def change_clause(request: Request, actor: SignedIn, pid: str, clause: str) -> Response:
    return await _save_clause(request, actor, pid, clause)


async def _save_clause(request: Request, actor: Actor, pid: str, clause: str | None) -> Response:
    form = await forms.read(request)
    held = form.values.get("agreement", "")
    try:
        wanted = form.parse(ClauseChangeIn)
        async with web.write(request) as session:
            if clause is None:
                await service.add_clause(session, actor, held, wanted)
            else:
                await service.change_clause(session, actor, held, clause, wanted)
    except (Invalid, Conflict, NotFound) as error:
        return await _clause_page(request, actor, pid, clause, *gone(error, form.values, "agreement"))
    more = "/clauses/new" if form.values.get("then") == "another" else ""
    return web.see_other(f"/cases/{pid}/agreement{more}")


@router.post("/cases/{pid}/agreement/clauses/{clause}/removal")
async def remove_clause(request: Request, actor: SignedIn, pid: str, clause: str) -> Response:
    async def step(session: AsyncSession, form: Form) -> None:
        await service.remove_clause(session, actor, form.values.get("agreement", ""), clause)

    return await _post(request, actor, pid, step)


@router.post("/cases/{pid}/agreement/clauses/{clause}/position")
async def move_clause(request: Request, actor: SignedIn, pid: str, clause: str) -> Response:
    """One place up or down."""

    async def step(session: AsyncSession, form: Form) -> None:
        held = form.values.get("agreement", "")
        place = await access.for_drafting(session, actor, held)
        pids = [row.pid for row in await content.clauses_of(session, place.agreement)]
        if clause not in pids:
            raise NotFound()
        here = pids.index(clause)
        there = max(0, min(len(pids) - 1, here + (-1 if form.values.get("to") == "up" else 1)))
        pids.insert(there, pids.pop(here))
        await service.reorder(session, actor, held, OrderIn(clauses=pids))

    return await _post(request, actor, pid, step)


@router.post("/cases/{pid}/agreement/clauses/{clause}/answers")
async def answer(request: Request, actor: SignedIn, pid: str, clause: str) -> Response:
    form = await forms.read(request)
    try:
        async with web.write(request) as session:
            await service.answer(session, actor, form.values.get("agreement", ""), clause, form.parse(AnswerIn))
    except Invalid as error:
        # The page holds one form a clause: the error is tied to the field of this one.
        named = Invalid({f"{name}-{clause}": words for name, words in error.fields.items()})
        values = form.values | {f"{name}-{clause}": value for name, value in form.values.items()}
        return await board(request, actor, pid, error=named, values=values)
    except Conflict as error:
        return await board(request, actor, pid, error=error, values=form.values)
    except NotFound:
        say = _("这一条刚被删去或者换掉了，您的回答没有登记。请看现在的各条。")
        if words := form.values.get("comment", "").strip():
            say += _("您写的是：%(words)s", words=words)
        return await board(request, actor, pid, error=Expired(say, code="clause_removed"), values=form.values)
    return web.see_other(f"/cases/{pid}/agreement#c-{clause}")


@router.post("/cases/{pid}/agreement/answers")
async def accept_all(request: Request, actor: SignedIn, pid: str) -> Response:
    """Accept everything as it was shown; each clause comes with the version that was on the screen."""

    async def step(session: AsyncSession, form: Form) -> None:
        seen = [one.rpartition(":") for one in form.many("seen")]
        wanted = forms.parse(AcceptAllIn, {"clauses": [{"clause": c, "version": v} for c, _colon, v in seen]})
        await service.accept_all(session, actor, form.values.get("agreement", ""), wanted)

    return await _post(request, actor, pid, step)


# --- freezing, sealing, paper ---------------------------------------------------------------------------------------


@router.post("/cases/{pid}/agreement/final")
async def final(request: Request, actor: SignedIn, pid: str) -> Response:
    form = await forms.read(request)
    try:
        part = web.odr(request)
        held = form.values.get("agreement", "")
        await service.finalise(part.db, actor, held, base_url=part.settings.base_url)
    except (Invalid, Conflict, paper.NoPrinter) as error:
        return await board(request, actor, pid, error=error, values=form.values)
    return web.see_other(f"/cases/{pid}/agreement")


@router.post("/cases/{pid}/agreement/versions")
async def new_version(request: Request, actor: SignedIn, pid: str) -> Response:
    async def step(session: AsyncSession, form: Form) -> None:
        await service.unfreeze(session, actor, form.values.get("agreement", ""), form.parse(ReasonIn).reason)

    return await _post(request, actor, pid, step)


@router.post("/cases/{pid}/agreement/seal")
async def seal(request: Request, actor: SignedIn, pid: str) -> Response:
    async def step(session: AsyncSession, form: Form) -> None:
        await service.seal(session, actor, form.values.get("agreement", ""), form.values.get("sha256", ""))

    form = await forms.read(request)
    answered = await _post(request, actor, pid, step, form)
    await copy_if_effective(request, actor, pid)
    return answered


async def copy_if_effective(request: Request, actor: Actor, pid: str) -> None:
    async with web.read(request) as session:
        place = await current_place(session, actor, pid)
        stands = await service.standing(session, place.agreement)
        held, effective = place.agreement.pid, stands.effective_at
    if effective is not None:
        await service.keep_copy(web.odr(request).db, web.odr(request).settings, actor, held)


@router.post("/cases/{pid}/agreement/vouchings")
async def vouch(request: Request, actor: SignedIn, pid: str) -> Response:
    async def step(session: AsyncSession, form: Form) -> None:
        await service.vouch_oral(session, actor, form.values.get("agreement", ""), form.parse(VouchIn))

    answered = await _post(request, actor, pid, step)
    await copy_if_effective(request, actor, pid)
    return answered


@router.get("/cases/{pid}/agreement/paper")
async def paper_in(request: Request, actor: SignedIn, pid: str) -> HTMLResponse:
    """Take in a sheet signed by hand."""
    return await _paper_page(request, actor, pid)


def _from_qr(request: Request) -> dict[str, str]:
    """The code of a sheet whose QR was scanned, and the day most sheets carry."""
    return {"check_code": request.query_params.get("check", "")[:20], "signed_on": clock.today().isoformat()}


async def _paper_page(
    request: Request,
    actor: Actor,
    pid: str,
    error: OdrError | None = None,
    values: dict[str, str] | None = None,
    chosen: list[str] | None = None,
) -> HTMLResponse:
    async with web.read(request) as session:
        place = await current_place(session, actor, pid)
        access.need_handler(place.view)
        doc = await documents.document(session, place)
        clerk = CaseRole.BODY_CLERK in place.view.roles
        names = {"mediator": _("调解员"), "body_seal": _("调委会印章")}
        signers = [
            (slot["key"], slot["party"]["name"] if slot["party"] else names[slot["kind"]])
            for slot in doc["signatures"]
            if not slot["done"] and (clerk or slot["party"])
        ]
        context = {"case": place.case, "at": f"/cases/{pid}/agreement", "doc": doc, "signers": signers}
    most = web.odr(request).settings.upload_max_bytes
    return render(
        request,
        "agreements/paper_in.html",
        status=error.status if error is not None else 200,
        errors=errors_of(error),
        values=values if values is not None else _from_qr(request),
        chosen=chosen or [],
        upload_max=most,
        **context,
    )


@router.post("/cases/{pid}/agreement/paper", max_body_size=UPLOAD_CEILING)
async def take_paper(request: Request, actor: SignedIn, pid: str) -> Response:
    async with web.read(request) as session:
        access.need_handler((await current_place(session, actor, pid)).view)
    form = await forms.read(request)
    chosen = form.many("signers")
    try:
        wanted = form.parse(PaperIn, signers=chosen)
        wanted.check()
        prepared = await scans.taken(form.files("file"), web.odr(request).settings)
        async with web.write(request) as session:
            await service.take_paper(session, actor, form.values.get("agreement", ""), wanted, prepared)
    except Invalid as error:
        named = Invalid(_sheet_gaps(form) | error.fields, error.say)
        return await _paper_page(request, actor, pid, named, form.values, chosen)
    except Conflict as error:
        return await _paper_page(request, actor, pid, error, form.values, chosen)
    await copy_if_effective(request, actor, pid)
    return web.see_other(f"/cases/{pid}/agreement")


def _sheet_gaps(form: Form) -> dict[str, str]:
    """What was left out of a sheet and is asked only after the rest: named at once."""
    gaps = {}
    if not form.files("file"):
        gaps["file"] = _("请拍照或扫描签好的纸。")
    if not form.values.get("seen"):
        gaps["seen"] = _("请先核对签名的人和身份证件，再勾选这一项。")
    return gaps


# --- as paper -------------------------------------------------------------------------------------------------------


@router.get("/cases/{pid}/agreement/print")
async def print_view(request: Request, actor: SignedIn, pid: str) -> HTMLResponse:
    """The text in the official form as a page: to read it whole, and for the browser's own printer."""
    async with web.read(request) as session:
        html = await copies.draft_html(session, await current_place(session, actor, pid))
    return paper.page(request, html)


@router.get("/cases/{pid}/agreement/sheet.pdf")
async def sheet(request: Request, actor: SignedIn, pid: str) -> Response:
    """The sheet to sign by hand, with its check code."""
    async with web.read(request) as session:
        place = await current_place(session, actor, pid)
        html, name = await copies.sheet_html(session, web.odr(request).settings, actor, place.agreement.pid)
    return await paper.answer(request, html, name)


@router.get("/cases/{pid}/agreement/copy.pdf")
async def sealed_copy(request: Request, actor: SignedIn, pid: str) -> Response:
    """The copy with signatures and seal; made now where that had failed."""
    part = web.odr(request)
    async with web.read(request) as session:
        place = await current_place(session, actor, pid)
        html, _name = await copies.sealed_html(session, part.settings, place)
    await service.keep_copy(part.db, part.settings, actor, place.agreement.pid)
    async with web.read(request) as session:
        kept = await documents.document(session, await current_place(session, actor, pid))
    # Where none can be made (no Pango), a page to print; it carries the same words and no signature of the service.
    return web.see_other(kept["copy"]) if kept["copy"] else paper.page(request, html)
