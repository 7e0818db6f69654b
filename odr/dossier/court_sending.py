"""The pack on its way: the certificate, the proofs, the handing in, and the delivery after the commit."""

from datetime import UTC
from typing import Any

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.agreements import access as agreement_access
from odr.agreements import service as agreements
from odr.agreements.court_models import CourtPack
from odr.agreements.models import CourtRequest
from odr.agreements.schemas import CourtRequestIn
from odr.audit import service as audit
from odr.audit.who import SYSTEM
from odr.cases import service as cases
from odr.cases.access import View
from odr.cases.codes import CaseRole, Channel, CourtOutcome, State
from odr.cases.models import Case
from odr.cases.schemas import PartyIn
from odr.core import clock, forms, jobs, paper
from odr.core.db import Database
from odr.core.errors import Conflict, Forbidden, Invalid, NotFound
from odr.core.forms import Strict
from odr.core.i18n import _
from odr.core.settings import Settings
from odr.dossier import access, court_adapter, court_pack
from odr.dossier.court_adapter import Parcel
from odr.dossier.court_pack import Pack
from odr.evidence import service as evidence
from odr.evidence.models import File

SEND = "dossier:court_send"
MOST_PROOFS = 10
_OPEN = (State.EFFECTIVE, State.PERFORMING)


class SendIn(Strict):
    """Which court; `fits` says that what the court looks at was looked through."""

    court: str = Field(default="", max_length=12)
    court_name: str = Field(default="", max_length=80)
    fits: bool = False


class FillIn(Strict):
    """What the court asks of a party and nobody has written down yet."""

    party: str = Field(min_length=1, max_length=32)
    id_no: str = Field(default="", max_length=32)
    phone: str = Field(default="", max_length=24)
    address: str = Field(default="", max_length=120)
    legal_rep: str = Field(default="", max_length=50)


# --- what people add --------------------------------------------------------------------------------------------------


async def fill_in(session: AsyncSession, actor: Actor, pid: str, wanted: FillIn) -> None:
    """Number, telephone, address or head of a party where they are missing: by its own side, or by staff from the paper
    they saw. What is there already stays: the signed text has it.

    Raises NotFound (no party of this viewer's), Invalid, Conflict.
    """
    view = await court_pack.door(session, actor, pid)
    party = await access.party_of(session, view, wanted.party)
    case = await agreement_access.lock(session, view.case.id)
    await need_open(session, view)
    given = {name: text for name in court_pack.FILLED if (text := getattr(wanted, name))}
    if not given:
        raise Invalid({}, say=_("请至少填写一项。"))
    known = forms.parse(PartyIn, {"kind": party.kind, "name": party.name} | given)
    written = [name for name in given if not getattr(party, name)]
    for name in written:
        setattr(party, name, getattr(known, name))
    await session.flush()
    if written:
        await cases.event(
            session, actor, case, "party:particulars:written", role=view.role, audience=party.side,
            note="补充了送法院要用的信息。", detail={"party": party.pid, "fields": written},
        )  # fmt: skip


async def certify(session: AsyncSession, actor: Actor, pid: str) -> None:
    """The body certifies that it led the mediation of the agreement in effect (民诉法解释 Art. 353). A repeat changes
    nothing. Raises NotFound, Forbidden, Conflict (nothing in effect)."""
    view = await court_pack.door(session, actor, pid)
    if not court_pack.certifies(view):
        raise Forbidden(_("证明由调委会工作人员盖章出具。"))
    case = await agreement_access.lock(session, view.case.id)
    pack = await court_pack.gather(session, view)
    if pack.certified is not None or pack.b.effect is None:
        return
    await cases.event(
        session, actor, case, court_pack.CERTIFIED, role=CaseRole.BODY_CLERK,
        detail={"agreement": pack.b.effect.agreement.pid},
    )  # fmt: skip


async def add_proof(session: AsyncSession, actor: Actor, pid: str, prepared: evidence.Prepared) -> File:
    """A proof of property for the court, by a party or by who handles the case. Raises NotFound, Conflict, Invalid."""
    view = await court_pack.door(session, actor, pid)
    case = await agreement_access.lock(session, view.case.id)
    await need_open(session, view)
    if len(await evidence.held(session, court_pack.PROOFS, case.id)) >= MOST_PROOFS:
        raise Invalid({"file": _("最多放 %(most)s 份。请先撤下不用的。", most=MOST_PROOFS)})
    file = await evidence.keep(session, actor, prepared, court_pack.PROOFS, case.id)
    await audit.record(session, actor, "court:proof:added", "case", case.pid, {"file": file.pid})
    return file


