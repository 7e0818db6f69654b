# ruff: noqa: E501 - what people read is not broken
"""Ten disputes of ten categories, each played through the services from the application to the closed file.

The people are the demo city's, with one whose name has fifty signs; each has an address, so that nothing is missing.
"""

import io
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pypdf
from PIL import Image, ImageDraw
from sqlalchemy import select

from odr.accounts import service as accounts
from odr.accounts.models import IdentityLevel, Person, Vouching
from odr.agreements import service as agreements
from odr.agreements.models import CourtRequest, PerformanceItem
from odr.agreements.performance_schemas import CertificateIn
from odr.agreements.schemas import ClaimIn, CourtOutcomeIn, ReasonIn, SettleIn
from odr.bodies import service as bodies
from odr.bodies.models import Body
from odr.cases import access as case_access
from odr.cases import joining
from odr.cases import service as cases
from odr.cases.codes import Category, CourtOutcome, PartyKind, Side, State
from odr.cases.models import Party
from odr.cases.schemas import AgentIn
from odr.core import clock, crypto, paper
from odr.core.web import Odr
from odr.demo import city, people
from odr.demo.play import Play
from odr.demo.scripts import Promise, Script
from odr.demo.stage import Stage, days_ago
from odr.dossier import access, filing, records
from odr.dossier.bundle import Bundle, gather
from odr.dossier.codes import AgentKind, Ending, Retention, Scope
from odr.dossier.schemas import FilingIn, InquiryIn, MandateIn, PageIn, ParticularsIn, RecordIn
from odr.evidence import service as evidence
from odr.meetings import service as meetings
from odr.meetings.schemas import HoldIn, Kind, MinutesIn, PlanIn, Presence

LONG_NAME = (
    "阿拉坦"
    + "·".join(
        ["格日勒图", "其其格玛", "孟克巴雅尔", "苏日娜", "乌兰图雅", "敖登高娃", "那仁朝克图", "萨仁", "额尔德尼"]
    )
    + "那音太"
)
LONG_NAME = (LONG_NAME + "图")[:50].ljust(50, "呼")
STREET = "内蒙古自治区乌海市海勃湾区林荫街道大庆社区光明路 18 号院 3 号楼 2 单元 501 室"
COMMITTEE = "neighbour:150302004006"


def script(
    key: str, category: Category, title: str, facts: str, claims: tuple[str, ...], *promises: Promise, **more: Any
) -> Script:
    """One dispute of the neighbourhood's committee, played until it is closed."""
    given: dict[str, Any] = {
        "applicant": "wang", "respondent": "li", "respondent_name": "李某", "body": COMMITTEE, "mediator": "mediator2",
        "until": State.CLOSED, "days_ago": 60, "division": "150302004006", "place": "林荫街道大庆社区", "amount_fen": 260_000,
    }  # fmt: skip
    talk = (
        ("mediator", "两位好，今天先把事情说清楚。"),
        ("applicant", "我就想把这件事说明白。"),
        ("respondent", "可以商量。"),
    )
    return Script(key, title, category, facts, claims, talk=talk, promises=promises, **(given | more))


def pay(text: str, amount: str, days: int = 10, manner: str = "银行转账") -> Promise:
    return Promise("respondent", "pay", text, amount, days, manner)


