"""Building the demo city, and telling its logins again at any later start."""

import unicodedata
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts import service as accounts
from odr.accounts.models import Grant, IdentityLevel, Person, Role, Vouching
from odr.audit import service as audit
from odr.audit.models import LedgerRow
from odr.audit.who import SYSTEM
from odr.bodies import service as bodies
from odr.bodies.models import Body, Grid, MediatorProfile
from odr.cases.models import Case
from odr.core import clock, jobs
from odr.core.crypto import blind_index
from odr.core.db import Database
from odr.core.web import Odr
from odr.demo import doors, people, scripts
from odr.demo.play import Play
from odr.demo.stage import Stage, days_ago

Progress = Callable[[float, str], None]
_ROSTER = 2
_MOVED_IN = 200
_COLUMNS = (14, 18, 13, 24)
_BEGUN, _BUILT = "demo:city:begun", "demo:city:built"


async def exists(database: Database) -> bool:
    """Whether this database holds people already."""
    async with database.read() as session:
        return bool(await session.scalar(select(func.count()).select_from(Person)))


async def unfinished(database: Database) -> bool:
    """Whether somebody began to build the city here and did not come to the end. A half city looks like a whole one,
    with cases in which nobody can go on."""
    async with database.read() as session:
        tags = set(await session.scalars(select(LedgerRow.tag).where(LedgerRow.tag.in_((_BEGUN, _BUILT)))))
    return tags == {_BEGUN}


async def build(service: Odr, progress: Progress) -> None:
    """Fill an empty database: bodies, rosters, residents, and every script played to its state."""
    stage = Stage(service)
    progress(2, "区划与调解组织")
    with clock.shifted(days_ago(_MOVED_IN)):
        async with service.db.write() as session:
            await bodies.seed(session)
            await audit.record(session, SYSTEM, _BEGUN, "demo", "city")
        progress(8, "调解员与工作人员")
        password_hash = await accounts.hash_password(people.password())
        async with service.db.write() as session:
            await _staff(session, stage, password_hash)
            await _rosters(session)
            await _residents(session, stage)
            await _grids(session, stage)
    # The oldest first: numbers are given in the order of their days, and no code of an app is used backwards.
    for n, script in enumerate(sorted(scripts.SCRIPTS, key=lambda one: -one.days_ago)):
        progress(12 + 85 * n / len(scripts.SCRIPTS), script.title)
        async with service.db.read() as session:
            body = await _body(session, script.body)
        await Play(stage, script, body.id).run()
    progress(97, "草稿、工单、到期提醒")
    await doors.leave_a_draft(stage, "sun")
    await doors.send_orders(stage)
    await stage.sign_everybody_out()
    # Promises and deadlines whose day passed while the stories were played are told now, not at the first serving.
    while await jobs.run_due(service.db):
        continue
    async with service.db.write() as session:
        await audit.record(session, SYSTEM, _BUILT, "demo", "city")
    progress(100, "完成")


async def _body(session: AsyncSession, key: str) -> Body:
    """`utilities`, `property_mgmt:150302`, `centre:1503`, or `neighbour:<division>` for the committee of a place."""
    kind, _colon, place = key.partition(":")
    query = select(Body).order_by(Body.id)
    if place:
        query = query.where(Body.division_code == place.ljust(12, "0"))
    if kind == "centre":
        query = query.where(Body.kind == "centre")
    elif kind == "neighbour":
        query = query.where(Body.kind == "committee")
    else:
        query = query.where(Body.sector == kind)
    return (await session.scalars(query.limit(1))).one()


async def _staff(session: AsyncSession, stage: Stage, password_hash: str) -> None:
    for n, one in enumerate(people.STAFF_LOGINS):
        held: list[int | None] = [(await _body(session, key)).id for key in one.bodies] or [None]
        person = await accounts.create_staff(
            session,
            SYSTEM,
            one.name,
            people.phone(9000 + n),
            one.login,
            password_hash,
            people.totp_secret(one.login),
            [(one.role, body_id) for body_id in held],
        )
        person.invented = True
        person.identity_level, person.identity_at = IdentityLevel.IN_PERSON, clock.now()
        stage.cast[one.login] = person.id
        if one.role is Role.MEDIATOR:
            session.add(_profile(person, n))


