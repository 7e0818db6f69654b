"""What one version says, gathered from the rows: this, and nothing else, is printed and signed."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date

import orjson
from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.models import Person
from odr.agreements import instalments, rules
from odr.agreements.instalment_rules import Due
from odr.agreements.models import Agreement, Clause, OralRegister
from odr.bodies.models import Body
from odr.cases.codes import Category, PartyKind, PartyRole, Side
from odr.cases.models import Assignment, Case, Party
from odr.core import clock
from odr.core.errors import Conflict
from odr.core.i18n import _


@dataclass(frozen=True)
class PartyBlock:
    """The block every official form has for a party. What is not known is empty, never invented."""

    pid: str
    side: str
    kind: str
    name: str
    sex: str = ""
    born_on: date | None = None
    id_no: str = ""
    phone: str = ""
    address: str = ""
    legal_rep: str = ""
    agents: tuple[str, ...] = ()


@dataclass(frozen=True)
class Register:
    """What the register form of an oral agreement asks beside its clauses; `performed`: a value of `schemas.AtOnce`."""

    held_on: date
    place: str
    cross_committee: bool
    performed: str


@dataclass(frozen=True)
class ClauseText:
    """A clause as printed."""

    n: int
    kind: str
    text: str
    obligor: str
    obligee: str
    amount_fen: int | None
    due_on: date | None
    manner: str
    place: str = ""
    begins_on: date | None = None
    recurring: str = ""
    account: str = ""
    instalments: tuple[Due, ...] = ()
    default_text: str = ""


@dataclass(frozen=True)
class Content:
    """One version of an agreement, whole."""

    agreement: str
    version: int
    form: str
    number: str
    body: str
    title: str
    category: str
    parties: tuple[PartyBlock, ...]
    facts: str
    issues: str
    clauses: tuple[ClauseText, ...]
    mediators: tuple[str, ...]
    drawn_up_on: date
    check: str = ""
    register: Register | None = None

    @property
    def copies(self) -> int:
        """One for each party and one for the body (Art. 29)."""
        return len(self.parties) + 1

    @property
    def total_fen(self) -> int:
        return sum(clause.amount_fen or 0 for clause in self.clauses)

    @property
    def matter(self) -> rules.Matter:
        """What decides whether it may stay oral."""
        category = next(one for one in Category if one.zh == self.category)
        return rules.Matter(
            category, self.total_fen, sum(len(clause.instalments) or 1 for clause in self.clauses if clause.amount_fen)
        )

    def dumped(self) -> str:
        """As text, to be kept with the frozen bytes; `kept` reads it."""
        return orjson.dumps(asdict(self), option=orjson.OPT_SORT_KEYS).decode()

    def digest(self) -> str:
        """Equal for equal content; it tells whether anything changed between preparing and storing."""
        return hashlib.sha256(self.dumped().encode()).hexdigest()


_ANY = TypeAdapter(Content)


def born(id_no: str | None) -> date | None:
    """The birth date in an 18-digit id number."""
    if id_no is None or len(id_no) != 18:
        return None
    try:
        return date(int(id_no[6:10]), int(id_no[10:12]), int(id_no[12:14]))
    except ValueError:
        return None


def age(born_on: date, today: date | None = None) -> int:
    """Whole years."""
    today = today or clock.today()
    return today.year - born_on.year - ((today.month, today.day) < (born_on.month, born_on.day))


def number_of(case: Case, version: int) -> str:
    """协议编号: the case number, with the version behind it once an earlier one was replaced."""
    if case.case_no is None:
        raise Conflict(_("这件纠纷还没有编案号，不能定稿。"), code="no_number")
    return case.case_no if version == 1 else f"{case.case_no}-{version}"


async def principals(session: AsyncSession, case: Case) -> list[Party]:
    """The parties themselves, applicants first: those who sign."""
    return (await principals_of(session, [case.id]))[case.id]


async def principals_of(session: AsyncSession, case_ids: Collection[int]) -> dict[int, list[Party]]:
    """The same for many cases."""
    query = select(Party).where(Party.case_id.in_(case_ids), Party.ended_at.is_(None), Party.role == PartyRole.PARTY)
    found: dict[int, list[Party]] = {case_id: [] for case_id in case_ids}
    for row in await session.scalars(query):
        found[row.case_id].append(row)
    for rows in found.values():
        rows.sort(key=lambda party: (party.side != Side.APPLICANT, party.id))
    return found


async def clauses_of(session: AsyncSession, agreement: Agreement) -> list[Clause]:
    """The clauses that stand, in order."""
    return (await clauses_by_agreement(session, [agreement.id]))[agreement.id]


async def taken_out(session: AsyncSession, agreement: Agreement, pid: str) -> Clause | None:
    """A clause that stood in this agreement and was removed, as it last was."""
    query = select(Clause).where(Clause.pid == pid, Clause.agreement_id == agreement.id)
    return await session.scalar(query.where(Clause.removed_at.is_not(None)))


async def clauses_by_agreement(session: AsyncSession, agreement_ids: Collection[int]) -> dict[int, list[Clause]]:
    """The same for many agreements."""
    query = select(Clause).where(Clause.agreement_id.in_(agreement_ids), Clause.removed_at.is_(None))
    found: dict[int, list[Clause]] = {agreement_id: [] for agreement_id in agreement_ids}
    for row in await session.scalars(query.order_by(Clause.ordinal, Clause.id)):
        found[row.agreement_id].append(row)
    return found


async def lead_mediator(session: AsyncSession, case: Case) -> Person | None:
    """Who handles the case now."""
    query = (
        select(Person)
        .join(Assignment, Assignment.person_id == Person.id)
        .where(Assignment.case_id == case.id, Assignment.ended_at.is_(None))
        .order_by(Assignment.lead.desc(), Assignment.id.desc())
        .limit(1)
    )
    found: Person | None = await session.scalar(query)
    return found


async def kept(session: AsyncSession, case: Case, agreement: Agreement) -> Content:
    """What was frozen: names, numbers and clauses as they were then, whatever became of the rows since."""
    if agreement.content is not None:
        return _ANY.validate_json(agreement.content)
    on = clock.local(agreement.frozen_at).date() if agreement.frozen_at is not None else clock.today()
    return await gather(session, case, agreement, on)


async def gather(session: AsyncSession, case: Case, agreement: Agreement, on: date) -> Content:
    """The content of this version as of now, to be dated `on`."""
    parties = await principals(session, case)
    names = {party.id: party.name for party in parties}
    body = await session.get(Body, case.body_id) if case.body_id is not None else None
    mediator = await lead_mediator(session, case)
    clauses = await clauses_of(session, agreement)
    plans = await instalments.plans_of(session, clauses)
    return Content(
        agreement=agreement.pid,
        version=agreement.version,
        form=agreement.form,
        number=number_of(case, agreement.version),
        body=body.name if body is not None else "",
        title=case.title,
        category=Category(case.category).zh,
        parties=tuple([await _block(session, case, party) for party in parties]),
        facts=agreement.facts,
        issues=agreement.issues,
        clauses=tuple(_clause(n, row, names, plans.get(row.id)) for n, row in enumerate(clauses, start=1)),
        mediators=(mediator.name,) if mediator is not None else (),
        drawn_up_on=on,
        check=agreement.check_code,
        register=await _register(session, agreement),
    )


async def _register(session: AsyncSession, agreement: Agreement) -> Register | None:
    row = await session.get(OralRegister, agreement.id) if agreement.form == "oral" else None
    return Register(row.held_on, row.place, row.cross_committee, row.performed) if row is not None else None


def _clause(n: int, row: Clause, names: dict[int, str], plan: instalments.Plan | None) -> ClauseText:
    return ClauseText(
        n=n,
        kind=row.kind,
        text=row.text,
        obligor=names.get(row.obligor_id or 0, ""),
        obligee=names.get(row.obligee_id or 0, ""),
        amount_fen=row.amount_fen,
        due_on=row.due_on,
        manner=row.manner,
        place=row.place,
        begins_on=row.begins_on,
        recurring=row.recurring,
        account=row.account or "",
        instalments=plan.dues if plan is not None else (),
        default_text=plan.default.text if plan is not None and plan.default is not None else "",
    )


async def _block(session: AsyncSession, case: Case, party: Party) -> PartyBlock:
    person = await session.get(Person, party.person_id) if party.person_id is not None else None
    agents: Sequence[Party] = list(
        await session.scalars(
            select(Party).where(Party.acts_for_id == party.id, Party.ended_at.is_(None)).order_by(Party.id)
        )
    )
    natural = party.kind == PartyKind.NATURAL
    id_no = party.id_no or (person.id_no if person is not None and natural else None) or ""
    sex = ("女", "男")[int(id_no[16]) % 2] if natural and len(id_no) == 18 and id_no[16].isdigit() else ""
    # Where there was violence, a paper that both sides keep must not tell where the other one is found.
    open_address = not case.violence
    return PartyBlock(
        pid=party.pid,
        side=party.side,
        kind=party.kind,
        name=party.name,
        sex=sex,
        born_on=born(id_no) if natural else None,
        id_no=id_no,
        phone=(party.phone or (person.phone if person is not None else None) or "") if open_address else "",
        address=(party.address or (person.address if person is not None else None) or "") if open_address else "",
        legal_rep=party.legal_rep,
        agents=tuple(agent.name for agent in agents),
    )
