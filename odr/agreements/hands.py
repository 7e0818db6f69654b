"""Who may sign or confirm, and when: the conditions of a hand on one frozen text. Each raises the reason why not."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.accounts.models import IdentityLevel, Person
from odr.agreements import access, content, standing
from odr.agreements.access import Place
from odr.agreements.models import Agreement
from odr.agreements.standing import MEDIATOR, Standing
from odr.cases.access import View
from odr.cases.codes import CaseRole, PartyKind, State
from odr.cases.models import Party
from odr.core import clock
from odr.core.errors import Conflict, Forbidden
from odr.core.i18n import _

ADULT = 18
SAME_DEVICE = timedelta(minutes=30)
"""For so long a browser on which one side has signed takes no signature of another."""


@dataclass(frozen=True)
class Hand:
    """Who is about to sign, and for whom."""

    kind: str
    party: Party | None
    place: Place


def why_not_on_screen(place: Place) -> str | None:
    """Why nobody signs this version on a screen, or None (电子签名法 Art. 3)."""
    if place.agreement.paper_only:
        return _("%(why)s 请打印出来签名，交到窗口或调解员手里。", why=_(place.agreement.paper_only))
    return None


async def signing(session: AsyncSession, actor: Actor, place: Place) -> Hand:
    """Whether this person may sign this written version now, on the screen. Raises Conflict or Forbidden."""
    view = place.view
    need_open(place, "written")
    if (why := why_not_on_screen(place)) is not None:
        raise Conflict(why, code="paper_only")
    if CaseRole.MEDIATOR in view.roles:
        hand = Hand("mediator", None, place)
    elif view.is_party:
        hand = Hand("party", await _settler(session, actor, view), place)
    else:
        raise Forbidden(_("这里由当事人和调解员签名。调委会请在“盖章”里操作。"))
    now = await standing.of(session, place.agreement)
    key = hand.party.pid if hand.party is not None else MEDIATOR
    if (slot := now.slot(key)) is None or slot.row is not None:
        raise Conflict(_("这一方已经签过了，不用再签。"), code="signed")
    _need_own_hand(now, actor, hand.party)
    return hand


async def confirming(session: AsyncSession, actor: Actor, place: Place) -> Party:
    """For which party this person may confirm an oral agreement on the screen. Raises Conflict or Forbidden."""
    need_open(place, "oral")
    party = await _settler(session, actor, place.view)
    if why_not_on_screen(place) is not None:
        raise Conflict(_("这类约定不能在手机上确认。请当面向调解员确认。"), code="paper_only")
    now = await standing.of(session, place.agreement)
    if (slot := now.slot(party.pid)) is None or slot.row is not None:
        raise Conflict(_("这一方已经确认过了。"), code="signed")
    _need_own_hand(now, actor, party)
    return party


def need_open(place: Place, form: str) -> None:
    """Raises Conflict unless this version is frozen and its case waits for signatures of this form."""
    agreement, case = place.agreement, place.case
    waiting = State.SIGNING if form == "written" else State.MEDIATING
    if agreement.form != form or agreement.state != "frozen" or case.state != waiting:
        raise Conflict(_("现在没有等您签名的协议。请刷新页面，看看到了哪一步。"), code="not_signing")


def need_same_text(agreement: Agreement, sha256: str) -> None:
    """Raises Conflict when what was read is not what stands."""
    if agreement.sha256 != sha256:
        raise Conflict(_("协议已经有了新的版本。请刷新页面，把新的一版读完再签。"), code="other_text")


async def need_adult(session: AsyncSession, view: View, party: Party) -> None:
    """A minor signs through a guardian (民法典 Art. 19, 20)."""
    own = view.party is not None and view.party.id == party.id
    person = await session.get(Person, party.person_id) if party.person_id is not None else None
    id_no = party.id_no or (person.id_no if person is not None else None)
    born = content.born(id_no) if party.kind == PartyKind.NATURAL else None
    if own and born is not None and content.age(born) < ADULT:
        raise Forbidden(_("您还没有满 18 周岁，要由监护人来签。请让父母或其他监护人联系调解员。"), code="minor")


async def _settler(session: AsyncSession, actor: Actor, view: View) -> Party:
    party = access.need_settler(view)
    await need_adult(session, view, party)
    # Talking needs a telephone, signing needs a name that was checked (在线诉讼规则 Art. 7).
    if actor.identity_level == IdentityLevel.PHONE:
        say = _("签名以前要先核对身份。请在“我的账户”里填写姓名和身份证号码，或者带身份证到窗口核对。")
        raise Forbidden(say, code="identity_needed")
    return party


def _need_own_hand(now: Standing, actor: Actor, party: Party | None) -> None:
    """Two sides by one login, one person or one device within minutes would be one hand signing for both: refused.

    The device is known by a cookie that stays when a login ends; whoever deletes it is still another person with
    another telephone.
    """
    way_out = (
        _("没有自己的手机也不要紧：打印签名用纸，当着工作人员的面签，由工作人员核对身份。")
        if now.agreement.form == "written"
        else _("没有自己的手机也不要紧：当面或者打电话向调解员确认，由调解员记下来。")
    )
    for slot in now.slots:
        row = slot.row
        if row is None or row.method != "screen" or slot.party is party:
            continue
        if row.login_id == actor.login_id or row.person_id == actor.person_id:
            say = _("这次登录已经替另一方签过名了。请另一方用自己的手机登录来签。")
            raise Conflict(f"{say}{way_out}", code="one_login")
        if actor.device_mark and row.device_mark == actor.device_mark and clock.now() - row.at < SAME_DEVICE:
            say = _("另一方刚刚在这台设备上签过名。每一方要用自己的手机签，不能共用一台。")
            raise Conflict(f"{say}{way_out}", code="one_device")