def _profile(person: Person, n: int) -> MediatorProfile:
    return MediatorProfile(
        person_id=person.id,
        kind="engaged" if n % 3 else "member",
        title="专职人民调解员",
        intro=f"从事人民调解 {3 + n % 18} 年",
        languages=["zh", "mn"] if "格" in person.name or "巴" in person.name else ["zh"],
        education="大专",
        since=date(2005 + n % 18, 3, 1),
        trained_until=clock.today() + timedelta(days=400),
    )


async def _rosters(session: AsyncSession) -> None:
    """Mediators for every body that takes matters, so that routing has somebody to propose."""
    names = people.invented_names()
    found = list(await session.scalars(select(Body).where(Body.kind != "centre").order_by(Body.id)))
    seated: list[tuple[Person, Body, int]] = []
    for n, body in enumerate(found):
        for seat in range(_ROSTER if body.kind == "sector" else 1):
            number = 5000 + n * _ROSTER + seat
            phone = people.phone(number)
            person = Person(
                name=next(names),
                phone=phone,
                phone_index=blind_index("phone", phone),
                identity_level=IdentityLevel.IN_PERSON,
                identity_at=clock.now(),
                invented=True,
            )
            seated.append((person, body, number))
    session.add_all(person for person, _body, _n in seated)
    await session.flush()
    for person, body, number in seated:
        session.add_all([Grant(person_id=person.id, role=Role.MEDIATOR, body_id=body.id), _profile(person, number)])


async def _residents(session: AsyncSession, stage: Stage) -> None:
    for one in people.RESIDENTS:
        person = Person(
            name=one.name,
            phone=one.phone,
            phone_index=blind_index("phone", one.phone),
            id_no=one.id_no,
            id_no_index=blind_index("id_no", one.id_no),
            identity_level=IdentityLevel.ID_CHECKED,
            identity_at=clock.now(),
            invented=True,
        )
        session.add(person)
        await session.flush()
        session.add(Vouching(person_id=person.id, method="format", by_person_id=None, note="演示城市"))
        stage.cast[one.key] = person.id


async def _grids(session: AsyncSession, stage: Stage) -> None:
    """The demo's grid worker has the grids of one community."""
    for grid in await session.scalars(select(Grid).where(Grid.division_code == "150302004006")):
        grid.worker_id = stage.cast["grid"]


async def logins(service: Odr) -> dict[str, Any]:
    """How to come in as each role, and where to look first."""
    settings = service.settings
    async with service.db.read() as session:
        gas = await session.scalar(
            select(Case).where(Case.title == scripts.GAS.title, Case.invented).order_by(Case.id).limit(1)
        )
    staff = [
        {
            "role": one.role.value,
            "name": one.name,
            "login": one.login,
            "password": people.password(),
            "totp_secret": people.totp_secret(one.login),
        }
        for one in people.STAFF_LOGINS
    ]
    residents = [
        {"role": Role.RESIDENT.value, "name": one.name, "phone": one.phone, "id_no": one.id_no}
        for one in people.RESIDENTS
    ]
    return {
        "url": settings.base_url,
        "addresses": {
            "residents": f"{settings.base_url}/",
            "staff": f"{settings.base_url}/login/staff",
            "codes": f"{settings.base_url}/admin/outbox",
        },
        "story": f"{settings.base_url}/cases/{gas.pid}" if gas else None,
        "residents": residents,
        "staff": staff,
    }


def _wide(text: str, width: int) -> str:
    """The text on so many columns; a Chinese character takes two."""
    columns = sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
    return text + " " * max(1, width - columns)


def told(found: dict[str, Any]) -> str:
    """The addresses and one line a login, for a terminal. No secret is cut: half of one lets nobody in."""
    rows = [("角色", "姓名", "登录", "TOTP 密钥")]
    rows += [("居民", one["name"], one["phone"], "短信验证码") for one in found["residents"]]
    rows += [(one["role"], one["name"], one["login"], one["totp_secret"]) for one in found["staff"]]
    table = ["".join(_wide(cell, width) for cell, width in zip(row, _COLUMNS, strict=True)).rstrip() for row in rows]
    return "\n".join(
        [
            "",
            f"乌海解纷 · 演示城市  {found['addresses']['residents']}",
            "人物、案件、地址、电话都是虚构的。验证码由系统管理员在“待发与已发”里查看。",
            "",
            *(f"  {line}" for line in table),
            "",
            f"工作人员登录：{found['addresses']['staff']}  密码：{people.password()}",
            f"报纸上的那件事：{found['story']}",
            "",
        ]
    )
