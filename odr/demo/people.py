"""Who lives and works in the demo city. Everybody here is invented and marked so in the database."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass

from odr.accounts.models import Role
from odr.core.crypto import keyring

# No operator has given out this block of numbers; nobody real can be called by the demo city.
_BLOCK = "1990473"


def phone(number: int) -> str:
    """The n-th phone number of the demo city."""
    return f"{_BLOCK}{number:04d}"


@dataclass(frozen=True)
class Resident:
    """key: how stories name the person."""

    key: str
    name: str
    phone: str
    id_no: str


def _id_no(birth: str, order: int) -> str:
    """A well-formed id number of a place code that does not exist, so that it is nobody's."""
    digits = f"150399{birth}{order:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))
    return digits + "10X98765432"[total % 11]


RESIDENTS = (
    Resident("wang", "王某某", phone(1), _id_no("19510312", 1)),
    Resident("li", "李某", phone(2), _id_no("19780620", 2)),
    Resident("zhao", "赵某兰", phone(3), _id_no("19650901", 4)),
    Resident("sun", "孙某强", phone(4), _id_no("19820115", 5)),
    Resident("bao", "包·乌云其其格", phone(5), _id_no("19700707", 6)),
    Resident("chen", "陈某", phone(6), _id_no("19901224", 8)),
)


@dataclass(frozen=True)
class StaffLogin:
    """Somebody of the staff whose login is printed. `bodies` are sector or place keys, see `city`."""

    login: str
    name: str
    role: Role
    bodies: tuple[str, ...] = ()


STAFF_LOGINS = (
    StaffLogin("mediator", "张志和", Role.MEDIATOR, ("utilities", "elderly")),
    StaffLogin("mediator2", "其木格", Role.MEDIATOR, ("property_mgmt:150302", "neighbour:150302004006")),
    StaffLogin(
        "bodyclerk",
        "钱登记",
        Role.BODY_CLERK,
        ("utilities", "elderly", "property_mgmt:150302", "neighbour:150302004006"),
    ),
    StaffLogin("centre", "孙接待", Role.CENTRE_CLERK, ("centre:150302",)),
    StaffLogin("citycentre", "周统筹", Role.CENTRE_CLERK, ("centre:1503",)),
    StaffLogin("grid", "吴网格", Role.GRID_WORKER, ("centre:150302",)),
    StaffLogin("auditor", "郑审计", Role.AUDITOR),
    StaffLogin("admin", "冯运维", Role.SYSTEM_ADMIN),
)

_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜白云乌包"
_GIVEN = (
    *("建国", "秀英", "志强", "桂兰", "海燕", "文斌", "晓丽", "永胜", "春梅", "国栋", "淑珍", "俊峰"),
    *("丽华", "德明", "玉梅", "振华", "红霞", "立军", "雪琴", "宝山", "其其格", "巴特尔"),
)


def invented_names() -> Iterator[str]:
    """Names for rosters, one after the other, never the same twice."""
    for turn in range(len(_GIVEN)):
        for place, surname in enumerate(_SURNAMES):
            yield surname + _GIVEN[(place + turn) % len(_GIVEN)]


def password() -> str:
    """The one password of the demo's staff: from the root secret, so that it can be printed again and is no default."""
    return "wuhai-" + base64.b32encode(keyring().derive("demo:password"))[:10].decode().lower()


def totp_secret(login: str) -> str:
    """The TOTP secret of one demo login, likewise."""
    return base64.b32encode(keyring().derive(f"demo:totp:{login}"))[:24].decode()
