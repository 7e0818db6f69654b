"""What each party is told and asked before the joint room: one consent or notice a row, with the words that were shown.

Consent to one step is none to the next (在线调解规则 Art. 4), and what was given can be taken back (R2).
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.access import Actor
from odr.cases import deadlines, moves, seating, telling
from odr.cases.access import Do, View, for_reading, need, view
from odr.cases.clocks import ClockKind
from odr.cases.codes import Channel, ConsentKind, Result, Side, State, Will
from odr.cases.events import ALL, event
from odr.cases.facts import Gathered, PartyState, gather, party_states
from odr.cases.models import Case, Gate, Party
from odr.cases.texts import ONLINE, RIGHTS
from odr.core import clock
from odr.core.errors import Conflict, NotFound
from odr.core.i18n import N_, _

_WILL_VERSION = "will-2026-11"
_REVOCABLE = frozenset(
    {
        ConsentKind.ONLINE_MEDIATION,
        ConsentKind.E_SIGN,
        ConsentKind.E_DELIVERY,
        ConsentKind.EXTENSION,
        ConsentKind.COURT_REQUEST,
        ConsentKind.OFFLINE,
    }
)
_EACH_OTHERS_END = {
    ConsentKind.ONLINE_MEDIATION: ConsentKind.OFFLINE,
    ConsentKind.OFFLINE: ConsentKind.ONLINE_MEDIATION,
}


# The joint request to the court is asked after the effect and concerns both sides, so both read who agreed (Art. 33).
_DOORS = {ConsentKind.COURT_REQUEST: Do.ASK_COURT}
_TAGS = {ConsentKind.OFFLINE: "party:offline:asked", ConsentKind.COURT_REQUEST: "party:court:agreed"}


def _read_by(kind: ConsentKind, owner: Party) -> tuple[str, str]:
    """Who reads on the timeline that this was given or taken back, and what stands there."""
    if kind is ConsentKind.COURT_REQUEST:
        return ALL, Side(owner.side).zh
    return owner.side, kind.zh


class GateName(StrEnum):
    """The gates in the order they are asked. Identity is no consent: it comes from the person's own ladder."""

    IDENTITY = "identity"
    RIGHTS_NOTICE = ConsentKind.RIGHTS_NOTICE.value
    AGREE_TO_MEDIATE = ConsentKind.AGREE_TO_MEDIATE.value
    ONLINE_MEDIATION = ConsentKind.ONLINE_MEDIATION.value
    DISCLOSURE = ConsentKind.DISCLOSURE.value


_TITLES = {
    GateName.IDENTITY: N_("核实身份"),
    GateName.RIGHTS_NOTICE: N_("阅读权利义务告知书"),
    GateName.AGREE_TO_MEDIATE: N_("决定是否参加调解"),
    GateName.ONLINE_MEDIATION: N_("决定是否在网上谈"),
    GateName.DISCLOSURE: N_("看调解员的情况披露"),
}


@dataclass(frozen=True)
class GateState:
    """One gate of one party: done, open to be passed now, or waiting for the mediator."""

    name: GateName
    done: bool
    waiting: bool = False

    @property
    def title(self) -> str:
        return _(_TITLES[self.name])


def gates_of(found: Gathered, party: PartyState) -> list[GateState]:
    """Every gate of a party, in the order in which they are asked."""
    disclosed = found.assignment is not None and found.assignment.disclosed_at is not None
    taken_on = found.assignment is not None and found.assignment.confirmed_at is not None
    rules = party.of_rules
    return [
        GateState(GateName.IDENTITY, rules.identity_checked),
        GateState(GateName.RIGHTS_NOTICE, rules.rights_notice),
        GateState(GateName.AGREE_TO_MEDIATE, rules.will is Will.AGREED),
        GateState(GateName.ONLINE_MEDIATION, rules.online_consent or rules.offline),
        GateState(GateName.DISCLOSURE, rules.disclosure_seen, waiting=not (disclosed and taken_on)),
    ]


def next_gate(gates: list[GateState]) -> GateState | None:
    """The gate to show now; None when all that can be passed are."""
    return next((gate for gate in gates if not gate.done and not gate.waiting), None)


async def own_gates(session: AsyncSession, actor: Actor, pid: str) -> tuple[View, Gathered, list[GateState]]:
    """A party's own gates in a case. Raises NotFound for everybody who is no party of it."""
    seen = await for_reading(session, actor, pid)
    found = await gather(session, seen.case)
    party = found.party(seen.party)
    if party is None:
        raise NotFound()
    return seen, found, gates_of(found, party)


