"""The words of judicial confirmation: on which head a court does not accept a request, or dismisses it."""

from collections.abc import Mapping

from odr.core.coded import Coded
from odr.core.i18n import N_


class Head(Coded):
    """Why a court said no. The first five: 民诉法解释 Art. 355 (裁定不予受理; found later, 裁定驳回 as well);
    the others: Art. 358 (裁定驳回申请)."""

    SCOPE = "scope", N_("不属于法院受理的范围")
    COURT = "court", N_("不归这个法院管")
    STATUS = "status", N_("要求确认婚姻、亲子、收养等身份关系")
    PROCEDURE = "procedure", N_("应当走其他特别程序、公示催告或者破产程序")
    TITLE = "title", N_("涉及物权、知识产权归谁所有")
    LAW = "law", N_("违反法律的强制性规定")
    HARM = "harm", N_("损害国家、社会公共利益或者别人的合法权益")
    MORALS = "morals", N_("违背公序良俗")
    FORCED = "forced", N_("不是自愿达成的")
    UNCLEAR = "unclear", N_("内容不明确")
    OTHER = "other", N_("其他不能确认的情形")


NOT_ACCEPTED = (Head.SCOPE, Head.COURT, Head.STATUS, Head.PROCEDURE, Head.TITLE)
DISMISSED = (Head.LAW, Head.HARM, Head.MORALS, Head.FORCED, Head.UNCLEAR, Head.OTHER)

AFTERWARDS: Mapping[Head, str] = {
    Head.SCOPE: N_("这件事要找主管的机关处理。请看“其他解决途径”。"),
    Head.COURT: N_("还在期限以内的，可以换一个有管辖权的法院，双方再一起申请。"),
    Head.STATUS: N_("身份关系要到婚姻登记机关办理，或者起诉。只涉及钱款的部分，可以另写一份协议。"),
    Head.PROCEDURE: N_("请按法院说的程序另外申请。"),
    Head.TITLE: N_("归谁所有要到登记机关办理，或者起诉。只涉及钱款的部分，可以另写一份协议。"),
    Head.LAW: N_("请调解员帮双方改掉这一条，重新签一份协议；改不了的，可以起诉。"),
    Head.HARM: N_("请把涉及别人的一条去掉，或者请他一起参加，重新签一份协议；改不了的，可以起诉。"),
    Head.MORALS: N_("请调解员帮双方改掉这一条，重新签一份协议；改不了的，可以起诉。"),
    Head.FORCED: N_("觉得不是自愿的一方，可以不再调解，直接起诉。"),
    Head.UNCLEAR: N_("请调解员帮双方把金额、日期和做法写清楚，重新签一份协议，再一起申请。"),
    Head.OTHER: N_("请看法院文书上写的理由，再决定重新调解还是起诉。"),
}
"""What is left after a no, by its head (民事诉讼法 Art. 206: a new or changed agreement, or a suit)."""
