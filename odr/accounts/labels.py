"""What roles, steps of the identity ladder and devices are called on a page."""

from odr.accounts.models import IdentityLevel, Role
from odr.core.i18n import N_, _

_ROLES = {
    Role.RESIDENT: N_("居民"),
    Role.MEDIATOR: N_("人民调解员"),
    Role.BODY_CLERK: N_("登记员（调委会）"),
    Role.CENTRE_CLERK: N_("接待员（中心）"),
    Role.GRID_WORKER: N_("网格员"),
    Role.AUDITOR: N_("审计员"),
    Role.SYSTEM_ADMIN: N_("系统管理员"),
}
_LEVELS = {
    IdentityLevel.PHONE: N_("只验证了手机号"),
    IdentityLevel.ID_CHECKED: N_("姓名和身份证号码已核验"),
    IdentityLevel.IN_PERSON: N_("工作人员已当面核验"),
}
# The first that fits names it: WeChat's browser also calls itself Chrome and Safari, Edge calls itself Chrome.
_BROWSERS = (
    ("MicroMessenger", N_("微信")),
    ("Edg/", "Edge"),
    ("Firefox/", "Firefox"),
    ("HuaweiBrowser", N_("华为浏览器")),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_MACHINES = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("HarmonyOS", N_("鸿蒙手机")),
    ("Android", N_("安卓手机")),
    ("Windows", N_("Windows 电脑")),
    ("Macintosh", N_("苹果电脑")),
    ("Linux", N_("Linux 电脑")),
)


def role_label(role: Role | str) -> str:
    return _(_ROLES[Role(role)])


def role_choices() -> list[tuple[str, str]]:
    """The roles that can be granted."""
    return [(str(role), _(text)) for role, text in _ROLES.items() if role is not Role.RESIDENT]


def identity_label(level: str) -> str:
    return _(_LEVELS[IdentityLevel(level)])


def device_name(device: str) -> str:
    """A user agent in words that help somebody recognise their own phone."""
    found = [next((_(text) for mark, text in table if mark in device), "") for table in (_MACHINES, _BROWSERS)]
    return " · ".join(word for word in found if word) or _("其他设备")
