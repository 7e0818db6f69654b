"""Entry at the window: a clerk types, the person confirms by a code or on the clerk's screen."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts import service as accounts
from odr.accounts.access import Actor, need_role
from odr.accounts.models import Person, Role
from odr.cases import service as cases
from odr.cases.codes import Channel, Side, Source
from odr.cases.models import Case, Party
from odr.cases.schemas import Application, PartyIn
from odr.cases.suggest import stops_supply
from odr.core.errors import NotFound
from odr.intake import orders
from odr.intake.schemas import CounterEntry

_MAY_ENTER = (Role.CENTRE_CLERK, Role.BODY_CLERK, Role.MEDIATOR, Role.GRID_WORKER)
_SOURCES = {"hotline_12345": Source.HOTLINE_12345, "police_110": Source.POLICE_110_NONPOLICE}


def need_counter(actor: Actor) -> None:
    """Who sits at a window or goes from door to door. Raises NotFound for residents, Forbidden for other staff."""
    need_role(actor, *_MAY_ENTER)


async def enter(session: AsyncSession, actor: Actor, entry: CounterEntry, order_pid: str | None = None) -> Case:
    """Write the application down for somebody. It waits for that person's confirmation before it can be accepted."""
    order = await orders.for_clerk(session, actor, order_pid, lock=True) if order_pid else None
    if order is not None:
        orders.need_waiting(order)
    if entry.phone:
        person = await accounts.find_or_create(session, entry.phone)
    else:
        person = Person(name=entry.name, address=entry.address or None)
        session.add(person)
        await session.flush()
    person.name = person.name or entry.name
    application = Application(
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
    if order is not None:
        source = _SOURCES[order.source]
    else:
        source = Source.GRID if actor.has_role(Role.GRID_WORKER) else Source.APPLIED
    channel = Channel.GRID if source is Source.GRID else Channel.COUNTER
    case = await cases.submit(
        session,
        actor,
        application,
        channel=channel,
        source=source,
        applicant_person=person,
        entered_by=await session.get_one(Person, actor.person_id),
    )
    if order is not None:
        await orders.accept(session, actor, order, case)
    return case


async def entered_case(session: AsyncSession, actor: Actor, pid: str) -> tuple[Case, Party]:
    """A case this clerk typed in, with its applicant. Raises NotFound."""
    row = (
        await session.execute(
            select(Case, Party)
            .join(Party, Party.case_id == Case.id)
            .where(
                Case.pid == pid,
                Case.entered_by == actor.person_id,
                Party.side == Side.APPLICANT,
                Party.acts_for_id.is_(None),
            )
        )
    ).first()
    if row is None:
        raise NotFound()
    return row[0], row[1]


def code_purpose(case: Case) -> str:
    """What the code sent to the applicant's phone is good for."""
    return f"confirm:{case.pid}"
