"""What the staff's left column offers each role; the one place that knows the addresses of all features."""

from odr.accounts.access import Actor
from odr.accounts.models import Role
from odr.core.i18n import N_, _

_M, _B, _C, _G = Role.MEDIATOR, Role.BODY_CLERK, Role.CENTRE_CLERK, Role.GRID_WORKER

_ENTRIES: list[tuple[str, str, frozenset[Role]]] = [
    ("/desk", N_("今日工作"), frozenset({_M})),
    ("/queue", N_("待办事项"), frozenset({_B, _C})),
    ("/queue/orders", N_("热线转来"), frozenset({_C})),
    ("/counter", N_("窗口登记"), frozenset({_M, _B, _C, _G})),
    ("/people/vouching", N_("当面核验"), frozenset({_M, _B, _C})),
    ("/audit", N_("查阅记录"), frozenset({Role.AUDITOR})),
    ("/audit/ledger", N_("操作台账"), frozenset({Role.AUDITOR})),
    ("/admin/people", N_("人员与权限"), frozenset({Role.SYSTEM_ADMIN})),
    ("/admin/outbox", N_("待发与已发"), frozenset({Role.SYSTEM_ADMIN})),
    ("/bodies", N_("调解组织"), frozenset(Role)),
    ("/me", N_("我的账户"), frozenset(Role)),
]


def desk_nav(actor: Actor | None) -> list[dict[str, str]]:
    """The entries this actor may open; empty for residents."""
    if actor is None or not actor.staff:
        return []
    return [{"href": href, "text": _(text)} for href, text, roles in _ENTRIES if any(map(actor.has_role, roles))]


def home_of(actor: Actor) -> str:
    """Where a staff member lands after signing in."""
    return desk_nav(actor)[0]["href"]
