"""Who should take a matter, and why: pure ranking of bodies and their mediators by readable rules.

The clerk and the parties decide; this proposes, says why in plain words, and names another body beside the first.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from odr.bodies.places import covers
from odr.core.i18n import _

_SHOWN_MEDIATORS = 3

# Sector bodies for which the kind of dispute says enough by itself. The others share a kind with many bodies
# (contracts above all) and are proposed only when the words name their field.
HOME_SECTORS: Mapping[str, tuple[str, ...]] = {
    "01": ("family",),
    "05": ("chamber",),
    "07": ("farmland", "expropriation"),
    "08": ("expropriation",),
    "09": ("environment",),
    "10a": ("labour",),
    "10b": ("labour",),
    "11": ("tourism",),
    "12a": ("ecommerce",),
    "12b": ("consumer",),
    "13": ("medical",),
    "14": ("traffic",),
    "15": ("property_mgmt",),
    "16": ("ip",),
    "17": ("ecommerce",),
}

# Bodies that only take what comes from there.
SOURCE_SECTORS: Mapping[str, tuple[str, ...]] = {
    "petition": ("petition",),
    "pre_filing": ("court", "court_advised"),
    "public_order": ("police", "police_advised", "police_110_nonpolice"),
}
_ONLY_BY_SOURCE = frozenset({"petition", "pre_filing"})

SECTOR_WORDS: Mapping[str, tuple[str, ...]] = {
    "utilities": (
        "燃气", "天然气", "煤气", "供暖", "供热", "暖气", "取暖费", "水费", "电费", "自来水",
        "停水", "停电", "停气", "停热",
    ),
    "insurance": ("保险", "理赔", "投保", "退保", "保单"),
    "finance": ("银行", "贷款", "信用卡", "理财", "存款"),
    "construction": ("新房", "开发商", "施工", "装修", "工程款", "房屋质量", "建筑公司", "工地"),
    "chamber": ("货款", "供货", "合伙", "加盟", "商会", "个体户"),
    "school": ("学校", "学生", "老师", "幼儿园", "培训班", "培训机构", "培训费", "学费", "校园"),
    "elderly": ("养老院", "护理院", "老人", "赡养", "养老"),
    "industrial_park": ("工业园", "化工厂", "焦化", "园区", "承包商"),
    "coal": ("煤矿", "采煤", "沉陷", "矿工", "矿区", "旧伤"),
    "ethnic": ("清真", "民族", "风俗", "蒙古语"),
    "public_order": ("打架", "打伤", "被打", "派出所", "砸坏"),
    "property_mgmt": ("物业", "业委会", "停车位"),
    "traffic": ("交通事故", "车祸", "交警", "追尾"),
    "medical": ("医院", "医生", "诊所", "手术"),
}  # fmt: skip

_LEVELS = ("community", "township", "district", "city")


class Kind(StrEnum):
    CENTRE = "centre"
    COMMITTEE = "committee"
    SECTOR = "sector"


@dataclass(frozen=True)
class Matter:
    """What is to be routed. `level`: the committee level wished for, when somebody moves it up or down."""

    category: str
    division_code: str
    words: str = ""
    source: str = ""
    level: str | None = None
    languages: frozenset[str] = frozenset({"zh"})


@dataclass(frozen=True)
class Mediator:
    """Somebody on a roster. `conflict`: relation to a party, own interest, or an earlier role in the matter."""

    key: str
    open_cases: int = 0
    categories: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset({"zh"})
    conflict: bool = False
    takes_cases: bool = True


@dataclass(frozen=True)
class Candidate:
    """A body that might take it. `place` is its place's name; no categories means it takes every kind."""

    key: str
    kind: str
    level: str
    division_code: str
    place: str = ""
    sector: str | None = None
    categories: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset({"zh"})
    mediators: tuple[Mediator, ...] = ()


@dataclass(frozen=True)
class Choice:
    """A mediator to propose, and why."""

    mediator: Mediator
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Proposal:
    """A body to propose, why, and up to three of its mediators in order."""

    body: Candidate
    reasons: tuple[str, ...]
    mediators: tuple[Choice, ...]
    score: int


def competent(body: Candidate, matter: Matter) -> bool:
    """Whether this body may take this kind of dispute from this place."""
    if body.kind == Kind.CENTRE or not covers(body.division_code, matter.division_code):
        return False
    if body.sector in _ONLY_BY_SOURCE and matter.source not in SOURCE_SECTORS[body.sector]:
        return False
    return not body.categories or matter.category in body.categories


