"""Whether a court can confirm this agreement: a table of rules, each with its source. Pure; it reads no rows.

What the court refuses in any case is a `BAR`. A `LOOK` asks people to look once more: words alone cannot tell whether
"归乙方所有" settles who owns a house or who keeps a bicycle.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from odr.agreements import checker
from odr.agreements.checker import CheckedClause, Examined
from odr.agreements.court_codes import Head
from odr.cases.codes import Category
from odr.core.forms import narrow
from odr.core.i18n import N_, _

FEW_DAYS = 3


class Weight(StrEnum):
    BAR = "bar"
    LOOK = "look"


@dataclass(frozen=True)
class Matter:
    """All the rules look at. `examined` is the text as the checker reads it on the day of its effect, so that a day
    which has passed since is no fault. `body`: the name of who led the mediation."""

    today: date
    category: Category
    examined: Examined
    effective_on: date | None
    until: date | None
    written: bool = True
    body: str = ""
    all_done: bool = False

    @property
    def days_left(self) -> int | None:
        """0 on the last day, negative behind it."""
        return (self.until - self.today).days if self.until is not None else None


@dataclass(frozen=True)
class Hit:
    """A rule met, in which clause."""

    clause: CheckedClause | None = None
    words: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """One line of the table. `say` and `mend` are message ids."""

    id: str
    weight: Weight
    head: Head | None
    source: str
    test: Callable[[Matter], Iterable[Hit]]
    say: str
    mend: str


@dataclass(frozen=True)
class Finding:
    """A rule met by this agreement."""

    rule: Rule
    hit: Hit

    @property
    def bars(self) -> bool:
        return self.rule.weight is Weight.BAR

    @property
    def say(self) -> str:
        said = _(self.rule.say, **self.hit.words)
        if self.hit.clause is not None:
            return _("第 %(n)s 条：%(say)s", n=self.hit.clause.n, say=said)
        return said

    @property
    def mend(self) -> str:
        return _(self.rule.mend, **self.hit.words)

    @property
    def source(self) -> str:
        return _(self.rule.source)


def check(matter: Matter) -> list[Finding]:
    """Every finding: first what bars the way, each in the order of the table."""
    found = [Finding(rule, hit) for rule in RULES for hit in rule.test(matter)]
    return sorted(found, key=lambda one: not one.bars)


# --- the agreement ----------------------------------------------------------------------------------------------------


def _not_effective(matter: Matter) -> Iterator[Hit]:
    if matter.effective_on is None:
        yield Hit()


def _too_late(matter: Matter) -> Iterator[Hit]:
    if (left := matter.days_left) is not None and left < 0:
        yield Hit(words={"over": -left})


def _soon(matter: Matter) -> Iterator[Hit]:
    if (left := matter.days_left) is not None and 0 <= left <= FEW_DAYS:
        yield Hit(words={"left": left})


def _no_body(matter: Matter) -> Iterator[Hit]:
    if not matter.body:
        yield Hit()


def _spoken(matter: Matter) -> Iterator[Hit]:
    if matter.effective_on is not None and not matter.written:
        yield Hit()


def _done(matter: Matter) -> Iterator[Hit]:
    if matter.all_done:
        yield Hit()


# --- what a court does not take (Art. 355) ----------------------------------------------------------------------------

_STATUS = re.compile(
    "离婚|解除婚姻|婚姻(?:关系)?(?:无效|有效|解除)|亲子关系|亲生|(?:解除|确认|建立|成立)[^。；，]{0,4}收养|收养关系"
)
_PROCEDURE = re.compile(
    "宣告(?:失踪|死亡)|(?:无|限制)民事行为能力|指定监护人|撤销监护|无主(?:财产|财物)|实现担保物权|"
    "拍卖、?变卖(?:抵押|质押)|选民资格|公示催告|破产|遗产管理人"
)
_TITLE = re.compile(
    r"(?:所有权|使用权|承包经营权|宅基地|不动产|房屋|房产|住房|楼房|平房|院落|土地|耕地|草场|商标权?|专利权?|著作权|版权)"
    r"[^。；，]{0,14}(?:归(?!还)|确认为|认定为|属于|判归)[^。；，]{1,20}"
)
_SCOPE = re.compile(
    "行政处罚|行政复议|行政许可|治安处罚|拘留|信访事项|党纪|政务处分|刑事责任|不起诉|量刑|撤销案件|征收决定"
)


def _status_kind(matter: Matter) -> Iterator[Hit]:
    if matter.category is Category.FAMILY:
        yield Hit()


def _reads(pattern: re.Pattern[str]) -> Callable[[Matter], Iterator[Hit]]:
    def test(matter: Matter) -> Iterator[Hit]:
        for clause in matter.examined.clauses:
            if found := pattern.search(narrow(f"{clause.text} {clause.manner}")):
                yield Hit(clause, {"found": found.group()})

    return test


# --- what a court does not confirm (Art. 358): the checker has looked for it before the text was frozen --------------

_BY_CHECKER: Mapping[Head, frozenset[str]] = {
    Head.LAW: frozenset({"waiver", "fee"}),
    Head.HARM: frozenset({"third_party", "not_a_party", "crime"}),
    Head.FORCED: frozenset({"minor", "capacity"}),
}


def _checker_says(wanted: Callable[[checker.Finding], bool]) -> Callable[[Matter], Iterator[Hit]]:
    def test(matter: Matter) -> Iterator[Hit]:
        for found in checker.check(matter.examined):
            if wanted(found):
                yield Hit(found.hit.clause, {"why": _(found.rule.say, **found.hit.words)})

    return test


def _of(head: Head) -> Callable[[Matter], Iterator[Hit]]:
    return _checker_says(lambda found: found.rule.id in _BY_CHECKER[head])


_UNCLEAR = _checker_says(lambda found: found.rule.source == checker.DEFINITE)

_BAR, _LOOK = Weight.BAR, Weight.LOOK
# The checker has said it in the reader's language already.
_BY_THE_CHECKER = "%(why)s"
_TERM = N_("民事诉讼法第二百零五条；人民调解法第三十三条")

RULES: tuple[Rule, ...] = (
    Rule(
        "not_effective", _BAR, None, _TERM, _not_effective,
        N_("协议还没有生效。"), N_("请等各方签名、调委会盖章以后再申请。"),
    ),
    Rule(
        "too_late", _BAR, None, _TERM, _too_late,
        N_("三十天的期限已经过了 %(over)s 天。"), N_("协议仍然有效，还可以走别的路，见下面。"),
    ),
    Rule(
        "no_body", _BAR, None, N_("民事诉讼法第二百零五条（依法设立的调解组织）"), _no_body,
        N_("没有写明是哪个调委会主持调解的。"), N_("请调委会补上。"),
    ),
    Rule(
        "status_kind", _BAR, Head.STATUS, N_("民诉法解释第三百五十五条第三项"), _status_kind,
        N_("婚姻家庭纠纷里的身份关系，法院不予确认，这里不能申请。"),
        N_("协议只涉及钱款的，请直接到法院询问。"),
    ),
    Rule(
        "status", _LOOK, Head.STATUS, N_("民诉法解释第三百五十五条第三项"), _reads(_STATUS),
        N_("写到“%(found)s”。婚姻、亲子、收养等身份关系，法院不予确认。"),
        N_("确实是身份关系的，请把这一部分去掉，只就其余部分申请。"),
    ),
    Rule(
        "procedure", _LOOK, Head.PROCEDURE, N_("民诉法解释第三百五十五条第四项"), _reads(_PROCEDURE),
        N_("写到“%(found)s”。这要走另外的特别程序、公示催告或者破产程序。"),
        N_("请先问法院；要走那个程序的，把这一部分去掉。"),
    ),
    Rule(
        "title", _LOOK, Head.TITLE, N_("民诉法解释第三百五十五条第五项"), _reads(_TITLE),
        N_("写到“%(found)s”。物权、知识产权归谁所有，法院不作司法确认。"),
        N_("确实是确认归谁所有的，请把这一部分分开写，另外办理登记或者起诉。"),
    ),
    Rule(
        "scope", _LOOK, Head.SCOPE, N_("民诉法解释第三百五十五条第一项"), _reads(_SCOPE),
        N_("写到“%(found)s”。这不是民事上的权利义务，不归法院的民事案件管。"),
        N_("请把这一部分去掉，由主管的机关处理。"),
    ),
    Rule(
        "law", _LOOK, Head.LAW, N_("民诉法解释第三百五十八条第一项"), _of(Head.LAW),
        _BY_THE_CHECKER, N_("请调解员帮双方改掉这一条，重新签一份协议。"),
    ),
    Rule(
        "harm", _LOOK, Head.HARM, N_("民诉法解释第三百五十八条第二项"), _of(Head.HARM),
        _BY_THE_CHECKER, N_("请调解员帮双方改掉这一条，重新签一份协议。"),
    ),
    Rule(
        "forced", _LOOK, Head.FORCED, N_("民诉法解释第三百五十八条第四项"), _of(Head.FORCED),
        _BY_THE_CHECKER, N_("请监护人一起来申请。"),
    ),
    Rule(
        "unclear", _LOOK, Head.UNCLEAR, N_("民诉法解释第三百五十八条第五项"), _UNCLEAR,
        _BY_THE_CHECKER, N_("请调解员帮双方写清楚，重新签一份协议。"),
    ),
    Rule(
        "spoken", _LOOK, None, N_("民诉法解释第三百五十三条（提交调解协议）"), _spoken,
        N_("这是口头协议，法院要收书面的协议。"), N_("请带上盖了章的登记表，并先问法院收不收。"),
    ),
    Rule(
        "all_done", _LOOK, None, N_("人民调解法第三十三条（认为有必要的）"), _done,
        N_("约定的事都做完了，一般不用再请法院确认。"), N_("双方觉得不需要的，可以不申请。"),
    ),
    Rule(
        "soon", _LOOK, None, _TERM, _soon,
        N_("只剩 %(left)s 天。"), N_("请今天就把材料备齐；来不及寄送的，双方直接到法院立案窗口。"),
    ),
)  # fmt: skip
