"""When two sealed numbers meet, and on which sum. Pure; stated on the page before anybody writes one."""

from odr.core.i18n import N_

RULE = N_(
    "各方各写一个整数，对方和调解员都看不到。付款一方写的不少于收款一方写的，就算碰上，"
    "金额取两个数的正中间，不足一元的舍去。没有碰上的，两个数都马上销毁，双方只知道“还没有碰上”。"
)
MOST_TRIES = 5


def settled(demand_yuan: int, offer_yuan: int) -> int | None:
    """The sum in whole yuan when what is offered reaches what is asked: the middle, rounded down; None otherwise."""
    return (demand_yuan + offer_yuan) // 2 if offer_yuan >= demand_yuan else None
