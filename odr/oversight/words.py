"""What a tag of the ledger says in plain words, so that an auditor need not read code. The tag stays beside it."""

from collections.abc import Mapping
from typing import Any

from odr.accounts.labels import role_label
from odr.accounts.models import Role
from odr.cases.codes import Channel, CourtOutcome, State
from odr.cases.events import SENTENCES
from odr.core.coded import Coded
from odr.core.i18n import N_, _

ACTS: Mapping[str, str] = {
    **SENTENCES,
    "agreement:body_seal:done": N_("调委会盖章"),
    "agreement:check:acknowledged": N_("看过定稿前的检查结果，仍然这样写"),
    "agreement:clause:answered": N_("对一条协议作了回答"),
    "agreement:clause:proposed": N_("提出一条协议"),
    "agreement:clause:removed": N_("删去一条协议"),
    "agreement:comment:released": N_("公开只告诉调解员的意见"),
    "agreement:clauses:accepted": N_("各条都已同意"),
    "agreement:clauses:reordered": N_("调整了各条的顺序"),
    "agreement:draft:started": N_("开始起草协议"),
    "agreement:facts:changed": N_("修改了事实部分"),
    "agreement:form:written": N_("口头协议改为书面协议"),
    "agreement:mediator:done": N_("调解员签名"),
    "agreement:offer:accepted": N_("接受对方的出价"),
    "agreement:offer:made": N_("出价"),
    "agreement:offer:shown": N_("转告一方的出价"),
    "agreement:round:ended": N_("结束一轮出价"),
    "agreement:round:met": N_("密封出价碰上了"),
    "agreement:round:missed": N_("密封出价没有碰上"),
    "agreement:round:ready": N_("双方都提交了密封出价"),
    "agreement:round:started": N_("开始一轮出价"),
    "agreement:oral:registered": N_("登记口头协议"),
    "agreement:party:done": N_("当事人签名"),
    "agreement:register:written": N_("填写口头协议登记表"),
    "agreement:proposal:declined": N_("没有采纳一条条款建议"),
    "agreement:proposal:made": N_("提出一条条款建议"),
    "agreement:proposal:released": N_("公开一条条款建议"),
    "agreement:proposal:replied": N_("告诉调解员对一条建议的看法"),
    "agreement:proposal:taken": N_("采纳一条条款建议"),
    "agreement:proposal:withdrawn": N_("收回一条条款建议"),
    "agreement:signature:added": N_("签名"),
    "agreement:signature:voided": N_("签名因修改作废"),
    "agreement:text:frozen": N_("协议定稿"),
    "agreement:text:read": N_("从头到尾读完定稿"),
    "agreement:text:voided": N_("作废一个定稿"),
    "api_key:key:created": N_("建立接口密钥"),
    "api_key:key:ended": N_("停用接口密钥"),
    "clock:mark:lowered": N_("确认本机的时钟是对的"),
    "court:consent:asked": N_("请各方决定是否申请司法确认"),
    "court:consent:vouched": N_("登记一方当面同意申请司法确认"),
    "court:outcome:received": N_("法院的系统报来结果"),
    "court:outcome:recorded": N_("登记法院的结果"),
    "court:pack:sent": N_("把司法确认的材料交给法院的系统"),
    "court:pack:taken": N_("取走司法确认的材料"),
    "court:proof:added": N_("增加一份财产权利证明"),
    "court:proof:removed": N_("撤下一份财产权利证明"),
    "court:request:filed": N_("向法院提交司法确认申请"),
    "court:request:ready": N_("司法确认申请已齐备"),
    "credential:password:changed": N_("修改密码"),
    "credential:totp:reset": N_("重设动态验证码"),
    "database:epoch:begun": N_("数据库从备份恢复，开始新的一段记录"),
    "demo:city:begun": N_("开始建演示城市"),
    "demo:city:built": N_("演示城市建成"),
    "dossier:filing:recorded": N_("登记立卷"),
    "dossier:whole:taken": N_("取走整卷"),
    "draft:words:dropped": N_("删除没有提交的申请"),
    "fact:item:answered": N_("对一条事实作了回答"),
    "fact:item:changed": N_("修改了一条事实"),
    "fact:item:proposed": N_("写了一条事实"),
    "fact:item:removed": N_("去掉一条事实"),
    "fact:sheet:confirmed": N_("确认事实属实"),
    "fact:sheet:released": N_("同意交出无争议的事实"),
    "fact:sheet:vouched": N_("登记一方当面或在电话里确认事实"),
    "fact:sheet:withheld": N_("不同意交出无争议的事实"),
    "file:original:kept": N_("收下一份文件"),
    "file:original:removed": N_("撤下一份文件"),
    "file:shown:read": N_("查阅一份文件"),
    "grant:role:ended": N_("收回角色"),
    "grant:role:given": N_("授予角色"),
    "inquiry:record:written": N_("写调查记录"),
    "inquiry:text:kept": N_("调查记录的指纹"),
    "ledger:page:read": N_("查看操作台账"),
    "login:device:ended": N_("退出登录"),
    "login:resident:opened": N_("居民登录"),
    "login:staff:opened": N_("工作人员登录"),
    "meeting:coming:late": N_("一方说会晚到"),
    "meeting:coming:on_time": N_("一方说又能按时来"),
    "meeting:coming:unable": N_("一方说来不了"),
    "meeting:minutes:confirmed": N_("确认会面记录"),
    "meeting:minutes:signed": N_("会面记录在纸上签了名"),
    "meeting:minutes:written": N_("写会面记录"),
    "meeting:sitting:cancelled": N_("取消会面"),
    "meeting:sitting:corrected": N_("会面的登记有更正"),
    "meeting:sitting:held": N_("会面已进行"),
    "meeting:missed:again": N_("会面不止一次没有开成，告知可以结束"),
    "meeting:sitting:missed": N_("会面没有开成"),
    "meeting:sitting:planned": N_("安排会面"),
    "meeting:sitting:recorded": N_("补记一次会面"),
    "meeting:times:complete": N_("会面的时间都选好了"),
    "meeting:times:dropped": N_("收回给出的会面时间"),
    "meeting:times:offered": N_("给出几个会面时间"),
    "meeting:times:picked": N_("一方选了会面时间"),
    "meeting:times:waiting": N_("提醒选会面时间"),
    "order:intake:accepted": N_("工单转为案件"),
    "order:intake:received": N_("收到工单"),
    "order:intake:refused": N_("退回工单"),
    "outbox:rows:read": N_("查看待发与已发"),
    "party:mandate:written": N_("登记授权委托书"),
    "party:particulars:written": N_("填写当事人基本情况"),
    "performance:certificate:asked": N_("申请协议已履行证明"),
    "performance:certificate:issued": N_("开具协议已履行证明"),
    "performance:item:breached": N_("登记一项没有履行"),
    "performance:item:claimed": N_("一方说已经履行"),
    "performance:item:disputed": N_("一方说没有收到"),
    "performance:item:done": N_("一项已经履行"),
    "performance:item:late": N_("一项已经过期"),
    "performance:item:open": N_("一项重新待履行"),
    "performance:item:unanswered": N_("一项登记了三天还没有确认"),
    "performance:item:urged": N_("催促履行"),
    "performance:item:waived": N_("一方不再要求履行"),
    "performance:item:waiting": N_("问接受的一方做到了没有"),
    "performance:items:replaced": N_("原协议没有做完的约定由新协议代替"),
    "performance:limitation:interrupted": N_("诉讼时效重新计算"),
    "performance:notice:issued": N_("出具不履行告知书"),
    "performance:part:received": N_("一项做到了一部分"),
    "performance:postponement:agreed": N_("双方同意延期"),
    "performance:postponement:asked": N_("一方请求延期"),
    "performance:postponement:refused": N_("一方没有同意延期"),
    "performance:postponement:withdrawn": N_("撤回延期的请求"),
    "performance:proof:foreign": N_("凭证在别的案件里也用过"),
    "person:account:created": N_("建立账户"),
    "person:account:locked": N_("锁定账户"),
    "person:account:unlocked": N_("解锁账户"),
    "person:address:changed": N_("修改地址"),
    "person:identity:checked": N_("核验身份"),
    "person:identity:vouched": N_("当面核验身份"),
    "person:name:changed": N_("修改姓名"),
    "person:staff:created": N_("建立工作人员账户"),
    "reading:reason:stated": N_("写明查阅理由"),
    "record:bytes:kept": N_("调解记录的指纹"),
    "record:page:confirmed": N_("确认调解记录的一页"),
    "record:page:objected": N_("对调解记录的一页提出意见"),
    "record:pages:confirmed": N_("逐页确认了调解记录"),
    "record:text:begun": N_("开始整理调解记录"),
    "record:text:frozen": N_("调解记录定稿"),
    "record:text:voided": N_("调解记录退回修改"),
    "record:text:written": N_("修改调解记录草稿"),
    "room:transcript:read": N_("查阅调解室记录"),
    "visit:form:filled": N_("当事人填好回访表"),
    "visit:form:sent": N_("请当事人填回访表"),
    "visit:return:due": N_("一次回访到期"),
    "visit:return:made": N_("登记回访"),
}

