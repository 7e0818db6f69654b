"""Fixed words of the papers, dates in Chinese form, and the one way a template becomes a paper or a leaf of the file.

Papers are Chinese documents: no gettext.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from odr.agreements import rules
from odr.agreements.papers import cn_date, yuan
from odr.bodies.models import Body
from odr.cases.models import Case
from odr.core import clock
from odr.core.templating import env

MISSING = "（待补）"

RISK = (
    "调解员向各方说明：协议生效后有法律约束力，应当按照约定履行；一方不履行的，另一方可以向人民法院起诉。"
    "协议生效之日起三十日内，双方可以共同申请司法确认；确认后一方不履行的，可以申请强制执行。"
    "调解不成的，可以依法申请仲裁、请行政机关处理或者起诉，请各方留意各自的期限。"
    "串通虚构纠纷、伪造证据的，要承担法律责任。"
)


def day(value: date | None) -> str:
    """2026年11月24日; empty where it is not known."""
    return cn_date(value) if value is not None else ""


def moment(value: datetime | None) -> str:
    """2026年11月24日 15:00; empty where it is not known."""
    if value is None:
        return ""
    local = clock.local(value)
    return f"{cn_date(local.date())} {local:%H:%M}"


def sum_of(fen: int | None) -> str:
    """人民币贰仟陆佰元整（2,600.00元）."""
    return f"人民币{rules.capitals(fen)}（{yuan(fen)}）" if fen else ""


def principles(mediators: Sequence[str], checked: Sequence[str]) -> str:
    """②: principles, method and identities told; only of those whose identity was checked."""
    words = (
        "调解员说明：人民调解坚持自愿、平等，不违反法律和政策，尊重当事人的权利，不收取任何费用；"
        "当事人可以随时不再调解。"
    )
    if mediators:
        words += f"本案由人民调解员{'、'.join(mediators)}主持调解。"
    if checked:
        words += f"已核对{'、'.join(checked)}的身份。"
    return words


def application(facts: str, claims: Sequence[str]) -> str:
    """③ of the applicant, as it stands in the application."""
    return facts + "\n请求：" + "；".join(claims) + "。"


def agreed(form: str, number: str) -> str:
    if form == "written":
        return f"各方自愿达成协议，内容见人民调解协议书（编号：{number}）。"
    return f"各方自愿达成口头协议，由调解员登记（编号：{number}）。"


def not_agreed(why: str, note: str) -> str:
    """⑥ where there is no agreement: why not, and that the other routes were told (Art. 26)."""
    told = f"说明：{note}。" if note else ""
    return f"各方没有达成协议。原因：{why}。{told}调解员已告知各方可以依法通过仲裁、行政、司法等途径维护自己的权利。"


async def body_name(session: AsyncSession, case: Case) -> str:
    body = await session.get(Body, case.body_id) if case.body_id is not None else None
    return body.name if body is not None else ""


def rendered(template: str, context: dict[str, Any]) -> str:
    """A paper by itself: a whole HTML document with its own style."""
    return env.get_template(template).render({"layout": "layout/print.html"} | context)


def leaf(template: str, context: dict[str, Any]) -> str:
    """The same words as a part of a larger document."""
    return env.get_template(template).render(context | {"layout": "dossier/leaf.html"})


def known(value: Any) -> str:
    """What is known, or the mark that it is missing: a blank is never passed over in silence."""
    return str(value) if value not in (None, "", []) else MISSING


env.filters["known"] = known
