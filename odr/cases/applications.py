"""An application becomes a case: rows of the case and its parties, and the first move."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.models import Person
from odr.audit.who import Who
from odr.bodies import service as bodies
from odr.bodies.models import Division
from odr.cases import moves, numbers
from odr.cases.codes import CaseRole, Channel, PartyRole, Side, Source, State, Will
from odr.cases.models import Case, Party
from odr.cases.schemas import AgentIn, Application, PartyIn
from odr.core import clock
from odr.core.errors import Invalid, NotFound
from odr.core.i18n import _
from odr.evidence import service as evidence
from odr.evidence.models import File


async def submit(
    session: AsyncSession,
    who: Who,
    application: Application,
    *,
    channel: Channel | str,
    source: Source | str,
    applicant_person: Person | None,
    entered_by: Person | None = None,
    agent_person: Person | None = None,
    files: Sequence[File] = (),
    invented: bool = False,
) -> Case:
    """A new case in `submitted`. Its time is the server's and stays: the application interrupts limitation
    (诉讼时效规定 Art. 12).

    `applicant_person` is bound at once; `entered_by` names who typed it for somebody at a window or on the telephone,
    and then the application waits for `confirm_entry`. `agent_person` is bound as the agent named in it.
    Raises Invalid where the place is unknown.
    """
    if await session.get(Division, application.division_code) is None:
        raise Invalid({"division_code": _("没有这个地方。请从列表里选择。")})
    try:
        centre = await bodies.centre_for(session, application.division_code)
    except NotFound:
        raise Invalid({"division_code": _("这个地方还没有调处中心。请选择它所在的区。")}) from None
    source = Source(source)
    own_word = entered_by is None
    case = Case(
        state=State.DRAFT.value,
        application_no=await numbers.next_application_no(session),
        submitted_at=clock.now(),
        source=source.value,
        channel=Channel(channel).value,
        entered_by=entered_by.id if entered_by else None,
        confirmed_at=clock.now() if own_word else None,
        confirmed_how="self" if own_word else None,
        title=application.title or application.category.zh,
        category=application.category.value,
        facts=application.facts,
        claims=list(application.claims),
        occurred_on=application.occurred_on,
        place=application.place,
        division_code=application.division_code,
        amount_fen=application.amount_fen,
        violence=application.violence,
        supply_stop=application.supply_stop,
        centre_id=centre.id,
        invented=invented,
    )
    session.add(case)
    await session.flush()
    # Who applies wants mediation; whose application somebody else typed says so by confirming it.
    applicant = _party(case, Side.APPLICANT, application.applicant, applicant_person)
    if own_word:
        applicant.will, applicant.will_at = Will.AGREED.value, clock.now()
    session.add(applicant)
    session.add_all(_party(case, Side.RESPONDENT, named, None) for named in application.respondents)
    await session.flush()
    if application.agent is not None:
        session.add(_agent(applicant, application.agent, agent_person))
        await session.flush()
    for file in files:
        await evidence.move_to(session, file, "case", case.id)
    by = CaseRole.APPLICANT if own_word else CaseRole.SYSTEM
    await moves.enter(session, who, case, by, case.channel)
    return case


def _party(case: Case, side: Side, named: PartyIn, person: Person | None) -> Party:
    return Party(
        case_id=case.id,
        side=side.value,
        role=PartyRole.PARTY.value,
        person_id=person.id if person else None,
        kind=named.kind.value,
        name=named.name,
        legal_rep=named.legal_rep,
        phone=named.phone or (person.phone if person else None),
        id_no=named.id_no,
        address=named.address,
    )


def _agent(principal: Party, named: AgentIn, person: Person | None) -> Party:
    return Party(
        case_id=principal.case_id,
        side=principal.side,
        role=named.role.value,
        acts_for_id=principal.id,
        may_settle=named.may_settle,
        person_id=person.id if person else None,
        name=named.name,
        phone=named.phone,
    )
