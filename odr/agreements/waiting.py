"""What waits for a party in an agreement, from the first clause to the last visit, for the page of its case."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from odr.agreements import documents, offer_docs, performing, visits
from odr.cases import service as cases
from odr.cases.access import View
from odr.cases.codes import State
from odr.core.i18n import _

Cell = dict[str, str]


@cases.adds_waiting
async def waiting(session: AsyncSession, view: View, doc: dict[str, Any]) -> list[Cell]:
    """Cells in the order in which these things come. Signing has the case's own button."""
    at = f"/cases/{view.case.pid}"
    found = _of_the_draft(view, doc, f"{at}/agreement")
    if view.state is State.MEDIATING:
        found += await _of_the_offers(session, view, f"{at}/agreement/offers")
    if view.state in performing.PERFORMING:
        found += await _of_the_promises(session, view, f"{at}/performance")
    if await visits.form_for(session, view) is not None:
        words, note = _("请您说说调解以后的情况"), _("四个问题，一分钟。")
        found.append({"text": words, "note": note, "href": f"{at}/visits/form"})
    return found


def _of_the_draft(view: View, doc: dict[str, Any], at: str) -> list[Cell]:
    found: list[Cell] = []
    agreement = doc.get("agreement")
    if agreement is not None and agreement["my_turn"] and view.principal is not None:
        open_ones = sum(view.principal.pid in clause["waiting"] for clause in agreement["clauses"])
        if agreement["state"] == "drafting":
            found.append({"text": _("协议草案有 %(n)s 条等您回答", n=open_ones), "href": at})
        elif agreement["form"] == "oral":
            found.append({"text": _("请您确认口头协议"), "href": at})
    asked = sum(one["can"]["reply"] and not one["reply"] for one in doc.get("proposals") or ())
    if asked:
        found.append({"text": _("有 %(n)s 条建议想听您的看法", n=asked), "href": f"{at}#proposals"})
    return found


async def _of_the_offers(session: AsyncSession, view: View, at: str) -> list[Cell]:
    found = []
    for one in await offer_docs.of_view(session, view):
        sealed = one["kind"] == "blind" and one["may_offer"] and not one["submitted"]
        newest = one.get("offers", [])[-1:]
        if sealed or any(offer["may_accept"] for offer in newest):
            found.append({"text": _("有一轮出价等您答复"), "note": one["about"], "href": f"{at}#r-{one['id']}"})
    return found


async def _of_the_promises(session: AsyncSession, view: View, at: str) -> list[Cell]:
    found = []
    for one in await documents.promises(session, view):
        if one["lasting"] or one["state"] in performing.SETTLED:
            continue
        here = {"note": one["text"], "href": f"{at}/{one['id']}"}
        if one["for_me"] and (one["state"] == "claimed" or any(part["my_turn"] for part in one["parts"])):
            found.append({"text": _("对方说已经做了，请您确认")} | here)
        elif any(row["my_turn"] for row in one["postponements"]):
            found.append({"text": _("对方想晚几天，请您答复")} | here)
        elif one["mine"] and one["days_late"]:
            found.append({"text": _("这一项已经过了 %(n)s 天，请尽快办", n=one["days_late"])} | here)
    return found
