"""What a party takes along when talks failed (R34): how it ended, the other routes, and, if every party allows it, the
facts that were never in dispute. Nothing else of the talks: what was offered may not be held against anybody."""

from collections.abc import Sequence

from odr.agreements.papers import cn_date
from odr.cases.codes import Outcome, Result, outcome
from odr.core import binding, clock
from odr.core.binding import Bound, Late, Leaf, Span
from odr.core.errors import NotFound
from odr.dossier import filled, papers
from odr.dossier.bundle import Bundle, Seat

TITLE = "调解未达成协议材料"
_CLASSES = {
    Result.REFUSED: "一方不愿意调解",
    Result.DEADLOCK: "各方分歧较大，没有谈成",
    Result.TIMEOUT: "调解期限届满，各方没有同意延长",
    Result.SIGN_REFUSED: "谈成以后一方没有签名",
    Result.ENDED_PARTY: "一方要求终止调解",
    Result.ENDED_LAW: "不宜继续调解，或者已经由法院等机关处理",
    Result.UNREACHABLE: "联系不上一方",
}


def endings(b: Bundle) -> list[Seat]:
    """The parties whose papers this viewer may take; none while the mediation has not failed."""
    if not papers.ended_without(b) or not (b.view.is_party or b.view.handles):
        return []
    return [seat for seat in b.seats if b.mine(seat)]


def class_of(b: Bundle) -> tuple[str, str]:
    """The outcome class and what it means, in Chinese, as it stands on the paper."""
    result = Result(b.case.result or Result.OTHER)
    kind: Outcome = outcome(result, accepted=b.case.accepted_at is not None)
    return kind.zh, _CLASSES.get(result, result.zh)


def has_facts(b: Bundle) -> bool:
    """Whether the agreed facts go along: every party allowed it, and there are some."""
    return bool(b.handed) and b.facts is not None


async def bound(b: Bundle, party: str) -> Bound:
    """One party's papers as one PDF. Raises NotFound for a party that is not this viewer's, NoPrinter."""
    seat = next((one for one in endings(b) if one.row.pid == party), None)
    if seat is None:
        raise NotFound()
    kind, why = class_of(b)
    cover = {
        "b": seat.block, "outcome": kind, "why": why, "result": Result(b.case.result or Result.OTHER).value,
        "accepted_on": cn_date(clock.local(b.case.accepted_at).date()) if b.case.accepted_at is not None else "",
        "ended_on": filled.ended_on(b), "with_facts": has_facts(b), "facts": len(b.handed),
        "parties": [(one.block.word, one.row.name) for one in b.seats],
    }  # fmt: skip
    leaves = [
        _leaf(b, "ending-cover", TITLE, "dossier/ending_cover.html", cover),
        _leaf(b, "ending", papers.TITLES["ending"], "dossier/ending.html", filled.ending(b, seat)),
    ]
    if has_facts(b):
        leaves.append(_leaf(b, "facts", papers.TITLES["facts"], "factsheet/paper.html", b.facts or {}))

    def late(spans: Sequence[Span]) -> Late:
        rows = [{"title": one.title, "pages": one.pages, "note": ""} for one in spans]
        return Late(
            _leaf(
                b,
                "index",
                "目录",
                "dossier/index.html",
                {"heading": "目录", "rows": rows, "missing": []},
                numbered=False,
            )
        )

    return await binding.bind(leaves, late, after=1, title=f"{b.no}{TITLE}")


def _leaf(b: Bundle, key: str, title: str, template: str, more: filled.Filled, *, numbered: bool = True) -> Leaf:
    html = papers.draw(b, template, title, more, whole=False).html
    return Leaf(key, title, html, footer=f"{b.no}　{title}", numbered=numbered)