SCRIPTS = (
    script("family", Category.FAMILY, "赡养费", "母亲年过七十，与儿子分开居住，两年没有收到生活费，生病时也没有人照料。",
           ("每月给付生活费", "生病时轮流照料"), pay("支付本季度赡养费", "2400.00", 20, "转账到申请人的存折"), paper=True,
           respondent="chen", respondent_name="陈某"),
    script("neighbour", Category.NEIGHBOUR, "楼上漏水", "楼上卫生间漏水，厨房吊顶被泡坏，墙皮起壳，双方对责任说法不同。",
           ("修好漏水的地方", "赔偿吊顶和墙面损失"),
           Promise("respondent", "act", "修好卫生间地漏和防水层", days=7, manner="请专业师傅施工"),
           pay("赔偿吊顶和墙面损失", "1800.00", manner="微信转账"), applicant="long", respondent="sun", respondent_name="孙某强"),
    script("housing", Category.HOUSING, "租房押金", "租期届满退房，房东以墙面污损为由不退押金两千六百元。", ("退还押金 2,600 元",),
           pay("退还房屋押金", "2600.00")),
    script("contract", Category.CONTRACT, "借款", "去年借给对方一万元，有借条，约定春节前归还，到期没有归还。", ("归还借款一万元",),
           pay("归还借款", "10000.00"), amount_fen=1_000_000, respondent="sun", respondent_name="孙某强"),
    script("injury", Category.INJURY, "修院门", "共用的院门被对方倒车撞坏，修门花去六百元。", ("赔偿修门费用 600 元",),
           pay("赔偿修门费用", "400.00", 7, "当面付现金，开收条"), form="oral", amount_fen=60_000),
    script("land", Category.LAND, "地界", "两家承包地相邻，去年春播时地埂向东移了两尺，双方都说对方占了地。", ("按原来的地界恢复地埂",),
           Promise("respondent", "act", "按村里留存的地块图恢复地埂", days=14, manner="村委会到场见证"),
           pay("补偿被占地块的青苗损失", "350.50"), respondent="bao", respondent_name="包·乌云其其格"),
    script("wages", Category.WAGE_ARREARS, "拖欠工资", "在工地干活三个月，欠付工资一万二千元，有考勤表和欠条。", ("付清工资 12,000 元",),
           pay("付清拖欠的工资", "12000.00", 15), respondent="bao", respondent_name="某某建筑劳务有限公司",
           respondent_kind=PartyKind.LEGAL, amount_fen=1_200_000),
    script("consumer", Category.CONSUMER_OTHER, "健身卡", "办了一年健身卡，店铺搬走后没有退剩下的钱。", ("退还剩余的 1,280 元",),
           pay("退还健身卡余额", "1280.00", manner="微信转账"), respondent="bao", respondent_name="某某健身服务部",
           respondent_kind=PartyKind.OTHER_ORG, amount_fen=128_000),
    script("traffic", Category.TRAFFIC, "追尾", "路口等红灯时被后车追尾，保险杠和尾灯损坏，修理费三千一百元。", ("赔偿修理费 3,100 元",),
           pay("赔偿车辆修理费", "3100.00"), amount_fen=310_000, respondent="zhao", respondent_name="赵某兰"),
    script("property", Category.PROPERTY_MGMT, "物业费", "电梯停用半年没有修好，业主因此没有交两年物业费。", ("修好电梯", "物业费打折"),
           Promise("respondent", "act", "修好 1 单元电梯并通过检验", days=14, manner="检验报告张贴在单元门口"),
           Promise("applicant", "pay", "按八折交清两年物业费", "1920.00", 25, "到物业窗口缴纳"),
           respondent="bao", respondent_name="某某物业服务有限公司", respondent_kind=PartyKind.LEGAL, amount_fen=240_000),
)  # fmt: skip

PARTICULARS = {
    Side.APPLICANT: ("蒙古族", "退休职工", "内蒙古自治区乌海市海勃湾区新华街道"),
    Side.RESPONDENT: ("汉族", "个体经营", "内蒙古自治区乌海市乌达区三道坎街道"),
}


def photo(text: str) -> bytes:
    """A photo as a phone sends it."""
    image = Image.new("RGB", (900, 1200), (214, 206, 190))
    draw = ImageDraw.Draw(image)
    draw.rectangle((80, 80, 820, 1120), outline=(90, 70, 50), width=8)
    draw.text((120, 160), text, fill=(40, 40, 40))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=70)
    return out.getvalue()


