"""The papers a court wants for a confirmation (民诉法解释 Art. 353): what there is, what is missing and who brings it.

They are made from the frozen agreement and from who the parties are, and from nothing else: no word of the talks, no
offer and no claim that was given up stands in them (在线调解规则 Art. 18). On a party's copy the other side's numbers
are masked.
"""

import hashlib
import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import IO, Any

from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from odr.agreements import access as agreement_access
from odr.agreements import service as agreements
from odr.agreements.papers import cn_date
from odr.cases.access import View
from odr.cases.codes import CaseRole, Channel, ConsentKind, CourtOutcome
from odr.cases.facts import Passed
from odr.cases.models import CaseEvent, Gate
from odr.core import binding, clock
from odr.core.binding import Bound, Late, Leaf, Span
from odr.core.errors import Conflict
from odr.core.i18n import N_, _
from odr.core.settings import Settings
from odr.dossier import bundle, filled, papers, whole
from odr.dossier.bundle import Bundle, Seat
from odr.dossier.wording import day, moment, sum_of
from odr.evidence import service as evidence
from odr.evidence.kinds import IMAGES, PDF
from odr.evidence.models import File

PROOFS = "court_proof"
FILLED = ("id_no", "phone", "address", "legal_rep")
CERTIFIED = "court:certificate:issued"

TITLES = {
    "court-application": N_("司法确认申请书"),
    "court-undertaking": N_("当事人承诺书"),
    "court-certificate": N_("调解组织主持调解的证明"),
    "court-parties": N_("当事人身份、住所和联系方式"),
    "mandate": N_("授权委托书"),
    "court-proofs": N_("财产权利证明"),
    "agreement": N_("人民调解协议书"),
    "oral": N_("人民调解口头协议登记表"),
}
_PROPERTY = re.compile(
    "房屋|房产|住房|门面|商铺|摊位|车位|车辆|汽车|货车|轿车|摩托车|土地|地块|承包地|宅基地|林地|草场|"
    "股权|股份|设备|商标|专利|著作权|不动产"
)


