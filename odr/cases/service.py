"""Cases as verbs: the one door for other features. Each verb takes the session first and never commits.

What a higher feature knows is told by `tells` (facts for the rules), `adds`, `adds_today` and `adds_work` (what pages
show); what it does when a move was made is registered with `after`.
"""

from odr.cases import reminders as _reminders  # noqa: F401  registers the job
from odr.cases.applications import submit
from odr.cases.deadlines import find as deadline
from odr.cases.deadlines import running as deadlines_of
from odr.cases.deadlines import stop as stop_deadline
from odr.cases.events import event, timeline
from odr.cases.facts import (
    Gathered,
    PartyState,
    assignment_of,
    gather,
    happened,
    parties_of,
    party_states,
    reopenings,
    tells,
)
from odr.cases.gates import answer_will, ask_offline, gates_of, next_gate, pass_gate, revoke_gate
from odr.cases.invitations import (
    Standing,
    add_agent,
    contacts_of,
    invitation_by_code,
    invitation_by_token,
    invite,
    invite_everybody,
    note_contact,
    open_invitation,
    standing,
    take_invitation,
)
from odr.cases.lifecycle import Move, failing
from odr.cases.moves import (
    accept,
    after,
    apply_confirmation,
    archive,
    assign,
    back_to_mediating,
    breach,
    close,
    confirm_assignment,
    confirm_entry,
    consult,
    decline_assignment,
    end,
    extend,
    follow_up,
    hold,
    lapse,
    mark_performed,
    opt_out,
    record_court_result,
    refuse,
    reopen,
    replace_mediator,
    request_supplement,
    resubmit,
    resume,
    route,
    settle_effective,
    start,
    start_performance,
    suspend,
    to_signing,
    transfer,
    withdraw,
)
from odr.cases.objections import answer_objection, object_to_mediator
from odr.cases.routes import deliver_routes_notice
from odr.cases.seating import announce, shown_name
from odr.cases.showing import Row, Shown, adds, adds_today, adds_work, document, rows_for
from odr.cases.telling import tell_clerks, tell_mediator, tell_parties
from odr.cases.way import Way, way

__all__ = [
    "Gathered",
    "Move",
    "PartyState",
    "Row",
    "Shown",
    "Standing",
    "Way",
    "accept",
    "add_agent",
    "adds",
    "adds_today",
    "adds_work",
    "after",
    "announce",
    "answer_objection",
    "answer_will",
    "apply_confirmation",
    "archive",
    "ask_offline",
    "assign",
    "assignment_of",
    "back_to_mediating",
    "breach",
    "close",
    "confirm_assignment",
    "confirm_entry",
    "consult",
    "contacts_of",
    "deadline",
    "deadlines_of",
    "decline_assignment",
    "deliver_routes_notice",
    "document",
    "end",
    "event",
    "extend",
    "failing",
    "follow_up",
    "gates_of",
    "gather",
    "happened",
    "hold",
    "invitation_by_code",
    "invitation_by_token",
    "invite",
    "invite_everybody",
    "lapse",
    "mark_performed",
    "next_gate",
    "note_contact",
    "object_to_mediator",
    "open_invitation",
    "opposite",
    "opt_out",
    "parties_of",
    "party_states",
    "pass_gate",
    "record_court_result",
    "refuse",
    "reopen",
    "reopenings",
    "replace_mediator",
    "request_supplement",
    "resubmit",
    "resume",
    "revoke_gate",
    "route",
    "rows_for",
    "settle_effective",
    "shown_name",
    "standing",
    "start",
    "start_performance",
    "stop_deadline",
    "submit",
    "suspend",
    "take_invitation",
    "tell_clerks",
    "tell_mediator",
    "tell_parties",
    "tells",
    "timeline",
    "to_signing",
    "transfer",
    "way",
    "withdraw",
]


def opposite(side: str) -> str:
    """The other side's word."""
    return "respondent" if side == "applicant" else "applicant"
