"""The application on the phone: one question a screen, saved at each step, sent once."""

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from odr.accounts.access import Actor, SignedIn
from odr.bodies import service as bodies
from odr.cases.codes import Category, PartyKind
from odr.cases.suggest import suggest
from odr.core import clock, forms, web
from odr.core.errors import Invalid, NotFound, TooLarge
from odr.core.i18n import N_, _
from odr.core.templating import day, money, render
from odr.evidence import service as evidence
from odr.evidence.models import File
from odr.intake import access, drafts, service, steps
from odr.intake.models import Draft

router = APIRouter(include_in_schema=False)

# Nine photos as phones take them; the size of each is checked when it is prepared.
_UPLOAD_CEILING = 64 * 1024 * 1024
_SAFETY = (("safe", N_("安全")), ("unsafe", N_("不安全，或者家里有人动手")))


@router.get("/apply")
async def start_page(request: Request, actor: SignedIn) -> Response:
    """What to expect, and the unfinished applications."""
    async with web.read(request) as session:
        found = await drafts.open_drafts(session, actor)
    cells = [
        {
            "text": drafts.answers_of(draft).get("facts", "")[:24] or _("还没有写内容"),
            "note": _("%(day)s 保存", day=day(draft.updated_at)),
            "href": f"/apply/{draft.pid}",
            "drop": f"/apply/{draft.pid}/removal",
        }
        for draft in found
    ]
    return render(request, "intake/start.html", total=steps.TOTAL, drafts=cells)


@router.post("/apply")
async def start(request: Request, actor: SignedIn) -> Response:
    await forms.read(request)
    async with web.write(request) as session:
        draft = await drafts.start(session, actor)
    return web.see_other(f"/apply/{draft.pid}/{steps.STEPS[0].name}")


@router.get("/apply/{pid}")
async def resume(request: Request, pid: str, actor: SignedIn) -> Response:
    """To the first question without a good answer."""
    async with web.read(request) as session:
        draft = await access.my_draft(session, actor, pid)
        if draft.case_id is not None:
            return web.see_other(f"/apply/{pid}/done")
        return web.see_other(f"/apply/{pid}/{await service.first_open_step(session, draft)}")


@router.get("/apply/{pid}/done")
async def done_page(request: Request, pid: str, actor: SignedIn) -> Response:
    async with web.read(request) as session:
        draft = await access.my_draft(session, actor, pid)
        if draft.case_id is None:
            return web.see_other(f"/apply/{pid}/{steps.REVIEW}")
        case, centre = await service.submitted(session, draft)
    return render(request, "intake/done.html", case=case, centre=centre.name)


@router.get(f"/apply/{{pid}}/{steps.REVIEW}")
async def review_page(request: Request, pid: str, actor: SignedIn) -> Response:
    async with web.read(request) as session:
        draft = await access.my_draft(session, actor, pid)
        return await _review(request, session, draft, {}, {})


@router.post(f"/apply/{{pid}}/{steps.REVIEW}")
async def submit(request: Request, pid: str, actor: SignedIn) -> Response:
    """Send the application. A second tap finds it sent and leads to the same page."""
    form = await forms.read(request)
    try:
        if form.values.get("declaration") != "1":
            raise Invalid({"declaration": _("请先看一遍并勾选，再提交。")})
        async with web.write(request) as session:
            draft = await access.my_draft(session, actor, pid, lock=True)
            if draft.case_id is None:
                await service.submit(session, actor, draft)
    except Invalid as problem:
        async with web.read(request) as session:
            draft = await access.my_draft(session, actor, pid)
            return await _review(request, session, draft, form.values, problem.fields)
    return web.see_other(f"/apply/{pid}/done")


@router.post("/apply/{pid}/removal")
async def drop(request: Request, pid: str, actor: SignedIn) -> Response:
    """Throw an unfinished application away."""
    await forms.read(request)
    async with web.write(request) as session:
        draft = await access.my_draft(session, actor, pid, lock=True)
        if draft.case_id is None:
            await drafts.drop(session, actor, draft)
    return web.see_other("/apply")


@router.post("/apply/{pid}/photos/{file}/removal")
async def remove_photo(request: Request, pid: str, file: str, actor: SignedIn) -> Response:
    """Take a photo out; the story typed beside it is kept."""
    form = await forms.read(request)
    async with web.write(request) as session:
        draft = await access.my_draft(session, actor, pid, lock=True)
        if draft.case_id is not None:
            return web.see_other(f"/apply/{pid}/done")
        step = steps.STEPS[0]
        drafts.save(draft, step.name, steps.keep(step, form.values))
        await evidence.remove(session, actor, file, "draft", draft.id)
    return web.see_other(f"/apply/{pid}/{step.name}")


@router.get("/apply/{pid}/{name}")
async def step_page(request: Request, pid: str, name: str, actor: SignedIn) -> Response:
    async with web.read(request) as session:
        draft = await access.my_draft(session, actor, pid)
        if draft.case_id is not None:
            return web.see_other(f"/apply/{pid}/done")
        return await _step(request, session, draft, name, actor, await _wrong(session, draft, name), again=True)


@router.post("/apply/{pid}/{name}", max_body_size=_UPLOAD_CEILING)
async def answer(request: Request, pid: str, name: str, actor: SignedIn) -> Response:
    """Save first, then judge: what was typed is kept even when it is wrong."""
    found = steps.find(name)
    if found is None:
        raise NotFound()
    number, step = found
    form = await forms.read(request)
    async with web.write(request) as session:
        draft = await access.my_draft(session, actor, pid, lock=True)
        if draft.case_id is not None:
            return web.see_other(f"/apply/{pid}/done")
        drafts.save(draft, step.name, steps.keep(step, form.values))
    errors: dict[str, str] = {}
    try:
        await _keep_photos(request, form, pid, actor)
    except Invalid as problem:
        errors["photos"] = problem.fields.get("file", problem.say)
    except TooLarge as problem:
        errors["photos"] = problem.say
    async with web.read(request) as session:
        try:
            await service.check(session, step, drafts.answers_of(draft))
        except Invalid as problem:
            errors |= problem.fields
        if errors:
            draft = await access.my_draft(session, actor, pid)
            return await _step(request, session, draft, name, actor, errors)
    return web.see_other(f"/apply/{pid}/{steps.after(number)}")