def shown_text(found: Gathered, name: GateName) -> dict[str, Any] | None:
    """The words a party is shown at this gate and their version, as JSON; None where there are none (identity)."""
    if name is GateName.IDENTITY:
        return None
    words = {GateName.RIGHTS_NOTICE: RIGHTS, GateName.ONLINE_MEDIATION: ONLINE}.get(name)
    disclosure = found.assignment.disclosure if found.assignment and name is GateName.DISCLOSURE else None
    return {
        "version": text_version(found, ConsentKind(name.value)),
        "title": words.title if words else None,
        "points": [{"title": point.title, "text": point.text} for point in words.points] if words else [],
        "disclosure": disclosure,
    }


def text_version(found: Gathered, kind: ConsentKind) -> str:
    """The version of the words that a party is shown for this consent now."""
    if kind is ConsentKind.RIGHTS_NOTICE:
        return RIGHTS.version
    if kind is ConsentKind.ONLINE_MEDIATION:
        return ONLINE.version
    if kind is ConsentKind.DISCLOSURE and found.assignment is not None:
        words = f"{found.mediator.pid if found.mediator else ''}:{found.assignment.disclosure}"
        return f"disclosure-{hashlib.sha256(words.encode()).hexdigest()[:8]}"
    return _WILL_VERSION if kind is ConsentKind.AGREE_TO_MEDIATE else f"{kind.value}-2026-11"[:24]


async def _principal(session: AsyncSession, actor: Actor, party: Party, act: Do) -> tuple[View, Case, Party]:
    """The case and the party whose consent it is. Raises NotFound for the other side's, Forbidden as the door says."""
    case = await session.get_one(Case, party.case_id)
    seen = await view(session, actor, case)
    need(seen, act)
    owner = party if party.acts_for_id is None else await session.get_one(Party, party.acts_for_id)
    if seen.principal is not None and seen.principal.id != owner.id:
        raise NotFound()
    return seen, case, owner


async def pass_gate(
    session: AsyncSession,
    actor: Actor,
    party: Party,
    kind: ConsentKind | str,
    channel: Channel | str = Channel.WEB,
    *,
    shown: str | None = None,
) -> None:
    """A party consents or confirms to have read. Staff records it for somebody at the window or on the telephone, and
    the row names both hands. A repeat changes nothing.

    `shown` is the version of the words on the screen: when they changed meanwhile it is Conflict. Raises Conflict for
    the disclosure while no mediator has taken the case on. The will is answered by `answer_will`.
    """
    kind, channel = ConsentKind(kind), Channel(channel)
    if kind is ConsentKind.AGREE_TO_MEDIATE:
        await answer_will(
            session, actor, await session.get_one(Case, party.case_id), party, Will.AGREED, channel=channel
        )
        return
    seen, case, owner = await _principal(session, actor, party, _DOORS.get(kind, Do.PASS_GATE))
    await moves.hold(session, case)
    found = await gather(session, case)
    state = found.party(owner)
    if state is None or (kind is ConsentKind.DISCLOSURE and not found.facts.mediator_confirmed):
        raise Conflict()
    version = text_version(found, kind)
    if shown is not None and shown != version:
        raise Conflict(_("这段文字刚刚有了变化。请看过新的内容再确认。"))
    if kind in state.gates:
        return
    await _keep(session, actor, owner, kind, version, channel)
    if kind in _EACH_OTHERS_END:
        await _end(session, owner, _EACH_OTHERS_END[kind])
    found = await gather(session, case)
    await seating.keep_in_step(session, case, found)
    audience, note = _read_by(kind, owner)
    await event(
        session, actor, case, _TAGS.get(kind, "party:gate:passed"), role=seen.role, channel=channel,
        audience=audience, note=note,
        detail={"party": owner.pid, "kind": kind.value, "text_version": version},
    )  # fmt: skip
    await _tell_when_ready(session, case, found)


async def _keep(
    session: AsyncSession, actor: Actor, owner: Party, kind: ConsentKind, version: str, channel: Channel
) -> None:
    session.add(
        Gate(
            party_id=owner.id,
            kind=kind.value,
            text_version=version,
            channel=channel.value,
            by_person_id=actor.person_id,
        )
    )
    await session.flush()


