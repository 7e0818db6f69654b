"""Plain words, and the kind of dispute they tell of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odr.cases.codes import Category
from odr.cases.suggest import WORDS, suggest


@pytest.mark.parametrize(
    ("text", "category", "word"),
    [
        ("小区里有人向居民收取2600元的燃气改造费用，我担心被骗", Category.CONTRACT, "燃气"),
        ("物业费一直涨，电梯坏了三个月没人修", Category.PROPERTY_MGMT, "物业费"),
        ("楼上邻居半夜吵闹，还漏水到我家", Category.NEIGHBOUR, "邻居"),
        ("包工头拖欠工资，我们十个人在工地干了半年", Category.WAGE_ARREARS, "包工头"),
        ("公司把我辞退了，没有经济补偿", Category.LABOUR_OTHER, "辞退"),
        ("在医院做手术后伤口感染", Category.MEDICAL, "医院"),
        ("网购的手机是假货，客服不退款", Category.ECOMMERCE, "网购"),
        ("健身房办卡后关门", Category.CONSUMER_OTHER, "健身房"),
        ("骑电动车被撞了，交警认定对方全责", Category.TRAFFIC, "交警"),
        ("租房到期，房东不退押金", Category.HOUSING, "房东"),
        ("离婚以后他不给抚养费", Category.FAMILY, "抚养费"),
        ("他 打 人，医药费也不出", Category.INJURY, "打人"),
        ("化工厂的粉尘和臭味太大", Category.ENVIRONMENT, "粉尘"),
        ("浇地用水，机井归谁", Category.LAND, "浇地"),
        ("棚户区拆迁，安置房没有给", Category.EXPROPRIATION, "拆迁"),
        ("跟团去乌海湖，导游不管", Category.TOURISM, "导游"),
        ("酒标和我的商标一样", Category.IP, "商标"),
        ("合伙的货款没有结", Category.BUSINESS, "货款"),
    ],
)
def test_a_plain_story_is_understood_and_the_words_are_named(text: str, category: Category, word: str) -> None:
    first = suggest(text)[0]
    assert first.category is category
    assert word in first.words


def test_a_story_without_known_words_gets_no_suggestion() -> None:
    assert suggest("") == ()
    assert suggest("事情是这样的") == ()


def test_spaces_between_signs_do_not_hide_a_word() -> None:
    assert [one.words for one in suggest("工　资没发")] == [("工资",)]


def test_a_long_word_hides_the_short_one_inside_it() -> None:
    (found,) = suggest("物业费")
    assert found.words == ("物业费",)


def test_every_kind_but_the_rest_has_words_and_weights_are_small() -> None:
    assert set(WORDS) == set(Category) - {Category.OTHER}
    assert all(1 <= weight <= 5 for words in WORDS.values() for weight in words.values())


@given(st.text(alphabet=st.sampled_from("物业费邻居漏水医院工资打人离婚网购 的了，"), max_size=60))
def test_suggestions_are_ranked_and_name_only_words_of_the_text(text: str) -> None:
    found = suggest(text)
    plain = text.replace(" ", "")
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert all(word in plain for one in found for word in one.words)
    assert len({one.category for one in found}) == len(found)
