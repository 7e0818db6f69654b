"""Other ways to make an agreement stronger than its word, where the law has them: a table, each row with its source."""

from collections.abc import Callable
from dataclasses import dataclass

from odr.cases.codes import LABOUR, Category
from odr.core.i18n import N_, _


@dataclass(frozen=True)
class Matter:
    """What the ways hang on. `to_pay`: money is promised and not all of it is paid."""

    category: Category
    to_pay: bool


@dataclass(frozen=True)
class Way:
    """One way: when it may be gone, where, and what to bring (message ids)."""

    key: str
    title: str
    about: str
    when: str
    where: str
    bring: tuple[str, ...]
    source: str
    fits: Callable[[Matter], bool]

    def shown(self) -> dict[str, object]:
        """In the reader's language."""
        return {
            "key": self.key, "title": _(self.title), "about": _(self.about), "when": _(self.when),
            "where": _(self.where), "bring": [_(one) for one in self.bring], "source": _(self.source),
        }  # fmt: skip


WAYS: tuple[Way, ...] = (
    Way(
        "notarised",
        N_("办理有强制执行效力的公证"),
        N_("把欠款写成债权文书去公证，写明付款的一方愿意接受强制执行。以后他不付，可以直接向法院申请执行。"),
        N_("双方都愿意的，任何时候都可以办，没有三十天的限制。"),
        N_("公证处。公证要按公证处的标准收费，去以前先问清楚。"),
        (
            N_("双方的身份证件，单位带营业执照和授权书"),
            N_("调解协议书"),
            N_("付款一方愿意接受强制执行的承诺，在公证员面前签"),
        ),
        N_("公证法第三十七条"),
        lambda matter: matter.to_pay,
    ),
    Way(
        "payment_order",
        N_("申请支付令"),
        N_("因拖欠劳动报酬、工伤医疗费、经济补偿或者赔偿金达成的协议，单位不按期付的，劳动者可以拿协议申请支付令。"),
        N_("约定的付款日期过了、单位还没有付的时候。劳动者自己就能申请，不用对方同意。"),
        N_("有管辖权的基层人民法院，一般是单位所在地的法院。"),
        (
            N_("劳动者的身份证件"),
            N_("调解协议书"),
            N_("没有收到钱的证明，例如银行流水、工资条"),
        ),
        N_("劳动争议调解仲裁法第十六条"),
        lambda matter: matter.to_pay and matter.category in LABOUR,
    ),
)


def ways(matter: Matter) -> list[Way]:
    """The ways that this agreement leaves open beside the court's confirmation."""
    return [way for way in WAYS if way.fits(matter)]
