"""Entry at the window: a clerk types, the person confirms by a code or on the clerk's screen."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts import service as accounts
from odr.accounts.access import Actor
from odr.accounts.models import Person, Role
from odr.cases import service as cases
from odr.cases.codes import Channel, Side, Source, State
from odr.cases.models import Case, Party
from odr.cases.schemas import Application, PartyIn, is_mobile
from odr.cases.suggest import stops_supply
from odr.core.db import Database
from odr.core.errors import Invalid
from odr.core.i18n import _
from odr.core.limits import Limiter
from odr.intake import access, orders, twins
from odr.intake.schemas import CounterEntry

_SOURCES = {"hotline_12345": Source.HOTLINE_12345, "police_110": Source.POLICE_110_NONPOLICE}
_LISTED = 20


async def enter(session: AsyncSession, actor: Actor, entry: CounterEntry, order_pid: str | None = None) -> Case:
    """Write the application down for somebody. It waits for that person's confirmation before it can be accepted.

    The same entry sent twice is one case. Raises Conflict where the order has been dealt with.
    """
    access.need_counter(actor)
    application = _application(entry)
    if (twin := await twins.entered(session, actor, application)) is not None:
        return twin
    order = await access.order_for_clerk(session, actor, order_pid, lock=True) if order_pid else None
    if order is not None:
        orders.need_waiting(order)
        source = _SOURCES[order.source]
    else:
        source = Source.GRID if actor.has_role(Role.GRID_WORKER) else Source.APPLIED
    case = await cases.submit(
        session,
        actor,
        application,
        channel=Channel.GRID if source is Source.GRID else Channel.COUNTER,
        source=source,
        applicant_person=await _person(session, entry),
        entered_by=await session.get_one(Person, actor.person_id),
    )
    if order is not None:
        await orders.accept(session, actor, order, case)
    return case


async def _person(session: AsyncSession, entry: CounterEntry) -> Person:
    """The account of a mobile number; a landline rings for a whole family, so it makes none."""
    if is_mobile(entry.phone):
        person = await accounts.find_or_create(session, entry.phone)
    else:
        person = Person(address=entry.address or None)
        session.add(person)
    person.name = person.name or entry.name
    await session.flush()
    return person


def _application(entry: CounterEntry) -> Application:
    return Application(
        category=entry.category,
        facts=entry.facts,
        claims=[claim for claim in (entry.claim_1, entry.claim_2) if claim],
        occurred_on=entry.occurred_on,
        place=entry.place,
        division_code=entry.division_code,
        amount_fen=entry.amount,
        violence=entry.unsafe,
        supply_stop=stops_supply(entry.facts),
        applicant=PartyIn(name=entry.name, phone=entry.phone, id_no=entry.id_no, address=entry.address or None),
        respondents=[
            PartyIn(
                kind=entry.other_kind,
                name=entry.other_name,
                phone=entry.other_phone,
                address=entry.other_address or None,
            )
        ],
    )


async def unconfirmed(session: AsyncSession, actor: Actor) -> list[tuple[Case, Party]]:
    """What this clerk typed in and nobody has confirmed yet, with its applicant, newest first."""
    query = (
        select(Case, Party)
        .join(Party, Party.case_id == Case.id)
        .where(Case.entered_by == actor.person_id, Case.confirmed_at.is_(None), Case.state == State.SUBMITTED)
        .where(Party.side == Side.APPLICANT, Party.acts_for_id.is_(None))
        .order_by(Case.id.desc())
        .limit(_LISTED)
    )
    return [(case, party) for case, party in await session.execute(query)]


def code_purpose(case: Case) -> str:
    """What the code sent to the applicant's phone is good for."""
    return f"confirm:{case.pid}"


async def send_code(session: AsyncSession, limiter: Limiter, actor: Actor, pid: str, ip: str) -> None:
    """Send the applicant a code; it goes to the applicant's phone alone. An entry that is confirmed needs none.

    Raises NotFound for an entry of others, Invalid where there is no mobile number, TooMany.
    """
    case, party = await access.entered_case(session, actor, pid)
    if case.confirmed_at is not None:
        return
    if not is_mobile(party.phone):
        raise Invalid({"code": _("没有登记手机号码，请当面在屏幕上确认。")})
    await accounts.send_code(session, limiter, party.phone, code_purpose(case), ip)


async def confirm_by_code(database: Database, actor: Actor, pid: str, code: str) -> Case:
    """The applicant said yes by reading out the code. Raises NotFound, Invalid, Expired. A wrong try counts even though
    nothing else is stored."""
    async with database.read() as session:
        case, party = await access.entered_case(session, actor, pid)
        purpose, phone = code_purpose(case), party.phone or ""
    if not code.strip():
        raise Invalid({"code": _("请填写申请人手机上收到的 6 位验证码。")})
    await accounts.check_code(database, phone, purpose, code)
    async with database.write() as session:
        case, _party = await access.entered_case(session, actor, pid)
        await cases.confirm_entry(session, actor, case, "code")
    return case
