"""Notices about a case: rows of the outbox with neutral text, in the move's own transaction.

No notice to a phone holds a name, a number of a case or a cause (T8). Texts are stored in Chinese: they are for others
than the one whose language the request is in.
"""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.models import Grant, Person, Role
from odr.cases.facts import PartyState, assignment_of
from odr.cases.models import Case
from odr.cases.schemas import is_mobile
from odr.core.outbox import Channel, post

PROGRESS = "您的调解有新进展，请登录“我的纠纷”查看。"
YOUR_TURN = "您的调解有一步等您完成，请登录“我的纠纷”查看。不收任何费用。"
ENDED = "您的调解有了结果，请登录“我的纠纷”查看。那里也写明了其他解决途径。"
WORK = "有一件调解等您办理，请登录工作台查看。"
SOON = "您有一个期限快到了，请登录“我的纠纷”查看。"
SOON_WORK = "有一件调解的期限快到了，请登录工作台查看。"
OVERDUE_WORK = "有一件调解已经超过期限，请登录工作台查看。"


def _link(case: Case) -> str:
    return f"/cases/{case.pid}"


async def tell_person(
    session: AsyncSession, case: Case, person: Person, tag: str, text: str, *, sms: bool, link: str | None = None
) -> None:
    """Tell one person inside the service, and by text message where asked and possible. `link`: the page, if not the
    case's own."""
    link, thing = link or _link(case), f"case:{case.pid}"
    await post(session, Channel.IN_APP, tag=tag, address="", text=text, person_id=person.id, link=link, thing=thing)
    if sms and is_mobile(person.phone):
        await post(session, Channel.SMS, tag=tag, address=person.phone, text=text, person_id=person.id, thing=thing)


async def tell_parties(
    session: AsyncSession,
    case: Case,
    parties: Iterable[PartyState],
    tag: str,
    text: str = PROGRESS,
    *,
    but: int | None = None,
    sms: bool = True,
    link: str | None = None,
) -> None:
    """Tell everybody bound on these parties, except `but` (who did it knows)."""
    ids = dict.fromkeys(person_id for state in parties for person_id in state.people if person_id != but)
    for person in await session.scalars(select(Person).where(Person.id.in_(ids)).order_by(Person.id)):
        await tell_person(session, case, person, tag, text, sms=sms, link=link)


async def tell_mediator(
    session: AsyncSession, case: Case, tag: str, text: str = WORK, *, sms: bool = False, link: str | None = None
) -> None:
    """Tell the mediator in force, in the service only: a desk is open all day. By text message too what reaches a
    mediator on the way."""
    if (assignment := await assignment_of(session, case)) is not None:
        person = await session.get_one(Person, assignment.person_id)
        await tell_person(session, case, person, tag, text, sms=sms, link=link)


async def tell_clerks(session: AsyncSession, case: Case, tag: str, text: str = WORK) -> None:
    """Tell the clerks of the body that handles it, or of the centre while no body is chosen."""
    role, body_id = (Role.CENTRE_CLERK, case.centre_id) if case.body_id is None else (Role.BODY_CLERK, case.body_id)
    clerks = select(Grant.person_id).where(Grant.role == role, Grant.body_id == body_id, Grant.ended_at.is_(None))
    for person in await session.scalars(select(Person).where(Person.id.in_(clerks)).order_by(Person.id)):
        await tell_person(session, case, person, tag, text, sms=False)
