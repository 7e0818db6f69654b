"""What the sheet's rules say, as pure functions: how a fact stands, and which words sound like an offer."""

import re
from collections.abc import Collection, Mapping

from odr.core.coded import Coded
from odr.core.i18n import N_


class Kind(Coded):
    """As what a fact was put on the sheet."""

    AGREED = "agreed", N_("没有争议的事实")
    DISPUTED = "disputed", N_("有争议的事实")


class Answer(Coded):
    CONFIRM = "confirm", N_("属实")
    DISPUTE = "dispute", N_("不属实")


class Stand(Coded):
    """How a fact stands."""

    AGREED = "agreed", N_("各方都确认")
    DISPUTED = "disputed", N_("有争议")
    OPEN = "open", N_("等待确认")


def stand(kind: Kind, parties: Collection[int], answers: Mapping[int, Answer]) -> Stand:
    """How a fact stands by the last answer of each party to its present version.

    Agreed only when it was put as agreed and every party confirmed it (在线调解规则 Art. 18: undisputed facts that the
    parties agreed to in writing); one "no" is enough to make it disputed; what nobody has answered proves nothing.
    """
    if kind is Kind.DISPUTED or Answer.DISPUTE in answers.values():
        return Stand.DISPUTED
    whole = bool(parties) and all(answers.get(party) is Answer.CONFIRM for party in parties)
    return Stand.AGREED if whole else Stand.OPEN


# Words of an offer, not of a fact. A concession on this sheet could be held against who made it (在线调解规则 Art. 18),
# so whoever writes such a word is asked once whether it really is something that happened.
_OFFERS = (
    "愿意", "愿出", "愿付", "让步", "退一步", "各退", "可以少", "少收", "少要", "少付", "打折", "一口价", "底线",
    "只要", "最多", "至多", "只肯", "肯出", "同意支付", "同意赔", "同意退", "同意付", "同意补", "同意给", "承诺支付",
    "愿赔", "和解方案", "折中",
)  # fmt: skip
_OFFER = re.compile("|".join(map(re.escape, _OFFERS)))


def offer_in(text: str) -> str | None:
    """The first word in the text that sounds like an offer or a concession, or None."""
    found = _OFFER.search(text)
    return found.group() if found else None
