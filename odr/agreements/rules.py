"""What the law says of an agreement, as pure functions: since when it binds, how it may be signed, sums in words."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from odr.cases.codes import LABOUR, Category
from odr.core.i18n import N_

_LARGEST_FEN = 10**15

NO_E_SIGN_FAMILY = N_("婚姻、收养、继承一类的协议，法律规定不能用电子签名（电子签名法第三条）。")
NO_E_SIGN_SUPPLY = N_("涉及停水、停气、停热的协议，法律规定不能用电子签名（电子签名法第三条）。")


@dataclass(frozen=True)
class Signed:
    """One event: party, mediator, body_seal or oral_confirmation, on the bytes with this digest, at this time."""

    kind: str
    party_id: int | None
    sha256: str
    at: datetime
    method: str = "screen"


@dataclass(frozen=True)
class Effect:
    """Since when one body of rules holds the agreement to bind, or why it does not say so. `why` is a message id."""

    rule: str
    title: str
    source: str
    counts: bool
    at: datetime | None
    why: str = ""


_LAW = {
    "written": (
        N_("盖章生效"),
        N_("人民调解法第二十九条"),
        N_("各方签名、盖章或按指印，调解员签名，调委会盖章，从最后一项完成时起生效。"),
    ),
    "oral": (
        N_("达成生效"),
        N_("人民调解法第三十条"),
        N_("从各方达成协议时起生效；这里以最后一方确认的时间为准。"),
    ),
}
_ONLINE = N_("各方当事人都在网上完成电子签章时起生效，不等调解员和调委会。")
_NOT_ALL = N_("还没有签齐。")
_BY_HAND = N_("有一方在纸上签名，这条规则只适用于各方都在网上签章的协议。")
_NOT_ORAL = N_("口头协议不适用这条规则。")


def effects(form: str, sha256: str, parties: Collection[int], events: Collection[Signed]) -> tuple[Effect, ...]:
    """The effect by each body of rules, the one that counts here first.

    People's mediation is under 人民调解法 (Art. 29 written, Art. 30 oral), so that one counts. The court's online rule
    (人民法院在线调解规则 Art. 19) binds its own platform alone; its time is shown beside it, for a court that asks.
    Raises ValueError for another form.
    """
    law = effective_at(form, sha256, parties, events)
    title, source, about = _LAW[form]
    online, why = _online(form, sha256, parties, events)
    return (
        Effect("law", title, source, True, law, about if law is not None else _NOT_ALL),
        Effect("online", N_("网上签章生效"), N_("人民法院在线调解规则第十九条"), False, online, why),
    )


def _online(form: str, sha256: str, parties: Collection[int], events: Iterable[Signed]) -> tuple[datetime | None, str]:
    if form != "written":
        return None, _NOT_ORAL
    first: dict[int, Signed] = {}
    for event in sorted(events, key=lambda one: one.at):
        if event.kind == "party" and event.sha256 == sha256 and event.party_id in parties:
            first.setdefault(event.party_id or 0, event)
    if not parties or first.keys() != set(parties):
        return None, _NOT_ALL
    if any(event.method != "screen" for event in first.values()):
        return None, _BY_HAND
    return max(event.at for event in first.values()), _ONLINE


def effective_at(form: str, sha256: str, parties: Collection[int], events: Iterable[Signed]) -> datetime | None:
    """Since when an agreement binds: the last of the events it needs, or None while one is missing.

    Written (Art. 29): every party's signature, the mediator's, and the committee's seal. Oral (Art. 30): every party's
    confirmation of what the mediator recorded. Only events on these very bytes count, of each its first; those of
    people who are no party count for nothing. Raises ValueError for another form.
    """
    if form == "written":
        needed = {("party", party) for party in parties} | {("mediator", None), ("body_seal", None)}
    elif form == "oral":
        needed = {("oral_confirmation", party) for party in parties}
    else:
        raise ValueError(f"There is no agreement of the form {form!r}.")
    first: dict[tuple[str, int | None], datetime] = {}
    for event in events:
        slot = (event.kind, event.party_id)
        if event.sha256 == sha256 and slot in needed:
            first[slot] = min(first.get(slot, event.at), event.at)
    if not parties or first.keys() != needed:
        return None
    return max(first.values())


def paper_only(category: Category, *, supply_stop: bool = False) -> str | None:
    """Why this agreement must be signed on paper, as a message id to show through gettext; None when a screen will do.

    电子签名法 Art. 3. That it reaches mediation agreements is the cautious reading.
    """
    if category is Category.FAMILY:
        return NO_E_SIGN_FAMILY
    return NO_E_SIGN_SUPPLY if supply_stop else None


MAJOR_FEN = 5_000_000  # 50,000 yuan (D): the law names no sum; the city sets its own


@dataclass(frozen=True)
class Matter:
    """What of a dispute or its clauses decides whether words alone are enough. `payments`: how many are promised."""

    category: Category
    amount_fen: int = 0
    payments: int = 0


@dataclass(frozen=True)
class Writing:
    """One reason why an agreement has to be written. `why` is a message id that says so to people."""

    id: str
    source: str
    why: str
    applies: Callable[[Matter], bool]


WRITING: tuple[Writing, ...] = (
    Writing(
        "labour", "劳动争议调解仲裁法第十四条",
        N_("劳动争议要写成调解协议书（劳动争议调解仲裁法第十四条），不能只作口头协议。"),
        lambda matter: matter.category in LABOUR,
    ),
    Writing(
        "medical", "医疗纠纷预防和处理条例第三十九条",
        N_("医疗纠纷要写成调解协议书（医疗纠纷预防和处理条例第三十九条），不能只作口头协议。"),
        lambda matter: matter.category is Category.MEDICAL,
    ),
    # The two below follow a local rule (宁波 Art. 24: not kept on the spot, or major) in a narrow reading (D).
    Writing(
        "instalments", "人民调解法第二十八条；地方规定",
        N_("分几次付款的，要写成书面协议，写清每一次的日期和金额，不能只作口头协议。"),
        lambda matter: matter.payments > 1,
    ),
    Writing(
        "major", "人民调解法第二十八条；地方规定",
        N_("涉及金额 5 万元以上的，要写成书面协议，不能只作口头协议。"),
        lambda matter: matter.amount_fen >= MAJOR_FEN,
    ),
)  # fmt: skip


def writing_needed(matter: Matter) -> Writing | None:
    """The first reason why this may not stay oral (Art. 28 leaves it to the parties), or None."""
    return next((one for one in WRITING if one.applies(matter)), None)


def oral_allowed(category: Category) -> bool:
    """Whether an agreement of this kind may stay oral at all; labour and medical ones are always written."""
    return writing_needed(Matter(category)) is None


def court_may_confirm(category: Category) -> bool:
    """Whether to offer the joint request for confirmation (民诉法解释 Art. 355: no status relations).

    The kind alone cannot tell a family's money from its status, so family matters are sent to ask at the court.
    """
    return category is not Category.FAMILY


def capitals(fen: int) -> str:
    """A sum in the characters used on papers: 260000 fen is 贰仟陆佰元整. ValueError unless 0 < fen < 10^15."""
    if not 0 < fen < _LARGEST_FEN:
        raise ValueError("A sum on a paper is positive and below ten trillion yuan.")
    import cn2an  # it compiles a dictionary when loaded: a paper may wait for that, a start may not

    text: str = cn2an.an2cn(f"{fen // 100}.{fen % 100:02d}", "rmb")
    return text
