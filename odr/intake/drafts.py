"""Drafts: saved at each step, open on every device of their owner, submitted once."""

import json
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.audit import service as audit
from odr.core import clock
from odr.evidence import service as evidence
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


def answers_of(draft: Draft) -> dict[str, str]:
    """What was typed so far, by field, right or wrong."""
    found: dict[str, str] = json.loads(draft.answers)
    return found


def save(draft: Draft, step: str, values: dict[str, str]) -> None:
    """Keep what was typed at one step, right or wrong."""
    draft.answers = json.dumps(answers_of(draft) | values, ensure_ascii=False)
    draft.step = step
    draft.updated_at = clock.now()


async def drop(session: AsyncSession, actor: Actor, draft: Draft) -> None:
    """The owner throws it away: its words are gone at once, its photos open to nobody."""
    for file in await evidence.held(session, "draft", draft.id):
        await evidence.remove(session, actor, file.pid, "draft", draft.id)
    draft.answers, draft.dropped_at = "{}", clock.now()
    await audit.record(session, actor, "draft:words:dropped", "draft", draft.pid)
