"""Signing on the screen: each signature names the exact bytes it is for, and is spent with its own fresh code."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts import service as accounts
from odr.accounts.access import Actor
from odr.accounts.models import Person
from odr.agreements import access, effect, hands, reading, standing, strokes
from odr.agreements.models import Agreement, Signature
from odr.agreements.schemas import SignIn
from odr.agreements.standing import Standing
from odr.cases import service as cases
from odr.cases.codes import CaseRole, Channel, ConsentKind
from odr.core.db import Database
from odr.core.errors import Conflict, Forbidden, Invalid
from odr.core.i18n import _
from odr.core.limits import Limiter


def purpose(pid: str) -> str:
    """What a code is for: this version and no other."""
    return f"sign:{pid}"


async def send_code(session: AsyncSession, limiter: Limiter, actor: Actor, pid: str) -> None:
    """Send the fresh code for signing to the signer's own phone. Staff sign with the code of their app instead."""
    place = await access.for_reading(session, actor, pid)
    if place.agreement.form == "oral":
        await hands.confirming(session, actor, place)
    else:
        await hands.signing(session, actor, place)
    person = await session.get_one(Person, actor.person_id)
    if actor.is_staff:
        return
    if person.phone is None:
        raise Conflict(_("您的账号没有手机号，收不到验证码。请到窗口签纸质协议。"), code="no_phone")
    await accounts.send_code(session, limiter, person.phone, purpose(pid), actor.ip)


async def check_code(database: Database, actor: Actor, pid: str, code: str) -> int | None:
    """Whether the code is right; a wrong try counts even though nothing else is stored.

    A text message's code is spent later, together with the signature: a process that dies in between has neither, and
    the same code signs at the next try. A step of a staff member's app is spent here, and its next one comes by itself.
    """
    if actor.is_staff:
        await accounts.check_totp(database, actor.person_id, code)
        return None
    async with database.read() as session:
        phone = (await session.get_one(Person, actor.person_id)).phone
    return (await accounts.check_code(database, phone or "", purpose(pid), code, spend=False)).id


async def sign(database: Database, actor: Actor, pid: str, wanted: SignIn) -> Standing:
    """A party, its agent with special authority, or the mediator signs this exact text.

    Raises NotFound, Forbidden (general agent, minor, identity not checked), Conflict (other text, not read through,
    signed already, paper only, one login or device for two), Invalid (strokes, code), Expired (code).
    """
    wanted.check()
    async with database.read() as session:
        place = await access.for_reading(session, actor, pid)
        hands.need_same_text(place.agreement, wanted.sha256)
        hand = await hands.signing(session, actor, place)
        await reading.need(session, actor, place.agreement)
        if gaps := wanted.gaps(party=hand.party is not None):
            raise Invalid(gaps)
        drawn, typed = _written(wanted, actor)
        await _need_fresh_strokes(session, place.agreement, drawn)
    code_id = await check_code(database, actor, pid, wanted.code)
    async with database.write() as session:
        place = await access.for_change(session, actor, pid)
        hands.need_same_text(place.agreement, wanted.sha256)
        hand = await hands.signing(session, actor, place)
        if code_id is not None:
            await accounts.spend_code(session, code_id)
        if hand.party is not None and place.view.party is not None:
            await cases.pass_gate(session, actor, place.view.party, ConsentKind.E_SIGN, Channel.WEB)
        row = Signature(
            agreement_id=place.agreement.id, kind=hand.kind, party_id=hand.party.id if hand.party else None,
            person_id=actor.person_id, method="screen", sha256=wanted.sha256, strokes=drawn, typed_name=typed,
            code_id=code_id, login_id=actor.login_id, ip=actor.ip, device=actor.device, device_mark=actor.device_mark,
        )  # fmt: skip
        return await effect.add(session, actor, place, [row], Channel.WEB)


def _written(wanted: SignIn, actor: Actor) -> tuple[dict[str, Any] | None, str]:
    """The drawn name, or the typed one, which must be the signer's own."""
    if wanted.strokes.strip():
        return strokes.read(wanted.strokes), ""
    if _plain(wanted.typed_name) != _plain(actor.name):
        raise Invalid({"typed_name": _("请输入您登记的全名：%(name)s。", name=actor.name)})
    return None, wanted.typed_name


def _plain(name: str) -> str:
    """买买提·艾力, whichever of the dots a keyboard has, and without the spaces people put between."""
    return "".join("·" if sign in "·•・‧∙⋅．." else sign for sign in name if not sign.isspace())


async def _need_fresh_strokes(session: AsyncSession, agreement: Agreement, drawn: dict[str, Any] | None) -> None:
    """No hand draws the same twice: equal strokes were copied, as by the tools that fill such files in bulk."""
    if drawn is None:
        return
    query = select(Signature.strokes).where(Signature.agreement_id == agreement.id, Signature.strokes.is_not(None))
    if drawn["strokes"] in [row["strokes"] for row in await session.scalars(query) if row]:
        raise Invalid({"strokes": _("这个签名和别人的一模一样，不能使用。请点“重写”，亲手写下您的名字。")})


async def seal(session: AsyncSession, actor: Actor, pid: str, sha256: str) -> Standing:
    """The body's clerk puts the seal on, last: on what everybody has signed. Raises Conflict while one is missing."""
    place = await access.for_change(session, actor, pid)
    if CaseRole.BODY_CLERK not in place.view.roles:
        raise Forbidden(_("盖章由本案调委会的工作人员来做。"))
    hands.need_open(place, "written")
    if (why := hands.why_not_on_screen(place)) is not None:
        raise Conflict(why, code="paper_only")
    hands.need_same_text(place.agreement, sha256)
    need_seal_last(await standing.of(session, place.agreement))
    row = Signature(
        agreement_id=place.agreement.id, kind="body_seal", person_id=actor.person_id, method="seal", sha256=sha256,
        login_id=actor.login_id, ip=actor.ip, device=actor.device, device_mark=actor.device_mark,
    )  # fmt: skip
    return await effect.add(session, actor, place, [row], Channel.WEB)


def need_seal_last(now: Standing, *, keys: Collection[str] = ()) -> None:
    """The seal closes the row of signatures (Art. 29): parties, mediator, seal. `keys`: who signs in the same act."""
    missing = [slot for slot in now.missing if slot.kind != "body_seal" and slot.key not in keys]
    if missing:
        raise Conflict(_("还有人没有签名。等各方和调解员都签完，再盖章。"), code="unsigned")
    if not now.missing:
        raise Conflict(_("已经盖过章了。"), code="signed")
