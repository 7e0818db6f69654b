"""Playing a script from the application to the state it shall stand in."""

import json
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.agreements import service as agreements
from odr.agreements.access import current, for_reading
from odr.agreements.court_codes import Head
from odr.agreements.performance_models import Part
from odr.agreements.performance_schemas import PartAnswerIn
from odr.agreements.schemas import (
    AcceptAllIn,
    Answer,
    AnswerIn,
    AtOnce,
    ClaimIn,
    ClauseIn,
    ConfirmOralIn,
    CourtConsentIn,
    CourtOutcomeIn,
    CourtRequestIn,
    DraftIn,
    PaperIn,
    Performed,
    ReadIn,
    RegisterIn,
    SeenClause,
    SettleIn,
    SignIn,
    VisitIn,
)
from odr.bodies.models import Body
from odr.cases import service as cases
from odr.cases.codes import (
    Channel,
    ConsentKind,
    CourtOutcome,
    ObjectionGround,
    RefusalGround,
    Result,
    Side,
    Source,
    State,
    SuspendReason,
    Will,
)
from odr.cases.models import Case, Party
from odr.cases.schemas import Application, PartyIn
from odr.core import clock
from odr.demo import talks
from odr.demo.scripts import Script
from odr.demo.stage import Stage, days_ago
from odr.evidence import service as evidence
from odr.evidence.models import File
from odr.meetings import polls
from odr.meetings import service as meetings
from odr.meetings.models import PollTime
from odr.meetings.schemas import Kind, PastIn, PickIn, PollIn, Presence
from odr.rooms import service as rooms
from odr.rooms.models import RoomKind

_ORDER = (
    *(State.SUBMITTED, State.ACCEPTED, State.ASSIGNED, State.MEDIATING, State.SIGNING, State.PERFORMING),
    *(State.PERFORMED, State.FOLLOWED_UP, State.CLOSED, State.ARCHIVED),
)
# States off the main road, with the state of the road after which they are reached.
_BRANCH = {
    State.SUPPLEMENT: State.SUBMITTED,
    State.NOT_ACCEPTED: State.SUBMITTED,
    State.TRANSFERRED: State.SUBMITTED,
    State.WITHDRAWN: State.SUBMITTED,
    State.CONSULTING: State.SUBMITTED,
    State.SUSPENDED: State.MEDIATING,
    State.FAILED: State.MEDIATING,
    State.EFFECTIVE: State.PERFORMING,  # lasting duties alone: the signing leaves the case in effect
    State.CONFIRMING: State.PERFORMING,
}
_GATES = (ConsentKind.RIGHTS_NOTICE, ConsentKind.ONLINE_MEDIATION, ConsentKind.DISCLOSURE)


