"""The words of the official file: kinds of agents and what they may do, how long a file is kept, how talks ended."""

from odr.bodies.categories import Category
from odr.cases.codes import Result
from odr.core.coded import Coded
from odr.core.i18n import N_


class AgentKind(Coded):
    """Who may act for a party, as the form of 授权委托书 lists them."""

    LAWYER = "lawyer", N_("律师")
    LEGAL_WORKER = "legal_worker", N_("基层法律服务工作者")
    STAFF = "staff", N_("单位工作人员")
    RELATIVE = "relative", N_("近亲属")
    CITIZEN = "citizen", N_("其他公民")


LICENSED = (AgentKind.LAWYER, AgentKind.LEGAL_WORKER)


class Scope(Coded):
    """What an agent may do: ① to ⑦ of the form. ④ and ⑤ bind the party and need the special authority (特别授权)."""

    APPLY = "apply", N_("申请或者要求终止调解")
    EVIDENCE = "evidence", N_("收集、提供证据")
    MEDIATOR = "mediator", N_("选择或者接受调解员")
    CONCEDE = "concede", N_("承认、变更、放弃请求")
    SIGN = "sign", N_("参加调解并签署文书")
    RECEIVE = "receive", N_("领取文书")
    OTHER = "other", N_("其他")


SPECIAL = (Scope.CONCEDE, Scope.SIGN)
NUMBERS = "①②③④⑤⑥⑦"


class Retention(Coded):
    """保管期限. The law names none (人民调解法 Art. 27 asks only that files are kept); the table is the city's."""

    TEN = "ten", N_("10 年")
    THIRTY = "thirty", N_("30 年")
    PERMANENT = "permanent", N_("永久")


# Status and land outlive those who quarrelled about them (D: to be confirmed by the archive).
_FOR_EVER = (Category.FAMILY, Category.LAND, Category.EXPROPRIATION)


def retention(category: Category, form: str | None, result: str | None) -> Retention:
    """The usual term of a file: permanent for family status and land, 30 years where a written agreement was made,
    10 years for the rest. Who files it may choose another."""
    if category in _FOR_EVER:
        return Retention.PERMANENT
    return Retention.THIRTY if form == "written" and result == Result.AGREED_WRITTEN else Retention.TEN


class Ending(Coded):
    """调解结果 of one record."""

    AGREED = "agreed", N_("达成协议")
    NOT_AGREED = "not_agreed", N_("没有达成协议")
    AGAIN = "again", N_("没有谈完，另约时间再谈")