async def _keep_photos(request: Request, form: forms.Form, pid: str, actor: Actor) -> None:
    settings = web.odr(request).settings
    for upload in form.files("photos"):
        prepared = await evidence.prepare(upload, settings, allow=evidence.PAPERS)
        async with web.write(request) as session:
            draft = await access.my_draft(session, actor, pid, lock=True)
            kept = await evidence.held(session, "draft", draft.id)
            if any(file.sha256 == prepared.sha256 for file in kept):
                continue  # the form came twice; the sweep takes the second copy
            if len(kept) >= steps.PHOTOS_MAX:
                raise Invalid({"file": _("最多可以放 %(n)s 个文件。", n=steps.PHOTOS_MAX)})
            await evidence.keep(session, actor, prepared, "draft", draft.id)


async def _wrong(session: AsyncSession, draft: Draft, name: str) -> dict[str, str]:
    """What is wrong in an answer that was given before; nothing is held against a field left empty."""
    found = steps.find(name)
    answers = drafts.answers_of(draft)
    try:
        if found is not None:
            await service.check(session, found[1], answers)
    except Invalid as problem:
        return {field: say for field, say in problem.fields.items() if answers.get(field, "").strip()}
    return {}


async def _step(
    request: Request,
    session: AsyncSession,
    draft: Draft,
    name: str,
    actor: Actor,
    errors: dict[str, str],
    *,
    again: bool = False,
) -> Response:
    found = steps.find(name)
    if found is None:
        raise NotFound()
    number, step = found
    values = drafts.answers_of(draft)
    more: dict[str, Any] = {}
    if name == "story":
        more["photos"] = _photos(draft, await evidence.held(session, "draft", draft.id), removable=True)
    elif name == "kind":
        guess = suggest(values.get("facts", ""))
        values.setdefault("category", guess[0].category.value if guess else "")
        more["categories"] = _categories(guess)
    elif name == "place":
        tree = await bodies.tree(session)
        more["districts"] = [(d.code, d.name) for d in tree]
        more["communities"] = bodies.community_options(tree)
        more["today"] = clock.today().isoformat()
    elif name == "other":
        more["other_kinds"] = [(kind.value, kind.label) for kind in PartyKind]
    elif name == "yourself":
        values.setdefault("name", actor.name)
    elif name == "safety":
        more["safety_options"] = [(value, _(text)) for value, text in _SAFETY]
    return render(
        request,
        "intake/step.html",
        status=422 if errors and not again else 200,
        question=_(step.question),
        name=name,
        step=number,
        total=steps.TOTAL,
        back=f"/apply/{draft.pid}/{steps.STEPS[number - 2].name}" if number > 1 else "/apply",
        multipart=name == "story",
        values=values,
        errors=errors,
        **more,
    )


def _categories(guess: Any) -> list[tuple[str, str, str] | tuple[str, str]]:
    """The guessed kinds first, each with the words it was guessed from; then all others in the official order."""
    first: list[tuple[str, str, str] | tuple[str, str]] = [
        (s.category.value, s.category.label, _("因为您写了：%(words)s", words=_("、").join(s.words[:3])))
        for s in guess[:3]
    ]
    known = {option[0] for option in first}
    return first + [(c.value, c.label) for c in Category if c.value not in known]


def _photos(draft: Draft, files: list[File], *, removable: bool) -> list[dict[str, str]]:
    return [
        {"name": file.name, "text": file.name, "href": f"/files/{file.pid}"}
        | ({"remove": f"/apply/{draft.pid}/photos/{file.pid}/removal"} if removable else {})
        for file in files
    ]


async def _review(
    request: Request, session: AsyncSession, draft: Draft, values: dict[str, str], errors: dict[str, str]
) -> Response:
    if draft.case_id is not None:
        return web.see_other(f"/apply/{draft.pid}/done")
    if (missing := await service.first_open_step(session, draft)) != steps.REVIEW:
        return web.see_other(f"/apply/{draft.pid}/{missing}")
    answers = service.parsed(draft)
    place = await bodies.place_name(session, answers.place.division_code)
    rows = [
        ("story", _("经过"), answers.story.facts),
        ("kind", _("类型"), answers.kind.category.label),
        ("place", _("地点"), f"{place} {answers.place.place}".strip()),
        ("place", _("日期"), day(answers.place.occurred_on) or _("没有填")),
        ("other", _("对方"), answers.other.other_name),
        ("other", _("对方电话"), answers.other.other_phone or _("没有填")),
        ("wants", _("要求"), _("；").join(answers.wants.claims)),
        ("wants", _("金额"), money(answers.wants.amount) or _("没有填")),
        ("yourself", _("您的姓名"), answers.yourself.name),
    ]
    return render(
        request,
        "intake/review.html",
        status=422 if errors else 200,
        question=_("请核对您的申请"),
        step=steps.TOTAL,
        total=steps.TOTAL,
        back=f"/apply/{draft.pid}/{steps.STEPS[-1].name}",
        rows=[{"label": label, "value": value, "change": f"/apply/{draft.pid}/{step}"} for step, label, value in rows],
        photos=_photos(draft, await evidence.held(session, "draft", draft.id), removable=False),
        values=values,
        errors=errors,
    )
