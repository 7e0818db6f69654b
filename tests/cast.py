"""The fixed cast. Every door is tested with all of them, the stranger and the other side included."""

from dataclasses import dataclass, fields
from datetime import timedelta

import httpx2
from fastapi import FastAPI

from odr.accounts.access import Actor, load_actor
from odr.accounts.models import Grant, IdentityLevel, Login, Person, Role
from odr.bodies.models import Body, BodyCategory, Division, MediatorProfile
from odr.core import clock, crypto, ids
from odr.core.db import Database

CITY, HAIBOWAN, STREET, COMMUNITY = "150300000000", "150302000000", "150302004000", "150302004001"


@dataclass
class Member:
    """One of the cast: the actor of services, and a signed-in client."""

    actor: Actor
    token: str
    phone: str
    app: FastAPI

    @property
    def id(self) -> int:
        return self.actor.person_id

    @property
    def pid(self) -> str:
        return self.actor.pid

    def program(self) -> httpx2.AsyncClient:
        """A program with a bearer token, for the JSON API."""
        return self._client({"Authorization": f"Bearer {self.token}"})

    def browser(self) -> httpx2.AsyncClient:
        """A browser with the login cookie. Post forms with `csrf=CSRF`."""
        client = self._client({"Origin": self.app.state.odr.settings.base_url})
        client.cookies.set("odr_login", self.token)
        client.cookies.set("odr_csrf", CSRF)
        return client

    def _client(self, headers: dict[str, str]) -> httpx2.AsyncClient:
        base = self.app.state.odr.settings.base_url
        plain = {"Accept-Encoding": "identity"}  # packing and unpacking thousands of pages tells nothing
        return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=self.app), base_url=base, headers=headers | plain)


CSRF = "a-csrf-token-that-is-long-enough-for-tests"


@dataclass
class Cast:
    """Two residents with agents, the staff of the utilities body and its centre, and those who must see nothing."""

    applicant: Member
    respondent: Member
    applicant_agent: Member
    respondent_agent: Member
    mediator: Member
    other_mediator: Member
    body_clerk: Member
    centre_clerk: Member
    grid_worker: Member
    auditor: Member
    system_admin: Member
    stranger: Member

    centre_id: int
    body_id: int
    other_body_id: int
    body_pid: str

    def everybody(self) -> dict[str, Member]:
        return {f.name: getattr(self, f.name) for f in fields(self) if isinstance(getattr(self, f.name), Member)}

    def everybody_but(self, *names: str) -> dict[str, Member]:
        return {name: member for name, member in self.everybody().items() if name not in names}


async def found_cast(app: FastAPI) -> Cast:
    """Put the cast into an empty database."""
    db: Database = app.state.odr.db
    async with db.write() as session:
        session.add_all(
            [
                Division(code=CITY, name="乌海市", level="city"),
                Division(code=HAIBOWAN, name="海勃湾区", level="district", parent_code=CITY),
                Division(code=STREET, name="新华西街道", level="township", kind="street", parent_code=HAIBOWAN),
                Division(code=COMMUNITY, name="海达社区", level="community", parent_code=STREET),
            ]
        )
        await session.flush()
        centre = Body(kind="centre", level="district", name="海勃湾区矛盾纠纷调处中心", division_code=HAIBOWAN)
        body = Body(
            kind="sector", level="city", sector="utilities", name="乌海市公用事业纠纷人民调解委员会",
            number_word="乌公用", division_code=CITY, scope="水、电、气、热",
        )  # fmt: skip
        other = Body(
            kind="sector", level="district", sector="property", name="海勃湾区物业纠纷人民调解委员会",
            number_word="海物业", division_code=HAIBOWAN, scope="物业费、维修、停车",
        )  # fmt: skip
        session.add_all([centre, body, other])
        await session.flush()
        session.add_all([BodyCategory(body_id=body.id, category=c) for c in ("04", "12b")])
        session.add_all([BodyCategory(body_id=other.id, category=c) for c in ("15", "02")])

        async def person(name: str, n: int, *grants: tuple[Role, int | None]) -> tuple[Person, str, str]:
            phone = f"1390473{n:04d}"
            found = Person(
                name=name, phone=phone, phone_index=crypto.blind_index("phone", phone), invented=True,
                identity_level=IdentityLevel.ID_CHECKED, identity_at=clock.now(),
            )  # fmt: skip
            session.add(found)
            await session.flush()
            for role, body_id in grants:
                session.add(Grant(person_id=found.id, role=role, body_id=body_id))
                if role is Role.MEDIATOR:
                    session.add(MediatorProfile(person_id=found.id, title="专职人民调解员"))
            token = ids.new_token()
            session.add(
                Login(
                    token_hash=crypto.token_hash(token),
                    person_id=found.id,
                    staff=bool(grants),
                    expires_at=clock.now() + timedelta(days=1),
                )
            )
            await session.flush()
            return found, token, phone

        people = {
            "applicant": await person("王某某", 1),
            "respondent": await person("李某", 2),
            "applicant_agent": await person("王小某", 3),
            "respondent_agent": await person("李小某", 4),
            "mediator": await person("张调解", 5, (Role.MEDIATOR, body.id)),
            "other_mediator": await person("赵调解", 6, (Role.MEDIATOR, other.id)),
            "body_clerk": await person("钱登记", 7, (Role.BODY_CLERK, body.id)),
            "centre_clerk": await person("孙中心", 8, (Role.CENTRE_CLERK, centre.id)),
            "grid_worker": await person("周网格", 9, (Role.GRID_WORKER, centre.id)),
            "auditor": await person("吴审计", 10, (Role.AUDITOR, None)),
            "system_admin": await person("郑运维", 11, (Role.SYSTEM_ADMIN, None)),
            "stranger": await person("冯路人", 12),
        }
    members = {}
    async with db.read() as session:
        for name, (_, token, phone) in people.items():
            actor = await load_actor(session, token)
            assert actor is not None
            members[name] = Member(actor=actor, token=token, phone=phone, app=app)
    return Cast(**members, centre_id=centre.id, body_id=body.id, other_body_id=other.id, body_pid=body.pid)
