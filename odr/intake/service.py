"""Turning drafts into applications."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.accounts.models import Person
from odr.bodies.models import Body, Division
from odr.cases import service as cases
from odr.cases.codes import Channel, Source
from odr.cases.models import Case
from odr.cases.schemas import Application, PartyIn
from odr.cases.suggest import stops_supply
from odr.core.errors import Invalid
from odr.core.i18n import _
from odr.evidence import service as evidence
from odr.intake import drafts, steps, twins
from odr.intake.models import Draft


@dataclass(frozen=True)
class Parsed:
    """All answers of a finished draft."""

    story: steps.Story
    kind: steps.Kind
    place: steps.Place
    other: steps.Other
    wants: steps.Wants
    yourself: steps.Yourself
    safety: steps.Safety


async def check(session: AsyncSession, step: steps.Step, answers: steps.Answers) -> None:
    """Raises Invalid where the answer of one step is wrong, its place unknown to the city included."""
    found = steps.check(step, answers)
    if isinstance(found, steps.Place):
        unknown = {
            field: _("没有这个地方。请从列表里选择。")
            for field in ("district", "community")
            if (code := getattr(found, field)) and await session.get(Division, code) is None
        }
        if unknown:
            raise Invalid(unknown)


async def first_open_step(session: AsyncSession, draft: Draft) -> str:
    """The first question without a good answer, or the review."""
    answers = drafts.answers_of(draft)
    for step in steps.STEPS:
        try:
            await check(session, step, answers)
        except Invalid:
            return step.name
    return steps.REVIEW


def parsed(draft: Draft) -> Parsed:
    """Every answer, parsed. Raises Invalid with the fields of the first step that is not whole."""
    answers = drafts.answers_of(draft)
    # Each field is named like its step and has its step's type, which no checker can see.
    return Parsed(**{step.name: steps.check(step, answers) for step in steps.STEPS})  # type: ignore[arg-type]


def application_of(answers: Parsed, applicant: PartyIn) -> Application:
    """The official application from the answers of the wizard."""
    category = answers.kind.category
    return Application(
        category=category,
        facts=answers.story.facts,
        claims=answers.wants.claims,
        occurred_on=answers.place.occurred_on,
        place=answers.place.place,
        division_code=answers.place.division_code,
        amount_fen=answers.wants.amount,
        violence=answers.safety.safety == "unsafe",
        supply_stop=stops_supply(answers.story.facts),
        applicant=applicant,
        respondents=[
            PartyIn(
                kind=answers.other.other_kind,
                name=answers.other.other_name,
                phone=answers.other.other_phone,
                address=answers.other.other_address or None,
            )
        ],
    )


async def submit(session: AsyncSession, actor: Actor, draft: Draft) -> Case:
    """Send a draft. Server time, fixed from here on, interrupts limitation (诉讼时效规定 Art. 12)."""
    answers = parsed(draft)
    person = await session.get_one(Person, actor.person_id)
    applicant = PartyIn(
        name=answers.yourself.name,
        phone=person.phone,
        id_no=answers.yourself.id_no,
        address=answers.yourself.address or None,
    )
    case = await cases.submit(
        session,
        actor,
        application_of(answers, applicant),
        channel=Channel.WEB,
        source=Source.ODR_SELF,
        applicant_person=person,
        files=await evidence.held(session, "draft", draft.id),
    )
    if not person.name:
        person.name = answers.yourself.name
    draft.case_id = case.id
    return case


async def apply(session: AsyncSession, actor: Actor, application: Application) -> Case:
    """Apply in one call, for oneself. The same words sent again within minutes are the same case."""
    if (twin := await twins.sent(session, actor, application)) is not None:
        return twin
    person = await session.get_one(Person, actor.person_id)
    person.name = person.name or application.applicant.name
    return await cases.submit(
        session, actor, application, channel=Channel.WEB, source=Source.ODR_SELF, applicant_person=person
    )


async def submitted(session: AsyncSession, draft: Draft) -> tuple[Case, Body]:
    """The case a draft became, and the centre that has it now."""
    row = (
        await session.execute(select(Case, Body).join(Body, Body.id == Case.centre_id).where(Case.id == draft.case_id))
    ).one()
    return row[0], row[1]
