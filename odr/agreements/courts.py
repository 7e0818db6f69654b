"""The courts of Wuhai that may confirm an agreement, and what a court will not confirm."""

from collections.abc import Mapping

from odr.cases.models import Case
from odr.core.i18n import N_

OTHER = "other"

# By the division each court sits for. Its name goes onto papers, so it stays Chinese.
COURTS: Mapping[str, str] = {
    "150302": "乌海市海勃湾区人民法院",
    "150303": "乌海市海南区人民法院",
    "150304": "乌海市乌达区人民法院",
    "150300": "乌海市中级人民法院",
}

WHERE = N_("可以向一方住所地、标的物所在地或者调委会所在地的基层法院申请；法院邀请调解的，向邀请的法院申请。")
"""Which court is competent (民事诉讼法 Art. 205)."""

NOT_CONFIRMED = (
    N_("婚姻、亲子、收养等身份关系"),
    N_("房屋、土地等归谁所有，商标、专利等归谁所有"),
    N_("应当由其他特别程序办理的事"),
    N_("违反法律，损害国家、公共利益或别人利益，或者不是自愿达成的"),
    N_("内容不明确，例如没有写清金额、日期和做法"),
)
"""What a court refuses to take or to confirm (民诉法解释 Art. 355, 358)."""


def near(case: Case) -> str | None:
    """The court of the place the dispute is from: the one to offer first."""
    key = case.division_code[:6]
    return key if key in COURTS else None