def slip(pages: int = 2) -> bytes:
    """A PDF as a bank sends it: a page of another size, and one turned on its side."""
    writer = pypdf.PdfWriter()
    for n in range(pages):
        page = writer.add_blank_page(420, 595)
        if n:
            page.rotate(90)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@dataclass
class Told:
    """A case that was played to its end."""

    pid: str
    script: Script
    agreement: str
    record: str


async def _quick(html: str) -> bytes:
    return slip(1)


class Whole(Play):
    """A play in which everything that goes into a file happens."""

    record = ""
    agent = ""

    async def _apply(self) -> None:
        await super()._apply()
        async with self.stage.write() as session:
            for party in await session.scalars(select(Party).where(Party.case_id == self.case_id)):
                if party.kind != PartyKind.NATURAL:
                    party.id_no, party.legal_rep, party.address = "91150302MA0N00000X", "包·乌云其其格", STREET

    async def _mediate(self) -> None:
        await super()._mediate()
        mediator = await self.stage.actor(self.script.mediator)
        await self._files(mediator)
        await self._describe(mediator)
        await self._sit(mediator)

    async def _files(self, mediator: Any) -> None:
        for name, mime, data in (
            ("现场照片.jpg", "image/jpeg", photo(self.script.key)),
            ("转账回单.pdf", "application/pdf", slip()),
        ):
            prepared = await prepared_as(name, mime, data)
            async with self.stage.write() as session:
                view = await case_access.for_reading(session, mediator, self.case_pid)
                await joining.add_file(session, view, prepared)

    async def _describe(self, mediator: Any) -> None:
        async with self.stage.write() as session:
            for side, (ethnicity, occupation, domicile) in PARTICULARS.items():
                party = await self._party(session, side)
                wanted = ParticularsIn(ethnicity=ethnicity, occupation=occupation, domicile=domicile)
                await filing.describe(session, mediator, self.case_pid, party.pid, wanted)
        if self.script.key != "housing":
            return
        async with self.stage.write() as session:
            case, party = await self._case(session), await self._party(session, Side.APPLICANT)
            agent = await cases.add_agent(
                session, mediator, case, party, AgentIn(name="乌兰", phone=people.phone(77), may_settle=True)
            )
            agent.id_no, agent.address = people._id_no("19850505", 22), STREET
            person = (await session.scalars(select(Person).where(Person.name == LONG_NAME))).one()
            agent.person_id = person.id
            wanted = MandateIn(
                kind=AgentKind.LAWYER, licence_no="11503202010000001", employer="某某律师事务所",
                scopes=[Scope.SIGN, Scope.CONCEDE, Scope.EVIDENCE], signed_on=clock.today(),
            )  # fmt: skip
            await filing.mandate(session, mediator, self.case_pid, agent.pid, wanted)
            more = ParticularsIn(ethnicity="蒙古族", occupation="律师", domicile="乌海市海勃湾区")
            await filing.describe(session, mediator, self.case_pid, agent.pid, more)
            self.agent = agent.pid

    async def _sit(self, mediator: Any) -> None:
        """An inquiry, and a meeting that was asked for, held and minuted."""
        talk = "问：您是哪一年搬来的？\n答：二〇一九年。\n问：这件事您看见了吗？\n答：看见了，当时我在楼下。\n我还拍了照片。"
        async with self.stage.write() as session:
            wanted = InquiryIn.model_validate(
                {"held_at": clock.now() - timedelta(hours=5), "place": "大庆社区居委会", "matter": "核实经过",
                 "asked": "周某", "about": "同楼邻居", "present": "社区网格员吴网格", "writer": "其木格", "talk": talk}
            )  # fmt: skip
            await filing.inquire(session, mediator, self.case_pid, wanted)
        async with self.stage.write() as session:
            planned = await meetings.plan(
                session, mediator, self.case_pid,
                PlanIn(kind=Kind.ONSITE, purpose="当面核对票据", place="大庆社区调解室", starts_at=clock.now() + timedelta(hours=1)),
            )  # fmt: skip
            sides = [await self._party(session, side) for side in Side]
        async with self.stage.write() as session:
            await meetings.hold(session, mediator, planned.pid, HoldIn(present={p.pid: Presence.ONSITE for p in sides}))
            minutes = "双方到场，核对了票据和照片，对经过没有不同意见，就金额和期限谈拢。"
            await meetings.minute(session, mediator, planned.pid, MinutesIn(minutes=minutes))
        self.meeting = planned.pid

    async def _agree(self) -> None:
        """The signed copy is a real one; the frozen text beside it need not be."""
        real, paper.pdf = paper.pdf, _quick  # type: ignore[assignment]  # for this test alone
        try:
            await super()._agree()
        finally:
            paper.pdf = real

    async def _sign(self) -> None:
        await super()._sign()
        pid, _sha256 = await self._frozen()
        service, mediator = self.stage.service, await self.stage.actor(self.script.mediator)
        await agreements.keep_copy(service.db, service.settings, mediator, pid)
        await self._write_record(mediator)
        if self.script.key == "contract":
            await self._to_court(mediator)

    async def _write_record(self, mediator: Any) -> None:
        async with self.stage.write() as session:
            record = await records.begin(session, mediator, self.case_pid, self.meeting)
        body = records.body_of(record)
        async with self.stage.write() as session:
            respondent = await self._party(session, Side.RESPONDENT)
            held = clock.now() - timedelta(minutes=1)
            says = body.statements | {
                respondent.pid: "被申请人称：对经过没有意见，愿意承担应当承担的部分，希望宽限几天。"
            }
            given = {name: getattr(body, name) for name in records.SECTIONS}
            wanted = RecordIn(
                held_at=held, place=body.place, matter=body.matter, writer=body.writer, invited="社区网格员吴网格",
                statements=says, ending=Ending.AGREED, **(given | {"course": "\n".join(body.course for _n in range(9))}),
            )  # fmt: skip
            await records.write(session, mediator, self.case_pid, record.pid, wanted)
        record = await records.freeze(self.stage.service.db, mediator, self.case_pid, record.pid)
        count = len(records.pages_of(record))
        for key in (self.script.applicant, self.script.respondent):
            actor = await self.stage.actor(key)
            for page in range(1, count + 1):
                said = PageIn(page=page, sha256=record.sha256 or "")
                async with self.stage.write() as session:
                    await records.answer(session, actor, self.case_pid, record.pid, said)
        self.record = record.pid

    async def _to_court(self, mediator: Any) -> None:
        await self._ask_court()
        clerk = await self.stage.actor(self._clerk)
        prepared = await prepared_as("民事裁定书.pdf", "application/pdf", slip(1))
        joint = await prepared_as("司法确认申请书.pdf", "application/pdf", slip(1))
        async with self.stage.write() as session:
            request = (await session.scalars(select(CourtRequest).where(CourtRequest.case_id == self.case_id))).one()
            await evidence.keep(session, clerk, joint, "court_request", request.id)
        async with self.stage.write() as session:
            said = CourtOutcomeIn(
                outcome=CourtOutcome.VALID, decided_on=clock.today(), docket_no="（2026）内0302民特12号"
            )
            await agreements.record_court_outcome(session, clerk, self.case_pid, said, prepared)

    async def _perform(self) -> None:
        keys = {Side.APPLICANT: self.script.applicant, Side.RESPONDENT: self.script.respondent}
        async with self.stage.read() as session:
            case = await self._case(session)
            items = await agreements.items_of(session, case)
            sides = {party.id: Side(party.side) for party in await cases.parties_of(session, case)}
        if self.script.key == "contract":
            await self._breach(items[0])
        for n, item in enumerate(items):
            obligor = sides[item.obligor_id or 0]
            proof = await prepared_as("付款截图.jpg", "image/jpeg", photo("paid")) if n == 0 else None
            async with self.stage.write() as session:
                await agreements.claim(
                    session, await self.stage.actor(keys[obligor]), item.pid, ClaimIn(note="已经办好了"), proof
                )
            async with self.stage.write() as session:
                answer = SettleIn(answer="confirm", note="收到了")
                await agreements.settle(session, await self.stage.actor(keys[obligor.other]), item.pid, answer)

    async def _breach(self, item: PerformanceItem) -> None:
        """The day passes without a payment; the mediator issues the notice, and the money comes after it."""
        service, mediator = self.stage.service, await self.stage.actor(self.script.mediator)
        with clock.shifted(timedelta(days=20)):
            async with self.stage.write() as session:
                paper = await agreements.breach(session, mediator, item.pid, ReasonIn(reason="到期没有归还"))
            await agreements.keep_performance_paper(service.db, service.settings, paper.pid)

    async def _certify(self) -> None:
        """Who performed asks for a certificate, and the clerk seals it."""
        service, clerk = self.stage.service, await self.stage.actor(self._clerk)
        async with self.stage.write() as session:
            actor = await self.stage.actor(self.script.respondent)
            wanted = CertificateIn(purpose="交给单位")
            row = await agreements.ask_certificate(session, actor, self.case_pid, wanted)
        await agreements.issue_certificate(service.db, service.settings, clerk, row.pid)

    async def _close(self) -> None:
        if self.script.key == "contract":
            await self._certify()
        await super()._close()
        clerk = await self.stage.actor(self._clerk)
        async with self.stage.write() as session:
            wanted = FilingIn(
                filed_on=clock.today(), retention=Retention.THIRTY, remark="无附件另存",
                note="本卷材料齐全。照片原件存于电子卷宗。",
            )  # fmt: skip
            await filing.file(session, clerk, self.case_pid, wanted)


