"""Which kind of dispute plain words tell of: a readable table, no model. Each suggestion names its words."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from odr.cases.codes import Category

_C = Category

# Word -> weight. 5: outweighs what the matter is about; 3: settles it alone; 2: typical; 1: a hint.
# A longer word hides the shorter ones inside it.
WORDS: Mapping[Category, Mapping[str, int]] = {
    _C.FAMILY: {
        "离婚": 3, "彩礼": 3, "抚养费": 3, "抚养权": 3, "赡养": 3, "继承": 3, "遗产": 3, "家暴": 3, "婚姻": 3,
        "丈夫": 2, "妻子": 2, "老公": 2, "媳妇": 2, "婆婆": 2, "公公": 1, "抚养": 2, "儿女": 1, "兄弟": 1, "分家": 2,
    },
    _C.NEIGHBOUR: {
        "邻居": 3, "隔壁": 2, "楼上": 2, "楼下": 2, "对门": 2, "漏水": 2, "噪音": 2, "噪声": 1, "吵闹": 2, "楼道": 2,
        "堆放": 1, "养狗": 1, "晾晒": 1, "相邻": 2, "采光": 2, "占道": 1, "跳舞": 1,
    },
    _C.HOUSING: {
        "租房": 3, "房东": 3, "租客": 3, "押金": 2, "房租": 3, "买房": 2, "卖房": 2, "二手房": 3, "宅基地": 3,
        "房屋": 1, "新房": 2, "房产证": 2, "交房": 2, "开发商": 2, "首付": 1, "退租": 3, "中介": 1, "装修": 1,
    },
    _C.CONTRACT: {
        "借钱": 3, "借款": 3, "欠条": 3, "借条": 3, "还钱": 2, "欠我": 2, "欠款": 2, "合同": 2, "违约": 2, "定金": 2,
        "担保": 2, "利息": 1, "贷款": 2, "保险": 2, "理赔": 2, "信用卡": 2, "承揽": 2, "工程款": 2, "燃气": 2,
        "天然气": 2, "暖气": 2, "供暖": 2, "供热": 2, "水费": 2, "电费": 2, "取暖费": 3, "改造费": 1, "养老院": 2,
        "学费": 2, "培训费": 2, "培训班": 2,
    },
    _C.BUSINESS: {
        "货款": 3, "供货": 2, "合伙": 3, "股份": 2, "承包": 1, "葡萄园": 2, "运费": 2, "货车": 1, "摊位": 2, "加盟": 2,
        "生意": 1, "经营": 1, "铺面": 2, "商铺": 2,
    },
    _C.INJURY: {
        "打人": 3, "打伤": 3, "被打": 3, "打架": 3, "咬伤": 3, "狗咬": 3, "摔伤": 3, "砸伤": 3, "烫伤": 3, "受伤": 2,
        "摔倒": 2, "医药费": 2, "误工费": 2, "损坏": 2, "砸坏": 2, "赔偿": 1, "骂人": 1, "辱骂": 2,
    },
    _C.LAND: {
        "承包地": 3, "耕地": 3, "草场": 3, "大棚": 2, "浇地": 3, "灌溉": 3, "机井": 3, "水井": 2, "地界": 3, "土地": 1,
        "林地": 3, "牧场": 2, "青苗": 2, "庄稼": 2,
    },
    _C.EXPROPRIATION: {
        "拆迁": 3, "征地": 3, "征收": 3, "安置房": 3, "安置费": 3, "补偿款": 2, "棚户区": 3, "棚改": 3, "沉陷": 2,
        "搬迁": 2, "回迁": 3,
    },
    _C.ENVIRONMENT: {
        "污染": 3, "粉尘": 3, "煤灰": 3, "扬尘": 3, "臭味": 3, "异味": 2, "污水": 3, "废气": 3, "放炮": 2, "爆破": 3,
        "排放": 2, "油烟": 2,
    },
    _C.WAGE_ARREARS: {
        "拖欠工资": 3, "欠薪": 3, "工资": 2, "农民工": 3, "工钱": 3, "包工头": 3, "工地": 2, "干活": 1, "结账": 1,
        "血汗钱": 3,
    },
    _C.LABOUR_OTHER: {
        "辞退": 3, "开除": 3, "工伤": 3, "社保": 3, "加班费": 3, "劳动合同": 3, "经济补偿": 3, "解雇": 3,
        "公司不要我": 3, "试用期": 2, "离职": 2, "上班": 1, "单位": 1, "骑手": 2,
    },
    _C.TOURISM: {
        "旅行社": 3, "旅游": 3, "跟团": 3, "导游": 3, "景区": 3, "酒店": 2, "民宿": 2, "门票": 2, "乌海湖": 2,
        "游船": 2,
    },
    _C.ECOMMERCE: {
        "网购": 5, "淘宝": 5, "京东": 5, "拼多多": 5, "直播带货": 5, "直播间": 5, "网店": 5, "网上买": 5, "快递": 2,
        "客服": 1, "七天无理由": 3,
    },
    _C.CONSUMER_OTHER: {
        "预付卡": 3, "会员卡": 3, "办卡": 3, "健身房": 3, "理发店": 2, "美容": 2, "退款": 2, "退货": 2, "假货": 3,
        "质量问题": 2, "超市": 2, "商家": 2, "商店": 2, "买了": 1, "过期": 2, "饭店": 2, "推销": 2, "保健品": 3,
        "充值": 2, "退钱": 1, "退卡": 3,
    },
    _C.MEDICAL: {
        "医院": 3, "医生": 3, "手术": 3, "误诊": 3, "诊所": 3, "住院": 2, "治疗": 2, "护士": 2, "病历": 3, "输液": 2,
        "医疗": 3, "拔牙": 3,
    },
    _C.TRAFFIC: {
        "交通事故": 3, "车祸": 3, "撞车": 3, "追尾": 3, "撞了": 2, "撞伤": 3, "交警": 3, "肇事": 3, "电动车": 1,
        "剐蹭": 3, "刮蹭": 3, "拉煤车": 2, "修车": 2, "驾驶": 1,
    },
    _C.PROPERTY_MGMT: {
        "物业": 3, "物业费": 3, "业主": 2, "业委会": 3, "停车位": 2, "电梯": 2, "小区": 1, "维修基金": 3, "保安": 1,
        "绿化": 1, "公共收益": 3,
    },
    _C.IP: {"商标": 3, "专利": 3, "侵权": 1, "盗版": 3, "版权": 3, "著作权": 3, "冒牌": 2, "酒标": 3},
    _C.INTERNET: {
        "网贷": 2, "网络": 1, "朋友圈": 2, "微信群": 1, "抖音": 2, "游戏充值": 3, "账号": 2, "网上骂": 3, "短视频": 2,
        "主播": 2,
    },
}  # fmt: skip


@dataclass(frozen=True)
class Suggestion:
    """A kind of dispute, and the words in the text that speak for it, the strongest first."""

    category: Category
    words: tuple[str, ...]
    score: int


def suggest(text: str) -> tuple[Suggestion, ...]:
    """The kinds a text tells of, likeliest first; empty when no word is known. The person always decides."""
    plain = unicodedata.normalize("NFKC", text).replace(" ", "").replace("\n", "")
    found = []
    for category, words in WORDS.items():
        met = _longest(plain, words)
        if met:
            score = sum(words[word] for word in met)
            strongest = tuple(sorted(met, key=lambda word: (-words[word], plain.index(word))))
            found.append(Suggestion(category, strongest, score))
    order = {category: place for place, category in enumerate(Category)}
    return tuple(sorted(found, key=lambda one: (-one.score, -len(one.words), order[one.category])))


def _longest(plain: str, words: Mapping[str, int]) -> list[str]:
    """The known words in the text, without those that only occur inside a longer known one."""
    met: list[str] = []
    rest = plain
    for word in sorted(words, key=len, reverse=True):
        if word in rest:
            met.append(word)
            rest = rest.replace(word, "\n")
    return met


_CUT = ("停", "断", "掐")
_SUPPLIES = ("水", "气", "热", "暖", "电", "供", "燃气")


def stops_supply(text: str) -> bool:
    """Whether the words tell of water, heat or gas being cut off: such papers are not e-signed (电子签名法 Art. 3)."""
    plain = unicodedata.normalize("NFKC", text).replace(" ", "")
    return any(cut + supply in plain for cut in _CUT for supply in _SUPPLIES)
