"""The courts of Wuhai, which of them may confirm an agreement, and why: data and a pure function over it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from odr.core.i18n import N_, _

OTHER = "other"


@dataclass(frozen=True)
class Court:
    """A court by the division it sits for. `word`: by what an address names its district. Its name goes onto papers, so
    it stays Chinese."""

    key: str
    name: str
    word: str = ""
    basic: bool = True


ALL: tuple[Court, ...] = (
    Court("150302", "乌海市海勃湾区人民法院", "海勃湾"),
    Court("150303", "乌海市海南区人民法院", "海南区"),
    Court("150304", "乌海市乌达区人民法院", "乌达"),
    Court("150300", "乌海市中级人民法院", basic=False),
)
COURTS: Mapping[str, str] = {court.key: court.name for court in ALL}

WHERE = N_(
    "可以向一方住所地、标的物所在地或者调委会所在地的基层法院申请；法院邀请调解的，向邀请的法院申请"
    "（民事诉讼法第二百零五条）。"
)
INVITED = N_("法院邀请或者委托的调解，向邀请的那个法院申请。请选那个法院；不在下面的，选“其他法院”写它的全名。")
MIDDLE = N_("依法应当由中级法院管的纠纷才选中级法院，例如重大的涉外案件。拿不准的，请先打法院的电话问清楚。")


@dataclass(frozen=True)
class Places:
    """What a choice of court hangs on. Divisions by their six digits, empty where they are not known.

    `homes`: each party's name and address as it was written. `invited`: a court sent the matter here.
    """

    homes: Sequence[tuple[str, str]] = ()
    subject: str = ""
    body: str = ""
    invited: bool = False
    invited_by: str = ""


@dataclass(frozen=True)
class Proposal:
    """A court that is competent, with every reason that makes it so."""

    court: Court
    reasons: tuple[str, ...]


def propose(places: Places) -> list[Proposal]:
    """The competent courts, the one with most reasons first (民事诉讼法 Art. 205).

    Where a court invited the mediation, that one alone is competent: it is proposed if it is known, and nothing is if
    it is not. The middle court is never proposed: what belongs before it no address tells.
    """
    if places.invited:
        known = [court for court in ALL if court.name == places.invited_by]
        return [Proposal(court, (_("是它邀请调解的"),)) for court in known]
    found = []
    for court in ALL:
        if court.basic and (reasons := _reasons(court, places)):
            found.append(Proposal(court, tuple(reasons)))
    return sorted(found, key=lambda one: -len(one.reasons))


def _reasons(court: Court, places: Places) -> list[str]:
    found = [_("%(name)s的住处或住所在这个区", name=name) for name, address in places.homes if court.word in address]
    if places.subject.startswith(court.key):
        found.append(_("事情发生在这个区"))
    if places.body.startswith(court.key):
        found.append(_("调委会在这个区"))
    return found


def offered(proposed: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """All courts for a choice, those that were proposed first."""
    first = [one["id"] for one in proposed]
    named = [(key, _("%(court)s（可以申请）", court=COURTS[key])) for key in first]
    return [*named, *((key, name) for key, name in COURTS.items() if key not in first), (OTHER, _("其他法院"))]
