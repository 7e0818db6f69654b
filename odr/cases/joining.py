"""Edges shared by pages and JSON: taking an invitation, adding a paper. They open their own transactions."""

from typing import Any

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.cases import invitations
from odr.cases.access import View
from odr.cases.events import event
from odr.core import web
from odr.core.errors import Conflict, Expired, NotFound
from odr.core.i18n import _
from odr.core.limits import Rule
from odr.evidence import service as evidence
from odr.evidence.models import File


def _rule(name: str, rate: str) -> Rule:
    return Rule(f"invitation:{name}", rate, _("试的次数太多了。请过一小时再试，或打电话给调委会。"))


async def take(request: Request, actor: Actor, *, token: str | None, code: str | None, name: str) -> str | None:
    """Take an invitation in a transaction of its own: a wrong try is kept although nothing else happens.

    Gives the case's public id, or None when it does not fit. Raises TooMany, NotFound, Expired (over, revoked).
    """
    service = web.odr(request)
    await service.limiter.hit(_rule("person", "10/hour"), actor.pid)
    await service.limiter.hit(_rule("ip", "60/hour"), web.client_ip(request))
    async with service.db.write() as session:
        found = await find(session, token=token, code=code)
        try:
            view = await invitations.take_invitation(session, actor, found, name)
        except Conflict:
            raise Expired(_("这份邀请已经不能用了。请联系发邀请给您的调委会，或打 12348。")) from None
        return view.case.pid if view is not None else None


async def find(session: AsyncSession, *, token: str | None, code: str | None) -> Any:
    """The invitation behind a link or a code. Raises NotFound with one sentence for whatever is wrong."""
    found = None
    if token is not None:
        found = await invitations.invitation_by_token(session, token)
    elif code is not None:
        found = await invitations.invitation_by_code(session, code)
    if found is None:
        raise NotFound(_("没有找到这份邀请。请核对链接或邀请码，或打 12348。"))
    return found


async def add_file(session: AsyncSession, view: View, prepared: Any) -> File:
    """Keep a prepared upload as a paper of the case."""

    file: File = await evidence.keep(session, view.actor, prepared, "case", view.case.id)
    await event(session, view.actor, view.case, "case:file:added", role=view.role, note=file.name)
    return file
