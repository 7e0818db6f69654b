"""Asking a party in: a link, a QR figure and a code that name an invitation and nobody (T16).

Whoever opens one signs in with a phone first and gives a name; only then is it compared with the party that was
invited. Before that no page and no answer tells who invites, whom, or why.
"""

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts import identity
from odr.accounts.access import Actor
from odr.accounts.models import Person
from odr.audit.who import Who
from odr.cases import moves, seating, telling
from odr.cases.access import Do, View, need, view
from odr.cases.codes import Channel, PartyKind, PartyRole, Side
from odr.cases.events import STAFF, event
from odr.cases.facts import assignment_of, party_states
from odr.cases.models import Case, CaseEvent, ContactAttempt, Invitation, Party
from odr.cases.schemas import AgentIn, is_mobile
from odr.core import clock, crypto, ids, outbox
from odr.core.errors import Conflict, NotFound
from odr.core.forms import narrow

VALID = timedelta(days=15)
_TRIES = 5
_CODE = "invitation"


class Standing(StrEnum):
    """What an invitation is worth now."""

    OPEN = "open"
    EXPIRED = "expired"
    USED = "used"
    REVOKED = "revoked"


def standing(invitation: Invitation) -> Standing:
    if invitation.used_at is not None:
        return Standing.USED
    if invitation.revoked_at is not None:
        return Standing.REVOKED
    return Standing.EXPIRED if invitation.expires_at <= clock.steady() else Standing.OPEN


async def invite(
    session: AsyncSession, actor: Who, party: Party, *, base_url: str = "", by_phone: bool = True
) -> tuple[Invitation, str, str]:
    """A fresh invitation for one party, with its token and its code. Earlier open ones of the party end.

    A party with a mobile number gets a text message that names nobody. Raises Conflict for a party already bound.
    """
    case = await session.get_one(Case, party.case_id)
    if isinstance(actor, Actor):
        need(await view(session, actor, case), Do.INVITE)
    return await send(session, actor, case, party, base_url=base_url, by_phone=by_phone)


async def send(
    session: AsyncSession, actor: Who, case: Case, party: Party, *, base_url: str = "", by_phone: bool = True
) -> tuple[Invitation, str, str]:
    """What `invite` does, for callers that have asked the door: a party may have its own agent asked in."""
    await moves.hold(session, case)
    if party.person_id is not None or party.ended_at is not None:
        raise Conflict()
    for earlier in await _open_ones(session, party):
        earlier.revoked_at = clock.now()
    token, code = ids.new_token(), ids.new_code()
    invitation = Invitation(
        party_id=party.id,
        token_hash=crypto.token_hash(token),
        code_hash=crypto.code_hash(_CODE, code),
        token=token,
        code=code,
        expires_at=clock.steady() + VALID,
    )
    session.add(invitation)
    await session.flush()
    if sent := by_phone and is_mobile(party.phone):
        text = _message(base_url, token, code)
        await outbox.post(session, outbox.Channel.SMS, tag="invitation", address=party.phone, text=text)
    await event(session, actor, case, "invitation:link:sent", audience=STAFF, detail={"party": party.pid, "sms": sent})
    return invitation, token, code


def _message(base_url: str, token: str, code: str) -> str:
    link = f"请打开 {base_url}/i/{token} ，" if base_url else ""
    return f"您收到一份人民调解邀请，不收费，是否参加由您决定。{link}或在乌海解纷网站输入邀请码 {grouped(code)}。"


def grouped(code: str) -> str:
    """A code in two halves, as it is read aloud."""
    return f"{code[:4]}-{code[4:]}"


async def _open_ones(session: AsyncSession, party: Party) -> list[Invitation]:
    query = select(Invitation).where(
        Invitation.party_id == party.id, Invitation.used_at.is_(None), Invitation.revoked_at.is_(None)
    )
    return list(await session.scalars(query.order_by(Invitation.id.desc())))


async def open_invitation(session: AsyncSession, party: Party) -> Invitation | None:
    """The invitation of this party that can be taken now, for the staff's page."""
    return next((one for one in await _open_ones(session, party) if standing(one) is Standing.OPEN), None)


async def invite_everybody(session: AsyncSession, actor: Who, case: Case, *, base_url: str = "") -> int:
    """Invite every party that is not bound and has no open invitation. Returns how many were asked in."""
    asked = 0
    for state in await party_states(session, case):
        if not state.people and await open_invitation(session, state.row) is None:
            await invite(session, actor, state.row, base_url=base_url)
            asked += 1
    return asked


async def invitation_by_token(session: AsyncSession, token: str) -> Invitation | None:
    """The invitation of a link, in whatever standing."""
    found: Invitation | None = await session.scalar(
        select(Invitation).where(Invitation.token_hash == crypto.token_hash(token))
    )
    return found


async def invitation_by_code(session: AsyncSession, code: str) -> Invitation | None:
    """The invitation of a code as it was typed: case-blind, with or without spaces and dashes."""
    plain = "".join(sign for sign in narrow(code) if sign.isalnum()).upper()
    found: Invitation | None = await session.scalar(
        select(Invitation).where(Invitation.code_hash == crypto.code_hash(_CODE, plain))
    )
    return found


def same_name(a: str, b: str) -> bool:
    """Loosely the same name: width, case, spaces and dots aside."""
    try:
        plain = [identity.normalise_name(text).replace(" ", "").replace("·", "").casefold() for text in (a, b)]
    except ValueError:
        return False
    return plain[0] == plain[1]


