"""The story of one case by service calls, each step in a transaction of its own; tests take it as far as they need."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.models import Person
from odr.cases import service
from odr.cases.codes import Category, Channel, ConsentKind, Source, Will
from odr.cases.models import Case, Party
from odr.cases.schemas import Application, PartyIn
from odr.core.db import Database
from tests.cast import COMMUNITY, Cast, Member

NO_TIES = "与各方当事人没有亲属或者利害关系。"


def application(**changes: Any) -> Application:
    given: dict[str, Any] = {
        "title": "燃气改造费用",
        "category": Category.CONTRACT,
        "facts": "燃气公司上门说要改造管道，要我交 2600 元，我不知道该不该交。",
        "claims": ["说明收费的依据", "退还多收的钱"],
        "division_code": COMMUNITY,
        "amount_fen": 260000,
        "applicant": PartyIn(name="王某某"),
        "respondents": [PartyIn(name="李某", phone="13904730002")],
    }
    return Application(**(given | changes))


class Story:
    """One case and its people."""

    def __init__(self, db: Database, cast: Cast) -> None:
        self.db = db
        self.cast = cast
        self.pid = ""

    @staticmethod
    def named(name: str, phone: str | None) -> PartyIn:
        return PartyIn(name=name, phone=phone)

    @asynccontextmanager
    async def step(self) -> AsyncIterator[tuple[AsyncSession, Case]]:
        async with self.db.write() as session:
            yield session, (await session.scalars(select(Case).where(Case.pid == self.pid))).one()

    async def case(self) -> Case:
        async with self.db.read() as session:
            return (await session.scalars(select(Case).where(Case.pid == self.pid))).one()

    async def state(self) -> str:
        return (await self.case()).state

    async def party(self, session: AsyncSession, case: Case, side: str) -> Party:
        query = select(Party).where(Party.case_id == case.id, Party.side == side, Party.role == "party")
        return (await session.scalars(query)).one()

    async def apply(self, *, entered: bool = False, **changes: Any) -> "Story":
        """`entered`: the body's clerk typed it for the applicant."""
        who = self.cast.body_clerk if entered else self.cast.applicant
        async with self.db.write() as session:
            case = await service.submit(
                session,
                who.actor,
                application(**changes),
                channel=Channel.COUNTER if entered else Channel.WEB,
                source=Source.APPLIED if entered else Source.ODR_SELF,
                applicant_person=await session.get_one(Person, self.cast.applicant.id),
                entered_by=await session.get_one(Person, who.id) if entered else None,
            )
            self.pid = case.pid
        return self

    async def route(self) -> "Story":
        async with self.step() as (session, case):
            await service.route(session, self.cast.centre_clerk.actor, case, self.cast.body_id)
        return self

    async def accept(self) -> "Story":
        async with self.step() as (session, case):
            await service.accept(session, self.cast.body_clerk.actor, case)
        return self

    async def accept_by_centre(self) -> "Story":
        async with self.step() as (session, case):
            await service.accept(session, self.cast.centre_clerk.actor, case)
        return self

    async def close(self, member: Member) -> "Story":
        async with self.step() as (session, case):
            await service.close(session, member.actor, case)
        return self

    async def invite(self, side: str = "respondent") -> tuple[str, str]:
        """The token and the code of a fresh invitation."""
        async with self.step() as (session, case):
            party = await self.party(session, case, side)
            _row, token, code = await service.invite(session, self.cast.body_clerk.actor, party)
        return token, code

    async def join(self, member: Member | None = None, name: str = "李某") -> bool:
        token, _code = await self.invite()
        member = member or self.cast.respondent
        async with self.db.write() as session:
            invitation = await service.invitation_by_token(session, token)
            assert invitation is not None
            return await service.take_invitation(session, member.actor, invitation, name) is not None

    async def assign(self) -> "Story":
        async with self.step() as (session, case):
            await service.assign(session, self.cast.body_clerk.actor, case, self.cast.mediator.id, ["熟悉燃气"])
        return self

    async def confirm(self) -> "Story":
        async with self.step() as (session, case):
            await service.confirm_assignment(session, self.cast.mediator.actor, case, NO_TIES)
        return self

    async def pass_gates(self, *sides: str) -> "Story":
        for side in sides or ("applicant", "respondent"):
            member = self.cast.applicant if side == "applicant" else self.cast.respondent
            async with self.step() as (session, case):
                party = await self.party(session, case, side)
                if party.will != Will.AGREED:
                    await service.answer_will(session, member.actor, case, party, Will.AGREED)
                for kind in (ConsentKind.RIGHTS_NOTICE, ConsentKind.ONLINE_MEDIATION, ConsentKind.DISCLOSURE):
                    await service.pass_gate(session, member.actor, party, kind)
        return self

    async def start(self) -> "Story":
        async with self.step() as (session, case):
            await service.start(session, self.cast.mediator.actor, case)
        return self

    async def accepted(self) -> "Story":
        await self.apply()
        await self.route()
        return await self.accept()

    async def assigned(self) -> "Story":
        await self.accepted()
        assert await self.join()
        return await self.assign()

    async def confirmed(self) -> "Story":
        await self.assigned()
        return await self.confirm()

    async def mediating(self) -> "Story":
        await self.confirmed()
        await self.pass_gates()
        return await self.start()
