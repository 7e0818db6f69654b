"""Everything the papers of one case are filled from, read once for one viewer: nothing in it is more than that viewer
may see, so a paper cannot tell more than its reader may know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts import identity
from odr.accounts.models import Person, Vouching
from odr.agreements import access as agreement_access
from odr.agreements import service as agreements
from odr.agreements.models import Agreement, Clause, CourtRequest, PerformanceItem, ReturnVisit
from odr.agreements.performance_models import Part, PerformancePaper, Postponement
from odr.bodies import service as bodies
from odr.bodies.models import Body
from odr.cases import service as cases
from odr.cases.access import View
from odr.cases.codes import Category, ConsentKind, PartyKind, Side
from odr.cases.models import Case, CaseEvent, Gate, Party
from odr.core import clock
from odr.dossier import access, records
from odr.dossier.models import Filing, Inquiry, Mandate, Particulars, Record
from odr.evidence.models import File
from odr.factsheet import paper as factsheet
from odr.factsheet.sheet import to_hand_over
from odr.meetings import service as meetings
from odr.rooms.models import Message, Room, RoomKind

HIDDEN = "（已隐去）"


@dataclass(frozen=True)
class Block:
    """当事人块: what every form asks of a party. Of the other side a party's copy shows numbers masked."""

    pid: str
    side: str
    role: str
    kind: str
    name: str
    sex: str = ""
    ethnicity: str = ""
    born_on: date | None = None
    age: int | None = None
    id_no: str = ""
    occupation: str = ""
    phone: str = ""
    address: str = ""
    domicile: str = ""
    division: str = ""
    legal_rep: str = ""
    masked: bool = False

    @property
    def natural(self) -> bool:
        return self.kind == PartyKind.NATURAL

    @property
    def word(self) -> str:
        return Side(self.side).zh


@dataclass(frozen=True)
class Seat:
    """One party with who acts for it."""

    row: Party
    state: cases.PartyState
    block: Block
    agents: tuple[tuple[Party, Block], ...] = ()


