"""The papers of a case in the order of the official file (卷宗), each filled from what the case holds.

One template makes a paper's page, its PDF, its Word file and its leaf in the bound file. What is not known is marked on
the paper, named to the staff, and never invented. The agreement's own paper is made where it is frozen
(`agreements.papers`); here it is taken as the bytes that were signed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from odr.agreements.models import Agreement, PerformanceItem
from odr.cases import service as cases
from odr.cases.access import View
from odr.cases.codes import CaseRole, Outcome, Result, Side, Source, SourceGroup, State, outcome
from odr.core import clock
from odr.core.errors import NotFound
from odr.core.i18n import N_, _
from odr.dossier import access, filled, wording
from odr.dossier.bundle import Bundle, Seat, gather
from odr.evidence.kinds import PDF
from odr.evidence.models import File

Fill = Callable[[Bundle], dict[str, Any]]


@dataclass(frozen=True)
class Paper:
    """One paper this viewer may have. `item` is its place in the official order, empty for the papers beside it.

    Either filled (`template`) or kept as a file (`file`: exact bytes). `more` are kept files that follow it in the
    bound file: the court's paper, a slip. `bound` is false for what stays out of it.
    """

    key: str
    title: str
    item: str
    note: str = ""
    template: str = ""
    fill: Fill | None = None
    file: File | None = None
    more: tuple[File, ...] = ()
    bound: bool = True

    @property
    def href(self) -> str | None:
        """Where a kept file is opened."""
        return f"/files/{self.file.pid}" if self.file is not None else None


@dataclass(frozen=True)
class Gap:
    """Something a paper should say and does not. `paper` is its title."""

    paper: str
    text: str


@dataclass
class Drawn:
    """A paper as HTML, with what was missing."""

    html: str
    gaps: list[str] = field(default_factory=list)


# --- the order ------------------------------------------------------------------------------------------------------

# domain: 13 items, then the papers that many places keep beside them. The words are those of the index.
TITLES = {
    "cover": N_("卷宗封面"),
    "application": N_("人民调解申请书"),
    "intake-register": N_("人民调解受理登记表"),
    "rights-notice": N_("当事人权利义务告知书"),
    "identity": N_("当事人身份证明"),
    "address": N_("送达地址确认书"),
    "mandate": N_("授权委托书"),
    "notice": N_("调解通知书"),
    "inquiry": N_("调查记录"),
    "evidence": N_("证据材料"),
    "record": N_("人民调解记录"),
    "minutes": N_("会面记录"),
    "record-pages": N_("调解记录逐页确认表"),
    "facts": N_("无争议事实记载"),
    "agreement": N_("人民调解协议书"),
    "oral": N_("人民调解口头协议登记表"),
    "receipts": N_("履行凭证"),
    "breach": N_("不履行告知书"),
    "certificate": N_("协议已履行证明"),
    "visits": N_("回访记录"),
    "court": N_("司法确认有关材料"),
    "refusal": N_("不予受理通知书"),
    "ending": N_("调解终止告知书"),
    "handover": N_("移送函"),
    "closing-report": N_("结案报告表"),
    "file-note": N_("卷宗情况说明"),
    "back-cover": N_("封底"),
}
_AFTER = (State.PERFORMED, State.FOLLOWED_UP, State.CLOSED, State.ARCHIVED)


def shelf(b: Bundle) -> list[Paper]:
    """Every paper this viewer may have now, in the order of the file; covers are made when it is bound."""
    return [*_opening(b), *_talk(b), *_end(b)]


def _one(key: str, item: str, template: str, fill: Fill, **more: Any) -> Paper:
    return Paper(key, TITLES[more.pop("title", key)], item, template=f"dossier/{template}.html", fill=fill, **more)


def _opening(b: Bundle) -> list[Paper]:
    found = []
    applied = Source(b.case.source).group is SourceGroup.APPLIED
    # An application is its own side's; it holds numbers the other side must not see.
    if applied and (b.whole or b.view.side is Side.APPLICANT):
        found.append(_one("application", "1", "application", filled.application))
    elif b.whole and b.case.accepted_at is not None:
        found.append(_one("intake-register", "1", "intake_register", filled.intake_register))
    if b.case.accepted_at is not None:
        found.append(_one("rights-notice", "2", "rights_notice", filled.rights_notice))
        found.append(_one("identity", "3", "identity", filled.identity))
        own = [seat for seat in b.seats if b.mine(seat)]
        found += [
            _one(f"address-{seat.row.pid}", "", "address", partial(filled.address, seat=seat), title="address",
                 note=seat.row.name)
            for seat in own
        ]  # fmt: skip
        found += [
            _one(f"mandate-{agent.pid}", "4", "mandate", partial(filled.mandate, seat=seat, pid=agent.pid),
                 title="mandate", note=agent.name)
            for seat in own
            for agent, _block in seat.agents
        ]  # fmt: skip
        found += _notices(b, own)
    return found


def _notices(b: Bundle, own: Sequence[Seat]) -> list[Paper]:
    """调解通知书: to each party, for the last meeting everybody was asked to."""
    planned = [one for one in b.meetings if one.row.side is None and one.row.state != "cancelled"]
    planned = [one for one in planned if not one.row.recorded_later]
    if not planned:
        return []
    return [
        _one(f"notice-{seat.row.pid}", "", "notice", partial(filled.notice, seat=seat, meeting=planned[-1]),
             title="notice", note=seat.row.name)
        for seat in own
    ]  # fmt: skip


def _talk(b: Bundle) -> list[Paper]:
    found = [
        _one(f"inquiry-{row.pid}", "5", "inquiry", partial(filled.inquiry, row=row), title="inquiry",
             note=f"{row.asked} {wording.day(clock.local(row.held_at).date())}")
        for row in b.inquiries
    ]  # fmt: skip
    if b.evidence:
        appended = tuple(file for file in b.evidence if file.mime == PDF)
        found.append(_one("evidence", "6", "evidence", filled.evidence, more=appended))
    covered = set()
    for row, readers in b.records:
        if row.state != "frozen":
            continue
        covered.add(row.meeting_id)
        file, apart = b.files.get(row.pdf_file_id or 0), row.side is not None
        note = "单独谈话，不装订" if apart else f"第{row.version}版"
        # What was said to the mediator alone stays out of the file that others read (在线调解规则 Art. 18).
        found.append(Paper(f"record-{row.pid}", TITLES["record"], "7", note=note, file=file, bound=not apart))
        found.append(
            _one(f"record-pages-{row.pid}", "7", "record_pages", partial(filled.record_pages, row=row, readers=readers),
                 title="record-pages", bound=not apart)
        )  # fmt: skip
    for meeting in b.meetings:
        if meeting.row.minutes is not None and meeting.row.id not in covered:
            apart = meeting.row.side is not None
            note = f"{wording.day(clock.local(meeting.row.starts_at).date())} {meeting.row.purpose}"
            found.append(
                _one(f"record-{meeting.row.pid}", "7", "record", partial(filled.minutes, meeting=meeting),
                     title="record", note=note + ("（单独谈话，不装订）" if apart else ""), bound=not apart)
            )  # fmt: skip
    return found


def _end(b: Bundle) -> list[Paper]:
    found = []
    if b.facts is not None:
        paper = "factsheet/paper.html"
        found.append(Paper("facts", TITLES["facts"], "7", template=paper, fill=lambda b: b.facts or {}))
    replaced = {one.agreement.id for one in b.earlier}
    for agreement in b.agreements:
        file = b.files.get(agreement.copy_file_id or 0) or b.files.get(agreement.pdf_file_id or 0)
        title = "agreement" if agreement.form == "written" else "oral"
        old = agreement.id in replaced
        note = (agreement.agreement_no or "") + ("（已由新协议代替）" if old else "")
        found.append(Paper(_key("agreement", agreement, old), TITLES[title], "8", note=note, file=file))
    for one in b.earlier:
        if items := b.earlier_items[one.agreement.id]:
            fill, note = partial(filled.receipts, of=one.agreement, items=items), one.agreement.agreement_no or ""
            key = _key("receipts", one.agreement, True)
            found.append(_one(key, "9", "receipts", fill, title="receipts", note=note, more=_slips(b, items)))
    if b.items:
        found.append(_one("receipts", "9", "receipts", filled.receipts, more=_slips(b, b.items)))
    found += _about_performing(b)
    if b.visits:
        found.append(_one("visits", "10", "visits", filled.visits))
    if b.court:
        papers = tuple(file for row in b.court for file in b.kept_for_court(row) if file.mime == PDF)
        found.append(_one("court", "11", "court", filled.court, more=papers))
    if b.event("case:refuse:done") is not None and (b.issued or b.view.side is Side.APPLICANT):
        found.append(_one("refusal", "", "refusal", filled.refusal))
    if ended_without(b):
        found += [
            _one(f"ending-{seat.row.pid}", "", "ending", partial(filled.ending, seat=seat), title="ending",
                 note=seat.row.name)
            for seat in b.seats
            if b.mine(seat)
        ]  # fmt: skip
    if b.issued and b.event("case:transfer:done") is not None:
        found.append(_one("handover", "", "handover", filled.handover))
    if b.whole:
        if b.view.state in _AFTER or ended_without(b):
            found.append(_one("closing-report", "", "closing_report", filled.closing_report))
        if b.filing is not None and b.filing.note:
            found.append(_one("file-note", "12", "file_note", filled.file_note))
    return found


def _key(name: str, agreement: Agreement, old: bool) -> str:
    return f"{name}-{agreement.pid}" if old else name


def _slips(b: Bundle, items: Sequence[PerformanceItem]) -> tuple[File, ...]:
    return tuple(file for item in items for file in b.proofs(item) if file.mime == PDF)


def _about_performing(b: Bundle) -> list[Paper]:
    """The notices of breach and certificates that were issued, behind the slips, in the order in which they came."""
    return [
        Paper(f"{row.kind}-{row.pid}", TITLES[row.kind], "9", note=wording.day(clock.local(row.issued_at).date()),
              file=b.files[row.file_id])
        for row in b.performance
        if row.issued_at is not None and row.file_id is not None
    ]  # fmt: skip


def ended_without(b: Bundle) -> bool:
    """Whether mediating ended without an agreement after it was taken on."""
    if b.case.result is None or b.case.accepted_at is None:
        return False
    return outcome(Result(b.case.result), accepted=True, helped=False) is not Outcome.SUCCESS


# --- drawing --------------------------------------------------------------------------------------------------------


def drawn(b: Bundle, paper: Paper, *, whole: bool = True) -> Drawn:
    """The paper's HTML: `whole` with its own page, or as a leaf; and what it had to leave open. Raises NotFound for a
    paper that is kept as a file."""
    if paper.fill is None:
        raise NotFound()
    return draw(b, paper.template, paper.title, paper.fill(b), whole=whole)


def draw(b: Bundle, template: str, title: str, more: dict[str, Any], *, whole: bool = True) -> Drawn:
    """One template filled."""
    found = Drawn("")

    def need(label: str, value: Any) -> str:
        if value in (None, "", []):
            if label not in found.gaps:
                found.gaps.append(label)
            return wording.MISSING
        return str(value)

    context = filled.common(b, title) | more | {"need": need}
    found.html = wording.rendered(template, context) if whole else wording.leaf(template, context)
    return found


# --- gaps -----------------------------------------------------------------------------------------------------------


def gaps(b: Bundle) -> list[Gap]:
    """What the file still lacks, paper by paper: papers it must have and places left open."""
    papers = shelf(b)
    found = [Gap(title, text) for title, text in _absent(b, {paper.item for paper in papers})]
    for paper in papers:
        if paper.fill is not None and paper.bound:
            found += [Gap(_(paper.title), text) for text in drawn(b, paper, whole=False).gaps]
    front = draw(b, "dossier/cover.html", TITLES["cover"], filled.cover(b), whole=False)
    found += [Gap(_(TITLES["cover"]), text) for text in front.gaps]
    return list(dict.fromkeys(found))


def _absent(b: Bundle, items: set[str]) -> list[tuple[str, str]]:
    """The papers a file must have at its state (domain: 13 items)."""
    found = []
    state, agreed = b.view.state, b.effect is not None
    talked = state in (State.SIGNING, State.EFFECTIVE, State.PERFORMING, State.CONFIRMING, *_AFTER)
    if talked and "7" not in items and b.case.accepted_at is not None:
        found.append((_(TITLES["record"]), _("还没有定稿的调解记录。请在“调解记录”里整理、定稿，请各方逐页确认。")))
    if state in _AFTER and agreed and "10" not in items:
        found.append((_(TITLES["visits"]), _("还没有回访。")))
    for row in b.performance:
        if row.state == "asked":
            found.append((_(TITLES[row.kind]), _("有人申请了证明，还没有开具。")))
        elif row.file_id is None:
            found.append((_(TITLES[row.kind]), _("文件还没有做成，卷里装不进去。请到“履行”页打开这份文书。")))
    if "8" in items and b.effect is not None and b.effect.agreement.copy_file_id is None:
        found.append((_(TITLES["agreement"]), _("还没有带签名和印章的副本。")))
    if state in (*_AFTER, State.FAILED, State.WITHDRAWN) and (b.filing is None or not b.filing.note):
        found.append((_(TITLES["file-note"]), _("没有卷宗情况说明。没有特别情况的，可以不写。")))
    return found


# --- one by one -----------------------------------------------------------------------------------------------------


async def papers_of(session: AsyncSession, view: View) -> list[Paper]:
    """The papers of a case in the order of the file, as far as this viewer may have them."""
    return shelf(await gather(session, view))


async def one_of(session: AsyncSession, view: View, key: str) -> tuple[Bundle, Paper]:
    """One of them. Raises NotFound for one that is not there or not for this viewer."""
    b = await gather(session, view)
    found = next((paper for paper in shelf(b) if paper.key == key), None)
    if found is None:
        raise NotFound()
    return b, found


def name_of(b: Bundle, paper: Paper, ending: str) -> str:
    """The file's name for people."""
    return f"{paper.title}-{b.no}.{ending}"


@cases.adds("links")
async def links(session: AsyncSession, view: View) -> list[dict[str, str]]:
    """What the case's page and the room's panel link to beside the case's own pages."""
    at = f"/cases/{view.case.pid}"
    if not (view.is_party or view.handles or access.issues(view)):
        return []
    found = []
    if view.case.accepted_at is not None or view.state in (State.NOT_ACCEPTED, State.TRANSFERRED):
        found.append({"text": _("文书"), "href": f"{at}/papers", "name": "papers"})
    if view.handles and view.case.accepted_at is not None:
        found.append({"text": _("卷宗"), "href": f"{at}/dossier", "name": "dossier"})
    if CaseRole.MEDIATOR in view.roles and view.case.accepted_at is not None:
        found.append({"text": _("调解记录"), "href": f"{at}/records", "name": "records"})
    if view.handles and view.state in (State.PERFORMING, State.PERFORMED, State.FOLLOWED_UP, State.CLOSED):
        found.append({"text": _("回访"), "href": f"{at}/visits", "name": "visits"})
    return found
