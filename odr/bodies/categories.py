"""Kinds of dispute: the national list with the two later kinds (two-digit codes of a public city system). Bodies take
them, cases are of one."""

from typing import Self

from odr.core.coded import Coded
from odr.core.i18n import N_


class Category(Coded):
    """Kind of dispute (纠纷类型). `id` is the English key, `report` its row in the 18-row national form."""

    id: str
    report: str

    def __new__(cls, value: str, zh: str = "", id: str = "", report: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.zh = zh
        member.id = id
        member.report = report or value
        return member

    FAMILY = "01", N_("婚姻家庭纠纷"), "family"
    NEIGHBOUR = "02", N_("邻里纠纷"), "neighbour"
    HOUSING = "03", N_("房屋、宅基地纠纷"), "housing"
    CONTRACT = "04", N_("合同纠纷"), "contract"
    BUSINESS = "05", N_("生产经营纠纷"), "business"
    INJURY = "06", N_("损害赔偿纠纷"), "injury"
    LAND = "07", N_("山林土地纠纷"), "land"
    EXPROPRIATION = "08", N_("征地拆迁纠纷"), "expropriation"
    ENVIRONMENT = "09", N_("环境污染纠纷"), "environment"
    WAGE_ARREARS = "10a", N_("拖欠农民工工资纠纷"), "wage_arrears"
    LABOUR_OTHER = "10b", N_("其他劳动争议纠纷"), "labour_other"
    TOURISM = "11", N_("旅游纠纷"), "tourism"
    ECOMMERCE = "12a", N_("电子商务纠纷"), "ecommerce"
    CONSUMER_OTHER = "12b", N_("其他消费纠纷"), "consumer_other"
    MEDICAL = "13", N_("医疗纠纷"), "medical"
    TRAFFIC = "14", N_("道路交通事故纠纷"), "traffic"
    PROPERTY_MGMT = "15", N_("物业纠纷"), "property_mgmt"
    IP = "16", N_("知识产权纠纷"), "ip", "99"
    INTERNET = "17", N_("互联网纠纷"), "internet", "99"
    OTHER = "99", N_("其他纠纷"), "other"

    @property
    def city_code(self) -> str:
        """Its two-digit row in the city form, which has 16 and 17 and does not split 10 and 12."""
        return self.value[:2]


LABOUR = frozenset({Category.WAGE_ARREARS, Category.LABOUR_OTHER})

ALWAYS_WRITTEN = LABOUR | {Category.MEDICAL}
"""An oral agreement is not enough here (劳动争议调解仲裁法 Art. 14, 医疗纠纷条例 Art. 39)."""

# Kind of a petition matter -> kind of dispute. What is not listed becomes OTHER.
PETITION_CATEGORY = {
    "农村农业": Category.HOUSING,
    "市场监督": Category.BUSINESS,
    "自然资源": Category.LAND,
    "城乡建设": Category.EXPROPRIATION,
    "生态环境": Category.ENVIRONMENT,
    "劳动和社会保障": Category.LABOUR_OTHER,
    "文体旅游": Category.TOURISM,
    "经济管理": Category.CONSUMER_OTHER,
    "卫生健康": Category.MEDICAL,
    "交通运输": Category.TRAFFIC,
    "房产物业": Category.PROPERTY_MGMT,
}
