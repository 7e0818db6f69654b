"""Signing in as people do: a code from a text message, or a password and the authenticator's digits."""

import re
import time
from typing import Any, ClassVar

import pyotp

from tests.journeys.service import Service
from tests.journeys.visitor import Visitor


class Outbox:
    """The system admin's page on which a demo shows what would have gone out by text message."""

    def __init__(self, admin: Visitor) -> None:
        self.admin = admin

    def newest(self, phone: str, pattern: str) -> str:
        """What `pattern` finds in the newest message to `phone` that has it."""
        self.admin.open("/admin/outbox")
        row = self.admin.page.locator("tbody tr", has_text=phone).filter(has_text=re.compile(pattern)).first
        found = re.search(pattern, row.inner_text())
        if found is None:
            raise AssertionError(f"no message to {phone} with {pattern}")
        return found.group()

    def code(self, phone: str) -> str:
        return self.newest(phone, r"\b\d{6}\b")


class Authenticator:
    """The app on a staff member's phone. A code is good once, and at most one half minute early."""

    # By secret: the next test signs in to the same service.
    _last: ClassVar[dict[str, int]] = {}

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def digits(self) -> str:
        self._last[self._secret] = half = max(_half_minute(), self._last.get(self._secret, 0) + 1)
        while half > _half_minute() + 1:
            time.sleep(0.1)
        return pyotp.TOTP(self._secret).at(half * 30)


def _half_minute() -> int:
    return int(time.time()) // 30


# By service and login: two codes a half minute are all there are, and a test after this one may want as many.
_staff: dict[tuple[str, str], list[Any]] = {}


def staff_signs_in(who: Visitor, service: Service, login: str) -> Authenticator:
    one = service.staff(login)
    app = Authenticator(one["totp_secret"])
    if cookies := _staff.get((who.url, login)):
        who.context.add_cookies(cookies)
        who.open("/")
        return app
    who.open("/login/staff")
    who.fill("登录名", login)
    who.fill("密码", one["password"])
    who.fill("动态码", app.digits())
    who.press("登录")
    who.page.wait_for_url(lambda url: "/login" not in url)
    _staff[who.url, login] = list(who.context.cookies())
    return app


# Of the last minute, by service and phone: a phone gets one code a minute, and the next test may want the same one.
_signed_in: dict[tuple[str, str], tuple[float, list[Any]]] = {}


def resident_signs_in(who: Visitor, outbox: Outbox, phone: str, *, pictures: bool = False) -> None:
    """From the page that asks for the phone number."""
    key = (who.url, phone)
    at, cookies = _signed_in.get(key, (-60.0, []))
    if time.monotonic() - at < 60:
        who.context.add_cookies(cookies)
        return who.open("/")
    who.fill("手机号码", phone)
    if pictures:
        who.look("phone-number")
    who.press("获取验证码")
    who.reads("短信里的 6 位数字是多少？")
    who.fill("验证码", outbox.code(phone))
    if pictures:
        who.look("code")
    who.press("登录")
    who.page.wait_for_url(lambda url: "/login" not in url)
    _signed_in[key] = time.monotonic(), list(who.context.cookies())
    return None
