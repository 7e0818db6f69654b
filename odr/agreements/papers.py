"""The agreement on paper, in the official form: as frozen, as a sheet to sign by hand, and as the sealed copy."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import segno
from markupsafe import Markup

from odr.agreements import rules, strokes
from odr.agreements.content import ClauseText, Content
from odr.agreements.models import Signature
from odr.agreements.schemas import AtOnce, Kind
from odr.agreements.seals import Seal
from odr.agreements.standing import Slot, Standing
from odr.cases.codes import Side
from odr.core import clock
from odr.core.templating import env
from odr.evidence.genuine import grouped

TITLES = {"written": "人民调解协议书", "oral": "人民调解口头协议登记表"}
_DIGITS = "零一二三四五六七八九十"
_METHODS = {"screen": "手机或网页签名", "paper": "纸质签名", "seal": "加盖印章", "vouched": "当面或电话确认"}
_HEARD = {"phone": "电话里确认", "onsite": "当面确认"}


def cn_number(n: int) -> str:
    """一 to 九十九, for clauses and copies."""
    if n <= 10:
        return _DIGITS[n]
    tens, ones = divmod(n, 10)
    return ("" if tens == 1 else _DIGITS[tens]) + "十" + (_DIGITS[ones] if ones else "")


def cn_date(day: date) -> str:
    """2026年11月24日, with its year always: papers outlive it."""
    return f"{day.year}年{day.month}月{day.day}日"


def cn_moment(moment: datetime) -> str:
    local = clock.local(moment)
    return f"{cn_date(local.date())} {local:%H:%M:%S}"


def yuan(fen: int) -> str:
    """2,600.00元: a paper's figures do not follow the reader's language."""
    return f"{fen // 100:,}.{fen % 100:02d}元"


env.filters |= {"cn_number": cn_number, "cn_date": cn_date}


@dataclass(frozen=True)
class Mark:
    """What ties a printed page to the frozen bytes. `sha256` is empty on the frozen paper itself."""

    check: str
    site: str
    sha256: str = ""

    @property
    def code(self) -> str:
        return grouped(self.check)

    @property
    def address(self) -> str:
        return f"{self.site}/papers/{self.code}"

    @property
    def qr(self) -> Markup:
        """The address as a QR, drawn the same each time."""
        out = io.BytesIO()
        segno.make(self.address, error="m").save(out, kind="svg", xmldecl=False, svgns=True, scale=4, border=2)
        return Markup(out.getvalue().decode())  # noqa: S704 - segno draws it; the address is only data in it


def mark_of(content: Content, base_url: str, sha256: str = "") -> Mark:
    """The mark of this version's papers."""
    return Mark(content.check, base_url, sha256)


@dataclass(frozen=True)
class Area:
    """A place to sign, empty or filled."""

    label: str
    fingerprint: bool = False
    drawn: Markup | None = None
    typed: str = ""
    note: str = ""
    at: str = ""


def file_name(content: Content, case_no: str) -> str:
    return f"{TITLES[content.form]}-{content.number or case_no}-第{content.version}版.pdf"


def html(content: Content, mark: Mark | None = None) -> str:
    """The text as it is frozen: every word the parties sign, with empty places for the signatures."""
    return _render(content, _empty_areas(content), mark=mark)


def sheet(content: Content, mark: Mark) -> str:
    """The same text to be signed by hand, with the check code that binds the paper to the frozen bytes."""
    return _render(content, _empty_areas(content), mark=mark, by_hand=True)


def sealed(content: Content, mark: Mark, standing: Standing, signers: Mapping[int, str], seal: Seal) -> str:
    """The same text with its signatures and the seal, and the record of who signed when and how."""
    mediators = "、".join(content.mediators)
    areas = [_filled(slot, signers, mediators) for slot in standing.slots if slot.kind != "body_seal"]
    if content.form == "oral":
        areas.append(Area(f"人民调解员：{mediators}", note="登记了口头协议。", at=cn_date(content.drawn_up_on)))
    areas.append(Area(f"记录人：{mediators}", note="由人民调解员记录。", at=cn_date(content.drawn_up_on)))
    sealed_by = standing.slot("seal")
    picture = seal.picture(content.body) if sealed_by is not None and sealed_by.row is not None else None
    records = [_record(slot, slot.row, signers) for slot in standing.slots if slot.row is not None]
    effective = cn_moment(standing.effective_at) if standing.effective_at is not None else ""
    return _render(content, areas, mark=mark, seal=picture, records=records, effective=effective)


