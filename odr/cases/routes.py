"""The notice of the other routes (Art. 26): no failure is saved before it reached every party that can be reached."""

from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.models import Person
from odr.audit.who import Who
from odr.cases.codes import Channel
from odr.cases.events import event
from odr.cases.facts import PartyState, party_states
from odr.cases.models import Case, Party, RoutesNotice
from odr.cases.schemas import is_mobile
from odr.cases.texts import ROUTES
from odr.core import outbox
from odr.core.clock import now

_TEXT = (
    "您的调解要结束了。您还可以申请仲裁、请主管部门处理或向法院起诉，请留意期限。"
    "详情请登录“我的纠纷”查看，或打 12348 免费咨询。"
)


async def deliver_routes_notice(
    session: AsyncSession, who: Who, case: Case, party: Party, channel: Channel = Channel.WEB
) -> RoutesNotice:
    """Deliver the notice to one party, or record that staff delivered it (by post, on a visit, by telephone)."""
    notice = RoutesNotice(party_id=party.id, text_version=ROUTES.version, channel=channel.value)
    session.add(notice)
    await session.flush()
    await event(
        session, who, case, "party:routes:told", channel=channel, audience=party.side,
        detail={"party": party.pid, "text_version": ROUTES.version},
    )  # fmt: skip
    return notice


async def deliver_where_possible(session: AsyncSession, who: Who, case: Case) -> None:
    """Deliver it by the service to everybody who was not told yet and has an account or a mobile number."""
    for state in await party_states(session, case):
        if state.routes is None and await _send(session, case, state):
            await deliver_routes_notice(session, who, case, state.row)


async def _send(session: AsyncSession, case: Case, state: PartyState) -> bool:
    sent = False
    for person_id in state.people:
        person = await session.get_one(Person, person_id)
        await outbox.post(
            session, outbox.Channel.IN_APP, tag="case:routes", address="", text=_TEXT, person_id=person.id,
            link=f"/cases/{case.pid}/routes", thing=f"case:{case.pid}",
        )  # fmt: skip
        sent = True
    if is_mobile(state.row.phone):
        await outbox.post(session, outbox.Channel.SMS, tag="case:routes", address=state.row.phone, text=_TEXT)
        sent = True
    return sent


async def seen(session: AsyncSession, state: PartyState) -> None:
    """The party has the notice on its screen."""
    if state.routes is not None and state.routes.seen_at is None:
        state.routes.seen_at = now()
