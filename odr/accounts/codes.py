"""One-time codes: six digits to a phone, for one purpose, five minutes, five tries."""

import re
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from odr.accounts.models import OneTimeCode, Person
from odr.core import clock, crypto, outbox
from odr.core.db import Database
from odr.core.errors import Expired, Invalid, TooMany
from odr.core.forms import narrow
from odr.core.i18n import N_, _
from odr.core.ids import new_digits
from odr.core.limits import Limiter, Rule

LIFE = timedelta(minutes=5)
RESEND_AFTER = timedelta(seconds=60)
TRIES = 5

# The narrowest first: who asks too often from one place must not use up what the phone's owner has elsewhere.
_PER_PHONE_AND_IP = Rule("code:phone_ip", "5/hour", N_("验证码发得太多了。请一小时后再试，或拨打 12348。"))
_PER_IP = Rule("code:ip", "100/hour", N_("这个网络要的验证码太多了。请换一个网络，或过一会儿再试。"))
_PER_PHONE = Rule("code:phone", "20/hour", N_("验证码发得太多了。请一小时后再试，或拨打 12348。"))
_PER_DAY = Rule("code:day", "40/day", N_("今天发往这个号码的验证码太多了。请明天再试，或拨打 12348。"))

_SIX = re.compile(r"[0-9]{6}")
_TEXTS = {
    "login": N_("【乌海解纷】您的登录验证码是 %(code)s，5 分钟内有效。请不要告诉任何人，工作人员也不会向您要。"),
    "sign": N_("【乌海解纷】您的签名验证码是 %(code)s，5 分钟内有效。看清要签的内容再填，不要告诉任何人。"),
    "confirm": N_("【乌海解纷】您的确认验证码是 %(code)s，5 分钟内有效。核对登记的内容后，再告诉窗口人员。"),
}
_OTHER_TEXT = N_("【乌海解纷】您的验证码是 %(code)s，5 分钟内有效。请不要告诉任何人。")


def normalise_code(text: str) -> str:
    """Six plain digits, from what a phone keyboard or a careful reader wrote. Raises ValueError with a sentence."""
    digits = re.sub(r"[\s\-]", "", narrow(text))
    if not _SIX.fullmatch(digits):
        raise ValueError(_("请填写 6 位数字的验证码。"))
    return digits


async def send_code(session: AsyncSession, limiter: Limiter, phone: str, purpose: str, ip: str) -> None:
    """Send a fresh code for `purpose` (`login`, `sign:<pid>`, `confirm:<pid>`) to a normalised phone number.

    Says the same whether the number is known or not. Raises TooMany with the seconds to wait.
    """
    index = crypto.blind_index("phone", phone)
    kind, __, thing = purpose.partition(":")
    await _need_pause(session, index, purpose)
    await limiter.hit(_PER_IP, ip)
    await limiter.hit(_PER_PHONE_AND_IP, index, purpose, ip)
    await limiter.hit(_PER_PHONE, index)
    await limiter.hit(_PER_DAY, index)
    code = new_digits()
    now = clock.steady()
    session.add(
        OneTimeCode(
            phone_index=index,
            purpose=purpose,
            code_hash=_hash(index, purpose, code),
            asked_from=ip,
            created_at=now,
            expires_at=now + LIFE,
        )
    )
    await outbox.post(
        session,
        outbox.Channel.SMS,
        tag=f"{kind}:code",
        address=phone,
        text=_(_TEXTS.get(kind, _OTHER_TEXT), code=code),
        person_id=await session.scalar(select(Person.id).where(Person.phone_index == index)),
        thing=thing or None,
    )


async def _need_pause(session: AsyncSession, index: str, purpose: str) -> None:
    last: datetime | None = await session.scalar(
        select(func.max(OneTimeCode.created_at)).where(OneTimeCode.phone_index == index, OneTimeCode.purpose == purpose)
    )
    if last is not None and (wait := last + RESEND_AFTER - clock.steady()) > timedelta(0):
        seconds = int(wait.total_seconds()) + 1
        say = _("验证码已经发出。没有收到的话，请在 %(n)s 秒后重新发送。", n=seconds)
        raise TooMany(say, retry=seconds, code="code_sent")


async def check_code(
    db: Database, phone: str, purpose: str, code: str, *, ip: str | None = None, spend: bool = True
) -> OneTimeCode:
    """Spend a code. Runs in a transaction of its own, as a wrong try counts whatever becomes of the caller's:
    never call it inside one.

    With `spend=False` the right code stays good, for `spend_code` in the transaction that stores what it was for.

    Without an `ip` the caller vouches that the one who asked is the one who tries (both signed in).
    Any code of the last five minutes will do, so that nobody can take a resident's away by asking for another.
    Raises Invalid({"code": …}) when it is wrong, Expired when none is left to try.
    """
    index = crypto.blind_index("phone", phone)
    try:
        digits = normalise_code(code)
    except ValueError as wrong:
        raise Invalid({"code": str(wrong)}) from None
    wanted = _hash(index, purpose, digits)
    async with db.write() as session:
        now = clock.steady()
        query = (
            select(OneTimeCode)
            .where(
                OneTimeCode.phone_index == index,
                OneTimeCode.purpose == purpose,
                OneTimeCode.used_at.is_(None),
                OneTimeCode.expires_at > now,
            )
            .order_by(OneTimeCode.id)
            .with_for_update()
        )
        alive = [row for row in await session.scalars(query) if _tries(row, ip) < TRIES]
        for row in alive:
            if crypto.same(row.code_hash, wanted):
                if spend:
                    row.used_at = now
                return row
        for row in alive:
            if _is_asker(row, ip):
                row.tries += 1
            else:
                row.strange_tries += 1
        left = max((TRIES - _tries(row, ip) for row in alive), default=0)
    if not alive:
        raise _expired()
    if left == 0:
        raise Invalid({"code": _("验证码不对，已经试错 5 次，这个验证码作废了。请点“重新发送”。")})
    raise Invalid({"code": _("验证码不对，还可以试 %(n)s 次。请看最新的一条短信。", n=left)})


async def spend_code(session: AsyncSession, code_id: int) -> None:
    """Spend a code that `check_code(spend=False)` found right, together with what it was for: a process that dies in
    between has neither. Raises Expired when somebody was quicker or its time is over."""
    row = await session.get_one(OneTimeCode, code_id, with_for_update=True, populate_existing=True)
    now = clock.steady()
    if row.used_at is not None or row.expires_at <= now:
        raise _expired()
    row.used_at = now


def _expired() -> Expired:
    return Expired(_("验证码已过期，或者试错太多次。请点“重新发送”，您填写的内容已保存。"), code="code_expired")


def _is_asker(row: OneTimeCode, ip: str | None) -> bool:
    return ip is None or row.asked_from == ip


def _tries(row: OneTimeCode, ip: str | None) -> int:
    return row.tries if _is_asker(row, ip) else row.strange_tries


def _hash(index: str, purpose: str, code: str) -> str:
    return crypto.code_hash(f"{purpose}:{index}", code)
