"""The table of clause sets. Each sentence says one duty that can be performed, checked and, if need be, enforced.

None waives the right to sue (人民调解法第三条), none uses a word that cannot be measured (尽快, 适当): a court confirms
only what is definite (民诉法解释第三百五十八条). Sources of single sentences stand beside them.
"""

from odr.agreements.clause_sets import CREDITOR, DEBTOR, ClauseSet, Pattern
from odr.agreements.schemas import Kind
from odr.bodies.categories import Category
from odr.core.i18n import N_

_C = Category
_TRANSFER = "银行转账"

# A rate everybody can look up; far below the four times that bind private loans (民间借贷规定第二十五条).
_LATE = Pattern(
    Kind.OTHER,
    "{debtor}没有按期付清的，从逾期次日起，以没有付清的数额为基数，"
    "按照付款时一年期贷款市场报价利率向{creditor}支付逾期利息，"
    "直到付清为止。",
)
_SETTLED = Pattern(
    Kind.OTHER, "本协议全部履行完毕后，双方因本次纠纷产生的权利义务结清。", obligor=CREDITOR, obligee=DEBTOR
)
_RECEIPT = Pattern(
    Kind.ACT,
    "{creditor}收到款项后向{debtor}出具收条，写明收到的日期和数额。",
    obligor=CREDITOR,
    obligee=DEBTOR,
    days=20,
)


def _pay(text: str, days: int = 15, *, whole: bool = False, chosen: bool = True) -> Pattern:
    return Pattern(Kind.PAY, text, days=days, manner=_TRANSFER, whole=whole, chosen=chosen)


