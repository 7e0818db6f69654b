"""Drafts: saved at each step, open on every device of their owner, submitted once."""

import json
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.core import clock
from odr.core.errors import NotFound
from odr.intake.models import Draft

_KEPT = timedelta(days=90)


async def open_drafts(session: AsyncSession, actor: Actor) -> list[Draft]:
    """The actor's unfinished applications, newest first."""
    query = (
        select(Draft)
        .where(
            Draft.owner_id == actor.person_id,
            Draft.case_id.is_(None),
            Draft.dropped_at.is_(None),
            Draft.updated_at > clock.now() - _KEPT,
        )
        .order_by(Draft.updated_at.desc())
    )
    return list(await session.scalars(query))


async def start(session: AsyncSession, actor: Actor) -> Draft:
    """A new, empty application."""
    draft = Draft(owner_id=actor.person_id)
    session.add(draft)
    await session.flush()
    return draft


async def mine(session: AsyncSession, actor: Actor, pid: str, *, lock: bool = False) -> Draft:
    """The door of a draft: its owner alone, on any device. Raises NotFound."""
    query = select(Draft).where(Draft.pid == pid, Draft.owner_id == actor.person_id, Draft.dropped_at.is_(None))
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    draft = await session.scalar(query)
    if draft is None:
        raise NotFound()
    return draft


def answers_of(draft: Draft) -> dict[str, str]:
    found: dict[str, str] = json.loads(draft.answers)
    return found


def save(draft: Draft, step: str, values: dict[str, str]) -> None:
    """Keep what was typed at one step, right or wrong."""
    draft.answers = json.dumps(answers_of(draft) | values, ensure_ascii=False)
    draft.step = step
    draft.updated_at = clock.now()


def drop(draft: Draft) -> None:
    draft.dropped_at = clock.now()
