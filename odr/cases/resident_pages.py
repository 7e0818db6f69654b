"""What a party sees: its cases, one case like a parcel on its way, and the gates before the room, one at a time."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from odr.accounts import service as accounts
from odr.accounts.access import Actor, SignedIn
from odr.accounts.models import Person
from odr.cases import access, gates, routes, showing
from odr.cases.access import Do
from odr.cases.actions import ACTIONS
from odr.cases.codes import ConsentKind, Will
from odr.cases.desk_pages import PageNo, staff_case
from odr.cases.facts import gather
from odr.cases.gates import GateName
from odr.cases.showing import Shown
from odr.cases.texts import ONLINE, RIGHTS, ROUTES
from odr.core import forms, web
from odr.core.errors import Conflict, Invalid, NotFound, OdrError
from odr.core.i18n import _
from odr.core.templating import render

router = APIRouter()

_RIGHTS = ("objections", "offline", "revocations", "agents", "withdrawal", "exit")
"""The steps that are a party's right, in the order its page offers them."""


@router.get("/cases")
async def mine(request: Request, actor: SignedIn, page: PageNo = 1) -> Response:
    """My cases, those in which something happened last first; the first line says what to do when there is none."""
    async with web.read(request) as session:
        found = await access.mine(session, actor, page)
        rows = await showing.rows_for(session, actor, found[: access.PAGE], whole=True)
    older = f"/cases?page={page + 1}" if len(found) > access.PAGE else None
    newer = f"/cases?page={page - 1}" if page > 1 else None
    return render(request, "cases/mine.html", rows=rows, older=older, newer=newer)


@router.get("/cases/{pid}")
async def case(request: Request, actor: SignedIn, pid: str) -> Response:
    """One case: for a party its way, for staff all that is needed to act."""
    async with web.read(request) as session:
        view = await access.for_reading(session, actor, pid)
        shown = await showing.document(session, view)
        if view.is_staff:
            return await staff_case(request, session, shown)
        return render(request, "cases/case.html", shown=shown, doc=shown.doc, rights=_rights(shown))


def _rights(shown: Shown) -> list[dict[str, str]]:
    """A party's controls, always in reach: each step of `_RIGHTS` that this state has for this person (Art. 23)."""
    view, at = shown.view, f"/cases/{shown.view.case.pid}"
    party = shown.found.party(view.party)
    told = party is not None and ConsentKind.ONLINE_MEDIATION in party.gates
    cells = []
    for noun in _RIGHTS:
        action = ACTIONS[noun]
        if not view.may(action.act) or (noun == "revocations" and not told):
            continue
        if noun == "objections" and (shown.doc["mediator"] is None or shown.doc["mediator"].get("objection")):
            continue
        if noun == "offline" and (party is None or party.offline or told):
            continue
        cells.append({"text": action.heading, "href": f"{at}/{noun}", "note": action.explanation})
    cells.append({"text": _("其他解决途径"), "href": f"{at}/routes", "note": _("仲裁、主管部门、法院，随时可以选择")})
    return cells


@router.get("/cases/{pid}/routes")
async def other_routes(request: Request, actor: SignedIn, pid: str) -> Response:
    """The notice of Art. 26; when it was delivered to this party, its being seen is kept."""
    async with web.write(request) as session:
        view = await access.for_reading(session, actor, pid)
        party = (await gather(session, view.case)).party(view.party)
        if party is not None:
            await routes.seen(session, party)
        case_shown = {"pid": view.case.pid, "title": view.case.title}
    return render(request, "cases/routes.html", words=ROUTES, case=case_shown)


# --- gates ----------------------------------------------------------------------------------------------------------


async def _gate_page(
    request: Request, actor: Actor, pid: str, *, error: OdrError | None = None, values: dict[str, str] | None = None
) -> Response:
    async with web.read(request) as session:
        view, found, its_gates = await gates.own_gates(session, actor, pid)
        asked = request.query_params.get("gate")
        now = next((g for g in its_gates if g.name == asked and not g.waiting), None) or gates.next_gate(its_gates)
        if not view.may(Do.PASS_GATE) or now is None:
            return render(request, "cases/gates_done.html", case=view.case, gates=its_gates)
        version = None if now.name is GateName.IDENTITY else gates.text_version(found, ConsentKind(now.name.value))
        errors: dict[str, str] = {}
        if error is not None:
            errors = error.fields if isinstance(error, Invalid) and error.fields else {"form": error.say}
        return render(
            request,
            "cases/gate.html",
            status=error.status if error else 200,
            case=view.case,
            gates=its_gates,
            gate=now,
            version=version,
            body=found.body,
            mediator=found.mediator,
            disclosure=found.assignment.disclosure if found.assignment else None,
            words={GateName.RIGHTS_NOTICE: RIGHTS, GateName.ONLINE_MEDIATION: ONLINE}.get(now.name),
            errors=errors,
            values=values or {"name": actor.name},
        )


@router.get("/cases/{pid}/gates")
async def gate(request: Request, actor: SignedIn, pid: str) -> Response:
    """The next thing this party is told or asked, on a screen of its own."""
    return await _gate_page(request, actor, pid)


@router.post("/cases/{pid}/gates")
async def pass_gate(request: Request, actor: SignedIn, pid: str) -> Response:
    """Pass one gate and go on to the next."""
    form = await forms.read(request)
    name = form.values.get("gate", "")
    try:
        if name == GateName.IDENTITY:
            await _prove(request, actor, pid, form.values)
        else:
            refused = await _consent(request, actor, pid, name, form.values)
            if refused:
                return web.see_other(f"/cases/{pid}")
    except (Invalid, Conflict) as error:
        return await _gate_page(request, actor, pid, error=error, values=form.values)
    return web.see_other(f"/cases/{pid}/gates")


async def _prove(request: Request, actor: Actor, pid: str, values: dict[str, str]) -> None:
    name, id_no = values.get("name", ""), values.get("id_no", "")
    # The check may ask a service outside: before the transaction, not in it.
    method = await accounts.check_real_name(web.odr(request).settings, name, id_no)
    async with web.write(request) as session:
        await gates.own_gates(session, actor, pid)
        person = await session.get_one(Person, actor.person_id)
        await accounts.prove_identity(session, actor, person, name, id_no, method=method)


async def _consent(request: Request, actor: Actor, pid: str, name: str, values: dict[str, str]) -> bool:
    """Returns whether the answer was a refusal that ended the case."""
    if name not in set(GateName):
        raise Conflict()
    if values.get("answer") not in ("yes", "no", "offline"):
        raise Invalid({"answer": _("请选择一项。")})
    async with web.write(request) as session:
        view, _found, _its_gates = await gates.own_gates(session, actor, pid)
        party = view.principal
        if party is None:
            raise NotFound()
        if name == GateName.AGREE_TO_MEDIATE and values["answer"] == "no":
            await gates.answer_will(session, actor, view.case, party, Will.REFUSED)
            return True
        if name == GateName.ONLINE_MEDIATION and values["answer"] == "offline":
            await gates.ask_offline(session, actor, party)
            return False
        if values["answer"] != "yes":
            raise Invalid({"answer": _("请读完再确认。不想参加的，可以回到案件页选择“不再参加”。")})
        await gates.pass_gate(session, actor, party, ConsentKind(name), shown=values.get("text_version"))
        return False