async def _end(session: AsyncSession, owner: Party, kind: ConsentKind) -> None:
    """What was given is given no longer; the row stays."""
    in_force = (Gate.party_id == owner.id, Gate.kind == kind.value, Gate.revoked_at.is_(None))
    await session.execute(update(Gate).where(*in_force).values(revoked_at=clock.now()))


async def _tell_when_ready(session: AsyncSession, case: Case, found: Gathered) -> None:
    """The mediator is told once, when the last gate of the last party is passed."""
    if case.state != State.ASSIGNED or not found.facts.mediator_confirmed:
        return
    if all(gate.done for state in found.parties for gate in gates_of(found, state)):
        await telling.tell_mediator(session, case, "case:ready")


async def revoke_gate(session: AsyncSession, actor: Actor, party: Party, kind: ConsentKind | str) -> None:
    """Take a consent back. Without consent to talk online the party goes on by telephone or on site, in the same file
    (R2). Raises Conflict for what cannot be taken back: a notice was read, and to leave is `opt_out`."""
    kind = ConsentKind(kind)
    seen, case, owner = await _principal(session, actor, party, _DOORS.get(kind, Do.PASS_GATE))
    await moves.hold(session, case)
    state = (await gather(session, case)).party(owner)
    if state is None or kind not in _REVOCABLE:
        raise Conflict()
    if kind not in state.gates:
        return
    await _end(session, owner, kind)
    await seating.keep_in_step(session, case)
    audience, note = _read_by(kind, owner)
    tag = "party:court:revoked" if kind is ConsentKind.COURT_REQUEST else "party:gate:revoked"
    await event(
        session, actor, case, tag, role=seen.role, audience=audience, note=note,
        detail={"party": owner.pid, "kind": kind.value},
    )  # fmt: skip
    if kind is ConsentKind.ONLINE_MEDIATION:
        await ask_offline(session, actor, owner)


async def ask_offline(session: AsyncSession, actor: Actor, party: Party, channel: Channel | str = Channel.WEB) -> None:
    """Telephone or the hall instead of the screen, at any step, without losing the record (R21)."""
    _seen, case, _owner = await _principal(session, actor, party, Do.ASK_OFFLINE)
    await pass_gate(session, actor, party, ConsentKind.OFFLINE, channel)
    await telling.tell_mediator(session, case, "party:offline")
    await telling.tell_clerks(session, case, "party:offline")


async def answer_will(
    session: AsyncSession,
    actor: Actor,
    case: Case,
    party: Party,
    will: Will | str,
    *,
    channel: Channel | str = Channel.WEB,
    note: str = "",
) -> None:
    """Whether a party wants mediation (Art. 17). A refusal ends the case; everybody is told the other routes first.

    The party says it itself; staff records what it was told on the telephone or at the door. The same answer again
    changes nothing. Raises Conflict once mediation began: then it is `opt_out`.
    """
    will, channel = Will(will), Channel(channel)
    seen, case, owner = await _principal(session, actor, party, Do.ANSWER_WILL)
    await moves.hold(session, case)
    need(seen, Do.ANSWER_WILL)
    if owner.will == will:
        return
    owner.will, owner.will_at = will.value, clock.now()
    await session.flush()
    await event(
        session, actor, case, f"party:will:{will.value}", role=seen.role, channel=channel, audience=owner.side,
        detail={"party": owner.pid, "reason": note},
    )  # fmt: skip
    if will is Will.AGREED:
        await _keep(session, actor, owner, ConsentKind.AGREE_TO_MEDIATE, _WILL_VERSION, channel)
        if all(state.row.will == Will.AGREED for state in await party_states(session, case)):
            await deadlines.stop(session, case, ClockKind.CONTACT)
        await telling.tell_clerks(session, case, "party:will")
        await telling.tell_mediator(session, case, "party:will")
        return
    if seen.is_staff:
        await moves.end(session, actor, case, Result.REFUSED, note or Result.REFUSED.zh)
    elif seen.side is Side.RESPONDENT:
        await moves.opt_out(session, actor, case, note)
    else:
        await moves.withdraw(session, actor, case, note)


def missing(found: Gathered) -> list[tuple[PartyState, list[GateState]]]:
    """Each party with the gates it still has before it: the staff's checklist."""
    return [(state, [gate for gate in gates_of(found, state) if not gate.done]) for state in found.parties]
