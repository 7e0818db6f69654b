"""A party does not want this mediator: further steps wait until the body has answered (R9, Art. 23)."""

from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.cases import moves, telling
from odr.cases.access import Do, need, view
from odr.cases.codes import ObjectionGround
from odr.cases.events import event
from odr.cases.facts import assignment_of
from odr.cases.models import Case, Party
from odr.core.errors import Conflict
from odr.core.i18n import _


async def object_to_mediator(
    session: AsyncSession, actor: Actor, case: Case, ground: ObjectionGround | str, note: str = ""
) -> None:
    """Raise an objection. The other side is not told; the mediator cannot start or freeze anything until it is
    answered. Raises Conflict where there is no mediator, or one objection waits already."""
    ground = ObjectionGround(ground)
    seen = await view(session, actor, case)
    need(seen, Do.OBJECT)
    if seen.party is None or seen.side is None:
        raise Conflict()
    await moves.hold(session, case)
    assignment = await assignment_of(session, case)
    if assignment is None:
        raise Conflict(_("现在还没有调解员。"))
    if assignment.objection is not None:
        raise Conflict(_("已经有一份异议在处理。请等调委会答复。"))
    assignment.objection = ground.zh + (f"：{note}" if note else "")
    assignment.objected_by = seen.party.id
    await session.flush()
    await event(
        session, actor, case, "mediator:objection:made", role=seen.role, audience=seen.side, note=assignment.objection,
        detail={"ground": ground.value},
    )  # fmt: skip
    await telling.tell_clerks(session, case, "mediator:objection")


async def answer_objection(session: AsyncSession, actor: Actor, case: Case, *, upheld: bool, answer: str) -> None:
    """The body answers: another mediator, or the same one with a reason. A party who still refuses may leave."""
    seen = await view(session, actor, case)
    need(seen, Do.ANSWER_OBJECTION)
    await moves.hold(session, case)
    assignment = await assignment_of(session, case)
    if assignment is None or assignment.objection is None:
        raise Conflict(_("没有等待答复的异议。"))
    objector = await session.get_one(Party, assignment.objected_by)
    assignment.objection = None
    await session.flush()
    tag = f"mediator:objection:{'upheld' if upheld else 'dismissed'}"
    await event(session, actor, case, tag, role=seen.role, audience=objector.side, note=answer)
    if upheld:
        await moves.replace_mediator(session, actor, case, answer)
