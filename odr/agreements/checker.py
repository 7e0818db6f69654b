"""What is looked at before an agreement is frozen: a table of rules, each with its source. Pure; it reads no rows.

A `must` finding blocks freezing. A `should` one asks the mediator to look once more: it is ticked off, and the tick is
kept. Every finding names the clause or the party, says what is missing, and names the field where it is mended.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from odr.core.forms import narrow
from odr.core.i18n import N_, _

ADULT = 18
LARGEST_FEN = 100_000_000_000
_FAR_YEARS = 30


class Severity(StrEnum):
    MUST = "must"
    SHOULD = "should"


@dataclass(frozen=True)
class CheckedInstalment:
    """One payment of a plan."""

    amount_fen: int
    due_on: date


@dataclass(frozen=True)
class CheckedClause:
    """A clause as the rules read it. `obligor` and `obligee` are ids; `plan` is None where it is paid at once."""

    pid: str
    n: int
    kind: str
    text: str
    obligor: str | None = None
    obligee: str | None = None
    amount_fen: int | None = None
    due_on: date | None = None
    begins_on: date | None = None
    recurring: str = ""
    manner: str = ""
    account: str = ""
    version: int = 1
    plan: tuple[CheckedInstalment, ...] | None = None
    default_term: str = ""


@dataclass(frozen=True)
class CheckedParty:
    """A party as the rules read it. `age` is None where it is not known; `bound`: it has an account of its own."""

    pid: str
    name: str
    natural: bool = True
    id_no: str = ""
    phone: str = ""
    age: int | None = None
    bound: bool = True
    guardians: tuple[str, ...] = ()
    agents: tuple[tuple[str, bool], ...] = ()
    """Name, and whether with special authority (特别授权)."""


@dataclass(frozen=True)
class Examined:
    """All that is looked at."""

    today: date
    clauses: tuple[CheckedClause, ...]
    parties: tuple[CheckedParty, ...]
    facts: str = ""
    claimed_fen: int | None = None
    copies: int = 0
    paper_only: bool = False

    def party(self, pid: str | None) -> CheckedParty | None:
        return next((one for one in self.parties if one.pid == pid), None)


@dataclass(frozen=True)
class Hit:
    """A rule met: in which clause or of which party, at which field. `mine`: the party whom it concerns."""

    clause: CheckedClause | None = None
    party: CheckedParty | None = None
    at: str = ""
    mine: str | None = None
    words: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """One line of the table. `say`, `mend` and `plain` (for the party concerned) are message ids."""

    id: str
    severity: Severity
    source: str
    test: Callable[[Examined], Iterable[Hit]]
    say: str
    mend: str
    plain: str = ""


@dataclass(frozen=True)
class Finding:
    """A rule met by this text. `key` stays the same as long as nothing it looked at has changed."""

    rule: Rule
    hit: Hit

    @property
    def key(self) -> str:
        clause, party = self.hit.clause, self.hit.party
        if clause is not None:
            return f"{self.rule.id}.{clause.pid}.{clause.version}"
        return f"{self.rule.id}.{party.pid}" if party is not None else self.rule.id

    @property
    def must(self) -> bool:
        return self.rule.severity is Severity.MUST

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
    def plain(self) -> str:
        return _(self.rule.plain, **self.hit.words) if self.rule.plain and self.hit.mine else ""


def check(text: Examined) -> list[Finding]:
    """Every finding: first what must be mended, each in the order of the clauses."""
    found = [Finding(rule, hit) for rule in RULES for hit in rule.test(text)]
    return sorted(found, key=lambda one: (not one.must, one.hit.clause.n if one.hit.clause is not None else 0))


# --- who, what, how much, when, where --------------------------------------------------------------------------------

_DUTIES = ("pay", "act", "apologise")


def _pays(text: Examined) -> Iterator[CheckedClause]:
    return (clause for clause in text.clauses if clause.kind == "pay")


def _no_obligor(text: Examined) -> Iterator[Hit]:
    return (Hit(one, at="obligor") for one in text.clauses if one.obligor is None)


def _no_obligee(text: Examined) -> Iterator[Hit]:
    return (Hit(one, at="obligee") for one in _pays(text) if one.obligee is None)


def _same_twice(text: Examined) -> Iterator[Hit]:
    return (Hit(one, at="obligee") for one in text.clauses if one.obligor is not None and one.obligor == one.obligee)


def _stranger(text: Examined) -> Iterator[Hit]:
    """Somebody who is no party any more, or never was, can neither be bound nor be given anything to sign."""
    for clause in text.clauses:
        for at, who in (("obligor", clause.obligor), ("obligee", clause.obligee)):
            if who is not None and text.party(who) is None:
                yield Hit(clause, at=at)


def _no_amount(text: Examined) -> Iterator[Hit]:
    return (Hit(one, at="amount") for one in _pays(text) if one.amount_fen is None)


def _wrong_amount(text: Examined) -> Iterator[Hit]:
    for clause in text.clauses:
        if clause.amount_fen is not None and not 0 < clause.amount_fen <= LARGEST_FEN:
            yield Hit(clause, at="amount")


_SUM = re.compile(r"\d[\d,，.]*\s*(?:万|千|百)?(?:元|块钱)|[一二两三四五六七八九十百千万]+(?:万元|千元|百元|元整)")
_HANDS_OVER = re.compile(r"支付|赔偿|赔付|退还|返还|给付|付给|补偿")


def _sum_in_words(text: Examined) -> Iterator[Hit]:
    for clause in text.clauses:
        plain = narrow(clause.text)
        if clause.kind != "pay" and _SUM.search(plain) and _HANDS_OVER.search(plain):
            yield Hit(clause, at="kind")


def _other_sum(text: Examined) -> Iterator[Hit]:
    """A figure in the sentence that is not the figure in the field: the paper would say both."""
    for clause in _pays(text):
        named = [_fen_of(found) for found in re.findall(r"(\d[\d,]*(?:\.\d{1,2})?)\s*元", narrow(clause.text))]
        parts = {clause.amount_fen} | {one.amount_fen for one in clause.plan or ()}
        if clause.amount_fen is not None and named and not parts & set(named):
            yield Hit(clause, at="amount")


def _fen_of(figure: str) -> int:
    whole, _dot, rest = figure.replace(",", "").partition(".")
    return int(whole) * 100 + int(rest.ljust(2, "0") or "0")


def _no_date(text: Examined) -> Iterator[Hit]:
    for clause in text.clauses:
        if clause.kind in _DUTIES and clause.due_on is None and not clause.recurring and not clause.plan:
            yield Hit(clause, at="due_on")


def _past(text: Examined) -> Iterator[Hit]:
    for clause in text.clauses:
        if clause.due_on is not None and clause.due_on < text.today:
            yield Hit(clause, at="due_on")


def _far(text: Examined) -> Iterator[Hit]:
    for clause in text.clauses:
        days = [clause.due_on, *(one.due_on for one in clause.plan or ())]
        if any(day is not None and day.year > text.today.year + _FAR_YEARS for day in days):
            yield Hit(clause, at="due_on")


def _backwards(text: Examined) -> Iterator[Hit]:
    for clause in text.clauses:
        if clause.begins_on is not None and clause.due_on is not None and clause.begins_on > clause.due_on:
            yield Hit(clause, at="due_on")


def _no_manner(text: Examined) -> Iterator[Hit]:
    return (Hit(one, at="manner") for one in _pays(text) if not one.manner.strip() and not one.account)


def _no_account(text: Examined) -> Iterator[Hit]:
    """A bank wants an account. A purse (微信, 支付宝) is found by the telephone number that the paper has anyway."""
    for clause in _pays(text):
        payee = text.party(clause.obligee)
        purse = re.search("微信|支付宝", clause.manner) is not None and payee is not None and payee.phone != ""
        if re.search("转账|汇款|打款|银行|转入|微信|支付宝", clause.manner) and not clause.account and not purse:
            yield Hit(clause, at="account", mine=clause.obligee)


# 民诉法解释第三百五十八条第五项: a court refuses what is not definite.
_VAGUE = re.compile(
    "尽快|尽早|尽量|尽力|及时|适时|适当|酌情|合理(?:的)?(?:费用|时间|期限|数额|补偿)|相关(?:费用|损失|手续|责任|事宜)|有关(?:费用|事宜)|"
    "等费用|一定(?:的)?(?:数额|费用|补偿|期限)|若干|协商解决|另行协商|再行协商|再议|视情况|视具体情况|条件允许|争取|大约|左右|必要时|"
    "近期|过几天|过段时间|以后再说|方便的时候"
)


def _vague(text: Examined) -> Iterator[Hit]:
    for clause in text.clauses:
        said = " ".join((narrow(clause.text), narrow(clause.manner), narrow(clause.recurring)))
        if found := list(dict.fromkeys(_VAGUE.findall(said))):
            yield Hit(clause, at="text", words={"found": "、".join(found)})


# --- instalments -----------------------------------------------------------------------------------------------------


def _plan_sum(text: Examined) -> Iterator[Hit]:
    for clause in text.clauses:
        if clause.plan is not None and sum(one.amount_fen for one in clause.plan) != (clause.amount_fen or 0):
            yield Hit(clause, at="plan")


def _plan_amounts(text: Examined) -> Iterator[Hit]:
    for clause in text.clauses:
        if clause.plan is not None and (not clause.plan or any(one.amount_fen <= 0 for one in clause.plan)):
            yield Hit(clause, at="plan")


def _plan_order(text: Examined) -> Iterator[Hit]:
    for clause in text.clauses:
        days = [one.due_on for one in clause.plan or ()]
        if days != sorted(set(days)):
            yield Hit(clause, at="plan")


def _plan_past(text: Examined) -> Iterator[Hit]:
    for clause in text.clauses:
        if any(one.due_on < text.today for one in clause.plan or ()):
            yield Hit(clause, at="plan")


def _plan_end(text: Examined) -> Iterator[Hit]:
    for clause in text.clauses:
        if clause.plan and clause.due_on is not None and clause.due_on != clause.plan[-1].due_on:
            yield Hit(clause, at="plan")


def _plan_default(text: Examined) -> Iterator[Hit]:
    return (Hit(one, at="plan") for one in text.clauses if one.plan is not None and not one.default_term)


# --- what may not stand in it ----------------------------------------------------------------------------------------

_WAIVER = re.compile(
    r"(?:放弃|不得|不再|不能|不可以|不许|不准|永不|不会|无权|保证不|承诺不)(?!影响|妨碍|阻止|阻碍|限制|干涉)[^。；，、]{0,14}?"
    r"(?:起诉|诉讼(?!费|时效|期间|材料|请求)|打官司|仲裁(?!费|请求)|上访|信访|投诉|举报|行政复议)"
)
_FEE = re.compile(
    r"调解(?:服务|代理|工作)?(?:费|佣金|酬金|报酬|手续费)|"
    r"(?:调解员|调委会|调解委员会)[^。；]{0,8}(?:报酬|酬金|佣金|红包|提成|感谢费|辛苦费|好处费)|"
    r"(?:报酬|酬金|佣金|红包|感谢费|辛苦费|好处费)[^。；]{0,6}(?:调解员|调委会|调解委员会)"
)
_CRIME = re.compile(r"不(?:再)?追究[^。；，]{0,8}刑事|不(?:得|再)?报警|不报案|撤(?:销)?案|私了刑事")
_THIRD = re.compile(
    r"案外人|第三人|第三方|保证人|担保人|连带(?:保证|责任)|他人名下|共有人|"
    r"由(?:其|[^。；，、]{1,12}的)?(?:父亲|母亲|父母|儿子|女儿|子女|妻子|丈夫|配偶|兄弟|姐妹|亲属|家属|朋友)"
)
_STATUS = re.compile("离婚|解除婚姻|婚姻无效|亲子关系|收养|抚养权|监护权|继承|遗产|遗嘱")
_SUPPLY = re.compile("停(?:止)?(?:供)?(?:水|气|热|暖)")
_TITLE = re.compile(
    r"(?:所有权|使用权|宅基地|不动产|房屋|房产|土地|商标权|专利权|著作权)[^。；，]{0,12}(?:归(?!还)|确认为|属于)[^。；，]{1,20}(?:所有|享有)?"
)


def _reads(pattern: re.Pattern[str]) -> Callable[[Examined], Iterator[Hit]]:
    def test(text: Examined) -> Iterator[Hit]:
        for clause in text.clauses:
            if found := pattern.search(narrow(f"{clause.text} {clause.manner}")):
                yield Hit(clause, at="text", words={"found": found.group()})

    return test


def _no_e_sign(text: Examined) -> Iterator[Hit]:
    if not text.paper_only:
        yield from _reads(_STATUS)(text)
        yield from _reads(_SUPPLY)(text)


def _no_court(text: Examined) -> Iterator[Hit]:
    yield from _reads(_TITLE)(text)
    yield from _reads(re.compile("离婚|解除婚姻|婚姻无效|亲子关系|收养关系"))(text)


def _more_than_claimed(text: Examined) -> Iterator[Hit]:
    total = sum(one.amount_fen or 0 for one in _pays(text))
    if text.claimed_fen is not None and total > text.claimed_fen:
        yield Hit(words={"total": _yuan(total), "claimed": _yuan(text.claimed_fen)})


def _yuan(fen: int) -> str:
    return f"{fen // 100:,}.{fen % 100:02d} 元"


_COPIES = re.compile(r"一式\s*(\d+|[一二两三四五六七八九十]+)\s*份")
_NUMBERS = {sign: n for n, sign in enumerate("零一二三四五六七八九十")} | {"两": 2}


def _copies(text: Examined) -> Iterator[Hit]:
    """Art. 29: one for each party and one that the body keeps; the paper says the number itself."""
    for clause in text.clauses:
        for found in _COPIES.findall(narrow(clause.text)):
            said = int(found) if found.isdigit() else _NUMBERS.get(found, 11)
            if said != text.copies:
                yield Hit(clause, at="text", words={"said": found, "copies": text.copies})


# --- who signs -------------------------------------------------------------------------------------------------------


def _minor(text: Examined) -> Iterator[Hit]:
    for party in text.parties:
        if party.natural and party.age is not None and party.age < ADULT and not party.guardians:
            yield Hit(party=party, at="guardian", mine=party.pid, words={"name": party.name})


_CAPACITY = re.compile("(?:限制|无)民事行为能力|精神(?:病|障碍|残疾)|智力(?:障碍|残疾)|老年痴呆|阿尔茨海默|植物人|失智")


def _capacity(text: Examined) -> Iterator[Hit]:
    said = narrow(" ".join((text.facts, *(one.text for one in text.clauses))))
    if (found := _CAPACITY.search(said)) and not any(party.guardians for party in text.parties):
        yield Hit(at="guardian", words={"found": found.group()})


def _general_agent(text: Examined) -> Iterator[Hit]:
    """Where the party itself has no account, everything would be left to somebody who may speak but not settle."""
    for party in text.parties:
        general = [name for name, special in party.agents if not special]
        if general and len(general) == len(party.agents) and not party.bound and not party.guardians:
            names = {"name": party.name, "agent": "、".join(general)}
            yield Hit(party=party, at="agent", mine=party.pid, words=names)


def _no_id(text: Examined) -> Iterator[Hit]:
    for party in text.parties:
        if party.natural and not party.id_no:
            yield Hit(party=party, at="id_no", mine=party.pid, words={"name": party.name})


def _no_credit_code(text: Examined) -> Iterator[Hit]:
    for party in text.parties:
        if not party.natural and not party.id_no:
            yield Hit(party=party, at="id_no", mine=party.pid, words={"name": party.name})


_MUST, _SHOULD = Severity.MUST, Severity.SHOULD
_CONTENT = N_("人民调解法第二十九条")
DEFINITE = N_("民诉法解释第三百五十八条第五项（内容不明确）")

RULES: tuple[Rule, ...] = (
    Rule("obligor_missing", _MUST, _CONTENT, _no_obligor, N_("没有写由谁来做。"), N_("请选择由谁来做。")),
    Rule("obligee_missing", _MUST, _CONTENT, _no_obligee, N_("没有写付给谁。"), N_("请选择付给谁。")),
    Rule(
        "same_party", _MUST, _CONTENT, _same_twice,
        N_("做的人和接受的人是同一个。"), N_("请改选其中一个。"),
    ),
    Rule(
        "not_a_party", _MUST, N_("民诉法解释第三百五十八条第二项（他人合法权益）"), _stranger,
        N_("写了一位已经不在本案里的人。"), N_("请从本案现在的当事人里选一位。"),
    ),
    Rule(
        "amount_missing", _MUST, DEFINITE, _no_amount,
        N_("付款没有写金额。"), N_("请写明付多少钱。"),
    ),
    Rule(
        "amount_wrong", _MUST, DEFINITE, _wrong_amount,
        N_("金额不对：要大于 0，也不能大得离谱。"), N_("请看看是不是多写了几个 0，或者写成了负数。"),
    ),
    Rule(
        "sum_in_words", _SHOULD, DEFINITE, _sum_in_words,
        N_("文字里写了要付的钱，但这一条没有选“付款”，正式文书上不会有大写金额，也不会提醒到期。"),
        N_("请把类别改成“付款”，写上金额和日期。"),
    ),
    Rule(
        "other_sum", _SHOULD, DEFINITE, _other_sum,
        N_("文字里写的金额和“金额”一栏不一样。"), N_("请改成一样的，或者把文字里的金额去掉。"),
    ),
    Rule(
        "date_missing", _MUST, DEFINITE, _no_date,
        N_("没有写哪一天以前做完。"), N_("请写一个日期；长期的，请写多久一次。"),
    ),
    Rule(
        "date_past", _MUST, DEFINITE, _past,
        N_("写的日期已经过去了。"), N_("请写今天或以后的日期。"),
    ),
    Rule("date_far", _MUST, DEFINITE, _far, N_("写的日期太远了。"), N_("请看看年份写对没有。")),
    Rule(
        "dates_backwards", _MUST, DEFINITE, _backwards,
        N_("结束的日期在开始的日期以前。"), N_("请改其中一个日期。"),
    ),
    Rule(
        "manner_missing", _SHOULD, _CONTENT, _no_manner,
        N_("没有写怎么付（转账还是现金）。"), N_("请写明付款的方式。"),
    ),
    Rule(
        "account_missing", _SHOULD, DEFINITE, _no_account,
        N_("写了转账，没有写收款账户。"), N_("请写户名、开户行和账号。"),
        N_("请把您的收款账户（户名、开户行、账号）告诉调解员。"),
    ),
    Rule(
        "vague", _SHOULD, DEFINITE, _vague,
        N_("“%(found)s”说不清楚，将来难以履行，法院也不会确认。"), N_("请换成具体的日期、数额或者做法。"),
    ),
    Rule(
        "plan_sum", _MUST, DEFINITE, _plan_sum,
        N_("各期加起来和总金额不一样。"), N_("请打开“分期付款”，改到一样为止。"),
    ),
    Rule(
        "plan_amounts", _MUST, DEFINITE, _plan_amounts,
        N_("分期里有一期没有金额，或者金额不大于 0。"), N_("请打开“分期付款”改好这一期。"),
    ),
    Rule(
        "plan_order", _MUST, DEFINITE, _plan_order,
        N_("分期的日期前后颠倒，或者有两期在同一天。"), N_("请打开“分期付款”，按先后写日期。"),
    ),
    Rule(
        "plan_past", _MUST, DEFINITE, _plan_past,
        N_("分期里有的日期已经过去了。"), N_("请打开“分期付款”，从今天以后开始。"),
    ),
    Rule(
        "plan_end", _MUST, DEFINITE, _plan_end,
        N_("这一条的期限和最后一期的日期不一样。"), N_("请把期限改成最后一期的日期，或者重新排一次分期。"),
    ),
    Rule(
        "plan_default", _SHOULD, N_("民法典第五百八十五条"), _plan_default,
        N_("分期付款没有写不按期付怎么办。"), N_("请在“分期付款”里选一种约定。"),
    ),
    Rule(
        "waiver", _MUST, N_("人民调解法第三条第三项"), _reads(_WAIVER),
        N_("“%(found)s”不能写：调解不能拿走当事人起诉、仲裁、投诉的权利。"), N_("请把这句话去掉。"),
    ),
    Rule(
        "fee", _MUST, N_("人民调解法第四条"), _reads(_FEE),
        N_("“%(found)s”不能写：人民调解不收任何费用。"), N_("请把这句话去掉。"),
    ),
    Rule(
        "crime", _SHOULD, N_("民诉法解释第三百五十八条第一、二项"), _reads(_CRIME),
        N_("“%(found)s”：是不是追究刑事责任由公安、检察院和法院决定，不能由协议约定。"),
        N_("请去掉，或者改成“对对方表示谅解”。"),
    ),
    Rule(
        "third_party", _SHOULD, N_("民诉法解释第三百五十八条第二项（他人合法权益）"), _reads(_THIRD),
        N_("“%(found)s”涉及不在本案里的人，没有他本人同意，这一条管不到他。"),
        N_("请请他加入本案，或者改成由当事人自己来做。"),
    ),
    Rule(
        "no_e_sign", _SHOULD, N_("电子签名法第三条"), _no_e_sign,
        N_("这一条写到“%(found)s”。涉及婚姻、收养、继承和停水、停气、停热的，不能用电子签名。"),
        N_("如果确实涉及，定稿后请各方在纸上签名，不要在手机上签。"),
    ),
    Rule(
        "no_court", _SHOULD, N_("民诉法解释第三百五十五条"), _no_court,
        N_("这一条写到“%(found)s”。身份关系、物权和知识产权的归属，法院不作司法确认。"),
        N_("请告诉双方；想请法院确认的，把这一部分分开写。"),
    ),
    Rule(
        "more_than_claimed", _SHOULD, _CONTENT, _more_than_claimed,
        N_("各条付款合计 %(total)s，比申请时说的 %(claimed)s 还多。"), N_("请看看是不是写重了。"),
    ),
    Rule(
        "copies", _SHOULD, _CONTENT, _copies,
        N_("写了“一式%(said)s份”，应当是 %(copies)s 份：每一方一份，调委会一份。"),
        N_("请去掉这句话，正式文书会自己写上份数。"),
    ),
    Rule(
        "minor", _MUST, N_("民法典第十九条、第二十条"), _minor,
        N_("%(name)s不满 18 周岁，还没有监护人在场。"), N_("请先把监护人加入本案。"),
        N_("您不满 18 周岁，要由监护人来同意和签名。请让父母或其他监护人联系调解员。"),
    ),
    Rule(
        "capacity", _SHOULD, N_("民法典第二十一条、第二十二条"), _capacity,
        N_("材料里写到“%(found)s”，但是没有监护人。"), N_("请问清楚当事人能不能自己决定；不能的，请监护人加入本案。"),
    ),
    Rule(
        "agent_authority", _SHOULD, N_("民事诉讼法第六十二条（特别授权）"), _general_agent,
        N_("%(name)s只有一般代理人（%(agent)s），不能代为同意条款和签名。"),
        N_("请补办特别授权，或者请当事人本人来签。"),
        N_("您的代理人是一般代理，不能替您签名。请补办特别授权，或者您本人来签。"),
    ),
    Rule(
        "id_missing", _SHOULD, N_("人民调解法第二十九条；民诉法解释第三百五十一条"), _no_id,
        N_("%(name)s没有身份证号码，正式文书上会空着，法院也不收。"), N_("请核对身份证并补上号码。"),
        N_("请在“我的账户”里填写身份证号码，或者带身份证到窗口核对。"),
    ),
    Rule(
        "credit_code_missing", _SHOULD, N_("人民调解法第二十九条；民诉法解释第三百五十一条"), _no_credit_code,
        N_("%(name)s没有统一社会信用代码，正式文书上会空着。"), N_("请对照营业执照补上代码。"),
        N_("请把营业执照上的统一社会信用代码告诉调解员。"),
    ),
)  # fmt: skip