def choose_mediators(body: Candidate, matter: Matter, exclude: Collection[str] = ()) -> tuple[Choice, ...]:
    """The mediators of a body for this matter, best first; nobody with a conflict, nobody who takes no cases."""
    free = [m for m in body.mediators if not m.conflict and m.takes_cases and m.key not in exclude]
    free.sort(key=lambda m: (-_fit(m, matter), m.open_cases, m.key))
    return tuple(Choice(m, _why_mediator(m, matter)) for m in free[:_SHOWN_MEDIATORS])


def propose(matter: Matter, bodies: Iterable[Candidate]) -> tuple[Proposal, ...]:
    """Every competent body, best first. The second is the alternative to show; there is one wherever the general
    committees are among the candidates, as those of four levels take every kind."""
    proposals = [_proposal(body, matter) for body in bodies if competent(body, matter)]
    return tuple(sorted(proposals, key=lambda one: (-one.score, _load(one), one.body.key)))


def _proposal(body: Candidate, matter: Matter) -> Proposal:
    score, reasons = _fit_body(body, matter)
    mediators = choose_mediators(body, matter)
    if not mediators:
        score -= 100
        reasons.append(_("现在没有可以接手的调解员，要等调委会另行安排"))
    further = matter.languages - {"zh"}
    if further and further <= body.languages:
        score += 3
        reasons.append(_("可以用当事人的语言沟通"))
    return Proposal(body, tuple(reasons), mediators, score)


def _fit_body(body: Candidate, matter: Matter) -> tuple[int, list[str]]:
    if body.kind == Kind.COMMITTEE:
        return _fit_committee(body, matter)
    score, reasons = 0, []
    sector = body.sector or ""
    said = [word for word in SECTOR_WORDS.get(sector, ()) if word in matter.words]
    if matter.source in SOURCE_SECTORS.get(sector, ()):
        score += 60
        reasons.append(_("专门对接这个来源转来的纠纷"))
    if said:
        score += 45 + min(len(said), 3)
        reasons.append(_("申请里写到“%(words)s”，正是它办理的事", words=_("、").join(said[:3])))
    home = HOME_SECTORS.get(matter.category, ())
    if sector in home:
        score += 50 - home.index(sector)
        reasons.append(_("专门办理这一类纠纷，调解员熟悉这一行"))
    if not reasons:
        reasons.append(_("办理的范围里有这一类纠纷"))
    if body.level == "city":
        reasons.append(_("办理全市的这类纠纷"))
    else:
        score += 5
        reasons.append(_("就在事情发生的%(place)s", place=body.place))
    return score, reasons


def _fit_committee(body: Candidate, matter: Matter) -> tuple[int, list[str]]:
    """Small matters low: the nearest first, unless a level is wished for."""
    score = 30 - 3 * _LEVELS.index(body.level)
    reasons = [
        {
            "community": _("离当事人最近，方便上门"),
            "township": _("村、社区办不了，或双方不在同一个村、社区时由它办理"),
            "district": _("镇、街道办不了，或双方不在同一个镇、街道时由它办理"),
            "city": _("跨区或影响较大的纠纷由它办理"),
        }[body.level]
    ]
    if matter.level == body.level:
        score += 50
        reasons.append(_("是您希望的层级"))
    if body.place and body.level != "city":
        reasons.append(_("就在事情发生的%(place)s", place=body.place))
    return score, reasons


def _fit(mediator: Mediator, matter: Matter) -> int:
    speaks = bool(matter.languages - {"zh"}) and matter.languages - {"zh"} <= mediator.languages
    return 10 * (matter.category in mediator.categories) + 20 * speaks - mediator.open_cases


def _why_mediator(mediator: Mediator, matter: Matter) -> tuple[str, ...]:
    reasons = []
    if matter.languages - {"zh"} and matter.languages - {"zh"} <= mediator.languages:
        reasons.append(_("会说当事人的语言"))
    if matter.category in mediator.categories:
        reasons.append(_("熟悉这一类纠纷"))
    reasons.append(_("手上有 %(n)s 件在办", n=mediator.open_cases) if mediator.open_cases else _("现在没有在办的案件"))
    reasons.append(_("与当事人没有已知的关系"))
    return tuple(reasons)


def _load(proposal: Proposal) -> int:
    """How busy the freest of its mediators is: the tie-breaker between equal bodies."""
    return min((choice.mediator.open_cases for choice in proposal.mediators), default=0)
