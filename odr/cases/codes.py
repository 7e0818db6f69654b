"""The codes of a case and their Chinese words. Values are stored; words go through gettext when shown.

Sources and results follow 人民调解案件情况表. What is marked D was designed here and is the city's to confirm.
"""

from typing import Self

from odr.bodies.categories import ALWAYS_WRITTEN as ALWAYS_WRITTEN
from odr.bodies.categories import LABOUR as LABOUR
from odr.bodies.categories import PETITION_CATEGORY as PETITION_CATEGORY
from odr.bodies.categories import Category as Category
from odr.core.coded import Coded as Coded
from odr.core.i18n import N_


class State(Coded):
    """Where a case stands. Moved by `lifecycle.step` only."""

    DRAFT = "draft", N_("草稿")
    SUBMITTED = "submitted", N_("已申请，待受理")
    SUPPLEMENT = "supplement", N_("待补充材料")
    CONSULTING = "consulting", N_("征询对方意愿")
    ACCEPTED = "accepted", N_("已受理")
    ASSIGNED = "assigned", N_("已分配，待调解")
    MEDIATING = "mediating", N_("调解中")
    SUSPENDED = "suspended", N_("中止")
    SIGNING = "signing", N_("待签署")
    EFFECTIVE = "effective", N_("协议生效")
    PERFORMING = "performing", N_("履行中")
    CONFIRMING = "confirming", N_("司法确认中")
    PERFORMED = "performed", N_("已履行")
    FOLLOWED_UP = "followed_up", N_("已回访")
    CLOSED = "closed", N_("已结案")
    ARCHIVED = "archived", N_("已归档")
    NOT_ACCEPTED = "not_accepted", N_("不予受理")
    TRANSFERRED = "transferred", N_("已转办")
    WITHDRAWN = "withdrawn", N_("已撤回")
    FAILED = "failed", N_("调解终止")


class SourceGroup(Coded):
    """The three heads of the statistical form."""

    APPLIED = "applied", N_("依申请调解")
    PROACTIVE = "proactive", N_("主动调解")
    ENTRUSTED = "entrusted", N_("接受委托移送")