SETS: tuple[ClauseSet, ...] = (
    ClauseSet(
        "loan",
        N_("民间借贷：还本付息"),
        (_C.CONTRACT, _C.BUSINESS),
        (
            _pay("{debtor}向{creditor}返还借款本金。", 30, whole=True),
            _pay("{debtor}向{creditor}支付借款期间的利息。", 30, chosen=False),
            Pattern(Kind.OTHER, "{debtor}有任何一期没有按期付清的，{creditor}有权要求{debtor}一次付清剩余全部款项。"),
            _LATE,
            Pattern(
                Kind.ACT,
                "{creditor}收到全部款项后，把借条、欠条原件退还{debtor}。",
                obligor=CREDITOR,
                obligee=DEBTOR,
                days=35,
                place="调解委员会办公室",
            ),
            _RECEIPT,
            _SETTLED,
        ),
    ),
    ClauseSet(
        "wages",
        N_("拖欠工资"),
        (_C.WAGE_ARREARS, _C.LABOUR_OTHER),
        (
            # 保障农民工工资支付条例第十一条: in money, by bank or in cash, to the worker.
            Pattern(
                Kind.PAY,
                "{debtor}向{creditor}支付拖欠的工资。",
                whole=True,
                days=15,
                manner="银行转账到{creditor}本人账户",
            ),
            Pattern(
                Kind.ACT,
                "{debtor}向{creditor}交付工资计算清单，写明工作期间、标准和数额。",
                days=5,
                place="{debtor}的办公地点",
            ),
            Pattern(Kind.REFRAIN, "{debtor}不得因{creditor}追讨工资扣减工资、辞退或者打击报复。"),
            _LATE,
            _RECEIPT,
            _SETTLED,
        ),
    ),
    ClauseSet(
        "labour",
        N_("解除劳动关系：补偿和手续"),
        (_C.LABOUR_OTHER,),
        (
            _pay("{debtor}向{creditor}支付解除劳动合同的经济补偿。", 15, whole=True),
            _pay("{debtor}向{creditor}支付没有结清的工资。", 15, chosen=False),
            # 劳动合同法第五十条: the certificate at once, files and social insurance within 15 days.
            Pattern(Kind.ACT, "{debtor}向{creditor}出具解除劳动合同的证明。", days=5, place="{debtor}的办公地点"),
            Pattern(Kind.ACT, "{debtor}为{creditor}办理档案和社会保险关系转移手续。", days=15),
            Pattern(
                Kind.ACT,
                "{creditor}与{debtor}办理工作交接，归还领用的物品。",
                obligor=CREDITOR,
                obligee=DEBTOR,
                days=10,
                place="{debtor}的办公地点",
            ),
            _LATE,
            _SETTLED,
        ),
    ),
    ClauseSet(
        "injury",
        N_("人身损害赔偿"),
        (_C.INJURY,),
        (
            # 民法典第一千一百七十九条 names the heads of damages.
            _pay("{debtor}向{creditor}赔偿医疗费、误工费、护理费、交通费、营养费。", 15, whole=True),
            Pattern(
                Kind.ACT,
                "{creditor}把医疗费票据和诊断证明的复印件交给{debtor}。",
                obligor=CREDITOR,
                obligee=DEBTOR,
                days=7,
                place="调解委员会办公室",
            ),
            Pattern(Kind.APOLOGISE, "{debtor}当面向{creditor}赔礼道歉。", days=7, place="调解委员会办公室"),
            Pattern(Kind.REFRAIN, "{debtor}今后不得辱骂、殴打或者威胁{creditor}及其家人。"),
            _LATE,
            _SETTLED,
        ),
    ),
    ClauseSet(
        "leak",
        N_("邻里漏水"),
        (_C.NEIGHBOUR, _C.PROPERTY_MGMT),
        (
            Pattern(
                Kind.ACT,
                "{debtor}修好造成漏水的管道和防水层，做 24 小时闭水试验，不再渗漏。",
                days=15,
                place="{place}",
            ),
            Pattern(
                Kind.ACT,
                "{creditor}在约定的维修时间里让施工人员进入房屋。",
                obligor=CREDITOR,
                obligee=DEBTOR,
                days=15,
                place="{place}",
            ),
            _pay("{debtor}向{creditor}赔偿墙面、地板和家具的损失。", 20, whole=True),
            Pattern(
                Kind.ACT,
                "{debtor}把{creditor}房屋里被水泡过的墙面修补、粉刷到原来的样子。",
                days=30,
                place="{place}",
                chosen=False,
            ),
            Pattern(
                Kind.OTHER,
                "修好以后一年里同一部位再次渗漏的，由{debtor}在接到通知后 3 天内重新维修，费用由{debtor}承担。",
            ),
            _SETTLED,
        ),
    ),
    ClauseSet(
        "neighbour",
        N_("相邻关系：噪声、通道、停车"),
        (_C.NEIGHBOUR, _C.HOUSING),
        (
            # 民法典第二百八十八条: in favour of production, convenience, unity, fairness.
            Pattern(Kind.REFRAIN, "{debtor}每天 22 时到次日 6 时不发出影响{creditor}休息的噪声。", place="{place}"),
            Pattern(Kind.ACT, "{debtor}清走堆放在公共通道里的物品，恢复通行。", days=7, place="{place}"),
            Pattern(
                Kind.REFRAIN, "{debtor}今后不在公共通道堆放物品，不把车停在{creditor}的门口和车位上。", place="{place}"
            ),
            _pay("{debtor}向{creditor}赔偿损失。", 15, chosen=False),
            Pattern(Kind.APOLOGISE, "{debtor}当面向{creditor}赔礼道歉。", days=7, place="社区居民委员会", chosen=False),
            Pattern(
                Kind.REFRAIN,
                "{creditor}遇到同类问题，先联系社区或者调解员，不辱骂、不损坏{debtor}的财物。",
                obligor=CREDITOR,
                obligee=DEBTOR,
            ),
        ),
    ),
    ClauseSet(
        "property_fee",
        N_("物业费"),
        (_C.PROPERTY_MGMT,),
        (
            _pay("{debtor}向{creditor}支付欠交的物业费。", 15, whole=True),
            Pattern(Kind.OTHER, "{creditor}免收{debtor}此前的违约金。", obligor=CREDITOR, obligee=DEBTOR),
            Pattern(
                Kind.ACT,
                "{creditor}修好{debtor}反映的公共部位问题，并请{debtor}验收。",
                obligor=CREDITOR,
                obligee=DEBTOR,
                days=15,
                place="{place}",
            ),
            Pattern(
                Kind.ACT,
                "{creditor}公布小区物业费收支情况。",
                obligor=CREDITOR,
                obligee=DEBTOR,
                days=30,
                place="{place}公告栏",
            ),
            Pattern(
                Kind.OTHER,
                "从下一个收费期起，{debtor}按照物业服务合同按期交费。",
                recurring="按物业服务合同约定的收费日",
                begins=True,
            ),
            # 民法典第九百四十四条: no cutting of water, power, heat or gas to collect the fee.
            Pattern(
                Kind.REFRAIN,
                "{creditor}不得用停止供电、供水、供热、供气的办法催交物业费。",
                obligor=CREDITOR,
                obligee=DEBTOR,
            ),
        ),
        firm_owed=True,
    ),
    ClauseSet(
        "repairs",
        N_("物业维修和服务"),
        (_C.PROPERTY_MGMT,),
        (
            Pattern(
                Kind.ACT, "{debtor}修好{creditor}反映的公共设施，并通知{creditor}到场验收。", days=15, place="{place}"
            ),
            Pattern(
                Kind.ACT,
                "{debtor}每月检查一次该设施并在公告栏公布结果。",
                recurring="每月一次",
                begins=True,
                place="{place}",
            ),
            _pay("{debtor}向{creditor}赔偿因设施损坏造成的损失。", 15, whole=True),
            Pattern(
                Kind.PAY,
                "{creditor}在验收合格后向{debtor}交纳欠交的物业费。",
                obligor=CREDITOR,
                obligee=DEBTOR,
                days=20,
                manner=_TRANSFER,
                chosen=False,
            ),
            Pattern(Kind.OTHER, "维修后一年里同一设施再次损坏的，{debtor}在接到报修后 24 小时内到场处理。"),
            _SETTLED,
        ),
    ),
    ClauseSet(
        "lease",
        N_("房屋租赁：押金和交还"),
        (_C.HOUSING,),
        (
            Pattern(
                Kind.ACT,
                "{creditor}搬出并把房屋和钥匙交还{debtor}，双方当场清点屋内设施。",
                obligor=CREDITOR,
                obligee=DEBTOR,
                days=10,
                place="{place}",
            ),
            _pay("{debtor}向{creditor}退还押金。", 15, whole=True),
            _pay("{debtor}向{creditor}退还没有租住期间的租金。", 15, chosen=False),
            Pattern(
                Kind.PAY,
                "{creditor}结清租住期间的水费、电费、燃气费、供热费。",
                obligor=CREDITOR,
                obligee=DEBTOR,
                days=10,
                manner=_TRANSFER,
                chosen=False,
            ),
            Pattern(Kind.OTHER, "房屋交还之日起，双方的租赁合同解除。", obligee=CREDITOR),
            _LATE,
            _SETTLED,
        ),
    ),
    ClauseSet(
        "refund",
        N_("消费：退货退款"),
        (_C.CONSUMER_OTHER, _C.ECOMMERCE, _C.TOURISM, _C.INTERNET),
        (
            _pay("{debtor}向{creditor}退还货款（服务费）。", 7, whole=True),
            Pattern(
                Kind.ACT,
                "{creditor}把商品、配件和发票退还{debtor}，运费由{debtor}承担。",
                obligor=CREDITOR,
                obligee=DEBTOR,
                days=7,
                manner="快递或者当面交付",
            ),
            # 消费者权益保护法第五十五条 for fraud; the sum is what the parties settled on.
            _pay("{debtor}向{creditor}支付赔偿金。", 7, chosen=False),
            Pattern(Kind.ACT, "{debtor}免费修好{creditor}购买的商品，修好后可以正常使用。", days=15, chosen=False),
            Pattern(Kind.REFRAIN, "{debtor}不得把{creditor}的个人信息告诉他人或者用于本次退款以外的用途。"),
            _LATE,
            _SETTLED,
        ),
    ),
    ClauseSet(
        "prepaid",
        N_("预付卡退费"),
        (_C.CONSUMER_OTHER,),
        (
            Pattern(
                Kind.ACT,
                "双方核对消费记录，{debtor}向{creditor}交付写明充值、消费、余额的清单。",
                days=5,
                place="{debtor}的经营场所",
            ),
            # 消费者权益保护法实施条例第二十二条: what was not consumed is refunded.
            _pay("{debtor}向{creditor}退还预付卡里没有消费的余额。", 10, whole=True),
            Pattern(
                Kind.ACT,
                "{creditor}收到全部退款后把预付卡交还{debtor}。",
                obligor=CREDITOR,
                obligee=DEBTOR,
                days=15,
                place="{debtor}的经营场所",
            ),
            Pattern(Kind.OTHER, "退款付清之日起，双方的预付消费合同解除。"),
            Pattern(Kind.REFRAIN, "{debtor}不得把{creditor}的个人信息告诉他人。"),
            _LATE,
        ),
    ),
    ClauseSet(
        "traffic",
        N_("道路交通事故赔偿"),
        (_C.TRAFFIC,),
        (
            _pay(
                "{debtor}向{creditor}赔偿医疗费、误工费、护理费、交通费，保险公司赔付以外的部分由{debtor}承担。",
                15,
                whole=True,
            ),
            _pay("{debtor}向{creditor}赔偿车辆维修费。", 15, chosen=False),
            Pattern(
                Kind.ACT,
                "{debtor}向承保的保险公司报案并提交理赔材料，{creditor}提供身份证、病历和票据。",
                days=10,
            ),
            Pattern(
                Kind.ACT,
                "{creditor}把医疗费票据和维修清单交给{debtor}用于理赔。",
                obligor=CREDITOR,
                obligee=DEBTOR,
                days=7,
                place="调解委员会办公室",
            ),
            _LATE,
            _RECEIPT,
            _SETTLED,
        ),
    ),
    ClauseSet(
        "support",
        N_("赡养、抚养费用（纸质签名）"),
        (_C.FAMILY,),
        (
            # 民法典第一千零六十七条 (赡养), 第一千零八十五条 (抚养).
            Pattern(
                Kind.PAY,
                "{debtor}每月向{creditor}支付赡养费（抚养费），金额为每月数额。",
                manner=_TRANSFER,
                recurring="每月 5 日以前",
                begins=True,
            ),
            Pattern(
                Kind.PAY,
                "{debtor}承担{creditor}住院和大病治疗费用中由个人负担的一部分。",
                days=30,
                manner="凭医院票据转账",
                chosen=False,
            ),
            Pattern(
                Kind.ACT,
                "{debtor}每月看望{creditor}，照料日常生活。",
                recurring="每月至少两次",
                begins=True,
                place="{creditor}的住处",
            ),
            Pattern(Kind.ACT, "{debtor}保障{creditor}有固定的住处。", recurring="长期", begins=True, chosen=False),
            Pattern(Kind.REFRAIN, "{debtor}不得辱骂、冷落{creditor}，不得侵占{creditor}的养老金和存款。"),
            Pattern(Kind.OTHER, "生活费用明显变化的，双方每年一月可以重新商定下一年的数额，没有商定的按原数额支付。"),
        ),
    ),
    ClauseSet(
        "family_property",
        N_("家庭财产分割（纸质签名）"),
        (_C.FAMILY,),
        (
            _pay("{debtor}向{creditor}支付财产折价款。", 30, whole=True),
            Pattern(Kind.ACT, "{debtor}配合{creditor}办理房屋转移登记手续。", days=30, place="不动产登记中心"),
            Pattern(Kind.ACT, "{debtor}把属于{creditor}的物品交还，双方当场清点。", days=10, place="{place}"),
            Pattern(Kind.OTHER, "登记在各自名下的其他财产归各自所有，各自经手的债务由各自偿还。"),
            _LATE,
            _SETTLED,
        ),
    ),
    ClauseSet(
        "land",
        N_("土地边界和用水"),
        (_C.LAND, _C.HOUSING, _C.EXPROPRIATION),
        (
            Pattern(
                Kind.ACT,
                "双方请村民委员会到场，按照承包合同和确权登记测量边界，当场打桩并画图，各执一份。",
                days=10,
                place="{place}",
                obligee=None,
            ),
            Pattern(Kind.ACT, "{debtor}退出多占的土地，清走上面的物品和青苗。", days=30, place="{place}"),
            _pay("{debtor}向{creditor}赔偿青苗和围栏的损失。", 15, whole=True),
            Pattern(
                Kind.OTHER,
                "双方轮流使用水渠（机井），{creditor}用单日，{debtor}用双日，费用按用水量分担。",
                recurring="灌溉期内每天",
                begins=True,
            ),
            Pattern(Kind.REFRAIN, "{debtor}今后不移动界桩，不堵塞水渠和田间道路。", place="{place}"),
            _SETTLED,
        ),
    ),
    ClauseSet(
        "medical",
        N_("医疗纠纷"),
        (_C.MEDICAL,),
        (
            # 医疗纠纷预防和处理条例第三十九条: a written agreement.
            _pay("{debtor}向{creditor}一次性支付赔偿（补偿）款。", 30, whole=True),
            Pattern(
                Kind.OTHER,
                "{debtor}投保医疗责任保险的，赔款可以由保险公司直接支付给{creditor}，没有付到的部分由{debtor}支付。",
            ),
            Pattern(
                Kind.ACT,
                "{creditor}向{debtor}提供办理保险理赔需要的身份证明和票据。",
                obligor=CREDITOR,
                obligee=DEBTOR,
                days=10,
                place="{debtor}医务部门",
            ),
            Pattern(Kind.ACT, "{debtor}把{creditor}要求复制的病历资料交给{creditor}。", days=5, place="{debtor}病案室"),
            Pattern(
                Kind.REFRAIN,
                "{creditor}不在{debtor}的诊疗场所聚集、设障、停尸或者拉横幅。",
                obligor=CREDITOR,
                obligee=DEBTOR,
            ),
            _LATE,
            _SETTLED,
        ),
    ),
    ClauseSet(
        "utilities",
        N_("供水供电供气供热和改造"),
        (_C.CONTRACT, _C.CONSUMER_OTHER, _C.PROPERTY_MGMT),
        (
            _pay("{debtor}向{creditor}退还收取的改造（安装）费用。", 15, whole=True),
            Pattern(Kind.ACT, "{debtor}完成改造并通过安全检查，向{creditor}交付合格单。", days=20, place="{place}"),
            Pattern(
                Kind.ACT,
                "{creditor}在约定的时间里让施工人员入户。",
                obligor=CREDITOR,
                obligee=DEBTOR,
                days=15,
                place="{place}",
            ),
            Pattern(Kind.ACT, "{debtor}向{creditor}出具收费明细和发票。", days=10, place="{debtor}的营业厅"),
            Pattern(Kind.OTHER, "改造后两年里因施工质量出现问题的，由{debtor}在接到报修后 24 小时内免费维修。"),
            _LATE,
            _SETTLED,
        ),
    ),
    ClauseSet(
        "environment",
        N_("环境污染：粉尘、噪声、气味"),
        (_C.ENVIRONMENT,),
        (
            Pattern(Kind.ACT, "{debtor}安装除尘（隔音、除味）设备，达到国家规定的排放标准。", days=60, place="{place}"),
            Pattern(Kind.ACT, "{debtor}请有资质的机构检测，把检测报告交给{creditor}。", days=75, place="{place}"),
            Pattern(Kind.REFRAIN, "{debtor}每天 22 时到次日 6 时不进行产生噪声的生产和运输。", place="{place}"),
            _pay("{debtor}向{creditor}赔偿损失。", 15, whole=True),
            Pattern(Kind.OTHER, "检测不达标的，{debtor}停止产生污染的工序，达标以后再恢复。"),
            _LATE,
            _SETTLED,
        ),
    ),
    ClauseSet(
        "business",
        N_("货款、加工费、承揽"),
        (_C.BUSINESS, _C.CONTRACT),
        (
            _pay("{debtor}向{creditor}支付货款（加工费）。", 30, whole=True),
            Pattern(
                Kind.ACT,
                "{creditor}向{debtor}交付剩余货物，双方当场验收。",
                obligor=CREDITOR,
                obligee=DEBTOR,
                days=15,
                place="{debtor}的经营场所",
                chosen=False,
            ),
            Pattern(
                Kind.ACT,
                "{creditor}更换或者修好不合格的货物。",
                obligor=CREDITOR,
                obligee=DEBTOR,
                days=15,
                place="{debtor}的经营场所",
            ),
            Pattern(Kind.ACT, "{creditor}向{debtor}开具发票。", obligor=CREDITOR, obligee=DEBTOR, days=35),
            Pattern(Kind.OTHER, "{debtor}有任何一期没有按期付清的，{creditor}有权要求{debtor}一次付清剩余全部款项。"),
            _LATE,
            _SETTLED,
        ),
    ),
    ClauseSet(
        "general",
        N_("通用：停止、恢复、赔偿、道歉"),
        (_C.OTHER, _C.IP, _C.INTERNET, _C.EXPROPRIATION, _C.TOURISM),
        (
            Pattern(Kind.REFRAIN, "{debtor}停止影响{creditor}的行为，今后不再发生。"),
            Pattern(Kind.ACT, "{debtor}恢复原状。", days=15, place="{place}", chosen=False),
            _pay("{debtor}向{creditor}赔偿损失。", 15, whole=True),
            Pattern(Kind.APOLOGISE, "{debtor}当面向{creditor}赔礼道歉。", days=7, place="调解委员会办公室"),
            _LATE,
            _RECEIPT,
            _SETTLED,
        ),
    ),
)
BY_KEY = {one.key: one for one in SETS}