async def take_invitation(session: AsyncSession, actor: Actor, invitation: Invitation, name: str) -> View | None:
    """Bind the invited party to this signed-in person: the first whose phone or name fits, once and for all.

    None when it does not fit: the caller must commit, as the try is kept and staff is alerted, and show one neutral
    sentence. Raises Conflict for an invitation that is not open any more (taking one's own again gives the view).
    """
    party = await session.get_one(Party, invitation.party_id)
    case = await session.get_one(Case, party.case_id)
    await moves.hold(session, case)
    await session.refresh(invitation)
    await session.refresh(party)
    if invitation.used_by == actor.person_id and party.person_id == actor.person_id:
        return await view(session, actor, case)
    if standing(invitation) is not Standing.OPEN or party.person_id is not None or party.ended_at is not None:
        if standing(invitation) is Standing.USED:
            await _alert(session, actor, case, party, "invitation:link:reused")
            return None
        raise Conflict()
    person = await session.get_one(Person, actor.person_id)
    if not _fits(party, person, name) or await _is_on_another_side(session, case, party, person):
        await _alert(session, actor, case, party, "invitation:name:mismatch")
        if await _failures(session, case, party) >= _TRIES:
            invitation.revoked_at = clock.now()
            await event(session, actor, case, "invitation:link:revoked", audience=STAFF, detail={"party": party.pid})
        return None
    return await _bind(session, actor, case, party, invitation, person, name)


async def _bind(
    session: AsyncSession, actor: Actor, case: Case, party: Party, invitation: Invitation, person: Person, name: str
) -> View:
    invitation.used_at, invitation.used_by = clock.now(), actor.person_id
    party.person_id = actor.person_id
    if not person.name and party.kind == PartyKind.NATURAL:
        person.name = party.name
    await session.flush()
    await seating.keep_in_step(session, case)
    # Staff is shown which of the two fitted: the other one is worth a question.
    fits = {"name": same_name(name, party.name), "phone": party.phone is not None and party.phone == person.phone}
    await event(session, actor, case, "invitation:link:taken", detail={"party": party.pid, "fits": fits})
    await telling.tell_mediator(session, case, "invitation:taken")
    return await view(session, actor, case)


def _fits(party: Party, person: Person, name: str) -> bool:
    """The phone that was invited, or the name that was invited: one of them must be the person's own."""
    if party.phone is not None and person.phone is not None and party.phone == person.phone:
        return True
    proved = person.name if person.identity_level != "phone" else name
    known = [party.name, party.legal_rep] if party.legal_rep else [party.name]
    return any(same_name(proved, given) and same_name(name, given) for given in known)


async def _is_on_another_side(session: AsyncSession, case: Case, party: Party, person: Person) -> bool:
    """Nobody sits on both sides, nor handles a case and is a party of it."""
    for state in await party_states(session, case):
        if person.id in state.people and state.row.side != party.side:
            return True
    found = await assignment_of(session, case)
    return found is not None and found.person_id == person.id


async def _alert(session: AsyncSession, actor: Actor, case: Case, party: Party, tag: str) -> None:
    await event(session, actor, case, tag, audience=STAFF, detail={"party": party.pid})
    await telling.tell_mediator(session, case, tag)
    await telling.tell_clerks(session, case, tag)


async def _failures(session: AsyncSession, case: Case, party: Party) -> int:
    """Wrong tries at the party's present invitation."""
    since = select(func.max(CaseEvent.id)).where(CaseEvent.case_id == case.id, CaseEvent.tag == "invitation:link:sent")
    last = await session.scalar(since) or 0
    query = (
        select(func.count())
        .select_from(CaseEvent)
        .where(CaseEvent.case_id == case.id, CaseEvent.tag == "invitation:name:mismatch", CaseEvent.id > last)
    )
    return await session.scalar(query) or 0


# --- reaching parties -----------------------------------------------------------------------------------------------


async def note_contact(
    session: AsyncSession, actor: Actor, party: Party, channel: Channel | str, result: str
) -> ContactAttempt:
    """Keep a try to reach a party: when, how, with what result (在线调解规则 Art. 15)."""
    case = await session.get_one(Case, party.case_id)
    need(await view(session, actor, case), Do.NOTE_CONTACT)
    channel = Channel(channel)
    attempt = ContactAttempt(party_id=party.id, channel=channel.value, result=result, by_person_id=actor.person_id)
    session.add(attempt)
    await session.flush()
    detail = {"party": party.pid}
    await event(
        session, actor, case, "party:contact:noted", channel=channel, audience=STAFF, note=result, detail=detail
    )
    return attempt


async def contacts_of(session: AsyncSession, case: Case) -> Sequence[ContactAttempt]:
    """Every try to reach somebody in this case, newest first."""
    parties = select(Party.id).where(Party.case_id == case.id)
    query = select(ContactAttempt).where(ContactAttempt.party_id.in_(parties)).order_by(ContactAttempt.id.desc())
    return list(await session.scalars(query))


async def add_agent(session: AsyncSession, actor: Actor, case: Case, principal: Party, named: AgentIn) -> Party:
    """Somebody shall act for a party. The party adds its own; staff adds one from a paper it has seen. The agent is
    bound by an invitation like everybody else. Raises NotFound for a party of the other side."""
    seen = await view(session, actor, case)
    need(seen, Do.ADD_AGENT)
    await moves.hold(session, case)
    if principal.case_id != case.id or principal.role != PartyRole.PARTY or (seen.side and seen.side != principal.side):
        raise NotFound()
    agent = Party(
        case_id=case.id,
        side=Side(principal.side).value,
        role=named.role.value,
        acts_for_id=principal.id,
        may_settle=named.may_settle,
        name=named.name,
        phone=named.phone,
    )
    session.add(agent)
    await session.flush()
    await event(session, actor, case, "party:agent:added", audience=principal.side, detail={"party": agent.pid})
    return agent