# What an act was done to. Every kind that the code writes has its word here, and no other: a test compares them.
THINGS: Mapping[str, str] = {
    "agreement": N_("调解协议"),
    "api_key": N_("接口密钥"),
    "case": N_("案件"),
    "clock": N_("时钟"),
    "court_request": N_("司法确认申请"),
    "database": N_("数据库"),
    "demo": N_("演示城市"),
    "draft": N_("申请草稿"),
    "fact": N_("事实"),
    "file": N_("文件"),
    "inquiry": N_("调查记录"),
    "ledger": N_("操作台账"),
    "login": N_("登录"),
    "meeting": N_("会面"),
    "offer_round": N_("一轮出价"),
    "order": N_("工单"),
    "outbox": N_("待发与已发"),
    "performance": N_("约定的事"),
    "person": N_("人员"),
    "proposal": N_("条款建议"),
    "record": N_("调解记录"),
    "room": N_("调解室"),
}

# What stands beside an act. Every key that the code writes has its word here: a test compares them.
DETAILS: Mapping[str, str] = {
    "adapter": N_("经由"),
    "applied_on": N_("申请日期"),
    "as": N_("取走的样子"),
    "audience": N_("谁能看到"),
    "body": N_("调解组织"),
    "case": N_("案件"),
    "channel": N_("途径"),
    "court": N_("法院"),
    "decided_on": N_("裁定日期"),
    "file": N_("文件"),
    "first": N_("从第几条"),
    "from": N_("原来的状态"),
    "holder": N_("属于"),
    "key": N_("接口密钥"),
    "kind": N_("种类"),
    "last": N_("到第几条"),
    "method": N_("方式"),
    "mime": N_("文件类型"),
    "note": N_("怎样核对的"),
    "outcome": N_("结果"),
    "page": N_("第几页"),
    "pages": N_("页数"),
    "party": N_("当事人"),
    "person": N_("人员"),
    "reading": N_("查阅编号"),
    "reason": N_("原因"),
    "receipt": N_("回执"),
    "record": N_("调解记录"),
    "role": N_("角色"),
    "room": N_("调解室"),
    "rows": N_("行数"),
    "rules": N_("检查项"),
    "scope": N_("用途"),
    "seconds": N_("时钟落后的秒数"),
    "sha256": N_("文件指纹"),
    "signed": N_("签名人数"),
    "size": N_("字节数"),
    "tag": N_("操作"),
    "text": N_("文字指纹"),
    "to": N_("现在的状态"),
    "version": N_("第几版"),
    "way": N_("怎样读完的"),
}
_CODES: Mapping[str, type[Coded]] = {
    "channel": Channel, "from": State, "to": State, "outcome": CourtOutcome,
}  # fmt: skip
_VALUES: Mapping[str, Mapping[str, str]] = {
    "as": {"pdf": N_("一个 PDF"), "zip": N_("压缩包")},
    "audience": {"joint": N_("各方"), "private": N_("一方和调解员")},
    "kind": {
        "party": N_("当事人签名"), "mediator": N_("调解员签名"), "body_seal": N_("盖章"),
        "oral_confirmation": N_("确认口头协议"),
    },
    "method": {
        "screen": N_("屏幕签名"), "paper": N_("纸质签名"), "seal": N_("盖章"), "vouched": N_("由工作人员登记"),
    },
    "way": {"scrolled": N_("往下看到最后"), "pages": N_("分两页看完"), "told": N_("由程序报告")},
}  # fmt: skip


def details(given: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What stands beside an act as words with their values; nothing of it is left out, and a key without a word is
    shown as it is."""
    return [(_(DETAILS[key]) if key in DETAILS else key, _value(key, value)) for key, value in given.items()]


def _value(key: str, value: Any) -> str:
    if value in (None, ""):
        return _("（没有）")
    if isinstance(value, list):
        return _("、").join(_value(key, one) for one in value)
    text = str(value)
    if key in _CODES and text in set(_CODES[key]):
        return _CODES[key](text).label
    if key == "role" and text in set(Role):
        return role_label(text)
    known = _VALUES.get(key, {})
    return _(known[text]) if text in known else text


def act(tag: str) -> str:
    """The words of a tag; the tag itself where none are known."""
    return _(ACTS[tag]) if tag in ACTS else tag


def thing(kind: str) -> str:
    """The word for what an act was done to; the kind itself where none is known."""
    return _(THINGS[kind]) if kind in THINGS else kind