class Play:
    """One script on the stage. Time goes from the day of the application towards today."""

    def __init__(self, stage: Stage, script: Script, body_id: int) -> None:
        self.stage = stage
        self.script = script
        self.body_id = body_id
        self.case_id = 0
        self.case_pid = ""
        self.at = script.days_ago

    def later(self, days: float) -> None:
        """Let time pass, never beyond the present."""
        self.at = max(self.at - days * min(1.0, self.script.days_ago / 20), 0.01)

    async def run(self) -> str:
        """Play it; returns the public id of the case."""
        script = self.script
        for key in (script.applicant, script.respondent, script.mediator, self._clerk, "centre"):
            await self.stage.actor(key)  # signing in is a transaction of its own, so it comes before the others
        goal = _BRANCH.get(script.until, script.until)
        steps = {
            State.SUBMITTED: self._apply,
            State.ACCEPTED: self._accept,
            State.ASSIGNED: self._assign,
            State.MEDIATING: self._mediate,
            State.SIGNING: self._agree,
            State.PERFORMING: self._sign,
            State.PERFORMED: self._perform,
            State.FOLLOWED_UP: self._visit,
            State.CLOSED: self._close,
            State.ARCHIVED: self._archive,
        }
        for state in _ORDER[: _ORDER.index(goal) + 1]:
            with clock.shifted(days_ago(self.at)):
                await steps[state]()
            self.later(1.5)
        if script.dismissed is not None:
            await self._dismissed(script.dismissed)
        elif script.until is State.PERFORMING and script.form == "written" and not script.paper:
            with clock.shifted(days_ago(self.at)):
                await self._pay_half()
        if script.until in _BRANCH:
            with clock.shifted(days_ago(self.at)):
                await self._branch()
        return self.case_pid

    # --- the road ---------------------------------------------------------------------------------------------------

    async def _apply(self) -> None:
        script, stage = self.script, self.stage
        actor = await stage.actor(script.applicant)
        async with stage.write() as session:
            applicant = await stage.person(session, script.applicant)
            respondent = await stage.person(session, script.respondent)
            case = await cases.submit(
                session,
                actor,
                Application(
                    title=script.title,
                    category=script.category,
                    facts=script.facts,
                    claims=list(script.claims),
                    place=script.place,
                    division_code=script.division,
                    amount_fen=script.amount_fen,
                    applicant=PartyIn(name=applicant.name, phone=applicant.phone),
                    respondents=[
                        PartyIn(kind=script.respondent_kind, name=script.respondent_name, phone=respondent.phone)
                    ],
                ),
                channel=Channel.WEB,
                source=Source.ODR_SELF,
                applicant_person=applicant,
                invented=True,
            )
            self.case_id, self.case_pid = case.id, case.pid
            if script.until is not State.SUBMITTED:
                await cases.route(
                    session, await stage.actor("centre"), case, self.body_id, ["申请里写的正是它办理的事"]
                )

    async def _accept(self) -> None:
        clerk = await self.stage.actor(self._clerk)
        async with self.stage.write() as session:
            await cases.accept(session, clerk, await self._case(session))

    async def _assign(self) -> None:
        script, stage = self.script, self.stage
        clerk, mediator = await stage.actor(self._clerk), await stage.actor(script.mediator)
        async with stage.write() as session:
            case = await self._case(session)
            await cases.assign(session, clerk, case, mediator.person_id, ["熟悉这一类纠纷"])
        if script.until is State.ASSIGNED and not script.objection:
            return
        async with stage.write() as session:
            case = await self._case(session)
            await cases.confirm_assignment(session, mediator, case, "我与双方没有亲属关系，也没有利害关系。")
        if script.objection:
            applicant = await stage.actor(script.applicant)
            async with stage.write() as session:
                case = await self._case(session)
                await cases.object_to_mediator(
                    session, applicant, case, ObjectionGround.OTHER_RELATION, script.objection
                )

    async def _mediate(self) -> None:
        script, stage = self.script, self.stage
        mediator = await stage.actor(script.mediator)
        respondent = await stage.actor(script.respondent)
        async with stage.write() as session:
            _invitation, token, _code = await cases.invite(
                session, mediator, await self._party(session, Side.RESPONDENT)
            )
        async with stage.write() as session:
            invitation = await cases.invitation_by_token(session, token)
            if (
                invitation is None
                or await cases.take_invitation(session, respondent, invitation, respondent.name) is None
            ):
                raise RuntimeError(f"the invitation of {script.key} was not taken")
        for side, key in ((Side.RESPONDENT, script.respondent), (Side.APPLICANT, script.applicant)):
            actor = await stage.actor(key)
            async with stage.write() as session:
                party = await self._party(session, side)
                await cases.answer_will(session, actor, await self._case(session), party, Will.AGREED)
                for kind in _GATES:
                    await cases.pass_gate(session, actor, party, kind)
        async with stage.write() as session:
            await cases.start(session, mediator, await self._case(session))
        table = await self._table()
        await talks.facts(table)
        await talks.suggestions(table)
        await talks.haggle(table)
        await self._talk()

    async def _table(self) -> talks.Table:
        async with self.stage.read() as session:
            parties = {side.value: (await self._party(session, side)).pid for side in Side}
        return talks.Table(self.stage, self.script, self.case_pid, parties)

    async def _talk(self) -> None:
        rooms_ = await self._rooms()
        names = {"applicant": self.script.applicant, "respondent": self.script.respondent}
        for who, words in self.script.private:
            await self.stage.say(names.get(who, self.script.mediator), rooms_["private"], words)
        for minutes, (who, words) in enumerate(self.script.talk):
            with clock.shifted(timedelta(minutes=minutes)):
                await self.stage.say(names.get(who, self.script.mediator), rooms_["joint"], words)
        if self.script.visit:
            await self._visit_at_home()
        if self.script.until is State.MEDIATING:
            await self._draft(accept=False)
            if not self.script.visit:
                await self._offer_times()

    async def _offer_times(self) -> None:
        """Times for a meeting, of which one side has chosen."""
        script, stage = self.script, self.stage
        async with stage.read() as session:
            case = await self._case(session)
        if case.violence:
            return
        mediator, applicant = await stage.actor(script.mediator), await stage.actor(script.applicant)
        # In two days of today, not of the day the story is at; a morning, an afternoon, an evening.
        first = (clock.local(clock.now()) + timedelta(days=self.at + 2)).replace(minute=30, second=0, microsecond=0)
        wanted = PollIn(
            kind=Kind.ONSITE, purpose="当面把数目说清楚", at_body=await self._body_pid(),
            times=[first.replace(hour=hour) + timedelta(days=n) for n, hour in enumerate((9, 14, 18))],
        )  # fmt: skip
        async with stage.write() as session:
            poll = await polls.offer(session, mediator, self.case_pid, wanted)
        async with stage.write() as session:
            times = list(await session.scalars(select(PollTime.pid).where(PollTime.poll_id == poll.id)))
            await polls.pick(session, applicant, poll.pid, PickIn(times=times[1:]))

    async def _body_pid(self) -> str:
        async with self.stage.read() as session:
            found: str = (await session.scalars(select(Body.pid).where(Body.id == self.body_id))).one()
        return found

    async def _visit_at_home(self) -> None:
        """A meeting that was held, minuted, and confirmed by one side so far."""
        script, stage = self.script, self.stage
        mediator, applicant = await stage.actor(script.mediator), await stage.actor(script.applicant)
        async with stage.write() as session:
            sides = [await self._party(session, side) for side in Side]
            wanted = PastIn(
                kind=Kind.VISIT,
                purpose="上门看现场",
                place="申请人家中",
                starts_at=clock.now() - timedelta(hours=3),
                minutes=script.visit,
                present={party.pid: Presence.ONSITE for party in sides},
            )
            meeting = await meetings.record_past(session, mediator, self.case_pid, wanted)
        async with stage.write() as session:
            await meetings.confirm(session, applicant, meeting.pid, meetings.digest(script.visit))

    async def _draft(self, *, accept: bool) -> str:
        script, stage = self.script, self.stage
        mediator = await stage.actor(script.mediator)
        async with stage.write() as session:
            draft = await agreements.draft(
                session,
                mediator,
                self.case_pid,
                DraftIn(form=script.form, facts=script.facts, issues="；".join(script.claims)),
            )
        clauses, table = [], await self._table()
        for promise in script.promises:
            wanted_clause = ClauseIn.model_validate(talks.clause_of(promise, table.parties))
            async with stage.write() as session:
                clause = await agreements.add_clause(session, mediator, draft.pid, wanted_clause)
            if promise.instalments:
                clause = await talks.plan(table, draft.pid, clause, promise.instalments)
            clauses.append(clause)
        if script.form == "oral":  # the parties confirm the mediator's record as a whole
            wanted = RegisterIn(held_on=clock.today(), place="网上调解室", performed=AtOnce.LATER)
            async with stage.write() as session:
                await agreements.register(session, mediator, draft.pid, wanted)
            return draft.pid
        for key in (script.applicant, script.respondent):
            actor = await stage.actor(key)
            async with stage.write() as session:
                if accept:
                    seen = [SeenClause(clause=clause.pid, version=clause.version) for clause in clauses]
                    await agreements.accept_all(session, actor, draft.pid, AcceptAllIn(clauses=seen))
                else:
                    answer = AnswerIn(answer=Answer.ACCEPT, version=clauses[0].version)
                    await agreements.answer(session, actor, draft.pid, clauses[0].pid, answer)
        return draft.pid

    async def _agree(self) -> None:
        pid = await self._draft(accept=True)
        service = self.stage.service
        mediator = await self.stage.actor(self.script.mediator)
        async with service.db.write() as session:
            await agreements.acknowledge_all(session, mediator, pid)
        await agreements.finalise(service.db, mediator, pid, base_url=service.settings.base_url)

    async def _sign(self) -> None:
        script, stage = self.script, self.stage
        service = stage.service
        pid, sha256 = await self._frozen()
        if script.form == "oral":
            await self._confirm_oral(pid, sha256)
            return
        if script.paper:
            await self._sign_on_paper(pid, sha256)
            return
        for key in (script.applicant, script.respondent, script.mediator):
            actor = await stage.actor(key)
            await self._read(actor, pid, sha256)
            if key == script.mediator:
                code = stage.code_of_app(key)
            else:
                async with stage.write() as session:
                    await agreements.send_code(session, service.limiter, actor, pid)
                code = await stage.code_on_phone(key)
            wanted = SignIn(sha256=sha256, read=True, e_sign=True, strokes=_drawn(actor.name), code=code)
            await agreements.sign(service.db, actor, pid, wanted)
        async with stage.write() as session:
            await agreements.seal(session, await stage.actor(self._clerk), pid, sha256)

    async def _read(self, actor: Actor, pid: str, sha256: str) -> None:
        async with self.stage.write() as session:
            await agreements.note_read(session, actor, pid, ReadIn(sha256=sha256, read=True))

    async def _confirm_oral(self, pid: str, sha256: str) -> None:
        service = self.stage.service
        for key in (self.script.applicant, self.script.respondent):
            actor = await self.stage.actor(key)
            await self._read(actor, pid, sha256)
            async with self.stage.write() as session:
                await agreements.send_code(session, service.limiter, actor, pid)
            code = await self.stage.code_on_phone(key)
            await agreements.confirm_oral(service.db, actor, pid, ConfirmOralIn(sha256=sha256, code=code))

    async def _sign_on_paper(self, pid: str, sha256: str) -> None:
        """The counter takes in the sheet that everybody signed by hand. Its scan here is the sheet without a hand."""
        clerk = await self.stage.actor(self._clerk)
        async with self.stage.read() as session:
            stands = await agreements.standing(session, (await for_reading(session, clerk, pid)).agreement)
            file = await session.get_one(File, stands.agreement.pdf_file_id or 0)
            sheet = await evidence.read_bytes(file)
        scan = await evidence.prepare_bytes("签好的协议（演示）.pdf", "application/pdf", sheet)
        signers = [slot.key for slot in stands.slots]
        wanted = PaperIn(
            signers=signers, check_code=stands.agreement.check_code, seen=True, note="当面核对了身份证，看着签的名"
        )
        async with self.stage.write() as session:
            await agreements.take_paper(session, clerk, pid, wanted, scan)

    async def _ask_court(self) -> None:
        script, stage = self.script, self.stage
        for key in (script.applicant, script.respondent):
            actor = await stage.actor(key)
            async with stage.write() as session:
                await agreements.agree_to_court(session, actor, self.case_pid, CourtConsentIn())
        clerk = await stage.actor(self._clerk)
        wanted = CourtRequestIn(court="150302", applied_on=clock.today(), fits=True)
        async with stage.write() as session:
            await agreements.register_court_request(session, clerk, self.case_pid, wanted)

    async def _dismissed(self, head: Head) -> None:
        with clock.shifted(days_ago(self.at)):
            await self._ask_court()
        self.later(9)
        clerk = await self.stage.actor(self._clerk)
        with clock.shifted(days_ago(self.at)):
            wanted = CourtOutcomeIn(outcome=CourtOutcome.REJECTED, decided_on=clock.today(), head=head)
            async with self.stage.write() as session:
                await agreements.record_court_outcome(session, clerk, self.case_pid, wanted)

    async def _perform(self) -> None:
        script, stage = self.script, self.stage
        keys = {Side.APPLICANT: script.applicant, Side.RESPONDENT: script.respondent}
        async with stage.read() as session:
            items = await agreements.items_of(session, await self._case(session))
            sides = {party.id: Side(party.side) for party in await cases.parties_of(session, await self._case(session))}
        for item in items:
            obligor = sides[item.obligor_id or 0]
            async with stage.write() as session:
                await agreements.claim(session, await stage.actor(keys[obligor]), item.pid, ClaimIn(note="已经办好了"))
            async with stage.write() as session:
                answer = SettleIn(answer="confirm")
                await agreements.settle(session, await stage.actor(keys[obligor.other]), item.pid, answer)

    async def _pay_half(self) -> None:
        """One sum is paid by half, and the other side says so."""
        script, stage = self.script, self.stage
        keys = {Side.APPLICANT: script.applicant, Side.RESPONDENT: script.respondent}
        async with stage.read() as session:
            items = await agreements.items_of(session, await self._case(session))
            sides = {party.id: Side(party.side) for party in await cases.parties_of(session, await self._case(session))}
        item = next((one for one in items if one.amount_fen), None)
        if item is None or item.amount_fen is None:
            return
        obligor = sides[item.obligor_id or 0]
        half = ClaimIn.model_validate({"amount": str(item.amount_fen // 200), "note": "先付一半"})
        async with stage.write() as session:
            await agreements.claim(session, await stage.actor(keys[obligor]), item.pid, half)
        async with stage.write() as session:
            part = (await session.scalars(select(Part.pid).where(Part.item_id == item.id))).one()
            answer = PartAnswerIn(answer="confirm")
            await agreements.answer_part(session, await stage.actor(keys[obligor.other]), part, answer)

    async def _visit(self) -> None:
        mediator = await self.stage.actor(self.script.mediator)
        for side, satisfaction in ((Side.APPLICANT, 1), (Side.RESPONDENT, 2)):
            async with self.stage.write() as session:
                party = await self._party(session, side)
                wanted = VisitIn(
                    party=party.pid,
                    channel=Channel.PHONE,
                    visited_at=clock.now() - timedelta(minutes=5),
                    performed=Performed.YES,
                    satisfaction=satisfaction,
                    note="说到做到，没有新的矛盾。",
                )
                await agreements.visit(session, mediator, self.case_pid, wanted)

    async def _close(self) -> None:
        mediator = await self.stage.actor(self.script.mediator)
        async with self.stage.write() as session:
            await cases.close(session, mediator, await self._case(session))

    async def _archive(self) -> None:
        clerk = await self.stage.actor(self._clerk)
        async with self.stage.write() as session:
            await cases.archive(session, clerk, await self._case(session))

    # --- off the road -----------------------------------------------------------------------------------------------

    async def _branch(self) -> None:
        script, stage = self.script, self.stage
        if script.until is State.EFFECTIVE:
            return
        if script.until is State.CONFIRMING:
            await self._ask_court()
            return
        clerk = await stage.actor(self._clerk)
        async with stage.write() as session:
            case = await self._case(session)
            if script.until is State.SUPPLEMENT:
                await cases.request_supplement(session, clerk, case, ["借条的照片", "转账记录"])
            elif script.until is State.NOT_ACCEPTED:
                await cases.refuse(session, clerk, case, RefusalGround.ALREADY_HANDLED, "法院已经立案")
            elif script.until is State.TRANSFERRED:
                await cases.transfer(session, clerk, case, "乌达区矛盾纠纷调处中心", "达收〔2026〕17号")
            elif script.until is State.WITHDRAWN:
                actor = await stage.actor(script.applicant)
                await cases.withdraw(session, actor, case, "自己谈好了", result=Result.SETTLED_SELF)
            elif script.until is State.CONSULTING:
                await cases.consult(session, clerk, case)
                await cases.invite(session, clerk, await self._party(session, Side.RESPONDENT))
            elif script.until is State.SUSPENDED:
                mediator = await stage.actor(script.mediator)
                await cases.suspend(session, mediator, case, SuspendReason.APPRAISAL, "等漏水原因的鉴定结果")
            else:
                await cases.opt_out(session, await stage.actor(script.respondent), case, "不想再谈")

    # --- what the steps share ---------------------------------------------------------------------------------------

    @property
    def _clerk(self) -> str:
        return "bodyclerk"

    async def _case(self, session: AsyncSession) -> Case:
        return await session.get_one(Case, self.case_id)

    async def _party(self, session: AsyncSession, side: Side) -> Party:
        query = select(Party).where(Party.case_id == self.case_id, Party.side == side, Party.acts_for_id.is_(None))
        return (await session.scalars(query)).one()

    async def _rooms(self) -> dict[str, str]:
        async with self.stage.read() as session:
            found = await rooms.rooms_of(session, self.case_pid)
        joint = next(room.pid for room in found if room.kind == RoomKind.JOINT)
        private = next(room.pid for room in found if room.kind == RoomKind.PRIVATE and room.slot == Side.APPLICANT)
        return {"joint": joint, "private": private}

    async def _frozen(self) -> tuple[str, str]:
        async with self.stage.read() as session:
            agreement = await current(session, await self._case(session))
        if agreement is None or agreement.sha256 is None:
            raise RuntimeError(f"the agreement of {self.script.key} is not frozen")
        return agreement.pid, agreement.sha256


def _drawn(name: str) -> str:
    """Strokes as the pad sends them: a few lines per character, so that the paper shows a hand's writing."""
    strokes = []
    ms = 0
    for place, sign in enumerate(name[:6]):
        seed = ord(sign)
        left, top = 12 + place * 54, 40
        for stroke in range(3):
            points = []
            for n in range(9):
                x = left + n * 4.5 + (seed >> (n % 7)) % 5
                y = top + stroke * 24 + ((seed * (n + 3 + stroke)) % 23) - 6
                points.append([round(x, 1), float(y), ms])
                ms += 16
            strokes.append(points)
            ms += 120
    return json.dumps({"v": 1, "width": 343, "height": 180, "strokes": strokes})