def _render(content: Content, areas: Sequence[Area], **more: Any) -> str:
    shown = asdict(content) | {"copies": content.copies}
    shown["clauses"] = [_clause(clause) for clause in content.clauses]
    given: dict[str, Any] = {
        "title": TITLES[content.form],
        "c": shown,
        "areas": areas,
        "sides": {side.value: side.zh for side in Side},
        "kinds": {kind.value: kind.zh for kind in Kind},
        "total": yuan(content.total_fen) if content.total_fen else "",
        "total_capitals": rules.capitals(content.total_fen) if content.total_fen else "",
        "footer_text": f"{content.number}　第{content.version}版　核对码 {grouped(content.check)}",
        "at_once": AtOnce(content.register.performed).zh if content.register is not None else "",
        "mark": None,
        "by_hand": False,
        "seal": None,
        "records": None,
        "effective": "",
    }
    name = "agreements/oral_paper.html" if content.form == "oral" else "agreements/paper.html"
    return env.get_template(name).render(given | more)


def _clause(clause: ClauseText) -> dict[str, Any]:
    """A clause with what its fields say in words, the amount in figures and in capitals."""
    how = ""
    if clause.amount_fen is not None:
        how = f"金额：人民币{rules.capitals(clause.amount_fen)}（{yuan(clause.amount_fen)}）"
        if clause.begins_on is not None or clause.recurring:
            how += f"，{_term(clause)}"
        elif clause.instalments:
            how += f"，分{len(clause.instalments)}期付清"
        elif clause.due_on is not None:
            how += f"，{cn_date(clause.due_on)}以前付清"
        for word, given in (("方式", clause.manner), ("地点", clause.place), ("收款账户", clause.account)):
            if given:
                how += f"，{word}：{given}"
        how += "。"
    more = {
        "how": how,
        "plan": [
            f"第{cn_number(one.n)}期：{cn_date(one.due_on)}以前，人民币{rules.capitals(one.amount_fen)}（{yuan(one.amount_fen)}）"
            for one in clause.instalments
        ],
        "sum": yuan(clause.amount_fen) if clause.amount_fen is not None else "",
        "term": _term(clause),
        "by": "；".join(part for part in (clause.manner, clause.place) if part),
    }
    return asdict(clause) | more


def _term(clause: ClauseText) -> str:
    """Since when, how often, until when: 自2027年1月1日起，每月5日以前，至2027年12月31日止."""
    if clause.instalments:
        return f"分{len(clause.instalments)}期，至{cn_date(clause.instalments[-1].due_on)}"
    if clause.begins_on is None and not clause.recurring:
        return cn_date(clause.due_on) if clause.due_on is not None else ""
    parts = [f"自{cn_date(clause.begins_on)}起"] if clause.begins_on is not None else []
    parts += [clause.recurring] if clause.recurring else []
    parts += [f"至{cn_date(clause.due_on)}止"] if clause.due_on is not None else []
    return "，".join(parts)


def _label(slot: Slot, mediators: str) -> str:
    if slot.party is not None:
        words = "签名、盖章或按指印" if slot.kind == "party" else "确认"
        return f"{Side(slot.party.side).zh}（{words}）：{slot.party.name}"
    return f"人民调解员（签名）：{mediators}"


def _empty_areas(content: Content) -> list[Area]:
    words = "签名、盖章或按指印" if content.form == "written" else "签名或确认"
    areas = [Area(f"{Side(party.side).zh}（{words}）：{party.name}", fingerprint=True) for party in content.parties]
    areas += [Area(f"人民调解员（签名）：{name}") for name in content.mediators]
    return [*areas, Area("记录人（签名）：")]


def _filled(slot: Slot, signers: Mapping[int, str], mediators: str) -> Area:
    row = slot.row
    if row is None:
        return Area(_label(slot, mediators))
    by = signers.get(row.person_id or 0, "")
    other = slot.party is not None and by and by != slot.party.name
    heard = _HEARD.get(row.channel, "已确认")
    note = {"paper": "已在纸质签名页上签名，原件存卷。", "vouched": f"{heard}：{row.note}"}.get(row.method, "")
    return Area(
        _label(slot, mediators) + (f"（由代理人{by}签）" if other and row.method == "screen" else ""),
        drawn=strokes.picture(row.strokes) if row.strokes else None,
        typed=row.typed_name or (by if row.method == "screen" and not row.strokes else ""),
        note=note,
        at=cn_moment(row.at),
    )


def _record(slot: Slot, row: Signature, signers: Mapping[int, str]) -> str:
    who = f"{Side(slot.party.side).zh}{slot.party.name}" if slot.party is not None else ""
    if slot.kind == "mediator":
        who = f"人民调解员{signers.get(row.person_id or 0, '')}"
    elif slot.kind == "body_seal":
        who = "人民调解委员会印章"
    code = "，短信验证码已核对" if row.code_id is not None else ""
    how = _HEARD.get(row.channel, _METHODS[row.method]) if row.method == "vouched" else _METHODS[row.method]
    if slot.kind == "oral_confirmation" and row.method == "screen":
        how = "手机或网页确认"
    on = f"（纸上日期{cn_date(row.signed_on)}）" if row.signed_on is not None else ""
    did = "记录" if row.channel == "phone" else "当面核对"
    vouched = f"，由{signers.get(row.vouched_by, '')}{did}" if row.vouched_by is not None else ""
    return f"{who}　{cn_moment(row.at)}　{how}{on}{code}{vouched}"
