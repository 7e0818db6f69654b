"""A case of the cast in which an agreement is made, and the steps on the way to it."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pyotp
from sqlalchemy import select

from odr.accounts.models import Credential
from odr.agreements import service
from odr.agreements.models import Agreement
from odr.agreements.schemas import Answer, AnswerIn, AtOnce, ClauseIn, DraftIn, ReadIn, RegisterIn, SignIn
from odr.cases import seating
from odr.cases.codes import ConsentKind, State
from odr.cases.models import Assignment, Case, Gate, Party
from odr.core import clock, outbox
from odr.core.db import Database
from odr.core.limits import Limiter
from tests.cast import COMMUNITY, Cast, Member

GATES = (ConsentKind.RIGHTS_NOTICE, ConsentKind.ONLINE_MEDIATION, ConsentKind.DISCLOSURE)
TOTP = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@dataclass
class Story:
    """A case being mediated between the applicant and the respondent, each with an agent of general authority."""

    db: Database
    cast: Cast
    case: str
    case_id: int
    applicant: str
    respondent: str

    async def draft(self, form: str = "written") -> str:
        wanted = DraftIn(form=form, facts="燃气改造费用的争议，双方对金额说法不同。", issues="改造费 2,600 元由谁出。")
        async with self.db.write() as session:
            return (await service.draft(session, self.cast.mediator.actor, self.case, wanted)).pid

    def pay(self, **changed: Any) -> ClauseIn:
        given = {
            "kind": "pay",
            "obligor": self.respondent,
            "obligee": self.applicant,
            "text": "被申请人退还申请人燃气改造费。",
            "amount": "2600",
            "due_on": str(clock.today() + timedelta(days=10)),
            "manner": "微信转账",
        }
        return ClauseIn.model_validate(given | changed)

    async def clause(self, agreement: str, wanted: ClauseIn | None = None) -> str:
        async with self.db.write() as session:
            row = await service.add_clause(session, self.cast.mediator.actor, agreement, wanted or self.pay())
            return row.pid

    async def answer(self, who: Member, agreement: str, clause: str, answer: str = "accept", **more: Any) -> None:
        wanted = AnswerIn(answer=Answer(answer), **({"version": 1} | more))
        async with self.db.write() as session:
            await service.answer(session, who.actor, agreement, clause, wanted)

    async def frozen(self, form: str = "written") -> Agreement:
        """One clause, accepted by both, frozen."""
        pid = await self.draft(form)
        clause = await self.clause(pid)
        if form == "oral":
            await self.register(pid)
        else:
            await self.answer(self.cast.applicant, pid, clause)
            await self.answer(self.cast.respondent, pid, clause)
        return await service.finalise(self.db, self.cast.mediator.actor, pid)

    async def register(self, pid: str) -> None:
        """The register form of an oral draft."""
        wanted = RegisterIn(held_on=clock.today(), place="海达社区调解室", performed=AtOnce.LATER)
        async with self.db.write() as session:
            await service.register(session, self.cast.mediator.actor, pid, wanted)

    async def code(self, who: Member, agreement: str) -> str:
        """A fresh code after reading, as it stands in the outbox; for staff the one of the moment."""
        await self.read(who, agreement)
        if who.actor.is_staff:
            async with self.db.write() as session:
                if await session.get(Credential, who.id) is None:
                    session.add(
                        Credential(person_id=who.id, login_name=f"u{who.id}", password_hash="x", totp_secret=TOTP)
                    )
            return pyotp.TOTP(TOTP).at(clock.now())
        async with self.db.write() as session:
            await service.send_code(session, Limiter(), who.actor, agreement)
        async with self.db.read() as session:
            query = select(outbox.Outbox).where(outbox.Outbox.tag == "sign:code").order_by(outbox.Outbox.id.desc())
            text = (await session.scalars(query)).first()
            assert text is not None
            return next(word for word in text.text.replace("，", " ").split() if word.isdigit() and len(word) == 6)

    async def read(self, who: Member, agreement: str) -> None:
        """To the end, on the login of this member."""
        async with self.db.write() as session:
            sha256 = await session.scalar(select(Agreement.sha256).where(Agreement.pid == agreement))
            await service.note_read(session, who.actor, agreement, ReadIn(sha256=sha256 or "", read=True))

    async def sign(self, who: Member, agreement: Agreement, **changed: Any) -> service.Standing:
        changed = {"strokes": strokes_of(who.id)} | changed
        code = await self.code(who, agreement.pid)
        given = {"sha256": agreement.sha256, "read": True, "e_sign": True, "strokes": STROKES, "code": code}
        return await service.sign(self.db, who.actor, agreement.pid, SignIn.model_validate(given | changed))

    async def effective(self) -> Agreement:
        """Signed by everybody and sealed."""
        agreement = await self.frozen()
        for who in (self.cast.applicant, self.cast.respondent, self.cast.mediator):
            await self.sign(who, agreement)
        async with self.db.write() as session:
            await service.seal(session, self.cast.body_clerk.actor, agreement.pid, agreement.sha256 or "")
        return agreement

    async def state(self) -> str:
        async with self.db.read() as session:
            return (await session.get_one(Case, self.case_id)).state

    async def lines(self, who: Member, kind: str = "joint") -> list[str]:
        """The texts of the room of this kind that `who` may read."""
        from odr.rooms import access as rooms_access
        from odr.rooms import service as rooms

        found = []
        async with self.db.read() as session:
            for room in await rooms.rooms_of(session, self.case):
                if room.kind != kind:
                    continue
                _room, member = await rooms_access.member_of(session, who.actor, room.pid)
                page = await rooms.page(session, _room, member, limit=200)
                found += [str(line.body.get("text")) for line in page.lines]
        return found


def strokes_of(hand: int) -> str:
    """A name drawn by one hand; no two hands draw the same."""
    line = [[20 + 9 * n, 40 + (n % 5) * 20 + hand % 37, n * 16 + hand] for n in range(30)]
    return json.dumps({"v": 1, "width": 343, "height": 180, "strokes": [line]})


STROKES = strokes_of(0)


async def begun(db: Database, cast: Cast, **changed: Any) -> Story:
    """The case, mediated, with its rooms. `changed` sets columns of the case."""
    async with db.write() as session:
        columns = {
            "state": State.MEDIATING.value, "application_no": "ODR20261124-000001", "submitted_at": clock.now(),
            "source": "odr_self", "channel": "web", "confirmed_at": clock.now(), "title": "燃气改造费",
            "category": "12b", "facts": "物业要收燃气改造费 2,600 元。", "claims": ["退还 2,600 元"],
            "division_code": COMMUNITY, "centre_id": cast.centre_id, "body_id": cast.body_id, "year": 2026, "serial": 1,
            "case_no": "乌公用人调〔2026〕0001号", "accepted_at": clock.now(),
        }  # fmt: skip
        case = Case(**(columns | changed))
        session.add(case)
        await session.flush()
        rows = {}
        for side, who, agent in (
            ("applicant", cast.applicant, cast.applicant_agent),
            ("respondent", cast.respondent, cast.respondent_agent),
        ):
            party = Party(
                case_id=case.id, side=side, person_id=who.id, name=who.actor.name, phone=who.phone,
                id_no="15030219560312002X" if side == "applicant" else "150302198803120010",
                address="新华西街道海达社区 3 号楼", will="agreed",
            )  # fmt: skip
            session.add(party)
            await session.flush()
            session.add(
                Party(
                    case_id=case.id,
                    side=side,
                    role="agent",
                    acts_for_id=party.id,
                    may_settle=False,
                    person_id=agent.id,
                    name=agent.actor.name,
                    will="agreed",
                )
            )  # fmt: skip
            session.add_all(
                Gate(party_id=party.id, kind=kind, text_version="t", channel="web", by_person_id=who.id)
                for kind in GATES
            )
            rows[side] = party
        now = clock.now()
        session.add(
            Assignment(case_id=case.id, person_id=cast.mediator.id, confirmed_at=now, disclosure="无", disclosed_at=now)
        )
        await session.flush()
        await seating.keep_in_step(session, case)
    return Story(db, cast, case.pid, case.id, rows["applicant"].pid, rows["respondent"].pid)
