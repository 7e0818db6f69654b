"""Agreements as verbs: the one door for other features. Each verb takes the session first and never commits; those
that take the database make slow things (PDF) or spend codes between two transactions of their own."""

from odr.agreements import access, court_reminding, tellers
from odr.agreements.anew import ask as ask_anew
from odr.agreements.board import Board, show
from odr.agreements.checks import acknowledge, acknowledge_all
from odr.agreements.confirming import agree as agree_to_court
from odr.agreements.confirming import named as court_named
from odr.agreements.confirming import outcome_of as court_outcome
from odr.agreements.confirming import record as record_court_outcome
from odr.agreements.confirming import record_from_court as record_court_word
from odr.agreements.confirming import register as register_court_request
from odr.agreements.confirming import shown as court_shown
from odr.agreements.confirming import take_back as take_back_court_consent
from odr.agreements.content import Content, gather, kept, principals
from odr.agreements.copies import keep_copy
from odr.agreements.courts import offered as courts_offered
from odr.agreements.documents import document, promises, versions
from odr.agreements.drafting import (
    accept_all,
    add_clause,
    add_clauses,
    answer,
    change_clause,
    draft,
    release_comment,
    remove_clause,
    reorder,
    revise_sheet,
    write_down,
)
from odr.agreements.final import finalise, unfreeze
from odr.agreements.genuine import where_to_take_in
from odr.agreements.oral import confirm_oral, register, register_of, vouch_oral
from odr.agreements.parts import answer as answer_part
from odr.agreements.parts import claim, parts_of, record_part, settle
from odr.agreements.performance_papers import ask as ask_certificate
from odr.agreements.performance_papers import breach, remedies
from odr.agreements.performance_papers import issue as issue_certificate
from odr.agreements.performance_papers import keep as keep_performance_paper
from odr.agreements.performance_papers import papers_of as performance_papers_of
from odr.agreements.performing import complete, items_of, items_under, record, urge
from odr.agreements.planning import drop_plan, plan
from odr.agreements.postponing import answer as answer_postponement
from odr.agreements.postponing import ask as postpone
from odr.agreements.postponing import postponements_of
from odr.agreements.postponing import withdraw as withdraw_postponement
from odr.agreements.reading import has_read
from odr.agreements.reading import note as note_read
from odr.agreements.schedule import entries as calendar_entries
from odr.agreements.seals import adapter as seal_of
from odr.agreements.sheets import take_paper
from odr.agreements.signing import seal, send_code, sign
from odr.agreements.standing import Standing, in_effect
from odr.agreements.standing import earlier as earlier_agreements
from odr.agreements.standing import of as standing
from odr.agreements.verification import faults as verify
from odr.agreements.visits import fill as fill_visit_form
from odr.agreements.visits import finish as finish_visits
from odr.agreements.visits import reopen as reopen_from_visit
from odr.agreements.visits import send_form as send_visit_form
from odr.agreements.visits import visit, visits_of
from odr.evidence import access as files

__all__ = [
    "Board",
    "Content",
    "Standing",
    "accept_all",
    "acknowledge",
    "acknowledge_all",
    "add_clause",
    "add_clauses",
    "agree_to_court",
    "answer",
    "answer_part",
    "answer_postponement",
    "ask_anew",
    "ask_certificate",
    "breach",
    "calendar_entries",
    "change_clause",
    "claim",
    "complete",
    "confirm_oral",
    "court_named",
    "court_outcome",
    "court_shown",
    "courts_offered",
    "document",
    "draft",
    "drop_plan",
    "earlier_agreements",
    "fill_visit_form",
    "finalise",
    "finish_visits",
    "gather",
    "has_read",
    "in_effect",
    "issue_certificate",
    "items_of",
    "items_under",
    "keep_copy",
    "keep_performance_paper",
    "kept",
    "note_read",
    "parts_of",
    "performance_papers_of",
    "plan",
    "postpone",
    "postponements_of",
    "principals",
    "promises",
    "record",
    "record_court_outcome",
    "record_court_word",
    "record_part",
    "register",
    "register_court_request",
    "register_of",
    "release_comment",
    "remedies",
    "remove_clause",
    "reopen_from_visit",
    "reorder",
    "revise_sheet",
    "seal",
    "seal_of",
    "send_code",
    "send_visit_form",
    "settle",
    "show",
    "sign",
    "standing",
    "take_back_court_consent",
    "take_paper",
    "tell",
    "unfreeze",
    "urge",
    "verify",
    "versions",
    "visit",
    "visits_of",
    "vouch_oral",
    "where_to_take_in",
    "withdraw_postponement",
    "write_down",
]

tell = tellers.tell
reminding = (court_reminding.on_window, court_reminding.on_enforcement)

files.register("agreement", access.file_of_agreement)
files.register("court_request", access.file_of_court_request)
files.register("court_pack", access.file_of_court_pack)
files.register("court_proof", access.file_of_court_proof)
files.register("performance", access.file_of_item)
