"""What the law says of an agreement, as pure functions: since when it binds, how it may be signed, sums in words."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from odr.cases.codes import ALWAYS_WRITTEN, Category
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


def oral_allowed(category: Category) -> bool:
    """Whether an agreement of this kind may stay oral (Art. 28); labour and medical ones are always written."""
    return category not in ALWAYS_WRITTEN


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
