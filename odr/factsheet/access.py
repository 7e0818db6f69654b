"""The doors of the fact sheet: through the case, for its parties and those who handle it."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.cases import access as cases
from odr.cases.access import View
from odr.cases.codes import CaseRole, PartyRole, State
from odr.cases.models import Case, Party
from odr.core.errors import Conflict, Forbidden, NotFound
from odr.core.i18n import _
from odr.factsheet.models import Fact

# After a failure too: what is undisputed may then be put on record (最高法 2012 pilot scheme, point 17; R34).
OPEN = (State.MEDIATING, State.SUSPENDED, State.SIGNING, State.FAILED)


@dataclass(frozen=True)
class Place:
    """A fact and the viewer's place in its case."""

    view: View
    fact: Fact


async def of_case(session: AsyncSession, actor: Actor, case_pid: str) -> View:
    """The case, for those who may read its facts. Raises NotFound."""
    view = await cases.for_reading(session, actor, case_pid)
    if not (view.is_party or view.handles):
        raise NotFound()
    return view


async def for_writing(session: AsyncSession, actor: Actor, case_pid: str) -> View:
    """The same under the case's lock, for somebody who may put a fact on the sheet. Raises NotFound, Forbidden,
    Conflict."""
    view = await of_case(session, actor, case_pid)
    if not (view.is_party or mediates(view)):
        raise Forbidden(_("事实由当事人和本案调解员来写。"))
    await lock(session, view)
    return view


async def for_change(session: AsyncSession, actor: Actor, pid: str) -> Place:
    """One fact under the case's lock, read afresh. Raises NotFound, Conflict once the case is past its talks."""
    row = (
        await session.execute(select(Fact, Case.pid).join(Case, Case.id == Fact.case_id).where(Fact.pid == pid))
    ).first()
    if row is None:
        raise NotFound()
    fact, case_pid = row
    view = await of_case(session, actor, case_pid)
    await lock(session, view)
    await session.refresh(fact)
    if fact.removed_at is not None:
        raise NotFound(_("没有找到这一条，可能刚被去掉了。请刷新页面。"))
    return Place(view, fact)


async def lock(session: AsyncSession, view: View) -> None:
    """The case row, locked and read afresh: changes to its facts queue here. Raises Conflict past the talks."""
    query = select(Case).where(Case.id == view.case.id).with_for_update().execution_options(populate_existing=True)
    (await session.scalars(query)).one()
    if not is_open(view):
        raise Conflict(_("现在不能再改事实清单。已经确认的内容会一直保留。"), code="facts_closed")


def is_open(view: View) -> bool:
    return view.state in OPEN


def mediates(view: View) -> bool:
    return CaseRole.MEDIATOR in view.roles


def need_mediator(view: View) -> None:
    """Raises Forbidden unless the viewer mediates this case."""
    if not mediates(view):
        raise Forbidden(_("只有本案调解员能做这一步。"))


def may_confirm(view: View) -> bool:
    """A party itself, its guardian, or an agent with special authority: to admit a fact binds the party."""
    party = view.party
    return party is not None and (party.role != PartyRole.AGENT or party.may_settle)


def need_confirmer(view: View) -> Party:
    """The party for whom the viewer may admit facts. Raises Forbidden."""
    if view.party is None or view.principal is None:
        raise Forbidden(_("只有当事人能做这一步。"))
    if not may_confirm(view):
        say = _("您是一般代理人，不能代为确认事实。请当事人本人来做，或补办特别授权。")
        raise Forbidden(say, code="authority_needed")
    return view.principal


def may_change(view: View, fact: Fact) -> bool:
    """The mediator, or the side that put it there."""
    return mediates(view) or (view.principal is not None and view.principal.id == fact.by_party_id)


def need_change(place: Place) -> None:
    """Raises Forbidden unless the viewer may reword or remove this fact."""
    if not may_change(place.view, place.fact):
        raise Forbidden(_("这一条由提出的一方或者调解员来改。您可以说它不属实。"))
