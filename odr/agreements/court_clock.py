"""The reminders of judicial confirmation, set as jobs: while both may still ask, and while enforcement is open."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from odr.agreements import court_window, performing
from odr.agreements.court_window import Promise
from odr.agreements.models import CourtRequest
from odr.agreements.standing import Standing
from odr.cases.models import Case
from odr.core import clock, jobs

WINDOW = "agreements:court_window"
ENFORCE = "agreements:court_enforce"


async def begin(session: AsyncSession, effect: Standing) -> None:
    """Set the reminders of the thirty days, when the agreement takes effect."""
    if effect.effective_on is None:
        return
    for left, at in court_window.reminders(effect.effective_on):
        if at > clock.now():
            payload = {"agreement": effect.agreement.id, "left": left}
            await jobs.enqueue(session, WINDOW, payload, due_at=at, key=f"court:{effect.agreement.id}:{left}")


async def enforceable(session: AsyncSession, case: Case, request: CourtRequest) -> date | None:
    """Until when what is still open of a confirmed agreement can be enforced; None where nothing is open."""
    if request.decided_on is None:
        return None
    items = await performing.items_of(session, case)
    promises = [
        Promise(item.clause_id, item.due_on, item.state in performing.SETTLED)
        for item in items
        if item.agreement_id == request.agreement_id
    ]
    return court_window.enforce_until(request.decided_on, promises)


async def begin_enforcement(session: AsyncSession, case: Case, request: CourtRequest) -> None:
    """Set the reminders of the two years, when the court has confirmed (民事诉讼法 Art. 250)."""
    if (end := await enforceable(session, case, request)) is not None:
        for left, _at in court_window.enforce_reminders(end):
            await set_enforcement(session, request, left, end)


async def set_enforcement(session: AsyncSession, request: CourtRequest, left: int, end: date) -> None:
    at = dict(court_window.enforce_reminders(end))[left]
    if at > clock.now():
        payload = {"request": request.id, "left": left}
        await jobs.enqueue(session, ENFORCE, payload, due_at=at, key=f"enforce:{request.id}:{left}:{end}")