@dataclass
class Bundle:
    """See the module."""

    view: View
    body: Body | None
    place: str
    seats: list[Seat]
    mediators: list[str]
    meetings: list[meetings.MeetingView]
    records: list[tuple[Record, list[records.Reader]]]
    inquiries: list[Inquiry]
    agreement: Agreement | None
    effect: agreements.Standing | None
    earlier: list[agreements.Standing]
    """The agreements that were in effect before and have been replaced, in their order."""
    earlier_items: Mapping[int, list[PerformanceItem]]
    """Their promises, by the agreement's id."""
    clauses: list[Clause]
    items: list[PerformanceItem]
    visits: Sequence[ReturnVisit]
    court: Sequence[CourtRequest]
    events: list[CaseEvent]
    filing: Filing | None
    particulars: Mapping[int, Particulars]
    mandates: Mapping[int, Mandate]
    vouchings: Mapping[int, Vouching]
    evidence: list[File]
    files: Mapping[int, File]
    people: Mapping[int, Person]
    consents: Mapping[int, Gate] = field(default_factory=dict)
    """The last consent of each party to ask a court together; once the court has spoken it is no longer in force."""
    facts: dict[str, Any] | None = None
    """无争议事实记载, filled by the fact sheet; None while no fact is agreed."""
    handed: list[str] = field(default_factory=list)
    """Agreed facts that may go along when the matter is handed on: those both sides released (R34)."""
    parts: Mapping[int, Sequence[Part]] = field(default_factory=dict)
    """What was done of each promise so far, by the promise's id; each part may have its own proof."""
    postponements: Mapping[int, Sequence[Postponement]] = field(default_factory=dict)
    performance: Sequence[PerformancePaper] = ()
    """Certificates of performance and notices of breach, oldest first: as many as this viewer may have."""
    court_files: Mapping[int, Sequence[File]] = field(default_factory=dict)
    """What is kept with each request to a court (the joint application, the court's paper), by the request's id. The
    application holds both sides' numbers: a party's copy has the court's paper alone."""
    pictures: dict[str, bytes] = field(default_factory=dict)
    """Bytes of pictures by the file's pid, put in by who prints (they are read outside the transaction)."""

    def proofs(self, item: PerformanceItem) -> list[File]:
        """Every slip handed in for a promise, once, oldest first."""
        ids = [part.proof_file_id for part in self.parts.get(item.id, ())] + [item.proof_file_id]
        found = {one: self.files[one] for one in ids if one is not None and one in self.files}
        return list(found.values())

    def kept_for_court(self, request: CourtRequest) -> list[File]:
        """The files of one request, once each, in the order they came."""
        found = list(self.court_files.get(request.id, ()))
        said = self.files.get(request.paper_file_id or 0)
        return found if said is None or said.id in {file.id for file in found} else [*found, said]

    @property
    def case(self) -> Case:
        return self.view.case

    @property
    def no(self) -> str:
        return self.case.case_no or self.case.application_no

    @property
    def body_name(self) -> str:
        return self.body.name if self.body is not None else ""

    @property
    def category(self) -> Category:
        return Category(self.case.category)

    @property
    def whole(self) -> bool:
        """Whether this is the body's own copy and not a party's."""
        return self.view.handles

    @property
    def issued(self) -> bool:
        """Whether this viewer makes the papers by which a matter is refused or handed on."""
        return self.view.handles or access.issues(self.view)

    @property
    def agreements(self) -> list[Agreement]:
        """What belongs into the file: every text that was in effect, and the newest while it waits for signatures."""
        found = [one.agreement for one in (*self.earlier, self.effect) if one is not None]
        newest = self.agreement
        if newest is not None and newest.state == "frozen" and all(one.id != newest.id for one in found):
            found.append(newest)
        return found

    def mine(self, seat: Seat) -> bool:
        """Whether this viewer may have the papers of this party alone."""
        return self.whole or seat.row.side == self.view.side

    def side(self, side: Side) -> list[Seat]:
        return [seat for seat in self.seats if seat.row.side == side]

    def name_of(self, person_id: int | None) -> str:
        person = self.people.get(person_id or 0)
        return person.name if person is not None else ""

    def party_name(self, party_id: int | None) -> str:
        return next((seat.row.name for seat in self.seats if seat.row.id == party_id), "")

    def event(self, tag: str) -> CaseEvent | None:
        """The last time this happened."""
        return next((row for row in reversed(self.events) if row.tag == tag), None)

    def at(self, tag: str) -> datetime | None:
        row = self.event(tag)
        return row.at if row is not None else None