async def prepared_as(name: str, mime: str, data: bytes) -> Any:
    """An upload that was taken in, photos redrawn as every photo is."""
    from starlette.datastructures import Headers, UploadFile

    from odr.core.settings import Settings

    upload = UploadFile(io.BytesIO(data), filename=name, headers=Headers({"content-type": mime}))
    return await evidence.prepare(upload, Settings())


async def founded(service: Odr) -> Stage:
    """The demo city without its stories."""
    stage = Stage(service)
    with clock.shifted(days_ago(90)):
        async with service.db.write() as session:
            await bodies.seed(session)
        password_hash = await accounts.hash_password(people.password())
        async with service.db.write() as session:
            await city._staff(session, stage, password_hash)
            await city._residents(session, stage)
            long = Person(
                name=LONG_NAME, phone=people.phone(50), phone_index=crypto.blind_index("phone", people.phone(50)),
                id_no=people._id_no("19480229", 33), identity_level=IdentityLevel.ID_CHECKED, identity_at=clock.now(),
                invented=True,
            )  # fmt: skip
            session.add(long)
            await session.flush()
            session.add(Vouching(person_id=long.id, method="format"))
            stage.cast["long"] = long.id
            for person in await session.scalars(select(Person).where(Person.id.in_(stage.cast.values()))):
                person.address = STREET
            for body in await session.scalars(select(Body).where(Body.kind == "committee")):
                body.phone = "0473-2990000"
    return stage


async def played(stage: Stage, one: Script) -> Told:
    async with stage.read() as session:
        body = await city._body(session, one.body)
    # One after the other: a code of the mediator's app is good once.
    when = 60 - SCRIPTS.index(one) / 2
    play = Whole(stage, replace(one, days_ago=when), body.id)
    pid = await play.run()
    return Told(pid, one, (await play._frozen())[0], play.record)


async def bundle_of(stage: Stage, key: str, told: Told) -> Bundle:
    """What this member of the city has of the case."""
    actor = await stage.actor(key)
    async with stage.read() as session:
        return await gather(session, await access.of_case(session, actor, told.pid))


def kept(folder: Path, name: str, data: bytes) -> None:
    """Keep a result to be looked at."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)