@dataclass(frozen=True)
class Piece:
    """One paper of the pack: generated, or kept as a file. `more`: files bound in behind it."""

    key: str
    title: str
    template: str = ""
    fill: filled.Filled = field(default_factory=dict)
    file: File | None = None
    more: tuple[File, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Missing:
    """Something the court will ask for, who brings it, and where. `must`: without it nothing is handed in."""

    paper: str
    what: str
    who: str
    where: str
    must: bool = True


@dataclass(frozen=True)
class Pack:
    """All of it, as far as this viewer may have it. `court` is empty until one is chosen."""

    b: Bundle
    content: agreements.Content
    court: str
    proofs: tuple[File, ...]
    certified: CaseEvent | None
    seal: Markup | None = None

    @property
    def digest(self) -> str:
        """Equal for equal papers: whether anything changed between making the bytes and storing them."""
        return hashlib.sha256(data_json(self)).hexdigest()


async def gather(session: AsyncSession, view: View, court: str = "", *, settings: Settings | None = None) -> Pack:
    """The pack of the agreement in effect. The door gave the view. Raises Conflict while nothing is in effect."""
    b = await bundle.gather(session, view)
    if b.effect is None:
        raise Conflict(_("协议还没有生效，还没有申请材料。"), code="not_effective")
    content = await agreements.kept(session, view.case, b.effect.agreement)
    proofs = await evidence.held(session, PROOFS, view.case.id)
    certified = _certified(b)
    # The seal stands on the certificate from the clerk's act on, never before.
    seal = (
        agreements.seal_of(settings).picture(content.body) if certified is not None and settings is not None else None
    )
    return Pack(b, content, court or _asked(b), tuple(proofs), certified, seal)


def _asked(b: Bundle) -> str:
    """The court that was asked last, while it has not answered."""
    return next((row.court for row in reversed(b.court) if row.outcome is None), "")


def _certified(b: Bundle) -> CaseEvent | None:
    """That the body has certified that it led the mediation of this very agreement."""
    pid = b.effect.agreement.pid if b.effect is not None else ""
    return next((row for row in b.events if row.tag == CERTIFIED and row.detail.get("agreement") == pid), None)


def consent(b: Bundle, seat: Seat) -> Passed | Gate | None:
    """In force, or the one on which the court has confirmed. After a no everybody is asked anew."""
    confirmed = bool(b.court) and b.court[-1].outcome == CourtOutcome.VALID
    return seat.state.gates.get(ConsentKind.COURT_REQUEST) or (b.consents.get(seat.row.id) if confirmed else None)


# --- what there is ----------------------------------------------------------------------------------------------------


def pieces(pack: Pack) -> list[Piece]:
    """The papers in the order of the pack."""
    b = pack.b
    found = [
        _made("court-application", "court_application", _application(pack)),
        _made("court-undertaking", "court_undertaking", _common(pack)),
        _made("court-certificate", "court_certificate", _certificate(pack)),
        _made("court-parties", "court_parties", _common(pack)),
    ]
    for seat in b.seats:
        if b.mine(seat):
            found += [
                Piece(f"mandate-{agent.pid}", TITLES["mandate"], "dossier/mandate.html",
                      filled.mandate(b, seat, agent.pid), note=agent.name)
                for agent, _block in seat.agents
                if agent.id in b.mandates
            ]  # fmt: skip
    if pack.proofs:
        after = tuple(file for file in pack.proofs if file.mime == PDF)
        found.append(
            Piece("court-proofs", TITLES["court-proofs"], "dossier/court_proofs.html", _proofs(pack), more=after)
        )
    if (file := _agreement(b)) is not None:
        title = "agreement" if pack.content.form == "written" else "oral"
        found.append(Piece("agreement", TITLES[title], file=file, note=pack.content.number))
    return found


def _made(key: str, template: str, fill: filled.Filled) -> Piece:
    return Piece(key, TITLES[key], f"dossier/{template}.html", fill)


def _agreement(b: Bundle) -> File | None:
    """The sealed copy, or the text as it was frozen. The version in effect is the one of the bundle."""
    agreement = b.effect.agreement if b.effect is not None else None
    if agreement is None:
        return None
    return b.files.get(agreement.copy_file_id or 0) or b.files.get(agreement.pdf_file_id or 0)


def _common(pack: Pack) -> filled.Filled:
    b, content = pack.b, pack.content
    return {
        "court": pack.court,
        "seats": [_seat(b, seat) for seat in b.seats],
        "names": "、".join(seat.row.name for seat in b.seats),
        "agreement_no": content.number,
        "agreement_title": TITLES["agreement" if content.form == "written" else "oral"],
        "effective_on": day(b.effect.effective_on if b.effect is not None else None),
        "until": day(b.effect.court_until if b.effect is not None else None),
        "own": b.view.principal.name if not b.whole and b.view.principal is not None else "",
    }


def _seat(b: Bundle, seat: Seat) -> dict[str, Any]:
    gate = consent(b, seat)
    known = filled.checked(b, seat.block.word, seat.block, seat.state.person)
    # How the other side was checked, and by whom, is between that side and the body.
    how = "，".join(one for one in (known["level"], known["how"], known["at"]) if one) if b.mine(seat) else ""
    return {
        "b": seat.block,
        "checked": how or ("已核对" if seat.state.of_rules.identity_checked else ""),
        "agents": [agent.name for agent, _block in seat.agents],
        "agreed": f"{moment(gate.at)}，{Channel(gate.channel).zh}" if gate is not None else "",
    }


def _application(pack: Pack) -> filled.Filled:
    content = pack.content
    clauses = [
        {
            "n": clause.n,
            "text": clause.text,
            "sum": sum_of(clause.amount_fen),
            "due": cn_date(clause.due_on) if clause.due_on is not None else "",
            "dues": [f"{cn_date(one.due_on)}付 {one.amount_fen / 100:,.2f} 元" for one in clause.instalments],
        }
        for clause in content.clauses
    ]
    return _common(pack) | {
        "clauses": clauses,
        "drawn_up_on": cn_date(content.drawn_up_on),
        "attached": [TITLES[key] for key in ("court-undertaking", "court-certificate", "court-parties")]
        + ([TITLES["court-proofs"]] if pack.proofs else []),
    }


def _certificate(pack: Pack) -> filled.Filled:
    at = pack.certified.at if pack.certified is not None else None
    b = pack.b
    return _common(pack) | {
        "accepted_on": day(clock.local(b.case.accepted_at).date()) if b.case.accepted_at is not None else "",
        "seal": pack.seal,
        "led_by": "、".join(pack.content.mediators),
        "certified_on": day(clock.local(at).date()) if at is not None else "",
        "certified_by": b.name_of(pack.certified.person_id) if pack.certified is not None else "",
    }


def _proofs(pack: Pack) -> filled.Filled:
    b = pack.b
    return {
        "files": [
            {
                "n": n, "name": file.name, "by": b.name_of(file.uploaded_by), "at": moment(file.created_at),
                "sha256": file.sha256, "src": filled.picture(b, file),
            }
            for n, file in enumerate(pack.proofs, start=1)
        ]
    }  # fmt: skip


# --- what is missing --------------------------------------------------------------------------------------------------

_LOGIN = N_("登录后在“司法确认”里同意，或者到调委会窗口在申请书上签名")
_ME = N_("登录后在这一页填写，或者告诉调解员")
_MANDATE = N_("由代理人到法院办的，带授权委托书到调委会窗口登记；本人去的，可以不交")
_COUNTER = N_("带身份证到调委会窗口核对，或者在“我的账户”里核实")


def _title(key: str) -> str:
    return _(TITLES[key])


def missing(pack: Pack) -> list[Missing]:
    """Everything that is not there yet, party by party, then the body's own."""
    b, found = pack.b, []
    for seat in b.seats:
        found += _missing_of(b, seat)
    body = b.body_name or _("调委会")
    if pack.certified is None:
        where = _("由调委会工作人员在这一页出具")
        found.append(Missing(_title("court-certificate"), _("还没有盖章出具"), body, where))
    if _agreement(b) is None:
        where = _("请打开“调解协议”，再做一次盖章的副本")
        found.append(Missing(_title("agreement"), _("还没有可以装订的文件"), body, where))
    if not pack.proofs and (named := _property_in(pack.content)):
        found.append(
            Missing(
                _title("court-proofs"), _("协议里写到“%(named)s”，法院可能要看权利证明", named=named),
                "、".join(seat.row.name for seat in b.seats),
                _("在这一页上传照片或扫描件，例如房产证、行驶证、承包合同；没有的，可以不交"), must=False,
            )
        )  # fmt: skip
    return found


def _missing_of(b: Bundle, seat: Seat) -> list[Missing]:
    who, block, found = seat.row.name, seat.block, []
    parties = _title("court-parties")
    number = _("身份证号码") if block.natural else _("统一社会信用代码")
    if consent(b, seat) is None:
        found.append(Missing(_title("court-application"), _("还没有同意一起申请"), who, _(_LOGIN)))
    for value, what in ((block.id_no, number), (block.phone, _("联系电话")), (block.address, _("住址或住所"))):
        if not value:
            found.append(Missing(parties, _("没有%(what)s", what=what), who, _(_ME)))
    if not block.natural and not block.legal_rep:
        found.append(Missing(parties, _("没有法定代表人或负责人"), who, _(_ME)))
    if not seat.state.of_rules.identity_checked:
        found.append(Missing(parties, _("身份还没有核对"), who, _(_COUNTER)))
    for agent, _block in seat.agents:
        if agent.id not in b.mandates:
            what = _("代理人%(name)s的授权委托书还没有登记", name=agent.name)
            found.append(Missing(_title("mandate"), what, who, _(_MANDATE), must=False))
    return found


def _property_in(content: agreements.Content) -> str:
    found = (_PROPERTY.search(clause.text) for clause in content.clauses)
    return next((one.group() for one in found if one is not None), "")


# --- as files ---------------------------------------------------------------------------------------------------------


async def bound(pack: Pack) -> Bound:
    """The pack as one PDF with an index, bookmarks and page numbers. The same pack gives the same bytes.

    Raises NoPrinter."""
    b = pack.b
    for file in pack.proofs:
        if file.mime in IMAGES and file.pid not in b.pictures:
            b.pictures[file.pid] = await evidence.read_bytes(file)
    leaves: list[Leaf] = []
    notes = {}
    for piece in pieces(pack):
        notes[piece.key] = piece.note
        if piece.file is not None:
            leaves.append(Leaf(piece.key, piece.title, data=await evidence.read_bytes(piece.file, original=True)))
            continue
        html = papers.draw(b, piece.template, piece.title, piece.fill, whole=False).html
        leaves.append(Leaf(piece.key, piece.title, html, footer=f"{b.no}　{piece.title}"))
        for n, file in enumerate(piece.more, start=1):
            data = await evidence.read_bytes(file, original=True)
            leaves.append(Leaf(f"{piece.key}-{n}", f"{piece.title}：{file.name}", data=data))
    titles = {leaf.key: leaf.title for leaf in leaves}

    def late(spans: Sequence[Span]) -> Late:
        there = {span.key for span in spans}
        rows = [{"title": span.title, "pages": span.pages, "note": notes.get(span.key, "")} for span in spans]
        more = {"heading": "司法确认申请材料目录", "rows": rows,
                "missing": [titles[key] for key in titles if key not in there]}  # fmt: skip
        html = papers.draw(b, "dossier/index.html", "目录", more, whole=False).html
        return Late(Leaf("index", "目录", html, footer=f"{b.no}　目录", numbered=False))

    return await binding.bind(leaves, late, after=0, title=f"{b.no}司法确认申请材料")


def data_json(pack: Pack) -> bytes:
    """What stands in the pack, as data."""
    b, content = pack.b, pack.content
    return whole.as_json(
        {
            "case": b.no,
            "court": pack.court,
            "agreement": {"no": content.number, "version": content.version, "form": content.form,
                          "sha256": b.effect.agreement.sha256 if b.effect is not None else None},
            "effective_on": b.effect.effective_on if b.effect is not None else None,
            "until": b.effect.court_until if b.effect is not None else None,
            "body": b.body_name,
            "parties": [
                {"side": seat.row.side, "name": seat.row.name, "id_no": seat.block.id_no, "phone": seat.block.phone,
                 "address": seat.block.address, "legal_rep": seat.block.legal_rep,
                 "agreed": gate.at if (gate := consent(b, seat)) is not None else None}
                for seat in b.seats
            ],
            "certified_at": pack.certified.at if pack.certified is not None else None,
            "proofs": [{"name": file.name, "sha256": file.sha256} for file in pack.proofs],
            "pieces": [piece.title for piece in pieces(pack)],
            "missing": [asdict(one) for one in missing(pack)],
        }
    )  # fmt: skip


async def packed(pack: Pack, file: Bound) -> IO[bytes]:
    """A zip: the bound PDF, the originals in it, the data, and a manifest of SHA-256. The caller closes it."""
    originals = [one for one in (_agreement(pack.b), *pack.proofs) if one is not None]

    async def parts() -> AsyncIterator[tuple[str, Callable[[], bytes]]]:
        yield name_of(pack, "pdf"), lambda: file.data
        yield "data.json", partial(data_json, pack)
        for n, original in enumerate(originals, start=1):
            data = await evidence.read_bytes(original, original=True)
            yield f"originals/{n:02d}-{original.name}", partial(bytes, data)

    return await whole.zipped(pack.b.no, parts())


def name_of(pack: Pack, ending: str) -> str:
    return f"{_('司法确认申请材料')}-{pack.b.no}.{ending}"


def certifies(view: View) -> bool:
    """The body's clerk puts the seal under the certificate."""
    return CaseRole.BODY_CLERK in view.roles


def shown(pack: Pack) -> dict[str, Any]:
    """For JSON and for the page."""
    view, at = pack.b.view, f"/cases/{pack.b.case.pid}/court"
    return {
        "pieces": [{"key": one.key, "title": one.title, "note": one.note} for one in pieces(pack)],
        "missing": [asdict(one) for one in missing(pack)],
        "to_fill": [
            {"party": seat.row.pid, "name": seat.row.name, "natural": seat.block.natural, "fields": fields}
            for seat in pack.b.seats
            if pack.b.mine(seat) and (fields := _empty(seat))
        ],
        "complete": not any(one.must for one in missing(pack)),
        "certified_at": clock.iso(pack.certified.at) if pack.certified is not None else None,
        "proofs": [
            {"id": file.pid, "name": file.name, "href": f"/files/{file.pid}", "mine": may_remove(view, file)}
            for file in pack.proofs
        ],
        "pdf": f"{at}/pack.pdf",
        "zip": f"{at}/pack.zip",
    }


def _empty(seat: Seat) -> list[str]:
    """The fields of a party that the court asks for and nobody has written down."""
    return [
        name for name in FILLED if not getattr(seat.block, name) and (name != "legal_rep" or not seat.block.natural)
    ]


def may_remove(view: View, file: File) -> bool:
    """Who handles the case, or who handed it in (the browser's name for it is `mine`)."""
    return view.handles or (view.party is not None and view.party.person_id == file.uploaded_by)


door = agreement_access.of_case
"""Both sides and who handles the case; a centre's clerk, who may issue papers before acceptance, is not among them."""