async def gather(session: AsyncSession, view: View) -> Bundle:
    """All of it. The door is `access.of_case`, which gave the view."""
    case = view.case
    states = await cases.party_states(session, case)
    ids = [row.id for state in states for row in (state.row, *state.agents)]
    particulars = {
        row.party_id: row for row in await session.scalars(select(Particulars).where(Particulars.party_id.in_(ids)))
    }
    bound = {row.person_id for state in states for row in (state.row, *state.agents) if row.person_id is not None}
    people = {row.id: row for row in await session.scalars(select(Person).where(Person.id.in_(bound)))}
    place = await bodies.place_name(session, case.division_code)
    agreement = await agreement_access.current(session, case)
    effect = await agreements.in_effect(session, case)
    before = await agreements.earlier_agreements(session, case)
    sittings = await meetings.meetings_of(session, view)
    items = await agreements.items_of(session, case)
    earlier_items = await agreements.items_under(session, [one.agreement for one in before])
    every = [*items, *(item for rows in earlier_items.values() for item in rows)]
    parts, postponements = await agreements.parts_of(session, every), await agreements.postponements_of(session, every)
    visits = await agreements.visits_of(session, view)
    court = list(
        await session.scalars(select(CourtRequest).where(CourtRequest.case_id == case.id).order_by(CourtRequest.id))
    )
    clauses: list[Clause] = []
    if effect is not None:
        query = select(Clause).where(Clause.agreement_id == effect.agreement.id, Clause.removed_at.is_(None))
        clauses = list(await session.scalars(query.order_by(Clause.ordinal, Clause.id)))
    events = await _events(session, view)
    inquiries = await access.inquiries(session, view)
    filing = await session.get(Filing, case.id) if view.handles else None
    seen_records = [(row, await records.standing(session, row)) for row in await access.records(session, view)]
    evidence = await _evidence(session, case)
    facts = await factsheet.filled(session, view)
    named: set[int | None] = {item.proof_file_id for item in every} | {row.paper_file_id for row in court}
    named |= {part.proof_file_id for rows in parts.values() for part in rows}
    performance = await agreements.performance_papers_of(session, view)
    named |= {row.file_id for row in performance}
    named |= {row.pdf_file_id for row, _r in seen_records}
    of_them = [one.agreement for one in (*before, effect) if one is not None]
    for one in of_them if agreement is None else [*of_them, agreement]:
        named |= {one.pdf_file_id, one.copy_file_id}
    wanted = [one for one in named if one is not None]
    staff: set[int | None] = {row.by_person_id for row in visits}
    staff |= (
        {row.by_person_id for row in inquiries}
        | {row.filed_by for row in court}
        | {item.settled_by for item in every}
        | {case.entered_by}
    )
    staff |= {row.person_id for row in events}
    if filing is not None:
        staff.add(filing.filed_by)
    staff |= {file.uploaded_by for file in evidence} | {one.row.minuted_by for one in sittings}
    if effect is not None:
        rows = [slot.row for slot in effect.slots if slot.row is not None]
        staff |= {row.person_id for row in rows} | {row.vouched_by for row in rows}
    vouchings = {
        row.person_id: row  # the newest of each
        for row in await session.scalars(select(Vouching).where(Vouching.person_id.in_(bound)).order_by(Vouching.id))
    }
    staff |= {row.by_person_id for row in vouchings.values()}
    more = select(Person).where(Person.id.in_([one for one in staff if one is not None and one not in people]))
    everybody = people | {row.id: row for row in await session.scalars(more)}
    return Bundle(
        view=view,
        body=await session.get(Body, case.body_id) if case.body_id is not None else None,
        place=place,
        seats=[_seat(view, state, people, particulars, place) for state in states],
        mediators=await records.mediators_of(session, case),
        meetings=sittings,
        records=seen_records,
        inquiries=inquiries,
        agreement=agreement,
        effect=effect,
        earlier=before,
        earlier_items=earlier_items,
        clauses=clauses,
        items=items,
        parts=parts,
        postponements=postponements,
        visits=visits,
        court=court,
        events=events,
        filing=filing,
        particulars=particulars,
        mandates={row.party_id: row for row in await session.scalars(select(Mandate).where(Mandate.party_id.in_(ids)))},
        vouchings=vouchings,
        evidence=evidence,
        files={row.id: row for row in await session.scalars(select(File).where(File.id.in_(wanted)))},
        people=everybody,
        consents=await _consents(session, ids) if court else {},
        performance=performance,
        court_files=await _court_files(session, court) if view.handles and court else {},
        facts=facts if facts["facts"] else None,
        handed=await to_hand_over(session, case) or [],
    )


async def _consents(session: AsyncSession, ids: Sequence[int]) -> dict[int, Gate]:
    query = select(Gate).where(Gate.party_id.in_(ids), Gate.kind == ConsentKind.COURT_REQUEST).order_by(Gate.id)
    return {gate.party_id: gate for gate in await session.scalars(query)}


async def _court_files(session: AsyncSession, court: Sequence[CourtRequest]) -> dict[int, list[File]]:
    found: dict[int, list[File]] = {row.id: [] for row in court}
    query = select(File).where(
        File.holder.in_(("court_request", "court_pack")), File.holder_id.in_(found), File.removed_at.is_(None)
    )  # fmt: skip
    for file in await session.scalars(query.order_by(File.id)):
        found[file.holder_id].append(file)
    return found