class Source(Coded):
    """Where a case came from (案件来源). `report` is the column it is counted in, `group` that column's head."""

    column: str

    def __new__(cls, value: str, zh: str = "", column: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.zh = zh
        member.column = column or value
        return member

    APPLIED = "applied", N_("当事人申请")
    PROACTIVE = "proactive", N_("调委会主动调解")
    COURT = "court", N_("法院委托移送")
    PROCURATORATE = "procuratorate", N_("检察院委托移送")
    POLICE = "police", N_("公安机关委托移送")
    PETITION = "petition", N_("信访部门委托移送")
    OTHER_DEPT = "other_dept", N_("其他部门委托移送")
    # The city's own feeds (D), each counted in one of the columns above.
    ODR_SELF = "odr_self", N_("网上申请"), "applied"
    HOTLINE_12345 = "hotline_12345", N_("12345 热线转来"), "other_dept"
    POLICE_110_NONPOLICE = "police_110_nonpolice", N_("110 非警情转来"), "police"
    GRID = "grid", N_("网格员上报"), "proactive"
    AGENCY_ASSIST = "agency_assist", N_("公安信访代办"), "police"
    CENTRE = "centre", N_("矛盾纠纷调处中心转来"), "other_dept"
    COURT_ADVISED = "court_advised", N_("法院告知先行调解"), "court"
    POLICE_ADVISED = "police_advised", N_("公安机关告知先行调解"), "police"

    @property
    def report(self) -> "Source":
        return Source(self.column)

    @property
    def group(self) -> SourceGroup:
        return SourceGroup(self.column) if self.column in ("applied", "proactive") else SourceGroup.ENTRUSTED


class Result(Coded):
    """How a case ended, or why (结果和原因)."""

    AGREED_WRITTEN = "agreed_written", N_("达成书面协议")
    AGREED_ORAL = "agreed_oral", N_("达成口头协议")
    SETTLED_SELF = "settled_self", N_("自行和解后撤回")
    WITHDRAWN = "withdrawn", N_("申请人撤回")
    UNREACHABLE = "unreachable", N_("联系不上一方")
    REFUSED = "refused", N_("一方不愿调解")
    DEADLOCK = "deadlock", N_("分歧太大，没有谈成")
    TIMEOUT = "timeout", N_("期限届满")
    SIGN_REFUSED = "sign_refused", N_("一方不签协议")
    ENDED_PARTY = "ended_party", N_("当事人要求终止")
    ENDED_LAW = "ended_law", N_("不宜调解，或已由法院等处理")
    SUSPECTED_FALSE = "suspected_false", N_("涉嫌虚假调解")
    NOT_ACCEPTED = "not_accepted", N_("不予受理")
    TRANSFERRED = "transferred", N_("转办")
    DUPLICATE = "duplicate", N_("重复申请")
    OTHER = "other", N_("其他原因")


class Outcome(Coded):
    """The statistical class of a result."""

    SUCCESS = "success", N_("调解成功")
    FAILED = "failed", N_("调解不成功")
    NOT_COUNTED = "not_counted", N_("不计入")


def outcome(result: Result, *, accepted: bool, helped: bool = False) -> Outcome:
    """The class a result counts in (D). `accepted`: it came after acceptance; `helped`: the committee helped to settle.

    An accepted case leaves the denominator only by the reasons listed here: every other end without an agreement
    counts as failed, so that a success rate cannot be raised by the choice of a reason.
    """
    if result in (Result.AGREED_WRITTEN, Result.AGREED_ORAL):
        return Outcome.SUCCESS
    if result is Result.SETTLED_SELF:
        return Outcome.SUCCESS if helped else Outcome.NOT_COUNTED
    if result in (Result.NOT_ACCEPTED, Result.TRANSFERRED, Result.DUPLICATE):
        return Outcome.NOT_COUNTED
    return Outcome.FAILED if accepted else Outcome.NOT_COUNTED


class RefusalGround(Coded):
    """Why a matter is not accepted (domain rule: what may not be taken)."""

    NOT_CIVIL = "not_civil", N_("不属于民间纠纷，例如对行政机关的处理不服")
    SPECIAL_BODY = "special_body", N_("法律规定由专门机关处理，或不得调解")
    ALREADY_HANDLED = "already_handled", N_("法院、公安或其他机关已经受理或处理")
    PARTY_REFUSES = "party_refuses", N_("一方明确拒绝调解")
    ELSEWHERE = "elsewhere", N_("不在本地管辖范围")
    OTHER = "other", N_("其他原因")


class Side(Coded):
    APPLICANT = "applicant", N_("申请人")
    RESPONDENT = "respondent", N_("被申请人")

    @property
    def other(self) -> "Side":
        return Side.RESPONDENT if self is Side.APPLICANT else Side.APPLICANT


class PartyRole(Coded):
    """What somebody on a side is: the party, or one who acts for it."""

    PARTY = "party", N_("当事人")
    AGENT = "agent", N_("代理人")
    GUARDIAN = "guardian", N_("监护人")


class PartyKind(Coded):
    NATURAL = "natural", N_("个人")
    LEGAL = "legal", N_("公司或其他法人")
    OTHER_ORG = "other_org", N_("其他组织")


class CaseRole(Coded):
    """What somebody is in one case. Only these make moves; an auditor reads and is none of them."""

    APPLICANT = "applicant", N_("申请人")
    RESPONDENT = "respondent", N_("被申请人")
    APPLICANT_AGENT = "applicant_agent", N_("申请人的代理人")
    RESPONDENT_AGENT = "respondent_agent", N_("被申请人的代理人")
    MEDIATOR = "mediator", N_("调解员")
    BODY_CLERK = "body_clerk", N_("调委会工作人员")
    CENTRE_CLERK = "centre_clerk", N_("中心工作人员")
    GRID_WORKER = "grid_worker", N_("网格员")
    SYSTEM = "system", N_("系统")


def case_role(side: Side, role: PartyRole = PartyRole.PARTY) -> CaseRole:
    """The role in the case of somebody on a side."""
    if role is PartyRole.PARTY:
        return CaseRole.APPLICANT if side is Side.APPLICANT else CaseRole.RESPONDENT
    return CaseRole.APPLICANT_AGENT if side is Side.APPLICANT else CaseRole.RESPONDENT_AGENT


class Will(Coded):
    """Whether a party wants mediation (Art. 17)."""

    UNKNOWN = "unknown", N_("还没有答复")
    AGREED = "agreed", N_("同意调解")
    REFUSED = "refused", N_("不同意调解")


class ConsentKind(Coded):
    """What a party is told or agrees to, each asked alone: consent to one step is none to the next
    (在线调解规则 Art. 4)."""

    RIGHTS_NOTICE = "rights_notice", N_("已阅读权利义务告知书")
    AGREE_TO_MEDIATE = "agree_to_mediate", N_("同意调解")
    AGREE_MEDIATOR = "agree_mediator", N_("接受这位调解员")
    DISCLOSURE = "disclosure", N_("已阅读调解员的情况披露")
    ONLINE_MEDIATION = "online_mediation", N_("同意在网上调解")
    E_SIGN = "e_sign", N_("同意电子签名")
    E_DELIVERY = "e_delivery", N_("同意电子送达")
    OFFLINE = "offline", N_("改为现场或电话参加")
    EXTENSION = "extension", N_("同意延长调解期限")
    COURT_REQUEST = "court_request", N_("同意一起申请司法确认")


class Channel(Coded):
    """Where something happened."""

    WEB = "web", N_("网页")
    WECHAT = "wechat", N_("微信")
    COUNTER = "counter", N_("窗口")
    PHONE = "phone", N_("电话")
    VISIT = "visit", N_("上门")
    HOTLINE_12345 = "hotline_12345", N_("12345 热线")
    POLICE_110 = "police_110", N_("110")
    GRID = "grid", N_("网格")
    ONSITE = "onsite", N_("现场")
    POST = "post", N_("邮寄")
    SYSTEM = "system", N_("系统")


class ObjectionGround(Coded):
    """Why a party does not want this mediator (在线调解规则 Art. 13, 特邀调解规定 Art. 15)."""

    NEAR_RELATIVE = "near_relative", N_("是对方或代理人的近亲属")
    INTEREST = "interest", N_("与这件纠纷有利害关系")
    OTHER_RELATION = "other_relation", N_("与对方有其他关系，可能影响公正")
    OTHER = "other", N_("其他原因")


class SuspendReason(Coded):
    """Why mediation stands still, and whether that time counts."""

    stops_clock: bool

    def __new__(cls, value: str, zh: str = "", stops_clock: bool = False) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.zh = zh
        member.stops_clock = stops_clock
        return member

    APPRAISAL = "appraisal", N_("鉴定或评估"), True
    SERVICE_FAULT = "service_fault", N_("平台故障"), True
    ILLNESS = "illness", N_("生病或其他不能参加的情况"), False
    SUSPECTED_FALSE = "suspected_false", N_("涉嫌虚假调解，正在核实"), False
    OTHER = "other", N_("其他原因"), False


class CourtStage(Coded):
    """Where a matter sent by a court stands there; after filing the time is shorter (在线调解规则 Art. 24)."""

    BEFORE_FILING = "before_filing", N_("立案前")
    ORDINARY = "ordinary", N_("立案后，普通程序")
    SUMMARY = "summary", N_("立案后，简易程序")


class CourtOutcome(Coded):
    """What became of a joint request for judicial confirmation."""

    VALID = "valid", N_("法院确认有效")
    REFUSED = "refused", N_("法院不予受理")
    REJECTED = "rejected", N_("法院没有确认")
    WITHDRAWN = "withdrawn", N_("撤回了确认申请")


COURT_NO = (CourtOutcome.REFUSED, CourtOutcome.REJECTED)
"""The court did not confirm. It held nothing of the agreement in the first case (解释 Art. 355), and dismissed the
request in the second (民事诉讼法 Art. 206); both leave the parties free to agree on something else."""


class AgreementForm(Coded):
    WRITTEN = "written", N_("书面协议")
    ORAL = "oral", N_("口头协议")