async def remove_proof(session: AsyncSession, actor: Actor, pid: str, file_pid: str) -> None:
    """Take a proof back before it is handed in: who handed it in, or staff. Raises NotFound, Forbidden, Conflict."""
    view = await court_pack.door(session, actor, pid)
    case = await agreement_access.lock(session, view.case.id)
    await need_open(session, view)
    held = await evidence.held(session, court_pack.PROOFS, case.id)
    file = next((one for one in held if one.pid == file_pid), None)
    if file is None:
        raise NotFound()
    if not (view.handles or file.uploaded_by == actor.person_id):
        raise Forbidden(_("由交这份材料的人或者工作人员来撤。"))
    await evidence.remove(session, actor, file_pid, court_pack.PROOFS, case.id)
    await audit.record(session, actor, "court:proof:removed", "case", case.pid, {"file": file_pid})


async def is_open(session: AsyncSession, view: View) -> bool:
    """Whether papers for the court are still got ready: not once it was asked, nor after it confirmed."""
    return view.state in _OPEN and await agreements.court_outcome(session, view.case) is not CourtOutcome.VALID


async def need_open(session: AsyncSession, view: View) -> None:
    """Raises Conflict where nothing can be added any more."""
    if not await is_open(session, view):
        raise Conflict(_("现在不是准备申请材料的时候。请刷新页面，看看到了哪一步。"), code="not_now")


# --- handing in -------------------------------------------------------------------------------------------------------


async def send(database: Database, settings: Settings, actor: Actor, pid: str, wanted: SendIn) -> CourtRequest:
    """Hand the pack in: prepare → verify → store; the adapter carries it after the commit.

    Raises NotFound, Forbidden, Invalid (the court, the tick), Conflict (something is missing, kind, time, state; or
    something changed meanwhile), NoPrinter.
    """
    given = CourtRequestIn(
        court=wanted.court, court_name=wanted.court_name, applied_on=clock.today(), fits=wanted.fits
    )  # fmt: skip
    async with database.read() as session:
        pack = await _ready(session, settings, actor, pid, given)
    bound = await court_pack.bound(pack)
    prepared = await evidence.prepare_bytes(court_pack.name_of(pack, "pdf"), paper.MIME, bound.data)
    async with database.write() as session:
        view = await court_pack.door(session, actor, pid)
        await agreement_access.lock(session, view.case.id)
        if (await _ready(session, settings, actor, pid, given)).digest != pack.digest:
            raise Conflict()
        row = await agreements.register_court_request(session, actor, pid, given)
        file = await evidence.keep(session, actor, prepared, "court_pack", row.id)
        session.add(CourtPack(request_id=row.id, file_id=file.id))
        await session.flush()
        await jobs.enqueue(session, SEND, {"request": row.id}, key=f"court:send:{row.id}")
        return row


async def _ready(session: AsyncSession, settings: Settings, actor: Actor, pid: str, given: CourtRequestIn) -> Pack:
    """The pack as the court gets it. Raises Conflict naming what is missing."""
    view = await court_pack.door(session, actor, pid)
    agreement_access.need_handler(view)
    await need_open(session, view)
    pack = await court_pack.gather(session, view, agreements.court_named(given), settings=settings)
    left = [one for one in court_pack.missing(pack) if one.must]
    if left:
        said = "；".join(f"{one.who}：{one.what}" for one in left)
        raise Conflict(_("材料还不齐，不能送。%(said)s。", said=said), code="pack_incomplete")
    return pack


@jobs.carries(SEND)
async def on_send(database: Database, payload: dict[str, Any]) -> jobs.Note | None:
    """Carry one pack to its court and keep the receipt. Bears being run twice: the adapter knows the parcel."""
    async with database.read() as session:
        request = await session.get_one(CourtRequest, payload["request"])
        if await _is_settled(session, request):
            return None
        case = await session.get_one(Case, request.case_id)
        pack = await session.get_one(CourtPack, request.id)
        file = await session.get_one(File, pack.file_id)
    parcel = Parcel(
        request=request.pid, court=request.court, case_no=case.case_no or case.application_no,
        applied_on=request.applied_on.isoformat(), data=await evidence.read_bytes(file, original=True),
        sha256=file.sha256,
    )  # fmt: skip
    court = court_adapter.chosen()
    receipt = await court.hand_in(parcel)

    async def note(session: AsyncSession) -> None:
        case = await agreement_access.lock(session, request.case_id)
        if await _is_settled(session, await session.get_one(CourtRequest, request.id)):
            return
        pack = await session.get_one(CourtPack, request.id, with_for_update=True)
        pack.adapter, pack.receipt_no, pack.received_at = court.name, receipt.number[:80], receipt.at.astimezone(UTC)
        await session.flush()
        await cases.event(
            session, SYSTEM, case, "court:pack:received", role=CaseRole.SYSTEM, channel=Channel.SYSTEM,
            note=f"回执 {receipt.number}", detail={"request": request.pid},
        )  # fmt: skip
        detail = {"case": case.pid, "adapter": court.name, "receipt": receipt.number, "sha256": receipt.sha256}
        await audit.record(session, SYSTEM, "court:pack:sent", "court_request", request.pid, detail)

    return note


async def _is_settled(session: AsyncSession, request: CourtRequest) -> bool:
    """Whether the court has the papers, or has decided without them."""
    pack = await session.get_one(CourtPack, request.id)
    return pack.received_at is not None or request.outcome is not None