async def _events(session: AsyncSession, view: View) -> list[CaseEvent]:
    query = select(CaseEvent).where(CaseEvent.case_id == view.case.id)
    if not view.handles:
        query = query.where(CaseEvent.audience.in_(("all", str(view.side))))
    return list(await session.scalars(query.order_by(CaseEvent.id)))


async def _evidence(session: AsyncSession, case: Case) -> list[File]:
    """Papers of the case, and what was shown in the joint room and not taken back. Private rooms are not asked."""
    found = list(
        await session.scalars(
            select(File)
            .where(File.holder == "case", File.holder_id == case.id, File.removed_at.is_(None))
            .order_by(File.id)
        )
    )
    joint = select(Room.id).where(Room.subject_pid == case.pid, Room.kind == RoomKind.JOINT)
    recalled = select(Message.ref_seq).where(Message.room_id.in_(joint), Message.ref_seq.is_not(None))
    shown = select(File).where(
        File.holder == "room", File.holder_id.in_(joint), File.removed_at.is_(None), File.shown_seq.is_not(None)
    )
    gone = set(await session.scalars(recalled))
    return found + [row for row in await session.scalars(shown.order_by(File.id)) if row.shown_seq not in gone]


def _seat(
    view: View,
    state: cases.PartyState,
    people: Mapping[int, Person],
    particulars: Mapping[int, Particulars],
    place: str,
) -> Seat:
    other = not (view.handles or access.issues(view) or state.row.side == view.side)
    # The age is that of the day of the application: a paper printed next year says the same.
    on = clock.local(view.case.submitted_at).date()
    quiet = view.case.violence and other
    agents = tuple((row, _block(row, people, particulars, masked=other, quiet=quiet, on=on)) for row in state.agents)
    block = _block(state.row, people, particulars, masked=other, quiet=quiet, on=on, place=place)
    return Seat(state.row, state, block, agents)


def _block(
    party: Party,
    people: Mapping[int, Person],
    particulars: Mapping[int, Particulars],
    *,
    masked: bool,
    quiet: bool,
    on: date,
    place: str = "",
) -> Block:
    """`masked`: for the other side's copy. `quiet`: there was violence, so nothing tells where the party is found."""
    person = people.get(party.person_id or 0)
    natural = party.kind == PartyKind.NATURAL
    id_no = party.id_no or (person.id_no if person is not None and natural else None) or ""
    phone = party.phone or (person.phone if person is not None else None) or ""
    address = party.address or (person.address if person is not None else None) or ""
    more = particulars.get(party.id)
    born_on = _born(id_no) if natural else None
    sex = ("女", "男")[int(id_no[16]) % 2] if natural and len(id_no) == 18 and id_no[16].isdigit() else ""
    domicile = (more.domicile or "") if more is not None else ""
    if masked:
        id_no = identity.mask_id_no(id_no) if id_no and natural else id_no
        phone = "" if not phone else HIDDEN if quiet else identity.mask_phone(phone)
        address, domicile, born_on = HIDDEN if address else "", HIDDEN if domicile else "", None
    return Block(
        pid=party.pid,
        side=party.side,
        role=party.role,
        kind=party.kind,
        name=party.name,
        sex=sex,
        ethnicity=more.ethnicity if more is not None and not masked else "",
        born_on=born_on,
        age=identity.age(id_no, on) if born_on is not None else None,
        id_no=id_no,
        occupation=more.occupation if more is not None and not masked else "",
        phone=phone,
        address=address,
        domicile=domicile,
        division="" if masked else place,
        legal_rep=party.legal_rep,
        masked=masked,
    )


def _born(id_no: str) -> date | None:
    """The birth date in an id number of 18 signs."""
    try:
        return identity.birth_date(id_no) if len(id_no) == 18 else None
    except ValueError:
        return None
